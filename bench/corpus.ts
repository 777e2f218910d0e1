/**
 * The kernels: one row each. Sources and compiled modules are in `cases/`.
 *
 * `n` makes V8 take about 12 ms on the machine the table was made on; `small` is what the tests run. Every module
 * exports `run(n: i32) -> i32` and needs no import but, in AssemblyScript's, `env.abort`.
 */

/** `loop`: tight loops. `recursion`: calls. `mixed`: indirect calls, bulk memory, a garbage-collected language. */
export type Group = "loop" | "recursion" | "mixed";

export interface Kernel {
  readonly name: string;
  readonly group: Group;
  /** Source file in `cases/`. */
  readonly source: string;
  readonly n: number;
  readonly small: number;
}

const c = (name: string, group: Group, n: number, small: number): Kernel => ({
  name,
  group,
  source: `${name}.c`,
  n,
  small,
});

export const kernels: readonly Kernel[] = [
  c("lcg", "loop", 7_000_000, 50_000),
  c("bits", "loop", 6_000_000, 50_000),
  c("sieve", "loop", 21, 1),
  c("scan", "loop", 200, 2),
  c("crc32", "loop", 330, 3),
  c("murmur", "loop", 10_000, 50),
  c("base64", "loop", 3_300, 20),
  c("lz", "loop", 220, 2),
  c("levenshtein", "loop", 33, 1),
  c("hashtable", "loop", 8_500_000, 50_000),
  c("chase", "loop", 10_000_000, 50_000),
  c("quicksort", "loop", 61, 1),
  c("interp", "loop", 850_000, 5_000),
  c("sha256", "loop", 54_000, 200),
  c("splitmix", "loop", 13_000_000, 50_000),
  c("xxh64", "loop", 2_700, 10),
  c("sha512", "loop", 42_000, 100),
  c("bignum", "loop", 3_900, 20),
  c("gcd64", "loop", 240_000, 1_000),
  c("collatz64", "loop", 125_000, 500),
  c("matmul", "loop", 38, 1),
  c("mandelbrot", "loop", 410, 24),
  c("nbody", "loop", 240_000, 500),
  c("filter32", "loop", 1_400, 5),
  c("convert", "loop", 3_400_000, 20_000),
  c("fib", "recursion", 33, 16),
  c("fib64", "recursion", 33, 16),
  c("ackermann", "recursion", 990, 20),
  c("tak", "recursion", 18, 6),
  c("nqueens", "recursion", 12, 6),
  c("trees", "recursion", 380, 4),
  c("mutual", "recursion", 800, 5),
  c("indirect", "mixed", 900_000, 5_000),
  c("objects", "mixed", 7_000, 20),
  c("bulk", "mixed", 1_300_000, 5_000),
  { name: "as-strings", group: "mixed", source: "as-strings.ts", n: 860, small: 10 },
  { name: "as-map", group: "mixed", source: "as-map.ts", n: 44_000, small: 500 },
];
