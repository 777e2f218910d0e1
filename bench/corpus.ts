/**
 * The kernels: one row each. Sources and compiled modules are in `cases/`.
 *
 * `n` makes V8 take about 12 ms on the machine the table was made on; `small` is what the tests run. Every module
 * exports `run(n: i32) -> i32` and needs no import but, in AssemblyScript's, `env.abort`.
 */

/** In the order of the tables. `interpreter`: loops that dispatch. `managed`: a garbage-collected language. */
export const kernelGroups = [
  "integer",
  "64-bit",
  "float",
  "memory",
  "calls",
  "indirect",
  "interpreter",
  "managed",
] as const;
export type KernelGroup = (typeof kernelGroups)[number];

export interface Kernel {
  readonly name: string;
  readonly group: KernelGroup;
  /** Source file in `cases/`. */
  readonly source: string;
  readonly n: number;
  readonly small: number;
}

const c = (name: string, group: KernelGroup, n: number, small: number): Kernel => ({
  name,
  group,
  source: `${name}.c`,
  n,
  small,
});

export const kernels: readonly Kernel[] = [
  c("lcg", "integer", 7_000_000, 50_000),
  c("bits", "integer", 6_000_000, 50_000),
  c("crc32", "integer", 330, 3),
  c("murmur", "integer", 10_000, 50),
  c("sha256", "integer", 54_000, 200),
  c("levenshtein", "integer", 33, 1),
  c("splitmix", "64-bit", 13_000_000, 50_000),
  c("xxh64", "64-bit", 2_700, 10),
  c("sha512", "64-bit", 42_000, 100),
  c("bignum", "64-bit", 3_900, 20),
  c("gcd64", "64-bit", 240_000, 1_000),
  c("collatz64", "64-bit", 125_000, 500),
  c("fib64", "64-bit", 33, 16),
  c("matmul", "float", 38, 1),
  c("mandelbrot", "float", 410, 24),
  c("nbody", "float", 240_000, 500),
  c("filter32", "float", 1_400, 5),
  c("convert", "float", 3_400_000, 20_000),
  c("sieve", "memory", 21, 1),
  c("scan", "memory", 200, 2),
  c("base64", "memory", 3_300, 20),
  c("lz", "memory", 220, 2),
  c("hashtable", "memory", 8_500_000, 50_000),
  c("chase", "memory", 10_000_000, 50_000),
  c("quicksort", "memory", 61, 1),
  c("bulk", "memory", 1_300_000, 5_000),
  c("fib", "calls", 33, 16),
  c("ackermann", "calls", 990, 20),
  c("tak", "calls", 18, 6),
  c("nqueens", "calls", 12, 6),
  c("trees", "calls", 380, 4),
  c("mutual", "calls", 800, 5),
  c("indirect", "indirect", 900_000, 5_000),
  c("objects", "indirect", 7_000, 20),
  c("interp", "interpreter", 850_000, 5_000),
  c("regvm", "interpreter", 400_000, 5_000),
  c("threaded", "interpreter", 120_000, 5_000),
  c("oversized", "interpreter", 40_000, 500),
  { name: "as-strings", group: "managed", source: "as-strings.ts", n: 860, small: 10 },
  { name: "as-map", group: "managed", source: "as-map.ts", n: 44_000, small: 500 },
];

/** Recursion depths and sizes stay as they are when the work is divided; counts of rounds do not. */
export function scaled(kernel: Kernel, divide: number): number {
  return kernel.n < 1000 ? kernel.n : Math.ceil(kernel.n / divide);
}
