/**
 * Modules from npm, driven through the JavaScript their packages ship, which is the same for every engine: only the call
 * that instantiates is ours. The packages are development dependencies; what is not installed is left out.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { logText, noise } from "../conformance/real/inputs.ts";
import { npmFile } from "../conformance/real/project.ts";
import type { Imports, JsEngine, JsInstance } from "./engines/engine.ts";
import type { Work, Workload } from "./workload.ts";

/** The text of a CommonJS or UMD file, run with a module of its own, so that every engine gets a fresh copy. */
function freshModule<T>(file: string, globals: Readonly<Record<string, unknown>> = {}): T {
  const module = { exports: {} };
  const names = ["module", "exports", "require", "__filename", "__dirname", ...Object.keys(globals)];
  const values = [module, module.exports, createRequire(file), file, file, ...Object.values(globals)];
  new Function(...names, readFileSync(file, "utf8"))(...values);
  return module.exports as T;
}

/** 32 bits of a hash of results, so that they can be compared as a number. */
function checksum(text: string): number {
  return createHash("sha256").update(text).digest().readUInt32LE(0);
}

// ---- hash-wasm -----------------------------------------------------------------------------------------------------------

interface Hasher {
  init(): Hasher;
  update(data: Uint8Array): Hasher;
  digest(): string;
}

const hashFile = (name: string): string => npmFile("hash-wasm", "dist", `${name}.umd.min.js`);

/** The module's bytes are in the JavaScript, as base64. */
function hashBytes(name: string): Uint8Array {
  const base64 = /data:"([A-Za-z0-9+/=]+)"/.exec(readFileSync(hashFile(name), "utf8"))?.[1] ?? "";
  return Buffer.from(base64, "base64");
}

/** The package asks for `WebAssembly`; it gets the engine under that name. */
function namespaceOf(engine: JsEngine): object {
  return {
    compile: async (bytes: ArrayBuffer) => new Uint8Array(bytes),
    instantiate: async (bytes: Uint8Array, imports: Imports): Promise<JsInstance> => engine.instantiate(bytes, imports),
  };
}

const hash = (name: string, factory: string, bytes: number, known?: string): Workload => ({
  name: `hash-wasm ${name}`,
  group: "npm",
  bytes: () => hashBytes(name),
  prepare: async (engine, divide) => {
    const module = freshModule<Record<string, () => Promise<Hasher>>>(hashFile(name), {
      WebAssembly: namespaceOf(engine),
    });
    const hasher = await module[factory]!();
    const data = noise(Math.ceil(bytes / divide));
    const expected = known && createHash(known).update(data).digest("hex");
    return () => {
      const digest = hasher.init().update(data).digest();
      if (expected && digest !== expected) throw new Error(`${name} of ${data.length} bytes is wrong`);
      return checksum(digest);
    };
  },
});

// ---- Oniguruma -----------------------------------------------------------------------------------------------------------

interface Oniguruma {
  loadWASM(options: { instantiator: (imports: Imports) => Promise<{ instance: JsInstance }> }): Promise<void>;
  createOnigString(text: string): { dispose(): void };
  createOnigScanner(patterns: string[]): {
    findNextMatchSync(
      text: object,
      from: number,
    ): { index: number; captureIndices: { start: number; end: number }[] } | null;
  };
}

const onigFile = npmFile("vscode-oniguruma", "release", "main.js");
const onigBytes = (): Uint8Array => readFileSync(npmFile("vscode-oniguruma", "release", "onig.wasm"));
/** As a grammar for highlighting has them: which of these comes next? */
const patterns = [
  String.raw`\b(GET|POST|PUT|HEAD)\b`,
  String.raw`"(?:[^"\\]|\\.)*"`,
  String.raw`\b(?<year>\d+):(\d+)\b`,
  String.raw`(?<=/)[a-z_]+(?=\.(js|css))`,
  String.raw`\b(?:\d{1,3}\.){3}\d{1,3}\b`,
  String.raw`\b[45]\d\d\b(?! 0)`,
];

const oniguruma: Workload = {
  name: "oniguruma",
  group: "npm",
  bytes: onigBytes,
  prepare: async (engine, divide) => {
    const onig = freshModule<Oniguruma>(onigFile);
    await onig.loadWASM({ instantiator: async (imports) => ({ instance: engine.instantiate(onigBytes(), imports) }) });
    const scanner = onig.createOnigScanner(patterns);
    const lines = logText(Math.ceil(40_000 / divide)).split("\n");
    return () => {
      let sum = 0;
      for (const line of lines) {
        const text = onig.createOnigString(line);
        for (let at = 0; ; ) {
          const match = scanner.findNextMatchSync(text, at);
          if (match === null) break;
          const { start, end } = match.captureIndices[0]!;
          sum = (Math.imul(sum, 31) + match.index * 7 + start * 3 + end) >>> 0;
          at = Math.max(end, at + 1);
        }
        text.dispose();
      }
      return sum;
    };
  },
};

// ---- SQLite --------------------------------------------------------------------------------------------------------------

interface SqlJs {
  readonly Database: new () => {
    run(sql: string): void;
    exec(sql: string): { values: unknown[][] }[];
    prepare(sql: string): { run(values: unknown[]): void; free(): void };
    close(): void;
  };
}
type InitSqlJs = (options: {
  instantiateWasm: (imports: Imports, receive: (instance: JsInstance) => void) => object;
}) => Promise<SqlJs>;

const sqlFile = npmFile("sql.js", "dist", "sql-wasm.js");
const sqlBytes = (): Uint8Array => readFileSync(npmFile("sql.js", "dist", "sql-wasm.wasm"));

/** A table, an index, a few hundred rows, a join, groups, an update, in a new database every time. */
function queries(sql: SqlJs, rows: number): number {
  const database = new sql.Database();
  database.run("create table item (id integer primary key, name text, price real, kind integer)");
  database.run("create table kind (id integer primary key, title text)");
  database.run("begin");
  const insert = database.prepare("insert into item (name, price, kind) values (?, ?, ?)");
  for (let i = 0; i < rows; i++) insert.run([`item ${(i * 7919) % 1009}`, ((i * 37) % 1000) / 8, i % 10]);
  insert.free();
  for (let i = 0; i < 10; i++) database.run(`insert into kind values (${i}, 'kind ${i}')`);
  database.run("commit");
  database.run("create index by_name on item (name)");
  database.run("update item set price = price * 1.25 where kind in (select id from kind where title like '%3')");
  const results = database.exec(`
    select k.title, count(*), sum(i.price), max(i.name) from item i join kind k on k.id = i.kind group by k.id order by 3 desc;
    select name, price from item where name between 'item 2' and 'item 4' order by price desc, id limit 20;
    with recursive n(x) as (select 1 union all select x + 1 from n where x < ${rows}) select sum(x * x) from n;`);
  database.close();
  return checksum(JSON.stringify(results));
}

const sqlite: Workload = {
  name: "sqlite",
  group: "npm",
  bytes: sqlBytes,
  prepare: async (engine, divide) => {
    const init = freshModule<InitSqlJs>(sqlFile);
    const sql = await init({
      instantiateWasm: (imports, receive) => {
        receive(engine.instantiate(sqlBytes(), imports));
        return {};
      },
    });
    const rows = Math.ceil(800 / divide);
    return (): ReturnType<Work> => queries(sql, rows);
  },
};

/** Bytes hashed take V8 about 12 ms. */
const all: readonly (Workload & { readonly file: string })[] = [
  { ...hash("sha512", "createSHA512", 4_000_000, "sha512"), file: hashFile("sha512") },
  { ...hash("blake3", "createBLAKE3", 8_000_000), file: hashFile("blake3") },
  { ...hash("xxhash64", "createXXHash64", 20_000_000), file: hashFile("xxhash64") },
  { ...hash("md5", "createMD5", 5_000_000, "md5"), file: hashFile("md5") },
  { ...oniguruma, file: onigFile },
  { ...sqlite, file: sqlFile },
];

export const npmWorkloads: readonly Workload[] = all.filter(({ file }) => existsSync(file));
