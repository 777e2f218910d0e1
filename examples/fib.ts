/** One exported function and no imports: `wasmts --invoke fib examples/fib.wasm 30`. In AssemblyScript. */

// @ts-nocheck: AssemblyScript, not TypeScript.
export function fib(n: i32): i64 {
  return n < 2 ? <i64>n : fib(n - 1) + fib(n - 2);
}

/** Greatest common divisor; traps if both are zero (0 % 0). */
export function gcd(a: i32, b: i32): i32 {
  return a % b == 0 ? b : gcd(b, a % b);
}
