#!/usr/bin/env node
/**
 * `npm run jobs-soak -- [--minutes 10] [--tier auto]`: esbuild bundling a project and SQLite making and asking a table,
 * again and again in one process, each with an instance of its own. Fails when a result differs from the first, or when
 * the memory of the process grows from one half of the time to the other.
 */
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { run } from "../../cli/run.ts";
import { configure, hex, sha256, type TierName, WebAssembly } from "../../engine/index.ts";
import { guestsDir, npmFile } from "../real/project.ts";
import { growthOf, isGrowing } from "./growth.ts";

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, tier: { type: "string", default: "auto" } },
});
const tier = values.tier as TierName;
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const folder = mkdtempSync(join(tmpdir(), "wasmts-jobs-"));
const project = join(folder, "project");
cpSync(join(guestsDir, "ts-project"), project, { recursive: true });
renameSync(join(project, "node_modules_src"), join(project, "node_modules"));

/** The bundle that esbuild makes, as a hash. */
async function bundle(): Promise<string> {
  const { kind, code, stdout, stderr } = await run(npmFile("@esbuild", "wasi-preview1", "esbuild.wasm"), {
    args: ["src/main.ts", "--bundle", "--minify", "--format=esm", "--loader:.css=text"],
    env: { PWD: "/" },
    dirs: [{ host: project, guest: "/" }],
    tier,
  });
  if (kind !== "exit" || code !== 0) throw new Error(`esbuild: ${kind} ${code} ${stderr}`);
  return hex(sha256(new TextEncoder().encode(stdout)));
}

interface SqlJs {
  readonly Database: new () => { run(sql: string): void; exec(sql: string): unknown; close(): void };
}
configure({ tier });
const initSqlJs = createRequire(import.meta.url)("sql.js") as (options: object) => Promise<SqlJs>;
const sqlite = new WebAssembly.Module(readFileSync(npmFile("sql.js", "dist", "sql-wasm.wasm")));

/** Sums of a table of 5,000 rows, by SQLite in a new instance. */
async function query(): Promise<string> {
  const { Database } = await initSqlJs({
    instantiateWasm: (imports: object, done: (instance: object, module: object) => void) => {
      done(new WebAssembly.Instance(sqlite, imports), sqlite);
      return {};
    },
  });
  const db = new Database();
  db.run(`CREATE TABLE t (a INTEGER, b TEXT, c REAL);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
    INSERT INTO t SELECT i, 'row ' || (i * 7919 % 1009), i / 3.0 FROM n; CREATE INDEX x ON t (b);`);
  const rows = db.exec("SELECT b, count(*), sum(a), round(sum(c), 6) FROM t GROUP BY b ORDER BY b");
  db.close();
  return hex(sha256(new TextEncoder().encode(JSON.stringify(rows))));
}

const from = performance.now();
const memory: number[] = [];
let first: string | undefined;
let failure: string | undefined;
while (failure === undefined && performance.now() - from < Number(values.minutes) * 60_000) {
  const results: string[] = [await bundle()];
  for (let i = 0; i < 10; i++) results.push(await query());
  const result = [...new Set(results)].join(" ");
  first ??= result;
  if (result !== first) failure = `round ${memory.length + 1}: another result: ${result}`;
  await turn();
  collect();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  memory.push(Math.round(rss / 2 ** 20));
  const [heap, buffers] = [heapUsed, arrayBuffers].map((n) => Math.round(n / 2 ** 20));
  console.log(`round ${memory.length}: ${memory.at(-1)} MiB resident, ${heap} heap, ${buffers} buffers`);
}
rmSync(folder, { recursive: true, force: true });
const growth = growthOf(memory);
if (growth !== undefined) {
  console.log(
    `memory: ${growth.before} MiB in the first half of ${memory.length} rounds, ${growth.after} MiB in the second`,
  );
  if (isGrowing(growth)) failure ??= "memory grows";
}
if (failure !== undefined) console.log(`FAILED ${failure}`);
process.exitCode = failure === undefined ? 0 : 1;
