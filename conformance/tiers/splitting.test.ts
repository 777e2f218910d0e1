/**
 * Loops and cases that are functions of their own (`jit/outline.ts`) against the host's WebAssembly and the interpreter: what they come
 * to, where they fail, and when they are made.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type Instance, type Module, type Val, WasmError } from "../../engine/index.ts";
import { type GenerateOptions, generate } from "../../engine/jit/generate.ts";
import { passesOf } from "../../engine/jit/passes.ts";
import { COUNT, LARGE_TEXT } from "../../engine/jit/splitting.ts";
import { projectRoot } from "../spec/suite.ts";
import { failure } from "./failure.ts";
import { hostExports, isHostTrap } from "./host.ts";
import { splitCases } from "./splitting-cases.ts";
import { type TierName, tiers } from "./tiers.ts";

const all: readonly TierName[] = ["interp", "js", "js-split", "js-bigint-split", "auto-1-split"];
const inputs = [0, 1, 2, 3, 4, 7, 11, 12];

const features = { "legacy-exceptions": true };

let wabt: Awaited<ReturnType<typeof wabtInit>>;
beforeAll(async () => {
  wabt = await wabtInit();
});

const binary = (fields: string): Uint8Array =>
  wabt.parseWat("split.wat", `(module ${fields})`, { exceptions: true }).toBinary({}).buffer;

function outcome(call: () => Val | undefined): string {
  try {
    return String(call());
  } catch (error) {
    return error instanceof WasmError || isHostTrap(error) ? "trap" : `bug: ${error}`;
  }
}

describe.each(splitCases)("parts by themselves: $name", ({ fields, parts, reasons = [] }) => {
  const make = (tier: TierName, bytes: Uint8Array): Instance => {
    const engine = new Engine({ ...tiers[tier], features });
    return engine.instantiate(engine.compile(bytes));
  };

  it.each(all)("does what the host does, tier %s", (tier) => {
    const bytes = binary(fields);
    for (const n of inputs) {
      const { run } = hostExports(bytes) as { run: (n: number) => Val };
      const instance = make(tier, bytes);
      const want = [outcome(() => run(n)), outcome(() => run(n))];
      expect([n, ...want.map(() => outcome(() => instance.invoke("run", [n])[0]))]).toEqual([n, ...want]);
    }
  });

  it("are as many as can be", () => {
    const module = new Engine({ features }).compile(binary(fields));
    const made = generate(module, indexOfRun(module), { split: "every" });
    expect([made.parts, made.reasons]).toEqual([parts, reasons]);
  });
});

const indexOfRun = (module: Module): number => module.exports.find(({ name }) => name === "run")!.idx;

/** Frames of a failure inside of loops: of the loop's function, and of one that it calls. */
const failing = `(module (memory 1 1)
  (func $deep (param $n i32) (result i32) (local $i i32)
    (loop $l
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.eq (local.get $i) (local.get $n)) (then (drop (i32.load (i32.const -1)))))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 9))))
    (local.get $i))
  (func $run (export "run") (param $n i32) (result i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (local.get $s) (i32.const 3)))
      (local.set $s (i32.add (local.get $s) (call $deep (local.get $n))))
      (br_if $l (i32.lt_u (local.get $s) (i32.const 40))))
    (call $deep (i32.const 2))))`;

describe("a failure in loops that are by themselves", () => {
  it.each(all)("has the frames of the guest, tier %s", (tier) => {
    const frames = (name: TierName): readonly unknown[] => {
      const engine = new Engine(tiers[name]);
      const bytes = wabt.parseWat("failing.wat", failing).toBinary({ write_debug_names: true }).buffer;
      const instance = engine.instantiate(engine.compile(bytes));
      return [5, 9, 77].map((n) => failure(() => instance.invoke("run", [n])).backtrace);
    };
    const want = frames("interp");
    expect(want.map((list) => (list as unknown[]).length)).toEqual([2, 2, 2]);
    expect(frames(tier)).toEqual(want);
  });
});

describe("a function too large for V8", () => {
  const kernel = (name: string): Uint8Array => readFileSync(join(projectRoot(), `bench/cases/prebuilt/${name}.wasm`));
  const texts = (name: string, options: GenerateOptions): { parts: number; rest: number } => {
    const module = new Engine().compile(kernel(name));
    return generate(module, indexOfRun(module), options);
  };

  it("becomes small enough by the cases that are taken out", () => {
    expect(texts("oversized", {}).rest).toBeGreaterThan(LARGE_TEXT);
    const { parts, rest } = texts("oversized", { split: "large" });
    expect(parts).toBeGreaterThan(10);
    expect(rest).toBeLessThan(LARGE_TEXT);
  });

  it("stays in one piece where that is asked for, as all others do", () => {
    const passes = passesOf({ split: false });
    expect(texts("oversized", { split: "large", passes }).parts).toBe(0);
    expect(texts("oversized", { split: "large", isMetered: true }).parts).toBe(0);
    expect(texts("matmul", { split: "large" }).parts).toBe(0);
  });

  it.each([
    [{}, true],
    [{ optimisesLarge: true }, false],
    [{ optimise: { split: false } }, false],
  ] as const)("is counted: %o", (options, isSplit) => {
    const engine = new Engine({ tier: "js", ...options });
    const instance = engine.instantiate(engine.compile(kernel("oversized")));
    const { run } = hostExports(kernel("oversized")) as { run: (n: number) => Val };
    for (const n of [99, 2 * COUNT, 99, 100]) expect(instance.invoke("run", [n])).toEqual([run(n)]);
    expect((instance.tierStats?.split ?? 0) > 0).toBe(isSplit);
  });

  it.each([
    ["whole, as it is small", 80, 0],
    ["whole, as its text is short enough", 900, 0],
    ["in parts, as its size tells", 1400, 1],
    ["in all the parts there are", 3000, 1],
    ["in parts, which could not be whole", 24_000, 1],
  ])("is made %s", (_, statements, isSplit) => {
    const bytes = binary(longFunction(statements));
    const module = new Engine().compile(bytes);
    const made = generate(module, indexOfRun(module), { split: "large" });
    expect(made.parts > 0).toBe(isSplit === 1);
    const { run } = hostExports(bytes) as { run: (n: number) => Val };
    const engine = new Engine({ tier: "js" });
    const instance = engine.instantiate(engine.compile(bytes));
    for (const n of [0, 3, 1000]) expect(instance.invoke("run", [n])).toEqual([run(n)]);
    expect(instance.tierStats?.functions).toBe(1);
  });

  it("stays whole until it has run for a while, and fails at the same places then", () => {
    const failing = (where: number): string =>
      longFunction(2000).replace(
        "local.get 1)",
        `local.get 0 i32.const ${where} i32.eq if unreachable end local.get 1)`,
      );
    const bytes = binary(`${failing(7)} (func (export "twice") (param i32) (result i32) (call 0 (local.get 0)))`);
    const { run } = hostExports(bytes) as { run: (n: number) => Val };
    const engine = new Engine({ tier: "js" });
    const instance = engine.instantiate(engine.compile(bytes));
    const frames = (): unknown => failure(() => instance.invoke("twice", [7])).backtrace;
    expect(instance.invoke("twice", [3])).toEqual([run(3)]);
    expect(instance.tierStats?.split).toBe(0);
    const [want, characters] = [frames(), instance.tierStats?.characters ?? 0];
    for (let i = 0; i < COUNT / 60 + 2; i++) instance.invoke("twice", [i === 7 ? 0 : i]);
    expect(instance.tierStats?.split).toBeGreaterThan(0);
    expect(instance.tierStats?.characters).toBeGreaterThan(characters);
    expect(instance.invoke("twice", [3])).toEqual([run(3)]);
    expect(frames()).toEqual(want);
    expect(instance.invoke("run", [4])).toEqual([run(4)]);
    expect(instance.tierStats?.functions).toBe(2);
  });

  it("is left to the interpreter where it is too large for that", () => {
    const bytes = binary(longFunction(48_000));
    const engine = new Engine({ tier: "js" });
    const instance = engine.instantiate(engine.compile(bytes));
    const { run } = hostExports(bytes) as { run: (n: number) => Val };
    expect(instance.invoke("run", [5])).toEqual([run(5)]);
    expect(instance.tierStats?.functions).toBe(0);
    const whole = new Engine().compile(binary(longFunction(24_000)));
    expect(() => generate(whole, indexOfRun(whole))).toThrow();
  });
});

/** Sixty cases of a `switch` in a loop that takes one after the other; 12 bytes a statement. */
function longFunction(statements: number): string {
  const cases = 60;
  const lines: string[] = [];
  for (let i = 0; i < cases; i++) {
    lines.push("end");
    for (let k = 0; k < statements / cases; k++)
      lines.push(`local.get 1 local.get 0 i32.const ${1_000_000 + 17 * i + k} i32.add i32.xor local.set 1`);
    lines.push(`br ${cases - 1 - i}`);
  }
  const table = Array.from({ length: cases }, (_, i) => i).join(" ");
  return `(func (export "run") (param i32) (result i32) (local i32 i32)
    loop
    block ${Array.from({ length: cases }, () => "block").join(" ")}
      local.get 2 br_table ${table} ${cases}
    ${lines.join("\n")}
    end
    local.get 2 i32.const 1 i32.add local.tee 2 i32.const ${cases} i32.lt_u br_if 0
    end
    local.get 1)`;
}
