/** What a page or worker of a browser has for a guest: clocks, random numbers, a thread that may sleep or may not. */
import { monotonicNs, type Runner } from "../../engine/index.ts";
import type { Clock, ClockId, Random } from "../context.ts";
import { waitsForLoop } from "../guest-host.ts";

/** Browsers tell the time in steps of at most this, ns, where a page is isolated; in longer ones elsewhere. */
const resolutionNs = 100_000n;

/** Processor time is not to be had. */
export function webClock(): Clock {
  const clocks: Partial<Record<ClockId, () => bigint>> = {
    realtime: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e3)) * 1000n,
    monotonic: monotonicNs,
  };
  return {
    now: (id) => clocks[id]?.(),
    resolution: (id) => (clocks[id] === undefined ? undefined : resolutionNs),
    hostNow: monotonicNs,
  };
}

/** What `getRandomValues` gives at once, bytes. */
const CHUNK = 65_536;

export const webRandom: Random = {
  fill(bytes) {
    for (let at = 0; at < bytes.length; at += CHUNK)
      crypto.getRandomValues(bytes.subarray(at, at + CHUNK) as Uint8Array<ArrayBuffer>);
  },
};

/** Slices in which several sources are looked at, and the longest single sleep, ms. */
const sliceMs = 5;
const maxSleepMs = 60_000;

/**
 * A worker sleeps. A page cannot, and its guests are called with `Instance.invokeAsync`.
 *
 * @throws WasiError WT6019 on the main thread of a page
 */
export const blockWorker: Runner = ({ deadlineNs, sources = [] }) => {
  const left = (): number => (deadlineNs === undefined ? Infinity : Number(deadlineNs - monotonicNs()) / 1e6);
  if (deadlineNs === undefined && sources.length === 0) return;
  while (left() > 0 && !sources.some((source) => source.isReady()))
    sleep(Math.min(left(), sources.length === 0 ? maxSleepMs : sliceMs));
};

function sleep(ms: number): void {
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  } catch {
    throw waitsForLoop();
  }
}
