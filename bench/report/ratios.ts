/** From samples to the numbers people read: times, ratios to a reference with their spread, means of groups. */
import type { CaseResult, Group, Outcome, Results } from "../results.ts";
import { geomean, pairedRatio, type Summary, summarize } from "../statistics.ts";

/** In the order of tables. */
export const groups: readonly Group[] = [
  "integer",
  "64-bit",
  "float",
  "memory",
  "calls",
  "indirect",
  "interpreter",
  "managed",
  "npm",
  "one call",
  "programs",
  "esbuild",
  "start-up",
];

export const groupNotes: Readonly<Record<Group, string>> = {
  integer: "tight loops on 32-bit integers",
  "64-bit": "hashes, big numbers, recursion on i64",
  float: "f64 and f32",
  memory: "loads and stores, bulk memory",
  calls: "recursion",
  indirect: "call_indirect",
  interpreter: "loops that dispatch, as language runtimes have",
  managed: "AssemblyScript, garbage-collected",
  npm: "modules from npm, behind the JavaScript they ship with",
  "one call": "the whole program is one long call with many live values",
  programs: "WASI programs on 1 to 2 MB of input, from start to end",
  esbuild: "20 MB of Go, from start to end",
  "start-up": "a program that prints a line, from start to end",
};

/**
 * What a case is compared with: calls with V8's TurboFan, which they reach when warm; whole processes with V8 as Node has
 * it. If that engine was not measured, the first that was.
 */
export function referenceOf(results: Results, unit: CaseResult["unit"]): string | undefined {
  const wanted = unit === "call" ? ["turbofan", "v8"] : ["v8", "turbofan"];
  const measured = results.engines.map(({ id }) => id);
  return wanted.find((id) => measured.includes(id)) ?? measured[0];
}

export type Ok = Extract<Outcome, { status: "ok" }>;
export const isOk = (outcome: Outcome | undefined): outcome is Ok => outcome?.status === "ok";

/** CPU time of `id` over that of `reference`, round by round; undefined unless both were measured. */
export function ratioTo(result: CaseResult, id: string, reference: string | undefined): Summary | undefined {
  const [mine, theirs] = [result.outcomes[id], reference === undefined ? undefined : result.outcomes[reference]];
  return isOk(mine) && isOk(theirs) ? pairedRatio(mine.cpu, theirs.cpu) : undefined;
}

export interface Mean {
  readonly ratio: number;
  /** Cases in it: those that both engines completed. */
  readonly count: number;
  readonly of: number;
}

/** Geometric mean of the medians of the ratios; undefined when there is none. */
export function meanRatio(cases: readonly CaseResult[], id: string, reference: string | undefined): Mean | undefined {
  const ratios = cases.flatMap((result) => ratioTo(result, id, reference)?.median ?? []);
  return ratios.length === 0 ? undefined : { ratio: geomean(ratios), count: ratios.length, of: cases.length };
}

export const casesOf = (results: Results, group: Group): readonly CaseResult[] =>
  results.cases.filter((result) => result.group === group);

/** Calls of kernels; npm modules are not among them. */
export const kernelCases = (results: Results): readonly CaseResult[] =>
  results.cases.filter((result) => result.unit === "call" && result.group !== "npm");

export const medianCpu = (outcome: Ok): number => summarize(outcome.cpu).median;
export const medianWall = (outcome: Ok): number => summarize(outcome.wall).median;
