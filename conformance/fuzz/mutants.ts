/**
 * Mutated, truncated, spliced binaries: whether we take them must be what the host says, with the proposals that the
 * host has; and whatever we take runs, bounded, without errors of ours.
 */
import { compile, type Feature, features, type Module, WasmError } from "../../engine/index.ts";
import { corpus } from "./corpus.ts";
import { bug, type Finding, seededCalls } from "./finding.ts";
import { ourStory } from "./ours.ts";
import { isDecodable } from "./peer.ts";
import { Rng } from "./rng.ts";
import { host } from "./theirs.ts";

/** A small module of each proposal that not every host has. */
const probes: Partial<Record<Feature, readonly number[]>> = {
  "tail-call": [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x12, 0, 0x0b],
  "multi-memory": [5, 5, 2, 0, 0, 0, 0],
  "extended-const": [6, 9, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b],
  memory64: [5, 3, 1, 4, 0],
  gc: [1, 3, 1, 0x5f, 0],
  "function-references": [1, 8, 2, 0x60, 0, 0, 0x60, 1, 0x63, 0, 0],
  exceptions: [1, 5, 1, 0x60, 1, 0x69, 0],
  "legacy-exceptions": [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 6, 0x40, 0x19, 0x0b, 0x0b],
  "relaxed-simd": [1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b, 3, 2, 1, 0, 10, 11, 1, 9, 0, 0x20, 0, 0x20, 0, 0xfd, 0x80, 2, 0x0b],
  threads: [5, 4, 1, 3, 0, 1],
  "wide-arithmetic": [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 9, 1, 7, 0, 0, 0xfc, 19, 0x1a, 0x1a, 0x0b],
  "custom-page-sizes": [5, 4, 1, 8, 0, 0],
  "custom-descriptors": [1, 7, 1, 0x4e, 1, 0x4d, 0, 0x5f, 0],
};
const preamble = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const hostHas = (probe: readonly number[]): boolean => host.validate(Uint8Array.from([...preamble, ...probe]));

/** Ours, switched to what the host has. */
const asHost: Partial<Record<Feature, boolean>> = Object.fromEntries(
  Object.entries(probes).map(([feature, probe]) => [feature, hostHas(probe)]),
);
/** A tag is all that deployed exceptions need of the new ones. */
const everything: Partial<Record<Feature, boolean>> = Object.fromEntries(
  Object.entries(features).map(([feature, def]) => [feature, def.state !== "absent"]),
);

export function mutant(seed: number): Uint8Array {
  const rng = new Rng(seed);
  let bytes = corpus(rng);
  for (let n = rng.oneIn(3) ? 1 + rng.below(4) : 1; n > 0 && bytes.length > 9; n--) bytes = mutate(rng, bytes);
  return bytes;
}

const interesting = [0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x05, 0x40, 0x41, 0x1a, 0x70, 0x6f, 0x7b, 0xfc, 0xfd, 0x60];

function mutate(rng: Rng, bytes: Uint8Array): Uint8Array {
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

/** Beyond what V8 takes at compile time; we refuse these at instantiation. */
const isBeyondHost = (module: Module): boolean =>
  module.tableTypes.some((t) => t.limits.min > 10_000_000) || module.memTypes.some((m) => m.limits.min > 65_536);

export function checkBytes(bytes: Uint8Array): Finding | undefined {
  const start = performance.now();
  try {
    const like = attempt(bytes, asHost);
    const all = attempt(bytes, everything);
    const took = performance.now() - start;
    if (took > MAX_MS) return { what: "slow", want: `${MAX_MS} ms`, got: `${took} ms` };
    const isTaken = !(like instanceof WasmError);
    if (isTaken && all instanceof WasmError) return { what: "features", want: "taken", got: all.message };
    const isHostTaken = host.validate(bytes);
    if (isTaken && !isHostTaken && !isBeyondHost(like)) return { what: "taken", want: hostReason(bytes), got: "taken" };
    if (!isTaken && isHostTaken && !hostLaxities.has(like.code))
      return { what: "refused", want: "taken", got: like.message };
    if (isTaken && like.features.size === 0 && !isDecodable(bytes)) {
      return { what: "peer", want: "refused by wasm-parser", got: "taken" };
    }
    // A start function runs without a bound.
    if (!(all instanceof WasmError) && all.start === undefined) ourStory(all, seededCalls(all, bytes.length));
  } catch (error) {
    return bug(error);
  }
  return undefined;
}

function hostReason(bytes: Uint8Array): string {
  try {
    new host.Module(bytes);
    return "refused by validate, taken by Module";
  } catch (error) {
    return String(error);
  }
}
