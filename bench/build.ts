/**
 * Compiles the kernels of `cases/` into `cases/prebuilt/`, which is checked in so that the benchmark needs no compiler.
 *
 * `manifest.json` holds, per kernel, a hash of its sources and the compiler used; a test compares the hashes, so a changed
 * source without a new module is found. Run `node dist/bench/build.js` after changing a kernel; it needs clang.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { npmFile, root } from "../conformance/real/project.ts";
import { type Kernel, kernels } from "./corpus.ts";

const casesDir = join(root, "bench", "cases");
export const prebuiltDir: string = join(casesDir, "prebuilt");

export interface Manifest {
  readonly [kernel: string]: { readonly source: string; readonly compiler: string };
}

const clangFlags = [
  "--target=wasm32",
  "-O2",
  "-nostdlib",
  "-mbulk-memory",
  "-msign-ext",
  "-fno-builtin",
  "-Wall",
  "-Wl,--no-entry",
  "-Wl,--strip-debug",
  "-Wl,-z,stack-size=65536",
];
const ascFlags = ["-O3"];

/** SHA-256 of everything a kernel is compiled from, flags included. */
export function sourceHash(kernel: Kernel): string {
  const isC = kernel.source.endsWith(".c");
  const hash = createHash("sha256").update(JSON.stringify(isC ? clangFlags : ascFlags));
  for (const file of isC ? [kernel.source, "case.h"] : [kernel.source]) hash.update(readFileSync(join(casesDir, file)));
  return hash.digest("hex");
}

/** Without npm's folders: clang would run the `wasm-opt` it finds there. */
function plainPath(): string {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => !folder.includes("node_modules")).join(delimiter);
}

function compile(kernel: Kernel): string {
  const source = join(casesDir, kernel.source);
  const out = join(prebuiltDir, `${kernel.name}.wasm`);
  if (kernel.source.endsWith(".c")) {
    const env = { ...process.env, PATH: plainPath() };
    execFileSync("clang", [...clangFlags, "-o", out, source], { env, stdio: ["ignore", "inherit", "inherit"] });
    return execFileSync("clang", ["--version"], { encoding: "utf8" }).split("\n")[0]!;
  }
  const asc = npmFile("assemblyscript", "bin", "asc.js");
  execFileSync(process.execPath, [asc, kernel.source, "--outFile", out, ...ascFlags], {
    cwd: casesDir,
    stdio: "inherit",
  });
  const { version } = JSON.parse(readFileSync(npmFile("assemblyscript", "package.json"), "utf8")) as {
    version: string;
  };
  return `assemblyscript ${version}`;
}

export function readManifest(): Manifest {
  return JSON.parse(readFileSync(join(prebuiltDir, "manifest.json"), "utf8")) as Manifest;
}

function main(): void {
  const manifest: Record<string, Manifest[string]> = {};
  for (const kernel of kernels) manifest[kernel.name] = { source: sourceHash(kernel), compiler: compile(kernel) };
  writeFileSync(join(prebuiltDir, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
  console.log(`${kernels.length} kernels in ${prebuiltDir}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main();
