/** Limits of whole runs: on the command line and of `run`, with guests that compute, sleep, read and wait. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { type RunResult, run } from "./index.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const main = join(root, "dist/bin/wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-limits-"));
afterAll(() => rmSync(folder, { recursive: true }));

const imports = `
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\10\\00\\00\\00")`;
/** A subscription to a clock at 64, of an hour. */
const hour = `(i32.store (i32.const 80) (i32.const 1)) (i64.store (i32.const 88) (i64.const 3600000000000))`;
const texts = {
  spin: '(module (func $loop (export "_start") (loop $l (br $l))))',
  sleep: `(module ${imports} (func (export "_start") ${hour}
    (drop (call $poll (i32.const 64) (i32.const 128) (i32.const 1) (i32.const 8)))))`,
  read: `(module ${imports} (func (export "_start")
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))))`,
  // A clock and standard input: the one subscription's tag is 0, the other's 1.
  poll: `(module ${imports} (func (export "_start") ${hour} (i32.store8 (i32.const 120) (i32.const 1))
    (drop (call $poll (i32.const 64) (i32.const 256) (i32.const 2) (i32.const 8)))))`,
  wait: `(module (memory 1 1 shared) (func (export "_start")
    (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))))`,
  count: `(module (memory 1) (func $f (export "_start") (local i32)
    (loop $l (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000))))))`,
  grow: '(module (memory 1) (memory 1) (func (export "grow") (result i32) (memory.grow 1 (i32.const 1))))',
} as const;
type Name = keyof typeof texts;
const bytes = {} as Record<Name, Uint8Array>;

beforeAll(async () => {
  if (!existsSync(main)) throw new Error("dist/bin/wasmts.js is not there: first: npm run build");
  const wabt = await loadWabt();
  for (const [name, text] of Object.entries(texts)) {
    const module = wabt.parseWat(`${name}.wat`, text, { threads: true, multi_memory: true } as object);
    bytes[name as Name] = module.toBinary({ write_debug_names: true }).buffer;
    writeFileSync(join(folder, `${name}.wasm`), bytes[name as Name]);
  }
});

interface Record_ {
  readonly kind: string;
  readonly code: number;
  readonly error?: { readonly code: string };
  readonly backtrace?: readonly { readonly name: string }[];
  readonly usage: { readonly runMs: number; readonly instructions: number; readonly memoryBytes: number };
}

interface Ended {
  readonly status: number | null;
  readonly stderr: string;
  readonly record: Record_;
}

/** Standard input is a pipe that never says anything. */
async function wasmts(...args: readonly string[]): Promise<Ended> {
  const report = join(folder, "report.json");
  const child = spawn(process.execPath, [main, "--report", report, ...args], {
    cwd: folder,
    stdio: ["pipe", "ignore", "pipe"],
    env: { ...process.env, NO_COLOR: "1" },
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (stderr += text));
  const status = await new Promise<number | null>((resolve) => void child.on("close", resolve));
  return { status, stderr, record: JSON.parse(readFileSync(report, "utf8")) as Record_ };
}

/** How late a limit of time may be, ms. Busy machines are: such tests are tried again. */
const late = 50;
const timed = { retry: 4 };

describe("a guest on the command line", () => {
  it.each(["spin", "sleep", "read", "poll", "wait"])(
    "that would never end is ended in time: %s",
    timed,
    async (name) => {
      const { status, record, stderr } = await wasmts("-W", "threads", "--timeout", "200ms", `${name}.wasm`);
      expect([status, record.kind, record.code, record.error?.code]).toEqual([124, "deadline", 124, "WT5004"]);
      expect(record.backtrace).toHaveLength(1);
      expect(stderr).toMatch(/out of time[\s\S]*--timeout/);
      expect(record.usage.runMs).toBeGreaterThanOrEqual(199);
      expect(record.usage.runMs).toBeLessThan(200 + late);
    },
  );

  it("ends when its fuel is spent, at the same place each time", async () => {
    const enough = await wasmts("--fuel", "7_000", "count.wasm");
    expect([enough.status, enough.record.usage.instructions]).toEqual([0, 7000]);
    for (const tier of ["interp", "auto", "js"]) {
      const short = await wasmts("--tier", tier, "--fuel", "6_990", "count.wasm");
      expect([short.status, short.record.kind, short.record.error?.code]).toEqual([134, "fuel", "WT5003"]);
      expect(short.record.usage.instructions).toBe(6993);
      expect(short.record.backtrace?.[0]?.name).toBe("f");
      expect(short.stderr).toMatch(/out of fuel[\s\S]*--fuel/);
    }
  });

  it("has one limit of memory for all its memories", async () => {
    const wide = await wasmts("-W", "multi-memory", "--max-memory", "192KiB", "--invoke", "grow", "grow.wasm");
    expect(wide.record).toMatchObject({ kind: "exit", usage: { memoryBytes: 3 << 16 }, results: [{ value: 1 }] });
    const tight = await wasmts("-W", "multi-memory", "--max-memory", "128KiB", "--invoke", "grow", "grow.wasm");
    expect(tight.record).toMatchObject({ kind: "exit", results: [{ value: -1 }] });
    const less = await wasmts("-W", "multi-memory", "--max-memory", "64KiB", "--invoke", "grow", "grow.wasm");
    expect(less.record).toMatchObject({ kind: "limit", error: { code: "WT3004" } });
    expect(less.status).toBe(137);
  });

  it.each([
    ["--fuel", "-1"],
    ["--fuel", "lots"],
    ["--fuel", "99999999999999999999"],
    ["--fuel", "1.5"],
    ["--timeout", "-1s"],
    ["--timeout", "soon"],
    ["--timeout", "NaN"],
    ["--timeout", "1e400s"],
    ["--cpu-share", "0"],
    ["--cpu-share", "101%"],
    ["--cpu-share", "-5%"],
  ])("is not started with %s %s", async (flag, value) => {
    const { status, record } = await wasmts(`${flag}=${value}`, "count.wasm");
    expect([status, record.kind, record.error?.code]).toEqual([2, "usage", "WT6503"]);
  });
});

describe("run", () => {
  const end = ({ kind, code, problem }: RunResult): unknown[] => [kind, code, problem?.code];

  it("ends a guest at its limits, and says what it used", async () => {
    const fuel = await run(bytes.spin, { limits: { fuel: 1e5 } });
    expect(end(fuel)).toEqual(["fuel", 134, "WT5003"]);
    expect(fuel.usage.instructions).toBeGreaterThan(1e5);
    expect(fuel.problem?.backtrace.map((f) => f.name)).toEqual(["loop"]);
    expect(end(await run(bytes.spin, { limits: { timeoutMs: 20 } }))).toEqual(["deadline", 124, "WT5004"]);
    expect((await run(bytes.count, { limits: { fuel: 1e5 } })).usage).toMatchObject({
      instructions: 7000,
      memoryBytes: 65536,
    });
  });

  it.each(["spin", "sleep", "wait"] as const)(
    "ends a guest by its signal, whatever it does: %s",
    timed,
    async (name) => {
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 50);
      const start = performance.now();
      const result = await run(bytes[name], { features: { threads: true }, limits: { signal: controller.signal } });
      expect(end(result)).toEqual(["cancelled", 130, "WT5006"]);
      expect(performance.now() - start).toBeLessThan(50 + 2 * late);
    },
  );

  it("slows a guest down without WASI too", timed, async () => {
    const { usage } = await run(bytes.spin, { limits: { cpuShare: 0.2, timeoutMs: 1000 } });
    expect(usage.cpuMs / 1000).toBeGreaterThan(0.15);
    expect(usage.cpuMs / 1000).toBeLessThan(0.25);
  });

  it.each([
    { fuel: -1 },
    { timeoutMs: Number.NaN },
    { memoryBytes: -5 },
    { cpuShare: 2 },
    { stackDepth: "deep" },
    { outputBytes: Number.NaN },
  ])("refuses limits that are none: %o", async (limits) => {
    expect(end(await run(bytes.count, { limits: limits as object }))).toEqual(["usage", 2, "WT6503"]);
  });
});
