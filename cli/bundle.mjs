/**
 * Build step after `tsc -b`: dist/bin/, the command as one file and V8's code for it, so that starting it neither reads
 * a hundred files nor compiles them; and beside it the scripts of threads, each as one file.
 * dist/cli/main.js is the same command from single files; it starts slower.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { idOf } from "../dist/code-cache/build-id.js";
import { variablesOf, withConstants } from "./constants.mjs";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const bundle = path("../dist/bin/wasmts.cjs");
const command = path("../dist/bin/wasmts.js");
const warm = path("../dist/bin/warm.js");

/** By which `code-cache/build-id.ts` tells builds apart. */
const define = { WASMTS_BUILD: JSON.stringify(idOf(path("../dist/engine"))) };

const variables = variablesOf(["engine", "code-cache", "wasi", "cli"].map((room) => path(`../${room}`)));
const minimal = { minify: true, legalComments: "none", charset: "ascii" };

async function write() {
  const { build, transform } = await import("esbuild");
  rmSync(path("../dist/bin"), { recursive: true, force: true });
  mkdirSync(path("../dist/bin"));
  const options = {
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    charset: "ascii",
    logLevel: "warning",
    write: false,
  };
  /** @param globalName of what the bundle exports, if it is to be a script */
  const bundled = async ({ globalName, ...given }) => {
    const all = { ...options, ...given };
    const { outputFiles } = await build(all);
    const code = withConstants(outputFiles[0].text.replace(/^#!.*\n/, ""), variables);
    const format = globalName === undefined ? all.format : "iife";
    return (await transform(code, { ...minimal, target: all.target, format, globalName })).code;
  };
  const main = {
    entryPoints: [path("./main.ts")],
    plugins: [builtins],
    define: { ...define, "import.meta.url": "fileUrl" },
  };
  const thread = async (name) =>
    writeFileSync(
      path(`../dist/bin/${basename(name)}.js`),
      await bundled({ entryPoints: [path(`../wasi/node/${name}.ts`)] }),
    );
  await thread("threads/guest-thread");
  await thread("net/io/io-thread");
  await writeForBrowsers(bundled);
  await writePackage(build);
  writeFileSync(bundle, `(function (nodeRequire, fileUrl) {${await bundled(main)}\n})`);
  copyFileSync(path("./launch.cjs"), command);
  writeFileSync(path("../dist/bin/package.json"), '{ "type": "commonjs" }\n');
  copyFileSync(path("./warm.cjs"), warm);
  copyFileSync(path("../examples/tour.wasm"), path("../dist/bin/tour.wasm"));
  const { status } = spawnSync(process.execPath, [warm]);
  if (status !== 0) throw new Error(`the bundle does not run: exit status ${status}`);
}

/**
 * The entries of the package: few files in place of a hundred, which takes Node.js a third of the time to load. What
 * several entries use is in files of its own, so that classes are the same whichever entry they come from.
 */
async function writePackage(build) {
  rmSync(path("../dist/npm"), { recursive: true, force: true });
  const { outputFiles } = await build({
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    charset: "utf8",
    logLevel: "warning",
    outdir: path("../dist/npm"),
    define,
    chunkNames: "part-[hash]",
    entryPoints: {
      wasmts: path("./index.ts"),
      engine: path("../engine/index.ts"),
      wasi: path("../wasi/index.ts"),
      "code-cache": path("../code-cache/index.ts"),
      webassembly: path("../engine/js-api/index.ts"),
      polyfill: path("../engine/js-api/polyfill.ts"),
      "polyfill-node": path("../wasi/node/polyfill.ts"),
      // Started by what is in a part, from its own folder; so is the next.
      "guest-thread": path("../wasi/node/threads/guest-thread.ts"),
      "io-thread": path("../wasi/node/net/io/io-thread.ts"),
    },
    write: false,
  });
  mkdirSync(path("../dist/npm"));
  for (const { path: file, text } of outputFiles) writeFileSync(file, withConstants(text, variables));
}

async function writeForBrowsers(bundled) {
  const folder = path("../dist/browser");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const parts = [
    { name: "wasmts", entryPoints: [path("../engine/index.ts")], format: "esm" },
    { name: "wasi", entryPoints: [path("../wasi/web/index.ts")], format: "esm" },
    { name: "polyfill", entryPoints: [path("../engine/js-api/polyfill.ts")], format: "esm", globalName: "wasmts" },
  ];
  for (const { name, ...part } of parts)
    writeFileSync(`${folder}/${name}.js`, await bundled({ ...part, platform: "browser", target: "es2022" }));
}

/**
 * Loading a built-in module with `import` makes Node.js evaluate everything it exports, streams included; so it is done
 * with `require`, and for the modules in `late` not before one of the functions listed is called.
 */
const builtins = {
  name: "builtins",
  setup(build) {
    const late = {
      "node:child_process": ["spawnSync"],
      "node:crypto": ["createHash", "randomBytes", "randomFillSync"],
      "node:dgram": ["createSocket"],
      "node:dns": ["lookup"],
      "node:net": ["connect", "createServer", "Socket"],
      "node:tty": ["isatty", "ReadStream", "WriteStream"],
      "node:v8": ["cachedDataVersionTag", "getHeapStatistics", "setFlagsFromString"],
      "node:vm": ["Script"],
      "node:worker_threads": ["MessageChannel", "Worker", "receiveMessageOnPort"],
    };
    const named = namedImports();
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    build.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
      const whole = `nodeRequire(${JSON.stringify(path)})`;
      const names = late[path];
      if (names === undefined) return { contents: exportsOf(whole, named.get(path)) };
      const call = (name) => (/^[A-Z]/.test(name) ? `new (${whole}.${name})(...args)` : `${whole}.${name}(...args)`);
      const functions = names.map((name) => `export function ${name}(...args) { return ${call(name)}; }`);
      return { contents: `${functions.join("\n")}\nexport default { ${names.join(", ")} };` };
    });
  },
};

/**
 * A built-in module as one of ours, with what is imported of it by name. Of a module in the form of CommonJS esbuild has
 * each importer make a copy, a hundred accessors at a time; that is left to those which are loaded by `import()`.
 */
function exportsOf(whole, names) {
  if (names === undefined) return `module.exports = ${whole};`;
  return `const whole = ${whole};\nexport default whole;\nexport const { ${[...names].join(", ")} } = whole;`;
}

/** What is imported of built-in modules by name, by module; also of those of which nothing is. */
function namedImports() {
  const roots = ["cli", "code-cache", "wasi", "engine"].map((room) => path(`../${room}`));
  const files = roots.flatMap((root) => readdirSync(root, { recursive: true }).map((file) => `${root}/${file}`));
  const named = new Map();
  for (const file of files.filter((file) => /(?<!\.test|\.d)\.ts$/.test(file))) {
    const found = readFileSync(file, "utf8").matchAll(
      /^import (?!type )(?:\w+(?:, )?)?(?:\{([^}]*)\})? from "(node:\w+)";$/gm,
    );
    for (const [, list = "", id] of found) {
      const names = list.split(",").map((name) => name.trim().replace(/ as .*/, ""));
      const values = names.filter((name) => name !== "" && !name.startsWith("type "));
      named.set(id, new Set([...(named.get(id) ?? []), ...values]));
    }
  }
  return named;
}

await write();
