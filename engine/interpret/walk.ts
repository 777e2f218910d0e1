/**
 * Walks the frames of an activation and says where each is in its module. Flat code keeps no map back to the bytes: the
 * functions on the stack are lowered once more with a recorder, which costs nothing until somebody asks.
 */
import type { BacktraceFrame, WasmError } from "../errors.ts";
import type { FlatCode } from "../runtime/flat-code.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { ValType } from "../types.ts";
import type { Activation } from "./activation.ts";
import { lower } from "./lower.ts";
import type { Recorder, SafepointKind } from "./lowering.ts";

/** A frame by its registers; `pc` is a word of flat code. */
export interface RawFrame {
  readonly inst: ModuleInst;
  readonly func: number;
  readonly pc: number;
  readonly fp: number;
}

/** The frames of `act`, innermost first; at most `max`. */
export function walk(act: Activation, max = Infinity): RawFrame[] {
  const frames: RawFrame[] = [];
  act.leaveStub();
  let { inst, pc, fp, csp } = act;
  let boundary = act.boundaries.length;
  for (;;) {
    frames.push({ inst, func: inst.code.funcAt(pc), pc, fp });
    if (frames.length >= max) return frames;
    const back = act.stack.calls[--csp];
    if (back >= 0) {
      fp -= inst.code.words[back - 1];
      pc = back;
      continue;
    }
    const b = act.boundaries[--boundary];
    if (b === undefined || b.inst === null) return frames;
    ({ pc, fp } = b);
    inst = b.inst;
  }
}

export interface Safepoint {
  readonly kind: SafepointKind;
  readonly word: number;
  /** Absolute byte offset of the next instruction. */
  readonly offset: number;
  /** Of the operands, in terms of the module. */
  readonly types: readonly ValType[];
  /** Of what the call before a "return" brings. */
  readonly results: readonly ValType[];
}

/** What lowering one function records. */
export interface FuncMap {
  readonly localTypes: readonly ValType[];
  readonly localOffs: Int32Array;
  /** Frame offset of the first operand. */
  readonly operands: number;
  readonly safepoints: readonly Safepoint[];
  /** Words and offsets of instructions, ascending. */
  readonly words: readonly number[];
  readonly offsets: readonly number[];
  /** Fuel executed and not counted, after each instruction. */
  readonly pending: readonly number[];
}

/** Most functions of a module whose maps are kept. Bench: metering (suspend, capture and resume ten frames). */
const KEPT = 64;
const maps = new WeakMap<FlatCode, Map<number, FuncMap>>();

/** The map of function `func` of `inst`, which has been lowered. @cost O(body), unless it is among the last few */
export function mapOf(inst: ModuleInst, func: number): FuncMap {
  const kept = maps.get(inst.code) ?? new Map<number, FuncMap>();
  maps.set(inst.code, kept);
  const map = kept.get(func) ?? recordMap(inst, func);
  kept.delete(func);
  kept.set(func, map);
  if (kept.size > KEPT) kept.delete(kept.keys().next().value as number);
  return map;
}

/** Lowers the function again and records. */
function recordMap(inst: ModuleInst, func: number): FuncMap {
  const safepoints: Safepoint[] = [];
  const words: number[] = [];
  const offsets: number[] = [];
  const pending: number[] = [];
  let localTypes: readonly ValType[] = [];
  let localOffs: Int32Array = new Int32Array(0);
  let operands = 0;
  const recorder: Recorder = {
    instr: (word, offset, cost) => {
      words.push(word);
      offsets.push(offset);
      pending.push(cost);
    },
    safepoint: (kind, word, offset, types, results) => void safepoints.push({ kind, word, offset, types, results }),
    layout: (types, offs, base) => {
      localTypes = types;
      localOffs = offs;
      operands = base;
    },
  };
  const { module, code } = inst;
  lower(module, module.funcs[func - module.importedFuncs], code.entries[func], code.hasCanonicalNans, recorder);
  return { localTypes, localOffs, operands, safepoints, words, offsets, pending };
}

/** Fuel of what was executed at the innermost frame and is not counted yet, the instruction at `pc` included. @cost O(body) */
export function pendingAt({ inst, pc }: Activation): number {
  const { words, pending } = mapOf(inst, inst.code.funcAt(pc));
  return (words[0] ?? pc) > pc ? 0 : (pending[indexOf(words, pc)] ?? 0);
}

/** The instruction that word `pc` belongs to. */
function indexOf(words: readonly number[], pc: number): number {
  let i = words.length - 1;
  while (i > 0 && words[i] > pc) i--;
  return i;
}

/** Most frames in a backtrace. */
export const TRACE_FRAMES = 32;

/** The backtrace of `act` as it is now, worked out when called. */
export function tracer(act: Activation): () => readonly BacktraceFrame[] {
  const raw = walk(act, TRACE_FRAMES);
  return () => raw.map((f, i) => describe(f, i === 0));
}

/** Gives `error` the backtrace of `act`. */
export const traceOf = (act: Activation, error: WasmError): void => error.setBacktrace(tracer(act));

function describe(f: RawFrame, isInnermost: boolean): BacktraceFrame {
  const { words, offsets } = mapOf(f.inst, f.func);
  // A caller's pc is after its call: the instruction that contains the word before.
  const pc = isInnermost ? f.pc : f.pc - 1;
  const { module } = f.inst;
  const offset = offsets[indexOf(words, pc)] ?? module.funcs[0].body.start;
  return { func: f.func, name: module.names.funcs.get(f.func), offset };
}

/** Fuel of what was executed in function `func` up to the instruction at `offset`, itself included, and is not counted there. */
export function pendingBefore(inst: ModuleInst, func: number, offset: number): number {
  const { offsets, pending } = mapOf(inst, func);
  return pending[offsets.indexOf(offset)] ?? 0;
}
