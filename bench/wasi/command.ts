/**
 * The `wasi` command: what a host call costs under our WASI host, beside `node:wasi`, with the same module on the host's
 * WebAssembly; and the same in our engine, with the native part for files where it was built, and without it.
 *
 * Each host has a process of its own, again and again, one after the other; ratios are taken round by round.
 */
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../options.ts";
import { machine, writeJson } from "../results.ts";
import { median, pairedRatio } from "../statistics.ts";
import type { ContestantName, Measured } from "./contestant.ts";
import { assembled, makeFolder, workloads } from "./workloads.ts";

const contestants = [
  "node:wasi on V8",
  "wasmts/wasi on V8",
  "wasmts",
  "wasmts, portable",
] as const satisfies readonly ContestantName[];
const turns = 5;
const rounds = 3;

export async function wasi(args: readonly string[]): Promise<number> {
  const [flag, path, ...rest] = args;
  if (rest.length > 0 || (flag !== undefined && (flag !== "--json" || path === undefined)))
    throw new UsageError("wasi takes --json FILE");
  const info = machine();
  const folder = makeFolder();
  try {
    const module = join(folder, "calls.wasm");
    writeFileSync(module, await assembled());
    const measured = measureInTurns(folder, module);
    for (const line of report(measured)) console.log(line);
    if (path !== undefined) writeJson(path, { machine: info, calls: callsOf(), measured });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return 0;
}

const callsOf = (): Record<string, number> => Object.fromEntries(workloads.map(({ name, calls }) => [name, calls]));

type AllMeasured = Record<ContestantName, Measured>;

function measureInTurns(folder: string, module: string): AllMeasured {
  const all = Object.fromEntries(contestants.map((name) => [name, {}])) as AllMeasured;
  const script = fileURLToPath(new URL("./contestant.js", import.meta.url));
  for (let turn = 0; turn < turns; turn++) {
    for (const name of contestants) {
      const output = execFileSync(process.execPath, ["--no-warnings", script, name, folder, module, String(rounds)]);
      for (const [workload, { cpu, wall }] of Object.entries(JSON.parse(output.toString()) as Measured)) {
        const samples = (all[name][workload] ??= { cpu: [], wall: [] });
        samples.cpu.push(...cpu);
        samples.wall.push(...wall);
      }
    }
  }
  return all;
}

/** CPU time of one call, and how that compares with `node:wasi`. */
export function report(measured: AllMeasured): string[] {
  const [baseline] = contestants;
  const head = ["microseconds of CPU time for a call".padEnd(36), ...contestants.map((name) => name.padStart(24))];
  const lines = workloads.map(({ name, title, calls }) => {
    const cells = contestants.map((contestant) => {
      const { cpu } = measured[contestant][name]!;
      const us = ((median(cpu) * 1000) / calls).toFixed(2);
      const ratio = pairedRatio(cpu, measured[baseline][name]!.cpu).median.toFixed(2);
      return (contestant === baseline ? us : `${us} (${ratio}x)`).padStart(24);
    });
    return [title.padEnd(36), ...cells].join("");
  });
  return [head.join(""), ...lines];
}
