/**
 * What is different in every run, in AssemblyScript: throws dice, tells the time, sleeps a minute, tells it again. With
 * `wasmts --deterministic examples/dice.wasm` it is the same in every run, and over at once.
 */

// @ts-nocheck: AssemblyScript, not TypeScript.
@external("wasi_snapshot_preview1", "random_get")
declare function random_get(buffer: usize, size: usize): i32;
@external("wasi_snapshot_preview1", "clock_time_get")
declare function clock_time_get(id: i32, precision: u64, time: usize): i32;
@external("wasi_snapshot_preview1", "poll_oneoff")
declare function poll_oneoff(subscriptions: usize, events: usize, count: i32, nevents: usize): i32;
@external("wasi_snapshot_preview1", "fd_write")
declare function fd_write(fd: i32, iovs: usize, count: i32, written: usize): i32;

const SCRATCH: usize = memory.data(128);
const DICE = 10;
const REALTIME = 0;
const MONOTONIC = 1;
const MINUTE: u64 = 60_000_000_000;

function write(text: string): void {
  const bytes = String.UTF8.encode(text);
  store<u32>(SCRATCH, <u32>changetype<usize>(bytes));
  store<u32>(SCRATCH, bytes.byteLength, 4);
  fd_write(1, SCRATCH, 1, SCRATCH + 8);
}

function throwDice(): void {
  random_get(SCRATCH, DICE);
  let line = "dice:";
  for (let i = 0; i < DICE; i++) line += " " + (load<u8>(SCRATCH + i) % 6 + 1).toString();
  write(line + "\n");
}

function tellTime(): void {
  clock_time_get(REALTIME, 0, SCRATCH);
  write("time: " + load<u64>(SCRATCH).toString() + " ns since 1970\n");
}

/** One relative subscription: 48 bytes, then room for an event. */
function sleep(ns: u64): void {
  memory.fill(SCRATCH, 0, 48);
  store<u32>(SCRATCH, MONOTONIC, 16);
  store<u64>(SCRATCH, ns, 24);
  poll_oneoff(SCRATCH, SCRATCH + 48, 1, SCRATCH + 80);
}

export function _start(): void {
  throwDice();
  tellTime();
  sleep(MINUTE);
  tellTime();
}
