;; The references of an exception were as many as the stack had seen, not as many as it has values.
(module
  (tag $e (param f32 funcref f64))
  (func $g (result i32) (i32.const 1))
  (func (export "f") (result i32) (local $x exnref) (local $n i32)
    (block $h (result f32 funcref f64 exnref)
      (try_table (catch_ref $e $h) (throw $e (f32.const 1) (ref.null func) (f64.const 2)))
      (unreachable))
    (local.set $x) (drop) (drop) (drop)
    (loop $l
      (local.set $n (i32.add (local.get $n) (call $g)))
      (br_if $l (i32.lt_u (local.get $n) (i32.const 30))))
    (local.get $n)))
