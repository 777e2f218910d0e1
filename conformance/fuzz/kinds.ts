/** The kinds of runs: each makes a module from a seed and checks it. */
import { checkBaked } from "./baked.ts";
import { translateToFuzz } from "./binaryen.ts";
import { type Check, checkHost, checkSnapshots, type Finding } from "./finding.ts";
import { generate } from "./generate.ts";
import { checkBytes, mutant } from "./mutants.ts";
import { Rng } from "./rng.ts";
import { host } from "./theirs.ts";

export const kinds = ["modules", "snapshots", "bytes", "baked"] as const;
export type Kind = (typeof kinds)[number];

export interface Run {
  readonly kind: Kind;
  readonly seed: number;
  readonly bytes: Uint8Array;
  readonly check: Check;
  /** Where the module is from. */
  readonly source: string;
  readonly finding: Finding | undefined;
}

/** `(func return_call 0)`. */
const tailCall = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 18, 0, 11];
const hasTailCalls = host.validate(Uint8Array.from(tailCall));

/** One of so many modules is binaryen's, which takes a process. */
const TTF_SHARE = 40;

function source(kind: Kind, seed: number): { bytes: Uint8Array; source: string } {
  if (kind === "bytes") return { bytes: mutant(seed), source: "mutant" };
  if (new Rng(seed ^ 0x77f).oneIn(TTF_SHARE)) return { bytes: translateToFuzz(seed), source: "binaryen" };
  return { bytes: generate(seed, kind === "snapshots" || hasTailCalls), source: "generator" };
}

export function checkOf(kind: Kind, seed: number): Check {
  if (kind === "modules") return checkHost(seed);
  if (kind === "baked") return checkBaked(seed);
  return kind === "snapshots" ? checkSnapshots(seed) : checkBytes;
}

export function fuzzOnce(kind: Kind, seed: number): Run {
  const made = source(kind, seed);
  const check = checkOf(kind, seed);
  return { kind, seed, ...made, check, finding: check(made.bytes) };
}
