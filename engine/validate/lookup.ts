/**
 * What an instruction's indices name, and the errors when they name nothing: shared by the files of rules.
 */
import { type FuncType, printValType, type ValType } from "../types.ts";
import type { FuncState } from "./state.ts";

export function funcTypeAt(s: FuncState, idx: number): FuncType {
  const type = s.ctx.module.types[idx];
  if (type === undefined) throw s.fault("unknownType", ` ${idx}`);
  if (type.comp.kind !== "func") throw s.fault("notFuncType", ` ${idx}`);
  return type.comp;
}

/** Type of the elements of segment `idx`. */
export function elemType(s: FuncState, idx: number): ValType {
  const elem = s.ctx.module.elems[idx];
  if (elem === undefined) throw s.fault("unknownElem", ` ${idx}`);
  return elem.type;
}

/** A data segment must exist, and the number of them have been announced before the code. */
export function checkData(s: FuncState, idx: number): void {
  const { dataCount, datas } = s.ctx.module;
  if (idx >= datas.length) throw s.fault("unknownData", ` ${idx}`);
  if (dataCount === undefined) throw s.r.malformed("dataCountRequired", s.at, " before code that uses data segments");
}

export function requireSub(s: FuncState, actual: ValType, expected: ValType, what: string): void {
  if (!s.ctx.matcher.isSub(actual, expected)) {
    throw s.fault("typeMismatch", `: ${what} is ${printValType(actual)}, not ${printValType(expected)}`);
  }
}
