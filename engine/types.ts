/**
 * Value, reference, function and external types: their representation, equality, printing.
 *
 * A `ValType` is one small integer so that the validator's stack is a flat array. Numeric and vector types are their
 * binary code; a reference type is `REF`, plus `NULLABLE` when it admits null, plus its heap type. A heap type is the
 * binary code of an abstract one (0x69..0x74) or `CONCRETE +` an index in the module's type space.
 *
 * Spec: syntax/types. Shaped for WebAssembly 3.0: recursive groups, subtyping, i64 addresses, tags.
 */

/** See the file comment. 0 is `bot`, the type of an operand in unreachable code. */
export type ValType = number;
/** Abstract heap type code, or `CONCRETE + typeidx` and perhaps `EXACT`. */
export type HeapType = number;

export const BOT: ValType = 0;
export const I32: ValType = 0x7f;
export const I64: ValType = 0x7e;
export const F32: ValType = 0x7d;
export const F64: ValType = 0x7c;
export const V128: ValType = 0x7b;

export const REF = 0x40000000;
export const NULLABLE = 0x20000000;
/** Added to a type index to make a concrete heap type. */
export const CONCRETE = 0x100;
const HEAP_MASK = 0x0fffffff;
/** On a concrete heap type, and so on reference types: only this type, no subtypes (custom-descriptors). */
export const EXACT = 0x10000000;

/** Below every heap type: of a reference in unreachable code. */
export const BOT_HEAP: HeapType = 0;

export const heapTypes = {
  exn: 0x69,
  array: 0x6a,
  struct: 0x6b,
  i31: 0x6c,
  eq: 0x6d,
  any: 0x6e,
  extern: 0x6f,
  func: 0x70,
  none: 0x71,
  noextern: 0x72,
  nofunc: 0x73,
  noexn: 0x74,
} as const;

export const FUNCREF: ValType = REF | NULLABLE | heapTypes.func;
export const EXTERNREF: ValType = REF | NULLABLE | heapTypes.extern;
export const ANYREF: ValType = REF | NULLABLE | heapTypes.any;
export const EQREF: ValType = REF | NULLABLE | heapTypes.eq;
export const I31REF: ValType = REF | NULLABLE | heapTypes.i31;
export const EXNREF: ValType = REF | NULLABLE | heapTypes.exn;

export const refType = (heap: HeapType, isNullable: boolean): ValType => REF | (isNullable ? NULLABLE : 0) | heap;
export const isRef = (t: ValType): boolean => (t & REF) !== 0;
export const isNullable = (t: ValType): boolean => (t & NULLABLE) !== 0;
/** Heap type without `EXACT`. */
export const heapOf = (t: ValType): HeapType => t & HEAP_MASK;
export const isExact = (t: ValType): boolean => (t & EXACT) !== 0;
export const isConcrete = (heap: HeapType): boolean => heap >= CONCRETE;
/** Type index of a concrete heap type. */
export const typeIdxOf = (heap: HeapType): number => (heap & HEAP_MASK) - CONCRETE;
/** The same reference type without null. */
export const nonNull = (t: ValType): ValType => t & ~NULLABLE;
export const isNum = (t: ValType): boolean => t >= F64 && t <= I32;

export interface FuncType {
  readonly kind: "func";
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}
/** Storage types that are no value types. */
export const I8 = 0x78;
export const I16 = 0x77;
/** `storage` is a `ValType`, `I8` or `I16`. */
export interface FieldType {
  readonly storage: number;
  readonly isMutable: boolean;
}
export interface StructType {
  readonly kind: "struct";
  readonly fields: readonly FieldType[];
}
export interface ArrayType {
  readonly kind: "array";
  readonly field: FieldType;
}
export type CompType = FuncType | StructType | ArrayType;

/** One member of a recursive group. */
export interface SubType {
  readonly isFinal: boolean;
  /** Type indices; at most one in 3.0. */
  readonly supers: readonly number[];
  readonly comp: CompType;
  /** Type index of its descriptor, and of the type it describes. */
  readonly descriptor?: number | undefined;
  readonly describes?: number | undefined;
  /** Index of this type's recursive group, and its place in it. */
  readonly group: number;
  readonly place: number;
}

export type AddrType = "i32" | "i64";

/** `min`, `max` in units of the thing (pages, elements). Beyond 2^53 they are clamped to 2^53. */
export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
}
export interface MemType {
  readonly addr: AddrType;
  readonly limits: Limits;
  readonly isShared: boolean;
  /** log2 of the page size: 16, or 0 with custom page sizes. */
  readonly pageSizeLog2: number;
}
export interface TableType {
  readonly addr: AddrType;
  readonly limits: Limits;
  readonly elem: ValType;
}
export interface GlobalType {
  readonly val: ValType;
  readonly isMutable: boolean;
}
/** Type index of a function type without results (unless stack switching). */
export interface TagType {
  readonly type: number;
}

export type ExternKind = "func" | "table" | "memory" | "global" | "tag";
export type ExternType =
  | { readonly kind: "func" /** type index */; readonly type: number; readonly isExact?: boolean }
  | { readonly kind: "table"; readonly type: TableType }
  | { readonly kind: "memory"; readonly type: MemType }
  | { readonly kind: "global"; readonly type: GlobalType }
  | { readonly kind: "tag"; readonly type: TagType };

const numNames: Record<number, string> = {
  [I32]: "i32",
  [I64]: "i64",
  [F32]: "f32",
  [F64]: "f64",
  [V128]: "v128",
  0: "bot",
};
const heapNames = new Map<number, string>(Object.entries(heapTypes).map(([name, code]) => [code, name]));
heapNames.set(BOT_HEAP, "bot");
const shorthand = new Map<number, string>(
  [...heapNames].map(([code, name]) => [code, name.startsWith("no") ? `null${name.slice(2) || "ref"}` : name]),
);

/** `func`, `extern`, ..., or the type index of a concrete one. */
export const printHeapType = (heap: HeapType): string =>
  isConcrete(heap)
    ? isExact(heap)
      ? `(exact ${typeIdxOf(heap)})`
      : String(typeIdxOf(heap))
    : (heapNames.get(heap) ?? `heaptype 0x${heap.toString(16)}`);

/** As in the text format: `i32`, `funcref`, `(ref null 3)`. */
export function printValType(t: ValType): string {
  if (!isRef(t)) return numNames[t] ?? `valtype 0x${t.toString(16)}`;
  const heap = heapOf(t);
  if (isNullable(t) && !isConcrete(heap)) {
    const short = heap === heapTypes.none ? "null" : shorthand.get(heap);
    if (short !== undefined) return `${short}ref`;
  }
  return `(ref ${isNullable(t) ? "null " : ""}${printHeapType(heap | (t & EXACT))})`;
}

/** `(func (param i32 i32) (result i32))`. */
export function printFuncType(t: FuncType): string {
  const params = t.params.length > 0 ? ` (param ${t.params.map(printValType).join(" ")})` : "";
  const results = t.results.length > 0 ? ` (result ${t.results.map(printValType).join(" ")})` : "";
  return `(func${params}${results})`;
}

export const printLimits = (l: Limits): string => (l.max === undefined ? `${l.min}` : `${l.min} ${l.max}`);
export const printTableType = (t: TableType): string =>
  `(table${t.addr === "i64" ? " i64" : ""} ${printLimits(t.limits)} ${printValType(t.elem)})`;
export const printMemType = (t: MemType): string =>
  `(memory${t.addr === "i64" ? " i64" : ""} ${printLimits(t.limits)}${t.isShared ? " shared" : ""}${t.pageSizeLog2 === 16 ? "" : ` (pagesize ${2 ** t.pageSizeLog2})`})`;
export const printGlobalType = (t: GlobalType): string =>
  `(global ${t.isMutable ? `(mut ${printValType(t.val)})` : printValType(t.val)})`;
