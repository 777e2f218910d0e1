/**
 * Structures, arrays, i31, casts and branches on references. What a hot loop does is in line: fields and elements are
 * read and written where they are, a cast to a structure or array type compares type numbers. The rest is in `gc.ts`.
 * What only allocates is done at once; what reads waits like any operand.
 */
import { readCastFlags } from "../binary/imms.ts";
import { readHeapType } from "../binary/types.ts";
import type { Mnemonic } from "../instrs.ts";
import { BYTE, HALF, layoutOf, REFERENCE, type Repr, reprOf, VECTOR, WIDE } from "../runtime/gc.ts";
import {
  ANYREF,
  CONCRETE,
  EXACT,
  F32,
  F64,
  type FieldType,
  heapTypes,
  I32,
  I64,
  isConcrete,
  NULLABLE,
  typeIdxOf,
  type ValType,
} from "../types.ts";
import { branchIf, labelAt } from "./control.ts";
import { decline, type FunctionText } from "./function-text.ts";
import { ANY, expression, GLOBAL, LOAD, Operand, type Part, TRAP } from "./operand.ts";
import { atomise, atomOf, popOperands } from "./templates.ts";

type Rule = (f: FunctionText) => void;

/** Canonical number of the type whose index comes next. */
const readId = (f: FunctionText): number => f.canon[f.reader.u32()];

/** `x`, or the trap that null is. */
const orTrap = (f: FunctionText, x: Part, trap: string): string => `(${x.inner}??${f.env.helper(trap)}())`;

/** Operands that may fail do so now: what comes is done at once. Call it before they are popped. */
const settleFailing = (f: FunctionText): void => f.pending.flush(LOAD | TRAP);

/** The object that `text` makes now. */
function made(f: FunctionText, text: string, ...of: readonly Part[]): Part {
  const object = f.pending.atom(expression(text, ...of));
  f.push(ANYREF, object);
  return object;
}

/* Fields and elements */

interface Field {
  readonly repr: Repr;
  readonly type: ValType;
  readonly isMutable: boolean;
}

function fieldOf(type: FieldType): Field {
  const repr = reprOf(type.storage);
  if (repr === VECTOR) decline("v128");
  return { repr, type: repr === BYTE || repr === HALF ? I32 : type.storage, isMutable: type.isMutable };
}

/** Field `n` of the structure type, or the elements of the array type, of index `idx`. */
function fieldAt(f: FunctionText, idx: number, n: number): Field {
  const { comp } = f.module.types[idx];
  if (comp.kind === "func") throw new Error(`type ${idx} has no fields`);
  return fieldOf(comp.kind === "struct" ? comp.fields[n] : comp.field);
}

/** What `o` is in a field of its type: one expression, or two. */
function wordsOf(f: FunctionText, o: Operand): string[] {
  if (o.type === F32) return [`${f.env.helper("bitsOfF32")}(${f.codedText(o)})`];
  if (o.type === F64) {
    const { text } = f.pending.atom(o.lo.isAtom && !o.isArithmetic ? o.lo : expression(f.codedText(o), o.lo));
    f.observe(o);
    return ["lowOfF64", "highOfF64"].map((name) => `${f.env.helper(name)}(${text})`);
  }
  return o.hi === undefined ? [o.lo.text] : [o.lo.text, o.hi.text];
}

/** Statements that write `o` to the field of `repr` at `[at]` of `list`, or at that and the next. */
function storeText(f: FunctionText, list: string, at: number, repr: number, o: Operand): string {
  const mask = repr === BYTE ? "&255" : repr === HALF ? "&65535" : "";
  if (mask !== "") return `${list}[${at}]=${o.lo.inner}${mask};`;
  return wordsOf(f, o)
    .map((word, k) => `${list}[${at + k}]=${word};`)
    .join("");
}

/** Pushes the value of a field of one word that `text` reads. */
function pushWord(f: FunctionText, type: ValType, text: string, effects: number, ...of: readonly Part[]): void {
  if (type === F32) f.pushCoded(F32, expression(`${f.env.helper("f32FromBits")}(${text})`, ...of), effects);
  else f.push(type, expression(text, ...of), effects);
}

function pushWide(f: FunctionText, type: ValType, low: Part, high: Part, effects: number): void {
  if (type === I64) return f.push(I64, low, effects, high);
  const text = `${f.env.helper("f64FromWords")}(${low.text},${high.text})`;
  f.pushCoded(F64, expression(text, low, high), effects);
}

/** `sign`: how a packed field is extended; it is kept without sign. */
function structGet(sign: "" | "s" | "u"): Rule {
  return (f) => {
    const idx = f.reader.u32();
    const n = f.reader.u32();
    const { repr, type, isMutable } = fieldAt(f, idx, n);
    const at = layoutOf(f.canon[idx]).offsets[n];
    const changes = isMutable ? GLOBAL : 0;
    if (repr === WIDE) settleFailing(f);
    const x = f.pop();
    const fields = `${orTrap(f, x.lo, "nullStruct")}.fields`;
    if (repr === WIDE) {
      const list = f.pending.atom(expression(fields, x.lo));
      const word = (k: number): Part => expression(`${list.text}[${at + k}]`, list);
      return pushWide(f, type, word(0), word(1), changes);
    }
    const shift = repr === BYTE ? 24 : 16;
    const text = sign === "s" ? `${fields}[${at}]<<${shift}>>${shift}` : `${fields}[${at}]`;
    pushWord(f, type, text, x.effects | TRAP | changes, x.lo);
  };
}

function structSet(f: FunctionText): void {
  const idx = f.reader.u32();
  const n = f.reader.u32();
  const { repr } = fieldAt(f, idx, n);
  f.pending.flush(ANY);
  const [x, v] = popOperands(f, 2);
  let fields = `${orTrap(f, x.lo, "nullStruct")}.fields`;
  if (repr === WIDE) fields = f.pending.atom(expression(fields, x.lo)).text;
  f.out.line(storeText(f, fields, layoutOf(f.canon[idx]).offsets[n], repr, v));
}

/** `hasDescriptor`: it is on top. */
function structNew(hasFields: boolean, hasDescriptor: boolean): Rule {
  return (f) => {
    const idx = f.reader.u32();
    const { comp } = f.module.types[idx];
    if (comp.kind !== "struct") throw new Error(`type ${idx} is no structure`);
    const fields = hasFields ? comp.fields.map(fieldOf) : [];
    f.fuel?.failing();
    settleFailing(f);
    const operands = popOperands(f, fields.length + (hasDescriptor ? 1 : 0));
    const id = f.canon[idx];
    const descriptor = operands[fields.length];
    const more = descriptor === undefined ? "" : `,${orTrap(f, descriptor.lo, "nullDescriptor")}`;
    const object = f.pending.atom(expression(`${f.env.helper("newStruct")}(${id},${f.env.heap()}${more})`));
    if (fields.length > 0) {
      const list = f.pending.atom(expression(`${object.text}.fields`, object)).text;
      const { offsets } = layoutOf(id);
      fields.forEach(({ repr }, i) => void f.out.line(storeText(f, list, offsets[i], repr, operands[i])));
    }
    f.push(ANYREF, object);
  };
}

/** The array and the index on top, each as something that may be written twice. */
function popElement(f: FunctionText): { readonly x: Part; readonly i: Part; readonly effects: number } {
  const [a, i] = atomise(f, popOperands(f, 2), [2, 0, 2, 0]);
  return { x: a.lo, i: i.lo, effects: a.effects | i.effects };
}

const index = (i: Part, step: number, word = 0): string => {
  if (i.value !== undefined) return String((i.value >>> 0) * step + word);
  const at = `${i.inner}>>>0`;
  return step === 1 ? at : `(${at})*${step}${word === 0 ? "" : `+${word}`}`;
};

/** An element that is a number: what is outside reads as undefined. */
const element = (f: FunctionText, x: Part, i: Part, step = 1): string =>
  `${orTrap(f, x, "nullArray")}.elems[${index(i, step)}]??${f.env.helper("oobArray")}(${x.text},${i.text})`;

function arrayGet(sign: "" | "s" | "u"): Rule {
  return (f) => {
    const { repr, type, isMutable } = fieldAt(f, f.reader.u32(), 0);
    const changes = isMutable ? GLOBAL : 0;
    if (repr === WIDE) settleFailing(f);
    const { x, i, effects } = popElement(f);
    if (repr === WIDE) {
      const low = f.pending.atom(expression(element(f, x, i, 2), x, i));
      return pushWide(f, type, low, f.pending.atom(expression(`${x.text}.elems[${index(i, 2, 1)}]`, x, i)), 0);
    }
    let text = element(f, x, i);
    if (repr === REFERENCE) {
      const isIn = `(${index(i, 1)})<${orTrap(f, x, "nullArray")}.length`;
      text = `${isIn}?${x.text}.elems[${index(i, 1)}]:${f.env.helper("oobArray")}(${x.text},${i.text})`;
    } else if (sign === "u") text = `(${text})&${repr === BYTE ? 255 : 65535}`;
    pushWord(f, type, text, effects | TRAP | changes, x, i);
  };
}

function arraySet(f: FunctionText): void {
  const { repr } = fieldAt(f, f.reader.u32(), 0);
  f.pending.flush(ANY);
  const v = f.pop();
  const { x, i } = popElement(f);
  const isOut = `(${index(i, 1)})>=${orTrap(f, x, "nullArray")}.length`;
  f.out.line(`if(${isOut})${f.env.helper("oobArray")}(${x.text},${i.text});`);
  const step = repr === WIDE ? 2 : 1;
  const words = wordsOf(f, v);
  f.out.line(words.map((word, k) => `${x.text}.elems[${index(i, step, k)}]=${word};`).join(""));
}

/* Arrays at once */

/** An index or count as a number without sign. */
const unsigned = (o: Operand): string => index(o.lo, 1);

/** The count `o`, which is used twice if elements cost. */
const counted = (f: FunctionText, o: Operand): string => unsigned(f.fuel === undefined ? o : atomOf(f, o));

const spend = (f: FunctionText, count: string): void => f.fuel?.spendMore(`${f.env.helper("elemsCost")}(${count})`);

const wordArguments = (f: FunctionText, v: Operand): string => {
  const [low, high = "0"] = wordsOf(f, v);
  return `${low},${high}`;
};

function arrayNew(f: FunctionText): void {
  const idx = f.reader.u32();
  const { repr } = fieldAt(f, idx, 0);
  f.fuel?.failing();
  settleFailing(f);
  const [v, n] = popOperands(f, 2);
  const count = counted(f, n);
  const values = wordArguments(f, v);
  made(f, `${f.env.helper("arrayOf")}(${f.canon[idx]},${repr},${count},${f.env.heap()},${values})`);
  spend(f, count);
}

function arrayNewDefault(f: FunctionText): void {
  const id = readId(f);
  f.fuel?.failing();
  settleFailing(f);
  const count = counted(f, f.pop());
  made(f, `${f.env.helper("newArray")}(${id},${layoutOf(id).reprs[0]},${count},${f.env.heap()})`);
  spend(f, count);
}

function arrayNewFixed(f: FunctionText): void {
  const idx = f.reader.u32();
  const length = f.reader.u32();
  const { repr } = fieldAt(f, idx, 0);
  f.fuel?.failing();
  settleFailing(f);
  const operands = popOperands(f, length);
  const object = made(f, `${f.env.helper("newArray")}(${f.canon[idx]},${repr},${length},${f.env.heap()})`);
  const step = repr === WIDE ? 2 : 1;
  operands.forEach((o, i) => {
    const words = wordsOf(f, o);
    f.out.line(words.map((word, k) => `${object.text}.elems[${step * i + k}]=${word};`).join(""));
  });
  spend(f, String(length));
}

function arrayNewFrom(helper: "arrayOfData" | "arrayOfElems"): Rule {
  return (f) => {
    const id = readId(f);
    const segment = f.reader.u32();
    f.fuel?.failing();
    settleFailing(f);
    const [src, n] = popOperands(f, 2);
    const count = counted(f, n);
    const repr = helper === "arrayOfData" ? `,${layoutOf(id).reprs[0]}` : "";
    made(f, `${f.env.helper(helper)}(${id}${repr},${unsigned(src)},${count},${f.env.instance()},${segment})`);
    spend(f, count);
  };
}

function arrayFill(f: FunctionText): void {
  const { repr } = fieldAt(f, f.reader.u32(), 0);
  f.pending.flush(ANY);
  const [x, i, v, n] = popOperands(f, 4);
  const count = counted(f, n);
  const values = wordArguments(f, v);
  f.out.line(`${f.env.helper("fillArray")}(${x.lo.text},${unsigned(i)},${count},${repr},${values});`);
  spend(f, count);
}

function arrayCopy(f: FunctionText): void {
  const { reprs } = layoutOf(readId(f));
  f.reader.u32();
  f.pending.flush(ANY);
  const [to, dst, from, src, n] = popOperands(f, 5);
  const count = counted(f, n);
  const args = [to.lo.text, unsigned(dst), from.lo.text, unsigned(src), count, reprs[0]];
  f.out.line(`${f.env.helper("copyElements")}(${args.join()});`);
  spend(f, count);
}

function arrayInit(helper: "initData" | "initElems"): Rule {
  return (f) => {
    const { reprs } = layoutOf(readId(f));
    const segment = f.reader.u32();
    f.pending.flush(ANY);
    const [a, dst, src, n] = popOperands(f, 4);
    const count = counted(f, n);
    const repr = helper === "initData" ? [reprs[0]] : [];
    const args = [a.lo.text, unsigned(dst), unsigned(src), count, ...repr, f.env.instance(), segment];
    f.out.line(`${f.env.helper(helper)}(${args.join()});`);
    spend(f, count);
  };
}

/* Types */

interface Target {
  /** As `isOfRef` takes it. */
  readonly type: number;
  readonly kind: "struct" | "array" | "other";
}

/** The heap type that comes next, with null if `isNull`. */
function readTarget(f: FunctionText, isNull: boolean): Target {
  const heap = readHeapType(f.reader);
  const isOwn = isConcrete(heap);
  const canonical = isOwn ? CONCRETE + f.canon[typeIdxOf(heap)] : heap;
  const comp = isOwn ? f.module.types[typeIdxOf(heap)].comp.kind : "func";
  return {
    type: canonical | (heap & EXACT) | (isNull ? NULLABLE : 0),
    kind: comp === "func" ? "other" : comp,
  };
}

/** Whether `x` is of the type. */
function isOf(f: FunctionText, { text, inner }: Part, { type, kind }: Target): string {
  const { env } = f;
  const orNull = (type & NULLABLE) !== 0 ? `${inner}===null||` : "";
  if (kind !== "other") {
    const id = typeIdxOf(type);
    const sub = (type & EXACT) !== 0 ? "" : `||${env.helper("isSubtypeId")}(${inner}.typeId,${id})`;
    const name = env.helper(kind === "struct" ? "StructInst" : "ArrayInst");
    return `${orNull}${inner} instanceof ${name}&&(${inner}.typeId===${id}${sub})`;
  }
  if ((type & ~NULLABLE) === heapTypes.i31) return `${orNull}${inner} instanceof ${env.helper("I31")}`;
  return `${env.helper("isOfRef")}(${text},${type})`;
}

const conditionOperand = (text: string, effects: number, ...of: readonly Part[]): Operand =>
  new Operand(I32, expression(`${text}?1:0`, ...of), undefined, effects, text);

function refTest(isNull: boolean): Rule {
  return (f) => {
    const target = readTarget(f, isNull);
    const [x] = atomise(f, popOperands(f, 1), [2]);
    f.pending.push(conditionOperand(isOf(f, x.lo, target), x.effects, x.lo));
  };
}

/** The topmost operand, which stays, as something that may be written twice; all that may fail has done so. */
function look(f: FunctionText): Part {
  settleFailing(f);
  const x = atomOf(f, f.pop());
  f.pending.push(x);
  return x.lo;
}

function refCast(isNull: boolean): Rule {
  return (f) => {
    const target = readTarget(f, isNull);
    f.out.line(`if(!(${isOf(f, look(f), target)}))${f.env.helper("castFailure")}();`);
  };
}

/** The descriptor on top, not null. */
function popDescriptor(f: FunctionText): Part {
  settleFailing(f);
  const { lo } = f.pop();
  return f.pending.atom(expression(orTrap(f, lo, "nullDescriptor"), lo));
}

function refCastDesc(isNull: boolean): Rule {
  return (f) => {
    const { type } = readTarget(f, isNull);
    const descriptor = popDescriptor(f);
    const test = `${f.env.helper("hasDescriptor")}(${look(f).text},${descriptor.text},${type})`;
    f.out.line(`if(!${test})${f.env.helper("descriptorCast")}();`);
  };
}

/** The same for a branch that takes it along. */
function carried(f: FunctionText): Part {
  f.pending.flush(ANY);
  const h = f.pending.height - 1;
  if (!f.pending.list[h].isAtom) f.pending.settle(h);
  return f.pending.list[h].lo;
}

function brOnCast(isSet: boolean, hasDescriptor: boolean): Rule {
  return (f) => {
    const flags = readCastFlags(f.reader);
    const label = labelAt(f, f.reader.u32());
    readHeapType(f.reader);
    const target = readTarget(f, (flags & 2) !== 0);
    const descriptor = hasDescriptor ? popDescriptor(f) : undefined;
    const x = carried(f);
    const test =
      descriptor === undefined
        ? isOf(f, x, target)
        : `${f.env.helper("hasDescriptor")}(${x.text},${descriptor.text},${target.type})`;
    branchIf(f, label, conditionOperand(isSet ? test : `!(${test})`, 0, x));
  };
}

function brOnNull(f: FunctionText): void {
  const label = labelAt(f, f.reader.u32());
  const x = carried(f);
  const o = f.pop();
  branchIf(f, label, conditionOperand(`${x.inner}===null`, 0, x));
  f.pending.push(o);
}

function brOnNonNull(f: FunctionText): void {
  const label = labelAt(f, f.reader.u32());
  const x = carried(f);
  branchIf(f, label, conditionOperand(`${x.inner}!==null`, 0, x));
  f.pop();
}

/** A member of the reference on top, which must not be null and never changes. */
const member =
  (name: string, trap: string, type: ValType, mask = ""): Rule =>
  (f) => {
    const x = f.pop();
    f.push(type, expression(`${orTrap(f, x.lo, trap)}${name}${mask}`, x.lo), x.effects | TRAP);
  };

export const gcRules: Partial<Record<Mnemonic, Rule>> = {
  "struct.new": structNew(true, false),
  "struct.new_default": structNew(false, false),
  "struct.new_desc": structNew(true, true),
  "struct.new_default_desc": structNew(false, true),
  "struct.get": structGet(""),
  "struct.get_s": structGet("s"),
  "struct.get_u": structGet("u"),
  "struct.set": structSet,
  "array.new": arrayNew,
  "array.new_default": arrayNewDefault,
  "array.new_fixed": arrayNewFixed,
  "array.new_data": arrayNewFrom("arrayOfData"),
  "array.new_elem": arrayNewFrom("arrayOfElems"),
  "array.get": arrayGet(""),
  "array.get_s": arrayGet("s"),
  "array.get_u": arrayGet("u"),
  "array.set": arraySet,
  "array.len": member(".length", "nullArray", I32),
  "array.fill": arrayFill,
  "array.copy": arrayCopy,
  "array.init_data": arrayInit("initData"),
  "array.init_elem": arrayInit("initElems"),
  "ref.test": refTest(false),
  "ref.test null": refTest(true),
  "ref.cast": refCast(false),
  "ref.cast null": refCast(true),
  "ref.cast_desc_eq": refCastDesc(false),
  "ref.cast_desc_eq null": refCastDesc(true),
  "ref.get_desc": (f) => {
    f.reader.u32();
    member(".descriptor", "nullReference", ANYREF)(f);
  },
  br_on_null: brOnNull,
  br_on_non_null: brOnNonNull,
  br_on_cast: brOnCast(true, false),
  br_on_cast_fail: brOnCast(false, false),
  br_on_cast_desc_eq: brOnCast(true, true),
  br_on_cast_desc_eq_fail: brOnCast(false, true),
  // A value is the same in both hierarchies.
  "any.convert_extern": () => {},
  "extern.convert_any": () => {},
  "ref.as_non_null": member("", "nullReference", ANYREF),
  "ref.i31": (f) => {
    const x = f.pop();
    f.push(ANYREF, expression(`${f.env.helper("i31")}(${x.lo.text})`, x.lo), x.effects);
  },
  "i31.get_s": member(".value", "nullI31", I32),
  "i31.get_u": member(".value", "nullI31", I32, "&2147483647"),
  "ref.eq": (f) => {
    const [x, y] = popOperands(f, 2);
    const test = `${f.env.helper("areSame")}(${x.lo.text},${y.lo.text})`;
    f.pending.push(conditionOperand(test, x.effects | y.effects, x.lo, y.lo));
  },
};
