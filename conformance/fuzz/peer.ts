/** The opinion of `@webassemblyjs/wasm-parser` on modules of WebAssembly 1.0, the only ones it knows. */
import { createRequire } from "node:module";

import type { Module } from "../../engine/index.ts";

interface Parser {
  decode(bytes: Uint8Array, options: object): unknown;
}
const parser = createRequire(import.meta.url)("@webassemblyjs/wasm-parser") as Parser;

/** What it reads of these sections it takes for more than it is: when they are not sound it loses its way. */
const misread = new Set(["producers", "name"]);

/** `undefined` where it is not asked. */
export function isDecodable(bytes: Uint8Array, module: Module): boolean | undefined {
  if (module.customs.some(({ name }) => misread.has(name))) return undefined;
  try {
    parser.decode(bytes, { ignoreCustomNameSection: true });
    return true;
  } catch {
    return false;
  }
}
