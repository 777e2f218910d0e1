/**
 * The command that runs the official suite; its options are in `usage`.
 *
 * Exit codes: 0 as expected, 1 not as expected, 2 cannot run (no suite, wrong usage).
 */
import { existsSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { CodeCache } from "../../code-cache/index.ts";
import { type TierName, tiers } from "../tiers/tiers.ts";
import type { SpecEngine } from "./adapter.ts";
import { engineFromFile, hostEngine } from "./engine-webassembly.ts";
import { differences, expectationFor, updateExpectation } from "./expected.ts";
import { jsonReport, junitReport, printResult, printTable, summarize } from "./report.ts";
import { defaultSuite, type FileResult, findScripts, labelOf, runFile, startSession, suiteHelp } from "./suite.ts";

const usage = `usage: node dist/conformance/spec/main.js [options] [FILE|DIR ...]
  --suite PATH              the official suite (default: ../shared/spec-testsuite)
  --engine interp|js|auto|v8|FILE  ours in one tier, the host's, or a module that exports an object like WebAssembly
                            (default: interp; auto-1, auto-2, auto-10 compile after so many samples;
                            js-metered: code that counts fuel)
  --tier TIER               the same as --engine TIER
  --code-cache DIR          take compiled code from there, and put it there
  --filter TEXT             only files whose path contains TEXT
  --report junit|json FILE  write a report
  --list                    print every command that fails or needs an absent proposal, and every warning
  --update-expected         make expected-failures.json say what happened
FILE and DIR are looked up from here, else from the suite.`;

interface Options {
  suite: string;
  engine: string;
  codeCache: string | undefined;
  filter: string;
  report: { readonly format: "junit" | "json"; readonly file: string } | undefined;
  isListing: boolean;
  isUpdating: boolean;
  readonly paths: string[];
}

class UsageError extends Error {}

function parseOptions(args: readonly string[]): Options {
  const options: Options = {
    suite: defaultSuite(),
    engine: "interp",
    codeCache: undefined,
    filter: "",
    report: undefined,
    isListing: false,
    isUpdating: false,
    paths: [],
  };
  const rest = [...args];
  const value = (flag: string): string => {
    const next = rest.shift();
    if (next === undefined) throw new UsageError(`${flag} needs a value`);
    return next;
  };
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--suite") options.suite = resolve(value(arg));
    else if (arg === "--engine" || arg === "--tier") options.engine = value(arg);
    else if (arg === "--code-cache") options.codeCache = value(arg);
    else if (arg === "--filter") options.filter = value(arg);
    else if (arg === "--report") options.report = { format: reportFormat(value(arg)), file: value(arg) };
    else if (arg === "--list") options.isListing = true;
    else if (arg === "--update-expected") options.isUpdating = true;
    else if (arg.startsWith("-")) throw new UsageError(`unknown option ${arg}`);
    else options.paths.push(arg);
  }
  return options;
}

function reportFormat(text: string): "junit" | "json" {
  if (text !== "junit" && text !== "json") throw new UsageError(`no report format ${text}`);
  return text;
}

async function makeEngine({ engine: name, codeCache }: Options): Promise<SpecEngine> {
  if (name === "v8") return hostEngine();
  const tier = name.replace(/-metered$/, "");
  if (!Object.hasOwn(tiers, tier)) return engineFromFile(resolve(name));
  const { wasmtsEngine } = await import("./engine-wasmts.ts");
  return wasmtsEngine(tier as TierName, tier !== name, codeCache === undefined ? undefined : new CodeCache(codeCache));
}

function scriptsOf(options: Options): string[] {
  const paths = options.paths.length === 0 ? [options.suite] : options.paths.map((path) => locate(path, options.suite));
  return paths.flatMap(findScripts).filter((file) => labelOf(file, options.suite).includes(options.filter));
}

function locate(path: string, suite: string): string {
  const found = [resolve(path), join(suite, path)].find(existsSync);
  if (found === undefined) throw new UsageError(`no such file: ${path}`);
  return found;
}

async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options.paths.length === 0 && !existsSync(options.suite)) throw new UsageError(suiteHelp(options.suite));
  const session = await startSession(await makeEngine(options));
  const files: FileResult[] = [];
  for (const script of scriptsOf(options)) files.push(await runFile(session, script, labelOf(script, options.suite)));
  if (options.report !== undefined) {
    const write = options.report.format === "json" ? jsonReport : junitReport;
    writeFileSync(options.report.file, write(session.engine.name, files));
  }
  return conclude(session.engine.name, files, options);
}

/** Prints what happened; returns the exit code. */
function conclude(engine: string, files: readonly FileResult[], options: Options): number {
  const results = files.flatMap((file) => file.results);
  const notable = results.filter(({ outcome, warning }) => outcome === "fail" || outcome === "unsupported" || warning);
  if (options.isListing) for (const result of notable) console.log(`${result.outcome}: ${printResult(result)}`);
  const summary = summarize(files);
  console.log(`engine ${engine}, Node ${process.version}\n${printTable(summary)}`);
  console.log(`${summary.total.text} checks of text parsing not counted`);
  const warnings = results.filter(({ warning }) => warning !== "").length;
  if (warnings > 0) console.log(`${warnings} messages differ from the standard ones (--list shows them)`);
  if (options.isUpdating) updateExpectation(engine, files);
  const wrong = differences(files, expectationFor(engine));
  for (const line of options.isListing ? [] : wrong.slice(0, 50)) console.log(line);
  if (wrong.length > 50) console.log(`... ${wrong.length} in all`);
  return wrong.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}${error.message.startsWith("no test suite") ? "" : `\n${usage}`}`);
  process.exitCode = 2;
}
