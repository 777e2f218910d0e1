/** Texts with what the generator of modules does not write, each with the calls that make it cost something. */
import type { Val } from "../../engine/index.ts";
import type { Call } from "./compare.ts";

export interface Case {
  readonly name: string;
  readonly text: string;
  readonly calls: readonly Call[];
}

const calls = (name: string, ...args: readonly (readonly Val[])[]): Call[] =>
  args.map((list) => ({ name, args: list }));

/** Each traps, or not, in an instruction that the interpreter may have joined with those around it. */
const fused = `(module (memory (export "m") 1 9) (table 2 funcref) (elem (i32.const 0) $f) (type $t (func (result i32)))
  (func $f (type $t) (i32.const 3))
  (func (export "load") (param i32 i32) (result i32) (i32.add (i32.const 1) (i32.load (i32.add (local.get 0) (local.get 1)))))
  (func (export "load8") (param i32 i32) (result i32) (i32.load8_u offset=7 (i32.add (local.get 0) (local.get 1))))
  (func (export "load64") (param i32 i32) (result i64) (i64.load (i32.add (local.get 0) (local.get 1))))
  (func (export "sum") (param i32) (result i32) (i32.load (i32.add (local.get 0) (i32.const 8))))
  (func (export "at") (result i32) (i32.add (i32.load (i32.const 4)) (i32.load (i32.const 65535))))
  (func (export "store") (param i32 i32)
    (i32.store (i32.add (local.get 0) (i32.const 4)) (i32.mul (local.get 1) (local.get 1))) (i32.store (i32.const 65534) (i32.const 1)))
  (func (export "div") (param i32 i32) (result i32) (local i32)
    (local.set 2 (i32.div_s (local.get 0) (local.get 1)))
    (if (result i32) (i32.eqz (i32.rem_u (local.get 0) (local.get 1))) (then (local.get 2)) (else (i32.const 7))))
  (func (export "select") (param i32) (result i32)
    (select (i32.div_u (i32.const 9) (local.get 0)) (i32.const 1) (i32.lt_s (local.get 0) (i32.const 4))))
  (func (export "if") (param i32) (result i32)
    (if (i32.lt_u (i32.load (local.get 0)) (i32.const 5)) (then (nop)) (else (unreachable))) (i32.const 4))
  (func (export "trunc") (param f64) (result i32) (i32.add (i32.const 1) (i32.trunc_f64_s (local.get 0))))
  (func (export "call") (param i32) (result i32)
    (i32.add (i32.const 5) (call_indirect (type $t) (i32.add (i32.const 1) (local.get 0)))))
  (func (export "dead") (param i32) (result i32)
    (block (br 0 (drop (i32.const 1)))) (block (return (local.get 0)) (drop (i32.const 4)) (if (i32.const 1) (then (nop)))) (i32.const 1))
  (func (export "copy") (param i32 i32) (result i32)
    (memory.fill (local.get 0) (i32.const 1) (local.get 1)) (memory.copy (i32.const 8) (local.get 0) (local.get 1)) (memory.grow (local.get 1))))`;

const branches = `(module
  (func (export "table") (param i32 i32) (result i32) (local i32)
    (loop $again (result i32)
      (block $three (block $two (block $one (block $zero
        (br_table $zero $one $two $again $three (local.get 0)))
        (local.set 2 (i32.add (local.get 2) (i32.const 1))) (br $three))
        (local.set 0 (i32.const 2)) (br $again))
        (local.set 2 (i32.mul (local.get 2) (i32.const 3))))
      (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
      (local.set 0 (i32.and (local.get 1) (i32.const 3)))
      (if (i32.eq (local.get 0) (i32.const 3)) (then (local.set 0 (i32.const 4))))
      (local.get 2)
      (br_if $again (drop (i32.const 5)) (i32.gt_s (local.get 1) (i32.const 0)))))
  (func (export "values") (param i32) (result i32 i64) (local i32)
    (block $out (result i32 i64)
      (loop $l (param) (result i32 i64)
        (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br_table $out $out (i32.const 8) (i64.const 9) (i32.lt_s (local.get 1) (local.get 0))))))
  (func (export "nested") (param i32) (result i32) (local i32)
    (loop $outer
      (local.set 1 (i32.const 0))
      (loop $inner
        (if (i32.and (local.get 1) (i32.const 1)) (then (if (i32.and (local.get 0) (i32.const 2)) (then (nop)) (else (local.set 1 (i32.add (local.get 1) (i32.const 1))))))
          (else (local.set 1 (i32.add (local.get 1) (i32.const 1)))))
        (local.set 1 (i32.add (local.get 1) (i32.const 1)))
        (br_if $inner (i32.ne (i32.const 8) (i32.and (local.get 1) (i32.const 8)))))
      (br_if $outer (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1)))`;

const tailCalls = `(module (type $t (func (param i32 i64) (result i64))) (table 3 funcref) (elem (i32.const 0) $even $odd)
  (elem declare func $even)
  (func $even (type $t) (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
    (else (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 2))))))
  (func $odd (type $t) (if (result i64) (i32.eqz (local.get 0)) (then (i64.const -1))
    (else (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (local.get 1) (i32.rem_u (local.get 0) (i32.const 2))))))
  (func (export "run") (param i32) (result i64) (i64.add (i64.const 1) (call $even (local.get 0) (i64.const 0))))
  (func (export "ref") (param i32) (result i64) (return_call_ref $t (local.get 0) (i64.const 5) (ref.func $even)))
  (func (export "null") (param i32) (result i64) (return_call_indirect (type $t) (local.get 0) (i64.const 5) (local.get 0))))`;

const wide = `(module (memory i64 1 3) (table i64 3 9 funcref)
  (func (export "fill") (param i64 i64) (memory.fill (local.get 0) (i32.const 3) (local.get 1)))
  (func (export "copy") (param i64 i64 i64) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
  (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))
  (func (export "table") (param i64) (result i64) (table.grow (ref.null func) (local.get 0)))
  (func (export "sum") (param i64 i64) (result i64) (local i64)
    (loop $l (local.set 2 (i64.add (local.get 2) (i64.load (local.get 0)))) (local.set 0 (i64.add (local.get 0) (i64.const 8)))
      (br_if $l (i64.lt_u (local.get 0) (local.get 1)))) (local.get 2)))`;

const exceptions = `(module (tag $e (param i32)) (tag $other)
  (func $thrower (param i32) (if (i32.eqz (local.get 0)) (then (throw $other)))
    (if (i32.lt_s (local.get 0) (i32.const 20)) (then (throw $e (i32.mul (local.get 0) (i32.const 2)))))
    (drop (i32.div_u (i32.const 1) (i32.sub (local.get 0) (i32.const 30)))))
  (func $deep (param i32 i32) (if (local.get 1) (then (call $deep (local.get 0) (i32.sub (local.get 1) (i32.const 1)))) (else (call $thrower (local.get 0)))))
  (func $caught (export "caught") (param i32 i32) (result i32)
    (i32.add (i32.const 3) (block $h (result i32)
      (try_table (catch $e $h) (call $deep (local.get 0) (local.get 1)))
      (i32.add (i32.const 100) (local.get 0)))))
  (func (export "loop") (param i32) (result i32) (local i32)
    (loop $again
      (local.set 1 (i32.add (local.get 1) (i32.const 1)))
      (block $all (result exnref)
        (try_table (catch_all_ref $all) (drop (call $caught (i32.sub (local.get 1) (i32.const 1)) (local.get 1))))
        (br_if $again (i32.lt_s (local.get 1) (local.get 0)))
        (return (local.get 1)))
      (drop)
      (try_table (catch_all $again) (br_if 0 (i32.lt_s (local.get 1) (local.get 0))) (return (i32.const 77))) (drop (i32.const 4)) (throw $other))
    (local.get 1))
  (func (export "again") (param i32) (result i32)
    (block $x (result i32 exnref)
      (try_table (catch_ref $e $x) (call $deep (local.get 0) (i32.const 2))) (return (i32.const 1)))
    (throw_ref)))`;

const objects = `(module (type $a (array (mut i32))) (type $s (struct (field (mut i32)) (field (ref null $a)))) (data $d "0123456789abcdef0123456789abcdef")
  (type $r (array (mut funcref))) (elem $e funcref (ref.null func) (ref.null func) (ref.null func) (ref.null func) (ref.null func) (ref.null func) (ref.null func) (ref.null func))
  (func (export "arrays") (param i32) (result i32) (local (ref null $a) (ref null $s))
    (local.set 1 (array.new $a (i32.const 7) (local.get 0)))
    (local.set 2 (struct.new $s (i32.const 1) (array.new_default $a (local.get 0))))
    (array.copy $a $a (struct.get $s 1 (local.get 2)) (i32.const 0) (local.get 1) (i32.const 0) (local.get 0))
    (array.fill $a (local.get 1) (i32.const 1) (i32.const 5) (i32.sub (local.get 0) (i32.const 1)))
    (drop (array.new_data $a $d (i32.const 0) (i32.const 8)))
    (array.init_data $a $d (local.get 1) (i32.const 0) (i32.const 0) (i32.const 8))
    (drop (array.new_elem $r $e (i32.const 0) (i32.const 8)))
    (drop (array.new_fixed $a 9 (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1) (i32.const 1)))
    (array.get $a (struct.get $s 1 (local.get 2)) (i32.const 9)))
  (func (export "casts") (param i32) (result i32) (local anyref)
    (local.set 1 (if (result anyref) (i32.and (local.get 0) (i32.const 1)) (then (ref.i31 (local.get 0)))
      (else (if (result anyref) (i32.and (local.get 0) (i32.const 2)) (then (array.new_default $a (i32.const 2))) (else (ref.null any))))))
    (block $is_null (block $is_i31 (result (ref i31)) (block $is_array (result (ref $a))
      (br_on_null $is_null (local.get 1)) (br_on_cast $is_i31 (ref any) (ref i31)) (br_on_cast $is_array (ref any) (ref $a)) (unreachable))
      (return (array.get $a (i32.const 5)))) (return (i31.get_s)))
    (i32.const 3)))`;

export const cases: readonly Case[] = [
  {
    name: "instructions that are joined",
    text: fused,
    calls: [
      ...["load", "load8", "load64"].flatMap((name) => calls(name, [4, 4], [65000, 530], [65536, 70000], [-1, 1])),
      ...calls("sum", [0], [65525], [-8], [-9]),
      ...calls("at", []),
      ...calls("store", [4, 4], [65532, 1]),
      ...calls("div", [6, 3], [7, 3], [7, 0], [-2147483648, -1]),
      ...calls("select", [0], [2], [5]),
      ...calls("if", [0], [65534], [8]),
      ...calls("trunc", [5.5], [1e20], [Number.NaN]),
      ...calls("call", [-1], [0], [5]),
      ...calls("dead", [1]),
      ...calls("copy", [0, 1000], [0, 63], [65000, 600], [0, 1]),
    ],
  },
  {
    name: "branches",
    text: branches,
    calls: [
      ...[0, 1, 2, 4, 9].flatMap((i) => calls("table", [i, 12])),
      ...calls("values", [5]),
      ...calls("nested", [7]),
    ],
  },
  {
    name: "tail calls",
    text: tailCalls,
    calls: [...calls("run", [0], [1], [40]), ...calls("ref", [8], [9]), ...calls("null", [0], [2], [3])],
  },
  {
    name: "64-bit addresses",
    text: wide,
    calls: [
      ...calls("fill", [0n, 640n], [1n, 65535n], [2n, 65535n], [1n << 40n, 1n]),
      ...calls("copy", [0n, 128n, 1000n], [0n, -1n, 64n]),
      ...calls("grow", [1n], [5n], [0n]),
      ...calls("table", [6n], [1n]),
      ...calls("sum", [0n, 256n], [65000n, 70000000n]),
    ],
  },
  {
    name: "exceptions",
    text: exceptions,
    calls: [
      ...[0, 1, 19, 25, 30].flatMap((i) => calls("caught", [i, 0], [i, 3])),
      ...calls("loop", [0], [1], [25], [40]),
      ...calls("again", [0], [3], [25]),
    ],
  },
  { name: "objects", text: objects, calls: [...calls("arrays", [10], [100], [9]), ...calls("casts", [0], [1], [2])] },
];
