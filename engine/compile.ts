/** From bytes to a checked module: `decode`, `validate`, and both. Nothing is run, and no code is generated. */
import { type DecodeOptions, decode } from "./binary/sections.ts";
import type { Module } from "./module.ts";
import { validate } from "./validate/module.ts";

/** Limits and features; the same for `decode`, `validate` and `compile`. */
export type CompileOptions = DecodeOptions;

export { decode, validate };

/**
 * Decodes and validates `bytes`, which must not change afterwards.
 *
 * @throws WasmError malformed, invalid or unsupported
 * @cost O(bytes)
 */
export function compile(bytes: Uint8Array, options: CompileOptions = {}): Module {
  const module = decode(bytes, options);
  validate(module, options);
  return module;
}
