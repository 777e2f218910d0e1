/** The benchmark's kernels are what they claim: modules fresh, and the same checksum in our engine and in the host's. */
import { describe, expect, test } from "vitest";
import { readManifest, sourceHash } from "./build.ts";
import { kernels } from "./corpus.ts";
import { v8, wasmts } from "./engines.ts";
import { kernelBytes } from "./run-kernels.ts";

describe.each(kernels)("$name", (kernel) => {
  test("the checked-in module was built from the source that is there", () => {
    expect(readManifest()[kernel.name]?.source).toBe(sourceHash(kernel));
  });

  test("both engines compute the same, twice", () => {
    const bytes = kernelBytes(kernel);
    const [peer, ours] = [v8.instantiate(bytes), wasmts("interp").instantiate(bytes)];
    const expected = peer.run(kernel.small);
    expect(peer.run(kernel.small)).toBe(expected);
    expect(ours.run(kernel.small)).toBe(expected);
    expect(ours.run(kernel.small)).toBe(expected);
  });
});
