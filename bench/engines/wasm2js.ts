/**
 * wasm2js of binaryen: translates a module to JavaScript ahead of time, with -O. The translation is cached and no part of
 * any figure.
 *
 * Its code has no 64-bit values at its borders: an i64 parameter is two i32s, of which the imports are told here.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { npmFile, root } from "../../conformance/real/project.ts";
import { decode, funcTypeAt, I64 } from "../../engine/index.ts";
import { type Imports, type JsEngine, Unsupported } from "./engine.ts";

const cacheDir = join(root, ".cache", "bench");
const recipe = 2;
/** Larger modules take it minutes and gigabytes. */
const maxBytes = 4_000_000;

/** @throws Error when the package is not installed */
export function binaryenVersion(): string {
  return (JSON.parse(readFileSync(npmFile("binaryen", "package.json"), "utf8")) as { version: string }).version;
}

function binaryen(tool: string, args: readonly string[]): string | undefined {
  const result = spawnSync(process.execPath, [npmFile("binaryen", "bin", tool), ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 300_000,
  });
  if (result.status === 0) return undefined;
  // When it throws, Node prints the line it threw from, which is all of it.
  const lines = result.stderr.split("\n").filter((line) => line.length < 300);
  return lines.find((line) => /error|fatal|unsupported/i.test(line))?.trim() ?? `exit code ${result.status}`;
}

/** The JavaScript of the module, from the cache if it is there. @throws Unsupported when wasm2js refuses */
export function translate(bytes: Uint8Array): string {
  if (bytes.length > maxBytes) throw new Unsupported(`wasm2js is not given ${Math.round(bytes.length / 1e6)} MB`);
  const hash = createHash("sha256").update(`${recipe} ${binaryenVersion()}`).update(bytes).digest("hex").slice(0, 16);
  const cached = join(cacheDir, `wasm2js-${hash}.js`);
  if (!existsSync(cached)) {
    mkdirSync(cacheDir, { recursive: true });
    const scratch = mkdtempSync(join(cacheDir, "tmp-"));
    try {
      const [input, output] = [join(scratch, "in.wasm"), join(scratch, "out.js")];
      writeFileSync(input, bytes);
      const refused = convert(input, output);
      if (refused !== undefined) throw new Unsupported(`wasm2js: ${refused}`);
      renameSync(output, cached);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  return readFileSync(cached, "utf8");
}

function convert(input: string, output: string): string | undefined {
  const refused = binaryen("wasm2js", ["-O", "-all", input, "-o", output]);
  if (refused === undefined) return undefined;
  // It has no saturating conversions; another pass of binaryen writes them out.
  const lowered = input.replace(/\.wasm$/, "-lowered.wasm"); // it goes by the ending
  const again = binaryen("wasm-opt", ["-all", "--llvm-nontrapping-fptoint-lowering", input, "-o", lowered]);
  return again ?? (binaryen("wasm2js", ["-O", "-all", lowered, "-o", output]) && refused);
}

/** The function that takes the imports and gives the exports, out of the module that wasm2js writes. */
function load(text: string): (imports: Imports) => Record<string, unknown> {
  const end = text.indexOf("var retasmFunc");
  if (end < 0) throw new Error("wasm2js wrote something else than expected");
  const body = text.slice(0, end).replace(/^import .*$/gm, "");
  return new Function(`${body}\nreturn asmFunc;`)() as (imports: Imports) => Record<string, unknown>;
}

/** The imports as its code calls them: an i64 comes as two i32s. */
function legalImports(bytes: Uint8Array, imports: Imports): Imports {
  const module = decode(bytes);
  const legal: Record<string, Record<string, unknown>> = {};
  for (const imp of module.imports) {
    const given = imports[imp.module]?.[imp.name];
    legal[imp.module] ??= {};
    legal[imp.module]![imp.name] = given;
    if (imp.type.kind !== "func" || typeof given !== "function") continue;
    const { params } = funcTypeAt(module, imp.type.type);
    if (params.includes(I64)) {
      const isWide = params.map((type) => type === I64);
      legal[imp.module]![imp.name] = (...words: number[]) =>
        (given as (...args: unknown[]) => unknown)(...joined(isWide, words));
    }
  }
  return legal;
}

function joined(isWide: readonly boolean[], words: readonly number[]): (number | bigint)[] {
  let at = 0;
  return isWide.map((wide) => {
    const low = words[at++]!;
    if (!wide) return low;
    return BigInt.asIntN(64, (BigInt(words[at++]!) << 32n) | BigInt(low >>> 0));
  });
}

export const wasm2js: JsEngine = {
  prepare: (bytes) => void translate(bytes),
  instantiate: (bytes, imports) => ({ exports: load(translate(bytes))(legalImports(bytes, imports)) }),
};
