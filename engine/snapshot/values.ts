/**
 * Writes values into a snapshot: references by what they refer to, and the objects of garbage collection as a list, so that
 * sharing and cycles stay. Types are named by an instance and a type index of its module, since canonical numbers are
 * this process's own.
 */
import { canonOf } from "../canon.ts";
import { ExnInst } from "../runtime/exn.ts";
import { FuncInst, type TagInst } from "../runtime/func.ts";
import { ArrayInst, I31, layoutOf, REFERENCE, reprWords, StructInst } from "../runtime/gc.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { ByteWriter } from "./bytes.ts";
import { snapshotError } from "./errors.ts";

/** First byte of a reference. */
export const refTags = {
  null: 0,
  func: 1,
  object: 2,
  i31: 3,
  number: 4,
  string: 5,
  false: 6,
  true: 7,
  undefined: 8,
  bigint: 9,
} as const;

/** First byte of an object's shape. */
export const objectTags = { struct: 0, array: 1, exn: 2 } as const;

export type HeapObject = StructInst | ArrayInst | ExnInst;

const isHeapObject = (v: Val): v is HeapObject =>
  v instanceof StructInst || v instanceof ArrayInst || v instanceof ExnInst;

/** A place in an instance: of a function, a type, a tag. */
type Name = readonly [instance: number, index: number];

/** What the things of some instances are called: the first place that each has. */
export class Names {
  readonly funcs = new Map<FuncInst, Name>();
  readonly types = new Map<number, Name>();
  readonly tags = new Map<TagInst, Name>();

  constructor(instances: readonly ModuleInst[]) {
    instances.forEach((inst, i) => {
      inst.funcs.forEach((f, k) => void (this.funcs.has(f) || this.funcs.set(f, [i, k])));
      canonOf(inst.module.types).forEach((id, k) => void (this.types.has(id) || this.types.set(id, [i, k])));
      inst.tags.forEach((t, k) => void (this.tags.has(t) || this.tags.set(t, [i, k])));
    });
  }
}

/** The objects that values led to, in the order in which they were met. */
export class Objects {
  readonly list: HeapObject[] = [];
  private readonly numbers = new Map<HeapObject, number>();

  number(v: HeapObject): number {
    let n = this.numbers.get(v);
    if (n === undefined) {
      n = this.list.push(v) - 1;
      this.numbers.set(v, n);
    }
    return n;
  }
}

export class ValueWriter {
  private readonly out: ByteWriter;
  private readonly names: Names;
  private readonly objects: Objects;

  constructor(out: ByteWriter, names: Names, objects: Objects) {
    this.out = out;
    this.names = names;
    this.objects = objects;
  }

  private name(name: Name | undefined, what: string): void {
    if (name === undefined) throw snapshotError("unsaved", what);
    this.out.u32(name[0]);
    this.out.u32(name[1]);
  }

  func(f: FuncInst): void {
    this.name(this.names.funcs.get(f), "a function of an instance that is not part of it");
  }

  /** @throws WasmError WT5205 for what only the host knows */
  ref(v: Val): void {
    const { out } = this;
    if (v === null) out.u8(refTags.null);
    else if (v instanceof FuncInst) {
      out.u8(refTags.func);
      this.func(v);
    } else if (isHeapObject(v)) {
      out.u8(refTags.object);
      out.u32(this.objects.number(v));
    } else if (v instanceof I31) {
      out.u8(refTags.i31);
      out.u32(v.value);
    } else this.host(v);
  }

  /** A value of the host that is the same everywhere. */
  private host(v: Val): void {
    const { out } = this;
    if (typeof v === "number") {
      out.u8(refTags.number);
      out.f64(v);
    } else if (typeof v === "string" || typeof v === "bigint") {
      out.u8(typeof v === "string" ? refTags.string : refTags.bigint);
      out.text(String(v));
    } else if (typeof v === "boolean") out.u8(v ? refTags.true : refTags.false);
    else if (v === undefined) out.u8(refTags.undefined);
    else throw snapshotError("unsaved", `a reference to a ${typeof v} of the host`);
  }

  /** References, equal ones in a row counted. */
  refs(vals: readonly Val[]): void {
    this.out.u32(vals.length);
    for (let i = 0; i < vals.length; ) {
      const first = i;
      while (i < vals.length && vals[i] === vals[first]) i++;
      this.out.u32(i - first);
      this.ref(vals[first]);
    }
  }

  /** What kind of object it is: all that is needed to make it empty. */
  shape(object: HeapObject): void {
    const { out, names } = this;
    if (object instanceof ExnInst) {
      out.u8(objectTags.exn);
      this.name(names.tags.get(object.tag), "an exception of the host");
      return;
    }
    out.u8(object instanceof StructInst ? objectTags.struct : objectTags.array);
    this.name(names.types.get(object.typeId), "an object of a type that is in none of its modules");
    if (object instanceof ArrayInst) out.u32(object.length);
  }

  content(object: HeapObject): void {
    if (object instanceof StructInst) this.fields(object);
    else if (object instanceof ExnInst) {
      for (const word of object.words) this.out.u32(word);
      this.refs(object.refs);
    } else if (Array.isArray(object.elems)) this.refs(object.elems);
    else this.out.raw(bytesOf(object.elems as Int8Array));
  }

  private fields({ typeId, fields, descriptor }: StructInst): void {
    if (descriptor !== null) throw snapshotError("unsaved", "a structure with a descriptor");
    const { reprs, offsets } = layoutOf(typeId);
    reprs.forEach((repr, f) => {
      const at = offsets[f];
      if (repr === REFERENCE) this.ref(fields[at]);
      else for (let k = 0; k < reprWords[repr]; k++) this.out.u32(fields[at + k] as number);
    });
  }
}

/** The bytes of numbers, which are little-endian on every host that V8 runs on. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Int8Array | Int16Array | Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** All objects: first the shape of each, then what is in each. Writing one may lead to others. */
export function heapBytes(names: Names, objects: Objects): Uint8Array {
  const shapes = new ByteWriter();
  const contents = new ByteWriter();
  const shape = new ValueWriter(shapes, names, objects);
  const content = new ValueWriter(contents, names, objects);
  for (let i = 0; i < objects.list.length; i++) {
    shape.shape(objects.list[i]);
    content.content(objects.list[i]);
  }
  const out = new ByteWriter();
  out.u32(objects.list.length);
  out.blob(shapes.finish());
  out.blob(contents.finish());
  return out.finish();
}
