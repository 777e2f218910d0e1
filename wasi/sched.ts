/** sched_yield. */
import { Blocked } from "../engine/index.ts";
import type { Context, HandlerResult } from "./context.ts";
import { limits } from "./limits.ts";

/** A guest that does nothing but yield is spinning: after a while each call really gives up the processor. */
export function sched_yield(host: Context): HandlerResult {
  host.yields++;
  return host.yields > limits.idleYields ? new Blocked({}, () => undefined) : undefined;
}
