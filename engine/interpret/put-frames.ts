/** Puts canonical frames onto the stack of an activation: those of a restored one, and those of generated code that stops. */
import { WasmError } from "../errors.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { writeV128 } from "../runtime/value.ts";
import { F32, I32, isRef, V128, type ValType } from "../types.ts";
import type { Activation } from "./activation.ts";
import type { Frame, Slot } from "./frames.ts";
import { wordsOf } from "./operands.ts";
import { op } from "./ops.ts";
import type { FrameStack } from "./stack.ts";
import { type FuncMap, mapOf, type Safepoint } from "./walk.ts";

const ENTER_CONSTS = op("enter_consts");

type PlainFrame = Omit<Frame, "instance">;

export const bodyStart = (inst: ModuleInst, func: number): number =>
  inst.module.funcs[func - inst.module.importedFuncs].body.start;

function writeBits(s: FrameStack, at: number, t: ValType, v: Slot): void {
  if (isRef(t)) s.refs[at >> 1] = v;
  else if (t === I32 || t === F32) s.I[at] = word(v);
  else if (t === V128) writeV128(s.B, at >> 1, wide(v));
  else s.B[at >> 1] = wide(v);
}

function word(v: Slot): number {
  if (typeof v !== "number" || (v | 0) !== v) throw misfit("a value is no 32-bit number");
  return v;
}

function wide(v: Slot): bigint {
  if (typeof v !== "bigint") throw misfit("a value is no 64-bit number");
  return v;
}

/** Frames may come from anywhere: what is wrong with them is an error of theirs. */
export const misfit = (what: string): WasmError =>
  new WasmError("invalid", "WT5204", `frames do not fit their functions: ${what}`, {
    hint: "frames are of the very module they were taken of, unchanged",
  });

/** Puts one frame at `fp`; the registers are its own then. */
export function putFrame(act: Activation, f: PlainFrame, inst: ModuleInst, fp: number, point: Safepoint): void {
  const entry = act.flatEntry(inst.funcs[f.func]);
  const map = mapOf(inst, f.func);
  act.stack.reserve(fp + inst.code.words[entry + 1], act.csp + 1);
  putConstants(act.stack, inst.code.words, entry, fp);
  f.locals.forEach((v, i) => void writeBits(act.stack, fp + map.localOffs[i], map.localTypes[i], v));
  let at = fp + map.operands;
  f.operands.forEach((v, i) => {
    writeBits(act.stack, at, point.types[i], v);
    at += wordsOf(point.types[i]);
  });
  act.inst = inst;
  act.pc = point.word;
  act.fp = fp;
}

/** The frame at `fp` has called a function of `next`; where that one's frame starts. */
export function linkFrame(act: Activation, inst: ModuleInst, fp: number, next: ModuleInst | undefined): number {
  const { pc } = act;
  if (next === inst) act.stack.calls[act.csp++] = pc;
  else {
    act.boundaries.push({ inst, pc, fp });
    act.stack.calls[act.csp++] = -1;
  }
  return fp + inst.code.words[pc - 1];
}

/** Constants that `enter_consts` keeps in the frame are no part of its canonical form. */
function putConstants(s: FrameStack, words: Int32Array, entry: number, fp: number): void {
  if (words[entry] !== ENTER_CONSTS) return;
  for (let k = 0; k < words[entry + 4]; k++) s.I[fp + words[entry + 3] + k] = words[entry + 5 + k];
}

export function safepointOf(map: FuncMap, offset: number, isInnermost: boolean): Safepoint | undefined {
  const here = map.safepoints.filter((p) => p.offset === offset && (p.kind === "return") !== isInnermost);
  return here.find((p) => p.kind !== "call") ?? here[0];
}
