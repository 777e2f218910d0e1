/**
 * What a module runs in, ours and the peers, behind one interface: the part of the JavaScript API of WebAssembly that
 * kernels and the glue code of npm modules use.
 */

export type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Exports look as the JavaScript API makes them: functions are callable, memories have a `buffer`, tables a `get`. */
export interface JsInstance {
  readonly exports: Readonly<Record<string, unknown>>;
}

export interface JsEngine {
  /** Work ahead of time that is not the engine's at run time, such as wasm2js; its cost is not part of any figure. */
  prepare?(bytes: Uint8Array): void;
  /** Compiles and instantiates. `bytes` are not kept by the caller. */
  instantiate(bytes: Uint8Array, imports: Imports): JsInstance;
}

/** Something measured. */
export interface EngineInfo {
  /** As options and results name it: `interp`, `turbofan`. */
  readonly id: string;
  /** As tables name it. */
  readonly title: string;
  readonly kind: "ours" | "host" | "javascript" | "native";
  readonly version: string;
  /** What the figures are of: tier, flags, mode. */
  readonly detail: string;
}

/** The module could not be run by this engine for a reason that is known: it is left out, not failed. */
export class Unsupported extends Error {}
