/** Shared memories across worker threads: wait and notify, mutual exclusion, growth; and guests that wait without a thread. */
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Blocked, type Runner } from "./blocked.ts";
import { Engine, type EngineOptions, type Instance } from "./engine.ts";
import type { WasmError } from "./errors.ts";
import type { Activation, Outcome } from "./interpret/activation.ts";
import { captureFrames, framesFromJson, framesToJson } from "./interpret/frames.ts";
import { MemInst } from "./runtime/memory.ts";
import type { SharedMemory } from "./runtime/shared-memory.ts";
import type { Val } from "./runtime/value.ts";

const wabt = await wabtInit();
/** What guests run in here and in other threads. */
let options: EngineOptions = { features: { threads: true } };
let engine = new Engine(options);
const assemble = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, { threads: true }).toBinary({}).buffer;

const guest = assemble(`(module
  (import "env" "memory" (memory 1 4000 shared))
  (func (export "wait") (param $at i32) (param $expected i32) (param $timeout i64) (result i32)
    (memory.atomic.wait32 (local.get $at) (local.get $expected) (local.get $timeout)))
  (func (export "wait64") (param $at i32) (param $expected i64) (param $timeout i64) (result i32)
    (memory.atomic.wait64 offset=8 (local.get $at) (local.get $expected) (local.get $timeout)))
  (func (export "wait_inside") (param $at i32) (result i64)
    (i64.add (i64.const -7000000000) (i64.add (i64.extend_i32_u (i32.load (local.get $at)))
      (i64.extend_i32_u (memory.atomic.wait32 (local.get $at) (i32.const 0) (i64.const -1))))))
  (func (export "notify") (param $at i32) (param $count i32) (result i32)
    (memory.atomic.notify (local.get $at) (local.get $count)))
  (func (export "load") (param i32) (result i32) (atomic.fence) (i32.load (local.get 0)))
  (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
  (func (export "add") (param $n i32)
    (loop $l
      (drop (i32.atomic.rmw.add (i32.const 64) (i32.const 1)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; 128 is a mutex: 0 free, 1 taken; it protects the plain word 192
  (func $lock
    (block $mine
      (loop $again
        (br_if $mine (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 128) (i32.const 0) (i32.const 1))))
        (drop (memory.atomic.wait32 (i32.const 128) (i32.const 1) (i64.const -1)))
        (br $again))))
  (func $unlock
    (i32.atomic.store (i32.const 128) (i32.const 0))
    (drop (memory.atomic.notify (i32.const 128) (i32.const 1))))
  (func (export "locked_add") (param $n i32)
    (loop $l
      (call $lock)
      (i32.store (i32.const 192) (i32.add (i32.load (i32.const 192)) (i32.const 1)))
      (call $unlock)
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "size") (result i32) (memory.size))
  ;; two threads meet at 320, then both grow
  (func (export "grow_sum") (param $n i32) (result i32) (local $sum i32)
    (drop (i32.atomic.rmw.add (i32.const 320) (i32.const 1)))
    (loop $meet (br_if $meet (i32.lt_u (i32.atomic.load (i32.const 320)) (i32.const 2))))
    (loop $l
      (local.set $sum (i32.add (local.get $sum) (memory.grow (i32.const 1))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
  ;; one thread waits for the other's go, grows and writes; the other has had its view all the time
  (func (export "grow_on_go")
    (drop (memory.atomic.wait32 (i32.const 256) (i32.const 0) (i64.const -1)))
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 8)) (i32.const 4242))
    (i32.atomic.store (i32.const 260) (memory.size)))
  (func (export "go_and_load") (result i32) (local $size i32)
    (i32.atomic.store (i32.const 256) (i32.const 1))
    (drop (memory.atomic.notify (i32.const 256) (i32.const 1)))
    (loop $l (br_if $l (i32.eqz (local.tee $size (i32.atomic.load (i32.const 260))))))
    (i32.load (i32.sub (i32.shl (local.get $size) (i32.const 16)) (i32.const 8)))))`);

const workerSource = `
  import { parentPort, workerData } from "node:worker_threads";
  import { Engine, MemInst } from "./index.ts";
  const runner = (wait) => wait.sources[0].block(Infinity);
  const { bytes, memory, name, args, options } = workerData;
  const engine = new Engine(options);
  const instance = engine.instantiate(engine.compile(bytes), { env: { memory: MemInst.fromShared(memory) } }, { runner });
  parentPort.postMessage("ready");
  parentPort.postMessage(instance.invoke(name, args));`;

let workerCode = "";
const workers: Worker[] = [];
beforeAll(async () => {
  const resolveDir = fileURLToPath(new URL(".", import.meta.url));
  const stdin = { contents: workerSource, resolveDir, loader: "ts" as const };
  const built = await build({ stdin, bundle: true, platform: "node", format: "cjs", write: false, logLevel: "error" });
  workerCode = built.outputFiles[0]?.text ?? "";
});
afterAll(() => Promise.all(workers.map((worker) => worker.terminate())));

/** Calls an export of the guest in a thread of its own, on the same memory; resolves when the thread is there. */
async function inWorker(
  memory: SharedMemory,
  name: string,
  ...args: Val[]
): Promise<{ readonly results: Promise<Val[]> }> {
  const worker = new Worker(workerCode, { eval: true, workerData: { bytes: guest, memory, name, args, options } });
  workers.push(worker);
  await once(worker, "message");
  return { results: once(worker, "message").then(([results]) => results as Val[]) };
}

const newMemory = (): MemInst =>
  new MemInst({ addr: "i32", limits: { min: 1, max: 4000 }, isShared: true, pageSizeLog2: 16 });

function instanceOn(memory: MemInst, runner?: Runner): Instance {
  return engine.instantiate(engine.compile(guest), { env: { memory } }, { runner });
}

/** Notifies until somebody was there. */
function notifyOne(instance: Instance, at: number): void {
  const end = Date.now() + 10_000;
  while (instance.invoke("notify", [at, 1])[0] === 0) if (Date.now() > end) throw new Error("nobody waits");
}

const blockedIn = (outcome: Outcome): Blocked => {
  if (outcome.kind !== "blocked") throw new Error(outcome.kind);
  return outcome.blocked;
};
const ready = (outcome: Outcome): Promise<unknown> => Promise.resolve(blockedIn(outcome).wait.sources?.[0]?.ready);

const trapCode = (call: () => unknown): string => {
  try {
    call();
  } catch (error) {
    return (error as WasmError).code;
  }
  return "no trap";
};

const tiers: Readonly<Record<string, EngineOptions>> = {
  interp: { tier: "interp" },
  js: { tier: "js" },
  "auto-1": { tier: "auto", hotAfter: 1 },
};

describe.each(Object.keys(tiers))("threads on one memory, tier %s", (tier) => {
  beforeAll(() => {
    options = { ...tiers[tier], features: { threads: true } };
    engine = new Engine(options);
  });

  it.each(["wait", "wait64"])("%s: a thread blocks until another notifies", async (name) => {
    const memory = newMemory();
    const thread = await inWorker(memory.toShared(), name, 8, name === "wait" ? 0 : 0n, -1n);
    notifyOne(instanceOn(memory), name === "wait" ? 8 : 16);
    expect(await thread.results).toEqual([0]);
  });

  it("a suspended guest is woken by another thread", async () => {
    const memory = newMemory();
    const act = instanceOn(memory).start("wait", [8, 0, -1n]);
    const blocked = act.run();
    const source = blockedIn(blocked).wait.sources?.[0];
    expect(source?.isReady()).toBe(false);
    const thread = await inWorker(memory.toShared(), "notify", 8, 5);
    expect(await thread.results).toEqual([1]);
    await ready(blocked);
    expect(source?.isReady()).toBe(true);
    expect(act.run()).toEqual({ kind: "done", results: [0] });
  });

  it("atomic additions are not lost", async () => {
    const memory = newMemory();
    const threads = await Promise.all([1, 2].map(() => inWorker(memory.toShared(), "add", 20_000)));
    instanceOn(memory).invoke("add", [20_000]);
    await Promise.all(threads.map((thread) => thread.results));
    expect(instanceOn(memory).invoke("load", [64])).toEqual([60_000]);
  });

  it("a mutex of cmpxchg, wait and notify excludes", async () => {
    const memory = newMemory();
    const threads = await Promise.all([1, 2, 3].map(() => inWorker(memory.toShared(), "locked_add", 3000)));
    await Promise.all(threads.map((thread) => thread.results));
    expect(instanceOn(memory).invoke("load", [192])).toEqual([9000]);
  });

  it("growth by one thread is seen by the other, in the middle of a call", async () => {
    const memory = newMemory();
    const instance = instanceOn(memory);
    const thread = await inWorker(memory.toShared(), "grow_on_go");
    expect(trapCode(() => instance.invoke("load", [65536]))).toBe("WT4005");
    expect(instance.invoke("go_and_load")).toEqual([4242]);
    expect(instance.invoke("size")).toEqual([2]);
    expect(memory.view.byteLength).toBe(2 * 65536);
    await thread.results;
  });

  it("growth at the same time gives every page once", async () => {
    const memory = newMemory();
    const thread = await inWorker(memory.toShared(), "grow_sum", 1900);
    const [sum] = instanceOn(memory).invoke("grow_sum", [1900]);
    const [other] = await thread.results;
    expect((sum as number) + (other as number)).toBe((3800 * 3801) / 2);
    expect(instanceOn(memory).invoke("size")).toEqual([3801]);
  });
});

describe("wait", () => {
  it("tells a different value and a time-out without waiting", () => {
    const instance = instanceOn(newMemory());
    expect(instance.invoke("wait", [8, 1, -1n])).toEqual([1]);
    expect(instance.invoke("wait", [8, 0, 0n])).toEqual([2]);
    expect(instance.invoke("wait64", [8, 1n, -1n])).toEqual([1]);
  });

  it("times out, with and without a thread to block", async () => {
    const runner: Runner = (wait) => wait.sources?.[0]?.block?.(Number.POSITIVE_INFINITY);
    expect(instanceOn(newMemory(), runner).invoke("wait", [8, 0, 20_000_000n])).toEqual([2]);
    const act = instanceOn(newMemory()).start("wait", [8, 0, 20_000_000n]);
    await ready(act.run());
    expect(act.run()).toEqual({ kind: "done", results: [2] });
  });

  it("lets a runner come back early, and blocks again", () => {
    let calls = 0;
    const runner: Runner = (wait) => {
      wait.sources?.[0]?.block?.(1);
      calls++;
    };
    expect(instanceOn(newMemory(), runner).invoke("wait", [8, 0, 30_000_000n])).toEqual([2]);
    expect(calls).toBeGreaterThan(2);
  });

  it("is a place where a guest can be taken apart and put together", async () => {
    const memory = newMemory();
    const instance = instanceOn(memory);
    instance.invoke("store", [12, 9]);
    expect(blockedIn(instance.start("wait_inside", [16]).run())).toBeInstanceOf(Blocked);
    const func = instance.func("wait_inside");
    const first = instance.start("wait_inside", [16]);
    first.run();
    const { frames, instances } = captureFrames(first);
    expect(frames[0]?.operands).toEqual([-7000000000n, 0n, 16, 0, -1n]);
    const second: Activation = instance.restore(func, { frames: framesFromJson(framesToJson(frames)), instances });
    const blocked = second.run();
    expect(instance.invoke("notify", [16, 10])).toEqual([3]);
    await ready(blocked);
    expect(second.run()).toEqual({ kind: "done", results: [-7000000000n] });
  });

  it("traps where nobody could notify, and on unaligned and outside places", () => {
    const unshared = assemble(`(module (memory 1 1)
      (func (export "wait") (param i32) (result i32)
        (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const 0)))
      (func (export "notify") (param i32) (result i32) (memory.atomic.notify (local.get 0) (i32.const 1))))`);
    const own = engine.instantiate(engine.compile(unshared));
    expect(trapCode(() => own.invoke("wait", [0]))).toBe("WT4016");
    expect(own.invoke("notify", [0])).toEqual([0]);
    const instance = instanceOn(newMemory());
    expect(trapCode(() => instance.invoke("wait", [2, 0, 0n]))).toBe("WT4013");
    expect(trapCode(() => instance.invoke("wait64", [4, 0n, 0n]))).toBe("WT4013");
    expect(trapCode(() => instance.invoke("wait", [65536, 0, 0n]))).toBe("WT4005");
    expect(trapCode(() => instance.invoke("notify", [65537, 1]))).toBe("WT4013");
    expect(trapCode(() => instance.invoke("notify", [65536, 1]))).toBe("WT4005");
  });
});

describe("a shared memory", () => {
  it("is described only if it is shared", () => {
    expect(() => new MemInst({ ...newMemory().declared, isShared: false }).toShared()).toThrow();
    const description = newMemory().toShared();
    expect(() => MemInst.fromShared({ ...description, type: { ...description.type, isShared: false } })).toThrow();
  });

  it("grows in place, up to its maximum and the limit of who grows it", () => {
    const memory = newMemory();
    const other = MemInst.fromShared(memory.toShared(), 5 * 65536);
    const { buffer } = memory.view;
    expect(memory.grow(3)).toBe(1);
    expect(other.size()).toBe(4);
    expect(other.grow(2)).toBe(-1);
    expect(other.grow(1)).toBe(4);
    expect(memory.grow(3996)).toBe(-1);
    expect(memory.grow(3995)).toBe(5);
    expect(memory.view.buffer).toBe(buffer);
    expect(memory.view.byteLength).toBe(4000 * 65536);
  });

  it("is off unless asked for", () => {
    expect(() => new Engine().compile(guest)).toThrow(/needs the threads proposal/);
    const atomic = assemble("(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))");
    expect(() => new Engine().compile(atomic)).toThrow(/needs the threads proposal/);
  });

  it("is accessed atomically with natural alignment only", () => {
    const bytes = assemble("(module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))");
    // the align field after the opcode fe 10
    const at = bytes.findIndex((b, i) => b === 0xfe && bytes[i + 1] === 0x10) + 2;
    expect(bytes[at]).toBe(2);
    const withAlign = (log2: number): Uint8Array => bytes.map((b, i) => (i === at ? log2 : b));
    expect(() => engine.compile(withAlign(1))).toThrow(expect.objectContaining({ kind: "invalid", code: "WT2045" }));
    expect(() => engine.compile(withAlign(3))).toThrow(expect.objectContaining({ kind: "invalid", code: "WT2012" }));
  });
});
