/**
 * The clocks a guest reads: those of the host, set so that for a restored guest they go on where they stopped.
 *
 * Realtime is the host's always: the world went on meanwhile. The others never go back, and time in which the guest did
 * not exist does not count.
 */
import type { Clock, ClockId } from "./context.ts";

/** Clocks that count from a point of their own. */
export const relativeClocks = ["monotonic", "process", "thread"] as const;
type RelativeClock = (typeof relativeClocks)[number];

/** What the clocks show, ns; undefined for those a host does not have. */
export interface ClockState {
  /** Time was virtual: see `VirtualTime`. */
  readonly isVirtual: boolean;
  readonly readings: Readonly<Record<RelativeClock, bigint | undefined>>;
}

export class GuestClock {
  readonly #clock: Clock;
  /** Added to what the host's clock shows, ns. */
  readonly #offsets: Record<ClockId, bigint> = { realtime: 0n, monotonic: 0n, process: 0n, thread: 0n };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isVirtual(): boolean {
    return this.#clock.virtual !== undefined;
  }

  now(id: ClockId): bigint | undefined {
    const now = this.#clock.now(id);
    return now === undefined ? undefined : now + this.#offsets[id];
  }

  /** As `now`, for a guest that asks: virtual time passes by it. */
  read(id: ClockId): bigint | undefined {
    const { virtual } = this.#clock;
    if (virtual !== undefined) virtual.elapsedNs += virtual.stepNs;
    return this.now(id);
  }

  resolution(id: ClockId): bigint | undefined {
    return this.#clock.resolution(id);
  }

  hostNow(): bigint {
    return this.#clock.hostNow();
  }

  /** Virtual time jumps to `deadlineNs` (of `hostNow`); false when time is not virtual and must be waited for. */
  skipTo(deadlineNs: bigint): boolean {
    const { virtual } = this.#clock;
    if (virtual === undefined) return false;
    if (deadlineNs > virtual.elapsedNs) virtual.elapsedNs = deadlineNs;
    return true;
  }

  save(): ClockState {
    const reading = (id: RelativeClock): [string, bigint | undefined] => [id, this.now(id)];
    const readings = Object.fromEntries(relativeClocks.map(reading)) as ClockState["readings"];
    return { isVirtual: this.isVirtual, readings };
  }

  /** Goes on from `state`, which is of the same kind of time. */
  restore({ readings }: ClockState): void {
    const { virtual } = this.#clock;
    if (virtual !== undefined) {
      virtual.elapsedNs = readings.monotonic ?? 0n;
      return;
    }
    for (const id of relativeClocks) {
      const now = this.#clock.now(id);
      const then = readings[id];
      this.#offsets[id] = now === undefined || then === undefined ? 0n : then - now;
    }
  }
}
