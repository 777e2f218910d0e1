/**
 * dist/bin/warm.js: writes wasmts.cache, what V8 compiles while the command runs a guest twice, in the interpreter and as
 * generated code. The build runs it, and `npm install` of the package does, since only the same version of V8 takes it.
 */
const { spawnSync } = require("node:child_process");
const { readFileSync, renameSync, writeFileSync } = require("node:fs");
const { pathToFileURL } = require("node:url");
const { Script } = require("node:vm");

const bundle = `${__dirname}/wasmts.cjs`;
const command = `${__dirname}/wasmts.js`;
const cache = `${__dirname}/wasmts.cache`;
const guest = `${__dirname}/tour.wasm`;

/** Built-in modules, but V8 keeps its flags: with others the code would be that of another V8. */
const unflagged = (id) => (id === "node:v8" ? { ...require(id), setFlagsFromString: () => undefined } : require(id));

function warm() {
  const script = new Script(readFileSync(bundle, "latin1"), { filename: bundle });
  const start = script.runInThisContext();
  const run = (...flags) => {
    process.argv = [process.execPath, command, ...flags, "--dir", __dirname, guest];
    start(unflagged, pathToFileURL(command).href);
  };
  process.once("beforeExit", () => run("--tier", "js"));
  process.on("exit", () => {
    // Whole or not at all: commands may be started meanwhile.
    writeFileSync(`${cache}.new`, script.createCachedData());
    renameSync(`${cache}.new`, cache);
  });
  run("--no-eval");
}

// The guest prints: in a process of its own, to nobody.
if (process.argv[2] === "now") warm();
else process.exitCode = spawnSync(process.execPath, [__filename, "now"], { stdio: "ignore" }).status ?? 1;
