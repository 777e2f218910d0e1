/**
 * Runs a guest in a child process and gathers everything it did: output, exit code, time, memory.
 *
 * The child is our CLI (`wasmts`); or the host's own WebAssembly with our WASI (`mixed`) or with `node:wasi` (`host`).
 * `WASMTS_REAL_RUNNER=host` runs whole test files that way, to check the tests themselves; what only our CLI promises
 * is then left out (`isOurs`).
 */
import { spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { cliPath, hostRunnerPath } from "./project.ts";

export interface GuestRun {
  readonly wasm: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Preopens as `--dir` takes them. */
  readonly dirs?: readonly string[];
  /** Further flags of `wasmts run`; the host runner ignores them. */
  readonly flags?: readonly string[];
  /** All of stdin; or a function that feeds it; or "null" for /dev/null, "file:PATH" for a redirected file. */
  readonly stdin?: Uint8Array | ((stdin: NodeJS.WritableStream) => Promise<void>) | "null" | `file:${string}`;
  readonly timeoutMs?: number;
  /** Default: what the environment says. */
  readonly runner?: RunnerName;
}

export type RunnerName = "wasmts" | "mixed" | "host";

export interface Outcome {
  /** Exit code; or the name of the signal that ended it, SIGKILL when it ran out of time. */
  readonly code: number | NodeJS.Signals;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly wallMs: number;
  /** CPU time and peak resident memory of the child, as it reports itself when it ends; undefined if it was killed. */
  readonly usage: { readonly cpuMs: number; readonly maxRssMiB: number } | undefined;
}

/** All guests run in this tier of ours; unset: the default. */
const tier = process.env.WASMTS_REAL_TIER;
const defaultRunner = (process.env.WASMTS_REAL_RUNNER ?? "wasmts") as RunnerName;

/** False under `WASMTS_REAL_RUNNER=host` and `mixed`. */
export const isOurs: boolean = defaultRunner === "wasmts";

/** Writes `{cpuMs, maxRssMiB}` to descriptor 3 when the process ends, however it ends by itself. */
const usageHook = `data:text/javascript,${encodeURIComponent(`
import { writeSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  try { writeSync(3, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, maxRssMiB: maxRSS / 1024 })); } catch {}
});`)}`;

/** The arguments of `node` for this run. */
function nodeArgs(run: GuestRun): string[] {
  const flags = [
    ...(run.dirs ?? []).flatMap((dir) => ["--dir", dir]),
    ...Object.entries(run.env ?? {}).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
  ];
  const guest = [run.wasm, ...(run.args ?? [])];
  const runner = run.runner ?? defaultRunner;
  if (tier !== undefined) flags.push("--tier", tier);
  if (runner === "wasmts") return [cliPath, "run", ...flags, ...(run.flags ?? []), ...guest];
  return [hostRunnerPath, ...(runner === "mixed" ? ["--wasi", "ours"] : []), ...flags, "--", ...guest];
}

/** Runs `wasmts run` on a guest to its end, or kills it after `timeoutMs` (default 50 s). */
export function runGuest(run: GuestRun): Promise<Outcome> {
  const plumbing = plumb(run.stdin ?? "null", (run.runner ?? defaultRunner) === "host");
  return runNode(nodeArgs(run), plumbing, run.stdin ?? "null", run.timeoutMs ?? 50_000);
}

/** Runs any `wasmts` command line. */
export function runCli(
  args: readonly string[],
  stdin: Uint8Array | "null" = "null",
  timeoutMs = 50_000,
): Promise<Outcome> {
  return runNode([cliPath, ...args], plumb(stdin, false), stdin, timeoutMs);
}

/** The descriptors a child gets; `close` are ours to close once it has started. */
interface Plumbing {
  readonly stdin: number | "ignore" | "pipe";
  readonly outputs: readonly (number | "pipe")[];
  readonly files: readonly string[];
  readonly close: readonly number[];
}

/** @param hasFiles  node:wasi hands EAGAIN to the guest when a pipe is full or empty, so it gets files */
function plumb(stdin: NonNullable<GuestRun["stdin"]>, hasFiles: boolean): Plumbing {
  const named = typeof stdin === "string" && stdin.startsWith("file:") ? openSync(stdin.slice(5), "r") : undefined;
  if (!hasFiles) {
    const input = named ?? (stdin === "null" ? "ignore" : "pipe");
    return { stdin: input, outputs: ["pipe", "pipe"], files: [], close: named === undefined ? [] : [named] };
  }
  const files = [0, 1, 2].map((fd) => join(tmpdir(), `wasmts-real-${process.pid}-${Math.random()}-${fd}`));
  writeFileSync(files[0]!, stdin instanceof Uint8Array ? stdin : "");
  const input = named ?? (typeof stdin === "function" ? "pipe" : openSync(files[0]!, "r"));
  const outputs = files.slice(1).map((file) => openSync(file, "w"));
  return { stdin: input, outputs, files, close: [...outputs, ...(input === "pipe" ? [] : [input])] };
}

function runNode(
  args: readonly string[],
  plumbing: Plumbing,
  stdin: NonNullable<GuestRun["stdin"]>,
  timeoutMs: number,
): Promise<Outcome> {
  const script = args.find((arg) => !arg.startsWith("-"))!;
  if (!existsSync(script)) throw new Error(`${script} is missing: run \`npm run build\` first`);
  const started = performance.now();
  const child = spawn(process.execPath, ["--import", usageHook, ...args], {
    stdio: [plumbing.stdin, ...plumbing.outputs, "pipe"],
    env: { ...process.env, NODE_NO_WARNINGS: "1", NO_COLOR: "1" },
  });
  for (const fd of plumbing.close) closeSync(fd);
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  if (child.stdin) {
    child.stdin.on("error", () => {}); // a guest may leave without reading everything
    if (typeof stdin === "function") void stdin(child.stdin).then(() => child.stdin?.end());
    else child.stdin.end(stdin);
  }
  const streams = [1, 2, 3].map((fd) => collect(child.stdio[fd] as Readable | null));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      const [stdout, stderr, report] = streams.map((chunks) => Buffer.concat(chunks)) as [Buffer, Buffer, Buffer];
      const [outFile, errFile] = plumbing.files.slice(1).map((file) => readFileSync(file));
      for (const file of plumbing.files) rmSync(file);
      const usage = report.length > 0 ? (JSON.parse(report.toString()) as NonNullable<Outcome["usage"]>) : undefined;
      const text = (errFile ?? stderr).toString();
      resolve({
        code: code ?? signal ?? -1,
        stdout: outFile ?? stdout,
        stderr: text,
        wallMs: performance.now() - started,
        usage,
      });
    });
  });
}

function collect(stream: Readable | null): Buffer[] {
  const chunks: Buffer[] = [];
  stream?.on("data", (chunk: Buffer) => chunks.push(chunk));
  return chunks;
}

/** A JavaScript stack line in what the user sees: a bug of ours reached the terminal. */
export function showsOurStack(stderr: string): boolean {
  return /^\s+at .*(node:|\.[jt]s:\d)/m.test(stderr);
}
