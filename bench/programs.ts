/** The whole programs: WASI modules that are run from start to end as processes. */
import { cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jsonText, logText, noise } from "../conformance/real/inputs.ts";
import { guestsDir, npmFile } from "../conformance/real/project.ts";
import { compileGuest } from "../conformance/real/toolchains.ts";
import { kernels } from "./corpus.ts";
import type { Job } from "./engines/native.ts";
import type { Group } from "./results.ts";
import { kernelBytes } from "./workload.ts";
import { wrapKernel } from "./wrap.ts";

export interface Program {
  readonly name: string;
  readonly group: Group;
  /** Takes native compilers half a minute: for a thorough run only. */
  readonly isHuge?: true;
  readonly input?: () => Uint8Array;
  /** Makes the module, in `scratch` if it is not cached. */
  prepare(scratch: string, divide: number): Promise<Job>;
}

const megabyte = 1_000_000;

const guest = (name: string, title: string, input?: () => Uint8Array, args: readonly string[] = []): Program => ({
  name: title,
  group: "programs",
  ...(input ? { input } : {}),
  // AssemblyScript's compiler is a development dependency: always there.
  prepare: async () => ({ wasm: await compileGuest("assemblyscript", name), args }),
});

/**
 * A kernel's loop as the one call of a program: the engine has to make it fast while it runs. V8 replaces no WebAssembly
 * on the stack, and leaves such a call in its baseline tier.
 */
const oneCall = (name: string, n: number): Program => ({
  name: `${name}, one call`,
  group: "one call",
  prepare: async (scratch, divide) => {
    const kernel = kernels.find((row) => row.name === name)!;
    const wasm = join(scratch, `one-${name}.wasm`);
    writeFileSync(wasm, await wrapKernel(kernelBytes(kernel), Math.ceil(n / divide), 1));
    return { wasm, args: [] };
  },
});

const esbuild = (name: string, args: readonly string[]): Program => ({
  name: `esbuild ${name}`,
  group: "esbuild",
  isHuge: true,
  prepare: async (scratch) => {
    const folder = join(scratch, "project");
    cpSync(join(guestsDir, "ts-project"), folder, { recursive: true, force: true });
    rmSync(join(folder, "node_modules"), { recursive: true, force: true });
    renameSync(join(folder, "node_modules_src"), join(folder, "node_modules"));
    return { wasm: npmFile("@esbuild", "wasi-preview1", "esbuild.wasm"), args, folder };
  },
});

export const programs: readonly Program[] = [
  {
    name: "hello",
    group: "start-up",
    prepare: async () => ({ wasm: await compileGuest("wat", "hello"), args: [] }),
  },
  oneCall("sha512", 2_000_000),
  oneCall("sha256", 4_000_000),
  oneCall("filter32", 60_000),
  oneCall("regvm", 20_000_000),
  guest("json", "json, 1 MB", () => Buffer.from(jsonText(megabyte))),
  guest("regex", "regex, 1 MB", () => Buffer.from(logText(megabyte)), [
    String.raw`(\d+\.)+\d+ .*(GET|POST) /(api|img)/[a-z_]+\.js" 404`,
  ]),
  guest("sha256sum", "sha256sum, 2 MB", () => noise(2 * megabyte)),
  guest("sort", "sort, 1 MB", () => Buffer.from(logText(megabyte))),
  guest("qsort", "qsort, 10^6 numbers", undefined, ["1000000", "1"]),
  esbuild("--version", ["--version"]),
  esbuild("bundle", ["src/main.ts", "--bundle", "--minify", "--format=esm", "--loader:.css=text"]),
];

export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "wasmts-bench-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
