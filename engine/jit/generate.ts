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
import { I64 } from "../types.ts";
import { assemble, frameBytes, type Generated } from "./assemble.ts";
import { Environment } from "./environment.ts";
import { FloatFlow } from "./float-flow.ts";
import { Declined, decline, type Form, FunctionText, makeLabel, NotBig } from "./function-text.ts";
import { startMuted } from "./guard.ts";
import { Ladders } from "./ladders.ts";
import { entryAt } from "./osr.ts";
import { partsOf } from "./outline.ts";
import { allPasses, type Passes, type PassName } from "./passes.ts";
import { atomicRule } from "./rules-atomic.ts";
import { bigRules } from "./rules-big.ts";
import { loadRule, storeRule } from "./rules-memory.ts";
import { narrowRules } from "./rules-narrow.ts";
import { numericRules, shiftByConstant } from "./rules-numeric.ts";
import { specialRules } from "./rules-special.ts";
import { targetRules } from "./rules-target.ts";
import { wideRules } from "./rules-wide.ts";
import {
  CHARACTERS_PER_BYTE,
  COUNTED_BYTES,
  excessOf,
  LARGE_BYTES,
  LARGE_TEXT,
  type Split,
  VAST_BYTES,
} from "./splitting.ts";
import { rowRule } from "./templates.ts";

/** Functions beyond these are left to the interpreter: V8 would take very long over them. */
const MAX_BODY_BYTES = 1 << 18;
/** Of those that are split, which V8 never optimises whole. Bench: real-js, lightningcss. */
const MAX_SPLIT_BYTES = 1 << 19;
const MAX_LOCALS = 4096;
/** V8 parses nested blocks by recursion, at some 0.7 KB of its stack each. */
const MAX_NESTING = 300;
const TOO_DEEP = "nesting";
/** Frames of functions with i64 as BigInt: less than what generated code has when it is entered. */
const MAX_BIG_BYTES = 20_000;

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
  /**
   * Large ones not yet: one that has run for a while asks for it (`Environment.grown`). To take out parts takes as long as to
   * make the text, and most of them do not run that long. Bench: real-js, esbuild. False: they are asked for.
   */
  readonly isDeferred?: boolean | undefined;
  /** Default: all. */
  readonly passes?: Passes | undefined;
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
  const bytes = func.body.end - func.body.start;
  const { split: wanted = "none", isMetered = false, passes = allPasses } = options;
  const isWhole = isMetered || !passes.split || wanted === "none";
  if (bytes > (isWhole ? MAX_BODY_BYTES : MAX_SPLIT_BYTES)) decline("size");
  if (isWhole || (options.isDeferred && wanted === "large")) return generateIn(module, index, options);
  if (wanted === "every") return generateIn(module, index, options, Infinity);
  return generateSplit(module, index, options, bytes);
}

/** A function of so many bytes: whole if its text is not too large. What is known by its size is not tried. */
function generateSplit(module: Module, index: number, options: GenerateOptions, bytes: number): Generated {
  if (bytes >= VAST_BYTES) return generateIn(module, index, options, Infinity);
  let length = bytes * CHARACTERS_PER_BYTE;
  if (bytes < LARGE_BYTES) {
    const whole = generateIn(module, index, options);
    length = whole.text.length;
    if (length <= LARGE_TEXT) return whole;
  }
  const split = generateIn(module, index, options, excessOf(bytes, length));
  return split.rest <= LARGE_TEXT || !split.hasMore ? split : generateIn(module, index, options, Infinity);
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

/** With the ladders that pay, or, if blocks are too deep then, with all. */
function generateAs(
  module: Module,
  index: number,
  options: GenerateOptions,
  isBig: boolean,
  excess: number | undefined,
): Generated {
  try {
    return generateWith(module, index, options, isBig, excess, false);
  } catch (error) {
    if (!(error instanceof Declined && error.reason === TOO_DEEP)) throw error;
    return generateWith(module, index, options, isBig, excess, true);
  }
}

function generateWith(
  module: Module,
  index: number,
  options: GenerateOptions,
  isBig: boolean,
  excess: number | undefined,
  isDeep: boolean,
): Generated {
  const { loop, isMetered = false, passes = allPasses, minFrameBytes = 0, isBigForced = false } = options;
  const func = module.funcs[index - module.importedFuncs];
  const floats = new FloatFlow();
  const entry = loop === undefined ? undefined : entryAt(module, func, loop);
  const ladders = new Ladders(module, func, isDeep);
  const isDeferred = options.isDeferred === true && options.split === "large" && passes.split && !isMetered;
  const isCounting = isDeferred && func.body.end - func.body.start >= COUNTED_BYTES;
  const form: Form = { entry, isMetered, isBig, excess, passes, isCounting, isGrown: options.isDeferred === false };
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
    if (f.nesting > MAX_NESTING) decline(TOO_DEEP);
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
