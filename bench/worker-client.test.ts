/** A worker process and its client: what the command does for each engine, on a small corpus. Needs the build. */
import { afterEach, describe, expect, test } from "vitest";
import { measureWorkload } from "./measure-workloads.ts";
import { WorkerContestant } from "./worker-client.ts";
import { type Workload, workloads } from "./workload.ts";

const open: WorkerContestant[] = [];
function worker(id: string, more: { nodeFlags?: readonly string[]; timeoutMs?: number } = {}): WorkerContestant {
  const contestant = new WorkerContestant({ id, nodeFlags: [], timeoutMs: 30_000, ...more });
  open.push(contestant);
  return contestant;
}
afterEach(async () => {
  for (const contestant of open.splice(0)) await contestant.close();
});

const tiny = { rounds: 2, divide: 1000, sampleMs: 0, warm: { ms: 0, calls: 1 }, budgetMs: 1000, leastRounds: 1 };
const named = (name: string): Workload => workloads.find((workload) => workload.name === name)!;

describe("workers", () => {
  test.each(["lcg", "splitmix", "convert", "as-map"])("%s, in V8 and in the interpreter", async (name) => {
    const { outcomes } = await measureWorkload(named(name), [worker("v8"), worker("interp")], tiny);
    for (const id of ["v8", "interp"]) expect(outcomes[id]).toMatchObject({ status: "ok", cpu: expect.any(Array) });
  });

  test("know what memory they used", async () => {
    const contestant = worker("interp");
    await contestant.load(named("lcg"), 1000);
    expect(await contestant.close()).toBeGreaterThan(10);
  });

  test("that do not start fail in one line, and take nobody along", async () => {
    const broken = worker("v8", { nodeFlags: ["--no-such-flag"] });
    const { outcomes } = await measureWorkload(named("lcg"), [broken, worker("interp")], tiny);
    expect(outcomes.v8).toMatchObject({ status: "failed", detail: expect.stringContaining("its process ended") });
    expect(outcomes.interp?.status).toBe("ok");
  });

  test("that died after their last answer fail, too", async () => {
    const contestant = worker("interp");
    await contestant.load(named("lcg"), 1000);
    const pid = contestant.pid as number;
    process.kill(pid, "SIGKILL");
    await new Promise((resolve) => setTimeout(resolve, 300));
    await expect(contestant.sample(0)).rejects.toMatchObject({ kind: "failed" });
  });

  test("that take too long are ended; the next load starts another", async () => {
    const contestant = worker("interp", { timeoutMs: 1500 });
    await expect(contestant.load(named("lcg"), 0.01)).rejects.toMatchObject({ kind: "timeout" });
    await expect(contestant.load(named("lcg"), 1000)).resolves.toMatchObject({ checksum: expect.any(Number) });
  });
});
