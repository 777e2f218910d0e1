/** Threads from a real compiler: an AssemblyScript program that shares work among threads, with a mutex and a queue. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCli } from "./run-guest.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmts-real-threads-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Counts primes below 300,000: threads take ranges from a queue, and add what they found under a mutex. */
const source = `
@external("wasi", "thread-spawn") declare function spawn(arg: i32): i32;
@external("wasi_snapshot_preview1", "fd_write") declare function fd_write(fd: i32, iovs: usize, n: i32, out: usize): i32;
@external("wasi_snapshot_preview1", "proc_exit") declare function proc_exit(code: i32): void;

const threads = 3, size = 10000, ranges = 30;
// Words of shared memory.
const next: usize = 1024, mutex: usize = 1028, total: usize = 1032, done: usize = 1036, turns: usize = 1040;

function lock(): void {
  while (atomic.cmpxchg<i32>(mutex, 0, 1) != 0) atomic.wait<i32>(mutex, 1, -1);
}
function unlock(): void {
  atomic.store<i32>(mutex, 0);
  atomic.notify(mutex, 1);
}

function isPrime(n: i32): bool {
  if (n < 2) return false;
  for (let i = 2; i * i <= n; i++) if (n % i == 0) return false;
  return true;
}

export function wasi_thread_start(tid: i32, arg: i32): void {
  for (;;) {
    const range = atomic.add<i32>(next, 1);
    if (range >= ranges) break;
    let found = 0;
    for (let n = range * size; n < (range + 1) * size; n++) if (isPrime(n)) found++;
    lock();
    // Not atomic: the mutex has to keep others out.
    store<i32>(total, load<i32>(total) + found);
    store<i32>(turns, load<i32>(turns) + 1);
    unlock();
  }
  atomic.add<i32>(done, 1);
  atomic.notify(done, -1);
}

export function _start(): void {
  for (let i = 0; i < threads; i++) if (spawn(i) <= 0) proc_exit(90);
  for (;;) {
    const now = atomic.load<i32>(done);
    if (now == threads) break;
    atomic.wait<i32>(done, now, -1);
  }
  let n = load<i32>(total), at: usize = 2047;
  do { store<u8>(at--, <u8>(48 + n % 10)); n /= 10; } while (n > 0);
  store<u8>(2048, 10);
  store<u32>(1056, <u32>(at + 1));
  store<u32>(1060, <u32>(2048 - at));
  fd_write(1, 1056, 1, 1064);
  proc_exit(load<i32>(turns));
}`;

const wasm = join(folder, "primes.wasm");
beforeAll(async () => {
  const { default: asc } = await import("assemblyscript/asc");
  const flags = [
    "--runtime",
    "stub",
    "--enable",
    "threads",
    "--importMemory",
    "--sharedMemory",
    "--memoryBase",
    "4096",
  ];
  const sizes = ["--initialMemory", "2", "--maximumMemory", "8", "-O2", "--noAssert", "--use", "abort="];
  const { error, stderr } = await asc.main(["primes.ts", "-o", "primes.wasm", ...flags, ...sizes], {
    readFile: (name) => (name === "primes.ts" ? source : null),
    writeFile: (_, contents) => writeFileSync(wasm, contents),
    listFiles: () => [],
  } as Parameters<typeof asc.main>[1]);
  if (error !== null) throw new Error(`${stderr.toString()}${error.message}`);
}, 60_000);

describe("an AssemblyScript program with threads", () => {
  test.each([
    ["--tier", "auto"],
    ["--tier", "js"],
    ["--fuel", "2000000000"],
  ])("counts primes, %s %s", async (...options) => {
    const { code, stdout, stderr } = await runCli(["-W", "threads", ...options, wasm]);
    expect([stdout.toString(), stderr, code]).toEqual(["25997\n", "", 30]);
  });

  test("ends when its time is over, in the middle of that", async () => {
    const { code } = await runCli(["-W", "threads", "--tier", "interp", "--timeout", "300ms", wasm]);
    expect(code).toBe(124);
  });
});
