/**
 * The `js` and `words` columns of the instruction table as templates of generated text: operands go into the holes, in
 * parentheses if need be, or by way of a temporary if they are needed more than once.
 */
import { type InstrDef, instrDef, type Mnemonic, type NumType } from "../instrs.ts";
import { F32, F64, I32, I64, type ValType } from "../types.ts";
import type { FunctionText } from "./function-text.ts";
import { joined, LOAD, type Operand, Part, TRAP } from "./operand.ts";

export const numTypes: Readonly<Record<NumType, ValType>> = { i32: I32, i64: I64, f32: F32, f64: F64 };

/** A hole: operand `arg`, low or high word; arg -1 is the low word of the result. */
interface Hole {
  readonly arg: number;
  readonly isHigh: boolean;
}

class Template {
  /** Text between the holes: one more than those. */
  readonly texts: readonly string[];
  readonly holes: readonly Hole[];
  /** Functions of `numerics.ts` that it calls. */
  readonly calls: readonly string[];
  /** Just one operand, unchanged. */
  readonly isIdentity: boolean;

  constructor(text: string) {
    const texts: string[] = [];
    const holes: Hole[] = [];
    let end = 0;
    for (const match of text.matchAll(/\$(?:lo|(\d)([lh])?)/g)) {
      texts.push(text.slice(end, match.index));
      holes.push({ arg: match[1] === undefined ? -1 : Number(match[1]), isHigh: match[2] === "h" });
      end = match.index + match[0].length;
    }
    texts.push(text.slice(end));
    this.texts = texts;
    this.holes = holes;
    this.isIdentity = holes.length === 1 && texts.every((t) => t === "");
    this.calls = [...new Set(text.match(/\b[if](?:32|64)_\w+(?=\()/g) ?? [])];
  }
}

interface RowTemplate {
  readonly params: readonly NumType[];
  readonly result: ValType;
  readonly lo: Template;
  readonly hi: Template | undefined;
  /** A comparison: the template without ` ? 1 : 0`. */
  readonly condition: Template | undefined;
  /** How often each word of each operand is needed: [arg * 2 + word]. */
  readonly uses: readonly number[];
  /** Some word of an operand may not be evaluated. */
  readonly isPartial: boolean;
  readonly isLowUsed: boolean;
}

const CONDITION = / \? 1 : 0$/;

function rowTemplate(d: InstrDef): RowTemplate {
  const [params, results] = d.type as readonly [readonly NumType[], readonly NumType[]];
  const text = d.words !== undefined && params.concat(results).includes("i64") ? d.words : (d.js ?? d.words);
  const [low, upper] = typeof text === "string" ? [text] : (text as readonly [string, string]);
  const lo = new Template(low);
  const hi = upper === undefined ? undefined : new Template(upper);
  const uses = new Array<number>(params.length * 2).fill(0);
  const all = [...lo.holes, ...(hi?.holes ?? [])];
  for (const { arg, isHigh } of all) if (arg >= 0) uses[arg * 2 + (isHigh ? 1 : 0)]++;
  const isPartial = [low, upper ?? ""].some((text) => /\?|&&|\|\|/.test(text.replace(CONDITION, "")));
  const condition = CONDITION.test(low)
    ? new Template(low.replace(CONDITION, "").replace(/^\((.*)\)$/, "$1"))
    : undefined;
  return {
    params,
    result: numTypes[results[0]],
    lo,
    hi,
    condition: condition !== undefined && condition.holes.length === lo.holes.length ? condition : undefined,
    uses,
    isPartial: isPartial || uses.some((n, i) => n === 0 && params[i >> 1] === "i64"),
    isLowUsed: all.some((h) => h.arg < 0),
  };
}

const cache = new Map<Mnemonic, RowTemplate>();

function templateOf(m: Mnemonic): RowTemplate {
  let t = cache.get(m);
  if (t === undefined) {
    t = rowTemplate(instrDef(m));
    cache.set(m, t);
  }
  return t;
}

/** Names of all functions that templates may call. */
export const templateCalls = (m: Mnemonic): readonly string[] => {
  const t = templateOf(m);
  return [...t.lo.calls, ...(t.hi?.calls ?? [])];
};

function fill(t: Template, operands: readonly Operand[], low: Part | undefined): string {
  let text = t.texts[0];
  const { holes, texts } = t;
  for (let i = 0; i < holes.length; i++) text += partIn(holes[i], operands, low).inner + texts[i + 1];
  return text;
}

/** The part that goes into a hole. */
const partIn = ({ arg, isHigh }: Hole, operands: readonly Operand[], low: Part | undefined): Part =>
  arg < 0 ? (low as Part) : isHigh ? (operands[arg].hi as Part) : operands[arg].lo;

/** Variables in the holes of `t`. */
function varsIn({ holes }: Template, operands: readonly Operand[], low: Part | undefined): readonly number[] {
  let vars = partIn(holes[0], operands, low).vars;
  for (let i = 1; i < holes.length; i++) vars = joined(vars, partIn(holes[i], operands, low).vars);
  return vars;
}

/** What applies row `m` to the topmost operands. Precondition: its templates say all there is to say. */
export function rowRule(m: Mnemonic): (f: FunctionText) => void {
  const t = templateOf(m);
  return (f) => applyTemplate(f, t);
}

function applyTemplate(f: FunctionText, t: RowTemplate): void {
  const operands = atomise(f, popOperands(f, t.params.length), t.uses, t.isPartial);
  const effects = effectsOf(operands);
  for (const name of t.lo.calls) f.env.helper(name);
  let lo = part(t.lo, operands, undefined);
  if (t.result === F32 || t.result === F64) return f.pushNumber(t.result, lo, effects);
  if (t.hi === undefined) {
    const condition = t.condition === undefined ? undefined : fill(t.condition, operands, undefined);
    return f.push(t.result, lo, effects, undefined, condition);
  }
  for (const name of t.hi.calls) f.env.helper(name);
  if (t.isLowUsed) {
    f.pending.order(effects);
    lo = f.pending.atom(lo);
  }
  f.push(I64, lo, effects, part(t.hi, operands, lo));
}

function effectsOf(operands: readonly Operand[]): number {
  let effects = 0;
  for (const o of operands) effects |= o.effects;
  return effects;
}

function part(t: Template, operands: readonly Operand[], low: Part | undefined): Part {
  if (t.isIdentity) return partIn(t.holes[0], operands, low);
  if (t.holes.length === 0) return new Part(t.texts[0], true, [], Number(t.texts[0]));
  return new Part(fill(t, operands, low), false, varsIn(t, operands, low));
}

export function popOperands(f: FunctionText, count: number, isBig = false): Operand[] {
  if (!isBig) f.pending.wantWords(count);
  const list = f.pending.list.slice(f.pending.height - count);
  for (let i = 0; i < count; i++) f.pending.pop(isBig);
  return list;
}

/**
 * The operands with those parts in temporaries that are needed more than once (`uses`, by operand and word), and, if
 * not all will be evaluated (`isPartial`), those that have effects. Those before one that is evaluated now are evaluated
 * too if the order could be told.
 */
export function atomise(
  f: FunctionText,
  operands: readonly Operand[],
  uses: readonly number[],
  isPartial = false,
): Operand[] {
  let last = -1;
  let effects = 0;
  for (let i = 0; i < operands.length; i++) {
    const o = operands[i];
    const isMany = (uses[i * 2] > 1 && !o.lo.isAtom) || (o.hi !== undefined && uses[i * 2 + 1] > 1 && !o.hi.isAtom);
    if (isMany || (isPartial && o.effects !== 0)) {
      last = i;
      effects |= o.effects;
    }
  }
  if (last < 0) return operands as Operand[];
  const all = effectsOf(operands);
  const isOrdered = (all & TRAP) !== 0;
  f.pending.order(isOrdered ? all : effects);
  return operands.map((o, i) => {
    if (i > last) return o;
    const isEarly = (isOrdered && (o.effects & (LOAD | TRAP)) !== 0) || (isPartial && o.effects !== 0);
    return atomOf(f, o, isEarly || uses[i * 2] > 1, isEarly || uses[i * 2 + 1] > 1);
  });
}

/** `o` with its words in temporaries, or those that are wanted so. */
export function atomOf(f: FunctionText, o: Operand, isLow = true, isHigh = true): Operand {
  const lo = isLow ? f.pending.atom(o.lo) : o.lo;
  const hi = isHigh && o.hi !== undefined ? f.pending.atom(o.hi) : o.hi;
  if (lo === o.lo && hi === o.hi) return o;
  return o.with(lo, hi);
}
