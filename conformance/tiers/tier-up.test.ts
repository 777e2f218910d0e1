/** Going from one tier to another and back: at calls, at loops, in recursion, through the host, at traps. */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { body, moduleOf, name, section, vec } from "../../engine/binary/encode.ts";
import {
  Blocked,
  Engine,
  type EngineOptions,
  type Imports,
  type Instance,
  type InstanceOptions,
  type Val,
} from "../../engine/index.ts";
import { failure } from "./failure.ts";
import { type TierName, testedTiers, tiers } from "./tiers.ts";

let wabt: Awaited<ReturnType<typeof wabtInit>>;
beforeAll(async () => {
  wabt = await wabtInit();
});

function make(wat: string, options: EngineOptions, imports: Imports = {}, inst: InstanceOptions = {}): Instance {
  const engine = new Engine(options);
  const { buffer } = wabt.parseWat("t.wat", wat, { multi_value: true }).toBinary({ write_debug_names: true });
  return engine.instantiate(engine.compile(buffer), imports, inst);
}

const all: readonly TierName[] = ["interp", "js", "js-split", "auto", "auto-1", "auto-1-split", "auto-2", "auto-10"];

/** Loops in loops, entered with operands on the stack below and values of every type in locals. */
const loops = `(module
  (func (export "nest") (param $n i32) (result i64)
    (local $i i32) (local $j i32) (local $k i32) (local $sum i64) (local $f f32) (local $d f64)
    (i64.const 1000000007)
    (local.get $n)
    (loop $a (param i32) (result i32)
      (local.set $j (i32.const 0))
      (local.set $f (f32.add (local.get $f) (f32.const 0.1)))
      (if (i32.and (local.get $i) (i32.const 1))
        (then
          (local.set $d (f64.add (local.get $d) (f64.const 0.5)))
          (loop $b
            (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_u (local.get $j))))
            (br_if $b (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 7)))))
        (else
          (block $out
            (local.set $k (i32.const 3))
            (i64.const 5)
            (loop $c (param i64) (result i64)
              (i64.mul (i64.const 3))
              (br_if $out (i32.gt_u (local.get $j) (local.get $k)) (drop))
              (br_if $c (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (i32.const 5))))
            (local.set $sum (i64.xor (local.get $sum))))))
      (i32.add (i32.const 1))
      (br_if $a (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i64.extend_i32_u)
    (i64.add)
    (i64.add (local.get $sum))
    (i64.add (i64.trunc_f32_s (f32.mul (local.get $f) (f32.const 1000))))
    (i64.add (i64.trunc_f64_s (f64.mul (local.get $d) (f64.const 100)))))
  (func (export "swap") (param $n i32) (result i32)
    (local $i i32)
    (i32.const 1) (i32.const 2)
    (loop $l (param i32 i32) (result i32 i32)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (call $rotate)
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (i32.sub))
  (func $rotate (param i32 i32) (result i32 i32) (local.get 1) (local.get 0)))`;

describe("loops entered from the interpreter", () => {
  // br_if with (drop) inside is no valid folding everywhere: the text above is kept to what wabt takes.
  const text = loops.replace(" (drop))", ")");
  it.each(all)("tier %s", (tier) => {
    const values = [1, 2, 3, 7, 50].map((n) => [make(text, tiers[tier]), n] as const);
    const run = (name: string): Val[] => values.map(([inst, n]) => inst.invoke(name, [n])[0]);
    const reference = [1, 2, 3, 7, 50].map((n) => make(text, { tier: "interp" }).invoke("nest", [n])[0]);
    expect(run("nest")).toEqual(reference);
    expect(run("nest")).toEqual(reference);
    expect(run("swap")).toEqual([1, -1, 1, 1, -1]);
  });
});

const recursion = `(module
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func $even (export "even") (param i64) (result i32)
    (if (result i32) (i64.eqz (local.get 0)) (then (i32.const 1)) (else (call $odd (i64.sub (local.get 0) (i64.const 1))))))
  (func $odd (param i64) (result i32)
    (if (result i32) (i64.eqz (local.get 0)) (then (i32.const 0)) (else (call $even (i64.sub (local.get 0) (i64.const 1))))))
  (func $endless (export "endless") (param f64) (result f64)
    (f64.add (f64.const 1) (call $endless (local.get 0)))))`;

describe("deep recursion", () => {
  it.each(all)("of 40,000 calls works, tier %s", (tier) => {
    const inst = make(recursion, tiers[tier]);
    for (let i = 0; i < 3; i++) {
      expect(inst.invoke("down", [40_000])).toEqual([40_000]);
      expect(inst.invoke("even", [40_001n])).toEqual([0]);
    }
  });

  it.each(all)("without end is exhaustion, tier %s", (tier) => {
    const inst = make(recursion, tiers[tier]);
    for (let i = 0; i < 3; i++) {
      expect(failure(() => inst.invoke("endless", [1]))).toMatchObject({ kind: "exhausted", code: "WT5001" });
    }
    expect(inst.invoke("down", [1000])).toEqual([1000]);
  });

  it.each(all)("is bounded by maxStackDepth, tier %s", (tier) => {
    const inst = make(recursion, tiers[tier], {}, { maxStackDepth: 300 });
    expect(inst.invoke("down", [250])).toEqual([250]);
    expect(failure(() => inst.invoke("down", [1000]))).toMatchObject({ kind: "exhausted", code: "WT5001" });
  });
});

const hosted = `(module
  (import "h" "f" (func $f (param i32 i64 f32 f64) (result i64)))
  (import "h" "back" (func $back (param i32) (result i32)))
  (memory (export "m") 1 4)
  (func (export "run") (param i32) (result i64) (local $sum i64)
    (loop $l
      (local.set $sum (i64.add (local.get $sum)
        (call $f (local.get 0) (i64.const -2) (f32.const 0.5) (f64.const 1e300))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $sum))
  (func $again (export "again") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $back (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func (export "grow") (param i32) (result i32)
    (i32.store (i32.const 100) (local.get 0))
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 65536) (i32.const 5))
    (i32.add (i32.load (i32.const 100)) (i32.load (i32.const 65536)))))`;

describe("calls of the host", () => {
  const imports = (inst: () => Instance, f: (...args: Val[]) => Val): Imports => ({
    h: { f, back: (n) => inst().invoke("again", [n])[0] as Val },
  });

  it.each(all)("get values and give them, tier %s", (tier) => {
    const seen = new Set<string>();
    const inst: Instance = make(
      hosted,
      tiers[tier],
      imports(
        () => inst,
        (a, b, c, d) => {
          seen.add([b, c, d].map(String).join());
          return BigInt(a as number) << 40n;
        },
      ),
    );
    expect(inst.invoke("run", [50])).toEqual([1275n << 40n]);
    expect([...seen]).toEqual(["-2,0.5,1e+300"]);
    expect(inst.invoke("again", [60])).toEqual([60]);
    expect(inst.invoke("grow", [3])).toEqual([8]);
  });

  it.each(all)("an error of the host is no trap of the guest, tier %s", (tier) => {
    const oops = (): never => {
      throw new RangeError("Offset is outside the bounds of the DataView");
    };
    const inst: Instance = make(
      hosted,
      tiers[tier],
      imports(() => inst, oops),
    );
    for (let i = 0; i < 3; i++) expect(failure(() => inst.invoke("run", [9]))).toMatchObject({ code: "WT4014" });
  });

  it.each(all)("endless recursion through the host is exhaustion, tier %s", (tier) => {
    const inst: Instance = make(
      hosted,
      tiers[tier],
      imports(
        () => inst,
        () => 0n,
      ),
    );
    expect(failure(() => inst.invoke("again", [10_000_000]))).toMatchObject({ kind: "exhausted" });
    expect(inst.invoke("again", [20])).toEqual([20]);
  });

  it.each(all)("may block, tier %s", (tier) => {
    let left = 0;
    const wait = (): Val => {
      left = 3;
      const retry = (): Val => (--left > 0 ? new Blocked({}, retry) : 7n);
      return new Blocked({}, retry);
    };
    const inst: Instance = make(
      hosted,
      tiers[tier],
      imports(() => inst, wait),
      { runner: () => {} },
    );
    expect(inst.invoke("run", [20])).toEqual([140n]);
  });
});

const trapping = `(module (memory 1) (table funcref (elem $leaf))
  (type $t (func (param i32) (result i32)))
  (func $leaf (param i32) (result i32) (i32.add (i32.const 1) (i32.load offset=4 (local.get 0))))
  (func $middle (param i32) (result i32) (i32.mul (i32.const 3) (call $leaf (local.get 0))))
  (func (export "outer") (param i32) (result i32) (local i32)
    (loop $l
      (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 20)))
    )
    (call $middle (local.get 0)))
  (func (export "indirect") (param i32 i32) (result i32) (call_indirect (type $t) (local.get 0) (local.get 1)))
  (func (export "div") (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1))))`;

describe("traps", () => {
  it.each(all)("have a backtrace, tier %s", (tier) => {
    const inst = make(trapping, tiers[tier]);
    for (let i = 0; i < 4; i++) {
      const { code, backtrace } = failure(() => inst.invoke("outer", [65536]));
      expect(code).toBe("WT4005");
      expect(backtrace.map(({ func, name }) => `${func} ${name}`)).toEqual(["0 leaf", "1 middle", "2 undefined"]);
      const bodies = inst.module.funcs.map(({ body }) => body);
      for (const { func, offset } of backtrace) {
        expect(offset).toBeGreaterThanOrEqual(bodies[func]!.start);
        expect(offset).toBeLessThan(bodies[func]!.end);
      }
      expect(inst.invoke("outer", [0])).toEqual([3]);
    }
  });

  it.each(all)("are what they are, tier %s", (tier) => {
    const inst = make(trapping, tiers[tier]);
    for (let i = 0; i < 3; i++) {
      expect(inst.invoke("indirect", [0, 0])).toEqual([1]);
      expect(failure(() => inst.invoke("indirect", [0, 1])).code).toBe("WT4007");
      expect(failure(() => inst.invoke("div", [1, 0])).code).toBe("WT4002");
      expect(failure(() => inst.invoke("div", [-2147483648, -1])).code).toBe("WT4003");
      expect(inst.invoke("div", [-7, 2])).toEqual([-3]);
    }
  });
});

describe("what is compiled", () => {
  it("is counted, and so is what is not", () => {
    const inst = make(
      `(module (memory 1 1 shared)
      (func (export "a") (result i32) (i32.const 1))
      (func (export "b") (result i32) (i32.load (i32.const 0))))`.replace(" shared", ""),
      { tier: "js" },
    );
    inst.invoke("a");
    inst.invoke("b");
    expect(inst.tierStats?.functions).toBe(2);
  });

  it("is not what would overflow V8's own stack", () => {
    const repeat = (n: number, bytes: number[]): number[] => Array.from({ length: n }, () => bytes).flat();
    // block (if (local.get 0) ...), and 7 more in the innermost
    const deep = (n: number): number[] =>
      body([
        ...repeat(n, [2, 0x40, 0x20, 0, 4, 0x40]),
        0x20,
        0,
        0x41,
        7,
        0x6a,
        0x21,
        0,
        ...repeat(2 * n, [0x0b]),
        0x20,
        0,
      ]);
    const depths = [50, 100, 160, 600];
    const bytes = moduleOf(
      section(1, vec([[0x60, 1, 0x7f, 1, 0x7f]])),
      section(3, vec(depths.map(() => [0]))),
      section(7, vec(depths.map((n, i) => [name(`f${n}`), 0, i]))),
      section(10, vec(depths.map(deep))),
    );
    const engine = new Engine({ tier: "js" });
    const inst = engine.instantiate(engine.compile(bytes));
    for (const n of depths) expect(inst.invoke(`f${n}`, [1])).toEqual([8]);
    expect(inst.tierStats?.functions).toBe(2);
    expect([...(inst.tierStats?.declined ?? [])]).toEqual([["nesting", 2]]);
  });

  it("keeps what each operand may trap with, whatever the result needs of it", () => {
    const text = ["shl", "shr_u", "shr_s", "rotl", "rotr", "and", "lt_u", "eq"]
      .map((m) => {
        const result = m.length === 2 || m === "lt_u" ? "i32" : "i64";
        const code = `(i64.${m} (i64.load8_u (i32.const -1)) (i64.load8_u (local.get 0)))`;
        return `(func (export "${m}") (param i32) (result ${result}) ${code})`;
      })
      .join("\n");
    const wrapped = `(func (export "wrap") (result i32)
      (i32.wrap_i64 (i64.shl (i64.load8_u (i32.const -1)) (i64.const 40))))`;
    const inst = make(`(module (memory 1) (data (i32.const 0) "\\28") ${text} ${wrapped})`, { tier: "js" });
    for (const name of Object.keys(inst.exports)) {
      const args = name === "wrap" ? [] : [0];
      expect(failure(() => inst.invoke(name, args)).code, name).toBe("WT4005");
    }
  });

  it("is nothing without code generation", () => {
    for (const options of [{ tier: "js", eval: false }, { tier: "interp" }] as const) {
      const inst = make(recursion, options);
      expect(inst.invoke("down", [10])).toEqual([10]);
      expect(inst.tierStats).toBe(undefined);
    }
  });

  it("does not run where the guest may have to stop", () => {
    const inst = make(recursion, { tier: "js" });
    const act = inst.start("down", [1000]);
    expect(act.run(10).kind).toBe("stopped");
    const limited = make(recursion, { tier: "js" }, {}, { limits: { fuel: 1e6 } });
    expect(limited.invoke("down", [100])).toEqual([100]);
    expect(limited.inst.meter.usage().instructions).toBeGreaterThan(100);
  });
});

describe("instances of one module", () => {
  it.each(testedTiers)("have code of their own, tier %s", (tier) => {
    const engine = new Engine(tiers[tier]);
    const wat = `(module (memory (export "m") 1) (global $g (mut i32) (i32.const 0))
      (func (export "count") (result i32)
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (i32.store (i32.const 0) (global.get $g))
        (call $load))
      (func $load (result i32) (i32.load (i32.const 0))))`;
    const module = engine.compile(wabt.parseWat("t.wat", wat).toBinary({}).buffer);
    const [a, b] = [engine.instantiate(module), engine.instantiate(module)];
    const plain = new Engine({ tier: "interp" }).instantiate(module);
    for (let i = 1; i < 20; i++) {
      expect(a.invoke("count")).toEqual([i]);
      if (i % 2 === 0) expect(b.invoke("count")).toEqual([i / 2]);
      if (i % 5 === 0) expect(plain.invoke("count")).toEqual([i / 5]);
    }
  });
});
