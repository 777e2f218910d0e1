/**
 * Exceptions, of 3.0 and of the form before. A try block is a `try` whose `catch` looks at the tag and goes where the
 * clauses say, or has the catch bodies in it; what it does not know it throws again, the same error.
 *
 *     try_table (catch $t $l) ... end     ──►     try{...}catch(x){const j=caught(x);
 *                                                  if(j.tag===E0){s1=j.words[0];break L1;}
 *                                                  throw x;}
 *
 * Not every handler around is meant: `delegate` passes some, and after a tail call none is left. The variable `u` says
 * for which try block an exception is: its number, which is its depth; 0 for the next, -1 for none.
 */
import { readCatches } from "../binary/imms.ts";
import type { Mnemonic } from "../instrs.ts";
import { funcTypeAt } from "../module.ts";
import { EXNREF, F32, F64, I64, isRef, type ValType } from "../types.ts";
import { carry, finishHead, jump, labelAt, openBlock, readType, reopen, settleResults } from "./control.ts";
import { type Attempt, decline, type FunctionText, isFloat, type Label } from "./function-text.ts";
import { ANY, expression, Operand } from "./operand.ts";
import { noVectors } from "./rules-call.ts";

/** The number of no try block. */
export const NO_BLOCK = -1;

/** Exceptions are for the try block `number` from now on. */
export function escapeTo(f: FunctionText, number: number): string {
  f.hasEscapes = true;
  return `u=${number};`;
}

function tagParams(f: FunctionText, tag: number): readonly ValType[] {
  const type = funcTypeAt(f.module, f.module.tagTypes[tag].type);
  noVectors(type);
  return type.params;
}

/* Throwing */

function throwTag(f: FunctionText): void {
  const tag = f.reader.u32();
  const params = tagParams(f, tag);
  f.pending.flush(ANY);
  const args = f.popArguments(params);
  throwNow(f, `${f.env.helper("exceptionOf")}(${[f.env.tag(tag), ...args].join()})`);
}

function throwRef(f: FunctionText): void {
  const exn = f.pop();
  f.pending.flush(ANY);
  throwNow(f, `${f.env.helper("thrown")}(${exn.lo.text})`);
}

/** The caught exception is the hidden operand of the catch body. */
function rethrow(f: FunctionText): void {
  const { height } = labelAt(f, f.reader.u32());
  f.pending.flush(ANY);
  throwNow(f, `${f.env.helper("thrown")}(${f.pending.variable(f.pending.slotId(height)).text})`);
}

function throwNow(f: FunctionText, error: string): void {
  f.out.line(`${f.fuel?.throwing() ?? ""}throw ${error};`);
  f.isDead = true;
}

/* Try blocks */

/** What opens a block that is announced as `handling`. */
function headOf(f: FunctionText, tries: number, handling: string): string {
  return `try{${f.env.blocks()}[a${tries === 0 ? "" : `+${tries}`}]=${handling};${f.activate(tries + 1)}`;
}

function openTry(f: FunctionText, attempt: Attempt, head: string, type = readType(f)): void {
  openBlock(f, type, head).attempt = attempt;
  f.tries++;
  f.mostTries = Math.max(f.mostTries, f.tries);
}

/** Now it is known what the block catches. */
function setHead(f: FunctionText, label: Label, handling: string): void {
  label.head = headOf(f, label.tries, handling);
  f.out.replace(label.line, label.head);
}

function handlingOf(f: FunctionText, tags: readonly number[]): string {
  if (tags.includes(-1)) return f.env.catchingAll();
  return tags.length === 0 ? f.env.passing(1) : f.env.catching(tags);
}

function tryTable(f: FunctionText): void {
  const type = readType(f);
  const clauses = readCatches(f.reader);
  if (clauses.length === 0) openBlock(f, type, "{");
  else {
    const tags = clauses.map((c) => c.tag);
    openTry(f, { clauses, tags, isCatching: false }, headOf(f, f.tries, handlingOf(f, tags)), type);
  }
}

/** Where `catch` begins: an exception has come, and is for this block if `number` says so. */
function handlerHead(f: FunctionText, number: number): string {
  const check = f.hasEscapes ? `if(u!==0){if(u!==${number})throw x;u=0;}` : "";
  return `}catch(x){${check}const j=${f.env.helper("caught")}(x);`;
}

/** The end of a block that an `attempt` opened. */
export function endOfTry(f: FunctionText): void {
  const label = f.labels[f.labels.length - 1];
  const attempt = label.attempt as Attempt;
  const number = f.labels.length;
  finishBody(f, label);
  f.labels.pop();
  f.nesting--;
  if (attempt.clauses.length > 0) {
    f.out.line(handlerHead(f, number));
    f.views.changed();
    writeClauses(f, label, attempt);
  } else {
    setHead(f, label, handlingOf(f, attempt.tags));
    if (!attempt.isCatching) f.out.line("}catch(x){throw x;}");
    else {
      f.nesting--;
      f.out.line(attempt.tags.includes(-1) ? "}}" : "}else throw x;}");
    }
  }
  goOn(f, label);
}

/** Results into their places, fuel counted, for code behind the block. */
function finishBody(f: FunctionText, label: Label): void {
  if (!f.isDead) settle(f, label);
  f.fuel?.land(label, !f.isDead);
  f.tries = label.tries;
}

function settle(f: FunctionText, label: Label): void {
  if (!label.attempt?.isCatching) {
    settleResults(f, label);
    return void f.out.line(f.activate(label.tries));
  }
  // The hidden operand is below them.
  f.pending.flush(ANY);
  const text = carry(f, label);
  if (text !== "") f.out.line(text);
}

function goOn(f: FunctionText, label: Label): void {
  finishHead(f, label);
  const isReached = !f.isDead || label.isUsed || label.isThenReached;
  if (isReached) reopen(f, label, label.results, label.resultNodes);
  else f.pending.truncate(label.height);
}

function writeClauses(f: FunctionText, label: Label, { clauses }: Attempt): void {
  const { pending, fuel } = f;
  const after = fuel?.pending ?? 0;
  let isOpen = true;
  for (const { tag, isRef: hasRef, label: depth } of clauses) {
    if (fuel !== undefined) fuel.pending = 0;
    pending.truncate(label.height);
    pushCaught(f, tag < 0 ? [] : tagParams(f, tag));
    if (hasRef) f.push(EXNREF, expression("j"));
    const text = jump(f, labelAt(f, depth));
    f.out.line(`${condition(f, tag)}{${fuel?.landed() ?? ""}${f.activate(label.tries)}${text}}`);
    if (tag < 0) {
      isOpen = false;
      break;
    }
  }
  pending.truncate(label.height);
  if (fuel !== undefined) fuel.pending = after;
  f.out.line(isOpen ? "throw x;}" : "}");
}

const condition = (f: FunctionText, tag: number): string => (tag < 0 ? "" : `if(j.tag===${f.env.tag(tag)})`);

/** Pushes the values of the exception `j`. */
function pushCaught(f: FunctionText, params: readonly ValType[]): void {
  params.forEach((t, i) => void f.pending.push(caughtValue(f, t, i)));
}

function caughtValue(f: FunctionText, t: ValType, i: number): Operand {
  const low = `j.words[${2 * i}]`;
  const high = `j.words[${2 * i + 1}]`;
  if (isRef(t)) return new Operand(t, expression(`j.refs[${i}]`), undefined, 0);
  if (t === F32) return f.operand(t, expression(`${f.env.helper("f32FromBits")}(${low})`), f.floats.node(true));
  if (t === F64)
    return f.operand(t, expression(`${f.env.helper("f64FromWords")}(${low},${high})`), f.floats.node(true));
  return new Operand(t, expression(low), t === I64 ? expression(high) : undefined, 0);
}

/* The form before 3.0 */

/** Ends the body before and starts one for exceptions of `tag`, or for all. */
function startCatch(f: FunctionText, tag: number): void {
  const label = f.labels[f.labels.length - 1];
  const attempt = label.attempt as Attempt;
  if (f.entry?.openers.has(label.at) && !f.isEntered) decline("loop in a catch body");
  if (!f.isDead) {
    settle(f, label);
    f.fuel?.skip(label);
    label.isThenReached = true;
  }
  if (f.fuel !== undefined) f.fuel.pending = 0;
  f.out.line(`${attempt.isCatching ? "}else " : handlerHead(f, f.labels.length)}${condition(f, tag)}{`);
  if (!attempt.isCatching) f.nesting++;
  attempt.isCatching = true;
  attempt.tags.push(tag);
  f.tries = label.tries;
  f.isDead = false;
  f.pending.truncate(label.height);
  f.out.line((f.fuel?.landed() ?? "") + f.activate(label.tries));
  f.views.changed();
  keepCaught(f, new Operand(EXNREF, expression("j"), undefined, 0));
  if (tag >= 0) tagParams(f, tag).forEach((t, i) => void keepCaught(f, caughtValue(f, t, i)));
}

/** Pushes `o` in its slot: the catch body may catch others. */
function keepCaught(f: FunctionText, o: Operand): void {
  const { pending } = f;
  const depth = pending.height;
  const node = isFloat(o.type) ? o.node : -1;
  f.out.line(pending.assignment(pending.slotId(depth), pending.slotId(depth, 1), o, node));
  pending.pushSlot(o.type, o.hi !== undefined, node);
}

/** Exceptions of the body go to the handlers around the label, past those in between. */
function delegate(f: FunctionText): void {
  const label = f.labels[f.labels.length - 1];
  const number = f.labels.length;
  // The label is counted from outside the try block.
  let i = f.labels.length - 2 - f.reader.u32();
  while (i >= 0 && !isTrying(f.labels[i])) i--;
  const next = label.tries - (i < 0 ? -1 : f.labels[i].tries);
  finishBody(f, label);
  f.labels.pop();
  f.nesting--;
  setHead(f, label, f.env.passing(next));
  f.out.line(`}catch(x){if(u===0||u===${number})${escapeTo(f, i < 0 ? NO_BLOCK : i + 1)}throw x;}`);
  goOn(f, label);
}

const isTrying = ({ attempt }: Label): boolean => attempt !== undefined && !attempt.isCatching;

export const exceptionRules: Partial<Record<Mnemonic, (f: FunctionText) => void>> = {
  throw: throwTag,
  throw_ref: throwRef,
  try_table: tryTable,
  // What it catches is known at its end.
  try: (f) => openTry(f, { clauses: [], tags: [], isCatching: false }, ""),
  catch: (f) => startCatch(f, f.reader.u32()),
  catch_all: (f) => startCatch(f, -1),
  delegate,
  rethrow,
};
