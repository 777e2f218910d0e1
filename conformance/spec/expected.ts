/**
 * The checked-in list of what may fail, per engine: `expected-failures.json`. What passes although listed is as wrong
 * as what fails although not listed.
 *
 * "failures" are lines of commands by file; "unsupported" are numbers of commands by file that need an absent
 * proposal. Rewritten by `--update-expected`, reviewed as a diff.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { printResult } from "./report.ts";
import { type FileResult, projectRoot } from "./suite.ts";

export interface Expectation {
  readonly failures: Readonly<Record<string, readonly number[]>>;
  readonly unsupported: Readonly<Record<string, number>>;
}
type Lists = Record<string, Expectation>;

/** Beside the source, also when this runs from dist/. */
const listFile = (): string => join(projectRoot(), "conformance/spec/expected-failures.json");
const readLists = (): Lists => JSON.parse(readFileSync(listFile(), "utf8")) as Lists;

/** For engines without a list everything must pass. */
export const expectationFor = (engine: string): Expectation =>
  readLists()[listOf(engine)] ?? { failures: {}, unsupported: {} };

/** Our tiers share one list: they do not differ. */
const listOf = (engine: string): string =>
  /^(js(-bigint)?|auto(-\d+)?|interp(-apart)?)(-split)?(-metered)?$/.test(engine) ? "interp" : engine;

/** Each difference between the files that ran and the list, one line each. */
export function differences(files: readonly FileResult[], list: Expectation): string[] {
  return files.flatMap((file) => differencesIn(file, list.failures[file.file] ?? [], list.unsupported[file.file] ?? 0));
}

function differencesIn({ file, results }: FileResult, lines: readonly number[], unsupported: number): string[] {
  const failed = results.filter(({ outcome }) => outcome === "fail");
  const failedLines = new Set(failed.map(({ line }) => line));
  const found = results.filter(({ outcome }) => outcome === "unsupported").length;
  const passes = lines.filter((line) => !failedLines.has(line));
  return [
    ...failed.filter(({ line }) => !lines.includes(line)).map((result) => `unexpected failure: ${printResult(result)}`),
    ...passes.map((line) => `unexpected pass: ${file}:${line} is listed as a failure`),
    ...(found === unsupported ? [] : [`unsupported commands in ${file}: ${found}, listed ${unsupported}`]),
  ];
}

/** Makes the list of `engine` say what `files` did; files that did not run keep their entries. */
export function updateExpectation(engine: string, files: readonly FileResult[]): void {
  const lists = readLists();
  const old = lists[engine] ?? { failures: {}, unsupported: {} };
  const failures: Record<string, readonly number[]> = { ...old.failures };
  const unsupported: Record<string, number> = { ...old.unsupported };
  for (const { file, results } of files) {
    const lines = results.filter(({ outcome }) => outcome === "fail").map(({ line }) => line);
    const count = results.filter(({ outcome }) => outcome === "unsupported").length;
    delete failures[file];
    delete unsupported[file];
    if (lines.length > 0) failures[file] = lines;
    if (count > 0) unsupported[file] = count;
  }
  lists[engine] = { failures: sorted(failures), unsupported: sorted(unsupported) };
  writeFileSync(listFile(), `${JSON.stringify(sorted(lists), undefined, 2)}\n`);
}

const sorted = <T>(record: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
