/**
 * Build step after `tsc -b`: dist/bin/wasmts.js, the command as a bundle of three files (what a run needs, what it does
 * not need, what both need), so that starting it does not read a hundred. dist/cli/main.js is the same command from
 * single files; it starts slower.
 */
import { chmodSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/** Without the second line, which is for Node.js before 20.16, this would be a static import of its own cost. */
const banner = `const nodeRequire = process.getBuiltinModule
  ?? (await import("node:module")).createRequire(import.meta.url);`;

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));

/**
 * An `import` of a built-in module makes Node.js evaluate everything it exports, streams included; `require` does not.
 * Those in `late` are not even loaded before one of the functions listed is called.
 */
const builtins = {
  name: "builtins",
  setup(bundle) {
    const late = { "node:crypto": ["randomFillSync"], "node:tty": ["isatty"] };
    bundle.onResolve({ filter: /^node:/ }, ({ path }) => ({ path, namespace: "builtin" }));
    bundle.onLoad({ filter: /./, namespace: "builtin" }, ({ path }) => {
      const whole = `nodeRequire(${JSON.stringify(path)})`;
      const names = late[path];
      if (names === undefined) return { contents: `module.exports = ${whole};` };
      const functions = names.map((name) => `export const ${name} = (...args) => ${whole}.${name}(...args);`);
      return { contents: `${functions.join("\n")}\nexport default { ${names.join(", ")} };` };
    });
  },
};

rmSync(path("../dist/bin"), { recursive: true, force: true });
await build({
  entryPoints: { wasmts: path("./main.ts") },
  outdir: path("../dist/bin"),
  chunkNames: "chunks/[name]-[hash]",
  splitting: true,
  banner: { js: banner },
  plugins: [builtins],
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node20",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
});
chmodSync(path("../dist/bin/wasmts.js"), 0o755);
