#!/usr/bin/env node
/**
 * `npm run fuzz:wasi -- [--seconds N | --runs N] [--seed S]`: random host calls on a host directory and on file systems of
 * our own. Run `i` has seed S + i, so `--seed S --runs 1` repeats one.
 */
import { parseArgs } from "node:util";
import { fuzzWasi } from "./wasi-pair.ts";

const { values: options } = parseArgs({
  options: { seconds: { type: "string" }, runs: { type: "string" }, seed: { type: "string" } },
});

const first = Number(options.seed ?? Date.now() % 2 ** 31);
const runs = Number(options.runs ?? Infinity);
const ends = performance.now() + 1000 * Number(options.seconds ?? (options.runs === undefined ? 60 : Infinity));
const maxFindings = 5;

let [done, calls, succeeded, findings] = [0, 0, 0, 0];
for (; done < runs && performance.now() < ends && findings < maxFindings; done++) {
  const run = fuzzWasi(first + done);
  calls += run.calls;
  succeeded += run.succeeded;
  if (run.finding === undefined) continue;
  findings++;
  console.log(`\n--seed ${run.seed} --runs 1 (${run.kind}):\n  ${run.finding}`);
}
console.log(
  `fuzz:wasi: ${done} runs from seed ${first}, ${calls} calls, ${succeeded} of them successful, ${findings} findings`,
);
process.exitCode = findings > 0 ? 1 : 0;
