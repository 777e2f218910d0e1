/** `run` of the package: options, captured output, every kind of end as a result. */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { MemoryFs } from "../wasi/index.ts";
import { run } from "./index.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const tour = join(root, "examples/tour.wasm");
let assemble: (text: string) => Uint8Array;
beforeAll(async () => {
  const wabt = await loadWabt();
  assemble = (text) =>
    wabt.parseWat("test.wat", text, { multi_value: true, bulk_memory: true }).toBinary({ write_debug_names: true })
      .buffer;
});

const echo = `(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (loop $again
      (i32.store (i32.const 0) (i32.const 16))
      (i32.store (i32.const 4) (i32.const 1000))
      (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
      (if (i32.load (i32.const 8)) (then
        (i32.store (i32.const 4) (i32.load (i32.const 8)))
        (if (i32.eqz (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))) (then (br $again))))))))`;

/**
 * Looks at the file `f` of 7 bytes, moves by `set`, as each version numbers it, waits for a clock, and writes what it has seen:
 * size, links, whether anything was written behind the attributes, position, errno and type of the event.
 */
const seesLayouts = (
  module: string,
  at: { size: number; links: string; end: number; set: number; clock: number },
): string => `
  (module
    (import "${module}" "path_filestat_get" (func $stat (param i32 i32 i32 i32 i32) (result i32)))
    (import "${module}" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "${module}" "fd_seek" (func $seek (param i32 i64 i32 i32) (result i32)))
    (import "${module}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "${module}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "f")
    (data (i32.const 16) "\\40\\00\\00\\00\\06\\00\\00\\00")
    (func $say (param $at i32) (param $n i32)
      (i32.store8 (i32.add (i32.const 64) (local.get $at)) (i32.add (i32.const 48) (local.get $n))))
    (func (export "_start")
      (memory.fill (i32.const 128) (i32.const 255) (i32.const 80))
      (drop (call $stat (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 128)))
      (call $say (i32.const 0) (i32.wrap_i64 (i64.load (i32.const ${128 + at.size}))))
      (call $say (i32.const 1) (${at.links}))
      (call $say (i32.const 2) (i32.eq (i32.load8_u (i32.const ${128 + at.end})) (i32.const 255)))
      (drop (call $open (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0) (i64.const 2) (i64.const 0)
        (i32.const 0) (i32.const 256)))
      (drop (call $seek (i32.load (i32.const 256)) (i64.const 5) (i32.const ${at.set}) (i32.const 264)))
      (drop (call $seek (i32.load (i32.const 256)) (i64.const 3) (i32.const ${at.set}) (i32.const 264)))
      (call $say (i32.const 3) (i32.load (i32.const 264)))
      (i32.store (i32.const ${320 + at.clock}) (i32.const 1))
      (i64.store (i32.const ${320 + at.clock + 8}) (i64.const 1000))
      (drop (call $poll (i32.const 320) (i32.const 400) (i32.const 1) (i32.const 440)))
      (call $say (i32.const 4) (i32.load16_u (i32.const 408)))
      (call $say (i32.const 5) (i32.load8_u (i32.const 410)))
      (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))))`;

describe("run", () => {
  it.each([
    [
      "wasi_snapshot_preview1",
      { size: 32, links: "i32.wrap_i64 (i64.load (i32.const 152))", end: 64, set: 0, clock: 16 },
    ],
    ["wasi_unstable", { size: 24, links: "i32.load (i32.const 148)", end: 56, set: 2, clock: 24 }],
  ])("gives a module that imports from %s what that means", async (module, at) => {
    const files = new MemoryFs();
    files.writeFile("f", "7 bytes");
    const options = { mounts: [{ guest: "/", fs: files }] };
    expect(await run(assemble(seesLayouts(module, at)), options)).toMatchObject({ kind: "exit", stdout: "711300" });
  });

  it("gives a network, which is none unless it is asked for", async () => {
    const server = join(root, "examples/http-server.wasm");
    const denied = await run(server, { args: ["0"] });
    expect(denied).toMatchObject({ code: 1, stdout: "sock_bind: error 2\n" });
    let address = "";
    const asked: string[] = [];
    const network = {
      listen: ["*:*"],
      decide: async (request: { op: string }): Promise<boolean> => asked.push(request.op) > 0,
    };
    const controller = new AbortController();
    const served = run(server, {
      args: ["18473"],
      network,
      limits: { signal: controller.signal },
      stdout: (chunk) => {
        address ||= /http:\/\/\S+/.exec(Buffer.from(chunk).toString())?.[0].replace("0.0.0.0", "127.0.0.1") ?? "";
      },
    });
    while (address === "") await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await (await fetch(address)).text()).toBe("Hello, World!\n");
    controller.abort();
    expect(await served).toMatchObject({ kind: "cancelled" });
    expect(asked).toEqual(["listen"]);
    await expect(fetch(address)).rejects.toThrow();
    expect(await run(server, { network: { listen: ["nonsense"] } })).toMatchObject({ kind: "usage" });
  });
  it("runs a file and captures what it writes", async () => {
    const result = await run(tour, {
      args: ["a", "b"],
      env: { X: "1" },
      dirs: [{ host: root, guest: "/", readOnly: true }],
    });
    expect(result).toMatchObject({ kind: "exit", code: 0, stderr: "" });
    expect(result.stdout).toMatch(/I am tour\.wasm[\s\S]*argument 2: b[\s\S]*given: 1[\s\S]*README\.md has/);
    expect(Buffer.from(result.stdoutBytes!).toString()).toBe(result.stdout);
    expect(result.usage.memoryBytes).toBeGreaterThan(65535);
  });

  it("gives nothing that was not asked for", async () => {
    const { stdout } = await run(tour);
    expect(stdout).toContain("variables I was given: 0");
    expect(stdout).toContain("no directory");
  });

  it("feeds stdin and gives output to a function", async () => {
    const chunks: string[] = [];
    const result = await run(assemble(echo), {
      stdin: "hello wide world",
      stdout: (chunk) => void chunks.push(Buffer.from(chunk).toString()),
    });
    expect(result.kind).toBe("exit");
    expect(chunks.join("")).toBe("hello wide world");
    expect(result.stdout).toBeUndefined();
  });

  it("bounds captured output", async () => {
    const result = await run(assemble(echo), { stdin: "x".repeat(5000), limits: { outputBytes: 1500 } });
    expect(result.stdout).toHaveLength(1500);
  });

  it("calls one export", async () => {
    const module = assemble(
      '(module (func (export "f") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0)))',
    );
    const result = await run(module, { invoke: { name: "f", args: [1, 2n] } });
    expect(result).toMatchObject({ kind: "exit", code: 0, results: [2n, 1] });
  });

  it("links imports and preloaded modules", async () => {
    const user =
      assemble(`(module (import "host" "get" (func $get (result i32))) (import "lib" "twice" (func $twice (param i32) (result i32)))
      (func (export "f") (result i32) (call $twice (call $get))))`);
    const lib = assemble(
      '(module (func (export "twice") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))',
    );
    const result = await run(user, { imports: { host: { get: () => 21 } }, preload: { lib }, invoke: { name: "f" } });
    expect(result.results).toEqual([42]);
  });

  it("tells WASI calls as they end", async () => {
    const calls: string[] = [];
    await run(tour, { onCall: (event) => void calls.push(event.call) });
    expect(calls).toContain("fd_write");
  });

  it("returns a trap with the guest's backtrace", async () => {
    const module = assemble('(module (func $deep unreachable) (func $top (export "_start") (call $deep)))');
    const result = await run(module);
    expect(result).toMatchObject({ kind: "trap", code: 134, trap: { code: "WT4001", message: "unreachable" } });
    expect(result.backtrace?.map((frame) => frame.name)).toEqual(["deep", "top"]);
  });

  it.each([
    ["exhausted", '(module (func $f (export "_start") (call $f)))', {}],
    ["limit", '(module (memory 100) (func (export "_start")))', { limits: { memoryBytes: 65536 } }],
    ["unlinkable", '(module (import "a" "b" (func)) (func (export "_start")))', {}],
    ["not-runnable", "(module)", {}],
    ["usage", '(module (func (export "f")))', { invoke: { name: "g" } }],
    ["usage", '(module (func (export "f")))', { invoke: { name: "f", args: [1] } }],
  ] as const)("%s is a result", async (kind, text, options) => {
    const result = await run(assemble(text), options);
    expect(result.kind).toBe(kind);
    expect(result.problem?.code).toMatch(/^WT\d{4}$/);
    expect(result.problem?.help.length).toBeGreaterThan(0);
  });

  it("so are files that are not there, bytes that are no module, directories that cannot be mounted", async () => {
    expect((await run("/nowhere.wasm")).kind).toBe("not-found");
    expect((await run(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).kind).toBe("malformed");
    expect(await run(tour, { dirs: [{ host: "/nowhere" }] })).toMatchObject({
      kind: "usage",
      problem: { code: "WT6001" },
    });
  });

  it("throws only for wrong types", async () => {
    await expect(run(5 as unknown as string)).rejects.toThrow(TypeError);
  });
});
