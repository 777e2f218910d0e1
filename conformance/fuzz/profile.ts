/** Which proposals a generated module may use: a choice that follows from its seed alone, not from the host. */
import type { Feature } from "../../engine/index.ts";
import type { Rng } from "./rng.ts";

export type Profile = ReadonlySet<Feature>;

const second: readonly Feature[] = [
  "mutable-globals",
  "sign-extension",
  "saturating-float-to-int",
  "multi-value",
  "bulk-memory",
  "reference-types",
  "simd",
];
/** What V8 of Node 20 has beyond 2.0, and how often a module has it: once in so many. */
const common: readonly (readonly [Feature, number])[] = [
  ["tail-call", 3],
  ["threads", 4],
  ["legacy-exceptions", 4],
];
/** What it does not have. */
const recent: readonly (readonly [Feature, number])[] = [
  ["extended-const", 2],
  ["function-references", 2],
  ["gc", 2],
  ["exceptions", 2],
  ["multi-memory", 3],
  ["memory64", 3],
  ["relaxed-simd", 12],
  ["wide-arithmetic", 12],
  ["custom-page-sizes", 12],
];

/** 2.0 and these. */
export const profileWith = (...features: readonly Feature[]): Profile => new Set([...second, ...features]);

/** One in eight is of 1.0, half of the others of what every host has. */
export function randomProfile(rng: Rng): Profile {
  const profile = new Set<Feature>();
  if (rng.oneIn(8)) return profile;
  const isRecent = rng.oneIn(2);
  for (const feature of second) profile.add(feature);
  for (const [feature, n] of isRecent ? [...common, ...recent] : common) if (rng.oneIn(n)) profile.add(feature);
  if (profile.has("gc")) profile.add("function-references");
  // V8 refuses a module with both forms.
  if (profile.has("exceptions")) profile.delete("legacy-exceptions");
  return profile;
}
