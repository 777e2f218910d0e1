/** Quotas: calls that are over them wait, in blocking and in suspended mode; usage that is told. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { Blocked, Engine, type FuncInst, type HostResult, monotonicNs } from "../../engine/index.ts";
import { blockThread, type CallName, WASI, type WasiOptions } from "../index.ts";
import { IoMeter } from "../io-meter.ts";
import { CREAT, Guest, makeTree, removeTrees, WRITE } from "./testing/guest.ts";

afterEach(removeTrees);

const step = (guest: Guest, name: CallName, ...args: (number | bigint)[]): HostResult =>
  (guest.wasi.hostImports().wasi_snapshot_preview1![name] as FuncInst).host!(...args);

const guestOf = (quotas: WasiOptions["quotas"], more: Partial<WasiOptions> = {}): Guest =>
  new Guest({ dirs: [{ host: makeTree({ f: "x".repeat(5000), g: "1", "d/e": "" }), guest: "/" }], quotas, ...more });

/** The call waits for so many seconds; up to a fifth of them may have passed while the test was running. */
function expectWait(result: HostResult, seconds: number): void {
  expect(result).toBeInstanceOf(Blocked);
  const left = Number((result as Blocked).wait.deadlineNs! - monotonicNs()) / 1e9;
  expect(left).toBeLessThanOrEqual(seconds + 0.001);
  expect(left).toBeGreaterThan(seconds * 0.8);
}

describe("the meter", () => {
  const second = 1_000_000_000n;

  it("lets through exactly as many calls as the rate and what was saved up allow", () => {
    let now = 0n;
    const meter = new IoMeter({ fileOpsPerSecond: 10, burstSeconds: 2 }, () => now);
    let passed = 0;
    for (; now < 10n * second; now += 1_000_000n) if (meter.admit("path_open", undefined) === undefined) passed++;
    expect(passed).toBe(20 + 99);
    expect(meter.counts).toEqual({ calls: 119, fileOps: 119, fileBytes: 0, netOps: 0, netBytes: 0 });
  });

  it("takes from no bucket while another one is empty", () => {
    let now = 0n;
    const meter = new IoMeter({ opsPerSecond: 100, netOpsPerSecond: 1, burstSeconds: 1 }, () => now);
    expect(meter.admit("sock_accept", undefined)).toBeUndefined();
    for (let i = 0; i < 50; i++) expect(meter.admit("sock_accept", undefined)).toBe(second);
    expect(meter.levels()).toMatchObject({ opsPerSecond: 99, netOpsPerSecond: 0 });
    now = second;
    expect(meter.admit("sock_accept", undefined)).toBeUndefined();
  });

  it("asks nothing for calls that stay inside the host", () => {
    const meter = new IoMeter({ opsPerSecond: 0.001, burstSeconds: 1e-9 }, () => 0n);
    meter.admit("fd_read", undefined);
    for (const name of [
      "fd_close",
      "fd_seek",
      "fd_prestat_get",
      "clock_time_get",
      "poll_oneoff",
      "random_get",
    ] as const) {
      expect(meter.admit(name, undefined), name).toBeUndefined();
    }
    expect(meter.admit("fd_read", undefined)).toBeGreaterThan(0n);
  });
});

describe("a guest with a quota", () => {
  it("waits when it has had its calls, and the call happens once", () => {
    const guest = guestOf({ fileOpsPerSecond: 0.02, burstSeconds: 100 });
    expect([guest.mkdir("a"), guest.mkdir("b")]).toEqual(["SUCCESS", "SUCCESS"]);
    const [at, length] = guest.put("c");
    const blocked = step(guest, "path_create_directory", 3, at, length);
    expectWait(blocked, 50);
    expect(guest.call("fd_close", 99)).toBe("BADF");
    expect((blocked as Blocked).retry(), "too early").toBeInstanceOf(Blocked);
    expect(guest.wasi.usage()).toMatchObject({ fileOps: 2, calls: 3 });
  });

  it("blocks the thread where it is not suspended", () => {
    const guest = guestOf({ fileOpsPerSecond: 5, burstSeconds: 0.2 });
    const start = performance.now();
    expect([guest.mkdir("a"), guest.mkdir("b"), guest.mkdir("b")]).toEqual(["SUCCESS", "SUCCESS", "EXIST"]);
    expect(performance.now() - start).toBeGreaterThan(390);
  });

  it("moves at most what it may save up, and pays for what it moved", () => {
    const guest = guestOf({ fileBytesPerSecond: 10, burstSeconds: 100 });
    const f = guest.fd("f");
    expect(guest.read(f, 300)).toHaveLength(300);
    expect(guest.read(f, 4000), "cut to what can be saved up, on credit").toHaveLength(1000);
    const { at, count } = guest.iovs(10);
    expectWait(step(guest, "fd_read", f, at, count, 16), 30.1);
    expect(step(guest, "fd_tell", f, 16)).toBe(0);
    expect(guest.u64()).toBe(1300n);
    expect(guest.wasi.usage()).toMatchObject({ fileBytes: 1300 });
  });

  it("pays for a short read and a short write what they moved", () => {
    const guest = guestOf({ fileBytesPerSecond: 100, burstSeconds: 10 });
    expect(guest.read(guest.fd("g"), 900)).toBe("1");
    expect(guest.write(guest.fd("new", { oflags: CREAT, rights: WRITE }), "12345")).toBe(5);
    guest.readdir(guest.fd("d", { rights: 0n }));
    const listed = 3 * 24 + 4;
    expect(guest.wasi.usage().fileBytes).toBe(6 + listed);
  });

  it("has standard streams count for the whole, not for files", () => {
    const only = guestOf({ fileOpsPerSecond: 0.001, fileBytesPerSecond: 0.001 }, { stdout: () => {} });
    for (let i = 0; i < 50; i++) expect(only.write(1, "hello")).toBe(5);
    const all = guestOf({ bytesPerSecond: 0.04, burstSeconds: 100 }, { stdout: () => {} });
    expect(all.write(1, "hello")).toBe(4);
    const { at, count } = all.iovs("x");
    expectWait(step(all, "fd_write", 1, at, count, 16), 25);
  });

  it("is charged one call for a read that had to wait for input", () => {
    let isThere = false;
    const stdin = {
      filetype: 0 as const,
      ready: { isReady: () => isThere },
      available: () => 0,
      read: () => (isThere ? 0 : undefined),
    };
    const guest = guestOf({ opsPerSecond: 1 }, { stdin });
    const { at, count } = guest.iovs(4);
    const blocked = step(guest, "fd_read", 0, at, count, 16) as Blocked;
    expect(blocked.wait.sources).toHaveLength(1);
    isThere = true;
    expect(blocked.retry()).toBe(0);
    expect(guest.wasi.usage().calls).toBe(1);
  });

  it("is not given a full bucket by being saved and restored", () => {
    const root = makeTree({ f: "x".repeat(5000) });
    const options = { dirs: [{ host: root, guest: "/" }], quotas: { fileBytesPerSecond: 0.1, burstSeconds: 10_000 } };
    const first = new Guest(options);
    const f = first.fd("f");
    first.read(f, 1000);
    const second = new Guest(options);
    second.wasi.state.prepare(first.wasi.state.save()).commit();
    expect(second.wasi.usage()).toMatchObject({ fileOps: 2, fileBytes: 1000, calls: 2 });
    const { at, count } = second.iovs(10);
    expectWait(step(second, "fd_read", f, at, count, 16), 10);
  });

  it("sees the same when it is deterministic, only later", () => {
    const seen = [{}, { fileOpsPerSecond: 50, burstSeconds: 0.02 }].map((quotas) => {
      const guest = guestOf(quotas, { deterministic: {}, receipt: true });
      for (let i = 0; i < 5; i++) guest.stat("f");
      guest.call("clock_time_get", 1, 0n, 16);
      return guest.wasi.receipt!.digest();
    });
    expect(seen[1]).toBe(seen[0]);
  });
});

describe("under the engine", () => {
  let module: Uint8Array;
  beforeAll(async () => {
    const wabt = await loadWabt();
    module = wabt
      .parseWat(
        "guest.wat",
        `(module
        (import "wasi_snapshot_preview1" "path_create_directory" (func $mkdir (param i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 16) "a")
        (func (export "_start") (local i32)
          (loop
            (i32.store8 (i32.const 16) (i32.add (i32.const 97) (local.get 0)))
            (if (call $mkdir (i32.const 3) (i32.const 16) (i32.const 1)) (then unreachable))
            (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10))))))`,
        {},
      )
      .toBinary({}).buffer;
  });

  const quotas = { fileOpsPerSecond: 20, burstSeconds: 0.05 };

  it("takes the time it should when the thread is blocked", () => {
    const root = makeTree({});
    const wasi = new WASI({ version: "preview1", dirs: [{ host: root, guest: "/" }], quotas });
    const engine = new Engine();
    const instance = engine.instantiate(engine.compile(module), wasi.hostImports(), { runner: blockThread });
    const start = performance.now();
    expect(wasi.start(instance)).toBe(0);
    const seconds = (performance.now() - start) / 1000;
    expect(seconds).toBeGreaterThan(0.44);
    expect(seconds).toBeLessThan(20);
    expect(fs.readdirSync(root)).toHaveLength(10);
  });

  it("leaves the thread alone when it is suspended, and does things in order", () => {
    const root = makeTree({});
    const wasi = new WASI({ version: "preview1", dirs: [{ host: root, guest: "/" }], quotas });
    const engine = new Engine();
    const instance = engine.instantiate(engine.compile(module), wasi.hostImports(), {});
    wasi.finalizeBindings(instance);
    const activation = instance.start("_start");
    let waits = 0;
    for (let outcome = activation.run(); outcome.kind !== "done"; outcome = activation.run()) {
      if (outcome.kind !== "blocked") throw new Error(outcome.kind);
      waits++;
      const made = fs.readdirSync(root).sort().join("");
      expect(made).toBe("abcdefghij".slice(0, made.length));
      while (monotonicNs() < outcome.blocked.wait.deadlineNs!);
    }
    expect(waits).toBe(9);
    expect(wasi.usage()).toMatchObject({ fileOps: 10, calls: 10 });
  });
});

describe("usage", () => {
  it("tells what was written and what is held", () => {
    const guest = new Guest({ args: ["abc"], stdout: () => {}, dirs: [{ host: makeTree({ "d/x": "" }), guest: "/" }] });
    const before = guest.wasi.usage();
    expect(before).toEqual({
      calls: 0,
      fileOps: 0,
      fileBytes: 0,
      netOps: 0,
      netBytes: 0,
      outputBytes: 0,
      hostBytes: 4 + 4 * 256,
    });
    guest.write(1, "12345");
    guest.readdir(guest.fd("d", { rights: 0n }));
    const after = guest.wasi.usage();
    expect([after.outputBytes, after.calls, after.fileOps]).toEqual([5, 3, 2]);
    expect(after.hostBytes).toBeGreaterThan(before.hostBytes + 256);
  });

  it("of host memory can be bounded", () => {
    const root = makeTree(Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`d/file${i}`, ""])));
    fs.mkdirSync(path.join(root, "empty"));
    const guest = new Guest({ dirs: [{ host: root, guest: "/" }], maxHostBytes: 10_000 });
    expect(guest.readdir(guest.fd("d", { rights: 0n }))).toBe("NOMEM");
    expect(guest.readdir(guest.fd("empty", { rights: 0n }))).toMatchObject({ used: 51 });
  });

  it.each([
    { quotas: { opsPerSecond: 0 } },
    { quotas: { fileBytesPerSecond: -1 } },
    { quotas: { netOpsPerSecond: Number.NaN } },
    { quotas: { bytesPerSecond: "9" as never } },
    { quotas: { burstSeconds: Number.POSITIVE_INFINITY } },
    { maxHostBytes: -1 },
  ] satisfies Partial<WasiOptions>[])("WT6008 for %j", (options) => {
    expect(() => new WASI({ version: "preview1", ...options })).toThrow(expect.objectContaining({ code: "WT6008" }));
  });
});
