/**
 * Blocks that open together, which generated code flattens (`jit/ladders.ts`): random functions in every tier against
 * the host's WebAssembly, and, stopped at safepoints, against the interpreter.
 */
import { describe, expect, it } from "vitest";
import { captureFrames, Engine, type EngineOptions, type Instance, type Val, WasmError } from "../../engine/index.ts";
import { generate } from "../../engine/jit/generate.ts";
import { hostExports, isHostTrap } from "./host.ts";
import { ladderCase, longLadder } from "./ladder-cases.ts";
import { type TierName, tiers } from "./tiers.ts";

const seeds = Array.from({ length: 10 }, (_, i) => i);
const inputs = [0, 2, 77, -1];
const all: readonly TierName[] = ["interp", "js", "js-split", "auto-1", "auto-1-split", "auto-2"];

function outcome(call: () => Val | undefined): string {
  try {
    return String(call());
  } catch (error) {
    return error instanceof WasmError || isHostTrap(error) ? "trap" : `bug: ${error}`;
  }
}

const make = (bytes: Uint8Array, options: EngineOptions, isMetered = false): Instance => {
  const engine = new Engine(options);
  return engine.instantiate(engine.compile(bytes), {}, isMetered ? { limits: { fuel: 1e9 } } : {});
};

function differences(seed: number, isDeep: boolean, tier: TierName): string[] {
  const bytes = ladderCase(seed, isDeep);
  const { run } = hostExports(bytes) as { run: (x: number) => bigint };
  const instances = [make(bytes, tiers[tier]), make(bytes, tiers[tier], true)];
  const reference = make(bytes, tiers.interp, true);
  const found: string[] = [];
  for (const x of inputs) {
    const want = outcome(() => run(x));
    const got = instances.map((inst) => outcome(() => inst.invoke("run", [x])[0]));
    outcome(() => reference.invoke("run", [x])[0]);
    // Entered at some loop or other.
    const late = make(bytes, { tier: "auto", hotAfter: 2 + ((seed * 7 + x) & 15) });
    if (tier !== "interp") got.push(outcome(() => late.invoke("run", [x])[0]));
    if (got.some((end) => end !== want)) found.push(`seed ${seed}, input ${x}: ${got}, host ${want}`);
    const spent = [instances[1]?.meter.spent, reference.meter.spent];
    if (spent[0] !== spent[1]) found.push(`seed ${seed}, input ${x}: spent ${spent}`);
  }
  return found;
}

/** Where both stop, and what they come to. */
function stopped(seed: number, isDeep: boolean, tier: TierName): string[] {
  const bytes = ladderCase(seed, isDeep);
  const pair = [make(bytes, tiers.interp), make(bytes, tiers[tier])];
  const acts = pair.map((inst) => inst.start("run", [seed * 7]));
  for (let stops = 0; ; stops++) {
    const ends = acts.map((act) => {
      try {
        const end = act.run(1 + (stops % 9) * 5);
        return end.kind === "done"
          ? `done ${end.results}`
          : `${end.kind} ${JSON.stringify(captureFrames(act).frames, (_, v) => (typeof v === "bigint" ? `${v}n` : v))}`;
      } catch (error) {
        return error instanceof WasmError ? error.code : `bug: ${error}`;
      }
    });
    if (ends[0] !== ends[1] || pair[0]?.meter.spent !== pair[1]?.meter.spent)
      return [`seed ${seed}, stop ${stops}: ${ends}`];
    if (!ends[0]?.startsWith("stopped")) return [];
  }
}

describe.each([false, true])("ladders, nested deep: %s", (isDeep) => {
  it.each(all)("do what the host does, tier %s", (tier) => {
    expect(seeds.flatMap((seed) => differences(seed, isDeep, tier)).slice(0, 3)).toEqual([]);
  });
  it.each(all)("stop where the interpreter does, tier %s", (tier) => {
    expect(seeds.flatMap((seed) => stopped(seed, isDeep, tier)).slice(0, 3)).toEqual([]);
  });
});

describe("a function of many thousand blocks", () => {
  it("is generated as one switch", () => {
    const bytes = longLadder(3000);
    const { text } = generate(new Engine().compile(bytes), 1);
    expect(text.match(/switch\(/g)).toHaveLength(1);
    expect(text).not.toContain("break");
    const { run } = hostExports(bytes) as { run: (x: number) => bigint };
    const inst = make(bytes, tiers.js);
    for (const x of [0, 1, 999, 2999, 3000, -1, -2147483648]) expect(inst.invoke("run", [x])).toEqual([run(x)]);
    expect(inst.tierStats?.functions).toBe(1);
  });
});
