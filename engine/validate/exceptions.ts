/**
 * The rules of exception instructions, of 3.0 and of the form before. Spec: valid/instructions (throw, throw_ref,
 * try_table); proposal exception-handling (legacy).
 */
import { type Catch, readCatches } from "../binary/imms.ts";
import { overLimit } from "../faults.ts";
import { instrDef, type Special } from "../instrs.ts";
import { EXNREF, heapTypes, printValType, refType, type ValType } from "../types.ts";
import { funcTypeAt, type Rule, readBlock } from "./special.ts";
import type { FuncState } from "./state.ts";

const TRY = instrDef("try").opcode;
const CATCH = instrDef("catch").opcode;
const CATCH_ALL = instrDef("catch_all").opcode;
/** What a clause with `_ref` gives: never null. */
const CAUGHT = refType(heapTypes.exn, false);

function tagParams(s: FuncState, idx: number): readonly ValType[] {
  const tag = s.ctx.module.tagTypes[idx];
  if (tag === undefined) throw s.fault("unknownTag", ` ${idx}`);
  return funcTypeAt(s, tag.type).params;
}

const checkThrow: Rule = (s) => {
  s.popVals(tagParams(s, s.r.u32()));
  s.setUnreachable();
};

const checkThrowRef: Rule = (s) => {
  s.popVal(EXNREF);
  s.setUnreachable();
};

/** Labels of the clauses are counted from outside the block. */
const checkTryTable: Rule = (s) => {
  const type = readBlock(s);
  s.popVals(type.params);
  const clauses = readCatches(s.r);
  const { catchClauses } = s.ctx.limits;
  if (clauses.length > catchClauses) throw overLimit("catchClauses", clauses.length, catchClauses, s.at, s.r.func);
  for (const clause of clauses) checkClause(s, clause);
  s.pushCtrl(s.opcode, type);
};

function checkClause(s: FuncState, { tag, isRef, label }: Catch): void {
  const values = tag < 0 ? [] : tagParams(s, tag);
  const given = isRef ? [...values, CAUGHT] : values;
  const wanted = s.labelTypes(label);
  if (!s.ctx.matcher.areSubs(given, wanted)) {
    const print = (types: readonly ValType[]): string => types.map(printValType).join(" ");
    throw s.fault("typeMismatch", `: catch clause gives [${print(given)}] but label ${label} takes [${print(wanted)}]`);
  }
}

/* Legacy */

const checkTry: Rule = (s) => {
  const type = readBlock(s);
  s.popVals(type.params);
  s.pushCtrl(TRY, type);
};

/** Ends the body before and starts one with the values of the tag, or none. */
function startCatch(s: FuncState, params: readonly ValType[]): void {
  const before = s.opAt(s.depth - 1);
  if (before !== TRY && before !== CATCH) throw s.r.malformed("endExpected", s.at, ": catch outside a try");
  const { results } = s.ctrlTypes[s.popCtrl()]!;
  s.pushCtrl(s.opcode, { kind: "func", params, results });
}

const checkDelegate: Rule = (s) => {
  if (s.opAt(s.depth - 1) !== TRY) throw s.r.malformed("endExpected", s.at, ": delegate outside a try");
  const { results } = s.ctrlTypes[s.popCtrl()]!;
  s.labelTypes(s.r.u32());
  s.pushVals(results);
};

const checkRethrow: Rule = (s) => {
  const idx = s.r.u32();
  s.labelTypes(idx);
  const op = s.opAt(s.depth - 1 - idx);
  if (op !== CATCH && op !== CATCH_ALL) throw s.fault("rethrowLabel", ` ${idx} is no catch block`);
  s.setUnreachable();
};

/** Rules of the instructions of both exception proposals. */
export const exceptionRules = {
  throw: checkThrow,
  throw_ref: checkThrowRef,
  try_table: checkTryTable,
  try: checkTry,
  catch: (s) => startCatch(s, tagParams(s, s.r.u32())),
  catch_all: (s) => startCatch(s, []),
  delegate: checkDelegate,
  rethrow: checkRethrow,
} satisfies Partial<Record<Special, Rule>>;
