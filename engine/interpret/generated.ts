/**
 * How the interpreter enters generated code, and comes to have some: the driver's side of `tier.ts`.
 *
 * A compiled function has, in flat code, a stub of one operation (`call_generated`), to which its calls are directed. The
 * frame is the callee's as after any call; generated code reads its arguments from there and leaves its results there.
 * What generated code calls in the interpreter runs in an activation of its own.
 */
import { WasmError } from "../errors.ts";
import { WasmException } from "../exception.ts";
import type { FuncInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { type Enter, jsStack, MIN_ROOM } from "../tier.ts";
import type { Activation, Outcome } from "./activation.ts";
import { op } from "./ops.ts";
import { fault } from "./stack.ts";
import { raise } from "./unwind.ts";
import { mapOf, TRACE_FRAMES, tracer } from "./walk.ts";

const CALL_GENERATED = op("call_generated");

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
  const isPossible = act.isNesting && act.room >= MIN_ROOM;
  // Another instance of the module may have compiled it, and this one not yet.
  if (isPossible && f.enter === undefined) inst.tier?.sampleStart(f);
  if (isPossible && f.enter !== undefined) return enterGenerated(act, f, f.enter, 0);
  act.pc = act.flatEntry(f);
  return undefined;
}

/** Runs `enter` on the innermost frame, which is over then. */
function enterGenerated(act: Activation, f: FuncInst, enter: Enter, operands: number): Outcome | undefined {
  act.stack.reserve(act.fp + f.type.results.length * 4, act.csp);
  act.meter.isUncounted = true;
  const before = jsStack.room;
  try {
    enter(act.stack, act.fp, operands, act.room);
  } catch (error) {
    if (error instanceof WasmException) {
      raise(act, error.exn, error, true);
      return undefined;
    }
    const mapped = fault(error);
    const isAlive = act.dropFrame();
    if (mapped instanceof WasmError && mapped.kind !== "exit") {
      const frames = f.inst?.tier?.trace(error as Error);
      const callers = isAlive ? tracer(act) : () => [];
      mapped.extendBacktrace(() => [...(frames?.() ?? []), ...callers()].slice(0, TRACE_FRAMES));
    }
    throw mapped;
  } finally {
    jsStack.room = before;
  }
  return act.return();
}

/** The activation is at a safepoint and runs for a while: perhaps the function is worth compiling, or is compiled. */
export function promote(act: Activation): Outcome | undefined {
  const { inst } = act;
  const { tier, code } = inst;
  if (tier === undefined || act.room < MIN_ROOM) return undefined;
  const func = code.funcAt(act.pc);
  const f = inst.funcs[func];
  if (act.pc === code.entries[func]) {
    if (tier.sampleStart(f)) act.pc = stubOf(f);
    return undefined;
  }
  let operands = code.loops.get(act.pc)?.operands ?? 0;
  const enter = tier.sampleLoop(f, act.pc, () => {
    const loop = code.loops.get(act.pc) ?? findLoop(inst, func, act.pc);
    code.loops.set(act.pc, loop);
    operands = loop.operands;
    return loop.offset;
  });
  return enter === undefined ? undefined : enterGenerated(act, f, enter, operands);
}

function findLoop(inst: ModuleInst, func: number, word: number): { offset: number; operands: number } {
  const { safepoints, operands } = mapOf(inst, func);
  const point = safepoints.find((p) => p.word === word && p.kind === "loop");
  if (point === undefined) throw new Error(`function ${func} is not at a loop`);
  return { offset: point.offset, operands };
}
