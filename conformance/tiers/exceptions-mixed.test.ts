/**
 * Exceptions that pass from tier to tier, through instances and the host: who catches them, what they cost, where they
 * stop on the way, what of them arrives; and what no handler may catch.
 */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { active } from "../../engine/awaiting.ts";
import { body, moduleOf, name, section, u, vec } from "../../engine/binary/encode.ts";
import {
  Blocked,
  captureFrames,
  Engine,
  type EngineOptions,
  GuestExit,
  hostTag,
  I32,
  type Imports,
  type Instance,
  type InstanceOptions,
  type Val,
  WasmError,
  WasmException,
} from "../../engine/index.ts";
import { failure } from "./failure.ts";
import { runMoving } from "./moving.ts";
import { type TierName, tiers } from "./tiers.ts";

let wabt: Awaited<ReturnType<typeof wabtInit>>;
beforeAll(async () => {
  wabt = await wabtInit();
});

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

function assemble(wat: string): Uint8Array {
  const parsed = wabt.parseWat("t.wat", wat, { exceptions: true, tail_call: true, multi_value: true });
  return parsed.toBinary({}).buffer;
}

function make(wat: string, options: EngineOptions, imports: Imports = {}, inst: InstanceOptions = {}): Instance {
  const engine = new Engine({ ...options, features: { "legacy-exceptions": true } });
  return engine.instantiate(engine.compile(assemble(wat)), imports, inst);
}

/** What `inst` has compiled, when it is to compile. */
function expectCompiled(inst: Instance, tier: TierName, functions: number): void {
  if (tier === "js")
    expect([inst.tierStats?.functions, [...(inst.tierStats?.declined ?? [])]]).toEqual([functions, []]);
}

/** Throws and catches in loops, with values of every type, through calls, the host, and tail calls. */
const program = `(module
  (import "h" "f" (func $f (param i32) (result i32)))
  (import "h" "t" (tag $t (param i32)))
  (tag $e (param i32 i64 f32 f64 externref)) (tag $n)
  (global $log (export "g") (mut i64) (i64.const 1))
  (memory (export "memory") 1)
  (func $throw (param $i i32) (local $x f32)
    (local.set $x (f32.reinterpret_i32 (i32.const 0x7fa00001)))
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 5))) (then (throw $n)))
    (if (i32.eqz (i32.rem_u (local.get $i) (i32.const 3))) (then (drop (call $f (local.get $i)))))
    (if (i32.and (local.get $i) (i32.const 1))
      (then (throw $e (local.get $i) (i64.extend_i32_s (local.get $i)) (local.get $x)
        (f64.reinterpret_i64 (i64.const 0x7ff4000000000123)) (ref.null extern)))))
  (func $middle (param $i i32) (result i32) (local $n i32)
    (try $t (result i32)
      (do
        (loop $l
          (call $throw (i32.add (local.get $i) (local.get $n)))
          (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 3))))
        (local.get $n))
      (catch $t
        (loop $l (br_if $l (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 6))))
        (if (i32.and (local.get $n) (i32.const 1)) (then (rethrow $t)))
        (i32.add (local.get $n)))
      (catch $n (i32.const 100))))
  (func $leave (param $i i32) (result i32)
    (block $never
      (return (try_table (result i32) (catch_all $never) (return_call $middle (local.get $i)))))
    (unreachable))
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $x exnref) (local $s f32)
    (loop $l
      (block $next
        (block $all (result exnref)
          (block $t (result i32)
            (block $e (result i32 i64 f32 f64 externref exnref)
              (i64.mul (global.get $log) (i64.const 3))
              (try_table (result i32) (catch_ref $e $e) (catch $t $t) (catch_all_ref $all) (call $leave (local.get $i)))
              (i64.extend_i32_u) (i64.add) (global.set $log)
              (br $next))
            (local.set $x) (drop) (i64.reinterpret_f64) (global.set $log (i64.xor (global.get $log)))
            (local.set $s) (f32.store (i32.const 64) (local.get $s))
            (global.set $log (i64.add (global.get $log))) (drop)
            (block $again (try_table (catch_all $again) (throw_ref (local.get $x))))
            (br $next))
          (i64.extend_i32_s) (global.set $log (i64.sub (global.get $log)))
          (br $next))
        (local.set $x)
        (block $again (try_table (catch_all $again) (throw_ref (local.get $x)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (global.get $log)))`;

const tag = hostTag([I32]);
/** Throws for some arguments. */
const hosts = (): Imports => ({
  h: {
    t: tag,
    f: (n: Val) => {
      if ((n as number) % 2 === 0) throw new WasmException(tag, [n]);
      return n;
    },
  },
});

interface Ending {
  readonly results: readonly Val[];
  readonly spent: number | undefined;
  readonly memory: string;
}

const ending = (inst: Instance, results: readonly Val[]): Ending => ({
  results,
  spent: inst.usage().instructions,
  memory: (inst.exports.memory as { bytes: Uint8Array }).bytes.subarray(0, 128).join(),
});

const withFuel: InstanceOptions = { limits: { fuel: 1e9 } };

describe("a guest that throws and catches", () => {
  it.each(all)("comes to the same, and costs the same, tier %s", (tier) => {
    const want = make(program, tiers.interp, hosts(), withFuel);
    const free = make(program, tiers[tier], hosts());
    const metered = make(program, tiers[tier], hosts(), withFuel);
    for (let i = 0; i < 4; i++) {
      const expected = ending(want, want.invoke("run", [60]));
      expect(ending(metered, metered.invoke("run", [60]))).toEqual(expected);
      expect(free.invoke("run", [60])).toEqual(expected.results);
    }
    expectCompiled(free, tier, 4);
    expectCompiled(metered, tier, 4);
  });

  it.each(all)("stops at the same places, tier %s", (tier) => {
    for (const step of [0, 1, 2, 5, 17, 100]) {
      const [want, got] = [make(program, tiers.interp, hosts()), make(program, tiers[tier], hosts())];
      const [a, b] = [want.start("run", [20]), got.start("run", [20])];
      for (let stops = 0; ; stops++) {
        const [x, y] = [a.run(step), b.run(step)];
        expect(y.kind).toBe(x.kind);
        expect(got.meter.spent).toBe(want.meter.spent);
        if (x.kind === "done" && y.kind === "done") {
          expect(ending(got, y.results)).toEqual(ending(want, x.results));
          break;
        }
        if (stops % 5 !== 0) continue;
        const places = [a, b].map((act) =>
          captureFrames(act).frames.map((f) => [f.func, f.pc, ...[...f.locals, ...f.operands].map(comparable)]),
        );
        expect(places[1]).toEqual(places[0]);
      }
    }
  });

  it("goes on from a snapshot in any other tier", () => {
    const whole = make(program, tiers.interp, hosts());
    const want = ending(whole, whole.invoke("run", [30]));
    const engines = all.map((tier) => new Engine({ ...tiers[tier], features: { "legacy-exceptions": true } }));
    const bytes = assemble(program);
    for (const step of [3, 20, 101]) {
      const [inst, results] = runMoving({ engines, bytes, imports: hosts, args: [30], step, every: 4 });
      expect(ending(inst, results)).toEqual(want);
    }
  });
});

/** Exceptions are different objects in two guests. */
const comparable = (v: Val): Val => (typeof v === "object" && v !== null ? "exception" : v);

/** Catches what is thrown far below, in another instance; `plain` does not. */
const outer = `(module (import "h" "t" (tag $t (param i32))) (import "i" "down" (func $down (param i32) (result i32)))
  (func (export "catch") (param i32) (result i32)
    (block $h (result i32) (return (try_table (result i32) (catch $t $h) (call $down (local.get 0)))))
    (i32.add (i32.const 1000)))
  (func $plain (export "plain") (param i32) (result i32) (i32.mul (i32.const 2) (call $down (local.get 0)))))`;
/** Goes down, back and forth between itself and what it imports, and throws. */
const inner = `(module (import "h" "t" (tag $t (param i32))) (import "h" "back" (func $back (param i32) (result i32)))
  (func $down (export "down") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (throw $t (i32.const 7))))
    (if (i32.and (local.get 0) (i32.const 3)) (then (return (i32.add (i32.const 1) (call $back (i32.sub (local.get 0) (i32.const 1)))))))
    (i32.add (i32.const 1) (call $down (i32.sub (local.get 0) (i32.const 1)))))
  (func (export "pass") (param i32) (result i32)
    (try (result i32) (do (call $down (local.get 0))) (catch_all (rethrow 0)))))`;

describe("exceptions that cross instances of other tiers", () => {
  const pairs = all.flatMap((a) => all.map((b) => [a, b] as const));

  const thrower = (n: Val): never => {
    throw new WasmException(tag, [(n as number) + 7]);
  };

  function build(a: TierName, b: TierName): { outer: Instance; inner: Instance } {
    // The functions in between are of a third instance, of the other tier.
    const relay = make(
      `(module (import "h" "down" (func $f (param i32) (result i32)))
        (func (export "back") (param i32) (result i32) (i32.sub (call $f (local.get 0)) (i32.const 0))))`,
      tiers[a],
      { h: { down: (n: Val) => second.invoke("down", [n])[0] as Val } },
    );
    const second: Instance = make(inner, tiers[b], { h: { t: tag, back: thrower } });
    const first = make(inner, tiers[b], { h: { t: tag, back: relay.func("back") } });
    return { outer: make(outer, tiers[a], { h: { t: tag }, i: { down: first.func("down") } }), inner: first };
  }

  it.each(pairs)("from %s to %s and back", (a, b) => {
    const guests = build(a, b);
    const plain = build("interp", "interp");
    for (let i = 0; i < 6; i++) {
      for (const n of [0, 4, 8, 12]) {
        expect(guests.outer.invoke("catch", [n])).toEqual(plain.outer.invoke("catch", [n]));
        const [got, want] = [guests, plain].map((g) => failure(() => g.outer.invoke("plain", [n])) as WasmException);
        expect([got!.kind, got!.payload, got!.tag]).toEqual(["exception", want!.payload, tag]);
        if (n === 0) expect(got!.backtrace).toEqual(want!.backtrace);
      }
      expect(failure(() => guests.inner.invoke("pass", [0]))).toMatchObject({ payload: [7] });
    }
  });
});

describe("backtraces of exceptions nobody catches", () => {
  const wat = `(module (import "h" "t" (tag $t (param i32))) (import "h" "f" (func $f (param i32)))
    (func $a (param i32) (if (local.get 0) (then (throw $t (i32.const 1)))) (call $f (local.get 0)))
    (func $b (param i32)
      (block $h (try_table (catch $never $h) (call $a (local.get 0)))))
    (tag $never)
    (func $c (param i32) (try (do (nop) (call $b (local.get 0))) (catch $never)))
    (func (export "run") (param i32) (nop) (call $c (local.get 0)))
    (func (export "again") (param i32)
      (block $h (result exnref)
        (try_table (catch_all_ref $h) (call $c (local.get 0))) (return))
      (throw_ref)))`;

  it.each(all)("are those of the interpreter, tier %s", (tier) => {
    const error = new WasmException(tag, [3]);
    const f = (): never => {
      throw error;
    };
    const want = make(wat, tiers.interp, { h: { t: tag, f } });
    const inst = make(wat, tiers[tier], { h: { t: tag, f } });
    for (let i = 0; i < 4; i++) {
      for (const name of ["run", "again"]) {
        const [x, y] = [want, inst].map((g) => failure(() => g.invoke(name, [1])));
        expect(y!.backtrace).toEqual(x!.backtrace);
        expect(x!.backtrace.length).toBe(name === "run" ? 4 : 1);
      }
      const fromHost = failure(() => inst.invoke("run", [0]));
      expect(fromHost).toBe(error);
      if (i === 0) expect(fromHost.backtrace.map((g) => g.func)).toEqual([1, 2, 3, 4]);
    }
  });
});

/** `catch_all` around what is no exception of a guest. */
const guarded = `(module (import "h" "f" (func $f)) (memory 1)
  (func $trap (export "trap") (block $h (try_table (catch_all $h) (drop (i32.load (i32.const -1))))))
  (func (export "null") (block $h (try_table (catch_all $h) (throw_ref (ref.null exn)))))
  (func (export "host") (block $h (try_table (catch_all $h) (call $f))))
  (func (export "legacy") (try (do (call $f)) (catch_all)))
  (func $deep (export "deep") (param i32 i64) (result i32)
    (block $h
      (try_table (catch_all $h)
        (return (i32.add (i32.const 1) (call $deep (local.get 0) (local.get 1))))))
    (i32.const -1))
  (tag $t)
  (func $bounce (export "bounce") (param i32) (result i32)
    (block $h
      (try_table (catch_all $h) (return (call $bounce (i32.add (local.get 0) (i32.const 1))))))
    (throw $t))
  (func (export "spin") (block $h (try_table (catch_all $h) (loop $l (call $nop) (br $l)))))
  (func (export "spin in a handler") (try (do (throw $t)) (catch_all (loop $l (call $nop) (br $l)))))
  (func $nop))`;

describe("try blocks that were left", () => {
  const wat = `(module (import "h" "t" (tag $t (param i32))) (tag $u) (memory 1)
    (func $throw (throw $t (i32.const 1)))
    (func $return (param i32) (result i32)
      (block $h (try_table (catch_all $h) (try_table (catch_all $h) (if (local.get 0) (then (return (i32.const 1)))))))
      (i32.const 2))
    (func (export "by a branch") (param i32) (result i32)
      (block $h (block $out (try_table (catch_all $h) (try_table (catch_all $h)
        (br_table $out $h (i32.eqz (local.get 0)))))))
      (call $throw) (i32.const 3))
    (func (export "by a return") (param i32) (result i32) (drop (call $return (local.get 0))) (call $throw) (i32.const 3))
    (func (export "by the end") (param i32) (result i32) (block $h (try_table (catch_all $h))) (call $throw) (i32.const 3))
    (func (export "by an exception") (param i32) (result i32)
      (block $h (try_table (catch_all $h) (try_table (catch $u $h) (call $throw)))) (call $throw) (i32.const 3))
    (func (export "round a loop") (param i32) (result i32)
      (loop $l
        (local.get 0) (local.set 0 (i32.const 0))
        (if (then (block $h (try_table (catch_all $h) (br $l))))))
      (call $throw) (i32.const 3))
    (func (export "by a legacy catch") (param i32) (result i32)
      (try (do (call $throw)) (catch_all (call $throw))) (i32.const 3))
    (func (export "by a trap") (param i32) (result i32)
      (block $h (try_table (catch_all $h) (i32.store (i32.const -1) (i32.const 0)))) (i32.const 3))
    (func (export "by tail call") (param i32) (result i32)
      (block $h (try_table (catch_all $h) (return_call $back (local.get 0)))) (i32.const 3))
    (func $back (param i32) (result i32) (call $throw) (i32.const 3)))`;

  it.each(all)("do not count as somebody who catches, tier %s", (tier) => {
    for (const options of [{}, withFuel]) {
      const inst = make(wat, tiers[tier], { h: { t: tag } }, options);
      for (const name of Object.keys(inst.exports)) {
        for (let i = 0; i < 8; i++) {
          const error = failure(() => inst.invoke(name, [1]));
          expect([name, error.kind]).toEqual([name, name === "by a trap" ? "trap" : "exception"]);
          expect([name, active[0]]).toEqual([name, 0]);
        }
      }
    }
  });
});

describe("delegate", () => {
  const wat = `(module (tag $t (param i32)) (tag $u)
    (func $f (param i32) (throw $t (local.get 0)))
    (func (export "past") (param i32) (result i32)
      (try $outer (result i32)
        (do (try (result i32)
          (do (try (result i32)
            (do (try (result i32) (do (call $f (local.get 0)) (i32.const 1)) (delegate $outer)))
            (catch_all (i32.const 2))))
          (catch $t (i32.const 3) (i32.add))))
        (catch $t (i32.const 100) (i32.add))))
    (func (export "on") (param i32) (result i32)
      (try $outer (result i32)
        (do (try $own (result i32)
          (do (try (result i32)
            (do (try (result i32) (do (call $f (local.get 0)) (i32.const 1)) (delegate $own)))
            (catch_all (i32.const 2))))
          (delegate $outer)))
        (catch $t (i32.const 200) (i32.add))))
    (func (export "away") (param i32) (result i32)
      (try (result i32)
        (do (try $t (result i32) (do (call $f (local.get 0)) (i32.const 1)) (delegate 1)))
        (catch_all (i32.const 2))))
    (func (export "again") (param i32) (result i32) (local $n i32)
      (loop $l
        (try $outer
          (do (try
            (do (try (do (call $f (local.get 0))) (delegate $outer)))
            (catch_all (unreachable))))
          (catch $u (unreachable))
          (catch $t (local.set 0 (i32.sub (i32.const 1)))
            (try (do (call $f (i32.const 0))) (catch $t (drop))))
        )
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_if $l (local.get 0)))
      (local.get $n)))`;

  it.each(all)("passes the handlers in between, and only once, tier %s", (tier) => {
    for (const options of [{}, withFuel]) {
      const inst = make(wat, tiers[tier], {}, options);
      for (let i = 0; i < 4; i++) {
        expect(inst.invoke("past", [5])).toEqual([105]);
        expect(inst.invoke("on", [5])).toEqual([205]);
        expect(failure(() => inst.invoke("away", [5]))).toMatchObject({ kind: "exception", payload: [5] });
        expect(inst.invoke("again", [50])).toEqual([50]);
      }
      expectCompiled(inst, tier, 5);
    }
  });
});

describe("fuel that others spend on the way of an exception", () => {
  const wat = `(module (import "h" "f" (func $f (param i32))) (import "h" "t" (tag $t (param i32)))
    ;; With a vector it stays with the interpreter.
    (func (export "spend") (param i32) (local v128) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
    (func (export "run") (local $i i32) (loop $l
      (try (do (call $f (i32.const 100))) (catch $t (local.set $i)))
      (loop $m (br_if $m (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
      (br $l))))`;
  it.each(all)("is gone when it is caught, tier %s", (tier) => {
    const spentBy = (options: EngineOptions): number | undefined => {
      const f = (n: Val): never => {
        inst.invoke("spend", [n]);
        throw new WasmException(tag, [n]);
      };
      const inst: Instance = make(wat, options, { h: { t: tag, f } }, { limits: { fuel: 20_000 } });
      expect(failure(() => inst.invoke("run"))).toMatchObject({ reason: "fuel" });
      return inst.usage().instructions;
    };
    expect(spentBy(tiers[tier])).toBe(spentBy(tiers.interp));
  });
});

describe("no handler catches", () => {
  it.each(all)("traps, exits, exhaustion, errors of the host, tier %s", (tier) => {
    for (let i = 0; i < 3; i++) {
      for (const error of [
        new GuestExit(3),
        new WasmError("exhausted", "WT5001", "deep"),
        new WasmError("trap", "WT4001", "x"),
      ]) {
        const inst = make(guarded, tiers[tier], {
          h: {
            f: () => {
              throw error;
            },
          },
        });
        for (const name of ["host", "legacy"]) expect(failure(() => inst.invoke(name))).toBe(error);
        expect(failure(() => inst.invoke("trap")).code).toBe("WT4005");
        expect(failure(() => inst.invoke("null")).code).toBe("WT4010");
      }
    }
  });

  it.each(all)("endless recursion, tier %s", (tier) => {
    for (const options of [{}, withFuel, { maxStackDepth: 500 }]) {
      const inst = make(guarded, tiers[tier], { h: { f: () => null } }, options);
      for (let i = 0; i < 3; i++) {
        for (const [name, ...args] of [
          ["deep", 0, 0n],
          ["bounce", 0],
        ] as const) {
          expect(failure(() => inst.invoke(name, args))).toMatchObject({ kind: "exhausted", code: "WT5001" });
        }
      }
    }
  });

  it.each(all)("limits, tier %s", { retry: 3 }, (tier) => {
    for (const name of ["spin", "spin in a handler"]) {
      const inst = make(guarded, tiers[tier], { h: { f: () => null } }, { limits: { timeoutMs: 30 } });
      expect(failure(() => inst.invoke(name))).toMatchObject({ reason: "deadline" });
      const poor = make(guarded, tiers[tier], { h: { f: () => null } }, { limits: { fuel: 1e5 } });
      expect(failure(() => poor.invoke(name))).toMatchObject({ reason: "fuel" });
    }
  });

  it.each(all)("a host call that waits, tier %s", async (tier) => {
    for (const imports of [
      { h: { f: () => new Blocked({}, () => null) } },
      { h: { f: (): Promise<null> => Promise.resolve(null) } as never },
    ]) {
      const inst = make(guarded, tiers[tier], imports);
      for (const name of ["host", "legacy"]) expect(await inst.invokeAsync(name)).toEqual([]);
    }
  });
});

describe("many exceptions", () => {
  const wat = `(module (tag $t (param i32))
    (func $f (param i32) (throw $t (local.get 0)))
    (func (export "run") (param $n i32) (result i32) (local $s i32)
      (loop $l
        (block $h (result i32)
          (try_table (catch $t $h) (call $f (local.get $n)))
          (unreachable))
        (local.set $s (i32.add (local.get $s)))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $s)))`;
  it.each(all)("100,000 in a loop, tier %s", (tier) => {
    const n = tier === "interp" ? 1000 : 100_000;
    for (const options of [{}, withFuel]) {
      expect(make(wat, tiers[tier], {}, options).invoke("run", [n])).toEqual([((n * (n + 1)) / 2) | 0]);
    }
  });
});

describe("try blocks in each other", () => {
  /** The innermost of `depth` throws; the one numbered `k` from outside catches. */
  const nest = (depth: number, k: number): Uint8Array => {
    const [h, w] = [(i: number): number => i, (i: number): number => i + 1];
    const opens = Array.from({ length: depth }, (_, i) => [
      ...[0x1f, 0x40, 1, 0],
      ...(i === k ? [0, ...u(h(i))] : [1, ...u(w(i))]),
    ]);
    const ends = Array.from({ length: depth }, () => [0x0b, 0]);
    const code = [2, 0x7f, 2, 0x7f, ...opens.flat(), 0x41, 5, 8, 0, ...ends.flat(), 0x0b, 0x0f, 0x0b, 0x1a, 0x41, 0x7f];
    const types = [
      [0x60, 1, 0x7f, 0],
      [0x60, 0, 1, 0x7f],
    ];
    const tags = [
      [0, 0],
      [0, 0],
    ];
    return moduleOf(
      section(1, vec(types)),
      section(3, vec([[1]])),
      section(13, vec(tags)),
      section(7, vec([[name("run"), 0, 0]])),
      section(10, vec([body(code)])),
    );
  };
  it.each(all)("deep ones are generated code, deeper ones are not, tier %s", (tier) => {
    for (const [depth, functions] of [
      [1, 1],
      [100, 1],
      [250, 1],
      [1000, 0],
    ] as const) {
      const engine = new Engine(tiers[tier]);
      const inst = engine.instantiate(engine.compile(nest(depth, depth >> 1)));
      for (let i = 0; i < 3; i++) expect(inst.invoke("run")).toEqual([5]);
      if (tier === "js") expect(inst.tierStats?.functions).toBe(functions);
    }
  });
});
