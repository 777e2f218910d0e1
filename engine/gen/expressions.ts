/** Rows of the instruction table as expressions on frame slots, for the generated switch. */
import type { InstrDef, NumType } from "../instrs.ts";

export type Plain = readonly [readonly NumType[], readonly NumType[]];

/** An operand: in the frame at a word index, an immediate word, or a value that has a name: of a pair, without l and h. */
export type Operand = { readonly at: string } | { readonly word: string } | { readonly value: string };

export interface Expression {
  /** Declarations to come first, or nothing. */
  readonly head: string;
  /** The one result, or JSON of the pair of words. */
  readonly text: string;
}

/** Slot expression of type `t` at the 32-bit-word index expression `at`. */
export function slot(t: NumType, at: string): string {
  if (t === "i32") return `I[${at}]`;
  if (t === "i64") return `B[${at} >> 1]`;
  return t === "f32" ? `F32[${at}]` : `F64[(${at}) >> 1]`;
}

const isWide = (t: NumType): boolean => t === "i64" || t === "f64";

/** Row `d` on operands. Names that it declares end in `suffix`. */
export function expression(d: InstrDef, args: readonly Operand[], suffix = ""): Expression {
  const [params] = d.type as Plain;
  const isWords = d.words !== undefined;
  const decls: string[] = [];
  let text = isWords ? (typeof d.words === "string" ? d.words : JSON.stringify(d.words)) : (d.js as string);
  params.forEach((t, i) => {
    const arg = args[i] as Operand;
    if (isWords && isWide(t)) {
      const name = "value" in arg ? arg.value : `${"xy"[i]}${suffix}`;
      const parts = ["l", "h"].filter((part) => text.includes(`$${i}${part}`));
      if ("word" in arg) decls.push(`${name}l = ${arg.word}`);
      else if ("at" in arg) decls.push(`${name} = ${arg.at}`, ...parts.map((part) => wordOf(name, part)));
      text = text.replaceAll(`$${i}l`, `${name}l`).replaceAll(`$${i}h`, `${name}h`);
    } else text = text.replaceAll(`$${i}`, plain(arg, isWords ? "i32" : t));
  });
  return { head: decls.length > 0 ? `const ${decls.join(", ")}; ` : "", text };
}

const wordOf = (name: string, part: string): string => `${name}${part} = I[${name}${part === "h" ? " + 1" : ""}]`;

function plain(arg: Operand, t: NumType): string {
  if ("at" in arg) return slot(t, arg.at);
  return "word" in arg ? arg.word : arg.value;
}

/** i64 arithmetic that every V8 compiles to one machine instruction between slots: see RATIONALE.md. */
const wholeArithmetic = /^(?:BigInt\.asIntN\(64, )?\$0 ([-+*&|^]) \$1\)?$/;

/**
 * One 64-bit integer of two words: stored at once, since a load of 64 bits waits for two stores of 32. Every V8 makes three
 * instructions of it. Bench: 64-bit kernels (0.4 of the time where a rotation is followed by a sum).
 */
export const joined = (lo: string, hi: string): string =>
  `BigInt.asIntN(64, (BigInt(${hi}) << 32n) | BigInt((${lo}) >>> 0))`;

/** Such arithmetic on slots and values: those called `b...` are BigInts, others pairs of words. */
export function wholeExpression(d: InstrDef, args: readonly Operand[]): string | undefined {
  if (!isWholeArithmetic(d)) return undefined;
  const texts = args.map((arg) => {
    if ("at" in arg) return slot("i64", `(${arg.at})`);
    const { value } = arg as { value: string };
    return value.startsWith("b") ? value : joined(`${value}l`, `${value}h`);
  });
  return `BigInt.asIntN(64, ${texts.join(` ${wholeArithmetic.exec(d.js as string)?.[1]} `)})`;
}

export const isWholeArithmetic = (d: InstrDef): boolean =>
  (d.type as Plain)[0][0] === "i64" && wholeArithmetic.test(d.js ?? "");

/** Statement that computes row `d` on operands into the word index `to`. */
export function compute(d: InstrDef, to: string, args: readonly Operand[]): string {
  const [, results] = d.type as Plain;
  const whole = wholeExpression(d, args);
  // Bench: xxh64, sha512, splitmix.
  if (whole !== undefined) return `${slot("i64", `(${to})`)} = ${whole};`;
  const { head, text } = expression(d, args);
  if (d.words === undefined) return `${head}${slot(results[0] as NumType, to)} = ${text};`;
  if (typeof d.words === "string") return `${head}I[${to}] = ${text};`;
  const [lo, hi] = JSON.parse(text) as [string, string];
  return `${head}const lo = ${lo}; ${slot("i64", `(${to})`)} = ${joined("lo", hi.replaceAll("$lo", "lo"))};`;
}
