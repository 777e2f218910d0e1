/**
 * Drives one activation to its end: on this thread at once, or in turns between which the host's event loop runs.
 *
 * Imports nothing of a host: timers are looked for on `globalThis`.
 */
import { onAbort } from "./abort.ts";
import { monotonicNs, type Runner, type Wait, type WaitSource } from "./blocked.ts";
import { WasmError } from "./errors.ts";
import type { Activation, Outcome } from "./interpret/activation.ts";
import type { Meter, StopSignal } from "./runtime/meter.ts";
import type { Val } from "./runtime/value.ts";
import { GuestStopped } from "./stopped.ts";

/** Fuel of one turn, about 10 ms: timers and signals of the host wait that long. */
const TURN = 1 << 21;
/** Longest time between two looks at a source that can only be polled, ms. */
const MAX_POLL_MS = 4;
/** Longest time without the event loop while a guest is waited for on the thread, ns: signals wait that long. */
const MAX_BLOCK_NS = 100_000_000n;
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
  throw errorOf(outcome, act);
}

export const cannotWait = (who: string): WasmError =>
  new WasmError("trap", "WT4017", `${who} has to wait, and the caller cannot`, {
    hint: "call the guest with invokeAsync, or give its instance a runner",
  });

/** What a call throws that ends so. A guest that nobody can wait for is not slowed either: it ends. */
export function errorOf(outcome: Exclude<Outcome, { kind: "done" }>, act: Activation): WasmError {
  if (outcome.kind === "blocked") return cannotWait("a host function");
  if (outcome.reason === "throttled") return cannotWait("the guest has used its share of the processor: it");
  if (outcome.reason === "slice") throw new Error("a run without a budget came to its end");
  return new GuestStopped(outcome.reason, act);
}

/** When to come back before the end. */
export interface PauseOptions {
  /** After it is aborted: at the next safepoint at the end of a turn, or at once if the guest waits. */
  readonly pause?: StopSignal | undefined;
  /** At the first safepoint where it has spent more than this. */
  readonly fuel?: number | undefined;
  /**
   * Waits on the thread for what does not need its event loop, a while at a time: for who has nothing else to do than to be
   * told of signals.
   */
  readonly runner?: Runner | undefined;
}

/**
 * Runs `act` in turns to its end, or until it is paused: undefined then, and it can be saved, or run again. While it waits
 * for a clock, an input or a promise, and between two turns, the thread does other things.
 *
 * @param between told each time the activation stops for a while, and when it goes on
 * @throws as `runToEnd`, but it can wait for everything
 */
export async function runInTurns(
  act: Activation,
  { pause, fuel = Infinity, runner }: PauseOptions = {},
  between?: (isSuspended: boolean) => void,
): Promise<Val[] | undefined> {
  act.runner = undefined;
  const end = act.meter.spent + fuel;
  let turnNs = monotonicNs();
  for (;;) {
    const outcome = act.run(Math.min(TURN, end - act.meter.spent));
    if (outcome.kind === "done") return outcome.results;
    const wait = waitOf(outcome, act.meter);
    if (wait === undefined) throw errorOf(outcome, act);
    if (pause?.aborted || act.meter.spent > end) return undefined;
    const isBlocking = runner !== undefined && outcome.kind === "blocked" && !outcome.blocked.isAsync && !isYield(wait);
    if (isBlocking) {
      const untilNs = turnNs + MAX_BLOCK_NS;
      runner({ ...wait, deadlineNs: earliest([wait.deadlineNs, act.meter.deadlineNs, untilNs]) });
      if (monotonicNs() < untilNs) continue;
    }
    between?.(true);
    await waitFor(isBlocking ? {} : wait, act.meter, pause);
    between?.(false);
    if (pause?.aborted) return undefined;
    turnNs = monotonicNs();
  }
}

const isYield = ({ deadlineNs, sources = [] }: Wait): boolean => deadlineNs === undefined && sources.length === 0;

const earliest = (ends: readonly (bigint | undefined)[]): bigint | undefined =>
  ends.reduce<bigint | undefined>((a, b) => (a === undefined || (b !== undefined && b < a) ? b : a), undefined);

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

/** Settles when something of `wait` happens, or when `meter` or `pause` have something to say. Never rejects. */
export function waitFor({ deadlineNs, sources = [] }: Wait, meter: Meter, pause?: StopSignal): Promise<void> {
  if (isYield({ deadlineNs, sources })) return new Promise(soon as (resolve: () => void) => void);
  const ends = [deadlineNs, meter.deadlineNs].filter((ns) => ns !== undefined);
  const signals = [meter.limits.signal, pause].filter((s) => s !== undefined);
  return new Promise((resolve) => void new Waiting(ends, sources, signals, resolve));
}

/** One wait under way. */
class Waiting {
  private readonly sources: readonly WaitSource[];
  private readonly endNs: bigint | undefined;
  private readonly signals: readonly StopSignal[];
  private readonly ignore: readonly (() => void)[];
  private readonly resolve: () => void;
  private readonly mustPoll: boolean;
  private readonly isWatching: boolean;
  private timer: unknown;
  private pollMs = 0;
  private isOver = false;

  constructor(
    ends: readonly bigint[],
    sources: readonly WaitSource[],
    signals: readonly StopSignal[],
    resolve: () => void,
  ) {
    this.sources = sources;
    this.endNs = earliest(ends);
    this.signals = signals;
    this.resolve = resolve;
    this.mustPoll =
      sources.some((s) => s.ready === undefined && s.watch === undefined) ||
      signals.some((s) => s.addEventListener === undefined);
    this.isWatching = sources.some((s) => s.watch !== undefined);
    this.ignore = [
      ...signals.map((signal) => onAbort(signal, this.end)),
      ...sources.flatMap((source) => source.watch?.(this.look) ?? []),
    ];
    for (const { ready } of sources) void ready?.then(this.end, this.end);
    this.look();
  }

  private readonly end = (): void => {
    this.isOver = true;
    timers.clearTimeout(this.timer);
    for (const ignore of this.ignore) ignore();
    this.resolve();
  };

  private readonly look = (): void => {
    if (this.isOver) return;
    const left = this.endNs === undefined ? Infinity : Number(this.endNs - monotonicNs()) / 1e6;
    const isOver = left <= 0 || this.signals.some((s) => s.aborted) || this.sources.some((s) => s.isReady());
    if (isOver) return this.end();
    this.pollMs = Math.min(MAX_POLL_MS, this.pollMs + 1);
    const ms = this.mustPoll ? Math.min(left, this.pollMs) : left;
    // Timers are of whole milliseconds and may be early: the last part is waited for in turns.
    if (ms < 1) soon(this.look);
    else if (ms < Infinity || this.isWatching) {
      // What is watched may tell of nothing, and be told again.
      timers.clearTimeout(this.timer);
      // It may not keep a process alive; the guest, which is not over, does.
      this.timer = timers.setTimeout(this.look, Math.min(Math.floor(ms), MAX_TIMER_MS));
    }
  };
}
