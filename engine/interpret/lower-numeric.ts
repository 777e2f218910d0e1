/** Lowering of instructions with a plain type: constants, arithmetic, comparisons, conversions. */
import { readWords } from "../binary/imms.ts";
import type { InstrDef, Mnemonic, NumType } from "../instrs.ts";
import { F32, F64, I32, I64, V128, type ValType } from "../types.ts";
import { hasImmediate, negate } from "./emitter.ts";
import { type Lowering, numTypes } from "./lowering.ts";
import { CONST, isWord, SUM } from "./operands.ts";
import { hasOp, isCompare, op } from "./ops.ts";

type Plain = readonly [readonly NumType[], readonly NumType[]];

export function lowerPlain(l: Lowering, m: Mnemonic, d: InstrDef): void {
  const [params, results] = d.type as Plain;
  if (params.length === 0) return lowerConstant(l, m);
  if (m === "i32.eqz") return lowerEqz(l);
  if (results.length > 1) return lowerMany(l, m, params, results);
  const type = numTypes[results[0]];
  if (params.length === 1) {
    if (isSameWords(d)) return rename(l, type);
    const x = l.popPlace();
    if (isCompare(m)) return emitResult(l, type, (to) => l.out.compare(to, { m, x, y: 0, isImm: false }));
    return emitResult(l, type, (to) => l.out.result(op(m), to, x, 0));
  }
  lowerBinary(l, m, d, params[0]);
}

/** The result's words are the operand's: reinterpretations, and i32.wrap_i64. */
const isSameWords = ({ words }: InstrDef): boolean =>
  words === "$0" || words === "$0l" || (Array.isArray(words) && words[0] === "$0l" && words[1] === "$0h");

/** The topmost operand becomes one of `type` where it is; no code. */
function rename({ stack }: Lowering, type: ValType): void {
  const h = stack.pop();
  if (stack.kinds[h] === SUM) stack.place(h);
  const { kinds, vals, his } = stack;
  stack.push(kinds[h], type, vals[h], isWord(type) ? 0 : his[h]);
}

/** Several results, in slots that follow each other. */
function lowerMany(l: Lowering, m: Mnemonic, params: readonly NumType[], results: readonly NumType[]): void {
  const places = params.map(() => l.popPlace()).reverse();
  l.out.emit(op(m), l.stack.top, ...places);
  for (const t of results) l.pushTemp(numTypes[t]);
}

function emitResult(l: Lowering, type: number, emit: (to: number) => void): void {
  emit(l.stack.top);
  l.pushTemp(type);
}

function lowerConstant(l: Lowering, m: Mnemonic): void {
  const { reader, stack } = l;
  if (m === "i32.const") stack.push(CONST, I32, reader.s32());
  else if (m === "f32.const") stack.push(CONST, F32, reader.f32Bits());
  else if (m === "i64.const") {
    const lo = reader.s64();
    stack.push(CONST, I64, lo, reader.hi);
  } else if (m === "f64.const") {
    const lo = reader.f64Bits();
    stack.push(CONST, F64, lo, reader.hi);
  } else if (m === "v128.const") stack.push(CONST, V128, l.out.vectors.push(readWords(reader)) - 1);
}

/** A negated comparison when one is at hand, else a comparison with 0. */
function lowerEqz(l: Lowering): void {
  const h = l.stack.pop();
  const place = l.stack.place(h);
  const compare = l.out.takeCompare(place);
  const not = compare && negate(compare);
  if (compare !== undefined && not === undefined) l.out.compare(place, compare);
  emitResult(l, I32, (to) => l.out.compare(to, not ?? { m: "i32.eq", x: place, y: 0, isImm: true }));
}

function lowerBinary(l: Lowering, m: Mnemonic, d: InstrDef, operand: NumType): void {
  const { stack } = l;
  let y = stack.pop();
  let x = stack.pop();
  if (operand === "i32" && stack.kinds[x] === CONST && stack.kinds[y] !== CONST && d.alg?.flip !== undefined) {
    [x, y] = [y, x];
    m = d.alg.flip as Mnemonic;
  }
  if (operand === "i32" && stack.kinds[y] === CONST && lowerImmediate(l, m, x, stack.vals[y])) return;
  const type = numTypes[(d.type as Plain)[1][0]];
  if (operand === "i64" && stack.kinds[y] === CONST && hasOp(`${m}:i`)) {
    const at = stack.place(x);
    return emitResult(l, I64, (to) => l.out.result(op(`${m}:i`), to, at, stack.vals[y]));
  }
  const xAt = stack.place(x);
  const yAt = stack.place(y);
  if (d.alg?.flip !== undefined && isCompare(m)) {
    return emitResult(l, type, (to) => l.out.compare(to, { m, x: xAt, y: yAt, isImm: false }));
  }
  if (m === "i32.add" && fuseAdd(l, xAt, yAt)) return;
  emitResult(l, type, (to) => l.out.result(op(m), to, xAt, yAt));
}

/** The form with an immediate second operand; false if there is none. */
function lowerImmediate(l: Lowering, m: Mnemonic, x: number, imm: number): boolean {
  const { stack, out } = l;
  if (isCompare(m)) {
    if (!hasImmediate(m)) return false;
    const at = stack.place(x);
    emitResult(l, I32, (to) => out.compare(to, { m, x: at, y: imm, isImm: true }));
    return true;
  }
  if (m === "i32.add") {
    pushSum(l, x, imm);
    return true;
  }
  if (m === "i32.sub") return lowerImmediate(l, "i32.add", x, -imm | 0);
  if (!hasOp(`${m}:i`)) return false;
  const at = stack.place(x);
  emitResult(l, I32, (to) => out.result(op(`${m}:i`), to, at, imm));
  return true;
}

/**
 * A sum with a constant is only described: a load, a store or another sum may absorb it. Not when it is of a second
 * operand in a slot (`c + x`): that slot is the next operand's.
 */
function pushSum(l: Lowering, x: number, imm: number): void {
  const { stack, out } = l;
  const isSum = stack.kinds[x] === SUM;
  const place = isSum ? stack.vals[x] : stack.place(x);
  const sum = isSum ? (stack.his[x] + imm) | 0 : imm;
  if (place > stack.top) emitResult(l, I32, (to) => out.sum(to, place, sum));
  else stack.push(SUM, I32, place, sum);
}

const SHL_IMM = op("i32.shl:i");

/** `a + (b << n)` is one operation. Bench: loop kernels that index arrays. */
function fuseAdd(l: Lowering, x: number, y: number): boolean {
  return x !== y && (fuseShifted(l, x, y) || fuseShifted(l, y, x));
}

function fuseShifted(l: Lowering, plain: number, shifted: number): boolean {
  const { out, stack } = l;
  const last = out.lastTo(shifted);
  if (last?.[0] !== SHL_IMM || shifted < stack.top) return false;
  out.undo();
  emitResult(l, I32, (to) => out.result(op("i32.add_shl"), to, plain, last[2], last[3]));
  return true;
}
