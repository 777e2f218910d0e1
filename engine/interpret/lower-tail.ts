/**
 * Lowering of tail calls. A call of a function of the module brings the arguments to the start of the frame and jumps;
 * where the callee may be the host's, which can block, the arguments stay operands until the call is made.
 */
import type { Special } from "../instrs.ts";
import { funcTypeAt } from "../module.ts";
import { type FuncType, I64, isRef } from "../types.ts";
import type { Lowering } from "./lowering.ts";
import { CONST, TEMP, wordsOf } from "./operands.ts";
import { op } from "./ops.ts";

/** Brings the topmost `count` operands to the start of the frame. They stay described, but wrongly. */
function loadArgs(l: Lowering, count: number): void {
  const { stack } = l;
  const first = stack.height - count;
  let to = 0;
  // What an earlier argument would overwrite is copied to its own slot before any moves.
  for (let h = first; h < stack.height; h++) {
    const isPlace = stack.kinds[h] !== TEMP && stack.kinds[h] !== CONST;
    if (isPlace && stack.vals[h] < to) stack.settle(h);
    to += wordsOf(stack.types[h]);
  }
  to = 0;
  for (let h = first; h < stack.height; h++) {
    stack.load(h, to);
    to += wordsOf(stack.types[h]);
  }
}

/** First argument, words of arguments, 1 if some are references. Precondition: all operands are in their slots. */
function argWords(l: Lowering, { params }: FuncType): [number, number, number] {
  const { stack } = l;
  const base = params.length > 0 ? stack.offs[stack.height - params.length] : stack.top;
  const words = params.reduce((n, t) => n + wordsOf(t), 0);
  return [base, words, params.some(isRef) ? 1 : 0];
}

/** The results of a host function go to the start of the frame. */
function reserveResults(l: Lowering, { results }: FuncType): void {
  const words = results.reduce((n, t) => n + wordsOf(t), 0);
  if (words > l.stack.maxTop) l.stack.maxTop = words;
}

function lowerReturnCall(l: Lowering): void {
  const idx = l.reader.u32();
  const { module, out, stack } = l;
  const type = funcTypeAt(module, module.funcTypes[idx]);
  if (idx >= module.importedFuncs) {
    loadArgs(l, type.params.length);
    out.emit(op("return_call_lazy"), 0, idx, out.pending);
  } else {
    stack.settleAll();
    l.safepoint("call", l.at);
    out.emit(op("return_call_import"), idx, ...argWords(l, type), out.pending);
    reserveResults(l, type);
  }
  l.isDead = true;
}

function lowerReturnCallIndirect(l: Lowering): void {
  const typeIdx = l.reader.u32();
  const table = l.reader.u32();
  const type = funcTypeAt(l.module, typeIdx);
  const { out, stack } = l;
  stack.settleAll();
  const index = stack.pop();
  if (stack.types[index] === I64) out.emit(op("table_index64"), stack.offs[index]);
  const words = [stack.offs[index], table, l.canon[typeIdx], ...argWords(l, type), out.pending];
  out.emit(op("return_call_table"), ...words);
  // The index stays an operand, above the arguments, until the call is made: a stop before it must show it.
  stack.push(TEMP, stack.types[index]);
  l.safepoint("call", l.at);
  out.emit(op("return_call_indirect"), ...words);
  reserveResults(l, type);
  l.isDead = true;
}

function lowerReturnCallRef(l: Lowering): void {
  const type = funcTypeAt(l.module, l.reader.u32());
  const { out, stack } = l;
  stack.settleAll();
  const callee = stack.pop();
  const words = [stack.offs[callee], ...argWords(l, type), out.pending];
  // The callee stays an operand, above the arguments, until the call is made: a stop before it must show it.
  stack.push(TEMP, stack.types[callee]);
  l.safepoint("call", l.at);
  out.emit(op("return_call_ref"), ...words);
  reserveResults(l, type);
  l.isDead = true;
}

/** Rules of the instructions of the tail-call proposal. */
export const tailCallRules = {
  return_call: lowerReturnCall,
  return_call_indirect: lowerReturnCallIndirect,
  return_call_ref: lowerReturnCallRef,
} satisfies Partial<Record<Special, (l: Lowering) => void>>;
