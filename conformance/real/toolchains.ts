/**
 * Compiles the guest programs of `conformance/guests/` with whatever compilers this machine has.
 *
 *   source + flags + compiler version ──hash──► .cache/guests/<language>-<program>-<hash>.wasm
 *
 * A compiler counts as present when it really compiles an empty program for WASI: a `clang` without wasi-libc or a
 * rustup `rustc` without the target does not. What is missing, and what to install, is said in `Probe.missing`;
 * turning that into a skipped or a failing test is `languages.ts`' job.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { cacheDir, guestsDir, npmFile } from "./project.ts";

export type Language = "wat" | "assemblyscript" | "c" | "rust" | "go";

interface Toolchain {
  /** Part of the cache key: a new compiler compiles everything anew. */
  readonly version: string;
  readonly flags: readonly string[];
  /** The files of `guests/<language>/` that `program` is made of; the first is what the compiler is given. */
  sources(program: string): string[];
  compile(source: string, out: string, flags: readonly string[]): Promise<void>;
}

export type Probe = { readonly toolchain: Toolchain } | { readonly toolchain: undefined; readonly missing: string };

/** What one program needs beyond its language's flags. */
const extraFlags: Readonly<Record<string, readonly string[]>> = {
  // `grow` fails at a limit of its own, so that it ends the same way in every engine.
  "c/grow": ["-Wl,--max-memory=67108864"],
  "rust/grow": ["-C", "link-arg=--max-memory=67108864"],
  "assemblyscript/grow": ["--maximumMemory", "1024"],
};

/** Raise it when the way of compiling changes in a way that flags and versions do not show. */
const recipe = 2;

const probes = new Map<Language, Promise<Probe>>();

/** Looks for the language's compiler once per process. */
export function probeToolchain(language: Language): Promise<Probe> {
  let probe = probes.get(language);
  if (!probe) probes.set(language, (probe = finders[language]()));
  return probe;
}

/**
 * The path of the compiled program; compiles it when the cache has no copy.
 *
 * @throws Error when the compiler is missing or refuses the program (our mistake: guests are ours)
 */
export async function compileGuest(language: Language, program: string): Promise<string> {
  const { toolchain, ...probe } = await probeToolchain(language);
  if (!toolchain) throw new Error("missing" in probe ? probe.missing : "no compiler");
  const flags = [...toolchain.flags, ...(extraFlags[`${language}/${program}`] ?? [])];
  const sources = toolchain.sources(program);
  const hash = createHash("sha256").update(JSON.stringify([recipe, toolchain.version, flags]));
  for (const file of sources) hash.update(`\0${relative(guestsDir, file)}\0`).update(readFileSync(file));
  const name = `${language}-${program}-${hash.digest("hex").slice(0, 16)}.wasm`;
  const cached = join(cacheDir, name);
  if (existsSync(cached)) return cached;
  return inScratchFolder(async (scratch) => {
    const out = join(scratch, `${program}.wasm`);
    await toolchain.compile(sources[0]!, out, flags);
    renameSync(out, cached); // atomic: test files that run at once may compile the same program
    return cached;
  });
}

async function inScratchFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(cacheDir, { recursive: true });
  const folder = mkdtempSync(join(cacheDir, "tmp-"));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Without npm's folders: clang runs any `wasm-opt` it finds on PATH, which is binaryen's when npm started us, and the
 * same compiler would give two different modules.
 */
function plainPath(): string[] {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.filter((folder) => folder !== "" && !folder.includes("node_modules"));
}

/** Standard output of a command; rejects with its standard error. */
export function command(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const fullEnv = { ...process.env, ...env, PATH: plainPath().join(delimiter) };
    execFile(file, args, { env: fullEnv, cwd, maxBuffer: 1 << 26, timeout: 600_000 }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${file} ${args.join(" ")}: ${stderr.trim() || error.message}`));
      else resolve(stdout);
    });
  });
}

/** Every executable of that name on PATH, in order. */
export function onPath(name: string): string[] {
  return [...new Set(plainPath().map((folder) => join(folder, name)))].filter(
    (file) => existsSync(file) && statSync(file).isFile(),
  );
}

function sourceFile(language: Language, file: string): string {
  return join(guestsDir, language, file);
}

// ---- the five languages ------------------------------------------------------------------------------------------------

const finders: Record<Language, () => Promise<Probe>> = {
  wat: findWabt,
  assemblyscript: findAssemblyScript,
  c: findClang,
  rust: findRust,
  go: findGo,
};

async function findWabt(): Promise<Probe> {
  const compile = async (source: string, out: string) => {
    const { default: load } = await import("wabt");
    const wabt = await load();
    const module = wabt.parseWat(source, readFileSync(source, "utf8"), {
      bulk_memory: true,
      reference_types: true,
      multi_value: true,
    });
    writeFileSync(out, module.toBinary({ write_debug_names: true }).buffer);
    module.destroy();
  };
  return {
    toolchain: {
      version: npmVersion("wabt"),
      flags: [],
      sources: (program) => [sourceFile("wat", `${program}.wat`)],
      compile,
    },
  };
}

function npmVersion(name: string): string {
  const { version } = JSON.parse(readFileSync(npmFile(name, "package.json"), "utf8")) as { version: string };
  return `${name} ${version}`;
}

/** The part of `assemblyscript/asc` used here; its own declarations bring the language's global names along. */
interface Asc {
  main(args: readonly string[], streams: { stderr: { write(text: string): void } }): Promise<{ error: Error | null }>;
}

async function findAssemblyScript(): Promise<Probe> {
  const compile = async (source: string, out: string, flags: readonly string[]) => {
    const asc = (await import(pathToFileURL(npmFile("assemblyscript", "dist", "asc.js")).href)) as Asc;
    const messages: string[] = [];
    const folder = join(guestsDir, "assemblyscript");
    const args = [relative(folder, source), "--baseDir", folder, "--outFile", relative(folder, out), ...flags];
    const { error } = await asc.main(args, { stderr: { write: (text) => messages.push(text) } });
    if (error) throw new Error(`asc ${args.join(" ")}: ${error.message}\n${messages.join("")}`);
  };
  const flags = ["--optimizeLevel", "3", "--debug", "--exportStart", "_start", "--use", "abort=abort/wasi_abort"];
  const sources = (program: string) =>
    [program, "wasi", "abort"].map((name) => sourceFile("assemblyscript", `${name}.ts`));
  return { toolchain: { version: npmVersion("assemblyscript"), flags, sources, compile } };
}

async function findClang(): Promise<Probe> {
  const missing = "no clang that compiles for wasm32-wasi; install clang lld wasi-libc libclang-rt-14-dev-wasm32";
  const flags = ["--target=wasm32-wasi", "-O2", "-Wall", "-Wno-infinite-recursion"];
  for (const clang of onPath("clang")) {
    const compile = async (source: string, out: string, given: readonly string[]) => {
      await command(clang, [...given, source, "-o", out]);
    };
    const version = await versionIf(clang, ["--version"], flags, () =>
      compilesEmpty("empty.c", "int main(void) { return 0; }\n", (source, out) => compile(source, out, flags)),
    );
    if (version === undefined) continue;
    return { toolchain: { version, flags, sources: (program) => [sourceFile("c", `${program}.c`)], compile } };
  }
  return { toolchain: undefined, missing };
}

async function findRust(): Promise<Probe> {
  const missing =
    "no rustc with a standard library for wasm32-wasip1 or wasm32-wasi; install rustc libstd-rust-dev-wasm32";
  for (const rustc of onPath("rustc"))
    for (const target of ["wasm32-wasip1", "wasm32-wasi"]) {
      const flags = ["--edition", "2021", "--target", target, "-O"];
      const compile = async (source: string, out: string, given: readonly string[]) => {
        await command(rustc, [...given, source, "-o", out]);
      };
      const version = await versionIf(rustc, ["-vV"], flags, () =>
        compilesEmpty("empty.rs", "fn main() {}\n", (source, out) => compile(source, out, flags)),
      );
      if (version === undefined) continue;
      return { toolchain: { version, flags, sources: (program) => [sourceFile("rust", `${program}.rs`)], compile } };
    }
  return { toolchain: undefined, missing };
}

async function findGo(): Promise<Probe> {
  const missing = "no Go 1.21 or newer that builds for GOOS=wasip1; install Go";
  const env = {
    GOOS: "wasip1",
    GOARCH: "wasm",
    GOFLAGS: "",
    GOTOOLCHAIN: "local",
    GOPROXY: "off",
    GOWORK: "off",
    GOCACHE: join(cacheDir, "..", "go-build"),
  };
  for (const go of onPath("go")) {
    const compile = async (source: string, out: string) => {
      await command(go, ["build", "-trimpath", "-o", out, "."], env, join(source, ".."));
    };
    const empty = async (source: string, out: string) => {
      await command(go, ["build", "-o", out, source], env);
    };
    const version = await versionIf(go, ["version"], [], () =>
      compilesEmpty("empty.go", "package main\n\nfunc main() {}\n", empty),
    );
    if (version === undefined) continue;
    return { toolchain: { version, flags: ["-trimpath"], sources: goSources, compile } };
  }
  return { toolchain: undefined, missing };
}

/** `main.go` first (its folder is what gets built), then everything else the program is made of. */
function goSources(program: string): string[] {
  const folder = sourceFile("go", program);
  const files = readdirSync(folder).filter((file) => file !== "main.go");
  return ["main.go", ...files.sort()].map((file) => join(folder, file)).concat(sourceFile("go", "go.mod"));
}

/**
 * What the compiler says to `flag`; undefined when it does not work. That it works is remembered as long as its version
 * is the same: trying takes seconds, and every test file asks.
 */
async function versionIf(
  compiler: string,
  flag: readonly string[],
  flags: readonly string[],
  works: () => Promise<boolean>,
): Promise<string | undefined> {
  const version = await command(compiler, flag).catch(() => undefined);
  if (version === undefined) return undefined;
  const hash = createHash("sha256").update(JSON.stringify([recipe, compiler, version, flags]));
  const mark = join(cacheDir, `works-${hash.digest("hex").slice(0, 16)}`);
  if (existsSync(mark)) return version;
  if (!(await works())) return undefined;
  writeFileSync(mark, `${compiler}\n${version}`);
  return version;
}

async function compilesEmpty(
  file: string,
  text: string,
  compile: (source: string, out: string) => Promise<void>,
): Promise<boolean> {
  return inScratchFolder(async (scratch) => {
    writeFileSync(join(scratch, file), text);
    try {
      await compile(join(scratch, file), join(scratch, "empty.wasm"));
      return existsSync(join(scratch, "empty.wasm"));
    } catch {
      return false;
    }
  });
}
