/**
 * Small guests with every single bit flipped, one at a time: refused exactly when the host's WebAssembly refuses them,
 * and, when not, run: the outcome is a result or a documented error, never an error of ours and never an endless run.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  Engine,
  FuncInst,
  I64,
  type Import,
  type Instance,
  isRef,
  type Module,
  type ValType,
  WasmError,
} from "../../engine/index.ts";
import { hostWebAssembly } from "./host-webassembly.ts";
import { describeLanguage } from "./languages.ts";

const engine = new Engine();
/** More than the programs need when nothing is flipped. */
const safepoints = 20_000;
const limits = { maxMemoryBytes: 1 << 22, maxTableElements: 10_000, maxStackDepth: 1000 };

/** What `work` gives, or the documented error; any other error is thrown on. */
function attempt<T>(work: () => T): T | WasmError {
  try {
    return work();
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
}

const anyValue = (type: ValType) => (isRef(type) ? null : type === I64 ? 3n : 3);

/** Functions that do nothing for whatever a flipped module asks for. */
function stub(module: Module): (wanted: Import) => (() => null | number | bigint) | undefined {
  return (wanted) => {
    if (wanted.type.kind !== "func") return undefined;
    const type = module.types[wanted.type.type]?.comp;
    const result = type?.kind === "func" ? type.results[0] : undefined;
    return () => (result === undefined ? 0 : anyValue(result));
  };
}

/** Runs every export, bounded; the errors are the module's business. */
function runExports(instance: Instance): void {
  for (const [name, value] of Object.entries(instance.exports)) {
    if (!(value instanceof FuncInst) || value.inst === null) continue;
    attempt(() => instance.start(name, value.type.params.map(anyValue)).run(safepoints));
  }
}

/** True when the module is valid here; checks that the host agrees, and runs it. */
function tryModule(bytes: Uint8Array): boolean {
  const module = attempt(() => engine.compile(bytes));
  const isHostValid = hostWebAssembly.validate(bytes);
  if (module instanceof WasmError) {
    expect(["malformed", "invalid", "unsupported"]).toContain(module.kind);
    // What we refuse and the host takes must be a proposal that the error names.
    if (isHostValid) expect(module.kind).toBe("unsupported");
    return false;
  }
  expect(isHostValid).toBe(true);
  const instance = attempt(() => engine.instantiate(module, {}, { ...limits, missingImport: stub(module) }));
  if (!(instance instanceof WasmError)) runExports(instance);
  return true;
}

await describeLanguage("wat", (guests) => {
  test.each(["hello", "values", "traps"])("%s", { timeout: 120_000 }, async (program) => {
    const whole = readFileSync((await guests.program(program)).wasm);
    const outcomes = { valid: 0, refused: 0 };
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Uint8Array.from(whole);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      try {
        outcomes[tryModule(bytes) ? "valid" : "refused"]++;
      } catch (error) {
        throw new Error(`bit ${bit & 7} of byte ${bit >> 3} flipped: ${String(error)}`, { cause: error });
      }
    }
    expect(outcomes.valid).toBeGreaterThan(100);
    expect(outcomes.refused).toBeGreaterThan(100);
  });
});
