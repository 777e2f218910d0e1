/** The opinion of `@webassemblyjs/wasm-parser` on modules of WebAssembly 1.0, the only ones it knows. */
import { createRequire } from "node:module";

interface Parser {
  decode(bytes: Uint8Array, options: object): unknown;
}
const parser = createRequire(import.meta.url)("@webassemblyjs/wasm-parser") as Parser;

export function isDecodable(bytes: Uint8Array): boolean {
  try {
    parser.decode(bytes, { ignoreCustomNameSection: true });
    return true;
  } catch {
    return false;
  }
}
