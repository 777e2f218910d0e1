/**
 * The fd_* calls on descriptors that are open: attributes, positions, closing. Reading and writing is in `fd-io.ts`,
 * listing directories in `fd-readdir.ts`.
 */
import {
  type Filestat,
  type Filetype,
  fdflags,
  filetype,
  writeFdstat,
  writeFilestat,
  writeOtherPrestat,
  writePrestat,
} from "./abi.ts";
import type { Context } from "./context.ts";
import { fail } from "./errno.ts";
import { atEnd, type Descriptor, type FileDesc, filetypeOf, rightsOf, whereIs } from "./fd-table.ts";
import { fileTimes } from "./file-times.ts";

const maxOffset = BigInt(Number.MAX_SAFE_INTEGER);
const maxSigned = 0x7fff_ffff_ffff_ffffn;

/** A regular file. @throws Failure `other` for streams, `directory` for directories */
function fileOf(d: Descriptor, other: "SPIPE" | "INVAL", directory: "BADF" | "ISDIR"): FileDesc {
  if (d.kind === "file") return d;
  return fail(d.kind === "dir" ? directory : other);
}

/** A u64 of the guest that must be a possible file size. */
function sizeOf(size: bigint): number {
  if (size > maxSigned) fail("INVAL");
  return size > maxOffset ? fail("FBIG") : Number(size);
}

export function fd_advise(_: Context, d: Descriptor, offset: bigint, len: bigint, _advice: number): undefined {
  fileOf(d, "SPIPE", "BADF");
  if (offset > maxSigned || len > maxSigned) fail("INVAL");
}

/** Grows the file where it is shorter; the new part is a hole. Never shrinks. */
export function fd_allocate(_: Context, d: Descriptor, offset: bigint, len: bigint): undefined {
  const { file, isWrite } = fileOf(d, "SPIPE", "BADF");
  if (!isWrite) fail("BADF");
  if (len === 0n || offset > maxSigned || len > maxSigned) fail("INVAL");
  const end = offset + len > maxOffset ? fail("FBIG") : Number(offset + len);
  if (end > file.size()) file.setSize(end);
}

export function fd_close(host: Context, fd: number): undefined {
  host.fds.close(fd);
}

export function fd_datasync(_: Context, d: Descriptor): undefined {
  if (d.kind === "stream") fail("INVAL");
  if (d.kind === "dir") d.dir.sync();
  else d.file.datasync();
}

export function fd_sync(_: Context, d: Descriptor): undefined {
  if (d.kind === "stream") fail("INVAL");
  if (d.kind === "dir") d.dir.sync();
  else d.file.sync();
}

export function fd_fdstat_get(host: Context, d: Descriptor, stat: number): undefined {
  const [rightsBase, rightsInheriting] = rightsOf(d);
  const type = typeFor(host, d);
  writeFdstat(host.mem, stat, { filetype: type, flags: d.flags, rightsBase, rightsInheriting });
}

/** Where a stream leads, to a terminal or a file, must not make a difference to a deterministic guest. */
function typeFor(host: Context, d: Descriptor): Filetype {
  return d.kind === "stream" && host.isDeterministic ? filetype.unknown : filetypeOf(d);
}

/** APPEND and NONBLOCK can be set and cleared; the flags about synchronous writing stay as they were opened. */
export function fd_fdstat_set_flags(_: Context, d: Descriptor, flags: number): undefined {
  if (d.kind === "dir") fail("BADF");
  const fixed = fdflags.dsync | fdflags.rsync | fdflags.sync;
  if ((flags & fixed & ~d.flags) !== 0) fail("INVAL");
  const isAppend = (flags & fdflags.append) !== 0;
  if (d.kind === "file" && d.isWrite && isAppend !== ((d.flags & fdflags.append) !== 0)) d.file.setAppend(isAppend);
  d.flags = (d.flags & fixed) | (flags & ~fixed);
}

/** Rights can be given up, never gained: NOTCAPABLE. */
export function fd_fdstat_set_rights(_: Context, d: Descriptor, base: number, inheriting: number): undefined {
  const [haveBase, haveInheriting] = rightsOf(d);
  if ((base & ~haveBase) !== 0 || (inheriting & ~haveInheriting) !== 0) fail("NOTCAPABLE");
  d.dropped |= haveBase & ~base;
  d.droppedInheriting |= haveInheriting & ~inheriting;
}

/** Streams have a type and nothing else: what is behind them is not the guest's business. */
export function fd_filestat_get(host: Context, d: Descriptor, stat: number): undefined {
  writeFilestat(host.mem, stat, filestatOf(host, d), host.abi);
}

function filestatOf(host: Context, d: Descriptor): Filestat {
  if (d.kind === "file") return host.presentStat(d.file.stat(), whereIs(d));
  if (d.kind === "dir") return host.presentStat(d.dir.stat(), d);
  return { dev: 0n, ino: 0n, filetype: typeFor(host, d), nlink: 0n, size: 0n, atim: 0n, mtim: 0n, ctim: 0n };
}

export function fd_filestat_set_size(_: Context, d: Descriptor, size: bigint): undefined {
  const { file, isWrite } = fileOf(d, "INVAL", "ISDIR");
  if (!isWrite) fail("INVAL");
  file.setSize(sizeOf(size));
}

export function fd_filestat_set_times(
  host: Context,
  d: Descriptor,
  atim: bigint,
  mtim: bigint,
  flags: number,
): undefined {
  const times = fileTimes(host, atim, mtim, flags);
  if (d.kind === "stream") fail("BADF");
  host.guard?.path("write", whereIs(d));
  if (times === undefined) return;
  if (d.kind === "file") d.file.setTimes(times);
  else d.dir.setTimes(times);
}

/**
 * True for a listener that has directories after it. To those who look for directories it is something else that was
 * given, and they go on; after BADF they would not.
 */
const isPassedOver = (host: Context, d: Descriptor): boolean =>
  d.kind === "stream" && d.socket?.isListening === true && host.mounts.length > 0;

/** @throws Failure BADF for what is not a preopened directory: the C library and Go stop scanning there */
function preopenName(d: Descriptor): Uint8Array {
  return (d.kind === "dir" ? d.preopen : undefined) ?? fail("BADF");
}

export function fd_prestat_get(host: Context, d: Descriptor, prestat: number): undefined {
  if (isPassedOver(host, d)) return writeOtherPrestat(host.mem, prestat);
  writePrestat(host.mem, prestat, preopenName(d).length);
}

export function fd_prestat_dir_name(_: Context, d: Descriptor, buffer: Uint8Array): undefined {
  const name = preopenName(d);
  if (buffer.length < name.length) fail("NAMETOOLONG");
  buffer.set(name);
}

export function fd_renumber(host: Context, from: number, to: number): undefined {
  host.fds.renumber(from, to);
}

/** Where the next read or write of the file happens. */
export function positionOf(d: FileDesc): number {
  if (d.position === atEnd) d.position = d.file.size();
  return d.position;
}

/** @param offset  s64. The result is limited to 2^53-1; no file is that long. */
export function fd_seek(host: Context, d: Descriptor, offset: bigint, whence: number, newOffset: number): undefined {
  const file = fileOf(d, "SPIPE", "BADF");
  const from = host.abi.whence[whence];
  const base = from === "set" ? 0 : from === "cur" ? positionOf(file) : file.file.size();
  const target = BigInt(base) + offset;
  if (target < 0n || target > maxOffset) fail("INVAL");
  file.position = Number(target);
  host.mem.setU64(newOffset, target);
}

export function fd_tell(host: Context, d: Descriptor, offset: number): undefined {
  host.mem.setU64(offset, BigInt(positionOf(fileOf(d, "SPIPE", "BADF"))));
}
