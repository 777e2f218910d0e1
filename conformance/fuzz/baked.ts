/** A module made of an instance in the middle of its story against the instance that goes on. */
import { bake, compile, FuncInst, type Instance, type Module, WasmError } from "../../engine/index.ts";
import { bug, type Check, type Finding, seededCalls } from "./finding.ts";
import { ourInstance, ourStory, tell } from "./ours.ts";
import { Rng } from "./rng.ts";
import { type Call, difference, digest, type Story } from "./story.ts";
import { theirStory } from "./theirs.ts";

export function checkBaked(seed: number): Check {
  return (bytes) => {
    try {
      return check(bytes, seed);
    } catch (error) {
      return error instanceof WasmError ? undefined : bug(error);
    }
  };
}

function check(bytes: Uint8Array, seed: number): Finding | undefined {
  const module = compile(bytes);
  const rng = new Rng(seed ^ 0xbaced);
  const calls = seededCalls(module, seed);
  const lines: (string | undefined)[] = [];
  const live = ourInstance(module, lines);
  tell(live, calls.slice(0, rng.below(calls.length + 1)), lines);
  const baked = bake(live);
  const copy = recompiled(baked);
  if ("what" in copy) return copy;
  const copied = ourInstance(copy, []);
  const again = compile(bake(copied));
  const before = stateOf(live, module);
  const told = lines.length;
  return (
    differs("state", before, stateOf(copied, module)) ??
    differs("baked twice", before, stateOf(ourInstance(again, []), module)) ??
    compare(baked, copy, tell(live, calls, lines).slice(told), calls)
  );
}

function recompiled(baked: Uint8Array): Module | Finding {
  try {
    return compile(baked);
  } catch (error) {
    return { what: "baked is refused", want: "a module", got: String(error) };
  }
}

/** What the live instance said from then on, against the copy here and in the host. */
function compare(baked: Uint8Array, copy: Module, live: Story, calls: readonly Call[]): Finding | undefined {
  const end = live.indexOf(undefined);
  const lines = live.slice(0, end < 0 ? undefined : end).filter((line) => line?.includes("): ")).length;
  return (
    differs("story", live, ourStory(copy, calls)) ??
    differs("host's story", theirStory(baked, copy, end < 0 ? calls : calls.slice(0, lines)), live)
  );
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
    `segments: ${elems.map((_, i) => inst.elems[i]!.length).join(" ")} | ${datas.map((_, i) => inst.datas[i]!.length).join(" ")}`,
  ];
}
