/** What a run of the benchmark leaves: everything measured, sample by sample, and what it was measured on. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { root } from "../conformance/real/project.ts";
import type { KernelGroup } from "./corpus.ts";
import type { DecodeResult } from "./decode.ts";
import type { EngineInfo } from "./engines/engine.ts";
import { UsageError } from "./options.ts";

export const formatVersion = 2;

export type Group = KernelGroup | "npm" | "one call" | "programs" | "esbuild" | "start-up";

/** One engine on one case. */
export type Outcome =
  | {
      readonly status: "ok";
      /** CPU and wall milliseconds of one call or one process, in the order of the rounds. */
      readonly cpu: readonly number[];
      readonly wall: readonly number[];
      /** Of a call inside a process: compile and instantiate, and the first call. CPU milliseconds. */
      readonly loadMs?: number;
      readonly firstMs?: number;
      /** Of a whole process: the most memory it had. */
      readonly peakMiB?: number;
    }
  /** `bad`: it computed something else than the others. */
  | { readonly status: "bad" | "failed" | "timeout" | "unsupported"; readonly detail: string };

export interface CaseResult {
  readonly name: string;
  readonly group: Group;
  /** "call": a function called in a process that goes on. "process": a command from start to end. */
  readonly unit: "call" | "process";
  /** By engine. */
  readonly outcomes: Readonly<Record<string, Outcome>>;
}

export interface MeasuredEngine extends EngineInfo {
  /** Of the process that ran the kernels. */
  readonly peakMiB?: number;
}

export interface Results {
  readonly format: typeof formatVersion;
  readonly machine: Readonly<Record<string, string | number>>;
  readonly options: Readonly<Record<string, string | number | boolean>>;
  readonly engines: readonly MeasuredEngine[];
  readonly cases: readonly CaseResult[];
  /** `node -e 0`, CPU and wall milliseconds: what any Node process costs. */
  readonly emptyNode?: { readonly cpu: readonly number[]; readonly wall: readonly number[] };
  readonly decode?: DecodeResult;
}

export function machine(): Results["machine"] {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    v8: process.versions.v8,
    loadBefore: loadavg()[0]!.toFixed(2),
    commit: commit(),
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The commit that was measured; a `+` when files differ from it. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  try {
    return git("rev-parse", "--short=12", "HEAD") + (git("status", "--porcelain") === "" ? "" : "+");
  } catch {
    return "none";
  }
}

/** Where a run is kept: whole and thorough ones are records and checked in, others are only the latest. */
export function resultsPath(results: Results, isRecord: boolean): string {
  if (!isRecord) return join(root, ".cache", "bench", "latest.json");
  const tiers = results.engines.filter(({ id, kind }) => kind === "ours" && !id.includes("+")).map(({ id }) => id);
  const [major] = String(results.machine.node).slice(1).split(".");
  return join(root, "bench", "results", `node${major}-${tiers.join("+") || "peers"}.json`);
}

export const writeResults = (path: string, results: Results): void => writeJson(path, results);

/** Numbers to four digits, lists of them on one line. */
export function writeJson(path: string, value: object): void {
  mkdirSync(dirname(path), { recursive: true });
  const text = JSON.stringify(value, (_, item) => (typeof item === "number" ? rounded(item) : item), 1);
  writeFileSync(
    path,
    `${text.replace(/\[\s+([-\d.e,\s]+?)\s+\]/g, (_, list: string) => `[${list.replace(/\s+/g, " ")}]`)}\n`,
  );
}

/** Four digits are more than is true. */
const rounded = (value: number): number => (Number.isInteger(value) ? value : Number(value.toPrecision(4)));

/** @throws UsageError when there is no such file, or it is not what this version writes */
export function readResults(path: string): Results {
  let results: Partial<Results>;
  try {
    results = JSON.parse(readFileSync(path, "utf8")) as Partial<Results>;
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
  if (results.format !== formatVersion) throw new UsageError(`${path}: not results of format ${formatVersion}`);
  return results as Results;
}
