/** The host under the engine of wasmts: typed imports, growing memory, guests that are suspended while they wait. */
import { beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { Engine, type Instance, type InstanceOptions } from "../../engine/index.ts";
import { blockThread, WASI, type WasiOptions } from "../index.ts";

let wat: (text: string) => Uint8Array;
beforeAll(async () => {
  const wabt = await loadWabt();
  wat = (text) => wabt.parseWat("guest.wat", text, { exceptions: true }).toBinary({}).buffer;
});

const engine = new Engine();

function setup(
  text: string,
  options: Partial<WasiOptions> = {},
  runtime: InstanceOptions = { runner: blockThread },
): { wasi: WASI; instance: Instance; output: () => string } {
  let output = "";
  const stdout = (chunk: Uint8Array): void => void (output += Buffer.from(chunk).toString());
  const wasi = new WASI({ version: "preview1", stdin: null, stdout, stderr: null, ...options });
  const instance = engine.instantiate(engine.compile(wat(text)), wasi.hostImports(), runtime);
  return { wasi, instance, output: () => output };
}

const imports = `
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)`;

describe("a command", () => {
  it("writes and ends", () => {
    const { wasi, instance, output } = setup(`(module ${imports}
      (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (i32.const 16) "hello\\n")
      (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`);
    expect([wasi.start(instance), output()]).toEqual([0, "hello\n"]);
  });

  it("uses what it has grown", () => {
    const { wasi, instance, output } = setup(`(module ${imports}
      (func (export "_start")
        (drop (call $time (i32.const 1) (i64.const 0) (i32.const 0)))
        (drop (memory.grow (i32.const 20)))
        (i64.store (i32.const 0) (i64.const 0x0000000300100010))
        (i32.store (i32.const 0x100010) (i32.const 0x00216968))
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0x140000)))))`);
    expect([wasi.start(instance), output()]).toEqual([0, "hi!"]);
  });

  it("cannot catch proc_exit", () => {
    const { wasi, instance } = setup(`(module ${imports}
      (func (export "_start") (call $exit (i32.const 3)) unreachable))`);
    expect(wasi.start(instance)).toBe(3);
  });

  it("does not link with an import of another type", () => {
    const text = '(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64) (result i32))))';
    expect(() => setup(text)).toThrow(expect.objectContaining({ kind: "unlinkable" }));
  });
});

/** Sleeps 20 ms, then writes. */
const sleeper = `(module ${imports}
  (data (i32.const 0) "\\10\\00\\00\\00\\05\\00\\00\\00") (data (i32.const 16) "awake")
  (data (i32.const 80) "\\01\\00\\00\\00\\00\\00\\00\\00\\00\\2d\\31\\01")
  (func (export "_start")
    (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 8)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

describe("a guest that waits", () => {
  it("blocks the thread when it is given a runner", () => {
    const { wasi, instance, output } = setup(sleeper);
    const start = performance.now();
    expect(wasi.start(instance)).toBe(0);
    expect([output(), performance.now() - start > 19.9]).toEqual(["awake", true]);
  });

  it("is suspended without one, and goes on when the wait is over", () => {
    let now = 1000n;
    const clock = { now: () => now, resolution: () => 1n, hostNow: () => now };
    const { wasi, instance, output } = setup(sleeper, { clock }, {});
    wasi.finalizeBindings(instance);
    const activation = instance.start("_start");
    const blocked = { kind: "blocked", blocked: { wait: { deadlineNs: 20_001_000n } } };
    expect(activation.run()).toMatchObject(blocked);
    now = 20_000_999n;
    expect(activation.run()).toMatchObject(blocked);
    expect(output()).toBe("");
    now++;
    expect(activation.run()).toMatchObject({ kind: "done" });
    expect(output()).toBe("awake");
  });
});
