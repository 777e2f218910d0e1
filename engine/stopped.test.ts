/** Guests at their limits: each ends in its own way, stays as it stopped, and can go on; its neighbours notice nothing. */
import { describe, expect, it, vi } from "vitest";
import wabtInit from "wabt";
import {
  Blocked,
  captureFrames,
  Engine,
  type GlobalInst,
  type GuestLimits,
  GuestStopped,
  type Imports,
  type Instance,
  type InstanceOptions,
  type MemInst,
  Meter,
  monotonicNs,
  type Wait,
  WasmError,
} from "./index.ts";

const wabt = await wabtInit();
const engine = new Engine();
const compile = (wat: string) =>
  engine.compile(
    wabt.parseWat("t.wat", wat, { multi_memory: true, threads: true } as object).toBinary({ write_debug_names: true })
      .buffer,
  );

const module = compile(`(module
  (import "h" "call" (func $call (param i32) (result i32)))
  (memory (export "m") 1) (table (export "t") 2 funcref) (global $n (export "n") (mut i32) (i32.const 0))
  (func $step (global.set $n (i32.add (global.get $n) (i32.const 1))))
  (func $spin (export "spin") (loop $l (call $step) (br $l)))
  (func $outer (export "outer") (param i32) (result i32) (call $spin) (local.get 0))
  (func (export "count") (param i32) (result i32)
    (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (global.get $n))
  (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "growTable") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
  (func (export "host") (param i32) (result i32) (call $call (local.get 0)))
  (func (export "hosts") (loop $l (drop (call $call (i32.const 0))) (br $l)))
  (func (export "add") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1))))`);

const make = (options: InstanceOptions = {}, call: (x: number) => unknown = (x) => x): Instance =>
  engine.instantiate(module, { h: { call: call as never } } satisfies Imports, options);

function caught<E extends WasmError>(fn: () => unknown, type: abstract new (...args: never[]) => E): E {
  try {
    fn();
  } catch (error) {
    if (error instanceof type) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
const stopOf = (fn: () => unknown): GuestStopped => caught(fn, GuestStopped);
async function rejection(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error,
  );
}
/** Tests of time may be unlucky on a busy machine. */
const timed = { retry: 4 };
/** How late a limit of time may be, ms. */
const soonEnough = 50;
const n = (inst: Instance): number => (inst.exports.n as GlobalInst).get() as number;

describe("a guest out of fuel", () => {
  it("says so, where it is, and what to do", () => {
    const inst = make({ limits: { fuel: 1000 } });
    const e = stopOf(() => inst.invoke("outer", [1]));
    expect([e.kind, e.code, e.reason, e.message]).toEqual(["fuel", "WT5003", "fuel", "out of fuel"]);
    expect(e.hint).toMatch(/--fuel/);
    expect(e.backtrace.map((f) => f.name).slice(-2)).toEqual(["spin", "outer"]);
    expect(inst.usage().instructions).toBeGreaterThan(1000);
    expect(inst.usage().instructions).toBeLessThan(1020);
  });

  it("is as it stopped, and goes on from there with more", () => {
    const whole = make();
    whole.invoke("count", [20_000]);
    const inst = make({ limits: { fuel: 500 } });
    const { activation } = stopOf(() => inst.invoke("count", [20_000]));
    expect(activation.isReady).toBe(true);
    expect(activation.run()).toEqual({ kind: "stopped", reason: "fuel" });
    expect(captureFrames(activation).frames).toHaveLength(1);
    for (let i = 0; i < 3; i++) {
      inst.meter.refuel(1000);
      expect(activation.run()).toEqual({ kind: "stopped", reason: "fuel" });
    }
    inst.meter.refuel(1e6);
    expect(activation.run()).toEqual({ kind: "done", results: [0] });
    expect(inst.meter.spent).toBe(20_000 * 5 + 1);
  });

  it("stops at the same place every time, however often it stopped before", () => {
    const placeOf = (slices: number): string => {
      const inst = make({ limits: { fuel: 12_345 } });
      const act = inst.start("spin");
      for (;;) {
        const outcome = act.run(slices);
        if (outcome.kind === "stopped" && outcome.reason === "fuel") break;
      }
      const { frames } = captureFrames(act);
      return JSON.stringify([frames, n(inst), inst.meter.spent]);
    };
    const places = new Set([Infinity, 0, 1, 7, 1000].map(placeOf));
    expect([...places]).toHaveLength(1);
    // The first safepoint at which more than the fuel is spent, one instruction more or less tells.
    const spents = [100, 101, 102, 103, 104, 105, 106, 107].map((fuel) => {
      const inst = make({ limits: { fuel } });
      stopOf(() => inst.invoke("spin"));
      return inst.meter.spent;
    });
    for (const [i, spent] of spents.entries()) expect(spent).toBeGreaterThan(100 + i);
    expect(new Set(spents).size).toBeGreaterThan(2);
  });

  it("may end where its fuel does", () => {
    const inst = make({ limits: { fuel: 1000 } });
    inst.invoke("add", [1]);
    const exact = make({ limits: { fuel: inst.meter.spent } });
    expect(exact.invoke("add", [1])).toEqual([2]);
    expect(exact.meter.fuelLeft).toBe(0);
    expect(exact.invoke("add", [1])).toEqual([2]);
    expect(stopOf(() => exact.invoke("add", [1])).reason).toBe("fuel");
  });

  it("pays for its start function", () => {
    const start = compile(
      "(module (func $f (local i32) (loop $l (br_if $l (i32.lt_s (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 100))))) (start $f))",
    );
    const meter = new Meter({ fuel: 1e6 });
    engine.instantiate(start, {}, { meter });
    const { spent } = meter;
    expect(spent).toBe(100 * 7);
    expect(stopOf(() => engine.instantiate(start, {}, { limits: { fuel: 300 } })).reason).toBe("fuel");
    expect(() => engine.instantiate(start, {}, { limits: { fuel: spent } })).not.toThrow();
  });

  it("pays for what host functions say their work is worth", () => {
    const inst = make({ limits: { fuel: 1000 } }, () => {
      inst.meter.spend(2000);
      return 5;
    });
    expect(inst.invoke("host", [1])).toEqual([5]);
    expect(stopOf(() => inst.invoke("count", [10])).reason).toBe("fuel");
  });

  it("stops in the middle of bulk operations that cost more than 32 bits hold", () => {
    const fills = Array.from({ length: 40 }, () => "(memory.fill (i32.const 0) (i32.const 0) (i32.const 65536))").join(
      "",
    );
    const bulk = engine.instantiate(
      compile(`(module (memory 1) (func (export "f") ${fills}) (func (export "g") (loop $l ${fills} (br $l))))`),
      {},
      { limits: { fuel: 1e9 } },
    );
    bulk.invoke("f");
    expect(bulk.meter.spent).toBe(40 * (1024 + 4));
    // As if each were of 16 GiB.
    vi.spyOn(Math, "floor").mockImplementation((x) => (x === 1024 ? 2 ** 28 : Math.trunc(x)));
    const limited = engine.instantiate(bulk.module, {}, { limits: { fuel: 1e9 } });
    const stop = stopOf(() => limited.invoke("g"));
    vi.restoreAllMocks();
    expect(stop.reason).toBe("fuel");
    expect(limited.meter.spent).toBe(40 * (2 ** 28 + 4) + 1);
  });
});

describe("a guest out of time", () => {
  it("ends in a loop, in calls of the host, and in a call of its own", timed, () => {
    for (const [name, args] of [
      ["spin", []],
      ["hosts", []],
      ["outer", [1]],
    ] as const) {
      const inst = make({ limits: { timeoutMs: 30 } });
      const begin = performance.now();
      const e = stopOf(() => inst.invoke(name, args));
      expect([e.kind, e.code, e.reason]).toEqual(["deadline", "WT5004", "deadline"]);
      expect(performance.now() - begin).toBeGreaterThanOrEqual(29);
      expect(performance.now() - begin).toBeLessThan(30 + soonEnough);
    }
  });

  it("goes on when it gets more", () => {
    const inst = make({ limits: { timeoutMs: 10 } });
    const { activation } = stopOf(() => inst.invoke("count", [50_000_000]));
    expect(activation.run()).toEqual({ kind: "stopped", reason: "deadline" });
    inst.meter.extend(10);
    expect(activation.run()).toEqual({ kind: "stopped", reason: "deadline" });
    inst.meter.extend(Infinity);
    expect(activation.run(1000)).toEqual({ kind: "stopped", reason: "slice" });
  });

  it("does not begin when there was none", () => {
    const inst = make({ limits: { timeoutMs: 0 } });
    expect(stopOf(() => inst.invoke("add", [1])).reason).toBe("deadline");
    expect(inst.meter.spent).toBe(0);
  });

  it("waiting in a call of the host ends as soon: the runner is told when", timed, () => {
    const waits: (bigint | undefined)[] = [];
    const runner = ({ deadlineNs }: Wait): void => {
      waits.push(deadlineNs);
      while (deadlineNs !== undefined && monotonicNs() < deadlineNs);
    };
    for (const deadline of [undefined, monotonicNs() + 10n ** 12n]) {
      const never = (): Blocked => new Blocked({ deadlineNs: deadline }, never);
      const inst = make({ limits: { timeoutMs: 20 }, runner }, never);
      const begin = performance.now();
      const e = stopOf(() => inst.invoke("host", [1]));
      expect(e.reason).toBe("deadline");
      expect(performance.now() - begin).toBeLessThan(20 + soonEnough);
      expect(e.activation.isReady).toBe(true);
      expect(e.backtrace).toHaveLength(1);
    }
    expect(waits.every((ns) => ns !== undefined)).toBe(true);
  });

  it("waiting in turns ends as soon, and can go on waiting", timed, async () => {
    let answer: number | undefined;
    const wait = (): unknown => answer ?? new Blocked({ sources: [{ isReady: () => false }] }, wait as never);
    const inst = make({ limits: { timeoutMs: 20 } }, wait);
    const begin = performance.now();
    const e = (await rejection(inst.invokeAsync("host", [1]))) as GuestStopped;
    expect(e.reason).toBe("deadline");
    expect(performance.now() - begin).toBeLessThan(20 + soonEnough);
    answer = 9;
    inst.meter.extend(1000);
    expect(await inst.runInTurns(e.activation)).toEqual([9]);
  });
});

describe("a guest that is cancelled", () => {
  it("ends before it begins", () => {
    const e = stopOf(() => make({ limits: { signal: AbortSignal.abort() } }).invoke("add", [1]));
    expect([e.kind, e.code, e.reason]).toEqual(["cancelled", "WT5006", "cancelled"]);
  });

  it("ends while it runs in turns, and while it waits", timed, async () => {
    const endless = new Promise(() => {});
    for (const [name, args] of [
      ["spin", []],
      ["host", [1]],
    ] as const) {
      const controller = new AbortController();
      const inst = make({ limits: { signal: controller.signal } }, () => endless);
      setTimeout(() => controller.abort(), 20);
      const begin = performance.now();
      expect((await rejection(inst.invokeAsync(name, args))) as GuestStopped).toMatchObject({ reason: "cancelled" });
      expect(performance.now() - begin).toBeLessThan(20 + soonEnough);
    }
  });

  it("by a signal that tells nobody ends too: it is looked at", async () => {
    const signal = { aborted: false };
    const inst = make({ limits: { signal } }, () => new Promise(() => {}));
    setTimeout(() => (signal.aborted = true), 20);
    expect(await rejection(inst.invokeAsync("host", [1]))).toMatchObject({ reason: "cancelled" });
  });

  it("by a host function it called", () => {
    const controller = new AbortController();
    const inst = make({ limits: { signal: controller.signal } }, () => {
      controller.abort();
      return 1;
    });
    expect(stopOf(() => inst.invoke("hosts")).reason).toBe("cancelled");
  });
});

describe("memory and tables", () => {
  it("do not grow beyond what all of them may have", () => {
    const inst = make({ limits: { totalMemoryBytes: 3 << 16, totalTableElements: 5 } });
    expect([1, 2, 1, 1, 0].map((pages) => inst.invoke("grow", [pages])[0])).toEqual([1, -1, 2, -1, 3]);
    expect([2, 2, 1, 1, 0].map((count) => inst.invoke("growTable", [count])[0])).toEqual([2, -1, 4, -1, 5]);
    expect(inst.usage()).toMatchObject({ memoryBytes: 3 << 16, tableElements: 5, instances: 1 });
  });

  it("that are too large to begin with are refused", () => {
    const kindOf = (limits: GuestLimits): string => caught(() => make({ limits }), WasmError).code;
    expect(kindOf({ totalMemoryBytes: 65535 })).toBe("WT3004");
    expect(kindOf({ totalTableElements: 1 })).toBe("WT3004");
    expect(kindOf({ instances: 0 })).toBe("WT5007");
  });

  it("are counted over several memories and instances of one guest", () => {
    const two = compile(
      '(module (memory 1) (memory 2) (func (export "g") (result i32) (memory.grow 1 (i32.const 1))))',
    );
    const meter = new Meter({ totalMemoryBytes: 5 << 16, instances: 2 });
    const a = engine.instantiate(two, {}, { meter });
    expect(caught(() => engine.instantiate(two, {}, { meter }), WasmError).code).toBe("WT3004");
    expect(a.invoke("g")).toEqual([2]);
    expect(caught(() => engine.instantiate(two, {}, { meter }), WasmError).code).toBe("WT5007");
  });
});

describe("calls inside calls", () => {
  it("share the account, which is exact when the inner one begins", () => {
    const seen: number[] = [];
    const inst: Instance = make({ limits: { fuel: 1000 } }, (x) => {
      seen.push(inst.meter.spent);
      return x === 0 ? 0 : inst.invoke("host", [x - 1])[0];
    });
    inst.invoke("host", [3]);
    // local.get and call each time; the end of a function costs nothing.
    expect(seen).toEqual([2, 4, 6, 8]);
    expect(inst.meter.spent).toBe(8);
  });

  it("end all at the limit of the innermost", () => {
    const inst: Instance = make({ limits: { fuel: 10_000 } }, () => inst.invoke("spin")[0]);
    const e = stopOf(() => inst.invoke("host", [1]));
    expect(e.reason).toBe("fuel");
    // Generated code tells of the frames around the host's call as well.
    expect(e.backtrace.map(({ name }) => name)).toContain("spin");
    expect(inst.meter.spent).toBeLessThan(10_020);
  });

  it("of another guest have an account of their own", () => {
    const other = make({ limits: { fuel: 300 } });
    const inst = make({ limits: { fuel: 1000 } }, (x) => (x === 1 ? other.invoke("spin")[0] : x));
    const e = stopOf(() => inst.invoke("host", [1]));
    expect(other.meter.fuelLeft).toBeLessThan(0);
    expect(inst.meter.fuelLeft).toBeGreaterThan(900);
    expect(e.reason).toBe("fuel");
    expect(inst.invoke("host", [2])).toEqual([2]);
  });
});

describe("a share of the processor", () => {
  it("is kept in turns, on a thread that does other things", timed, async () => {
    const controller = new AbortController();
    const inst = make({ limits: { cpuShare: 0.2, signal: controller.signal } });
    setTimeout(() => controller.abort(), 1000);
    expect(await rejection(inst.invokeAsync("spin"))).toMatchObject({ reason: "cancelled" });
    const { cpuMs, wallMs } = inst.usage();
    expect(cpuMs / wallMs).toBeGreaterThan(0.15);
    expect(cpuMs / wallMs).toBeLessThan(0.25);
  });

  it("is kept by a runner that blocks the thread", timed, () => {
    const runner = ({ deadlineNs = 0n }: Wait): void => {
      while (monotonicNs() < deadlineNs);
    };
    const inst = make({ runner, limits: { cpuShare: 0.5, timeoutMs: 300 } });
    expect(stopOf(() => inst.invoke("spin")).reason).toBe("deadline");
    const { cpuMs, wallMs } = inst.usage();
    expect(cpuMs / wallMs).toBeGreaterThan(0.4);
    expect(cpuMs / wallMs).toBeLessThan(0.6);
    inst.meter.extend(1000);
    // Also when a call begins.
    expect(inst.invoke("add", [1])).toEqual([2]);
  });

  it("cannot be kept by a caller that neither blocks nor waits", () => {
    const e = caught(() => make({ limits: { cpuShare: 0.1 } }).invoke("spin"), WasmError);
    expect([e.code, e.message]).toEqual([
      "WT4017",
      "the guest has used its share of the processor: it has to wait, and the caller cannot",
    ]);
  });
});

describe("whatever ended a guest", () => {
  it("the instance can be looked at and called, and the next guest is as any", () => {
    const endings: GuestLimits[] = [{ fuel: 5000 }, { timeoutMs: 5 }];
    for (const limits of endings) {
      const inst = make({ limits });
      const e = stopOf(() => inst.invoke("spin"));
      expect(n(inst)).toBeGreaterThan(0);
      expect((inst.exports.m as MemInst).bytes).toHaveLength(65536);
      expect(captureFrames(e.activation).frames[0]?.func).toBeDefined();
      inst.meter.refuel(1000);
      inst.meter.extend(1000);
      expect(inst.invoke("add", [41])).toEqual([42]);
      const next = make();
      expect(next.invoke("count", [1000])).toEqual([0]);
      expect(n(next)).toBe(0);
    }
  });
});
