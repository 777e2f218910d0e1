/**
 * Mutated, truncated, spliced binaries: whether we take them must be what the host says, with the proposals that the
 * host has; and whatever we take runs, bounded, without errors of ours.
 */
import { compile, type Feature, type Module, WasmError } from "../../engine/index.ts";
import { configurations, everything } from "./configurations.ts";
import { corpus } from "./corpus.ts";
import { asFarAs, bug, type Check, type Finding, randomStops, seededCalls } from "./finding.ts";
import { asHost, host } from "./host.ts";
import { mutateStructure } from "./mutate.ts";
import { ourStory } from "./ours.ts";
import { isDecodable } from "./peer.ts";
import { Rng } from "./rng.ts";
import type { Tally } from "./tally.ts";

export function mutant(seed: number): Uint8Array {
  const rng = new Rng(seed);
  let bytes = corpus(rng);
  for (let n = rng.oneIn(3) ? 1 + rng.below(4) : 1; n > 0 && bytes.length > 9; n--)
    bytes = (rng.oneIn(5) ? undefined : mutateStructure(rng, bytes)) ?? mutateBytes(rng, bytes);
  return bytes;
}

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x05, 0x40, 0x41, 0x1a, 0x70, 0x6f, 0x7b, 0xfc, 0xfd, 0x60];

function mutateBytes(rng: Rng, bytes: Uint8Array): Uint8Array {
  // Mostly small changes, anywhere: those that get far.
  const at = 8 + rng.below(bytes.length - 8);
  const length = Math.min(1 + rng.below(rng.oneIn(4) ? 40 : 4), bytes.length - at);
  const splice = (remove: number, insert: Uint8Array): Uint8Array =>
    Uint8Array.from([...bytes.subarray(0, at), ...insert, ...bytes.subarray(at + remove)]);
  switch (rng.below(9)) {
    case 0:
      return bytes.slice(0, at);
    case 1:
      return splice(length, new Uint8Array(0));
    case 2:
      return splice(0, Uint8Array.of(rng.below(256)));
    case 3: {
      const from = rng.below(bytes.length);
      return splice(length, bytes.subarray(from, from + length));
    }
    case 4: {
      const other = corpus(rng);
      const from = rng.below(other.length);
      return splice(length, other.subarray(from, from + length));
    }
    case 5:
      return splice(1, Uint8Array.of((bytes[at]! ^ (1 << rng.below(8))) & 0xff));
    case 6:
      return splice(1, Uint8Array.of(rng.below(256)));
    default:
      return splice(1, Uint8Array.of(rng.pick(interesting)));
  }
}

/** Bounds time per module; decoding is linear. */
const MAX_MS = 2000;

function attempt(bytes: Uint8Array, switches: Partial<Record<Feature, boolean>>): Module | WasmError {
  try {
    return compile(bytes, { features: switches });
  } catch (error) {
    if (error instanceof WasmError && ["malformed", "invalid", "unsupported"].includes(error.kind)) return error;
    throw error;
  }
}

/** Rules that V8 of Node 20 does not check: WT2045 is the alignment of atomics, which must be natural. */
const hostLaxities = new Set(["WT2045"]);

/** What V8 of Node 20 refuses that is no error: an index of a memory, 0, in more bytes than it takes. */
const hostStrictness = /expected memory index 0, found 128\b/;

/** Beyond what V8 takes at compile time; we refuse these at instantiation. */
const isBeyondHost = (module: Module): boolean =>
  module.tableTypes.some((t) => t.limits.min > 10_000_000) || module.memTypes.some((m) => m.limits.min > 65_536);

export const checkBytes =
  (seed: number): Check =>
  (bytes, tally) => {
    try {
      const start = performance.now();
      const like = attempt(bytes, asHost);
      const all = attempt(bytes, everything);
      const took = performance.now() - start;
      if (took > MAX_MS) return { what: "slow", want: `${MAX_MS} ms`, got: `${took} ms` };
      const isTaken = !(like instanceof WasmError);
      if (isTaken && all instanceof WasmError) return { what: "features", want: "taken", got: all.message };
      const found = checkVerdict(bytes, like, tally);
      if (all instanceof WasmError) tally.add("refused");
      else if (found === undefined) runAccepted(all, seed, tally);
      return found;
    } catch (error) {
      return bug(error);
    }
  };

/** Taken or refused, as the host and, of modules of 1.0, the parser do. */
function checkVerdict(bytes: Uint8Array, like: Module | WasmError, tally: Tally): Finding | undefined {
  const isHostTaken = host.validate(bytes);
  if (like instanceof WasmError) {
    if (like.kind !== "unsupported") tally.add("refused as by the host");
    return isHostTaken && !hostLaxities.has(like.code)
      ? { what: `refused ${like.code}`, want: "taken", got: like.message }
      : undefined;
  }
  tally.add("accepted as by the host");
  if (!isHostTaken && !isBeyondHost(like)) {
    const want = hostReason(bytes);
    return hostStrictness.test(want) ? undefined : { what: "taken", want, got: "taken" };
  }
  if (like.features.size > 0) return undefined;
  const isTaken = isDecodable(bytes, like);
  if (isTaken !== undefined) tally.add("asked of the parser");
  return isTaken === false ? { what: "peer", want: "refused by wasm-parser", got: "taken" } : undefined;
}

/** In one of the configurations: only for errors of ours. NaNs may have any bits here, so nothing is compared. */
function runAccepted(module: Module, seed: number, tally: Tally): void {
  tally.add("accepted");
  tally.addFeatures(module);
  const [first] = configurations;
  const on = configurations[seed % configurations.length]!;
  const calls = seededCalls(module, seed);
  const bounded = on.isBounded ? on : first;
  const { story } = ourStory(bounded, module, calls, randomStops(seed));
  if (on !== bounded) asFarAs(story, calls, (some) => ourStory(on, module, some).story);
  tally.add("calls run", story.filter((line) => line?.includes("): ")).length);
}

function hostReason(bytes: Uint8Array): string {
  try {
    new host.Module(bytes);
    return "refused by validate, taken by Module";
  } catch (error) {
    return String(error);
  }
}
