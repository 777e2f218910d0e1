/**
 * The interpreter where the process may not make code: files of the official suite, one or more of each group, in
 * processes with V8's `--jitless` and with `--disallow-code-generation-from-strings`.
 *
 * They run the built command, dist/conformance/spec/main.js. All files, about 25 seconds each:
 *
 *     node --jitless dist/conformance/spec/main.js
 *     node --disallow-code-generation-from-strings dist/conformance/spec/main.js
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { features } from "../../engine/index.ts";
import { groupOf, groups } from "./groups.ts";
import { defaultSuite, findScripts, labelOf, projectRoot, suiteHelp } from "./suite.ts";

const suite = defaultSuite();
const main = join(projectRoot(), "dist/conformance/spec/main.js");
const missing = [
  existsSync(suite) ? "" : suiteHelp(suite),
  existsSync(main) ? "" : `no ${main}: the command is not built; first: npm run build`,
].filter((text) => text !== "");
for (const text of missing) console.log(`skipped: the official suite without code generation: ${text}`);

const files = `br_if call_indirect i64 f32_cmp conversions float_memory unwind linking
  memory_copy table_init table_grow ref_func return_call return_call_indirect try_table throw_ref
  call_ref br_on_null array_copy br_on_cast type-subtyping struct memory64 table_grow64 load2 memory_trap1
  relaxed_madd_nmadd simd_i8x16_arith2 simd_load_extend simd_lane annotations instance
  proposals/threads/atomic proposals/custom-page-sizes/custom-page-sizes proposals/wide-arithmetic/wide-arithmetic
  proposals/custom-descriptors/descriptors proposals/custom-descriptors/ref_cast_desc_eq`
  .split(/\s+/)
  .map((name) => `${name}.wast`);

describe.skipIf(missing.length > 0)("official test suite without code generation", () => {
  // Converters of module text are WebAssembly, which --jitless takes away: this process leaves all in the cache.
  beforeAll(() => {
    execFileSync(process.execPath, [main, ...files]);
  });

  it("has a file of every group", () => {
    const present = new Set(findScripts(suite).map((path) => groupOf(labelOf(path, suite))));
    const owed = groups.filter(
      (group) => present.has(group) && group.needs.every((feature) => features[feature].state !== "absent"),
    );
    const covered = new Set(files.map(groupOf));
    expect(owed.filter((group) => !covered.has(group)).map(({ title }) => title)).toEqual([]);
  });

  it.each([
    ["--jitless", 'typeof WebAssembly === "undefined"'],
    ["--disallow-code-generation-from-strings", '{ try { new Function("1"); } catch { true } }'],
  ])("node %s", (flag, proof) => {
    expect(execFileSync(process.execPath, [flag, "--print", proof], { encoding: "utf8" }).trim()).toBe("true");
    const { status, stdout, stderr } = spawnSync(process.execPath, [flag, main, ...files], { encoding: "utf8" });
    expect(`${status} ${stdout}${status === 0 ? "" : stderr}`).toMatch(/^0 engine interp/);
    const [, passed, all, clean, ran] =
      /^\| total +\| +(\d+)\/(\d+) \| +(\d+)\/(\d+) \| +0 \| +0 \|$/m.exec(stdout) ?? [];
    expect([passed, clean, ran]).toEqual([all, String(files.length), String(files.length)]);
    expect(Number(all)).toBeGreaterThan(10_000);
  });
});
