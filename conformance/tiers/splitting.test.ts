/**
 * Loops that are functions of their own (`jit/outline.ts`) against the host's WebAssembly and the interpreter: what they come
 * to, where they fail, and when they are made.
 */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type Instance, type Module, type Val, WasmError } from "../../engine/index.ts";
import { generate } from "../../engine/jit/generate.ts";
import { failure } from "./failure.ts";
import { hostExports, isHostTrap } from "./host.ts";
import { splitCases } from "./splitting-cases.ts";
import { type TierName, tiers } from "./tiers.ts";

const all: readonly TierName[] = ["interp", "js", "js-split", "js-bigint-split", "auto-1-split"];
const inputs = [0, 1, 2, 3, 4, 7, 11, 12];

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

describe.each(splitCases)("a loop that is by itself: $name", ({ fields, loops, reasons = [] }) => {
  const make = (tier: TierName, bytes: Uint8Array): Instance => {
    const engine = new Engine(tiers[tier]);
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

  it("is one", () => {
    const module = new Engine().compile(binary(fields));
    const made = generate(module, indexOfRun(module), { split: "every" });
    expect([made.parts, made.reasons]).toEqual([loops, reasons]);
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
