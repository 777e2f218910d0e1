/** A module made of an instance in the middle of its story against the instance that goes on. */
import { bake, compile, FuncInst, type Instance, type Module, WasmError } from "../../engine/index.ts";
import { configurations, everything } from "./configurations.ts";
import { asFarAs, bug, type Check, type Finding, seededCalls } from "./finding.ts";
import { isComparable } from "./host.ts";
import { ourStory, Teller } from "./ours.ts";
import { Rng } from "./rng.ts";
import { type Call, difference, digest, type Story } from "./story.ts";
import type { Tally } from "./tally.ts";
import { theirStory } from "./theirs.ts";

export function checkBaked(seed: number): Check {
  return (bytes, tally) => {
    try {
      return check(bytes, seed, tally);
    } catch (error) {
      return error instanceof WasmError ? undefined : bug(error);
    }
  };
}

const [first] = configurations;
const recompiled = (bytes: Uint8Array): Module => compile(bytes, { features: everything });
const made = (module: Module): Instance => {
  const { inst, story } = new Teller(first, module);
  if (inst === undefined) throw new Error(`what was baked cannot be made: ${story.at(-1)}`);
  return inst;
};

function check(bytes: Uint8Array, seed: number, tally: Tally): Finding | undefined {
  const module = recompiled(bytes);
  const rng = new Rng(seed ^ 0xbaced);
  const calls = seededCalls(module, seed);
  const live = new Teller(first, module);
  if (live.inst === undefined || !live.call(calls.slice(0, rng.below(calls.length + 1)))) return undefined;
  const baked = bake(live.inst);
  tally.add("baked");
  let copy: Module;
  try {
    copy = recompiled(baked);
  } catch (error) {
    return { what: "baked is refused", want: "a module", got: String(error) };
  }
  const copied = made(copy);
  const again = recompiled(bake(copied));
  const before = stateOf(live.inst, module);
  const told = live.story.length;
  const found =
    differs("state", before, stateOf(copied, module)) ?? differs("baked twice", before, stateOf(made(again), module));
  if (found !== undefined) return found;
  if (live.call(calls)) live.end();
  return compare(baked, copy, ["instantiation: done", ...live.story.slice(told)], calls, tally);
}

/** What the live instance said from then on, against the copy here and in the host. */
function compare(
  baked: Uint8Array,
  copy: Module,
  live: Story,
  calls: readonly Call[],
  tally: Tally,
): Finding | undefined {
  const found = differs("story", live, ourStory(first, copy, calls).story);
  if (found !== undefined || !isComparable(baked)) return found;
  const theirs = asFarAs(live, calls, (some) => theirStory(baked, copy, some));
  if (theirs === undefined) return undefined;
  tally.add("against the host");
  tally.addStories(live, theirs);
  return differs("host's story", theirs, live);
}

function differs(what: string, want: Story, got: Story): Finding | undefined {
  const line = difference(want, got);
  return line === undefined ? undefined : { what, want: line.want, got: line.got };
}

/** Everything an instance is, exported or not; of segments, those that the code of `module` can name. */
function stateOf({ inst }: Instance, { elems, datas }: Module): string[] {
  const reference = (v: unknown): string => (v instanceof FuncInst ? String(v.index) : v === null ? "null" : "?");
  return [
    ...inst.mems.map((mem, i) => `memory ${i}: ${digest(mem.bytes)}`),
    ...inst.tables.map((table, i) => `table ${i}: ${table.elems.map(reference).join(" ")}`),
    `globals: ${inst.cells.I.join(" ")} ${inst.cells.refs.map(reference).join(" ")}`,
    `segments: ${elems.map((_, i) => inst.elems[i]!.length).join(" ")} | ${Array.from(datas, (_, i) => inst.datas[i]!.length).join(" ")}`,
  ];
}
