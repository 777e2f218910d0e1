/** The command line of the benchmark. */
import { describe, expect, test } from "vitest";
import { readOptions, UsageError } from "./options.ts";

describe("readOptions", () => {
  test("nothing means everything, thoroughly", () => {
    const options = readOptions([]);
    expect(options).toMatchObject({ isQuick: false, words: [], engines: [], tiers: [], isSaved: true });
    expect(options.parts.size).toBe(5);
  });

  test("names and places of engines", () => {
    const options = readOptions(["--engine", "v8,interp", "--engine", "wazero=/opt/wazero", "--tier", "js"]);
    expect(options.engines).toEqual(["v8", "interp"]);
    expect([...options.enginePaths]).toEqual([["wazero", "/opt/wazero"]]);
    expect(options.tiers).toEqual(["js"]);
  });

  test.each([
    [["--only", "nonsense"], 'no part "nonsense"'],
    [["--engine", "mystery=/x"], 'no native engine "mystery"'],
    [["--rounds", "0"], "--rounds takes a number"],
    [["--rounds", "many"], "--rounds takes a number"],
    [["--fast"], "--fast"],
    [["stray"], "stray"],
  ])("%j is refused", (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
