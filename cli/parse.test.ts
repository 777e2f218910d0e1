/** The command line's words: where options end, values, mistakes, did-you-mean. */
import { describe, expect, it } from "vitest";
import { CliError } from "./cli-error.ts";
import { commands, type FlagDef, flags } from "./options.ts";
import { parseArgs } from "./parse.ts";

const run = (...argv: string[]) => parseArgs("run", argv);
const failure = (...argv: string[]): CliError => {
  try {
    run(...argv);
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("no error");
};

describe("where options end", () => {
  it("at the module; the rest is the guest's, word for word", () => {
    const { flags: found, operands } = run("--dir", ".", "app.wasm", "--dir", "x", "-h");
    expect(found.all("dir")).toEqual(["."]);
    expect(operands).toEqual(["app.wasm", "--dir", "x", "-h"]);
  });
  it("exactly one -- right after the module is dropped", () => {
    expect(run("app.wasm", "--", "--", "a").operands).toEqual(["app.wasm", "--", "a"]);
    expect(run("app.wasm", "--").operands).toEqual(["app.wasm"]);
    expect(run("app.wasm", "a", "--").operands).toEqual(["app.wasm", "a", "--"]);
  });
  it("a -- before the module ends them too", () => {
    expect(run("--", "-odd.wasm", "a").operands).toEqual(["-odd.wasm", "a"]);
  });
  it("other commands take options anywhere", () => {
    const parsed = parseArgs("inspect", ["app.wasm", "--json"]);
    expect(parsed.operands).toEqual(["app.wasm"]);
    expect(parsed.flags.has("json")).toBe(true);
  });
});

describe("values", () => {
  it("follow or are attached", () => {
    const { flags: found } = run("--env", "A=1", "--env=B=2", "-eC=3", "-v", ".:/", "-W-simd", "app.wasm");
    expect(found.all("env")).toEqual(["A=1", "B=2", "C=3"]);
    expect(found.all("dir")).toEqual([".:/"]);
    expect(found.all("wasm")).toEqual(["-simd"]);
  });
  it("of aliases are the flag's own", () =>
    expect(run("--mount", "a", "--volume=b", "x").flags.all("dir")).toEqual(["a", "b"]));
  it("that are optional must be attached", () => {
    const parsed = run("--trace-wasi", "app.wasm");
    expect([parsed.flags.get("trace-wasi"), parsed.operands]).toEqual(["", ["app.wasm"]]);
    expect(run("--trace-wasi=fs", "app.wasm").flags.get("trace-wasi")).toBe("fs");
  });
  it("may start with a dash unless they are options", () => {
    expect(run("--argv0", "-x", "app.wasm").flags.get("argv0")).toBe("-x");
    expect(failure("--dir", "--env", "A=1", "app.wasm").code).toBe("WT6501");
    expect(failure("--dir").code).toBe("WT6501");
  });
});

describe("mistakes", () => {
  it.each([
    [["--dri", ".", "x"], "WT6500", "--dir"],
    [["--inherit-evn", "x"], "WT6500", "--inherit-env"],
    [["--mapdir", "a:b", "x"], "WT6500", "--dir HOST:GUEST"],
    [["-mount=a:b", "x"], "WT6500", "--mount"],
    [["--zzz", "x"], "WT6500", "--help"],
    [["--inherit-env=yes", "x"], "WT6502", "--inherit-env"],
    [["--coredump", "c", "x"], "WT6505", "--coredump"],
    [["--argv0", "a", "--argv0", "b", "x"], "WT6504", "one"],
  ])("%j", (argv, code, help) => {
    const error = failure(...argv);
    expect(error.code).toBe(code);
    expect(error.help.join()).toContain(help);
    expect(error.where.length).toBeGreaterThan(0);
  });
  it("tells whose option it is", () => {
    expect(() => parseArgs("version", ["--dir", "."])).toThrow(
      expect.objectContaining({
        code: "WT6500",
        where: ["it belongs to: wasmts run, wasmts resume, wasmts snapshot init"],
      }),
    );
  });
});

describe("the table", () => {
  it("has no two flags of one spelling", () => {
    const spellings = Object.entries<FlagDef>(flags).flatMap(([name, def]) => [
      name,
      ...(def.aliases ?? []),
      ...(def.short ? [def.short] : []),
    ]);
    expect(new Set(spellings).size).toBe(spellings.length);
  });
  it("names only commands there are, and says something", () => {
    for (const def of Object.values<FlagDef>(flags)) {
      expect(def.commands.every((c) => c in commands)).toBe(true);
      expect(def.help.length).toBeGreaterThan(10);
    }
  });
});
