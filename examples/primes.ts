/**
 * Counts primes: `wasmts examples/primes.wasm 100 1000000` says how many there are up to each number. In AssemblyScript.
 *
 * The sieve takes longer than everything else. `init` makes it ahead of time, if the module is given to
 * `wasmts snapshot init --init-func init`: the sieve is then part of the module, which starts at once. examples/preinit.mjs
 * does that and measures it. A module that was not initialised makes its sieve when it runs.
 */

// @ts-nocheck: AssemblyScript, not TypeScript.
@external("wasi_snapshot_preview1", "args_sizes_get")
declare function args_sizes_get(count: usize, bytes: usize): i32;
@external("wasi_snapshot_preview1", "args_get")
declare function args_get(pointers: usize, buffer: usize): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, written: usize): i32;

const LIMIT: u32 = 8_000_000;
/** Numbers whose primes one word of `counts` counts. */
const BLOCK: u32 = 1024;
const SCRATCH: usize = memory.data(64);

/** One bit for each odd number, set if it is no prime; 0 until `init`. */
let sieve: usize = 0;
/** Primes below each multiple of BLOCK. */
let counts: usize = 0;

@inline
function isComposite(n: u32): bool {
  return (load<u8>(sieve + (n >> 4)) & (<u32>1 << ((n >> 1) & 7))) != 0;
}

export function init(): void {
  sieve = heap.alloc((LIMIT >> 4) + 1);
  memory.fill(sieve, 0, (LIMIT >> 4) + 1);
  for (let n: u32 = 3; n * n <= LIMIT; n += 2) {
    if (isComposite(n)) continue;
    for (let m = n * n; m <= LIMIT; m += 2 * n) {
      const at = sieve + (m >> 4);
      store<u8>(at, load<u8>(at) | <u8>(<u32>1 << ((m >> 1) & 7)));
    }
  }
  counts = heap.alloc((LIMIT / BLOCK + 1) << 2);
  let found: u32 = 0;
  for (let n: u32 = 0; n <= LIMIT; n++) {
    if (n % BLOCK == 0) store<u32>(counts + ((n / BLOCK) << 2), found);
    if (isPrime(n)) found++;
  }
}

function isPrime(n: u32): bool {
  return n == 2 || (n > 2 && (n & 1) == 1 && !isComposite(n));
}

function countUpTo(n: u32): u32 {
  const start = n - (n % BLOCK);
  let found = load<u32>(counts + ((n / BLOCK) << 2));
  for (let m = start; m <= n; m++) if (isPrime(m)) found++;
  return found;
}

function write(text: string): void {
  const bytes = String.UTF8.encode(text);
  store<u32>(SCRATCH, changetype<usize>(bytes));
  store<u32>(SCRATCH, bytes.byteLength, 4);
  fd_write(1, SCRATCH, 1, SCRATCH + 8);
}

function numberAt(at: usize): u32 {
  let n: u32 = 0;
  for (; load<u8>(at) != 0; at++) n = n * 10 + (load<u8>(at) - 48);
  return n;
}

export function _start(): void {
  if (sieve == 0) init();
  args_sizes_get(SCRATCH, SCRATCH + 4);
  const count = load<u32>(SCRATCH);
  const pointers = heap.alloc(4 * count);
  args_get(pointers, heap.alloc(load<u32>(SCRATCH, 4)));
  for (let i: u32 = 1; i < count; i++) {
    const n = min(numberAt(load<u32>(pointers + 4 * i)), LIMIT);
    write(`${countUpTo(n)} primes up to ${n}\n`);
  }
}
