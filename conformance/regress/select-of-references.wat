;; A reference that `select` chose, on the stack while the guest is moved: its type is the declared one, not that of the
;; first operand. Found by the fuzzer as a guest that was refused when it was put together again.
(module
  (type $none (func))
  (type $some (func (result i32)))
  (func $a (type $none))
  (func $b (type $some) (i32.const 7))
  (table 1 funcref)
  (elem declare func $a $b)
  (func $wait (local i32)
    (local.set 0 (i32.const 2000))
    (loop
      (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if 0)))
  (func (export "f0") (param i32) (result i32)
    (table.set 0 (i32.const 0)
      (select (result funcref) (ref.func $a) (ref.func $b) (i32.eqz (local.get 0)))
      (call $wait))
    (ref.is_null (table.get 0 (i32.const 0)))))
