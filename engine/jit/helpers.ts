/** What generated code calls: everything by name in one object, so that each text takes just what it needs. */
import { bytesCost, elemsCost, growCost } from "../cost.ts";
import { trap, trapError } from "../errors.ts";
import * as numerics from "../numerics.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { MemInst } from "../runtime/memory.ts";
import type { TableInst } from "../runtime/table.ts";
import type { Val } from "../runtime/value.ts";
import type { FrameSlots } from "../tier.ts";
import * as wideArithmetic from "../wide-arithmetic.ts";
import { atomicHelpers } from "./atomics.ts";
import { highOfBig, lowOfBig } from "./big-frame.ts";
import { caught, exceptionOf, thrown } from "./exceptions.ts";
import { gcHelpers } from "./gc.ts";
import * as nan from "./nan.ts";
import { results } from "./results.ts";
import { tailCall } from "./tail.ts";
import * as wide from "./wide.ts";

/** Functions that only trap have a type, so that they fit into expressions. */
const divisionByZero = (): number => trap("intDivByZero");
const divisionOverflow = (): number => trap("intOverflow");
const unreachable = (): Error => trapError("unreachable");

/** Of a table index of 64 bits only the low word is looked at later. */
function wideIndex(low: number, high: number): void {
  if (high !== 0) trap("undefinedElement", `(index ${(high >>> 0) * 2 ** 32 + (low >>> 0)})`);
}

function dropData(inst: ModuleInst, idx: number): void {
  inst.datas[idx] = new Uint8Array(0);
}

function dropElem(inst: ModuleInst, idx: number): void {
  inst.elems[idx] = [];
}

/** Grows and says what that costs more, in `fuel[1]`. */
function growMemory(fuel: Int32Array, m: MemInst, delta: number): number {
  const old = m.grow(delta);
  fuel[1] = old < 0 ? 0 : growCost(delta, m.pageSize);
  return old;
}

function growTable(fuel: Int32Array, t: TableInst, delta: number, init: Val): number {
  const old = t.grow(delta, init);
  fuel[1] = old < 0 ? 0 : elemsCost(delta);
  return old;
}

/** `callee` is what stands for a function of the host. */
const isHost = (callee: object): boolean => !("inst" in callee);

/** Copies `count` results to the frame at `p`. */
function copyResults(s: FrameSlots, p: number, count: number): void {
  for (let k = 0; k < count; k++) {
    s.I[p + 2 * k] = results.I[2 * k];
    s.I[p + 2 * k + 1] = results.I[2 * k + 1];
    s.refs[(p >> 1) + k] = results.refs[k];
  }
}

export const helpers: Readonly<Record<string, unknown>> = {
  ...numerics,
  ...nan,
  ...wide,
  ...wideArithmetic,
  ...gcHelpers,
  ...atomicHelpers,
  divisionByZero,
  divisionOverflow,
  unreachable,
  wideIndex,
  dropData,
  dropElem,
  copyResults,
  bytesCost,
  elemsCost,
  growMemory,
  growTable,
  tailCall,
  isHost,
  exceptionOf,
  thrown,
  caught,
  lowOfBig,
  highOfBig,
};
