/** Tail calls: constant stack also across instances, arguments that change places, the host in tail position, stops. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Blocked, captureFrames, Engine, type Imports, type Instance, type Val, type WasmError } from "../index.ts";

/** What is used of the host's WebAssembly. */
interface HostWasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: Readonly<Record<string, unknown>> };
}
const host = (globalThis as unknown as { WebAssembly: HostWasm }).WebAssembly;

const wabt = await wabtInit();
const engine = new Engine();
const assemble = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, { tail_call: true }).toBinary({}).buffer;
const make = (wat: string, imports: Imports = {}, maxStackDepth?: number): Instance =>
  engine.instantiate(engine.compile(assemble(wat)), imports, { maxStackDepth });

/** Runs with stops; each goes on in a new activation made of the frames. */
function interrupted(inst: Instance, name: string, args: Val[], step: number): Val[] {
  let act = inst.start(name, args);
  for (;;) {
    const outcome = act.run(step);
    if (outcome.kind === "done") return outcome.results;
    if (outcome.kind !== "stopped") throw new Error(outcome.kind);
    act = inst.restore(inst.func(name), captureFrames(act));
  }
}

const count = `(module
  (type $t (func (param i32 i64) (result i64)))
  (table 2 funcref) (elem (i32.const 0) $direct $indirect)
  (func $direct (export "direct") (type $t)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $direct (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))))
  (func $indirect (export "indirect") (type $t)
    (if (i32.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))
      (i32.and (local.get 0) (i32.const 1)))))`;

describe("the stack", () => {
  const inst = make(count, {}, 5);
  it("does not grow in a million calls", () => {
    expect(inst.invoke("direct", [1_000_000, 1n])).toEqual([3_000_001n]);
    expect(inst.invoke("indirect", [1_000_000, 1n])).toEqual([3_000_001n]);
  });

  it("stops at any call and goes on", () => {
    expect(interrupted(inst, "direct", [50, 1n], 7)).toEqual([151n]);
    expect(interrupted(inst, "indirect", [50, 1n], 3)).toEqual([151n]);
  });

  const even = `(module (import "o" "t" (table 2 funcref)) (type $t (func (param i32) (result i32)))
    (func $f (export "f") (type $t)
      (if (i32.eqz (local.get 0)) (then (return (i32.const RESULT))))
      (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const OTHER)))
    (elem (i32.const OWN) $f))`;
  const tables = make(`(module (table (export "t") 2 funcref))`, {}, 5);
  const a = make(even.replace("RESULT", "1").replace("OTHER", "1").replace("OWN", "0"), { o: tables.exports }, 5);
  make(even.replace("RESULT", "0").replace("OTHER", "0").replace("OWN", "1"), { o: tables.exports }, 5);

  it("does not grow across instances", () => {
    expect(a.invoke("f", [100_000])).toEqual([1]);
    expect(a.invoke("f", [100_001])).toEqual([0]);
    expect(interrupted(a, "f", [31], 2)).toEqual([0]);
  });

  it("returns to the right instance", () => {
    const wat = `(module (import "a" "f" (func $f (param i32) (result i32)))
      (func $tail (param i32) (result i32) (return_call $f (local.get 0)))
      (func (export "g") (param i32) (result i32)
        (i32.add (i32.mul (call $tail (local.get 0)) (i32.const 10)) (call $tail (i32.add (local.get 0) (i32.const 1))))))`;
    const outer = make(wat, { a: a.exports });
    expect(outer.invoke("g", [8])).toEqual([10]);
    expect(outer.invoke("g", [9])).toEqual([1]);
    for (const step of [1, 2, 5]) expect(interrupted(outer, "g", [8], step)).toEqual([10]);
  });

  it("traps of an indirect call are those of call_indirect", () => {
    const wat = `(module (type $t (func)) (table 3 funcref) (elem (i32.const 0) $v $i) (func $v) (func $i (param i32))
      (func (export "f") (param i32) (return_call_indirect (type $t) (local.get 0))))`;
    const inst = make(wat);
    const code = (i: number): unknown => {
      try {
        return inst.invoke("f", [i]);
      } catch (error) {
        return (error as WasmError).code;
      }
    };
    expect([0, 1, 2, 3].map(code)).toEqual([[], "WT4009", "WT4008", "WT4007"]);
  });
});

describe("the host in tail position", () => {
  const wat = `(module (type $t (func (param i32 i64) (result i64 i32)))
    (import "h" "f" (func $h (type $t))) (table 1 funcref) (elem (i32.const 0) $h)
    (func $direct (param i32) (result i64 i32) (return_call $h (i32.add (local.get 0) (i32.const 1)) (i64.const 7)))
    (func $indirect (param i32) (result i64 i32)
      (return_call_indirect (type $t) (i32.add (local.get 0) (i32.const 1)) (i64.const 7) (i32.const 0)))
    (func (export "direct") (param i32) (result i64 i32) (call $direct (local.get 0)))
    (func (export "indirect") (param i32) (result i64 i32) (call $indirect (local.get 0))))`;
  const answer = (x: Val, y: Val): Val[] => [(y as bigint) * 2n, (x as number) * 100];

  it("gives its results to the caller", () => {
    const inst = make(wat, { h: { f: answer } });
    expect(inst.invoke("direct", [4])).toEqual([14n, 500]);
    expect(inst.invoke("indirect", [4])).toEqual([14n, 500]);
  });

  it.each(["direct", "indirect"])("may block, and be restored before its call (%s)", (name) => {
    let tries = 0;
    const f = (x: Val, y: Val): Val[] | Blocked => (++tries < 3 ? new Blocked({}, () => f(x, y)) : answer(x, y));
    const inst = make(wat, { h: { f } });
    const act = inst.start(name, [4]);
    expect(act.run().kind).toBe("blocked");
    expect(act.run().kind).toBe("blocked");
    const again = inst.restore(inst.func(name), captureFrames(act));
    expect(act.run()).toEqual({ kind: "done", results: [14n, 500] });
    tries = 10;
    expect(again.run()).toEqual({ kind: "done", results: [14n, 500] });
  });
});

/* Arguments that change places, against the host. */

const types = ["i32", "i64", "f64", "i32", "i32", "i64"];

function source(seed: number): (n: number) => number {
  let s = seed;
  return (n) => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    return (s >>> 8) % n;
  };
}

/** An argument of type `t` made of parameters, constants, sums and results. */
function argument(t: string, random: (n: number) => number): string {
  const same = types.flatMap((type, i) => (type === t ? [i] : []));
  const get = `(local.get ${same[random(same.length)]})`;
  switch (random(5)) {
    case 0:
      return `(${t}.const ${random(100)})`;
    case 1:
      return `(${t}.add ${get} (${t}.const ${random(9)}))`;
    case 2:
      return `(${t}.mul ${get} (local.get ${same[random(same.length)]}))`;
    default:
      return get;
  }
}

function shuffle(seed: number): string {
  const random = source(seed);
  const args = (): string => types.map((t) => argument(t, random)).join(" ");
  const params = types.map((t) => `(param ${t})`).join(" ");
  const results = `(result ${types.join(" ")})`;
  const own = types.map((_, i) => `(local.get ${i})`).join(" ");
  return `(module (type $t (func ${params} ${results})) (table 1 funcref) (elem (i32.const 0) $end)
    (func $end (type $t) (local i64 i32) ${own})
    (func $d (type $t) (return_call $end ${args()}))
    (func $c (type $t) (return_call_indirect (type $t) ${args()} (i32.const 0)))
    (func $b (type $t) (local i32 i64) (local.set 6 (local.get 0)) (i64.const 9) (return_call $c ${args()}))
    (func (export "d") (type $t) (return_call $d ${args()}))
    (func (export "b") (type $t) (return_call $b ${args()})))`;
}

describe("arguments", () => {
  it("arrive as on the host, in whatever order they are moved", () => {
    const input = [3, 5n, 1.5, 7, 11, 13n];
    for (let seed = 1; seed <= 200; seed++) {
      const bytes = assemble(shuffle(seed));
      const ours = engine.instantiate(engine.compile(bytes));
      const theirs = new host.Instance(new host.Module(bytes)).exports;
      for (const name of ["d", "b"]) {
        const want = (theirs[name] as (...args: Val[]) => Val[])(...input);
        expect([seed, ours.invoke(name, input)]).toEqual([seed, want]);
      }
    }
  });

  it("may be references", () => {
    const wat = `(module
      (func $end (param externref i32 externref) (result externref externref i32) (local externref)
        (local.get 2) (local.get 0) (ref.is_null (local.get 3)))
      (func $mid (param externref externref) (result externref externref i32)
        (return_call $end (local.get 1) (i32.const 5) (local.get 0)))
      (type $t (func (param externref externref) (result externref externref i32)))
      (table 1 funcref) (elem (i32.const 0) $mid)
      (func (export "f") (type $t) (return_call_indirect (type $t) (local.get 1) (local.get 0) (i32.const 0))))`;
    expect(make(wat).invoke("f", ["a", "b"])).toEqual(["b", "a", 1]);
  });
});
