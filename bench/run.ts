/**
 * The benchmark command: `npm run bench -- ...`, or `node dist/bench/run.js ...`. README.md says how to read what it
 * prints. Needs a build (`npm run build`), no compiler.
 */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { compareFiles } from "./compare.ts";
import { measure } from "./measure.ts";
import { type Options, readOptions, UsageError, usage } from "./options.ts";
import { page } from "./report/html.ts";
import { heading, summary } from "./report/table.ts";
import { type Results, readResults, resultsPath, writeResults } from "./results.ts";

const print = (line: string): void => console.log(line);

async function main([command = "", ...rest]: string[]): Promise<number> {
  switch (command) {
    case "compare":
      return compare(rest);
    case "show":
      return show(rest);
    case "micro":
      return (await import("./micro.ts")).micro(rest);
    case "servers":
      return (await import("./servers/command.ts")).servers(rest);
    case "metering":
      return (await import("./metering.ts")).metering(rest);
    case "wasi":
      return (await import("./wasi/command.ts")).wasi(rest);
    case "ops":
      return (await import("./ops/command.ts")).ops(rest);
    case "help":
    case "--help":
    case "-h":
      print(usage);
      return 0;
    default:
      return bench(process.argv.slice(2));
  }
}

async function bench(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.node !== undefined) return under(options.node, args);
  const results = await measure(options, print);
  print("");
  for (const line of summary(results)) print(line);
  for (const path of store(results, options)) print(`written: ${path}`);
  return 0;
}

/** Where results were written. */
function store(
  results: Results,
  { json, html, isSaved, isQuick, words, parts, engines, tiers, rounds }: Options,
): string[] {
  const isWhole = words.length === 0 && parts.size === 5 && engines.length === 0 && tiers.length < 2;
  const isRecord = isSaved && isWhole && !isQuick && rounds === undefined && !results.options.interrupted;
  const paths = [resultsPath(results, isRecord), ...(json === undefined ? [] : [json])];
  for (const path of paths) writeResults(path, results);
  if (html !== undefined) writeFileSync(html, page(results));
  return [...paths, ...(html === undefined ? [] : [html])];
}

/** The same command under another Node. */
function under(node: string, args: readonly string[]): number {
  const rest = args.filter((arg, i) => !(arg === "--node" || args[i - 1] === "--node" || arg.startsWith("--node=")));
  const { status, error } = spawnSync(node, [fileURLToPath(import.meta.url), ...rest], { stdio: "inherit" });
  if (error !== undefined) throw new UsageError(`--node ${node}: ${error.message}`);
  return status ?? 1;
}

function compare([old, now, ...rest]: string[]): number {
  if (old === undefined || now === undefined || rest.length > 0) throw new UsageError("compare takes two files");
  for (const line of compareFiles(readResults(old), readResults(now))) print(line);
  return 0;
}

function show([path, ...rest]: string[]): number {
  if (path === undefined) throw new UsageError("show takes a file");
  const { html } = readOptions(rest);
  const results = readResults(path);
  for (const line of [...heading(results), "", ...summary(results)]) print(line);
  if (html !== undefined) writeFileSync(html, page(results));
  return 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
