/**
 * Generates the JavaScript of one function of a valid module.
 *
 *     bytes ──decode──► instruction ──► Pending (expressions) ──► Writer (statements) ──► text
 *
 * One pass, O(body); a second one for some functions with floats (`FloatFlow`). The text is of fixed words, and of numbers
 * that are printed here: no name or other text of the module gets into it.
 *
 * Conventions: i32 a signed number, i64 two of them (low, high), floats numbers (`nan.ts`), references themselves. The
 * last parameter `n` is how much of the JavaScript stack is left, in bytes, and who called (`tail.ts`). An i64 result is returned low, the high word
 * in `H[0]`; several results are left in `V` and `VR`.
 */
import { skipImms } from "../binary/imms.ts";
import { denseOpcode, OPCODES } from "../binary/opcodes.ts";
import { type InstrDef, instrDef, type Mnemonic, mnemonicOf } from "../instrs.ts";
import type { Func, Module } from "../module.ts";
import { F32, F64, type FuncType, I64, isRef, type ValType } from "../types.ts";
import { bigText } from "./big-frame.ts";
import { Environment } from "./environment.ts";
import { FloatFlow } from "./float-flow.ts";
import { decline, type Form, FunctionText, makeLabel, NotBig } from "./function-text.ts";
import { startMuted } from "./guard.ts";
import { Ladders } from "./ladders.ts";
import { entryAt } from "./osr.ts";
import { type Parts, partsOf } from "./outline.ts";
import { allPasses, type Passes, type PassName } from "./passes.ts";
import { atomicRule } from "./rules-atomic.ts";
import { bigRules } from "./rules-big.ts";
import { loadRule, storeRule } from "./rules-memory.ts";
import { narrowRules } from "./rules-narrow.ts";
import { numericRules, shiftByConstant } from "./rules-numeric.ts";
import { specialRules } from "./rules-special.ts";
import { SELF_LOOP } from "./rules-tail.ts";
import { targetRules } from "./rules-target.ts";
import { wideRules } from "./rules-wide.ts";
import { excessOf, LARGE_TEXT, type Split } from "./splitting.ts";
import { rowRule } from "./templates.ts";
import { zeroOf } from "./values.ts";

/** Functions beyond these are left to the interpreter: V8 would take very long over them. */
const MAX_BODY_BYTES = 1 << 18;
const MAX_LOCALS = 4096;
/** V8 parses nested blocks by recursion, at some 0.7 KB of its stack each. */
const MAX_NESTING = 300;
/** Frames of functions with i64 as BigInt: less than what generated code has when it is entered. */
const MAX_BIG_BYTES = 20_000;
/** Bytes of a JavaScript frame besides its variables. */
const FRAME_BYTES = 160;
/** And for each `try` around another. */
const TRY_BYTES = 48;

export interface GenerateOptions {
  /** Offset of the first instruction of a loop: the function is entered there. */
  readonly loop?: number | undefined;
  /** A frame counts as this many bytes of the stack at least. */
  readonly minFrameBytes?: number | undefined;
  /** It counts fuel and can stop. */
  readonly isMetered?: boolean | undefined;
  /** i64 are BigInt (`big-frame.ts`), where that is possible; else two words each. */
  readonly isBig?: boolean | undefined;
  /** Also where it is not worth while. */
  readonly isBigForced?: boolean | undefined;
  /** Which functions have parts taken out of them, if the pass is on. Default "none". */
  readonly split?: Split | undefined;
  /** Default: all. */
  readonly passes?: Passes | undefined;
}

export interface Generated {
  /** Body of a function of `$`, which links; gives the function and what enters it from frame slots. */
  readonly text: string;
  /** Of each line of `text`, the offset in the module; 0 for lines that come from no instruction. */
  readonly offsets: readonly number[];
  /** The same of the instruction that fails if the line does. */
  readonly causes: readonly number[];
  /** How many loops and cases were taken out, and why other loops were not. */
  readonly parts: number;
  /** How much of the text is not of these. */
  readonly rest: number;
  readonly reasons: readonly string[];
}

type Rule = (f: FunctionText) => void;

/** What is done about an instruction. */
interface Step {
  readonly def: InstrDef;
  readonly rule: Rule;
  /** It opens a block. */
  readonly isOpening: boolean;
  /** `end` or `delegate`. */
  readonly isClosing: boolean;
  /** It cannot fail, and calls nothing. */
  readonly isSafe: boolean;
  /** Code after it is reached from the start of its block: `else` and the old `catch`. */
  readonly isTurning: boolean;
}

/** By dense number, made when wanted: no name is looked up for an instruction. */
const steps = new Array<Step | undefined>(OPCODES).fill(undefined);

function stepOf(opcode: number): Step {
  const dense = denseOpcode(opcode);
  return steps[dense] ?? (steps[dense] = makeStep(mnemonicOf(opcode) as Mnemonic));
}

function makeStep(m: Mnemonic): Step {
  const def = instrDef(m);
  const words = makeRule(m, def);
  const best = optimised(m, words);
  const big = bigRules[m];
  return {
    def,
    rule: big === undefined ? best : (f) => (f.bigs === undefined ? best(f) : big(f, words)),
    isOpening: /^(?:block|loop|if|try_table|try)$/.test(m),
    isClosing: m === "end" || m === "delegate",
    isSafe: /^(?:local\.|drop$|select|if$|else$|end$|br$|br_if$|br_table$|return$|global\.)/.test(m),
    isTurning: m === "else" || m === "catch" || m === "catch_all",
  };
}

/** Rules of optimisations: each says whether it has done the instruction. */
const optimising: readonly (readonly [PassName, Partial<Record<Mnemonic, (f: FunctionText) => boolean>>])[] = [
  ["width", narrowRules],
  ["target", targetRules],
];

/** `words` where the optimisations that are on have nothing better. */
function optimised(m: Mnemonic, words: Rule): Rule {
  const better = optimising.flatMap(([name, table]) => (table[m] === undefined ? [] : [{ name, rule: table[m] }]));
  if (better.length === 0) return words;
  return (f) => {
    if (f.bigs === undefined) for (const { name, rule } of better) if (f.passes[name] && rule(f)) return;
    words(f);
  };
}

function makeRule(m: Mnemonic, d: InstrDef): Rule {
  const own = numericRules[m] ?? specialRules[m] ?? wideRules[m];
  if (own !== undefined) return own;
  if (d.lanes !== undefined || m === "v128.const") return () => decline("v128");
  if (d.type === "load") return (f) => loadRule(f, d);
  if (d.type === "store") return (f) => storeRule(f, d);
  if (d.type === "atomic") return (f) => atomicRule(f, d);
  if (typeof d.type === "string" || (d.js ?? d.words) === undefined) return () => decline(`${d.feature ?? m}`);
  if (/^i64\.(shl|shr_[su]|rot[lr])$/.test(m)) {
    const row = rowRule(m);
    return (f) => {
      if (!shiftByConstant(f, m)) row(f);
    };
  }
  return rowRule(m);
}

/** @throws Declined */
export function generate(module: Module, index: number, options: GenerateOptions = {}): Generated {
  const func = module.funcs[index - module.importedFuncs];
  if (func.body.end - func.body.start > MAX_BODY_BYTES) decline("size");
  const { split: wanted = "none", isMetered = false, passes = allPasses } = options;
  if (isMetered || !passes.split || wanted === "none") return generateIn(module, index, options);
  if (wanted === "every") return generateIn(module, index, options, Infinity);
  const whole = generateIn(module, index, options);
  const { length } = whole.text;
  if (length <= LARGE_TEXT) return whole;
  const split = generateIn(module, index, options, excessOf(func.body.end - func.body.start, length));
  return split.rest <= LARGE_TEXT ? split : generateIn(module, index, options, Infinity);
}

function generateIn(module: Module, index: number, options: GenerateOptions, excess?: number): Generated {
  if (options.isBig && !options.isMetered) {
    try {
      return generateAs(module, index, options, true, excess);
    } catch (error) {
      if (!(error instanceof NotBig)) throw error;
    }
  }
  return generateAs(module, index, options, false, excess);
}

function generateAs(
  module: Module,
  index: number,
  { loop, isMetered = false, passes = allPasses, minFrameBytes = 0, isBigForced = false }: GenerateOptions,
  isBig: boolean,
  excess: number | undefined,
): Generated {
  const func = module.funcs[index - module.importedFuncs];
  const floats = new FloatFlow();
  const entry = loop === undefined ? undefined : entryAt(module, func, loop);
  const ladders = new Ladders(module, func, MAX_NESTING);
  const form: Form = { entry, isMetered, isBig, excess, passes };
  let f = writeBody(module, func, index, floats, ladders, form);
  if (floats.wasWrong) {
    floats.restart();
    f = writeBody(module, func, index, floats, ladders, form);
  }
  const parts = partsOf(f);
  // Even, as the lowest bit of what is left says who called.
  const bytes = Math.max(frameBytes(f, parts), minFrameBytes);
  if (isBig && (bytes > MAX_BIG_BYTES || !(isBigForced || isWorthWhile(f)))) throw new NotBig();
  return assemble(f, parts, bytes + (bytes & 1));
}

/** A BigInt that comes as words, or goes as such, costs as much as two operations save. Bench: fib64. */
function isWorthWhile({ bigs, type }: FunctionText): boolean {
  if (bigs === undefined || bigs.size === 0) return true;
  const own = [...type.params, ...type.results].filter((t) => t === I64).length;
  return bigs.saved > 2 * (bigs.lost + own);
}

function writeBody(
  module: Module,
  func: Func,
  index: number,
  floats: FloatFlow,
  ladders: Ladders,
  form: Form,
): FunctionText {
  if (func.localCount > MAX_LOCALS) decline("locals");
  const env = new Environment(form.isMetered);
  const f = new FunctionText(module, func, index, env, floats, ladders, form);
  f.labels.push(makeLabel(f, "func", { params: [], results: f.type.results }));
  startMuted(f);
  const { reader, out, pending } = f;
  while (f.labels.length > 0) {
    out.at = reader.pos;
    const step = stepOf(reader.opcode());
    pending.begin();
    pending.isSafe = step.isSafe;
    out.prefix = "";
    if (f.nesting > MAX_NESTING) decline("nesting");
    if (f.isDead) skipDead(f, step);
    else {
      f.fuel?.begin(step.def);
      step.rule(f);
    }
  }
  return f;
}

/** Dead code is decoded, not written. */
function skipDead(f: FunctionText, { def, rule, isOpening, isClosing, isTurning }: Step): void {
  const isOwn = f.deadDepth === 0;
  if (isOwn && (isClosing || isTurning)) return rule(f);
  if (isOpening) f.deadDepth++;
  else if (isClosing) f.deadDepth--;
  skipImms(f.reader, def);
}

/* The function around its body */

const frameBytes = (f: FunctionText, { variables, outlines }: Parts): number =>
  FRAME_BYTES +
  // The function of a loop has a frame, too.
  (outlines.lines.length === 0 ? 0 : FRAME_BYTES + 8 * variables) +
  8 * (f.bigs === undefined ? 0 : f.bigs.size + 2) +
  8 * (2 * f.locals.length + 2 + f.pending.slots.size + f.pending.temps + f.dispatches.size + f.type.results.length) +
  TRY_BYTES * f.mostTries +
  // What is passed to stop is in variables of its own.
  (f.fuel === undefined ? 0 : 8 * (8 + 2 * f.locals.length + f.pending.slots.size));

function assemble(f: FunctionText, { outlines, rest }: Parts, bytes: number): Generated {
  const { type, locals, pending, env, localNames } = f;
  const params = localNames.slice(0, type.params.length).flat();
  const starts = bigStarts(f);
  const bigVars = f.bigs?.declarations() ?? [];
  const needsRoom = f.hasCalls || bigVars.length > 0;
  const vars: string[] = [...bigVars, ...f.views.finish()];
  if (f.entry === undefined) {
    for (let i = type.params.length; i < locals.length; i++) {
      if (isInFrame(f, locals[i])) continue;
      for (const name of localNames[i]) vars.push(`${name}=${zeroOf(locals[i])}`);
    }
  } else vars.push("o=1", ...entryVars(f));
  const set = new Set(vars.map((v) => v.slice(0, v.indexOf("="))));
  for (const id of pending.slots) if (!set.has(pending.name(id))) vars.push(`${pending.name(id)}=0`);
  for (let k = 0; k < pending.temps; k++) vars.push(`t${k}=0`);
  for (const name of f.dispatches) vars.push(`${name}=0`);
  const { name } = f;
  if (f.fuel !== undefined) vars.push(`q=${env.left()}[0]`, "k=0");
  if (f.mostTries > 0) vars.push(`a=${env.active()}[0]`);
  if (f.hasEscapes) vars.push("u=0");
  if (f.outlines.length > 0) vars.push("y=0");
  const head = f.entry === undefined ? `function ${name}(${[...params, "n"].join()}){` : `function ${name}(I,R,p,b,n){`;
  // Before the room is made even: who called.
  const caller = !f.hasTailCalls ? "" : f.entry === undefined ? "const v=n&1;" : "const v=0;";
  // In parentheses V8 compiles it at once, which it will have to; what is too much for its stack is known here then.
  const lines = [`const ${name}=(${head}${caller}`];
  if (f.fuel !== undefined) lines.push(entryCheck(f, params, bytes));
  else if (needsRoom) lines.push(stackCheck(f, params, bytes));
  if (vars.length > 0) lines.push(`let ${vars.join()};`);
  if (starts.length > 0) lines.push(starts.join(""));
  const canFail = f.out.hasPrefix;
  if (canFail) lines.push("try{");
  if (f.callsSelf) lines.push(SELF_LOOP);
  const before = lines.length;
  const adapter = f.entry === undefined ? enterText(f, params) : enterLoopText(f, name);
  const endSelf = f.callsSelf ? ["}"] : [];
  const end = canFail ? [`}catch(x){throw ${env.stops("failed")}(x,q,k);}`, "});"] : ["});"];
  // What the adapter refers to must be known before the first line is made.
  const declarations = env.text();
  const all = [
    '"use strict";',
    declarations,
    ...outlines.lines,
    ...lines,
    ...rest.lines,
    ...endSelf,
    ...end,
    adapter,
    `return [${name},e];`,
  ];
  const text = all.join("\n");
  const frame = new Array<number>(before).fill(0);
  const around = (own: readonly number[], taken: readonly number[]): number[] => [0, 0, ...taken, ...frame, ...own];
  return {
    text,
    offsets: around(rest.offsets, outlines.offsets),
    causes: around(rest.causes, outlines.causes),
    parts: f.outlines.length,
    rest: outlines.lines.reduce((rest, line) => rest - line.length, text.length),
    reasons: f.splitting.reasons,
  };
}

const isInFrame = (f: FunctionText, t: ValType): boolean => t === I64 && f.bigs !== undefined;

/** Statements that give the variables of the function's `BigFrame` their first values, if it has any. */
function bigStarts(f: FunctionText): string[] {
  const { bigs, locals, entry, type } = f;
  if (bigs === undefined) return [];
  const set = (k: number, [low, high]: readonly string[]): string => `${bigs.big(k)}=${bigText(low, high)};`;
  const list: string[] = [];
  locals.forEach((t, i) => {
    if (t !== I64 || !bigs.has(i)) return;
    if (entry !== undefined) list.push(set(i, readSlot(f, t, `p+${2 * i}`)));
    else list.push(i < type.params.length ? set(i, [`l${i}`, `h${i}`]) : `${bigs.big(i)}=0n;`);
  });
  f.entryOperands.forEach((o, h) => {
    if (o.slot === h && o.type === I64) list.push(set(locals.length + h, readSlot(f, I64, `p+b+${2 * h}`)));
  });
  return list;
}

/** A recursion that would overflow the JavaScript stack goes on in the interpreter. */
function stackCheck(f: FunctionText, params: readonly string[], bytes: number): string {
  if (f.entry !== undefined) return `n=n-${bytes}&-2;`;
  return `if((n=n-${bytes}&-2)<0)return ${f.env.deep(f.index)}(${params.join()});`;
}

/** The same for a function that counts fuel, which its entry may find used up. */
function entryCheck(f: FunctionText, params: readonly string[], bytes: number): string {
  if (f.entry !== undefined) return f.hasCalls ? `n=n-${bytes}&-2;` : "";
  const stack = f.hasCalls ? `(n=n-${bytes}&-2)<0||` : "";
  const room = f.hasCalls ? `n+${bytes}${f.hasTailCalls ? "|v" : ""}` : "n";
  return `if(${stack}${f.env.left()}[0]<0)return ${f.env.slow(f.index, bytes)}(${[...params, room].join()});`;
}

/** Reads the value of type `t` in the slot at word `at` of `I`. */
function readSlot(f: FunctionText, t: ValType, at: string): string[] {
  if (isRef(t)) return [`R[${at}>>1]??null`];
  if (t === F32) return [`${f.env.helper("f32FromBits")}(I[${at}])`];
  if (t === F64) return [`${f.env.helper("f64FromWords")}(I[${at}],I[${at}+1])`];
  return t === I64 ? [`I[${at}]`, `I[${at}+1]`] : [`I[${at}]`];
}

/** Locals and operands of a function that is entered at a loop, from the interpreter's frame. */
function entryVars(f: FunctionText): string[] {
  const vars: string[] = [];
  const { localNames } = f;
  f.locals.forEach((t, i) => {
    if (isInFrame(f, t)) return;
    const values = readSlot(f, t, `p+${2 * i}`);
    localNames[i].forEach((name, k) => void vars.push(`${name}=${values[k]}`));
  });
  f.entryOperands.forEach((o, h) => {
    if (o.slot !== h || isInFrame(f, o.type)) return;
    const values = readSlot(f, o.type, `p+b+${2 * h}`);
    const ids = o.type === I64 ? [f.pending.slotId(h), f.pending.slotId(h, 1)] : [f.pending.slotId(h)];
    ids.forEach((id, k) => void vars.push(`${f.pending.name(id)}=${values[k]}`));
  });
  return vars;
}

/** `e` reads the arguments from slots, calls the function and writes its results there. */
function enterText(f: FunctionText, params: readonly string[]): string {
  const values = f.type.params.flatMap((t, i) => readSlot(f, t, `p+${2 * i}`));
  void params;
  return `function e(s,p,b,n){const I=s.I,R=s.refs;${putResults(f, `${f.name}(${[...values, "n"].join()})`)}}`;
}

const enterLoopText = (f: FunctionText, name: string): string =>
  `function e(s,p,b,n){const I=s.I,R=s.refs;${putResults(f, `${name}(I,R,p,b,n)`)}}`;

function putResults(f: FunctionText, call: string): string {
  const { env } = f;
  const { results }: FuncType = f.type;
  if (results.length === 0) return `${call};`;
  if (results.length > 1) return `${call};${env.helper("copyResults")}(s,p,${results.length});`;
  const t = results[0];
  if (isRef(t)) return `R[p>>1]=${call};`;
  if (t === F32) return `I[p]=${env.helper("bitsOfF32")}(${call});`;
  if (t === F64) return `${env.helper("putF64")}(I,p,${call});`;
  return `I[p]=${call};${t === I64 ? `I[p+1]=${env.high()}[0];` : ""}`;
}
