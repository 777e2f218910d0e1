/** The generated switch is up to date, and small enough for V8 to optimise. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { HOT_END, ops } from "../interpret/ops.ts";
import { dispatchText } from "./dispatch.ts";

describe("dispatch.gen.ts", () => {
  const text = readFileSync(new URL("../interpret/dispatch.gen.ts", import.meta.url), "utf8");

  it("is what `npm run gen` writes", () => {
    expect(text === dispatchText()).toBe(true);
  });

  it("keeps the hot switch under 150 short cases", () => {
    const [hot = ""] = text.split("default: {");
    expect(HOT_END).toBeLessThan(150);
    expect(hot.match(/^ {8}case /gm)?.length).toBe(HOT_END);
    for (const body of hot.split(/^ {8}case /m).slice(1)) expect(body.length).toBeLessThan(700);
  });

  it("numbers every operation once", () => {
    expect(new Set(ops.map((o) => o.num)).size).toBe(ops.length);
    expect(new Set(ops.map((o) => o.name)).size).toBe(ops.length);
  });
});
