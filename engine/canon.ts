/**
 * Canonical types: one process-wide number for each structurally equal type, so that equality of types of different
 * modules is equality of numbers.
 *
 * A recursive group is one key: references inside the group by place, references outside by canonical number. Numbers
 * are given to groups at first sight and never reused. Spec: valid/conventions (rolling, unrolling, equivalence).
 *
 * Nothing is ever forgotten: objects hold bare numbers, and may outlive their module. So a process that compiles
 * modules of strangers grows with the different types it has seen; `MAX_TYPES` and `MAX_KEY_CHARS` bound that to about
 * 2 GiB, and one module to less by the limits `types`, `params`, `structFields` and the rest. A module that
 * would go beyond is refused as exhausted; modules whose types are known go on. Who must not let one stranger
 * use up what others need runs them in processes or worker threads of their own.
 */
import { WasmError } from "./errors.ts";
import {
  CONCRETE,
  type CompType,
  type FieldType,
  type FuncType,
  heapOf,
  isConcrete,
  isRef,
  type SubType,
  typeIdxOf,
  type ValType,
} from "./types.ts";

/** Most types that are given numbers. */
const MAX_TYPES = 1_000_000;
/** Most characters of all keys, which are about as many as the bytes of the types in their modules. */
const MAX_KEY_CHARS = 2 ** 26;

/** Groups by key, types by number. One for the process, but for tests. */
export class TypeRegistry {
  /** Declared supertypes by canonical number, nearest last (a display): `displays[id][depth]`. */
  readonly displays: Int32Array[] = [];
  /** Composite types by canonical number; the type indices in them are canonical numbers too. */
  readonly comps: CompType[] = [];
  readonly #groups = new Map<string, number>();
  readonly #maxTypes: number;
  #charsLeft: number;

  constructor(maxTypes: number = MAX_TYPES, maxKeyChars: number = MAX_KEY_CHARS) {
    this.#maxTypes = maxTypes;
    this.#charsLeft = maxKeyChars;
  }

  /** First number of the group `key`; undefined if it is new. */
  find(key: string): number | undefined {
    return this.#groups.get(key);
  }

  /** Gives `key` a number; the caller pushes its `count` types to `displays` and `comps`. @throws WasmError exhausted */
  reserve(key: string, count: number): number {
    const id = this.displays.length;
    if (id + count > this.#maxTypes || key.length > this.#charsLeft) {
      const message = `no room for the types of this module: ${id} different ones are known in this process`;
      throw new WasmError("exhausted", "WT5005", message, { hint: "compile the module in a process of its own" });
    }
    this.#charsLeft -= key.length;
    this.#groups.set(key, id);
    return id;
  }
}

const ofProcess = new TypeRegistry();
const { displays, comps } = ofProcess;
const noSupers = new Int32Array(0);

/**
 * Canonical number of every type of a module.
 *
 * @throws WasmError exhausted, when the process has seen too many
 * @cost O(size of the types); `canonOf` caches it per module
 */
export function canonicalTypes(types: readonly SubType[], registry: TypeRegistry = ofProcess): Int32Array {
  const ids = new Int32Array(types.length);
  for (let first = 0; first < types.length; ) {
    let end = first + 1;
    while (end < types.length && types[end].group === types[first].group) end++;
    const key = groupKey(types, first, end, ids);
    let id = registry.find(key);
    if (id === undefined) {
      id = registry.reserve(key, end - first);
      for (let i = first; i < end; i++) ids[i] = id + (i - first);
      for (let i = first; i < end; i++) {
        registry.displays.push(displayOf(types[i], ids, registry.displays));
        registry.comps.push(canonComp(types[i].comp, ids));
      }
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

/** The composite type of canonical number `id`, in terms of canonical numbers. */
export const compOfId = (id: number): CompType => comps[id];

/** The function type of canonical number `id`. Precondition: it is one. */
export function funcTypeOfId(id: number): FuncType {
  const comp = comps[id];
  if (comp.kind !== "func") throw new Error(`canonical type ${id} is not a function type`);
  return comp;
}

/** `t` of a module whose types have the canonical numbers `ids`, in terms of canonical numbers. */
export function canonVal(t: ValType, ids: Int32Array): ValType {
  if (!isRef(t)) return t;
  const heap = heapOf(t);
  return isConcrete(heap) ? t - heap + CONCRETE + ids[typeIdxOf(heap)] : t;
}

/** `comp` itself if it names no types. */
function canonComp(comp: CompType, ids: Int32Array): CompType {
  const val = (t: ValType): ValType => canonVal(t, ids);
  const isSame = (t: ValType): boolean => val(t) === t;
  const field = (f: FieldType): FieldType => (isSame(f.storage) ? f : { ...f, storage: val(f.storage) });
  if (comp.kind === "array") return isSame(comp.field.storage) ? comp : { ...comp, field: field(comp.field) };
  if (comp.kind === "struct") {
    return comp.fields.every((f) => isSame(f.storage)) ? comp : { ...comp, fields: comp.fields.map(field) };
  }
  if (comp.params.every(isSame) && comp.results.every(isSame)) return comp;
  return { ...comp, params: comp.params.map(val), results: comp.results.map(val) };
}

/** Canonical number of a final function type that stands alone, given in terms of canonical numbers. */
export function funcTypeId(type: FuncType): number {
  const self: SubType = { isFinal: true, supers: [], comp: type, group: 0, place: 0 };
  const key = `${flagsKey(self, String)}${compKey(type, (idx) => `c${idx}`)}`;
  let id = ofProcess.find(key);
  if (id === undefined) {
    id = ofProcess.reserve(key, 1);
    displays.push(noSupers);
    comps.push(type);
  }
  return id;
}

function displayOf(type: SubType, ids: Int32Array, displays: readonly Int32Array[]): Int32Array {
  const sup = type.supers[0];
  if (sup === undefined) return noSupers;
  const parent = ids[sup];
  const above = displays[parent] ?? noSupers;
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
    parts.push(`${flagsKey(t, index)}${compKey(t.comp, index)}`);
  }
  return parts.join(";");
}

const flagsKey = (t: SubType, index: (idx: number) => string): string =>
  `${t.isFinal ? "f" : "o"}[${t.supers.map(index).join()}]${clauseKey("D", t.describes, index)}${clauseKey("d", t.descriptor, index)}`;

const clauseKey = (mark: string, idx: number | undefined, index: (idx: number) => string): string =>
  idx === undefined ? "" : mark + index(idx);

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
