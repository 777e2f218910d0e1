/** A few runs of the fuzzer of host calls, on every change; `npm run fuzz:wasi` goes on from there. */
import { expect, it } from "vitest";
import { fuzzWasi, type WasiRun } from "./wasi-pair.ts";

it("random host calls do the same on a host directory and on our own file systems", () => {
  const runs = Array.from({ length: 24 }, (_, i): WasiRun => fuzzWasi(i + 1));
  expect(runs.map((run) => run.finding).filter((finding) => finding !== undefined)).toEqual([]);
  // A run in which nothing succeeds compares nothing.
  const succeeded = runs.reduce((sum, run) => sum + run.succeeded, 0);
  expect(succeeded).toBeGreaterThan(1000);
});
