/**
 * Loads and stores: methods of the memory's DataView at `(address >>> 0) + offset`, whose RangeError is the trap. A
 * store of two words checks the upper one first, so that one that is partly outside writes nothing. A shared memory may
 * have been grown by another thread: what is outside the view is looked for in a new one (`MemInst.over`).
 */
import { Memarg, readMemarg } from "../binary/imms.ts";
import type { InstrDef, MemAccess } from "../instrs.ts";
import { F32, F64, I32, I64 } from "../types.ts";
import type { FunctionText } from "./function-text.ts";
import { expression, LOAD, literal, type Operand, type Part, TRAP, ZERO } from "./operand.ts";
import { atomise, atomOf, popOperands } from "./templates.ts";

const memarg = new Memarg();

interface Access {
  /** The variable that holds the memory. */
  readonly memory: string;
  readonly isShared: boolean;
  readonly offset: number;
}

/** Reads the immediates. */
export function readAccess(f: FunctionText): Access {
  readMemarg(f.reader, memarg);
  const { memIdx, offset } = memarg;
  return { memory: f.env.memory(memIdx), isShared: f.module.memTypes[memIdx].isShared, offset };
}

/** The view for an access of `bits` at `at`. */
const view = (f: FunctionText, { memory, isShared }: Access, at: string, bits: number): string =>
  isShared ? `${memory}.over(${at},${bits >> 3})` : f.views.of(memory, "dv");

/** The address on top, which is written twice in an access of a shared memory. */
export const popAddress = (f: FunctionText, { isShared }: Access): Operand =>
  isShared ? atomise(f, popOperands(f, 1), [2, 2])[0] : f.pop();

/** The effective address of the operand `a`, `more` bytes on: a number, exact below 2^53 and out of bounds above. */
export function address(a: Operand, offset: number): Part {
  const high = a.hi === undefined || a.hi.value === 0 ? "" : `(${a.hi.inner}>>>0)*4294967296+`;
  if (a.lo.value !== undefined && high === "") return literal((a.lo.value >>> 0) + offset);
  const low = `${a.lo.inner}>>>0`;
  const text = offset === 0 && high === "" ? low : `${high}(${low})${offset === 0 ? "" : `+${offset}`}`;
  return expression(text, ...(a.hi === undefined || high === "" ? [a.lo] : [a.lo, a.hi]));
}

const narrow = { 8: "Int8", 16: "Int16", 32: "Int32", 64: "Int32", 128: "" } as const;

function getter({ bits, sign }: MemAccess): string {
  const name = narrow[bits];
  return bits < 32 && sign === "u" ? name.replace("I", "Ui") : name;
}

const load = (f: FunctionText, from: Access, access: MemAccess, at: string): string =>
  `${view(f, from, at, Math.min(access.bits, 32))}.get${getter(access)}(${at}${access.bits > 8 ? ",true" : ""})`;

/** A word of a memory that is not shared. */
export const wordAt = (f: FunctionText, { memory }: Access, at: string): string =>
  `${f.views.of(memory, "dv")}.getInt32(${at},true)`;

/** The low word of what `access` loads, from a memory that is not shared. */
export const loadWord = (f: FunctionText, from: Access, access: MemAccess, at: string): string =>
  access.bits === 64 ? `${f.views.of(from.memory, "dw")}.getInt32(${at},true)` : load(f, from, access, at);

export function loadRule(f: FunctionText, { access }: InstrDef): void {
  const { val, bits, sign } = access as MemAccess;
  const from = readAccess(f);
  const { offset } = from;
  let a = popAddress(f, from);
  const effects = a.effects | LOAD;
  if (val === "f32" || val === "f64") {
    const at = address(a, offset);
    const size = val === "f32" ? "F32" : "F64";
    const coded = (): string => `${f.env.helper(`load${size}`)}(${view(f, from, at.text, bits)},${at.text})`;
    const plain = `${view(f, from, at.text, bits)}.getFloat${bits}(${at.text},true)`;
    return f.pushBits(val === "f32" ? F32 : F64, plain, coded, effects, at);
  }
  if (val === "i32" || (val === "i64" && sign === "u")) {
    const at = address(a, offset);
    const lo = expression(load(f, from, access as MemAccess, at.text), at);
    return f.push(val === "i32" ? I32 : I64, lo, effects, val === "i64" ? ZERO : undefined);
  }
  f.pending.order(effects);
  if (bits === 64) {
    a = atomOf(f, a);
    const lo = f.pending.atom(expression(load(f, from, access as MemAccess, address(a, offset).text), a.lo));
    const hi = f.pending.atom(expression(load(f, from, access as MemAccess, address(a, offset + 4).text), a.lo));
    return f.push(I64, lo, 0, hi);
  }
  const at = address(a, offset);
  const lo = f.pending.atom(expression(load(f, from, access as MemAccess, at.text), at));
  f.push(I64, lo, 0, expression(`${lo.text}>>31`, lo));
}

export function storeRule(f: FunctionText, { access }: InstrDef): void {
  const { val, bits } = access as MemAccess;
  const to = readAccess(f);
  const { offset } = to;
  let v = f.pop();
  let a = popAddress(f, to);
  f.pending.flush(LOAD | TRAP);
  if (val === "f32" || val === "f64") {
    const at = address(a, offset).text;
    if (!f.observe(v)) return void f.out.line(`${view(f, to, at, bits)}.setFloat${bits}(${at},${v.lo.text},true);`);
    return void f.out.line(
      `${f.env.helper(val === "f32" ? "storeF32" : "storeF64")}(${view(f, to, at, bits)},${at},${v.lo.text});`,
    );
  }
  if (bits !== 64) {
    const at = address(a, offset).text;
    return void f.out.line(
      `${view(f, to, at, bits)}.set${narrow[bits]}(${at},${v.lo.text}${bits > 8 ? ",true" : ""});`,
    );
  }
  a = atomOf(f, a);
  if (v.effects !== 0) v = atomOf(f, v);
  const hi = v.hi as Part;
  const [upper, lower] = [address(a, offset + 4).text, address(a, offset).text];
  f.out.line(`${view(f, to, upper, 32)}.setInt32(${upper},${hi.text},true);`);
  f.out.line(`${view(f, to, lower, 32)}.setInt32(${lower},${v.lo.text},true);`);
}

/** An i64.store of the constant on top, which as an f64 is `text`. */
export function storeNumber(f: FunctionText, text: string): void {
  const to = readAccess(f);
  f.pop();
  const a = popAddress(f, to);
  f.pending.flush(LOAD | TRAP);
  const at = address(a, to.offset).text;
  f.out.line(`${view(f, to, at, 64)}.setFloat64(${at},${text},true);`);
}

/** An i64.load as one BigInt: its text, what is read for it, and effects of the address. */
export function loadBig(f: FunctionText): readonly [text: string, at: Part, effects: number] {
  const from = readAccess(f);
  const a = popAddress(f, from);
  const at = address(a, from.offset);
  return [`${view(f, from, at.text, 64)}.getBigInt64(${at.text},true)`, at, a.effects];
}

/** An i64.store of the BigInt that `text` makes of the operand. */
export function storeBig(f: FunctionText, text: (v: Operand) => string): void {
  const from = readAccess(f);
  const v = f.pending.pop(true);
  const a = popAddress(f, from);
  f.pending.flush(LOAD | TRAP);
  const at = address(a, from.offset).text;
  f.out.line(`${view(f, from, at, 64)}.setBigInt64(${at},${text(v)},true);`);
}
