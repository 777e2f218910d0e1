/** Structures and arrays of guests as JavaScript sees them: objects without any property. Spec: js-api (exported GC objects). */
import { ArrayInst, StructInst } from "../runtime/gc.ts";

type GcInst = StructInst | ArrayInst;

const objects = new WeakMap<GcInst, object>();
const insts = new WeakMap<object, GcInst>();

const refuse = (): never => {
  throw new TypeError("WebAssembly objects are opaque");
};
/** What is not here does to the target, which is empty and not extensible, what it shall do. */
const handler: ProxyHandler<object> = {
  set: refuse,
  deleteProperty: refuse,
  preventExtensions: () => false,
  setPrototypeOf: () => false,
};

export const isGcInst = (v: unknown): v is GcInst => v instanceof StructInst || v instanceof ArrayInst;

/** The object for `inst`, always the same. */
export function gcObject(inst: GcInst): object {
  let object = objects.get(inst);
  if (object === undefined) {
    object = new Proxy(Object.preventExtensions(Object.create(null) as object), handler);
    objects.set(inst, object);
    insts.set(object, inst);
  }
  return object;
}

/** What `object` stands for, if it is such an object. */
export const gcInstOf = (object: object): GcInst | undefined => insts.get(object);
