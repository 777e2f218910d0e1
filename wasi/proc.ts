/** proc_exit and proc_raise. */
import { GuestExit } from "../engine/index.ts";
import type { Context } from "./context.ts";
import { fail } from "./errno.ts";

/** Never returns to the guest; no guest code runs on the way out. @param code u32 */
export function proc_exit(_: Context, code: number): never {
  throw new GuestExit(code);
}

/** Signal 0 asks whether signals could be sent. There are none: NOTSUP. */
export function proc_raise(_: Context, signal: number): undefined {
  if (signal !== 0) fail("NOTSUP");
}
