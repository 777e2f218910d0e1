/** Counts of operations as text: each kernel's, then the pairs of the whole corpus, every kernel weighing the same. */
import { digits } from "../report/format.ts";
import type { Counts, Pair } from "./count.ts";

const opsShown = 8;
const pairsShown = 6;
const corpusPairs = 40;

const share = (count: number, total: number): string => `${((count / total) * 100).toFixed(1).padStart(5)} %`;

export function opsReport(all: readonly Counts[]): string[] {
  return [...all.flatMap(kernelReport), ...corpusReport(all)];
}

function kernelReport({ kernel, n, total, ops, pairs }: Counts): string[] {
  return [
    `${kernel}: ${total} operations for n = ${n}, ${digits(total / n)} for each`,
    ...ops.slice(0, opsShown).map(([name, count]) => `  ${share(count, total)}  ${name}`),
    ...pairs.slice(0, pairsShown).map(({ first, second, count }) => `  ${share(count, total)}  ${first} ; ${second}`),
    "",
  ];
}

/**
 * Pairs by the share of dispatches that fusing them would save, averaged over the kernels. The shares do not add up:
 * an operation between two others is in two pairs and can be fused once.
 */
export function corpusPairsOf(all: readonly Counts[]): (Pair & { readonly best: string })[] {
  const found = new Map<string, { first: string; second: string; count: number; best: string; most: number }>();
  for (const { kernel, total, pairs } of all) {
    for (const { first, second, count } of pairs) {
      const key = `${first} ; ${second}`;
      const pair = found.get(key) ?? { first, second, count: 0, best: "", most: 0 };
      pair.count += count / total / all.length;
      if (count / total > pair.most) Object.assign(pair, { best: kernel, most: count / total });
      found.set(key, pair);
    }
  }
  return [...found.values()].sort((a, b) => b.count - a.count);
}

function corpusReport(all: readonly Counts[]): string[] {
  const lines = corpusPairsOf(all)
    .slice(0, corpusPairs)
    .map(
      ({ first, second, count, best }) => `  ${share(count, 1)}  ${`${first} ; ${second}`.padEnd(44)} most in ${best}`,
    );
  return [
    `neighbours over ${all.length} kernels, each weighing the same: share of dispatches saved if they were one`,
    ...lines,
  ];
}
