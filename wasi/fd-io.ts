/**
 * fd_read, fd_write, fd_pread, fd_pwrite.
 *
 * One call of the guest is one system call, straight from or into guest memory. Short counts are legal and used freely.
 * Positions are kept here, not in the host's descriptor: JavaScript has no lseek.
 */
import { fdflags } from "./abi.ts";
import { Again, type Context, type HandlerResult } from "./context.ts";
import { fail } from "./errno.ts";
import { positionOf } from "./fd.ts";
import { atEnd, type Descriptor, type FileDesc, isNonblocking, type StreamDesc } from "./fd-table.ts";
import { limits } from "./limits.ts";
import { cutBuffers, joinBuffers, spreadBytes } from "./memory.ts";

type Buffers = readonly Uint8Array[];

/** Fills guest buffers by `read`; through private memory when other threads share the guest's. */
function fillBuffers(host: Context, iovs: Buffers, read: (buffers: Buffers) => number): number {
  if (iovs.length === 0) return 0;
  if (!host.mem.isShared) return read(cutBuffers(iovs, limits.ioBytes));
  const into = cutBuffers(iovs, limits.sharedIoBytes);
  const bytes = new Uint8Array(into.reduce((sum, b) => sum + b.length, 0));
  const count = read([bytes]);
  spreadBytes(bytes.subarray(0, count), into);
  return count;
}

/** Hands guest buffers to `write`; as a private copy when other threads share the guest's memory. */
function drainBuffers<N>(host: Context, iovs: Buffers, write: (buffers: Buffers) => N): N | 0 {
  if (iovs.length === 0) return 0;
  if (!host.mem.isShared) return write(cutBuffers(iovs, limits.ioBytes));
  return write([joinBuffers(cutBuffers(iovs, limits.sharedIoBytes))]);
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
  const count = fillBuffers(host, iovs, (buffers) => from.file.read(buffers, positionOf(from)));
  from.position = positionOf(from) + count;
  host.mem.setU32(nread, count);
}

/** Fills the first buffer only, which is a legal short read. */
function readStream(host: Context, d: StreamDesc, iovs: Buffers, nread: number): HandlerResult {
  const input = d.input as NonNullable<StreamDesc["input"]>;
  let mustWait = false;
  const count = fillBuffers(host, iovs.slice(0, 1), ([into]) => {
    const n = input.read(into as Uint8Array);
    mustWait = n === undefined;
    return n ?? 0;
  });
  if (mustWait) return isNonblocking(d) ? fail("AGAIN") : new Again({ sources: [input.ready] });
  host.mem.setU32(nread, count);
}

export function fd_write(host: Context, d: Descriptor, iovs: Buffers, nwritten: number): HandlerResult {
  const to = writable(d);
  if (to.kind === "stream") return writeStream(host, to, iovs, nwritten);
  const isAppend = (to.flags & fdflags.append) !== 0;
  const count = drainBuffers(host, iovs, (buffers) =>
    isAppend ? to.file.append(buffers) : to.file.write(buffers, positionOf(to)),
  );
  if (isAppend && count > 0) to.position = atEnd;
  else to.position = positionOf(to) + count;
  host.mem.setU32(nwritten, count);
}

function writeStream(host: Context, d: StreamDesc, iovs: Buffers, nwritten: number): HandlerResult {
  const output = d.output as NonNullable<StreamDesc["output"]>;
  const count = drainBuffers(host, iovs, (buffers) => output.write(buffers));
  if (count === undefined) return isNonblocking(d) ? fail("AGAIN") : new Again({ sources: [output.ready] });
  host.mem.setU32(nwritten, count);
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
  host.mem.setU32(nread, at === undefined ? 0 : fillBuffers(host, iovs, (buffers) => file.read(buffers, at)));
}

/** Does not move the position. On a file opened to append it appends, as Linux does and POSIX does not. */
export function fd_pwrite(host: Context, d: Descriptor, iovs: Buffers, offset: bigint, nwritten: number): undefined {
  const to = writable(d);
  const at = offsetOf(to, offset) ?? fail("FBIG");
  const { file } = to as FileDesc;
  host.mem.setU32(
    nwritten,
    drainBuffers(host, iovs, (buffers) => file.write(buffers, at)),
  );
}
