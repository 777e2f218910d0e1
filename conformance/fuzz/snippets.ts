/** Small texts with what the generator does not write: imports, references, exceptions, 64-bit addresses, atomics. */
export const snippets: readonly string[] = [
  `(module (type $t (func (param i32) (result i32))) (import "a" "f" (func $f (type $t))) (import "a" "g" (global i32))
    (table 3 10 funcref) (memory 1 2) (global $x (mut i64) (i64.const -5)) (export "f" (func $g)) (export "m" (memory 0))
    (elem (i32.const 0) $f $g) (data (i32.const 8) "abc")
    (func $g (type $t) (local i64 f64) (call_indirect (type $t) (local.get 0) (i32.const 0)))
    (func $s (global.set $x (i64.extend_i32_s (global.get 0)))) (start $s))`,
  `(module (table $a 2 externref) (table $b 2 funcref) (elem declare func $f)
    (func $f (export "f") (param externref) (result i32)
      (table.set $a (i32.const 0) (local.get 0)) (table.set $b (i32.const 1) (ref.func $f))
      (ref.is_null (table.get $a (i32.const 1))) (drop (table.grow $b (ref.null func) (i32.const 1)))))`,
  `(module (func (export "run") (param i32 i64) (result i32 i64)
    (block $a (result i32) (block $b (br_table $b $b $b (local.get 0)) (unreachable)) (i32.const 7))
    (loop $l (result i64) (br_if $l (i32.eqz (i32.const 1))) (local.get 1))))`,
  `(module (memory i64 1 2) (func (export "f") (param i64) (result i32)
    (i32.store8 offset=4 (local.get 0) (i32.const 1)) (i32.load16_u align=1 (local.get 0))))`,
  `(module (memory 1 1 shared) (func (export "f") (result i64)
    (drop (i32.atomic.rmw.add (i32.const 8) (i32.const 1))) (i64.atomic.rmw8.cmpxchg_u (i32.const 1) (i64.const 0) (i64.const 2))))`,
  `(module (func $f (param f32) (result f64) (return_call $g (local.get 0)))
    (func $g (export "g") (param f32) (result f64) (f64.promote_f32 (f32.sqrt (local.get 0)))))`,
  `(module (memory 1) (data $p "hello") (func (export "v") (param i32) (result i32)
    (memory.init $p (i32.const 0) (i32.const 0) (i32.const 5)) (data.drop $p)
    (i8x16.extract_lane_s 3 (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (v128.load (i32.const 0))
      (v128.const i32x4 1 2 3 4)))))`,
];
