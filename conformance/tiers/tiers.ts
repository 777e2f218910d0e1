/** The tiers that lists of cases run in: the interpreter, generated code, and both mixed, going over at the first chance. */
import type { EngineOptions } from "../../engine/index.ts";

export const tiers = {
  interp: { tier: "interp" },
  /** Its other dispatch function. */
  "interp-apart": { tier: "interp", resident: false },
  js: { tier: "js" },
  "js-bigint": { tier: "js", i64: "bigint", everyBigInt: true },
  "js-split": { tier: "js", everySplit: true },
  "js-bigint-split": { tier: "js", i64: "bigint", everyBigInt: true, everySplit: true },
  auto: { tier: "auto" },
  "auto-1": { tier: "auto", hotAfter: 1 },
  "auto-1-split": { tier: "auto", hotAfter: 1, everySplit: true },
  "auto-2": { tier: "auto", hotAfter: 2 },
  "auto-10": { tier: "auto", hotAfter: 10 },
} as const satisfies Record<string, EngineOptions>;

export type TierName = keyof typeof tiers;

/** What most lists run in. */
export const testedTiers: readonly TierName[] = ["interp", "interp-apart", "js", "js-bigint", "auto-1"];
