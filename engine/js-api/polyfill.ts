/** `import "wasmts/polyfill"`: `WebAssembly` is ours from now on, whether the host has one or not. */
import { WebAssembly } from "./namespace.ts";

export { type Configuration, configure } from "./settings.ts";
export { WebAssembly };

Object.defineProperty(globalThis, "WebAssembly", {
  value: WebAssembly,
  writable: true,
  enumerable: false,
  configurable: true,
});
