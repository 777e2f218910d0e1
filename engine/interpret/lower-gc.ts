/**
 * Lowering of the instructions on structures, arrays, i31 and casts that do not branch. On the lowering's stack every
 * reference has some reference type; which one does not matter.
 */
import { readHeapType } from "../binary/types.ts";
import type { Special } from "../instrs.ts";
import { BYTE, HALF, layoutOf, reprOf } from "../runtime/gc.ts";
import { ANYREF, CONCRETE, EXACT, EXTERNREF, I32, isConcrete, NULLABLE, typeIdxOf, type ValType } from "../types.ts";
import type { Lowering } from "./lowering.ts";
import { LOCAL } from "./operands.ts";
import { op } from "./ops.ts";

type Rule = (l: Lowering) => void;

/** Mnemonics whose rules are here. */
export type GcSpecial =
  | Extract<Special, `struct.${string}` | `array.${string}` | `i31.${string}`>
  | `${"ref.test" | "ref.cast"}${"" | " null"}`
  | `ref.cast_desc_eq${"" | " null"}`
  | "ref.get_desc"
  | "any.convert_extern"
  | "extern.convert_any"
  | "ref.i31"
  | "ref.eq"
  | "ref.as_non_null";

/** Canonical number of the type whose index comes next. */
const readId = (l: Lowering): number => l.canon[l.reader.u32()];

/** The heap type that comes next, in canonical numbers, with the bit `NULLABLE` if null is of the type. */
export function readCastType(l: Lowering, isNull: boolean): number {
  const heap = readHeapType(l.reader);
  const canonical = isConcrete(heap) ? CONCRETE + l.canon[typeIdxOf(heap)] : heap;
  return canonical | (heap & EXACT) | (isNull ? NULLABLE : 0);
}

/** Names of operations end with the representation they read or write. */
const suffixes: readonly string[] = ["_ref", "_8", "_16", "_32", "_64", "_128"];

/** Brings the topmost `n` operands into their slots and pops them; the frame offset of the first. */
function popSlots(l: Lowering, n: number): number {
  const { stack } = l;
  const first = stack.height - n;
  for (let h = first; h < stack.height; h++) stack.settle(h);
  stack.truncate(first);
  return stack.top;
}

/** `extra` operands, references, after the fields. */
const structNew =
  (name: string, extra: number): Rule =>
  (l) => {
    const id = readId(l);
    const first = popSlots(l, layoutOf(id).reprs.length + extra);
    l.out.result(op(name), l.stack.top, first, id);
    l.pushTemp(ANYREF);
  };

function lowerArrayNewFixed(l: Lowering): void {
  const id = readId(l);
  const n = l.reader.u32();
  const first = popSlots(l, n);
  l.out.result(op("array.new_fixed"), l.stack.top, first, n, id);
  l.pushTemp(ANYREF);
}

/** Type of the operand that field `field` of type index `idx` is read to. */
function fieldType(l: Lowering, idx: number, field: number): ValType {
  const { comp } = l.module.types[idx];
  if (comp.kind === "func") throw new Error(`type ${idx} has no fields`);
  const { storage } = comp.kind === "struct" ? comp.fields[field] : comp.field;
  const repr = reprOf(storage);
  return repr === BYTE || repr === HALF ? I32 : storage;
}

/** `sign`: of a packed field. Kept without sign, so that an unsigned read is that of a word. */
function structGet(sign: "" | "_s" | "_u"): Rule {
  return (l) => {
    const idx = l.reader.u32();
    const field = l.reader.u32();
    const { reprs, offsets } = layoutOf(l.canon[idx]);
    const name = sign === "_u" ? "_32" : suffixes[reprs[field]] + sign;
    l.operation(`struct.get${name}`, 1, fieldType(l, idx, field), offsets[field]);
  };
}

function lowerStructSet(l: Lowering): void {
  const { reprs, offsets } = layoutOf(readId(l));
  const field = l.reader.u32();
  l.operation(`struct.set${suffixes[reprs[field]]}`, 2, undefined, offsets[field]);
}

function arrayGet(sign: "" | "_s" | "_u"): Rule {
  return (l) => {
    const idx = l.reader.u32();
    const repr = layoutOf(l.canon[idx]).reprs[0];
    l.operation(`array.get${suffixes[repr]}${sign}`, 2, fieldType(l, idx, 0));
  };
}

const readRepr = (l: Lowering): number => layoutOf(readId(l)).reprs[0];

/** `array.new_data`, `array.new_elem`. */
const newFromSegment =
  (name: string): Rule =>
  (l) => {
    const id = readId(l);
    l.operation(name, 2, ANYREF, id, l.reader.u32());
  };

/** An operation that looks at the topmost operand, a reference, and leaves it where it is. */
function look(l: Lowering, name: string, ...imms: number[]): void {
  const { stack } = l;
  const h = stack.height - 1;
  l.out.emit(op(name), stack.kinds[h] === LOCAL ? stack.vals[h] : stack.offs[h], ...imms);
}

const refTest =
  (isNull: boolean): Rule =>
  (l) =>
    l.operation("ref.test", 1, I32, readCastType(l, isNull));

const refCast =
  (isNull: boolean): Rule =>
  (l) =>
    look(l, "ref.cast", readCastType(l, isNull));

const refCastDesc =
  (isNull: boolean): Rule =>
  (l) => {
    const type = readCastType(l, isNull);
    look(l, "ref.cast_desc", l.popPlace(), type);
  };

/** A conversion that changes nothing but the type. */
const retype =
  (type: ValType): Rule =>
  (l) => {
    l.stack.types[l.stack.height - 1] = type;
  };

export const gcSpecials: Readonly<Record<GcSpecial, Rule>> = {
  "struct.new": structNew("struct.new", 0),
  "struct.new_desc": structNew("struct.new_desc", 1),
  "struct.new_default_desc": (l) => l.operation("struct.new_default_desc", 1, ANYREF, readId(l)),
  "ref.get_desc": (l) => {
    l.reader.u32();
    l.operation("ref.get_desc", 1, ANYREF);
  },
  "ref.cast_desc_eq": refCastDesc(false),
  "ref.cast_desc_eq null": refCastDesc(true),
  "struct.new_default": (l) => l.operation("struct.new_default", 0, ANYREF, readId(l)),
  "struct.get": structGet(""),
  "struct.get_s": structGet("_s"),
  "struct.get_u": structGet("_u"),
  "struct.set": lowerStructSet,
  "array.new": (l) => l.operation("array.new", 2, ANYREF, readId(l)),
  "array.new_default": (l) => l.operation("array.new_default", 1, ANYREF, readId(l)),
  "array.new_fixed": lowerArrayNewFixed,
  "array.new_data": newFromSegment("array.new_data"),
  "array.new_elem": newFromSegment("array.new_elem"),
  "array.get": arrayGet(""),
  "array.get_s": arrayGet("_s"),
  "array.get_u": arrayGet("_u"),
  "array.set": (l) => l.operation(`array.set${suffixes[readRepr(l)]}`, 3, undefined),
  "array.len": (l) => l.operation("array.len", 1, I32),
  "array.fill": (l) => l.operation("array.fill", 4, undefined, readRepr(l)),
  "array.copy": (l) => {
    const repr = readRepr(l);
    l.reader.u32();
    l.operation("array.copy", 5, undefined, repr);
  },
  "array.init_data": (l) => {
    const repr = readRepr(l);
    l.operation("array.init_data", 4, undefined, repr, l.reader.u32());
  },
  "array.init_elem": (l) => {
    l.reader.u32();
    l.operation("array.init_elem", 4, undefined, l.reader.u32());
  },
  "ref.test": refTest(false),
  "ref.test null": refTest(true),
  "ref.cast": refCast(false),
  "ref.cast null": refCast(true),
  "any.convert_extern": retype(ANYREF),
  "extern.convert_any": retype(EXTERNREF),
  "ref.i31": (l) => l.operation("ref.i31", 1, ANYREF),
  "i31.get_s": (l) => l.operation("i31.get_s", 1, I32),
  "i31.get_u": (l) => l.operation("i31.get_u", 1, I32),
  "ref.eq": (l) => l.operation("ref.eq", 2, I32),
  "ref.as_non_null": (l) => look(l, "ref.check"),
};
