/** The JavaScript API of WebAssembly; re-exports only. */
export type { NativeErrorConstructor } from "./errors.ts";
export type { Exports, ExportValue } from "./instance.ts";
export { type InstantiatedSource, WebAssembly, type WebAssemblyNamespace } from "./namespace.ts";
export { type Configuration, configuration, configure } from "./settings.ts";
export { fromMessage, toMessage } from "./transfer.ts";
