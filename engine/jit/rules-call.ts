/** Calls: of functions of the module, by a table, by a reference. Their tail forms are in `rules-tail.ts`. */
import { funcTypeAt } from "../module.ts";
import { F32, F64, type FuncType, I32, I64, isRef, V128, type ValType } from "../types.ts";
import { bigText } from "./big-frame.ts";
import { decline, type FunctionText, isFloat } from "./function-text.ts";
import { ANY, LOAD, type Part, TRAP } from "./operand.ts";
import { atomOf } from "./templates.ts";

/** Calls `callee` with `args`; `more` are words of operands that the instruction has beside them. */
function emitCall(
  f: FunctionText,
  type: FuncType,
  callee: string,
  args: readonly string[],
  more: readonly string[] = [],
): void {
  f.hasCalls = true;
  f.pending.flush(ANY);
  const text = `${callee}(${[...args, "n"].join()})`;
  const around = (call: string): string => f.fuel?.around(call, more) ?? call;
  if (type.results.length === 1) {
    f.pushCall(type.results[0], text, around);
    return f.views.changed();
  }
  f.out.line(around(`${text};`));
  f.views.changed();
  type.results.forEach((t, k) => void takeResult(f, t, k));
}

/** The result `k` of several, which is in its slot of the results. */
export function takeResult(f: FunctionText, t: ValType, k: number): void {
  const { env, pending } = f;
  const I = env.results();
  const lo = pending.slotId(pending.height);
  const hi = pending.slotId(pending.height, 1);
  pending.free(lo);
  if (t === I64 && f.bigs !== undefined) {
    pending.free(hi);
    f.bigs.lost += f.weight;
    const words = bigText(`${I}[${2 * k}]`, `${I}[${2 * k + 1}]`);
    f.out.line(`${f.bigs.big(f.locals.length + pending.height)}=${words};`);
    return pending.pushSlot(t, true, -1);
  }
  const low = pending.variable(lo).text;
  if (t === V128) decline("v128");
  if (isRef(t)) f.out.line(`${low}=${env.resultRefs()}[${k}];`);
  else if (t === F32) f.out.line(`${low}=${env.helper("f32FromBits")}(${I}[${2 * k}]);`);
  else if (t === F64) f.out.line(`${low}=${env.helper("f64FromWords")}(${I}[${2 * k}],${I}[${2 * k + 1}]);`);
  else if (t === I32) f.out.line(`${low}=${I}[${2 * k}];`);
  else {
    pending.free(hi);
    f.out.line(`${low}=${I}[${2 * k}];${pending.variable(hi).text}=${I}[${2 * k + 1}];`);
  }
  pending.pushSlot(t, t === I64, isFloat(t) ? f.floats.node(true) : -1);
}

export function noVectors(type: FuncType): void {
  if (type.params.includes(V128) || type.results.includes(V128)) decline("v128");
}

export function call(f: FunctionText): void {
  const idx = f.reader.u32();
  const type = funcTypeAt(f.module, f.module.funcTypes[idx]);
  noVectors(type);
  const args = f.popArguments(type.params);
  const isSelf = idx === f.index && f.entry === undefined;
  emitCall(f, type, isSelf ? f.name : `${f.env.callee(idx)}.${f.call}`, args);
}

export interface Callee {
  /** The variable that holds it. */
  readonly name: string;
  readonly type: FuncType;
  /** Words of the operands that the instruction has beside the arguments. */
  readonly more: readonly string[];
  /** Words of the arguments. */
  readonly args: readonly string[];
}

/** The element is called if it is a guest's function of just the type wanted; the rest is looked at outside. */
export function popIndirect(f: FunctionText): Callee {
  const typeIdx = f.reader.u32();
  const table = f.reader.u32();
  const type = funcTypeAt(f.module, typeIdx);
  const id = f.canon[typeIdx];
  noVectors(type);
  let index = f.pop();
  // What the arguments trap by comes before what the table does.
  f.pending.flush(LOAD | TRAP);
  if (index.hi !== undefined) {
    f.pending.flush(ANY);
    index = atomOf(f, index);
    const text = `${f.env.helper("wideIndex")}(${index.lo.text},${(index.hi as Part).text});`;
    if (index.hi?.value !== 0) f.out.line(text);
  }
  const i = index.effects === 0 && index.lo.isAtom ? index.lo : atomAfterAll(f, index.lo);
  const args = f.popArguments(type.params);
  f.pending.flush(ANY);
  const name = f.pending.name(f.pending.temp());
  const { env } = f;
  f.out.line(`${name}=${env.table(table)}.elems[${i.inner}>>>0];`);
  const sig = f.fuel === undefined ? "sig" : "meteredSig";
  f.out.line(`if(${name}==null||${name}.${sig}!==${id})${name}=${env.indirect()}(${table},${i.text},${id});`);
  return { name, type, args, more: index.hi === undefined ? [i.text] : [i.text, "0"] };
}

/** `part` in a temporary, evaluated after everything that waits. */
function atomAfterAll(f: FunctionText, part: Part): Part {
  f.pending.flush(ANY);
  return f.pending.atom(part);
}

/** The same for a reference. */
export function popCallee(f: FunctionText): Callee {
  const type = funcTypeAt(f.module, f.reader.u32());
  noVectors(type);
  const callee = atomAfterAll(f, f.pop().lo);
  const args = f.popArguments(type.params);
  f.pending.flush(ANY);
  const name = f.pending.name(f.pending.temp());
  f.out.line(`${name}=${callee.text};`);
  const sig = f.fuel === undefined ? "sig" : "meteredSig";
  f.out.line(`if(${name}===null||${name}.${sig}<0)${name}=${f.env.callable()}(${name});`);
  return { name, type, args, more: [callee.text] };
}

export const callThrough = (f: FunctionText, { name, type, args, more }: Callee): void =>
  emitCall(f, type, `${name}.${f.call}`, args, more);
