/** Arguments and results of `--invoke` as text. */
import { describe, expect, it } from "vitest";
import { EXTERNREF, F32, F64, FUNCREF, heapTypes, I31, I32, I64, refType, V128 } from "../engine/index.ts";
import { jsonValue, parseArguments, parseValue, printValue } from "./values.ts";

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe("arguments", () => {
  it.each([
    ["42", I32, 42],
    ["-1", I32, -1],
    ["4294967295", I32, -1],
    ["0xff", I32, 255],
    ["-0x80000000", I32, -2147483648],
    ["1_000", I32, 1000],
    ["-1", I64, -1n],
    ["18446744073709551615", I64, -1n],
    ["0x8000000000000000", I64, -(2n ** 63n)],
    ["1.5", F64, 1.5],
    ["-2e3", F64, -2000],
    [".5", F64, 0.5],
    ["inf", F64, Infinity],
    ["-Infinity", F64, -Infinity],
    ["nan", F64, Number.NaN],
    ["-0", F64, -0],
    ["0.1", F32, Math.fround(0.1)],
    ["0x000102030405060708090a0b0c0d0e0f", V128, 0x000102030405060708090a0b0c0d0e0fn],
    ["-1", V128, 2n ** 128n - 1n],
    ["null", FUNCREF, null],
    ["ref.null", EXTERNREF, null],
  ])("%s", (text, type, value) => expect(parseValue(text, type, "x")).toEqual(value));

  it.each([
    ["4294967296", I32],
    ["-2147483649", I32],
    ["1.5", I32],
    ["", I32],
    ["0x", I32],
    ["abc", I32],
    ["18446744073709551616", I64],
    ["one", F64],
    ["1.5.5", F64],
    ["something", EXTERNREF],
  ])("refuses %j", (text, type) => expect(() => parseValue(text, type, "x")).toThrow(code("WT6543")));

  it("refuses what cannot be written, and wrong counts", () => {
    expect(() => parseValue("null", refType(heapTypes.func, false), "x")).toThrow(code("WT6544"));
    const type = { kind: "func", params: [I32, I32], results: [] } as const;
    expect(parseArguments("add", type, ["1", "2"])).toEqual([1, 2]);
    expect(() => parseArguments("add", type, ["1"])).toThrow(code("WT6542"));
  });
});

describe("results", () => {
  it.each([
    [-5, I32, "-5"],
    [2n ** 63n - 1n, I64, "9223372036854775807"],
    [0.1, F64, "0.1"],
    [Math.fround(0.1), F32, "0.1"],
    [Math.fround(16777216), F32, "16777216"],
    [-0, F64, "-0"],
    [Number.NaN, F32, "nan"],
    [-Infinity, F64, "-inf"],
    [null, FUNCREF, "ref.null"],
    [{}, EXTERNREF, "ref.extern"],
    [new I31(-3), EXTERNREF, "ref.i31 -3"],
    [255n, V128, "0x000000000000000000000000000000ff"],
  ])("%s", (value, type, text) => expect(printValue(value, type)).toBe(text));

  it("as JSON keep what JSON cannot", () => {
    expect(jsonValue(7, I32)).toEqual({ type: "i32", value: 7 });
    expect(jsonValue(7n, I64)).toEqual({ type: "i64", value: "7" });
    expect(jsonValue(Number.NaN, F64)).toEqual({ type: "f64", value: "nan" });
    expect(jsonValue(null, FUNCREF)).toEqual({ type: "funcref", value: null });
  });
});
