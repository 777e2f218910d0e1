/** Runs the programs, each in a process of its own. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../real/project.ts";
import type { Program } from "./job.ts";

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

/** How a program is run. */
export interface Manner {
  readonly folders: readonly string[];
  /** Of which the middle one counts. Default 1. */
  readonly times?: number;
  /** How often the program does its job in a run. Default 1. */
  readonly jobs?: number;
  /** For compiled code. Default: there is none. */
  readonly cache?: string;
}

export function runProgram({ name }: Program, engine: Engine, manner: Manner): Outcome {
  const { folders, times = 1, jobs = 1, cache = "" } = manner;
  const runs: Run[] = [];
  for (let i = 0; i < times; i++) {
    const words = [runner, name, engine, `${jobs}`, cache, ...folders];
    const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: "utf8", timeout: TIMEOUT_MS });
    if (status === null) return { failure: `more than ${TIMEOUT_MS / 1000} s` };
    if (status !== 0) return { failure: reason(stderr) ?? `status ${status}` };
    runs.push(JSON.parse(stdout.trim().split("\n").at(-1) as string) as Run);
  }
  return runs.sort((a, b) => a.cpuMs - b.cpuMs)[times >> 1] as Run;
}

/** The same with the code that a run before has left. */
export function runAgain(program: Program, engine: Engine, manner: Manner): Outcome {
  return withFolder((cache) => {
    const first = runProgram(program, engine, { ...manner, times: 1, cache });
    return "failure" in first ? first : runProgram(program, engine, { ...manner, cache });
  });
}

/** An empty folder, for as long as `use` takes. */
export function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "wasmts-code-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of what Node.js prints about an error that nobody caught, the error. */
const reason = (stderr: string): string | undefined => stderr.split("\n").find((line) => /^\w*Error\b/.test(line));
