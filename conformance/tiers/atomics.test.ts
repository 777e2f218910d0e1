/** Shared memories and atomic accesses in every tier: growth elsewhere, costs, stops, and what stays with the interpreter. */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { captureFrames, Engine, type Instance, type InstanceOptions, MemInst, WasmError } from "../../engine/index.ts";
import { type TierName, tiers } from "./tiers.ts";

let wabt: Awaited<ReturnType<typeof wabtInit>>;
beforeAll(async () => {
  wabt = await wabtInit();
});

const all: readonly TierName[] = ["interp", "interp-apart", "js", "js-bigint", "auto-1", "auto-2", "auto-10"];

const kinds = ["load", "load16", "loads", "load64", "store", "atomic", "fill"] as const;
const resultOf: Readonly<Record<string, string>> = {
  load: "(result i32)",
  load16: "(result i64)",
  loads: "(result f64)",
  load64: "(result i64)",
  atomic: "(result i32)",
};
/** Each access after another thread has grown the memory, in the middle of a function. */
const late = kinds
  .map(
    (name) =>
      `(func (export "late ${name}") (param i32) ${resultOf[name] ?? ""} (call $elsewhere) (call $${name} (local.get 0)))`,
  )
  .join("\n");

const program = `(module (import "env" "memory" (memory 1 8 shared)) (import "env" "elsewhere" (func $elsewhere))
  ${late}
  (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
  (func $load16 (export "load16") (param i32) (result i64) (i64.load16_s offset=1 (local.get 0)))
  (func $loads (export "loads") (param i32) (result f64)
    (f64.add (f64.load (local.get 0)) (f64.promote_f32 (f32.load (i32.add (local.get 0) (i32.const 8))))))
  (func $load64 (export "load64") (param i32) (result i64) (i64.load (local.get 0)))
  (func $store (export "store") (param i32) (i64.store (local.get 0) (i64.const -2)) (f64.store (local.get 0) (f64.const 0.5)))
  (func $atomic (export "atomic") (param i32) (result i32) (i32.atomic.load (local.get 0)))
  (func $fill (export "fill") (param i32) (memory.fill (local.get 0) (i32.const 1) (i32.const 16)))
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (result i32) (memory.grow (i32.const 1)))
  (func $step (param $i i32) (result i64) (local $a i32)
    (local.set $a (i32.shl (i32.and (local.get $i) (i32.const 7)) (i32.const 3)))
    (i64.add
      (i64.add (i64.atomic.rmw.add (local.get $a) (i64.extend_i32_s (local.get $i)))
        (i64.atomic.rmw.cmpxchg (local.get $a) (i64.atomic.load (local.get $a)) (i64.const -3)))
      (i64.add (i64.atomic.rmw16.xchg_u offset=64 (local.get $a) (i64.extend_i32_u (local.get $i)))
        (i64.extend_i32_u (i32.add (i32.atomic.rmw8.sub_u offset=128 (local.get $a) (local.get $i))
          (i32.atomic.rmw.or offset=132 (local.get $a) (local.get $i)))))))
  (func (export "run") (param $n i32) (result i64) (local $i i32) (local $s i64)
    (loop $l
      (local.set $s (i64.xor (i64.mul (local.get $s) (i64.const 31)) (call $step (local.get $i))))
      (i64.atomic.store offset=256 (i32.const 0) (local.get $s))
      (i32.atomic.store8 offset=270 (i32.const 0) (local.get $i))
      (atomic.fence)
      (local.set $s (i64.add (local.get $s) (i64.extend_i32_u (memory.atomic.notify (i32.const 64) (i32.const -1)))))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (i64.add (local.get $s) (i64.atomic.load offset=256 (i32.const 0))))
  (func (export "wait") (param i64) (result i32) (memory.atomic.wait32 (i32.const 512) (i32.const 0) (local.get 0))))`;

const newMemory = (): MemInst =>
  new MemInst({ addr: "i32", limits: { min: 1, max: 8 }, isShared: true, pageSizeLog2: 16 });

function make(
  tier: TierName,
  memory = newMemory(),
  options: InstanceOptions = {},
  elsewhere = (): null => null,
): Instance {
  const engine = new Engine({ ...tiers[tier], features: { threads: true } });
  const { buffer } = wabt.parseWat("t.wat", program, { threads: true }).toBinary({});
  return engine.instantiate(engine.compile(buffer), { env: { memory, elsewhere } }, options);
}

function code(run: () => unknown): string {
  try {
    return String(run());
  } catch (error) {
    if (error instanceof WasmError) return error.code;
    throw error;
  }
}

/** How many bytes each touches. */
const edges: Readonly<Record<(typeof kinds)[number], number>> = {
  load: 4,
  load16: 3,
  loads: 12,
  load64: 8,
  store: 8,
  atomic: 4,
  fill: 16,
};

describe("a memory that another thread grows", () => {
  it.each(all)("is seen to its new end, and no further, tier %s", (tier) => {
    for (const options of [{}, { limits: { fuel: 1e9 } }]) {
      const memory = newMemory();
      const other = MemInst.fromShared(memory.toShared());
      const inst = make(tier, memory, options, () => {
        other.grow(1);
        return null;
      });
      for (let page = 1; page < 6; page++) {
        const at = page * 65536;
        for (const [name, bytes] of Object.entries(edges)) {
          const last = at - bytes;
          expect(
            code(() => inst.invoke(name, [last])),
            `${name} inside`,
          ).not.toBe("WT4005");
          expect(
            code(() => inst.invoke(name, [last + (name === "atomic" ? 4 : 1)])),
            `${name} outside`,
          ).toBe("WT4005");
        }
        const name = `late ${kinds[page]}`;
        expect(
          code(() => inst.invoke(name, [at + 64])),
          name,
        ).not.toBe("WT4005");
        expect(inst.invoke("size")).toEqual([page + 1]);
      }
      expect(inst.invoke("grow")).toEqual([6]);
      expect(other.size()).toBe(7);
    }
  });
});

describe("atomic accesses", () => {
  it.each(all)("come to the same and cost the same, tier %s", (tier) => {
    const fuel = { limits: { fuel: 1e9 } };
    const memories = [newMemory(), newMemory(), newMemory()] as const;
    const want = make("interp", memories[0], fuel);
    const metered = make(tier, memories[1], fuel);
    const free = make(tier, memories[2]);
    for (let i = 0; i < 4; i++) {
      const results = want.invoke("run", [100]);
      expect(metered.invoke("run", [100])).toEqual(results);
      expect(free.invoke("run", [100])).toEqual(results);
      expect(metered.usage().instructions).toBe(want.usage().instructions);
    }
    for (const memory of memories) expect(memory.bytes.subarray(0, 300)).toEqual(memories[0].bytes.subarray(0, 300));
  });

  it.each(all)("stop at the same places, tier %s", (tier) => {
    for (const step of [0, 1, 7, 50]) {
      const [a, b] = (["interp", tier] as const).map((t) => make(t).start("run", [30]));
      for (;;) {
        const [x, y] = [a!.run(step), b!.run(step)];
        expect(y.kind).toBe(x.kind);
        if (x.kind === "done" && y.kind === "done") {
          expect(y.results).toEqual(x.results);
          break;
        }
        const places = [a!, b!].map((act) => captureFrames(act).frames);
        expect(places[1]).toEqual(places[0]);
      }
    }
  });

  it("that wait stay with the interpreter, alone", () => {
    const inst = make("js", newMemory(), { runner: () => {} });
    expect(inst.invoke("wait", [1000n])).toEqual([2]);
    inst.invoke("run", [3]);
    expect([...(inst.tierStats?.declined ?? [])]).toEqual([["atomic wait", 1]]);
    expect(inst.tierStats?.functions).toBe(2);
  });
});
