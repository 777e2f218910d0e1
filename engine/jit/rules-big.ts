/**
 * Instructions on i64 as BigInt (`big-frame.ts`). Every step is wrapped in `BigInt.asIntN(64, ...)`, and no condition
 * chooses between two BigInts: so V8 keeps them in registers of 64 bits. What is not here works on words.
 * Bench: 64-bit kernels, on V8 13.6 and later.
 */
import { instrDef, type MemAccess, type Mnemonic } from "../instrs.ts";
import { I32, I64, type ValType } from "../types.ts";
import { bigOf } from "./big-frame.ts";
import type { FunctionText } from "./function-text.ts";
import { expression, LOAD, literal, Operand, Part, TRAP, ZERO } from "./operand.ts";
import { loadBig, storeBig } from "./rules-memory.ts";
import { popOperands } from "./templates.ts";

/** `words` is the rule for words. */
type Rule = (f: FunctionText, words: (f: FunctionText) => void) => void;

const wrap = (text: string): string => `BigInt.asIntN(64,${text})`;
const MIN = "-9223372036854775808n";

/** Pushes what is only a BigInt; its words are got by calls if somebody wants them all the same. */
export function pushBig(f: FunctionText, big: Part, effects: number): void {
  if (f.bigs !== undefined) f.bigs.saved += f.weight;
  const word = (name: string): Part => new Part(`${f.env.helper(name)}(${big.text})`, false, big.vars);
  f.pending.push(new Operand(I64, word("lowOfBig"), word("highOfBig"), effects, undefined, -1, false, -1, big));
}

/** Pushes what is as easily had as words. */
function pushBoth(f: FunctionText, lo: Part, hi: Part, big: Part, effects: number): void {
  f.pending.push(new Operand(I64, lo, hi, effects, undefined, -1, false, -1, big));
}

/** A binary operation: `text` of the operands in parentheses. */
const binary =
  (text: (a: string, b: string) => string): Rule =>
  (f) => {
    const [x, y] = popOperands(f, 2, true);
    const [a, b] = [bigOf(x), bigOf(y)];
    pushBig(f, expression(wrap(text(a.inner, b.inner)), a, b), x.effects | y.effects);
  };

const comparison =
  (text: (a: string, b: string) => string): Rule =>
  (f) => {
    const [x, y] = popOperands(f, 2, true);
    const [a, b] = [bigOf(x), bigOf(y)];
    const condition = text(a.inner, b.inner);
    f.push(I32, expression(`${condition}?1:0`, a, b), x.effects | y.effects, undefined, condition);
  };

/** V8 compares without sign only by way of what it compares with. */
const unsigned = (operator: string): Rule =>
  comparison((a, b) => `${wrap(`${a}^${MIN}`)}${operator}${wrap(`${b}^${MIN}`)}`);

type Shift = (x: string, n: number) => string;

const left: Shift = (x, n) => wrap(`${x}<<${n}n`);
const right: Shift = (x, n) => wrap(`BigInt.asUintN(64,${x})>>${n}n`);

const shifts: Readonly<Partial<Record<Mnemonic, Shift>>> = {
  "i64.shl": left,
  "i64.shr_u": right,
  "i64.shr_s": (x, n) => wrap(`${wrap(x)}>>${n}n`),
  "i64.rotl": (x, n) => wrap(`${left(x, n)}|${right(x, 64 - n)}`),
  "i64.rotr": (x, n) => wrap(`${right(x, n)}|${left(x, 64 - n)}`),
};

/** By a constant; else the words are shifted. */
const shift =
  (m: Mnemonic): Rule =>
  (f, words) => {
    const count = f.pending.list[f.pending.height - 1].lo.value;
    if (count === undefined) return words(f);
    const [x] = popOperands(f, 2, true);
    const n = count & 63;
    if (n === 0) return f.pending.push(x);
    let a = bigOf(x);
    if (/rot/.test(m) && !a.isAtom) {
      f.pending.order(x.effects);
      a = f.pending.atom(a);
      return pushBig(f, expression((shifts[m] as Shift)(a.text, n), a), 0);
    }
    pushBig(f, expression((shifts[m] as Shift)(a.inner, n), a), x.effects);
  };

/** Of atoms that are known not to trap. */
const division =
  (operator: string, isOverflowing: boolean): Rule =>
  (f) => {
    const [x, y] = popOperands(f, 2, true);
    f.pending.flush(LOAD | TRAP);
    const [a, b] = [f.pending.atom(bigOf(x)), f.pending.atom(bigOf(y))];
    f.out.line(`if(${b.text}===0n)${f.env.helper("divisionByZero")}();`);
    if (isOverflowing) f.out.line(`if(${b.text}===-1n&&${a.text}===${MIN})${f.env.helper("divisionOverflow")}();`);
    pushBig(f, expression(wrap(`${a.text}${operator}${b.text}`), a, b), 0);
  };

/** V8 divides without sign only where there is none. */
const unsignedDivision =
  (operator: string, helper: string): Rule =>
  (f) => {
    const [x, y] = popOperands(f, 2, true);
    f.pending.flush(LOAD | TRAP);
    const [a, b] = [f.pending.atom(bigOf(x)), f.pending.atom(bigOf(y))];
    const slow = `${f.env.helper(helper)}(${a.text},${b.text})`;
    setSlot(
      f,
      (to) => `if(${a.text}>=0n&&${b.text}>0n)${to}=${wrap(`${a.text}${operator}${b.text}`)};else ${to}=${slow};`,
    );
  };

/** Pushes an i64 that the statement `text` writes to the variable it is given. */
function setSlot(f: FunctionText, text: (to: string) => string): void {
  const { pending, bigs, out, locals } = f;
  const depth = pending.height;
  pending.free(pending.slotId(depth));
  pending.free(pending.slotId(depth, 1));
  out.line(text((bigs as NonNullable<typeof bigs>).big(locals.length + depth)));
  pending.pushSlot(I64, true, -1);
}

function wrapToI32(f: FunctionText): void {
  const x = f.pop();
  f.push(I32, x.lo, x.effects);
}

const extension =
  (isSigned: boolean): Rule =>
  (f) => {
    const x = f.pop();
    if (!isSigned) return pushBoth(f, x.lo, ZERO, expression(`BigInt(${x.lo.inner}>>>0)`, x.lo), x.effects);
    f.pending.order(x.effects);
    const a = f.pending.atom(x.lo);
    pushBoth(f, a, expression(`${a.text}>>31`, a), expression(`BigInt(${a.text}|0)`, a), 0);
  };

function constant(f: FunctionText): void {
  const low = f.reader.s64();
  const high = f.reader.hi;
  const value = (BigInt(high) << 32n) | BigInt(low >>> 0);
  pushBoth(f, literal(low), literal(high), new Part(value < 0n ? `(${value}n)` : `${value}n`, true, []), 0);
}

function load(m: Mnemonic): Rule {
  const access = instrDef(m).access as MemAccess;
  return (f, words) => {
    if (access.bits !== 64) return narrowLoad(f, access, words);
    const [text, at, effects] = loadBig(f);
    pushBig(f, expression(text, at), effects | LOAD);
  };
}

/** As words, of which the value is made in one step. */
function narrowLoad(f: FunctionText, { sign }: MemAccess, words: (f: FunctionText) => void): void {
  words(f);
  const o = f.pending.pop(true);
  const big = expression(sign === "u" ? `BigInt(${o.lo.inner}>>>0)` : `BigInt(${o.lo.inner}|0)`, o.lo);
  pushBoth(f, o.lo, o.hi as Part, big, o.effects);
}

function store(f: FunctionText): void {
  storeBig(f, (v) => bigOf(v).text);
}

/** No condition chooses between BigInts: one of two statements is executed. */
function select(f: FunctionText, words: (f: FunctionText) => void): void {
  const { pending } = f;
  const type: ValType = pending.list[pending.height - 2].type;
  if (type !== I64) return words(f);
  const [x, y, c] = popOperands(f, 3, true);
  pending.order(x.effects | y.effects | c.effects);
  const a = x.effects === 0 ? bigOf(x) : pending.atom(bigOf(x));
  const b = y.effects === 0 ? bigOf(y) : pending.atom(bigOf(y));
  const condition = c.condition ?? c.lo.text;
  setSlot(f, (to) => `if(${condition})${to}=${a.text};else ${to}=${b.text};`);
}

export const bigRules: Partial<Record<Mnemonic, Rule>> = {
  "i64.const": constant,
  "i64.add": binary((a, b) => `${a}+${b}`),
  "i64.sub": binary((a, b) => `${a}-${b}`),
  "i64.mul": binary((a, b) => `${a}*${b}`),
  "i64.and": binary((a, b) => `${a}&${b}`),
  "i64.or": binary((a, b) => `${a}|${b}`),
  "i64.xor": binary((a, b) => `${a}^${b}`),
  "i64.shl": shift("i64.shl"),
  "i64.shr_s": shift("i64.shr_s"),
  "i64.shr_u": shift("i64.shr_u"),
  "i64.rotl": shift("i64.rotl"),
  "i64.rotr": shift("i64.rotr"),
  "i64.div_s": division("/", true),
  "i64.rem_s": division("%", false),
  "i64.div_u": unsignedDivision("/", "i64_div_u"),
  "i64.rem_u": unsignedDivision("%", "i64_rem_u"),
  "i64.eqz": (f) => {
    const x = f.pending.pop(true);
    const a = bigOf(x);
    f.push(I32, expression(`${a.inner}===0n?1:0`, a), x.effects, undefined, `${a.inner}===0n`);
  },
  "i64.eq": comparison((a, b) => `${a}===${b}`),
  "i64.ne": comparison((a, b) => `${a}!==${b}`),
  "i64.lt_s": comparison((a, b) => `${a}<${b}`),
  "i64.gt_s": comparison((a, b) => `${a}>${b}`),
  "i64.le_s": comparison((a, b) => `${a}<=${b}`),
  "i64.ge_s": comparison((a, b) => `${a}>=${b}`),
  "i64.lt_u": unsigned("<"),
  "i64.gt_u": unsigned(">"),
  "i64.le_u": unsigned("<="),
  "i64.ge_u": unsigned(">="),
  "i32.wrap_i64": wrapToI32,
  "i64.extend_i32_s": extension(true),
  "i64.extend_i32_u": extension(false),
  "i64.load": load("i64.load"),
  "i64.load8_s": load("i64.load8_s"),
  "i64.load8_u": load("i64.load8_u"),
  "i64.load16_s": load("i64.load16_s"),
  "i64.load16_u": load("i64.load16_u"),
  "i64.load32_s": load("i64.load32_s"),
  "i64.load32_u": load("i64.load32_u"),
  "i64.store": store,
  select,
};
