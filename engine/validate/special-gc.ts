/**
 * Rules of structures, arrays, casts and i31. Spec: valid/instructions (aggregate reference instructions).
 */
import { readCastFlags } from "../binary/imms.ts";
import { readHeapType } from "../binary/types.ts";
import { overLimit } from "../faults.ts";
import type { Special } from "../instrs.ts";
import {
  ANYREF,
  type ArrayType,
  CONCRETE,
  EQREF,
  EXACT,
  EXTERNREF,
  type FieldType,
  heapOf,
  heapTypes,
  I8,
  I16,
  I31REF,
  I32,
  isNullable,
  isRef,
  nonNull,
  refType,
  type StructType,
  type ValType,
} from "../types.ts";
import { checkGetDesc, popCastDescriptor, popDescriptor, requireDescriptor } from "./descriptors.ts";
import { checkData, elemType, requireSub } from "./lookup.ts";
import type { FuncState } from "./state.ts";
import { checkHeapType } from "./types.ts";

type Rule = (s: FuncState) => void;

/** Mnemonics whose rules are here. */
export type GcSpecial = Extract<Special, `struct.${string}` | `array.${string}` | `i31.${string}`> | CastSpecial;
type CastSpecial =
  | `${"ref.test" | "ref.cast"}${"" | " null"}`
  | "br_on_cast"
  | "br_on_cast_fail"
  | `ref.cast_desc_eq${"" | " null"}`
  | "br_on_cast_desc_eq"
  | "br_on_cast_desc_eq_fail"
  | "ref.get_desc"
  | "any.convert_extern"
  | "extern.convert_any"
  | "ref.i31"
  | "ref.eq";

const isPacked = (field: FieldType): boolean => field.storage === I8 || field.storage === I16;
/** Type of the operand that a field is read to and written from. */
const unpacked = (field: FieldType): ValType => (isPacked(field) ? I32 : field.storage);
const hasDefault = (field: FieldType): boolean => !isRef(field.storage) || isNullable(field.storage);
const concrete = (idx: number, isNull: boolean): ValType => refType(CONCRETE + idx, isNull);

function structAt(s: FuncState, idx: number): StructType {
  const comp = s.ctx.module.types[idx]?.comp;
  if (comp === undefined) throw s.fault("unknownType", ` ${idx}`);
  if (comp.kind !== "struct") throw s.fault("notStructType", ` ${idx}`);
  return comp;
}

function arrayAt(s: FuncState, idx: number): ArrayType {
  const comp = s.ctx.module.types[idx]?.comp;
  if (comp === undefined) throw s.fault("unknownType", ` ${idx}`);
  if (comp.kind !== "array") throw s.fault("notArrayType", ` ${idx}`);
  return comp;
}

function requireDefault(s: FuncState, field: FieldType, what: string): void {
  if (!hasDefault(field)) throw s.fault("typeMismatch", `: ${what} has no default value`);
}

/** Pushes a reference to a new object of type `idx`. */
function pushNew(s: FuncState, idx: number): void {
  s.pushVal(s.ctx.hasExact ? concrete(idx, false) | EXACT : concrete(idx, false));
}

// Structures

const structNew =
  (hasDescriptor: boolean): Rule =>
  (s) => {
    const idx = s.r.u32();
    const { fields } = structAt(s, idx);
    requireDescriptor(s, idx, hasDescriptor);
    if (hasDescriptor) popDescriptor(s, idx);
    for (let i = fields.length - 1; i >= 0; i--) s.popVal(unpacked(fields[i]!));
    pushNew(s, idx);
  };

const structNewDefault =
  (hasDescriptor: boolean): Rule =>
  (s) => {
    const idx = s.r.u32();
    structAt(s, idx).fields.forEach((field, i) => void requireDefault(s, field, `field ${i}`));
    requireDescriptor(s, idx, hasDescriptor);
    if (hasDescriptor) popDescriptor(s, idx);
    pushNew(s, idx);
  };

/** Reads a structure type and a field of it. */
function readField(s: FuncState): { readonly idx: number; readonly field: FieldType } {
  const idx = s.r.u32();
  const place = s.r.u32();
  const field = structAt(s, idx).fields[place];
  if (field === undefined) throw s.fault("unknownField", ` ${place}`);
  return { idx, field };
}

function requirePacking(s: FuncState, field: FieldType, wanted: boolean): void {
  if (isPacked(field) !== wanted)
    throw s.fault("packedAccess", wanted ? ": it is not, get is needed" : ": get_s or get_u is needed");
}

const structGet =
  (wantsPacked: boolean): Rule =>
  (s) => {
    const { idx, field } = readField(s);
    requirePacking(s, field, wantsPacked);
    s.popVal(concrete(idx, true));
    s.pushVal(unpacked(field));
  };

const checkStructSet: Rule = (s) => {
  const { idx, field } = readField(s);
  if (!field.isMutable) throw s.fault("immutableField", ` of type ${idx}`);
  s.popVal(unpacked(field));
  s.popVal(concrete(idx, true));
};

// Arrays

const checkArrayNew: Rule = (s) => {
  const idx = s.r.u32();
  const { field } = arrayAt(s, idx);
  s.popVal(I32);
  s.popVal(unpacked(field));
  pushNew(s, idx);
};

const checkArrayNewDefault: Rule = (s) => {
  const idx = s.r.u32();
  requireDefault(s, arrayAt(s, idx).field, "the element type");
  s.popVal(I32);
  pushNew(s, idx);
};

const checkArrayNewFixed: Rule = (s) => {
  const idx = s.r.u32();
  const n = s.r.u32();
  const { field } = arrayAt(s, idx);
  const { arrayNewFixed } = s.ctx.limits;
  if (n > arrayNewFixed) throw overLimit("arrayNewFixed", n, arrayNewFixed, s.at, s.r.func);
  const type = unpacked(field);
  for (let i = 0; i < n; i++) s.popVal(type);
  pushNew(s, idx);
};

function requireNumeric(s: FuncState, { field }: ArrayType): void {
  if (isRef(field.storage)) throw s.fault("arrayNotNumeric");
}

const checkArrayNewData: Rule = (s) => {
  const idx = s.r.u32();
  requireNumeric(s, arrayAt(s, idx));
  checkData(s, s.r.u32());
  s.popVal(I32);
  s.popVal(I32);
  pushNew(s, idx);
};

/** The elements of the segment that comes next must fit those of the array. */
function checkElems(s: FuncState, { field }: ArrayType): void {
  requireSub(s, elemType(s, s.r.u32()), field.storage, "element of the segment");
}

const checkArrayNewElem: Rule = (s) => {
  const idx = s.r.u32();
  checkElems(s, arrayAt(s, idx));
  s.popVal(I32);
  s.popVal(I32);
  pushNew(s, idx);
};

const arrayGet =
  (wantsPacked: boolean): Rule =>
  (s) => {
    const idx = s.r.u32();
    const { field } = arrayAt(s, idx);
    requirePacking(s, field, wantsPacked);
    s.popVal(I32);
    s.popVal(concrete(idx, true));
    s.pushVal(unpacked(field));
  };

function readMutableArray(s: FuncState): { readonly idx: number; readonly array: ArrayType } {
  const idx = s.r.u32();
  const array = arrayAt(s, idx);
  if (!array.field.isMutable) throw s.fault("immutableArray", ` ${idx}`);
  return { idx, array };
}

const checkArraySet: Rule = (s) => {
  const { idx, array } = readMutableArray(s);
  s.popVal(unpacked(array.field));
  s.popVal(I32);
  s.popVal(concrete(idx, true));
};

const checkArrayFill: Rule = (s) => {
  const { idx, array } = readMutableArray(s);
  s.popVal(I32);
  s.popVal(unpacked(array.field));
  s.popVal(I32);
  s.popVal(concrete(idx, true));
};

const checkArrayCopy: Rule = (s) => {
  const to = readMutableArray(s);
  const from = s.r.u32();
  const { storage } = arrayAt(s, from).field;
  if (!s.ctx.matcher.isSub(storage, to.array.field.storage)) throw s.fault("arrayTypes");
  s.popVal(I32);
  s.popVal(I32);
  s.popVal(concrete(from, true));
  s.popVal(I32);
  s.popVal(concrete(to.idx, true));
};

/** Pops the operands of `array.init_*` on arrays of type `idx`. */
function popInit(s: FuncState, idx: number): void {
  s.popVal(I32);
  s.popVal(I32);
  s.popVal(I32);
  s.popVal(concrete(idx, true));
}

const checkArrayInitData: Rule = (s) => {
  const { idx, array } = readMutableArray(s);
  requireNumeric(s, array);
  checkData(s, s.r.u32());
  popInit(s, idx);
};

const checkArrayInitElem: Rule = (s) => {
  const { idx, array } = readMutableArray(s);
  checkElems(s, array);
  popInit(s, idx);
};

// Casts

function readHeap(s: FuncState): number {
  const heap = readHeapType(s.r);
  checkHeapType(heap, s.ctx.module.types.length, s.at, s.r.func);
  return heap;
}

/** Pops the operand of a test or cast to `type`: a reference of the same hierarchy. */
function popHierarchy(s: FuncState, type: ValType): void {
  s.popVal(refType(s.ctx.matcher.topOf(heapOf(type)), true));
}

const refTest =
  (isNull: boolean): Rule =>
  (s) => {
    popHierarchy(s, refType(readHeap(s), isNull));
    s.pushVal(I32);
  };

const refCast =
  (isNull: boolean, desc = false): Rule =>
  (s) => {
    const type = refType(readHeap(s), isNull);
    if (desc) popCastDescriptor(s, type);
    popHierarchy(s, type);
    s.pushVal(type);
  };

/** With custom-descriptors a cast may be to any type of the hierarchy. */
function requireCast(s: FuncState, to: ValType, from: ValType): void {
  const { matcher } = s.ctx;
  const isRelated = s.ctx.hasExact && matcher.topOf(heapOf(to)) === matcher.topOf(heapOf(from));
  if (!isRelated) requireSub(s, to, from, "type of the cast");
}

/** What is left of `from` when it is not `to`. */
const difference = (from: ValType, to: ValType): ValType => (isNullable(to) ? nonNull(from) : from);

/** `desc`: the cast is to what has the descriptor on top of the stack. */
const brOnCast =
  (branchesOnFail: boolean, desc = false): Rule =>
  (s) => {
    const flags = readCastFlags(s.r);
    const label = s.labelTypes(s.r.u32());
    const from = refType(readHeap(s), (flags & 1) !== 0);
    const to = refType(readHeap(s), (flags & 2) !== 0);
    if (desc) popCastDescriptor(s, to);
    requireCast(s, to, from);
    const last = label[label.length - 1];
    if (last === undefined) throw s.fault("typeMismatch", ": the label takes no reference");
    const other = difference(from, to);
    requireSub(s, branchesOnFail ? other : to, last, "type of the branch");
    s.popVal(from);
    const rest = label.slice(0, -1);
    s.popVals(rest);
    s.pushVals(rest);
    s.pushVal(branchesOnFail ? to : other);
  };

/** `any.convert_extern`, `extern.convert_any`: the result is null only if the operand may be. */
const convert =
  (from: ValType, to: ValType): Rule =>
  (s) => {
    const operand = s.popVal(from);
    s.pushVal(isNullable(operand) ? to : nonNull(to));
  };

const checkI31Get: Rule = (s) => {
  s.popVal(I31REF);
  s.pushVal(I32);
};

export const gcRules: Readonly<Record<GcSpecial, Rule>> = {
  "struct.new": structNew(false),
  "struct.new_default": structNewDefault(false),
  "struct.new_desc": structNew(true),
  "struct.new_default_desc": structNewDefault(true),
  "struct.get": structGet(false),
  "struct.get_s": structGet(true),
  "struct.get_u": structGet(true),
  "struct.set": checkStructSet,
  "array.new": checkArrayNew,
  "array.new_default": checkArrayNewDefault,
  "array.new_fixed": checkArrayNewFixed,
  "array.new_data": checkArrayNewData,
  "array.new_elem": checkArrayNewElem,
  "array.get": arrayGet(false),
  "array.get_s": arrayGet(true),
  "array.get_u": arrayGet(true),
  "array.set": checkArraySet,
  "array.len": (s) => {
    s.popVal(refType(heapTypes.array, true));
    s.pushVal(I32);
  },
  "array.fill": checkArrayFill,
  "array.copy": checkArrayCopy,
  "array.init_data": checkArrayInitData,
  "array.init_elem": checkArrayInitElem,
  "ref.test": refTest(false),
  "ref.test null": refTest(true),
  "ref.cast": refCast(false),
  "ref.cast null": refCast(true),
  br_on_cast: brOnCast(false),
  br_on_cast_fail: brOnCast(true),
  "ref.cast_desc_eq": refCast(false, true),
  "ref.cast_desc_eq null": refCast(true, true),
  br_on_cast_desc_eq: brOnCast(false, true),
  br_on_cast_desc_eq_fail: brOnCast(true, true),
  "ref.get_desc": checkGetDesc,
  "any.convert_extern": convert(EXTERNREF, ANYREF),
  "extern.convert_any": convert(ANYREF, EXTERNREF),
  "ref.i31": (s) => {
    s.popVal(I32);
    s.pushVal(nonNull(I31REF));
  },
  "i31.get_s": checkI31Get,
  "i31.get_u": checkI31Get,
  "ref.eq": (s) => {
    s.popVal(EQREF);
    s.popVal(EQREF);
    s.pushVal(I32);
  },
};
