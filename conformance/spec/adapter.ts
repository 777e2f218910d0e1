/**
 * What the runner asks of an engine. Two adapters implement it: `engine-wasmts.ts`, `engine-webassembly.ts`.
 *
 * Values pass as the JavaScript API has them: i32 and floats are numbers, i64 signed bigints, null and functions and
 * host objects themselves. What does not survive that (NaN bits, v128) goes through wrapper modules: `bits.ts`.
 */

import type { Feature } from "../../engine/index.ts";

/** An export or import: function, memory, table, global or tag, as the engine has it. */
export type Extern = unknown;
export type Exports = Readonly<Record<string, Extern>>;
/** Undefined: there is no such import. */
export type Resolve = (module: string, name: string) => Extern | undefined;

/**
 * How a command can go wrong. "compile": malformed or invalid, the engine does not say which. "boundary": a value or
 * a signature that JavaScript cannot have (v128). "other": anything that no script asks for, bugs included.
 */
export type FailureKind =
  | "malformed"
  | "invalid"
  | "compile"
  | "unsupported"
  | "unlinkable"
  | "trap"
  | "exhausted"
  | "exception"
  | "boundary"
  | "other";

export interface Failure {
  readonly kind: FailureKind;
  readonly text: string;
}

export interface SpecEngine {
  /** Key of its list of expected failures. */
  readonly name: string;
  /** Its messages begin with those of the reference interpreter, so that comparing them makes sense. */
  readonly hasStandardTexts: boolean;
  /** Switches on those of `features` that are off unless asked for; the others of that kind go off. */
  enable?(features: readonly Feature[]): void;
  /** Decodes and validates. The result is for `instantiate`. */
  compile(bytes: Uint8Array): unknown;
  instantiate(module: unknown, resolve: Resolve): Exports;
  isFunction(value: unknown): boolean;
  /** Calls a function export. */
  call(func: Extern, args: readonly unknown[]): readonly unknown[];
  globalValue(global: Extern): unknown;
  /** A memory of one page, and its bytes. */
  newMemory(): { readonly memory: Extern; readonly view: DataView };
  /** What a thrown value means. */
  failure(error: unknown): Failure;
}
