/**
 * How the interpreter enters generated code, and comes to have some: the driver's side of `tier.ts`.
 *
 * A compiled function has, in flat code, a stub of one operation (`call_generated`), to which its calls are directed. The
 * frame is the callee's as after any call; generated code reads its arguments from there and leaves its results there.
 * What generated code calls in the interpreter runs in an activation of its own.
 */
import { enterBlocks, leaveBlocks } from "../awaiting.ts";
import { Stop, type StoppedFrame, startCounting, stopCounting } from "../counting.ts";
import { WasmError } from "../errors.ts";
import { WasmException } from "../exception.ts";
import { ExnInst } from "../runtime/exn.ts";
import type { FuncInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { lengthenStacks, restoreStacks } from "../stack-length.ts";
import { type Enter, jsStack, MIN_ROOM } from "../tier.ts";
import type { Activation, Outcome } from "./activation.ts";
import { op } from "./ops.ts";
import { bodyStart, linkFrame, putFrame, safepointOf } from "./put-frames.ts";
import { fault } from "./stack.ts";
import { isCaught } from "./unwind.ts";
import { mapOf, type Safepoint, TRACE_FRAMES, tracer } from "./walk.ts";

export const CALL_GENERATED = op("call_generated");

/** The first word of the stub of `f`; its calls go there from now on. */
export function stubOf(f: FuncInst): number {
  const { code } = f.inst as ModuleInst;
  f.entry = code.stubs.get(f.index) ?? code.appendStub(f.index, [CALL_GENERATED, f.index]);
  return f.entry;
}

/** `call_generated`: runs the function's generated code, or its flat code where that may not be. */
export function callGenerated(act: Activation): Outcome | undefined {
  const { inst } = act;
  const f = inst.funcs[inst.code.words[act.pc + 1]];
  const enter = wayInto(act, f);
  if (enter !== undefined) return enterGenerated(act, f, enter, 0);
  act.pc = act.flatEntry(f);
  return undefined;
}

/** Another instance of the module may have compiled it, or this one in the other way, and it has no such code yet. */
function wayInto(act: Activation, f: FuncInst): Enter | undefined {
  const isMetered = !act.isNesting;
  // Without fuel the guest stops at the entry, which the interpreter knows how to do.
  if (act.room < MIN_ROOM || (isMetered && act.allowance() < 0)) return undefined;
  const enter = isMetered ? f.enterMetered : f.enter;
  if (enter !== undefined || !act.inst.tier?.sampleStart(f, isMetered)) return enter;
  return isMetered ? f.enterMetered : f.enter;
}

/** Runs `enter` on the innermost frame, which is over then. */
function enterGenerated(act: Activation, f: FuncInst, enter: Enter, operands: number): Outcome | undefined {
  act.stack.reserve(act.fp + f.type.results.length * 4, act.csp);
  const room = jsStack.room;
  const isMetered = !act.isNesting;
  const before = isMetered ? startCounting(act) : undefined;
  if (!isMetered) act.meter.isUncounted = true;
  enterBlocks(act);
  const limit = lengthenStacks();
  try {
    enter(act.stack, act.fp, operands, act.room);
  } catch (error) {
    if (error instanceof Stop) return adopt(act, error);
    const exn = error instanceof WasmException ? error.exn : error;
    if (exn instanceof ExnInst && isCaught(act, exn, true)) return undefined;
    throw failed(act, f, error);
  } finally {
    restoreStacks(limit);
    leaveBlocks(act);
    jsStack.room = room;
    if (isMetered) stopCounting(before);
  }
  return act.return();
}

/** The innermost frame failed: what was thrown, with its backtrace. */
function failed(act: Activation, f: FuncInst, error: unknown): unknown {
  const mapped = fault(error);
  const isAlive = act.dropFrame();
  if (mapped instanceof WasmError && mapped.kind !== "exit") {
    const frames = f.inst?.tier?.trace(error as Error);
    const callers = isAlive ? tracer(act) : () => [];
    mapped.extendBacktrace(() => [...(frames?.() ?? []), ...callers()].slice(0, TRACE_FRAMES));
  }
  return mapped;
}

/** The frames of generated code that stopped take the place of the innermost one. */
function adopt(act: Activation, stop: Stop): Outcome {
  let { fp } = act;
  for (let i = stop.frames.length - 1; i >= 0; i--) {
    const frame = stop.frames[i];
    const { inst } = frame;
    act.flatEntry(inst.funcs[frame.func]);
    putFrame(act, frame, inst, fp, pointOf(frame, i === 0, stop));
    if (i > 0) fp = linkFrame(act, inst, fp, stop.frames[i - 1].inst);
  }
  return act.adopted(stop);
}

function pointOf({ inst, func, pc }: StoppedFrame, isInnermost: boolean, { isWaiting }: Stop): Safepoint {
  const map = mapOf(inst, func);
  const offset = pc + bodyStart(inst, func);
  const isCall = (p: Safepoint): boolean => p.offset === offset && p.kind === "call";
  const point = isInnermost && isWaiting ? map.safepoints.find(isCall) : safepointOf(map, offset, isInnermost);
  if (point === undefined) throw new Error(`function ${func} has no safepoint at ${pc}`);
  return point;
}

/** The activation is at a safepoint and runs for a while: perhaps the function is worth compiling, or is compiled. */
export function promote(act: Activation): Outcome | undefined {
  const { inst } = act;
  const { tier, code } = inst;
  if (tier === undefined || act.room < MIN_ROOM || code.words[act.pc] === CALL_GENERATED) return undefined;
  const isMetered = !act.isNesting;
  const func = code.funcAt(act.pc);
  const f = inst.funcs[func];
  if (act.pc === code.entries[func]) {
    if (tier.sampleStart(f, isMetered)) act.pc = stubOf(f);
    return undefined;
  }
  let operands = code.loops.get(act.pc)?.operands ?? 0;
  const offset = (): number => {
    const loop = code.loops.get(act.pc) ?? findLoop(inst, func, act.pc);
    code.loops.set(act.pc, loop);
    operands = loop.operands;
    return loop.offset;
  };
  const enter = tier.sampleLoop(f, act.pc, offset, isMetered);
  return enter === undefined ? undefined : enterGenerated(act, f, enter, operands);
}

function findLoop(inst: ModuleInst, func: number, word: number): { offset: number; operands: number } {
  const { safepoints, operands } = mapOf(inst, func);
  const point = safepoints.find((p) => p.word === word && p.kind === "loop");
  if (point === undefined) throw new Error(`function ${func} is not at a loop`);
  return { offset: point.offset, operands };
}
