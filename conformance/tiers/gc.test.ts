/** References, structures and arrays in every tier: frames that hold them, exact bits, limits, what hosts may pass, linking by structure. */
import { describe, expect, it } from "vitest";
import {
  type Activation,
  Blocked,
  captureFrames,
  Engine,
  FUNCREF,
  type FuncInst,
  framesToJson,
  GlobalInst,
  type HeapGauge,
  heapTypes,
  I31,
  type Imports,
  type Instance,
  type InstanceOptions,
  newGlobal,
  refType,
  StructInst,
  type Val,
  WasmError,
} from "../../engine/index.ts";
import { convertTexts } from "../spec/wat.ts";
import { type TierName, testedTiers, tiers } from "./tiers.ts";

type Make = (wat: string, imports?: Imports, options?: InstanceOptions) => Promise<Instance>;

function makerOf(tier: TierName): Make {
  const engine = new Engine(tiers[tier]);
  return async (wat, imports = {}, options = {}) => {
    const [bytes] = await convertTexts([wat], undefined);
    if (!(bytes instanceof Uint8Array)) throw new Error(bytes?.error);
    return engine.instantiate(engine.compile(bytes), imports, options);
  };
}

/** Kind and code of what `fn` throws. */
function outcome(fn: () => unknown): string {
  try {
    fn();
    return "returned";
  } catch (error) {
    return error instanceof WasmError ? `${error.kind} ${error.code}` : (error as Error).name;
  }
}

/** The same state in frames of its own; references stay what they are. */
const reincarnate = (inst: Instance, func: FuncInst, act: Activation): Activation =>
  inst.restore(func, captureFrames(act));

describe.each(testedTiers)("frames with references, tier %s", async (tier) => {
  const make = makerOf(tier);
  const inst = await make(
    `(module
    (type $node (struct (field $v i32) (field $next (ref null $node))))
    (type $op (func (param i32 i32) (result i32)))
    (func $add (type $op) (i32.add (local.get 0) (local.get 1)))
    (func $mix (type $op) (i32.mul (i32.xor (local.get 0) (local.get 1)) (i32.const 31)))
    (elem declare func $add $mix)
    (func $build (param $n i32) (result (ref null $node))
      (if (result (ref null $node)) (local.get $n)
        (then (struct.new $node (local.get $n) (call $build (i32.sub (local.get $n) (i32.const 1)))))
        (else (ref.null $node))))
    (func (export "fold") (param $n i32) (result i32)
      (local $list (ref null $node)) (local $sum i32) (local $f (ref $op)) (local $a (ref null array))
      (local.set $list (call $build (local.get $n)))
      (local.set $f (ref.func $add))
      (ref.i31 (i32.const -7))
      (block $done
        (loop $next
          (local.set $sum (call_ref $op (local.get $sum)
            (struct.get $node $v (br_on_null $done (local.get $list))) (local.get $f)))
          (local.set $list (struct.get $node $next (local.get $list)))
          (if (i32.eq (i32.and (local.get $sum) (i32.const 3)) (i32.const 0)) (then (local.set $f (ref.func $mix))))
          (br $next)))
      (i32.add (i31.get_s) (local.get $sum))))`,
  );

  it("interrupted anywhere, the result is the same", () => {
    const [whole] = inst.invoke("fold", [60]);
    const func = inst.func("fold");
    for (let step = 1; step <= 7; step++) {
      let act = inst.start("fold", [60]);
      let stops = 0;
      for (;;) {
        const done = act.run(step);
        if (done.kind === "done") {
          expect(done.results).toEqual([whole]);
          break;
        }
        stops++;
        act = reincarnate(inst, func, act);
      }
      expect(stops).toBeGreaterThan(10);
    }
  });

  it("a loop goes round with operands of another type than it was entered with", async () => {
    const guest = await make(`(module (func (export "round") (param i32) (result i32)
      (ref.null noextern)
      (loop $l (param externref) (result i32)
        (drop)
        (extern.convert_any (ref.i31 (local.get 0)))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))
        (ref.test (ref i31) (any.convert_extern)))))`);
    let act = guest.start("round", [5]);
    let stops = 0;
    for (; act.run(0).kind !== "done"; stops++) act = reincarnate(guest, guest.func("round"), act);
    expect(stops).toBe(4);
  });

  it("are not data", () => {
    const act = inst.start("fold", [50]);
    expect(act.run(800).kind).toBe("stopped");
    const { frames } = captureFrames(act);
    expect(frames.some((f) => f.locals.some((v) => v instanceof StructInst))).toBe(true);
    expect(() => framesToJson(frames)).toThrow("not data");
  });

  it("a host function called by call_ref may block", async () => {
    let tries = 0;
    const host = (x: Val) => new Blocked({}, () => (++tries < 3 ? new Blocked({}, () => (x as number) + 1) : null));
    const guest = await make(
      `(module (type $t (func (param i32) (result i32)))
        (import "" "f" (func $f (type $t))) (elem declare func $f)
        (func (export "run") (param externref) (result externref i32)
          (local.get 0) (call_ref $t (i32.const 41) (ref.func $f))))`,
      { "": { f: host } },
    );
    const act = guest.start("run", ["kept"]);
    expect(act.run().kind).toBe("blocked");
    expect(act.run()).toMatchObject({ kind: "blocked" });
    expect(act.run()).toEqual({ kind: "done", results: ["kept", 42] });
  });
});

describe.each(testedTiers)("values, tier %s", async (tier) => {
  const make = makerOf(tier);
  const inst = await make(
    `(module
    (type $s (struct (field $f (mut f32)) (field $d (mut f64)) (field $b (mut i8)) (field $h (mut i16)) (field $l (mut i64))))
    (type $fs (array (mut f32))) (type $ds (array (mut f64)))
    (import "" "make" (func $make (result (ref null $s))))
    (func (export "f32") (param i32) (result i32 i32) (local $s (ref $s)) (local $a (ref $fs))
      (local.set $s (struct.new_default $s))
      (struct.set $s $f (local.get $s) (f32.reinterpret_i32 (local.get 0)))
      (local.set $a (array.new $fs (struct.get $s $f (local.get $s)) (i32.const 3)))
      (i32.reinterpret_f32 (struct.get $s $f (local.get $s)))
      (i32.reinterpret_f32 (array.get $fs (local.get $a) (i32.const 2))))
    (func (export "f64") (param i64) (result i64 i64) (local $s (ref $s)) (local $a (ref $ds))
      (local.set $s (struct.new $s (f32.const 0) (f64.reinterpret_i64 (local.get 0)) (i32.const 0) (i32.const 0) (i64.const 0)))
      (local.set $a (array.new_fixed $ds 2 (f64.const 0) (struct.get $s $d (local.get $s))))
      (i64.reinterpret_f64 (struct.get $s $d (local.get $s)))
      (i64.reinterpret_f64 (array.get $ds (local.get $a) (i32.const 1))))
    (func (export "packed") (param i32) (result i32 i32 i32 i32) (local $s (ref $s))
      (local.set $s (struct.new $s (f32.const 0) (f64.const 0) (local.get 0) (local.get 0) (i64.const -1)))
      (struct.get_s $s $b (local.get $s)) (struct.get_u $s $b (local.get $s))
      (struct.get_s $s $h (local.get $s)) (struct.get_u $s $h (local.get $s)))
    (func (export "isI31") (param externref) (result i32) (ref.test (ref i31) (any.convert_extern (local.get 0))))
    (func (export "isStruct") (param externref) (result i32) (ref.test (ref struct) (any.convert_extern (local.get 0))))
    (func (export "isS") (param externref) (result i32) (ref.test (ref $s) (any.convert_extern (local.get 0))))
    (func (export "there and back") (param externref) (result externref)
      (extern.convert_any (any.convert_extern (local.get 0))))
    (func (export "i31") (param i32) (result i31ref) (ref.i31 (local.get 0)))
    (func (export "same") (param i32 i32) (result i32) (ref.eq (ref.i31 (local.get 0)) (ref.i31 (local.get 1))))
    (func (export "s") (result (ref $s)) (struct.new_default $s))
    (func (export "take") (param (ref $s)))
    (func (export "takeFunc") (param funcref))
    (func (export "takeEq") (param eqref))
    (func (export "import") (drop (call $make))))`,
    { "": { make: () => made } },
  );
  let made: Val = null;

  it("keep NaN bits", () => {
    for (const bits of [0x7fa00001, -0x45ffff, 0x7fc00000]) expect(inst.invoke("f32", [bits])).toEqual([bits, bits]);
    for (const bits of [0x7ff4000000000001n, -0xbffffffffffffn])
      expect(inst.invoke("f64", [bits])).toEqual([bits, bits]);
  });

  it("vectors keep all their bits in objects that constant expressions make", async () => {
    const vector = "(v128.const i64x2 0x123456789abcdef0 -8589934591)";
    const lanes = (v: string): string => `(i64x2.extract_lane 0 ${v}) (i64x2.extract_lane 1 ${v})`;
    const made = await make(`(module (type $s (struct (field i32) (field v128))) (type $a (array v128))
      (global $s (ref $s) (struct.new $s (i32.const 1) ${vector}))
      (global $n (ref $a) (array.new $a ${vector} (i32.const 2)))
      (global $f (ref $a) (array.new_fixed $a 2 (v128.const i64x2 0 0) ${vector}))
      (func (export "s") (result i64 i64) ${lanes("(struct.get $s 1 (global.get $s))")})
      (func (export "n") (result i64 i64) ${lanes("(array.get $a (global.get $n) (i32.const 1))")})
      (func (export "f") (result i64 i64) ${lanes("(array.get $a (global.get $f) (i32.const 1))")}))`);
    for (const name of ["s", "n", "f"]) expect(made.invoke(name)).toEqual([0x123456789abcdef0n, -8589934591n]);
  });

  it("packed fields wrap and extend", () => {
    expect(inst.invoke("packed", [0x1_ff80])).toEqual([-128, 128, -128, 0xff80]);
  });

  it("of the host stay themselves and are never taken for ours", () => {
    const spoof = { kind: "struct", typeId: 0, fields: [], value: 1 };
    for (const v of [5, "x", spoof, Symbol.iterator, 7n, Number.NaN]) {
      expect(inst.invoke("there and back", [v])).toEqual([v]);
      for (const test of ["isI31", "isStruct", "isS"]) expect([test, ...inst.invoke(test, [v])]).toEqual([test, 0]);
    }
    expect(inst.invoke("isI31", inst.invoke("i31", [3]))).toEqual([1]);
    expect(inst.invoke("isS", inst.invoke("s"))).toEqual([1]);
  });

  it("of the wrong type are refused for globals of the host", () => {
    const extern = { val: refType(heapTypes.extern, false), isMutable: false };
    expect(newGlobal(extern, "x").get()).toBe("x");
    expect(() => newGlobal(extern, null)).toThrow(TypeError);
    expect(() => newGlobal({ val: FUNCREF, isMutable: true }, {})).toThrow(TypeError);
    expect(newGlobal({ val: FUNCREF, isMutable: true }, null).get()).toBeNull();
  });

  it("i31 wraps, and equal ones are the same", () => {
    expect((inst.invoke("i31", [0x4000_0000])[0] as I31).value).toBe(-0x4000_0000);
    expect(inst.invoke("i31", [3])[0]).toBeInstanceOf(I31);
    for (const n of [0, 1000, -100000]) expect(inst.invoke("same", [n, n | (1 << 31)])).toEqual([1]);
    expect(inst.invoke("same", [1, 2])).toEqual([0]);
  });

  it("of the wrong type are refused at the boundary", () => {
    const [s] = inst.invoke("s");
    expect(s).toBeInstanceOf(StructInst);
    expect(outcome(() => inst.invoke("take", [s]))).toBe("returned");
    for (const v of [null, 1, {}, inst.func("s")])
      expect(outcome(() => inst.invoke("take", [v as Val]))).toBe("TypeError");
    expect(outcome(() => inst.invoke("takeFunc", [{}]))).toBe("TypeError");
    expect(outcome(() => inst.invoke("takeFunc", [inst.func("s")]))).toBe("returned");
    expect(outcome(() => inst.invoke("takeEq", ["x"]))).toBe("TypeError");
    made = s;
    expect(outcome(() => inst.invoke("import"))).toBe("returned");
    made = {};
    expect(outcome(() => inst.invoke("import"))).toBe("trap WT4014");
  });
});

describe.each(testedTiers)("limits, tier %s", async (tier) => {
  const make = makerOf(tier);
  const wat = `(module
    (type $b (array (mut i8))) (type $l (array (mut i64))) (type $r (array (mut anyref))) (type $n (struct (field (ref null 3))))
    (data $d "abc")
    (func (export "bytes") (param i32) (result i32) (array.len (array.new_default $b (local.get 0))))
    (func (export "longs") (param i32) (result i32) (array.len (array.new $l (i64.const 1) (local.get 0))))
    (func (export "refs") (param i32) (result i32) (array.len (array.new_default $r (local.get 0))))
    (func (export "data") (param i32) (result i32) (array.len (array.new_data $b $d (i32.const 0) (local.get 0))))
    (func (export "leak") (local $p (ref null $n))
      (loop $l (local.set $p (struct.new $n (local.get $p))) (br $l)))
    (func (export "oob") (param i32 i32) (array.copy $b $b
      (array.new_default $b (i32.const 4)) (local.get 0) (array.new_default $b (i32.const 4)) (i32.const 0) (local.get 1))))`;

  it("huge arrays exhaust the guest, whatever their elements", async () => {
    const inst = await make(wat, {}, { maxArrayBytes: 2 ** 30 });
    for (const name of ["longs", "refs"]) {
      for (const n of [-1, 0x7fffffff, 0x40000000])
        expect(outcome(() => inst.invoke(name, [n]))).toBe("exhausted WT5002");
    }
    expect(outcome(() => inst.invoke("bytes", [-1]))).toBe("exhausted WT5002");
    expect(outcome(() => inst.invoke("data", [-1]))).toBe("trap WT4005");
    expect(inst.invoke("bytes", [2 ** 20])).toEqual([2 ** 20]);
    const small = await make(wat, {}, { maxArrayBytes: 100 });
    expect(small.invoke("bytes", [100])).toEqual([100]);
    expect(outcome(() => small.invoke("bytes", [101]))).toBe("exhausted WT5002");
  });

  it("ranges do not wrap", async () => {
    const inst = await make(wat);
    for (const args of [
      [1, -1],
      [-1, 1],
      [-1, -1],
      [0, 5],
      [5, 0],
    ])
      expect(outcome(() => inst.invoke("oob", args))).toBe("trap WT4012");
    expect(outcome(() => inst.invoke("oob", [4, 0]))).toBe("returned");
  });

  it("the gauge of the host's heap stops a guest that fills it", async () => {
    let used = 0;
    const gauge: HeapGauge = { used: () => (used += 2 ** 20), limit: 2 ** 24 };
    const inst = await make(wat, {}, { heapGauge: gauge });
    expect(outcome(() => inst.invoke("leak"))).toBe("exhausted WT5002");
    expect(used).toBeGreaterThanOrEqual(2 ** 24);
  });
});

describe.each(testedTiers)("linking, tier %s", async (tier) => {
  const make = makerOf(tier);
  const maker = await make(`(module
    (rec (type $a (sub (struct (field i32)))) (type $b (sub $a (struct (field i32) (field (ref null $b))))))
    (type $f (func (param (ref $a)) (result (ref null $b))))
    (global (export "g") (ref $b) (struct.new $b (i32.const 7) (ref.null $b)))
    (global (export "m") (mut (ref null $b)) (ref.null $b))
    (table (export "t") 1 (ref null $b))
    (func (export "f") (type $f) (ref.null $b)))`);
  /** `extra` shifts the type indices. */
  const user = (imports: string, extra = "(type (struct (field i64)))"): Promise<Instance> =>
    make(
      `(module ${extra}
        (rec (type $a (sub (struct (field i32)))) (type $b (sub $a (struct (field i32) (field (ref null $b))))))
        (rec (type $c (sub (struct (field i32)))))
        (type $f (func (param (ref $a)) (result (ref null $b))))
        (type $e (func (param (ref $b)) (result (ref null $b))))
        ${imports})`,
      { m: maker.exports },
    );
  const linked = (imports: string): Promise<string> =>
    user(imports).then(
      () => "linked",
      (e: unknown) => (e instanceof WasmError ? e.code : "bug"),
    );

  it.each([
    ['(import "m" "g" (global (ref $b)))', "linked"],
    ['(import "m" "g" (global (ref $a)))', "linked"],
    ['(import "m" "g" (global (ref null struct)))', "linked"],
    ['(import "m" "g" (global (ref $c)))', "WT3002"],
    ['(import "m" "g" (global (ref i31)))', "WT3002"],
    ['(import "m" "m" (global (mut (ref null $b))))', "linked"],
    ['(import "m" "m" (global (mut (ref null $a))))', "WT3002"],
    ['(import "m" "t" (table 1 (ref null $b)))', "linked"],
    ['(import "m" "t" (table 1 (ref null $a)))', "WT3002"],
    ['(import "m" "f" (func (type $f)))', "linked"],
    ['(import "m" "f" (func (type $e)))', "WT3002"],
  ])("%s: %s", async (imports, result) => {
    expect(await linked(imports)).toBe(result);
  });

  it("a global keeps the structure it was given", async () => {
    const inst = await user(`(import "m" "g" (global $g (ref $a)))
      (func (export "get") (result i32) (struct.get $a 0 (global.get $g)))
      (func (export "cast") (result i32) (struct.get $b 0 (ref.cast (ref $b) (global.get $g))))
      (func (export "wrong") (result i32) (struct.get $c 0 (ref.cast (ref $c) (global.get $g))))`);
    expect(maker.exports.g).toBeInstanceOf(GlobalInst);
    expect([inst.invoke("get"), inst.invoke("cast")]).toEqual([[7], [7]]);
    expect(outcome(() => inst.invoke("wrong"))).toBe("trap WT4011");
  });
});
