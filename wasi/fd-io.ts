/**
 * fd_read, fd_write, fd_pread, fd_pwrite.
 *
 * One call of the guest is one system call, straight from or into guest memory. Short counts are legal and used freely.
 * Positions are kept here, not in the host's descriptor: JavaScript has no lseek.
 */
import type { WaitSource } from "../engine/index.ts";
import { fdflags, filetype } from "./abi.ts";
import { Again, type Context, type HandlerResult } from "./context.ts";
import { errnoOf, fail } from "./errno.ts";
import { positionOf } from "./fd.ts";
import { atEnd, type Descriptor, type FileDesc, isNonblocking, type StreamDesc } from "./fd-table.ts";
import { limits } from "./limits.ts";
import { cutBuffers, joinBuffers, skipBytes, spreadBytes } from "./memory.ts";

type Buffers = readonly Uint8Array[];

/** Fills guest buffers by `read`; through private memory when other threads share the guest's. */
function fillBuffers(host: Context, d: Descriptor, iovs: Buffers, read: (buffers: Buffers) => number): number {
  if (iovs.length === 0) return 0;
  const max = host.io.maxBytes(d);
  let count: number;
  if (!host.mem.isShared) count = read(cutBuffers(iovs, max));
  else {
    const into = cutBuffers(iovs, Math.min(max, limits.sharedIoBytes));
    const bytes = new Uint8Array(into.reduce((sum, b) => sum + b.length, 0));
    count = read([bytes]);
    spreadBytes(bytes.subarray(0, count), into);
  }
  host.io.moved(d, count);
  return count;
}

/** Hands guest buffers to `write`; as a private copy when other threads share the guest's memory. */
function drainBuffers<N extends number | undefined>(
  host: Context,
  d: Descriptor,
  iovs: Buffers,
  write: (buffers: Buffers) => N,
): N | 0 {
  if (iovs.length === 0) return 0;
  const max = host.io.maxBytes(d);
  const count = host.mem.isShared
    ? write([joinBuffers(cutBuffers(iovs, Math.min(max, limits.sharedIoBytes)))])
    : write(cutBuffers(iovs, max));
  host.io.moved(d, count ?? 0);
  return count;
}

function readable(d: Descriptor): FileDesc | StreamDesc {
  if (d.kind === "dir") fail("ISDIR");
  if (d.kind === "file" ? !d.isRead : d.input === undefined) fail("BADF");
  return d;
}

function writable(d: Descriptor): FileDesc | StreamDesc {
  if (d.kind === "dir") fail("ISDIR");
  if (d.kind === "file" ? !d.isWrite : d.output === undefined) fail("BADF");
  return d;
}

export function fd_read(host: Context, d: Descriptor, iovs: Buffers, nread: number): HandlerResult {
  const from = readable(d);
  if (from.kind === "stream") return readStream(host, from, iovs, nread);
  const count = fillBuffers(host, from, iovs, (buffers) => from.file.read(buffers, positionOf(from)));
  from.position = positionOf(from) + count;
  host.mem.setU32(nread, count);
}

/** How many of `most` bytes the call had moved when it had to wait. */
function movedBefore(host: Context, most: number): number {
  const [moved = 0n] = host.progress;
  return moved > BigInt(most) ? 0 : Number(moved);
}

/**
 * Fills the first buffer only, which is a legal short read: with what is there, or to its end (of the buffer or of the
 * input) where chance must not decide how much that is. A terminal gives lines, which are not cut by chance.
 */
function readStream(host: Context, d: StreamDesc, iovs: Buffers, nread: number): HandlerResult {
  const input = d.input as NonNullable<StreamDesc["input"]>;
  const [buffer] = cutBuffers(iovs.slice(0, 1), host.io.maxBytes(d));
  const isWhole = host.isDeterministic && input.filetype !== filetype.characterDevice;
  const size = buffer?.length ?? 0;
  let count = movedBefore(host, size);
  while (count < size) {
    let mustWait = false;
    const more = fillBuffers(host, d, [(buffer as Uint8Array).subarray(count)], ([into]) => {
      const n = input.read(into as Uint8Array);
      mustWait = n === undefined;
      return n ?? 0;
    });
    if (mustWait) return waitFor(host, d, input.ready, count);
    count += more;
    if (!isWhole || more === 0) break;
  }
  // As in `writeStream`.
  host.mem.refresh();
  host.mem.setU32(nread, count);
}

function waitFor(host: Context, d: StreamDesc, source: WaitSource, moved: number): HandlerResult {
  if (isNonblocking(d) && !host.isDeterministic) fail("AGAIN");
  return new Again({ sources: [source] }, moved === 0 ? [] : [BigInt(moved)]);
}

export function fd_write(host: Context, d: Descriptor, iovs: Buffers, nwritten: number): HandlerResult {
  const to = writable(d);
  if (to.kind === "stream") return writeStream(host, to, iovs, nwritten);
  const isAppend = (to.flags & fdflags.append) !== 0;
  const count = drainBuffers(host, to, iovs, (buffers) =>
    isAppend ? to.file.append(buffers) : to.file.write(buffers, positionOf(to)),
  );
  if (isAppend && count > 0) to.position = atEnd;
  else to.position = positionOf(to) + count;
  host.mem.setU32(nwritten, count);
}

/** Writes what can be written now, or all of it where chance must not decide how much that is. */
function writeStream(host: Context, d: StreamDesc, iovs: Buffers, nwritten: number): HandlerResult {
  const output = d.output as NonNullable<StreamDesc["output"]>;
  const all = cutBuffers(iovs, host.io.maxBytes(d));
  const size = all.reduce((sum, b) => sum + b.length, 0);
  let count = movedBefore(host, size);
  while (count < size) {
    const more = writeMore(host, d, skipBytes(all, count), count > 0);
    if (more === undefined) return waitFor(host, d, output.ready, count);
    count += more;
    if (!host.isDeterministic || more === 0) break;
  }
  // A stream may be the embedder's, whose code may have called the guest, which may have grown its memory.
  host.mem.refresh();
  host.mem.setU32(nwritten, count);
}

/** When it fails after some bytes were written, their count is the result; the next write fails. */
function writeMore(host: Context, d: StreamDesc, rest: Buffers, hasWritten: boolean): number | undefined {
  const output = d.output as NonNullable<StreamDesc["output"]>;
  try {
    return drainBuffers(host, d, rest, (buffers) => output.write(buffers));
  } catch (error) {
    if (hasWritten && errnoOf(error) !== undefined) return 0;
    throw error;
  }
}

/** A place in a file; undefined when it is beyond what a file can have. @throws Failure SPIPE for streams */
function offsetOf(d: FileDesc | StreamDesc, offset: bigint): number | undefined {
  if (d.kind === "stream") fail("SPIPE");
  if (offset > 0x7fff_ffff_ffff_ffffn) fail("INVAL");
  return offset > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(offset);
}

/** Does not move the position. */
export function fd_pread(host: Context, d: Descriptor, iovs: Buffers, offset: bigint, nread: number): undefined {
  const from = readable(d);
  const at = offsetOf(from, offset);
  const { file } = from as FileDesc;
  host.mem.setU32(nread, at === undefined ? 0 : fillBuffers(host, from, iovs, (buffers) => file.read(buffers, at)));
}

/** Does not move the position. On a file opened to append it appends, as Linux does and POSIX does not. */
export function fd_pwrite(host: Context, d: Descriptor, iovs: Buffers, offset: bigint, nwritten: number): undefined {
  const to = writable(d);
  const at = offsetOf(to, offset) ?? fail("FBIG");
  const { file } = to as FileDesc;
  host.mem.setU32(
    nwritten,
    drainBuffers(host, to, iovs, (buffers) => file.write(buffers, at)),
  );
}
