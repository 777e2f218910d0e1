/**
 * The runner of the suite of the JavaScript API, on a suite of our own; and the suite itself where WASMTS_JS_API names the
 * folder `test/js-api` of WebAssembly/spec. The file about limits, whose modules are a gigabyte, is left to `npm run js-api`.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { root } from "../real/project.ts";
import { runSuite } from "./suite.ts";
import type { JsApiEngine } from "./worker.ts";

const isBuilt = existsSync(join(root, "dist/conformance/js-api/worker.js"));
const folder = mkdtempSync(join(tmpdir(), "wasmts-js-api-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function failures(suite: string, engine: JsApiEngine, skip = ""): Promise<{ count: number; failed: string[] }> {
  const failed: string[] = [];
  let count = 0;
  for await (const { file, subtests } of runSuite(suite, engine, (name) => name !== skip)) {
    count += subtests.length;
    failed.push(...subtests.filter((s) => s.failure !== undefined).map((s) => `${file}: ${s.name}`));
  }
  return { count, failed };
}

describe.skipIf(!isBuilt)("the runner (skipped before npm run build)", () => {
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "shared.js"), "var shared = 5; const other = 6;");
  writeFileSync(
    join(folder, "sub/a.any.js"),
    `// META: script=/wasm/jsapi/shared.js
test(() => { assert_equals(shared + other, 11); assert_throws_js(TypeError, () => new WebAssembly.Module()); }, "good");
test(() => assert_equals(1, 2), "bad");
test(() => assert_throws_js(RangeError, () => { throw new TypeError(); }), "wrong class");
test(() => assert_array_equals([1, [2]], [1, [3]]), "arrays");
promise_test((t) => promise_rejects_js(t, WebAssembly.CompileError, WebAssembly.compile(new Uint8Array(3))), "rejects");
promise_test((t) => promise_rejects_js(t, TypeError, Promise.resolve()), "does not");
test(() => assert_true(String(WebAssembly.Module).includes("class") === OURS), "whose");`.replace("OURS", "true"),
  );
  writeFileSync(join(folder, "b.any.js"), "test(() => {}, 'before'); nonsense(;");

  it("tells what failed, of the engine that was asked for", async () => {
    const wrong = ["bad", "wrong class", "arrays", "does not"].map((name) => `sub/a.any.js: ${name}`);
    const broken = "b.any.js: (the file itself)";
    expect(await failures(folder, "interp")).toEqual({ count: 8, failed: [broken, ...wrong] });
    expect((await failures(folder, "host")).failed).toEqual([
      broken,
      ...wrong.slice(0, 3),
      "sub/a.any.js: whose",
      wrong[3],
    ]);
  });
});

const suite = process.env.WASMTS_JS_API;
const { failures: expected } = JSON.parse(readFileSync(new URL("expected-failures.json", import.meta.url), "utf8")) as {
  failures: Readonly<Record<string, string>>;
};

describe.skipIf(suite === undefined || !isBuilt)("the suite (skipped without WASMTS_JS_API)", () => {
  it.each(["interp", "js", "auto"] as const)("passes in tier %s but for the faults of its own", async (engine) => {
    const { count, failed } = await failures(suite as string, engine, "limits.any.js");
    expect(failed).toEqual(Object.keys(expected).filter((name) => !name.startsWith("limits.any.js")));
    expect(count).toBeGreaterThanOrEqual(1085);
  });
});
