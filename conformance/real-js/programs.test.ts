/** Those programs of npm that are among the development dependencies, or in the folder that WASMTS_REAL_JS names. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../real/project.ts";
import { isInstalled, type Run, runAgain, runProgram } from "./measure.ts";
import { programs } from "./programs.ts";

const { WASMTS_REAL_JS } = process.env;
const folders = WASMTS_REAL_JS === undefined ? [root] : [WASMTS_REAL_JS, root];
const isBuilt = existsSync(join(root, "dist/conformance/real-js/runner.js"));
/** Those that take seconds are for `npm run conformance:real`. */
const quick = [
  "hash-wasm",
  "sql.js",
  "vscode-oniguruma",
  "wabt",
  "quickjs-emscripten",
  "web-tree-sitter",
  "@jsquash/jpeg",
  "@node-rs/crc32-wasm32-wasi",
  "@oxc-parser/binding-wasm32-wasi",
];

describe.skipIf(!isBuilt)("programs of npm (skipped before npm run build)", () => {
  for (const program of programs.filter(({ name }) => quick.includes(name))) {
    it.skipIf(!isInstalled(program, folders))(`${program.name} (skipped where not installed)`, () => {
      const host = runProgram(program, "host", { folders }) as Run;
      expect(host.result.length).toBeGreaterThan(10);
      expect(runAgain(program, "js", { folders })).toMatchObject({ result: host.result });
      for (const engine of ["js", "auto"] as const) {
        expect(runProgram(program, engine, { folders })).toMatchObject({ result: host.result });
      }
    });
  }
});
