/** What a generated module has besides its function bodies: types, tags, globals, tables, memories, segments. */
import { type HeapType, randomHeap } from "./heap.ts";
import type { Profile } from "./profile.ts";
import type { Rng } from "./rng.ts";
import { numTypes, type Rows, rowsOf } from "./rows.ts";
import {
  ANYREF,
  EQREF,
  EXNREF,
  EXTERNREF,
  FUNCREF,
  heapOf,
  isNullable,
  isRef,
  type Ref,
  ref,
  type Type,
} from "./types.ts";

export interface Signature {
  readonly params: readonly Type[];
  readonly results: readonly Type[];
}

export interface GlobalShape {
  readonly type: Type;
  readonly isMutable: boolean;
}

export type Addr = "i32" | "i64";
export interface TableShape {
  readonly elem: Ref;
  readonly addr: Addr;
  readonly min: number;
}
export interface MemShape {
  readonly addr: Addr;
  /** In pages. */
  readonly min: number;
  readonly max: number;
  readonly isShared: boolean;
  readonly isByPage: boolean;
}

export interface Shape {
  readonly profile: Profile;
  readonly rows: Rows;
  /** Number and vector types. */
  readonly nums: readonly Type[];
  /** Reference types of locals, globals and the like; they admit null. */
  readonly refs: readonly Ref[];
  /** They come first in the type section. */
  readonly heap: readonly HeapType[];
  /** Type index: after those of `heap`, see `typeIdx`. */
  readonly signatures: readonly Signature[];
  /** Signature of each imported function; these come first in the index space of functions. */
  readonly imports: readonly number[];
  /** Signature of each defined function; wrappers are not among them. */
  readonly funcs: readonly number[];
  /** Signature of each tag. */
  readonly tags: readonly number[];
  /** The first is the fuel of calls. */
  readonly globals: readonly GlobalShape[];
  /** The first is of `funcref` and filled with functions. */
  readonly tables: readonly TableShape[];
  readonly mems: readonly MemShape[];
  readonly datas: number;
  /** Type of each element segment but the last, which only declares. The first is active. */
  readonly elems: readonly Ref[];
}

/** Global that bounds the number of calls. */
export const FUEL = 0;
/** Calls in one run of an export. */
export const CALLS = 60;

/** Type index of signature `sig`. */
export const typeIdx = (shape: Pick<Shape, "heap">, sig: number): number => shape.heap.length + sig;
/** Index of defined function `f`. */
export const funcIdx = (shape: Pick<Shape, "imports">, f: number): number => shape.imports.length + f;

/** A reference type, mostly one that admits null. */
function signatureRef(rng: Rng, shape: Pick<Shape, "refs" | "heap">): Ref {
  const t = rng.pick(shape.refs);
  const heap = heapOf(t);
  const isAlways = (typeof heap === "number" && heap < shape.heap.length) || heap === "eq" || heap === "i31";
  return isAlways && rng.oneIn(3) ? ref(heap, false) : t;
}

/** A type that something of the module may have. */
export const randomType = (rng: Rng, shape: Pick<Shape, "nums" | "refs" | "heap">): Type =>
  shape.refs.length > 0 && rng.oneIn(3) ? signatureRef(rng, shape) : rng.pick(shape.nums);

const abstractRefs: readonly Ref[] = [ANYREF, EQREF, ref("i31"), ref("struct"), ref("array"), EXTERNREF, FUNCREF];

function refTypes(profile: Profile, heap: readonly HeapType[]): Ref[] {
  const refs: Ref[] = profile.has("reference-types") ? [FUNCREF, EXTERNREF] : [];
  if (profile.has("gc")) refs.push(...heap.map((_, i) => ref(i)), ...abstractRefs);
  if (profile.has("exceptions")) refs.push(EXNREF);
  return refs;
}

interface Types {
  readonly nums: readonly Type[];
  readonly refs: Ref[];
  readonly heap: readonly HeapType[];
}

function randomSignatures(rng: Rng, profile: Profile, types: Types): Signature[] {
  const list = (max: number): Type[] => rng.some(max, () => randomType(rng, types));
  const isMulti = profile.has("multi-value");
  const signatures: Signature[] = [{ params: [], results: [] }];
  for (let i = 4 + rng.below(4); i > 0; i--) {
    // Later ones may take references to functions of those before.
    if (profile.has("function-references")) types.refs.push(ref(types.heap.length + rng.below(signatures.length)));
    signatures.push({ params: list(4), results: list(isMulti ? 3 : 1) });
  }
  for (const t of types.nums) signatures.push({ params: list(2), results: [t] });
  return signatures;
}

/** Signatures of tags, and of the blocks that catch them with and without the exception. */
function addTags(rng: Rng, profile: Profile, types: Types, signatures: Signature[]): number[] {
  if (!profile.has("exceptions") && !profile.has("legacy-exceptions")) return [];
  return Array.from({ length: 1 + rng.below(3) }, () => {
    const params = rng.some(3, () => randomType(rng, types));
    signatures.push({ params, results: [] });
    const tag = signatures.length - 1;
    if (profile.has("exceptions")) {
      signatures.push({ params: [], results: params }, { params: [], results: [...params, EXNREF] });
    } else signatures.push({ params: [], results: params });
    return tag;
  });
}

function randomGlobals(rng: Rng, types: Types): GlobalShape[] {
  const globals: GlobalShape[] = [{ type: "i32", isMutable: true }];
  for (const type of types.nums) globals.push({ type, isMutable: true }, { type, isMutable: rng.oneIn(2) });
  if (types.refs.length === 0) return globals;
  for (let i = 2 + rng.below(4); i > 0; i--) globals.push({ type: signatureRef(rng, types), isMutable: !rng.oneIn(4) });
  return globals;
}

function randomTables(rng: Rng, profile: Profile, refs: readonly Ref[]): TableShape[] {
  const addr = (): Addr => (profile.has("memory64") && rng.oneIn(2) ? "i64" : "i32");
  const tables: TableShape[] = [{ elem: FUNCREF, addr: addr(), min: 4 + rng.below(12) }];
  if (!profile.has("reference-types")) return tables;
  tables.push({ elem: FUNCREF, addr: addr(), min: 1 + rng.below(8) });
  if (profile.has("function-references")) tables.push({ elem: rng.pick(refs), addr: addr(), min: 1 + rng.below(8) });
  return tables;
}

function randomMems(rng: Rng, profile: Profile): MemShape[] {
  const mem = (): MemShape => {
    const min = rng.below(2) + (rng.oneIn(10) ? 0 : 1);
    const isByPage = !profile.has("custom-page-sizes") || rng.oneIn(2);
    const bytes = isByPage ? 1 : 5000;
    return {
      addr: profile.has("memory64") && !rng.oneIn(3) ? "i64" : "i32",
      min: min * bytes,
      max: (min + rng.below(3)) * bytes + (isByPage ? 0 : rng.below(9)),
      isShared: profile.has("threads") && rng.oneIn(3),
      isByPage,
    };
  };
  return Array.from({ length: profile.has("multi-memory") ? 2 + rng.below(2) : 1 }, mem);
}

export function randomShape(rng: Rng, profile: Profile): Shape {
  const heap = profile.has("gc") ? randomHeap(rng) : [];
  const nums = profile.has("simd") ? numTypes : numTypes.filter((t) => t !== "v128");
  const types: Types = { nums, refs: refTypes(profile, heap), heap };
  const signatures = randomSignatures(rng, profile, types);
  const tags = addTags(rng, profile, types, signatures);
  const isBulk = profile.has("bulk-memory");
  return {
    profile,
    rows: rowsOf(profile),
    nums,
    refs: types.refs,
    heap,
    signatures,
    imports: rng.some(2, () => importedSignature(rng, signatures)),
    funcs: Array.from({ length: 2 + rng.below(5) }, () => rng.below(signatures.length)),
    tags,
    globals: randomGlobals(rng, types),
    tables: randomTables(rng, profile, types.refs),
    mems: randomMems(rng, profile),
    datas: isBulk ? 2 + rng.below(2) : 1,
    elems: [
      FUNCREF,
      ...(isBulk && types.refs.length > 0 ? Array.from({ length: 1 + rng.below(3) }, () => elemType(rng, types)) : []),
    ],
  };
}

const elemType = (rng: Rng, { refs }: Types): Ref => (rng.oneIn(2) ? FUNCREF : rng.pick(refs));

/** Vectors and exceptions do not go through JavaScript; what else may be null is null there. */
const isCrossing = (t: Type): boolean => t !== "v128" && (!isRef(t) || (isNullable(t) && t !== EXNREF));

function importedSignature(rng: Rng, signatures: readonly Signature[]): number {
  const fits = signatures.flatMap(({ params, results }, i) => ([...params, ...results].every(isCrossing) ? [i] : []));
  return rng.pick(fits);
}
