;; micro: the operations that bench/micro.ts times.
(module $micro
  (import "env" "nothing" (func $nothing))
  (memory 2)
  (func $empty (export "empty"))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "add64") (param i64 i64) (result i64) (i64.add (local.get 0) (local.get 1)))
  (func (export "hostcalls") (param $n i32)
    (loop $next
      (call $nothing)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "calls") (param $n i32)
    (loop $next
      (call $empty)
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "fill") (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536))))
