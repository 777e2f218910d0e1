/** The namespace `WebAssembly`: its functions, and the classes. Spec: js-api (the WebAssembly namespace). */
import { type CompileOptions, compileOptions } from "./builtins.ts";
import { CompileError, LinkError, RuntimeError } from "./errors.ts";
import { Exception, exceptionObject } from "./exception.ts";
import { exportedFunction } from "./functions.ts";
import { Global, globalObject } from "./global.ts";
import { objectOf, setMakers } from "./identity.ts";
import { readImports } from "./imports.ts";
import { exportsOf, Instance, instanceObject } from "./instance.ts";
import { Memory, memoryObject } from "./memory.ts";
import { type Compiled, compiled, copyOf, Module, moduleObject, moduleSlot } from "./module.ts";
import { bytesOf } from "./streaming.ts";
import { Table, tableObject } from "./table.ts";
import { Tag, tagObject } from "./tag.ts";
import { jsTag } from "./thrown.ts";
import { defineTag, enumerable } from "./web-idl.ts";

setMakers({
  func: exportedFunction,
  memory: memoryObject,
  table: tableObject,
  global: globalObject,
  tag: tagObject,
  exn: exceptionObject,
});

/** What `instantiate` gives for bytes. */
export interface InstantiatedSource {
  module: Module;
  instance: Instance;
}

/** Other tasks of this thread come first. */
const later = (): Promise<void> => Promise.resolve();

async function compileLater(bytes: Uint8Array, options: CompileOptions): Promise<Module> {
  await later();
  return moduleObject(compiled(bytes, options));
}

async function compileResponse(source: unknown, options: CompileOptions): Promise<Module> {
  return compileLater(await bytesOf(source), options);
}

async function instantiateLater(of: Compiled, importObject: unknown): Promise<Instance> {
  const imports = readImports(of, importObject);
  await later();
  return instanceObject(exportsOf(of, imports));
}

async function both(promise: Promise<Module>, importObject: unknown): Promise<InstantiatedSource> {
  const module = await promise;
  return { module, instance: await instantiateLater(moduleSlot.get(module), importObject) };
}

/** What `start` gives, or a promise rejected with what it throws: for functions that shall be no async ones themselves. */
async function promised<T>(start: () => Promise<T>): Promise<T> {
  return start();
}

const functions = {
  validate(bytes: unknown, options: unknown = undefined): boolean {
    const source = copyOf(bytes);
    const told = compileOptions(options);
    try {
      compiled(source, told);
      return true;
    } catch (error) {
      if (error instanceof CompileError || error instanceof RangeError) return false;
      throw error;
    }
  },

  compile(bytes: unknown, options: unknown = undefined): Promise<Module> {
    return promised(() => compileLater(copyOf(bytes), compileOptions(options)));
  },

  /** Of bytes, both the module and the instance; of a module, the instance. */
  instantiate(
    source: unknown,
    importObject: unknown = undefined,
    options: unknown = undefined,
  ): Promise<InstantiatedSource | Instance> {
    return promised<InstantiatedSource | Instance>(() => {
      const module = moduleSlot.find(source);
      checkImportObject(importObject);
      if (module !== undefined) return instantiateLater(module, importObject);
      return both(compileLater(copyOf(source), compileOptions(options)), importObject);
    });
  },

  compileStreaming(source: unknown, options: unknown = undefined): Promise<Module> {
    return promised(() => compileResponse(source, compileOptions(options)));
  },

  instantiateStreaming(
    source: unknown,
    importObject: unknown = undefined,
    options: unknown = undefined,
  ): Promise<InstantiatedSource> {
    return promised(() => {
      checkImportObject(importObject);
      return both(compileResponse(source, compileOptions(options)), importObject);
    });
  },
};

/** @throws TypeError */
function checkImportObject(v: unknown): void {
  const isObject = (typeof v === "object" && v !== null) || typeof v === "function";
  if (v !== undefined && !isObject) throw new TypeError("the imports are not an object");
}

const classes = {
  Module,
  Instance,
  Memory,
  Table,
  Global,
  Tag,
  Exception,
  CompileError,
  LinkError,
  RuntimeError,
};

export type WebAssemblyNamespace = typeof functions & typeof classes & { readonly JSTag: Tag };

function namespace(): WebAssemblyNamespace {
  const object = { ...functions } as object;
  enumerable(object);
  for (const [name, value] of Object.entries(classes)) {
    Object.defineProperty(object, name, { value, writable: true, enumerable: false, configurable: true });
  }
  Object.defineProperty(object, "JSTag", { get: () => objectOf(jsTag), enumerable: true, configurable: true });
  defineTag(object, "WebAssembly");
  return object as WebAssemblyNamespace;
}

/** A drop-in for the `WebAssembly` of hosts, executed by this engine. */
export const WebAssembly: WebAssemblyNamespace = namespace();
