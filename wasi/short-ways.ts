/**
 * Short ways for the calls that programs make most: reading and writing one buffer, looking at a file, opening one.
 *
 * A short way is taken where nothing but the system's answer is open: a file system that offers it (`readInto` and its like in
 * `file-system.ts`), no policy, no quota, nobody who watches. It does what the handler would have done, or says as it would that
 * there is nothing of that name, or does nothing at all and gives undefined: then the handler is called, and says what is wrong.
 * So it decides nothing that the handler would decide otherwise. Bench: wasi.
 */
import type { HostFn, Val } from "../engine/index.ts";
import { copyFilestat, filetype } from "./abi.ts";
import type { CallName } from "./calls.ts";
import { type Context, showAll } from "./context.ts";
import { errno, errnoOf } from "./errno.ts";
import { atEnd, type DirDesc, type FileDesc, fileDesc } from "./fd-table.ts";
import { limits } from "./limits.ts";
import type { GuestMemory } from "./memory.ts";
import { modeOf } from "./path-open.ts";
import { countPlainNames } from "./path-resolver.ts";
import { allRights, readRight, writeRight } from "./rights.ts";

/** Makes of the function that a guest may import, `whole`, one that takes the short way first. */
type Shorten = (host: Context, whole: HostFn) => HostFn;

/**
 * Of the calls that have one. Each with its own parameters and its own code: V8 makes one piece of a function and what it calls
 * only where that is always the same, and an array for arguments takes as long as the rest of a short call. Bench: wasi.
 */
export const shortWays: Partial<Record<CallName, Shorten>> = {
  fd_close: (host, whole) => (fd) => fd_close(host, fd) ?? whole(fd),
  fd_read: (host, whole) => (fd, iovs, count, nread) =>
    fd_read(host, fd, iovs, count, nread) ?? whole(fd, iovs, count, nread),
  fd_write: (host, whole) => (fd, iovs, count, nwritten) =>
    fd_write(host, fd, iovs, count, nwritten) ?? whole(fd, iovs, count, nwritten),
  path_filestat_get: (host, whole) => (fd, flags, path, length, out) =>
    path_filestat_get(host, fd, flags, path, length, out) ?? whole(fd, flags, path, length, out),
  path_open: (host, whole) => (fd, dirflags, path, length, oflags, base, inheriting, flags, out) =>
    path_open(host, fd, dirflags, path, length, oflags, base, inheriting, flags, out) ??
    whole(fd, dirflags, path, length, oflags, base, inheriting, flags, out),
};

/** Nothing is known against the call, besides what `host.ts` asks when functions are bound. */
function isFree(host: Context): boolean {
  const { mem } = host;
  mem.refresh();
  const isRunning = host.exited === undefined && host.interrupted === undefined && mem.isAttached;
  return isRunning && !host.io.hasQuota && !mem.isShared;
}

/** What every call does that is over: an operation on a file that moved so many bytes, or none, without `bytes`. */
function counted(host: Context, bytes: number | undefined, result: number = errno.SUCCESS): number {
  host.yields = 0;
  host.waiting = undefined;
  if (bytes === undefined) host.io.countFree();
  else host.io.countFileOp(bytes);
  return result;
}

/** An address or a length; -1, which is nowhere, for what a guest of WebAssembly cannot pass. */
const u32 = (value: Val): number => (typeof value === "number" ? value >>> 0 : -1);

const fileAt = (host: Context, fd: Val, right: number): FileDesc | undefined => {
  const d = host.fds.find(u32(fd));
  return d?.kind === "file" && (d.dropped & right) === 0 && d.position !== atEnd ? d : undefined;
};

/** Where the only buffer of a vector begins, if it is one and all that is named is in bounds; else -1. */
function onlyBuffer(mem: GuestMemory, iovs: number, count: Val, result: number): number {
  if (count !== 1 || !mem.has(iovs, 8) || !mem.has(result, 4)) return -1;
  const at = mem.u32(iovs);
  const length = mem.u32(iovs + 4);
  return length > 0 && length <= limits.ioBytes && mem.has(at, length) ? at : -1;
}

/** Of a regular file. It is closed whatever the system says of it, which is passed on. */
function fd_close(host: Context, fd: Val): number | undefined {
  const number = u32(fd);
  if (host.fds.find(number)?.kind !== "file" || !isFree(host)) return undefined;
  try {
    host.fds.close(number);
    return counted(host, undefined);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return counted(host, undefined, code);
  }
}

function fd_read(host: Context, fd: Val, iovs: Val, count: Val, nread: Val): number | undefined {
  const d = fileAt(host, fd, readRight);
  if (!d?.isRead || d.file.readInto === undefined || !isFree(host)) return undefined;
  const { mem } = host;
  const vector = u32(iovs);
  const result = u32(nread);
  const at = onlyBuffer(mem, vector, count, result);
  const n = at < 0 ? -1 : d.file.readInto(mem.bytes, at, mem.u32(vector + 4), d.position);
  if (n < 0) return undefined;
  d.position += n;
  mem.setU32(result, n);
  return counted(host, n);
}

function fd_write(host: Context, fd: Val, iovs: Val, count: Val, nwritten: Val): number | undefined {
  const d = fileAt(host, fd, writeRight);
  if (!d?.isWrite || d.file.writeFrom === undefined || d.flags !== 0 || !isFree(host)) return undefined;
  const { mem } = host;
  const vector = u32(iovs);
  const result = u32(nwritten);
  const at = onlyBuffer(mem, vector, count, result);
  const n = at < 0 ? -1 : d.file.writeFrom(mem.bytes, at, mem.u32(vector + 4), d.position);
  if (n < 0) return undefined;
  d.position += n;
  mem.setU32(result, n);
  return counted(host, n);
}

/** A directory with all its rights, none of whose subdirectories has rules of its own. */
function dirAt(host: Context, fd: Val): DirDesc | undefined {
  const d = host.fds.find(u32(fd));
  if (d?.kind !== "dir" || d.dropped !== 0 || d.droppedInheriting !== 0) return undefined;
  return host.guards.size === 0 || d.mount.isReadOnly ? d : undefined;
}

function path_filestat_get(host: Context, fd: Val, flags: Val, path: Val, length: Val, out: Val): number | undefined {
  const d = dirAt(host, fd);
  if (d?.dir.statBelow === undefined || !host.abi.filestat.wideLinks || host.presentStat !== showAll || !isFree(host))
    return undefined;
  const { mem } = host;
  const at = u32(path);
  const size = u32(length);
  const result = u32(out);
  const isPlain =
    mem.has(at, size) && mem.has(result, host.abi.filestatSize) && countPlainNames(mem.bytes, at, size) > 0;
  const stat = isPlain && (flags === 0 || flags === 1) ? d.dir.statBelow(mem.bytes, at, size) : undefined;
  if (stat === null) return counted(host, 0, errno.NOENT);
  if (stat === undefined || (stat[16] === filetype.symbolicLink && flags !== 0)) return undefined;
  copyFilestat(mem, result, stat);
  return counted(host, 0);
}

/** Of a file that is there; what creates or truncates goes the long way. */
function path_open(
  host: Context,
  fd: Val,
  dirflags: Val,
  path: Val,
  length: Val,
  oflags: Val,
  base: Val,
  inheriting: Val,
  fdflags: Val,
  out: Val,
): number | undefined {
  const d = dirAt(host, fd);
  if (d?.dir.openBelow === undefined || oflags !== 0 || host.fds.isFull || !isFree(host)) return undefined;
  if ((dirflags !== 0 && dirflags !== 1) || !isFlags(fdflags)) return undefined;
  if (typeof base !== "bigint" || typeof inheriting !== "bigint") return undefined;
  const mode = modeOf(0, Number(BigInt.asUintN(32, base)) & allRights, fdflags);
  if (d.mount.isReadOnly && mode.isWrite) return undefined;
  const { mem } = host;
  const at = u32(path);
  const size = u32(length);
  const result = u32(out);
  if (!mem.has(at, size) || !mem.has(result, 4) || countPlainNames(mem.bytes, at, size) === 0) return undefined;
  const file = d.dir.openBelow(mem.bytes, at, size, mode);
  if (file === null) return counted(host, 0, errno.NOENT);
  if (file === undefined) return undefined;
  const place = { mount: d.mount, path: { above: d.path, below: mem.bytes.slice(at, at + size) } };
  mem.setU32(result, host.fds.add(fileDesc(file, place, mode, fdflags)));
  return counted(host, 0);
}

/** Whole, too: JavaScript may pass anything. */
const isFlags = (value: Val): value is number => typeof value === "number" && (value & 31) === value;
