/** `WebAssembly.Instance`, and how a module becomes one. Spec: js-api (instances). */
import type { Instance as EngineInstance } from "../engine.ts";
import type { Import } from "../module.ts";
import type { Extern } from "../runtime/instance.ts";
import { setGuest } from "./guests.ts";
import { objectOf } from "./identity.ts";
import { readImports } from "./imports.ts";
import { type Compiled, moduleSlot } from "./module.ts";
import { settings } from "./settings.ts";
import { errorForJs } from "./thrown.ts";
import { defineInterface, Slot } from "./web-idl.ts";

/** A function, or a `Memory`, `Table`, `Global`, `Tag`. */
// biome-ignore lint/suspicious/noExplicitAny: what a guest exports has types that only its user knows
export type ExportValue = any;
export type Exports = Readonly<Record<string, ExportValue>>;

const instanceSlot = new Slot<Exports>("Instance");

export class Instance {
  constructor(module: unknown, importObject: unknown = undefined) {
    const compiled = moduleSlot.get(module, "the module");
    instanceSlot.set(this, exportsOf(compiled, readImports(compiled, importObject)));
  }

  get exports(): Exports {
    return instanceSlot.get(this);
  }
}
defineInterface(Instance, "Instance");

/** The object for an instance with these exports. */
export function instanceObject(exports: Exports): Instance {
  const instance = Object.create(Instance.prototype) as Instance;
  instanceSlot.set(instance, exports);
  return instance;
}

/** Makes an instance and runs its start function; its exports. @throws LinkError, RuntimeError, RangeError, what imports throw */
export function exportsOf({ module }: Compiled, imports: ReadonlyMap<Import, Extern>): Exports {
  const { engine, options } = settings();
  try {
    const missingImport = (imp: Import): Extern | undefined => imports.get(imp);
    const instance = engine.instantiate(module, {}, { ...options, missingImport });
    setGuest(instance);
    const exports = exportsObject(instance);
    instance.runStart();
    return exports;
  } catch (error) {
    throw errorForJs(error);
  }
}

function exportsObject(instance: EngineInstance): Exports {
  const exports = Object.create(null) as Record<string, object>;
  for (const [name, extern] of Object.entries(instance.exports)) exports[name] = objectOf(extern);
  return Object.freeze(exports);
}
