/**
 * Builds the native parts, which are dist/native/*.node: `node native-accel/build.mjs [--if-possible] [--out DIR] [-DNAME]`. A C
 * compiler and the headers of N-API are all it takes. With --if-possible it is no error when they are not there: everything
 * works without the native parts.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const { values: options } = parseArgs({
  options: {
    "if-possible": { type: "boolean" },
    out: { type: "string", default: path("../dist/native") },
    define: { type: "string", short: "D", multiple: true, default: [] },
  },
});
const folder = options.out;
const flags = [
  ...options.define.map((name) => `-D${name}`),
  "-O2",
  "-fPIC",
  "-shared",
  "-std=gnu11",
  "-Wall",
  "-Wextra",
  "-Werror=implicit-function-declaration",
  "-fvisibility=hidden",
  "-s",
];

/** The first that runs; CC if it is set. */
function findCompiler() {
  const names = process.env.CC ? [process.env.CC] : ["cc", "clang", "gcc"];
  return names.find((name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0);
}

/** Those of the package, else those that were installed with Node.js. */
function findHeaders() {
  const folders = [
    process.env.NODE_API_HEADERS,
    path("../node_modules/node-api-headers/include"),
    join(dirname(process.execPath), "../include/node"),
  ];
  return folders.find((name) => name && existsSync(join(name, "node_api.h")));
}

/** Why it cannot be built; undefined when it was. */
function build(name) {
  if (process.platform !== "linux") return `it is made for Linux, and this is ${process.platform}`;
  const compiler = findCompiler();
  if (compiler === undefined) return "there is no C compiler (cc, clang or gcc; or set CC)";
  const headers = findHeaders();
  if (headers === undefined) return "there are no headers of N-API (npm ci installs them; or set NODE_API_HEADERS)";
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${process.platform}-${process.arch}.node`);
  // Beside it first: a process that has the old one mapped keeps it.
  const made = `${file}.${process.pid}`;
  const { status } = spawnSync(compiler, [...flags, "-I", headers, "-o", made, path(`./${name}/${name}.c`)], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (status === 0) renameSync(made, file);
  else rmSync(made, { force: true });
  return status === 0 ? undefined : `${compiler} has failed`;
}

const problem = build("host-files");
const isOptional = options["if-possible"] === true;
if (problem !== undefined) {
  console.error(`native host files: not built, ${problem}${isOptional ? "; the portable ones are used" : ""}`);
  process.exitCode = isOptional ? 0 : 1;
}
