/**
 * Structures, arrays and i31 as they are on the JavaScript heap, whose collector frees them; layouts; type tests.
 *
 * Numbers are kept as 32-bit words, so that NaN bits survive: a structure is one list of words and references, an array
 * one typed array (words; bytes and 16-bit units when packed) or one list of references. A value of the host in `any` is
 * itself: conversion between `any` and `extern` changes nothing, and what is none of the classes here is the host's.
 * Spec: exec/runtime (aggregate instances, reference values), exec/instructions (reference instructions).
 */
import { compOfId, isSubtypeId } from "../canon.ts";
import { trap, type WasmError } from "../errors.ts";
import { canonicalMatcher } from "../match.ts";
import {
  CONCRETE,
  F32,
  heapOf,
  heapTypes,
  I8,
  I16,
  I32,
  isExact,
  isNullable,
  isRef,
  V128,
  type ValType,
} from "../types.ts";
import { ExnInst } from "./exn.ts";
import { FuncInst } from "./func.ts";
import { type HeapMeter, heapError } from "./heap-meter.ts";
import type { Val } from "./value.ts";

/** How a field is kept. */
export const REFERENCE = 0;
export const BYTE = 1;
export const HALF = 2;
export const WORD = 3;
export const WIDE = 4;
export const VECTOR = 5;

export type Repr = 0 | 1 | 2 | 3 | 4 | 5;

/** 32-bit words of a value on the stack and in a structure; a reference counts as one. */
export const reprWords: readonly number[] = [1, 1, 1, 1, 2, 4];
/** Bytes of an array element, in memory and in data segments. */
export const reprBytes: readonly number[] = [8, 1, 2, 4, 8, 16];

export function reprOf(storage: number): Repr {
  if (isRef(storage)) return REFERENCE;
  if (storage === I8) return BYTE;
  if (storage === I16) return HALF;
  if (storage === V128) return VECTOR;
  return storage === I32 || storage === F32 ? WORD : WIDE;
}

/** An i31; equal ones may be different objects. */
export class I31 {
  /** Signed. */
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

const SMALL = 512;
const smallI31s: readonly I31[] = Array.from({ length: 2 * SMALL }, (_, i) => new I31(i - SMALL));

/** The i31 of the low 31 bits of `word`. */
export function i31(word: number): I31 {
  const value = (word << 1) >> 1;
  return value >= -SMALL && value < SMALL ? smallI31s[value + SMALL] : new I31(value);
}

export class StructInst {
  /** Canonical type number. */
  readonly typeId: number;
  /** Words and references at the offsets of the layout. */
  readonly fields: Val[];
  /** Null if its type has none. */
  readonly descriptor: StructInst | null;
  constructor(typeId: number, fields: Val[], descriptor: StructInst | null) {
    this.typeId = typeId;
    this.fields = fields;
    this.descriptor = descriptor;
  }
}

/** Elements by representation; several words for each of the wide ones. */
export type ArrayElems = Val[] | Int8Array | Int16Array | Int32Array;

export class ArrayInst {
  readonly typeId: number;
  readonly length: number;
  readonly elems: ArrayElems;
  constructor(typeId: number, length: number, elems: ArrayElems) {
    this.typeId = typeId;
    this.length = length;
    this.elems = elems;
  }
}

/** Where the fields of a structure are; of an array, its one element type. */
export interface Layout {
  readonly reprs: Uint8Array;
  /** Of each field in `StructInst.fields`. */
  readonly offsets: readonly number[];
  /** Fields of a new structure by default. */
  readonly defaults: readonly Val[];
}

const layouts: (Layout | undefined)[] = [];

/** Layout of the structure or array type of canonical number `id`. @cost O(1) but for the first time */
export function layoutOf(id: number): Layout {
  return layouts[id] ?? makeLayout(id);
}

function makeLayout(id: number): Layout {
  const comp = compOfId(id);
  if (comp.kind === "func") throw new Error(`canonical type ${id} is a function type`);
  const fields = comp.kind === "struct" ? comp.fields : [comp.field];
  const reprs = Uint8Array.from(fields, (f) => reprOf(f.storage));
  const offsets: number[] = [];
  // A list that has held a reference: V8 makes its copies ready for references, whatever is in them.
  const defaults: Val[] = [null];
  defaults.length = 0;
  for (const repr of reprs) {
    offsets.push(defaults.length);
    if (repr === REFERENCE) defaults.push(null);
    else for (let n = reprWords[repr]; n > 0; n--) defaults.push(0);
  }
  const layout = { reprs, offsets, defaults };
  layouts[id] = layout;
  return layout;
}

/** Beyond this many elements V8 keeps a list as a hash table. */
const MAX_LIST = 2 ** 25;

/** About what an object takes besides its fields or elements, and what a word takes in a structure. */
const HEADER = 64;
const FIELD = 8;

/** A new structure with its fields by default. @throws WasmError exhausted */
export function newStruct(typeId: number, heap: HeapMeter, descriptor: StructInst | null = null): StructInst {
  const { defaults } = layoutOf(typeId);
  heap.spend(HEADER + defaults.length * FIELD);
  return new StructInst(typeId, defaults.slice(), descriptor);
}

/**
 * A new array of `length` elements, all zero or null.
 *
 * @throws WasmError exhausted, when it is larger than the limit or the host has no room for it
 */
export function newArray(typeId: number, repr: number, length: number, heap: HeapMeter): ArrayInst {
  const bytes = length * reprBytes[repr];
  if (bytes > heap.maxArrayBytes || (repr === REFERENCE && length > MAX_LIST)) throw tooLarge(length);
  heap.spend(HEADER + bytes);
  if (repr === REFERENCE) return new ArrayInst(typeId, length, new Array<Val>(length).fill(null));
  return new ArrayInst(typeId, length, numbers(repr, length));
}

function numbers(repr: number, length: number): Int8Array | Int16Array | Int32Array {
  try {
    if (repr === BYTE) return new Int8Array(length);
    if (repr === HALF) return new Int16Array(length);
    return new Int32Array(length * reprWords[repr]);
  } catch {
    throw tooLarge(length);
  }
}

const tooLarge = (length: number): WasmError => heapError(`array of ${length} elements exceeds the memory limit`);

/** Traps unless `[at, at + count)` is inside. */
export function checkArray(a: ArrayInst, at: number, count: number): void {
  if (at + count > a.length) trap("oobArray");
}

/** Traps unless the data from byte `src` on is enough for `count` elements. */
export function checkData(data: Uint8Array, repr: number, src: number, count: number): void {
  if (src + count * reprBytes[repr] > data.length) trap("oobMemory");
}

/**
 * Copies `count` elements from byte `src` of a data segment to element `dst`.
 *
 * @throws WasmError trap
 */
export function copyData(a: ArrayInst, repr: number, dst: number, data: Uint8Array, src: number, count: number): void {
  checkData(data, repr, src, count);
  const bytes = reprBytes[repr];
  const { buffer, byteOffset, byteLength } = a.elems as Int8Array;
  new Uint8Array(buffer, byteOffset, byteLength).set(data.subarray(src, src + count * bytes), dst * bytes);
}

/** Copies `count` references from `src` in an element segment to element `dst`. @throws WasmError trap */
export function copyElems(a: ArrayInst, dst: number, from: readonly Val[], src: number, count: number): void {
  if (src + count > from.length) trap("oobTable");
  const elems = a.elems as Val[];
  for (let i = 0; i < count; i++) elems[dst + i] = from[src + i];
}

/** Copies `count` elements of the same representation; the arrays may be one. Precondition: they are inside. */
export function copyArray(to: ArrayInst, repr: number, dst: number, from: ArrayInst, src: number, count: number): void {
  const n = repr === REFERENCE ? 1 : reprWords[repr];
  if (to === from) to.elems.copyWithin(dst * n, src * n, (src + count) * n);
  else if (repr !== REFERENCE) {
    (to.elems as Int8Array).set((from.elems as Int8Array).subarray(src * n, (src + count) * n), dst * n);
  } else {
    const a = to.elems as Val[];
    const b = from.elems as Val[];
    for (let i = 0; i < count; i++) a[dst + i] = b[src + i];
  }
}

/** Whether two references of `eq` are the same. */
export const areSame = (a: Val, b: Val): boolean =>
  a === b || (a instanceof I31 && b instanceof I31 && a.value === b.value);

/**
 * Whether the reference `v`, not null, is of the heap type: an abstract code, or `CONCRETE +` a canonical number.
 * Precondition: it is of the hierarchy. O(1).
 */
export function isOfHeap(v: Val, heap: number): boolean {
  if (heap >= CONCRETE) {
    const isTyped = v instanceof StructInst || v instanceof ArrayInst || v instanceof FuncInst;
    return isTyped && isSubtypeId(v.typeId, heap - CONCRETE);
  }
  switch (heap) {
    case heapTypes.eq:
      return v instanceof StructInst || v instanceof ArrayInst || v instanceof I31;
    case heapTypes.struct:
      return v instanceof StructInst;
    case heapTypes.array:
      return v instanceof ArrayInst;
    case heapTypes.i31:
      return v instanceof I31;
    case heapTypes.none:
    case heapTypes.nofunc:
    case heapTypes.noextern:
    case heapTypes.noexn:
      return false;
    default:
      return true;
  }
}

/**
 * Whether `v` is of the reference type `t`, given by `NULLABLE`, `EXACT` and heap type in terms of canonical numbers.
 * Precondition: it is of the hierarchy. O(1).
 */
export function isOfRef(v: Val, t: number): boolean {
  if (v === null) return isNullable(t);
  const heap = heapOf(t);
  if (!isExact(t)) return isOfHeap(v, heap);
  const isTyped = v instanceof StructInst || v instanceof ArrayInst || v instanceof FuncInst;
  return isTyped && v.typeId === heap - CONCRETE;
}

/** Whether `v` is a structure with the descriptor `descriptor`, or null and `t` admits it. */
export const hasDescriptor = (v: Val, descriptor: Val, t: number): boolean =>
  v === null ? isNullable(t) : v instanceof StructInst && v.descriptor === descriptor;

/** Whether `v`, any value of the host, is of the reference type `t` in terms of canonical numbers. */
export function isOfType(v: Val, t: ValType): boolean {
  if (v === null) return isNullable(t);
  const top = canonicalMatcher.topOf(heapOf(t));
  if (top === heapTypes.func && !(v instanceof FuncInst)) return false;
  if (top === heapTypes.exn && !(v instanceof ExnInst)) return false;
  return isOfRef(v, t);
}
