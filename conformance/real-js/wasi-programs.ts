/**
 * Packages of npm that need WASI: they take the class of `node:wasi`, which the runner has replaced by ours when
 * `WebAssembly` is not the host's.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digest, type Loaded, type Packages, type Program, repeat, source, unit } from "./job.ts";

/** Runs a command as `node:wasi` does, with files as its standard streams; what it wrote. */
async function command(module: Loaded, args: readonly string[], input: string): Promise<string> {
  const { WASI } = (await import("node:wasi")) as Loaded;
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Loaded };
  const folder = mkdtempSync(join(tmpdir(), "wasmts-real-"));
  const [from, to] = [join(folder, "in"), join(folder, "out")];
  writeFileSync(from, input);
  const [stdin, stdout] = [openSync(from, "r"), openSync(to, "w")];
  try {
    const wasi = new WASI({ version: "preview1", args, stdin, stdout, returnOnExit: true });
    const code = wasi.start(await wasm.instantiate(module, wasi.getImportObject()));
    return `code ${code}, ${digest(readFileSync(to))}`;
  } finally {
    for (const fd of [stdin, stdout]) closeSync(fd);
    rmSync(folder, { recursive: true });
  }
}

async function esbuild({ read }: Packages, times: number): Promise<string> {
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Loaded };
  const module = await wasm.compile(read("@esbuild/wasi-preview1/esbuild.wasm"));
  const text = source.replaceAll("export function", "function");
  return repeat(times, () => command(module, ["esbuild", "--minify", "--target=es2015"], text));
}

async function ruby({ load, read }: Packages, times: number): Promise<string> {
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly: Loaded };
  const { DefaultRubyVM } = await load("@ruby/wasm-wasi/dist/esm/node.js");
  const { vm } = await DefaultRubyVM(await wasm.compile(read("@ruby/3.4-wasm-wasi/dist/ruby+stdlib.wasm")));
  const text = `require "json"
      words = %w[wasm ts ruby].map { |w| w.capitalize.gsub(/[aeiou]/) { $&.upcase } }
      found = (2..300).select { |n| (2..Math.sqrt(n)).none? { |d| (n % d).zero? } }
      caught = begin; Integer("x"); rescue ArgumentError => e; e.message; end
      JSON.generate([words, found.sum, 2**100, caught, { "a" => [nil, 1.5] }])`;
  return repeat(times, () => vm.eval(text).toString());
}

async function crc32({ load }: Packages, times: number): Promise<string> {
  const { default: crc } = await load("@node-rs/crc32-wasm32-wasi");
  return repeat(times, () => `${crc.crc32(source)} ${crc.crc32c(source)} ${crc.crc32(Buffer.from(source), 7)}`);
}

async function xxhash({ load }: Packages, times: number): Promise<string> {
  const { default: xx } = await load("@node-rs/xxhash-wasm32-wasi");
  return repeat(times, () => {
    const hash = new xx.Xxh64(5n);
    for (let i = 0; i < 20; i++) hash.update(source);
    return `${xx.xxh32(source)} ${xx.xxh3.xxh128(source)} ${hash.digest()}`;
  });
}

async function oxc({ load }: Packages, times: number): Promise<string> {
  const { default: parser } = await load("@oxc-parser/binding-wasm32-wasi");
  return repeat(times, async () => {
    const { program, errors } = parser.parseSync("a.js", source);
    // Four threads of the guest, each a worker.
    const texts = Array.from({ length: 8 }, (_, i) => unit.repeat(i));
    const inThreads = await Promise.all(texts.map((text) => parser.parse("a.js", text)));
    const all = inThreads.map((result: Loaded) => result.program).join("");
    return `${digest(program)}, ${errors.length} errors, ${errors[0]?.message}; ${digest(all)}`;
  });
}

/** Short ones first. */
export const wasiPrograms: readonly Program[] = [
  { name: "@node-rs/crc32-wasm32-wasi", needs: ["@node-rs/crc32-wasm32-wasi"], run: crc32 },
  { name: "@node-rs/xxhash-wasm32-wasi", needs: ["@node-rs/xxhash-wasm32-wasi"], run: xxhash },
  { name: "@oxc-parser/binding-wasm32-wasi", needs: ["@oxc-parser/binding-wasm32-wasi"], run: oxc },
  { name: "@esbuild/wasi-preview1", needs: ["@esbuild/wasi-preview1"], run: esbuild },
  { name: "@ruby/3.4-wasm-wasi", needs: ["@ruby/3.4-wasm-wasi", "@ruby/wasm-wasi"], run: ruby },
];
