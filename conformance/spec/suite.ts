/**
 * Finds the scripts of a suite, reads and converts them, runs them one after the other in this process.
 *
 * The official suite is not part of this repository: `suiteHelp` says where it comes from.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import type { SpecEngine } from "./adapter.ts";
import { BitsCaller } from "./bits.ts";
import { groupOf } from "./groups.ts";
import { type CommandResult, runScript, type Script, type Session } from "./run.ts";
import { type Command, lineOf, type ModuleSource, parseScript } from "./script.ts";
import { ScriptError } from "./sexpr.ts";
import { spectestOf, spectestTexts } from "./spectest.ts";
import { type Converted, convertTexts } from "./wat.ts";

export const suiteCommit = "193e551ff22663995b1ac95dc62344133669e14b";

export interface FileResult {
  readonly file: string;
  readonly seconds: number;
  readonly results: readonly CommandResult[];
}

/** Directory of package.json; this file also runs from below dist/. */
export function projectRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, "package.json")) && dir !== dirname(dir)) dir = dirname(dir);
  return dir;
}

export const defaultSuite = (): string => resolve(projectRoot(), "../shared/spec-testsuite");
const cacheDir = (): string => join(projectRoot(), ".cache/wast");

/** What to do when there is no suite at `path`. */
export const suiteHelp = (path: string): string => `no test suite at ${path}. To get it:
  git clone https://github.com/WebAssembly/testsuite ${path}
  git -C ${path} checkout ${suiteCommit}
or name another place with --suite PATH.`;

/** All `.wast` files below `path` (or `path` itself), in a fixed order. */
export function findScripts(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  const found = readdirSync(path, { recursive: true, encoding: "utf8" });
  return found
    .filter((file) => file.endsWith(".wast"))
    .sort()
    .map((file) => join(path, file));
}

/** Path below the suite, with slashes; the file name for scripts from elsewhere. */
export function labelOf(file: string, suite: string): string {
  const below = relative(suite, file);
  return below.startsWith("..") ? basename(file) : below.split(sep).join("/");
}

/** What an engine needs before its first script. */
export async function startSession(engine: SpecEngine): Promise<Session> {
  const binaries = await convertTexts(spectestTexts, cacheDir());
  const spectest = spectestOf(
    engine,
    binaries.filter((entry) => entry instanceof Uint8Array),
  );
  return { engine, bits: new BitsCaller(engine), spectest };
}

/** Reads, converts and runs one script. */
export function runFile(session: Session, path: string, label: string): Promise<FileResult> {
  session.engine.enable?.(groupOf(label).needs);
  return runSource(session, readFileSync(path, "utf8"), label);
}

/** Converts and runs a script. One that cannot be parsed is one failed command. */
export async function runSource(session: Session, source: string, label: string): Promise<FileResult> {
  let script: Script;
  try {
    script = await loadScript(source, label);
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    const line = lineOf(source, error.pos);
    const result = {
      file: label,
      line,
      kind: "unknown",
      outcome: "fail",
      message: error.message,
      warning: "",
    } as const;
    return { file: label, seconds: 0, results: [result] };
  }
  const start = performance.now();
  const results = runScript(session, script);
  return { file: label, seconds: (performance.now() - start) / 1000, results };
}

async function loadScript(source: string, file: string): Promise<Script> {
  const commands = parseScript(source);
  const sources = commands.flatMap(textOf);
  const binaries = await convertTexts(
    sources.map(({ text }) => text),
    cacheDir(),
  );
  const converted = new Map<ModuleSource, Converted>(sources.map((text, i) => [text, binaries[i]!]));
  return { file, commands, converted };
}

/** The module text in a command that an engine gets to see. */
function textOf(command: Command): Exclude<ModuleSource, { form: "binary" }>[] {
  if (!("source" in command) || command.source.form === "binary") return [];
  if (command.kind === "assert_malformed" && command.source.form === "quote") return [];
  return [command.source];
}
