/** Saved programs from the command line: taken at a time of each kind, resumed in other processes, and what can go wrong. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const wasmts = join(root, "dist/bin/wasmts.js");
const counter = join(root, "examples/counter.wasm");
const folder = mkdtempSync(join(tmpdir(), "wasmts-snapshots-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => join(folder, name);

interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}
function run(...args: string[]): Result {
  const { status, stdout, stderr } = spawnSync(process.execPath, [wasmts, ...args], { encoding: "utf8", cwd: folder });
  return { status, stdout, stderr };
}
const numbers = (to: number): string => Array.from({ length: to }, (_, i) => `${i + 1}\n`).join("");

describe("a saved program", () => {
  test("goes on from where it was, twice, and writes nothing again; usage goes on too", () => {
    const first = run("--snapshot", "a.snap", "--snapshot-at", "fuel:30000000", "--json", counter, "9");
    const second = run("resume", "--snapshot", "b.snap", "--snapshot-at", "fuel:70000000", "a.snap");
    const third = run("resume", "--json", "--tier", "interp", "b.snap");
    const whole = run("--json", "--tier", "interp", counter, "9");
    expect([first, second, third].map((r) => r.status)).toEqual([0, 0, 0]);
    const [record, last, want] = [first, third, whole].map((r) => JSON.parse(r.stdout.trim().split("\n").at(-1) ?? ""));
    expect(record).toMatchObject({ kind: "snapshot", code: 0 });
    const output = [first, second, third].map((r) => r.stdout.replace(/\{.*\}\n/, "")).join("");
    expect(output).toBe(numbers(9));
    expect(last.usage.instructions).toBe(want.usage.instructions);
    expect(readdirSync(folder).filter((name) => name.endsWith(".tmp"))).toEqual([]);
  });

  test("is saved after a time, and asleep", async () => {
    const saved = run("--snapshot", "t.snap", "--snapshot-at", "time:300ms", counter, "100000");
    expect(saved).toMatchObject({ status: 0, stderr: "" });
    const child = spawn(process.execPath, [wasmts, "resume", at("t.snap")]);
    let next = "";
    for await (const chunk of child.stdout) {
      next += chunk;
      if (next.includes("\n")) break;
    }
    child.kill("SIGKILL");
    const before = saved.stdout.trim().split("\n").length - (saved.stdout === "" ? 1 : 0);
    expect(Number(next.split("\n")[0])).toBe(before + 1);
  });

  test("is described without its module", () => {
    const text = run("snapshot", "inspect", "a.snap").stdout;
    expect(text).toMatch(/a\.snap: a snapshot, version 1, \d+ bytes\n/);
    expect(text).toMatch(/module 0 +SHA-256 [0-9a-f]{64}\n/);
    expect(JSON.parse(run("snapshot", "inspect", "--json", "a.snap").stdout)).toMatchObject({
      version: 1,
      hosts: [{ name: "wasi" }, { name: "run", state: { file: counter, preloads: [] } }],
    });
  });

  test("that ends before it is time is not saved", () => {
    expect(run("--snapshot", "never.snap", "--snapshot-at", "time:1h", counter, "1")).toMatchObject({
      status: 0,
      stdout: "1\n",
    });
    expect(existsSync(at("never.snap"))).toBe(false);
  });

  test("with open files goes on in them, if they are what they were", () => {
    const cat = join(root, "examples/tour.wasm");
    mkdirSync(at("data"), { recursive: true });
    writeFileSync(at("data/x"), "x");
    const saved = run("--dir", "data:/", "--snapshot", "f.snap", "--snapshot-at", "fuel:3000", cat, "a");
    expect(saved.status).toBe(0);
    expect(existsSync(at("f.snap"))).toBe(true);
    expect(run("resume", "f.snap")).toMatchObject({
      status: 126,
      stderr: expect.stringMatching(/WT6012[\s\S]*--dir HOST:\//),
    });
    const whole = run("--dir", "data:/", cat, "a").stdout;
    expect(saved.stdout + run("resume", "--dir", "data:/", "f.snap").stdout).toBe(whole);
  });

  test.each([
    ["cut short", (b: Buffer) => b.subarray(0, b.length - 9), 126, /WT5201: the snapshot is damaged/],
    ["with a bit turned over", (b: Buffer) => b.map((x, i) => (i === 200 ? x ^ 4 : x)), 126, /WT5201/],
    ["of nothing", () => Buffer.from(""), 126, /WT5201/],
    ["of another version", (b: Buffer) => b.map((x, i) => (i === 8 ? 9 : x)), 126, /WT5202/],
  ])("%s is refused", (_, damage, status, text) => {
    writeFileSync(at("bad.snap"), damage(readFileSync(at("a.snap"))));
    const { stderr, ...rest } = run("resume", "bad.snap");
    expect(rest).toEqual({ status, stdout: "" });
    expect(stderr).toMatch(text);
    expect(stderr).not.toMatch(/\bat .*\.js:\d+/);
  });

  test("of another module is refused; the module may have moved", () => {
    expect(run("resume", "--module", join(root, "examples/fib.wasm"), "a.snap")).toMatchObject({
      status: 126,
      stderr: expect.stringMatching(/WT5203/),
    });
    writeFileSync(at("moved.wasm"), readFileSync(counter));
    expect(run("resume", "--module", "moved.wasm", "a.snap").stdout).toMatch(/\n9\n$/);
    expect(run("resume", "--module", "gone.wasm", "a.snap")).toMatchObject({
      status: 127,
      stderr: expect.stringMatching(/WT6510/),
    });
  });

  test.each([
    [["--snapshot-at", "time:1s", counter], 2, /WT6571/],
    [["--snapshot", "x.snap", "--snapshot-at", "noon", counter], 2, /WT6503/],
    [["--snapshot", "no/such/place", counter], 2, /WT6705/],
    [["resume"], 2, /WT6506/],
    [["resume", "a.snap", "more"], 2, /WT6507/],
    [["resume", "gone.snap"], 127, /WT6510/],
    [["resume", counter], 126, /WT5201/],
  ])("%j is told", (args, status, text) => {
    const result = run(...args);
    expect(result.stderr).toMatch(text);
    expect(result.status).toBe(status);
  });
});

describe("examples", () => {
  test("a program that is killed goes on in another process", { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "examples/snapshot.mjs")], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/ended by SIGKILL[\s\S]*to 40, and ended with 0/);
  });

  test("many guests share a thread", { timeout: 60_000 }, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "examples/scheduler.mjs"), "90"], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/30 stopped: out of fuel\n30 returned 5\n30 returned 199990000\n/);
  });
});
