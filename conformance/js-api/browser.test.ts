/**
 * The entries of the package, and the files for browsers, in a realm that has neither a `WebAssembly` nor anything of Node.js, and where text cannot become
 * code: what Hermes, a strict policy or a locked-down browser leave of JavaScript. They are built by `npm run build`.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createContext, runInContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { root } from "../real/project.ts";
import { convertTexts } from "../spec/wat.ts";
import { webGuest, webJob } from "./web-guest.ts";

const script = join(root, "dist/browser/polyfill.js");
const module = join(root, "dist/browser/wasmts.js");
const wasi = join(root, "dist/browser/wasi.js");
const [fib] = (await convertTexts(
  [
    `(module (import "m" "log" (func $log (param i32))) (memory (export "memory") 1)
      (func $fib (export "fib") (param i32) (result i32) (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
        (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))
      (func (export "log") (param i32) (call $log (call $fib (local.get 0)))))`,
  ],
  undefined,
)) as [Uint8Array];

const program = `(() => {
  const bytes = new Uint8Array([${fib}]);
  const logged = [];
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { log: (x) => logged.push(x) } });
  exports.log(10);
  const { buffer } = exports.memory;
  exports.memory.grow(1);
  let refused;
  try { wasmts.configure({ fuel: 50 }); new WebAssembly.Instance(new WebAssembly.Module(bytes), { m: { log() {} } }).exports.fib(20); }
  catch (error) { refused = error; }
  return JSON.stringify([logged, exports.memory.buffer !== buffer, refused instanceof WebAssembly.RuntimeError,
    String(WebAssembly), typeof process, typeof require]);
})()`;

/** What the package gives for `specifier`, in a process of its own. */
const imported = (specifier: string, expression: string): string =>
  spawnSync(
    process.execPath,
    ["--input-type=module", "-e", `const m = await import("${specifier}"); console.log(String(${expression}));`],
    { cwd: root, encoding: "utf8" },
  ).stdout.trim();

describe.skipIf(!existsSync(script))("entries of the package (skipped before npm run build)", () => {
  it.each([
    ["wasmts", "m.WebAssembly !== WebAssembly && typeof m.configure"],
    ["wasmts/webassembly", "m.WebAssembly !== WebAssembly && typeof m.configure"],
    ["wasmts/polyfill", "m.WebAssembly === WebAssembly && typeof m.configure"],
    ["wasmts/browser", "m.WebAssembly !== WebAssembly && typeof m.configure"],
  ])("%s", (specifier, expression) => {
    expect(imported(specifier, expression)).toBe("function");
  });
});

describe.skipIf(!existsSync(script))("files for browsers (skipped before npm run build)", () => {
  it("name nothing of Node.js", () => {
    for (const file of [script, module, wasi]) {
      const text = readFileSync(file, "utf8");
      const found = /["'`]node:|\brequire\(|\bimport\(|^import\b|\bfrom\s*["'][\w./@]/m.exec(text);
      expect(found === null ? "" : text.slice(found.index - 50, found.index + 50)).toBe("");
      expect(text.length).toBeGreaterThan(100_000);
    }
  });

  it("run where there is nothing, and no text becomes code", () => {
    const context = createContext({}, { codeGeneration: { strings: false, wasm: false } });
    runInContext("delete globalThis.WebAssembly", context);
    runInContext(readFileSync(script, "utf8"), context, { filename: script });
    const outcome = JSON.parse(runInContext(program, context) as string) as unknown;
    expect(outcome).toEqual([[55], true, true, "[object WebAssembly]", "undefined", "undefined"]);
  });

  it("have WASI with files in memory", async () => {
    const told: unknown[] = [];
    const run = new Function("wasi", "bytes", "told", `return (async () => {${webJob}})()`) as (
      ...args: unknown[]
    ) => Promise<void>;
    await run(await import(pathToFileURL(wasi).href), webGuest, told);
    // This thread may sleep.
    expect(told).toEqual([7, 7, "hello", "hello", true, "ERR_INVALID_ARG_VALUE"]);
  });

  it("are a module, too", async () => {
    const { WebAssembly, Engine, configure } = (await import(
      pathToFileURL(module).href
    )) as typeof import("../../engine/index.ts");
    configure({ tier: "js" });
    const instance = new WebAssembly.Instance(new WebAssembly.Module(fib), { m: { log: () => undefined } });
    expect((instance.exports as { fib(n: number): number }).fib(12)).toBe(144);
    const log = (): undefined => undefined;
    expect(new Engine().instantiate(new Engine().compile(fib), { m: { log } }).invoke("fib", [12])).toEqual([144]);
  });
});
