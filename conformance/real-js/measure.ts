/** Runs the programs, each in a process of its own, and makes a table of how they did. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { root } from "../real/project.ts";
import type { Program } from "./job.ts";
import { programs } from "./programs.ts";

export type Engine = "host" | "interp" | "js" | "auto" | "polywasm";

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
const TIMEOUT_MS = 120_000;

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
    if (status === null) return { failure: `more than ${TIMEOUT_MS / 1000} s` };
    if (status !== 0) return { failure: reason(stderr) ?? `status ${status}` };
    runs.push(JSON.parse(stdout.trim().split("\n").at(-1) as string) as Run);
  }
  return runs.sort((a, b) => a.cpuMs - b.cpuMs)[times >> 1] as Run;
}

/** Of what Node.js prints about an error that nobody caught, the error. */
const reason = (stderr: string): string | undefined => stderr.split("\n").find((line) => /^\w*Error\b/.test(line));

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
const seconds = (ms: number): string => (ms / 1000).toFixed(2);

/** How a program did with each engine, and what that says of them. */
interface Row {
  readonly cells: readonly string[];
  /** How many times the CPU time of ours the other polyfill needs, where it runs the program. */
  readonly lead?: number | undefined;
}

/** The rows of the table, one after the other, and the mean; says on the way what it does. */
export function table(engine: Engine, folders: readonly string[], times: number, say: (text: string) => void): string {
  const rows = programs.map((program): Row => {
    const row = isInstalled(program, folders)
      ? measured(program, engine, folders, times)
      : { cells: ["not installed", ...Array<string>(7).fill("")] };
    say(`${program.name}: ${row.cells[0]} (needs ${program.needs.join(" and ")}) ${row.cells.slice(1).join(", ")}`);
    return { ...row, cells: [program.name, ...row.cells] };
  });
  const heads = [
    "program",
    "result",
    "modules, MB",
    "host, CPU s",
    "wasmts, CPU s",
    "ratio",
    "peak memory, MB: host / wasmts",
  ];
  const lines = [
    [...heads, "polywasm, CPU s", "to wasmts"],
    ["---", "---", ...Array<string>(6).fill("--:"), "--:"],
    ...rows.map(({ cells }) => cells),
  ].map((cells) => `| ${cells.join(" | ")} |`);
  const leads = rows.flatMap(({ lead }) => lead ?? []);
  const mean = Math.exp(leads.reduce((sum, lead) => sum + Math.log(lead), 0) / leads.length);
  return `${lines.join("\n")}\n\nOf the ${leads.length} programs that polywasm runs, it needs ${mean.toFixed(2)} times the CPU time of wasmts (geometric mean).`;
}

function measured(program: Program, engine: Engine, folders: readonly string[], times: number): Row {
  const [host, ours] = [runProgram(program, "host", folders, times), runProgram(program, engine, folders, times)];
  if ("failure" in host || "failure" in ours) {
    const failure = "failure" in host ? `host: ${host.failure}` : (ours as { failure: string }).failure;
    return { cells: ["**failed**", failure, ...Array<string>(6).fill("")] };
  }
  const other = runProgram(program, "polywasm", folders, times);
  const fault = "failure" in other ? other.failure : other.result === host.result ? undefined : "another result";
  const lead = fault === undefined ? (other as Run).cpuMs / ours.cpuMs : undefined;
  const cells = [
    host.result === ours.result ? "the same" : "**different**",
    megabytes(ours.moduleBytes),
    seconds(host.cpuMs),
    seconds(ours.cpuMs),
    `${(ours.cpuMs / host.cpuMs).toFixed(1)}x`,
    `${megabytes(host.peakBytes)} / ${megabytes(ours.peakBytes)}`,
    fault ?? seconds((other as Run).cpuMs),
    lead === undefined ? "" : `${lead.toFixed(2)}x`,
  ];
  return { cells, lead };
}

export const machine = (): string => `Node.js ${process.version.slice(1)}, ${cpus().length} cores`;
