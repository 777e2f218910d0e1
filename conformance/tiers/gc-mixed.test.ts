/** Programs of structures and arrays from tier to tier: results, costs, places where they stop, snapshots, limits, traps. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  ArrayInst,
  captureFrames,
  Engine,
  type HeapGauge,
  I31,
  type Instance,
  type InstanceOptions,
  StructInst,
  type Val,
} from "../../engine/index.ts";
import { convertTexts } from "../spec/wat.ts";
import { failure } from "./failure.ts";
import { type TierName, tiers } from "./tiers.ts";

const all: readonly TierName[] = [
  "interp",
  "interp-apart",
  "js",
  "js-split",
  "js-bigint",
  "auto-1",
  "auto-1-split",
  "auto-2",
  "auto-10",
];

async function assemble(wat: string): Promise<Uint8Array> {
  const [bytes] = await convertTexts([wat], undefined);
  if (!(bytes instanceof Uint8Array)) throw new Error(bytes?.error);
  return bytes;
}

const text = `(module
  (rec
    (type $node (sub (struct (field $next (mut (ref null $node))) (field $v (mut i32)) (field $b (mut i8)) (field $h i16))))
    (type $wide (sub final $node (struct (field $next (mut (ref null $node))) (field $v (mut i32)) (field $b (mut i8))
      (field $h i16) (field $l (mut i64)) (field $f (mut f32)) (field $d f64) (field $a (mut anyref)))))
    (type $other (struct (field i32))))
  (type $longs (array (mut i64))) (type $bytes (array (mut i8))) (type $halves (array i16))
  (type $floats (array (mut f32))) (type $doubles (array (mut f64))) (type $refs (array (mut anyref))) (type $words (array (mut i32)))
  (type $op (func (param i32) (result i32)))
  (data $data "0123456789abcdef") (elem $funcs funcref (ref.func $twice))
  (type $table (array (mut funcref)))
  (global $root (mut anyref) (ref.null any))
  (global $count (export "count") (mut i32) (i32.const 0))
  (func $twice (type $op) (i32.mul (i32.const 2) (local.get 0)))
  (func $build (param $n i32) (result (ref null $node)) (local $list (ref null $node))
    (loop $l
      (if (i32.and (local.get $n) (i32.const 1))
        (then (local.set $list (struct.new $node (local.get $list) (local.get $n) (local.get $n) (local.get $n))))
        (else (local.set $list (struct.new $wide (local.get $list) (local.get $n) (i32.const -1) (i32.const 0x18000)
          (i64.mul (i64.extend_i32_s (local.get $n)) (i64.const -0x123456789))
          (f32.reinterpret_i32 (i32.or (i32.const 0x7fa00000) (local.get $n)))
          (f64.reinterpret_i64 (i64.or (i64.const 0x7ff4000000000000) (i64.extend_i32_u (local.get $n))))
          (ref.i31 (i32.shl (local.get $n) (i32.const 24)))))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $list))
  (func $look (param $x anyref) (result i64) (local $w (ref null $wide))
    (block $null
      (block $none (result anyref)
        (block $wide (result (ref $wide))
          (br_on_cast $wide anyref (ref $wide) (local.get $x))
          (br_on_null $null)
          (br_if $none (i32.eqz (ref.test (ref $node) (local.get $x))))
          (drop)
          (return (i64.extend_i32_u (struct.get $node $v (ref.cast (ref $node) (local.get $x))))))
        (local.set $w)
        (struct.set $wide $l (local.get $w) (i64.add (i64.const 3) (struct.get $wide $l (local.get $w))))
        (struct.set $wide $b (local.get $w) (i32.add (i32.const 1) (struct.get_s $wide $b (local.get $w))))
        (struct.set $wide $f (local.get $w) (struct.get $wide $f (local.get $w)))
        (return (i64.add
          (i64.add (struct.get $wide $l (local.get $w)) (i64.extend_i32_s (i32.reinterpret_f32 (struct.get $wide $f (local.get $w)))))
          (i64.add
            (i64.add (i64.reinterpret_f64 (struct.get $wide $d (local.get $w))) (i64.extend_i32_u (struct.get_u $wide $h (local.get $w))))
            (i64.extend_i32_s (i31.get_s (ref.cast i31ref (struct.get $wide $a (local.get $w)))))))))
      (drop) (return (i64.const -1)))
    (i64.const -2))
  (func $arrays (param $n i32) (result i64) (local $l (ref $longs)) (local $b (ref $bytes)) (local $s i64)
    (local $h (ref $halves)) (local $f (ref $floats)) (local $d (ref $doubles)) (local $r (ref null $refs)) (local $w (ref $words))
    (local.set $l (array.new $longs (i64.const -5) (local.get $n)))
    (local.set $b (array.new_data $bytes $data (i32.const 2) (i32.const 12)))
    (local.set $h (array.new_fixed $halves 3 (i32.const -1) (local.get $n) (i32.const 7)))
    (local.set $f (array.new_default $floats (local.get $n)))
    (local.set $d (array.new_fixed $doubles 2 (f64.const 0.5) (f64.reinterpret_i64 (i64.const 0x7ff4000000000009))))
    (local.set $w (array.new_default $words (local.get $n)))
    (local.set $r (array.new $refs (ref.i31 (local.get $n)) (local.get $n)))
    (array.set $refs (local.get $r) (i32.const 0) (ref.null any))
    (array.set $refs (local.get $r) (i32.const 1) (local.get $l))
    (array.fill $longs (local.get $l) (i32.const 1) (i64.extend_i32_s (local.get $n)) (i32.sub (local.get $n) (i32.const 1)))
    (array.copy $bytes $bytes (local.get $b) (i32.const 1) (local.get $b) (i32.const 0) (i32.const 10))
    (array.init_data $words $data (local.get $w) (i32.const 0) (i32.const 1) (i32.const 2))
    (loop $go
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (array.set $longs (local.get $l) (local.get $n)
        (i64.add (array.get $longs (local.get $l) (local.get $n)) (i64.extend_i32_s (array.get $words (local.get $w) (local.get $n)))))
      (array.set $floats (local.get $f) (local.get $n) (f32.reinterpret_i32 (i32.add (i32.const 0x7fa00000) (local.get $n))))
      (array.set $bytes (local.get $b) (i32.and (local.get $n) (i32.const 7)) (i32.add (i32.const 255) (local.get $n)))
      (local.set $s (i64.xor (i64.mul (local.get $s) (i64.const 7)) (i64.add
        (i64.add (array.get $longs (local.get $l) (local.get $n))
          (i64.extend_i32_s (i32.reinterpret_f32 (array.get $floats (local.get $f) (local.get $n)))))
        (i64.extend_i32_s (i32.add
          (i32.add (array.get_s $bytes (local.get $b) (i32.and (local.get $n) (i32.const 7)))
            (array.get_u $bytes (local.get $b) (i32.and (local.get $n) (i32.const 7))))
          (i32.add (array.get_u $halves (local.get $h) (i32.const 0)) (array.get_s $halves (local.get $h) (i32.const 1))))))))
      (if (ref.is_null (array.get $refs (local.get $r) (local.get $n))) (then (local.set $s (i64.add (local.get $s) (i64.const 9)))))
      (br_if $go (local.get $n)))
    (array.set $doubles (local.get $d) (i32.const 0) (array.get $doubles (local.get $d) (i32.const 1)))
    (i64.add (local.get $s) (i64.add (i64.reinterpret_f64 (array.get $doubles (local.get $d) (i32.const 0)))
      (i64.extend_i32_u (array.len (ref.cast (ref array) (array.get $refs (local.get $r) (i32.const 1))))))))
  (func $fold (param $list (ref null $node)) (param $s i64) (result i64)
    (block $done
      (loop $next
        (local.set $s (i64.add (i64.rotl (local.get $s) (i64.const 5)) (call $look (local.get $list))))
        (local.set $list (struct.get $node $next (br_on_null $done (local.get $list))))
        (br $next)))
    (local.get $s))
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $s i64) (local $t (ref null $table))
    (ref.i31 (i32.const 77))
    (loop $l
      (local.set $t (array.new_elem $table $funcs (i32.const 0) (i32.const 1)))
      (global.set $root (call $build (i32.add (local.get $i) (i32.const 1))))
      (global.set $count (call_ref $op (global.get $count)
        (ref.cast (ref $op) (array.get $table (local.get $t) (i32.const 0)))))
      (local.set $s (i64.add (call $fold (ref.cast (ref null $node) (global.get $root)) (local.get $s))
        (call $arrays (i32.add (local.get $i) (i32.const 4)))))
      (if (ref.eq (ref.i31 (local.get $i)) (ref.i31 (i32.const 7))) (then (global.set $count (i32.const 1))))
      (local.set $s (i64.add (local.get $s) (call $look (extern.convert_any (ref.i31 (i32.const 1))) (any.convert_extern))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i31.get_u) (i64.extend_i32_u) (i64.add (local.get $s)))
  (func (export "null") (param i32) (result i64)
    (if (i32.eqz (local.get 0)) (then (return (struct.get $wide $l (ref.null $wide)))))
    (if (i32.eq (local.get 0) (i32.const 1)) (then (return (i64.extend_i32_u (array.len (ref.null array))))))
    (if (i32.eq (local.get 0) (i32.const 2)) (then (return (array.get $longs (ref.null $longs) (i32.const 1)))))
    (if (i32.eq (local.get 0) (i32.const 3)) (then (array.set $refs (ref.null $refs) (i32.const 1) (ref.null any))))
    (if (i32.eq (local.get 0) (i32.const 4)) (then (struct.set $node $v (ref.null $node) (i32.div_s (i32.const 1) (i32.const 0)))))
    (if (i32.eq (local.get 0) (i32.const 5)) (then (drop (i31.get_s (ref.null i31)))))
    (if (i32.eq (local.get 0) (i32.const 6)) (then (drop (ref.cast (ref $other) (struct.new_default $node)))))
    (if (i32.eq (local.get 0) (i32.const 7)) (then (drop (array.get $longs (array.new_default $longs (i32.const 3)) (i32.const -1)))))
    (if (i32.eq (local.get 0) (i32.const 8)) (then (drop (array.get $refs (array.new_default $refs (i32.const 3)) (i32.const 3)))))
    (if (i32.eq (local.get 0) (i32.const 9)) (then (array.set $bytes (array.new_default $bytes (i32.const 3)) (i32.const 3) (i32.const 1))))
    (if (i32.eq (local.get 0) (i32.const 10)) (then (drop (ref.as_non_null (ref.null any)))))
    (if (i32.eq (local.get 0) (i32.const 11)) (then (array.fill $longs (ref.null $longs) (i32.const 9) (i64.const 1) (i32.const 9))))
    (if (i32.eq (local.get 0) (i32.const 12)) (then (drop (array.new_data $longs $data (i32.const 9) (i32.const 1)))))
    (if (i32.eq (local.get 0) (i32.const 13)) (then (drop (array.new $longs (i64.const 1) (i32.const -1)))))
    (i64.const 0))
  (func (export "order") (result i64 i32 i32) (local $w (ref $wide)) (local $l (ref $longs)) (local $x anyref)
    (local.set $w (struct.new_default $wide))
    (local.set $l (array.new $longs (i64.const 10) (i32.const 2)))
    (struct.get $wide $l (local.get $w))
    (array.get $longs (local.get $l) (i32.const 1))
    (struct.set $wide $l (local.get $w) (i64.const 1))
    (array.set $longs (local.get $l) (i32.const 1) (i64.const 100))
    (i64.add (struct.get $wide $l (local.get $w)))
    (i64.add (array.get $longs (local.get $l) (i32.const 1)))
    (i64.add)
    (local.set $x (local.get $w))
    (i32.add (i32.shl (ref.test (ref $node) (local.get $x)) (i32.const 1)) (ref.test (ref $other) (local.get $x)))
    (struct.get $node $v (local.get $w))
    (struct.set $node $v (local.get $w) (i32.const 5))
    (i32.sub (struct.get $node $v (ref.cast (ref $node) (local.get $x)))))
  (func (export "leak") (local $p (ref null $node))
    (loop $l (local.set $p (struct.new $node (local.get $p) (i32.const 1) (i32.const 1) (i32.const 1))) (br $l))))`
  // The operand of any.convert_extern comes before the call.
  .replace(
    "(call $look (extern.convert_any (ref.i31 (i32.const 1))) (any.convert_extern))",
    "(call $look (any.convert_extern (extern.convert_any (ref.i31 (i32.const 1)))))",
  );

let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await assemble(text);
});

function make(tier: TierName, options: InstanceOptions = {}): Instance {
  const engine = new Engine(tiers[tier]);
  return engine.instantiate(engine.compile(bytes), {}, options);
}

const withFuel: InstanceOptions = { limits: { fuel: 1e9 } };

/** Objects by what is in them. */
function comparable(v: Val, depth = 0): unknown {
  if (depth > 8) return "...";
  if (v instanceof I31) return `i31 ${v.value}`;
  if (v instanceof StructInst) return [v.typeId, ...v.fields.map((x) => comparable(x, depth + 1))];
  if (v instanceof ArrayInst) return [v.typeId, ...[...v.elems].map((x) => comparable(x, depth + 1))];
  return typeof v === "object" && v !== null ? "function" : v;
}

describe("a guest of structures and arrays", () => {
  it.each(all)("comes to the same, and costs the same, tier %s", (tier) => {
    const want = make("interp", withFuel);
    const [free, metered] = [make(tier), make(tier, withFuel)];
    for (let i = 0; i < 5; i++) {
      const results = want.invoke("run", [12]);
      expect(free.invoke("run", [12])).toEqual(results);
      expect(metered.invoke("run", [12])).toEqual(results);
      expect(metered.usage().instructions).toBe(want.usage().instructions);
    }
    if (tier === "js") expect([free.tierStats?.functions, [...(free.tierStats?.declined ?? [])]]).toEqual([6, []]);
  });

  it.each(all)("reads before it writes, and knows subtypes, tier %s", (tier) => {
    for (const options of [{}, withFuel]) {
      const inst = make(tier, options);
      for (let i = 0; i < 4; i++) expect(inst.invoke("order")).toEqual([111n, 2, -5]);
    }
  });

  it.each(all)("stops at the same places, tier %s", (tier) => {
    for (const step of [0, 1, 2, 9, 100]) {
      const [want, got] = [make("interp"), make(tier)];
      const [a, b] = [want.start("run", [7]), got.start("run", [7])];
      for (let stops = 0; ; stops++) {
        const [x, y] = [a.run(step), b.run(step)];
        expect(y.kind).toBe(x.kind);
        expect(got.meter.spent).toBe(want.meter.spent);
        if (x.kind === "done" && y.kind === "done") {
          expect(y.results).toEqual(x.results);
          break;
        }
        if (stops % 5 !== 0) continue;
        const places = [a, b].map((act) =>
          captureFrames(act).frames.map((f) => [
            f.func,
            f.pc,
            ...[...f.locals, ...f.operands].map((v) => comparable(v)),
          ]),
        );
        expect(places[1]).toEqual(places[0]);
      }
    }
  });

  it("goes on from a snapshot in any other tier", () => {
    const whole = make("interp");
    const [want] = whole.invoke("run", [9]);
    const engines = all.map((tier) => new Engine(tiers[tier]));
    for (const step of [7, 60, 333]) {
      let engine = engines[1] as Engine;
      let inst = engine.instantiate(engine.compile(bytes));
      let act = inst.start("run", [9]);
      for (let i = 0; ; i++) {
        const outcome = act.run(step);
        if (outcome.kind === "done") {
          expect(outcome.results).toEqual([want]);
          expect(inst.usage().instructions).toBe(whole.usage().instructions);
          break;
        }
        if (i % 5 !== 4) continue;
        const snapshot = engine.snapshot([inst], { activation: act });
        engine = engines[(i + step) % engines.length] as Engine;
        const guest = engine.restore([{ module: engine.compile(bytes) }], snapshot);
        inst = guest.instances[0] as Instance;
        act = guest.activation!;
      }
    }
  });

  it.each(all)("fails in the same way, at the same cost, tier %s", (tier) => {
    for (const options of [{}, withFuel]) {
      const [want, got] = [make("interp", options), make(tier, options)];
      for (let k = 0; k <= 13; k++) {
        for (let i = 0; i < 3; i++) {
          const [x, y] = [want, got].map((inst) => failure(() => inst.invoke("null", [k])));
          expect([k, y!.code, y!.message]).toEqual([k, x!.code, x!.message]);
          expect(y!.backtrace.map((frame) => frame.func)).toEqual(x!.backtrace.map((frame) => frame.func));
        }
        if (options === withFuel) expect(got.usage().instructions).toBe(want.usage().instructions);
      }
    }
  });

  it.each(all)("that fills the heap is exhausted at the same cost, tier %s", (tier) => {
    const spent = ([tier, "interp"] as const).map((t) => {
      let used = 0;
      const heapGauge: HeapGauge = { used: () => (used += 2 ** 20), limit: 2 ** 23 };
      const inst = make(t, { ...withFuel, heapGauge });
      expect(failure(() => inst.invoke("leak"))).toMatchObject({ kind: "exhausted", code: "WT5002" });
      return inst.usage().instructions;
    });
    expect(spent[0]).toBe(spent[1]);
  });
});
