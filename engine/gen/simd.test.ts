/** The generated switches of vector operations are up to date and small enough for V8 to optimise. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { instrDef, mnemonics } from "../instrs.ts";
import { ops } from "../interpret/ops.ts";
import { vectorText } from "./simd.ts";

describe("simd.gen.ts", () => {
  const text = readFileSync(new URL("../interpret/simd.gen.ts", import.meta.url), "utf8");

  it("is what `npm run gen` writes", () => {
    expect(text === vectorText()).toBe(true);
  });

  it("has every row with lanes once, in switches of less than 100 short cases", () => {
    const rows = mnemonics.filter((m) => instrDef(m).lanes !== undefined);
    expect(ops.filter((o) => o.cls === "vector" && o.row !== undefined).length).toBe(rows.length);
    for (const m of rows) expect(text.split(` // ${m}\n`).length, m).toBe(m === "i8x16.shuffle" ? 1 : 2);
    for (const func of text.split(/^function /m).slice(1)) {
      const cases = func.split(/^ {4}case /m).slice(1);
      expect(cases.length).toBeLessThan(100);
      for (const body of cases) expect(body.length).toBeLessThan(900);
    }
  });

  it("fills every $ of every expression", () => {
    expect(text.replaceAll(/\$\{o\}/g, "")).not.toContain("$");
  });

  it("covers SIMD and relaxed SIMD", () => {
    const of = (feature: string): number => mnemonics.filter((m) => instrDef(m).feature === feature).length;
    expect([of("simd"), of("relaxed-simd")]).toEqual([236, 20]);
  });
});
