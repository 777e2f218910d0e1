/**
 * How much may be compiled: so many bytes at once, then so many for each millisecond that passes. A module of strangers
 * can so make the compiler busy for a part of the time only, however many functions it warms up.
 */
import { monotonicNs } from "../blocked.ts";

/** Bytes of function bodies. Compiling one takes 1 to 2 microseconds. */
const FIRST = 1 << 18;
const MOST = 1 << 20;
const PER_MS = 300;

export class CompileBudget {
  private left = FIRST;
  private since: number | undefined;
  private readonly now: () => number;

  /** @param now ms */
  constructor(now: () => number = () => Number(monotonicNs()) / 1e6) {
    this.now = now;
  }

  /** Takes `bytes` if they are there; one function may overdraw. */
  spend(bytes: number): boolean {
    const now = this.now();
    this.left = Math.min(MOST, this.left + (now - (this.since ?? now)) * PER_MS);
    this.since = now;
    if (this.left <= 0) return false;
    this.left -= bytes;
    return true;
  }
}
