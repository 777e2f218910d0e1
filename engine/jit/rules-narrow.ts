/**
 * i64 instructions in fewer than two words: where the next instruction takes only the low one, and where an upper word is
 * known. A rule that has nothing to gain does nothing and says so; the ordinary one is applied then (`generate.ts`).
 *
 * The next instruction is all that is looked at. Of the additions in esbuild's Go code it settles 99 % of those whose
 * upper word is not needed; following values through locals found 1 % of these more. Bench: esbuild, size of the text.
 */
import { instrDef, type MemAccess, type Mnemonic } from "../instrs.ts";
import { I32, I64 } from "../types.ts";
import type { FunctionText } from "./function-text.ts";
import { expression, LOAD, literal, type Operand, type Part, TRAP, ZERO } from "./operand.ts";
import { address, loadWord, popAddress, readAccess, storeNumber } from "./rules-memory.ts";
import { divide, f64OfWords } from "./rules-numeric.ts";
import { atomOf, popOperands } from "./templates.ts";

/** True when it has done the instruction. */
type Rule = (f: FunctionText) => boolean;

/** i32.wrap_i64, i64.store8, i64.store16, i64.store32. */
const lowTakers: ReadonlySet<number> = new Set([0xa7, 0x3c, 0x3d, 0x3e]);

/** The next instruction takes no more than the low word of what is pushed now. */
const isLowEnough = (f: FunctionText): boolean => lowTakers.has(f.module.bytes[f.reader.pos]);

/** The topmost operand but `below`. */
const peek = (f: FunctionText, below = 0): Operand => f.pending.list[f.pending.height - 1 - below];

const hiOf = (o: Operand): Part => o.hi as Part;
const isZero = (part: Part): boolean => part.value === 0;
const isZeroExtended = (o: Operand): boolean => isZero(hiOf(o));

/** Its upper word is the sign of the lower one. */
const isSignExtended = ({ lo, hi }: Operand): boolean =>
  hi?.text === signOf(lo) || (lo.value !== undefined && hi?.value === lo.value >> 31);

const signOf = (lo: Part): string => `${lo.inner}>>31`;

/** Nobody can tell whether its upper word was evaluated. */
const isDroppable = (o: Operand): boolean => hiOf(o).isAtom || (o.effects & (LOAD | TRAP)) === 0;

/** Nor when. */
const isMovable = (o: Operand): boolean => (o.effects & (LOAD | TRAP)) === 0;

/** As an unsigned number; of a literal that is one. */
const unsigned = (part: Part): string => (part.value === undefined ? `${part.inner}>>>0` : `${part.value >>> 0}`);
const unsignedInner = (part: Part): string => (part.value === undefined ? `(${unsigned(part)})` : unsigned(part));

/* Low words */

/** The low word of a binary operation, which is `text` of low words. */
const lowOf =
  (text: (x: string, y: string) => string): Rule =>
  (f) => {
    if (!isLowEnough(f) || !isDroppable(peek(f)) || !isDroppable(peek(f, 1))) return false;
    const [x, y] = popOperands(f, 2);
    f.push(I64, expression(text(x.lo.inner, y.lo.inner), x.lo, y.lo), x.effects | y.effects);
    return true;
  };

const either =
  (...rules: readonly Rule[]): Rule =>
  (f) =>
    rules.some((rule) => rule(f));

function wrap(f: FunctionText): boolean {
  const { hi, effects } = peek(f);
  if (hi !== undefined && !hi.isAtom && (effects & (LOAD | TRAP)) !== 0) return false;
  const x = f.pop();
  f.push(I32, x.lo, x.effects);
  return true;
}

/* Known upper words */

/** The sum of `terms` without those that are zero. */
const sum = (terms: readonly Part[], more: string): string =>
  `${[...terms.filter((t) => !isZero(t)).map((t) => t.inner), more].join("+")}|0`;

/** What is added is a constant, or both upper words are zero: no word of the first operand is needed twice. */
function add(f: FunctionText): boolean {
  const [x, y] = [peek(f, 1), peek(f)];
  const isKnown = y.lo.value !== undefined && hiOf(y).value !== undefined;
  if (!isKnown && !(isZeroExtended(x) && isZeroExtended(y) && y.lo.isAtom)) return false;
  if (!isDroppable(x)) return false;
  popOperands(f, 2);
  f.pending.order(x.effects);
  const t = f.pending.atom(expression(`${x.lo.inner}+${y.lo.inner}|0`, x.lo, y.lo));
  const hi = hiOf(x);
  const effects = hi.isAtom ? 0 : x.effects;
  if (y.lo.value === -1 && hiOf(y).value === -1) {
    f.push(I64, t, effects, expression(`${hi.inner}-(${t.text}===-1?1:0)|0`, hi, t));
  } else {
    const carry = `(${y.lo.value === 1 ? `${t.text}===0` : `${t.text}>>>0<${unsigned(y.lo)}`}?1:0)`;
    f.push(I64, t, effects, expression(sum([hi, hiOf(y)], carry), hi, y.lo, t));
  }
  return true;
}

function sub(f: FunctionText): boolean {
  const [x, y] = [peek(f, 1), peek(f)];
  if (!isZeroExtended(y) || !isMovable(x) || !isMovable(y)) return false;
  popOperands(f, 2);
  const [a, b] = [atomOf(f, x, true, false), atomOf(f, y, true, false)];
  const borrow = `(${unsigned(a.lo)}<${unsigned(b.lo)}?1:0)`;
  const hi = expression(`${hiOf(a).inner}-${borrow}|0`, hiOf(a), a.lo, b.lo);
  f.push(I64, expression(`${a.lo.inner}-${b.lo.inner}|0`, a.lo, b.lo), a.effects, hi);
  return true;
}

/** Products of upper words that are zero are left out. */
function mul(f: FunctionText): boolean {
  const [x, y] = [peek(f, 1), peek(f)];
  if (!(isZeroExtended(x) || isZeroExtended(y)) || !isMovable(x) || !isMovable(y)) return false;
  popOperands(f, 2);
  const [a, b] = [atomOf(f, x), atomOf(f, y)];
  const t = f.pending.atom(expression(`Math.imul(${a.lo.text},${b.lo.text})`, a.lo, b.lo));
  const terms: string[] = [];
  if (!isZeroExtended(a)) terms.push(`Math.imul(${hiOf(a).text},${b.lo.text})`);
  if (!isZeroExtended(b)) terms.push(`Math.imul(${a.lo.text},${hiOf(b).text})`);
  const product = `(${unsignedInner(a.lo)}*${unsignedInner(b.lo)}-(${t.text}>>>0))*2.3283064365386963e-10+0.5`;
  const hi = terms.length === 0 ? `${product}|0` : `${[`(${product}>>>0)`, ...terms].join("+")}|0`;
  f.push(I64, t, 0, expression(hi, a.lo, b.lo, t, hiOf(a), hiOf(b)));
  return true;
}

/** Words that a constant word makes trivial; undefined: none. */
type Bitwise = (x: Part, word: number) => Part | undefined;

const bitwise =
  (operator: string, known: Bitwise): Rule =>
  (f) => {
    const [x, y] = [peek(f, 1), peek(f)];
    if (y.lo.value === undefined || hiOf(y).value === undefined || !isDroppable(x)) return false;
    const hi = known(hiOf(x), hiOf(y).value as number);
    if (hi === undefined) return false;
    popOperands(f, 2);
    const low = isMovable(x) ? known(x.lo, y.lo.value) : undefined;
    const lo = low ?? expression(`${x.lo.inner}${operator}${y.lo.inner}`, x.lo);
    f.push(I64, lo, lo.isAtom && hi.isAtom ? 0 : x.effects, hi);
    return true;
  };

const and = bitwise("&", (x, word) => (word === 0 ? ZERO : word === -1 ? x : undefined));
const or = bitwise("|", (x, word) => (word === 0 ? x : word === -1 ? literal(-1) : undefined));
const xor = bitwise("^", (x, word) => (word === 0 ? x : word === -1 ? expression(`~${x.inner}`, x) : undefined));

/** Upper bits are zero: so they are after a shift to the right. To the left, for the low word. */
function shiftRight(f: FunctionText): boolean {
  const x = peek(f, 1);
  const count = peek(f).lo.value;
  if (count === undefined || (count & 63) >= 32 || !isZeroExtended(x)) return false;
  popOperands(f, 2);
  f.push(I64, expression(`${x.lo.inner}>>>${count & 63}|0`, x.lo), x.effects, ZERO);
  return true;
}

function shiftLeft(f: FunctionText): boolean {
  const x = peek(f, 1);
  const count = peek(f).lo.value;
  if (!isLowEnough(f) || count === undefined || (count & 63) >= 32 || !isDroppable(x)) return false;
  popOperands(f, 2);
  f.push(I64, expression(`${x.lo.inner}<<${count & 63}`, x.lo), x.effects);
  return true;
}

/* Comparisons */

function pushCondition(f: FunctionText, text: string, effects: number, ...of: readonly Part[]): void {
  f.push(I32, expression(`${text}?1:0`, ...of), effects, undefined, text);
}

function eqz(f: FunctionText): boolean {
  const x = peek(f);
  if (!isZeroExtended(x) && !isSignExtended(x)) return false;
  popOperands(f, 1);
  pushCondition(f, `${x.lo.inner}===0`, x.effects, x.lo);
  return true;
}

/** Both upper words are the same constant, or both are signs. */
const isLowOnly = (x: Operand, y: Operand): boolean =>
  (hiOf(x).value !== undefined && hiOf(x).value === hiOf(y).value) || (isSignExtended(x) && isSignExtended(y));

const equality =
  (operator: string): Rule =>
  (f) => {
    const [x, y] = [peek(f, 1), peek(f)];
    if (!isLowOnly(x, y)) return false;
    popOperands(f, 2);
    pushCondition(f, `${x.lo.inner}${operator}${y.lo.inner}`, x.effects | y.effects, x.lo, y.lo);
    return true;
  };

/** Where upper words are the same, low ones are compared as unsigned; where they are signs, as signed. */
const order =
  (operator: string, isSigned: boolean): Rule =>
  (f) => {
    const [x, y] = [peek(f, 1), peek(f)];
    const areSigns = isSigned && isSignExtended(x) && isSignExtended(y);
    if (!areSigns && !(hiOf(x).value !== undefined && hiOf(x).value === hiOf(y).value)) {
      return (isSigned && againstZero(f, operator, x, y)) || againstConstant(f, operator, isSigned, x, y);
    }
    popOperands(f, 2);
    const word = (part: Part): string => (areSigns ? part.inner : unsigned(part));
    pushCondition(f, `${word(x.lo)}${operator}${word(y.lo)}`, x.effects | y.effects, x.lo, y.lo);
    return true;
  };

/** `x < 0` and `x >= 0` are questions about the upper word. */
function againstZero(f: FunctionText, operator: string, x: Operand, y: Operand): boolean {
  const isSign = (operator === "<" || operator === ">=") && y.lo.value === 0 && isZeroExtended(y);
  if (!isSign || !isMovable(x)) return false;
  popOperands(f, 2);
  pushCondition(f, `${hiOf(x).inner}${operator}0`, x.effects, hiOf(x));
  return true;
}

/** The words of a constant are written as they are, and what they decide is left out. */
function againstConstant(f: FunctionText, operator: string, isSigned: boolean, x: Operand, y: Operand): boolean {
  const high = hiOf(y).value;
  if (y.lo.value === undefined || high === undefined || !isMovable(x)) return false;
  popOperands(f, 2);
  const a = atomOf(f, x, false, true);
  const h = hiOf(a);
  const low = `${unsigned(a.lo)}${operator}${unsigned(y.lo)}`;
  const rest = isSigned ? `${h.text}${operator}${hiOf(y).text}` : `${unsigned(h)}${operator}${unsigned(hiOf(y))}`;
  let text = `(${h.text}===${hiOf(y).text}?${low}:${rest})`;
  if (!isSigned && high === 0) {
    text = operator.startsWith("<") ? `${h.text}===0&&${low}` : `(${h.text}!==0||${low})`;
  }
  pushCondition(f, text, a.effects, a.lo, h);
  return true;
}

/* Divisions, extensions */

/** Of numbers below 2^32: as of i32. */
const unsignedDivision =
  (isRest: boolean): Rule =>
  (f) => {
    if (!isZeroExtended(peek(f)) || !isZeroExtended(peek(f, 1))) return false;
    divide(f, false, isRest);
    const o = f.pop();
    f.push(I64, o.lo, o.effects, ZERO);
    return true;
  };

function extendSigned(f: FunctionText): boolean {
  const x = f.pop();
  if (isLowEnough(f)) {
    f.push(I64, x.lo, x.effects);
    return true;
  }
  f.pending.order(x.effects);
  const lo = f.pending.atom(x.lo);
  f.push(I64, lo, 0, expression(signOf(lo), lo));
  return true;
}

/* Memory */

/** The low word of an i64 that is loaded; what it is outside of is that of all bytes. */
function loadLow(f: FunctionText, access: MemAccess): boolean {
  const start = f.reader.pos;
  const from = readAccess(f);
  if (!isLowEnough(f) || from.isShared) {
    f.reader.pos = start;
    return false;
  }
  const a = popAddress(f, from);
  const at = address(a, from.offset);
  f.push(I64, expression(loadWord(f, from, access, at.text), at), a.effects | LOAD);
  return true;
}

const load =
  (m: Mnemonic): Rule =>
  (f) =>
    loadLow(f, instrDef(m).access as MemAccess);

/** A constant goes by one access, as the f64 of these bits. */
function store(f: FunctionText): boolean {
  const v = peek(f);
  if (v.lo.value === undefined || v.hi?.value === undefined) return false;
  const text = f64OfWords(v.lo.value, v.hi.value);
  if (text === undefined) return false;
  storeNumber(f, text);
  return true;
}

export const narrowRules: Partial<Record<Mnemonic, Rule>> = {
  "i64.add": either(
    lowOf((x, y) => `${x}+${y}|0`),
    add,
  ),
  "i64.sub": either(
    lowOf((x, y) => `${x}-${y}|0`),
    sub,
  ),
  "i64.mul": either(
    lowOf((x, y) => `Math.imul(${x},${y})`),
    mul,
  ),
  "i64.and": either(
    lowOf((x, y) => `${x}&${y}`),
    and,
  ),
  "i64.or": either(
    lowOf((x, y) => `${x}|${y}`),
    or,
  ),
  "i64.xor": either(
    lowOf((x, y) => `${x}^${y}`),
    xor,
  ),
  "i64.shl": shiftLeft,
  "i64.shr_u": shiftRight,
  "i64.eqz": eqz,
  "i64.eq": equality("==="),
  "i64.ne": equality("!=="),
  "i64.lt_s": order("<", true),
  "i64.lt_u": order("<", false),
  "i64.gt_s": order(">", true),
  "i64.gt_u": order(">", false),
  "i64.le_s": order("<=", true),
  "i64.le_u": order("<=", false),
  "i64.ge_s": order(">=", true),
  "i64.ge_u": order(">=", false),
  "i64.div_u": unsignedDivision(false),
  "i64.rem_u": unsignedDivision(true),
  "i64.extend_i32_s": extendSigned,
  "i32.wrap_i64": wrap,
  "i64.load": load("i64.load"),
  "i64.load8_s": load("i64.load8_s"),
  "i64.load16_s": load("i64.load16_s"),
  "i64.load32_s": load("i64.load32_s"),
  "i64.store": store,
};
