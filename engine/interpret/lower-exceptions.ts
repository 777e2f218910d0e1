/**
 * Lowering of exceptions, of 3.0 and of the form before. Try blocks are code like any block; what they catch goes into
 * the function's handler table.
 *
 * In a legacy catch body the caught exception is a hidden operand below the values of its tag, for `rethrow`: so it is
 * part of the canonical frame. Spec: exec/instructions (try_table, throw); proposal exception-handling (legacy).
 */
import { readCatches } from "../binary/imms.ts";
import type { Special } from "../instrs.ts";
import { funcTypeAt } from "../module.ts";
import { EXNREF, type ValType } from "../types.ts";
import { labelAt, lowerEnd, open, readBlockType, settleInto } from "./lower-special.ts";
import type { Label, Lowering } from "./lowering.ts";
import { TEMP, wordsOf } from "./operands.ts";
import { op } from "./ops.ts";

const tagParams = (l: Lowering, tag: number): readonly ValType[] =>
  funcTypeAt(l.module, l.module.tagTypes[tag].type).params;

function lowerThrow(l: Lowering): void {
  const tag = l.reader.u32();
  const { stack, out } = l;
  const { length } = tagParams(l, tag);
  stack.settleAll();
  out.emit(op("throw"), tag, length > 0 ? stack.offs[stack.height - length] : stack.top, out.pending);
  l.isDead = true;
}

function lowerThrowRef(l: Lowering): void {
  l.out.emit(op("throw_ref"), l.popPlace(), l.out.pending);
  l.isDead = true;
}

function lowerTryTable(l: Lowering): void {
  const type = readBlockType(l);
  const catches = readCatches(l.reader);
  const label = open(l, "block", type);
  label.handler = l.handlers.enter(l.out.pc);
  for (const { tag, isRef, label: outer } of catches) {
    // Counted from outside the block.
    const target = labelAt(l, outer + 1);
    l.handlers.add(label.handler, tag, isRef ? "above" : "none", target, target.base);
    reserve(l, target.base, tag < 0 ? [] : tagParams(l, tag), isRef);
  }
}

/** The frame must hold the values that a handler gets at `base`. */
function reserve(l: Lowering, base: number, types: readonly ValType[], isRef: boolean): void {
  const end = types.reduce((n, t) => n + wordsOf(t), base) + (isRef ? 2 : 0);
  if (end > l.stack.maxTop) l.stack.maxTop = end;
}

/* Legacy */

function lowerTry(l: Lowering): void {
  const label = open(l, "try", readBlockType(l));
  label.handler = l.handlers.enter(l.out.pc);
}

/** Ends the body before and starts one for exceptions of `tag`, or for all. */
function startCatch(l: Lowering, tag: number): void {
  const { stack, out } = l;
  const label = l.labels[l.labels.length - 1];
  if (!l.isDead) {
    settleInto(l, label);
    label.fixups.push(out.jump(0));
  }
  out.pending = 0;
  if (label.kind === "try") l.handlers.leave(out.pc);
  label.kind = "catch";
  l.isDead = false;
  stack.truncate(label.height);
  out.join();
  l.handlers.add(label.handler, tag, "below", out.pc, label.base);
  stack.push(TEMP, EXNREF);
  if (tag >= 0) for (const t of tagParams(l, tag)) stack.push(TEMP, t);
}

/** Exceptions of the body go to the handlers around the label, past those in between. */
function lowerDelegate(l: Lowering): void {
  const { labels, handlers } = l;
  const own = labels[labels.length - 1];
  // The label is counted from outside the try block.
  let i = labels.length - 2 - l.reader.u32();
  while (i >= 0 && !isTrying(labels[i])) i--;
  handlers.delegate(own.handler, i < 0 ? -1 : labels[i].handler);
  lowerEnd(l);
}

const isTrying = (label: Label): boolean => label.handler >= 0 && label.kind !== "catch";

function lowerRethrow(l: Lowering): void {
  l.out.emit(op("throw_ref"), labelAt(l, l.reader.u32()).base, l.out.pending);
  l.isDead = true;
}

/** Rules of the instructions of both exception proposals. */
export const exceptionRules = {
  throw: lowerThrow,
  throw_ref: lowerThrowRef,
  try_table: lowerTryTable,
  try: lowerTry,
  catch: (l) => startCatch(l, l.reader.u32()),
  catch_all: (l) => startCatch(l, -1),
  delegate: lowerDelegate,
  rethrow: lowerRethrow,
} satisfies Partial<Record<Special, (l: Lowering) => void>>;
