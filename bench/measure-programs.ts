/** Measures whole programs, engines interleaved. What a program prints is its checksum. */

import type { Job } from "./engines/native.ts";
import type { Contender } from "./engines/roster.ts";
import { type Command, run, type Usage } from "./process-usage.ts";
import type { Program } from "./programs.ts";
import type { CaseResult, Outcome, Results } from "./results.ts";

export interface ProgramOptions {
  readonly rounds: number;
  readonly divide: number;
  /** CPU time; see `run`. */
  readonly timeoutMs: number;
  /** CPU time. An engine that has used this much for one program gets no further rounds. */
  readonly budgetMs: number;
}

/** Those that are translated ahead of time have it done before the first round. */
export type PrepareJob = (contender: Contender, job: Job) => void;

export async function measureProgram(
  program: Program,
  contenders: readonly Contender[],
  options: ProgramOptions,
  scratch: string,
  prepareJob: PrepareJob = () => {},
): Promise<CaseResult> {
  const job = await program.prepare(scratch, options.divide);
  const input = program.input?.();
  const uses = new Map<string, Usage[]>(contenders.map(({ info }) => [info.id, []]));
  const failures = new Map<string, Outcome>();
  for (const contender of contenders) {
    try {
      prepareJob(contender, job);
    } catch (error) {
      failures.set(contender.info.id, { status: "unsupported", detail: (error as Error).message });
    }
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const contender of contenders) {
      const { id } = contender.info;
      const used = uses.get(id)!;
      const spent = used.reduce((sum, { cpuMs, wallMs }) => sum + (cpuMs ?? wallMs), 0);
      if (failures.has(id) || (used.length > 0 && spent > options.budgetMs)) continue;
      const usage = await run(contender.command(job), { timeoutMs: options.timeoutMs, ...(input ? { input } : {}) });
      const failure = failureOf(usage, options.timeoutMs);
      if (failure !== undefined) failures.set(id, failure);
      else used.push(usage);
    }
  }
  markWrong(uses, failures);
  const outcomes = Object.fromEntries([...uses].map(([id, used]) => [id, failures.get(id) ?? outcomeOf(used)]));
  return { name: program.name, group: program.group, unit: "process", outcomes };
}

function failureOf(usage: Usage, timeoutMs: number): Outcome | undefined {
  if (usage.isTimeout) return { status: "timeout", detail: `not done in ${timeoutMs / 1000} s` };
  if (usage.status === 0) return undefined;
  const line = usage.stderr.split("\n").find((text) => text.trim() !== "" && text.length < 300) ?? "";
  return { status: "failed", detail: `exit code ${usage.status}${line ? `: ${line.trim()}` : ""}` };
}

/** What V8 prints is right; without it, what the first engine printed. */
function markWrong(uses: ReadonlyMap<string, readonly Usage[]>, failures: Map<string, Outcome>): void {
  const right = [...uses].find(([id, used]) => !failures.has(id) && used.length > 0)?.[1][0]?.stdout;
  for (const [id, used] of uses)
    if (!failures.has(id) && right && used.some(({ stdout }) => !stdout.equals(right)))
      failures.set(id, { status: "bad", detail: "printed something else than the others" });
}

function outcomeOf(used: readonly Usage[]): Outcome {
  const peaks = used.flatMap(({ peakMiB }) => peakMiB ?? []);
  return {
    status: "ok",
    cpu: used.map(({ cpuMs, wallMs }) => cpuMs ?? wallMs),
    wall: used.map(({ wallMs }) => wallMs),
    ...(peaks.length > 0 ? { peakMiB: Math.max(...peaks) } : {}),
  };
}

/** What starting Node costs. */
export async function measureEmptyNode(rounds: number): Promise<NonNullable<Results["emptyNode"]>> {
  const command: Command = { file: process.execPath, args: ["-e", "0"] };
  const used: Usage[] = [];
  for (let round = -1; round < rounds; round++) {
    const usage = await run(command, { timeoutMs: 60_000 });
    if (round >= 0) used.push(usage); // the first one fills the disk cache
  }
  return { cpu: used.map(({ cpuMs, wallMs }) => cpuMs ?? wallMs), wall: used.map(({ wallMs }) => wallMs) };
}
