/** Whether memory grows on and on: one rule for all soaks. */

export interface Growth {
  readonly before: number;
  readonly after: number;
}

/** It grows by more than noise. */
export const isGrowing = ({ before, after }: Growth): boolean => after > before * 1.15;

/** Medians of both halves of what comes after the first quarter, in which a process warms up; undefined for few rounds. */
export function growthOf(memory: readonly number[]): Growth | undefined {
  const warm = memory.slice(Math.ceil(memory.length / 4));
  if (warm.length < 8) return undefined;
  const middle = warm.length >> 1;
  const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1]!;
  return { before: median(warm.slice(0, middle)), after: median(warm.slice(middle)) };
}
