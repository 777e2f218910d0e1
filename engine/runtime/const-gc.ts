/** Evaluates the instructions of constant expressions that make structures, arrays and i31. */
import type { Reader } from "../binary/reader.ts";
import { canonOf } from "../canon.ts";
import { trap } from "../errors.ts";
import type { Mnemonic } from "../instrs.ts";
import type { ConstVal } from "./const-eval.ts";
import {
  type ArrayInst,
  BYTE,
  HALF,
  i31,
  layoutOf,
  newArray,
  newStruct,
  REFERENCE,
  reprWords,
  type StructInst,
} from "./gc.ts";
import type { ModuleInst } from "./instance.ts";
import type { Val } from "./value.ts";

/** The reference that instruction `m` makes of the operands on `stack`; undefined if `m` is none of these. */
export function evaluateGc(inst: ModuleInst, r: Reader, m: Mnemonic, stack: ConstVal[]): Val | undefined {
  switch (m) {
    case "struct.new":
      return structNew(inst, readId(inst, r), stack, null);
    case "struct.new_desc": {
      const descriptor = popDescriptor(stack);
      return structNew(inst, readId(inst, r), stack, descriptor);
    }
    case "struct.new_default_desc":
      return newStruct(readId(inst, r), inst.heap, popDescriptor(stack));
    case "struct.new_default":
      return newStruct(readId(inst, r), inst.heap);
    case "array.new": {
      const id = readId(inst, r);
      const length = popLength(stack);
      const value = stack.pop() as ConstVal;
      const a = makeArray(inst, id, length);
      for (let i = 0; i < length; i++) setElement(a, i, value);
      return a;
    }
    case "array.new_default":
      return makeArray(inst, readId(inst, r), popLength(stack));
    case "array.new_fixed": {
      const a = makeArray(inst, readId(inst, r), r.u32());
      for (let i = a.length - 1; i >= 0; i--) setElement(a, i, stack.pop() as ConstVal);
      return a;
    }
    case "ref.i31":
      return i31((stack.pop() as ConstVal).lo);
    case "any.convert_extern":
    case "extern.convert_any":
      return (stack.pop() as ConstVal).ref;
    default:
      return undefined;
  }
}

const readId = (inst: ModuleInst, r: Reader): number => canonOf(inst.module.types)[r.u32()];
const popLength = (stack: ConstVal[]): number => (stack.pop() as ConstVal).lo >>> 0;

const makeArray = (inst: ModuleInst, id: number, length: number): ArrayInst =>
  newArray(id, layoutOf(id).reprs[0], length, inst.heap);

/** The words of `v`, low first. */
const wordsOf = (v: ConstVal): readonly number[] => [v.lo, v.hi, ...(v.upper ?? [])];

const popDescriptor = (stack: ConstVal[]): StructInst =>
  ((stack.pop() as ConstVal).ref ?? trap("nullDescriptor")) as StructInst;

function structNew(inst: ModuleInst, id: number, stack: ConstVal[], descriptor: StructInst | null): StructInst {
  const { reprs, offsets } = layoutOf(id);
  const made = newStruct(id, inst.heap, descriptor);
  const { fields } = made;
  for (let i = reprs.length - 1; i >= 0; i--) {
    const v = stack.pop() as ConstVal;
    if (reprs[i] === REFERENCE) fields[offsets[i]] = v.ref;
    else if (reprs[i] === BYTE) fields[offsets[i]] = v.lo & 0xff;
    else if (reprs[i] === HALF) fields[offsets[i]] = v.lo & 0xffff;
    else for (let k = 0; k < reprWords[reprs[i]]; k++) fields[offsets[i] + k] = wordsOf(v)[k];
  }
  return made;
}

function setElement(a: ArrayInst, i: number, v: ConstVal): void {
  const repr = layoutOf(a.typeId).reprs[0];
  if (repr === REFERENCE) (a.elems as Val[])[i] = v.ref;
  else for (let n = reprWords[repr], k = 0; k < n; k++) (a.elems as Int32Array)[i * n + k] = wordsOf(v)[k];
}
