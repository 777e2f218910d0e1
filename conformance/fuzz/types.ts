/**
 * Value types of generated modules: names that are equal when the types are. A reference is written as in the text
 * format, `(ref null 3)`, with the index of a defined type or an abstract heap type.
 */
import { s } from "../../engine/binary/encode.ts";
import type { OpType } from "../../engine/instrs-simd.ts";
import { heapTypes } from "../../engine/types.ts";

export type { OpType };
export type Ref = `(ref ${string})`;
export type Type = OpType | Ref;
export type AbstractHeap = keyof typeof heapTypes;
/** A type index, or an abstract one. */
export type Heap = number | AbstractHeap;

export const codes: Readonly<Record<OpType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

interface RefParts {
  readonly heap: Heap;
  readonly isNullable: boolean;
}
const parts = new Map<Ref, RefParts>();

export function ref(heap: Heap, isNullable = true): Ref {
  const t: Ref = `(ref ${isNullable ? "null " : ""}${heap})`;
  if (!parts.has(t)) parts.set(t, { heap, isNullable });
  return t;
}

export const isRef = (t: string): t is Ref => t.startsWith("(ref ");
export const heapOf = (t: Ref): Heap => (parts.get(t) as RefParts).heap;
export const isNullable = (t: Ref): boolean => (parts.get(t) as RefParts).isNullable;
export const nonNull = (t: Ref): Ref => ref(heapOf(t), false);
export const nullable = (t: Ref): Ref => ref(heapOf(t));

export const FUNCREF: Ref = ref("func");
export const EXTERNREF: Ref = ref("extern");
export const ANYREF: Ref = ref("any");
export const EQREF: Ref = ref("eq");
export const EXNREF: Ref = ref("exn");

export const heapBytes = (heap: Heap): number[] => (typeof heap === "number" ? s(heap) : [heapTypes[heap]]);

/** `t` in the binary format. */
export function typeBytes(t: Type): number[] {
  if (!isRef(t)) return [codes[t]];
  const { heap, isNullable } = parts.get(t) as RefParts;
  if (isNullable && typeof heap === "string") return [heapTypes[heap]];
  return [isNullable ? 0x63 : 0x64, ...heapBytes(heap)];
}
