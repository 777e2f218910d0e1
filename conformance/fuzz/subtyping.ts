/** Which types of a generated module are subtypes of which, by what it declares: equal groups are not known as equal. */
import type { Shape } from "./shape.ts";
import { type AbstractHeap, type Heap, heapOf, isNullable, isRef, type Type } from "./types.ts";

const parents: Partial<Record<AbstractHeap, AbstractHeap>> = {
  eq: "any",
  i31: "eq",
  struct: "eq",
  array: "eq",
};

function parentOf(shape: Shape, heap: Heap): Heap | undefined {
  if (typeof heap !== "number") return parents[heap];
  const type = shape.heap[heap];
  return type === undefined ? "func" : (type.parent ?? type.kind);
}

/** `heap` and what is above it, in order. */
export function above(shape: Shape, heap: Heap): Heap[] {
  const list: Heap[] = [];
  for (let at: Heap | undefined = heap; at !== undefined; at = parentOf(shape, at)) list.push(at);
  return list;
}

/** Whether an `a` can stand where a `b` is wanted. */
export function matches(shape: Shape, a: Type, b: Type): boolean {
  if (a === b) return true;
  if (!isRef(a) || !isRef(b) || (isNullable(a) && !isNullable(b))) return false;
  return above(shape, heapOf(a)).includes(heapOf(b));
}

/** Defined types that are `idx` or below it. */
export const below = (shape: Shape, idx: Heap): number[] =>
  shape.heap.flatMap((_, i) => (above(shape, i).includes(idx) ? [i] : []));
