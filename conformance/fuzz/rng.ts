/** The source of choices of the fuzzer: everything a run does follows from one 32-bit seed. */

export class Rng {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** 32 random bits, signed. Mulberry32. */
  bits(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return t ^ (t >>> 14);
  }

  /** Uniform in `[0, n)`. */
  below(n: number): number {
    return (this.bits() >>> 0) % n;
  }

  /** True once in `n`. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** `[0, n)` numbers made by `item`, at most `max`. */
  some<T>(max: number, item: (i: number) => T): T[] {
    return Array.from({ length: this.below(max + 1) }, (_, i) => item(i));
  }
}
