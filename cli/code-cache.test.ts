/**
 * `--code-cache` as users meet it: runs that find code are as those that make it, whatever has become of the files; and
 * guests that would write code for others do not get near it.
 */
import { type ChildProcess, type SpawnSyncReturns, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { CodeCache } from "../code-cache/index.ts";
import { fromBytes, toParts } from "../code-cache/packet.ts";
import { Engine, type Instance, type WasmError } from "../engine/index.ts";
import { run } from "./index.ts";

const bin = join(dirname(fileURLToPath(import.meta.url)), "../dist/bin");
const main = join(bin, "wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-code-cache-"));
const path = (...names: string[]): string => join(folder, ...names);

const wasi = (name: string, params: string): string =>
  `(import "wasi_snapshot_preview1" "${name}" (func $${name} (param ${params}) (result i32)))`;

/** One operation after another, in more bytes than V8 optimises unless it is told to. */
const long = Array.from({ length: 400 }, (_, i) => `(local.set 0 (i32.xor (local.get 0) (i32.const ${i * 77})))`);

/** Says "ok", and runs a small function before the large one. So large that it is worth while to keep its validity. */
const program = (start: string, imports = "", memory = '(memory (export "memory") 1)'): string => `(module ${imports}
  ${wasi("fd_write", "i32 i32 i32 i32")} ${wasi("fd_read", "i32 i32 i32 i32")}
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  ${memory}
  (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00") (data (i32.const 16) "ok\\0a")
  (data (i32.const 1024) "${"x".repeat(17_000)}")
  (func $small (param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)))
  (func $large (param i32) (result i32) ${long.join("")} (local.get 0))
  (func $say (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))
  (func $read (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64))))
  (func $often (local $i i32)
    (loop $more (call $say)
      (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 100000)))))
  (func $load (param $i i32) (result i32)
    (i32.add (i32.load (i32.const 0)) (i32.load (i32.sub (i32.const 50000) (local.get $i)))))
  (func $loads (local $i i32)
    (loop $more
      (drop (call $load (local.get $i))) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $more)))
  (func $begin (drop (call $large (call $small (i32.const 5)))) (call $say))
  (func $spin (export "spin") (loop $ever (br $ever)))
  (func $main (export "_start") (call $begin) ${start}))`;

const texts: Readonly<Record<string, string>> = {
  ends: program("(call $exit (i32.const 7))"),
  traps: program("(call $loads)"),
  spins: program("(call $spin)"),
  reads: program("(call $read)"),
  writes: program("(call $often)"),
  tiny: `(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (func (export "_start") (call $exit (i32.const 7))))`,
  library:
    '(module (func $f (export "f") (param i32) (result i32) (i32.const 5)) (func (export "_initialize") (drop (call $f (i32.const 1)))))',
  sums: `(module (memory 1) (func $g (param i32) (result i32) (i32.load (i32.sub (i32.const 0) (local.get 0))))
    (func $f (export "f") (param i32) (result i32) (i32.add (call $g (local.get 0)) (i32.const 1))))`,
  "other-sums": `(module (memory 1) (func (export "a function before")) (func $g (param i32) (result i32)
    (i32.load (i32.sub (i32.const 0) (local.get 0))))
    (func $f (export "f") (param i32) (result i32) (i32.add (call $g (local.get 0)) (i32.const 1))))`,
  threads: program(
    "(call $exit (i32.const 7))",
    '(import "env" "memory" (memory 1 1 shared)) (import "wasi" "thread-spawn" (func (param i32) (result i32)))',
    '(export "memory" (memory 0)) (func (export "wasi_thread_start") (param i32 i32))',
  ),
};

beforeAll(async () => {
  if (!existsSync(main)) throw new Error("dist/bin/wasmts.js is not there: first: npm run build");
  const wabt = await loadWabt();
  for (const [name, text] of Object.entries(texts)) {
    const module = wabt.parseWat(name, text, { threads: true });
    writeFileSync(path(`${name}.wasm`), module.toBinary({ write_debug_names: true }).buffer);
  }
  const ends = readFileSync(path("ends.wasm"));
  writeFileSync(path("other.wasm"), ends.fill("y", ends.indexOf("xxxx"), ends.indexOf("xxxx") + 1));
  // So large that functions are generated when they are hot, and entered in their loops.
  const section = [Buffer.of(0, 0x80, 0x80, 0x80, 2), Buffer.alloc(2 ** 22)];
  writeFileSync(path("large.wasm"), Buffer.concat([readFileSync(path("traps.wasm")), ...section]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeEach(() => rmSync(path("cache"), { recursive: true, force: true }));

const environment = { ...process.env, NO_COLOR: "1" };
const wasmts = (args: readonly string[], cwd = folder): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [main, ...args], { encoding: "utf8", cwd, env: environment, input: "" });

interface Generated {
  readonly functions: number;
  readonly loops: number;
  readonly kept: number;
  readonly characters: number;
}

/** What a program can tell about a run, and what was generated for it. */
function runOf(...args: readonly string[]): { readonly seen: object; readonly generated: Generated } {
  const { status, stdout, stderr } = wasmts(["--stats", "--report", "report.json", ...args]);
  const { usage, generated, ...record } = JSON.parse(readFileSync(path("report.json"), "utf8"));
  const said = stderr.replace(/^(?:decoded|instructions|JavaScript|texts)\b.*\n/gm, "");
  return { seen: { status, stdout, stderr: said, ...record }, generated };
}

const cached = ["--code-cache", "cache"] as const;
const files = (ending: ".code" | ".valid"): string[] =>
  readdirSync(path("cache")).flatMap((name) => (name.endsWith(ending) ? [path("cache", name)] : []));
/** Another one after a file was written, but not when it was only read. */
const inodes = (): bigint[] => files(".code").map((file) => statSync(file, { bigint: true }).ino);
const strangers = (): string[] =>
  readdirSync(path("cache")).filter((name) => !/^[0-9a-f]{64}\.(code|valid)$/.test(name));

interface Started {
  readonly child: ChildProcess;
  readonly said: () => string;
  readonly warned: () => string;
  /** Resolves when the guest has said "ok". */
  readonly begun: Promise<unknown>;
}

function started(...args: readonly string[]): Started {
  const child = spawn(process.execPath, [main, ...args], { cwd: folder, env: environment });
  let [said, warned] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (warned += text));
  return { child, said: () => said, warned: () => warned, begun: once(child.stdout, "data") };
}
const ended = async ({ child }: Started): Promise<unknown> => (await once(child, "close"))[0] ?? child.signalCode;

describe("a second run", () => {
  it.each([
    "--tier js",
    "--tier js --fuel 1000000",
    "--tier auto",
    "--tier auto --fuel 1000000",
    "--tier js --i64 bigint",
  ])("is as the first, and as one without: %s", (form) => {
    for (const name of ["ends", "traps"]) {
      const args = [...form.split(" "), `${name}.wasm`];
      const without = runOf(...args);
      const first = runOf(...cached, ...args);
      const before = inodes();
      const second = runOf(...cached, ...args);
      expect(without.seen).toMatchObject({ stdout: "ok\n", status: name === "ends" ? 7 : 134 });
      expect([first.seen, second.seen]).toEqual([without.seen, without.seen]);
      expect([without.generated.kept, first.generated.kept]).toEqual([0, 0]);
      expect(second.generated).toMatchObject({ characters: 0, functions: first.generated.functions });
      expect(second.generated.kept).toBeGreaterThan(3);
      // V8 has taken the code, or it would be written again.
      expect(inodes()).toEqual(before);
    }
    expect([files(".code").length, files(".valid").length, strangers()]).toEqual([2, 2, []]);
  });

  it("has the same names and offsets in a trap", () => {
    const first = wasmts([...cached, "traps.wasm"]).stderr;
    const second = wasmts([...cached, "traps.wasm"]).stderr;
    expect(first).toMatch(/^wasmts: trap WT4005[\s\S]*at load [\s\S]*at loads [\s\S]*at main /);
    expect([first, second]).toEqual([wasmts(["traps.wasm"]).stderr, first]);
  });

  it("enters the same loops", () => {
    const without = runOf("large.wasm");
    const [first, second] = [runOf(...cached, "large.wasm"), runOf(...cached, "large.wasm")];
    expect([first.seen, second.seen]).toEqual([without.seen, without.seen]);
    expect(second.generated).toMatchObject({ characters: 0, kept: 3, loops: 1 });
    expect(without.seen).toMatchObject({ backtrace: [{ name: "load" }, { name: "loads" }, { name: "main" }] });
  });

  it("has the same names in a profile", () => {
    for (let i = 0; i < 2; i++) {
      wasmts([...cached, "--profile", "p.cpuprofile", "--timeout", "300ms", "spins.wasm"]);
      expect(readFileSync(path("p.cpuprofile"), "utf8")).toContain('"functionName":"spin [wasm]"');
    }
  });

  it("of several instances in one process tells them apart, and where each has failed", () => {
    const names = ["library.wasm", "sums.wasm", "sums.wasm", "other-sums.wasm"];
    const failures = (codeStore?: CodeCache): object[] => {
      const engine = new Engine({ tier: "js", codeStore });
      const instances = names.map((name) => engine.instantiate(engine.compile(readFileSync(path(name)))));
      instances.push(engine.instantiate((instances[1] as Instance).module));
      const found = [...instances, ...instances].map((instance) => {
        try {
          return instance.invoke("f", [9]);
        } catch (error) {
          return (error as WasmError).backtrace;
        }
      });
      codeStore?.flush();
      return found.concat(instances.map(({ tierStats }) => [Number(tierStats?.kept)]));
    };
    const [without, first] = [failures(), failures(new CodeCache(path("cache")))];
    expect(first).toEqual(without);
    const second = failures(new CodeCache(path("cache")));
    expect(second.slice(0, 10)).toEqual(without.slice(0, 10));
    expect(second.slice(10)).toEqual([[1], [2], [2], [2], [2]]);
    expect(without[1]).toMatchObject([{ name: "g" }, { name: "f" }]);
    expect(without[3]).not.toEqual(without[1]);
  });

  it("is said by --stats to have found code", () => {
    wasmts([...cached, "ends.wasm"]);
    expect(wasmts([...cached, "--stats", "ends.wasm"]).stderr).toMatch(/^texts that earlier runs had made: [1-9]/m);
    expect(wasmts(["--stats", "ends.wasm"]).stderr).not.toMatch(/earlier runs/);
  });

  it("of a module with one other byte, or with other options, has files of its own", () => {
    for (const [i, args] of [["ends.wasm"], ["other.wasm"], ["--no-opt", "width", "ends.wasm"]].entries()) {
      expect(runOf(...cached, ...args).generated.kept).toBe(0);
      expect(files(".code")).toHaveLength(i + 1);
      expect(runOf(...cached, ...args).generated.kept).toBeGreaterThan(3);
    }
    expect(files(".valid")).toHaveLength(2);
  });

  it("of what is preloaded finds code", () => {
    for (const count of [2, 2]) {
      expect(wasmts([...cached, "--preload", "lib=library.wasm", "ends.wasm"]).status).toBe(7);
      expect(files(".code")).toHaveLength(count);
    }
  });

  it("of a saved guest that goes on finds code", () => {
    const saved = ["--snapshot", "s.snap", "--snapshot-at", "fuel:10000", "traps.wasm"];
    expect(wasmts(saved)).toMatchObject({ status: 0, stdout: "ok\n" });
    const resumed = [wasmts(["resume", "s.snap"]), ...[1, 2].map(() => wasmts(["resume", ...cached, "s.snap"]))];
    expect(resumed[0]?.stderr).toMatch(/trap WT4005/);
    expect(resumed.map(({ status, stderr }) => [status, stderr])).toEqual(Array(3).fill([134, resumed[0]?.stderr]));
    expect(wasmts(["resume", ...cached, "--stats", "s.snap"]).stderr).toMatch(/^texts that earlier runs had made: /m);
  });

  it("of a guest with threads does without", () => {
    for (let i = 0; i < 2; i++) expect(wasmts([...cached, "-W", "threads", "threads.wasm"]).status).toBe(7);
    expect(files(".code")).toEqual([]);
  });

  it("without generated code has validity only", () => {
    for (const form of [["--tier", "interp"], ["--no-eval"], ["--deterministic"]])
      expect(wasmts([...cached, ...form, "ends.wasm"])).toMatchObject({ status: 7, stdout: "ok\n", stderr: "" });
    expect([files(".code").length, files(".valid").length]).toEqual([0, 1]);
  });

  it("is right beside another that writes the same", async () => {
    const both = [started(...cached, "ends.wasm"), started(...cached, "ends.wasm")];
    expect(await Promise.all(both.map(ended))).toEqual([7, 7]);
    expect(both.map((run) => run.said() + run.warned())).toEqual(["ok\n", "ok\n"]);
    expect(runOf(...cached, "ends.wasm").generated.kept).toBeGreaterThan(3);
    expect(strangers()).toEqual([]);
  });
});

describe("damaged files", () => {
  const flip = (file: string, at: number): void => {
    const all = readFileSync(file);
    all.writeUInt8((all.at(at) as number) ^ 1, at < 0 ? all.length + at : at);
    writeFileSync(file, all);
  };
  const cases: Readonly<Record<string, (file: string) => void>> = {
    empty: (file) => truncateSync(file, 0),
    "cut short": (file) => truncateSync(file, Math.floor(statSync(file).size / 2)),
    "without their last byte": (file) => truncateSync(file, statSync(file).size - 1),
    "with another first byte": (file) => flip(file, 0),
    "with another byte in the list of texts": (file) => flip(file, 85),
    "with another byte in a text": (file) => flip(file, readFileSync(file).indexOf("function f") + 40),
    "with another byte in V8's code": (file) => flip(file, -10),
    "of another kind": (file) => writeFileSync(file, readFileSync(path("ends.wasm"))),
    "that are directories": (file) => {
      rmSync(file);
      mkdirSync(file);
    },
    "that are links": (file) => {
      renameSync(file, path("elsewhere"));
      symlinkSync(path("elsewhere"), file);
    },
    "for others to write": (file) => chmodSync(file, 0o666),
  };
  let good: object;
  beforeAll(() => {
    good = runOf("--code-cache", "whole", "traps.wasm").seen;
  });
  it.each(Object.keys(cases))("%s are not believed", (name) => {
    cpSync(path("whole"), path("cache"), { recursive: true });
    for (const file of [...files(".code"), ...files(".valid")]) cases[name]?.(file);
    const isWritten = name !== "that are directories";
    const { seen, generated } = runOf("--quiet", ...cached, "traps.wasm");
    expect(generated.kept).toBe(0);
    expect((seen as { stderr: string }).stderr).toMatch(
      isWritten ? /^wasmts: trap / : /^wasmts: warning: no code was kept in cache: .*\nwasmts: trap /,
    );
    expect({ ...seen, stderr: "" }).toEqual({ ...good, stderr: "" });
    expect(runOf(...cached, "traps.wasm").generated.kept).toBe(isWritten ? 7 : 0);
    expect(strangers()).toEqual([]);
  });

  it("with code that V8 does not take are written again", () => {
    cpSync(path("whole"), path("cache"), { recursive: true });
    const [file] = files(".code") as [string];
    const { head, bytes } = fromBytes(readFileSync(file)) as { head: { length: number }; bytes: Buffer };
    bytes.fill(0x55, head.length, head.length + 64);
    writeFileSync(file, Buffer.concat(toParts(head, bytes)));
    const before = inodes();
    expect(wasmts([...cached, "traps.wasm"]).stderr).toBe(wasmts(["traps.wasm"]).stderr);
    const after = inodes();
    expect(after).not.toEqual(before);
    wasmts([...cached, "traps.wasm"]);
    expect(inodes()).toEqual(after);
  });
});

describe("code is written", () => {
  it.each([
    ["after proc_exit", ["ends.wasm"], 7],
    ["after a trap", ["traps.wasm"], 134],
    ["without fuel", ["--fuel", "100000", "spins.wasm"], 134],
    ["after a timeout", ["--timeout", "200ms", "spins.wasm"], 124],
    ["after an export", ["--timeout", "200ms", "--invoke", "spin", "spins.wasm"], 124],
  ] as const)("%s", (_, args, status) => {
    const result = wasmts([...cached, ...args]);
    expect([result.status, result.stderr]).toEqual([status, wasmts(args).stderr]);
    expect(files(".code")).toHaveLength(1);
  });

  it.each([
    ["SIGINT", []],
    ["SIGINT", ["--cpu-share", "100%"]],
    ["SIGTERM", ["--cpu-share", "100%"]],
  ] as const)("after %s %s", async (signal, args) => {
    const guest = started(...cached, ...args, "spins.wasm");
    await guest.begun;
    guest.child.kill(signal);
    expect([await ended(guest), guest.said(), guest.warned()]).toEqual([signal, "ok\n", ""]);
    expect(files(".code")).toHaveLength(1);
  });

  it("when nobody reads what the guest says", async () => {
    const guest = started(...cached, "writes.wasm");
    await guest.begun;
    guest.child.stdout?.destroy();
    expect(await ended(guest)).toBe(141);
    expect(files(".code")).toHaveLength(1);
  });

  it("after all that the guest says, which comes at once", async () => {
    expect(wasmts([...cached, "writes.wasm"]).stdout).toBe("ok\n".repeat(100_001));
    const guest = started(...cached, "reads.wasm");
    await guest.begun;
    expect([guest.said(), files(".code").length]).toEqual(["ok\n", 1]);
    guest.child.stdin?.end();
    expect([await ended(guest), files(".code").length]).toEqual([0, 2]);
  });

  it("or that it was not is said in one line, and changes nothing", async () => {
    const guest = started(...cached, "--preload", "lib=library.wasm", "reads.wasm");
    await guest.begun;
    renameSync(path("cache"), path("moved"));
    guest.child.stdin?.end();
    expect([await ended(guest), guest.said()]).toEqual([0, "ok\n"]);
    expect(guest.warned()).toMatch(/^wasmts: warning: no code was kept in cache: ENOENT.*\n$/);
    rmSync(path("moved"), { recursive: true });
  });
});

describe("the guest's reach", () => {
  const place = path("place");
  beforeAll(() => {
    for (const name of ["place/cache/inner", "place/data", "place/cache-data", "outside/kept"])
      mkdirSync(path(name), { recursive: true, mode: 0o700 });
    symlinkSync("place", path("linked"));
    symlinkSync("../outside/kept", path("place/out"));
    symlinkSync("../place/cache", path("outside/in"));
    symlinkSync("in", path("outside/in2"));
    symlinkSync("loop", path("outside/loop"));
    const mounts = (access: string): object => ({ version: 1, calls: ["*"], mounts: [{ guest: "//", access }] });
    for (const access of ["read-only", "read-write"])
      writeFileSync(path(`place/${access}.json`), JSON.stringify(mounts(access)));
  });
  const tried = (...args: readonly string[]): SpawnSyncReturns<string> => wasmts([...args, "../ends.wasm"], place);

  it.each([
    ["--dir . --code-cache ./cache", "is around it"],
    ["--dir .:/x --code-cache new/deep", "is around what is not there yet"],
    ["--dir .// --code-cache cache/../cache//.", "is around it, whatever is written"],
    ["--dir cache --code-cache cache", "is it"],
    ["--dir cache/inner --code-cache cache", "is in it"],
    ["--dir / --code-cache ../outside/kept", "is everything"],
    ["--dir data --dir .. --code-cache ../outside/kept", "is around it, and not the first one"],
    ["--dir ../linked --code-cache cache", "is a link to what is around it"],
    ["--dir ../outside/in2 --code-cache cache", "is a link to a link to it"],
    ["--dir ../outside/in/..:/x --code-cache cache", "is above where a link leads"],
    ["--dir . --code-cache ../outside/in", "has it, by a link from elsewhere"],
    ["--dir . --code-cache ../outside/in2/inner", "has it, by a link to a link"],
    ["--dir . --code-cache out", "has a link that leads to it"],
    ["--dir . --code-cache out/deep", "has a link on the way to it"],
    ["--dir . --code-cache ../linked/out", "has a link on the way to it, by another one"],
    ["--dir .:/ --code-cache cache/../../outside/kept", "has a directory that may become a link"],
    ["--dir data --fs-level lexical --code-cache ../outside/kept", "is no boundary"],
    ["--dir ../outside/in/.. --fs-level nofollow --code-cache ../outside/in/inner", "is found in another way"],
    ["--dir .:/ --policy read-write.json --code-cache cache", "may be written to by a policy"],
    ["--dir data:ro --dir .:/y --code-cache cache", "is given beside one that may not be written to"],
  ])("%s: the directory %s", (args) => {
    const { status, stdout, stderr } = tried(...args.split(" "));
    expect([stderr.slice(0, 21), status, stdout]).toEqual(["wasmts: error WT6526:", 2, ""]);
    expect(stderr).toMatch(/^ {2}where: --dir [\s\S]*^ {2}help: /m);
    expect(existsSync(path("place/new"))).toBe(false);
  });

  it.each([
    "--dir .:/:ro --code-cache cache",
    "--overlay .:/ --code-cache cache",
    "--dir .:/ --policy read-only.json --code-cache cache",
    "--dir data --code-cache cache",
    "--dir cache-data --code-cache cache",
    "--dir . --code-cache ../outside/kept",
    "--dir data --code-cache ../outside/in",
    "--dir data --code-cache ../outside/in/../made",
    "--dir data:ro --fs-level lexical --code-cache cache",
  ])("%s: is not that far", (args) => {
    expect(tried(...args.split(" "))).toMatchObject({ status: 7, stdout: "ok\n", stderr: "" });
  });

  it("is looked at before a saved guest goes on", () => {
    const saved = ["--snapshot", "s.snap", "--snapshot-at", "fuel:10000", "traps.wasm"];
    expect(wasmts(saved).status).toBe(0);
    expect(wasmts(["resume", "--dir", ".", ...cached, "s.snap"])).toMatchObject({ status: 2, stdout: "" });
    expect(existsSync(path("cache"))).toBe(false);
  });
});

describe("what is given as the directory", () => {
  const refused = (cache: string, code: string, text: RegExp): void => {
    const { status, stdout, stderr } = wasmts(["--code-cache", cache, "ends.wasm"]);
    expect(stderr).toMatch(new RegExp(`^wasmts: error ${code}: [\\s\\S]*^ {2}help: [\\s\\S]*explain ${code}\n$`, "m"));
    expect(stderr).toMatch(text);
    expect([status, stdout]).toEqual([2, ""]);
  };
  it("is made, for its user alone", () => {
    expect(wasmts(["--code-cache", "cache/a/b", "ends.wasm"]).status).toBe(7);
    expect(statSync(path("cache/a/b")).mode & 0o777).toBe(0o700);
  });
  it("is not empty", () => refused("", "WT6503", /--code-cache/));
  it("is no file", () => refused("ends.wasm", "WT5301", /'ends\.wasm'/));
  it("is not below a file", () => refused("ends.wasm/x", "WT5301", /'ends\.wasm\/x'/));
  it("is no link to itself", () => {
    symlinkSync("loop", path("loop"));
    refused("loop", "WT5301", /'loop'/);
  });
  it("is not for others to write", () => {
    for (const mode of [0o777, 0o720, 0o702]) {
      mkdirSync(path("cache"), { recursive: true });
      chmodSync(path("cache"), mode);
      refused("cache", "WT5302", /for others to write/);
    }
  });
  it.runIf(process.getuid?.() === 0)("is not somebody else's (this test needs to be root)", () => {
    mkdirSync(path("cache"), { mode: 0o700 });
    chownSync(path("cache"), 12_345, 12_345);
    refused("cache", "WT5302", /for others to write/);
  });
  it.each(["WT5301", "WT5302", "WT6526"])("is explained: %s", (code) => {
    expect(wasmts(["explain", code])).toMatchObject({ status: 0, stdout: expect.stringContaining(`${code}: `) });
  });
});

describe("the package's run", () => {
  it("takes a store of code", async () => {
    for (const codeStore of [new CodeCache(path("cache")), new CodeCache(path("cache"))]) {
      expect(await run(path("ends.wasm"), { codeStore })).toMatchObject({ kind: "exit", code: 7, stdout: "ok\n" });
      codeStore.flush();
      expect(files(".code")).toHaveLength(1);
    }
  });
});

describe("a run without it", () => {
  const loader = `const { Script } = require("node:vm"); const { readFileSync, writeSync } = require("node:fs");
    const [, filename, ...args] = process.argv; const loaded = new Set();
    process.argv = ["node", "wasmts", ...args];
    process.on("exit", () => writeSync(2, [...loaded].sort().join()));
    new Script(readFileSync(filename, "latin1"), { filename }).runInThisContext()(
      (id) => { loaded.add(id); return require(id); }, "file://" + filename.replace(/cjs$/, "js"));`;
  const loadedBy = (...args: string[]): string[] => {
    const child = spawnSync(process.execPath, ["-e", loader, join(bin, "wasmts.cjs"), ...args], {
      encoding: "utf8",
      cwd: folder,
    });
    expect(child.status).toBe(7);
    return child.stderr.split(",");
  };
  it("loads nothing for it", () => {
    const needed = ["node:crypto", "node:v8"];
    expect(loadedBy(...cached, "tiny.wasm")).toEqual(expect.arrayContaining(needed));
    expect(loadedBy("tiny.wasm").filter((id) => needed.includes(id))).toEqual([]);
  });
});
