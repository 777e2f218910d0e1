/** The built command in a terminal and in pipes: Ctrl-C in whatever the guest does, and readers that go away. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";

const main = join(dirname(fileURLToPath(import.meta.url)), "../dist/bin/wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-terminal-"));

/** Says "r", then does something; nothing it is told makes it stop. */
const program = (body: string): string => `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\10\\00\\00\\00\\01\\00\\00\\00") (data (i32.const 16) "r\\0a")
  ;; A subscription to a clock: 1000 seconds.
  (data (i32.const 128) "\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\00\\01\\00\\00\\00\\00\\00\\00\\00\\00\\10\\a5\\d4\\e8\\00\\00\\00")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (loop ${body} (br 0))))`;

const programs = {
  computing: program(""),
  reading: program("(drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64)))"),
  sleeping: program("(drop (call $poll (i32.const 128) (i32.const 256) (i32.const 1) (i32.const 64)))"),
  writing: program("(drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))"),
};

/** Prints each piece of input in its length, until it begins with "q". */
const keys = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\20\\00\\00\\00\\08\\00\\00\\00") (data (i32.const 8) "\\10\\00\\00\\00\\02\\00\\00\\00") (data (i32.const 16) "r\\0a")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 8) (i32.const 1) (i32.const 64)))
    (loop
      (i32.store (i32.const 4) (i32.const 8))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 64)))
      (i32.store (i32.const 4) (i32.load (i32.const 64)))
      (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
      (br_if 0 (i32.ne (i32.load8_u (i32.const 32)) (i32.const 113))))))`;

/** Prints its environment, entries one after the other. */
const environment = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 0) "\\00\\10\\00\\00")
  (func (export "_start")
    (drop (call $sizes (i32.const 64) (i32.const 4))) (drop (call $get (i32.const 128) (i32.const 4096)))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))`;

beforeAll(async () => {
  const wabt = await loadWabt();
  for (const [name, text] of Object.entries({ ...programs, keys, environment }))
    writeFileSync(join(folder, `${name}.wasm`), wabt.parseWat(name, text).toBinary({}).buffer);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What fits into a pipe of Linux. */
const pipeBytes = 65_536;
const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, "latin1");

async function started(name: string, ...options: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, ...options, join(folder, `${name}.wasm`)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(child.stdout!, "data");
  return child;
}

describe("Ctrl-C", () => {
  it.each([
    ["computing"],
    ["reading"],
    ["sleeping"],
    ["computing", "--cpu-share", "50%"],
    ["reading", "--cpu-share", "50%"],
    ["sleeping", "--cpu-share", "50%"],
  ])("ends a guest that is %s %s", async (name, ...options) => {
    const child = await started(name, ...options);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([null, "SIGINT"]);
  });

  const files = ["report", "receipt", "audit", "learn"] as const;
  const options = (): string[] => files.flatMap((name) => [`--${name}`, join(folder, name)]);
  const read = (name: (typeof files)[number]): string => readFileSync(join(folder, name), "utf8");

  it.each([
    ["computing"],
    ["reading"],
    ["sleeping"],
    ["writing"],
    ["sleeping", "--cpu-share", "50%"],
    ["sleeping", "--tcplisten", "127.0.0.1:0"],
  ])("while a guest is %s leaves report, receipt, audit and what was learnt %s", async (name, ...more) => {
    for (const file of files) rmSync(join(folder, file), { force: true });
    const child = await started(name, ...options(), ...more);
    child.kill("SIGINT");
    expect(await once(child, "exit")).toEqual([null, "SIGINT"]);
    const report = JSON.parse(read("report")) as { error: object };
    expect(report).toMatchObject({ kind: "cancelled", status: 130, error: { code: "WT6581" } });
    expect(JSON.parse(read("receipt"))).toMatchObject({ receipt: /^[0-9a-f]{64}$/ as unknown });
    expect(read("audit")).toContain("fd_write");
    expect(JSON.parse(read("learn"))).toMatchObject({ calls: expect.arrayContaining(["fd_write"]) as unknown });
  });

  it("prints nothing, with --json the record", async () => {
    const child = spawn(process.execPath, [main, "--json", join(folder, "sleeping.wasm")], { stdio: "pipe" });
    let [out, err] = ["", ""];
    child.stderr.on("data", (data: Buffer) => (err += data.toString()));
    child.stdout.on("data", (data: Buffer) => (out += data.toString()));
    await once(child.stdout, "data");
    child.kill("SIGINT");
    await once(child, "close");
    expect(err).toBe("");
    expect(JSON.parse(out.slice(1))).toMatchObject({ kind: "cancelled", status: 130 });
  });

  it("twice kills at once, although there is much to be written still", async () => {
    // The report waits for a reader that does not read.
    const pipe = join(folder, "pipe");
    spawnSync("mkfifo", [pipe]);
    const reader = spawn("sh", ["-c", `exec sleep 20 < ${pipe}`], { stdio: "ignore" });
    const filler = openSync(pipe, constants.O_WRONLY);
    for (let left = pipeBytes; left > 0; ) left -= writeSync(filler, Buffer.alloc(left));
    const child = await started("computing", "--report", pipe);
    child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(child.exitCode ?? child.signalCode).toBe(null);
    const end = once(child, "exit");
    child.kill("SIGINT");
    expect(await end).toEqual([null, "SIGINT"]);
    closeSync(filler);
    reader.kill();
  });

  it("ends a guest that writes where nobody reads", async () => {
    const script = `"${process.execPath}" "${main}" "${join(folder, "writing.wasm")}" | sleep 20`;
    const shell = spawn("sh", ["-c", script], { detached: true, stdio: "ignore" });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const [guest] = childrenOf(shell.pid!).filter((pid) => commandOf(pid).includes("writing.wasm"));
    process.kill(guest!, "SIGINT");
    await expect.poll(() => childrenOf(shell.pid!).includes(guest!), { timeout: 3000 }).toBe(false);
    process.kill(-shell.pid!, "SIGKILL");
  });

  it("is 130 for a shell", async () => {
    // With a trap, the shell lives on to tell.
    const command = `trap : INT; "${process.execPath}" "${main}" "${join(folder, "sleeping.wasm")}"; echo status $?`;
    const shell = spawn("sh", ["-c", command], { detached: true, stdio: ["pipe", "pipe", "inherit"] });
    let out = "";
    shell.stdout.on("data", (data: Buffer) => (out += data.toString()));
    await once(shell.stdout, "data");
    process.kill(-shell.pid!, "SIGINT");
    await once(shell, "close");
    expect(out).toContain("status 130");
  });
});

describe("a reader that goes away", () => {
  it("ends the guest quietly, with 141, although it does not look at errors", () => {
    const guest = `"${process.execPath}" "${main}" "${join(folder, "writing.wasm")}"`;
    const { stdout, stderr } = spawnSync("sh", ["-c", `(${guest}; echo $? >&2) | head -c 3`], { encoding: "utf8" });
    expect([stdout, stderr]).toEqual(["rrr", "141\n"]);
  });
});

/** What a terminal shows of `command`, to which `keys` are typed one after the other once it said "r". */
async function typed(command: string, ...keys: string[]): Promise<string> {
  const terminal = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let shown = "";
  terminal.stdout.on("data", (data: Buffer) => (shown += data.toString("latin1")));
  const end = once(terminal, "close");
  await expect.poll(() => shown, { timeout: 20_000 }).toContain("r");
  for (const key of keys) {
    const before = shown.length;
    terminal.stdin.write(key);
    await expect.poll(() => shown.length, { timeout: 20_000 }).toBeGreaterThan(before);
  }
  await end;
  terminal.stdin.destroy();
  return shown.replaceAll("\r", "");
}

const hasScript = spawnSync("script", ["--version"]).error === undefined;
const guest = (options: string, name: string): string =>
  `"${process.execPath}" "${main}" ${options} "${join(folder, `${name}.wasm`)}"`;
/** What the terminal is like after it: says "icanon" and "echo" when it is as it was. */
const after = "stty -a | grep -Eow '[-]?(icanon|echo)' | sort";

describe.skipIf(!hasScript)("--raw (skipped without the command script, which makes terminals)", () => {
  it("hands on keys as they are typed, Ctrl-C among them, and leaves the terminal as it was", async () => {
    expect(await typed(`${guest("--raw --allow-escapes", "keys")}; ${after}`, "a", "\x03", "q")).toBe(
      "r\na\x03qecho\nicanon\n",
    );
  });

  it("makes the difference: lines otherwise, which the terminal echoes", async () => {
    expect(await typed(guest("", "keys"), "a\n", "q\n")).toBe("r\na\na\nq\nq\n");
  });

  it("leaves the terminal as it was when the guest is killed", async () => {
    const killed = `timeout --foreground -s TERM 2 ${guest("--raw", "keys")}; ${after}`;
    expect(await typed(killed)).toBe("r\necho\nicanon\n");
  });

  it("says how large the window is, unless that is given", async () => {
    const size = "stty cols 99 rows 33; echo r";
    const shown = await typed(
      `${size}; ${guest("--raw", "environment")}; ${guest("--raw --env LINES=7", "environment")}`,
    );
    expect(shown).toContain("COLUMNS=99^@LINES=33^@");
    expect(shown).toContain("COLUMNS=99^@LINES=7^@");
    expect(await typed(`${size}; ${guest("", "environment")}`)).not.toContain("COLUMNS");
  });

  it("changes nothing without a terminal", () => {
    const { stdout } = spawnSync("sh", ["-c", guest("--raw", "keys")], { input: "q", encoding: "utf8" });
    expect(stdout).toBe("r\nq");
  });
});
