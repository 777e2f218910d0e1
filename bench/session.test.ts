/** A session measures work in an engine that is made up. */
import { describe, expect, test } from "vitest";
import { type JsEngine, Unsupported } from "./engines/engine.ts";
import { failureOf, Session } from "./session.ts";
import type { Workload } from "./workload.ts";

const engine: JsEngine = { instantiate: () => ({ exports: {} }) };

function workload(results: number[], prepare: () => void = () => undefined): Workload {
  return {
    name: "w",
    group: "integer",
    bytes: () => new Uint8Array(),
    prepare: () => {
      prepare();
      return () => (results.length > 1 ? results.shift()! : results[0]!);
    },
  };
}

describe("a session", () => {
  test("loads, warms up and samples", async () => {
    const session = new Session(engine);
    expect(await session.load(workload([7]), 1)).toMatchObject({ checksum: 7 });
    session.warm({ ms: 0, calls: 2 });
    const { cpuMs, wallMs } = session.sample(0);
    expect(cpuMs).toBeGreaterThanOrEqual(0);
    expect(wallMs).toBeGreaterThan(0);
  });

  test("notices a later call that computes something else", async () => {
    const session = new Session(engine);
    await session.load(workload([7, 7, 8]), 1);
    session.warm({ ms: 0, calls: 1 });
    const error = (() => {
      try {
        session.sample(0);
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    expect(failureOf(error)).toEqual({ kind: "bad", detail: "a later call gave another result than the first" });
  });

  test("has nothing to sample after a load that failed", async () => {
    const session = new Session(engine);
    await session.load(workload([1]), 1);
    const broken = workload([1], () => {
      throw new Error("cannot");
    });
    await expect(session.load(broken, 1)).rejects.toThrow("cannot");
    expect(() => session.sample(0)).toThrow("nothing is loaded");
  });

  test("what cannot be run is told from what failed", () => {
    expect(failureOf(new Unsupported("no SIMD")).kind).toBe("unsupported");
    expect(failureOf(new Error("first line\nsecond")).detail).toBe("first line");
    expect(failureOf("thrown text")).toEqual({ kind: "failed", detail: "thrown text" });
  });
});
