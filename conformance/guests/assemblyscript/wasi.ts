// The glue between AssemblyScript and WASI preview1: arguments, environment, files, directories, clocks, exit.
// AssemblyScript's own library has none of this. What a failed assertion does is in abort.ts.

import "./abort";

// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, size: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, bytes: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_sizes_get")
declare function environ_sizes_get(count: usize, size: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "environ_get")
declare function environ_get(pointers: usize, bytes: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(id: i32, precision: u64, time: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "poll_oneoff")
declare function poll_oneoff(subscriptions: usize, events: usize, count: i32, ready: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: i32, iovs: usize, count: i32, done: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, done: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_close")
declare function fd_close(fd: i32): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_readdir")
declare function fd_readdir(fd: i32, buffer: usize, size: i32, cookie: u64, used: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_prestat_get")
declare function fd_prestat_get(fd: i32, prestat: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "fd_prestat_dir_name")
declare function fd_prestat_dir_name(fd: i32, name: usize, size: i32): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_open")
declare function path_open(
  dir: i32, lookup: i32, path: usize, length: i32, oflags: i32, rights: u64, inheriting: u64, fdflags: i32, fd: usize,
): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_filestat_get")
declare function path_filestat_get(dir: i32, lookup: i32, path: usize, length: i32, filestat: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_readlink")
declare function path_readlink(dir: i32, path: usize, length: i32, buffer: usize, size: i32, used: usize): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_symlink")
declare function path_symlink(target: usize, targetLength: i32, dir: i32, path: usize, length: i32): i32;
// @ts-ignore: decorator
@external("wasi_snapshot_preview1", "path_create_directory")
declare function path_create_directory(dir: i32, path: usize, length: i32): i32;

/** A small fixed place for results that calls write through pointers. */
const scratch = memory.data(64, 8);
/** The largest right set an ordinary program asks for: read, write, seek, tell, readdir, filestat and the path calls. */
const READ: u64 = 0x2 | 0x4 | 0x20 | 0x4000 | 0x200000;
const WRITE: u64 = 0x40 | 0x4 | 0x20 | 0x200000;
const ALL_BELOW: u64 = 0x0fffffff;

// ---- ends -----------------------------------------------------------------------------------------------------------

/** Flushes what was printed and leaves the program. */
export function exit(code: i32): void {
  flush();
  proc_exit(code);
}

export function fail(message: string, code: i32 = 1): void {
  flush();
  eprint(message + "\n");
  proc_exit(code);
}

// ---- output ---------------------------------------------------------------------------------------------------------

const outSize: i32 = 32768;
const out = new StaticArray<u8>(outSize);
let outUsed: i32 = 0;

/** Writes `length` bytes at `from` in one or more calls. */
export function writeAll(fd: i32, from: usize, length: i32): void {
  while (length > 0) {
    store<u32>(scratch, <u32>from);
    store<u32>(scratch, <u32>length, 4);
    const errno = fd_write(fd, scratch, 1, scratch + 8);
    if (errno != 0) proc_exit(70);
    const done = load<i32>(scratch, 8);
    from += done;
    length -= done;
  }
}

export function flush(): void {
  writeAll(1, changetype<usize>(out), outUsed);
  outUsed = 0;
}

export function putByte(byte: u8): void {
  if (outUsed == outSize) flush();
  unchecked((out[outUsed++] = byte));
}

export function putBytes(from: usize, length: i32): void {
  if (length > outSize - outUsed) flush();
  if (length > outSize) {
    writeAll(1, from, length);
    return;
  }
  memory.copy(changetype<usize>(out) + outUsed, from, length);
  outUsed += length;
}

export function print(text: string): void {
  const bytes = String.UTF8.encode(text);
  putBytes(changetype<usize>(bytes), bytes.byteLength);
}

export function eprint(text: string): void {
  const bytes = String.UTF8.encode(text);
  writeAll(2, changetype<usize>(bytes), bytes.byteLength);
}

// ---- arguments, environment -----------------------------------------------------------------------------------------

// Buffers whose addresses are used while strings are allocated are globals: the garbage collector sees no bare address.
let pointers = new StaticArray<u32>(0);
let bytes = new StaticArray<u8>(0);

function texts(count: i32, size: i32, fill: (list: usize, text: usize) => i32): string[] {
  if (count == 0) return [];
  pointers = new StaticArray<u32>(count);
  bytes = new StaticArray<u8>(size);
  if (fill(changetype<usize>(pointers), changetype<usize>(bytes)) != 0) proc_exit(71);
  const list = new Array<string>(0);
  for (let i = 0; i < count; i++) {
    const from = <usize>pointers[i];
    let length = 0;
    while (load<u8>(from + length) != 0) length++;
    list.push(String.UTF8.decodeUnsafe(from, length));
  }
  return list;
}

export function args(): string[] {
  if (args_sizes_get(scratch, scratch + 4) != 0) proc_exit(71);
  return texts(load<i32>(scratch), load<i32>(scratch, 4), (list, text) => args_get(list, text));
}

export function environ(): string[] {
  if (environ_sizes_get(scratch, scratch + 4) != 0) proc_exit(71);
  return texts(load<i32>(scratch), load<i32>(scratch, 4), (list, text) => environ_get(list, text));
}

// ---- clocks ---------------------------------------------------------------------------------------------------------

export const REALTIME: i32 = 0;
export const MONOTONIC: i32 = 1;

/** Nanoseconds on the given clock. */
export function now(clock: i32): u64 {
  if (clock_time_get(clock, 1, scratch) != 0) proc_exit(72);
  return load<u64>(scratch);
}

export function sleep(ns: u64): void {
  const subscription = memory.data(48, 8);
  const event = memory.data(32, 8);
  memory.fill(subscription, 0, 48);
  store<u64>(subscription, 0x1234567890);
  store<u32>(subscription, MONOTONIC, 16);
  store<u64>(subscription, ns, 24);
  const errno = poll_oneoff(subscription, event, 1, scratch);
  if (errno != 0 || load<u32>(scratch) != 1 || load<u64>(event) != 0x1234567890 || load<u16>(event, 8) != 0) proc_exit(73);
}

// ---- paths ----------------------------------------------------------------------------------------------------------

/** A guest path split into the preopened directory it lies in and the rest, as UTF-8. */
class Place {
  constructor(public dir: i32, public path: ArrayBuffer) {}
  get at(): usize {
    return changetype<usize>(this.path);
  }
  get length(): i32 {
    return this.path.byteLength;
  }
}

const preopenNames = new Array<string>(0);

function loadPreopens(): void {
  for (let fd = 3; fd_prestat_get(fd, scratch) == 0; fd++) {
    const name = new ArrayBuffer(load<i32>(scratch, 4));
    fd_prestat_dir_name(fd, changetype<usize>(name), name.byteLength);
    preopenNames.push(String.UTF8.decode(name));
  }
}

/** Finds the longest preopen that is a prefix of `path`. */
function place(path: string): Place {
  if (preopenNames.length == 0) loadPreopens();
  let best = -1;
  let rest = path;
  let bestLength = -1;
  for (let i = 0; i < preopenNames.length; i++) {
    let name = preopenNames[i];
    while (name.endsWith("/")) name = name.substring(0, name.length - 1);
    const relative = name == "." || name == "";
    const inside = relative ? true : path == name || path.startsWith(name + "/");
    const length = relative ? 0 : name.length;
    if (!inside || length <= bestLength) continue;
    best = i;
    bestLength = length;
    rest = path.substring(length);
  }
  if (best < 0) fail("no preopened directory for " + path);
  while (rest.startsWith("/")) rest = rest.substring(1);
  return new Place(3 + best, String.UTF8.encode(rest == "" ? "." : rest));
}

/** Errno of the last call below that failed. */
export let lastErrno: i32 = 0;

export function errnoText(errno: i32): string {
  if (errno == 44) return "No such file or directory";
  if (errno == 76 || errno == 2) return "Permission denied";
  if (errno == 31) return "Is a directory";
  if (errno == 69) return "Read-only file system";
  return "errno " + errno.toString();
}

function open(path: string, oflags: i32, rights: u64, inheriting: u64): i32 {
  const where = place(path);
  lastErrno = path_open(where.dir, 1, where.at, where.length, oflags, rights, inheriting, 0, scratch);
  return lastErrno == 0 ? load<i32>(scratch) : -1;
}

/** The descriptor, or -1 with `lastErrno`. */
export function openFile(path: string): i32 {
  return open(path, 0, READ, 0);
}

/** Creates a file that must not exist. */
export function createFile(path: string): i32 {
  return open(path, 1 | 4, WRITE, 0);
}

export function close(fd: i32): void {
  fd_close(fd);
}

/** Bytes read, 0 at the end, -1 with `lastErrno`. */
export function read(fd: i32, to: usize, size: i32): i32 {
  store<u32>(scratch, <u32>to);
  store<u32>(scratch, <u32>size, 4);
  lastErrno = fd_read(fd, scratch, 1, scratch + 8);
  return lastErrno == 0 ? load<i32>(scratch, 8) : -1;
}

/** Everything up to the end; `length` says how much of the returned array is filled. */
export class Bytes {
  data: StaticArray<u8> = new StaticArray<u8>(65536);
  length: i32 = 0;

  readAll(fd: i32): bool {
    while (true) {
      if (this.data.length - this.length < 16384) {
        const larger = new StaticArray<u8>(this.data.length * 2);
        memory.copy(changetype<usize>(larger), changetype<usize>(this.data), this.length);
        this.data = larger;
      }
      const got = read(fd, changetype<usize>(this.data) + this.length, this.data.length - this.length - 1);
      if (got < 0) return false;
      if (got == 0) return true;
      this.length += got;
    }
  }
}

// ---- directories ----------------------------------------------------------------------------------------------------

export class Stat {
  constructor(public type: u8, public nlink: u64, public size: u64, public mtimeNs: u64) {}
  /** d, f, l or ?. */
  get letter(): string {
    return this.type == 3 ? "d" : this.type == 4 ? "f" : this.type == 7 ? "l" : "?";
  }
}

/** Of the path itself, not of what a link points to. */
export function lstat(path: string): Stat {
  const where = place(path);
  const at = memory.data(64, 8);
  const errno = path_filestat_get(where.dir, 0, where.at, where.length, at);
  if (errno != 0) fail("stat " + path + ": " + errnoText(errno));
  return new Stat(load<u8>(at, 16), load<u64>(at, 24), load<u64>(at, 32), load<u64>(at, 48));
}

/** The names in a directory, without "." and "..", in the order the host gives. */
export function readDir(path: string): string[] {
  const fd = open(path, 2, READ, ALL_BELOW);
  if (fd < 0) fail("opendir " + path + ": " + errnoText(lastErrno));
  const names = new Array<string>(0);
  const size: i32 = 2048;
  const at = memory.data(2048, 8);
  let cookie: u64 = 0;
  while (true) {
    const errno = fd_readdir(fd, at, size, cookie, scratch);
    if (errno != 0) fail("readdir " + path + ": " + errnoText(errno));
    const used = load<i32>(scratch);
    let offset = 0;
    while (offset + 24 <= used) {
      const length = load<i32>(at + offset, 16);
      if (offset + 24 + length > used) break; // cut off: read again from the cookie before it
      cookie = load<u64>(at + offset);
      const name = String.UTF8.decodeUnsafe(at + offset + 24, length);
      if (name != "." && name != "..") names.push(name);
      offset += 24 + length;
    }
    if (used < size) break;
  }
  fd_close(fd);
  return names;
}

export function readLink(path: string): string {
  const where = place(path);
  const at = memory.data(4096);
  const errno = path_readlink(where.dir, where.at, where.length, at, 4096, scratch);
  if (errno != 0) fail("readlink " + path + ": " + errnoText(errno));
  return String.UTF8.decodeUnsafe(at, load<i32>(scratch));
}

export function makeLink(target: string, path: string): void {
  const where = place(path);
  const text = String.UTF8.encode(target);
  const errno = path_symlink(changetype<usize>(text), text.byteLength, where.dir, where.at, where.length);
  if (errno != 0) fail("symlink " + path + ": " + errnoText(errno));
}

export function makeDir(path: string): void {
  const where = place(path);
  const errno = path_create_directory(where.dir, where.at, where.length);
  if (errno != 0) fail("mkdir " + path + ": " + errnoText(errno));
}

// ---- small things the programs share --------------------------------------------------------------------------------

/**
 * Negative, 0 or positive as the UTF-8 bytes compare, which is the order of code points. Allocates nothing: what is
 * only in the hands of `Array#sort` is lost to the garbage collector.
 */
export function compareBytes(a: string, b: string): i32 {
  const length = min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x != y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others. */
function rank(unit: i32): i32 {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit;
}

export function hex(value: u32): string {
  let text = "";
  for (let shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef".charAt((value >> shift) & 15);
  return text;
}
