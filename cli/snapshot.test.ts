/** `wasmts snapshot init` as users meet it: what it writes, what it refuses, and that it writes nothing by halves. */
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { checkWritable, writeWhole } from "./write-file.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const main = join(root, "dist/bin/wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-snapshot-"));
const path = (name: string): string => join(folder, name);

const wasi = (name: string, params: string): string =>
  `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${params}) (result i32)))`;

const texts: Readonly<Record<string, string>> = {
  counter: `(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 0)) (global $s (mut i32) (i32.const 0))
    (func $start (global.set $s (i32.add (global.get $s) (i32.const 1)))) (start $start)
    (func (export "_initialize") (global.set $n (i32.add (global.get $n) (i32.const 10))))
    (func $init (export "wizer.initialize") (global.set $n (i32.add (global.get $n) (i32.const 1))) (i32.store (i32.const 8) (i32.const 3)))
    (func (export "other") (global.set $n (i32.const 77)))
    (func (export "get") (result i32 i32 i32) (global.get $n) (global.get $s) (i32.load (i32.const 8))))`,
  plain: '(module (func (export "wizer.initialize")))',
  none: '(module (func (export "wizer.initialise")))',
  traps: '(module (func $deep unreachable) (func $init (export "wizer.initialize") (call $deep)))',
  loops: '(module (func (export "wizer.initialize") (loop (br 0))))',
  takes: '(module (func (export "wizer.initialize") (param i32)))',
  imports: '(module (import "env" "memory" (memory 1)) (func (export "wizer.initialize")))',
  calls: '(module (import "env" "log" (func $log)) (func $init (export "wizer.initialize") (call $log)))',
  holds: `(module (import "env" "f" (func $f (result externref))) (func (export "wizer.initialize"))
    (memory 1 1 shared))`,
  dice: `(module ${wasi("random_get", "i32 i32")} (memory (export "memory") 1)
    (func (export "wizer.initialize") (drop (call $random_get (i32.const 8) (i32.const 8)))))`,
  env: `(module ${wasi("environ_sizes_get", "i32 i32")} ${wasi("environ_get", "i32 i32")} ${wasi("fd_close", "i32")}
    (memory (export "memory") 1) (data (i32.const 64) "nothing") (data (i32.const 256) "\\40\\00\\00\\00\\07\\00\\00\\00")
    (func (export "wizer.initialize") (drop (call $environ_sizes_get (i32.const 0) (i32.const 4)))
      (drop (call $environ_get (i32.const 8) (i32.const 64))))
    (func (export "closes") (drop (call $fd_close (i32.const 2))))
    (func (export "first") (result i32) (i32.load8_u (i32.const 64))))`,
};

beforeAll(async () => {
  const wabt = await loadWabt();
  for (const [name, text] of Object.entries(texts)) {
    const module = wabt.parseWat(`${name}.wat`, text, { threads: true, multi_value: true, reference_types: true });
    writeFileSync(path(`${name}.wasm`), module.toBinary({ write_debug_names: true }).buffer);
  }
  writeFileSync(path("broken.wasm"), readFileSync(path("counter.wasm")).subarray(0, 60));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(path("out.wasm"), { force: true }));

const wasmts = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
    input: "",
  });
const init = (...args: string[]): SpawnSyncReturns<string> => wasmts("snapshot", "init", ...args);

const exportsOf = (file: string): Record<string, unknown> => {
  const module = new hostWebAssembly.Module(readFileSync(path(file)));
  return { ...new hostWebAssembly.Instance(module).exports };
};
/** Drafts of files that were to be renamed. */
const drafts = (): string[] => readdirSync(folder).filter((name) => name.endsWith(".tmp"));

describe("what it writes", () => {
  it("has run the start function, _initialize and the initialisation, and needs none of them any more", () => {
    const { status, stdout, stderr } = init("counter.wasm", "-o", "out.wasm");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(/^out\.wasm: \d+ bytes, from counter\.wasm \(\d+ bytes\) in \d+ ms\n$/);
    const { get, ...others } = exportsOf("out.wasm") as { get: () => number[] };
    expect(get()).toEqual([11, 1, 3]);
    expect(Object.keys(others)).toEqual(["memory", "other"]);
    expect(wasmts("--invoke", "get", "out.wasm").stdout).toBe("11\n1\n3\n");
  });

  it("can be told otherwise", () => {
    const args = ["-f", "other", "--keep-init-func", "-r", "_start=other", "-q"];
    const { status, stdout } = init("counter.wasm", ...args, "-o", "out.wasm");
    expect([status, stdout]).toEqual([0, ""]);
    const { get, ...others } = exportsOf("out.wasm") as { get: () => number[] };
    expect(get()).toEqual([77, 1, 0]);
    expect(Object.keys(others)).toEqual(["memory", "_initialize", "wizer.initialize", "_start"]);
  });

  it("can take the place of what it is made of, and of a link's target", () => {
    const original = readFileSync(path("counter.wasm"));
    writeFileSync(path("self.wasm"), original);
    chmodSync(path("self.wasm"), 0o640);
    symlinkSync("self.wasm", path("link.wasm"));
    expect(init("self.wasm", "-o", "link.wasm").status).toBe(0);
    expect(lstatSync(path("link.wasm")).isSymbolicLink()).toBe(true);
    expect(statSync(path("self.wasm")).mode & 0o777).toBe(0o640);
    expect((exportsOf("self.wasm").get as () => number[])()).toEqual([11, 1, 3]);
    expect(drafts()).toEqual([]);
  });

  it("can go through a pipe", () => {
    const shell = `"${process.execPath}" "${main}" snapshot init -q counter.wasm -o /dev/stdout | cat > out.wasm`;
    expect(spawnSync("sh", ["-c", shell], { cwd: folder }).status).toBe(0);
    expect((exportsOf("out.wasm").get as () => number[])()).toEqual([11, 1, 3]);
  });

  it("is the same module where there is nothing to initialise", () => {
    expect(init("plain.wasm", "--keep-init-func", "-o", "out.wasm").status).toBe(0);
    expect(readFileSync(path("out.wasm"))).toEqual(readFileSync(path("plain.wasm")));
  });

  it("knows what WASI said, if that was allowed", () => {
    expect(init("--allow-wasi", "--env", "Q=1", "env.wasm", "-o", "out.wasm").status).toBe(0);
    const first = (): string => wasmts("--invoke", "first", "out.wasm").stdout;
    expect(first()).toBe(`${"Q".charCodeAt(0)}\n`);
  });
});

describe("--deterministic", () => {
  it("makes the same module in every run, whatever it asks WASI for", () => {
    const made = (...args: string[]): Buffer => {
      expect(init("--allow-wasi", ...args, "dice.wasm", "-o", "out.wasm").status).toBe(0);
      return readFileSync(path("out.wasm"));
    };
    expect(made("--deterministic")).toEqual(made("--deterministic"));
    expect(made("--deterministic=7")).not.toEqual(made("--deterministic"));
    expect(made()).not.toEqual(made());
  });
});

describe("what it refuses", () => {
  it.each<[string[], number, string, RegExp]>([
    [["none.wasm", "-o", "out.wasm"], 2, "WT6700", /did you mean --init-func wizer\.initialise\?/],
    [["takes.wasm", "-o", "out.wasm"], 2, "WT6700", /it is \(func \(param i32\)\)/],
    [["counter.wasm", "-f", "memory", "-o", "out.wasm"], 2, "WT6700", /it is a memory/],
    [["counter.wasm", "-f", "a\u001b[2J\ud800", "-o", "out.wasm"], 2, "WT6700", /exports nothing named/],
    [["traps.wasm", "-o", "out.wasm"], 134, "WT4001", /at deep[\s\S]*at init/],
    [["loops.wasm", "--fuel", "1000000", "-o", "out.wasm"], 134, "WT5003", /fuel/],
    [["loops.wasm", "--timeout", "200ms", "-o", "out.wasm"], 124, "WT5004", /time/],
    [["calls.wasm", "-o", "out.wasm"], 134, "WT6701", /import env\.log[\s\S]*at init[\s\S]*only WASI/],
    [["calls.wasm", "--allow-wasi", "-o", "out.wasm"], 134, "WT6701", /env\.log/],
    [["env.wasm", "-o", "out.wasm"], 134, "WT6701", /environ_sizes_get[\s\S]*--allow-wasi/],
    [["env.wasm", "--allow-wasi", "-f", "closes", "-o", "out.wasm"], 126, "WT6703", /given: 2/],
    [["imports.wasm", "-o", "out.wasm"], 126, "WT6560", /env\.memory \(memory 1\)/],
    [["-W", "threads", "holds.wasm", "-o", "out.wasm"], 126, "WT5802", /memory 0 is shared/],
    [["holds.wasm", "-o", "out.wasm"], 126, "WT1917", /threads/],
    [["broken.wasm", "-o", "out.wasm"], 126, "WT1004", /./],
    [["counter.wasm", "--max-memory", "1KiB", "-o", "out.wasm"], 137, "WT3004", /65536/],
    [["counter.wasm"], 2, "WT6704", /-o OUT/],
    [["-o", "out.wasm"], 2, "WT6506", /needs a file/],
    [["counter.wasm", "more.wasm", "-o", "out.wasm"], 2, "WT6507", /more\.wasm/],
    [["counter.wasm", "-o", "none/out.wasm"], 2, "WT6705", /none/],
    [["counter.wasm", "-o", "."], 2, "WT6705", /is a directory/],
    [["counter.wasm", "--env", "A=1", "-o", "out.wasm"], 2, "WT6707", /--env without --allow-wasi/],
    [["counter.wasm", "-r", "main", "-o", "out.wasm"], 2, "WT6503", /_start=main/],
    [["counter.wasm", "-r", "main=", "-o", "out.wasm"], 2, "WT6503", /_start=main/],
    [["counter.wasm", "-r", "a=othre", "-o", "out.wasm"], 2, "WT6708", /did you mean other\?/],
    [["counter.wasm", "-r", "a=wizer.initialize", "-o", "out.wasm"], 2, "WT6708", /renamed and left out/],
    [["counter.wasm", "-r", "memory=other", "-o", "out.wasm"], 2, "WT6708", /is a memory/],
    [["counter.wasm", "-r", "a=other", "-r", "a=get", "-o", "out.wasm"], 2, "WT6504", /name a twice/],
    [["counter.wasm", "--invoke", "get", "-o", "out.wasm"], 2, "WT6500", /belongs to: wasmts run/],
  ])("%j", (args, status, code, text) => {
    writeFileSync(path("out.wasm"), "what was there before");
    const result = init(...args);
    expect(result.stderr).toMatch(text);
    expect(result.stderr).toMatch(new RegExp(`^wasmts: (error|trap) ${code}: `));
    expect(result.stderr).not.toContain("\u001b");
    expect(result.stderr).not.toMatch(/^\s+at .*(node:|\.[jt]s:\d)/m);
    for (const line of result.stderr.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect([result.status, result.stdout]).toEqual([status, ""]);
    expect(readFileSync(path("out.wasm"), "utf8")).toBe("what was there before");
    expect(drafts()).toEqual([]);
  });

  it("names longer than engines take", () => {
    const { status, stderr } = init("counter.wasm", "-r", `${"x".repeat(100_001)}=other`, "-o", "out.wasm");
    expect([status, stderr]).toEqual([2, expect.stringMatching(/^wasmts: error WT6708: a name of 100001 bytes/)]);
  });

  it("words that are no command of the family", () => {
    expect([wasmts("snapshot").status, wasmts("snapshot").stderr]).toEqual([
      2,
      expect.stringMatching(/WT6706.*what\?/),
    ]);
    expect(wasmts("snapshot", "inti").stderr).toMatch(/WT6706[\s\S]*did you mean: wasmts snapshot init\?/);
    for (const help of [
      ["snapshot", "--help"],
      ["snapshot", "init", "--help"],
      ["help", "snapshot"],
      ["help", "snapshot", "init"],
    ]) {
      const { status, stdout } = wasmts(...help);
      expect([status, stdout]).toEqual([
        0,
        expect.stringMatching(/^Usage {2}wasmts snapshot init \[OPTIONS\] FILE -o OUT/m),
      ]);
      for (const line of stdout.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  it("nothing is left of an initialisation that is killed", async () => {
    const child = spawn(process.execPath, [main, "snapshot", "init", "loops.wasm", "-o", "out.wasm"], { cwd: folder });
    await new Promise((resolve) => setTimeout(resolve, 700));
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
    expect(readdirSync(folder)).not.toContain("out.wasm");
    expect(drafts()).toEqual([]);
  });
});

describe("writing a file whole", () => {
  it("leaves what is there, and no draft, when it fails", () => {
    mkdirSync(path("taken"));
    writeFileSync(path("taken/inside"), "");
    expect(() => writeWhole(path("taken"), new Uint8Array(3))).toThrow(expect.objectContaining({ code: "WT6705" }));
    expect(() => checkWritable(path("no/where"))).toThrow(expect.objectContaining({ code: "WT6705" }));
    expect(() => writeWhole(path("no/where"), new Uint8Array(3))).toThrow(expect.objectContaining({ code: "WT6705" }));
    expect(readdirSync(path("taken"))).toEqual(["inside"]);
    expect(drafts()).toEqual([]);
  });
  it("takes names as long as the system does", () => {
    const name = path("n".repeat(250));
    writeWhole(name, Uint8Array.of(1, 2, 3));
    writeWhole(name, Uint8Array.of(4));
    expect([...readFileSync(name)]).toEqual([4]);
  });
});
