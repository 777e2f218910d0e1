/** Measures what the options ask for, printing rows as they come, and gives the results. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../conformance/real/project.ts";
import type { Contestant } from "./contestant.ts";
import type { DecodeResult } from "./decode.ts";
import { type Contender, roster } from "./engines/roster.ts";
import { translate } from "./engines/wasm2js.ts";
import { measureEmptyNode, measureProgram, type ProgramOptions } from "./measure-programs.ts";
import { type MeasureOptions, measureWorkload, quick, thorough } from "./measure-workloads.ts";
import { NativeContestant } from "./native-contestant.ts";
import { type Options, type Part, UsageError } from "./options.ts";
import { inScratch, type Program, programs } from "./programs.ts";
import { referenceOf } from "./report/ratios.ts";
import { caseRow, columnTitles, heading } from "./report/table.ts";
import { type CaseResult, formatVersion, type Group, type MeasuredEngine, machine, type Results } from "./results.ts";
import { WorkerContestant } from "./worker-client.ts";
import { type Workload, workloads } from "./workload.ts";

type Print = (line: string) => void;

/** Ctrl-C ends the measuring, not the report: runs take an hour. A second one ends the process. */
const stop = { isAsked: false };
function stopOnSignal(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      stop.isAsked = true;
    });
}

export async function measure(options: Options, print: Print): Promise<Results> {
  const contenders = chosenContenders(options);
  stopOnSignal();
  const base = {
    format: formatVersion,
    machine: machine(),
    options: { quick: options.isQuick, filter: options.words.join(), command: process.argv.slice(2).join(" ") },
    engines: contenders.map(({ info }) => info),
  } as const;
  for (const line of heading(base)) print(line);
  // Whole processes first: nothing else of ours is running then.
  const fromPrograms = await runPrograms(options, contenders, print);
  const decode = !stop.isAsked && has(options, "decode", "decode", "start-up") ? { decode: measureDecode() } : {};
  const { cases, peaks } = await runWorkloads(options, contenders, print);
  const engines = base.engines.map((info): MeasuredEngine => {
    const peakMiB = peaks.get(info.id);
    return peakMiB === undefined ? info : { ...info, peakMiB };
  });
  const isWhole = !stop.isAsked;
  return {
    ...base,
    options: { ...base.options, interrupted: !isWhole },
    engines,
    cases: [...cases, ...fromPrograms.cases],
    ...fromPrograms.empty,
    ...decode,
  };
}

/** @throws UsageError when an engine is named that is not there */
function chosenContenders({ engines, enginePaths, tiers, isMetered }: Options): Contender[] {
  const all = roster(enginePaths);
  const ids = all.map(({ info }) => info.id);
  const unknown = [...engines, ...tiers].find((id) => !ids.includes(id));
  if (unknown !== undefined) throw new UsageError(`no engine "${unknown}" here: ${ids.join(", ")}`);
  return all.filter(({ info: { id, kind } }) => {
    if (enginePaths.has(id) || engines.includes(id)) return true;
    const [tier = id, form] = id.split("+");
    if (form === "bigint" || form === "whole" || (form !== undefined && !isMetered)) return false;
    if (kind === "ours" && tiers.length > 0) return tiers.includes(tier);
    return engines.length === 0;
  });
}

function has(options: Options, part: Part, name: string, group: Group): boolean {
  const isWanted = options.words.length === 0 || options.words.some((word) => name.includes(word) || group === word);
  return options.parts.has(part) && isWanted;
}

async function runWorkloads(options: Options, contenders: readonly Contender[], print: Print) {
  const chosen = workloads.filter(({ name, group }) => has(options, group === "npm" ? "npm" : "kernels", name, group));
  const cases: CaseResult[] = [];
  const peaks = new Map<string, number>();
  if (chosen.length === 0) return { cases, peaks };
  const timeoutMs = options.isQuick ? 20_000 : 60_000;
  const contestants = contenders.map((contender): Contestant => {
    const { info, nodeFlags } = contender;
    return nodeFlags === undefined
      ? new NativeContestant(contender, timeoutMs)
      : new WorkerContestant({ id: info.id, nodeFlags, timeoutMs });
  });
  const settings: MeasureOptions = { ...(options.isQuick ? quick : thorough), ...rounds(options) };
  try {
    const show = rowPrinter(contenders, "call", print);
    for (const workload of chosen) {
      if (stop.isAsked) break;
      const result = await measureWorkload(workload, ableTo(contestants, contenders, workload), settings);
      if (!stop.isAsked) cases.push(show(result)); // half a case says nothing
    }
  } finally {
    for (const contestant of contestants) {
      const peak = await contestant.close();
      if (peak !== undefined) peaks.set(contestant.id, peak);
    }
  }
  return { cases, peaks };
}

/** Modules behind JavaScript cannot be run by native programs: those have no column there. */
function ableTo(
  contestants: readonly Contestant[],
  contenders: readonly Contender[],
  workload: Workload,
): Contestant[] {
  return contestants.filter((_, i) => workload.group !== "npm" || contenders[i]!.nodeFlags !== undefined);
}

async function runPrograms(options: Options, contenders: readonly Contender[], print: Print) {
  const isChosen = (program: Program) =>
    has(options, program.isHuge ? "esbuild" : "programs", program.name, program.group);
  const chosen = programs.filter(isChosen);
  if (chosen.length === 0) return { cases: [], empty: {} };
  const settings: ProgramOptions = options.isQuick
    ? { rounds: 1, divide: 8, timeoutMs: 30_000, budgetMs: 10_000 }
    : { rounds: 5, divide: 1, timeoutMs: 300_000, budgetMs: 60_000, ...rounds(options) };
  const show = rowPrinter(contenders, "process", print);
  const isStartChosen = chosen.some(({ group }) => group === "start-up");
  const empty = isStartChosen ? { emptyNode: await measureEmptyNode(options.isQuick ? 5 : 15) } : {};
  return inScratch(async (scratch) => {
    const cases: CaseResult[] = [];
    for (const program of chosen) {
      if (stop.isAsked) break;
      const able = contenders.filter(({ info }) => !(program.isHuge && options.isQuick && info.kind === "native"));
      const own = program.group === "start-up" ? { ...settings, rounds: settings.rounds * 3 } : settings;
      const result = await measureProgram(program, able, own, scratch, aheadOfTime);
      if (!stop.isAsked) cases.push(show(result));
    }
    return { cases, empty };
  });
}

function aheadOfTime({ info }: Contender, { wasm }: { readonly wasm: string }): void {
  if (info.id === "wasm2js") translate(readFileSync(wasm));
}

const rounds = (options: Options) => (options.rounds === undefined ? {} : { rounds: options.rounds });

/** Prints column titles before the first row and a blank line where the group changes. */
function rowPrinter(contenders: readonly Contender[], unit: CaseResult["unit"], print: Print) {
  const engines = contenders.map(({ info }) => info);
  const reference = referenceOf({ engines } as unknown as Results, unit);
  let group: Group | undefined;
  return (result: CaseResult): CaseResult => {
    if (group !== result.group)
      print(`\n${group === undefined ? `${columnTitles(engines, reference)}\n` : ""}${result.group}`);
    group = result.group;
    print(caseRow(result, engines, reference));
    return result;
  };
}

/** In a process of its own, so that the first compile is as cold as a user's is. */
function measureDecode(): DecodeResult {
  const script = join(root, "dist", "bench", "decode.js");
  return JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as DecodeResult;
}
