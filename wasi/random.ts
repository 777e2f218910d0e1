/** random_get. A host without a source of randomness answers NOTCAPABLE. */
import { type Context, type HandlerResult, Underway } from "./context.ts";
import { fail } from "./errno.ts";
import { limits } from "./limits.ts";

/**
 * Fills the guest's buffer in chunks. After each slice the runner gets a chance to stop the guest, so that a request for
 * 4 GiB does not hold the thread.
 */
export function random_get(host: Context, buffer: Uint8Array): HandlerResult {
  host.guard?.random();
  const random = host.random ?? fail("NOTCAPABLE");
  const start = buffer.byteOffset - host.mem.bytes.byteOffset;
  const end = start + buffer.length;
  const slice = (from: number): HandlerResult => {
    const to = Math.min(end, from + limits.randomSlice);
    for (let at = from; at < to; at += limits.randomChunk) {
      fillChunk(host, at, Math.min(limits.randomChunk, to - at), (bytes) => random.fill(bytes));
    }
    if (to === end) return undefined;
    return new Underway(
      {},
      () => slice(to),
      () => [BigInt(to - start)],
    );
  };
  const [done = 0n] = host.progress;
  return slice(done < BigInt(buffer.length) ? start + Number(done) : start);
}

function fillChunk(host: Context, at: number, length: number, fill: (bytes: Uint8Array) => void): void {
  if (!host.mem.isShared) return fill(host.mem.slice(at, length));
  const bytes = new Uint8Array(length);
  fill(bytes);
  host.mem.write(at, bytes);
}
