/** `wasmts snapshot init [OPTIONS] FILE -o OUT`: initialises a module ahead of time. */
import { basename } from "node:path";
import { printable } from "../../engine/index.ts";
import { CliError } from "../cli-error.ts";
import { readEnvironment } from "../environment.ts";
import { readFeatures } from "../features.ts";
import { heapGauge } from "../heap-gauge.ts";
import { readMounts } from "../mounts.ts";
import type { FlagName } from "../options.ts";
import { problemOf, statusOf } from "../outcome.ts";
import { print, printError } from "../output.ts";
import type { Flags } from "../parse.ts";
import { defaultInitFunc, preinitialise } from "../preinit.ts";
import { presentProblem } from "../present.ts";
import { readModule } from "../read-module.ts";
import { parseCount, parseDuration, parseSize } from "../units.ts";
import { traceTo, type WasiSettings } from "../wasi-host.ts";
import { checkWritable, writeWhole } from "../write-file.ts";

/** Prints one line about the module it wrote, unless `-q`. */
export function snapshotInit(flags: Flags, operands: readonly string[]): number {
  const { file, out } = readPaths(flags, operands);
  const options = {
    file,
    initFunc: flags.get("init-func") ?? defaultInitFunc,
    isInitFuncKept: flags.has("keep-init-func"),
    rename: readRenames(flags.all("rename-func")),
    wasi: readWasi(flags, file),
    features: readFeatures(flags),
    limits: {
      memoryBytes: flags.read("max-memory", parseSize),
      tableElements: flags.read("max-table", parseCount),
      stackDepth: flags.read("max-stack-depth", parseCount),
      fuel: flags.read("fuel", parseCount),
      timeoutMs: flags.read("timeout", parseDuration),
    },
    heapGauge,
  };
  checkWritable(out);
  const bytes = readModule(file);
  const started = performance.now();
  let baked: Uint8Array;
  try {
    baked = preinitialise({ ...options, bytes });
  } catch (error) {
    const problem = problemOf(error, printable(file), bytes);
    printError(presentProblem(problem, { color: flags.get("color"), isQuiet: flags.has("quiet") }));
    if (problem.kind === "internal" && process.env.WASMTS_DEBUG && error instanceof Error)
      printError(error.stack ?? "");
    return statusOf(problem, process.platform);
  }
  const ms = Math.round(performance.now() - started);
  writeWhole(out, baked);
  if (!flags.has("quiet")) {
    print(`${printable(out)}: ${baked.length} bytes, from ${printable(file)} (${bytes.length} bytes) in ${ms} ms`);
  }
  return 0;
}

/** @throws CliError WT6506, WT6507, WT6704 */
function readPaths(
  flags: Flags,
  [file, ...others]: readonly string[],
): { readonly file: string; readonly out: string } {
  const out = flags.get("output");
  const usage = "write: wasmts snapshot init [OPTIONS] FILE -o OUT";
  if (file === undefined) {
    throw new CliError("WT6506", "no module given", { where: "'wasmts snapshot init' needs a file", help: usage });
  }
  if (others.length > 0) {
    throw new CliError("WT6507", "snapshot init takes one module", {
      where: `after ${file} comes ${others[0]}`,
      help: usage,
    });
  }
  if (out === undefined || out === "") {
    throw new CliError("WT6704", "no file to write the module to", { where: "-o is not given", help: usage });
  }
  return { file, out };
}

/** @throws CliError WT6503, WT6504 */
function readRenames(texts: readonly string[]): ReadonlyMap<string, string> {
  const renames = new Map<string, string>();
  for (const text of texts) {
    const equals = text.indexOf("=");
    const to = text.slice(0, equals);
    const from = text.slice(equals + 1);
    if (equals <= 0 || from === "") {
      throw new CliError("WT6503", `bad value for --rename-func: '${text}'`, {
        where: "--rename-func takes the new name and the old one",
        help: "for example: --rename-func _start=main",
      });
    }
    if (renames.has(to)) {
      throw new CliError("WT6504", `--rename-func gives the name ${printable(to)} twice`, {
        where: `to ${printable(renames.get(to)!)} and to ${printable(from)}`,
        help: "keep one of them",
      });
    }
    renames.set(to, from);
  }
  return renames;
}

/** Options that only say what WASI has. */
const forWasi: readonly FlagName[] = [
  "dir",
  "env",
  "env-file",
  "inherit-env",
  "argv0",
  "deterministic",
  "max-output",
  "trace-wasi",
];

/** Undefined when WASI is not allowed. @throws CliError WT6707, and those of its options */
function readWasi(flags: Flags, file: string): WasiSettings | undefined {
  if (!flags.has("allow-wasi")) {
    const needless = forWasi.find((flag) => flags.has(flag));
    if (needless === undefined) return undefined;
    throw new CliError("WT6707", `--${needless} without --allow-wasi`, {
      where: "the initialisation may call no import, so it could not make use of it",
      help: `add --allow-wasi, or leave --${needless} out`,
    });
  }
  return {
    args: [flags.get("argv0") ?? basename(file)],
    env: readEnvironment(flags, process.env),
    dirs: readMounts(flags.all("dir")),
    maxOutputBytes: flags.read("max-output", parseSize),
    stdin: 0,
    stdout: 1,
    stderr: 2,
    isTerminalSafe: !flags.has("allow-escapes"),
    deterministic: flags.has("deterministic") ? { seed: flags.get("deterministic") || undefined } : undefined,
    trace: flags.has("trace-wasi") ? traceTo(printError, flags.get("trace-wasi")!) : undefined,
  };
}
