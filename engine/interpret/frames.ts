/**
 * Canonical frames: the state of an activation in terms of its modules alone, whatever tier runs it.
 *
 *     Frame = { instance, func, pc, locals, operands }
 *
 * `pc` is the byte offset of the next instruction in the function's body. A frame that called another one is after its
 * call, without the call's arguments and results. The innermost is at its function's entry, at a loop's first
 * instruction, or before the call to the host that blocked. Values are exact bits.
 */

import { canonOf, canonVal } from "../canon.ts";
import { canonicalMatcher } from "../match.ts";
import { FuncInst } from "../runtime/func.ts";
import { ArrayInst, I31, isOfType, StructInst } from "../runtime/gc.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { readV128, type Val } from "../runtime/value.ts";
import { F32, I32, isRef, V128, type ValType } from "../types.ts";
import { Activation, flatEntryOf } from "./activation.ts";
import { wordsOf } from "./operands.ts";
import { bodyStart, linkFrame, misfit, putFrame, safepointOf } from "./put-frames.ts";
import type { FrameStack, StackLimits } from "./stack.ts";
import { mapOf, type RawFrame, type Safepoint, walk } from "./walk.ts";

/**
 * i32 and f32: 32 bits as a signed number. i64 and f64: 64 bits as a signed bigint. v128: 128 bits as a bigint without
 * sign. References as they are.
 */
export type Slot = Val;

export interface Frame {
  /** Index in `Frames.instances`. */
  readonly instance: number;
  readonly func: number;
  readonly pc: number;
  readonly locals: readonly Slot[];
  readonly operands: readonly Slot[];
}

export interface Frames {
  /** Outermost first. */
  readonly frames: readonly Frame[];
  readonly instances: readonly ModuleInst[];
}

/** The canonical frames of an activation that is not running. @cost O(frames + size of their functions) */
export function captureFrames(act: Activation): Frames {
  const instances: ModuleInst[] = [];
  const index = (inst: ModuleInst): number => {
    if (!instances.includes(inst)) instances.push(inst);
    return instances.indexOf(inst);
  };
  const frames = walk(act).map((raw, i) => captureFrame(act.stack, raw, i === 0, index(raw.inst)));
  return { frames: frames.reverse(), instances };
}

function captureFrame(s: FrameStack, raw: RawFrame, isInnermost: boolean, instance: number): Frame {
  const map = mapOf(raw.inst, raw.func);
  const point = map.safepoints.find((p) => p.word === raw.pc && (p.kind === "return") !== isInnermost);
  if (point === undefined) throw new Error(`function ${raw.func} is not at a safepoint`);
  const { inst, func, fp } = raw;
  const params = inst.funcs[func].type.params.length;
  // At its entry a function has no room yet for the locals that are not parameters.
  const has = point.kind === "entry" ? params : map.localTypes.length;
  const locals = map.localTypes.map((t, i) => (i < has ? readBits(s, fp + map.localOffs[i], t) : zeroOf(t)));
  let at = raw.fp + map.operands;
  const operands = point.types.map((t) => {
    const v = readBits(s, at, t);
    at += wordsOf(t);
    return v;
  });
  return { instance, func, pc: point.offset - bodyStart(inst, func), locals, operands };
}

const zeroOf = (t: ValType): Slot => (isRef(t) ? null : t === I32 || t === F32 ? 0 : 0n);

/** Types of what a frame holds, in terms of canonical numbers. */
export interface FrameTypes {
  readonly locals: readonly ValType[];
  readonly operands: readonly ValType[];
}

/**
 * What a frame of function `func` at `pc` holds; undefined when there is no such function or no safepoint at `pc`.
 *
 * @param isInnermost it is not waiting for a call of its own to return
 */
export function typesAt(inst: ModuleInst, func: number, pc: number, isInnermost: boolean): FrameTypes | undefined {
  if (inst.funcs[func]?.inst !== inst) return undefined;
  flatEntryOf(inst.funcs[func]);
  const map = mapOf(inst, func);
  const point = safepointOf(map, pc + bodyStart(inst, func), isInnermost);
  if (point === undefined) return undefined;
  const canon = canonOf(inst.module.types);
  const canonical = (types: readonly ValType[]): ValType[] => types.map((t) => canonVal(t, canon));
  return { locals: canonical(map.localTypes), operands: canonical(point.types) };
}

function readBits(s: FrameStack, at: number, t: ValType): Slot {
  if (isRef(t)) return s.refs[at >> 1] ?? null;
  if (t === I32 || t === F32) return s.I[at];
  if (t === V128) return readV128(s.B, at >> 1);
  return s.B[at >> 1];
}

/**
 * An activation of `func` that continues from `from`; nothing of the original is shared but the instances. Frames are
 * checked like code: whatever they hold, the guest can do nothing with it that a valid program could not.
 *
 * @throws WasmError WT5204: no such function or safepoint, values of wrong number or type, a callee of another type;
 *   exhausted when there are too many
 */
export function restoreFrames(func: FuncInst, from: Frames, limits: StackLimits): Activation {
  return new Activation(func, [], limits, (act) => {
    act.boundaries.push({ inst: null, pc: 0, fp: 0 });
    act.stack.calls[act.csp++] = -1;
    if (from.frames.length === 0) throw misfit("there is none");
    let fp = 0;
    let results = func.type.results;
    from.frames.forEach((f, i) => {
      const inst = from.instances[f.instance];
      const callee = from.frames[i + 1];
      const point = checkFrame(f, inst, callee === undefined, results);
      putFrame(act, f, inst, fp, point);
      if (callee === undefined) return;
      results = point.results.map((t) => canonVal(t, canonOf(inst.module.types)));
      fp = linkFrame(act, inst, fp, from.instances[callee.instance]);
    });
  });
}

/** The safepoint of frame `f`. @param results what it will return to */
function checkFrame(f: Frame, inst: ModuleInst, isInnermost: boolean, results: readonly ValType[]): Safepoint {
  const types = inst === undefined ? undefined : typesAt(inst, f.func, f.pc, isInnermost);
  if (types === undefined) throw misfit(`function ${f.func} has no safepoint at ${f.pc}`);
  const have = inst.funcs[f.func].type.results;
  const isFit = have.length === results.length && have.every((t, i) => canonicalMatcher.isSub(t, results[i]));
  if (!isFit) throw misfit(`function ${f.func} returns something else than its caller wants`);
  checkValues(f.locals, types.locals, true);
  checkValues(f.operands, types.operands, false);
  return safepointOf(mapOf(inst, f.func), f.pc + bodyStart(inst, f.func), isInnermost) as Safepoint;
}

/** Numbers are checked where they are written. A local that is not null may not have been set yet. */
function checkValues(vals: readonly Slot[], types: readonly ValType[], canBeUnset: boolean): void {
  if (vals.length !== types.length) throw misfit(`${vals.length} values in place of ${types.length}`);
  vals.forEach((v, i) => {
    const t = types[i];
    if (!isRef(t) || (canBeUnset && v === null) || isOfType(v, t)) return;
    throw misfit("a reference is of another type");
  });
}

/** Frames as JSON text; references are not data and are refused except null. */
export function framesToJson(frames: readonly Frame[]): string {
  return JSON.stringify(frames, (_, v: unknown) => {
    const isRef = v instanceof StructInst || v instanceof ArrayInst || v instanceof I31 || v instanceof FuncInst;
    if (isRef) throw new Error("a frame with references is not data");
    return typeof v === "bigint" ? { bits: v.toString() } : v;
  });
}

/** The reverse of `framesToJson`. */
export function framesFromJson(text: string): Frame[] {
  return JSON.parse(text, (_, v: unknown) =>
    typeof v === "object" && v !== null && "bits" in v ? BigInt(v.bits as string) : v,
  ) as Frame[];
}
