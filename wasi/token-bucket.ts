/**
 * A token bucket: so many tokens a second, saved up to a capacity. Taking may leave a debt, which later tokens pay first;
 * so what cannot be known before it is done (how much a read gives) is charged exactly, afterwards.
 */

/** Doubles cannot tell it from a whole token. */
const epsilon = 1e-9;

export class TokenBucket {
  readonly capacity: number;
  readonly #perNs: number;
  readonly #now: () => bigint;
  #level: number;
  /** When `#level` was right, ns. */
  #at: bigint;

  /**
   * @param perSecond  more than 0
   * @param capacity   at least 1; the bucket begins full
   * @param now        monotonic, ns
   */
  constructor(perSecond: number, capacity: number, now: () => bigint) {
    this.capacity = Math.max(1, capacity);
    this.#perNs = perSecond / 1e9;
    this.#now = now;
    this.#level = this.capacity;
    this.#at = now();
  }

  /** Tokens there are now; below 0 is a debt. */
  get level(): number {
    const now = this.#now();
    this.#level = Math.min(this.capacity, this.#level + Number(now - this.#at) * this.#perNs);
    this.#at = now;
    return this.#level;
  }

  /** For a bucket that is taken over from another host. */
  set level(tokens: number) {
    this.#level = Math.min(this.capacity, tokens);
    this.#at = this.#now();
  }

  /** When there will be a whole token, ns; undefined when there is one. */
  readyAt(): bigint | undefined {
    const { level } = this;
    if (level >= 1 - epsilon) return undefined;
    return this.#at + BigInt(Math.ceil((1 - level) / this.#perNs));
  }

  take(tokens: number): void {
    this.#level = this.level - tokens;
  }
}
