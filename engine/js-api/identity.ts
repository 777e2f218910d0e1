/**
 * One JavaScript object for each function, memory, table, global, tag and exception of the engine, however it is reached.
 * Spec: js-api (object caches).
 */
import type { ExnInst } from "../runtime/exn.ts";
import type { FuncInst, TagInst } from "../runtime/func.ts";
import type { GlobalInst } from "../runtime/global.ts";
import type { MemInst } from "../runtime/memory.ts";
import type { TableInst } from "../runtime/table.ts";

/** What has a JavaScript object, by its `kind`. */
interface Kinds {
  func: FuncInst;
  memory: MemInst;
  table: TableInst;
  global: GlobalInst;
  tag: TagInst;
  exn: ExnInst;
}
type Wrapped = Kinds[keyof Kinds];
type Makers = { readonly [K in keyof Kinds]: (inst: Kinds[K]) => object };

const objects = new WeakMap<Wrapped, object>();
/** The classes need each other: who makes objects is told when all of them are there. */
let makers: Makers | undefined;

export function setMakers(all: Makers): void {
  makers = all;
}

/** The object that stands for `inst`. */
export function objectOf(inst: Wrapped): object {
  let object = objects.get(inst);
  if (object === undefined) {
    object = (makers as Makers)[inst.kind](inst as never);
    objects.set(inst, object);
  }
  return object;
}

/** `object` stands for `inst` from now on. */
export function setObject(inst: Wrapped, object: object): void {
  objects.set(inst, object);
}
