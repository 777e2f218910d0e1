/**
 * The function around a body that is written: its head and variables, what enters it from frame slots, what it refers to.
 *
 * Called once for each function, with loops and strings and few closures: V8 took a tenth of all the time of making texts
 * to optimise, and to give up again, what was one function with lists. Bench: real-js, wabt.
 */
import { F32, F64, I64, isRef, type ValType } from "../types.ts";
import { bigText } from "./big-frame.ts";
import type { FunctionText } from "./function-text.ts";
import type { Lines, Parts } from "./outline.ts";
import { SELF_LOOP } from "./rules-tail.ts";
import { COUNT, LARGE_TEXT } from "./splitting.ts";
import { zeroOf } from "./values.ts";

/** Bytes of a JavaScript frame besides its variables. */
const FRAME_BYTES = 160;
/** And for each `try` around another. */
const TRY_BYTES = 48;

export interface Generated {
  /** Body of a function of `$`, which links; gives the function and what enters it from frame slots. */
  readonly text: string;
  /** Of each line of `text`, the offset in the module; 0 for lines that come from no instruction. @cost O(lines) */
  readonly offsets: readonly number[];
  /** The same of the instruction that fails if the line does. @cost O(lines) */
  readonly causes: readonly number[];
  /** How many loops and cases were taken out, and why other loops were not. */
  readonly parts: number;
  /** How much of the text is not of these. */
  readonly rest: number;
  /** More could be taken out. */
  readonly hasMore: boolean;
  readonly reasons: readonly string[];
}

/** What a call takes of the JavaScript stack, bytes. */
export const frameBytes = (f: FunctionText, { variables, outlines }: Parts): number =>
  FRAME_BYTES +
  // The function of a loop has a frame, too.
  (outlines.lines.length === 0 ? 0 : FRAME_BYTES + 8 * variables) +
  8 * (f.bigs === undefined ? 0 : f.bigs.size + 2) +
  8 * (2 * f.locals.length + 2 + f.pending.slots.size + f.pending.temps + f.dispatches.size + f.type.results.length) +
  TRY_BYTES * f.mostTries +
  // What is passed to stop is in variables of its own.
  (f.fuel === undefined ? 0 : 8 * (8 + 2 * f.locals.length + f.pending.slots.size));

/** @param bytes `frameBytes`, or more; even */
export function assemble(f: FunctionText, parts: Parts, bytes: number): Generated {
  const { outlines, rest } = parts;
  // Fills in lines of the body.
  const vars = variables(f);
  const isCounted = f.isCounting && f.out.length > LARGE_TEXT;
  if (!isCounted) for (const line of f.counts) f.out.replace(line, "");
  const body = rest.lines.length === 0 ? "" : `\n${rest.lines.join("\n")}`;
  const head = headOf(f, vars, bytes, isCounted);
  const canFail = f.out.hasPrefix;
  const adapter = f.entry === undefined ? enterText(f) : enterLoopText(f);
  const end = `${f.callsSelf ? "}\n" : ""}${canFail ? `}catch(x){throw ${f.env.stops("failed")}(x,q,k);}\n` : ""}});`;
  // What the adapter refers to must be known before the first line is made.
  const first = `"use strict";\n${f.env.text()}${isCounted ? `let K=${COUNT};` : ""}`;
  const taken = outlines.lines.length === 0 ? "" : `\n${outlines.lines.join("\n")}`;
  const text = `${first}${taken}\n${head}${body}\n${end}\n${adapter}\nreturn [${f.name},e];`;
  return {
    text,
    get offsets() {
      return around(parts, head, "offsets");
    },
    get causes() {
      return around(parts, head, "causes");
    },
    parts: f.outlines.length,
    rest: outlines.lines.reduce((rest, line) => rest - line.length, text.length),
    hasMore: f.splitting.hasMore,
    reasons: f.splitting.reasons,
  };
}

/** Of each line. @param head the lines before the body */
function around({ outlines, rest }: Parts, head: string, of: keyof Lines & ("offsets" | "causes")): number[] {
  const before = new Array<number>(head.split("\n").length).fill(0);
  return [0, 0, ...outlines[of], ...before, ...rest[of]];
}

/** Everything before the body. */
function headOf(f: FunctionText, vars: string, bytes: number, isCounted: boolean): string {
  const { name, entry } = f;
  const params = paramNames(f);
  const head = entry === undefined ? `function ${name}(${params}n){` : `function ${name}(I,R,p,b,n){`;
  // Before the room is made even: who called.
  const caller = !f.hasTailCalls ? "" : entry === undefined ? "const v=n&1;" : "const v=0;";
  // In parentheses V8 compiles it at once, which it will have to; what is too much for its stack is known here then.
  let text = `const ${name}=(${head}${caller}`;
  const args = params.slice(0, -1);
  if (f.fuel !== undefined) text += `\n${entryCheck(f, args, bytes)}`;
  else if (f.hasCalls || (f.bigs !== undefined && f.bigs.size > 0)) text += `\n${stackCheck(f, args, bytes)}`;
  if (isCounted) text += `\nif(--K<0)K=${f.env.grown(f.index)}(${entry === undefined ? "n" : "0"});`;
  if (vars !== "") text += `\nlet ${vars};`;
  const starts = bigStarts(f);
  if (starts !== "") text += `\n${starts}`;
  if (f.out.hasPrefix) text += "\ntry{";
  if (f.callsSelf) text += `\n${SELF_LOOP}`;
  return text;
}

/** Each with a comma behind it. */
function paramNames({ type, locals }: FunctionText): string {
  let names = "";
  for (let i = 0; i < type.params.length; i++) names += locals[i] === I64 ? `l${i},h${i},` : `l${i},`;
  return names;
}

const isInFrame = (f: FunctionText, t: ValType): boolean => t === I64 && f.bigs !== undefined;

/** Declarations of the variables, with commas between them. */
function variables(f: FunctionText): string {
  const { pending, fuel } = f;
  const first = [...(f.bigs?.declarations() ?? []), ...f.views.finish()];
  const own = f.entry === undefined ? undefined : entryVars(f);
  let text = first.length === 0 ? "" : `${first.join()},`;
  text += own === undefined ? localVars(f) : `o=1,${own.map((v) => `${v},`).join("")}`;
  const declared = own === undefined ? undefined : new Set(own.map((v) => v.slice(0, v.indexOf("="))));
  for (const id of pending.slots) {
    const name = pending.name(id);
    if (!declared?.has(name)) text += `${name}=0,`;
  }
  for (let k = 0; k < pending.temps; k++) text += `t${k}=0,`;
  for (const name of f.dispatches) text += `${name}=0,`;
  if (fuel !== undefined) text += `q=${f.env.left()}[0],k=0,`;
  if (f.mostTries > 0) text += `a=${f.env.active()}[0],`;
  if (f.hasEscapes) text += "u=0,";
  if (f.outlines.length > 0) text += "y=0,";
  return text.slice(0, -1);
}

/** Locals that are no parameters. */
function localVars(f: FunctionText): string {
  const { locals } = f;
  let text = "";
  for (let i = f.type.params.length; i < locals.length; i++) {
    const t = locals[i];
    if (t !== I64) text += `l${i}=${zeroOf(t)},`;
    else if (f.bigs === undefined) text += `l${i}=0,h${i}=0,`;
  }
  return text;
}

/** Statements that give the variables of the function's `BigFrame` their first values, if it has any. */
function bigStarts(f: FunctionText): string {
  const { bigs, locals, entry, type } = f;
  if (bigs === undefined) return "";
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
  return list.join("");
}

/** A recursion that would overflow the JavaScript stack goes on in the interpreter. */
function stackCheck(f: FunctionText, args: string, bytes: number): string {
  if (f.entry !== undefined) return `n=n-${bytes}&-2;`;
  return `if((n=n-${bytes}&-2)<0)return ${f.env.deep(f.index)}(${args});`;
}

/** The same for a function that counts fuel, which its entry may find used up. */
function entryCheck(f: FunctionText, args: string, bytes: number): string {
  if (f.entry !== undefined) return f.hasCalls ? `n=n-${bytes}&-2;` : "";
  const stack = f.hasCalls ? `(n=n-${bytes}&-2)<0||` : "";
  const room = f.hasCalls ? `n+${bytes}${f.hasTailCalls ? "|v" : ""}` : "n";
  return `if(${stack}${f.env.left()}[0]<0)return ${f.env.slow(f.index, bytes)}(${args === "" ? "" : `${args},`}${room});`;
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
function enterText(f: FunctionText): string {
  const { params } = f.type;
  let values = "";
  for (let i = 0; i < params.length; i++)
    for (const value of readSlot(f, params[i], `p+${2 * i}`)) values += `${value},`;
  return `function e(s,p,b,n){const I=s.I,R=s.refs;${putResults(f, `${f.name}(${values}n)`)}}`;
}

const enterLoopText = (f: FunctionText): string =>
  `function e(s,p,b,n){const I=s.I,R=s.refs;${putResults(f, `${f.name}(I,R,p,b,n)`)}}`;

function putResults(f: FunctionText, call: string): string {
  const { env } = f;
  const { results } = f.type;
  if (results.length === 0) return `${call};`;
  if (results.length > 1) return `${call};${env.helper("copyResults")}(s,p,${results.length});`;
  const t = results[0];
  if (isRef(t)) return `R[p>>1]=${call};`;
  if (t === F32) return `I[p]=${env.helper("bitsOfF32")}(${call});`;
  if (t === F64) return `${env.helper("putF64")}(I,p,${call});`;
  return `I[p]=${call};${t === I64 ? `I[p+1]=${env.high()}[0];` : ""}`;
}
