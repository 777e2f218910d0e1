/**
 * Tail calls: the arguments move down to the start of the caller's frame, and the callee takes its place. The call
 * stack does not grow, across instances either. Spec: exec/instructions (return_call, return_call_indirect).
 */
import type { FuncInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Boundary } from "./boundary.ts";
import type { FrameStack, Run } from "./stack.ts";

/** Moves `count` words of arguments down from word `from` to word `to`; references too if `hasRefs`. */
export function moveArgs(s: FrameStack, to: number, from: number, count: number, hasRefs: boolean): void {
  const { I, refs } = s;
  for (let i = 0; i < count; i++) I[to + i] = I[from + i];
  if (hasRefs) for (let i = 0; i < count; i += 2) refs[(to + i) >> 1] = refs[(from + i) >> 1];
}

/**
 * `return_call_table` at `pc`: the entry of the callee when it is a function of the same instance that has flat code;
 * else undefined and nothing has happened.
 */
export function tailCallTable(s: FrameStack, inst: ModuleInst, pc: number, fp: number): number | undefined {
  const { words } = inst.code;
  const { elems } = inst.tables[words[pc + 2]];
  const f = elems[s.I[fp + words[pc + 1]] >>> 0] as FuncInst | null | undefined;
  if (f === undefined || f === null || f.typeId !== words[pc + 3] || f.inst !== inst || f.entry < 0) return undefined;
  moveArgs(s, fp, fp + words[pc + 4], words[pc + 5], words[pc + 6] === 1);
  s.extra += words[pc + 7];
  return f.entry;
}

/** The frame at `fp` becomes one of `inst`: what its caller had as a return address in its own code is a boundary now. */
export function crossTo(act: Run & { readonly boundaries: Boundary[] }, inst: ModuleInst): void {
  const { calls } = act.stack;
  const back = calls[act.csp - 1];
  if (back >= 0) {
    act.boundaries.push({ inst: act.inst, pc: back, fp: act.fp - act.inst.code.words[back - 1] });
    calls[act.csp - 1] = -1;
  }
  act.inst = inst;
}
