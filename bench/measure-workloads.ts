/**
 * Measures workloads in several engines, interleaved, so that all of them see the same machine:
 *
 *   per workload: load each ─► compare checksums ─► warm each ─► rounds x (a sample of each) ─► samples
 *
 * The checksum that is right is V8's; without V8, what most engines computed.
 */
import type { Elapsed } from "./clocks.ts";
import { type Contestant, Failure } from "./contestant.ts";
import type { CaseResult, Outcome } from "./results.ts";
import type { Loaded, WarmUp } from "./session.ts";
import type { Workload } from "./workload.ts";

export interface MeasureOptions {
  readonly rounds: number;
  /** How much less work than the corpus says. */
  readonly divide: number;
  /** CPU milliseconds of a sample, at least. */
  readonly sampleMs: number;
  readonly warm: WarmUp;
  /** An engine that has used this much for one workload gets no further rounds once it has `leastRounds`. */
  readonly budgetMs: number;
  readonly leastRounds: number;
}

export const thorough: MeasureOptions = {
  rounds: 11,
  divide: 1,
  sampleMs: 10,
  warm: { ms: 400, calls: 5 },
  budgetMs: 8_000,
  leastRounds: 3,
};
export const quick: MeasureOptions = {
  rounds: 3,
  divide: 8,
  sampleMs: 10,
  warm: { ms: 150, calls: 3 },
  budgetMs: 1_500,
  leastRounds: 1,
};

type Failed = Exclude<Outcome, { status: "ok" }>;
const failed = (error: unknown): Failed =>
  error instanceof Failure
    ? { status: error.kind, detail: error.message }
    : { status: "failed", detail: error instanceof Error ? error.message : String(error) };

/** One engine on its way through one workload. */
interface Entry {
  readonly contestant: Contestant;
  readonly loaded: Loaded;
  readonly samples: Elapsed[];
  failure?: Failed;
}

export async function measureWorkload(
  workload: Workload,
  contestants: readonly Contestant[],
  options: MeasureOptions,
): Promise<CaseResult> {
  const outcomes: Record<string, Outcome> = {};
  const entries: Entry[] = [];
  for (const contestant of contestants) {
    try {
      entries.push({ contestant, loaded: await contestant.load(workload, options.divide), samples: [] });
    } catch (error) {
      outcomes[contestant.id] = failed(error);
    }
  }
  const expected = rightChecksum(entries);
  for (const entry of entries) {
    const { checksum } = entry.loaded;
    if (checksum !== expected) entry.failure = { status: "bad", detail: `computed ${checksum}, ${expected} expected` };
    else await attempt(entry, () => entry.contestant.warm(options.warm));
  }
  for (let round = 0; round < options.rounds; round++)
    for (const entry of entries)
      if (!isDone(entry, options))
        await attempt(entry, async () => entry.samples.push(await entry.contestant.sample(options.sampleMs)));
  for (const entry of entries) outcomes[entry.contestant.id] = outcomeOf(entry);
  // In the order of the contestants, whoever failed first.
  const ordered = Object.fromEntries(contestants.map(({ id }) => [id, outcomes[id]!]));
  return { name: workload.name, group: workload.group, unit: "call", outcomes: ordered };
}

async function attempt(entry: Entry, step: () => Promise<unknown>): Promise<void> {
  try {
    await step();
  } catch (error) {
    entry.failure = failed(error);
  }
}

function isDone({ failure, samples }: Entry, { budgetMs, leastRounds }: MeasureOptions): boolean {
  if (failure !== undefined) return true;
  // A sample is at least one call; many short ones take no longer than they say.
  const spent = samples.reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return samples.length >= leastRounds && spent > budgetMs;
}

function outcomeOf({ failure, samples, loaded }: Entry): Outcome {
  if (failure !== undefined) return failure;
  const { loadMs, firstMs } = loaded;
  return { status: "ok", cpu: samples.map((s) => s.cpuMs), wall: samples.map((s) => s.wallMs), loadMs, firstMs };
}

function rightChecksum(entries: readonly Entry[]): number | undefined {
  const host = entries.find(({ contestant }) => contestant.id === "v8" || contestant.id === "turbofan");
  if (host !== undefined) return host.loaded.checksum;
  const votes = new Map<number, number>();
  for (const { loaded } of entries) votes.set(loaded.checksum, (votes.get(loaded.checksum) ?? 0) + 1);
  return [...votes].sort((a, b) => b[1] - a[1])[0]?.[0];
}
