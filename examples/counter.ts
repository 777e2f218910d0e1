// Counts, slowly and aloud: for examples/snapshot.mjs. Built by examples/build.mjs with AssemblyScript.
//   wasmts examples/counter.wasm 10

@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, written: usize): i32;
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, size: usize): i32;
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(argv: usize, buf: usize): i32;

const io = memory.data(16);
const text = memory.data(16);
const argv = memory.data(64);
const args = memory.data(256);

/** The first argument as a number; 10 if there is none. */
function limit(): i32 {
  args_sizes_get(io, io + 4);
  if (load<i32>(io) < 2 || load<i32>(io) > 16 || load<i32>(io + 4) > 256) return 10;
  args_get(argv, args);
  let n = 0;
  for (let p = load<usize>(argv, 4); load<u8>(p) != 0; p++) n = n * 10 + (load<u8>(p) - 48);
  return n;
}

/** Writes `n` and a line feed. */
function print(n: i32): void {
  let at = text + 16;
  store<u8>(--at, 10);
  do {
    store<u8>(--at, u8(48 + (n % 10)));
    n /= 10;
  } while (n > 0);
  store<usize>(io, at);
  store<usize>(io + 4, text + 16 - at);
  fd_write(1, io, 1, io + 8);
}

/** Something to do between two numbers. */
function work(): i32 {
  let x = 1;
  for (let i = 0; i < 2_000_000; i++) x = x * 1103515245 + 12345;
  return x;
}

export function _start(): void {
  const n = limit();
  for (let i = 1; i <= n; i++) {
    print(i);
    work();
  }
}
