/** clock_res_get and clock_time_get. A host without a clock answers NOTCAPABLE; a clock it does not have, INVAL. */
import type { ClockId, Context } from "./context.ts";
import { fail } from "./errno.ts";
import type { GuestClock } from "./guest-clock.ts";

const ids: readonly ClockId[] = ["realtime", "monotonic", "process", "thread"];

/** The clock with the guest's number `id`. @throws Failure INVAL */
export function clockId(id: number): ClockId {
  return ids[id] ?? fail("INVAL");
}

/** @throws Failure INVAL when there is no such clock, NOTCAPABLE when the guest may not have it */
export function clockOf(host: Context, id: number): [clock: GuestClock, name: ClockId] {
  const name = clockId(id);
  host.guard?.clock(name);
  return [host.clock ?? fail("NOTCAPABLE"), name];
}

/** Throws as `clockOf`. */
export function readClock(host: Context, id: number): bigint {
  const [clock, name] = clockOf(host, id);
  return clock.read(name) ?? fail("INVAL");
}

export function clock_res_get(host: Context, id: number, resolution: number): undefined {
  const [clock, name] = clockOf(host, id);
  host.mem.setU64(resolution, clock.resolution(name) ?? fail("INVAL"));
}

/** The precision the guest asks for is ignored: the clock is as precise as it is. */
export function clock_time_get(host: Context, id: number, _precision: bigint, time: number): undefined {
  host.mem.setU64(time, readClock(host, id));
}
