#!/usr/bin/env node
/**
 * `npm run fuzz -- [--seconds N | --runs N] [--seed S] [--kind modules|snapshots|bytes|baked|all]`: random modules until time is
 * up. Run `i` has seed S + i, so `--seed S --runs 1 --kind K` repeats one. Findings are minimised and written to `conformance/regress/`.
 */
import { parseArgs } from "node:util";
import { fuzzOnce, type Kind, kinds, type Run } from "./kinds.ts";
import { record } from "./record.ts";
import { Tally } from "./tally.ts";

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string" },
    runs: { type: "string" },
    seed: { type: "string" },
    kind: { type: "string", default: "all" },
    // Findings after which it stops.
    findings: { type: "string", default: "5" },
  },
});

const chosen = kinds.filter((kind) => kind === options.kind || options.kind === "all");
if (chosen.length === 0) throw new Error(`--kind ${options.kind}: one of ${[...kinds, "all"].join(", ")}`);
const first = Number(options.seed ?? Date.now() % 2 ** 31);
const runs = Number(options.runs ?? Infinity);
const ends = performance.now() + 1000 * Number(options.seconds ?? (options.runs === undefined ? 60 : Infinity));
console.log(`fuzz: seed ${first}, ${chosen.join(" ")}, on Node ${process.versions.node}`);

const tallies = new Map<Kind, Tally>(chosen.map((kind) => [kind, new Tally()]));
let found = 0;
let i = 0;
for (; i < runs && performance.now() < ends && found < Number(options.findings); i++) {
  const seed = first + i;
  const kind = chosen[seed % chosen.length] as Kind;
  const run = fuzzOnce(kind, seed, tallies.get(kind) as Tally);
  if (run.finding !== undefined) report(run);
}

function report(run: Run): void {
  found++;
  console.log(`\n--kind ${run.kind} --seed ${run.seed} --runs 1: ${run.finding?.what}`);
  console.log(`  want ${run.finding?.want}\n  got  ${run.finding?.got}`);
  console.log(`  minimised: ${record(run)}`);
}

for (const [kind, tally] of tallies) console.log(`  ${kind}: ${tally}`);
console.log(`fuzz: ${i} modules, seeds ${first} to ${first + i - 1}, ${found} findings`);
process.exitCode = found > 0 ? 1 : 0;
