/** From bytes to a checked module: `decode`, `validate`, and both. Nothing is run, and no code is generated. */
import { type DecodeOptions, decode } from "./binary/sections.ts";
import { type CodeStore, setStore } from "./code-store.ts";
import type { Module } from "./module.ts";
import { validate } from "./validate/module.ts";

/** Limits and features; the same for `decode`, `validate` and `compile`. */
export type CompileOptions = DecodeOptions;

export { decode, validate };

/**
 * Decodes and validates `bytes`, which must not change afterwards.
 *
 * @param store bodies that it knows to be valid are not looked at again
 * @throws WasmError malformed, invalid or unsupported
 * @cost O(bytes)
 */
export function compile(bytes: Uint8Array, options: CompileOptions = {}, store?: CodeStore): Module {
  const module = decode(bytes, options);
  if (store === undefined) validate(module, options);
  else validateStored(module, options, store);
  return module;
}

function validateStored(module: Module, options: CompileOptions, store: CodeStore): void {
  const kept = store.of(module.bytes);
  const rules = JSON.stringify([options.features, options.moduleLimits]);
  const known = kept.validity(rules);
  validate(module, options, known === undefined ? "shortly" : "known");
  for (const feature of known ?? []) (module.features as Set<string>).add(feature);
  if (known === undefined) kept.keepValidity(rules, [...module.features]);
  setStore(module, kept);
}
