/** What generated code calls for references, structures and arrays, where it does not do so in line: see `rules-gc.ts`. */
import { isSubtypeId } from "../canon.ts";
import { trap } from "../errors.ts";
import {
  ArrayInst,
  areSame,
  checkArray,
  checkData,
  copyArray,
  copyData,
  copyElems,
  hasDescriptor,
  I31,
  i31,
  isOfRef,
  newArray,
  newStruct,
  REFERENCE,
  reprWords,
  StructInst,
} from "../runtime/gc.ts";
import type { HeapMeter } from "../runtime/heap-meter.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";

/* Functions that only trap have the type of what they stand for. */
const nullReference = (): never => trap("nullReference");
const nullStruct = (): never => trap("nullStruct");
const nullArray = (): never => trap("nullArray");
const nullI31 = (): never => trap("nullI31");
const nullDescriptor = (): never => trap("nullDescriptor");
const castFailure = (): never => trap("castFailure");
const descriptorCast = (): never => trap("descriptorCast");

const oobArray = ({ length }: ArrayInst, i: number): never => trap("oobArray", `(index ${i >>> 0}, length ${length})`);

/** Writes the value, of one word, two, or a reference, to the `count` elements from `i` on. */
function put(a: ArrayInst, repr: number, i: number, count: number, low: Val, high: number): void {
  if (reprWords[repr] === 1) {
    (a.elems as Val[]).fill(low, i, i + count);
    return;
  }
  const elems = a.elems as Int32Array;
  for (let j = i; j < i + count; j++) {
    elems[2 * j] = low as number;
    elems[2 * j + 1] = high;
  }
}

/** Numbers are without sign, and not wrapped. */
function fillArray(a: ArrayInst | null, i: number, count: number, repr: number, low: Val, high: number): void {
  if (a === null) trap("nullArray");
  checkArray(a, i, count);
  put(a, repr, i, count, low, high);
}

function arrayOf(id: number, repr: number, length: number, heap: HeapMeter, low: Val, high: number): ArrayInst {
  const a = newArray(id, repr, length, heap);
  put(a, repr, 0, length, low, high);
  return a;
}

function arrayOfData(id: number, repr: number, src: number, length: number, inst: ModuleInst, idx: number): ArrayInst {
  const data = inst.datas[idx];
  checkData(data, repr, src, length);
  const a = newArray(id, repr, length, inst.heap);
  copyData(a, repr, 0, data, src, length);
  return a;
}

function arrayOfElems(id: number, src: number, length: number, inst: ModuleInst, idx: number): ArrayInst {
  const elems = inst.elems[idx];
  if (src + length > elems.length) trap("oobTable");
  const a = newArray(id, REFERENCE, length, inst.heap);
  copyElems(a, 0, elems, src, length);
  return a;
}

function copyElements(
  to: ArrayInst | null,
  dst: number,
  from: ArrayInst | null,
  src: number,
  count: number,
  repr: number,
): void {
  if (to === null || from === null) trap("nullArray");
  checkArray(to, dst, count);
  checkArray(from, src, count);
  copyArray(to, repr, dst, from, src, count);
}

function initData(
  a: ArrayInst | null,
  dst: number,
  src: number,
  count: number,
  repr: number,
  inst: ModuleInst,
  idx: number,
): void {
  if (a === null) trap("nullArray");
  checkArray(a, dst, count);
  copyData(a, repr, dst, inst.datas[idx], src, count);
}

function initElems(a: ArrayInst | null, dst: number, src: number, count: number, inst: ModuleInst, idx: number): void {
  if (a === null) trap("nullArray");
  checkArray(a, dst, count);
  copyElems(a, dst, inst.elems[idx], src, count);
}

export const gcHelpers: Readonly<Record<string, unknown>> = {
  ArrayInst,
  I31,
  StructInst,
  areSame,
  arrayOf,
  arrayOfData,
  arrayOfElems,
  castFailure,
  copyElements,
  descriptorCast,
  fillArray,
  hasDescriptor,
  i31,
  initData,
  initElems,
  isOfRef,
  isSubtypeId,
  newArray,
  newStruct,
  nullArray,
  nullDescriptor,
  nullI31,
  nullReference,
  nullStruct,
  oobArray,
};
