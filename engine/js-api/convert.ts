/**
 * Values between JavaScript and guests: `ToJSValue`, `ToWebAssemblyValue`, addresses. Types are in terms of canonical
 * numbers. Spec: js-api (ToJSValue, ToWebAssemblyValue, AddressValueToU64).
 */
import { canonicalMatcher } from "../match.ts";
import { FuncInst } from "../runtime/func.ts";
import { I31, i31, isOfType } from "../runtime/gc.ts";
import type { Val } from "../runtime/value.ts";
import {
  type AddrType,
  EXTERNREF,
  F32,
  F64,
  heapOf,
  heapTypes,
  I32,
  I64,
  isNullable,
  isRef,
  printValType,
  V128,
  type ValType,
} from "../types.ts";
import { gcInstOf, gcObject, isGcInst } from "./gc-objects.ts";
import { objectOf } from "./identity.ts";
import { enforceU32, isObject, Slot } from "./web-idl.ts";

/** The functions of guests that JavaScript has: `[[FunctionAddress]]`. */
export const functionSlot = new Slot<FuncInst>("Function");

/** What `undefined` is in a guest, where nothing is undefined. */
const UNDEFINED: object = Object.freeze({});
const I31_END = 2 ** 30;

const topOf = (t: ValType): number => canonicalMatcher.topOf(heapOf(t));

/** Vectors and exceptions never cross. */
export const isUncrossable = (t: ValType): boolean => t === V128 || (isRef(t) && topOf(t) === heapTypes.exn);

/** @throws TypeError when a value of one of `types` could not cross */
export function checkCrossable(...lists: readonly (readonly ValType[])[]): void {
  for (const types of lists) {
    const t = types.find(isUncrossable);
    if (t !== undefined) throw new TypeError(`a value of type ${printValType(t)} cannot pass to or from JavaScript`);
  }
}

/** `ToJSValue`. Precondition: `t` is crossable. */
export function toJs(v: Val, t: ValType): unknown {
  if (!isRef(t) || v === null) return v;
  return v instanceof FuncInst && topOf(t) === heapTypes.func ? objectOf(v) : external(v);
}

/** `ToWebAssemblyValue`. Precondition: `t` is crossable. @throws TypeError, and what conversions of objects throw */
export function toWasm(v: unknown, t: ValType): Val {
  switch (t) {
    case I32:
      return (v as number) | 0;
    case I64:
      return BigInt.asIntN(64, v as bigint);
    case F32:
      return Math.fround(v as number);
    case F64:
      return +(v as number);
    case EXTERNREF:
      return v === null ? null : internal(v);
    default:
      return toRef(v, t);
  }
}

function toRef(v: unknown, t: ValType): Val {
  if (v === null && isNullable(t)) return null;
  const top = topOf(t);
  if (v !== null) {
    const ref = top === heapTypes.func ? functionSlot.find(v) : internal(v);
    const isNone = top === heapTypes.extern && heapOf(t) === heapTypes.noextern;
    if (ref !== undefined && !isNone && isOfType(ref, t)) return ref;
  }
  throw new TypeError(`${v === null ? "null" : typeof v} is not a value of type ${printValType(t)}`);
}

/** A value of JavaScript other than null as a reference `any` or `extern`. */
export function internal(v: unknown): Val {
  if (typeof v === "number") {
    const isSmall = v < I31_END && v >= -I31_END && Math.trunc(v) === v && !Object.is(v, -0);
    return isSmall ? i31(v) : v;
  }
  if (v === undefined) return UNDEFINED;
  return (isObject(v) ? (gcInstOf(v) ?? v) : v) as Val;
}

/** A reference `any` or `extern` other than null as a value of JavaScript. */
export function external(v: Val): unknown {
  if (v instanceof I31) return v.value;
  if (v === UNDEFINED) return undefined;
  return isGcInst(v) ? gcObject(v) : v;
}

/** `DefaultValue`; undefined for a type without one. */
export function defaultValue(t: ValType): Val {
  if (!isRef(t)) return t === I64 ? 0n : 0;
  if (t === EXTERNREF) return UNDEFINED;
  return isNullable(t) ? null : undefined;
}

/** `AddressValueToU64`; what is beyond 2^53 is rounded, and still too large for anything. @throws TypeError */
export function toAddress(v: unknown, addr: AddrType, what: string): number {
  if (addr === "i32") return enforceU32(v, what);
  const n = toBigInt(v);
  if (n < 0n || n >= 1n << 64n) throw new TypeError(`${what} is not an integer from 0 to 2^64 - 1`);
  return Number(n);
}

/** `ToBigInt`, which unlike the function `BigInt` refuses numbers. */
const toBigInt = (v: unknown): bigint => BigInt.asIntN(Number.MAX_SAFE_INTEGER, v as bigint);

/** `U64ToAddressValue`. */
export const fromAddress = (n: number, addr: AddrType): number | bigint => (addr === "i32" ? n : BigInt(n));
