/**
 * The host module `spectest` of the official scripts, as wasm, so that any engine checks the types of its imports.
 *
 * In parts: an engine without 64-bit tables or shared memories still gets the rest.
 */
import type { Extern, SpecEngine } from "./adapter.ts";

export const spectestTexts: readonly string[] = [
  `(module
    (global (export "global_i32") i32 (i32.const 666))
    (global (export "global_i64") i64 (i64.const 666))
    (global (export "global_f32") f32 (f32.const 666.6))
    (global (export "global_f64") f64 (f64.const 666.6))
    (table (export "table") 10 20 funcref)
    (memory (export "memory") 1 2)
    (func (export "print"))
    (func (export "print_i32") (param i32))
    (func (export "print_i64") (param i64))
    (func (export "print_f32") (param f32))
    (func (export "print_f64") (param f64))
    (func (export "print_i32_f32") (param i32 f32))
    (func (export "print_f64_f64") (param f64 f64)))`,
  `(module (table (export "table64") i64 10 20 funcref))`,
  `(module (memory (export "shared_memory") 1 2 shared))`,
];

/** Compiles the parts, once; the result makes a fresh `spectest` for each script. */
export function spectestOf(engine: SpecEngine, binaries: readonly Uint8Array[]): () => Map<string, Extern> {
  engine.enable?.(["memory64", "threads"]);
  const attempt = <T>(make: () => T): T[] => {
    try {
      return [make()];
    } catch {
      return [];
    }
  };
  const modules = binaries.flatMap((bytes) => attempt(() => engine.compile(bytes)));
  return () => {
    const parts = modules.flatMap((module) => attempt(() => engine.instantiate(module, () => undefined)));
    return new Map(parts.flatMap((exports) => Object.entries(exports)));
  };
}
