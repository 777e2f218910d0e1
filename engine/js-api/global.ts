/** `WebAssembly.Global`. Spec: js-api (globals). */
import { type GlobalInst, newGlobal } from "../runtime/global.ts";
import { isRef } from "../types.ts";
import { checkCrossable, defaultValue, toJs, toWasm } from "./convert.ts";
import { valueType } from "./descriptors.ts";
import { setObject } from "./identity.ts";
import { defineInterface, dictionary, Slot } from "./web-idl.ts";

export const globalSlot = new Slot<GlobalInst>("Global");

export class Global {
  constructor(descriptor: unknown, ...values: unknown[]) {
    const d = dictionary(descriptor, "the descriptor");
    const isMutable = Boolean(d.mutable);
    const val = valueType(d.value, "value");
    checkCrossable([val]);
    const [value] = values;
    const isMissing = values.length === 0 || (value === undefined && !isRef(val));
    const v = isMissing ? defaultValue(val) : toWasm(value, val);
    const inst = newGlobal({ val, isMutable }, v);
    globalSlot.set(this, inst);
    setObject(inst, this);
  }

  valueOf(): unknown {
    return valueIn(globalSlot.get(this));
  }

  get value(): unknown {
    return valueIn(globalSlot.get(this));
  }

  set value(v: unknown) {
    const inst = globalSlot.get(this);
    const { val, isMutable } = inst.type;
    checkCrossable([val]);
    if (!isMutable) throw new TypeError("the value of an immutable global cannot be set");
    inst.set(toWasm(v, val));
  }
}
defineInterface(Global, "Global");

function valueIn(inst: GlobalInst): unknown {
  const { val } = inst.type;
  checkCrossable([val]);
  return toJs(inst.get(), val);
}

/** The object for a global of the engine. */
export function globalObject(inst: GlobalInst): Global {
  const global = Object.create(Global.prototype) as Global;
  globalSlot.set(global, inst);
  return global;
}
