/**
 * Modules and memories in messages between threads. Hosts copy the objects of their own WebAssembly only; of ours, a message
 * has descriptions, from which the other thread makes objects for the same code and the same bytes.
 */
import { MemInst } from "../runtime/memory.ts";
import type { SharedMemory } from "../runtime/shared-memory.ts";
import type { CompileOptions } from "./builtins.ts";
import { objectOf } from "./identity.ts";
import { memorySlot } from "./memory.ts";
import { compiled, moduleObject, moduleSlot } from "./module.ts";
import { settings } from "./settings.ts";

/** What stands for an object, by the name of the property that only such a description has. */
type Description = { readonly "wasmts:module": ModuleData } | { readonly "wasmts:memory": SharedMemory };

const descriptionOf = (v: object): Description | undefined => {
  const module = moduleSlot.find(v);
  if (module !== undefined) {
    const { builtins, stringModule } = module;
    return { "wasmts:module": { bytes: module.module.bytes, builtins, stringModule } };
  }
  const memory = memorySlot.find(v);
  if (memory === undefined) return undefined;
  if (memory.shared === undefined) throw new TypeError("a memory that is not shared cannot be sent to another thread");
  return { "wasmts:memory": memory.toShared() };
};

/** Plain objects and lists are looked into. */
const isPlain = (v: unknown): v is Record<string, unknown> =>
  typeof v === "object" && v !== null && (Array.isArray(v) || Object.getPrototypeOf(v) === Object.prototype);

/**
 * `value` with descriptions instead of modules and shared memories, for `postMessage`.
 *
 * @throws TypeError for a memory that is not shared
 */
export function toMessage(value: unknown): unknown {
  return replaced(value, (v) => descriptionOf(v) ?? v, new Map());
}

/** The other way round, for what has arrived. @throws CompileError */
export function fromMessage(value: unknown): unknown {
  return replaced(value, objectFor, new Map());
}

/** The object that is described. Names alone, which any data may have, do not make a description. */
function objectFor(v: object): object {
  const { "wasmts:module": module, "wasmts:memory": memory } = v as Partial<Record<string, object>>;
  if (isModuleData(module)) return moduleObject(compiled(module.bytes, module));
  if (isMemoryData(memory)) return objectOf(MemInst.fromShared(memory, settings().options.maxMemoryBytes));
  return v;
}

type ModuleData = CompileOptions & { readonly bytes: Uint8Array };
const isModuleData = (v: Partial<ModuleData> | undefined): v is ModuleData => v?.bytes instanceof Uint8Array;
const isMemoryData = (v: Partial<SharedMemory> | undefined): v is SharedMemory =>
  v?.buffer instanceof SharedArrayBuffer;

/** `value` with what `replace` gives for the objects in it; lists and plain objects are copied, and may contain themselves. */
function replaced(value: unknown, replace: (v: object) => object, seen: Map<object, unknown>): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (seen.has(value)) return seen.get(value);
  const instead = replace(value);
  seen.set(value, instead);
  if (instead !== value || !isPlain(value)) return instead;
  const copy = (Array.isArray(value) ? [] : {}) as Record<string, unknown>;
  seen.set(value, copy);
  for (const [key, member] of Object.entries(value)) {
    const property = { value: replaced(member, replace, seen), writable: true, enumerable: true, configurable: true };
    Object.defineProperty(copy, key, property);
  }
  return copy;
}
