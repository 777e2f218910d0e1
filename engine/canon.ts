/**
 * Canonical types: one process-wide number for each structurally equal type, so that equality of types of different
 * modules is equality of numbers.
 *
 * A recursive group is one key: references inside the group by place, references outside by canonical number. Numbers
 * are given to groups at first sight and never reused. Spec: valid/conventions (rolling, unrolling, equivalence).
 */
import {
  CONCRETE,
  type CompType,
  type FieldType,
  heapOf,
  isConcrete,
  isRef,
  type SubType,
  typeIdxOf,
  type ValType,
} from "./types.ts";

const registry = new Map<string, number>();
/** Declared supertypes by canonical number, nearest last (a display): `supersOf[id][depth]`. */
const displays: Int32Array[] = [];

/**
 * Canonical number of every type of a module.
 *
 * @cost O(size of the types); cache it per module
 */
export function canonicalTypes(types: readonly SubType[]): Int32Array {
  const ids = new Int32Array(types.length);
  for (let first = 0; first < types.length; ) {
    let end = first + 1;
    while (end < types.length && types[end].group === types[first].group) end++;
    const key = groupKey(types, first, end, ids);
    let id = registry.get(key);
    if (id === undefined) {
      id = displays.length;
      registry.set(key, id);
      for (let i = first; i < end; i++) ids[i] = id + (i - first);
      for (let i = first; i < end; i++) displays.push(displayOf(types[i], ids));
    }
    for (let i = first; i < end; i++) ids[i] = id + (i - first);
    first = end;
  }
  return ids;
}

/** True when canonical type `sub` is `sup` or declares it as a supertype. O(1). */
export function isSubtypeId(sub: number, sup: number): boolean {
  if (sub === sup) return true;
  const depth = displays[sup].length;
  const display = displays[sub];
  return depth < display.length && display[depth] === sup;
}

function displayOf(type: SubType, ids: Int32Array): Int32Array {
  const sup = type.supers[0];
  if (sup === undefined) return new Int32Array(0);
  const parent = ids[sup];
  const above = displays[parent] ?? new Int32Array(0);
  const display = new Int32Array(above.length + 1);
  display.set(above);
  display[above.length] = parent;
  return display;
}

function groupKey(types: readonly SubType[], first: number, end: number, ids: Int32Array): string {
  const index = (idx: number): string => (idx >= first && idx < end ? `r${idx - first}` : `c${ids[idx]}`);
  const parts: string[] = [];
  for (let i = first; i < end; i++) {
    const t = types[i];
    parts.push(`${t.isFinal ? "f" : "o"}[${t.supers.map(index).join()}]${compKey(t.comp, index)}`);
  }
  return parts.join(";");
}

function compKey(comp: CompType, index: (idx: number) => string): string {
  const val = (t: ValType): string =>
    isRef(t) && isConcrete(heapOf(t)) ? `${t - heapOf(t) + CONCRETE}${index(typeIdxOf(heapOf(t)))}` : String(t);
  const field = (f: FieldType): string => `${f.isMutable ? "m" : ""}${val(f.storage)}`;
  if (comp.kind === "func") return `(${comp.params.map(val).join()})${comp.results.map(val).join()}`;
  if (comp.kind === "array") return `a${field(comp.field)}`;
  return `s${comp.fields.map(field).join()}`;
}

const cache = new WeakMap<readonly SubType[], Int32Array>();

/** `canonicalTypes`, computed once for each type space. */
export function canonOf(types: readonly SubType[]): Int32Array {
  let ids = cache.get(types);
  if (ids === undefined) {
    ids = canonicalTypes(types);
    cache.set(types, ids);
  }
  return ids;
}
