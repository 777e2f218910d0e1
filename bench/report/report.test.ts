/** Tables, pages and comparisons of results that are made up. */
import { describe, expect, test } from "vitest";
import { compareFiles, compareResults } from "../compare.ts";
import type { CaseResult, MeasuredEngine, Outcome, Results } from "../results.ts";
import { page } from "./html.ts";
import { escaped, Html, html } from "./markup.ts";
import { meanRatio, ratioTo } from "./ratios.ts";
import { logScale } from "./scale.ts";
import { caseRow, columnTitles, summary } from "./table.ts";
import { verdicts } from "./targets.ts";

const engine = (id: string, kind: MeasuredEngine["kind"]): MeasuredEngine => ({
  id,
  title: id,
  kind,
  version: "1",
  detail: "made up",
});
const ok = (...cpu: number[]): Outcome => ({ status: "ok", cpu, wall: cpu });
const call = (name: string, outcomes: Record<string, Outcome>, group: CaseResult["group"] = "integer"): CaseResult => ({
  name,
  group,
  unit: "call",
  outcomes,
});

function made(cases: readonly CaseResult[], more: Partial<Results> = {}): Results {
  return {
    format: 2,
    machine: { node: "v26.0.0", v8: "14", cpu: "none", cores: 1, commit: "abc", date: "2026-11-27" },
    options: { quick: false },
    engines: [engine("v8", "host"), engine("turbofan", "host"), engine("interp", "ours"), engine("peer", "javascript")],
    cases,
    ...more,
  };
}

const two = made([
  call("slow", {
    v8: ok(1, 1, 1),
    turbofan: ok(1, 1, 1),
    interp: ok(20, 20, 30),
    peer: { status: "bad", detail: "computed 1, 2 expected" },
  }),
  call("fast", { v8: ok(2, 2, 2), turbofan: ok(2, 2, 2), interp: ok(10, 10, 10), peer: ok(4, 4, 4) }),
]);

describe("ratios", () => {
  test("are to the reference, round by round", () => {
    expect(ratioTo(two.cases[0]!, "interp", "turbofan")).toMatchObject({ median: 20, max: 30 });
    expect(ratioTo(two.cases[0]!, "peer", "turbofan")).toBeUndefined();
  });

  test("means say of how many cases they are", () => {
    expect(meanRatio(two.cases, "interp", "turbofan")).toEqual({ ratio: expect.closeTo(10), count: 2, of: 2 });
    expect(meanRatio(two.cases, "peer", "turbofan")).toEqual({ ratio: 2, count: 1, of: 2 });
    expect(meanRatio([], "peer", "turbofan")).toBeUndefined();
  });
});

describe("the table", () => {
  test("has the reference's time, others' ratios and spreads; a wrong answer is no time", () => {
    expect(columnTitles(two.engines, "turbofan")).toContain("turbofan ms");
    expect(
      caseRow(two.cases[0]!, two.engines, "turbofan")
        .trim()
        .split(/\s{2,}/),
    ).toEqual(["slow", "1.00x ±0%", "1.00", "20.0x ±13%", "BAD"]);
  });

  test("of one sample claims no spread", () => {
    const result = call("x", { turbofan: ok(1), interp: ok(3) });
    expect(caseRow(result, two.engines, "turbofan")).toMatch(/3\.00x$|3\.00x\s*$/);
  });

  test("ends with means, targets and what went wrong", () => {
    const lines = summary(two).join("\n");
    expect(lines).toMatch(/^integer.* 10\.0x +2\.00x \(1\/2\)$/m);
    expect(lines).toMatch(/interp: all kernels \/ V8 +10\.0x +<= 25\.0x {2}met/);
    expect(lines).toContain("slow, peer: BAD: computed 1, 2 expected");
  });
});

describe("targets", () => {
  test("are missed when they are missed", () => {
    const results = made([call("slow", { v8: ok(1), interp: ok(99) })]);
    expect(verdicts(results).map(({ isMet }) => isMet)).toEqual([false, false]);
  });

  test("of the JavaScript tier wait for it, and are laxer on Node 20 for 64-bit integers", () => {
    const outcomes = { turbofan: ok(1), js: ok(5) };
    const engines = [engine("turbofan", "host"), engine("js", "ours")];
    const [cases, node20] = [[call("x", outcomes, "64-bit")], { node: "v20.20.2" }];
    const of64 = (results: Results) => verdicts(results).find(({ what }) => what.includes("64-bit"));
    expect(of64(made(cases, { engines }))?.isMet).toBe(false);
    expect(of64(made(cases, { engines, machine: node20 }))?.isMet).toBe(true);
    expect(of64(two)).toBeUndefined();
  });
});

describe("markup", () => {
  test("escapes what it is given, but not markup", () => {
    expect(escaped(`<a href="x">'&`)).toBe("&lt;a href=&quot;x&quot;&gt;&#39;&amp;");
    expect(html`<p title="${'"><script>'}">${new Html("<b>")}${[html`${"<"}`]}</p>`.text).toBe(
      '<p title="&quot;&gt;&lt;script&gt;"><b>&lt;</p>',
    );
  });

  test("leaves no control characters in a page", () => {
    expect(escaped("a\u0000b\u001bc\n\td")).toBe("a\ufffdb\ufffdc\n\td");
  });
});

describe("the page", () => {
  const evil = `"><script>alert(1)</script><img src=x onerror='y'>`;
  const hostile = page(
    made(
      [
        call(evil, { [evil]: ok(1, 2), turbofan: ok(1, 1) }),
        call("b", { [evil]: { status: "failed", detail: evil }, turbofan: ok(1) }),
        { ...call("c", { turbofan: ok(1), [evil]: ok(3) }, "start-up"), unit: "process" },
      ],
      {
        engines: [{ id: evil, title: evil, kind: "native", version: evil, detail: evil }, engine("turbofan", "host")],
        machine: { node: evil, v8: evil, cpu: evil, commit: evil, date: evil, platform: evil, loadBefore: evil },
      },
    ),
  );

  test("holds nothing that others could have put into it", () => {
    expect(hostile).not.toContain("<script");
    expect(hostile).not.toContain("<img");
    expect(hostile).toContain("&lt;script&gt;");
  });

  test("loads nothing and runs nothing", () => {
    const plain = page(two);
    expect(plain).not.toMatch(/<(script|link|iframe|img)|@import|url\(|src=|\son\w+=/i);
    expect(plain).not.toMatch(/https?:/);
    expect(plain).toMatch(/^<!doctype html>/);
  });

  test("is balanced", () => {
    for (const text of [hostile, page(two), page(made([]))]) {
      for (const tag of ["section", "table", "tbody", "tr", "td", "th", "div", "span", "article", "ul", "li"]) {
        const count = (pattern: string) => [...text.matchAll(new RegExp(pattern, "g"))].length;
        expect(count(`<${tag}[ >]`), tag).toBe(count(`</${tag}>`));
      }
    }
  });

  test("shows every engine of every case", () => {
    const plain = page(two);
    expect(plain).toContain("20.0x");
    expect(plain).toContain(">BAD<");
    expect(plain).toContain("1 of 2");
  });
});

describe("logScale", () => {
  test("puts equal factors at equal distances, and 1x inside", () => {
    const { at, ticks } = logScale([0.3, 100]);
    expect(at(10) - at(1)).toBeCloseTo(at(100) - at(10));
    expect(at(1)).toBeGreaterThan(0);
    expect(at(0.001)).toBe(0);
    expect(at(1e9)).toBe(100);
    expect(ticks).toContain(1);
    expect(ticks.length).toBeLessThan(10);
  });
});

describe("compare", () => {
  const before = made([
    call("same", { turbofan: ok(1, 1, 1, 1, 1), interp: ok(10, 10, 10, 10, 10) }),
    call("worse", { turbofan: ok(1, 1, 1, 1, 1), interp: ok(10, 10, 10, 10, 10) }),
    call("noisy", { turbofan: ok(1, 1, 1, 1, 1), interp: ok(8, 9, 10, 14, 16) }),
    call("wrong", { turbofan: ok(1, 1, 1, 1, 1), interp: ok(1, 1, 1, 1, 1) }),
  ]);
  const after = made([
    call("same", { turbofan: ok(2, 2, 2, 2, 2), interp: ok(20, 20.1, 20.2, 20, 20) }), // a machine half as fast
    call("worse", { turbofan: ok(1, 1, 1, 1, 1), interp: ok(13, 13, 13, 13, 13) }),
    call("noisy", { turbofan: ok(1, 1, 1, 1, 1), interp: ok(9, 11, 13, 15, 16) }),
    call("wrong", { turbofan: ok(1, 1, 1, 1, 1), interp: { status: "bad", detail: "" } }),
  ]);

  test("finds what is beyond noise, and not a slower machine", () => {
    const { changes, turned, isRatio } = compareResults(before, after);
    expect(isRatio).toBe(true);
    const verdictOf = (name: string) => changes.find((c) => c.name === name && c.engine === "interp")?.verdict;
    expect(verdictOf("same")).toBe("same");
    expect(verdictOf("worse")).toBe("slower");
    expect(verdictOf("noisy")).toBe("same");
    expect(turned).toEqual(["wrong, interp: ok -> bad"]);
    expect(compareResults(after, before).changes.find(({ name }) => name === "worse")?.verdict).toBe("faster");
  });

  test("falls back to times where there is no common reference, and says so", () => {
    const only = (ms: number) =>
      made([call("x", { interp: ok(ms, ms, ms, ms, ms) })], { engines: [engine("interp", "ours")] });
    const mixed = made([call("x", { interp: ok(30, 30), turbofan: ok(1, 1) })]);
    expect(compareFiles(mixed, only(10)).join("\n")).toMatch(/no reference engine in common[\s\S]*faster/);
  });

  test("a single sample proves nothing short of a half", () => {
    const one = (ms: number) => made([call("x", { turbofan: ok(1), interp: ok(ms) })]);
    expect(compareResults(one(10), one(14)).changes[0]?.verdict).toBe("same");
    expect(compareResults(one(10), one(16)).changes[0]?.verdict).toBe("slower");
  });
});
