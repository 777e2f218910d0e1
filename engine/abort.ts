/**
 * Listening to a signal that many guests share: one listener of ours for all who wait, since hosts warn of many.
 */
import type { StopSignal } from "./runtime/meter.ts";

interface Crowd {
  readonly waiting: Set<() => void>;
  readonly listener: () => void;
}
const crowds = new WeakMap<StopSignal, Crowd>();

/** Calls `fn` when `signal` is aborted, until what this returns is called. Signals without events are only looked at. */
export function onAbort(signal: StopSignal, fn: () => void): () => void {
  const crowd = crowds.get(signal) ?? newCrowd(signal);
  if (crowd.waiting.size === 0) signal.addEventListener?.("abort", crowd.listener);
  crowd.waiting.add(fn);
  return () => {
    crowd.waiting.delete(fn);
    if (crowd.waiting.size === 0) signal.removeEventListener?.("abort", crowd.listener);
  };
}

function newCrowd(signal: StopSignal): Crowd {
  const waiting = new Set<() => void>();
  const listener = (): void => {
    for (const fn of [...waiting]) fn();
  };
  const crowd = { waiting, listener };
  crowds.set(signal, crowd);
  return crowd;
}
