/**
 * Build step after `tsc -b`: dist/bin/, the command as one file and V8's code for it, so that starting it neither reads
 * a hundred files nor compiles them. dist/cli/main.js is the same command from single files; it starts slower.
 *
 * `node cli/bundle.mjs --warm` is for itself: it runs the bundle once, and writes the code that was compiled meanwhile.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const bundle = path("../dist/bin/wasmts.cjs");
const command = path("../dist/bin/wasmts.js");
const cache = path("../dist/bin/wasmts.cache");
const example = path("../examples/tour.wasm");

async function write() {
  const { build } = await import("esbuild");
  rmSync(path("../dist/bin"), { recursive: true, force: true });
  mkdirSync(path("../dist/bin"));
  const { outputFiles } = await build({
    entryPoints: [path("./main.ts")],
    write: false,
    plugins: [builtins],
    define: { "import.meta.url": "fileUrl" },
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    charset: "ascii",
    minify: true,
    legalComments: "none",
    logLevel: "warning",
  });
  const code = outputFiles[0].text.replace(/^#!.*\n/, "");
  writeFileSync(bundle, `(function (nodeRequire, fileUrl) {${code}\n})`);
  copyFileSync(path("./launch.mjs"), command);
  const { status } = spawnSync(process.execPath, [path("./bundle.mjs"), "--warm"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0) throw new Error(`the bundle does not run: exit status ${status}`);
}

/**
 * Loading a built-in module with `import` makes Node.js evaluate everything it exports, streams included; so it is done
 * with `require`, and for the modules in `late` not before one of the functions listed is called.
 */
const builtins = {
  name: "builtins",
  setup(build) {
    const late = {
      "node:crypto": ["randomFillSync"],
      "node:tty": ["isatty"],
      "node:v8": ["getHeapStatistics", "setFlagsFromString"],
    };
    build.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    build.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
      const whole = `nodeRequire(${JSON.stringify(path)})`;
      const names = late[path];
      if (names === undefined) return { contents: `module.exports = ${whole};` };
      const functions = names.map((name) => `export const ${name} = (...args) => ${whole}.${name}(...args);`);
      return { contents: `${functions.join("\n")}\nexport default { ${names.join(", ")} };` };
    });
  },
};

function warm() {
  // Generating code would change flags of V8, and the code be that of another V8 then.
  process.argv = [process.execPath, command, "--no-eval", "--dir", path("../examples"), example];
  const script = new Script(readFileSync(bundle, "latin1"), { filename: bundle });
  process.on("exit", () => writeFileSync(cache, script.createCachedData()));
  script.runInThisContext()(createRequire(import.meta.url), new URL("../dist/bin/wasmts.js", import.meta.url).href);
}

if (process.argv.includes("--warm")) warm();
else await write();
