;; Nearly every construct of the features that are on, once: the sample of host.test.ts.
(module
  (type $v (func)) (type $ii (func (param i32 i32) (result i32 i64)))
  (import "m" "f" (func $imp (param i32) (result f64)))
  (import "m" "g" (global $ig i32)) (import "m" "h" (global $ih (mut i64)))
  (import "m" "t" (table 1 10 externref))
  (table $t 3 9 funcref)
  (memory $m 1 2)
  (global $a i32 (i32.const 7)) (global $b (mut f32) (f32.const 1.5)) (global $c funcref (ref.func $one)) (global $d externref (ref.null extern)) (global i64 (i64.const -99999999999)) (global i32 (global.get $ig))
  (export "one" (func $one)) (export "m" (memory 0)) (export "t" (table 1)) (export "g" (global 3))
  (start $st)
  (elem (table $t) (i32.const 0) func $one $two) (elem $p func $st) (elem declare func $two) (elem $e externref (ref.null extern)) (elem (table $t) (i32.const 1) funcref (ref.func $st) (ref.null func))
  (func $st)
  (func $one (type $ii) (local i64 f32 f64 i32 i32) (local funcref)
    local.get 0 local.get 1 i32.add local.tee 5 i32.eqz
    if (result i32) i32.const 1000000 else local.get 0 i32.const -3 i32.shr_u end
    local.set 6
    block $out
      loop $top
        local.get 6 i32.const 1 i32.sub local.tee 6
        br_if $top
        local.get 6 br_table $out $top $out
      end
    end
    local.get 0 i64.load offset=300 align=4 local.set 2
    i32.const 8 f32.const 2.5 f32.store offset=1
    i32.const 8 f64.const -1e300 f64.store align=2
    i32.const 9 i32.load8_s i32.const 0 i32.load16_u i32.xor drop
    local.get 6 local.get 2 call $dup drop
    global.get $ih drop
    local.get 3 i32.trunc_sat_f32_u i32.extend8_s drop
    i64.const 5 global.set $ih
    i32.const 0 i32.const 1 i32.const 2 select (result i32) drop
    f32.const 1 f32.const 2 i32.const 0 select drop i32.const 1 i64.const 2)
  (func $two (param i32)
    i32.const 0 i32.const 1 i32.const 2 memory.copy
    i32.const 0 i32.const 1 i32.const 2 memory.fill
    i32.const 0 i32.const 1 i32.const 2 memory.init 1 data.drop 1
    i32.const 0 i32.const 1 i32.const 2 table.init $t $p elem.drop $p
    i32.const 0 i32.const 1 i32.const 2 table.copy $t $t
    i32.const 0 ref.null extern i32.const 1 table.fill 0
    ref.null extern i32.const 2 table.grow 0 table.size 0 i32.add drop
    i32.const 0 i32.const 0 table.get $t ref.is_null drop drop
    i32.const 1 ref.func $two table.set $t
    i32.const 3 i32.const 4 i32.const 0 call_indirect $t (type $ii) drop drop
    memory.size memory.grow drop
    local.get 0 call $imp f64.sqrt drop
    block (result i32) i32.const 1 br 0 i64.add unreachable end
    i32.const 4 block (param i32) (result i32 f32) f32.const 3 end drop drop
    i32.const 1 if return end
    unreachable i32.wrap_i64 drop)
  (func $dup (param i32 i64) (result i64) local.get 1 local.get 1 i64.mul)
  (data (i32.const 8) "hello") (data "passive"))
