/** A thousand guests with WASI hosts on one thread: loops without end, sleeps, files; each as if it were alone. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type ScheduledGuest, Scheduler } from "../../engine/index.ts";
import { WASI } from "../index.ts";
import { makeTree, openDescriptors, removeTrees } from "./testing/guest.ts";

afterEach(removeTrees);

const wabt = await wabtInit();
const engine = new Engine();
const module = engine.compile(
  wabt
    .parseWat(
      "t.wat",
      `(module
        (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "log") (data (i32.const 16) "line\\0a") (data (i32.const 32) "\\10\\00\\00\\00\\05\\00\\00\\00")
        (func (export "spin") (loop $l (br $l)))
        ;; Appends $n lines to the file "log", which it opens for each.
        (func (export "files") (param $n i32) (result i32) (local $errors i32)
          (loop $l
            (local.set $errors (i32.add (local.get $errors)
              (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 1) (i64.const 64) (i64.const 0)
                (i32.const 1) (i32.const 48))))
            (local.set $errors (i32.add (local.get $errors)
              (call $write (i32.load (i32.const 48)) (i32.const 32) (i32.const 1) (i32.const 52))))
            (local.set $errors (i32.add (local.get $errors) (call $close (i32.load (i32.const 48)))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $errors))
        ;; Sleeps $n times for 2 ms.
        (func (export "sleep") (param $n i32) (result i32) (local $errors i32)
          (i64.store (i32.const 128) (i64.const 7)) (i32.store (i32.const 144) (i32.const 1)) (i64.store (i32.const 152) (i64.const 2000000))
          (loop $l
            (local.set $errors (i32.add (local.get $errors)
              (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 320))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
          (local.get $errors)))`,
    )
    .toBinary({}).buffer,
);

describe("a thousand guests", () => {
  it("end as they should, and leave nothing behind", { timeout: 60_000 }, async () => {
    const before = openDescriptors();
    const tree = makeTree({ log: "" });
    const scheduler = new Scheduler();
    const stop = new AbortController();
    const hosts: WASI[] = [];
    const add = (name: string, args: number[]): ScheduledGuest => {
      const dirs = name === "files" ? [{ host: tree, guest: "/" }] : [];
      const wasi = new WASI({ version: "preview1", stdin: null, stdout: null, stderr: null, dirs });
      hosts.push(wasi);
      const limits = { signal: stop.signal };
      const instance = engine.instantiate(module, wasi.hostImports(), { limits });
      wasi.finalizeBindings(instance);
      return scheduler.add(instance.start(name, args));
    };
    const kinds = [() => add("spin", []), () => add("files", [3]), () => add("sleep", [3]), () => add("spin", [])];
    const guests = Array.from({ length: 1000 }, (_, i) => (kinds[i % 4] as () => ScheduledGuest)());
    const ending = guests.filter((_, i) => i % 4 === 1 || i % 4 === 2).map((g) => g.result);
    expect(new Set((await Promise.all(ending)).flat())).toEqual(new Set([0]));
    expect(readFileSync(join(tree, "log"), "utf8")).toBe("line\n".repeat(750));
    stop.abort();
    const spinning = await Promise.allSettled(guests.filter((_, i) => i % 4 === 0 || i % 4 === 3).map((g) => g.result));
    expect(spinning.every((s) => s.status === "rejected" && (s.reason as { kind: string }).kind === "cancelled")).toBe(
      true,
    );
    for (const wasi of hosts) wasi.close();
    expect(openDescriptors()).toBe(before);
    const { slices, delayP50Ms, delayP99Ms } = scheduler.stats();
    console.log(
      `1,000 guests: ${slices} slices, delay p50 ${delayP50Ms.toFixed(1)} ms, p99 ${delayP99Ms.toFixed(1)} ms`,
    );
  });
});
