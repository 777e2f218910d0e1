/** Waiting on the host's event loop: what ends a wait, and that nothing is left of it. */
import { describe, expect, it } from "vitest";
import { convertTexts } from "../conformance/spec/wat.ts";
import { monotonicNs, type Wait, type WaitSource } from "./blocked.ts";
import { waitFor } from "./drive.ts";
import { Blocked, Engine, type GuestLimits, hostFunc } from "./index.ts";
import { Meter } from "./runtime/meter.ts";

const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

describe("waitFor", () => {
  it("leaves no timer of a source that tells when it is not ready", async () => {
    let isReady = false;
    const watchers = new Set<() => void>();
    const source: WaitSource = {
      isReady: () => isReady,
      watch: (fn) => {
        watchers.add(fn);
        return () => void watchers.delete(fn);
      },
    };
    const before = timers();
    const wait = waitFor({ sources: [source] }, new Meter({}));
    for (let i = 0; i < 5; i++) for (const watcher of watchers) watcher();
    expect(timers()).toBe(before + 1);
    isReady = true;
    for (const watcher of watchers) watcher();
    await wait;
    expect([timers(), watchers.size]).toEqual([before, 0]);
  });
});

const text = '(module (import "h" "f" (func $f)) (func (export "run") (call $f)))';
const [bytes] = await convertTexts([text], undefined);

describe("a guest in turns that is waited for on the thread", () => {
  /** What the runner was told; `wait` is over once `isOver` says so. */
  async function run(wait: Wait, isOver: () => boolean, limits?: GuestLimits): Promise<Wait[]> {
    const engine = new Engine();
    const told: Wait[] = [];
    const attempt = (): Blocked | undefined => (isOver() ? undefined : new Blocked(wait, attempt));
    const f = hostFunc({ kind: "func", params: [], results: [] }, attempt);
    const instance = engine.instantiate(engine.compile(bytes as Uint8Array), { h: { f } }, { limits });
    const runner = (wait: Wait): void => {
      told.push(wait);
      const until = wait.deadlineNs ?? 0n;
      while (monotonicNs() < until && !isOver());
    };
    await instance.runUntil(instance.start("run"), { runner });
    return told;
  }
  const source: WaitSource = { isReady: () => false, block: () => {} };

  it("is not left alone for long: timers and signals have their turn", async () => {
    let isOver = false;
    setTimeout(() => (isOver = true), 30);
    const from = performance.now();
    const told = await run({ sources: [source] }, () => isOver);
    expect(told.length).toBeGreaterThan(0);
    expect(performance.now() - from).toBeLessThan(1000);
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 30);
    await expect(run({ sources: [source] }, () => false, { signal: controller.signal })).rejects.toThrow("cancelled");
  });
  it("ends at its time limit", async () => {
    await expect(run({ sources: [source] }, () => false, { timeoutMs: 150 })).rejects.toThrow("out of time");
  });
  it("that only yields is not made to sleep", async () => {
    let left = 5;
    const from = performance.now();
    expect(await run({}, () => --left < 0)).toEqual([]);
    expect(performance.now() - from).toBeLessThan(90);
  });
});
