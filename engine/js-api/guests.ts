/** Which instance of the engine a module instance belongs to: who calls its functions. */
import type { Instance } from "../engine.ts";
import type { ModuleInst } from "../runtime/instance.ts";

const guests = new WeakMap<ModuleInst, Instance>();

export function setGuest(instance: Instance): void {
  guests.set(instance.inst, instance);
}

/** Precondition: the instance was made by this API. */
export function guestOf(inst: ModuleInst): Instance {
  const instance = guests.get(inst);
  if (instance === undefined) throw new Error("an instance that was not made by this API");
  return instance;
}
