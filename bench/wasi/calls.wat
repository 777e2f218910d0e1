;; The workloads of `bench wasi`: loops of WASI calls, one exported function each, which return 0 or the errno that came.
;; "data" and "out" are files, "many" a directory of files f00000, f00001, ... The functions with a name get a number of
;; calls; descriptor 3 is the directory.
(module
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $fd_readdir (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_filestat_get" (func $path_filestat_get (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 0) "data") (data (i32.const 8) "out") (data (i32.const 16) "many/f00000") (data (i32.const 32) "many")

  (func $open (param $name i32) (param $length i32) (param $oflags i32) (param $rights i64) (result i32)
    (if (call $path_open (i32.const 3) (i32.const 0) (local.get $name) (local.get $length) (local.get $oflags)
      (local.get $rights) (i64.const 0) (i32.const 0) (i32.const 64)) (then unreachable))
    (i32.load (i32.const 64)))

  ;; The iovec at 72: $size bytes at 65536.
  (func $vector (param $size i32)
    (i32.store (i32.const 72) (i32.const 65536)) (i32.store (i32.const 76) (local.get $size)))

  ;; The digits of $i behind "many/f".
  (func $name (param $i i32) (local $at i32)
    (local.set $at (i32.const 26))
    (loop $digit
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $i) (i32.const 10))))
      (local.set $i (i32.div_u (local.get $i) (i32.const 10)))
      (br_if $digit (i32.ge_u (local.tee $at (i32.sub (local.get $at) (i32.const 1))) (i32.const 22)))))

  (func $read (param $n i32) (param $size i32) (result i32) (local $fd i32) (local $errno i32)
    (local.set $fd (call $open (i32.const 0) (i32.const 4) (i32.const 0) (i64.const 2)))
    (call $vector (local.get $size))
    (loop $more
      (local.set $errno (i32.or (local.get $errno)
        (call $fd_read (local.get $fd) (i32.const 72) (i32.const 1) (i32.const 80))))
      (if (i32.ne (i32.load (i32.const 80)) (local.get $size)) (then unreachable))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.or (local.get $errno) (call $fd_close (local.get $fd))))

  (func $write (param $n i32) (param $size i32) (result i32) (local $fd i32) (local $errno i32)
    (local.set $fd (call $open (i32.const 8) (i32.const 3) (i32.const 9) (i64.const 64)))
    (call $vector (local.get $size))
    (loop $more
      (local.set $errno (i32.or (local.get $errno)
        (call $fd_write (local.get $fd) (i32.const 72) (i32.const 1) (i32.const 80))))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.or (local.get $errno) (call $fd_close (local.get $fd))))

  (func (export "read-4k") (param $n i32) (result i32) (call $read (local.get $n) (i32.const 4096)))
  (func (export "write-4k") (param $n i32) (result i32) (call $write (local.get $n) (i32.const 4096)))
  (func (export "write-1") (param $n i32) (result i32) (call $write (local.get $n) (i32.const 1)))

  (func (export "stat") (param $n i32) (result i32) (local $errno i32)
    (loop $more
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (call $name (local.get $n))
      (local.set $errno (i32.or (local.get $errno)
        (call $path_filestat_get (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 11) (i32.const 128))))
      (br_if $more (local.get $n)))
    (local.get $errno))

  (func (export "open") (param $n i32) (result i32) (local $errno i32)
    (loop $more
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (call $name (local.get $n))
      (local.set $errno (i32.or (local.get $errno)
        (call $fd_close (call $open (i32.const 16) (i32.const 11) (i32.const 0) (i64.const 2)))))
      (br_if $more (local.get $n)))
    (local.get $errno))

  ;; All entries, 4 KiB at a time, as the C library does; traps unless there are at least $n.
  (func (export "readdir") (param $n i32) (result i32)
    (local $fd i32) (local $errno i32) (local $cookie i64) (local $at i32) (local $used i32)
    (local.set $fd (call $open (i32.const 32) (i32.const 4) (i32.const 2) (i64.const 0x4000)))
    (loop $more
      (local.set $errno (i32.or (local.get $errno)
        (call $fd_readdir (local.get $fd) (i32.const 65536) (i32.const 4096) (local.get $cookie) (i32.const 80))))
      (local.set $used (i32.load (i32.const 80)))
      (local.set $at (i32.const 0))
      (block $cut
        (loop $entry
          (br_if $cut (i32.gt_u (i32.add (local.get $at) (i32.const 24)) (local.get $used)))
          (br_if $cut (i32.gt_u (i32.add (i32.add (local.get $at) (i32.const 24))
            (i32.load offset=65552 (local.get $at))) (local.get $used)))
          (local.set $cookie (i64.load offset=65536 (local.get $at)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (local.set $at (i32.add (i32.add (local.get $at) (i32.const 24)) (i32.load offset=65552 (local.get $at))))
          (br $entry)))
      (br_if $more (i32.eq (local.get $used) (i32.const 4096))))
    (if (i32.gt_s (local.get $n) (i32.const 0)) (then unreachable))
    (i32.or (local.get $errno) (call $fd_close (local.get $fd)))))
