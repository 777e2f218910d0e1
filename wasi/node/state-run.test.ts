/**
 * Guests that are moved from host to host while they run, at random safepoints and wherever they wait, each time into a
 * new host and a new instance: they do what they would have done undisturbed.
 */
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { type Activation, Engine, type Instance, type MemInst, type Module } from "../../engine/index.ts";
import { type InputStream, WASI, type WasiOptions } from "../index.ts";
import { makeTree, removeTrees } from "./testing/guest.ts";

afterEach(removeTrees);

const engine = new Engine();
let module: Module;

/**
 * 60 times: reads 7 bytes of /in and 5 of stdin, and writes them to stdout and, appending, to /out; then 3 random bytes,
 * the time, one entry of a listing after the other, and a sleep of 0.1 ms. Renames /out in the middle.
 */
beforeAll(async () => {
  const wabt = await loadWabt();
  const text = `(module
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_readdir" (func $readdir (param i32 i32 i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_rename" (func $rename (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 1000) "in") (data (i32.const 1004) "out") (data (i32.const 1008) "outer") (data (i32.const 1016) "d")
    (func $ok (param i32) (if (local.get 0) (then unreachable)))
    (func $vector (param $at i32) (param $length i32)
      (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $length)))
    (func $both (param $at i32) (param $length i32)
      (call $vector (local.get $at) (local.get $length))
      (call $ok (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
      (call $ok (call $write (i32.const 5) (i32.const 0) (i32.const 1) (i32.const 8))))
    (func $take (param $fd i32) (param $length i32)
      (call $vector (i32.const 2000) (local.get $length))
      (call $ok (call $read (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8)))
      (call $both (i32.const 2000) (i32.load (i32.const 8))))
    (func (export "_start") (local $i i32) (local $cookie i64)
      (call $ok (call $open (i32.const 3) (i32.const 0) (i32.const 1000) (i32.const 2) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16)))
      (call $ok (call $open (i32.const 3) (i32.const 0) (i32.const 1004) (i32.const 3) (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 1) (i32.const 16)))
      (call $ok (call $open (i32.const 3) (i32.const 0) (i32.const 1016) (i32.const 1) (i32.const 2) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 16)))
      (loop $again
        (call $take (i32.const 4) (i32.const 7))
        (call $take (i32.const 0) (i32.const 5))
        (call $ok (call $random (i32.const 2000) (i32.const 3)))
        (call $ok (call $time (i32.const 1) (i64.const 0) (i32.const 2003)))
        (call $both (i32.const 2000) (i32.const 11))
        (call $ok (call $readdir (i32.const 6) (i32.const 2000) (i32.const 27) (local.get $cookie) (i32.const 16)))
        (if (i32.load (i32.const 16)) (then
          (local.set $cookie (i64.load (i32.const 2000)))
          (call $both (i32.const 2024) (i32.const 3))))
        (if (i32.eq (local.get $i) (i32.const 30)) (then
          (call $ok (call $rename (i32.const 3) (i32.const 1004) (i32.const 3) (i32.const 3) (i32.const 1008) (i32.const 5)))))
        (memory.fill (i32.const 3000) (i32.const 0) (i32.const 48))
        (i32.store (i32.const 3016) (i32.const 1))
        (i64.store (i32.const 3024) (i64.const 100000))
        (call $ok (call $poll (i32.const 3000) (i32.const 3100) (i32.const 1) (i32.const 16)))
        (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 60))))))`;
  const bytes = wabt.parseWat("guest.wat", text, { bulk_memory: true }).toBinary({}).buffer;
  module = engine.compile(bytes);
});

/** A reproducible source of numbers below `n`. */
function source(seed: number): (n: number) => number {
  let s = seed;
  return (n) => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    return (s >>> 8) % n;
  };
}

/** Input that every host goes on reading, as a pipe is: in pieces by chance, with waits in between. */
function sharedInput(text: string, random: (n: number) => number): InputStream {
  let at = 0;
  return {
    filetype: 0,
    ready: { isReady: () => true },
    available: () => 0,
    read(into) {
      const size = Math.min(into.length, random(8));
      if (size === 0 && at < text.length) return undefined;
      const part = text.slice(at, at + size);
      at += part.length;
      into.set(Buffer.from(part));
      return part.length;
    },
  };
}

interface Host {
  readonly wasi: WASI;
  readonly instance: Instance;
}

function host(options: WasiOptions): Host {
  const wasi = new WASI(options);
  const instance = engine.instantiate(module, wasi.hostImports());
  wasi.finalizeBindings(instance);
  return { wasi, instance };
}

const memoryOf = ({ instance }: Host): Uint8Array => (instance.exports.memory as MemInst).bytes;

/** The guest in a new host and a new instance; all that comes over is bytes. */
function move(from: Host, act: Activation, options: WasiOptions): { to: Host; act: Activation } {
  const bytes = from.instance.snapshot({ activation: act, hosts: [from.wasi.state] });
  from.wasi.close();
  const wasi = new WASI(options);
  const restored = engine.restore([{ module, imports: wasi.hostImports() }], bytes, { hosts: [wasi.state] });
  const instance = restored.instances[0]!;
  wasi.finalizeBindings(instance);
  return { to: { wasi, instance }, act: restored.activation! };
}

interface Result {
  readonly output: string;
  readonly file: string;
  readonly receipt: string;
  readonly moves: number;
}

/** @param seed  of the places where the guest is moved and of the pieces of its input; undefined: it is left alone */
function run(seed: number | undefined, more: Partial<WasiOptions> = {}): Result {
  const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`d/${String(i).padStart(3, "0")}`, ""]));
  const root = makeTree({ in: "The quick brown fox jumps over the lazy dog. ".repeat(11), ...files });
  const random = source(seed ?? 1);
  let output = "";
  const options: WasiOptions = {
    version: "preview1",
    dirs: [{ host: root, guest: "/" }],
    stdin: sharedInput("0123456789".repeat(29), seed === undefined ? () => 7 : random),
    stdout: (chunk) => void (output += Buffer.from(chunk).toString("latin1")),
    deterministic: {},
    receipt: true,
    ...more,
  };
  let current = host(options);
  let act = current.instance.start("_start");
  let moves = 0;
  for (;;) {
    const outcome = act.run(seed === undefined ? Number.POSITIVE_INFINITY : 1 + random(400));
    if (outcome.kind === "done") break;
    if (outcome.kind === "blocked" && random(2) === 0) continue;
    ({ to: current, act } = move(current, act, options));
    moves++;
  }
  const receipt = current.wasi.receipt?.digest([memoryOf(current)]) ?? "";
  current.wasi.close();
  return { output, file: fs.readFileSync(path.join(root, "outer"), "latin1"), receipt, moves };
}

describe("a guest that is moved", () => {
  it.each([1, 2, 3, 4])("reads, writes, draws and lists the same, with the same receipt (%i)", (seed) => {
    const undisturbed = run(undefined);
    const { moves, ...moved } = run(seed);
    expect(moves).toBeGreaterThan(30);
    expect(moved).toEqual({ output: undisturbed.output, file: undisturbed.file, receipt: undisturbed.receipt });
    expect(undisturbed.output.length).toBeGreaterThan(60 * 20);
    expect(undisturbed.file).toBe(undisturbed.output);
  });

  it("in real time loses and repeats nothing either, and sleeps its time", () => {
    const start = performance.now();
    const { output, file, moves } = run(7, { deterministic: undefined, receipt: false });
    expect(performance.now() - start).toBeGreaterThan(6);
    expect(moves).toBeGreaterThan(30);
    expect(file).toBe(output);
    expect(output.length).toBeGreaterThan(60 * 20);
  });
});
