/** `wasmts [run] [OPTIONS] FILE [--] [GUEST ARGS...]`: options to an execution, its outcome to stdout, report and status. */
import { closeSync, openSync, writeSync } from "node:fs";
import { basename, resolve } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { I64Form, TierName } from "../../engine/index.ts";
import { CliError } from "../cli-error.ts";
import { readEnvironment } from "../environment.ts";
import { type ExecuteOptions, type Execution, execute, noUsage, type Preload } from "../execute.ts";
import { readFeatures } from "../features.ts";
import { readFileSystems, readHostFiles, readLevel } from "../file-systems.ts";
import { dieOf, Interrupt } from "../interrupt.ts";
import type { UnknownImports } from "../link.ts";
import { listenEnvironment, readListeners } from "../listeners.ts";
import { GuestPaths, readMounts } from "../mounts.ts";
import { readNetwork } from "../network.ts";
import { readOptimise } from "../optimise.ts";
import { problemOf, statusOf } from "../outcome.ts";
import { print, printError } from "../output.ts";
import type { Flags } from "../parse.ts";
import { type PolicyWatch, readPolicy, watchPolicy } from "../policy-files.ts";
import { parseQuotas } from "../quotas.ts";
import { readModule } from "../read-module.ts";
import type { SavedRun } from "../saved-run.ts";
import { parseSnapshotTime, type SnapshotPlan } from "../snapshot-plan.ts";
import { parseChoice, parseCount, parseDuration, parseShare, parseSize } from "../units.ts";
import * as wasiHost from "../wasi-host.ts";
import { checkWritable, writeWhole } from "../write-file.ts";

export async function run(flags: Flags, operands: readonly string[]): Promise<number> {
  if (flags.has("features")) {
    parseChoice("--features", flags.get("features")!, ["list"]);
    const { columns, featureList } = await import("../more.ts");
    print(featureList(columns()));
    return 0;
  }
  const size = flags.has("raw") ? (await import("../more.ts")).windowSize() : {};
  return carryOut(flags, (watch) => readRun(flags, operands, watch, size));
}

/** Runs what `read` gives, and tells how it ended: the exit status. */
export async function carryOut(flags: Flags, read: (watch: PolicyWatch) => ExecuteOptions): Promise<number> {
  const report = openReport("report", flags.get("report"));
  const receipt = flags.get("receipt") === "-" ? "-" : openReport("receipt", flags.get("receipt"));
  const watch = watchPolicy(flags.get("audit"), flags.get("learn"));
  const profile = flags.has("profile")
    ? await (await import("../more.ts")).startProfile(flags.get("profile")!)
    : undefined;
  const cache = flags.has("code-cache")
    ? new (await import("../code-cache.ts")).RunCache(flags.get("code-cache")!)
    : undefined;
  const leaveRawMode = flags.has("raw") ? (await import("../more.ts")).enterRawMode() : undefined;
  const execution = await attempt(() => cache?.addTo(read(watch)) ?? read(watch));
  leaveRawMode?.();
  await profile?.finish();
  watch.finish();
  const status =
    execution.problem === undefined ? (execution.exitCode ?? 0) & 255 : statusOf(execution.problem, process.platform);
  // Before the record, which is the last line on stdout.
  if (receipt !== undefined) await writeReceipt(receipt, execution);
  if (report !== undefined || flags.has("json")) {
    const record = JSON.stringify((await import("../more.ts")).recordOf(execution, status, flags.has("stats")));
    if (report !== undefined) writeReport(report, record);
    if (flags.has("json")) print(record);
  }
  if (!flags.has("json")) await show(execution, flags);
  if (flags.has("stats")) printError((await import("../more.ts")).printStats(execution));
  const signal = signalOf(execution);
  if (signal !== undefined) {
    // A process that a signal ends tells nobody that it exits.
    cache?.flush();
    dieOf(signal);
  }
  return status;
}

/** What the process has been sent to end it. */
function signalOf({ problem }: Execution): "SIGINT" | "SIGTERM" | undefined {
  if (problem?.code === "WT6581") return "SIGINT";
  return problem?.code === "WT6582" ? "SIGTERM" : undefined;
}

async function attempt(read: () => ExecuteOptions): Promise<Execution> {
  let options: ExecuteOptions;
  try {
    options = read();
  } catch (error) {
    const problem = problemOf(error);
    return { kind: problem.kind, problem, error, usage: noUsage };
  }
  return execute(options);
}

function readRun(
  flags: Flags,
  operands: readonly string[],
  watch: PolicyWatch,
  size: Readonly<Record<string, string>>,
): ExecuteOptions {
  const [file, ...words] = operands;
  if (file === undefined) {
    throw new CliError("WT6506", "no module given", {
      where: "the options are not followed by a file",
      help: "write: wasmts [OPTIONS] FILE [ARGS...]; 'wasmts -h' has examples",
    });
  }
  const invoke = flags.get("invoke");
  const args = [flags.get("argv0") ?? basename(file), ...(invoke === undefined ? words : [])];
  const preloads = readPreloads(flags.all("preload"));
  const listeners = readListeners(flags.all("tcplisten"), process);
  const env = { ...size, ...listenEnvironment(listeners), ...readEnvironment(flags, process.env) };
  return {
    ...readGuest(flags, file, preloads, watch, { args, env }),
    file,
    preloads,
    bytes: readModule(file),
    invoke: invoke === undefined ? undefined : { name: invoke, words },
  };
}

/** What is the same for a guest that starts and for one that goes on. `given` is what only the first is given. */
export function readGuest(
  flags: Flags,
  file: string,
  preloads: SavedRun["preloads"],
  watch: PolicyWatch,
  given: Pick<wasiHost.WasiSettings, "args" | "env" | "state">,
): Omit<ExecuteOptions, "file" | "bytes" | "preloads"> {
  const guestPaths = new GuestPaths();
  const settings: wasiHost.WasiSettings = {
    ...given,
    dirs: readMounts(flags.all("dir"), guestPaths),
    fsLevel: readLevel(flags),
    hostFiles: readHostFiles(flags),
    mounts: readFileSystems(flags, guestPaths, { maxBytes: optional(flags, "max-fs-memory", parseSize) }),
    maxOutputBytes: optional(flags, "max-output", parseSize),
    stdin: 0,
    stdout: 1,
    stderr: 2,
    isTerminalSafe: !flags.has("allow-escapes"),
    brokenPipe: "exit",
    deterministic: flags.has("deterministic") ? { seed: flags.get("deterministic") || undefined } : undefined,
    receipt: flags.has("receipt"),
    policy: flags.has("policy") ? readPolicy(flags.get("policy")!) : undefined,
    audit: watch.audit,
    quotas: flags.has("quota") ? parseQuotas("--quota", flags.all("quota")) : undefined,
    trace: flags.has("trace-wasi") ? wasiHost.traceTo(printError, flags.get("trace-wasi")!) : undefined,
  };
  const i64 = parseChoice<I64Form>("--i64", flags.get("i64") ?? "words", ["words", "bigint"]);
  return {
    wasi: settings,
    network: given.state === undefined ? readNetwork(flags, process) : undefined,
    loadWasi: () => wasiHost,
    loadHeapGauge: async () => (await import("../more.ts")).heapGauge,
    unknownImports: parseChoice<UnknownImports>("--unknown-imports", flags.get("unknown-imports") ?? "error", [
      "error",
      "trap",
      "default",
    ]),
    features: readFeatures(flags),
    tier: readTier(flags.get("tier") ?? "auto"),
    mayEval: !flags.has("no-eval"),
    i64,
    optimise: readOptimise(flags),
    onGenerate: (bytes) => tuneV8(i64, bytes),
    optimisesLarge: true,
    interrupt: new Interrupt(),
    inTurns: flags.has("cpu-share"),
    snapshot: readSnapshotPlan(flags, { file, preloads }),
    limits: readLimits(flags),
  };
}

/** What a guest may have counts over all its memories and tables: those of preloaded modules are its own. */
function readLimits(flags: Flags): ExecuteOptions["limits"] {
  const memoryBytes = optional(flags, "max-memory", parseSize);
  const tableElements = optional(flags, "max-table", parseCount);
  return {
    memoryBytes,
    totalMemoryBytes: memoryBytes,
    tableElements,
    totalTableElements: tableElements,
    stackDepth: optional(flags, "max-stack-depth", parseCount),
    fuel: optional(flags, "fuel", parseCount),
    timeoutMs: optional(flags, "timeout", parseDuration),
    threads: optional(flags, "max-threads", parseCount),
    cpuShare: optional(flags, "cpu-share", parseShare),
  };
}

/** @throws CliError WT6503, WT6571, WT6705 */
function readSnapshotPlan(flags: Flags, { file, preloads }: SavedRun): SnapshotPlan | undefined {
  const path = flags.get("snapshot");
  if (path === undefined) {
    if (!flags.has("snapshot-at") && !flags.has("snapshot-continue")) return undefined;
    throw new CliError("WT6571", "--snapshot-at and --snapshot-continue need --snapshot FILE", {
      where: "there is no file to save the guest to",
      help: "add --snapshot FILE",
    });
  }
  checkWritable(path);
  return {
    at: parseSnapshotTime("--snapshot-at", flags.get("snapshot-at") ?? "signal:USR1"),
    goesOn: flags.has("snapshot-continue"),
    run: { file: resolve(file), preloads: preloads.map((p) => ({ name: p.name, file: resolve(p.file) })) },
    write: (bytes) => writeWhole(path, bytes),
  };
}

/** @throws CliError WT6503, WT6505 */
function readTier(text: string): TierName {
  const tier = parseChoice("--tier", text, ["auto", "interp", "js", "native"]);
  if (tier !== "native") return tier;
  throw new CliError("WT6505", `--tier ${tier} is not available in this version`, {
    where: "there are the interpreter and generated JavaScript so far",
    help: "leave --tier out",
  });
}

/** V8 optimises all functions of fewer bytes by itself: it would take 30 bytes of its own for each to reach its limit. */
const ORDINARY_BYTES = 2048;
let isTuned = false;

/**
 * V8 leaves large functions unoptimised unless it is told otherwise, and long calls in its middle tier, where BigInts
 * are objects: see RATIONALE.md. Not before there are some, since loading `node:v8` takes a hundredth of a small run.
 */
function tuneV8(i64: I64Form, bytes: number): void {
  if (isTuned || (bytes < ORDINARY_BYTES && i64 === "words")) return;
  isTuned = true;
  setFlagsFromString("--max-optimized-bytecode-size=2000000");
  if (i64 === "bigint" && Number.parseFloat(process.versions.v8) >= 13) setFlagsFromString("--always-osr-from-maglev");
}

type NumberFlag =
  | "max-output"
  | "max-fs-memory"
  | "max-memory"
  | "max-table"
  | "max-stack-depth"
  | "max-threads"
  | "fuel"
  | "timeout"
  | "cpu-share";

function optional(flags: Flags, name: NumberFlag, parse: (flag: string, text: string) => number): number | undefined {
  return flags.read(name, parse);
}

/** @throws CliError WT6561, and those of `readModule` */
function readPreloads(texts: readonly string[]): Preload[] {
  const preloads: Preload[] = [];
  for (const text of texts) {
    const equals = text.indexOf("=");
    const name = text.slice(0, equals);
    const file = text.slice(equals + 1);
    if (equals <= 0 || file === "") {
      throw new CliError("WT6561", `--preload '${text}' cannot be read`, {
        where: "it is not NAME=FILE",
        help: "write --preload NAME=FILE",
      });
    }
    if (preloads.some((preload) => preload.name === name)) {
      throw new CliError("WT6561", `two preloads are named ${name}`, {
        where: `the second is ${file}`,
        help: "give each its own name",
      });
    }
    preloads.push({ name, file, bytes: readModule(file) });
  }
  return preloads;
}

/** For a person: results on stdout, problems on stderr. */
async function show({ problem, results, error }: Execution, flags: Flags): Promise<void> {
  if (results === undefined && problem === undefined) return;
  // Whoever pressed Ctrl-C knows.
  if (signalOf({ problem } as Execution) !== undefined) return;
  const { presentProblem, printValue } = await import("../more.ts");
  for (const { type, value } of results ?? []) print(printValue(value, type));
  if (problem === undefined) return;
  printError(presentProblem(problem, { color: flags.get("color"), isQuiet: flags.has("quiet") }));
  if (problem.kind === "internal" && process.env.WASMTS_DEBUG && error instanceof Error) printError(error.stack ?? "");
}

/** Opened before the guest runs, so that a path that cannot be written is told in time. @throws CliError WT6570 */
function openReport(flag: "report" | "receipt", path: string | undefined): number | undefined {
  if (path === undefined) return undefined;
  try {
    return openSync(path, "w");
  } catch (error) {
    throw new CliError("WT6570", `cannot write the ${flag} ${path}`, {
      where: (error as Error).message,
      help: "choose a path that can be written",
    });
  }
}

function writeReport(fd: number, record: string): void {
  try {
    writeSync(fd, `${record}\n`);
  } finally {
    closeSync(fd);
  }
}

/** A guest that never ran has none: the file stays empty. */
async function writeReceipt(to: number | "-", { receipt }: Execution): Promise<void> {
  const { printReceipt } = await import("../more.ts");
  const text = receipt === undefined ? "" : printReceipt(receipt);
  if (to !== "-") writeReport(to, text);
  else if (receipt !== undefined) print(text);
}
