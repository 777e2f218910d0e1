/**
 * The command as users meet it: the built dist/bin/wasmts.js in a process of its own. Exit statuses, what goes to which
 * stream, messages in three parts that fit in 80 columns, and never a stack of ours.
 */
import { type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Script } from "node:vm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { tarBytes } from "../wasi/node/testing/tar-bytes.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const main = join(root, "dist/bin/wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-cli-"));

/** Opens "made" in the first directory and ends with the errno. */
const opener = (oflags: number): string => `(module
    (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1) (data (i32.const 0) "made")
    (func (export "_start") (call $exit (call $open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 4)
      (i32.const ${oflags}) (i64.const ${oflags === 0 ? 2 : 66}) (i64.const 0) (i32.const 0) (i32.const 16)))))`;

const texts: Readonly<Record<string, string>> = {
  exit: `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (func (export "_start") (call $exit (i32.const 7))))`,
  exit300: `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (func (export "_start") (call $exit (i32.const 300))))`,
  trap: `(module (memory 1) (func $inner (drop (i32.load (i32.const -4))))
    (func $outer (export "_start") (call $inner)))`,
  recurse: '(module (func $again (export "_start") (call $again)))',
  big: '(module (memory 20000) (func (export "_start")))',
  library: `(module (memory (export "memory") 1) (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "pair") (result i64 f32) (i64.const -1) (f32.const 0.1)))`,
  user: `(module (import "math" "add" (func $add (param i32 i32) (result i32)))
    (func (export "sum") (result i32) (call $add (i32.const 40) (i32.const 2))))`,
  emscripten:
    '(module (import "env" "emscripten_date_now" (func)) (import "env" "invoke_vi" (func)) (func (export "_start")))',
  misspelt: `(module (import "wasi_snapshot_preview1" "fd_raed" (func (param i32))) (memory (export "memory") 1)
    (func (export "_start")))`,
  mistyped: `(module (import "wasi_snapshot_preview1" "fd_close" (func (param i64))) (memory (export "memory") 1)
    (func (export "_start")))`,
  invalid: '(module (func (export "_start") (drop (i32.add (i32.const 1) (i64.const 2)))))',
  reactor: `(module (global $g (mut i32) (i32.const 0)) (func (export "_initialize") (global.set $g (i32.const 5)))
    (func (export "get") (result i32) (global.get $g)))`,
  starts: `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)
    (func $init (call $exit (i32.const 3))) (start $init) (func (export "_start")))`,
  startTraps: `(module (import "wasi_snapshot_preview1" "proc_exit" (func (param i32))) (memory (export "memory") 1)
    (func $init (unreachable)) (start $init) (func (export "_start")))`,
  threads: '(module (memory 1 1 shared) (func (export "_start") (drop (i32.atomic.load (i32.const 0)))))',
  maker: opener(1),
  reader: opener(0),
  loop: '(module (func (export "_start") (loop (br 0))))',
};

const path = (name: string): string => join(folder, `${name}.wasm`);
type Result = SpawnSyncReturns<string>;
const wasmts = (args: readonly string[], options: { env?: NodeJS.ProcessEnv; input?: string } = {}): Result =>
  spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1", ...options.env },
    input: options.input ?? "",
  });

beforeAll(async () => {
  if (!existsSync(main))
    throw new Error("dist/bin/wasmts.js is not there: these tests run the built command; first: npm run build");
  const wabt = await loadWabt();
  for (const [name, text] of Object.entries(texts)) {
    const module = wabt.parseWat(`${name}.wat`, text, { threads: true, multi_value: true });
    writeFileSync(path(name), module.toBinary({ write_debug_names: true }).buffer);
  }
  // An opcode (cont.new) of a proposal that is not there.
  const absent = "0061736d01000000 010401600000 03020100 070a01065f73746172740000 0a05010300e00b".replaceAll(" ", "");
  writeFileSync(path("absent"), Buffer.from(absent, "hex"));
  // A function name that would act on a terminal.
  const evil = Buffer.from(readFileSync(path("trap")));
  evil.write("\u001b[2J!", evil.lastIndexOf("inner"), "latin1");
  writeFileSync(path("evil"), evil);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What every message of ours must be. */
function expectMessage(result: Result, status: number, code: string, text: RegExp): void {
  expect(result.stderr).toMatch(text);
  expect(result.stderr).toMatch(new RegExp(`^wasmts: (error|trap) ${code}: `));
  expect(result.stderr).toContain(`wasmts explain ${code}`);
  expect(result.stderr).toMatch(/^ {2}(where: |at )/m);
  expect(result.stderr).toMatch(/^ {2}help: /m);
  expect(result.stderr).not.toMatch(/node:|\.js:|\.ts:|Error:/);
  for (const line of result.stderr.split("\n"))
    expect(line.length, line).toBeLessThanOrEqual(Math.max(80, longestWord(line) + 9));
  expect(result.status).toBe(status);
}
const longestWord = (line: string): number => Math.max(...line.split(" ").map((word) => word.length));

describe("exit status", () => {
  it.each([
    ["of the guest", ["exit"], 7],
    ["of the guest, modulo 256", ["exit300"], 44],
    ["of a guest that ends in its start function", ["starts"], 3],
    ["of a trap", ["trap"], 134],
    ["of recursion for ever", ["recurse"], 134],
    ["beyond a limit", ["--max-memory", "64MiB", "big"], 137],
    ["of an unknown import", ["emscripten"], 126],
    ["of a library", ["library"], 126],
    ["of a missing file", ["missing"], 127],
  ])("%s", (_, args, status) => {
    const [name, ...options] = [...args].reverse();
    expect(wasmts([...options.reverse(), `${name}.wasm`]).status).toBe(status);
  });
  it("of wrong usage", () => expect(wasmts(["--nonsense", "exit.wasm"]).status).toBe(2));
  it("of a directory", () => expect(wasmts(["."]).status).toBe(126));
  it("of nothing at all, with help", () => {
    const result = wasmts([]);
    expect([result.status, result.stdout]).toEqual([2, ""]);
    expect(result.stderr).toContain("Usage");
  });
});

describe("messages", () => {
  it.each([
    [["missing.wasm"], 127, "WT6510", /file not found: missing\.wasm/],
    [["exti.wasm"], 127, "WT6510", /did you mean exit\.wasm/],
    [["inspct"], 127, "WT6510", /the command 'wasmts inspect'/],
    [["."], 126, "WT6511", /is a directory/],
    [["/dev/null"], 126, "WT6512", /device/],
    [
      ["emscripten.wasm"],
      126,
      "WT6560",
      /emscripten_date_now \(func\)[\s\S]*1 more: env\.invoke_vi[\s\S]*made for Emscripten/,
    ],
    [["misspelt.wasm"], 126, "WT6560", /did you mean wasi_snapshot_preview1\.fd_read/],
    [["mistyped.wasm"], 126, "WT3002", /fd_close/],
    [["invalid.wasm"], 126, "WT2001", /i32\.add[\s\S]*byte \d+ \(0x[0-9a-f]+\), in function 0/],
    [["absent.wasm"], 126, "WT1921", /stack-switching[\s\S]*byte \d+/],
    [["trap.wasm"], 134, "WT4005", /at inner \(function 0[\s\S]*at outer \(function 1/],
    [["startTraps.wasm"], 134, "WT4001", /at init \(function 1/],
    [["recurse.wasm"], 134, "WT5001", /at again[\s\S]*the same \d+ times more/],
    [["library.wasm"], 126, "WT6550", /add \(func \(param i32 i32\) \(result i32\)\)/],
    [["--max-memory", "64MiB", "big.wasm"], 137, "WT3004", /1310720000[\s\S]*--max-memory/],
    [["--invoke", "ad", "library.wasm"], 2, "WT6540", /did you mean --invoke add/],
    [["--invoke", "memory", "library.wasm"], 2, "WT6541", /a memory, not a\s+function/],
    [["--invoke", "add", "library.wasm", "1"], 2, "WT6542", /takes 2 arguments, not 1/],
    [["--invoke", "add", "library.wasm", "1", "x"], 2, "WT6543", /'x' is no i32/],
    [
      ["--dir", "/nowhere/at/all:/tmp", "exit.wasm"],
      2,
      "WT6521",
      /looks reversed[\s\S]*--dir \/tmp:\/nowhere\/at\/all/,
    ],
    [["--dir", "exit.wasm", "exit.wasm"], 2, "WT6522", /not a directory/],
    [["--env-from", "none.env", "exit.wasm"], 2, "WT6531", /none\.env/],
    [["--preload", "math", "exit.wasm"], 2, "WT6561", /NAME=FILE/],
    [["--wasm-1", "../examples/tour.wasm", "x"], 127, "WT6510", /tour\.wasm/],
    [["-W", "smid", "exit.wasm"], 2, "WT6563", /did you mean -W simd/],
    [["-W", "stack-switching", "exit.wasm"], 2, "WT6564", /not there yet/],
    [["--coredump", "core", "exit.wasm"], 2, "WT6505", /not there yet/],
    [["--tier", "native", "exit.wasm"], 2, "WT6505", /generated JavaScript so far/],
    [["--trace-wasi=nonsense", "exit.wasm"], 2, "WT6503", /clock/],
    [["--report", "/nowhere/at/all/r.json", "exit.wasm"], 2, "WT6570", /r\.json/],
    [["run"], 2, "WT6506", /no module/],
    [["validate"], 2, "WT6506", /no module/],
    [["explain", "WT0000"], 2, "WT6508", /WT0000/],
    [["help", "exit-code"], 2, "WT6508", /help exit-codes/],
  ])("%j", (args, status, code, text) => expectMessage(wasmts(args), status, code, text));

  it("escape what a module's names could do to a terminal", () => {
    const result = wasmts(["evil.wasm"]);
    expect(result.stderr).toContain("\\u{1b}[2J!");
    expect(result.stderr).not.toContain("\u001b");
  });
  it("are short with -q", () => {
    const result = wasmts(["-q", "missing.wasm"]);
    expect(result.stderr).toBe("wasmts: error WT6510: file not found: missing.wasm\n");
  });
  it("are coloured only when wanted", () => {
    expect(wasmts(["--color", "always", "missing.wasm"]).stderr).toContain("\u001b[31m");
    expect(wasmts(["missing.wasm"], { env: { NO_COLOR: "", FORCE_COLOR: "1" } }).stderr).toContain("\u001b[31m");
  });
});

describe("--invoke", () => {
  it("prints results, one per line", () =>
    expect(wasmts(["--invoke", "pair", "library.wasm"]).stdout).toBe("-1\n0.1\n"));
  it("reads arguments by type, also those that look like options", () => {
    expect(wasmts(["--invoke", "add", "library.wasm", "-0x10", "4294967295"]).stdout).toBe("-17\n");
  });
  it("calls _initialize first", () => expect(wasmts(["--invoke", "get", "reactor.wasm"]).stdout).toBe("5\n"));
  it("with --json gives types", () => {
    const record = JSON.parse(wasmts(["--json", "--invoke", "pair", "library.wasm"]).stdout) as { results: unknown };
    expect(record.results).toEqual([
      { type: "i64", value: "-1" },
      { type: "f32", value: Math.fround(0.1) },
    ]);
  });
});

describe("linking", () => {
  it("--preload", () =>
    expect(wasmts(["--preload", "math=library.wasm", "--invoke", "sum", "user.wasm"]).stdout).toBe("42\n"));
  it("--unknown-imports trap runs until one is called", () => {
    expect(wasmts(["--unknown-imports", "trap", "emscripten.wasm"]).status).toBe(0);
    expectMessage(
      wasmts(["--unknown-imports", "trap", "--invoke", "sum", "user.wasm"]),
      134,
      "WT6565",
      /math\.add was called/,
    );
  });
  it("--unknown-imports default returns zero", () => {
    expect(wasmts(["--unknown-imports", "default", "--invoke", "sum", "user.wasm"]).stdout).toBe("0\n");
  });
});

describe("proposals", () => {
  it("that are off are refused by name until they are asked for", () => {
    expectMessage(wasmts(["threads.wasm"]), 126, "WT1917", /threads[\s\S]*-W threads/);
    expect(wasmts(["-W", "threads", "threads.wasm"]).status).toBe(0);
    expect(wasmts(["validate", "-W", "all", "threads.wasm"]).status).toBe(0);
    expect(wasmts(["inspect", "threads.wasm"]).stdout).toContain("needs -W threads");
  });
  it("can be turned off", () => {
    const tour = join(root, "examples/tour.wasm");
    expectMessage(wasmts(["-W", "-bulk-memory", tour]), 126, "WT6562", /bulk-memory[\s\S]*-W -bulk-memory/);
    expectMessage(wasmts(["--wasm-1", tour]), 126, "WT6562", /--wasm-1 turned off/);
    expect(wasmts(["--wasm-2", tour]).status).toBe(0);
  });
});

describe("records", () => {
  it("--json is the last line, whatever happened", () => {
    expect(JSON.parse(wasmts(["--json", "exit300.wasm"]).stdout)).toMatchObject({
      kind: "exit",
      code: 300,
      status: 44,
    });
    const trap = JSON.parse(wasmts(["--json", "trap.wasm"]).stdout) as { backtrace: object[] };
    expect(trap).toMatchObject({
      kind: "trap",
      code: 134,
      trap: { code: "WT4005" },
      backtrace: [{ name: "inner" }, { name: "outer" }],
    });
    expect(JSON.parse(wasmts(["--json", "missing.wasm"]).stdout)).toMatchObject({
      kind: "not-found",
      error: { code: "WT6510" },
    });
  });
  it("--report writes the same to a file", () => {
    const file = join(folder, "report.json");
    expect(wasmts(["--report", file, "invalid.wasm"]).status).toBe(126);
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      kind: "invalid",
      status: 126,
      error: { code: "WT2001" },
    });
  });
});

describe("the guest", () => {
  const tour = join(root, "examples/tour.wasm");
  it("gets arguments, environment and directories, and nothing else", () => {
    const bare = wasmts([tour], { env: { SECRET: "x" } }).stdout;
    expect(bare).toContain("I am tour.wasm");
    expect(bare).toContain("variables I was given: 0");
    expect(bare).toContain("no directory");
    const given = wasmts(["--env", "A=1", "--argv0", "me", "--dir", `${root}:/:ro`, tour, "--", "--dir", "x"]).stdout;
    expect(given).toContain("I am me");
    expect(given).toContain("argument 1: --dir\n  argument 2: x");
    expect(given).toContain("variables I was given: 1");
    expect(given).toContain("README.md has");
  });
  it("is traced on stderr, by scope", () => {
    const { stderr } = wasmts(["--trace-wasi=path", "--dir", `${root}:/`, tour]);
    const lines = stderr.trim().split("\n");
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^wasi: path_\w+\(/);
  });
});

describe("file systems", () => {
  const listing = (...options: string[]): string => wasmts([...options, join(root, "examples/tour.wasm")]).stdout;
  const make = (...options: string[]): number | null => wasmts([...options, "maker.wasm"]).status;
  const noent = 44;
  const readOnly = 69;

  it("in memory are empty and can be written", () => {
    expect(listing("--tmpfs", "/t")).toContain("/t");
    expect([make("--tmpfs", "/"), wasmts(["--tmpfs", "/", "reader.wasm"]).status]).toEqual([0, noent]);
  });

  it("over a directory leave it as it is", () => {
    const dir = join(folder, "below");
    mkdirSync(dir);
    writeFileSync(join(dir, "file"), "x");
    expect(listing("--overlay", `${dir}:/o`)).toContain("/o");
    expect([make("--overlay", dir), make("--overlay", `${dir}:/:ro`)]).toEqual([0, readOnly]);
    expect(readdirSync(dir)).toEqual(["file"]);
    expect(make("--dir", dir)).toBe(0);
    expect(readdirSync(dir)).toEqual(["file", "made"]);
  });

  it("in an archive can be read only", () => {
    writeFileSync(join(folder, "image.tar"), tarBytes({ name: "made", contents: "x" }));
    expect(wasmts(["--tar", "image.tar:/", "reader.wasm"]).status).toBe(0);
    expect(make("--tar", "image.tar:/")).toBe(readOnly);
  });

  it("are refused with words", () => {
    writeFileSync(join(folder, "bad.tar"), tarBytes({ name: "../out" }));
    expectMessage(wasmts(["--tar", "bad.tar:/", "reader.wasm"]), 2, "WT6525", /'\.\.' in its\s+name/);
    expectMessage(wasmts(["--tar", "none.tar:/", "reader.wasm"]), 2, "WT6525", /none\.tar/);
    expectMessage(wasmts(["--overlay", "none:/data", "reader.wasm"]), 2, "WT6520", /none/);
    expectMessage(wasmts(["--tmpfs=", "reader.wasm"]), 2, "WT6524", /--tmpfs/);
    expectMessage(wasmts(["--tmpfs", "/a", "--dir", ".:/a/", "reader.wasm"]), 2, "WT6523", /two mounts/);
    expectMessage(wasmts(["--max-fs-memory", "x", "--tmpfs", "/a", "reader.wasm"]), 2, "WT6503", /max-fs-memory/);
  });
});

describe("other commands", () => {
  it("validate: one line for each file, the worst decides", () => {
    const result = wasmts(["validate", "exit.wasm", "invalid.wasm"]);
    expect([result.status, result.stdout]).toEqual([126, "exit.wasm: valid\n"]);
    expect(result.stderr).toContain("WT2001");
    const records = JSON.parse(wasmts(["validate", "--json", "exit.wasm", "invalid.wasm"]).stdout) as object[];
    expect(records).toMatchObject([{ valid: true }, { valid: false, code: "WT2001" }]);
  });
  it("inspect: a page that fits, and JSON", () => {
    const tour = join(root, "examples/tour.wasm");
    const { stdout } = wasmts(["inspect", tour]);
    expect(stdout).toMatch(
      /WASI command[\s\S]*features[\s\S]*Sections[\s\S]*Imports[\s\S]*fd_readdir[\s\S]*Exports[\s\S]*_start/,
    );
    for (const line of stdout.split("\n").slice(1)) expect(line.length, line).toBeLessThanOrEqual(80);
    const found = JSON.parse(wasmts(["inspect", "--json", tour]).stdout) as { wasi: { needs: string[] } };
    expect(found).toMatchObject({ kind: "WASI command", problem: null, unknownImports: [] });
    expect(found.wasi.needs).toContain("directories");
  });
  it("inspect: what is not valid, and what cannot run", () => {
    expect(wasmts(["inspect", "invalid.wasm"]).stdout).toMatch(/NOT VALID +WT2001/);
    expect(wasmts(["inspect", "emscripten.wasm"]).stdout).toMatch(/cannot run[\s\S]*Emscripten/);
  });
  it("objdump: instructions, and the JavaScript they become", () => {
    const fib = join(root, "examples/fib.wasm");
    const text = wasmts(["objdump", fib]).stdout;
    expect(text).toMatch(/^function 0 <fib\/fib> \(func \(param i32\) \(result i64\)\): 28 bytes at 0x003d$/m);
    expect(text).toMatch(/^ {4}0x0044 {4}local\.get 0$/m);
    expect(text).toContain("function 1 <fib/gcd>");
    const js = wasmts(["objdump", "--js", "--func", "gcd", fib]).stdout;
    expect(js).toMatch(/; local\.tee 0\n +l0=.*l0%l1/);
    expect(js).not.toContain("fib/fib");
    expect(wasmts(["objdump", "--metered", "--func", "1", fib]).stdout).toContain("$.left");
    expect(wasmts(["objdump", "--js", "evil.wasm"]).stdout).not.toContain("\u001b");
    const optimised = wasmts(["objdump", "--js", fib]).stdout;
    expect(wasmts(["objdump", "--js", "--no-opt", "width", "--no-opt", "views", fib]).stdout).not.toBe(optimised);
    expectMessage(wasmts(["objdump", "--js", "--no-opt", "wdith", fib]), 2, "WT6503", /one of width, target, views/);
    expectMessage(wasmts(["objdump", "--func", "fob", fib]), 2, "WT6545", /did you mean fib\?/);
    expectMessage(wasmts(["objdump", "invalid.wasm"]), 126, "WT2001", /./);
  });
  it("--profile: names of guest functions where the time went", () => {
    const file = path("profile");
    const args = ["--profile", file, "--tier", "js", "--invoke", "fib", join(root, "examples/fib.wasm"), "30"];
    expect(wasmts(args).stdout).toBe("832040\n");
    const { nodes } = JSON.parse(readFileSync(file, "utf8")) as { nodes: { callFrame: { functionName: string } }[] };
    expect(nodes.map((node) => node.callFrame.functionName)).toContain("fib/fib [wasm]");
    expectMessage(wasmts(["--profile", join(file, "no"), "exit.wasm"]), 2, "WT6705", /cannot write/);
  });
  it("version: name and version on the first line", () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    expect(wasmts(["--version"]).stdout.split("\n")[0]).toBe(`wasmts ${version}`);
    expect(JSON.parse(wasmts(["version", "--json"]).stdout)).toMatchObject({ name: "wasmts", version });
  });
  it("explain: every code has a page; case and prefix do not matter", () => {
    expect(wasmts(["explain", "wt6521"]).stdout).toMatch(/^WT6521: /);
    expect(wasmts(["explain", "4005"]).stdout).toMatch(/^WT4005: /);
    expect(wasmts(["explain"]).stdout.split("\n").length).toBeGreaterThan(100);
  });
  it("help: short has six examples, long has every option", () => {
    const short = wasmts(["-h"]).stdout;
    const examples = /Examples\n([\s\S]*?)\n\n/.exec(short)![1]!;
    expect(examples.split("\n")).toHaveLength(6);
    const long = wasmts(["--help"]).stdout;
    for (const flag of ["--dir", "--env-file", "--max-stack-depth", "--unknown-imports", "--trace-wasi", "--fuel"])
      expect(long).toContain(flag);
    for (const line of `${short}\n${long}`.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    for (const topic of ["exit-codes", "mounts", "invoke", "json", "inspect"]) {
      for (const line of wasmts(["help", topic]).stdout.split("\n")) expect(line.length, line).toBeLessThanOrEqual(80);
    }
  });
  it("--features list", () =>
    expect(wasmts(["--features", "list"]).stdout).toMatch(
      /yes {2}bulk-memory[\s\S]*-W {3}threads[\s\S]*no {3}stack-switching/,
    ));
});

describe("the installed command", () => {
  it("is the same", () => {
    const { bin } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { bin: { wasmts: string } };
    const installed = (...args: string[]): Result =>
      spawnSync(process.execPath, [join(root, bin.wasmts), ...args], { encoding: "utf8", cwd: folder, input: "" });
    expect(installed("--dir", `${root}:/:ro`, join(root, "examples/tour.wasm"), "x").stdout).toMatch(
      /argument 1: x[\s\S]*README\.md has/,
    );
    expect(installed("trap.wasm").stderr).toMatch(/^wasmts: trap WT4005[\s\S]*at inner/);
    for (const args of [["--version"], ["--help"], ["inspect", "exit.wasm"], ["explain", "WT6510"]])
      expect(installed(...args).status).toBe(0);
  });
});

describe.runIf(existsSync(join(root, "dist/bin/wasmts.js")))("the bundle", () => {
  const run = (bin: string, ...args: string[]): Result =>
    spawnSync(process.execPath, [join(bin, "wasmts.js"), ...args], { encoding: "utf8", cwd: folder, input: "" });
  it("has code that this V8 takes", () => {
    const bin = join(root, "dist/bin");
    const script = new Script(readFileSync(join(bin, "wasmts.cjs"), "latin1"), {
      filename: join(bin, "wasmts.cjs"),
      cachedData: readFileSync(join(bin, "wasmts.cache")),
    });
    expect(script.cachedDataRejected).toBe(false);
    expect(run(bin, "exit.wasm").status).toBe(7);
  });
  it("runs without it, and with one that is of another V8 or damaged", () => {
    const bin = join(folder, "bin");
    cpSync(join(root, "dist/bin"), bin, { recursive: true });
    writeFileSync(join(bin, "wasmts.cache"), readFileSync(join(bin, "wasmts.cache")).fill(0x55, 0, 64));
    expect([run(bin, "exit.wasm").status, run(bin, "exit.wasm").stderr]).toEqual([7, ""]);
    rmSync(join(bin, "wasmts.cache"));
    expect(run(bin, "exit.wasm").status).toBe(7);
    // What installing the package does.
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      scripts: { postinstall: string };
    };
    cpSync(join(root, "dist/bin"), join(folder, "installed/dist/bin"), { recursive: true });
    rmSync(join(folder, "installed/dist/bin/wasmts.cache"));
    for (const cwd of [join(folder, "installed"), folder])
      expect(spawnSync("sh", ["-c", manifest.scripts.postinstall], { cwd, encoding: "utf8" })).toMatchObject({
        status: 0,
        stdout: "",
        stderr: "",
      });
    expect(existsSync(join(folder, "installed/dist/bin/wasmts.cache"))).toBe(true);
  });
});

describe("a signal", () => {
  it("ends a guest that runs for ever", async () => {
    const child = spawn(process.execPath, [main, "loop.wasm"], { cwd: folder, stdio: "ignore" });
    await new Promise((resolve) => setTimeout(resolve, 500));
    child.kill("SIGINT");
    const [, signal] = (await once(child, "exit")) as [number | null, string | null];
    expect(signal).toBe("SIGINT");
  });
});

describe("a closed stdout", () => {
  it("ends quietly", () => {
    const shell = spawnSync("sh", ["-c", `"${process.execPath}" "${main}" explain | head -n 1`], { encoding: "utf8" });
    expect([shell.status, shell.stderr]).toEqual([0, ""]);
    expect(shell.stdout).toMatch(/^WT1001/);
  });
});
