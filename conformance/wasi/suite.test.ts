/**
 * The runner of the wasi-testsuite, on programs of our own; and the suite itself where WASMTS_WASI_TESTSUITE names a
 * folder with its built programs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { runSuite, type SuiteResult } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmts-suite-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ends with how many bytes arguments and environment have, and the errno of opening "file". */
const program = `(module
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $env (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1) (data (i32.const 32) "file")
  (func (export "_start")
    (drop (call $args (i32.const 0) (i32.const 4)))
    (drop (call $env (i32.const 8) (i32.const 12)))
    (call $exit (i32.add (i32.add (i32.load (i32.const 0)) (i32.load (i32.const 12)))
      (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4) (i32.const 0) (i64.const 2) (i64.const 0)
        (i32.const 0) (i32.const 16))))))`;

const all = async (from: string, engine: "wasmts" | "node"): Promise<SuiteResult[]> => {
  const results: SuiteResult[] = [];
  for await (const result of runSuite(from, engine)) results.push(result);
  return results;
};

describe("the runner", () => {
  beforeAll(async () => {
    const bytes = (await loadWabt()).parseWat("p.wat", program).toBinary({}).buffer;
    mkdirSync(join(folder, "root"));
    writeFileSync(join(folder, "root/file"), "");
    const specs = {
      right: { args: ["one"], env: { A: "1" }, root: "root", exit_code: 2 + 4 },
      wrong: { exit_code: 3 },
      talks: { operations: [{ type: "run" }] },
    };
    for (const [name, spec] of Object.entries(specs)) {
      writeFileSync(join(folder, `${name}.wasm`), bytes);
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(spec));
    }
    writeFileSync(join(folder, "component.wasm"), Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0));
  });

  it.each(["wasmts", "node"] as const)(
    "gives programs what they need and looks at how they end, in %s",
    async (engine) => {
      expect(await all(folder, engine)).toEqual([
        { name: "component", outcome: "skipped", why: "a component" },
        { name: "right", outcome: "passed", why: "" },
        { name: "talks", outcome: "skipped", why: "it talks with its environment" },
        { name: "wrong", outcome: "failed", why: expect.stringContaining("ended with 9, not 3") },
      ]);
    },
  );
});

// Other people's programs, which are not in the checkout; the tests above are of the runner itself.
const suite = process.env.WASMTS_WASI_TESTSUITE;
describe.skipIf(suite === undefined)("the wasi-testsuite (WASMTS_WASI_TESTSUITE names its folder)", () => {
  it("passes", { timeout: 600_000 }, async () => {
    const results = await all(suite!, "wasmts");
    expect(results.length).toBeGreaterThan(10);
    expect(results.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });
});
