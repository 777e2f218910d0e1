/**
 * Directories and files of a Linux host by way of the native part, level `beneath`.
 *
 * A directory is held as an O_PATH descriptor and its entries are addressed by the `*at` system calls, which `fs.ts` does
 * without. Names are bytes throughout. Times are exact.
 */
import fs from "node:fs";
import { getSystemErrorName } from "node:util";
import type { Filestat, Filetype } from "../abi.ts";
import { fail, failLike } from "../errno.ts";
import type { DirEntry, DirHandle, FileHandle, FileMode, FileTimes, Name, PipeHandle } from "../file-system.ts";
import { accessFlags, NodePipe, typeOf } from "./host-files.ts";
import { type Attributes, isLittleEndian } from "./native-attributes.ts";
import type { NativeFiles } from "./native-files.ts";

const { constants: c } = fs;
const AT_REMOVEDIR = 0x200;
/** Of the C library on every Linux architecture. */
const ENOENT = 2;
const EACCES = 13;
const ENOTDIR = 20;
const ELOOP = 40;

/** What a NUL is put behind, for the system; longer names are refused there. */
const nameBytes = 4096;
/** Two names, where each call finds them. Not memory of the guest, and never shared. */
const names = new Uint8Array(new ArrayBuffer(2 * nameBytes));
const texts: string[] = [];

/** Ends the host call with what the system said. */
function failWith(errno: number): never {
  return failLike((texts[errno] ??= getSystemErrorName(-errno)));
}

/** What is not an error. */
const checked = (result: number): number => (result < 0 ? failWith(-result) : result);

/** Puts a name where calls find it; its length. */
function put(name: Uint8Array, at = 0): number {
  if (name.length >= nameBytes) fail("NAMETOOLONG");
  names.set(name, at);
  return name.length;
}

/** Of what is open. */
function attributesOf(native: NativeFiles, fd: number): Attributes {
  checked(native.fstat(fd, native.attributes.words));
  return native.attributes;
}

export class NativeDir implements DirHandle {
  readonly kind = "dir";
  readonly #native: NativeFiles;
  readonly #fd: number;

  /** @param fd  an O_PATH descriptor of a directory, which the handle owns from now on */
  constructor(native: NativeFiles, fd: number) {
    this.#native = native;
    this.#fd = fd;
  }

  /** False when there is nothing; else its attributes are there. */
  #look(name: Name): boolean {
    const result = this.#native.stat(this.#fd, names, 0, put(name));
    return result !== -ENOENT && checked(result) === 0;
  }

  statAt(name: Name): Filestat | undefined {
    return this.#look(name) ? this.#native.attributes.filestat() : undefined;
  }

  typeAt(name: Name): Filetype | undefined {
    return this.#look(name) ? typeOf(this.#native.attributes.mode) : undefined;
  }

  dirAt(name: Name): NativeDir | undefined {
    const fd = this.#native.openDirectory(this.#fd, names, 0, put(name));
    if (fd === -ENOTDIR || fd === -ELOOP) return undefined;
    return new NativeDir(this.#native, checked(fd));
  }

  #open(name: Name, flags: number): number {
    return checked(this.#native.open(this.#fd, names, 0, put(name), flags, 0o666));
  }

  fileAt(name: Name, mode: FileMode): FileHandle | PipeHandle {
    const fd = this.#open(name, accessFlags(mode) | (mode.isTruncate ? c.O_TRUNC : 0));
    try {
      if (checked(this.#native.isOfProc(fd)) !== 0) fail("ACCES");
      const type = attributesOf(this.#native, fd).mode & c.S_IFMT;
      if (type === c.S_IFREG) return new NativeFile(this.#native, fd);
      if (type === c.S_IFIFO) return new NodePipe(fd, mode);
      return fail(type === c.S_IFDIR ? "ISDIR" : "ACCES");
    } catch (error) {
      this.#native.close(fd);
      throw error;
    }
  }

  createAt(name: Name, mode: FileMode): NativeFile {
    return new NativeFile(this.#native, this.#open(name, accessFlags(mode) | c.O_CREAT | c.O_EXCL));
  }

  readLinkAt(name: Name): Uint8Array {
    const length = this.#native.readlink(this.#fd, names, 0, put(name), names, nameBytes, nameBytes);
    return names.slice(nameBytes, nameBytes + checked(length));
  }

  makeDirAt(name: Name): void {
    checked(this.#native.mkdir(this.#fd, names, 0, put(name), 0o777));
  }

  removeDirAt(name: Name): void {
    checked(this.#native.unlink(this.#fd, names, 0, put(name), AT_REMOVEDIR));
  }

  unlinkAt(name: Name): void {
    checked(this.#native.unlink(this.#fd, names, 0, put(name), 0));
  }

  symlinkAt(target: Uint8Array, name: Name): void {
    const length = put(target, nameBytes);
    checked(this.#native.symlink(this.#fd, names, 0, put(name), names, nameBytes, length));
  }

  linkAt(name: Name, toDir: DirHandle, toName: Name): void {
    const length = put(toName, nameBytes);
    checked(this.#native.link(this.#fd, names, 0, put(name), own(toDir).#fd, names, nameBytes, length));
  }

  renameAt(name: Name, toDir: DirHandle, toName: Name): void {
    const length = put(toName, nameBytes);
    checked(this.#native.rename(this.#fd, names, 0, put(name), own(toDir).#fd, names, nameBytes, length));
  }

  setTimesAt(name: Name, wanted: FileTimes): void {
    checked(this.#native.setTimes(this.#fd, names, 0, put(name), this.#native.attributes.putTimes(wanted)));
  }

  statBelow(memory: Uint8Array, at: number, length: number): Uint8Array | null | undefined {
    const result = this.#native.stat(this.#fd, memory, at, length);
    if (result < 0) return result === -ENOENT ? null : undefined;
    return this.#native.attributes.filestatBytes();
  }

  openBelow(memory: Uint8Array, at: number, length: number, mode: FileMode): NativeFile | null | undefined {
    const fd = this.#native.openRegular(this.#fd, memory, at, length, accessFlags(mode));
    if (fd < 0) return fd === -ENOENT ? null : undefined;
    return new NativeFile(this.#native, fd);
  }

  stat(): Filestat {
    return attributesOf(this.#native, this.#fd).filestat();
  }

  setTimes(wanted: FileTimes): void {
    checked(this.#native.setTimes(this.#fd, names, 0, 0, this.#native.attributes.putTimes(wanted)));
  }

  list(max: number): DirEntry[] {
    const fd = this.#readable();
    try {
      return listAll(this.#native, fd, max, (name) => this.typeAt(name));
    } finally {
      this.#native.close(fd);
    }
  }

  sync(): void {
    const fd = this.#readable();
    const result = this.#native.sync(fd, 0);
    this.#native.close(fd);
    checked(result);
  }

  /** The directory once more, for reading. To name "." in it takes the right to search it, which reading does not. */
  #readable(): number {
    names[0] = 0x2e;
    const fd = this.#native.open(this.#fd, names, 0, 1, c.O_RDONLY | c.O_DIRECTORY, 0);
    if (fd !== -EACCES) return checked(fd);
    return fs.openSync(`/proc/self/fd/${this.#fd}`, c.O_RDONLY | c.O_DIRECTORY);
  }

  duplicate(): NativeDir {
    return new NativeDir(this.#native, checked(this.#native.duplicate(this.#fd)));
  }

  close(): void {
    checked(this.#native.close(this.#fd));
  }
}

/** Links and renames between different implementations cannot be done. */
function own(dir: DirHandle): NativeDir {
  return dir instanceof NativeDir ? dir : fail("XDEV");
}

/** Bytes of entries that are taken from the system at once. */
const listingBytes = 32_768;
/** By the type that the system has with an entry; 0 is unknown. */
const modes = [0, c.S_IFIFO, c.S_IFCHR, 0, c.S_IFDIR, 0, c.S_IFBLK, 0, c.S_IFREG, 0, c.S_IFLNK, 0, c.S_IFSOCK];

/** @throws Failure OVERFLOW above `max` */
function listAll(
  native: NativeFiles,
  fd: number,
  max: number,
  typeAt: (name: Name) => Filetype | undefined,
): DirEntry[] {
  const entries: DirEntry[] = [];
  const view = new DataView(new ArrayBuffer(listingBytes));
  const bytes = new Uint8Array(view.buffer);
  for (let size = 1; size > 0; ) {
    size = native.entries(fd, bytes, 0, listingBytes);
    // As the C library: a directory that was removed has no entries.
    if (size === -ENOENT) break;
    checked(size);
    // Inode and place are 8 bytes each, then come the entry's length, its type, and its name up to a NUL.
    for (let at = 0; at < size; at += view.getUint16(at + 16, isLittleEndian)) {
      const start = at + 19;
      const name = bytes.slice(start, bytes.indexOf(0, start));
      if (isOwn(name)) continue;
      if (entries.length >= max) fail("OVERFLOW");
      const type = bytes[at + 18]!;
      entries.push({ name, filetype: type === 0 ? (typeAt(name) ?? 0) : typeOf(modes[type] ?? 0) });
    }
  }
  return entries;
}

/** "." or "..". */
const isOwn = (name: Uint8Array): boolean =>
  name[0] === 0x2e && (name.length === 1 || (name.length === 2 && name[1] === 0x2e));

export class NativeFile implements FileHandle {
  readonly kind = "file";
  private readonly native: NativeFiles;
  private readonly fd: number;

  constructor(native: NativeFiles, fd: number) {
    this.native = native;
    this.fd = fd;
  }

  read(buffers: readonly Uint8Array[], position: number): number {
    const [first, second] = buffers;
    if (first === undefined) return 0;
    if (second !== undefined) return checked(this.native.readv(this.fd, buffers, position));
    return checked(this.native.read(this.fd, first, 0, first.length, position));
  }

  write(buffers: readonly Uint8Array[], position: number): number {
    const [first, second] = buffers;
    if (first === undefined) return 0;
    if (second !== undefined) return checked(this.native.writev(this.fd, buffers, position));
    return checked(this.native.write(this.fd, first, 0, first.length, position));
  }

  readInto(memory: Uint8Array, at: number, length: number, position: number): number {
    return this.native.read(this.fd, memory, at, length, position);
  }

  writeFrom(memory: Uint8Array, at: number, length: number, position: number): number {
    return this.native.write(this.fd, memory, at, length, position);
  }

  append(buffers: readonly Uint8Array[]): number {
    return this.write(buffers, -1);
  }

  setAppend(isAppend: boolean): void {
    checked(this.native.setAppend(this.fd, isAppend ? 1 : 0));
  }

  size(): number {
    return attributesOf(this.native, this.fd).size;
  }

  stat(): Filestat {
    return attributesOf(this.native, this.fd).filestat();
  }

  setSize(size: number): void {
    checked(this.native.setSize(this.fd, size));
  }

  setTimes(wanted: FileTimes): void {
    checked(this.native.setTimes(this.fd, names, 0, 0, this.native.attributes.putTimes(wanted)));
  }

  sync(): void {
    checked(this.native.sync(this.fd, 0));
  }

  datasync(): void {
    checked(this.native.sync(this.fd, 1));
  }

  close(): void {
    checked(this.native.close(this.fd));
  }
}
