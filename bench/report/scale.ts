/** A logarithmic axis for ratios, in percent of its width. Bars grow from 1x: to the right slower, to the left faster. */

export interface Scale {
  /** 0 to 100; what is outside is put at the edge. */
  at(ratio: number): number;
  readonly ticks: readonly number[];
}

const steps = [1, 2, 5];

/** An axis for these ratios, and for 1x. */
export function logScale(ratios: readonly number[]): Scale {
  const low = Math.min(0.8, ...ratios) / 1.15;
  const high = Math.max(2, ...ratios) * 1.15;
  const span = Math.log(high / low);
  const at = (ratio: number) => Math.min(100, Math.max(0, (Math.log(ratio / low) / span) * 100));
  const all: number[] = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
    for (const step of steps) all.push(Number((step * 10 ** power).toPrecision(1)));
  const inside = all.filter((tick) => tick >= low && tick <= high);
  // Few enough that their labels have room.
  const ticks = inside.length > 8 ? inside.filter((tick) => Math.log10(tick) % 1 === 0) : inside;
  return { at, ticks };
}
