/**
 * Adds up results: the table per proposal, JSON, JUnit.
 */
import { groupOf, groups } from "./groups.ts";
import type { CommandResult } from "./run.ts";
import type { FileResult } from "./suite.ts";

export interface Tally {
  pass: number;
  fail: number;
  unsupported: number;
  /** Checks of a text parser; not in `total`. */
  text: number;
  files: number;
  cleanFiles: number;
}

const total = (tally: Tally): number => tally.pass + tally.fail + tally.unsupported;
const emptyTally = (): Tally => ({ pass: 0, fail: 0, unsupported: 0, text: 0, files: 0, cleanFiles: 0 });

export interface Summary {
  /** In the order of `groups`; only those with files. */
  readonly groups: ReadonlyMap<string, Tally>;
  readonly total: Tally;
}

export function summarize(files: readonly FileResult[]): Summary {
  const found = new Map<string, Tally>();
  const sum = emptyTally();
  for (const { file, results } of files) {
    const { title } = groupOf(file);
    const tally = found.get(title) ?? emptyTally();
    found.set(title, tally);
    for (const into of [tally, sum]) addFile(into, results);
  }
  const order = [...groups.map((group) => group.title), "other"];
  return { groups: new Map([...found].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b))), total: sum };
}

function addFile(tally: Tally, results: readonly CommandResult[]): void {
  let isClean = true;
  for (const { outcome } of results) {
    if (outcome !== "skip") tally[outcome]++;
    if (outcome === "fail" || outcome === "unsupported") isClean = false;
  }
  tally.files++;
  if (isClean) tally.cleanFiles++;
}

/** A Markdown table: one row per proposal, and the total. */
export function printTable(summary: Summary): string {
  const row = (title: string, tally: Tally) => [
    title,
    `${tally.pass}/${total(tally)}`,
    `${tally.cleanFiles}/${tally.files}`,
    String(tally.fail),
    String(tally.unsupported),
  ];
  const rows = [
    ["group", "assertions", "clean files", "failed", "unsupported: proposal"],
    ...[...summary.groups].map(([title, tally]) => row(title, tally)),
    row("total", summary.total),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) => {
    const padded = cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)));
    return `| ${padded.join(" | ")} |`;
  });
  const rule = `|${widths.map((width, i) => (i === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

/** `file:line kind: message`. */
export const printResult = ({ file, line, kind, message, warning }: CommandResult): string =>
  `${file}:${line} ${kind}: ${message || warning}`;

/** Everything but passes without remark, and the sums. */
export function jsonReport(engine: string, files: readonly FileResult[]): string {
  const summary = summarize(files);
  const isNotable = ({ outcome, warning }: CommandResult) =>
    outcome === "fail" || outcome === "unsupported" || warning !== "";
  const report = {
    engine,
    node: process.version,
    total: summary.total,
    groups: Object.fromEntries(summary.groups),
    results: files.flatMap(({ results }) => results.filter(isNotable)),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** One test suite per file, one test case per command that reaches the engine. */
export function junitReport(engine: string, files: readonly FileResult[]): string {
  const suites = files.map(({ file, seconds, results }) => {
    const cases = results.filter(({ outcome }) => outcome !== "skip" && outcome !== "text");
    const failed = cases.filter(({ outcome }) => outcome === "fail").length;
    const skipped = cases.filter(({ outcome }) => outcome === "unsupported").length;
    const counts = `tests="${cases.length}" failures="${failed}" skipped="${skipped}"`;
    const attributes = `name="${xml(file)}" ${counts} time="${seconds.toFixed(3)}"`;
    return `<testsuite ${attributes}>\n${cases.map((result) => testCase(result)).join("\n")}\n</testsuite>`;
  });
  const open = `<testsuites name="${xml(`spec testsuite on ${engine}`)}">`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${open}\n${suites.join("\n")}\n</testsuites>\n`;
}

function testCase({ file, line, kind, outcome, message }: CommandResult): string {
  const open = `<testcase classname="${xml(file)}" name="line ${line}: ${kind}"`;
  if (outcome === "pass") return `${open}/>`;
  const element = outcome === "unsupported" ? "skipped" : "failure";
  return `${open}><${element} message="${xml(message)}"/></testcase>`;
}

const entities: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Attribute text; characters that XML 1.0 cannot have become U+FFFD. */
function xml(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
  return text.replace(/[\u0000-\u001f\ud800-\udfff\ufffe\uffff]/gu, "\ufffd").replace(/[&<>"]/g, (c) => entities[c]!);
}
