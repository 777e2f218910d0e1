/**
 * What a host function returns instead of a result when it would have to wait.
 *
 * Host functions never block by themselves: the runner (see `Runner`) decides whether the thread waits or the guest is
 * suspended. One host implementation so serves a command line that may block and an embedder that may not.
 */
import type { Val } from "./runtime/value.ts";

/** What a host function may return: nothing, one result, several, `Blocked`, or a promise of these (`promise-import.ts`). */
export type HostResult = Val | readonly Val[] | undefined | Blocked;

/** Something that becomes ready, such as input. */
export interface WaitSource {
  /** True when a retry would make progress. Must not block. */
  isReady(): boolean;
  /** Blocks the thread until ready or `timeoutMs` (may be Infinity) has passed. Absent: can only be polled. */
  block?(timeoutMs: number): void;
  /** Settles when ready, for runners that await instead of blocking. Absent: can only be polled. */
  readonly ready?: Promise<unknown>;
  /**
   * Calls `fn` when it may have become ready; gives what ends that. Of what becomes ready only while the host's event
   * loop runs: nobody may block the thread for it.
   */
  watch?(fn: () => void): () => void;
}

/** The first of these that happens ends the wait. Neither present: yields once. */
export interface Wait {
  /** On the monotonic clock of the host (`process.hrtime.bigint()` in Node), ns. */
  readonly deadlineNs?: bigint | undefined;
  readonly sources?: readonly WaitSource[] | undefined;
}

export class Blocked {
  readonly wait: Wait;
  /** Call when the wait is over; may return `Blocked` again. */
  readonly retry: () => HostResult;
  /** It waits for a promise, or for what has a `watch`: nothing happens while the thread is blocked. */
  readonly isAsync: boolean;
  constructor(wait: Wait, retry: () => HostResult, isAsync = false) {
    this.wait = wait;
    this.retry = retry;
    this.isAsync = isAsync;
  }
}

/** The clock of `Wait.deadlineNs`, ns: that of the host's process, else of its page. */
export function monotonicNs(): bigint {
  const host = globalThis as { process?: { hrtime?: { bigint?(): bigint } }; performance?: { now(): number } };
  // Only then: looking at `performance` makes Node.js load it.
  return host.process?.hrtime?.bigint?.() ?? BigInt(Math.round((host.performance?.now() ?? Date.now()) * 1e6));
}

/** Waits once, until something of `wait` happens or for no reason. Runs inside the guest's call: it blocks the thread. */
export type Runner = (wait: Wait) => void;

/** Waits and retries until there is a result. */
export function waitOut(result: HostResult, runner: Runner): Exclude<HostResult, Blocked> {
  while (result instanceof Blocked) {
    runner(result.wait);
    result = result.retry();
  }
  return result;
}
