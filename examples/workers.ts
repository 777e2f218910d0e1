// Three ways to spend time, for examples/scheduler.mjs. Built by examples/build.mjs with AssemblyScript.

@external("env", "sleep")
declare function sleep(ms: i32): void;

/** For ever. */
export function spin(): void {
  while (true) {}
}

/** Waits `times` times for the host. */
export function nap(times: i32): i32 {
  for (let i = 0; i < times; i++) sleep(2);
  return times;
}

/** The sum of the numbers below `n`. */
export function sum(n: i32): i32 {
  let total = 0;
  for (let i = 0; i < n; i++) total += i;
  return total;
}
