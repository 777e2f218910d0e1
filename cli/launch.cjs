#!/usr/bin/env node
/**
 * dist/bin/wasmts.js, the installed command: runs the bundle beside it, wasmts.cjs, with the code that V8 compiled of it
 * when it was built or installed, wasmts.cache. Another version of V8 refuses that, and compiles again; nothing else
 * changes. CommonJS,
 * since the loader of ECMAScript modules takes 4 ms at every start.
 */
const { readFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const { Script } = require("node:vm");

const filename = `${__dirname}/wasmts.cjs`;
/** Undefined when there is none. */
function readCache() {
  try {
    return readFileSync(filename.replace(/cjs$/, "cache"));
  } catch {
    return undefined;
  }
}
const script = new Script(readFileSync(filename, "latin1"), { filename, cachedData: readCache() });
script.runInThisContext()(require, pathToFileURL(__filename).href);
