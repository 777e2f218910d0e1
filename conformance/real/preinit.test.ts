/**
 * Programs initialised ahead of time: under our engine and under the host's, what comes out says what the program says
 * that initialises itself.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hostWebAssembly } from "./host-webassembly.ts";
import { describeLanguage } from "./languages.ts";
import { root } from "./project.ts";
import { type RunnerName, runCli, runGuest } from "./run-guest.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmts-preinit-"));
const data = join(folder, "data");
const words = Array.from({ length: 5000 }, (_, i) => `word${i}=value ${i * i}`);
beforeAll(() => {
  mkdirSync(data);
  writeFileSync(join(data, "table.txt"), `${words.join("\n")}\n`);
});
afterAll(() => rmSync(folder, { recursive: true }));

await describeLanguage("c", (guests) => {
  const ready = join(folder, "ready.wasm");
  const args = ["word7", "word4999", "none"];
  const init = async (...options: string[]) => {
    const { wasm } = await guests.program("preinit");
    return runCli(["snapshot", "init", ...options, "-r", "_start=wizer.resume", wasm, "-o", ready]);
  };
  const given = ["--allow-wasi", "--dir", `${data}:/data:ro`];

  test("a table made of a file is there without the file", async () => {
    const { wasm } = await guests.program("preinit");
    const original = await runGuest({ wasm, args, dirs: [`${data}:/data`] });
    expect(original.stdout.toString()).toBe("5000 words\nword7: value 49\nword4999: value 24990001\nnone: ?\n");
    const made = await init(...given);
    expect([made.code, made.stderr]).toEqual([0, ""]);
    expect(hostWebAssembly.validate(readFileSync(ready))).toBe(true);
    for (const runner of ["wasmts", "mixed", "host"] as RunnerName[]) {
      const run = await runGuest({ wasm: ready, args, runner });
      expect([run.code, run.stdout.toString()], runner).toEqual([0, original.stdout.toString()]);
    }
  });

  test.each([
    ["without WASI", [], 134, /WT6701.*\n? *wasi_snapshot_preview1\.\w+/],
    ["of a guest that exits", ["--allow-wasi"], 126, /no \/data\/table.txt[\s\S]*WT6702.*code 3/],
    ["that leaves a file open", [...given, "--env", "LEAVE_OPEN=1"], 126, /WT6703[\s\S]*given: 4/],
  ] as const)("%s there is an error and no module", async (_, options, code, text) => {
    rmSync(ready, { force: true });
    const failed = await init(...options);
    expect(failed.stderr).toMatch(text);
    expect(failed.code).toBe(code);
    expect(existsSync(ready)).toBe(false);
  });
});

describe("examples/preinit.mjs", () => {
  test("runs, and starts faster", () => {
    const script = join(root, "examples/preinit.mjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, "1"], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/\n25 primes up to 100\n78498 primes up to 1000000\n539777 primes up to 8000000\n/);
    expect(stdout).toMatch(/as compiled: +\d+ ms[\s\S]*initialised: +\d+ ms/);
  });
});
