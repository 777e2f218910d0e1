/**
 * Programs of npm that bring their WebAssembly with them and know nothing of wasmts: a small job for each, whose result is
 * the same with every implementation of the JavaScript API.
 */

import { digest, type Loaded, type Packages, type Program, repeat, source, unit } from "./job.ts";
import { wasiPrograms } from "./wasi-programs.ts";

/** What packages for browsers look for. */
function asBrowser(): void {
  Object.assign(globalThis, { self: globalThis, location: new URL("file:///") });
}

async function hashes({ load }: Packages, times: number): Promise<string> {
  const { md5, sha256, xxhash64, argon2id, bcrypt } = await load("hash-wasm");
  const salt = new Uint8Array(16).fill(7);
  const slow = { password: "wasmts", salt, iterations: 2, parallelism: 1, memorySize: 256, hashLength: 16 };
  const all = (): Promise<string[]> =>
    Promise.all([
      md5(source),
      sha256(source),
      xxhash64(source),
      argon2id(slow),
      bcrypt({ password: "w", salt, costFactor: 4 }),
    ]);
  return (await repeat(times, all)).join(" ");
}

async function sql({ load, read }: Packages, times: number): Promise<string> {
  const { default: initSqlJs } = await load("sql.js");
  const SQL = await initSqlJs({ wasmBinary: read("sql.js/dist/sql-wasm.wasm") });
  return repeat(times, () => {
    const db = new SQL.Database();
    db.run("CREATE TABLE t (id INTEGER PRIMARY KEY, word TEXT, n REAL)");
    db.run("BEGIN");
    for (let i = 0; i < 2000; i++) db.run("INSERT INTO t (word, n) VALUES (?, ?)", [`word ${i % 37}`, i / 3]);
    db.run("COMMIT");
    const rows = db.exec("SELECT word, count(*), round(sum(n), 3) FROM t GROUP BY word ORDER BY 3 DESC LIMIT 5");
    db.create_function("twice", (x: number) => 2 * x);
    return `${JSON.stringify(rows)} ${JSON.stringify(db.exec("SELECT twice(21)"))} ${digest(db.export())}`;
  });
}

async function sqlite({ load, read }: Packages, times: number): Promise<string> {
  asBrowser();
  const { default: init } = await load("@sqlite.org/sqlite-wasm");
  const quiet = { print: () => undefined, printErr: () => undefined };
  const wasmBinary = read("@sqlite.org/sqlite-wasm/sqlite-wasm/jswasm/sqlite3.wasm");
  const sqlite3 = await init({ ...quiet, wasmBinary });
  return repeat(times, () => {
    const db = new sqlite3.oo1.DB(":memory:");
    db.exec(
      "CREATE TABLE t(a, b); WITH RECURSIVE c(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM c WHERE i < 1000) INSERT INTO t SELECT i, i * i FROM c",
    );
    const rows = db.exec({ sql: "SELECT a % 7, sum(b) FROM t GROUP BY 1", returnValue: "resultRows" });
    db.close();
    return JSON.stringify(rows);
  });
}

async function esbuild({ load, read }: Packages, times: number): Promise<string> {
  asBrowser();
  const { initialize, transform } = await load("esbuild-wasm/esm/browser.js");
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Loaded };
  await initialize({ wasmModule: new wasm.Module(read("esbuild-wasm/esbuild.wasm")), worker: false });
  const text = source.replaceAll("export function", "function");
  const { code } = await repeat(times, () => transform(text, { minify: true, target: "es2015" }));
  return digest(code);
}

async function quickjs({ load }: Packages, times: number): Promise<string> {
  const { getQuickJS } = await load("quickjs-emscripten");
  const vm = (await getQuickJS()).newContext();
  const text = `var s = 0; for (let i = 0; i < 20000; i++) s = (s * 31 + i) | 0;
      JSON.stringify([s, [3, 1, 2].sort(), "a-b-c".split("-"), new Map([[1, 2n]]).get(1).toString(), /(\\d+)/.exec("x12")[1]])`;
  const evaluate = (): string => vm.unwrapResult(vm.evalCode(text)).consume(vm.getString);
  const result = await repeat(times, evaluate);
  vm.dispose();
  return result;
}

async function treeSitter({ load, read }: Packages, times: number): Promise<string> {
  const { Parser, Language } = await load("web-tree-sitter");
  await Parser.init({ wasmBinary: read("web-tree-sitter/web-tree-sitter.wasm") });
  const parser = new Parser();
  parser.setLanguage(await Language.load(read("tree-sitter-javascript/tree-sitter-javascript.wasm")));
  const tree = await repeat(times, () => parser.parse(source));
  return `${tree.rootNode.descendantCount} nodes, ${digest(tree.rootNode.toString())}`;
}

async function binaryenJob({ load }: Packages, times: number): Promise<string> {
  const { default: binaryen } = await load("binaryen");
  return repeat(times, () => {
    const module = binaryen.parseText(`(module (func $f (param i32) (result i32) (local i32)
    (local.set 1 (i32.const 20)) (i32.mul (i32.add (local.get 0) (local.get 1)) (i32.const 4))) (export "f" (func $f)))`);
    binaryen.setOptimizeLevel(2);
    module.optimize();
    return `${module.validate()} ${digest(module.emitText())} ${digest(module.emitBinary())}`;
  });
}

async function wabtJob({ load }: Packages, times: number): Promise<string> {
  const { default: loadWabt } = await load("wabt");
  const wabt = await loadWabt();
  const functions = Array.from(
    { length: 50 },
    (_, i) => `(func (export "f${i}") (param i64) (result i64) (i64.rotl (local.get 0) (i64.const ${i})))`,
  );
  return repeat(times, () => {
    const { buffer } = wabt.parseWat("a.wat", `(module ${functions.join("\n")})`).toBinary({});
    const text = wabt.readWasm(buffer, { readDebugNames: false }).toText({ foldExprs: true });
    return `${digest(buffer)} ${digest(text)}`;
  });
}

async function resvg({ load, read }: Packages, times: number): Promise<string> {
  const { initWasm, Resvg } = await load("@resvg/resvg-wasm");
  await initWasm(read("@resvg/resvg-wasm/index_bg.wasm"));
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64" fill="#eee"/>
    <circle cx="32" cy="32" r="20" fill="red" stroke="blue" stroke-width="3"/><path d="M8 8 Q 32 60 56 8" fill="none" stroke="green"/></svg>`;
  return repeat(times, () => digest(new Resvg(svg).render().asPng()));
}

async function oniguruma({ load, read }: Packages, times: number): Promise<string> {
  const { default: oniguruma } = await load("vscode-oniguruma");
  await oniguruma.loadWASM(read("vscode-oniguruma/release/onig.wasm").buffer);
  const scanner = new oniguruma.OnigScanner(["\\b(function|for|const|let)\\b", "`[^`]*`", "(?<=\\.)\\w+(?=\\()"]);
  return repeat(times, () => {
    const found: string[] = [];
    for (let at = 0; ; ) {
      const match = scanner.findNextMatchSync(source, at);
      if (match === null) return digest(found.join(" "));
      const { start, end } = match.captureIndices[0];
      found.push(`${match.index}:${start}`);
      at = end > at ? end : at + 1;
    }
  });
}

async function jpeg({ load, read }: Packages, times: number): Promise<string> {
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Loaded };
  const compiled = (file: string): unknown => new wasm.Module(read(`@jsquash/jpeg/codec/${file}`));
  const { default: encode, init: initEncode } = await load("@jsquash/jpeg/encode.js");
  const { default: decode, init: initDecode } = await load("@jsquash/jpeg/decode.js");
  await initEncode(compiled("enc/mozjpeg_enc.wasm"));
  await initDecode(compiled("dec/mozjpeg_dec.wasm"));
  const data = Uint8ClampedArray.from({ length: 64 * 64 * 4 }, (_, i) => (i * 7 + (i >> 8) * 13) & 255);
  return repeat(times, async () => {
    const encoded = new Uint8Array(await encode({ data, width: 64, height: 64, colorSpace: "srgb" }));
    const { width, height, data: decoded } = await decode(encoded.buffer);
    return `${digest(encoded)}, ${width}x${height} ${digest(new Uint8Array(decoded.buffer))}`;
  });
}

async function lightningCss({ load }: Packages, times: number): Promise<string> {
  const { default: init, transform } = await load("lightningcss-wasm");
  await init();
  const css =
    ".a { color: #ff0000; .b & { margin: 0px 0px; inset: 0 } } @media (width >= 400px) { .c { color: lab(50% 20 30) } }".repeat(
      30,
    );
  const options = {
    filename: "a.css",
    code: new TextEncoder().encode(css),
    minify: true,
    targets: { chrome: 80 << 16 },
  };
  const { code } = await repeat(times, () => transform(options));
  return digest(code);
}

async function rollup({ load }: Packages, times: number): Promise<string> {
  const { rollup } = await load("@rollup/wasm-node");
  const files: Record<string, string> = {
    main: `import { primes } from "lib"; console.log(primes(3));`,
    lib: unit,
  };
  const plugin = { name: "memory", resolveId: (id: string) => id, load: (id: string) => files[id] };
  return repeat(times, async () => {
    const bundle = await rollup({ input: "main", plugins: [plugin] });
    const { output } = await bundle.generate({ format: "iife" });
    return digest(output[0].code);
  });
}

async function pyodide({ load }: Packages, times: number): Promise<string> {
  const { loadPyodide } = await load("pyodide");
  const python = await loadPyodide({ stdout: () => undefined, stderr: () => undefined });
  const text = `import json, hashlib, re
json.dumps([sum(i * i for i in range(5000)), hashlib.sha256(b"wasmts").hexdigest(), re.findall(r"\\w+", "a bc d"), sorted("python")])`;
  return String(await repeat(times, () => python.runPython(text)));
}

async function php({ load }: Packages, times: number): Promise<string> {
  const { loadNodeRuntime } = await load("@php-wasm/node");
  const { PHP } = await load("@php-wasm/universal");
  const instance = new PHP(await loadNodeRuntime("8.3", { emscriptenOptions: { processId: 1 } }));
  const code = `<?php $a = []; for ($i = 0; $i < 2000; $i++) $a[] = md5($i); sort($a); echo json_encode([$a[0], count($a), preg_replace('/b+/', 'x', 'abbbc'), strrev('php')]);`;
  const { text } = await repeat<Loaded>(times, () => instance.run({ code }));
  instance.exit();
  return text;
}

/** Short ones first. */
export const programs: readonly Program[] = [
  { name: "hash-wasm", needs: ["hash-wasm"], run: hashes },
  { name: "sql.js", needs: ["sql.js"], run: sql },
  { name: "@sqlite.org/sqlite-wasm", needs: ["@sqlite.org/sqlite-wasm"], run: sqlite },
  { name: "vscode-oniguruma", needs: ["vscode-oniguruma"], run: oniguruma },
  { name: "wabt", needs: ["wabt"], run: wabtJob },
  { name: "quickjs-emscripten", needs: ["quickjs-emscripten"], run: quickjs },
  { name: "web-tree-sitter", needs: ["web-tree-sitter", "tree-sitter-javascript"], run: treeSitter },
  { name: "@jsquash/jpeg", needs: ["@jsquash/jpeg"], run: jpeg },
  { name: "@resvg/resvg-wasm", needs: ["@resvg/resvg-wasm"], run: resvg },
  { name: "@rollup/wasm-node", needs: ["@rollup/wasm-node"], run: rollup },
  { name: "binaryen", needs: ["binaryen"], run: binaryenJob },
  { name: "esbuild-wasm", needs: ["esbuild-wasm"], run: esbuild },
  { name: "lightningcss-wasm", needs: ["lightningcss-wasm"], run: lightningCss },
  { name: "pyodide", needs: ["pyodide"], run: pyodide },
  { name: "@php-wasm/node", needs: ["@php-wasm/node", "@php-wasm/universal"], run: php },
  ...wasiPrograms,
];
