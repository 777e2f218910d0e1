/**
 * Reads values from a snapshot: the mirror of `values.ts`. Objects are made empty first, so that values can name any of
 * them, and filled then. What is read has the type that is asked for, or is refused.
 */
import { canonOf, compOfId } from "../canon.ts";
import { wordsOf } from "../interpret/operands.ts";
import { ExnInst } from "../runtime/exn.ts";
import type { FuncInst } from "../runtime/func.ts";
import {
  type ArrayInst,
  i31,
  isOfType,
  layoutOf,
  newArray,
  newStruct,
  REFERENCE,
  reprWords,
  StructInst,
} from "../runtime/gc.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { type FieldType, isRef, type ValType } from "../types.ts";
import { ByteReader } from "./bytes.ts";
import { snapshotError } from "./errors.ts";
import { bytesOf, type HeapObject, objectTags, refTags } from "./values.ts";

export class ValueReader {
  private readonly r: ByteReader;
  private readonly instances: readonly ModuleInst[];
  private readonly objects: readonly HeapObject[];

  constructor(r: ByteReader, instances: readonly ModuleInst[], objects: readonly HeapObject[]) {
    this.r = r;
    this.instances = instances;
    this.objects = objects;
  }

  instance(): ModuleInst {
    return this.instances[this.r.index(this.instances.length, "instance")];
  }

  func(): FuncInst {
    const { funcs } = this.instance();
    return funcs[this.r.index(funcs.length, "function")];
  }

  /** A reference of type `t`, in canonical numbers; null too when `canBeUnset`. @throws WasmError WT5204 */
  ref(t: ValType, canBeUnset = false): Val {
    const v = this.any();
    if ((canBeUnset && v === null) || isOfType(v, t)) return v;
    throw snapshotError("misfit", "a reference is of another type");
  }

  private any(): Val {
    const { r } = this;
    const tag = r.u8();
    switch (tag) {
      case refTags.null:
        return null;
      case refTags.func:
        return this.func();
      case refTags.object:
        return this.objects[r.index(this.objects.length, "object")];
      case refTags.i31:
        return i31(r.i32());
      case refTags.number:
        return r.f64();
      case refTags.string:
        return r.text();
      case refTags.bigint:
        return bigintOf(r.text());
      case refTags.undefined:
        return undefined;
      case refTags.true:
      case refTags.false:
        return tag === refTags.true;
      default:
        throw snapshotError("damaged", `there is no reference of kind ${tag}`);
    }
  }

  /** As many references as `into` has elements. */
  refsInto(into: Val[], t: ValType): void {
    if (this.r.u32() !== into.length) throw snapshotError("misfit", "a list of references is of another length");
    this.fill(into, t);
  }

  /** A list of references, `most` at most. */
  refs(t: ValType, most: number): Val[] {
    const count = this.r.u32();
    if (count > most) throw snapshotError("misfit", `${count} references in place of ${most}`);
    const vals = new Array<Val>(count).fill(null);
    this.fill(vals, t);
    return vals;
  }

  private fill(vals: Val[], t: ValType): void {
    for (let at = 0; at < vals.length; ) {
      const count = this.r.u32();
      if (count === 0 || count > vals.length - at) throw snapshotError("damaged", `a run of ${count} references`);
      vals.fill(this.ref(t), at, at + count);
      at += count;
    }
  }

  content(object: HeapObject): void {
    if (object instanceof StructInst) this.fields(object);
    else if (object instanceof ExnInst) this.payload(object);
    else if (Array.isArray(object.elems)) this.refsInto(object.elems, elementType(object));
    else {
      const bytes = bytesOf(object.elems as Int8Array);
      bytes.set(this.r.raw(bytes.length));
    }
  }

  private fields(object: StructInst): void {
    const { typeId, fields } = object;
    const comp = compOfId(typeId);
    const { reprs, offsets } = layoutOf(typeId);
    const types = comp.kind === "struct" ? comp.fields : [];
    reprs.forEach((repr, f) => {
      const at = offsets[f];
      if (repr === REFERENCE) fields[at] = this.ref((types[f] as FieldType).storage as ValType);
      else for (let k = 0; k < reprWords[repr]; k++) fields[at + k] = this.r.i32();
    });
  }

  private payload({ tag, words, refs }: ExnInst): void {
    for (let i = 0; i < words.length; i++) words[i] = this.r.i32();
    if (this.r.u32() !== refs.length) throw snapshotError("misfit", "an exception has other values than its tag");
    let slot = 0;
    const wanted: (ValType | undefined)[] = [];
    for (const t of tag.type.params) {
      wanted[slot] = isRef(t) ? t : undefined;
      slot += wordsOf(t) >> 1;
    }
    for (let at = 0; at < refs.length; ) at = this.run(refs as Val[], at, wanted);
  }

  /** One run of equal references of an exception; where the next begins. */
  private run(refs: Val[], at: number, wanted: readonly (ValType | undefined)[]): number {
    const end = at + this.r.u32();
    const v = this.any();
    if (end === at || end > refs.length) throw snapshotError("damaged", "a run of references");
    for (let i = at; i < end; i++) {
      const t = wanted[i];
      if (t === undefined ? v !== null && v !== undefined : !isOfType(v, t)) {
        throw snapshotError("misfit", "a reference is of another type");
      }
      refs[i] = v;
    }
    return end;
  }
}

function bigintOf(text: string): bigint {
  if (!/^-?\d+$/.test(text)) throw snapshotError("damaged", "a whole number in it is none");
  return BigInt(text);
}

function elementType({ typeId }: ArrayInst): ValType {
  const comp = compOfId(typeId);
  if (comp.kind !== "array") throw snapshotError("misfit", "an array of a type that is none");
  return comp.field.storage as ValType;
}

/** All objects of the snapshot, filled. @throws WasmError WT5201, WT5204; exhausted */
export function readHeap(r: ByteReader, instances: readonly ModuleInst[]): HeapObject[] {
  const count = r.u32();
  const shapes = new ByteReader(r.blob());
  const contents = new ByteReader(r.blob());
  const objects: HeapObject[] = [];
  for (let i = 0; i < count; i++) objects.push(readShape(shapes, instances));
  shapes.end();
  const values = new ValueReader(contents, instances, objects);
  for (const object of objects) values.content(object);
  contents.end();
  return objects;
}

function readShape(r: ByteReader, instances: readonly ModuleInst[]): HeapObject {
  const tag = r.u8();
  const inst = instances[r.index(instances.length, "instance")];
  if (tag === objectTags.exn) return emptyExn(inst, r);
  const canon = canonOf(inst.module.types);
  const typeId = canon[r.index(canon.length, "type")];
  const { kind } = compOfId(typeId);
  if (tag === objectTags.struct && kind === "struct") return newStruct(typeId, inst.heap);
  if (tag !== objectTags.array || kind !== "array")
    throw snapshotError("misfit", `an object of kind ${tag} of a ${kind} type`);
  const { reprs } = layoutOf(typeId);
  return newArray(typeId, reprs[0], r.u32(), inst.heap);
}

function emptyExn(inst: ModuleInst, r: ByteReader): ExnInst {
  const tag = inst.tags[r.index(inst.tags.length, "tag")];
  const { params } = tag.type;
  const words = params.reduce((n, t) => n + wordsOf(t), 0);
  return new ExnInst(tag, new Int32Array(words), params.some(isRef) ? new Array<Val>(words >> 1).fill(null) : []);
}
