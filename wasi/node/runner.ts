/**
 * The runner of a command line: a host call that has to wait blocks the thread.
 *
 * Not for many guests on one thread: there, leave the runner out and let the engine suspend the guest.
 */
import type { Runner, Wait } from "../../engine/index.ts";
import { pause } from "./pause.ts";

/** Longest single sleep; longer waits are several. ms */
const maxSleepMs = 60_000;
/** Slices in which several sources are looked at, ms. */
const maxSliceMs = 5;
/** For a guest that only wants to yield: the shortest sleep that lets others run. ms */
const yieldMs = 0.05;

/** Waits once: for the deadline, or for the first source that is ready. */
export const blockThread: Runner = ({ deadlineNs, sources = [] }) => {
  const [source, other] = sources;
  if (source === undefined) {
    if (deadlineNs === undefined) pause(yieldMs);
    else sleepUntil(deadlineNs);
  } else if (other === undefined && source.block !== undefined) {
    source.block(deadlineNs === undefined ? Infinity : msUntil(deadlineNs));
  } else pollSources(sources, deadlineNs);
};

function pollSources(sources: NonNullable<Wait["sources"]>, deadlineNs: bigint | undefined): void {
  for (let slice = 1; !sources.some((s) => s.isReady()); slice = Math.min(slice + 1, maxSliceMs)) {
    const left = deadlineNs === undefined ? Infinity : msUntil(deadlineNs);
    if (left <= 0) return;
    pause(Math.min(slice, left));
  }
}

/** A sleep may end early by a fraction of a millisecond; the clock decides. */
function sleepUntil(deadlineNs: bigint): void {
  for (let left = msUntil(deadlineNs); left > 0; left = msUntil(deadlineNs)) pause(Math.min(left, maxSleepMs));
}

const msUntil = (deadlineNs: bigint): number => Number(deadlineNs - process.hrtime.bigint()) / 1e6;
