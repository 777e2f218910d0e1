/**
 * Interpreter operations on references, structures, arrays, i31 and casts. Outside the hot switch; operands are frame places in the
 * order of `ops.ts`. Each function reads one representation, so that its property accesses see one kind of list.
 */
import { elemsCost } from "../cost.ts";
import { trap } from "../errors.ts";
import {
  type ArrayInst,
  areSame,
  BYTE,
  checkArray,
  checkData,
  copyArray,
  copyData,
  copyElems,
  HALF,
  hasDescriptor,
  type I31,
  i31,
  isOfRef,
  layoutOf,
  newArray,
  newStruct,
  REFERENCE,
  reprWords,
  type StructInst,
  VECTOR,
} from "../runtime/gc.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { GC_START, type OpDef, ops } from "./ops.ts";
import type { FrameStack } from "./stack.ts";

type Op = (s: FrameStack, code: Int32Array, pc: number, fp: number, inst: ModuleInst) => void;

const refAt = (s: FrameStack, at: number): Val => s.refs[at >> 1] ?? null;
const structAt = (s: FrameStack, at: number): StructInst => (s.refs[at >> 1] ?? trap("nullStruct")) as StructInst;
const arrayAt = (s: FrameStack, at: number): ArrayInst => (s.refs[at >> 1] ?? trap("nullArray")) as ArrayInst;
const i31At = (s: FrameStack, at: number): number => ((s.refs[at >> 1] ?? trap("nullI31")) as I31).value;

/** Writes the value in the slot at word `at` to the field of a structure at `offset`. */
function putField(fields: Val[], offset: number, repr: number, s: FrameStack, at: number): void {
  if (repr === REFERENCE) fields[offset] = refAt(s, at);
  else if (repr === BYTE) fields[offset] = s.I[at] & 0xff;
  else if (repr === HALF) fields[offset] = s.I[at] & 0xffff;
  else for (let n = 0; n < reprWords[repr]; n++) fields[offset + n] = s.I[at + n];
}

const structNew: Op = (s, code, pc, fp, inst) => {
  const made = newStruct(code[pc + 3], inst.heap);
  putFields(made, s, fp + code[pc + 2]);
  s.refs[(fp + code[pc + 1]) >> 1] = made;
};

/** Fields from the slots at word `at` on. */
function putFields(to: StructInst, s: FrameStack, at: number): void {
  const { reprs, offsets } = layoutOf(to.typeId);
  for (let i = 0; i < reprs.length; i++) {
    const repr = reprs[i];
    putField(to.fields, offsets[i], repr, s, at);
    at += repr === VECTOR ? 4 : 2;
  }
}

const descAt = (s: FrameStack, at: number): StructInst => (s.refs[at >> 1] ?? trap("nullDescriptor")) as StructInst;

const structNewDesc: Op = (s, code, pc, fp, inst) => {
  const id = code[pc + 3];
  const first = fp + code[pc + 2];
  let last = first;
  for (const repr of layoutOf(id).reprs) last += repr === VECTOR ? 4 : 2;
  const made = newStruct(id, inst.heap, descAt(s, last));
  putFields(made, s, first);
  s.refs[(fp + code[pc + 1]) >> 1] = made;
};

/** Reads `n` words of a field into a slot. */
const structGet =
  (n: number): Op =>
  (s, code, pc, fp) => {
    const { fields } = structAt(s, fp + code[pc + 2]);
    const at = fp + code[pc + 1];
    const offset = code[pc + 3];
    for (let k = 0; k < n; k++) s.I[at + k] = fields[offset + k] as number;
  };

const structGetSigned =
  (shift: number): Op =>
  (s, code, pc, fp) => {
    const word = structAt(s, fp + code[pc + 2]).fields[code[pc + 3]] as number;
    s.I[fp + code[pc + 1]] = (word << shift) >> shift;
  };

const structSet =
  (n: number): Op =>
  (s, code, pc, fp) => {
    const { fields } = structAt(s, fp + code[pc + 1]);
    const at = fp + code[pc + 2];
    const offset = code[pc + 3];
    for (let k = 0; k < n; k++) fields[offset + k] = s.I[at + k];
  };

const structSetPacked =
  (mask: number): Op =>
  (s, code, pc, fp) => {
    structAt(s, fp + code[pc + 1]).fields[code[pc + 3]] = s.I[fp + code[pc + 2]] & mask;
  };

/** The array named by word `n`, and its index named by word `n + 1`, which is inside. */
function element(s: FrameStack, code: Int32Array, pc: number, fp: number, n: number): number {
  const { length } = arrayAt(s, fp + code[pc + n]);
  const i = s.I[fp + code[pc + n + 1]] >>> 0;
  if (i >= length) trap("oobArray", `(index ${i}, length ${length})`);
  return i;
}

/** Writes the slot at word `at` to the `count` elements from `i` on. */
function fill(a: ArrayInst, repr: number, i: number, count: number, s: FrameStack, at: number): void {
  if (repr === REFERENCE) {
    (a.elems as Val[]).fill(refAt(s, at), i, i + count);
    return;
  }
  const elems = a.elems as Int32Array;
  const n = reprWords[repr];
  if (n === 1) elems.fill(s.I[at], i, i + count);
  else for (let k = 0; k < n; k++) for (let j = i; j < i + count; j++) elems[j * n + k] = s.I[at + k];
}

const arrayNew: Op = (s, code, pc, fp, inst) => {
  const id = code[pc + 4];
  const repr = layoutOf(id).reprs[0];
  const length = s.I[fp + code[pc + 3]] >>> 0;
  const a = newArray(id, repr, length, inst.heap);
  fill(a, repr, 0, length, s, fp + code[pc + 2]);
  s.refs[(fp + code[pc + 1]) >> 1] = a;
  s.extra += elemsCost(length);
};

const arrayNewDefault: Op = (s, code, pc, fp, inst) => {
  const id = code[pc + 3];
  const length = s.I[fp + code[pc + 2]] >>> 0;
  s.refs[(fp + code[pc + 1]) >> 1] = newArray(id, layoutOf(id).reprs[0], length, inst.heap);
  s.extra += elemsCost(length);
};

const arrayNewFixed: Op = (s, code, pc, fp, inst) => {
  const id = code[pc + 4];
  const repr = layoutOf(id).reprs[0];
  const length = code[pc + 3];
  const a = newArray(id, repr, length, inst.heap);
  const step = repr === VECTOR ? 4 : 2;
  for (let i = 0; i < length; i++) fill(a, repr, i, 1, s, fp + code[pc + 2] + i * step);
  s.refs[(fp + code[pc + 1]) >> 1] = a;
  s.extra += elemsCost(length);
};

const arrayNewData: Op = (s, code, pc, fp, inst) => {
  const id = code[pc + 4];
  const repr = layoutOf(id).reprs[0];
  const src = s.I[fp + code[pc + 2]] >>> 0;
  const length = s.I[fp + code[pc + 3]] >>> 0;
  const data = inst.datas[code[pc + 5]];
  checkData(data, repr, src, length);
  const a = newArray(id, repr, length, inst.heap);
  copyData(a, repr, 0, data, src, length);
  s.refs[(fp + code[pc + 1]) >> 1] = a;
  s.extra += elemsCost(length);
};

const arrayNewElem: Op = (s, code, pc, fp, inst) => {
  const id = code[pc + 4];
  const src = s.I[fp + code[pc + 2]] >>> 0;
  const length = s.I[fp + code[pc + 3]] >>> 0;
  const elems = inst.elems[code[pc + 5]];
  if (src + length > elems.length) trap("oobTable");
  const a = newArray(id, REFERENCE, length, inst.heap);
  copyElems(a, 0, elems, src, length);
  s.refs[(fp + code[pc + 1]) >> 1] = a;
  s.extra += elemsCost(length);
};

/** Reads an element of `n` words into a slot. */
const arrayGet =
  (n: number): Op =>
  (s, code, pc, fp) => {
    const i = element(s, code, pc, fp, 2);
    const elems = arrayAt(s, fp + code[pc + 2]).elems as Int32Array;
    const at = fp + code[pc + 1];
    for (let k = 0; k < n; k++) s.I[at + k] = elems[i * n + k];
  };

/** Reads an element of 8 or 16 bits; unsigned under `mask`. */
const arrayGetPacked =
  (mask: number): Op =>
  (s, code, pc, fp) => {
    const i = element(s, code, pc, fp, 2);
    s.I[fp + code[pc + 1]] = (arrayAt(s, fp + code[pc + 2]).elems as Int8Array)[i] & mask;
  };

const arraySet =
  (n: number): Op =>
  (s, code, pc, fp) => {
    const i = element(s, code, pc, fp, 1);
    const elems = arrayAt(s, fp + code[pc + 1]).elems as Int32Array;
    const at = fp + code[pc + 3];
    for (let k = 0; k < n; k++) elems[i * n + k] = s.I[at + k];
  };

const arrayFill: Op = (s, code, pc, fp) => {
  const a = arrayAt(s, fp + code[pc + 1]);
  const i = s.I[fp + code[pc + 2]] >>> 0;
  const count = s.I[fp + code[pc + 4]] >>> 0;
  checkArray(a, i, count);
  fill(a, code[pc + 5], i, count, s, fp + code[pc + 3]);
  s.extra += elemsCost(count);
};

const arrayCopy: Op = (s, code, pc, fp) => {
  const to = arrayAt(s, fp + code[pc + 1]);
  const dst = s.I[fp + code[pc + 2]] >>> 0;
  const from = arrayAt(s, fp + code[pc + 3]);
  const src = s.I[fp + code[pc + 4]] >>> 0;
  const count = s.I[fp + code[pc + 5]] >>> 0;
  checkArray(to, dst, count);
  checkArray(from, src, count);
  copyArray(to, code[pc + 6], dst, from, src, count);
  s.extra += elemsCost(count);
};

const arrayInitData: Op = (s, code, pc, fp, inst) => {
  const a = arrayAt(s, fp + code[pc + 1]);
  const dst = s.I[fp + code[pc + 2]] >>> 0;
  const src = s.I[fp + code[pc + 3]] >>> 0;
  const count = s.I[fp + code[pc + 4]] >>> 0;
  checkArray(a, dst, count);
  copyData(a, code[pc + 5], dst, inst.datas[code[pc + 6]], src, count);
  s.extra += elemsCost(count);
};

const arrayInitElem: Op = (s, code, pc, fp, inst) => {
  const a = arrayAt(s, fp + code[pc + 1]);
  const dst = s.I[fp + code[pc + 2]] >>> 0;
  const src = s.I[fp + code[pc + 3]] >>> 0;
  const count = s.I[fp + code[pc + 4]] >>> 0;
  checkArray(a, dst, count);
  copyElems(a, dst, inst.elems[code[pc + 5]], src, count);
  s.extra += elemsCost(count);
};

const table: Readonly<Record<string, Op>> = {
  null_refs: (s, code, pc, fp) => {
    for (let at = fp + code[pc + 1], end = fp + code[pc + 2]; at < end; at += 2) s.refs[at >> 1] = null;
  },
  copy_ref: (s, code, pc, fp) => {
    s.refs[(fp + code[pc + 1]) >> 1] = s.refs[(fp + code[pc + 2]) >> 1];
  },
  select_ref: (s, code, pc, fp) => {
    s.refs[(fp + code[pc + 1]) >> 1] = s.refs[(fp + code[s.I[fp + code[pc + 4]] !== 0 ? pc + 2 : pc + 3]) >> 1];
  },
  "ref.null": (s, code, pc, fp) => {
    s.refs[(fp + code[pc + 1]) >> 1] = null;
  },
  "ref.is_null": (s, code, pc, fp) => {
    s.I[fp + code[pc + 1]] = refAt(s, fp + code[pc + 2]) === null ? 1 : 0;
  },
  "ref.func": (s, code, pc, fp, inst) => {
    s.refs[(fp + code[pc + 1]) >> 1] = inst.funcs[code[pc + 2]];
  },
  "ref.eq": (s, code, pc, fp) => {
    s.I[fp + code[pc + 1]] = areSame(refAt(s, fp + code[pc + 2]), refAt(s, fp + code[pc + 3])) ? 1 : 0;
  },
  "ref.check": (s, code, pc, fp) => {
    if (refAt(s, fp + code[pc + 1]) === null) trap("nullReference");
  },
  "ref.test": (s, code, pc, fp) => {
    s.I[fp + code[pc + 1]] = isOfRef(refAt(s, fp + code[pc + 2]), code[pc + 3]) ? 1 : 0;
  },
  "ref.cast": (s, code, pc, fp) => {
    if (!isOfRef(refAt(s, fp + code[pc + 1]), code[pc + 2])) trap("castFailure");
  },
  "ref.i31": (s, code, pc, fp) => {
    s.refs[(fp + code[pc + 1]) >> 1] = i31(s.I[fp + code[pc + 2]]);
  },
  "i31.get_s": (s, code, pc, fp) => {
    s.I[fp + code[pc + 1]] = i31At(s, fp + code[pc + 2]);
  },
  "i31.get_u": (s, code, pc, fp) => {
    s.I[fp + code[pc + 1]] = i31At(s, fp + code[pc + 2]) & 0x7fffffff;
  },
  "struct.new": structNew,
  "struct.new_default": (s, code, pc, fp, inst) => {
    s.refs[(fp + code[pc + 1]) >> 1] = newStruct(code[pc + 2], inst.heap);
  },
  "struct.get_ref": (s, code, pc, fp) => {
    s.refs[(fp + code[pc + 1]) >> 1] = structAt(s, fp + code[pc + 2]).fields[code[pc + 3]];
  },
  "struct.get_32": structGet(1),
  "struct.get_64": structGet(2),
  "struct.get_128": structGet(4),
  "struct.get_8_s": structGetSigned(24),
  "struct.get_16_s": structGetSigned(16),
  "struct.set_ref": (s, code, pc, fp) => {
    structAt(s, fp + code[pc + 1]).fields[code[pc + 3]] = refAt(s, fp + code[pc + 2]);
  },
  "struct.set_32": structSet(1),
  "struct.set_64": structSet(2),
  "struct.set_128": structSet(4),
  "struct.set_8": structSetPacked(0xff),
  "struct.set_16": structSetPacked(0xffff),
  "struct.new_desc": structNewDesc,
  "struct.new_default_desc": (s, code, pc, fp, inst) => {
    s.refs[(fp + code[pc + 1]) >> 1] = newStruct(code[pc + 3], inst.heap, descAt(s, fp + code[pc + 2]));
  },
  "ref.get_desc": (s, code, pc, fp) => {
    const from = (s.refs[(fp + code[pc + 2]) >> 1] ?? trap("nullReference")) as StructInst;
    s.refs[(fp + code[pc + 1]) >> 1] = from.descriptor;
  },
  "ref.test_desc": (s, code, pc, fp) => {
    const descriptor = descAt(s, fp + code[pc + 3]);
    s.I[fp + code[pc + 1]] = hasDescriptor(refAt(s, fp + code[pc + 2]), descriptor, code[pc + 4]) ? 1 : 0;
  },
  "ref.cast_desc": (s, code, pc, fp) => {
    const descriptor = descAt(s, fp + code[pc + 2]);
    if (!hasDescriptor(refAt(s, fp + code[pc + 1]), descriptor, code[pc + 3])) trap("descriptorCast");
  },
  "array.new": arrayNew,
  "array.new_default": arrayNewDefault,
  "array.new_fixed": arrayNewFixed,
  "array.new_data": arrayNewData,
  "array.new_elem": arrayNewElem,
  "array.get_ref": (s, code, pc, fp) => {
    const i = element(s, code, pc, fp, 2);
    s.refs[(fp + code[pc + 1]) >> 1] = (arrayAt(s, fp + code[pc + 2]).elems as Val[])[i];
  },
  "array.get_32": arrayGet(1),
  "array.get_64": arrayGet(2),
  "array.get_128": arrayGet(4),
  "array.get_8_s": arrayGetPacked(-1),
  "array.get_8_u": arrayGetPacked(0xff),
  "array.get_16_s": arrayGetPacked(-1),
  "array.get_16_u": arrayGetPacked(0xffff),
  "array.set_ref": (s, code, pc, fp) => {
    const i = element(s, code, pc, fp, 1);
    (arrayAt(s, fp + code[pc + 1]).elems as Val[])[i] = refAt(s, fp + code[pc + 3]);
  },
  "array.set_8": arraySet(1),
  "array.set_16": arraySet(1),
  "array.set_32": arraySet(1),
  "array.set_64": arraySet(2),
  "array.set_128": arraySet(4),
  "array.len": (s, code, pc, fp) => {
    s.I[fp + code[pc + 1]] = arrayAt(s, fp + code[pc + 2]).length;
  },
  "array.fill": arrayFill,
  "array.copy": arrayCopy,
  "array.init_data": arrayInitData,
  "array.init_elem": arrayInitElem,
};

/** By number, so that no name is looked up while a guest runs. */
const gcOps: readonly OpDef[] = ops.filter((o) => o.cls === "gc");
const byNumber: readonly Op[] = gcOps.map((o) => table[o.name]);
const sizes: readonly number[] = gcOps.map((o) => o.words);

/**
 * Executes operation `o` at `pc`; the word after it.
 *
 * @throws WasmError trap, exhausted
 */
export function gcOp(s: FrameStack, inst: ModuleInst, o: number, pc: number, fp: number): number {
  const n = o - GC_START;
  byNumber[n](s, inst.code.words, pc, fp, inst);
  return pc + sizes[n];
}
