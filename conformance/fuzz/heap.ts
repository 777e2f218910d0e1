/** Structure and array types of a generated module: recursive groups, subtypes, equal groups written twice. */
import { type Parts, u, vec } from "../../engine/binary/encode.ts";
import type { Rng } from "./rng.ts";
import { numTypes } from "./rows.ts";
import { type Heap, heapOf, isNullable, isRef, nonNull, ref, type Type, typeBytes } from "./types.ts";

export type Packed = "i8" | "i16";
export interface Field {
  readonly storage: Type | Packed;
  readonly isMutable: boolean;
}
export interface HeapType {
  /** An array has one field. */
  readonly kind: "struct" | "array";
  readonly fields: readonly Field[];
  readonly parent: number | undefined;
  readonly isFinal: boolean;
  readonly group: number;
}

export const isPacked = (storage: Type | Packed): storage is Packed => storage === "i8" || storage === "i16";
/** The type of a field's value on the stack. */
export const unpacked = (storage: Type | Packed): Type => (isPacked(storage) ? "i32" : storage);

const abstract = ["any", "eq", "i31", "struct", "array", "func", "extern"] as const;

/** A storage type; `end` bounds the types it may refer to. What cannot be null must be of a type before `self`. */
function randomStorage(rng: Rng, self: number, end: number): Type | Packed {
  const kind = rng.below(12);
  if (kind < 6) return rng.pick(numTypes);
  if (kind === 6) return rng.pick(["i8", "i16"] as const);
  if (kind === 7) return ref(rng.pick(["i31", "eq", "any"] as const), rng.oneIn(2));
  if (kind === 8) return ref(rng.pick(abstract));
  return kind === 9 && self > 0 ? ref(rng.below(self), false) : ref(rng.below(end));
}

const randomField = (rng: Rng, self: number, end: number): Field => ({
  storage: randomStorage(rng, self, end),
  isMutable: !rng.oneIn(4),
});

/** As it is, or narrower where that is allowed. */
function inherited(rng: Rng, field: Field, self: number): Field {
  const { storage, isMutable } = field;
  if (isMutable || isPacked(storage) || !isRef(storage) || !isNullable(storage) || rng.oneIn(2)) return field;
  const heap = heapOf(storage);
  const isSafe = typeof heap === "number" ? heap < self : ["any", "eq", "i31"].includes(heap);
  return isSafe ? { storage: nonNull(storage), isMutable } : field;
}

function randomType(rng: Rng, list: readonly HeapType[], end: number, group: number): HeapType {
  const self = list.length;
  const isFinal = rng.oneIn(4);
  // The first two are one of each kind.
  const kind = self === 0 || (self > 1 && !rng.oneIn(3)) ? "struct" : "array";
  const open = list.flatMap((type, i) => (type.kind === kind && !type.isFinal ? [i] : []));
  const parent = open.length > 0 && rng.oneIn(2) ? rng.pick(open) : undefined;
  const taken = parent === undefined ? [] : list[parent]!.fields.map((field) => inherited(rng, field, self));
  const more = kind === "array" ? 1 - taken.length : rng.below(4);
  const fields = [...taken, ...Array.from({ length: more }, () => randomField(rng, self, end))];
  return { kind, fields, parent, isFinal, group };
}

/** Group `from` once more: equal types with other indices. */
function again(list: readonly HeapType[], from: number, group: number): HeapType[] {
  const start = list.findIndex((type) => type.group === from);
  const members = list.filter((type) => type.group === from);
  const shift = (i: number): number => (i >= start && i < start + members.length ? i + list.length - start : i);
  const moved = (heap: Heap): Heap => (typeof heap === "number" ? shift(heap) : heap);
  const storage = (t: Type | Packed): Type | Packed =>
    isPacked(t) || !isRef(t) ? t : ref(moved(heapOf(t)), isNullable(t));
  return members.map((type) => ({
    ...type,
    group,
    parent: type.parent === undefined ? undefined : shift(type.parent),
    fields: type.fields.map((field) => ({ ...field, storage: storage(field.storage) })),
  }));
}

export function randomHeap(rng: Rng): HeapType[] {
  const list: HeapType[] = [];
  const groups = 2 + rng.below(4);
  for (let group = 0; group < groups; group++) {
    if (group > 0 && rng.oneIn(4)) {
      list.push(...again(list, rng.below(group), group));
      continue;
    }
    const end = list.length + 1 + (group === 0 || rng.oneIn(2) ? 1 + rng.below(2) : 0);
    while (list.length < end) list.push(randomType(rng, list, end, group));
  }
  return list;
}

const storageBytes = (storage: Type | Packed): number[] =>
  isPacked(storage) ? [storage === "i8" ? 0x78 : 0x77] : typeBytes(storage);
const fieldBytes = ({ storage, isMutable }: Field): number[] => [...storageBytes(storage), isMutable ? 1 : 0];

function heapTypeBytes({ kind, fields, parent, isFinal }: HeapType): number[] {
  const list: Parts = fields.map(fieldBytes);
  const comp = kind === "struct" ? [0x5f, ...vec(list)] : [0x5e, ...fieldBytes(fields[0]!)];
  if (parent === undefined && isFinal) return comp;
  return [isFinal ? 0x4f : 0x50, ...vec(parent === undefined ? [] : [u(parent)]), ...comp];
}

/** Entries of the type section: a group of one as a type alone. */
export function heapGroups(heap: readonly HeapType[]): number[][] {
  const groups: number[][][] = [];
  for (const type of heap) (groups[type.group] ??= []).push(heapTypeBytes(type));
  return groups.map((types) => (types.length === 1 ? types[0]! : [0x4e, ...vec(types)]));
}
