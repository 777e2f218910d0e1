/**
 * A tour of what a WASI program sees, in AssemblyScript: its arguments, its environment, the directories it was given,
 * and a file in one of them. tour.wasm beside this file is its compiled form: `npm run example` builds it again.
 *
 * Talks to WASI preview 1 directly, without a library, so that every host call is in view.
 */

// @ts-nocheck: AssemblyScript, not TypeScript.
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, bytes: usize): i32;
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, buffer: usize): i32;
@external("wasi_snapshot_preview1", "environ_sizes_get")
declare function environ_sizes_get(count: usize, bytes: usize): i32;
@external("wasi_snapshot_preview1", "fd_prestat_get")
declare function fd_prestat_get(fd: i32, prestat: usize): i32;
@external("wasi_snapshot_preview1", "fd_prestat_dir_name")
declare function fd_prestat_dir_name(fd: i32, path: usize, size: usize): i32;
@external("wasi_snapshot_preview1", "fd_readdir")
declare function fd_readdir(fd: i32, buffer: usize, size: usize, cookie: u64, used: usize): i32;
@external("wasi_snapshot_preview1", "path_open")
declare function path_open(
  fd: i32, lookup: i32, path: usize, size: usize, oflags: i32, rights: u64, inherited: u64, fdflags: i32, opened: usize,
): i32;
@external("wasi_snapshot_preview1", "fd_read")
declare function fd_read(fd: i32, iovs: usize, count: i32, read: usize): i32;
@external("wasi_snapshot_preview1", "fd_close")
declare function fd_close(fd: i32): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, written: usize): i32;
@external("wasi_snapshot_preview1", "proc_exit")
declare function proc_exit(code: i32): void;

const SCRATCH: usize = memory.data(64);
const BUFFER: usize = memory.data(65536);
const BUFFER_SIZE: u32 = 65536;

function writeBytes(from: usize, size: usize): void {
  store<u32>(SCRATCH, <u32>from);
  store<u32>(SCRATCH, <u32>size, 4);
  fd_write(1, SCRATCH, 1, SCRATCH + 8);
}

function write(text: string): void {
  const bytes = String.UTF8.encode(text);
  writeBytes(changetype<usize>(bytes), bytes.byteLength);
}

function stringAt(at: usize): string {
  let size = 0;
  while (load<u8>(at + size) != 0) size++;
  return String.UTF8.decodeUnsafe(at, size);
}

function showArguments(): void {
  args_sizes_get(SCRATCH, SCRATCH + 4);
  const count = load<u32>(SCRATCH);
  const pointers = heap.alloc(4 * count);
  const buffer = heap.alloc(load<u32>(SCRATCH, 4));
  args_get(pointers, buffer);
  write("Hello from WebAssembly. I am " + stringAt(load<u32>(pointers)) + ".\n");
  for (let i: u32 = 1; i < count; i++) write("  argument " + i.toString() + ": " + stringAt(load<u32>(pointers + 4 * i)) + "\n");
  environ_sizes_get(SCRATCH, SCRATCH + 4);
  write("Environment variables I was given: " + load<u32>(SCRATCH).toString() + "\n");
}

/** Lists the directory `fd`; its entries follow each other in the buffer: next u64, ino u64, name size u32, type u8, name. */
function list(fd: i32): void {
  let files = 0;
  let directories = 0;
  let cookie: u64 = 0;
  for (;;) {
    fd_readdir(fd, BUFFER, BUFFER_SIZE, cookie, SCRATCH);
    const used = load<u32>(SCRATCH);
    let at: u32 = 0;
    while (at + 24 <= used) {
      const size = load<u32>(BUFFER + at, 16);
      if (at + 24 + size > used) break;
      cookie = load<u64>(BUFFER + at);
      const isDirectory = load<u8>(BUFFER + at, 20) == 3;
      const name = String.UTF8.decodeUnsafe(BUFFER + at + 24, size);
      if (name != "." && name != "..") {
        if (isDirectory) directories++;
        else files++;
      }
      at += 24 + size;
    }
    if (used < BUFFER_SIZE || at == 0) break;
  }
  write("  " + files.toString() + " files and " + directories.toString() + " directories are in it\n");
}

/** Prints the first line of the file `name` in the directory `fd`, and how many lines and bytes it has. */
function summarize(fd: i32, name: string): void {
  const path = String.UTF8.encode(name);
  const rights: u64 = 2; // fd_read
  const errno = path_open(fd, 1, changetype<usize>(path), path.byteLength, 0, rights, 0, 0, SCRATCH);
  if (errno != 0) {
    write("  no " + name + " in it (errno " + errno.toString() + ")\n");
    return;
  }
  const file = load<i32>(SCRATCH);
  let first = "";
  let bytes = 0;
  let lines = 0;
  for (;;) {
    store<u32>(SCRATCH, <u32>BUFFER);
    store<u32>(SCRATCH, BUFFER_SIZE, 4);
    if (fd_read(file, SCRATCH, 1, SCRATCH + 8) != 0) break;
    const size = load<u32>(SCRATCH, 8);
    if (size == 0) break;
    for (let i: u32 = 0; i < size; i++) {
      if (load<u8>(BUFFER + i) != 10) continue;
      if (lines == 0 && bytes == 0) first = String.UTF8.decodeUnsafe(BUFFER, i);
      lines++;
    }
    bytes += size;
  }
  fd_close(file);
  write("  " + name + " has " + lines.toString() + " lines, " + bytes.toString() + " bytes, and begins: " + first + "\n");
}

export function _start(): void {
  showArguments();
  let fd = 3;
  while (fd_prestat_get(fd, SCRATCH) == 0) {
    const size = load<u32>(SCRATCH, 4);
    fd_prestat_dir_name(fd, BUFFER, size);
    write("Directory I was given: " + String.UTF8.decodeUnsafe(BUFFER, size) + "\n");
    list(fd);
    summarize(fd, "README.md");
    fd++;
  }
  if (fd == 3) write("I was given no directory, so there is no file I could open.\n");
}

/** Called by a failed assertion of AssemblyScript's library. */
export function abort(message: usize, file: usize, line: i32, column: i32): void {
  proc_exit(134);
}
