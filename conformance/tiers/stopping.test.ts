/**
 * Guests stopped at safepoints in every tier and mixture of tiers: what they come to, what they spent, and where they
 * stop is what the interpreter alone says.
 */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Blocked,
  captureFrames,
  Engine,
  type EngineOptions,
  GuestStopped,
  type Imports,
  type Instance,
  type InstanceOptions,
  type MemInst,
  Scheduler,
  type Val,
} from "../../engine/index.ts";
import { failure } from "./failure.ts";
import { runMoving } from "./moving.ts";
import { type TierName, tiers } from "./tiers.ts";

let wabt: Awaited<ReturnType<typeof wabtInit>>;
beforeAll(async () => {
  wabt = await wabtInit();
});

const all: readonly TierName[] = ["interp", "js", "auto-1", "auto-2", "auto-10"];

const assemble = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, { multi_value: true }).toBinary({}).buffer;

function make(wat: string, options: EngineOptions, imports: Imports = {}, inst: InstanceOptions = {}): Instance {
  const engine = new Engine(options);
  return engine.instantiate(engine.compile(assemble(wat)), imports, inst);
}

/** Loops in loops and calls, direct and by a table, with values of every type in locals and on the stack. */
const program = `(module
  (import "h" "f" (func $f (param i32 i64 f32 f64) (result i64)))
  (memory (export "memory") 1 4) (table funcref (elem $leaf $fib $f))
  (global (export "g") (mut i64) (i64.const 1))
  (type $one (func (param i32) (result i32)))
  (type $host (func (param i32 i64 f32 f64) (result i64)))
  (func $leaf (param i32) (result i32) (i32.add (i32.const 1) (i32.load offset=4 (local.get 0))))
  (func $fib (param i32) (result i32)
    (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
      (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
  (func $two (param i32) (result f64 i64) (f64.convert_i32_s (local.get 0)) (i64.extend_i32_s (local.get 0)))
  (func $inner (param $n i32) (result i64) (local $i i32) (local $s i64) (local $x f32) (local $y f64)
    (local.set $x (f32.reinterpret_i32 (i32.const 0x7fa00001)))
    (i64.const -5)
    (loop $l (param i64) (result i64)
      (local.set $y (f64.add (local.get $y) (f64.const 0.5)))
      (local.set $s (i64.add (local.get $s) (call $f (local.get $i) (local.get $s) (local.get $x) (local.get $y))))
      (i64.add (i64.extend_i32_s (call_indirect (type $one) (local.get $i) (i32.and (local.get $i) (i32.const 1)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (f32.store (i32.const 64) (local.get $x))
    (i64.add (local.get $s)))
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $d f64) (local $s i64)
    (memory.fill (i32.const 128) (i32.const 7) (i32.const 1000))
    (drop (memory.grow (i32.const 1)))
    (loop $l
      (block $b
        (br_if $b (i32.eqz (i32.rem_u (local.get $i) (i32.const 3))))
        (call $two (local.get $i)) (local.set $s) (local.set $d)
        (global.set 0 (i64.add (global.get 0) (i64.trunc_f64_s (local.get $d)))))
      (block $x (block $y (br_table $x $y $x (i32.and (local.get $i) (i32.const 3))))
        (memory.copy (i32.const 2000) (i32.const 128) (i32.const 640)))
      (global.set 0 (i64.add (global.get 0) (call $inner (i32.and (local.get $i) (i32.const 7)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i64.add (global.get 0) (call_indirect (type $host) (i32.const 1) (local.get $s) (f32.const 2) (f64.const 3) (i32.const 2)))))`;

const hosts = (): Imports => ({
  h: { f: (a: Val, b: Val, _: Val, d: Val) => BigInt(a as number) + (b as bigint) + BigInt(Math.floor(d as number)) },
});

interface Ending {
  readonly results: readonly Val[];
  readonly spent: number | undefined;
  readonly memory: string;
  readonly global: Val;
}

function ending(inst: Instance, results: readonly Val[]): Ending {
  const memory = (inst.exports.memory as MemInst).bytes.subarray(0, 4096).join();
  return {
    results,
    spent: inst.usage().instructions,
    memory,
    global: (inst.exports.g as unknown as { get(): Val }).get(),
  };
}

describe("a guest stopped at every safepoint", () => {
  it.each(all)("ends the same and stops at the same places, tier %s", (tier) => {
    for (const step of [0, 1, 2, 3, 17, 100, 1000]) {
      const want = make(program, tiers.interp, hosts());
      const got = make(program, tiers[tier], hosts());
      const [a, b] = [want.start("run", [9]), got.start("run", [9])];
      for (let stops = 0; ; stops++) {
        const [x, y] = [a.run(step), b.run(step)];
        expect(y.kind).toBe(x.kind);
        expect(got.meter.spent).toBe(want.meter.spent);
        if (x.kind === "done" && y.kind === "done") {
          expect(ending(got, y.results)).toEqual(ending(want, x.results));
          expect(stops > 0 || step > 900).toBe(true);
          break;
        }
        if (stops % 7 !== 0) continue;
        const places = [a, b].map((act) => captureFrames(act).frames.map((f) => [f.func, f.pc, ...f.operands]));
        expect(places[1]).toEqual(places[0]);
      }
    }
  });

  it("goes on from a snapshot in any other tier", () => {
    const whole = make(program, tiers.interp, hosts());
    const want = ending(whole, whole.invoke("run", [12]));
    const engines = all.map((tier) => new Engine(tiers[tier]));
    const bytes = assemble(program);
    for (const step of [3, 50, 400]) {
      const [inst, results] = runMoving({ engines, bytes, imports: hosts, args: [12], step, every: 5 });
      expect(ending(inst, results)).toEqual(want);
    }
  });

  it("spends the same in generated code that is not stopped", () => {
    const want = make(program, tiers.interp, hosts(), { limits: { fuel: 1e9 } });
    want.invoke("run", [40]);
    for (const tier of all) {
      const inst = make(program, tiers[tier], hosts(), { limits: { fuel: 1e9 } });
      inst.invoke("run", [40]);
      expect(inst.usage().instructions).toBe(want.usage().instructions);
      if (tier === "js") expect(inst.tierStats?.functions).toBeGreaterThan(3);
    }
  });
});

const recursion = `(module
  (func $down (export "down") (param i32 f64) (result f64) (local $x i64)
    (local.set $x (i64.extend_i32_u (local.get 0)))
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (f64.add (f64.convert_i64_s (local.get $x)) (call $down (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))
  (func (export "fail") (param i32) (result i32)
    (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call 1 (i32.sub (local.get 0) (i32.const 1)))))
      (else (unreachable)))))`;

describe("deep recursion", () => {
  it.each(all)("is stopped deep inside and goes on, tier %s", (tier) => {
    const inst = make(recursion, tiers[tier]);
    for (let round = 0; round < 3; round++) {
      const act = inst.start("down", [20_000, 0.5]);
      expect(act.run(100_000 + round * 11_111).kind).toBe("stopped");
      expect(captureFrames(act).frames.length).toBeGreaterThan(5000);
      const outcome = act.run();
      expect(outcome).toEqual({ kind: "done", results: [20_000 * 20_001 * 0.5 + 0.5] });
    }
  });

  it.each(all)("that fails after a stop has a backtrace, tier %s", (tier) => {
    const inst = make(recursion, tiers[tier]);
    for (let round = 0; round < 3; round++) {
      const act = inst.start("fail", [12]);
      act.run(31);
      const error = failure(() => act.run());
      expect(error.code).toBe("WT4001");
      expect(error.backtrace.map((f) => f.func)).toEqual(new Array(13).fill(1));
      expect(new Set(error.backtrace.map((f) => f.offset)).size).toBe(2);
    }
  });
});

const waiting = `(module (import "h" "wait" (func $wait (param i32) (result i32)))
  (type $t (func (param i32) (result i32))) (table funcref (elem $wait))
  (func $a (param i32) (result i32) (i32.add (i32.const 100) (call $wait (i32.mul (local.get 0) (i32.const 2)))))
  (func $b (param i32) (result i32) (i32.add (local.get 0) (call_indirect (type $t) (local.get 0) (i32.const 0))))
  (func (export "run") (param i32) (result i32) (local $s i32)
    (loop $l
      (local.set $s (i32.add (local.get $s) (i32.xor (call $a (local.get 0)) (call $b (local.get 0)))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $s)))`;

describe("a host call that waits", () => {
  const sum = (n: number): number => {
    let s = 0;
    for (; n > 0; n--) s += (100 + 2 * n) ^ (n + n);
    return s;
  };

  it.each(all)("suspends generated code, tier %s", async (tier) => {
    const late: Imports = { h: { wait: (n: Val) => Promise.resolve(n) } as never };
    const blocked: Imports = { h: { wait: (n: Val) => new Blocked({}, () => new Blocked({}, () => n)) } };
    const spent = new Set<number | undefined>();
    for (const imports of [late, blocked]) {
      const inst = make(waiting, tiers[tier], imports);
      for (let i = 0; i < 4; i++) expect(await inst.invokeAsync("run", [10])).toEqual([sum(10)]);
      spent.add(inst.usage().instructions);
    }
    const plain = make(waiting, tiers.interp, { h: { wait: (n: Val) => n } });
    for (let i = 0; i < 4; i++) plain.invoke("run", [10]);
    expect([...spent]).toEqual([plain.usage().instructions]);
  });

  it.each(all)("ends at the deadline, tier %s", (tier) => {
    const wait = (): Blocked => new Blocked({}, wait);
    const inst = make(waiting, tiers[tier], { h: { wait } }, { limits: { timeoutMs: 20 }, runner: () => {} });
    const stop = failure(() => inst.invoke("run", [3])) as GuestStopped;
    expect(stop.reason).toBe("deadline");
    expect(captureFrames(stop.activation).frames.map((f) => f.func)).toEqual([3, 1]);
  });
});

describe("an endless loop of generated code", () => {
  const spin = `(module (memory 1) (func $f (param i32) (i32.store (i32.const 0) (local.get 0)))
    (func (export "spin") (loop $l (br $l)))
    (func (export "calls") (local i32) (loop $l (call $f (local.tee 0 (i32.add (local.get 0) (i32.const 1)))) (br $l))))`;

  it.each(all)("ends at a deadline, tier %s", { retry: 3 }, (tier) => {
    for (const name of ["spin", "calls"]) {
      const inst = make(spin, tiers[tier], {}, { limits: { timeoutMs: 50 } });
      const start = performance.now();
      expect(failure(() => inst.invoke(name))).toMatchObject({ reason: "deadline" });
      expect(performance.now() - start).toBeLessThan(50 + 200);
    }
  });

  it.each(all)("lets other guests run, tier %s", async (tier) => {
    const scheduler = new Scheduler();
    const engine = new Engine(tiers[tier]);
    const module = engine.compile(assemble(spin));
    const busy = [1, 2].map(() => engine.instantiate(module, {}, { limits: { fuel: 2e7 } }));
    const ends = busy.map((inst, i) => scheduler.add(inst.start(i === 0 ? "spin" : "calls")).result.catch((e) => e));
    const quick = make(recursion, tiers[tier]);
    expect(await scheduler.add(quick.start("down", [100, 0])).result).toEqual([5050]);
    expect((await Promise.all(ends)).every((e) => e instanceof GuestStopped && e.reason === "fuel")).toBe(true);
    expect(busy.map((inst) => inst.usage().instructions! >= 2e7)).toEqual([true, true]);
  });
});
