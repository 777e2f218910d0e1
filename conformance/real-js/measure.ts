/** Runs the programs, each in a process of its own, and makes a table of how they did. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { root } from "../real/project.ts";
import { type Program, programs } from "./programs.ts";

export type Engine = "host" | "interp" | "js" | "auto";

export interface Run {
  readonly result: string;
  readonly moduleBytes: number;
  /** From the import of the package to the result; of all threads of the process. */
  readonly ms: number;
  readonly cpuMs: number;
  readonly peakBytes: number;
}

/** What a program came to: its middle run by CPU time, or why there is none. */
export type Outcome = Run | { readonly failure: string };

const runner = join(root, "dist/conformance/real-js/runner.js");
const TIMEOUT_MS = 300_000;

/** True when its packages are in one of `folders`. */
export const isInstalled = ({ needs }: Program, folders: readonly string[]): boolean =>
  folders.some((folder) => needs.every((name) => existsSync(join(folder, "node_modules", name))));

export function runProgram({ name }: Program, engine: Engine, folders: readonly string[], times = 1): Outcome {
  const runs: Run[] = [];
  for (let i = 0; i < times; i++) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [runner, name, engine, ...folders], {
      encoding: "utf8",
      timeout: TIMEOUT_MS,
    });
    if (status !== 0) return { failure: stderr.trim().split("\n").slice(0, 5).join(" ") || `status ${status}` };
    runs.push(JSON.parse(stdout.trim().split("\n").at(-1) as string) as Run);
  }
  return runs.sort((a, b) => a.cpuMs - b.cpuMs)[times >> 1] as Run;
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const seconds = (ms: number): string => (ms / 1000).toFixed(2);

/** The rows of the table, one after the other; says on the way what it does. */
export function table(engine: Engine, folders: readonly string[], times: number, say: (text: string) => void): string {
  const rows = programs.map((program) => {
    if (!isInstalled(program, folders)) {
      say(`${program.name}: skipped, ${program.needs.join(" and ")} not installed`);
      return `| ${program.name} | not installed | | | | | |`;
    }
    const [host, ours] = [runProgram(program, "host", folders, times), runProgram(program, engine, folders, times)];
    if ("failure" in host || "failure" in ours) {
      const failure = "failure" in host ? `host: ${host.failure}` : (ours as { failure: string }).failure;
      say(`${program.name}: failed: ${failure}`);
      return `| ${program.name} | **failed** | | | | | |`;
    }
    const isSame = host.result === ours.result;
    say(`${program.name}: ${isSame ? "the same" : `DIFFERENT: ${host.result} / ${ours.result}`}`);
    const figures = [
      megabytes(ours.moduleBytes),
      seconds(host.cpuMs),
      seconds(ours.cpuMs),
      `${(ours.cpuMs / host.cpuMs).toFixed(1)}x`,
      `${megabytes(host.peakBytes)} / ${megabytes(ours.peakBytes)}`,
    ];
    return `| ${program.name} | ${isSame ? "the same" : "**different**"} | ${figures.join(" | ")} |`;
  });
  const head =
    "| program | result | modules, MB | host, CPU s | wasmts, CPU s | ratio | peak memory, MB: host / wasmts |";
  return [head, "|---|---|--:|--:|--:|--:|--:|", ...rows].join("\n");
}

export const machine = (): string => `Node.js ${process.version.slice(1)}, ${cpus().length} cores`;
