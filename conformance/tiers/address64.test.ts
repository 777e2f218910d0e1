/** Addresses of 64 bits: nothing wraps or is cut, wherever a memory or a table takes one; and frames that hold them. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  captureFrames,
  Engine,
  framesFromJson,
  framesToJson,
  type Instance,
  type MemInst,
  type Val,
  WasmError,
} from "../../engine/index.ts";
import { convertTexts } from "../spec/wat.ts";
import { type TierName, testedTiers, tiers } from "./tiers.ts";

const text = `(module
  (memory $m (export "m") i64 1 4)
  (memory $n i32 1)
  (table $t i64 4 10 funcref)
  (table $u 4 funcref)
  (type $f (func (param i32) (result i32)))
  (func $double (type $f) (i32.mul (local.get 0) (i32.const 2)))
  (func $other (result i64) (i64.const 5))
  (elem (table $t) (offset (i64.const 1)) func $double $other)
  (elem $e func $double $double)
  (data (memory $m) (offset (i64.const 4)) "\\01\\02\\03\\04")
  (data $d "\\11\\12\\13\\14")
  (func (export "call") (param i64) (result i32) (call_indirect $t (type $f) (i32.const 21) (local.get 0)))
  (func (export "load8") (param i64) (result i32) (i32.load8_u (local.get 0)))
  (func (export "load_far") (param i64) (result i64) (i64.load offset=0xffffffffffffffff (local.get 0)))
  (func (export "load_mid") (param i64) (result i32) (i32.load8_u offset=0x100000000 (local.get 0)))
  (func (export "store_far") (param i64) (i32.store8 offset=0xfffffffffffffff0 (local.get 0) (i32.const 1)))
  (func (export "size") (result i64) (memory.size $m))
  (func (export "grow") (param i64) (result i64) (memory.grow $m (local.get 0)))
  (func (export "fill") (param i64 i64) (memory.fill $m (local.get 0) (i32.const 7) (local.get 1)))
  (func (export "init") (param i64 i32 i32) (memory.init $m $d (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy64") (param i64 i64 i64) (memory.copy $m $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy_in") (param i64 i32 i32) (memory.copy $m $n (local.get 0) (local.get 1) (local.get 2)))
  (func (export "copy_out") (param i32 i64 i32) (memory.copy $n $m (local.get 0) (local.get 1) (local.get 2)))
  (func (export "load_n") (param i32) (result i32) (i32.load8_u $n (local.get 0)))
  (func (export "get") (param i64) (result i32) (ref.is_null (table.get $t (local.get 0))))
  (func (export "set") (param i64) (table.set $t (local.get 0) (ref.null func)))
  (func (export "table_size") (result i64) (table.size $t))
  (func (export "table_grow") (param i64) (result i64) (table.grow $t (ref.null func) (local.get 0)))
  (func (export "table_fill") (param i64 i64) (table.fill $t (local.get 0) (ref.func $double) (local.get 1)))
  (func (export "table_init") (param i64 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table_in") (param i64 i32 i32) (table.copy $t $u (local.get 0) (local.get 1) (local.get 2)))
  (func (export "table_out") (param i32 i64 i32) (table.copy $u $t (local.get 0) (local.get 1) (local.get 2)))
  (func (export "sum") (param $at i64) (param $end i64) (result i64) (local $sum i64)
    (i64.const -9000000000000000000)
    (loop $l
      (local.set $sum (i64.add (local.get $sum) (i64.load8_u (local.get $at))))
      (local.set $at (i64.add (local.get $at) (i64.const 1)))
      (br_if $l (i64.lt_u (local.get $at) (local.get $end))))
    (i64.add (local.get $sum))))`;

const engine = new Engine();
let bytes = new Uint8Array(0);
beforeAll(async () => {
  const [binary] = await convertTexts([text], undefined);
  if (!(binary instanceof Uint8Array)) throw new Error(binary?.error);
  bytes = binary as Uint8Array<ArrayBuffer>;
});

const make = (tier: TierName = "auto"): Instance => {
  const engine = new Engine(tiers[tier]);
  return engine.instantiate(engine.compile(bytes));
};
/** The result, or the text of the trap. */
function call(instance: Instance, name: string, ...args: Val[]): Val {
  try {
    return instance.invoke(name, args)[0];
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    return error.message.replace(/ \(.*/, "");
  }
}
const bounds = "out of bounds memory access";
const tableBounds = "out of bounds table access";
/** 2^32 and others whose low words are small. */
const wild = [2n ** 32n, 2n ** 32n + 1n, 2n ** 33n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, -1n, -65536n, -(2n ** 32n)];

describe.each(testedTiers)("a memory with 64-bit addresses, tier %s", (tier) => {
  it("has its data", () => expect(call(make(tier), "load8", 5n)).toBe(2));

  it.each(wild)("address %d is outside", (at) => {
    const instance = make(tier);
    for (const [name, ...args] of [
      ["load8", at],
      ["load_mid", at],
      ["load_far", at],
      ["store_far", at],
      ["fill", at, 0n],
      ["fill", 0n, at],
      ["init", at, 0, 0],
      ["copy64", at, 0n, 0n],
      ["copy64", 0n, at, 0n],
      ["copy64", 0n, 0n, at],
      ["copy_in", at, 0, 0],
      ["copy_out", 0, at, 0],
    ] as const) {
      expect(call(instance, name, ...args), `${name} ${args.join(" ")}`).toBe(bounds);
    }
    expect(call(instance, "grow", at)).toBe(-1n);
  });

  it("does not wrap around", () => {
    const instance = make(tier);
    for (let at = 0n; at < 20n; at++) {
      expect(call(instance, "load_far", at)).toBe(bounds);
      expect(call(instance, "store_far", at)).toBe(bounds);
      expect(call(instance, "load_mid", at - 2n ** 32n)).toBe(bounds);
    }
    expect((instance.exports.m as MemInst).bytes.subarray(0, 4)).toEqual(new Uint8Array(4));
  });

  it("has sizes of 64 bits", () => {
    const instance = make(tier);
    expect(call(instance, "grow", 2n)).toBe(1n);
    expect(call(instance, "grow", 2n)).toBe(-1n);
    expect(call(instance, "size")).toBe(3n);
    expect(call(instance, "load8", 3n * 65536n - 1n)).toBe(0);
    expect(call(instance, "load8", 3n * 65536n)).toBe(bounds);
  });

  it("copies to and from one with 32-bit addresses", () => {
    const instance = make(tier);
    expect(call(instance, "copy_out", 65533, 4n, 3)).toBe(undefined);
    expect(call(instance, "load_n", 65535)).toBe(3);
    expect(call(instance, "copy_in", 100n, 65534, 2)).toBe(undefined);
    expect(call(instance, "load8", 101n)).toBe(3);
    expect(call(instance, "copy_out", -1, 0n, 2)).toBe(bounds);
    expect(call(instance, "copy_in", 0n, 0, -1)).toBe(bounds);
  });
});

describe.each(testedTiers)("a table with 64-bit indices, tier %s", (tier) => {
  it("is called through with all 64 bits", () => {
    const instance = make(tier);
    expect(call(instance, "call", 1n)).toBe(42);
    expect(call(instance, "call", 2n)).toBe("indirect call type mismatch");
    expect(call(instance, "call", 3n)).toBe("uninitialized element 3");
    expect(call(instance, "call", 4n)).toBe("undefined element");
    for (const at of wild) expect(call(instance, "call", at | 1n), String(at)).toBe("undefined element");
  });

  it.each(wild)("index %d is outside", (at) => {
    const instance = make(tier);
    for (const [name, ...args] of [
      ["get", at],
      ["set", at],
      ["table_fill", at, 0n],
      ["table_fill", 0n, at],
      ["table_init", at, 0, 0],
      ["table_in", at, 0, 0],
      ["table_out", 0, at, 0],
    ] as const) {
      expect(call(instance, name, ...args), `${name} ${args.join(" ")}`).toBe(tableBounds);
    }
    expect(call(instance, "table_grow", at)).toBe(-1n);
  });

  it("has sizes of 64 bits", () => {
    const instance = make(tier);
    expect(call(instance, "table_grow", 6n)).toBe(4n);
    expect(call(instance, "table_grow", 1n)).toBe(-1n);
    expect(call(instance, "table_size")).toBe(10n);
    expect(call(instance, "table_init", 8n, 0, 2)).toBe(undefined);
    expect(call(instance, "call", 9n)).toBe(42);
  });
});

describe("active segments", () => {
  it.each([
    ['(memory i64 1) (data (i64.const 0x100000000) "x")', bounds],
    ['(memory i64 1) (data (i64.const -1) "")', bounds],
    ['(memory i64 1) (data (i64.const 65536) "")', undefined],
    ["(table i64 4 funcref) (elem (i64.const 0x100000000) func)", tableBounds],
    ["(table i64 4 funcref) (elem (offset (i64.sub (i64.const 0) (i64.const 4))) func)", tableBounds],
    ["(table i64 4 funcref) (elem (i64.const 4) func)", undefined],
  ])("%s", async (fields, trap) => {
    const [binary] = await convertTexts([`(module ${fields})`], undefined);
    const attempt = (): unknown => engine.instantiate(engine.compile(binary as Uint8Array));
    if (trap === undefined) expect(attempt).not.toThrow();
    else expect(attempt).toThrow(trap);
  });
});

describe("frames", () => {
  it("hold 64-bit addresses across stops", () => {
    const instance = make();
    const [want] = instance.invoke("sum", [0n, 300n]);
    expect(want).toBe(-9000000000000000000n + 10n);
    let act = instance.start("sum", [0n, 300n]);
    for (let stops = 0; ; stops++) {
      const outcome = act.run(1 + (stops % 3));
      if (outcome.kind === "done") {
        expect(outcome.results).toEqual([want]);
        expect(stops).toBeGreaterThan(50);
        return;
      }
      const { frames, instances } = captureFrames(act);
      act = instance.restore(instance.func("sum"), { frames: framesFromJson(framesToJson(frames)), instances });
    }
  });
});
