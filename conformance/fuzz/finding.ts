/** What a run of the fuzzer comes to, and the checks of modules that have nothing but bytes and a seed. */
import { compile, type Module, WasmError } from "../../engine/index.ts";
import { ourStory } from "./ours.ts";
import { Rng } from "./rng.ts";
import { type Call, callsOf, difference } from "./story.ts";
import { theirStory } from "./theirs.ts";

export interface Finding {
  /** Class of the difference: a minimised module must show the same. */
  readonly what: string;
  readonly want: string;
  readonly got: string;
}

/** `undefined`: no difference. */
export type Check = (bytes: Uint8Array) => Finding | undefined;

function compiled(bytes: Uint8Array): Module | Finding {
  try {
    return compile(bytes);
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

function found(line: { want: string; got: string } | undefined): Finding | undefined {
  return line === undefined ? undefined : { what: "story", want: line.want, got: line.got };
}

const CALLS_OF_EACH = 6;
export const seededCalls = (module: Module, seed: number): Call[] => callsOf(module, new Rng(seed), CALLS_OF_EACH);

/** Ours against the host. */
export function checkHost(seed: number): Check {
  return (bytes) => {
    const module = compiled(bytes);
    if ("what" in module) return module;
    const calls = seededCalls(module, seed);
    try {
      const got = ourStory(module, calls);
      // A story of ours that ends early may be one that takes the host too long.
      const end = got.indexOf(undefined);
      const lines = got.slice(0, end < 0 ? undefined : end).filter((line) => line?.includes("): ")).length;
      return found(difference(theirStory(bytes, module, end < 0 ? calls : calls.slice(0, lines)), got));
    } catch (error) {
      return bug(error);
    }
  };
}

/** Most stops of one module. */
const STOPS = 40;

/** Ours whole against ours in pieces. */
export function checkSnapshots(seed: number): Check {
  return (bytes) => {
    const module = compiled(bytes);
    if ("what" in module) return module;
    const calls = seededCalls(module, seed);
    const rng = new Rng(seed ^ 0x5eed);
    const most = rng.pick([1, 3, 10, 100]);
    let stops = 0;
    try {
      const want = ourStory(module, calls);
      const got = ourStory(module, calls, () => (stops++ < STOPS ? 1 + rng.below(most) : undefined));
      return found(difference(want, got));
    } catch (error) {
      return bug(error);
    }
  };
}
