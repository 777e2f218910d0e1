/**
 * How many frames V8 keeps of the stack of an error: ten unless somebody chose otherwise, and backtraces of generated code
 * are made of them. So it is raised while a guest's generated code runs, and what was chosen holds again after.
 */
import { TRACE_FRAMES } from "./interpret/walk.ts";

/** Frames of a backtrace, and what lies between guest and host. */
const FRAMES = TRACE_FRAMES + 8;
const errors = Error as { stackTraceLimit?: number };
/** Not where intrinsics are frozen, nor in engines that have no such thing. */
const canChange = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit")?.writable === true;

/** Raises it; gives what `restoreStacks` takes. */
export function lengthenStacks(): number | undefined {
  if (!canChange) return undefined;
  const limit = errors.stackTraceLimit;
  if (limit !== undefined && limit < FRAMES) errors.stackTraceLimit = FRAMES;
  return limit;
}

export function restoreStacks(limit: number | undefined): void {
  if (limit !== undefined) errors.stackTraceLimit = limit;
}
