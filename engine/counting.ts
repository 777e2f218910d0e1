/**
 * Fuel of generated code that counts it, and how it stops.
 *
 * A generated function keeps what is left in a variable; where it calls, returns or fails, that is in `left[0]`. The
 * activation that entered generated code gives it some, counts what was spent, and says at a safepoint where nothing is
 * left whether to go on. To stop, a `Stop` is thrown: each generated function that it passes adds its frame, and the
 * activation adopts the frames.
 */
import type { Outcome } from "./interpret/activation.ts";
import type { ModuleInst } from "./runtime/instance.ts";
import type { Val } from "./runtime/value.ts";

export type { Outcome };

/** Who entered the generated code that runs. */
export interface Counting {
  /** Counts fuel that was spent. */
  count(fuel: number): void;
  /** Fuel until the next look; 32 bits. */
  allowance(): number;
  /** At a safepoint where that is spent: why to stop, or undefined. */
  halt(): Outcome | undefined;
}

/** Fuel left, and what the operation at hand costs more. */
export const left = new Int32Array(2);

let given = 0;
let by: Counting | undefined;

/** The activation that entered the generated code that runs. Precondition: some does. */
export const counting = (): Counting => by as Counting;

/** Counts what was spent so far. */
export function settleFuel(): void {
  const spent = given - left[0];
  given = left[0];
  if (spent !== 0) (by as Counting).count(spent);
}

/** Gives fuel for the time until the next look. Precondition: all is settled. */
export function giveFuel(): void {
  given = (by as Counting).allowance();
  left[0] = given;
}

/** Generated code is entered by `act`; who was it before, which `stopCounting` takes. */
export function startCounting(act: Counting): Counting | undefined {
  const before = by;
  by = act;
  giveFuel();
  return before;
}

export function stopCounting(before: Counting | undefined): void {
  settleFuel();
  by = before;
}

/** Far below zero: what is spent is counted before it could leave 32 bits. */
const LOW = -(2 ** 29);

/** What is left of `fuel` after `cost` was spent at once. */
export function spendMuch(fuel: number, cost: number): number {
  const now = fuel - cost;
  if (now > LOW) return now;
  left[0] = now;
  settleFuel();
  given = -1;
  left[0] = -1;
  return -1;
}

/** A frame of a stopped guest, in the terms of `interpret/frames.ts`. */
export interface StoppedFrame {
  readonly inst: ModuleInst;
  readonly func: number;
  readonly pc: number;
  readonly locals: readonly Val[];
  readonly operands: readonly Val[];
}

/** Thrown through generated code that stops. Guests cannot catch it. */
export class Stop {
  readonly outcome: Outcome;
  /** Innermost first. */
  readonly frames: StoppedFrame[] = [];
  /** Of a call of the host that blocked, until its caller has added its frame: the arguments, as generated code passes them. */
  args: readonly Val[] | undefined;

  /** The innermost frame is at a call of the host. */
  get isWaiting(): boolean {
    const { outcome } = this;
    return outcome.kind === "blocked" || (outcome.kind === "stopped" && outcome.waiting !== undefined);
  }

  constructor(outcome: Outcome, args?: readonly Val[]) {
    this.outcome = outcome;
    this.args = args;
  }
}
