/** Plain instructions that their templates do not say: constants, divisions, shifts by a constant, bits of floats. */
import type { Mnemonic } from "../instrs.ts";
import { F32, F64, I32, I64, type ValType } from "../types.ts";
import type { FunctionText } from "./function-text.ts";
import { expression, fixed, LOAD, literal, type Operand, type Part, TRAP, ZERO } from "./operand.ts";
import { atomise, atomOf, popOperands } from "./templates.ts";

type Rule = (f: FunctionText) => void;

/* Constants */

const floats = new DataView(new ArrayBuffer(8));

function constant(f: FunctionText, type: ValType, bits: 32 | 64, low: number, high: number): void {
  floats.setInt32(0, low, true);
  floats.setInt32(4, high, true);
  const v = bits === 32 ? floats.getFloat32(0, true) : floats.getFloat64(0, true);
  const part = Number.isNaN(v) ? fixed(f.env.nan(bits, low, high)) : fixed(numberText(v));
  // A NaN is made as a coded value; any other constant is the same coded or not.
  const node = f.floats.node(Number.isNaN(v));
  f.pending.push(f.operand(type, part, node));
}

/** The f64 of these bits as text; undefined: a NaN. */
export function f64OfWords(low: number, high: number): string | undefined {
  floats.setInt32(0, low, true);
  floats.setInt32(4, high, true);
  const v = floats.getFloat64(0, true);
  return Number.isNaN(v) ? undefined : numberText(v);
}

function numberText(v: number): string {
  if (!Number.isFinite(v)) return v > 0 ? "(1/0)" : "(-1/0)";
  return v < 0 || Object.is(v, -0) ? `(${Object.is(v, -0) ? "-0" : v})` : String(v);
}

/* Division */

const isConstantDivisor = (y: Operand): boolean => y.lo.value !== undefined && y.lo.value !== 0 && y.lo.value !== -1;

/** `divide` is the expression for checked operands. */
export function divide(f: FunctionText, isSigned: boolean, isRest: boolean): void {
  const [x, y] = popOperands(f, 2);
  const sign = isSigned ? "" : ">>>0";
  const text = (a: Part, b: Part): string =>
    isSigned
      ? `${a.inner}${isRest ? "%" : "/"}${b.inner}|0`
      : `(${a.inner}${sign})${isRest ? "%" : "/"}(${b.inner}${sign})|0`;
  if (isConstantDivisor(y)) return f.push(I32, expression(text(x.lo, y.lo), x.lo), x.effects);
  const [a, b] = atomise(f, [x, y], [2, 0, 2, 0]);
  const zero = `${b.lo.text}===0?${f.env.helper("divisionByZero")}():`;
  const isOverflowing = isSigned && !isRest;
  const overflow = isOverflowing
    ? `${b.lo.text}===-1&&${a.lo.text}===-2147483648?${f.env.helper("divisionOverflow")}():`
    : "";
  f.push(I32, expression(`${zero}${overflow}${text(a.lo, b.lo)}`, a.lo, b.lo), a.effects | b.effects | TRAP);
}

/** A call of a helper that gives an i64, or traps, or both: it is made now. */
function callWide(f: FunctionText, helper: string, operands: number): void {
  const list = popOperands(f, operands);
  f.pending.flush(LOAD | TRAP);
  f.pushCall(I64, `${f.env.helper(helper)}(${list.flatMap((o) => (o.hi ? [o.lo.text, o.hi.text] : [o.lo.text]))})`);
}

/* Shifts of i64 by a constant: the templates' conditions are known */

interface Shift {
  /** Words for a count of 1 to 31. */
  readonly near: (l: string, h: string, n: number) => readonly [lo: string, hi: string];
  /** Words for a count of 32 to 63, less 32. */
  readonly far: (l: string, h: string, n: number) => readonly [lo: string, hi: string];
}

const left = (x: string, n: number): string => (n === 0 ? x : `${x}<<${n}`);
const right = (x: string, n: number): string => (n === 0 ? x : `${x}>>>${n}`);
const both = (a: string, n: number, b: string): string => (n === 0 ? a : `${a}<<${n}|${b}>>>${32 - n}`);

const shifts: Readonly<Record<string, Shift>> = {
  "i64.shl": { near: (l, h, n) => [left(l, n), both(h, n, l)], far: (l, _, n) => ["0", left(l, n)] },
  "i64.shr_u": {
    near: (l, h, n) => [`${l}>>>${n}|${h}<<${32 - n}`, `${h}>>>${n}|0`],
    far: (_, h, n) => [n === 0 ? h : `${right(h, n)}|0`, "0"],
  },
  "i64.shr_s": {
    near: (l, h, n) => [`${l}>>>${n}|${h}<<${32 - n}`, `${h}>>${n}`],
    far: (_, h, n) => [n === 0 ? h : `${h}>>${n}`, `${h}>>31`],
  },
  "i64.rotl": { near: (l, h, n) => [both(l, n, h), both(h, n, l)], far: (l, h, n) => [both(h, n, l), both(l, n, h)] },
};

/** False when the count is not a constant. */
export function shiftByConstant(f: FunctionText, m: Mnemonic): boolean {
  const count = f.pending.list[f.pending.height - 1].lo.value;
  const name = m === "i64.rotr" ? "i64.rotl" : m;
  if (count === undefined || shifts[name] === undefined) return false;
  const n = m === "i64.rotr" ? -count & 63 : count & 63;
  const [x] = popOperands(f, 2);
  if (n === 0) {
    f.pending.push(x);
    return true;
  }
  const isFar = n >= 32;
  f.pending.order(x.effects);
  const a = atomOf(f, x);
  const l = a.lo.text;
  const h = (a.hi as Part).text;
  const [lo, hi] = isFar ? shifts[name].far(l, h, n - 32) : shifts[name].near(l, h, n);
  f.push(I64, partOf(lo, a), 0, partOf(hi, a));
  return true;
}

/** The text of a word made of the words of `x`, with just the variables in it. */
function partOf(text: string, x: Operand): Part {
  if (text === "0") return ZERO;
  const parts = [x.lo, x.hi as Part];
  const same = parts.find((p) => p.text === text);
  return same ?? expression(text, ...parts.filter((p) => p.vars.length > 0 && text.includes(p.text)));
}

/* Bits of floats */

/** The result is a value whose bits follow from those of the operand: neg and abs. */
const signOperation =
  (type: ValType, plain: (x: Part) => string, exact: "neg" | "abs"): Rule =>
  (f) => {
    const x = f.pop();
    const isCoded = type === F64 && !x.isArithmetic && f.floats.isCoded(x.node);
    const helper = isCoded ? `${exact}F64` : exact;
    const text = f.floats.isObserved(x.node) ? `${f.env.helper(helper)}(${x.lo.text})` : plain(x.lo);
    f.pending.push(f.operand(type, expression(text, x.lo), x.node, x.effects, x.isArithmetic));
  };

const copysign =
  (type: ValType, helper: string): Rule =>
  (f) => {
    const [x, y] = popOperands(f, 2);
    for (const o of [x, y]) f.floats.observe(o.node);
    const text = `${f.env.helper(helper)}(${f.codedText(x)},${f.codedText(y)})`;
    f.pushCoded(type, expression(text, x.lo, y.lo), x.effects | y.effects);
  };

function bitsOfF32(f: FunctionText): void {
  const x = f.pop();
  f.push(I32, expression(`${f.env.helper("bitsOfF32")}(${f.codedText(x)})`, x.lo), x.effects);
}

function bitsOfF64(f: FunctionText): void {
  const x = f.pop();
  f.pending.order(x.effects);
  const text = f.codedText(x);
  const a = f.pending.atom(x.lo.text === text ? x.lo : expression(text, x.lo));
  const word = (helper: string): Part => expression(`${f.env.helper(helper)}(${a.text})`, a);
  f.push(I64, word("lowOfF64"), 0, word("highOfF64"));
}

/** i64 to f64: one rounding. */
const convert =
  (isSigned: boolean): Rule =>
  (f) => {
    const x = f.pop();
    const hi = x.hi as Part;
    const h = isSigned ? hi.inner : `(${hi.inner}>>>0)`;
    f.pushNumber(F64, expression(`${h}*4294967296+(${x.lo.inner}>>>0)`, hi, x.lo), x.effects);
  };

/** i64 to f32. */
const convertNarrow =
  (helper: string): Rule =>
  (f) => {
    const x = f.pop();
    const hi = x.hi as Part;
    f.pushNumber(F32, expression(`${f.env.helper(helper)}(${x.lo.text},${hi.text})`, x.lo, hi), x.effects);
  };

/** A template that traps: only the effect is added. */
const trapping =
  (helper: string): Rule =>
  (f) => {
    const x = f.pop();
    f.push(I32, expression(`${f.env.helper(helper)}(${x.lo.text})`, x.lo), x.effects | TRAP);
  };

export const numericRules: Partial<Record<Mnemonic, Rule>> = {
  nop: () => {},
  "i32.const": (f) => f.push(I32, literal(f.reader.s32())),
  "i64.const": (f) => {
    const low = f.reader.s64();
    f.push(I64, literal(low), 0, literal(f.reader.hi));
  },
  "f32.const": (f) => constant(f, F32, 32, f.reader.f32Bits(), 0),
  "f64.const": (f) => {
    const low = f.reader.f64Bits();
    constant(f, F64, 64, low, f.reader.hi);
  },
  "i32.div_s": (f) => divide(f, true, false),
  "i32.div_u": (f) => divide(f, false, false),
  "i32.rem_s": (f) => divide(f, true, true),
  "i32.rem_u": (f) => divide(f, false, true),
  "i64.div_s": (f) => callWide(f, "divS", 2),
  "i64.div_u": (f) => callWide(f, "divU", 2),
  "i64.rem_s": (f) => callWide(f, "remS", 2),
  "i64.rem_u": (f) => callWide(f, "remU", 2),
  "i32.trunc_f32_s": trapping("i32_trunc_s"),
  "i32.trunc_f32_u": trapping("i32_trunc_u"),
  "i32.trunc_f64_s": trapping("i32_trunc_s"),
  "i32.trunc_f64_u": trapping("i32_trunc_u"),
  "i64.trunc_f32_s": (f) => callWide(f, "truncS", 1),
  "i64.trunc_f32_u": (f) => callWide(f, "truncU", 1),
  "i64.trunc_f64_s": (f) => callWide(f, "truncS", 1),
  "i64.trunc_f64_u": (f) => callWide(f, "truncU", 1),
  "i64.trunc_sat_f32_s": (f) => callWide(f, "truncSatS", 1),
  "i64.trunc_sat_f32_u": (f) => callWide(f, "truncSatU", 1),
  "i64.trunc_sat_f64_s": (f) => callWide(f, "truncSatS", 1),
  "i64.trunc_sat_f64_u": (f) => callWide(f, "truncSatU", 1),
  "f64.convert_i64_s": convert(true),
  "f64.convert_i64_u": convert(false),
  "f32.convert_i64_s": convertNarrow("f32FromS"),
  "f32.convert_i64_u": convertNarrow("f32FromU"),
  "f32.neg": signOperation(F32, (x) => `-${x.inner}`, "neg"),
  "f32.abs": signOperation(F32, (x) => `Math.abs(${x.text})`, "abs"),
  "f64.neg": signOperation(F64, (x) => `-${x.inner}`, "neg"),
  "f64.abs": signOperation(F64, (x) => `Math.abs(${x.text})`, "abs"),
  "f32.copysign": copysign(F32, "copysignF32"),
  "f64.copysign": copysign(F64, "copysignF64"),
  "i32.reinterpret_f32": bitsOfF32,
  "i64.reinterpret_f64": bitsOfF64,
  "f32.reinterpret_i32": (f) => {
    const x = f.pop();
    f.pushCoded(F32, expression(`${f.env.helper("f32FromBits")}(${x.lo.text})`, x.lo), x.effects);
  },
  "f64.reinterpret_i64": (f) => {
    const x = f.pop();
    const hi = x.hi as Part;
    f.pushCoded(F64, expression(`${f.env.helper("f64FromWords")}(${x.lo.text},${hi.text})`, x.lo, hi), x.effects);
  },
};
