/**
 * Constant expressions for the values that an instance has. Refuses what none can make: structures, arrays, exceptions,
 * values of the host, functions of other modules.
 */
import { heapType, s, u } from "../binary/encode.ts";
import { canonOf, canonVal } from "../canon.ts";
import { canonicalMatcher, type Matcher, matcherOf } from "../match.ts";
import { ExnInst } from "../runtime/exn.ts";
import { FuncInst } from "../runtime/func.ts";
import { ArrayInst, I31, StructInst } from "../runtime/gc.ts";
import type { GlobalInst } from "../runtime/global.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { CONCRETE, EXACT, F32, F64, heapOf, heapTypes, I32, I64, refType, V128, type ValType } from "../types.ts";
import { heldReference } from "./refusal.ts";

const END = 0x0b;
const le = (word: number): number[] => [word & 0xff, (word >> 8) & 0xff, (word >> 16) & 0xff, word >>> 24];

/** Writes the values of one instance. */
export class ValueWriter {
  readonly #inst: ModuleInst;
  readonly #matcher: Matcher;
  readonly #canon: Int32Array;
  readonly #imported = new Map<Val, number>();

  constructor(inst: ModuleInst) {
    this.#inst = inst;
    this.#matcher = matcherOf(inst.module.types);
    this.#canon = canonOf(inst.module.types);
    // Of a function that is imported twice, the first.
    for (let i = inst.module.importedFuncs - 1; i >= 0; i--) this.#imported.set(inst.funcs[i], i);
  }

  /** The expression for the value of `global`, which is of type `type` in the module. @throws WasmError WT5801 */
  global(global: GlobalInst, type: ValType, place: string): number[] {
    const words = global.cells.I.subarray(global.slot * 2);
    switch (type) {
      case I32:
        return [0x41, ...s(words[0]), END];
      case I64:
        return [0x42, ...s(global.get() as bigint), END];
      case F32:
        return [0x43, ...le(words[0]), END];
      case F64:
        return [0x44, ...le(words[0]), ...le(words[1]), END];
      case V128:
        return [0xfd, 0x0c, ...le(words[0]), ...le(words[1]), ...le(words[2]), ...le(words[3]), END];
      default:
        return this.reference(global.get(), type, place);
    }
  }

  /** The expression for `v` at `place`, whose type in the module is `type`. @throws WasmError WT5801 */
  reference(v: Val, type: ValType, place: string): number[] {
    if (v === null) return [0xd0, ...heapType(heapOf(type) | (type & EXACT)), END];
    const top = this.#matcher.topOf(heapOf(type));
    if (top === heapTypes.func) {
      const idx = this.funcIdx(v, type);
      if (idx !== undefined) return [0xd2, ...u(idx), END];
    } else if (v instanceof I31) {
      const convert = top === heapTypes.extern ? [0xfb, 0x1b] : [];
      return [0x41, ...s(v.value), 0xfb, 0x1c, ...convert, END];
    }
    throw heldReference(place, describe(v));
  }

  /** Index of the function `v` in the module, if `ref.func` of it is of type `type`. */
  funcIdx(v: Val, type: ValType): number | undefined {
    if (!(v instanceof FuncInst)) return undefined;
    if (v.inst === this.#inst) return v.index;
    const idx = this.#imported.get(v);
    if (idx === undefined) return undefined;
    // What is imported may be of a subtype of what the import says.
    const known = refType(CONCRETE + this.#canon[this.#inst.module.funcTypes[idx]], false);
    return canonicalMatcher.isSub(known, canonVal(type, this.#canon)) ? idx : undefined;
  }
}

/**
 * Checks a value that its own expression in the module will make again: an object that has been reachable may have been
 * changed since, and two places may share it.
 *
 * @throws WasmError WT5801
 */
export function checkRemade(v: Val, place: string): void {
  if (isAggregate(v)) throw heldReference(place, describe(v));
}

/** Whether `v` is something that can be changed while it is held. */
export const isAggregate = (v: Val): boolean => v instanceof StructInst || v instanceof ArrayInst;

function describe(v: Val): string {
  if (v instanceof StructInst) return "a structure";
  if (v instanceof ArrayInst) return "an array";
  if (v instanceof ExnInst) return "an exception";
  return v instanceof FuncInst ? "a function of another module" : "a value of the host";
}
