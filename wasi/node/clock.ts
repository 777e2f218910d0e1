/** The clocks of a Node process. */
import type { Clock, ClockId } from "../context.ts";

/** How far the time of day may drift from `Date.now()` before it is read anew, ms. */
const maxDriftMs = 5;

/**
 * Realtime has the precision of the monotonic clock: it is that clock plus an offset, which is measured again when the
 * system's time of day was set.
 */
export function nodeClock(): Clock {
  // Worked out when it is asked for: `performance` is loaded then, which takes a part of a short run.
  let offsetNs: bigint | undefined;
  const realtime = (): bigint => {
    const nowMs = Date.now();
    offsetNs ??= startNs() + performanceNs() - process.hrtime.bigint();
    const now = process.hrtime.bigint() + offsetNs;
    if (Math.abs(Number(now / 1_000_000n) - nowMs) <= maxDriftMs) return now;
    offsetNs = BigInt(nowMs) * 1_000_000n - process.hrtime.bigint();
    return BigInt(nowMs) * 1_000_000n;
  };
  const clocks: Partial<Record<ClockId, { now: () => bigint; resolution: bigint }>> = {
    realtime: { now: realtime, resolution: 1000n },
    monotonic: { now: () => process.hrtime.bigint(), resolution: 1n },
    process: { now: cpuNs, resolution: 1000n },
  };
  return {
    now: (id) => clocks[id]?.now(),
    resolution: (id) => clocks[id]?.resolution,
    hostNow: () => process.hrtime.bigint(),
  };
}

const startNs = (): bigint => BigInt(Math.round(performance.timeOrigin * 1e3)) * 1000n;
const performanceNs = (): bigint => BigInt(Math.round(performance.now() * 1e6));

function cpuNs(): bigint {
  const { user, system } = process.cpuUsage();
  return BigInt(user + system) * 1000n;
}
