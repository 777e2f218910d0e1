/** Time and statistics. CPU time of this process unless a name says wall. */

/** Milliseconds of user and system time this process has used, all threads. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function median(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function geomean(list: readonly number[]): number {
  return Math.exp(list.reduce((sum, value) => sum + Math.log(value), 0) / list.length);
}

/** Half the distance between the quartiles, as a fraction of the median: how far to trust it. */
export function spread(list: readonly number[]): number {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.round(fraction * (sorted.length - 1))]!;
  return (at(0.75) - at(0.25)) / 2 / median(list);
}

/** Milliseconds per call, from as many calls as `leastMs` takes. */
export function timeCalls(call: () => void, leastMs: number): number {
  const start = cpuMs();
  for (let calls = 1; ; calls++) {
    call();
    const spent = cpuMs() - start;
    if (spent >= leastMs) return spent / calls;
  }
}
