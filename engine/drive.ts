/**
 * Drives one activation to its end: on this thread at once, or in turns between which the host's event loop runs.
 *
 * Imports nothing of a host: timers are looked for on `globalThis`.
 */
import { monotonicNs, type Wait, type WaitSource } from "./blocked.ts";
import { WasmError } from "./errors.ts";
import type { Activation, Outcome } from "./interpret/activation.ts";
import type { Meter } from "./runtime/meter.ts";
import type { Val } from "./runtime/value.ts";
import { GuestStopped } from "./stopped.ts";

/** Fuel of one turn, about 10 ms: timers and signals of the host wait that long. */
const TURN = 1 << 21;
/** Longest time between two looks at a source that can only be polled, ms. */
const MAX_POLL_MS = 4;
/** Longest timer that hosts take, ms. */
const MAX_TIMER_MS = 2 ** 30;

/**
 * Runs `act` to its end on this thread.
 *
 * @throws WasmError trap, exhausted, exit, WT4017 when it would have to wait; GuestStopped at a limit
 */
export function runToEnd(act: Activation): Val[] {
  const outcome = act.run();
  if (outcome.kind === "done") return outcome.results;
  if (outcome.kind === "stopped") throw stoppedError(outcome, act);
  throw cannotWait();
}

const cannotWait = (): WasmError =>
  new WasmError("trap", "WT4017", "a host function has to wait, and the caller cannot", {
    hint: "call the guest with invokeAsync, or give its instance a runner",
  });

/** A guest that nobody can wait for is slowed by nobody: its share is up, as its time would be. */
function stoppedError({ reason }: Extract<Outcome, { kind: "stopped" }>, act: Activation): WasmError {
  if (reason === "throttled") return cannotWait();
  if (reason === "slice") throw new Error("a run without a budget came to its end");
  return new GuestStopped(reason, act);
}

/**
 * Runs `act` to its end in turns. While it waits for a clock, an input or a promise, and between two turns, the thread
 * does other things.
 *
 * @param between told each time the activation stops for a while, and when it goes on
 * @throws as `runToEnd`, but it can wait for everything
 */
export async function runInTurns(act: Activation, between?: (isSuspended: boolean) => void): Promise<Val[]> {
  act.runner = undefined;
  for (;;) {
    const outcome = act.run(TURN);
    if (outcome.kind === "done") return outcome.results;
    const wait = waitOf(outcome, act.meter);
    if (wait === undefined) throw stoppedError(outcome as Extract<Outcome, { kind: "stopped" }>, act);
    between?.(true);
    await waitFor(wait, act.meter);
    between?.(false);
  }
}

/** What to wait for before `run` is called again; undefined when a limit has been reached. */
export function waitOf(outcome: Exclude<Outcome, { kind: "done" }>, meter: Meter): Wait | undefined {
  if (outcome.kind === "blocked") return outcome.blocked.wait;
  if (outcome.reason === "throttled") return { deadlineNs: meter.throttledUntilNs() };
  return outcome.reason === "slice" ? {} : undefined;
}

interface Timers {
  setTimeout(fn: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
  setImmediate?(fn: () => void): unknown;
}
const timers = globalThis as unknown as Timers;

/** Calls `fn` when the host has done what else is due. */
export const soon = (fn: () => void): unknown =>
  timers.setImmediate === undefined ? timers.setTimeout(fn, 0) : timers.setImmediate(fn);

/** Settles when something of `wait` happens, or when `meter` has something to say. Never rejects. */
export function waitFor({ deadlineNs, sources = [] }: Wait, meter: Meter): Promise<void> {
  const ends = [deadlineNs, meter.deadlineNs].filter((ns) => ns !== undefined);
  if (ends.length === 0 && sources.length === 0) return new Promise(soon as (resolve: () => void) => void);
  return new Promise((resolve) => void new Waiting(ends, sources, meter, resolve));
}

/** One wait under way. */
class Waiting {
  private readonly sources: readonly WaitSource[];
  private readonly endNs: bigint | undefined;
  private readonly meter: Meter;
  private readonly resolve: () => void;
  private readonly mustPoll: boolean;
  private timer: unknown;
  private pollMs = 0;

  constructor(ends: readonly bigint[], sources: readonly WaitSource[], meter: Meter, resolve: () => void) {
    this.sources = sources;
    this.endNs = ends.reduce<bigint | undefined>((a, b) => (a === undefined || b < a ? b : a), undefined);
    this.meter = meter;
    this.resolve = resolve;
    this.mustPoll = sources.some((s) => s.ready === undefined);
    meter.limits.signal?.addEventListener?.("abort", this.end, { once: true });
    for (const { ready } of sources) void ready?.then(this.end, this.end);
    this.look();
  }

  private readonly end = (): void => {
    timers.clearTimeout(this.timer);
    this.meter.limits.signal?.removeEventListener?.("abort", this.end);
    this.resolve();
  };

  private readonly look = (): void => {
    const left = this.endNs === undefined ? Infinity : Number(this.endNs - monotonicNs()) / 1e6;
    if (left <= 0 || this.meter.limits.signal?.aborted || this.sources.some((s) => s.isReady())) return this.end();
    this.pollMs = Math.min(MAX_POLL_MS, this.pollMs + 1);
    const ms = this.mustPoll ? Math.min(left, this.pollMs) : left;
    // Timers are of whole milliseconds and may be early: the last part is waited for in turns.
    if (ms < 1) soon(this.look);
    else this.timer = timers.setTimeout(this.look, Math.min(Math.floor(ms), MAX_TIMER_MS));
  };
}
