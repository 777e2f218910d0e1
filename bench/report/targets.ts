/** What the project promises itself, and whether a run keeps it. */
import type { CaseResult, Results } from "../results.ts";
import { median } from "../statistics.ts";
import { digits, times } from "./format.ts";
import { casesOf, kernelCases, meanRatio } from "./ratios.ts";

export interface Verdict {
  readonly what: string;
  readonly value: string;
  readonly target: string;
  readonly isMet: boolean;
}

interface RatioTarget {
  readonly what: string;
  readonly tiers: readonly string[];
  readonly cases: (results: Results) => readonly CaseResult[];
  readonly against: string;
  /** Largest ratio of ours to theirs. */
  readonly most: (results: Results) => number;
}

const fast = ["js", "auto", "js+bigint"];
const named = (name: string) => (results: Results) => results.cases.filter((result) => result.name === name);
const isNode20 = (results: Results) => String(results.machine.node).startsWith("v20.");
const always = (most: number) => () => most;
const loops = (results: Results) =>
  (["integer", "64-bit", "float", "memory", "interpreter"] as const).flatMap((group) => casesOf(results, group));

const ratioTargets: readonly RatioTarget[] = [
  { what: "loop kernels / V8", tiers: ["interp"], cases: loops, against: "v8", most: always(15) },
  {
    what: "recursive calls / V8",
    tiers: ["interp"],
    cases: (r) => casesOf(r, "calls"),
    against: "v8",
    most: always(30),
  },
  { what: "all kernels / V8", tiers: ["interp"], cases: kernelCases, against: "v8", most: always(25) },
  { what: "all kernels / V8 TurboFan", tiers: fast, cases: kernelCases, against: "turbofan", most: always(2) },
  { what: "all kernels / wasm2js", tiers: fast, cases: kernelCases, against: "wasm2js", most: always(1 / 1.5) },
  { what: "all kernels / polywasm", tiers: fast, cases: kernelCases, against: "polywasm", most: always(1 / 2.5) },
  { what: "all kernels, fuel / without", tiers: ["js+fuel"], cases: kernelCases, against: "js", most: always(1.25) },
  {
    what: "all kernels, time limit / without",
    tiers: ["js+time"],
    cases: kernelCases,
    against: "js",
    most: always(1.25),
  },
  {
    what: "64-bit kernels / V8 TurboFan",
    tiers: fast,
    cases: (r) => casesOf(r, "64-bit"),
    against: "turbofan",
    most: (r) => (isNode20(r) ? 6 : 3),
  },
  { what: "programs / V8", tiers: ["auto"], cases: (r) => casesOf(r, "programs"), against: "v8", most: always(1.3) },
  {
    what: "one long call / V8",
    tiers: ["auto"],
    cases: (r) => casesOf(r, "one call"),
    against: "v8",
    most: always(0.5),
  },
  { what: "esbuild bundle / V8", tiers: ["auto"], cases: named("esbuild bundle"), against: "v8", most: always(3) },
  {
    what: "esbuild bundle / polywasm",
    tiers: ["auto"],
    cases: named("esbuild bundle"),
    against: "polywasm",
    most: always(0.2),
  },
  {
    what: "esbuild --version / V8",
    tiers: ["auto"],
    cases: named("esbuild --version"),
    against: "v8",
    most: always(2),
  },
];

const decodeMBps = 20;
const startup = 1.6;

/** The targets that this run says something about. */
export function verdicts(results: Results): Verdict[] {
  const list: Verdict[] = [];
  const tiers = results.engines.filter(({ kind }) => kind === "ours").map(({ id }) => id);
  for (const target of ratioTargets) {
    for (const tier of tiers.filter((id) => target.tiers.includes(id))) {
      const cases = target.cases(results);
      const mean = meanRatio(cases, tier, target.against);
      if (mean === undefined) continue;
      const most = target.most(results);
      const missing = mean.count < mean.of ? ` (${mean.count} of ${mean.of})` : "";
      const what = `${tier}: ${target.what}${missing}`;
      list.push({ what, value: times(mean.ratio), target: `<= ${times(most)}`, isMet: mean.ratio <= most });
    }
  }
  return [...list, ...startVerdicts(results, tiers)];
}

function startVerdicts({ decode, emptyNode, cases }: Results, tiers: readonly string[]): Verdict[] {
  const list: Verdict[] = [];
  const hello = cases.find(({ name }) => name === "hello");
  for (const tier of tiers) {
    const outcome = hello?.outcomes[tier];
    if (outcome?.status !== "ok" || emptyNode === undefined) continue;
    const ratio = median(outcome.wall) / median(emptyNode.wall);
    const what = `${tier}: hello, wall time / node -e 0`;
    list.push({ what, value: times(ratio), target: `<= ${times(startup)}`, isMet: ratio <= startup });
  }
  if (decode !== undefined) {
    const { coldMBps } = decode;
    const value = `${digits(coldMBps)} MB/s`;
    const target = `>= ${decodeMBps} MB/s`;
    list.push({ what: "decode + validate esbuild, first time", value, target, isMet: coldMBps >= decodeMBps });
  }
  return list;
}
