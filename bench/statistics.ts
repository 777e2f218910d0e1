/** Statistics of samples: no time is taken here. Samples are positive numbers, in any unit. */

/** Order statistics of a list of samples. */
export interface Summary {
  readonly median: number;
  /** Quartiles. */
  readonly low: number;
  readonly high: number;
  readonly min: number;
  readonly max: number;
}

/** The value below which `fraction` of `sorted` lies, interpolated. */
function quantile(sorted: readonly number[], fraction: number): number {
  const at = fraction * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(at)]!, sorted[Math.ceil(at)]!];
  return below + (above - below) * (at - Math.floor(at));
}

/** @throws Error when there is no sample */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new Error("no samples");
  const sorted = [...samples].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    min: sorted[0]!,
    max: sorted[sorted.length - 1]!,
  };
}

export const median = (samples: readonly number[]): number => summarize(samples).median;

/** NaN of nothing. */
export function geomean(list: readonly number[]): number {
  return Math.exp(list.reduce((sum, value) => sum + Math.log(value), 0) / list.length);
}

/** Half the distance between the quartiles, as a fraction of the median: how far to trust it. */
export function spread(samples: readonly number[]): number {
  const { low, high, median } = summarize(samples);
  return (high - low) / 2 / median;
}

/**
 * `a` over `b`, round by round: samples of one round were taken right after each other, so that what slowed the machine
 * down for a while slowed both. Where the lists are of different lengths, the longer one's rest is left out.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): Summary {
  const rounds = Math.min(a.length, b.length);
  return summarize(Array.from({ length: rounds }, (_, i) => a[i]! / b[i]!));
}
