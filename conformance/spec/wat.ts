/**
 * Module text to binaries, for test scripts: wasm-tools (inside jco-transpile), else wabt, cached on disk.
 *
 * wabt fills in what wasm-tools refuses: legacy exceptions, and one module with confusable names. Both are
 * devDependencies and are only loaded when a script is not in the cache. Together they assemble all of the suite;
 * each alone does not.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** The binary, or why no converter takes the text. */
export type Converted = Uint8Array | { readonly error: string };

/** Part of the cache key: change it when the converters or their options change. */
const version = "jco-transpile 0.15.0, wabt 1.0.39, format 2";

type Parse = (text: string) => Uint8Array;
let loading: Promise<Parse> | undefined;

/** Converts `texts` in order. The cache in `dir` has one file per list of texts; no `dir`: no cache. */
export async function convertTexts(texts: readonly string[], dir: string | undefined): Promise<Converted[]> {
  if (texts.length === 0) return [];
  const file = dir === undefined ? undefined : join(dir, `${keyOf(texts)}.json`);
  const cached = file === undefined ? undefined : readPack(file);
  if (cached !== undefined) return cached;
  loading ??= loadConverters();
  const parse = await loading;
  const converted = texts.map((text) => convert(parse, text));
  if (file !== undefined) writePack(file, converted);
  return converted;
}

function convert(parse: Parse, text: string): Converted {
  try {
    return parse(text);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function loadConverters(): Promise<Parse> {
  const wasmTools = await loadWasmTools();
  const wabt = await loadWabt();
  return (text) => {
    try {
      return wasmTools(text);
    } catch (error) {
      try {
        return wabt(text);
      } catch {
        throw error;
      }
    }
  };
}

/** The vendored file itself: the `parse` that the package exports is asynchronous, once per module. */
async function loadWasmTools(): Promise<Parse> {
  const entry = createRequire(import.meta.url).resolve("@bytecodealliance/jco-transpile/wasm-tools");
  const url = pathToFileURL(join(dirname(entry), "../vendor/wasm-tools.js")).href;
  const vendored = (await import(url)) as { $init: Promise<void>; tools: { parse(text: string): Uint8Array } };
  await vendored.$init;
  return (text) => {
    try {
      return vendored.tools.parse(text);
    } catch (error) {
      const payload = (error as { payload?: unknown }).payload;
      throw payload === undefined ? error : new Error(String(payload));
    }
  };
}

async function loadWabt(): Promise<Parse> {
  const { default: init } = (await import("wabt")) as unknown as { default: typeof import("wabt") };
  const wabt = await init();
  return (text) => {
    const parsed = wabt.parseWat("module.wat", new TextEncoder().encode(text), {
      exceptions: true,
      threads: true,
      memory64: true,
    });
    try {
      return parsed.toBinary({}).buffer.slice();
    } finally {
      parsed.destroy();
    }
  };
}

function keyOf(texts: readonly string[]): string {
  const hash = createHash("sha256").update(version);
  for (const text of texts) hash.update(`\0${text.length}\0`).update(text);
  return hash.digest("hex").slice(0, 32);
}

type Packed = string | { readonly error: string };

function readPack(file: string): Converted[] | undefined {
  try {
    const packed = JSON.parse(readFileSync(file, "utf8")) as Packed[];
    return packed.map((entry) => (typeof entry === "string" ? new Uint8Array(Buffer.from(entry, "base64")) : entry));
  } catch {
    return undefined;
  }
}

/** Written beside and moved into place: several runs may share the cache. */
function writePack(file: string, converted: readonly Converted[]): void {
  const packed = converted.map((entry) =>
    entry instanceof Uint8Array ? Buffer.from(entry).toString("base64") : entry,
  );
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}`;
  writeFileSync(partial, JSON.stringify(packed));
  renameSync(partial, file);
}
