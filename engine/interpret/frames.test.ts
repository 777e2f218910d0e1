/** Stops guests at random safepoints, takes their frames through JSON, restores them in place, compares with an uninterrupted run. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type Instance } from "../engine.ts";
import type { FuncInst } from "../runtime/func.ts";
import type { Val } from "../runtime/value.ts";
import type { Activation } from "./activation.ts";
import { captureFrames, framesFromJson, framesToJson } from "./frames.ts";

const wabt = await wabtInit();
const engine = new Engine();

function instance(wat: string, imports = {}): Instance {
  return engine.instantiate(engine.compile(wabt.parseWat("t.wat", wat).toBinary({}).buffer), imports);
}

/** A reproducible source of numbers below `n`. */
function source(seed: number): (n: number) => number {
  let s = seed;
  return (n) => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    return (s >>> 8) % n;
  };
}

/** Takes the activation apart and puts it together again. */
function reincarnate(inst: Instance, func: FuncInst, act: Activation): Activation {
  const { frames, instances } = captureFrames(act);
  return inst.restore(func, { frames: framesFromJson(framesToJson(frames)), instances });
}

/** Runs `name` with a stop every 1..`step` safepoints; the results, and how often it stopped. */
function interrupted(
  inst: Instance,
  name: string,
  args: Val[],
  seed: number,
  step: number,
): { results: Val[]; stops: number } {
  const random = source(seed);
  const func = inst.func(name);
  let act = inst.start(name, args);
  for (let stops = 0; ; stops++) {
    const outcome = act.run(1 + random(step));
    if (outcome.kind === "done") return { results: outcome.results, stops };
    if (outcome.kind !== "stopped") throw new Error(outcome.kind);
    act = reincarnate(inst, func, act);
  }
}

const loops = `(module
  (func $fib (export "fib") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func (export "mixed") (param i32) (result i64 f64 f32 i32)
    (local i64 f64 f32 i32)
    (local.set 1 (i64.const -5000000000)) (local.set 2 (f64.const 0.1)) (local.set 3 (f32.const 0.3))
    (i64.const 77) (f64.const 3.25)
    (loop $l
      (local.set 1 (i64.mul (local.get 1) (i64.const 6364136223846793005)))
      (local.set 2 (f64.add (local.get 2) (f64.convert_i32_s (local.get 0))))
      (local.set 3 (f32.mul (local.get 3) (f32.const 1.0001)))
      (local.set 4 (i32.xor (local.get 4) (call $fib (i32.and (local.get 0) (i32.const 7)))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.set 2 (f64.add (local.get 2)))
    (local.set 1 (i64.add (local.get 1)))
    (local.get 1) (local.get 2) (local.get 3) (local.get 4))
  (table 2 funcref) (elem (i32.const 0) $fib $even)
  (func $even (export "even") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.eqz (call_indirect (param i32) (result i32) (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))))
      (else (i32.const 1))))
  (func (export "params") (param i32) (result i32)
    (i32.const 0) (local.get 0)
    (loop $l (param i32 i32) (result i32)
      (local.set 0)
      (local.get 0) (i32.add)
      (local.get 0) (i32.const 1) (i32.sub)
      (local.tee 0) (local.get 0) (br_if $l (i32.const 0) (i32.ne))
      (drop))))`;

describe("canonical frames", () => {
  const inst = instance(loops);
  const cases: [string, Val[]][] = [
    ["fib", [15]],
    ["mixed", [40]],
    ["even", [301]],
    ["params", [100]],
  ];
  for (const [name, args] of cases) {
    it(`${name}: interrupted anywhere, the result is the same`, () => {
      const whole = inst.invoke(name, args);
      for (let seed = 1; seed <= 20; seed++) {
        const { results, stops } = interrupted(inst, name, args, seed, seed * 3);
        expect(results).toEqual(whole);
        expect(stops).toBeGreaterThan(1);
      }
    });
  }

  it("tells each frame by function, byte offset, locals and operands", () => {
    const act = inst.start("fib", [3]);
    while (act.run(1).kind === "stopped" && captureFrames(act).frames.length < 3);
    const { frames } = captureFrames(act);
    expect(frames.map((f) => [f.func, f.locals])).toEqual([
      [0, [3]],
      [0, [2]],
      [0, [1]],
    ]);
    expect(frames[2]?.pc).toBe(0);
    expect(frames[0]?.pc).toBeGreaterThan(0);
  });

  it("at a function's entry locals are zero, whatever the stack held and however deep it is", () => {
    const many = "i32 i64 f32 f64 ".repeat(20);
    const deep = instance(`(module
      (func $f (export "f") (param i32) (result i32) (local ${many})
        (local.set 1 (i32.const 7)) (local.set 2 (i64.const 7)) (local.set 70 (i64.const 7))
        (if (result i32) (local.get 0)
          (then (drop (call $g (i32.const 5))) (i32.add (call $f (i32.sub (local.get 0) (i32.const 1))) (local.get 1)))
          (else (i32.const 0))))
      (func $g (param i32) (result i32) (local ${many})
        (local.set 1 (i32.const -1)) (local.set 6 (i64.const -1)) (i32.const 3)))`);
    const func = deep.func("f");
    let act = deep.start("f", [60]);
    for (;;) {
      const outcome = act.run(0);
      if (outcome.kind === "done") {
        expect(outcome.results).toEqual([420]);
        break;
      }
      const { frames } = captureFrames(act);
      const { locals } = frames[frames.length - 1]!;
      expect(locals.slice(1).filter((v) => v !== 0 && v !== 0n)).toEqual([]);
      act = reincarnate(deep, func, act);
    }
  });

  it("goes across instances", () => {
    const outer = instance(
      `(module (import "in" "fib" (func $f (param i32) (result i32)))
        (func (export "twice") (param i32) (result i32) (i32.add (call $f (local.get 0)) (call $f (local.get 0)))))`,
      { in: { fib: inst.func("fib") } },
    );
    const { results } = interrupted(outer, "twice", [10], 7, 20);
    expect(results).toEqual([110]);
  });

  it("refuses frames that do not fit", () => {
    const act = inst.start("fib", [5]);
    act.run(3);
    const { frames, instances } = captureFrames(act);
    const func = inst.func("fib");
    const last = frames.length - 1;
    const bad = [
      frames.map((f, i) => (i === last ? { ...f, pc: f.pc + 1 } : f)),
      frames.map((f, i) => (i === 0 ? { ...f, locals: [] } : f)),
      frames.map((f, i) => (i === 0 ? { ...f, locals: [1n] } : f)),
      frames.map((f, i) => (i === last ? { ...f, operands: [1] } : f)),
    ];
    for (const b of bad) expect(() => inst.restore(func, { frames: b, instances })).toThrow(/do not fit/);
  });
});
