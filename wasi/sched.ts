/** sched_yield. */
import { type Context, type HandlerResult, Underway } from "./context.ts";
import { limits } from "./limits.ts";

/** A guest that does nothing but yield is spinning: after a while each call really gives up the processor. */
export function sched_yield(host: Context): HandlerResult {
  host.yields++;
  return host.yields > limits.idleYields ? new Underway({}, () => undefined) : undefined;
}
