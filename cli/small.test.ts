/** The small pure parts: suggestions, units, environment, text. */
import { describe, expect, it } from "vitest";
import { WasmError } from "../engine/index.ts";
import { parseEnv, parseEnvFile } from "./environment.ts";
import { problemOf, statusOf } from "./outcome.ts";
import { presentProblem } from "./present.ts";
import { closest, editDistance } from "./suggest.ts";
import { paintFor, wrap } from "./text.ts";
import { parseChoice, parseCount, parseSize } from "./units.ts";

const code = (wanted: string) => expect.objectContaining({ code: wanted });

describe("suggestions", () => {
  it("measure insertions, deletions, replacements and swaps", () => {
    expect(editDistance("dir", "dri")).toBe(1);
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("", "abc")).toBe(3);
  });
  it("come only when near, and never for an exact match", () => {
    expect(closest("fd_raed", ["fd_read", "fd_write"])).toBe("fd_read");
    expect(closest("fdread", ["fd_write", "fd_read"])).toBe("fd_read");
    expect(closest("FIB", ["fib"])).toBe("fib");
    expect(closest("xyz", ["fib", "main"])).toBeUndefined();
    expect(closest("fib", ["fib", "fob"])).toBeUndefined();
    expect(closest("x".repeat(10_000), ["x"])).toBeUndefined();
  });
});

describe("units", () => {
  it.each([
    ["65536", 65536],
    ["64KiB", 65536],
    ["64k", 65536],
    ["1.5MiB", 1572864],
    ["2 GiB", 2 ** 31],
    ["1MB", 1_000_000],
    ["0", 0],
  ])("size %s", (text, bytes) => expect(parseSize("--max-memory", text)).toBe(bytes));
  it.each(["", "lots", "-1", "64QiB", "1e3", "99999999999GiB"])("no size: %j", (text) =>
    expect(() => parseSize("--max-memory", text)).toThrow(code("WT6503")),
  );
  it("counts and choices", () => {
    expect(parseCount("--max-table", "1_000")).toBe(1000);
    expect(() => parseCount("--max-table", "1.5")).toThrow(code("WT6503"));
    expect(parseChoice("--tier", "interp", ["auto", "interp"])).toBe("interp");
    expect(() => parseChoice("--tier", "jit", ["auto", "interp"])).toThrow(code("WT6503"));
  });
});

describe("environment", () => {
  it("one variable", () => {
    expect(parseEnv("A=b=c", {})).toEqual(["A", "b=c"]);
    expect(parseEnv("A=", {})).toEqual(["A", ""]);
    expect(parseEnv("HOME", { HOME: "/h" })).toEqual(["HOME", "/h"]);
    expect(parseEnv("NONE", {})).toEqual(["NONE", undefined]);
    expect(() => parseEnv("=x", {})).toThrow(code("WT6530"));
    expect(() => parseEnv("A=\0", {})).toThrow(code("WT6530"));
  });
  it("a file", () => {
    const text = "\uFEFF# comment\n\nA=1\r\nexport B = two words \nC=\"quoted # not comment\"\nD='x'\nE=\n";
    expect(parseEnvFile(text, ".env")).toEqual([
      ["A", "1"],
      ["B", "two words"],
      ["C", "quoted # not comment"],
      ["D", "x"],
      ["E", ""],
    ]);
    expect(() => parseEnvFile("A=1\nnonsense\n", ".env")).toThrow(code("WT6531"));
  });
});

describe("a bug of ours", () => {
  const problem = problemOf(new TypeError("x is not a function"), "app.wasm");
  it("is told as one, with its own status", () => {
    expect(problem).toMatchObject({ kind: "internal", code: "WT6999" });
    expect(statusOf(problem, "linux")).toBe(125);
    expect(presentProblem(problem, { color: "never" })).toMatch(
      /this is a bug in wasmts[\s\S]*TypeError: x is not a function[\s\S]*WASMTS_DEBUG/,
    );
  });
  it("is not what the host's lack of memory is", () => {
    const memory = problemOf(new RangeError("Array buffer allocation failed"));
    expect([memory.code, statusOf(memory, "linux")]).toEqual(["WT6580", 137]);
  });
  it("has other statuses for traps on Windows", () => {
    const trap = problemOf(new WasmError("trap", "WT4001", "unreachable"));
    expect([statusOf(trap, "linux"), statusOf(trap, "win32")]).toEqual([134, 3]);
  });
});

describe("text", () => {
  it("wraps at spaces and keeps lines within the width", () => {
    const text = wrap("one two three four five", 10, "- ", "  ");
    expect(text).toBe("- one two\n  three\n  four\n  five");
  });
  it("leaves a word that is too long alone on its line", () =>
    expect(wrap("a bbbbbbbbbbbbbbb c", 8)).toBe("a\nbbbbbbbbbbbbbbb\nc"));
  it("keeps line feeds and leading spaces", () => expect(wrap("  a\nb", 20)).toBe("  a\nb"));
  it("colours only when asked", () => {
    expect(paintFor(2, "never").bad("x")).toBe("x");
    expect(paintFor(2, "always").bad("x")).toBe("\u001b[31mx\u001b[39m");
  });
});
