/**
 * Runs scripts on anything shaped like the `WebAssembly` namespace: the host's own, or one that a module exports.
 *
 * The shape says less than ours: one CompileError for malformed and invalid, messages of its own.
 */
import { pathToFileURL } from "node:url";
import type { Exports, Extern, Failure, FailureKind, Resolve, SpecEngine } from "./adapter.ts";

type ErrorClass = abstract new (...args: never[]) => unknown;

/** What is used of the namespace. Error classes may be missing. */
export interface WebAssemblyLike {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Exports };
  readonly Memory: new (type: { initial: number }) => { readonly buffer: ArrayBuffer };
  readonly CompileError?: ErrorClass;
  readonly LinkError?: ErrorClass;
  readonly RuntimeError?: ErrorClass;
  readonly Exception?: ErrorClass;
}

/** The host's own engine; V8 under Node. */
export function hostEngine(): SpecEngine {
  return new WebAssemblyEngine("v8", (globalThis as unknown as { WebAssembly: WebAssemblyLike }).WebAssembly);
}

/** The namespace that the module `file` exports: as `WebAssembly`, as default, or its exports themselves. */
export async function engineFromFile(file: string): Promise<SpecEngine> {
  const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  const namespace = exported.WebAssembly ?? exported.default ?? exported;
  if (typeof (namespace as Partial<WebAssemblyLike>).Module !== "function") {
    throw new Error(`${file} exports nothing like WebAssembly`);
  }
  return new WebAssemblyEngine(file, namespace as WebAssemblyLike);
}

class WebAssemblyEngine implements SpecEngine {
  readonly name: string;
  readonly hasStandardTexts = false;
  private readonly wasm: WebAssemblyLike;

  constructor(name: string, wasm: WebAssemblyLike) {
    this.name = name;
    this.wasm = wasm;
  }

  compile(bytes: Uint8Array): object {
    return new this.wasm.Module(bytes);
  }

  instantiate(module: unknown, resolve: Resolve): Exports {
    // Asked for by name, since not every namespace has Module.imports; also, any module name finds an object.
    const imports = lookup((from) => lookup((name) => resolve(from, name)));
    return new this.wasm.Instance(module as object, imports).exports;
  }

  isFunction(value: unknown): boolean {
    return typeof value === "function";
  }

  call(func: Extern, args: readonly unknown[]): readonly unknown[] {
    const result = (func as (...args: readonly unknown[]) => unknown)(...args);
    return result === undefined ? [] : Array.isArray(result) ? result : [result];
  }

  globalValue(global: Extern): unknown {
    return (global as { value: unknown }).value;
  }

  newMemory() {
    const memory = new this.wasm.Memory({ initial: 1 });
    return { memory, view: new DataView(memory.buffer) };
  }

  failure(error: unknown): Failure {
    const isA = (type: ErrorClass | undefined) => type !== undefined && error instanceof type;
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    const { CompileError, LinkError, RuntimeError, Exception } = this.wasm;
    let kind: FailureKind = "other";
    if (isA(CompileError)) kind = "compile";
    else if (isA(LinkError)) kind = "unlinkable";
    else if (isA(RuntimeError)) kind = "trap";
    else if (isA(Exception)) kind = "exception";
    else if (error instanceof RangeError && /call stack|recursion/.test(error.message)) kind = "exhausted";
    else if (error instanceof TypeError) kind = "boundary";
    return { kind, text };
  }
}

/** An object whose every property is what `get` says. */
const lookup = (get: (name: string) => unknown): object =>
  new Proxy({}, { get: (_, name) => (typeof name === "string" ? get(name) : undefined) });
