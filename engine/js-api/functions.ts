/** Functions of guests as functions of JavaScript, and the other way round. Spec: js-api (exported functions, host functions). */
import { Blocked, type HostResult } from "../blocked.ts";
import { callHost } from "../call-host.ts";
import { funcTypeOfId } from "../canon.ts";
import { callDirectly, directEntry } from "../direct-call.ts";
import { FuncInst, type HostFn } from "../runtime/func.ts";
import type { Val } from "../runtime/value.ts";
import { type FuncType, isRef, type ValType } from "../types.ts";
import { checkCrossable, functionSlot, isUncrossable, toJs, toWasm } from "./convert.ts";
import { guestOf } from "./guests.ts";
import { errorForGuest, errorForJs } from "./thrown.ts";
import { listOf } from "./web-idl.ts";

const { apply } = Reflect;

/**
 * A function that JavaScript calls so often is compiled, however little it does: entering it is 5x faster then. Bench:
 * `npm run bench -- micro export`.
 */
const HOT_CALLS = 500;

function compile(f: FuncInst): void {
  const { inst } = f;
  inst?.tier?.compileNow(f, !inst.meter.isFree);
}

const areCrossable = (types: readonly ValType[]): boolean => !types.some(isUncrossable);

/** The function of JavaScript that calls `f`. */
export function exportedFunction(f: FuncInst): object {
  const { params, results } = f.type;
  const isCrossable = areCrossable(params) && areCrossable(results);
  let calls = 0;
  const fn = (...given: unknown[]): unknown => {
    if (++calls === HOT_CALLS) compile(f);
    if (!isCrossable) checkCrossable(params, results);
    const args: Val[] = [];
    for (let i = 0; i < params.length; i++) args.push(toWasm(given[i], params[i]));
    return toJsResult(call(f, args), results);
  };
  Object.defineProperty(fn, "name", { value: String(f.index) });
  Object.defineProperty(fn, "length", { value: params.length });
  functionSlot.set(fn, f);
  return fn;
}

/** Runs `f` to its end. @throws what JavaScript is to get */
export function call(f: FuncInst, args: readonly Val[]): readonly Val[] {
  try {
    if (f.inst === null) return callHost(f, args, undefined);
    const enter = directEntry(f);
    return enter === undefined ? guestOf(f.inst).call(f, args) : callDirectly(f, enter, args);
  } catch (error) {
    throw errorForJs(error);
  }
}

function toJsResult(vals: readonly Val[], types: readonly ValType[]): unknown {
  if (types.length === 0) return undefined;
  return types.length === 1 ? toJs(vals[0], types[0]) : vals.map((v, i) => toJs(v, types[i]));
}

/**
 * A function of guests with the canonical type `typeId` that calls `fn`.
 *
 * @param index among the functions that its module imports: its name
 */
export function hostFunction(fn: Function, typeId: number, index: number): FuncInst {
  return new FuncInst(typeId, null, index, adapter(fn, funcTypeOfId(typeId)));
}

function adapter(fn: Function, { params, results }: FuncType): HostFn {
  const isPlain = !params.some(isRef);
  const isCrossable = areCrossable(params) && areCrossable(results);
  return (...args) => {
    try {
      if (!isCrossable) checkCrossable(params, results);
      const given = isPlain ? args : args.map((v, i) => toJs(v, params[i]));
      return toWasmResult(apply(fn, undefined, given), results);
    } catch (error) {
      throw errorForGuest(error);
    }
  };
}

function toWasmResult(value: unknown, types: readonly ValType[]): HostResult {
  // A host function of ours that has to wait.
  if (value instanceof Blocked) return value;
  if (types.length === 0) return undefined;
  if (types.length === 1) return toWasm(value, types[0]);
  const values = listOf(value, "what a host function returned");
  if (values.length !== types.length) {
    throw new TypeError(`a host function returned ${values.length} values instead of ${types.length}`);
  }
  return values.map((v, i) => toWasm(v, types[i]));
}
