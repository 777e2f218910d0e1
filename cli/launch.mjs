#!/usr/bin/env node
/**
 * dist/bin/wasmts.js, the installed command: runs the bundle beside it, wasmts.cjs, with the code that V8 compiled of it
 * at build time, wasmts.cache. Another version of V8 refuses that, and compiles again; nothing else changes.
 */
const builtin = process.getBuiltinModule
  ? (id) => process.getBuiltinModule(id)
  : (await import("node:module")).createRequire(import.meta.url);
const { readFileSync } = builtin("node:fs");
const { Script } = builtin("node:vm");

const filename = builtin("node:url").fileURLToPath(new URL("wasmts.cjs", import.meta.url));
/** Undefined when there is none. */
function readCache() {
  try {
    return readFileSync(filename.replace(/cjs$/, "cache"));
  } catch {
    return undefined;
  }
}
const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData: readCache() });
script.runInThisContext()(builtin, import.meta.url);
