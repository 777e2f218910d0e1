/** A small seeded generator, so that inputs are the same in every run. */

/** Uniform integers in `[0, below)`; the generator is xorshift32. */
export function seeded(seed: number): (below: number) => number {
  let x = seed >>> 0 || 1;
  return (below) => {
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x % below;
  };
}

export function pick<T>(random: (below: number) => number, list: readonly T[]): T {
  return list[random(list.length)]!;
}
