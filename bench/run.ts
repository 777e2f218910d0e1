/**
 * The benchmark command: `npm run bench -- [--filter WORD] [--only PART] [--runs N] [--quick] [--json FILE]`.
 *
 * Kernels and whole processes, ours against V8's WebAssembly on the same machine in the same run. README.md says how to
 * read the table. Needs a build (`npm run build`), no compiler.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { parseArgs } from "node:util";
import { root } from "../conformance/real/project.ts";
import { kernels } from "./corpus.ts";
import { v8, wasmts } from "./engines.ts";
import { measureDecode, measurePrograms, measureStartup } from "./processes.ts";
import { kernelHeader, kernelRow, type Results, summary } from "./report.ts";
import { groupRatios, type KernelResult, runKernel } from "./run-kernels.ts";

const parts = ["kernels", "decode", "startup", "programs"] as const;
type Part = (typeof parts)[number];

const usage = `usage: npm run bench -- [OPTIONS]
  --filter WORDS   only kernels whose name or group contains one of these words (comma-separated)
  --only PARTS     only some of: ${parts.join(", ")} (comma-separated)
  --runs N         samples per kernel (default 7)
  --tier TIER      interp, js or auto (default auto)
  --quick          less work and fewer samples: for a look, not for the record
  --json FILE      also write everything measured, with the machine it was measured on`;

const tiers = ["interp", "js", "auto"] as const;
type Tier = (typeof tiers)[number];

interface Options {
  readonly words: readonly string[];
  readonly parts: ReadonlySet<Part>;
  readonly runs: number;
  readonly tier: Tier;
  readonly isQuick: boolean;
  readonly json: string | undefined;
}

function readOptions(): Options | undefined {
  const { values } = parseArgs({
    options: {
      filter: { type: "string" },
      only: { type: "string" },
      runs: { type: "string" },
      tier: { type: "string", default: "auto" },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  const runs = Number(values.runs ?? (values.quick ? 3 : 7));
  const chosen = (values.only ?? (values.filter ? "kernels" : parts.join())).split(",");
  const isBad = !Number.isInteger(runs) || runs < 1 || chosen.some((part) => !parts.includes(part as Part));
  const tier = tiers.find((t) => t === values.tier);
  if (values.help || isBad || tier === undefined) return undefined;
  const words = values.filter?.split(",") ?? [];
  return { words, parts: new Set(chosen as Part[]), runs, tier, isQuick: values.quick, json: values.json };
}

function machine(): Results["machine"] {
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

function runKernels(options: Options): KernelResult[] {
  const chosen = kernels.filter(
    ({ name, group }) =>
      options.words.length === 0 || options.words.some((word) => name.includes(word) || group === word),
  );
  const engine = wasmts(options.tier);
  console.log(kernelHeader());
  return chosen.map((kernel) => {
    const result = runKernel(kernel, engine, { runs: options.runs, divide: options.isQuick ? 8 : 1 });
    console.log(kernelRow(result));
    return result;
  });
}

async function main(options: Options): Promise<void> {
  const { tier, name } = wasmts(options.tier);
  const info = machine();
  console.log(`${name}, tier ${tier}, against V8 ${info.v8} WebAssembly, ${v8.tier}`);
  console.log(`${info.cpu}, ${info.cores} cores, Node ${info.node}, commit ${info.commit}, load ${info.loadBefore}\n`);
  // Whole processes first: the kernels leave this process large, but nothing here influences a child.
  const decode = options.parts.has("decode") ? { decode: measureDecode() } : {};
  const startup = options.parts.has("startup") ? { startup: await measureStartup(options.isQuick ? 7 : 21) } : {};
  const programs = options.parts.has("programs") ? { programs: await measurePrograms(options.isQuick ? 1 : 3) } : {};
  const measured = options.parts.has("kernels") ? runKernels(options) : [];
  const results: Results = {
    machine: info,
    engine: { name, tier, peer: v8.tier },
    options: { runs: options.runs, quick: options.isQuick },
    kernels: measured,
    groups: groupRatios(measured),
    ...decode,
    ...startup,
    ...programs,
  };
  console.log(`\n${summary(results).join("\n")}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, null, 2)}\n`);
}

try {
  const options = readOptions();
  if (options) await main(options);
  else complain("");
} catch (error) {
  // parseArgs says well what is wrong with a flag; anything else is a failed measurement.
  if ((error as NodeJS.ErrnoException).code?.startsWith("ERR_PARSE_ARGS")) complain(`${(error as Error).message}\n`);
  else throw error;
}

function complain(message: string): void {
  console.error(message + usage);
  process.exitCode = 2;
}
