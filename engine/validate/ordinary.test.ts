/** The short way through validation finds just what the long one does, whatever is wrong. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Rng } from "../../conformance/fuzz/rng.ts";
import { decode } from "../binary/sections.ts";
import { WasmError } from "../errors.ts";
import type { Module } from "../module.ts";
import { validate } from "./module.ts";

const load = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../bench/cases/prebuilt/${name}.wasm`, import.meta.url)));

/** What is wrong with the module, or which features it has. */
function outcome(bytes: Uint8Array, isExhaustive: boolean): unknown {
  let module: Module;
  try {
    module = decode(bytes);
  } catch {
    return undefined;
  }
  try {
    validate(module, {}, isExhaustive);
    return [...module.features];
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    return [error.code, error.offset, error.message];
  }
}

describe.each(["sha512", "as-map", "nbody", "interp", "convert"])("%s", (name) => {
  const bytes = load(name);
  const [{ start }, { end }] = [decode(bytes).funcs[0]!.body, decode(bytes).funcs.at(-1)!.body];

  it("is valid both ways", () => {
    expect(outcome(bytes, false)).toEqual(outcome(bytes, true));
    expect(outcome(bytes, false)).not.toHaveLength(3);
  });

  it("is refused for the same reason with bytes changed", () => {
    const rng = new Rng(name.length);
    let refused = 0;
    for (let i = 0; i < 1500; i++) {
      const changed = bytes.slice();
      for (let n = rng.below(3); n >= 0; n--) changed[start + rng.below(end - start)] = rng.below(256);
      const long = outcome(changed, true);
      expect(outcome(changed, false), `change ${i}`).toEqual(long);
      if (Array.isArray(long) && typeof long[1] === "number") refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });
});
