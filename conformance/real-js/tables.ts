/** Tables of how programs of npm do: beside the host's WebAssembly, beside another polyfill, and how long modules take to load. */
import { cpus } from "node:os";
import type { Program } from "./job.ts";
import { type Engine, isInstalled, type Outcome, type Run, runAgain, runProgram } from "./measure.ts";
import { programs } from "./programs.ts";

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const seconds = (ms: number): string => (ms / 1000).toFixed(2);
const times = (ratio: number): string => `${ratio.toFixed(2)}x`;

export interface Plan {
  readonly engine: Engine;
  readonly folders: readonly string[];
  /** Of which the middle one counts. */
  readonly runs: number;
  /** In a long run a program does its job as often as takes the host's WebAssembly so long. */
  readonly seconds: number;
}

/** Of one or many jobs, how many times our CPU time the other polyfill needs. */
interface Lead {
  /** When the code is made. */
  readonly first: number;
  /** With code that a run before has left. */
  readonly again: number;
}

/** Of a program: a line of each table. */
interface Row {
  readonly beside: readonly string[];
  readonly other?: readonly string[];
  readonly once?: Lead | undefined;
  readonly many?: Lead | undefined;
}

/** The tables, and one line for each program. */
export interface Tables {
  readonly whole: string;
  readonly short: string;
}

export const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map((_, i) => (i < 2 ? "---" : "--:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const mean = (of: readonly number[]): string =>
  `**${times(Math.exp(of.reduce((sum, n) => sum + Math.log(n), 0) / of.length))}**`;

const means = (leads: readonly (Lead | undefined)[]): [string, string] => {
  const all = leads.filter((lead) => lead !== undefined);
  return [mean(all.map(({ first }) => first)), mean(all.map(({ again }) => again))];
};

const BESIDE = ["program", "result", "modules, MB", "host, CPU s"];
const OURS = ["wasmts, CPU s", "again", "/ host", "again", "peak memory, MB: host / wasmts / again"];
const ONE = ["wasmts, CPU s", "again", "polywasm, CPU s", "/ wasmts", "/ again"];
const MANY = ["jobs", "host, CPU s", "wasmts", "again", "polywasm", "/ wasmts", "/ again"];
const SHORT = ["wasmts / host", "again", "polywasm / wasmts, one job", "again", "many jobs", "again"];

/** Programs beside the host, and beside the other polyfill; says on the way what it does. */
export function tables(plan: Plan, say: (text: string) => void): Tables {
  const rows = programs.map((program): Row => {
    const missing: Row = { beside: [program.name, `not installed: ${program.needs.join(", ")}`, ...blank(7)] };
    const row = isInstalled(program, plan.folders) ? rowOf(program, plan) : missing;
    say([...row.beside, "|", ...(row.other ?? [])].join(" "));
    return row;
  });
  const [once, many] = [means(rows.map((row) => row.once)), means(rows.map((row) => row.many))];
  const others = rows.flatMap((row) => (row.other === undefined ? [] : [row.other]));
  const besides = rows.map((row) => row.beside);
  const count = rows.filter((row) => row.once !== undefined).length;
  const whole = [
    table([...BESIDE, ...OURS], besides),
    "",
    `Beside polywasm 0.2.0, which has what it lacks of WASI and of classes of errors from here: one job, and as many as take the host ${plan.seconds} s. Geometric means over the ${count} programs that it runs:`,
    "",
    table(
      ["program", "polywasm", ...ONE, ...MANY],
      [...others, ["geometric mean", "", ...blank(3), ...once, ...blank(5), ...many]],
    ),
  ].join("\n");
  const last = ["geometric mean", ...blank(5), ...once, ...many];
  return { whole, short: table([...BESIDE, ...SHORT], [...rows.map(shortRow), last]) };
}

const blank = (count: number): string[] => new Array<string>(count).fill("");

/** That polywasm does not run a program stands in the place of how long it takes. */
function shortRow({ beside, other, once, many }: Row): string[] {
  const [name = "", result = "", size = "", host = "", , , first = "", again = ""] = beside;
  const leads = [once, many].flatMap((lead) =>
    lead === undefined ? ["", ""] : [times(lead.first), times(lead.again)],
  );
  if (other !== undefined && once === undefined) leads[0] = "does not run";
  return [name, result, size, host, first, again, ...leads];
}

function rowOf(program: Program, plan: Plan): Row {
  const { name } = program;
  const { engine, folders, runs } = plan;
  const manner = { folders, times: runs };
  const host = runProgram(program, "host", manner);
  const [ours, again] = [runProgram(program, engine, manner), runAgain(program, engine, manner)];
  if ("failure" in host || "failure" in ours || "failure" in again) {
    const failures = Object.entries({ host, ours, again }).flatMap(([who, o]) =>
      "failure" in o ? [`${who}: ${o.failure}`] : [],
    );
    return { beside: [name, `**${failures.join("; ")}**`, ...blank(7)] };
  }
  const isSame = host.result === ours.result && host.result === again.result;
  const ratios = [ours, again].map(({ cpuMs }) => `${(cpuMs / host.cpuMs).toFixed(1)}x`);
  const peaks = [host, ours, again].map(({ peakBytes }) => megabytes(peakBytes)).join(" / ");
  const spent = [host, ours, again].map(({ cpuMs }) => seconds(cpuMs));
  const beside = [name, isSame ? "the same" : "**different**", megabytes(ours.moduleBytes), ...spent, ...ratios, peaks];
  const other = runProgram(program, "polywasm", manner);
  const fault = faultOf(other, host);
  if (fault !== undefined) return { beside, other: [name, fault, ...blank(12)] };
  const jobs = jobsIn(plan.seconds * 1000, host, runProgram(program, "host", { ...manner, jobs: SOME_JOBS }));
  return { beside, ...compared(program, plan, jobs, [ours, again, other as Run]) };
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

type Runs = readonly [ours: Run, again: Run, other: Run];

const leadOf = ([ours, again, other]: Runs): Lead => ({
  first: other.cpuMs / ours.cpuMs,
  again: other.cpuMs / again.cpuMs,
});

const cellsOf = (runs: readonly Run[], { first, again }: Lead): string[] => [
  ...runs.map(({ cpuMs }) => seconds(cpuMs)),
  times(first),
  times(again),
];

/** One job, which was done, and so many. */
function compared(program: Program, plan: Plan, jobs: number, single: Runs): Omit<Row, "beside"> {
  const manner = { folders: plan.folders, times: plan.runs, jobs };
  const once = leadOf(single);
  const cells = [program.name, "the same", ...cellsOf(single, once), `${jobs}`];
  const long = {
    host: runProgram(program, "host", manner),
    wasmts: runProgram(program, plan.engine, manner),
    again: runAgain(program, plan.engine, manner),
    polywasm: runProgram(program, "polywasm", manner),
  };
  const faults = Object.entries(long).flatMap(([who, o]) => ("failure" in o ? [`${who}: ${o.failure}`] : []));
  if (faults.length > 0) return { other: [...cells, faults.join("; "), ...blank(5)], once };
  const [host, ...runs] = Object.values(long) as unknown as readonly [Run, ...Runs];
  const many = leadOf(runs);
  return { other: [...cells, seconds(host.cpuMs), ...cellsOf(runs, many)], once, many };
}

export const machine = (): string => `Node.js ${process.version.slice(1)}, ${cpus().length} cores`;
