/** Instances of one module share generated code, and nothing else. */
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Engine,
  type Instance,
  type InstanceOptions,
  type Module,
  newGlobal,
  type WasmError,
  WebAssembly,
} from "../../engine/index.ts";
import { I32 } from "../../engine/types.ts";
import { failure } from "./failure.ts";
import { tiers } from "./tiers.ts";

/** Everything that a text can refer to, and a trap with a place. */
const text = `(module
  (import "env" "twice" (func $twice (param i32) (result i32)))
  (import "env" "start" (global $start i32))
  (memory 1)
  (table funcref (elem $own $twice))
  (global $calls (mut i32) (i32.const 0))
  (func $own (param i32) (result i32)
    (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
    (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get 0)))
    (i32.add (i32.load (i32.const 8)) (global.get $start)))
  (func (export "run") (param $n i32) (result i32)
    (local $sum i32)
    (loop $more
      (local.set $sum (i32.add (local.get $sum)
        (call_indirect (param i32) (result i32) (local.get $n) (i32.and (local.get $n) (i32.const 1)))))
      (local.set $sum (i32.xor (local.get $sum) (call $own (local.get $n))))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  (func $far (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "trap") (param i32) (result i32) (call $far (local.get 0)))
  (func (export "calls") (result i32) (global.get $calls)))`;

let bytes: Uint8Array;
let module: Module;
beforeAll(async () => {
  bytes = (await wabtInit()).parseWat("t.wat", text).toBinary({ write_debug_names: true }).buffer;
});
beforeEach(() => {
  module = new Engine().compile(bytes);
});

/** What each instance is given differs. */
const make = (engine: Engine, k: number, options: InstanceOptions = {}): Instance =>
  engine.instantiate(
    module,
    { env: { twice: (x: unknown) => Number(x) * 2 + k, start: newGlobal({ val: I32, isMutable: false }, k * 1000) } },
    options,
  );

const used = ["js", "js-bigint", "auto-1", "auto-2", "auto-10"] as const;

describe.each(used)("instances of one module, tier %s", (tier) => {
  it("keep their memories, globals and imports apart", () => {
    const [engine, reference] = [new Engine(tiers[tier]), new Engine({ tier: "interp" })];
    const all = [1, 2, 3, 4].map((k) => [make(engine, k), make(reference, k)] as const);
    for (const n of [3, 200, 5]) {
      for (const [ours, theirs] of all) expect(ours.invoke("run", [n])).toEqual(theirs.invoke("run", [n]));
      for (const [ours, theirs] of all) expect(ours.invoke("calls", [])).toEqual(theirs.invoke("calls", []));
    }
  });

  it("stop and count alike", () => {
    const engine = new Engine(tiers[tier]);
    const left = [1, 1, 1, 1].map((k) => {
      const instance = make(engine, k, { limits: { fuel: 100_000 } });
      return [instance.invoke("run", [300]), instance.usage().instructions];
    });
    for (const one of left) expect(one).toEqual(left[0]);
    const stopped = [1, 2, 3].map(
      () => failure(() => make(engine, 1, { limits: { fuel: 700 } }).invoke("run", [300])).message,
    );
    for (const one of stopped) expect(one).toEqual(stopped[0]);
  });

  it("say where they failed", () => {
    const engine = new Engine(tiers[tier]);
    const failures = [1, 2, 3, 4].map((k) => {
      const instance = make(engine, k);
      for (let i = 0; i < 30; i++) instance.invoke("trap", [i]);
      const { code, message, backtrace } = failure(() => instance.invoke("trap", [-1]));
      return { code, message, backtrace };
    });
    expect(failures[0]!.backtrace.map(({ name }) => name)).toEqual(["far", undefined]);
    for (const one of failures) expect(one).toEqual(failures[0]);
  });
});

describe("the code of the third instance", () => {
  it("was made for the second", () => {
    const engine = new Engine({ tier: "js" });
    const characters = [1, 2, 3].map((k) => {
      const instance = make(engine, k);
      instance.invoke("run", [10]);
      return instance.tierStats?.characters;
    });
    expect(characters[1]).toBeGreaterThan(0);
    expect(characters[2]).toBe(0);
  });

  it("is hot at once", () => {
    const engine = new Engine({ tier: "auto" });
    const instances = [1, 2, 3].map((k) => make(engine, k));
    for (const instance of instances.slice(0, 2)) instance.invoke("run", [200_000]);
    instances[2]!.invoke("run", [200]);
    expect(instances[2]!.tierStats?.functions).toBeGreaterThan(0);
  });
});

describe("a small module, in the default tier", () => {
  it("is compiled at its first calls", () => {
    const instance = make(new Engine(), 1);
    instance.invoke("calls", []);
    expect(instance.tierStats?.functions).toBe(1);
  });
});

describe("a failure deep in generated code", () => {
  const deep = `(module (func $f (export "f") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (unreachable)))
    (i32.add (i32.const 1) (call $f (i32.sub (local.get 0) (i32.const 1))))))`;

  it("has as many frames, called by an activation or without one", async () => {
    const { buffer } = (await wabtInit()).parseWat("t.wat", deep).toBinary({});
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(buffer)).exports as { f: (n: number) => number };
    const lengths = [1, 2, 3].map(() => {
      try {
        return f(100);
      } catch (error) {
        return ((error as Error).cause as WasmError).backtrace.length;
      }
    });
    expect(lengths).toEqual([32, 32, 32]);
  });
});
