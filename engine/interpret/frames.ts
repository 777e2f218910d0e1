/**
 * Canonical frames: the state of an activation in terms of its modules alone, whatever tier runs it.
 *
 *     Frame = { instance, func, pc, locals, operands }
 *
 * `pc` is the byte offset of the next instruction in the function's body. A frame that called another one is after its
 * call, without the call's arguments and results. The innermost is at its function's entry, at a loop's first
 * instruction, or before the call to the host that blocked. Values are exact bits.
 */

import { funcTypeAt } from "../module.ts";
import { FuncInst } from "../runtime/func.ts";
import { ArrayInst, I31, StructInst } from "../runtime/gc.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { readV128, type Val, writeV128 } from "../runtime/value.ts";
import { F32, I32, I64, isRef, V128, type ValType } from "../types.ts";
import { Activation, entryOf } from "./activation.ts";
import { wordsOf } from "./operands.ts";
import { op } from "./ops.ts";
import type { FrameStack, StackLimits } from "./stack.ts";
import { type FuncMap, mapOf, type RawFrame, type Safepoint, walk } from "./walk.ts";

const ENTER_CONSTS = op("enter_consts");

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
  const maps = new Map<ModuleInst, Map<number, FuncMap>>();
  const frames = walk(act).map((raw, i) =>
    captureFrame(act.stack, raw, i === 0, index(raw.inst), cached(maps, raw.inst, raw.func)),
  );
  return { frames: frames.reverse(), instances };
}

function cached(maps: Map<ModuleInst, Map<number, FuncMap>>, inst: ModuleInst, func: number): FuncMap {
  const ofInst = maps.get(inst) ?? new Map<number, FuncMap>();
  maps.set(inst, ofInst);
  const map = ofInst.get(func) ?? mapOf(inst, func);
  ofInst.set(func, map);
  return map;
}

const bodyStart = (inst: ModuleInst, func: number): number =>
  inst.module.funcs[func - inst.module.importedFuncs].body.start;

function captureFrame(s: FrameStack, raw: RawFrame, isInnermost: boolean, instance: number, map: FuncMap): Frame {
  const point = map.safepoints.find((p) => p.word === raw.pc && (p.kind === "return") !== isInnermost);
  if (point === undefined) throw new Error(`function ${raw.func} is not at a safepoint`);
  // Before the entry has run the other locals are what was there before, if the stack has room for them at all.
  const given = point.kind === "entry" ? paramCount(raw) : map.localTypes.length;
  const locals = map.localTypes.map((t, i) => (i < given ? readBits(s, raw.fp + map.localOffs[i], t) : zeroOf(t)));
  let at = raw.fp + map.operands;
  const operands = point.types.map((t) => {
    const v = readBits(s, at, t);
    at += wordsOf(t);
    return v;
  });
  return { instance, func: raw.func, pc: point.offset - bodyStart(raw.inst, raw.func), locals, operands };
}

function paramCount({ inst, func }: RawFrame): number {
  return funcTypeAt(inst.module, inst.module.funcTypes[func]).params.length;
}

const zeroOf = (t: ValType): Slot => (isRef(t) ? null : t === I32 || t === F32 ? 0 : 0n);

function readBits(s: FrameStack, at: number, t: ValType): Slot {
  if (isRef(t)) return s.refs[at >> 1] ?? null;
  if (t === I32 || t === F32) return s.I[at];
  if (t === V128) return readV128(s.B, at >> 1);
  return s.B[at >> 1];
}

function writeBits(s: FrameStack, at: number, t: ValType, v: Slot): void {
  if (isRef(t)) s.refs[at >> 1] = v;
  else if (t === I32 || t === F32) s.I[at] = word(v);
  else if (t === V128) writeV128(s.B, at >> 1, typeof v === "bigint" ? v : misfit(v));
  else s.B[at >> 1] = t === I64 || typeof v === "bigint" ? (v as bigint) : misfit(v);
}

function word(v: Slot): number {
  if (typeof v !== "number" || (v | 0) !== v) misfit(v);
  return v as number;
}

function misfit(v: Slot): never {
  throw new Error(`frame does not fit its function: ${typeof v} in place of another type`);
}

/**
 * An activation of `func` that continues from `from`; nothing of the original is shared but the instances.
 *
 * @throws Error when a frame does not fit its function: no such safepoint, wrong counts or kinds of values
 */
export function restoreFrames(func: FuncInst, from: Frames, limits: StackLimits): Activation {
  return new Activation(func, [], limits, (act) => {
    act.boundaries.push({ inst: null, pc: 0, fp: 0 });
    act.stack.calls[act.csp++] = -1;
    let fp = 0;
    from.frames.forEach((f, i) => {
      const isInnermost = i === from.frames.length - 1;
      fp = putFrame(act, f, from.instances[f.instance], fp, isInnermost ? undefined : from.frames[i + 1], from);
    });
  });
}

/** Puts one frame at `fp`; returns where the next one starts. */
function putFrame(
  act: Activation,
  f: Frame,
  inst: ModuleInst,
  fp: number,
  callee: Frame | undefined,
  from: Frames,
): number {
  const entry = entryOf(inst.funcs[f.func]);
  const map = mapOf(inst, f.func);
  const point = safepointOf(map, f.pc + bodyStart(inst, f.func), callee === undefined);
  if (point === undefined || f.locals.length !== map.localTypes.length || f.operands.length !== point.types.length) {
    throw new Error(`frame does not fit its function: function ${f.func}, pc ${f.pc}`);
  }
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
  if (callee === undefined) return fp;
  const next = from.instances[callee.instance];
  if (next === inst) act.stack.calls[act.csp++] = point.word;
  else {
    act.boundaries.push({ inst, pc: point.word, fp });
    act.stack.calls[act.csp++] = -1;
  }
  return fp + inst.code.words[point.word - 1];
}

/** Constants that `enter_consts` keeps in the frame are no part of its canonical form. */
function putConstants(s: FrameStack, words: Int32Array, entry: number, fp: number): void {
  if (words[entry] !== ENTER_CONSTS) return;
  for (let k = 0; k < words[entry + 4]; k++) s.I[fp + words[entry + 3] + k] = words[entry + 5 + k];
}

function safepointOf(map: FuncMap, offset: number, isInnermost: boolean): Safepoint | undefined {
  const here = map.safepoints.filter((p) => p.offset === offset && (p.kind === "return") !== isInnermost);
  return here.find((p) => p.kind !== "call") ?? here[0];
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
