/** The benchmark's corpus is what it claims: modules fresh, the same checksum in our tiers and in the host's, twice. */
import { describe, expect, test } from "vitest";
import { readManifest, sourceHash } from "./build.ts";
import { kernelGroups, kernels, scaled } from "./corpus.ts";
import { host } from "./engines/host.ts";
import { offeredTiers, ours } from "./engines/ours.ts";
import { npmWorkloads } from "./npm-modules.ts";
import { kernelBytes, kernelIn } from "./workload.ts";

describe.each(kernels)("$name", (kernel) => {
  test("the checked-in module was built from the source that is there", () => {
    expect(readManifest()[kernel.name]?.source).toBe(sourceHash(kernel));
  });

  test("the host and every tier compute the same, twice", () => {
    const bytes = kernelBytes(kernel);
    const theirs = kernelIn(host, bytes);
    const expected = theirs(kernel.small);
    expect(theirs(kernel.small)).toBe(expected);
    for (const tier of offeredTiers()) {
      const mine = kernelIn(ours(tier), bytes);
      expect(mine(kernel.small), tier).toBe(expected);
      expect(mine(kernel.small), tier).toBe(expected);
    }
  });
});

describe("the corpus", () => {
  test("has kernels in every group, under names of their own", () => {
    for (const group of kernelGroups)
      expect(kernels.filter((kernel) => kernel.group === group).length).toBeGreaterThan(1);
    expect(new Set(kernels.map(({ name }) => name)).size).toBe(kernels.length);
    expect(kernels.length).toBeGreaterThanOrEqual(20);
  });

  test("is divided where n counts rounds, not where it is a depth or a size", () => {
    const kernel = (name: string) => kernels.find((row) => row.name === name)!;
    expect(scaled(kernel("fib"), 8)).toBe(33);
    expect(scaled(kernel("lcg"), 8)).toBe(875_000);
  });
});

// Only there after `npm ci`: a tree without them has fewer benchmarks, not a failing test.
describe.skipIf(npmWorkloads.length === 0)("modules from npm", () => {
  test.each(npmWorkloads.map((workload) => [workload.name, workload] as const))(
    "%s: the host and every tier compute the same, twice",
    async (_, workload) => {
      const theirs = await workload.prepare(host, 200);
      const expected = theirs();
      expect(theirs()).toBe(expected);
      for (const tier of offeredTiers()) {
        const mine = await workload.prepare(ours(tier), 200);
        expect(mine(), tier).toBe(expected);
        expect(mine(), tier).toBe(expected);
      }
    },
  );
});
