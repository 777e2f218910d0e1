/** `WebAssembly.Module`, and how bytes become one. Spec: js-api (modules). */
import { WasmError } from "../errors.ts";
import type { Module as DecodedModule, Import } from "../module.ts";
import type { ExternKind } from "../types.ts";
import { type CompileOptions, checkBuiltins, compileOptions, isBuiltin } from "./builtins.ts";
import { CompileError } from "./errors.ts";
import { settings } from "./settings.ts";
import { compileError, errorForJs } from "./thrown.ts";
import { defineInterface, isObject, Slot, stringOf } from "./web-idl.ts";

/** A module and what its compilation was told. */
export interface Compiled extends CompileOptions {
  readonly module: DecodedModule;
}

export const moduleSlot = new Slot<Compiled>("Module");

type Kind = "function" | Exclude<ExternKind, "func">;
const kindName = (kind: ExternKind): Kind => (kind === "func" ? "function" : kind);

export class Module {
  constructor(bytes: unknown, options: unknown = undefined) {
    const source = copyOf(bytes);
    moduleSlot.set(this, compiled(source, compileOptions(options)));
  }

  static exports(moduleObject: unknown): { name: string; kind: Kind }[] {
    const { module } = moduleSlot.get(moduleObject, "the argument");
    return module.exports.map(({ name, kind }) => ({ name, kind: kindName(kind) }));
  }

  static imports(moduleObject: unknown): { module: string; name: string; kind: Kind }[] {
    const compiled = moduleSlot.get(moduleObject, "the argument");
    const isAsked = (i: Import): boolean => !isBuiltin(i, compiled) && i.module !== compiled.stringModule;
    return compiled.module.imports
      .filter(isAsked)
      .map(({ module, name, type }) => ({ module, name, kind: kindName(type.kind) }));
  }

  static customSections(moduleObject: unknown, sectionName: unknown): ArrayBuffer[] {
    const { module } = moduleSlot.get(moduleObject, "the argument");
    if (sectionName === undefined) throw new TypeError("customSections needs the name of a section");
    const wanted = stringOf(sectionName);
    return module.customs
      .filter(({ name }) => name === wanted)
      .map(({ range }) => module.bytes.slice(range.start, range.end).buffer as ArrayBuffer);
  }
}
defineInterface(Module, "Module");

/** The module of `bytes`, which must not change any more. @throws CompileError */
export function compiled(bytes: Uint8Array, options: CompileOptions): Compiled {
  try {
    const module = settings().engine.compile(bytes);
    const fault = checkBuiltins(module, options);
    if (fault !== undefined) throw new CompileError(fault);
    return { module, ...options };
  } catch (error) {
    throw error instanceof WasmError ? (error.kind === "exhausted" ? errorForJs(error) : compileError(error)) : error;
  }
}

export function moduleObject(compiled: Compiled): Module {
  const module = Object.create(Module.prototype) as Module;
  moduleSlot.set(module, compiled);
  return module;
}

/** A copy of what a buffer or view holds. @throws TypeError for anything else */
export function copyOf(source: unknown): Uint8Array {
  if (ArrayBuffer.isView(source)) {
    return new Uint8Array(source.buffer, source.byteOffset, source.byteLength).slice();
  }
  if (isObject(source) && isBuffer(source)) return new Uint8Array(source).slice();
  throw new TypeError("the argument is neither a buffer nor a view of one");
}

const lengthOf = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "byteLength")?.get as () => number;

/** Buffers of other realms are buffers, too. */
function isBuffer(v: object): v is ArrayBuffer {
  if (typeof SharedArrayBuffer === "function" && v instanceof SharedArrayBuffer) return true;
  try {
    Reflect.apply(lengthOf, v, []);
    return true;
  } catch {
    return false;
  }
}
