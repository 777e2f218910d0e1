/**
 * The calls on sockets of preview1: accept, receive, send, shut down. Any descriptor that is no socket is NOTSOCK; a
 * closed one is BADF, which is decided before these run.
 */
import { fdflags } from "./abi.ts";
import { type Context, type HandlerResult, Underway } from "./context.ts";
import { fail } from "./errno.ts";
import { type Descriptor, isNonblocking, type StreamDesc, socketDesc } from "./fd-table.ts";
import { limits } from "./limits.ts";
import { cutBuffers, joinBuffers, spreadBytes } from "./memory.ts";
import type { Received, Socket } from "./net/socket.ts";

export type SocketDesc = StreamDesc & { readonly socket: Socket };

/** riflags. */
const PEEK = 1;
const WAIT_ALL = 2;
/** roflags. */
const TRUNCATED = 1;

/** @throws Failure NOTSOCK */
export function socketOf(d: Descriptor): SocketDesc {
  return d.kind === "stream" && d.socket !== undefined ? (d as SocketDesc) : fail("NOTSOCK");
}

/**
 * Repeats `attempt` until it says that it is over. A socket that must not wait is AGAIN.
 *
 * @param timeoutMs  0: for ever
 * @param atTimeout  true when the call is over then; else it is AGAIN
 */
export function waitOut(
  host: Context,
  d: SocketDesc,
  attempt: () => boolean,
  timeoutMs = 0,
  atTimeout: () => boolean = () => false,
): HandlerResult {
  const now = (): bigint => host.clock?.hostNow() ?? 0n;
  const deadlineNs = timeoutMs > 0 ? now() + BigInt(Math.ceil(timeoutMs * 1e6)) : undefined;
  const step = (): HandlerResult => {
    if (attempt()) return undefined;
    if (isNonblocking(d)) fail("AGAIN");
    if (deadlineNs !== undefined && now() >= deadlineNs) return atTimeout() ? undefined : fail("AGAIN");
    return new Underway({ sources: [d.socket.ready], deadlineNs }, step);
  };
  return step();
}

export function sock_accept(host: Context, fd: Descriptor, flags: number, connection: number): HandlerResult {
  const d = socketOf(fd);
  return waitOut(host, d, () => {
    host.fds.reserve();
    const accepted = d.socket.accept();
    if (accepted === undefined) return false;
    host.mem.setU32(connection, host.fds.add(socketDesc(accepted, flags & fdflags.nonblock)));
    return true;
  });
}

/** WasmEdge's: the connection waits where it has to. */
export const sock_accept_2 = (host: Context, fd: Descriptor, connection: number): HandlerResult =>
  sock_accept(host, fd, 0, connection);

/** Receives into guest buffers, `tell` writes the rest of the result. */
export function receive(
  host: Context,
  fd: Descriptor,
  iovs: readonly Uint8Array[],
  flags: number,
  tell: (received: Received) => void,
): HandlerResult {
  const d = socketOf(fd);
  const { socket } = d;
  const wanted = cutBuffers(iovs, host.io.maxBytes(d));
  const size = wanted.reduce((sum, b) => sum + b.length, 0);
  const isWhole = (flags & WAIT_ALL) !== 0 && (flags & PEEK) === 0 && socket.type === "stream" && !isNonblocking(d);
  const bytes = new Uint8Array(isWhole || host.mem.isShared ? Math.min(size, limits.sharedIoBytes) : 0);
  let count = 0;
  const end = (received: Received): true => {
    if (bytes.length > 0) spreadBytes(bytes.subarray(0, count), current(host, wanted));
    host.io.moved(d, count);
    tell({ ...received, count });
    return true;
  };
  const attempt = (): boolean => {
    const rest = bytes.length > 0 ? [bytes.subarray(count)] : current(host, wanted);
    const received = partly(count, () => socket.receive(rest, (flags & PEEK) !== 0));
    if (received === undefined) return false;
    count += received.count;
    return isWhole && received.count > 0 && count < bytes.length ? attempt() : end(received);
  };
  // What has come before the time is over is not lost.
  return waitOut(host, d, attempt, socket.settings.receiveTimeoutMs, () => count > 0 && end(nothing));
}

const nothing: Received = { count: 0, isTruncated: false, from: undefined };

/** What fails after `count` bytes have come ends there; the next call tells what is wrong. */
function partly(count: number, receive: () => Received | undefined): Received | undefined {
  try {
    return receive();
  } catch (error) {
    if (count > 0) return nothing;
    throw error;
  }
}

/** The buffers as the memory is now: it may have grown, and moved, while the call waited. */
const current = ({ mem }: Context, buffers: readonly Uint8Array[]): readonly Uint8Array[] =>
  buffers.map((b) => (b.buffer === mem.bytes.buffer ? b : mem.slice(b.byteOffset, b.length)));

export const roFlags = ({ isTruncated }: Received): number => (isTruncated ? TRUNCATED : 0);

export function sock_recv(
  host: Context,
  fd: Descriptor,
  iovs: readonly Uint8Array[],
  flags: number,
  length: number,
  roflags: number,
): HandlerResult {
  return receive(host, fd, iovs, flags, (received) => {
    host.mem.setU32(length, received.count);
    host.mem.setU16(roflags, roFlags(received));
  });
}

/** Sends guest buffers. */
export function send(
  host: Context,
  fd: Descriptor,
  iovs: readonly Uint8Array[],
  nwritten: number,
  write: (socket: Socket, buffers: readonly Uint8Array[]) => number | undefined,
): HandlerResult {
  const d = socketOf(fd);
  const most = host.mem.isShared ? limits.sharedIoBytes : limits.ioBytes;
  const from = cutBuffers(iovs, Math.min(most, host.io.maxBytes(d)));
  const attempt = (): boolean => {
    const count = write(d.socket, host.mem.isShared ? [joinBuffers(from)] : current(host, from));
    if (count === undefined) return false;
    host.io.moved(d, count);
    host.mem.setU32(nwritten, count);
    return true;
  };
  return waitOut(host, d, attempt, d.socket.settings.sendTimeoutMs);
}

export function sock_send(
  host: Context,
  fd: Descriptor,
  iovs: readonly Uint8Array[],
  _flags: number,
  nwritten: number,
): HandlerResult {
  return send(host, fd, iovs, nwritten, (socket, buffers) => socket.send(buffers));
}

/** Without a direction it is INVAL. */
export function sock_shutdown(_: Context, fd: Descriptor, how: number): undefined {
  const { socket } = socketOf(fd);
  if (how === 0) fail("INVAL");
  socket.shutdown({ read: (how & 1) !== 0, write: (how & 2) !== 0 });
}
