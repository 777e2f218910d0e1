/** Many guests on one thread: shares of fuel, waiting, pausing, limits, a thousand at once. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type GuestLimits, hostFunc, type Imports, type Instance, Scheduler, type Val } from "./index.ts";

const wabt = await wabtInit();
const engine = new Engine();
const module = engine.compile(
  wabt
    .parseWat(
      "t.wat",
      `(module (import "env" "wait" (func $wait (param i32) (result i32))) (memory 1)
        (func (export "spin") (loop $l (br $l)))
        (func (export "count") (param i32) (result i32)
          (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 1))
        (func (export "sleep") (param i32) (result i32) (local $n i32)
          (loop $l (local.set $n (i32.add (local.get $n) (call $wait (i32.const 3))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get $n)))`,
    )
    .toBinary({}).buffer,
);
const later = (ms: Val): Promise<number> => new Promise((resolve) => setTimeout(() => resolve(1), ms as number));
const imports: Imports = { env: { wait: later as never } };
const make = (limits: GuestLimits = {}): Instance => engine.instantiate(module, imports, { limits });
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const spent = (guests: readonly Instance[]): number[] => guests.map((g) => g.meter.spent);

describe("a scheduler", () => {
  it("gives each the same, within a tenth", async () => {
    const scheduler = new Scheduler();
    const stop = new AbortController();
    const guests = Array.from({ length: 7 }, () => make({ signal: stop.signal }));
    for (const g of guests) scheduler.add(g.start("spin"));
    while (scheduler.stats().slices < 7 * 40) await sleep(5);
    stop.abort();
    const fuel = spent(guests);
    expect(Math.min(...fuel) / Math.max(...fuel)).toBeGreaterThan(0.9);
  });

  it("gives by weight", async () => {
    const scheduler = new Scheduler();
    const stop = new AbortController();
    const guests = [1, 2, 0.5].map((weight) => {
      const guest = make({ signal: stop.signal });
      scheduler.add(guest.start("spin"), { weight });
      return guest;
    });
    while (scheduler.stats().slices < 3 * 40) await sleep(5);
    stop.abort();
    const [one, two, half] = spent(guests) as [number, number, number];
    expect(two / one).toBeCloseTo(2, 0);
    expect(one / half).toBeCloseTo(2, 0);
    expect(() => scheduler.add(make().start("spin"), { weight: 0 })).toThrow(RangeError);
  });

  it("runs others while one waits, and timers of the host while one spins", async () => {
    const scheduler = new Scheduler();
    const stop = new AbortController();
    const spinning = scheduler.add(make({ signal: stop.signal }).start("spin"));
    const sleeping = scheduler.add(make().start("sleep", [5]));
    expect(await sleeping.result).toEqual([5]);
    stop.abort();
    await expect(spinning.result).rejects.toMatchObject({ kind: "cancelled" });
  });

  it("pauses and resumes", async () => {
    const scheduler = new Scheduler();
    const stop = new AbortController();
    const instance = make({ signal: stop.signal });
    const guest = scheduler.add(instance.start("spin"));
    await sleep(20);
    guest.pause();
    await sleep(20);
    const [before] = spent([instance]);
    await sleep(30);
    expect(spent([instance])).toEqual([before]);
    guest.resume();
    guest.resume();
    await sleep(30);
    expect(spent([instance])[0]).toBeGreaterThan(before as number);
    stop.abort();
    await expect(guest.result).rejects.toMatchObject({ kind: "cancelled" });
  });

  it("tells each how it ended", async () => {
    const scheduler = new Scheduler();
    const fuel = scheduler.add(make({ fuel: 1000 }).start("spin"));
    const trap = engine.instantiate(module, {
      env: {
        wait: hostFunc({ kind: "func", params: [0x7f], results: [0x7f] }, () => {
          throw new Error("no");
        }),
      },
    });
    const ends = await Promise.allSettled([
      fuel.result,
      scheduler.add(trap.start("sleep", [1])).result,
      scheduler.add(make().start("count", [9])).result,
    ]);
    expect(ends).toMatchObject([
      { status: "rejected", reason: { kind: "fuel" } },
      { status: "rejected", reason: { kind: "trap", code: "WT4014" } },
      { status: "fulfilled", value: [1] },
    ]);
  });

  it("runs a thousand: some for ever, some asleep, some busy", async () => {
    const scheduler = new Scheduler();
    const stop = new AbortController();
    const kinds = [
      () => scheduler.add(make({ signal: stop.signal }).start("spin")),
      () => scheduler.add(make().start("sleep", [4])),
      () => scheduler.add(make().start("count", [2000])),
    ];
    const guests = Array.from({ length: 1000 }, (_, i) => (kinds[i % 3] as (typeof kinds)[0])());
    await Promise.all(guests.filter((_, i) => i % 3 !== 0).map((g) => g.result));
    stop.abort();
    await Promise.allSettled(guests.map((g) => g.result));
    expect(guests.every((g) => g.state === "over")).toBe(true);
    const { delayP50Ms, delayP99Ms, slices } = scheduler.stats();
    console.log(
      `1,000 guests: ${slices} slices, scheduling delay p50 ${delayP50Ms.toFixed(2)} ms, p99 ${delayP99Ms.toFixed(2)} ms`,
    );
    expect(slices).toBeGreaterThan(1000);
    expect(delayP50Ms).toBeLessThanOrEqual(delayP99Ms);
  });
});
