/**
 * Lowering of instructions with lanes. Each is one operation; `v128.const` is a constant like others
 * (`lower-numeric.ts`), and moves of vectors are chosen by type (`emitter.ts`).
 */
import { readWords } from "../binary/imms.ts";
import type { InstrDef, Mnemonic } from "../instrs.ts";
import type { OpType } from "../instrs-simd.ts";
import { V128 } from "../types.ts";
import { readMemArg } from "./lower-memory.ts";
import { type Lowering, numTypes } from "./lowering.ts";
import { op } from "./ops.ts";

export function lowerVector(l: Lowering, m: Mnemonic, d: InstrDef): void {
  if (d.access !== undefined) lowerAccess(l, m, d);
  else lowerLanes(l, m, d);
}

/** Places of operands, and 0 for missing ones; then the lane or lanes. */
function lowerLanes(l: Lowering, m: Mnemonic, d: InstrDef): void {
  const [params, results] = d.type as readonly [readonly OpType[], readonly OpType[]];
  const imms = readLanes(l, d);
  const places: number[] = [];
  for (let i = 0; i < params.length; i++) places.unshift(l.popPlace());
  while (places.length < 2) places.push(0);
  l.out.result(op(m), l.stack.top, ...places, ...imms);
  l.pushTemp(numTypes[results[0]]);
}

function readLanes({ reader }: Lowering, { imms }: InstrDef): readonly number[] {
  if (imms.includes("laneidx16")) return readWords(reader);
  return imms.includes("laneidx") ? [reader.u8()] : [];
}

/** Near: memory 0 with 32-bit addresses and an offset below 2^31. */
function lowerAccess(l: Lowering, m: Mnemonic, d: InstrDef): void {
  const { mem, offset } = readMemArg(l);
  const [lane = 0] = readLanes(l, d);
  const isLoad = d.type === "load" || d.type === "load_lane";
  const value = d.type === "load" ? 0 : l.popPlace();
  const address = l.popPlace();
  const to = isLoad ? l.stack.top : 0;
  const isNear = mem === 0 && offset < 2 ** 31 && l.module.memTypes[0].addr === "i32";
  const words = isNear
    ? [op(m), to, address, value, offset, lane]
    : [op("vector_far"), to, address, value, lane, offset | 0, Math.floor(offset / 2 ** 32), mem, op(m)];
  if (!isLoad) return l.out.emit(...words);
  l.out.result(...words);
  l.pushTemp(V128);
}
