/** What is resident, and what is not, gives the same results; guests that share the resident place do not notice. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type Instance } from "../engine.ts";
import { FlatCode } from "../runtime/flat-code.ts";
import { ResidentCode, residentCode, residentViews } from "../runtime/resident.ts";
import type { Activation } from "./activation.ts";
import { FrameStack } from "./stack.ts";

const wabt = await wabtInit();
const engine = new Engine({ tier: "interp" });
const bytesOf = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat).toBinary({}).buffer;
const instance = (wat: string, imports = {}): Instance => engine.instantiate(engine.compile(bytesOf(wat)), imports);

const deep = `(module
  (func $sum (export "sum") (param i32) (result i64) (local i64 i64 i64 i64 i64 i64 i64 i64)
    (local.set 1 (i64.extend_i32_u (local.get 0)))
    (if (i32.eqz (local.get 0)) (then (return (i64.const 0))))
    (i64.add (call $sum (i32.sub (local.get 0) (i32.const 1))) (local.get 1)))
  (func (export "mix") (param i32) (result i32) (local i32)
    (loop $l
      (local.set 1 (i32.add (i32.rotl (local.get 1) (i32.const 5)) (i32.wrap_i64 (call $sum (i32.and (local.get 0) (i32.const 63))))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))`;

const sumTo = (n: number): bigint => (BigInt(n) * BigInt(n + 1)) / 2n;
const isIn = (act: Activation): boolean => act.stack.isResident;

describe("frames", () => {
  it("are resident while a guest runs, and leave for one that runs later", () => {
    const first = instance(deep).start("mix", [500]);
    const second = instance(deep).start("mix", [400]);
    const expected = [instance(deep).invoke("mix", [500]), instance(deep).invoke("mix", [400])];
    const ran = [first, second].map(() => 0);
    const results: unknown[] = [undefined, undefined];
    while (first.isReady || second.isReady) {
      [first, second].forEach((act, i) => {
        if (!act.isReady) return;
        const outcome = act.run(97);
        if (ran[i]!++ > 20_000) throw new Error("it does not end");
        if (outcome.kind === "done") results[i] = outcome.results[0];
        else expect([isIn(first), isIn(second)]).toEqual([i === 0, i === 1]);
      });
    }
    expect(results).toEqual(expected.flat());
    expect(Math.min(...ran)).toBeGreaterThan(20);
  });

  it("grow beyond the place, and go on elsewhere", () => {
    const module = engine.compile(bytesOf(deep));
    const inst = engine.instantiate(module, {}, { maxStackDepth: 200_000 });
    const act = inst.start("sum", [120_000]);
    const outcome = act.run(100_000);
    expect([outcome.kind, isIn(act)]).toEqual(["stopped", true]);
    const end = act.run();
    expect(end).toMatchObject({ kind: "done", results: [sumTo(120_000)] });
    expect(isIn(act)).toBe(false);
    expect(inst.invoke("sum", [1000])).toEqual([sumTo(1000)]);
  });

  it("of a guest that a host function calls are elsewhere, and both are right", () => {
    const inner = instance(deep);
    const seen: boolean[] = [];
    const outer = instance(
      `(module (import "env" "f" (func $f (param i32) (result i64)))
        (func (export "run") (param i32) (result i64) (local i64)
          (loop $l
            (local.set 1 (i64.add (i64.mul (local.get 1) (i64.const 3)) (call $f (local.get 0))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get 1)))`,
      {
        env: {
          f: (n: number) => {
            const act = inner.start("sum", [n]);
            const outcome = act.run();
            seen.push(isIn(act));
            return outcome.kind === "done" ? outcome.results[0] : 0n;
          },
        },
      },
    );
    let expected = 0n;
    for (let n = 50; n > 0; n--) expected = BigInt.asIntN(64, expected * 3n + sumTo(n));
    expect(outer.invoke("run", [50])).toEqual([expected]);
    expect(new Set(seen)).toEqual(new Set([false]));
  });

  it("arguments of a call that has not begun are kept when another guest takes the place", () => {
    const inst = instance(deep);
    inst.invoke("sum", [3]);
    const waiting = inst.start("sum", [77]);
    expect(inst.invoke("mix", [40])).toEqual(instance(deep).invoke("mix", [40]));
    expect(waiting.run()).toMatchObject({ results: [sumTo(77)] });
  });

  it("the limit of depth holds in the place", () => {
    const inst = engine.instantiate(engine.compile(bytesOf(deep)), {}, { maxStackDepth: 100 });
    expect(() => inst.invoke("sum", [1000])).toThrow("call stack exhausted");
    expect(inst.invoke("sum", [50])).toEqual([sumTo(50)]);
  });

  it("of a stack that is at rest may be moved, of one that runs not", () => {
    const [a, b] = [0, 0].map(() => new FrameStack({ frames: 100, words: 4096 })) as [FrameStack, FrameStack];
    a.reserve(8, 1);
    a.I.set([1, 2, 3, 4, 5, 6, 7, 8]);
    a.moveIn(true);
    b.moveIn(true);
    expect([a.isResident, b.isResident]).toEqual([true, false]);
    a.I[100] = 9;
    a.rest();
    b.moveIn(true);
    residentViews.I.fill(-1, 0, 200);
    expect([a.isResident, b.isResident]).toEqual([false, true]);
    expect([...a.I.subarray(0, 8), a.I[100]]).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    b.reset();
  });
});

describe("code", () => {
  it("is resident, or not where that is not wanted", () => {
    const module = engine.compile(bytesOf(deep));
    const here = engine.instantiate(module);
    const apart = new Engine({ tier: "interp", resident: false }).instantiate(module);
    expect([here, apart].map((i) => i.inst.code.isResident)).toEqual([true, false]);
    expect(apart.invoke("mix", [300])).toEqual(here.invoke("mix", [300]));
  });

  it("goes on elsewhere, at the same places, when there is no more room", () => {
    const inst = instance(deep);
    inst.invoke("sum", [5]);
    const before = inst.inst.code.entries[0];
    const filler = residentCode.ownerFor({});
    const free = residentCode.words.length - residentCode.length;
    residentCode.add(new Array(free - 1).fill(0), filler);
    try {
      expect(inst.invoke("mix", [300])).toEqual(
        new Engine({ tier: "interp", resident: false }).instantiate(inst.module).invoke("mix", [300]),
      );
      expect([inst.inst.code.isResident, inst.inst.code.entries[0]]).toEqual([false, before]);
      expect(instance(deep).inst.code.isResident).toBe(false);
    } finally {
      residentCode.remove(filler);
    }
    expect(residentCode.words.length - residentCode.length).toBeGreaterThanOrEqual(free);
    expect(instance(deep).inst.code.isResident).toBe(true);
  });

  it("of modules that find no more room takes memory for their own words only", () => {
    const module = engine.compile(bytesOf(deep));
    const filler = residentCode.ownerFor({});
    residentCode.add(new Array(residentCode.words.length - residentCode.length - 5000).fill(1), filler);
    try {
      const before = process.memoryUsage().rss;
      // Each has something in the place before it finds that there is no more room.
      const codes = Array.from({ length: 40 }, () => new FlatCode(module));
      for (const code of codes) code.append(0, { words: [7, 8, 9], handlers: undefined });
      for (const code of codes) code.append(1, { words: new Array(6000).fill(2), handlers: undefined });
      expect((process.memoryUsage().rss - before) / codes.length).toBeLessThan(1 << 20);
      for (const code of codes) {
        const [first, second] = [...code.entries] as [number, number];
        expect([code.isResident, ...code.words.subarray(first, first + 3)]).toEqual([false, 7, 8, 9]);
        expect(code.words[second + 5999]).toBe(2);
      }
    } finally {
      residentCode.remove(filler);
    }
  });

  it("is given up from the end, when those behind it are gone, too", () => {
    const code = new ResidentCode(100);
    const [a, b, c] = [{}, {}, {}].map((owner) => code.ownerFor(owner));
    code.add([1, 2, 3], a!);
    code.add([4], b!);
    code.add([5, 6], a!);
    code.add([7], c!);
    code.remove(b!);
    expect(code.length).toBe(7);
    code.remove(c!);
    expect(code.length).toBe(6);
    code.remove(a!);
    expect(code.length).toBe(0);
    expect([code.hasRoom(100), code.hasRoom(101)]).toEqual([true, false]);
  });
});
