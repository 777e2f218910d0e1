/**
 * esbuild for WASI (20 MB of Go from npm) bundles and minifies a TypeScript project and must give the same bytes as the
 * native esbuild of the same version. The project is `conformance/guests/ts-project`, written for this test.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { version as nativeVersion } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guestsDir, npmFile } from "./project.ts";
import { runGuest } from "./run-guest.ts";
import { contents, scratchFolder } from "./tree.ts";

const wasm = npmFile("@esbuild", "wasi-preview1", "esbuild.wasm");
const scratch = scratchFolder("esbuild");
const ours = join(scratch, "ours");
const native = join(scratch, "native");

beforeAll(() => {
  for (const folder of [ours, native]) {
    cpSync(join(guestsDir, "ts-project"), folder, { recursive: true });
    renameSync(join(folder, "node_modules_src"), join(folder, "node_modules"));
    mkdirSync(join(folder, "out"));
  }
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs both on the same arguments, in folders of the same content. */
async function build(args: readonly string[]): Promise<void> {
  execFileSync(npmFile("esbuild", "bin", "esbuild"), args, { cwd: native, stdio: "pipe" });
  const outcome = await runGuest({ wasm, args, dirs: [`${ours}:/`], timeoutMs: 200_000 });
  expect(outcome.stderr).toMatch(/Done in|^$/);
  expect(outcome.code).toBe(0);
}

describe("esbuild", () => {
  test("both are the same version", () => {
    const text = readFileSync(npmFile("@esbuild", "wasi-preview1", "package.json"), "utf8");
    expect((JSON.parse(text) as { version: string }).version).toBe(nativeVersion);
  });

  test("bundle, minify, split, source maps: the same bytes as native", { timeout: 220_000 }, async () => {
    const flags = ["--bundle", "--minify", "--sourcemap", "--splitting", "--format=esm", "--target=es2020"];
    await build(["src/main.ts", ...flags, "--outdir=out", "--metafile=out/meta.json", "--log-level=warning"]);
    const expected = contents(join(native, "out"));
    expect(expected.size).toBeGreaterThan(8);
    expect(contents(join(ours, "out"))).toEqual(expected);
  });
});
