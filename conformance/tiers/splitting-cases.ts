/** Loops and cases that can be functions of their own: every way into one, every way out of it, everything that is carried. */

export interface SplitCase {
  readonly name: string;
  /** Fields of a module that has `run`; `$n` is its parameter. */
  readonly fields: string;
  /** How many parts of `run` are taken out. */
  readonly parts: number;
  /** Why others are not. */
  readonly reasons?: readonly string[];
}

/** `run`, with these locals. */
const run = (result: string, locals: string, body: string): string =>
  `(func $run (export "run") (param $n i32) (result ${result}) ${locals} ${body})`;

/** `body` as often as `$n` says, counted in `$i`. */
const counted = (body: string): string =>
  `(loop $l ${body} (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))`;

const types = {
  i32: { set: "(local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (local.get $i)))" },
  i64: { set: "(local.set $x (i64.add (i64.mul (local.get $x) (i64.const -0x100000003)) (i64.const 7)))" },
  f32: { set: "(local.set $x (f32.add (local.get $x) (f32.const 1.1)))" },
  f64: { set: "(local.set $x (f64.sub (local.get $x) (f64.const 0.3)))" },
} as const;

/** A local that the loop sets, of each type; and one that it only moves, bits and all. */
const values: readonly SplitCase[] = Object.entries(types).flatMap(([type, { set }]) => {
  const bits = type.replace("f", "i");
  const isFloat = type.startsWith("f");
  const nan = type === "f32" ? "(i32.const 0x7fa00001)" : "(i64.const 0xfff4000000000001)";
  const move = `(if (i32.and (local.get $i) (i32.const 1)) (then (local.set $y (local.get $x)) (local.set $x (local.get $z)))
    (else (local.set $z (local.get $x)) (local.set $x (local.get $y))))`;
  return [
    {
      name: `sets ${type}`,
      parts: 1,
      fields: run(type, `(local $i i32) (local $x ${type})`, `${counted(set)} (local.get $x)`),
    },
    {
      name: `results in ${type}`,
      parts: 1,
      fields: run(
        type,
        `(local $i i32) (local $x ${type})`,
        `(local.get $x)
         (loop $l (result ${type})
           ${set} (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $l (i32.lt_u (local.get $i) (local.get $n)))
           (${type}.mul (local.get $x) (local.get $x)))
         (${type}.sub)`,
      ),
    },
    ...(isFloat
      ? [
          {
            name: `moves a signalling ${type}`,
            parts: 1,
            fields: run(
              bits,
              `(local $i i32) (local $x ${type}) (local $y ${type}) (local $z ${type})`,
              `(local.set $x (${type}.reinterpret_${bits} ${nan})) (local.set $y (${type}.const -0))
               ${counted(move)} (${bits}.xor (${bits}.reinterpret_${type} (local.get $x))
               (${bits}.mul (${bits}.const 3) (${bits}.reinterpret_${type} (local.get $z))))`,
            ),
          },
        ]
      : []),
  ];
});

const exits: readonly SplitCase[] = [
  {
    name: "leaves for blocks around, with a value, over operands that stay",
    parts: 1,
    fields: run(
      "i32",
      "(local $i i32)",
      `(i32.const 1000) (local.get $n)
       (block $out (result i32)
         (i32.const 5) (local.get $n)
         (block $in (result i32)
           (loop $l
             (if (i32.eq (local.get $i) (i32.const 6)) (then (br $out (i32.add (local.get $i) (i32.const 11)))))
             (local.set $i (i32.add (local.get $i) (i32.const 1)))
             (if (i32.gt_u (local.get $i) (local.get $n)) (then (br $in (i32.mul (local.get $i) (i32.const 13)))))
             (br $l))
           (unreachable))
         (i32.mul) (i32.add))
       (i32.mul) (i32.add)`,
    ),
  },
  {
    name: "leaves for a loop around, with values of each type",
    parts: 1,
    fields: run(
      "i64",
      "(local $k i32) (local $x i64) (local $d f64) (local $f f32)",
      `(f64.const 7) (i64.const 3) (f64.const 0.5) (f32.const 1.5) (i32.const 2)
       (loop $o (param i64 f64 f32 i32) (result i64)
         (local.set $k (i32.add (local.get $k))) (local.set $f) (local.set $d) (local.set $x)
         (if (i32.gt_u (local.get $k) (i32.add (local.get $n) (i32.const 40))) (then
           (return (i64.add (local.get $x) (i64.trunc_f64_s (f64.mul (local.get $d) (f64.promote_f32 (local.get $f))))))))
         (loop $l
           (local.set $k (i32.add (local.get $k) (i32.const 1)))
           (br_if $l (i32.and (local.get $k) (i32.const 7)))
           (i64.extend_i32_u (local.get $k)) (f64.convert_i32_u (local.get $k)) (f32.const 2.5) (i32.const 1)
           (br $o))
         (unreachable))
       (i64.extend_i32_s (i32.trunc_f64_s (f64.const 1))) (i64.add) (local.set $x) (drop) (local.get $x)`,
    ),
  },
  {
    name: "returns one value",
    parts: 1,
    fields: run(
      "i64",
      "(local $i i32)",
      `(loop $l (if (i32.eq (local.get $i) (local.get $n)) (then
         (return (i64.mul (i64.extend_i32_s (local.get $i)) (i64.const 0x123456789)))))
         (local.set $i (i32.add (local.get $i) (i32.const 1)))
         (br_if $l (i32.lt_u (local.get $i) (i32.const 50))))
       (i64.const -1)`,
    ),
  },
  {
    name: "returns values of each type",
    parts: 0,
    fields: `(func $many (param $n i32) (result i32 f32 i64 f64) (local $i i32)
      (loop $l
        (if (i32.eq (local.get $i) (local.get $n)) (then
          (return (local.get $i) (f32.const 1.5) (i64.extend_i32_s (local.get $i)) (f64.convert_i32_s (local.get $i)))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br_if $l (i32.lt_u (local.get $i) (i32.const 5))))
      (i32.const -1) (f32.const -1) (i64.const -1) (f64.const -1))
      ${run(
        "f64",
        "(local $d f64) (local $x i64) (local $f f32)",
        `(call $many (local.get $n)) (local.set $d) (local.set $x) (local.set $f)
         (f64.convert_i32_s) (f64.add (f64.promote_f32 (local.get $f))) (f64.add (f64.convert_i64_s (local.get $x)))
         (f64.add (local.get $d))`,
      )}`,
  },
  {
    name: "leaves by a table",
    parts: 1,
    fields: run(
      "i32",
      "(local $i i32) (local $k i32)",
      `(block $a (result i32) (block $b (result i32) (block $c (result i32) (block $d (result i32)
         (loop $l (result i32)
           (local.set $i (i32.add (local.get $i) (i32.const 3)))
           (local.set $k (i32.rem_u (i32.mul (local.get $i) (local.get $n)) (i32.const 7)))
           (if (i32.lt_u (local.get $i) (i32.const 100)) (then (br_if $l (i32.gt_u (local.get $k) (i32.const 4)))))
           (br_table $a $b $c $d $c $b (i32.mul (local.get $i) (i32.const 5)) (local.get $k)))
         ) (i32.add (i32.const 1)))
         (i32.mul (i32.const 3)))
         (i32.sub (i32.const 1000)))
       (i32.xor (i32.const 77))`,
    ),
  },
  {
    name: "leaves for the rungs of a ladder",
    parts: 1,
    fields: run(
      "i32",
      "(local $i i32)",
      `(block $e (block $a (block $b (block $c (block $d
         (br_table $a $b $c $d $e (local.get $n)))
         (local.set $i (i32.const 100)))
         (loop $l
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $a (i32.eq (local.get $i) (i32.const 105)))
           (br_if $l (i32.lt_u (local.get $i) (i32.const 110)))
           (br_if $e (i32.eq (local.get $i) (i32.const 110)))))
         (local.set $i (i32.add (local.get $i) (i32.const 1000))))
         (local.set $i (i32.add (local.get $i) (i32.const 10000))))
       (local.get $i)`,
    ),
  },
  {
    name: "leaves with what is loaded only then",
    parts: 1,
    fields: `(memory 1) (data (i32.const 65528) "\\01\\02\\03\\04\\05\\06\\07\\08") ${run(
      "i64",
      "(local $i i32) (local $at i32)",
      `(i64.add (block $out (result i64)
         (loop $l
           (local.set $at (i32.const 70000))
           (if (i32.ge_u (local.get $i) (local.get $n)) (then (br $out (i64.const 99))))
           (local.set $at (i32.sub (i32.const 65536) (i32.mul (local.get $n) (i32.const 2))))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br_if $l (i32.and (local.get $i) (i32.const 3)))
           (br $out (i64.add (i64.load (local.get $at)) (i64.load8_u (i32.sub (local.get $at) (i32.const 1))))))
         (unreachable)) (i64.const 1))`,
    )}`,
  },
  {
    name: "never ends but by a trap",
    parts: 1,
    fields: run(
      "i32",
      "(local $i i32)",
      `(loop $l (drop (i32.div_u (i32.const 1) (i32.sub (local.get $i) (local.get $n))))
         (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $l)) (unreachable)`,
    ),
  },
];

const inside: readonly SplitCase[] = [
  {
    name: "takes parameters",
    parts: 1,
    fields: run(
      "i64",
      "(local $i i32) (local $k i32) (local $x i64)",
      `(i64.const 7) (i32.const 3) (i64.const 9)
       (loop $l (param i32 i64) (result i64)
         (i64.mul (i64.const 5)) (local.set $x) (i32.add (local.get $i)) (local.set $k)
         (local.get $k) (i64.add (local.get $x) (i64.const 1))
         (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))
         (local.set $x) (local.set $k) (i64.add (local.get $x) (i64.extend_i32_u (local.get $k))))
       (i64.sub)`,
    ),
  },
  {
    name: "loops in it are in it",
    parts: 2,
    fields: run(
      "i32",
      "(local $i i32) (local $j i32) (local $s i32)",
      `${counted(`(local.set $j (i32.const 0)) (loop $m (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 3)) (local.get $j)))
         (br_if $m (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $i))))`)}
       (loop $k (local.set $s (i32.add (local.get $s) (i32.const 1))) (br_if $k (i32.and (local.get $s) (i32.const 15))))
       (local.get $s)`,
    ),
  },
  {
    name: "memory grows in it and is used behind it",
    parts: 1,
    fields: `(memory 1 40) ${run(
      "i32",
      "(local $i i32)",
      `(i32.store (i32.const 8) (i32.const 5))
       ${counted(`(drop (memory.grow (i32.const 1)))
         (i32.store (i32.mul (local.get $i) (i32.const 65536)) (i32.add (local.get $i) (i32.load (i32.const 8))))`)}
       (i32.load (i32.sub (i32.mul (local.get $i) (i32.const 65536)) (i32.const 65536)))`,
    )}`,
  },
  {
    name: "what it calls grows the memory",
    parts: 1,
    fields: `(memory 1 40) (func $grow (result i32) (memory.grow (i32.const 1))) ${run(
      "i32",
      "(local $i i32)",
      `(i32.store (i32.const 8) (i32.const 5))
       ${counted(`(drop (call $grow))
         (i32.store (i32.mul (local.get $i) (i32.const 65536)) (i32.add (local.get $i) (i32.load (i32.const 8))))`)}
       (i32.load (i32.sub (i32.mul (local.get $i) (i32.const 65536)) (i32.const 65536)))`,
    )}`,
  },
  {
    name: "calls itself",
    parts: 1,
    fields: run(
      "i32",
      "(local $i i32) (local $s i32)",
      `(if (i32.gt_u (local.get $n) (i32.const 12)) (then (return (i32.const 1))))
       (loop $l
         (if (i32.lt_u (local.get $i) (local.get $n)) (then
           (local.set $s (i32.add (local.get $s) (call $run (i32.sub (local.get $n) (i32.add (local.get $i) (i32.const 1))))))
           (local.set $i (i32.add (local.get $i) (i32.const 1)))
           (br $l))))
       (i32.add (local.get $s) (local.get $n))`,
    ),
  },
  {
    name: "traps in it, outside the memory",
    parts: 1,
    fields: `(memory 1 1) ${run(
      "i32",
      "(local $i i32) (local $s i32)",
      `${counted("(local.set $s (i32.add (local.get $s) (i32.load (i32.mul (local.get $i) (i32.const 6000)))))")} (local.get $s)`,
    )}`,
  },
  {
    name: "globals and tables change in it",
    parts: 1,
    fields: `(global $g (mut i64) (i64.const 1)) (table 4 funcref) (elem (i32.const 0) $a $b)
     (func $a (result i32) (i32.const 3)) (func $b (result i32) (i32.const 5)) ${run(
       "i64",
       "(local $i i32)",
       `${counted(`(global.set $g (i64.add (i64.mul (global.get $g) (i64.const 3))
         (i64.extend_i32_u (call_indirect (result i32) (i32.and (local.get $i) (i32.const 3))))))`)} (global.get $g)`,
     )}`,
  },
];

/** A machine of eight operations on registers in memory: some go on by a branch to the loop, some run into the next. */
const machine = (before: string, between: string): string => `(memory 1)
  (data (i32.const 0) "\\00\\01\\02\\03\\04\\05\\06\\01\\04\\02\\05\\03\\00\\06\\01\\07")
  (func $run (export "run") (param $n i32) (result i64)
    (local $pc i32) (local $op i32) (local $a i32) (local $b i64) (local $d f64) (local $f f32)
    (local.set $a (i32.const 5)) (local.set $b (i64.const 7)) (local.set $d (f64.const 0.5))
    (loop $next
      (local.set $op (i32.load8_u (local.get $pc)))
      (local.set $pc (i32.add (local.get $pc) (i32.const 1)))
      (block $7 (block $6 (block $5 (block $4 (block $3 (block $2 (block $1 (block $0 ${before}
        (br_table $0 $1 $2 $3 $4 $5 $6 $7 (local.get $op)))
        (local.set $a (i32.add (i32.mul (local.get $a) (i32.const 31)) (i32.load8_u offset=1 (local.get $pc))))
        (i32.store offset=64 (local.get $pc) (local.get $a)) (br $next))
        (local.set $b (i64.mul (i64.add (local.get $b) (i64.extend_i32_u (local.get $a))) (i64.const 0x10001)))
        (i64.store offset=96 (local.get $pc) (local.get $b)))
        (local.set $d (f64.add (local.get $d) (f64.convert_i32_s (i32.load offset=60 (local.get $pc)))))
        (br_if $next (i32.and (local.get $a) (i32.const 1)))
        (local.set $f (f32.demote_f64 (local.get $d))) (br $next))
        ${between}
        (br_if $5 (i64.lt_s (local.get $b) (i64.const 0)))
        (local.set $d (f64.mul (local.get $d) (f64.const 1.25))) (br $next))
        (local.set $op (i32.const 0))
        (loop $l (local.set $a (i32.xor (local.get $a) (i32.shl (local.get $op) (i32.const 3))))
          (br_if $l (i32.lt_u (local.tee $op (i32.add (local.get $op) (i32.const 1))) (i32.const 9)))))
        (local.set $f (f32.add (local.get $f) (f32.const 0.25)))
        (if (i32.eq (local.get $n) (local.get $pc)) (then (return (i64.sub (i64.const 0) (local.get $b))))) (br $next))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br_if $next (i32.gt_s (local.get $n) (i32.const 0)))
        (local.set $pc (i32.const 15)) (br $next))
      (if (i32.gt_s (local.get $n) (i32.const 0)) (then (local.set $pc (i32.const 0)) (br $next))))
    (i64.xor (i64.xor (local.get $b) (i64.extend_i32_u (local.get $a)))
      (i64.xor (i64.reinterpret_f64 (local.get $d)) (i64.extend_i32_u (i32.reinterpret_f32 (local.get $f))))))`;

const cases: readonly SplitCase[] = [
  { name: "cases of a switch in a loop", parts: 1, fields: machine("", "") },
  {
    name: "cases that are no ladder",
    parts: 1,
    fields: machine("(br_if $3 (i32.eq (local.get $pc) (local.get $a)))", ""),
  },
  {
    name: "cases of a loop that is too large: each by itself",
    parts: 6,
    fields: machine("", "(local.set $a (i32.rotl (local.get $a) (i32.const 3)))".repeat(1100)),
  },
];

const trying = (body: string): string => `(tag $t (param i32)) (func $throws (param i32) (throw $t (local.get 0)))
  ${run(
    "i32",
    "(local $i i32) (local $s i32)",
    `(try (do ${counted(`(local.set $s (i32.add (local.get $s) (i32.const 3))) ${body}`)})
       (catch $t (local.set $s (i32.add (i32.mul (local.get $s) (i32.const 100)))))) (local.get $s)`,
  )}`;

const caught: readonly SplitCase[] = [
  { name: "nothing is thrown in a try block", parts: 1, fields: trying("") },
  {
    name: "locals are set before a call that throws in a try block",
    parts: 0,
    reasons: ["call in a try block"],
    fields: trying("(if (i32.eq (local.get $i) (i32.const 5)) (then (call $throws (local.get $i))))"),
  },
];

const declined: readonly SplitCase[] = [
  {
    name: "many locals: only the loop inside",
    parts: 1,
    fields: run(
      "i64",
      `(local $i i32) (local $j i32) ${Array.from({ length: 70 }, (_, k) => `(local $x${k} i32)`).join(" ")}`,
      `${counted(`${Array.from({ length: 70 }, (_, k) => `(local.set $x${k} (i32.add (local.get $x${(k + 1) % 70}) (local.get $i)))`).join("")}
        (local.set $j (i32.const 0))
        (loop $m (local.set $x0 (i32.mul (local.get $x0) (i32.const 3)))
         (br_if $m (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $i))))`)}
       (i64.extend_i32_u (i32.xor (local.get $x0) (local.get $x69)))`,
    ),
  },
];

export const splitCases: readonly SplitCase[] = [...values, ...exits, ...inside, ...cases, ...caught, ...declined];
