/**
 * Our verdict on a module against the host's: on real modules, on every cut and every flipped bit of a small one that
 * uses nearly everything, and on random damage. Where they may differ is listed here, and nowhere else.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import type { FeatureSwitches } from "../binary/feature-gate.ts";
import { compile } from "../compile.ts";
import { WasmError } from "../errors.ts";

/** The host's namespace; the types of Node 20 have only the names of its parts. */
const host = (globalThis as unknown as { readonly WebAssembly: HostWebAssembly }).WebAssembly;
interface HostWebAssembly {
  validate(bytes: Uint8Array): boolean;
  readonly Module: new (bytes: Uint8Array) => object;
}

const wabt = await wabtInit();
const sample = readFileSync(fileURLToPath(new URL("./host.test.wat", import.meta.url)), "utf8");
const everything = wabt
  .parseWat("everything.wat", sample, { bulk_memory: true, reference_types: true })
  .toBinary({}).buffer;

/** Proposals on here that the oldest host, of Node 20, knows nothing of or has behind a flag. */
const newer = {
  "extended-const": false,
  "multi-memory": false,
  memory64: false,
  "function-references": false,
  gc: false,
  exceptions: false,
  "relaxed-simd": false,
} as const;

/** A rule of gc that no module can switch off here. */
const newerRule = /non-imported globals cannot be used in constant expressions/;

/** A difference that is not explained; undefined if the verdicts agree or it is. */
function difference(bytes: Uint8Array): string | undefined {
  const theirs = hostError(bytes);
  const ours = ourError(bytes);
  if ((theirs === undefined) === (ours === undefined)) return undefined;
  if (theirs === undefined) return ours?.kind === "unsupported" ? undefined : `only we refuse: ${ours?.message}`;
  if (newerRule.test(theirs)) return undefined;
  return ourError(bytes, newer)?.kind === "unsupported" ? undefined : `only the host refuses: ${theirs}`;
}

function hostError(bytes: Uint8Array): string | undefined {
  if (host.validate(bytes)) return undefined;
  try {
    new host.Module(bytes);
    return "validate says no, Module says yes";
  } catch (error) {
    return (error as Error).message.replace(/ @\+\d+$/, "");
  }
}

function ourError(bytes: Uint8Array, features: FeatureSwitches = {}): WasmError | undefined {
  try {
    compile(bytes, { features });
    return undefined;
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
}

/** Differences of many variants, each with what was done. */
class Differences {
  readonly found: string[] = [];
  tried = 0;
  check(bytes: Uint8Array, what: string): void {
    this.tried++;
    const text = difference(bytes);
    if (text !== undefined) this.found.push(`${what}: ${text}`);
  }
}

/** Numbers that look random and are the same each time. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** `bytes` with one byte changed, removed, or put in. */
function damage(bytes: Uint8Array, next: (below: number) => number): Uint8Array {
  const at = 8 + next(bytes.length - 8);
  const cut = next(2);
  const added = [[next(256)], [], [0x80, next(128)], [bytes[next(bytes.length)]!]][next(4)]!;
  return Uint8Array.from([...bytes.subarray(0, at), ...added, ...bytes.subarray(at + cut)]);
}

async function assemblyScript(): Promise<Uint8Array> {
  const source = `
    export function fib(n: i32): i64 { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
    export function words(text: string): Array<string> { return text.split(" ").sort(); }
    export function sum(a: Float64Array): f64 { let s = 0.0; for (let i = 0; i < a.length; i++) s += a[i]; return s; }`;
  const { binary, error, stderr } = await asc.compileString(source, { optimizeLevel: 1, runtime: "incremental" });
  if (binary === null) throw new Error(`${error} ${stderr}`);
  return binary;
}

describe("verdicts agree with the host's", () => {
  it("on a module with nearly everything", () => {
    expect(ourError(everything)).toBeUndefined();
    expect(hostError(everything)).toBeUndefined();
  });

  it("on what binaryen makes of it", () => {
    const f = binaryen.Features;
    const features =
      f.MutableGlobals |
      f.NontrappingFPToInt |
      f.BulkMemory |
      f.BulkMemoryOpt |
      f.SignExt |
      f.ReferenceTypes |
      f.Multivalue;
    for (const level of [0, 1, 2, 3, 4]) {
      const module = binaryen.readBinary(everything);
      module.setFeatures(features);
      binaryen.setOptimizeLevel(level);
      module.optimize();
      const bytes = module.emitBinary();
      module.dispose();
      expect(difference(bytes)).toBeUndefined();
      expect(ourError(bytes)).toBeUndefined();
    }
  });

  it("on every cut of it", () => {
    const differences = new Differences();
    for (let end = 0; end < everything.length; end++) differences.check(everything.slice(0, end), `cut at ${end}`);
    expect(differences.found).toEqual([]);
  });

  it("on every flipped bit of it", () => {
    const differences = new Differences();
    for (let at = 0; at < everything.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bytes = everything.slice();
        bytes[at]! ^= 1 << bit;
        differences.check(bytes, `bit ${bit} of byte ${at}`);
      }
    }
    expect(differences.tried).toBeGreaterThan(4000);
    expect(differences.found).toEqual([]);
  });

  it("on random damage to it and to what AssemblyScript makes", async () => {
    const script = await assemblyScript();
    expect(ourError(script)).toBeUndefined();
    const differences = new Differences();
    const next = random(1);
    for (let i = 0; i < 3000; i++) {
      differences.check(damage(everything, next), `damage ${i}`);
      differences.check(damage(script, next), `damage ${i} of AssemblyScript`);
    }
    expect(differences.found).toEqual([]);
  });

  it("on esbuild", () => {
    const bytes = readFileSync(fileURLToPath(import.meta.resolve("@esbuild/wasi-preview1/esbuild.wasm")));
    const module = compile(bytes);
    expect([module.imports.length > 0, module.funcs.length > 8000, module.datas.length > 1000]).toEqual([
      true,
      true,
      true,
    ]);
    expect(host.validate(bytes)).toBe(true);
  });
});
