/** Results as text: a row for each case, a column for each engine, then means and targets. */
import type { CaseResult, MeasuredEngine, Outcome, Results } from "../results.ts";
import { digits, duration, percent, statusWords, times } from "./format.ts";
import {
  casesOf,
  groups,
  isOk,
  kernelCases,
  type Mean,
  meanRatio,
  medianCpu,
  medianWall,
  ratioTo,
  referenceOf,
} from "./ratios.ts";
import { verdicts } from "./targets.ts";

const nameWidth = 21;
const cellWidth = 13;

export function heading(results: Pick<Results, "machine" | "engines" | "options">): string[] {
  const { machine, engines, options } = results;
  return [
    `Node ${machine.node} (V8 ${machine.v8}), ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.platform}`,
    `commit ${machine.commit}, ${machine.date}, load ${machine.loadBefore}${options.quick ? ", quick: for a look, not for the record" : ""}`,
    ...engines.map(({ id, title, version, detail }) => `  ${id.padEnd(12)} ${title} ${version}, ${detail}`),
  ];
}

const cell = (text: string): string => text.padStart(cellWidth);

/** First cell: what; then one for each engine. */
export function columnTitles(engines: readonly MeasuredEngine[], reference: string | undefined): string {
  return "".padEnd(nameWidth) + engines.map(({ id }) => cell(id === reference ? `${id} ms` : id)).join("");
}

/** The reference's time; of the others the ratio to it, and half the distance of its quartiles in percent. */
export function caseRow(result: CaseResult, engines: readonly MeasuredEngine[], reference: string | undefined): string {
  const cells = engines.map(({ id }) => cell(caseCell(result, id, reference)));
  return result.name.padEnd(nameWidth) + cells.join("");
}

function caseCell(result: CaseResult, id: string, reference: string | undefined): string {
  const outcome: Outcome | undefined = result.outcomes[id];
  if (outcome === undefined) return "";
  if (!isOk(outcome)) return statusWords[outcome.status];
  const ratio = id === reference ? undefined : ratioTo(result, id, reference);
  if (ratio === undefined) return digits(medianCpu(outcome));
  if (outcome.cpu.length < 2) return times(ratio.median);
  const half = (ratio.high - ratio.low) / 2 / ratio.median;
  return `${times(ratio.median)} ±${percent(half).replace(" ", "")}`;
}

/** Everything after the rows: means of the groups, processes' wall time and memory, targets, what went wrong. */
export function summary(results: Results): string[] {
  return [
    "Geometric means of the ratios (in brackets: of how many of the cases, where some are missing)",
    ...meanTable(results),
    ...processTable(results),
    ...targetLines(results),
    ...troubles(results),
  ];
}

function meanTable(results: Results): string[] {
  const { engines } = results;
  const row = (title: string, cases: readonly CaseResult[]) => {
    if (cases.length === 0) return [];
    const reference = referenceOf(results, cases[0]!.unit);
    const cells = engines.map(({ id }) => cell(meanCell(meanRatio(cases, id, reference))));
    return [`${title.padEnd(nameWidth)}${cells.join("")}`];
  };
  const kernels = kernelCases(results);
  return [
    columnTitles(engines, undefined),
    ...groups.flatMap((group) => row(group, casesOf(results, group))),
    ...(kernels.length > 0 ? row("all kernels", kernels) : []),
  ];
}

function meanCell(mean: Mean | undefined): string {
  if (mean === undefined) return "-";
  return times(mean.ratio) + (mean.count < mean.of ? ` (${mean.count}/${mean.of})` : "");
}

function processTable(results: Results): string[] {
  const cases = results.cases.filter(({ unit }) => unit === "process");
  if (cases.length === 0) return [];
  const row = (result: CaseResult) =>
    result.name.padEnd(nameWidth) + results.engines.map(({ id }) => cell(processCell(result.outcomes[id]))).join("");
  return ["", "Whole processes: wall time, peak memory", columnTitles(results.engines, undefined), ...cases.map(row)];
}

function processCell(outcome: Outcome | undefined): string {
  if (!isOk(outcome)) return outcome === undefined ? "" : statusWords[outcome.status];
  const memory = outcome.peakMiB === undefined ? "" : ` ${Math.round(outcome.peakMiB)}M`;
  return duration(medianWall(outcome)).replace(" ", "") + memory;
}

function targetLines(results: Results): string[] {
  const lines = verdicts(results).map(
    ({ what, value, target, isMet }) =>
      `${what.padEnd(46)}${value.padStart(12)}${target.padStart(14)}  ${isMet ? "met" : "MISSED"}`,
  );
  return lines.length === 0 ? [] : ["", "Targets", ...lines];
}

function troubles(results: Results): string[] {
  const lines = results.cases.flatMap((result) =>
    Object.entries(result.outcomes).flatMap(([id, outcome]) =>
      isOk(outcome) ? [] : [`  ${result.name}, ${id}: ${statusWords[outcome.status]}: ${outcome.detail}`],
    ),
  );
  return lines.length === 0 ? [] : ["", "Not measured", ...lines];
}
