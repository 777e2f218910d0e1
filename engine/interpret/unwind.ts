/**
 * Throwing: finds the handler of an exception among the frames of an activation and goes there.
 *
 * Frames are searched before any is given up, so that an exception nobody catches leaves the whole stack for its
 * backtrace. Traps, exhaustion and exits do not come here. Spec: exec/instructions (throw_ref).
 */
import { isAwaited } from "../awaiting.ts";
import { WasmException } from "../exception.ts";
import type { ExnInst } from "../runtime/exn.ts";
import type { TagInst } from "../runtime/func.ts";
import type { Handler } from "../runtime/handlers.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Boundary } from "./boundary.ts";
import type { Run } from "./stack.ts";

interface Unwinding extends Run {
  count(fuel: number): void;
  readonly boundaries: Boundary[];
  readonly isInner: boolean;
}

/**
 * Throws `exn` from the operation at `pc`; on return the registers are at its handler.
 *
 * @param error what the exception arrived in, when it came through JavaScript
 * @param hasLeft the function at `pc` is no longer there: it made a tail call
 * @throws WasmException when no frame of the activation catches it, or `exn` itself when somebody outside will; the
 *   registers are as they were
 * @cost O(frames given up * log functions)
 */
export function raise(act: Unwinding, exn: ExnInst, error?: WasmException, hasLeft = false): undefined {
  if (isCaught(act, exn, hasLeft)) return undefined;
  if (error === undefined && act.isInner && isAwaited(exn.tag)) throw exn;
  throw error ?? new WasmException(exn.tag, exn);
}

/** As `raise`, but tells whether a frame catches it. */
export function isCaught(act: Unwinding, exn: ExnInst, hasLeft: boolean): boolean {
  const place = find(act, exn.tag, hasLeft);
  if (place === undefined) return false;
  act.inst = place.inst;
  act.fp = place.fp;
  act.csp = place.csp;
  act.boundaries.length = place.boundary;
  land(act, place.handler, exn);
  return true;
}

/** A frame whose handler catches. */
interface Place {
  readonly handler: Handler;
  readonly inst: ModuleInst;
  readonly fp: number;
  readonly csp: number;
  readonly boundary: number;
}

/** The innermost frame that catches exceptions of `tag`. */
export function find(act: Unwinding, tag: TagInst, hasLeft: boolean): Place | undefined {
  let { inst, fp, csp } = act;
  let boundary = act.boundaries.length;
  /** A word of the operation that throws or calls; -1 for none. */
  let at = hasLeft ? -1 : act.pc;
  for (;;) {
    const handler = at < 0 ? undefined : inst.code.handlersAt(at)?.find(at, tag, inst.tags);
    if (handler !== undefined) return { handler, inst, fp, csp, boundary };
    const back = act.stack.calls[--csp];
    if (back >= 0) {
      fp -= inst.code.words[back - 1];
      at = back - 1;
      continue;
    }
    const b = act.boundaries[--boundary];
    if (b === undefined || b.inst === null) return undefined;
    inst = b.inst;
    fp = b.fp;
    at = b.pc - 1;
  }
}

/** Puts the values of `exn` where `h` wants them. */
function land(act: Unwinding, h: Handler, exn: ExnInst): void {
  const { I, refs } = act.stack;
  let at = act.fp + h.to;
  if (h.ref === "below") {
    refs[at >> 1] = exn;
    at += 2;
  }
  if (h.tag >= 0) {
    I.set(exn.words, at);
    exn.refs.forEach((ref, i) => {
      refs[(at >> 1) + i] = ref;
    });
    at += exn.words.length;
  }
  if (h.ref === "above") refs[at >> 1] = exn;
  act.pc = h.target;
  act.count(-h.pending);
}
