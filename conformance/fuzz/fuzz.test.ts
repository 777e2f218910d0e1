/** A few runs of each kind of the fuzzer, with fixed seeds; `npm run fuzz` does as many as one likes. */
import { describe, expect, it } from "vitest";
import { compile, type Feature } from "../../engine/index.ts";
import { configurations, everything } from "./configurations.ts";
import { type Check, checkModule, seededCalls } from "./finding.ts";
import { generate, profileOf } from "./generate.ts";
import { probeModule, probes } from "./host.ts";
import { fuzzOnce, type Kind } from "./kinds.ts";
import { minimise } from "./minimise.ts";
import { mutant } from "./mutants.ts";
import { ourStory } from "./ours.ts";
import { type Profile, profileWith } from "./profile.ts";
import { difference } from "./story.ts";
import { Tally } from "./tally.ts";

const runs: Readonly<Record<Kind, number>> = { modules: 30, snapshots: 10, bytes: 150, baked: 40 };
const isValid = (bytes: Uint8Array): boolean => {
  try {
    compile(bytes, { features: everything });
    return true;
  } catch {
    return false;
  }
};

describe("fuzzing", () => {
  for (const [kind, count] of Object.entries(runs) as [Kind, number][]) {
    it(`finds nothing in ${count} ${kind}`, () => {
      for (let seed = 1; seed <= count; seed++) {
        const { finding } = fuzzOnce(kind, seed, new Tally());
        expect(finding, `--kind ${kind} --seed ${seed} --runs 1`).toBeUndefined();
      }
    });
  }

  const profiles: Readonly<Record<string, Profile>> = {
    "1.0": new Set(),
    "tail calls and typed references": profileWith("tail-call", "function-references"),
    "garbage collection": profileWith("gc", "function-references", "extended-const"),
    exceptions: profileWith("exceptions", "tail-call"),
    "deployed exceptions": profileWith("legacy-exceptions"),
    "exceptions of objects": profileWith("exceptions", "gc", "function-references"),
    "several memories of 64 bits": profileWith("multi-memory", "memory64"),
    atomics: profileWith("threads"),
    "the rest": profileWith("relaxed-simd", "wide-arithmetic", "custom-page-sizes"),
  };
  it.each(Object.keys(profiles))("programs with %s do the same in every configuration and in the host", (name) => {
    const tally = new Tally();
    for (let seed = 1; seed <= 6; seed++) {
      const finding = checkModule(seed)(generate(seed, profiles[name]), tally);
      expect(finding, `seed ${seed}`).toBeUndefined();
    }
    expect(tally.counts.get("calls compared")).toBeGreaterThan(20);
    for (const feature of profiles[name] as Profile) {
      if (feature !== "mutable-globals") expect([...tally.features.keys()]).toContain(feature);
    }
  });

  it("runs generated code where it says so", () => {
    // Of 1.0: functions with vectors stay with the interpreter.
    const profile: Profile = new Set();
    const made = configurations.map((on) => {
      const module = compile(generate(5, profile));
      return ourStory(on, module, seededCalls(module, 5)).inst?.tierStats?.functions;
    });
    configurations.forEach(({ engine, name }, i) => {
      if (engine.options.tier === "interp") expect(made[i], name).toBeUndefined();
      else expect(made[i], name).toBeGreaterThan(1);
    });
  });

  it("tells stories apart by their first line that differs", () => {
    const told = ["instantiation: done", "f(1): trap WT4005|WT4012", "g(): 7"];
    expect(difference(told, ["instantiation: done", "f(1): trap WT4012", "g(): 7"])).toBeUndefined();
    expect(difference(told, ["instantiation: done", "f(1): trap WT4006", "g(): 8"])).toMatchObject({ line: 1 });
    expect(difference(told, ["instantiation: done", "f(1): trap WT4005", "g(): 8"])).toMatchObject({ line: 2 });
    expect(difference(told, told.slice(0, 2))).toMatchObject({ line: 2, got: "the end" });
    expect(difference(told, ["instantiation: done", undefined, "g(): 8"])).toBeUndefined();
  });

  it("makes the same module from the same seed, and valid ones of every profile", () => {
    const seen = new Set<Feature>();
    for (let seed = 0; seed < 100; seed++) {
      expect(generate(seed)).toEqual(generate(seed));
      expect(isValid(generate(seed)), `seed ${seed}`).toBe(true);
      for (const feature of profileOf(seed)) seen.add(feature);
    }
    expect(seen.size).toBeGreaterThan(17);
  });

  it("makes mutants of which about half are valid, the same from the same seed", () => {
    const all = Array.from({ length: 300 }, (_, seed) => mutant(seed));
    expect(mutant(7)).toEqual(all[7]);
    const valid = all.filter(isValid).length;
    expect(valid).toBeGreaterThan(300 * 0.35);
    expect(valid).toBeLessThan(300 * 0.65);
  });

  it.each(Object.entries(probes))("asks the host for %s by a module that has nothing else wrong", (feature, probe) => {
    const bytes = probeModule(probe);
    expect(() => compile(bytes, { features: everything })).not.toThrow();
    expect(() => compile(bytes, { features: { ...everything, [feature]: false } })).toThrow(/turned off/);
  });

  it("makes a module with a difference smaller", () => {
    // "Differs" as long as there is a multiplication of i64.
    const check: Check = (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      return text.includes("\x7e") && text.includes("\x7e\x42") ? { what: "it", want: "", got: "" } : undefined;
    };
    const profile = profileWith();
    let seed = 0;
    while (check(generate(seed, profile), new Tally()) === undefined) seed++;
    const before = generate(seed, profile);
    const after = minimise(before, check);
    expect(check(after, new Tally())).toBeDefined();
    expect(after.length).toBeLessThan(before.length / 2);
    expect(isValid(after)).toBe(true);
  });
});
