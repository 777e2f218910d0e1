/** The hash of an instance: the same for the same state, another one for any difference in it. */
import { expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine } from "../engine.ts";
import { hex } from "../sha256.ts";
import { stateDigest } from "./state-digest.ts";

const wabt = await wabtInit();
const engine = new Engine();

const digest = (fields: string, name?: string): string => {
  const features = { reference_types: true, simd: true };
  const bytes = wabt.parseWat("t.wat", `(module ${fields})`, features).toBinary({}).buffer;
  const instance = engine.instantiate(engine.compile(bytes));
  if (name !== undefined) instance.invoke(name);
  return hex(stateDigest(instance.inst));
};

const fields = (more = ""): string => `
  (memory 1) (data (i32.const 100) "x") (table 3 funcref) (elem (i32.const 1) $f)
  (global $a (mut i32) (i32.const 1)) (global $b (mut f64) (f64.const nan)) (global $c (mut v128) (v128.const i64x2 1 2))
  (global $r (mut funcref) (ref.null func)) (global $z (mut i64) (i64.const -1))
  (func $f) (func $g) (elem declare func $f $g) ${more}`;

it("is the same for two instances, and does not count what has no effect", () => {
  const one = digest(fields());
  expect(one).toMatch(/^[0-9a-f]{64}$/);
  expect(digest(fields())).toBe(one);
  expect(digest(fields('(func (export "run") (i32.store8 (i32.const 100) (i32.const 120)))'), "run")).toBe(one);
});

it("is another one for another memory, global, table or reference", () => {
  const changes = [
    "(i32.store8 (i32.const 65535) (i32.const 1))",
    "(drop (memory.grow (i32.const 1)))",
    "(global.set $a (i32.const 2))",
    "(global.set $b (f64.const nan:0x4))",
    "(global.set $c (v128.const i64x2 1 3))",
    "(global.set $z (i64.const 0))",
    "(global.set $r (ref.func $f))",
    "(table.set (i32.const 1) (ref.null func))",
    "(table.set (i32.const 1) (ref.func $g))",
    "(table.set (i32.const 2) (ref.func $f))",
    "(drop (table.grow (ref.null func) (i32.const 1)))",
    "",
  ];
  const digests = changes.map((change) => digest(fields(`(func (export "run") ${change})`), "run"));
  expect(new Set(digests).size).toBe(changes.length);
});
