/** The kinds of runs: each makes a module from a seed and checks it. */
import { checkBaked } from "./baked.ts";
import { translateToFuzz } from "./binaryen.ts";
import { type Check, checkModule, checkSnapshots, type Finding } from "./finding.ts";
import { generate } from "./generate.ts";
import { checkBytes, mutant } from "./mutants.ts";
import { Rng } from "./rng.ts";
import type { Tally } from "./tally.ts";

export const kinds = ["modules", "snapshots", "bytes", "baked"] as const;
export type Kind = (typeof kinds)[number];

export interface Run {
  readonly kind: Kind;
  readonly seed: number;
  readonly bytes: Uint8Array;
  readonly check: Check;
  readonly finding: Finding | undefined;
}

/** One of so many modules is binaryen's, which takes a process. */
const TTF_SHARE = 40;

/** The module and where it is from. */
function source(kind: Kind, seed: number): readonly [bytes: Uint8Array, from: string] {
  if (kind === "bytes") return [mutant(seed), "mutants"];
  const binaryens = new Rng(seed ^ 0x77f).oneIn(TTF_SHARE) ? translateToFuzz(seed) : undefined;
  if (binaryens !== undefined) return [binaryens, "of binaryen"];
  return [generate(seed), "generated"];
}

const checks: Readonly<Record<Kind, (seed: number) => Check>> = {
  modules: checkModule,
  snapshots: checkSnapshots,
  bytes: checkBytes,
  baked: checkBaked,
};
export const checkOf = (kind: Kind, seed: number): Check => checks[kind](seed);

export function fuzzOnce(kind: Kind, seed: number, tally: Tally): Run {
  const [bytes, from] = source(kind, seed);
  tally.add(from);
  const check = checkOf(kind, seed);
  return { kind, seed, bytes, check, finding: check(bytes, tally) };
}
