/** A few runs of each kind of the fuzzer, with fixed seeds; `npm run fuzz` does as many as one likes. */
import { describe, expect, it } from "vitest";
import { compile } from "../../engine/index.ts";
import type { Check } from "./finding.ts";
import { generate } from "./generate.ts";
import { fuzzOnce, type Kind } from "./kinds.ts";
import { minimise } from "./minimise.ts";

const runs: Readonly<Record<Kind, number>> = { modules: 30, snapshots: 10, bytes: 150, baked: 40 };

describe("fuzzing", () => {
  for (const [kind, count] of Object.entries(runs) as [Kind, number][]) {
    it(`finds nothing in ${count} ${kind}`, () => {
      for (let seed = 1; seed <= count; seed++) {
        const { finding } = fuzzOnce(kind, seed);
        expect(finding, `--kind ${kind} --seed ${seed} --runs 1`).toBeUndefined();
      }
    });
  }

  it("makes the same module from the same seed, and valid ones", () => {
    for (let seed = 0; seed < 20; seed++) expect(generate(seed, true)).toEqual(generate(seed, true));
    for (let seed = 0; seed < 20; seed++) expect(() => compile(generate(seed, true))).not.toThrow();
  });

  it("makes a module with a difference smaller", () => {
    // "Differs" as long as there is a multiplication of i64.
    const check: Check = (bytes) => {
      const text = Buffer.from(bytes).toString("latin1");
      return text.includes("\x7e") && text.includes("\x7e\x42") ? { what: "it", want: "", got: "" } : undefined;
    };
    let seed = 0;
    while (check(generate(seed, true)) === undefined) seed++;
    const before = generate(seed, true);
    const after = minimise(before, check, 1000);
    expect(check(after)).toBeDefined();
    expect(after.length).toBeLessThan(before.length / 2);
    expect(() => compile(after)).not.toThrow();
  });
});
