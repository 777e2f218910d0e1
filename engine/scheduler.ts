/**
 * Many guests on one thread: each runs for a slice of fuel, in turn, by weight; those that wait cost nothing.
 *
 * Stride scheduling: a guest's clock goes on by the fuel it spends over its weight, and the one whose clock is furthest
 * behind runs next. A guest that comes back from waiting does not catch up on what it did not use. Guests stop only at
 * safepoints, which every loop and call has, so none can keep the others from running.
 */
import { monotonicNs } from "./blocked.ts";
import { errorOf, soon, waitFor, waitOf } from "./drive.ts";
import type { Activation, Outcome } from "./interpret/activation.ts";
import type { Val } from "./runtime/value.ts";

/** Fuel of a slice: between these, by how many guests are ready. About 0.05 and 1 ms. */
const MIN_SLICE = 1 << 14;
const MAX_SLICE = 1 << 18;
/** Fuel of one round through all that are ready, while slices can be made short enough. */
const ROUND = 1 << 21;
/** The event loop gets its turn after this time, ns. */
const TURN_NS = 8_000_000n;

export interface GuestScheduling {
  /** Fuel it gets in relation to the others; above 0. Default 1. */
  readonly weight?: number | undefined;
}

/** How long guests that were ready had to wait for the thread, and how often it changed hands. */
export interface SchedulerStats {
  readonly slices: number;
  readonly delayP50Ms: number;
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
}

type State = "ready" | "running" | "waiting" | "over";

/** A guest under a scheduler. */
export class ScheduledGuest {
  readonly activation: Activation;
  /** What its call returns. Rejects with a trap, an exit, `GuestStopped` at a limit. */
  readonly result: Promise<Val[]>;
  weight: number;
  /** Fuel over weight, from a common start. @internal */
  clock = 0;
  /** When it became ready, ns. @internal */
  readyNs = 0n;
  /** @internal */
  state: State = "ready";
  readonly #scheduler: Scheduler;
  #isPaused = false;
  #settle!: { resolve(vals: Val[]): void; reject(error: unknown): void };

  /** @internal */
  constructor(scheduler: Scheduler, activation: Activation, weight: number) {
    this.#scheduler = scheduler;
    this.activation = activation;
    this.weight = weight;
    this.result = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** It does not run until `resume`; its time limit goes on. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#scheduler.wake(this);
  }

  /** @internal */
  finish(vals: Val[]): void {
    this.state = "over";
    this.#settle.resolve(vals);
  }

  /** @internal */
  fail(error: unknown): void {
    this.state = "over";
    this.#settle.reject(error);
  }
}

export class Scheduler {
  readonly #ready = new ReadyQueue();
  readonly #delays = new Delays();
  /** The clock of the guest that ran last: where newcomers start. */
  #clock = 0;
  #isDue = false;
  #slices = 0;

  /**
   * Takes over `activation`: it runs when the event loop turns.
   *
   * @throws RangeError for a weight that is not above 0
   */
  add(activation: Activation, { weight = 1 }: GuestScheduling = {}): ScheduledGuest {
    if (!(weight > 0 && weight < Infinity)) throw new RangeError(`${weight} is not a weight above 0`);
    activation.runner = undefined;
    const guest = new ScheduledGuest(this, activation, weight);
    // Whoever is not interested in the result need not say so.
    guest.result.catch(() => {});
    this.#makeReady(guest);
    return guest;
  }

  stats(): SchedulerStats {
    const [delayP50Ms, delayP99Ms, delayMaxMs] = [0.5, 0.99, 1].map((q) => this.#delays.quantileMs(q));
    return { slices: this.#slices, delayP50Ms, delayP99Ms, delayMaxMs } as SchedulerStats;
  }

  /** A paused guest may run again. @internal */
  wake(guest: ScheduledGuest): void {
    if (guest.state === "ready") this.#makeReady(guest);
  }

  #makeReady(guest: ScheduledGuest): void {
    guest.state = "ready";
    if (guest.isPaused) return;
    guest.clock = Math.max(guest.clock, this.#clock);
    guest.readyNs = monotonicNs();
    this.#ready.push(guest);
    if (this.#isDue) return;
    this.#isDue = true;
    soon(this.#turn);
  }

  readonly #turn = (): void => {
    const end = monotonicNs() + TURN_NS;
    do {
      const guest = this.#ready.pop();
      if (guest === undefined) break;
      // Paused while it was queued; resumed, it may be queued twice.
      if (!guest.isPaused && guest.state === "ready") this.#run(guest);
    } while (monotonicNs() < end);
    this.#isDue = this.#ready.size > 0;
    if (this.#isDue) soon(this.#turn);
  };

  #run(guest: ScheduledGuest): void {
    const { activation } = guest;
    const { meter } = activation;
    this.#slices++;
    this.#delays.add(monotonicNs() - guest.readyNs);
    this.#clock = guest.clock;
    guest.state = "running";
    const before = meter.spent;
    try {
      const slice = Math.min(MAX_SLICE, Math.max(MIN_SLICE, Math.floor(ROUND / (this.#ready.size + 1))));
      const outcome = activation.run(slice * Math.min(1, guest.weight));
      guest.clock += (meter.spent - before + 1) / guest.weight;
      this.#after(guest, outcome);
    } catch (error) {
      guest.fail(error);
    }
  }

  #after(guest: ScheduledGuest, outcome: Outcome): void {
    if (outcome.kind === "done") return guest.finish(outcome.results);
    const { activation } = guest;
    if (outcome.kind === "stopped" && outcome.reason === "slice") return this.#makeReady(guest);
    const wait = waitOf(outcome, activation.meter);
    if (wait === undefined) return guest.fail(errorOf(outcome, activation));
    guest.state = "waiting";
    void waitFor(wait, activation.meter).then(() => this.#makeReady(guest));
  }
}

/** A heap with the guest on top whose clock is furthest behind. */
class ReadyQueue {
  readonly #guests: ScheduledGuest[] = [];

  get size(): number {
    return this.#guests.length;
  }

  push(guest: ScheduledGuest): void {
    const heap = this.#guests;
    let i = heap.push(guest) - 1;
    for (let up = (i - 1) >> 1; i > 0 && heap[up].clock > guest.clock; up = (i - 1) >> 1) {
      heap[i] = heap[up];
      i = up;
    }
    heap[i] = guest;
  }

  pop(): ScheduledGuest | undefined {
    const heap = this.#guests;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let i = 0;
    for (let down = 1; down < heap.length; down = 2 * i + 1) {
      if (down + 1 < heap.length && heap[down + 1].clock < heap[down].clock) down++;
      if (heap[down].clock >= last.clock) break;
      heap[i] = heap[down];
      i = down;
    }
    heap[i] = last;
    return top;
  }
}

/** Times, counted in buckets that are a fifth apart: quantiles in constant space. */
class Delays {
  readonly #counts = new Float64Array(128);
  #total = 0;

  add(ns: bigint): void {
    const us = Number(ns) / 1e3;
    this.#counts[Math.min(127, Math.max(0, Math.ceil(Math.log(us + 1) / Math.log(1.2))))]++;
    this.#total++;
  }

  /** Upper end of the bucket that has the quantile `q`, ms. */
  quantileMs(q: number): number {
    let left = this.#total * q;
    let bucket = 0;
    for (let i = 0; i < this.#counts.length && left > 0; i++) {
      left -= this.#counts[i];
      bucket = i;
    }
    return (1.2 ** bucket - 1) / 1e3;
  }
}
