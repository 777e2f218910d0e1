/** The measuring loop, on contestants whose times are made up. */
import { describe, expect, test } from "vitest";
import type { Elapsed } from "./clocks.ts";
import { type Contestant, Failure } from "./contestant.ts";
import { type MeasureOptions, measureWorkload } from "./measure-workloads.ts";
import type { Loaded } from "./session.ts";
import type { Workload } from "./workload.ts";

const workload = { name: "w", group: "integer" } as Workload;
const options: MeasureOptions = {
  rounds: 4,
  divide: 1,
  sampleMs: 1,
  warm: { ms: 1, calls: 1 },
  budgetMs: 1000,
  leastRounds: 2,
};

interface Plan {
  readonly checksum?: number;
  readonly ms?: number;
  readonly failAt?: "load" | "warm" | "sample";
}

/** Writes down in `log` what it is asked, in order. */
function fake(id: string, { checksum = 1, ms = 1, failAt }: Plan = {}, log: string[] = []): Contestant {
  const step = (name: Plan["failAt"]) => {
    log.push(`${id} ${name}`);
    if (name === failAt) throw new Failure("timeout", "made up");
  };
  return {
    id,
    load: async (): Promise<Loaded> => {
      step("load");
      return { checksum, loadMs: 3, firstMs: 4 };
    },
    warm: async () => step("warm"),
    sample: async (): Promise<Elapsed> => {
      step("sample");
      return { cpuMs: ms, wallMs: ms };
    },
    close: async () => undefined,
  };
}

describe("measureWorkload", () => {
  test("interleaves: every round has a sample of each", async () => {
    const log: string[] = [];
    const result = await measureWorkload(workload, [fake("v8", { ms: 2 }, log), fake("a", { ms: 6 }, log)], options);
    expect(log.slice(0, 4)).toEqual(["v8 load", "a load", "v8 warm", "a warm"]);
    expect(log.slice(4)).toEqual(Array.from({ length: 4 }, () => ["v8 sample", "a sample"]).flat());
    expect(result.outcomes.v8).toEqual({ status: "ok", cpu: [2, 2, 2, 2], wall: [2, 2, 2, 2], loadMs: 3, firstMs: 4 });
  });

  test("a wrong checksum is BAD and is not timed", async () => {
    const log: string[] = [];
    const result = await measureWorkload(workload, [fake("a", { checksum: 2 }, log), fake("v8", {}, log)], options);
    expect(result.outcomes.a).toEqual({ status: "bad", detail: "computed 2, 1 expected" });
    expect(log.filter((line) => line.startsWith("a "))).toEqual(["a load"]);
    expect(result.outcomes.v8?.status).toBe("ok");
  });

  test("without V8 the majority is right", async () => {
    const result = await measureWorkload(workload, [fake("a", { checksum: 9 }), fake("b"), fake("c")], options);
    expect(Object.values(result.outcomes).map(({ status }) => status)).toEqual(["bad", "ok", "ok"]);
  });

  test.each(["load", "warm", "sample"] as const)("a failure in %s ends that engine only", async (failAt) => {
    const result = await measureWorkload(workload, [fake("v8"), fake("a", { failAt })], options);
    expect(result.outcomes.a).toEqual({ status: "timeout", detail: "made up" });
    expect(result.outcomes.v8?.status).toBe("ok");
  });

  test("engines stay in their order, whoever failed", async () => {
    const result = await measureWorkload(workload, [fake("a", { failAt: "load" }), fake("v8")], options);
    expect(Object.keys(result.outcomes)).toEqual(["a", "v8"]);
  });

  test("an engine that is slow gets fewer rounds, but enough for a median", async () => {
    const result = await measureWorkload(workload, [fake("v8"), fake("slow", { ms: 5000 })], options);
    expect(result.outcomes.slow).toMatchObject({ cpu: [5000, 5000] });
    expect(result.outcomes.v8).toMatchObject({ cpu: [1, 1, 1, 1] });
  });
});
