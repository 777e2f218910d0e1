/**
 * What is measured as whole processes: start-up, and a few programs from start to end. Wall time, medians, interleaved.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { jsonText, logText, noise } from "../conformance/real/inputs.ts";
import { cliPath, hostRunnerPath, root } from "../conformance/real/project.ts";
import { compileGuest } from "../conformance/real/toolchains.ts";
import type { DecodeResult } from "./decode.ts";
import { median } from "./measure.ts";

/** Milliseconds, medians. */
export interface StartupResult {
  readonly nodeMs: number;
  readonly wasmtsMs: number;
  readonly ratio: number;
  readonly runs: number;
}

export interface ProgramResult {
  readonly name: string;
  /** Wall milliseconds of the whole process, medians. */
  readonly oursMs: number;
  /** The same module under `node:wasi` and V8. */
  readonly v8Ms: number;
  readonly ratio: number;
}

/** Runs a node command line and gives its wall time; its output must be the same every time, so it is returned too. */
function wall(args: readonly string[], input?: Uint8Array): { ms: number; stdout: Buffer } {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, {
    ...(input ? { input } : {}),
    maxBuffer: 1 << 28,
  });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(`node ${args.join(" ")}: exit code ${status}\n${stderr}`);
  return { ms, stdout };
}

export async function measureStartup(runs: number): Promise<StartupResult> {
  const hello = await compileGuest("wat", "hello");
  const node: number[] = [];
  const ours: number[] = [];
  for (let i = -2; i < runs; i++) {
    const [a, b] = [wall(["-e", "0"]).ms, wall([cliPath, "run", hello]).ms];
    if (i < 0) continue; // the first ones fill the disk cache
    node.push(a);
    ours.push(b);
  }
  return { nodeMs: median(node), wasmtsMs: median(ours), ratio: median(ours) / median(node), runs };
}

interface Program {
  readonly name: string;
  readonly guest: string;
  readonly args: readonly string[];
  readonly input: () => Uint8Array;
}

const megabyte = 1_000_000;
const empty = () => new Uint8Array();

/** Compiled by AssemblyScript, which is always there. */
const programs: readonly Program[] = [
  { name: "json, 1 MB", guest: "json", args: [], input: () => Buffer.from(jsonText(megabyte)) },
  {
    name: "regex, 1 MB",
    guest: "regex",
    args: [String.raw`(\d+\.)+\d+ .*(GET|POST) /(api|img)/[a-z_]+\.js" 404`],
    input: () => Buffer.from(logText(megabyte)),
  },
  { name: "sha256sum, 2 MB", guest: "sha256sum", args: [], input: () => noise(2 * megabyte) },
  { name: "sort, 1 MB", guest: "sort", args: [], input: () => Buffer.from(logText(megabyte)) },
  { name: "qsort, 10^6 numbers", guest: "qsort", args: ["1000000", "1"], input: empty },
];

export async function measurePrograms(runs: number): Promise<ProgramResult[]> {
  const results: ProgramResult[] = [];
  for (const { name, guest, args, input } of programs) {
    const wasm = await compileGuest("assemblyscript", guest);
    const bytes = input();
    const times = { ours: [] as number[], v8: [] as number[] };
    for (let i = 0; i < runs; i++) {
      const ours = wall([cliPath, "run", wasm, ...args], bytes);
      const v8 = wall(["--no-warnings", hostRunnerPath, "--", wasm, ...args], bytes);
      if (!ours.stdout.equals(v8.stdout)) throw new Error(`${name}: the outputs differ`);
      times.ours.push(ours.ms);
      times.v8.push(v8.ms);
    }
    const [oursMs, v8Ms] = [median(times.ours), median(times.v8)];
    results.push({ name, oursMs, v8Ms, ratio: oursMs / v8Ms });
  }
  return results;
}

export function measureDecode(): DecodeResult {
  const script = join(root, "dist", "bench", "decode.js");
  return JSON.parse(execFileSync(process.execPath, [script], { encoding: "utf8" })) as DecodeResult;
}
