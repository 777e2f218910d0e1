/** Vectors wherever values go: frames that stop and are restored, calls, globals, the host, memories far and near. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Blocked } from "../blocked.ts";
import { compile } from "../compile.ts";
import { Engine, type Instance } from "../engine.ts";
import { type GlobalInst, newGlobal } from "../runtime/global.ts";
import type { Val } from "../runtime/value.ts";
import { V128 } from "../types.ts";
import { captureFrames, framesFromJson, framesToJson } from "./frames.ts";

const wabt = await wabtInit();
const engine = new Engine();
const features = { multi_memory: true, memory64: true } as Record<string, boolean>;

const binary = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, features).toBinary({}).buffer;
const instance = (wat: string, imports = {}): Instance => engine.instantiate(engine.compile(binary(wat)), imports);

/** Of 32-bit lanes, the first lowest. */
const vec = (...lanes: number[]): bigint =>
  lanes.reduceRight((v, lane) => (v << 32n) | BigInt.asUintN(32, BigInt(lane)), 0n);

/** Runs `name` with a stop after every `step` safepoints, each time through JSON; results, stops. */
function interrupted(inst: Instance, name: string, args: Val[], step: number): [Val[], number] {
  const func = inst.func(name);
  let act = inst.start(name, args);
  for (let stops = 0; ; stops++) {
    const outcome = act.run(step);
    if (outcome.kind === "done") return [outcome.results, stops];
    const { frames, instances } = captureFrames(act);
    act = inst.restore(func, { frames: framesFromJson(framesToJson(frames)), instances });
  }
}

const everywhere = `(module
  (global $g (mut v128) (v128.const i32x4 1 2 3 4))
  (type $t (func (param i32 v128 i64) (result v128 i32)))
  (table funcref (elem $mix))
  (func $mix (param i32 v128 i64) (result v128 i32) (local v128 f32 v128)
    (global.set $g (i32x4.add (global.get $g) (local.get 1)))
    (local.set 3 (i64x2.add (i64x2.splat (local.get 2)) (v128.const i64x2 7 9)))
    (local.set 5 (i32x4.splat (local.get 0)))
    (i8x16.add (local.get 1) (v128.xor (local.get 3) (local.get 5)))
    (i32.add (local.get 0) (i32x4.extract_lane 2 (global.get $g))))
  (func $select (param v128 v128 i32) (result v128)
    (select (local.get 0) (local.get 1) (local.get 2)))
  (func (export "run") (param v128 i32) (result i64 v128 i32 v128) (local $sum v128) (local $last i32)
    (i64.const 11) (v128.const i32x4 5 6 7 8)
    (loop $l (param v128) (result v128)
      (local.get 0) (v128.const i8x16 0 0 0 0 1 1 1 1 2 2 2 2 3 3 3 3) (i8x16.sub)
      (local.get 1) (local.get 0) (i64.const -3) (call $mix)
      (drop) (local.get $sum) (i16x8.add) (local.set $sum)
      (block $b (param v128) (result v128)
        (local.get 1) (local.get $sum) (i64.extend_i32_s (local.get 1))
        (call_indirect (type $t) (i32.const 0)) (local.set $last)
        (i32x4.add) (br $b))
      (i32x4.add) (i32x4.mul (v128.const i32x4 3 5 7 9))
      (call $select (local.get 0) (i32.and (local.get 1) (i32.const 1)))
      (local.tee 0)
      (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
    (local.get $last) (local.get $sum)))`;

describe("vectors in frames", () => {
  it("survive a stop at every safepoint", () => {
    const args: Val[] = [vec(1, -2, 0x7fc00001, 0x80000000), 9];
    const whole = instance(everywhere).invoke("run", args);
    for (const step of [1, 2, 3, 7]) {
      const [results, stops] = interrupted(instance(everywhere), "run", args, step);
      expect(results).toEqual(whole);
      expect(stops).toBeGreaterThan(2);
    }
  });

  it("are one bigint without sign of 128 bits in canonical form", () => {
    const inst = instance(`(module (func (export "f") (param v128) (local v128 i32)
      (v128.const i32x4 1 2 3 -4) (loop (br 0)) (drop)))`);
    const act = inst.start("f", [vec(1, 2, 3, -1)]);
    act.run(3);
    const { frames, instances } = captureFrames(act);
    expect(frames[0]?.locals).toEqual([vec(1, 2, 3, -1), 0n, 0]);
    expect(frames[0]?.operands).toEqual([vec(1, 2, 3, -4)]);
    const bad = frames.map((f) => ({ ...f, locals: [1, 0n, 0] }));
    expect(() => inst.restore(inst.func("f"), { frames: bad, instances })).toThrow(/do not fit/);
  });

  it("are zero at first, also after other frames used the place", () => {
    const inst = instance(`(module
      (func $dirty (result v128) (local v128 v128) (local.set 0 (v128.const i64x2 -1 -1)) (local.set 1 (local.get 0)) (local.get 1))
      (func $clean (result v128) (local v128 v128 v128) (v128.or (local.get 0) (v128.or (local.get 1) (local.get 2))))
      (func (export "f") (result v128) (drop (call $dirty)) (call $clean)))`);
    expect(inst.invoke("f")).toEqual([0n]);
  });
});

describe("vectors at the boundary", () => {
  const nan = vec(0x7fa00001, 0xffa12345, 0x7f800001, -1);

  it("to the host and back keep their bits", () => {
    const seen: Val[] = [];
    const f = (...args: Val[]): Val[] => {
      seen.push(...args);
      return [args[1], 7, -1n];
    };
    const inst = instance(
      `(module (import "h" "f" (func $f (param i32 v128 f32) (result v128 i32 v128)))
        (func (export "g") (param v128) (result v128 i32 v128) (call $f (i32.const 1) (local.get 0) (f32.const 2))))`,
      { h: { f } },
    );
    expect(inst.invoke("g", [nan])).toEqual([nan, 7, 2n ** 128n - 1n]);
    expect(seen).toEqual([1, nan, 2]);
  });

  it("wait with a host call that blocks", () => {
    const inst = instance(
      `(module (import "h" "f" (func $f (param v128) (result v128)))
        (func (export "g") (param v128) (result v128) (i32x4.add (local.get 0) (call $f (local.get 0)))))`,
      { h: { f: (v: Val) => new Blocked({}, () => v) } },
    );
    const act = inst.start("g", [vec(1, 2, 3, 4)]);
    expect(act.run().kind).toBe("blocked");
    const { frames, instances } = captureFrames(act);
    expect(frames[0]?.operands).toEqual([vec(1, 2, 3, 4), vec(1, 2, 3, 4)]);
    expect(act.run()).toEqual({ kind: "done", results: [vec(2, 4, 6, 8)] });
    expect(inst.restore(inst.func("g"), { frames, instances }).run().kind).toBe("blocked");
  });

  it("in globals: own, imported, of the host, between scalars", () => {
    const host = newGlobal({ val: V128, isMutable: true }, nan);
    const inst = instance(
      `(module (import "h" "g" (global $h (mut v128)))
        (global (export "a") i32 (i32.const 5)) (global $v (export "v") (mut v128) (v128.const i32x4 1 2 3 4))
        (global (export "b") f64 (f64.const 1.5)) (global (export "w") v128 (v128.const i64x2 -1 9)) (global (export "c") (mut i64) (i64.const -7))
        (global (export "copy") v128 (v128.const i64x2 -1 9))
        (func (export "swap") (global.get $v) (global.get $h) (global.set $v) (global.set $h)))`.replace(
        "(global.get 4)",
        "(v128.const i64x2 -1 9)",
      ),
      { h: { g: host } },
    );
    inst.invoke("swap");
    const value = (name: string): Val => (inst.exports[name] as GlobalInst).get();
    expect(["a", "v", "b", "w", "c", "copy"].map(value)).toEqual([
      5,
      nan,
      1.5,
      (9n << 64n) | (2n ** 64n - 1n),
      -7n,
      (9n << 64n) | (2n ** 64n - 1n),
    ]);
    expect(host.get()).toBe(vec(1, 2, 3, 4));
  });

  it("in globals initialised by another", () => {
    const host = newGlobal({ val: V128, isMutable: false }, nan);
    const inst = instance(`(module (import "h" "g" (global v128)) (global (export "v") v128 (global.get 0)))`, {
      h: { g: host },
    });
    expect((inst.exports.v as GlobalInst).get()).toBe(nan);
  });
});

describe("vectors in memories that are not near", () => {
  const body = (mem: string, addr: string, offset: number): string => `
    (func (export "store") (param ${addr} v128) (v128.store ${mem} offset=${offset} (local.get 0) (local.get 1)))
    (func (export "load") (param ${addr}) (result v128) (v128.load ${mem} offset=${offset} (local.get 0)))
    (func (export "lane") (param ${addr} v128) (result v128) (v128.load16_lane ${mem} offset=${offset} 3 (local.get 0) (local.get 1)))
    (func (export "storeLane") (param ${addr} v128) (v128.store64_lane ${mem} offset=${offset} 1 (local.get 0) (local.get 1)))`;
  const value = vec(0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c);

  function check(inst: Instance, at: (n: number) => Val): void {
    inst.invoke("store", [at(4), value]);
    expect(inst.invoke("load", [at(4)])).toEqual([value]);
    expect(inst.invoke("load", [at(8)])).toEqual([value >> 32n]);
    expect(inst.invoke("lane", [at(6), 0n])).toEqual([0x0302n << 48n]);
    inst.invoke("storeLane", [at(4), value]);
    expect(inst.invoke("load", [at(4)])).toEqual([(value >> 64n) | ((value >> 64n) << 64n)]);
    expect(() => inst.invoke("load", [at(65536 - 15)])).toThrow("out of bounds memory access");
    expect(() => inst.invoke("store", [at(65536 - 15), -1n])).toThrow("out of bounds memory access");
    expect(() => inst.invoke("storeLane", [at(65536 - 7), -1n])).toThrow("out of bounds memory access");
    expect(inst.invoke("load", [at(65536 - 16)])).toEqual([0n]);
  }

  it("another memory", () => {
    check(instance(`(module (memory 0) (memory $m 1) ${body("$m", "i32", 0)})`), (n) => n);
  });

  it("an offset beyond 2^31 never wraps", () => {
    const inst = instance(`(module (memory 1) ${body("", "i32", 0xfffffff0)})`);
    for (const at of [0, 16, 31, -1]) expect(() => inst.invoke("load", [at])).toThrow("out of bounds memory access");
  });

  it("64-bit addresses", () => {
    const on = { features: { memory64: true } };
    const inst = engine.instantiate(compile(binary(`(module (memory i64 1) ${body("", "i64", 2)})`), on));
    check(inst, (n) => BigInt(n - 2));
    for (const at of [-1n, 2n ** 32n, 2n ** 63n, -2n]) {
      expect(() => inst.invoke("load", [at])).toThrow("out of bounds memory access");
    }
  });
});

describe("lowering of vectors", () => {
  it("constants in loops are kept in the frame", () => {
    const inst = instance(`(module (func (export "f") (param i32) (result v128) (local v128)
      (loop $l (local.set 1 (i8x16.shuffle 0 17 2 19 4 21 6 23 8 25 10 27 12 29 14 31
          (i32x4.add (local.get 1) (v128.const i32x4 1 2 3 4)) (v128.const i32x4 1 2 3 4)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32x4.add (local.get 1) (v128.const i32x4 1 2 3 5))))`);
    expect(inst.invoke("f", [3])).toEqual([vec(4, 8, 12, 17)]);
  });

  it("lanes beyond the shape are invalid", () => {
    const bytes = binary(`(module (func (param v128) (drop (i32x4.extract_lane 3 (local.get 0)))))`);
    const at = bytes.lastIndexOf(27) + 1;
    for (const [lane, isValid] of [
      [3, true],
      [4, false],
      [255, false],
    ] as const) {
      const changed = Uint8Array.from(bytes);
      changed[at] = lane;
      const attempt = (): unknown => engine.compile(changed);
      if (isValid) attempt();
      else expect(attempt).toThrow(expect.objectContaining({ kind: "invalid", code: "WT2040" }));
    }
  });

  it("can be switched off", () => {
    const bytes = binary(`(module (func (param i32) (drop (i8x16.splat (local.get 0)))))`);
    expect(() => compile(bytes, { features: { simd: false } })).toThrow(
      expect.objectContaining({ kind: "unsupported", code: "WT1907" }),
    );
    expect(compile(bytes).features.has("simd")).toBe(true);
  });
});
