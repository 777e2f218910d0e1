/** polywasm, a WebAssembly engine in JavaScript that compiles to JavaScript. A development dependency. */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { npmFile } from "../../conformance/real/project.ts";
import type { Imports, JsEngine, JsInstance } from "./engine.ts";

interface Namespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: Imports) => JsInstance;
}

const file = npmFile("polywasm", "index.js");

/** @throws Error when the package is not installed */
export function polywasmVersion(): string {
  return (JSON.parse(readFileSync(npmFile("polywasm", "package.json"), "utf8")) as { version: string }).version;
}

export async function polywasm(): Promise<JsEngine> {
  const { WebAssembly } = (await import(pathToFileURL(file).href)) as { WebAssembly: Namespace };
  const { Module, Instance } = WebAssembly;
  // A copy of the bytes: it reads from the start of their buffer, wherever the view begins.
  return { instantiate: (bytes, imports) => new Instance(new Module(new Uint8Array(bytes)), imports) };
}
