/** What the measuring loop needs of an engine, wherever it runs: in a worker process, as a native program, in a test. */
import type { Elapsed } from "./clocks.ts";
import type { FailureKind, Loaded, WarmUp } from "./session.ts";
import type { Workload } from "./workload.ts";

export interface Contestant {
  readonly id: string;
  /** @throws Failure */
  load(workload: Workload, divide: number): Promise<Loaded>;
  /** @throws Failure */
  warm(goal: WarmUp): Promise<void>;
  /** Time per call. @throws Failure */
  sample(leastMs: number): Promise<Elapsed>;
  /** Ends what belongs to it. The most memory it ever used, if that is known. */
  close(): Promise<number | undefined>;
}

/** The engine could not do it; the rest of the run goes on. */
export class Failure extends Error {
  readonly kind: FailureKind | "timeout";

  constructor(kind: FailureKind | "timeout", detail: string) {
    super(detail);
    this.kind = kind;
  }
}
