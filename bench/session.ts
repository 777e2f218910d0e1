/** One engine measuring one workload after another: what a worker process does, and nothing about processes. */
import { cpuMs, type Elapsed, timeCalls, timed } from "./clocks.ts";
import { type JsEngine, Unsupported } from "./engines/engine.ts";
import type { Work, Workload } from "./workload.ts";

export interface Loaded {
  readonly checksum: number;
  /** CPU milliseconds: compile and instantiate, and the first call after it. */
  readonly loadMs: number;
  readonly firstMs: number;
}

export interface WarmUp {
  /** CPU milliseconds and calls, both at least. */
  readonly ms: number;
  readonly calls: number;
}

/** Thrown when a later call computes something else than the first. */
class Inconsistent extends Error {}

export class Session {
  readonly #engine: JsEngine;
  #work: Work | undefined;
  #checksum = 0;

  constructor(engine: JsEngine) {
    this.#engine = engine;
  }

  async load(workload: Workload, divide: number): Promise<Loaded> {
    this.#work = undefined;
    this.#engine.prepare?.(workload.bytes());
    const start = cpuMs();
    const work = await workload.prepare(this.#engine, divide);
    const loadMs = cpuMs() - start;
    const { result, cpuMs: firstMs } = timed(work);
    this.#work = work;
    this.#checksum = result;
    return { checksum: result, loadMs, firstMs };
  }

  warm({ ms, calls }: WarmUp): void {
    timeCalls(this.#checked(), ms, calls);
  }

  /** Time per call. */
  sample(leastMs: number): Elapsed {
    return timeCalls(this.#checked(), leastMs);
  }

  #checked(): () => void {
    const work = this.#work;
    if (work === undefined) throw new Error("nothing is loaded");
    return () => {
      if (work() !== this.#checksum) throw new Inconsistent("a later call gave another result than the first");
    };
  }
}

/** What went wrong, in one word and one line. */
export type FailureKind = "unsupported" | "bad" | "failed";
export function failureOf(error: unknown): { kind: FailureKind; detail: string } {
  const kind = error instanceof Unsupported ? "unsupported" : error instanceof Inconsistent ? "bad" : "failed";
  return {
    kind,
    detail: String(error instanceof Error ? error.message : error)
      .split("\n")[0]!
      .slice(0, 200),
  };
}
