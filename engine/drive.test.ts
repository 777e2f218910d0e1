/** Waiting on the host's event loop: what ends a wait, and that nothing is left of it. */
import { describe, expect, it } from "vitest";
import type { WaitSource } from "./blocked.ts";
import { waitFor } from "./drive.ts";
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
