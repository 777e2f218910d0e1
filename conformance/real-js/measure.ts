/** Runs the programs, each in a process of its own, and makes a table of how they did. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { root } from "../real/project.ts";
import type { Program } from "./job.ts";
import { programs } from "./programs.ts";

export type Engine = "host" | "interp" | "js" | "auto" | "polywasm";

export interface Run {
  readonly result: string;
  readonly moduleBytes: number;
  /** From the import of the package to the result; of all threads of the process. */
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
}

/** What a program came to: its middle run by CPU time, or why there is none. */
export type Outcome = Run | { readonly failure: string };

const runner = join(root, "dist/conformance/real-js/runner.js");
const TIMEOUT_MS = 120_000;

/** True when its packages are in one of `folders`. */
export const isInstalled = ({ needs }: Program, folders: readonly string[]): boolean =>
  folders.some((folder) => needs.every((name) => existsSync(join(folder, "node_modules", name))));

/** @param jobs how often the program does its job in a run */
export function runProgram(
  { name }: Program,
  engine: Engine,
  folders: readonly string[],
  times = 1,
  jobs = 1,
): Outcome {
  const runs: Run[] = [];
  for (let i = 0; i < times; i++) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [runner, name, engine, `${jobs}`, "", ...folders], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    if (status === null) return { failure: `more than ${TIMEOUT_MS / 1000} s` };
    if (status !== 0) return { failure: reason(stderr) ?? `status ${status}` };
    runs.push(JSON.parse(stdout.trim().split("\n").at(-1) as string) as Run);
  }
  return runs.sort((a, b) => a.cpuMs - b.cpuMs)[times >> 1] as Run;
}

/** Of what Node.js prints about an error that nobody caught, the error. */
const reason = (stderr: string): string | undefined => stderr.split("\n").find((line) => /^\w*Error\b/.test(line));

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const seconds = (ms: number): string => (ms / 1000).toFixed(2);

export interface Plan {
  readonly engine: Engine;
  readonly folders: readonly string[];
  /** Of which the middle one counts. */
  readonly runs: number;
  /** In a long run a program does its job as often as takes the host's WebAssembly so long. */
  readonly seconds: number;
}

/** Of a program: a line of each table, and how many times the CPU time of ours the other polyfill needs. */
interface Row {
  readonly beside: readonly string[];
  readonly other?: readonly string[];
  readonly leads?: readonly [once: number, long?: number] | undefined;
}

/** The tables, and one line for each program. */
export interface Tables {
  readonly whole: string;
  readonly short: string;
}

const lines = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map((_, i) => (i < 2 ? "---" : "--:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const mean = (of: readonly number[]): string =>
  `**${Math.exp(of.reduce((sum, n) => sum + Math.log(n), 0) / of.length).toFixed(2)}x**`;

/** Programs beside the host, and beside the other polyfill; says on the way what it does. */
export function tables(plan: Plan, say: (text: string) => void): Tables {
  const rows = programs.map((program): Row => {
    const missing: Row = { beside: [program.name, `not installed: ${program.needs.join(", ")}`, "", "", "", "", ""] };
    const row = isInstalled(program, plan.folders) ? rowOf(program, plan) : missing;
    say([...row.beside, "|", ...(row.other ?? [])].join(" "));
    return row;
  });
  const heads = ["modules, MB", "host, CPU s", "wasmts, CPU s", "ratio", "peak memory, MB: host / wasmts"];
  const others = ["wasmts, CPU s", "polywasm, CPU s", "ratio", "jobs", "host, CPU s", "wasmts", "polywasm", "ratio"];
  const leads = rows.flatMap((row) => (row.leads === undefined ? [] : [row.leads]));
  const [once, many] = [mean(leads.map(([lead]) => lead)), mean(leads.flatMap(([, lead]) => lead ?? []))];
  const means = ["", "", once, "", "", "", "", many];
  const whole = [
    lines(
      ["program", "result", ...heads],
      rows.map((row) => row.beside),
    ),
    "",
    `Beside polywasm 0.2.0, which has what it lacks of WASI and of classes of errors from here: one job, and as many as take the host ${plan.seconds} s. Geometric means over the ${leads.length} programs that it runs:`,
    "",
    lines(
      ["program", "polywasm", ...others],
      [...rows.flatMap((row) => (row.other === undefined ? [] : [row.other])), ["geometric mean", "", ...means]],
    ),
  ].join("\n");
  const short = lines(
    ["program", "result", "modules, MB", "host, CPU s", "wasmts / host", "polywasm / wasmts, one job", "many"],
    [...rows.map(shortRow), ["geometric mean", "", "", "", "", once, many]],
  );
  return { whole, short };
}

/** Why polywasm does not run a program stands in the place of how long it takes. */
function shortRow({ beside, other, leads }: Row): string[] {
  const [name = "", result = "", size = "", host = "", , ratio = ""] = beside;
  const [once, many] = (leads ?? []).map((lead) => (lead === undefined ? "" : `${lead.toFixed(2)}x`));
  return [name, result, size, host, ratio, once ?? (other === undefined ? "" : "does not run"), many ?? ""];
}

function rowOf(program: Program, { engine, folders, runs, seconds: goal }: Plan): Row {
  const { name } = program;
  const [host, ours] = (["host", engine] as const).map((e) => runProgram(program, e, folders, runs)) as [
    Outcome,
    Outcome,
  ];
  if ("failure" in host || "failure" in ours) {
    const failure = "failure" in host ? `host: ${host.failure}` : (ours as { failure: string }).failure;
    return { beside: [name, `**${failure}**`, "", "", "", "", ""] };
  }
  const beside = [
    name,
    host.result === ours.result ? "the same" : "**different**",
    megabytes(ours.moduleBytes),
    seconds(host.cpuMs),
    seconds(ours.cpuMs),
    `${(ours.cpuMs / host.cpuMs).toFixed(1)}x`,
    `${megabytes(host.peakBytes)} / ${megabytes(ours.peakBytes)}`,
  ];
  const other = runProgram(program, "polywasm", folders, runs);
  const fault = faultOf(other, host);
  if (fault !== undefined) return { beside, other: [name, fault, "", "", "", "", "", "", "", ""] };
  const jobs = jobsIn(goal * 1000, host, runProgram(program, "host", folders, runs, SOME_JOBS));
  const long = (["host", engine, "polywasm"] as const).map((e) => runProgram(program, e, folders, runs, jobs));
  return { beside, ...compared(name, jobs, [ours, other as Run], long) };
}

/** From what so many take it is seen what one more takes. */
const SOME_JOBS = 11;
const MAX_JOBS = 1000;

/** How many jobs take the host so long. @param once one job @param some `SOME_JOBS` */
function jobsIn(ms: number, once: Run, some: Outcome): number {
  if ("failure" in some) return 1;
  const each = Math.max(0.1, (some.cpuMs - once.cpuMs) / (SOME_JOBS - 1));
  return Math.round(Math.min(MAX_JOBS, Math.max(1, 1 + (ms - once.cpuMs) / each)));
}

/** Why the other polyfill does not run a program. */
const faultOf = (other: Outcome, host: Run): string | undefined =>
  "failure" in other ? other.failure : other.result === host.result ? undefined : "another result";

function compared(
  name: string,
  jobs: number,
  [ours, other]: readonly [Run, Run],
  long: readonly Outcome[],
): Omit<Row, "beside"> {
  const who = ["host", "wasmts", "polywasm"];
  const faults = long.flatMap((outcome, i) => ("failure" in outcome ? [`${who[i]}: ${outcome.failure}`] : []));
  const [hostLong, oursLong, otherLong] = long as readonly [Run, Run, Run];
  const once = other.cpuMs / ours.cpuMs;
  const cells = [name, "the same", seconds(ours.cpuMs), seconds(other.cpuMs), `${once.toFixed(2)}x`, `${jobs}`];
  if (faults.length > 0) return { other: [...cells, faults.join("; "), "", "", ""], leads: [once] };
  const many = otherLong.cpuMs / oursLong.cpuMs;
  const all = [hostLong, oursLong, otherLong].map((run) => seconds(run.cpuMs));
  return { other: [...cells, ...all, `${many.toFixed(2)}x`], leads: [once, many] };
}

export const machine = (): string => `Node.js ${process.version.slice(1)}, ${cpus().length} cores`;
