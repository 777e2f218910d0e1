/**
 * i64 as BigInt: variables of functions that are active at the same time are apart, however those came to be active, and
 * each instruction is as on words, also where its operands come from everywhere.
 */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type Instance, type Module, type Val } from "../../engine/index.ts";
import { generate } from "../../engine/jit/generate.ts";

/** Work enough that BigInts are worth while: `$x`, mixed. */
const mix = (x: string): string =>
  `(local.set ${x} (i64.xor (i64.mul (local.get ${x}) (i64.const 0x9e3779b97f4a7c15)) (i64.rotl (local.get ${x}) (i64.const 23))))`;
const mixed = (v: bigint, times: number): bigint => {
  for (let k = 0; k < times; k++) {
    const turned = BigInt.asIntN(64, (v << 23n) | (BigInt.asUintN(64, v) >> 41n));
    v = BigInt.asIntN(64, v * 0x9e3779b97f4a7c15n) ^ turned;
  }
  return v;
};

const text = `(module
  (import "env" "back" (func $back (param i32)))
  (import "env" "pair" (func $pair (result i32 i64 f32)))
  (memory 1)
  (func $down (export "down") (param $n i32) (result i64) (local $x i64)
    (local.set $x (i64.extend_i32_u (local.get $n)))
    ${mix("$x").repeat(4)}
    (if (local.get $n) (then
      (local.set $x (i64.add (local.get $x) (call $down (i32.sub (local.get $n) (i32.const 1)))))))
    ${mix("$x").repeat(4)}
    (local.get $x))
  (func (export "through") (param $n i32) (result i64) (local $x i64)
    (local.set $x (i64.const 77))
    ${mix("$x").repeat(5)}
    (call $back (local.get $n))
    ${mix("$x").repeat(5)}
    (local.get $x))
  (func (export "fails") (result i64) (local $x i64)
    (local.set $x (i64.const 5))
    ${mix("$x").repeat(4)}
    (i64.store (i32.const -4) (local.get $x))
    (local.get $x))
  (func (export "loop") (param $n i32) (result i64) (local $x i64)
    (local.set $x (i64.const 1))
    (loop $l
      ${mix("$x")}
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))
  (func (export "shapes") (param $a i64) (param $b i64) (result i64) (local $x i64) (local $k i32)
    ${mix("$x").repeat(3)}
    (i64.store (i32.const 8) (local.get $a))
    (i64.store32 (i32.const 20) (i64.load (i32.const 8)))
    (local.set $k (i32.wrap_i64 (i64.add (i64.load (i32.const 8)) (local.get $b))))
    (local.set $x (select (i64.sub (local.get $a) (local.get $b)) (i64.load32_s (i32.const 20))
      (i64.lt_u (local.get $a) (local.get $b))))
    (local.set $x (i64.xor (local.get $x)
      (block $out (result i64)
        (drop (br_if $out (i64.shr_u (local.get $x) (i64.extend_i32_u (local.get $k))) (i64.eqz (local.get $b))))
        (if (result i64) (i64.ge_s (local.get $x) (i64.const 0))
          (then (i64.shl (local.get $b) (i64.and (local.get $a) (i64.const 63))))
          (else (i64.div_u (local.get $a) (i64.or (local.get $b) (i64.const 1))))))))
    (i64.add (local.get $x) (i64.extend_i32_s (local.get $k))))
  (func (export "several") (result i32 i64 f32) (local $x i64)
    ${mix("$x").repeat(8)}
    (call $pair)))`;

let module: Module;
let wabt: Awaited<ReturnType<typeof wabtInit>>;
const engine = new Engine({ tier: "js", i64: "bigint" });

beforeAll(async () => {
  wabt = await wabtInit();
  module = engine.compile(wabt.parseWat("big.wat", text).toBinary({}).buffer);
});

const pair = (): [number, bigint, number] => [1, -(2n ** 40n), 2];
const instance = (back: (n: number) => void = () => {}, on = engine): Instance =>
  on.instantiate(module, { env: { back: (n: Val) => void back(n as number), pair } });

describe("i64 as BigInt", () => {
  it("is what the functions of this test have", () => {
    for (let i = module.importedFuncs; i < module.importedFuncs + 6; i++) {
      expect(generate(module, i, { isBig: true }).text).toContain("BigInt");
    }
  });

  it("keeps the variables of a recursion apart", () => {
    const down = (n: number): bigint => mixed(BigInt.asIntN(64, mixed(BigInt(n), 4) + (n > 0 ? down(n - 1) : 0n)), 4);
    for (const n of [0, 1, 50]) expect(instance().invoke("down", [n])).toEqual([down(n)]);
    expect(instance().invoke("down", [5000])).toEqual(
      new Engine({ tier: "interp" }).instantiate(module, { env: { back: () => {}, pair } }).invoke("down", [5000]),
    );
  });

  it("keeps them while the host calls back, starts what was made before, and is failed", () => {
    const expected = [mixed(77n, 10)];
    const other = instance();
    const waiting = other.start("down", [40]);
    const results: unknown[] = [];
    const inst: Instance = instance((n) => {
      if (n > 0) expect(inst.invoke("through", [n - 1])).toEqual(expected);
      expect(() => other.invoke("fails")).toThrow(/out of bounds/);
      if (n === 2) results.push(waiting.run());
    });
    expect(inst.invoke("through", [3])).toEqual(expected);
    expect(results).toMatchObject([{ kind: "done", results: other.invoke("down", [40]) }]);
  });

  it("does not use up its room by failing", () => {
    const inst = instance();
    for (let k = 0; k < 3000; k++) expect(() => inst.invoke("fails")).toThrow();
    expect(inst.invoke("down", [3])).toEqual(instance().invoke("down", [3]));
  });

  it("goes into loops in the middle", () => {
    const auto = new Engine({ tier: "auto", hotAfter: 1, i64: "bigint" });
    const inst = instance(undefined, auto);
    expect(inst.invoke("loop", [1000])).toEqual([mixed(1n, 1000)]);
    expect(inst.tierStats?.loops).toBeGreaterThan(0);
  });

  it("is the same as words, wherever operands come from", () => {
    const words = instance(undefined, new Engine({ tier: "js" }));
    const inst = instance();
    const edges = [
      0n,
      1n,
      -1n,
      63n,
      2n ** 31n,
      -(2n ** 31n),
      2n ** 32n - 1n,
      2n ** 63n - 1n,
      -(2n ** 63n),
      0x123456789abcdefn,
    ];
    for (const a of edges)
      for (const b of edges) expect(inst.invoke("shapes", [a, b])).toEqual(words.invoke("shapes", [a, b]));
    expect(inst.invoke("several")).toEqual(pair());
  });
});
