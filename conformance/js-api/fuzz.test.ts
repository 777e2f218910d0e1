/**
 * Random modules by the JavaScript API and by the engine's own: values, exceptions, traps, memories, tables and globals must
 * be the same on both ways. Seeds are fixed; the modules are those of `npm run fuzz`.
 */
import { afterAll, describe, expect, it } from "vitest";
import { compile } from "../../engine/index.ts";
import { configure, WebAssembly } from "../../engine/js-api/index.ts";
import { configurations, everything } from "../fuzz/configurations.ts";
import { generate } from "../fuzz/generate.ts";
import type { HostNamespace } from "../fuzz/host.ts";
import { ourStory } from "../fuzz/ours.ts";
import { Rng } from "../fuzz/rng.ts";
import { callsOf, difference } from "../fuzz/story.ts";
import { theirStory } from "../fuzz/theirs.ts";
import { tiers } from "../tiers/tiers.ts";

const COUNT = 30;
const CALLS = 2;

afterAll(() => void configure());

describe.each([
  ["interp", 1],
  ["js", 1 + COUNT],
  ["auto-1", 1 + 2 * COUNT],
] as const)("in tier %s", (tier, first) => {
  it(`nothing differs in ${COUNT} modules`, () => {
    configure(tiers[tier]);
    let compared = 0;
    for (let seed = first; seed < first + COUNT; seed++) {
      const bytes = generate(seed);
      // Not those of proposals that the API leaves off.
      if (!WebAssembly.validate(bytes)) continue;
      const module = compile(bytes, { features: everything });
      const calls = callsOf(module, new Rng(seed), CALLS);
      const want = ourStory(configurations[0], module, calls).story;
      const got = theirStory(bytes, module, calls, WebAssembly as unknown as HostNamespace);
      expect(difference(want, got), `seed ${seed}`).toBeUndefined();
      compared += got.length;
    }
    expect(compared).toBeGreaterThan(COUNT * 10);
  });
});
