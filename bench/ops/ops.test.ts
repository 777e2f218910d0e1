/** What the interpreter dispatches is counted; pairs are of neighbours in the code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { root } from "../../conformance/real/project.ts";
import { instrument } from "./command.ts";
import type { Counts } from "./count.ts";
import { corpusPairsOf, opsReport } from "./report.ts";

describe("instrument", () => {
  test.each(["dispatch", "resident"])("finds the switch of the generated dispatch loop, once (%s)", (name) => {
    const text = readFileSync(join(root, "engine", "interpret", `${name}.gen.ts`), "utf8");
    expect(instrument(text).split("globalThis.countOp(code, pc);")).toHaveLength(2);
  });

  test("says where to look when the loop has changed", () => {
    expect(() => instrument("while (true) {}")).toThrow("engine/gen/dispatch.ts");
  });
});

describe("the report", () => {
  const counts = (kernel: string, total: number, pair: number): Counts => ({
    kernel,
    n: 10,
    total,
    ops: [["i32.add", total]],
    pairs: [{ first: "a", second: "b", count: pair }],
  });

  test("weighs every kernel the same, however long it ran", () => {
    const [pair] = corpusPairsOf([counts("short", 100, 50), counts("long", 1_000_000, 0)]);
    expect(pair).toMatchObject({ count: 0.25, best: "short" });
  });

  test("says operations for each unit of n", () => {
    expect(opsReport([counts("k", 1000, 10)])[0]).toBe("k: 1000 operations for n = 10, 100 for each");
  });
});
