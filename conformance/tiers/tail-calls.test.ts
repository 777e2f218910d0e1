/** Tail calls in every tier: against the host, without end on a bounded stack, stopped at every safepoint. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Blocked,
  captureFrames,
  Engine,
  type EngineOptions,
  type Imports,
  type Instance,
  type Val,
  WasmError,
} from "../../engine/index.ts";
import { hostExports, isHostTrap } from "./host.ts";
import { type TierName, tiers } from "./tiers.ts";

const wabt = await wabtInit();
const assemble = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, { tail_call: true }).toBinary({}).buffer;
const all: readonly TierName[] = ["interp", "interp-apart", "js", "js-bigint", "auto-1", "auto-2", "auto-10"];

/** Values of every type through calls of itself, of others, by a table; in loops, with locals that must be new. */
const program = `(module
  (type $t (func (param i32 i64 f32 f64) (result i64)))
  (table funcref (elem $down $swap $up $trap))
  (memory 1)
  (func $down (type $t) (local $fresh i64)
    (if (i64.ne (local.get $fresh) (i64.const 0)) (then (unreachable)))
    (local.set $fresh (i64.const 7))
    (if (i32.eqz (local.get 0)) (then (return (i64.add (local.get 1) (i64.trunc_f64_s (local.get 3))))))
    (return_call $down (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.extend_i32_u (local.get 0)))
      (local.get 2) (f64.add (local.get 3) (f64.promote_f32 (local.get 2)))))
  (func $swap (type $t)
    (f64.store (i32.const 8) (local.get 3))
    (return_call $up (i32.add (local.get 0) (i32.const 1)) (i64.rotl (local.get 1) (i64.const 33)) (local.get 2)
      (f64.load (i32.const 8))))
  (func $up (type $t)
    (loop $l
      (if (i32.gt_u (local.get 0) (i32.const 40)) (then (return_call_indirect (type $t) (i32.and (local.get 0) (i32.const 63)) (local.get 1) (local.get 2) (local.get 3) (i32.const 0))))
      (local.set 0 (i32.add (local.get 0) (i32.const 3)))
      (br_if $l (i32.and (local.get 0) (i32.const 1))))
    (return_call_indirect (type $t) (i32.and (i32.load (i32.shl (local.get 0) (i32.const 2))) (i32.const 63)) (i64.xor (local.get 1) (i64.const 5)) (local.get 2) (local.get 3)
      (i32.and (local.get 0) (i32.const 3))))
  (func $trap (type $t) (return_call_indirect (type $t) (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 99)))
  (func $gcd (export "gcd") (param i32 i32) (result i32)
    (if (i32.eqz (local.get 1)) (then (return (local.get 0))))
    (return_call $gcd (local.get 1) (i32.rem_u (local.get 0) (local.get 1))))
  (func (export "run") (param $x i32) (result i64) (local $i i32) (local $s i64)
    (loop $l
      (i32.store (i32.shl (local.get $i) (i32.const 2)) (i32.mul (local.get $i) (local.get $x)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 64))))
    (local.set $s (i64.add (call_indirect (type $t) (local.get $x) (i64.const 1) (f32.const 0.5) (f64.const 2) (i32.const 1)) (i64.const 3)))
    (i64.add (local.get $s) (call $down (i32.const 5) (local.get $s) (f32.const 1) (f64.const 1)))))`;

const endless = `(module
  (type $t (func (param i32) (result i32)))
  (type $w (func (param i64 f64) (result f64 i64)))
  (table funcref (elem $b))
  (func $self (export "self") (type $t)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))
    (return_call $self (i32.sub (local.get 0) (i32.const 1))))
  (func $a (export "mutual") (type $t)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 8))))
    (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))
  (func $b (type $t)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 9))))
    (drop (call $leaf (local.get 0)))
    (return_call $a (i32.sub (local.get 0) (i32.const 1))))
  (func $leaf (type $t) (return_call $self (i32.and (local.get 0) (i32.const 3))))
  (func $deep (export "deep") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return_call $a (i32.const 9))))
    (i32.add (i32.const 1) (call $deep2 (i32.sub (local.get 0) (i32.const 1)))))
  (func $deep2 (param i32) (result i32) (return_call $deep (local.get 0)))
  (func $wide (type $w) (if (i64.eqz (local.get 0)) (then (return (local.get 1) (i64.const -9))))
    (return_call $wide2 (i64.sub (local.get 0) (i64.const 1)) (f64.add (local.get 1) (f64.const 0.5))))
  (func $wide2 (type $w) (return_call $wide (local.get 0) (local.get 1)))
  (func (export "wide") (param i64) (result i64) (local $l i64) (call $wide (local.get 0) (f64.const 1)) (local.set $l) (i64.trunc_f64_s) (i64.add (local.get $l))))`;

const make = (wat: string, options: EngineOptions, fuel?: number, imports: Imports = {}): Instance => {
  const engine = new Engine(options);
  return engine.instantiate(engine.compile(assemble(wat)), imports, fuel === undefined ? {} : { limits: { fuel } });
};

function outcome(call: () => Val | undefined): string {
  try {
    return String(call());
  } catch (error) {
    return error instanceof WasmError || isHostTrap(error) ? "trap" : `bug: ${error}`;
  }
}

const inputs = Array.from({ length: 24 }, (_, i) => i * i - 3);

describe.each(all)("tail calls, tier %s", (tier) => {
  it("do what the host does", () => {
    const { run, gcd } = hostExports(assemble(program)) as {
      run: (x: number) => bigint;
      gcd: (x: number, y: number) => number;
    };
    const want = inputs.map((x) => outcome(() => run(x)));
    expect(new Set(want).size).toBeGreaterThan(5);
    for (const fuel of [undefined, 1e9]) {
      const inst = make(program, tiers[tier], fuel);
      const reference = make(program, tiers.interp, fuel);
      for (const [i, x] of inputs.entries()) {
        expect(outcome(() => inst.invoke("run", [x])[0])).toBe(want[i]);
        expect(outcome(() => reference.invoke("run", [x])[0])).toBe(want[i]);
        if (fuel !== undefined) expect(inst.meter.spent).toBe(reference.meter.spent);
      }
      expect(inst.invoke("gcd", [1071, 462])).toEqual([gcd(1071, 462)]);
      if (tier === "js")
        expect([inst.tierStats?.declined.size, (inst.tierStats?.functions ?? 0) > 4]).toEqual([0, true]);
    }
  });

  it("have no end on a bounded stack", () => {
    for (const fuel of [undefined, 1e9]) {
      const inst = make(endless, tiers[tier], fuel);
      expect(inst.invoke("self", [300_000])).toEqual([7]);
      expect(inst.invoke("mutual", [100_000])).toEqual([8]);
      expect(inst.invoke("mutual", [100_001])).toEqual([9]);
      expect(inst.invoke("wide", [50_000n])).toEqual([25_001n - 9n]);
      expect(inst.invoke("deep", [30_000])).toEqual([30_009]);
    }
  });

  it("stop where the interpreter does", () => {
    for (const [wat, name, arg] of [
      [program, "run", 6],
      [endless, "mutual", 40],
      [endless, "deep", 12],
      [endless, "wide", 9n],
    ] as const) {
      for (const step of [0, 1, 5, 33]) {
        const pair = [make(wat, tiers.interp), make(wat, tiers[tier])] as const;
        const acts = pair.map((inst) => inst.start(name, [arg]));
        for (let isDone = false; !isDone; ) {
          const [a, b] = acts.map((act) => {
            const end = act.run(step);
            return end.kind === "done"
              ? end.results
              : captureFrames(act).frames.map((f) => [f.func, f.pc, f.locals, f.operands]);
          });
          expect(b).toEqual(a);
          expect(pair[1].meter.spent).toBe(pair[0].meter.spent);
          isDone = pair[0].meter.spent === pair[1].meter.spent && !Array.isArray(a?.[0]);
        }
      }
    }
  });

  it("of host functions that wait are made again", async () => {
    const wat = `(module (import "h" "wait" (func $wait (param i32) (result i32)))
      (type $t (func (param i32) (result i32))) (table funcref (elem $wait))
      (func $a (type $t) (return_call $wait (i32.mul (local.get 0) (i32.const 2))))
      (func $b (type $t) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
      (func $c (type $t) (return_call $b (i32.add (local.get 0) (i32.const 1))))
      (func (export "run") (param i32) (result i32) (local $s i32)
        (loop $l
          (local.set $s (i32.add (local.get $s) (i32.xor (call $a (local.get 0)) (call $c (local.get 0)))))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get $s)))`;
    const plain = make(wat, tiers.interp, undefined, { h: { wait: (n: Val) => n } });
    const want = [1, 2, 3].map(() => plain.invoke("run", [10]));
    const late: Imports = { h: { wait: (n: Val) => Promise.resolve(n) } as never };
    const blocked: Imports = { h: { wait: (n: Val) => new Blocked({}, () => n) } };
    for (const imports of [late, blocked]) {
      const inst = make(wat, tiers[tier], undefined, imports);
      for (const results of want) expect(await inst.invokeAsync("run", [10])).toEqual(results);
      expect(inst.usage().instructions).toBe(plain.usage().instructions);
    }
  });
});

describe("the arguments of a call by a table", () => {
  it.each(all)("trap before the table does, tier %s", (tier) => {
    const wat = `(module (memory 1) (table 1 funcref) (type $t (func (param i32) (result i32)))
      (func (export "call") (result i32) (call_indirect (type $t) (i32.load (i32.const -1)) (i32.const 99)))
      (func (export "tail") (result i32) (return_call_indirect (type $t) (i32.load (i32.const -1)) (i32.const 99))))`;
    const inst = make(wat, tiers[tier]);
    for (const name of ["call", "tail"]) expect(() => inst.invoke(name)).toThrow("out of bounds memory access");
  });
});
