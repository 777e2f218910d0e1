/**
 * Validates one function body: reads its instructions in order and applies the rule of each.
 *
 * Rows of plain types, loads and stores are checked from flat tables made of the instruction table; the others by
 * `special.ts`. Spec: appendix/algorithm, valid/instructions.
 */

import type { FeatureGate } from "../binary/feature-gate.ts";
import { readMemarg, skipImms } from "../binary/imms.ts";
import { denseOpcode, OPCODES, unknownOpcode } from "../binary/opcodes.ts";
import { unsupported } from "../faults.ts";
import type { Feature } from "../features.ts";
import { atomicType, type InstrDef, instrDef, mnemonics, type Special } from "../instrs.ts";
import type { OpType } from "../instrs-simd.ts";
import type { Func } from "../module.ts";
import { F32, F64, type FuncType, I32, I64, V128, type ValType } from "../types.ts";
import { exceptionRules } from "./exceptions.ts";
import { checkLanes, laneLimit } from "./lanes.ts";
import { skipOrdinary } from "./ordinary.ts";
import { memAddr, type Rule, specialRules } from "./special.ts";
import type { FuncState } from "./state.ts";

const opTypes: Readonly<Record<OpType, ValType>> = { i32: I32, i64: I64, f32: F32, f64: F64, v128: V128 };

/** How an opcode is checked. */
const UNKNOWN = 0;
const PLAIN = 1;
const PLAIN_IMMS = 2;
const LOAD = 3;
const STORE = 4;
const SPECIAL = 5;
const PLAIN_LANES = 6;
const LOAD_LANE = 7;
const STORE_LANE = 8;
const ATOMIC = 9;

/** Room for the operand types of one row. */
const MAX_PARAMS = 4;
const MAX_RESULTS = 2;

// Tables by dense opcode
const kinds = new Uint8Array(OPCODES + 1);
const paramCounts = new Uint8Array(OPCODES + 1);
const params = new Uint8Array((OPCODES + 1) * MAX_PARAMS);
const resultCounts = new Uint8Array(OPCODES + 1);
const results = new Uint8Array((OPCODES + 1) * MAX_RESULTS);
/** Of loads and stores: type of the value, log2 of the bytes moved. */
const accessVals = new Uint8Array(OPCODES + 1);
const accessAligns = new Uint8Array(OPCODES + 1);
/** Lane indices must be below. */
const laneLimits = new Uint8Array(OPCODES + 1);
const rules: Rule[] = new Array<Rule>(OPCODES + 1).fill(() => undefined);
const defs: (InstrDef | undefined)[] = new Array(OPCODES + 1).fill(undefined);

const allRules: Readonly<Record<Special, Rule>> = { ...specialRules, ...exceptionRules };

for (const mnemonic of mnemonics) {
  const def = instrDef(mnemonic);
  const op = denseOpcode(def.opcode);
  defs[op] = def;
  laneLimits[op] = laneLimit(def);
  if (def.type === "special") {
    kinds[op] = SPECIAL;
    rules[op] = allRules[mnemonic as Special];
  } else if (def.type === "atomic") {
    const [from, to] = atomicType(def);
    fillPlain(op, from, to);
    fillAccess(op, def);
  } else if (typeof def.type === "string") fillAccess(op, def);
  else {
    fillPlain(op, def.type[0], def.type[1]);
    kinds[op] = laneLimits[op] > 0 ? PLAIN_LANES : def.imms.length > 0 ? PLAIN_IMMS : PLAIN;
  }
}

function fillAccess(op: number, def: InstrDef): void {
  if (def.access === undefined) throw new Error(`opcode ${def.opcode} has no access column`);
  const accessKinds = {
    load: LOAD,
    store: STORE,
    load_lane: LOAD_LANE,
    store_lane: STORE_LANE,
    atomic: ATOMIC,
  } as const;
  kinds[op] = accessKinds[def.type as keyof typeof accessKinds];
  accessVals[op] = opTypes[def.access.val];
  accessAligns[op] = Math.log2(def.access.bits / 8);
}

function fillPlain(op: number, from: readonly OpType[], to: readonly OpType[]): void {
  if (from.length > MAX_PARAMS || to.length > MAX_RESULTS) throw new Error(`row ${op} has too many operands`);
  paramCounts[op] = from.length;
  params.set(
    from.map((t) => opTypes[t]),
    op * MAX_PARAMS,
  );
  resultCounts[op] = to.length;
  results.set(
    to.map((t) => opTypes[t]),
    op * MAX_RESULTS,
  );
}

const THROW = denseOpcode(instrDef("throw").opcode);
/** Rows of each proposal, by dense opcode; `throw` is in two of them. */
const gated = new Map<Feature, number[]>();
for (const [op, def] of defs.entries()) {
  if (def?.feature === undefined || op === THROW) continue;
  const rows = gated.get(def.feature);
  if (rows === undefined) gated.set(def.feature, [op]);
  else rows.push(op);
}

/** Applies the rules, for one module: knows which rows are on, remembers which were met. */
export class InstrChecker {
  readonly #seen = new Uint8Array(OPCODES + 1);
  /** `kinds`, but UNKNOWN for rows of features that are off. */
  readonly #kinds: Uint8Array;
  readonly #isExhaustive: boolean;

  /** @param isExhaustive  nothing is left to `ordinary.ts`, for tests */
  constructor(gate: FeatureGate, isExhaustive = false) {
    this.#isExhaustive = isExhaustive;
    this.#kinds = kinds.slice();
    for (const [feature, rows] of gated) {
      if (!gate.isOn(feature)) for (const op of rows) this.#kinds[op] = UNKNOWN;
    }
    if (!gate.isOn(gate.exceptions)) this.#kinds[THROW] = UNKNOWN;
  }

  /** Checks the instructions of `s` up to the `end` of its outermost block, or the end of the bytes. */
  run(s: FuncState): void {
    checkInstrs(s, this.#kinds, this.#seen, this.#isExhaustive);
  }

  /** Records in `gate` the features of all opcodes met. */
  record(gate: FeatureGate): void {
    for (const [feature, rows] of gated) {
      if (rows.some((op) => this.#seen[op] === 1)) gate.used.add(feature);
    }
    if (this.#seen[THROW] === 1) gate.used.add(gate.exceptions);
  }
}

/**
 * Checks the body of function `idx`, whose type is `type`.
 *
 * @throws WasmError invalid, malformed or unsupported
 * @cost O(bytes of the body), unless blocks and calls move many operands
 */
export function validateFunc(s: FuncState, checker: InstrChecker, func: Func, idx: number, type: FuncType): void {
  s.enter(func, idx, type);
  checker.run(s);
  const { r } = s;
  if (s.depth > 0) throw missingEnd(s);
  if (r.pos !== r.end) throw r.malformed("sectionSize", r.pos, ": code after the end of the function");
}

/** What is wrong when a body stops before its `end`: told by what follows, as the bytes might be meant. */
function missingEnd(s: FuncState): Error {
  const { r } = s;
  const next = r.bytes[r.pos];
  if (next === undefined) return r.malformed("unexpectedEnd", r.pos, ": the body has no end");
  if (next === 0x0b) return r.malformed("sectionSize", r.pos, ": the body ends one byte before its end");
  return r.malformed("endExpected", r.pos);
}

function checkInstrs(s: FuncState, kinds: Uint8Array, seen: Uint8Array, isExhaustive: boolean): void {
  const { r } = s;
  while (r.pos < r.end && s.depth > 0) {
    if (!isExhaustive) skipOrdinary(s);
    s.at = r.pos;
    const opcode = r.opcode();
    const op = denseOpcode(opcode);
    s.opcode = opcode;
    seen[op] = 1;
    switch (kinds[op]) {
      case 1: // PLAIN
        checkPlain(s, op);
        break;
      case 2: // PLAIN_IMMS
        skipImms(r, defs[op]!);
        checkPlain(s, op);
        break;
      case 3: // LOAD
        s.popVal(checkAccess(s, op));
        s.pushVal(accessVals[op]!);
        break;
      case 4: // STORE
        checkStore(s, op);
        break;
      case 5: // SPECIAL
        rules[op]!(s);
        break;
      case 6: // PLAIN_LANES
        checkLanes(s, defs[op]!, laneLimits[op]!);
        checkPlain(s, op);
        break;
      case 7: // LOAD_LANE
        checkStore(s, op);
        checkLanes(s, defs[op]!, laneLimits[op]!);
        s.pushVal(V128);
        break;
      case 8: // STORE_LANE
        checkStore(s, op);
        checkLanes(s, defs[op]!, laneLimits[op]!);
        break;
      case 9: // ATOMIC
        checkAtomic(s, op);
        break;
      default:
        throw refused(s, opcode, op);
    }
  }
}

function checkPlain(s: FuncState, op: number): void {
  const first = op * MAX_PARAMS;
  for (let i = first + paramCounts[op]! - 1; i >= first; i--) s.popVal(params[i]!);
  const end = op * MAX_RESULTS + resultCounts[op]!;
  for (let i = op * MAX_RESULTS; i < end; i++) s.pushVal(results[i]!);
}

function checkStore(s: FuncState, op: number): void {
  const addr = checkAccess(s, op);
  s.popVal(accessVals[op]!);
  s.popVal(addr);
}

/** The operands of the row, above an address. The alignment is not a hint here. */
function checkAtomic(s: FuncState, op: number): void {
  const addr = checkAccess(s, op);
  if (s.memarg.align !== accessAligns[op]) {
    throw s.fault("atomicAlignment", `: 2^${s.memarg.align} where it is 2^${accessAligns[op]}`);
  }
  const first = op * MAX_PARAMS;
  for (let i = first + paramCounts[op]! - 1; i >= first; i--) s.popVal(params[i]!);
  s.popVal(addr);
  const end = op * MAX_RESULTS + resultCounts[op]!;
  for (let i = op * MAX_RESULTS; i < end; i++) s.pushVal(results[i]!);
}

/** Reads and checks a memory argument; returns the type of the address. */
function checkAccess(s: FuncState, op: number): ValType {
  const { memarg } = s;
  readMemarg(s.r, memarg);
  const addr = memAddr(s, memarg.memIdx);
  if (memarg.align > accessAligns[op]!) {
    throw s.fault("alignment", `: 2^${memarg.align} where 2^${accessAligns[op]} is natural`);
  }
  if (memarg.offset > 0xffffffff && addr === I32) throw s.fault("offsetRange", `: ${memarg.offset}`);
  return addr;
}

/** The error for an opcode without row, or with one that is off. */
function refused(s: FuncState, opcode: number, op: number): Error {
  const feature = defs[op]?.feature;
  if (feature === undefined) return unknownOpcode(opcode, s.at, s.r.func);
  return unsupported(feature, s.at, "", s.r.func);
}
