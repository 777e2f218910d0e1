/** Values between JavaScript and frame slots. Spec: js-api (ToWebAssemblyValue), without its coercions of objects. */

import type { Blocked, HostResult } from "../blocked.ts";
import { WasmError } from "../errors.ts";
import { isOfType } from "../runtime/gc.ts";
import { readV128, type Val, writeV128 } from "../runtime/value.ts";
import { EXTERNREF, F32, F64, type FuncType, I32, I64, printValType, V128, type ValType } from "../types.ts";
import { wordsOf } from "./operands.ts";
import type { FrameStack } from "./stack.ts";

/** What holds slots: a frame stack, or the values of an exception. */
export type Slots = Pick<FrameStack, "I" | "F32" | "F64" | "B" | "refs">;

/** Slots over `words`, of a whole number of slots and at the start of its buffer. */
export function slotsOf(words: Int32Array, refs: readonly Val[]): Slots {
  const { buffer } = words;
  return {
    I: words,
    F32: new Float32Array(buffer),
    F64: new Float64Array(buffer),
    B: new BigInt64Array(buffer),
    refs: refs as Val[],
  };
}

/** The values of `types` in the slots from word `at` on. */
export function readSlots(s: Slots, at: number, types: readonly ValType[]): Val[] {
  return types.map((t) => {
    const v = readSlot(s, at, t);
    at += wordsOf(t);
    return v;
  });
}

/** The value of type `t` in the slot at word `at`. */
export function readSlot(s: Slots, at: number, t: ValType): Val {
  switch (t) {
    case I32:
      return s.I[at];
    case I64:
      return s.B[at >> 1];
    case F32:
      return s.F32[at];
    case F64:
      return s.F64[at >> 1];
    case V128:
      return readV128(s.B, at >> 1);
    default:
      return s.refs[at >> 1] ?? null;
  }
}

/** Writes `v` as a value of type `t`: numbers wrap, a bigint is taken modulo 2^64, or 2^128. @throws TypeError on a misfit */
export function writeSlot(s: Slots, at: number, t: ValType, v: Val): void {
  if (t === I32) s.I[at] = Number(v);
  else if (t === I64) s.B[at >> 1] = BigInt(v as bigint);
  else if (t === F32) s.F32[at] = Number(v);
  else if (t === F64) s.F64[at >> 1] = Number(v);
  else if (t === V128) writeV128(s.B, at >> 1, BigInt(v as bigint));
  else s.refs[at >> 1] = toRef(v === undefined ? null : v, t);
}

/** `v` as a reference of type `t`. @throws TypeError on a misfit */
function toRef(v: Val, t: ValType): Val {
  if (t !== EXTERNREF && !isOfType(v, t)) throw new TypeError(`${typeof v} is not a value of type ${printValType(t)}`);
  return v;
}

/** The results of a host function as a list of the right length. @throws WasmError trap when it is not */
export function resultVals(type: FuncType, result: Exclude<HostResult, Blocked>): readonly Val[] {
  const { results } = type;
  if (results.length === 0) return [];
  if (results.length === 1) return [result as Val];
  if (!Array.isArray(result) || result.length !== results.length) {
    throw new WasmError(
      "trap",
      "WT4014",
      `host function must return ${results.map(printValType).join(" ")} as an array`,
    );
  }
  return result as readonly Val[];
}
