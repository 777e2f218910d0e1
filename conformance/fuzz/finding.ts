/** What a run of the fuzzer comes to, and the checks of modules that have nothing but bytes and a seed. */
import { compile, type Module, WasmError } from "../../engine/index.ts";
import { type Configuration, configurations, everything } from "./configurations.ts";
import { isComparable } from "./host.ts";
import { ourStory, type Stops, type Teller } from "./ours.ts";
import { Rng } from "./rng.ts";
import { type Call, callsOf, difference, type Story } from "./story.ts";
import type { Tally } from "./tally.ts";
import { theirStory } from "./theirs.ts";

export interface Finding {
  /** Class of the difference: a minimised module must show the same. */
  readonly what: string;
  readonly want: string;
  readonly got: string;
}

/** `undefined`: no difference. */
export type Check = (bytes: Uint8Array, tally: Tally) => Finding | undefined;

function compiled(bytes: Uint8Array): Module | Finding {
  try {
    return compile(bytes, { features: everything });
  } catch (error) {
    if (error instanceof WasmError) return { what: "refused", want: "a module", got: error.message };
    return bug(error);
  }
}

export const bug = (error: unknown): Finding => ({
  what: "internal error",
  want: "a WasmError or none",
  got: error instanceof Error ? (error.stack ?? error.message) : String(error),
});

const CALLS_OF_EACH = 6;
export const seededCalls = (module: Module, seed: number): Call[] => callsOf(module, new Rng(seed), CALLS_OF_EACH);

/** Most stops of one module. */
const STOPS = 40;

export function randomStops(seed: number): Stops {
  const rng = new Rng(seed ^ 0x5eed);
  const most = rng.pick([1, 10, 50, 500]);
  let stops = 0;
  return () => (stops++ < STOPS ? 1 + rng.below(most) : undefined);
}

const isCall = (line: string | undefined): boolean => line?.includes("): ") === true;

/**
 * What `tell` says of the calls that `ours` tells of: where ours ends early, whoever is not bounded may take too long.
 * `undefined` if that is nothing.
 */
export function asFarAs(
  ours: Story,
  calls: readonly Call[],
  tell: (calls: readonly Call[]) => Story,
): Story | undefined {
  const end = ours.indexOf(undefined);
  if (end < 0) return tell(calls);
  const told = ours.slice(0, end);
  const last = told.map(isCall).lastIndexOf(true);
  return last < 0 ? undefined : [...tell(calls.slice(0, told.filter(isCall).length)).slice(0, last + 1), undefined];
}

function compared(want: Story, got: Story, on: string, tally: Tally): Finding | undefined {
  const line = difference(want, got);
  if (line !== undefined) return { what: `story, ${on}`, want: line.want, got: line.got };
  tally.addStories(want, got);
  return undefined;
}

/** Fuel is the same in every configuration that counts it, after each line that both tell. */
function spentOtherwise(want: Teller, got: Teller, on: string): Finding | undefined {
  const end = Math.min(...[want.story, got.story].map((story) => [...story, undefined].indexOf(undefined)));
  const at = want.fuel.slice(0, end).findIndex((fuel, i) => got.fuel[i] !== undefined && fuel !== got.fuel[i]);
  if (at < 0) return undefined;
  const print = ({ story, fuel }: Teller): string => `${fuel[at]} spent after ${story[at]}`;
  return { what: `fuel, ${on}`, want: print(want), got: print(got) };
}

/** One more configuration against the first, `ours`. */
function checkOn(
  on: Configuration,
  module: Module,
  calls: readonly Call[],
  ours: Teller,
  seed: number,
  tally: Tally,
): Finding | undefined {
  if (on.isBounded) {
    const other = ourStory(on, module, calls, randomStops(seed));
    return compared(ours.story, other.story, on.name, tally) ?? spentOtherwise(ours, other, on.name);
  }
  const story = asFarAs(ours.story, calls, (some) => ourStory(on, module, some).story);
  return story && compared(ours.story, story, on.name, tally);
}

/** Ours in all configurations against the host, or, where it cannot tell and if it is not asked, against each other. */
function checkStories(seed: number, isHostAsked: boolean): Check {
  return (bytes, tally) => {
    const module = compiled(bytes);
    if ("what" in module) return module;
    tally.addFeatures(module);
    const calls = seededCalls(module, seed);
    try {
      const [first, ...others] = configurations;
      const ours = ourStory(first, module, calls);
      const { story } = ours;
      const theirs =
        isHostAsked && isComparable(bytes)
          ? asFarAs(story, calls, (some) => theirStory(bytes, module, some))
          : undefined;
      if (theirs !== undefined) {
        tally.add("against the host");
        const found = compared(theirs, story, first.name, tally);
        if (found !== undefined) return found;
      } else if (isHostAsked) tally.add("among ours only");
      for (const on of others) {
        // Interruptions are a kind of their own, and take the place of a host that has nothing to say.
        if (on.interrupted !== undefined ? theirs !== undefined : !isHostAsked) continue;
        const found = checkOn(on, module, calls, ours, seed, tally);
        if (found !== undefined) return found;
      }
    } catch (error) {
      return bug(error);
    }
    return undefined;
  };
}

export const checkModule = (seed: number): Check => checkStories(seed, true);
/** Whole against in pieces. */
export const checkSnapshots = (seed: number): Check => checkStories(seed, false);
