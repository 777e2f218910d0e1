/** Meters by themselves, on a clock that the test moves. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WasmError } from "../errors.ts";
import { type GuestLimits, Meter } from "./meter.ts";

let now = 0n;
const pass = (ms: number): void => void (now += BigInt(Math.round(ms * 1e6)));

beforeEach(() => {
  now = 5_000_000_000n;
  vi.spyOn(process.hrtime, "bigint").mockImplementation(() => now);
});
afterEach(() => void vi.restoreAllMocks());

function codeOf(fn: () => void): string {
  try {
    fn();
  } catch (error) {
    if (error instanceof WasmError) return `${error.kind} ${error.code}`;
    throw error;
  }
  return "none";
}

describe("limits", () => {
  it.each([
    { fuel: -1 },
    { fuel: Number.NaN },
    { fuel: "100" },
    { fuel: 100n },
    { fuel: null },
    { timeoutMs: -0.5 },
    { timeoutMs: Number.NaN },
    { totalMemoryBytes: -1 },
    { totalTableElements: {} },
    { instances: Number.NEGATIVE_INFINITY },
    { hostBytes: Number.NaN },
    { cpuShare: 0 },
    { cpuShare: 1.01 },
    { cpuShare: Number.NaN },
  ])("are refused when they are no such numbers: %o", (limits) => {
    const [name] = Object.keys(limits);
    expect(() => new Meter(limits as GuestLimits)).toThrow(RangeError);
    expect(() => new Meter(limits as GuestLimits)).toThrow(`limit ${name}: `);
  });

  it("may be absent, nothing, huge or without end", () => {
    for (const limits of [
      {},
      { fuel: undefined },
      { fuel: 0 },
      { fuel: 1e300 },
      { timeoutMs: 1e300 },
      { fuel: Infinity },
    ]) {
      const meter = new Meter(limits);
      meter.enter();
      expect(meter.interruption()).toBeUndefined();
      meter.leave();
    }
    expect(new Meter({ timeoutMs: Infinity }).isTimed).toBe(false);
  });

  it("are checked when there is more, too", () => {
    const meter = new Meter();
    for (const bad of [-1, Number.NaN, "5", null]) {
      expect(() => meter.refuel(bad as number)).toThrow(RangeError);
      expect(() => meter.extend(bad as number)).toThrow(RangeError);
    }
  });
});

describe("fuel", () => {
  it("may go below nothing once; refuelling forgives that", () => {
    const meter = new Meter({ fuel: 10 });
    meter.spend(25);
    expect([meter.spent, meter.fuelLeft]).toEqual([25, -15]);
    meter.refuel(7);
    expect([meter.spent, meter.fuelLeft]).toEqual([25, 7]);
    meter.refuel(3);
    expect(meter.fuelLeft).toBe(10);
  });
});

describe("time", () => {
  it("begins when the guest first runs, and includes waiting", () => {
    const meter = new Meter({ timeoutMs: 100 });
    pass(1000);
    expect(meter.interruption()).toBeUndefined();
    meter.enter();
    meter.leave();
    pass(99);
    expect(meter.interruption()).toBeUndefined();
    pass(1);
    expect(meter.interruption()).toBe("deadline");
    meter.extend(50);
    expect(meter.interruption()).toBeUndefined();
    pass(50);
    expect(meter.interruption()).toBe("deadline");
    meter.extend(Infinity);
    expect([meter.interruption(), meter.isTimed]).toEqual([undefined, false]);
  });

  it("is over at once when there is none", () => {
    const meter = new Meter({ timeoutMs: 0 });
    meter.enter();
    expect(meter.interruption()).toBe("deadline");
  });

  it("a signal goes before a deadline", () => {
    const signal = { aborted: false };
    const meter = new Meter({ timeoutMs: 10, signal });
    meter.enter();
    pass(11);
    expect(meter.interruption()).toBe("deadline");
    signal.aborted = true;
    expect(meter.interruption()).toBe("cancelled");
  });

  it("of the processor is what ran and did not wait; calls nest", () => {
    const meter = new Meter();
    meter.enter();
    pass(5);
    meter.enter();
    pass(5);
    meter.leave();
    pass(5);
    meter.waited(4_000_000);
    expect(meter.usage()).toMatchObject({ wallMs: 15, cpuMs: 11 });
    meter.leave();
    pass(100);
    meter.enter();
    pass(1);
    meter.leave();
    expect(meter.usage()).toMatchObject({ wallMs: 116, cpuMs: 12 });
  });
});

describe("a share of the processor", () => {
  /** Lets a guest run `ms` at a time, as long as it likes, for `total` ms; how much of it ran. */
  function ran(meter: Meter, ms: number, total: number): number {
    const end = now + BigInt(total * 1e6);
    let sum = 0;
    while (now < end) {
      if (meter.interruption() === "throttled") {
        now = meter.throttledUntilNs();
        continue;
      }
      meter.enter();
      pass(ms);
      sum += ms;
      meter.leave();
    }
    return sum;
  }

  it.each([0.05, 0.2, 0.5, 1])("of %f is kept to", (cpuShare) => {
    for (const slice of [0.5, 3, 10]) {
      const share = ran(new Meter({ cpuShare }), slice, 3000) / 3000;
      expect(share).toBeGreaterThan(cpuShare * 0.95);
      expect(share).toBeLessThan(cpuShare * 1.05 + 0.005);
    }
  });

  it("lets a guest that was idle catch up, but not for ever", () => {
    const meter = new Meter({ cpuShare: 0.2 });
    ran(meter, 1, 10);
    pass(60_000);
    // 100 ms of idling count: 20 ms of them are its share, and it goes on having its share of what it takes.
    expect(ran(meter, 1, 50)).toBeLessThan(40);
  });

  it("says when it may go on", () => {
    const meter = new Meter({ cpuShare: 0.1 });
    meter.enter();
    pass(10);
    expect(meter.interruption()).toBe("throttled");
    expect(Number(meter.throttledUntilNs() - now) / 1e6).toBeCloseTo(90, 3);
    meter.leave();
  });
});

describe("memory, tables, instances, memory of the host", () => {
  it("are counted and refused beyond the limit", () => {
    const meter = new Meter({ totalMemoryBytes: 100, totalTableElements: 10, instances: 1, hostBytes: 50 });
    expect([meter.takeMemory(60), meter.takeMemory(41), meter.takeMemory(40), meter.takeMemory(1)]).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect([meter.takeElements(10), meter.takeElements(1), meter.takeElements(0)]).toEqual([true, false, true]);
    meter.takeInstance();
    expect(codeOf(() => meter.takeInstance())).toBe("exhausted WT5007");
    meter.takeHostBytes(50);
    expect(codeOf(() => meter.takeHostBytes(1))).toBe("exhausted WT5008");
    meter.releaseHostBytes(20);
    meter.takeHostBytes(10);
    const { memoryBytes, tableElements, instances, hostBytes } = meter.usage();
    expect([memoryBytes, tableElements, instances, hostBytes]).toEqual([100, 10, 1, 50]);
  });
});
