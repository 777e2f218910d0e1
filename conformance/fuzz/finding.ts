/** What a run of the fuzzer comes to, and the checks of modules that have nothing but bytes and a seed. */
import { compile, type Module, WasmError } from "../../engine/index.ts";
import { configurations, everything } from "./configurations.ts";
import { isComparable } from "./host.ts";
import { type OurStory, ourStory, type Stops } from "./ours.ts";
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
 * The host's story of as much as `ours` tells: where ours ends early the host may take too long. `undefined` if it has
 * nothing to say.
 */
function hostStory(bytes: Uint8Array, module: Module, calls: readonly Call[], ours: Story): Story | undefined {
  const end = ours.indexOf(undefined);
  if (end < 0) return theirStory(bytes, module, calls);
  const told = ours.slice(0, end);
  const last = told.map(isCall).lastIndexOf(true);
  if (last < 0) return undefined;
  const theirs = theirStory(bytes, module, calls.slice(0, told.filter(isCall).length));
  return [...theirs.slice(0, last + 1), undefined];
}

function compared(want: Story, got: Story, on: string, tally: Tally): Finding | undefined {
  const line = difference(want, got);
  if (line !== undefined) return { what: `story, ${on}`, want: line.want, got: line.got };
  tally.addStories(want, got);
  return undefined;
}

/** Fuel is the same in every configuration, after each line that both tell. */
function spentOtherwise(want: OurStory, got: OurStory, on: string): Finding | undefined {
  const end = Math.min(...[want.story, got.story].map((story) => [...story, undefined].indexOf(undefined)));
  const at = want.fuel.slice(0, end).findIndex((fuel, i) => fuel !== got.fuel[i]);
  if (at < 0) return undefined;
  const print = ({ story, fuel }: OurStory): string => `${fuel[at]} spent after ${story[at]}`;
  return { what: `fuel, ${on}`, want: print(want), got: print(got) };
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
      const theirs = isHostAsked && isComparable(bytes) ? hostStory(bytes, module, calls, story) : undefined;
      if (theirs !== undefined) {
        tally.add("against the host");
        const found = compared(theirs, story, first.name, tally);
        if (found !== undefined) return found;
      } else if (isHostAsked) tally.add("among ours only");
      for (const on of others) {
        // Interruptions are a kind of their own, and take the place of a host that has nothing to say.
        if (on.isInterrupted ? theirs !== undefined : !isHostAsked) continue;
        const other = ourStory(on, module, calls, randomStops(seed));
        const found = compared(story, other.story, on.name, tally) ?? spentOtherwise(ours, other, on.name);
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
