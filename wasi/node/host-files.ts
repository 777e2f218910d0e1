/** Files of the host that are open, and the host's attributes and types in the words of `file-system.ts`. */
import fs from "node:fs";
import { type Filestat, type Filetype, filetype } from "../abi.ts";
import { fail } from "../errno.ts";
import type { DirEntry, FileHandle, FileMode, FileTimes, PipeHandle } from "../file-system.ts";
import { HostInput, HostOutput } from "./stdio.ts";
import { TimeKeeper } from "./times.ts";

/** As constants of this file: the object of the host's is a dictionary, slow to read. (bench wasi, open) */
const { O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_SYNC, O_DSYNC, O_NOFOLLOW, O_NOCTTY, O_NONBLOCK } = fs.constants;
const { S_IFMT, S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFBLK, S_IFSOCK } = fs.constants;

/** One for the process: what it remembers is about files, not about guests. */
export const times = new TimeKeeper();

export function typeOf(mode: number): Filetype {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return filetype.regularFile;
    case S_IFDIR:
      return filetype.directory;
    case S_IFLNK:
      return filetype.symbolicLink;
    case S_IFCHR:
      return filetype.characterDevice;
    case S_IFBLK:
      return filetype.blockDevice;
    case S_IFSOCK:
      return filetype.socketStream;
    default:
      return filetype.unknown;
  }
}

function direntType(entry: fs.Dirent | fs.Dirent<Buffer>): Filetype {
  if (entry.isFile()) return filetype.regularFile;
  if (entry.isDirectory()) return filetype.directory;
  if (entry.isSymbolicLink()) return filetype.symbolicLink;
  if (entry.isCharacterDevice()) return filetype.characterDevice;
  if (entry.isBlockDevice()) return filetype.blockDevice;
  return entry.isSocket() ? filetype.socketStream : filetype.unknown;
}

export function filestatOf(stat: fs.BigIntStats): Filestat {
  return {
    dev: BigInt.asUintN(64, stat.dev),
    ino: BigInt.asUintN(64, stat.ino),
    filetype: typeOf(Number(stat.mode)),
    nlink: stat.nlink,
    size: stat.size,
    ...times.read(stat),
    ctim: stat.ctimeNs,
  };
}

/** Without following a link, taking a terminal, or waiting for the other side of a FIFO. */
export function accessFlags(mode: FileMode): number {
  const access = mode.isWrite ? (mode.isRead ? O_RDWR : O_WRONLY) : O_RDONLY;
  const append = mode.isAppend && mode.isWrite ? O_APPEND : 0;
  const sync = mode.isSync ? O_SYNC : mode.isDsync ? O_DSYNC : 0;
  return access | append | sync | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
}

/** All entries of the directory at `path`. @throws Failure OVERFLOW above `max` */
export function listDir(path: string | Buffer, max: number): DirEntry[] {
  const entries: DirEntry[] = [];
  // Node types the names as strings whatever the encoding.
  const dir = fs.opendirSync(path, { encoding: "buffer" as BufferEncoding, bufferSize: 512 });
  try {
    for (let entry = dir.readSync(); entry !== null; entry = dir.readSync()) {
      if (entries.length >= max) fail("OVERFLOW");
      entries.push({ name: entry.name as unknown as Buffer, filetype: direntType(entry) });
    }
  } finally {
    dir.closeSync();
  }
  return entries;
}

/** Linux: what statfs says of /proc. */
const PROC_MAGIC = 0x9fa0;

/**
 * True for a file of /proc, wherever that is mounted: its files are about processes (memory, environment), never the guest's.
 * Each mount has a device of its own, and what is on a disk is none of them.
 */
function isOfProc(path: string | Buffer, device: number): boolean {
  if (process.platform !== "linux" || device >= 2 ** 32 || ((device >>> 8) & 0xfff) !== 0) return false;
  return fs.statfsSync(path).type === PROC_MAGIC;
}

/**
 * A handle on what was opened: a regular file or a pipe; the descriptor is closed when it is neither.
 *
 * @param path  leads to it, too
 * @param reopen  opens the same file again, with other flags
 * @throws Failure ACCES for devices and for files of /proc, ISDIR
 */
export function handleOn(
  fd: number,
  path: string | Buffer,
  mode: FileMode,
  reopen: (flags: number) => number,
): FileHandle | PipeHandle {
  try {
    const stat = fs.fstatSync(fd);
    if (isOfProc(path, stat.dev)) fail("ACCES");
    if (stat.isFile()) return new NodeFile(fd, mode, reopen);
    if (stat.isFIFO()) return new NodePipe(fd, mode);
    return fail(stat.isDirectory() ? "ISDIR" : "ACCES");
  } catch (error) {
    fs.closeSync(fd);
    throw error;
  }
}

export class NodeFile implements FileHandle {
  readonly kind = "file";
  #fd: number;
  readonly #mode: FileMode;
  readonly #reopen: (flags: number) => number;

  constructor(fd: number, mode: FileMode, reopen: (flags: number) => number) {
    this.#fd = fd;
    this.#mode = mode;
    this.#reopen = reopen;
  }

  read(buffers: readonly Uint8Array[], position: number): number {
    const [first, second] = buffers;
    if (first === undefined) return 0;
    if (second === undefined) return fs.readSync(this.#fd, first, 0, first.length, position);
    return fs.readvSync(this.#fd, buffers, position);
  }

  write(buffers: readonly Uint8Array[], position: number): number {
    return writeBuffers(this.#fd, buffers, position);
  }

  append(buffers: readonly Uint8Array[]): number {
    return writeBuffers(this.#fd, buffers, null);
  }

  /** The descriptor now. */
  get fd(): number {
    return this.#fd;
  }

  /** O_APPEND cannot be changed from JavaScript: opens the same file again and swaps. */
  setAppend(isAppend: boolean): void {
    const fd = this.#reopen(accessFlags({ ...this.#mode, isAppend }));
    fs.closeSync(this.#fd);
    this.#fd = fd;
  }

  size(): number {
    return fs.fstatSync(this.#fd).size;
  }

  stat(): Filestat {
    return filestatOf(fs.fstatSync(this.#fd, { bigint: true }));
  }

  setSize(size: number): void {
    fs.ftruncateSync(this.#fd, size);
  }

  setTimes(wanted: FileTimes): void {
    times.write(
      wanted,
      () => fs.fstatSync(this.#fd, { bigint: true }),
      (atim, mtim) => fs.futimesSync(this.#fd, atim, mtim),
    );
  }

  sync(): void {
    fs.fsyncSync(this.#fd);
  }

  datasync(): void {
    fs.fdatasyncSync(this.#fd);
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

function writeBuffers(fd: number, buffers: readonly Uint8Array[], position: number | null): number {
  const [first, second] = buffers;
  if (first === undefined) return 0;
  if (second === undefined) return fs.writeSync(fd, first, 0, first.length, position);
  return position === null ? fs.writevSync(fd, buffers) : fs.writevSync(fd, buffers, position);
}

/** A FIFO, opened without waiting for the other side. */
export class NodePipe implements PipeHandle {
  readonly kind = "pipe";
  readonly input: HostInput | undefined;
  readonly output: HostOutput | undefined;
  readonly #fd: number;

  constructor(fd: number, mode: FileMode) {
    this.#fd = fd;
    this.input = mode.isRead ? new HostInput(fd, fd) : undefined;
    this.output = mode.isWrite ? new HostOutput(fd) : undefined;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}
