/** Which instance of the engine a module instance belongs to: who calls its functions. */
import { Instance } from "../engine.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { settings } from "./settings.ts";

const guests = new WeakMap<ModuleInst, Instance>();

export function setGuest(instance: Instance): void {
  guests.set(instance.inst, instance);
}

/** Also of one whose instantiation failed, but that had put functions into a table before, and of one made without this API. */
export function guestOf(inst: ModuleInst): Instance {
  let instance = guests.get(inst);
  if (instance === undefined) {
    instance = new Instance(inst, settings().options);
    guests.set(inst, instance);
  }
  return instance;
}
