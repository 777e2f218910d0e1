/** Views of a memory in variables of generated code are those of now, whatever has put others in their place. */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Engine,
  type EngineOptions,
  type Instance,
  type MemInst,
  Meter,
  type Module,
  type Val,
} from "../../engine/index.ts";

/** Each function touches the memory, has something grow it by a page, and uses the new page, whose address it is given. */
const text = `(module
  (import "env" "grow" (func $host))
  (import "env" "one" (func $one (result i32)))
  (import "env" "pair" (func $pair (result i32 i32)))
  (memory (export "m") 1 400)
  (tag $t)
  (type $nothing (func))
  (table funcref (elem $host $throws))
  (func $throws (call $host) (throw $t))
  (func (export "call") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (call $host)
    INLINE)
  (func (export "one") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (i32.store (i32.const 8) (call $one))
    INLINE)
  (func (export "several") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (i32.store (i32.const 8) (i32.add (call $pair)))
    INLINE)
  (func (export "indirect") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (call_indirect (type $nothing) (i32.const 0))
    INLINE)
  (func (export "grow") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.extend_i32_s (memory.grow (i32.const 1))))
    INLINE)
  (func (export "within") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (block $out (loop $again
      (br_if $out (i32.eqz (i32.load (i32.const 8))))
      (call $host)
      (i32.store (local.get $at) (i32.const 7))
      (i32.store (i32.const 8) (i32.const 0))
      (br $again)))
    INLINE)
  (func (export "caught") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (try (do (call $throws)) (catch $t))
    INLINE)
  (func (export "caught by a table") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (block $out (try_table (catch_all $out) (call $throws)))
    INLINE)
  (func (export "caught all") (param $at i32) (result i64)
    (i64.store (i32.const 8) (i64.const 1))
    (try (do (call_indirect (type $nothing) (i32.const 1))) (catch_all (i32.store (local.get $at) (i32.const 7))))
    INLINE)
  (func (export "loop") (param $at i32) (result i64) (local $k i32)
    (i64.store (i32.const 8) (i64.const 1))
    (loop $l
      (local.set $k (i32.add (local.get $k) (i32.load8_u (i32.const 8))))
      (br_if $l (i32.lt_u (local.get $k) (i32.const 3000000))))
    INLINE)
  (func (export "nested") (param $at i32) (result i64) (local $k i32)
    (i64.store (i32.const 8) (i64.const 1))
    (loop $o
      (loop $l
        (local.set $k (i32.add (local.get $k) (i32.load8_u (i32.const 8))))
        (br_if $l (i32.and (local.get $k) (i32.const 3))))
      (br_if $o (i32.lt_u (local.get $k) (i32.const 3000000))))
    INLINE)
  (func $self (export "tail") (param $at i32) (param $k i32) (result i64)
    (if (i32.lt_u (i32.load8_u (i32.const 8)) (i32.const 1)) (then (i64.store (i32.const 8) (i64.const 1))))
    (if (i32.lt_u (local.get $k) (i32.const 3000000))
      (then (return_call $self (local.get $at) (i32.add (local.get $k) (i32.const 1)))))
    INLINE))`.replaceAll(
  "INLINE",
  `(i64.store (local.get $at) (i64.const 0x4000000000000001))
    (i32.store8 (i32.add (local.get $at) (i32.const 2)) (i32.const 3))
    (i64.add (i64.load (local.get $at)) (i64.extend_i32_u (i32.wrap_i64 (i64.load (local.get $at)))))`,
);

const features = { "legacy-exceptions": true };
let module: Module;
beforeAll(async () => {
  const wabt = await wabtInit();
  module = new Engine({ features }).compile(
    wabt.parseWat("views.wat", text, { exceptions: true, tail_call: true }).toBinary({}).buffer,
  );
});

const PAGE = 65536;
const expected = [0x4000000000030001n + 0x30001n];

/** Its host functions put another view in place of the memory's, and detach the buffer of the one before. */
function instantiate(options: EngineOptions, meter?: Meter): Instance {
  const memory = (): MemInst => instance.exports.m as MemInst;
  const grow = (): undefined => {
    memory().expose();
    memory().grow(1);
  };
  const one = (): Val => pair()[0];
  const pair = (): [Val, Val] => {
    grow();
    return [1, 2];
  };
  const instance: Instance = new Engine({ ...options, features }).instantiate(
    module,
    { env: { grow, one, pair } },
    { meter },
  );
  return instance;
}

const growing = ["call", "one", "several", "indirect", "grow", "within", "caught", "caught by a table", "caught all"];
const stopping: readonly (readonly [string, readonly Val[]])[] = [
  ["loop", []],
  ["nested", []],
  ["tail", [0]],
];

describe.each([["js"], ["auto"]] as const)("the memory grows, tier %s", (tier) => {
  it.each(growing)("%s", (name) => {
    for (const meter of [undefined, new Meter({ fuel: 1e9 })]) {
      const instance = instantiate({ tier, hotAfter: 1 }, meter);
      for (let pages = 1; pages < 4; pages++) expect(instance.invoke(name, [pages * PAGE + 5])).toEqual(expected);
      expect(() => instance.invoke(name, [5 * PAGE - 7])).toThrow(/out of bounds/);
    }
  });

  it.each(stopping)("while the host looks at a signal: %s", (name, more) => {
    let looks = 0;
    const signal = {
      get aborted(): boolean {
        const memory = instance.exports.m as MemInst;
        memory.expose();
        if (looks++ < 3) memory.grow(1);
        return false;
      },
    };
    const instance: Instance = instantiate({ tier }, new Meter({ signal, timeoutMs: 60_000 }));
    expect(instance.invoke(name, [PAGE + 5, ...more])).toEqual(expected);
    expect(looks).toBeGreaterThan(0);
  });
});
