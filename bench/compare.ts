/**
 * The regression view: what changed between two runs beyond their noise.
 *
 * Ratios to the reference engine are compared where both runs have it, so that a slower machine or a busy one cancels
 * out; otherwise CPU times are, and the heading says so.
 */

import { times } from "./report/format.ts";
import { isOk, ratioTo, referenceOf } from "./report/ratios.ts";
import type { CaseResult, Results } from "./results.ts";
import { geomean, type Summary, summarize } from "./statistics.ts";

/** Below this a change is not worth a line even if it is no noise. */
const leastChange = 0.05;

export interface Change {
  readonly name: string;
  readonly engine: string;
  readonly before: number;
  readonly after: number;
  /** after / before. */
  readonly factor: number;
  /** A factor within 1 / (1 + noise) .. 1 + noise says nothing. */
  readonly noise: number;
  readonly verdict: "slower" | "faster" | "same";
}

/** Relative distance of the quartiles: with few samples of the whole range. */
function noiseOf({ low, high, min, max, median }: Summary, rounds: number): number {
  return (rounds < 5 ? max - min : high - low) / median;
}

function measured(
  results: Results,
  result: CaseResult,
  id: string,
  isRatio: boolean,
): { summary: Summary; rounds: number } | undefined {
  const outcome = result.outcomes[id];
  if (!isOk(outcome)) return undefined;
  const summary = isRatio ? ratioTo(result, id, referenceOf(results, result.unit)) : summarize(outcome.cpu);
  return summary && { summary, rounds: outcome.cpu.length };
}

function changeOf(
  name: string,
  engine: string,
  old: NonNullable<ReturnType<typeof measured>>,
  now: typeof old,
): Change {
  const [before, after] = [old.summary.median, now.summary.median];
  const factor = after / before;
  // Two runs with one round each cannot tell: their noise is unknown and taken to be large.
  const isBlind = Math.min(old.rounds, now.rounds) < 2;
  const noise = isBlind
    ? 0.5
    : Math.max(leastChange, Math.hypot(noiseOf(old.summary, old.rounds), noiseOf(now.summary, now.rounds)));
  const verdict = factor > 1 + noise ? "slower" : factor < 1 / (1 + noise) ? "faster" : "same";
  return { name, engine, before, after, factor, noise, verdict };
}

export interface Comparison {
  readonly isRatio: boolean;
  readonly changes: readonly Change[];
  /** Outcomes that turned from measured to not, or back. */
  readonly turned: readonly string[];
}

export function compareResults(old: Results, now: Results): Comparison {
  const isRatio = (["call", "process"] as const).every((unit) => referenceOf(old, unit) === referenceOf(now, unit));
  const changes: Change[] = [];
  const turned: string[] = [];
  for (const after of now.cases) {
    const before = old.cases.find(({ name }) => name === after.name);
    if (before === undefined) continue;
    for (const engine of Object.keys(after.outcomes)) {
      const [was, is] = [before.outcomes[engine], after.outcomes[engine]];
      if (was === undefined || is === undefined) continue;
      if (was.status !== is.status) turned.push(`${after.name}, ${engine}: ${was.status} -> ${is.status}`);
      if (isRatio && engine === referenceOf(now, after.unit)) continue;
      const [a, b] = [measured(old, before, engine, isRatio), measured(now, after, engine, isRatio)];
      if (a && b) changes.push(changeOf(after.name, engine, a, b));
    }
  }
  return { isRatio, changes, turned };
}

export function compareFiles(old: Results, now: Results): string[] {
  const { isRatio, changes, turned } = compareResults(old, now);
  const lines = [
    `${old.machine.commit} (Node ${old.machine.node}, ${old.machine.date}) -> ${now.machine.commit} (Node ${now.machine.node}, ${now.machine.date})`,
    isRatio ? "ratios to V8, after / before" : "CPU times, after / before: the runs have no reference engine in common",
    ...warnings(old, now),
    "",
  ];
  const beyond = changes.filter(({ verdict }) => verdict !== "same").sort((a, b) => b.factor - a.factor);
  for (const { name, engine, before, after, factor, noise, verdict } of beyond) {
    const values = isRatio ? `${times(before)} -> ${times(after)}` : `${before.toFixed(2)} -> ${after.toFixed(2)} ms`;
    lines.push(
      `${verdict}  ${engine.padEnd(12)} ${name.padEnd(22)} ${times(factor).padStart(7)}   ${values} (noise ${Math.round(noise * 100)} %)`,
    );
  }
  if (beyond.length === 0) lines.push("no change beyond noise");
  lines.push("", ...engineMeans(changes), ...turned.map((line) => `turned: ${line}`));
  return lines;
}

function warnings(old: Results, now: Results): string[] {
  const differ = (["cpu", "cores", "node"] as const).filter((key) => old.machine[key] !== now.machine[key]);
  const isQuick = old.options.quick || now.options.quick;
  return [
    ...(differ.length > 0 ? [`note: the runs differ in ${differ.join(", ")}`] : []),
    ...(isQuick ? ["note: a quick run is among them"] : []),
  ];
}

function engineMeans(changes: readonly Change[]): string[] {
  return [...new Set(changes.map(({ engine }) => engine))].map((engine) => {
    const own = changes.filter((change) => change.engine === engine);
    const count = (verdict: Change["verdict"]) => own.filter((change) => change.verdict === verdict).length;
    const mean = geomean(own.map(({ factor }) => factor));
    return `${engine.padEnd(12)} geometric mean ${times(mean)} over ${own.length} cases: ${count("slower")} slower, ${count("faster")} faster`;
  });
}
