/** Codes: unique, in their ranges, each told. */
import { describe, expect, it } from "vitest";
import { errorCodes } from "./error-codes.ts";
import { traps } from "./errors.ts";
import {
  featureCodes,
  invalid,
  invalidFaults,
  limitCodes,
  malformed,
  malformedFaults,
  overLimit,
  unsupported,
} from "./faults.ts";

const codesOf = (table: Readonly<Record<string, readonly [string, string]>>): string[] =>
  Object.values(table).map(([code]) => code);
const ranges: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^WT1[01]\d\d$/, codesOf(malformedFaults)],
  [/^WT19\d\d$/, Object.values(featureCodes)],
  [/^WT20\d\d$/, codesOf(invalidFaults)],
  [/^WT29\d\d$/, Object.values(limitCodes)],
  [/^WT40\d\d$/, codesOf(traps)],
];

describe("codes", () => {
  const all = ranges.flatMap(([, codes]) => codes);

  it("are in the range of their kind", () => {
    for (const [range, codes] of ranges) for (const code of codes) expect(code).toMatch(range);
  });

  it("are given once, but for traps that differ only in what was null or which cast failed", () => {
    const variants: Readonly<Record<string, RegExp>> = {
      WT4010: /^null( \w+)? reference$/,
      WT4011: /^(\w+ )?cast failure$/,
    };
    const repeated = new Set(all.filter((code, i) => all.indexOf(code) !== i));
    expect([...repeated].sort()).toEqual(Object.keys(variants));
    for (const [code, text] of Object.values(traps)) if (repeated.has(code)) expect(text).toMatch(variants[code]!);
    const texts = Object.values(traps).map(([, text]) => text);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("all have a title, sentences and an example", () => {
    expect(all.filter((code) => errorCodes[code] === undefined)).toEqual([]);
    for (const [code, { title, explanation, example }] of Object.entries(errorCodes)) {
      expect(code).toMatch(/^WT[1-5]\d{3}$/);
      expect(title).not.toMatch(/\.$|^$/);
      expect(explanation).toMatch(/\.$/);
      expect(example).not.toBe("");
    }
  });
});

describe("errors about modules", () => {
  it("say text, detail, place", () => {
    const error = invalid("unknownLocal", 31, " 3", 2);
    expect(error.message).toBe("unknown local 3 (at offset 0x1f in function 2)");
    expect([error.kind, error.code, error.offset, error.func]).toEqual(["invalid", "WT2008", 31, 2]);
    expect(malformed("magic", 0).message).toBe("magic header not detected (at offset 0x0)");
  });

  it("say what to do", () => {
    expect(overLimit("types", 5, 3, 9).message).toBe(
      "too many types: 5 exceeds the limit of 3 (types) (at offset 0x9)",
    );
    expect(overLimit("types", 5, 3, 9).hint).toMatch(/raise the module limit types/);
    expect(unsupported("stack-switching", 9).hint).toMatch(/without stack-switching/);
    expect(unsupported("threads", 9).hint).toMatch(/turn the feature threads on/);
    expect(unsupported("bulk-memory", 9).hint).toMatch(/turn the feature bulk-memory on/);
  });
});
