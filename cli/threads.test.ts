/** Guests with threads, run by the built command: what threads share, how all of them end, and guests that mean harm. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";

const main = join(dirname(fileURLToPath(import.meta.url)), "../dist/bin/wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-threads-"));

/**
 * A module with threads. Words from 1024 on are counters; "say" writes three bytes; "wait" sleeps until a counter is
 * there; iovs are at 0 ("t!\n" at 16), results go to 64 and up.
 */
const module = (start: string, thread: string, more = "", imports = ""): string => `(module ${imports}
  (import "env" "memory" (memory 2 64 shared))
  (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (export "memory" (memory 0))
  (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00") (data (i32.const 16) "t!\\0a") (data (i32.const 32) "file")
  ;; At 128 a subscription to a clock, 1000 seconds; at 192 an iovec of 3 bytes at 2048.
  (data (i32.const 128) "\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\01\\00\\00\\00\\00\\00\\00\\00\\00\\10\\a5\\d4\\e8\\00\\00\\00")
  (data (i32.const 192) "\\00\\08\\00\\00\\03\\00\\00\\00")
  (func $say (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
  (func $add (param $at i32) (param $n i32)
    (drop (i32.atomic.rmw.add (local.get $at) (local.get $n)))
    (drop (memory.atomic.notify (local.get $at) (i32.const -1))))
  (func $wait (param $at i32) (param $least i32) (local $now i32)
    (loop $again
      (if (i32.lt_s (local.tee $now (i32.atomic.load (local.get $at))) (local.get $least)) (then
        (drop (memory.atomic.wait32 (local.get $at) (local.get $now) (i64.const -1))) (br $again)))))
  (func $sleep (drop (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 300))))
  ${more}
  (func (export "wasi_thread_start") (param $tid i32) (param $arg i32) ${thread})
  (func (export "_start") (local $i i32) ${start}))`;

const spawned = (n: number, arg = "(local.get $i)"): string =>
  `(local.set $i (i32.const ${n}))
   (loop $more (drop (call $spawn ${arg})) (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`;
const exitWith = (at: number): string => `(call $exit (i32.atomic.load (i32.const ${at})))`;
const waitFor = (at: number, least: number): string => `(call $wait (i32.const ${at}) (i32.const ${least}))`;
const count = (at: number, n = "(i32.const 1)"): string => `(call $add (i32.const ${at}) ${n})`;
const open = `(drop (call $open (i32.const 3) (i32.const 0) (i32.const 32) (i32.const 4) (i32.const 0) (i64.const 2)
  (i64.const 0) (i32.const 0) (i32.const 1100)))`;
const readFile = "(drop (call $read (i32.load (i32.const 1100)) (i32.const 192) (i32.const 1) (i32.const 1104)))";
const forever = "(loop $ever (br $ever))";

const programs: Record<string, string> = {
  sum: module(
    `${spawned(8)} ${waitFor(1028, 8)} ${exitWith(1024)}`,
    `${count(1024, "(local.get $arg)")} (call $say) ${count(1028)}`,
  ),
  // The thread opens; the first reads three bytes; the thread reads on and closes; for the first it is closed.
  descriptors: module(
    `${spawned(1)} ${waitFor(1024, 1)} ${readFile} ${count(1028)} ${waitFor(1024, 2)}
     (if (i32.ne (i32.load8_u (i32.const 2048)) (i32.const 0x33)) (then (call $exit (i32.const 90))))
     (call $exit (call $read (i32.load (i32.const 1100)) (i32.const 192) (i32.const 1) (i32.const 1104)))`,
    `${open} ${count(1024)} ${waitFor(1028, 1)} ${readFile} (drop (call $close (i32.load (i32.const 1100)))) ${count(1024)}`,
  ),
  exitInThread: module(
    `${spawned(4)} ${waitFor(1024, 4)} (drop (call $spawn (i32.const 9))) (drop (call $read (i32.const 0) (i32.const 192) (i32.const 1) (i32.const 64))) ${forever}`,
    `(if (i32.eq (local.get $arg) (i32.const 9)) (then (call $exit (i32.const 42)) (call $say)))
     ${count(1024)}
     (if (i32.eq (local.get $arg) (i32.const 1)) (then ${forever}))
     (if (i32.eq (local.get $arg) (i32.const 2)) (then (call $sleep)))
     (if (i32.eq (local.get $arg) (i32.const 3)) (then ${waitFor(1032, 1)}))
     (loop $y (drop (call $yield)) (br $y))`,
  ),
  trapInThread: module(
    `${spawned(3)} ${forever}`,
    `(if (i32.eq (local.get $arg) (i32.const 2)) (then unreachable)) ${forever}`,
  ),
  firstReturns: module(`${spawned(3)} ${waitFor(1024, 3)}`, `${count(1024)} ${forever}`),
  exitsAtOnce: module(
    `${spawned(6)} ${waitFor(1024, 6)} ${count(1028)} (call $exit (i32.const 50))`,
    `${count(1024)} ${waitFor(1028, 1)} (call $exit (local.get $arg)) (call $say)`,
  ),
  bomb: module(
    `(drop (call $spawn (i32.const 0))) ${forever}`,
    `(loop $again
       (if (i32.gt_s (call $spawn (i32.const 0)) (i32.const 0)) (then ${count(1024)}) (else (call $say)))
       (br $again))`,
  ),
  refused: module(`(call $exit (i32.sub (i32.const 0) (call $spawn (i32.const 1))))`, ""),
  reuse: module(
    `(local.set $i (i32.const 12))
     (loop $more
       (if (i32.lt_s (call $spawn (i32.const 1)) (i32.const 0)) (then (call $exit (i32.const 91))))
       (call $wait (i32.const 1024) (i32.sub (i32.const 13) (local.get $i)))
       (br_if $more (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))`,
    count(1024),
  ),
  wild: module(
    `${spawned(1)} ${waitFor(1028, 1)} ${exitWith(1024)}`,
    // FAULT is 21, BADF 8, INVAL 28: each is added.
    `${count(1024, "(call $write (i32.const 1) (i32.const 0xfffffff0) (i32.const 1) (i32.const 64))")}
     ${count(1024, "(call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 0xffffffff))")}
     ${count(1024, "(call $write (i32.const 99) (i32.const 0) (i32.const 1) (i32.const 64))")}
     ${count(1024, "(call $write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 64))")}
     ${count(1024, "(call $random (i32.const 0x7fffffff) (i32.const 0x7fffffff))")}
     ${count(1028)}`,
  ),
  spinning: module(`${spawned(2)} ${forever}`, forever),
  waiting: module(
    `${spawned(2)} ${waitFor(1024, 1)}`,
    `(if (local.get $arg) (then (call $sleep))) ${waitFor(1024, 1)}`,
  ),
  grows: module(
    `${spawned(4)} ${waitFor(1028, 4)} (call $exit (memory.size))`,
    `(loop $g (br_if $g (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)))) ${count(1028)}`,
  ),
  recursion: module(
    `${spawned(1)} ${forever}`,
    "(call $deep (i32.const 0))",
    "(func $deep (param i32) (call $deep (i32.add (local.get 0) (i32.const 1))) (drop (i32.atomic.load (i32.const 1024))))",
  ),
  input: module(
    `${spawned(1)} ${waitFor(1024, 1)} (call $say) ${waitFor(1024, 2)} (call $exit (i32.load8_u (i32.const 2048)))`,
    `${count(1024)} (drop (call $read (i32.const 0) (i32.const 192) (i32.const 1) (i32.const 1104))) ${count(1024)}`,
  ),
  // Waits for a connection at descriptor 3 (a subscription at 640), greets it with "t!" and its number, and ends.
  serves: module(
    `${spawned(1)} ${waitFor(1024, 1)} (call $exit (i32.const 7))`,
    `(i32.store8 (i32.const 648) (i32.const 1)) (i32.store (i32.const 656) (i32.const 3))
     (drop (call $poll (i32.const 640) (i32.const 768) (i32.const 1) (i32.const 300)))
     (if (call $accept (i32.const 3) (i32.const 0) (i32.const 1100)) (then (call $exit (i32.const 92))))
     (drop (call $write (i32.load (i32.const 1100)) (i32.const 0) (i32.const 1) (i32.const 64)))
     (drop (call $close (i32.load (i32.const 1100)))) ${count(1024)}`,
    "",
    '(import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))',
  ),
  startFunction: module(
    waitFor(1024, 2),
    "",
    `(func $begin ${count(1024)} (drop (call $spawn (i32.const 0)))) (start $begin)`,
  ),
  answer: module(
    "",
    "",
    '(func (export "answer") (param i32) (result i32 i64) (i32.add (local.get 0) (i32.const 2)) (i64.const -5))',
  ),
  neverSpawns: `(module (memory (export "memory") (import "foo" "bar") 0 0 shared) (func (export "_start")))`,
  ownMemory: `(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (memory (export "memory") 1 1 shared)
    (func (export "wasi_thread_start") (param i32 i32)) (func (export "_start")))`,
  noThreadStart: `(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (import "env" "memory" (memory 1 1 shared))
    (func (export "_start")))`,
  more: `(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (import "env" "memory" (memory 1 1 shared))
    (import "env" "other" (func)) (func (export "wasi_thread_start") (param i32 i32)) (func (export "_start")))`,
};

beforeAll(async () => {
  const wabt = await loadWabt();
  for (const [name, text] of Object.entries(programs))
    writeFileSync(join(folder, `${name}.wasm`), wabt.parseWat(name, text, { threads: true }).toBinary({}).buffer);
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data/file"), "012345");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const args = (name: string, options: readonly string[]): string[] => [
  main,
  "-W",
  "threads",
  ...options,
  join(folder, `${name}.wasm`),
];

function run(name: string, ...options: string[]): Ended {
  return spawnSync(process.execPath, args(name, options), { encoding: "utf8", timeout: 30_000 });
}

describe("threads of a guest", () => {
  it("share memory and streams", () => {
    expect(run("sum")).toMatchObject({ status: 36, stdout: "t!\n".repeat(8), stderr: "" });
  });

  it.each([["--tier", "js"], ["--tier", "interp"], ["--no-eval"], ["--fuel", "100000"]])(
    "run with %s %s",
    (...options) => {
      expect(run("sum", ...options)).toMatchObject({ status: 36, stderr: "" });
    },
  );

  it("share descriptors and positions", () => {
    expect(run("descriptors", "--dir", `${join(folder, "data")}:/`)).toMatchObject({ status: 8, stderr: "" });
  });

  it("do not keep each other waiting: one reads, another writes", async () => {
    const child = spawn(process.execPath, args("input", []), { stdio: ["pipe", "pipe", "inherit"] });
    expect(String(await once(child.stdout, "data"))).toBe("t!\n");
    child.stdin.end("A");
    expect(await once(child, "exit")).toEqual([65, null]);
  });

  it("have sockets", async () => {
    const port = 20_000 + (process.pid % 20_000);
    const child = spawn(process.execPath, args("serves", ["--tcplisten", `127.0.0.1:${port}`]), { stdio: "ignore" });
    const ended = once(child, "exit");
    let greeting = "";
    while (greeting === "" && child.exitCode === null) {
      const socket = connect(port, "127.0.0.1");
      socket.on("data", (data) => (greeting += String(data)));
      await new Promise((resolve) => socket.once("close", resolve).once("error", () => setTimeout(resolve, 50)));
    }
    expect([greeting, ...(await ended)]).toEqual(["t!\n", 7, null]);
  });

  it("make room for others when they are over", () => {
    expect(run("reuse", "--max-threads", "2")).toMatchObject({ status: 0, stderr: "" });
  });

  it("are told by a trace and an audit like any guest", () => {
    const audit = join(folder, "audit");
    const { stderr } = run("sum", "--trace-wasi", "--audit", audit);
    expect(stderr.match(/fd_write.*nwritten=3/g)).toHaveLength(8);
    expect(readFileSync(audit, "utf8")).toContain("fd_write");
  });

  it("are told by inspect", () => {
    const { stdout } = spawnSync(process.execPath, [main, "inspect", join(folder, "sum.wasm")], { encoding: "utf8" });
    expect(stdout).toMatch(/threads\s+\(needs\s+-W\s+threads\)[\s\S]*uses[\s\S]*status,\s+threads/);
    expect(stdout).not.toContain("cannot run");
  });

  it("need not be started", () => {
    expect(run("neverSpawns")).toMatchObject({ status: 0, stderr: "" });
  });

  it("can be used through exports as well", () => {
    const ended = spawnSync(
      process.execPath,
      [main, "-W", "threads", "--invoke", "answer", join(folder, "answer.wasm"), "40"],
      { encoding: "utf8" },
    );
    expect([ended.status, ended.stdout]).toEqual([0, "42\n-5\n"]);
  });
});

describe("all threads end", () => {
  it("by proc_exit in one of them, whatever the others do", () => {
    expect(run("exitInThread")).toMatchObject({ status: 42, stdout: "", stderr: "" });
  });

  it("by a trap in one of them", () => {
    const { status, stderr } = run("trapInThread");
    expect(status).toBe(134);
    expect(stderr).toMatch(/trap WT4001: unreachable, in thread 2\n\s+.*func/);
  });

  it("when the first one returns", () => {
    expect(run("firstReturns")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  });

  it("once, when several exit at the same time", () => {
    for (let i = 0; i < 2; i++) {
      const { status, stdout, stderr } = run("exitsAtOnce");
      expect([1, 2, 3, 4, 5, 6, 50]).toContain(status);
      expect([stdout, stderr]).toEqual(["", ""]);
    }
  });

  it.each(["spinning", "waiting"])("at a time limit, %s", (name) => {
    const started = performance.now();
    expect(run(name, "--timeout", "700ms").status).toBe(124);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it("when their fuel is spent, which is one account", () => {
    const report = join(folder, "report");
    expect(run("spinning", "--fuel", "3000000", "--report", report).status).toBe(134);
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({
      kind: "fuel",
      usage: { instructions: 3_000_000 },
    });
  });

  it.each(["spinning", "waiting"])("at Ctrl-C, %s, and reports are written", async (name) => {
    const report = join(folder, "report");
    const child = spawn(process.execPath, args(name, ["--report", report]), { stdio: "ignore" });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([null, "SIGINT"]);
    expect(JSON.parse(readFileSync(report, "utf8"))).toMatchObject({ kind: "cancelled", status: 130 });
  });

  it("when one of them recurses for ever", () => {
    const { status, stderr } = run("recursion");
    expect([status, stderr.includes("WT5001")]).toEqual([134, true]);
  });
});

describe("a guest that means harm", () => {
  it("gets no more threads than it may have", () => {
    const child = spawn(process.execPath, args("bomb", ["--max-threads", "4", "--timeout", "2s"]), {
      stdio: ["ignore", "pipe", "inherit"],
    });
    let most = 0;
    const idle = 12; // threads that Node.js has by itself, at most
    const look = setInterval(() => {
      most = Math.max(most, Number(/^Threads:\s*(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]));
    }, 50);
    return once(child, "exit").then(([status]) => {
      clearInterval(look);
      expect(status).toBe(124);
      expect(most).toBeLessThanOrEqual(idle + 4);
    });
  });

  it("gets none if it may have one", () => {
    expect(run("refused", "--max-threads", "1").status).toBe(6);
  });

  it("spawns in its start function, which every thread runs", () => {
    expect(run("startFunction", "--max-threads", "5")).toMatchObject({ status: 0, stderr: "" });
  });

  it("gives wild pointers", () => {
    expect(run("wild")).toMatchObject({ status: 21 + 21 + 8 + 28 + 21, stdout: "", stderr: "" });
  });

  it("grows memory from several threads to the limit, and not beyond", () => {
    expect(run("grows", "--max-memory", "1MiB")).toMatchObject({ status: 16, stderr: "" });
    expect(run("grows").status).toBe(64);
    expect(run("grows", "--max-memory", "64KiB").status).toBe(137);
  });
});

describe("what does not go together", () => {
  it.each([
    ["--deterministic"],
    ["--receipt", "-"],
    ["--snapshot", join(folder, "snap")],
    ["--cpu-share", "50%"],
    ["--net-backend", "thread"],
    ["--unknown-imports", "trap"],
  ])("with threads: %s %s", (...options) => {
    const { status, stderr } = run("sum", ...options);
    expect([status, stderr]).toEqual([2, expect.stringContaining("WT6567")]);
    expect(stderr).toContain(options[0]);
  });

  it.each([
    ["ownMemory", "WT6566", "one shared memory"],
    ["noThreadStart", "WT6566", "wasi_thread_start"],
    ["more", "WT6560", "env.other"],
  ])("with wasi-threads: a module like %s", (name, code, text) => {
    const { status, stderr } = run(name);
    expect([status, stderr]).toEqual([126, expect.stringContaining(code)]);
    expect(stderr).toContain(text);
  });
});
