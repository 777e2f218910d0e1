/** What the set_times calls ask for. */
import { fstflags } from "./abi.ts";
import { readClock } from "./clock.ts";
import type { Context } from "./context.ts";
import { fail } from "./errno.ts";
import type { FileTimes } from "./file-system.ts";

const realtime = 0;

/**
 * The times to set; undefined when the flags ask for none.
 *
 * @param atim  ns since 1970, used with flag ATIM; likewise `mtim`
 * @throws Failure INVAL when a time is to be both given and now; NOTCAPABLE for now without a clock
 */
export function fileTimes(host: Context, atim: bigint, mtim: bigint, flags: number): FileTimes | undefined {
  const choose = (given: number, now: number, time: bigint): bigint | undefined => {
    const asked = flags & (given | now);
    if (asked === (given | now)) fail("INVAL");
    if (asked === now) return readClock(host, realtime);
    return asked === given ? time : undefined;
  };
  const times = {
    atim: choose(fstflags.atim, fstflags.atimNow, atim),
    mtim: choose(fstflags.mtim, fstflags.mtimNow, mtim),
  };
  return times.atim === undefined && times.mtim === undefined ? undefined : times;
}
