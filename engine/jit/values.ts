/** Values between generated code, frame slots and JavaScript, by type. Not for hot paths: those are generated. */
import type { Val } from "../runtime/value.ts";
import type { FrameSlots } from "../tier.ts";
import { F32, F64, I32, I64, isRef, type ValType } from "../types.ts";
import { bitsOfF32, f32FromBits, f64FromWords, putF64, uncoded } from "./nan.ts";
import { results } from "./results.ts";
import { high } from "./wide.ts";

/** Writes the arguments of a generated call into the slots from word 0 on. */
export function putArguments(s: FrameSlots, types: readonly ValType[], args: readonly Val[]): void {
  let k = 0;
  types.forEach((t, i) => {
    const v = args[k++];
    if (t === I32) s.I[2 * i] = v as number;
    else if (t === F32) s.I[2 * i] = bitsOfF32(v as number);
    else if (t === F64) putF64(s.I, 2 * i, v as number);
    else if (t === I64) {
      s.I[2 * i] = v as number;
      s.I[2 * i + 1] = args[k++] as number;
    } else s.refs[i] = v;
  });
}

/** Gives the results in the slots from word 0 on as a generated function does. */
export function takeResults(s: FrameSlots, types: readonly ValType[]): Val {
  if (types.length === 0) return undefined;
  if (types.length > 1) {
    if (s === results) return undefined;
    for (let k = 0; k < types.length; k++) {
      results.I[2 * k] = s.I[2 * k];
      results.I[2 * k + 1] = s.I[2 * k + 1];
      results.refs[k] = s.refs[k] ?? null;
    }
    return undefined;
  }
  const t = types[0];
  if (t === I32) return s.I[0];
  if (t === F32) return f32FromBits(s.I[0]);
  if (t === F64) return f64FromWords(s.I[0], s.I[1]);
  if (t === I64) {
    high[0] = s.I[1];
    return s.I[0];
  }
  return s.refs[0] ?? null;
}

const big = new BigInt64Array(1);
const bigHalves = new Int32Array(big.buffer);
const [lowHalf, highHalf] = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1] : [1, 0];

/** An i64 of its two words. By way of memory: of shifts and ors each makes an object of its own. (bench wasi, open) */
export function bigOf(low: number, high: number): bigint {
  bigHalves[lowHalf] = low;
  bigHalves[highHalf] = high;
  return big[0];
}

/** The arguments of a generated call as the host gets them; what comes after those in `args` is not among them. */
export function hostArguments(types: readonly ValType[], args: readonly Val[]): Val[] {
  const given = new Array<Val>(types.length);
  let k = 0;
  for (let i = 0; i < types.length; i++) {
    const t = types[i];
    const v = args[k++];
    if (t === I64) given[i] = bigOf(v as number, args[k++] as number);
    else given[i] = t === F32 || t === F64 ? uncoded(v as number) : v;
  }
  return given;
}

/** What a local is before it is set. */
export const zeroOf = (t: ValType): string => (isRef(t) ? "null" : "0");

/** Words of generated arguments of these types. */
export const argumentCount = (types: readonly ValType[]): number => types.reduce((n, t) => n + (t === I64 ? 2 : 1), 0);
