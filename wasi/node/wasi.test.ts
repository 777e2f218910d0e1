/** The WASI class: the shape of node:wasi, guests with code under the host's WebAssembly, what is wrong with options. */
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { GuestExit } from "../../engine/index.ts";
import { WASI, WasiError, type WasiOptions } from "../index.ts";
import { Guest, makeTree, openDescriptors, removeTrees } from "./testing/guest.ts";
import { removeScripts, writeScript } from "./testing/script.ts";
import { WebAssembly } from "./testing/web-assembly.ts";

const NodeWasi = (createRequire(import.meta.url)("node:wasi") as typeof import("node:wasi")).WASI;

afterEach(removeTrees);
afterAll(removeScripts);

let wat: (text: string) => object;
let watBytes: (text: string) => Uint8Array;
beforeAll(async () => {
  const wabt = await loadWabt();
  watBytes = (text) => {
    const module = wabt.parseWat("guest.wat", text);
    try {
      return module.toBinary({}).buffer;
    } finally {
      module.destroy();
    }
  };
  wat = (text) => new WebAssembly.Module(watBytes(text));
});

const hello = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00")
  (data (i32.const 16) "hello\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;

const exits = (code: number, more = ""): string => `(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1) ${more}
  (func (export "_start") (call $exit (i32.const ${code})) unreachable))`;

function run(text: string, options: Partial<WasiOptions> = {}): { code: number; output: string; wasi: WASI } {
  let output = "";
  const take = (chunk: Uint8Array): void => void (output += new TextDecoder().decode(chunk));
  const wasi = new WASI({ version: "preview1", stdin: null, stdout: take, stderr: take, ...options });
  const code = wasi.start(new WebAssembly.Instance(wat(text), wasi.getImportObject()));
  return { code, output, wasi };
}

describe("a command under the host's WebAssembly", () => {
  it("runs and returns 0", () => {
    expect(run(hello)).toMatchObject({ code: 0, output: "hello\n" });
  });

  it.each([0, 1, 42, 125, 126, 255, 256, -1])("returns the code %i of proc_exit", (code) => {
    expect(run(exits(code)).code).toBe(code >>> 0);
  });

  it("cannot go on by catching proc_exit", () => {
    // V8 lets catch_all see any exception; the guest stays ended for the host.
    const stubborn = `(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00hello")
      (func (export "_start")
        try (call $exit (i32.const 3)) catch_all end
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))`;
    const module = loadWabt().then((wabt) => {
      const m = wabt.parseWat("x.wat", stubborn, { exceptions: true });
      return new WebAssembly.Module(m.toBinary({}).buffer);
    });
    return module.then((m) => {
      let output = "";
      const wasi = new WASI({ version: "preview1", stdout: (c) => void (output += String(c)) });
      expect(wasi.start(new WebAssembly.Instance(m, wasi.getImportObject()))).toBe(3);
      expect(output).toBe("");
    });
  });

  it("lets traps through, and closes its files", () => {
    const root = makeTree();
    const before = openDescriptors();
    const options = { dirs: [{ host: root, guest: "/" }] };
    expect(() => run('(module (memory (export "memory") 1) (func (export "_start") unreachable))', options)).toThrow(
      WebAssembly.RuntimeError,
    );
    expect(openDescriptors()).toBe(before);
  });

  it("has ended for good: later calls throw the exit again", () => {
    const { wasi } = run(exits(7));
    expect(() => wasi.wasiImport.sched_yield()).toThrow(GuestExit);
    expect(wasi.exitCode).toBe(7);
  });

  it("gets arguments and variables as bytes", () => {
    const guest = new Guest({
      args: ["prog", "ü", Uint8Array.of(0xff)],
      env: { A: "1", B: "x=y", C: undefined, D: "" },
    });
    expect(guest.call("args_sizes_get", 16, 20)).toBe("SUCCESS");
    expect([guest.u32(16), guest.u32(20)]).toEqual([3, 5 + 3 + 2]);
    guest.call("args_get", 32, 64);
    expect([...guest.bytes.subarray(64, 74)]).toEqual([...Buffer.from("prog\0ü\0"), 0xff, 0]);
    guest.call("environ_sizes_get", 16, 20);
    expect([guest.u32(16), guest.u32(20)]).toEqual([3, 13]);
    guest.call("environ_get", 32, 64);
    expect(guest.text(guest.u32(36), 6)).toBe("B=x=y\0");
    expect(guest.text(64, 13)).toBe("A=1\0B=x=y\0D=\0");
  });

  it("has nothing by default: no arguments, no variables, no directories", () => {
    const guest = new Guest();
    guest.call("args_sizes_get", 16, 20);
    expect([guest.u32(16), guest.u32(20)]).toEqual([0, 0]);
    expect(guest.call("args_get", 0, 0)).toBe("SUCCESS");
    guest.call("environ_sizes_get", 16, 20);
    expect([guest.u32(16), guest.u32(20)]).toEqual([0, 0]);
    expect(guest.call("fd_prestat_get", 3, 16)).toBe("BADF");
  });

  it("sends no signals", () => {
    const guest = new Guest();
    expect([guest.call("proc_raise", 0), guest.call("proc_raise", 9)]).toEqual(["SUCCESS", "NOTSUP"]);
  });

  it("may write only so much", () => {
    const chunks: string[] = [];
    const guest = new Guest({
      maxOutputBytes: 8,
      stdout: (c) => void chunks.push(Buffer.from(c).toString()),
      stderr: () => {},
    });
    expect([guest.write(1, "12345"), guest.wasi.isOutputExceeded]).toEqual([5, false]);
    expect([guest.write(2, "67890"), guest.wasi.isOutputExceeded]).toEqual([3, true]);
    expect([guest.write(1, "x"), guest.write(1, "")]).toEqual(["FBIG", 0]);
    expect(chunks).toEqual(["12345"]);
  });
});

describe("a reactor", () => {
  const reactor =
    '(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 0)) (func (export "_initialize") (global.set $n (i32.const 5))) (func (export "n") (result i32) (global.get $n)))';

  it("is initialised once and stays usable", () => {
    const wasi = new WASI({ version: "preview1" });
    const instance = new WebAssembly.Instance(wat(reactor), wasi.getImportObject());
    wasi.initialize(instance);
    expect((instance.exports.n as () => number)()).toBe(5);
    expect(() => wasi.initialize(instance)).toThrow("already started");
    expect(wasi.wasiImport.sched_yield()).toBe(0);
  });

  it("that exits has ended", () => {
    const text = exits(4).replace("_start", "_initialize");
    const wasi = new WASI({ version: "preview1" });
    wasi.initialize(new WebAssembly.Instance(wat(text), wasi.getImportObject()));
    expect(wasi.exitCode).toBe(4);
    expect(() => wasi.wasiImport.sched_yield()).toThrow(GuestExit);
  });

  it("may import its memory", () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const wasi = new WASI({ version: "preview1", args: ["a"] });
    wasi.finalizeBindings({ exports: {} }, { memory });
    expect(wasi.wasiImport.args_sizes_get(16, 20)).toBe(0);
    expect(new DataView(memory.buffer).getUint32(16, true)).toBe(1);
  });
});

describe("as node:wasi", () => {
  /** Class, code and message of what is thrown. */
  const outcome = (make: () => unknown): unknown => {
    try {
      return make();
    } catch (error) {
      const { name, code, message } = error as Error & { code: string };
      return { name, code, message };
    }
  };

  it.each([
    [undefined],
    [null],
    [5],
    [[]],
    [{}],
    [{ version: 3 }],
    [{ version: "preview2" }],
    [{ version: "preview1", args: 1 }],
    [{ version: "preview1", env: 1 }],
    [{ version: "preview1", env: [] }],
    [{ version: "preview1", env: null }],
    [{ version: "preview1", preopens: 1 }],
    [{ version: "preview1", preopens: [] }],
    [{ version: "preview1", returnOnExit: 1 }],
    [{ version: "preview1", stdin: -1 }],
    [{ version: "preview1", stdout: 2 ** 31 }],
    [{ version: "preview1", stderr: 1.5 }],
  ])("new WASI(%o) fails alike", (options) => {
    const theirs = outcome(() => new NodeWasi(options as never)) as { code: string };
    const ours = outcome(() => new WASI(options as never));
    expect(ours).toEqual(theirs);
    expect(theirs.code).toMatch(/^ERR_/);
  });

  const memory = new WebAssembly.Memory({ initial: 1 });
  const noop = (): void => {};
  it.each([
    [undefined],
    [{}],
    [{ exports: {} }],
    [{ exports: { memory } }],
    [{ exports: { memory, _start: 1 } }],
    [{ exports: { memory, _initialize: 1 } }],
    [{ exports: { _start: noop, memory: 1 } }],
    [{ exports: { memory, _start: noop, _initialize: noop } }],
    [{ exports: { memory, _initialize: noop } }],
    [{ exports: { memory, _start: noop } }],
  ])("start and initialize of %o do alike", (instance) => {
    for (const method of ["start", "initialize"] as const) {
      const theirs = outcome(() => new NodeWasi({ version: "preview1" })[method](instance as never));
      const ours = outcome(() => new WASI({ version: "preview1" })[method](instance as never));
      expect(ours).toEqual(theirs);
    }
  });

  it("starts after what was no instance, or had no memory, as Node.js 24 and later", () => {
    const wasi = new WASI({ version: "preview1" });
    for (const wrong of [undefined, [], {}, { exports: {} }, { exports: { memory: 1 } }]) {
      expect(() => wasi.start(wrong as never)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }));
      expect(() => wasi.finalizeBindings(wrong as never)).toThrow(TypeError);
    }
    expect(wasi.start({ exports: { memory, _start: noop } })).toBe(0);
  });

  it("starts once, and not before start", () => {
    for (const Class of [NodeWasi, WASI] as const) {
      const wasi = new Class({ version: "preview1" });
      const calls = wasi.wasiImport as Record<string, (n: number) => number>;
      expect(() => calls.fd_close!(1)).toThrow(expect.objectContaining({ code: "ERR_WASI_NOT_STARTED" }));
      expect(wasi.start({ exports: { memory, _start: noop } })).toBe(0);
      expect(() => wasi.start({ exports: { memory, _start: noop } })).toThrow(
        expect.objectContaining({ code: "ERR_WASI_ALREADY_STARTED" }),
      );
    }
  });

  it("names its module by version", () => {
    for (const version of ["preview1", "unstable"] as const) {
      const theirs = Object.keys(new NodeWasi({ version }).getImportObject());
      expect(Object.keys(new WASI({ version }).getImportObject())).toEqual(theirs);
    }
  });

  it("keeps its code for a directory that is missing, and says which", () => {
    const make = (): WASI => new WASI({ version: "preview1", preopens: { "/x": "/nowhere/at/all" } });
    expect(make).toThrow(expect.objectContaining({ code: "UVWASI_ENOENT", wtCode: "WT6001" }));
    expect(make).toThrow("/nowhere/at/all");
  });

  it("coerces arguments, variables and preopens to strings", () => {
    const root = makeTree();
    const options = { args: [1, null], env: { A: 2 }, preopens: { "/": { toString: () => root } } };
    const guest = new Guest(options as never);
    guest.call("args_get", 32, 64);
    expect(guest.text(64, 7)).toBe("1\0null\0");
    expect(guest.call("fd_prestat_get", 3, 16)).toBe("SUCCESS");
  });
});

describe("a wrong configuration", () => {
  const root = "/tmp";
  const cases: [string, Partial<WasiOptions>, string][] = [
    ["WT6001", { dirs: [{ host: "/nowhere", guest: "/x" }] }, "/nowhere"],
    ["WT6002", { dirs: [{ host: "/etc/passwd", guest: "/x" }] }, "/etc/passwd"],
    [
      "WT6003",
      {
        dirs: [
          { host: root, guest: "/x" },
          { host: "/", guest: "/x//" },
        ],
      },
      "/x",
    ],
    ["WT6003", { preopens: { "/": root }, dirs: [{ host: root, guest: "/" }] }, "/"],
    ["WT6004", { args: ["a\0b"] }, "NUL"],
    ["WT6004", { env: { A: "a\0b" } }, "NUL"],
    ["WT6004", { env: { "A=B": "x" } }, "A=B"],
    ["WT6004", { env: { "": "x" } }, "name"],
    ["WT6004", { dirs: [{ host: root, guest: "" }] }, "guest path"],
    ["WT6004", { dirs: [{ host: root, guest: "/a\0" }] }, "guest path"],
    ["WT6007", { stdin: 12345 }, "stdin"],
    ["WT6007", { stdout: 12345 }, "stdout"],
    ["WT6008", { maxFds: 2 }, "maxFds"],
    ["WT6008", { maxFds: 3, dirs: [{ host: root, guest: "/" }] }, "maxFds"],
    ["WT6008", { maxOutputBytes: -1 }, "maxOutputBytes"],
  ];
  it.each(cases)("%s for %o", (code, options, text) => {
    const make = (): WASI => new WASI({ version: "preview1", ...options });
    expect(make).toThrow(WasiError);
    expect(make).toThrow(expect.objectContaining({ code }));
    expect(make).toThrow(text);
  });

  it("WT6007 for streams that are none", () => {
    for (const options of [{ stdin: "x" }, { stdout: "x" }, { stderr: {} }]) {
      const make = (): WASI => new WASI({ version: "preview1", ...options } as never);
      expect(make).toThrow(expect.objectContaining({ wtCode: "WT6007", code: "ERR_INVALID_ARG_TYPE" }));
    }
  });

  it("suspects reversed directories", () => {
    const tree = makeTree();
    const make = (): WASI => new WASI({ version: "preview1", dirs: [{ host: "/guest/path", guest: tree }] });
    expect(make).toThrow(expect.objectContaining({ hint: expect.stringContaining("reversed") }));
  });

  it("leaves nothing open", () => {
    const before = openDescriptors();
    for (const [, options] of cases) expect(() => new WASI({ version: "preview1", ...options })).toThrow();
    expect(openDescriptors()).toBe(before);
  });
});

describe("the end of a guest that polled its input and opened a file", () => {
  /** Polls stdin, opens "f" in the first directory, then does `end`. */
  const opens = (end: string): string => `(module
    (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "path_open"
      (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (data (i32.const 8) "\\01") (data (i32.const 200) "f")
    (func (export "_start")
      (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128)) (then (call $exit (i32.const 8))))
      (if (call $open (i32.const 3) (i32.const 0) (i32.const 200) (i32.const 1) (i32.const 0) (i64.const 2)
        (i64.const 0) (i32.const 0) (i32.const 132)) (then (call $exit (i32.const 9))))
      ${end}))`;

  it.each([
    ["proc_exit", "(call $exit (i32.const 5))", "5"],
    ["a trap", "unreachable", "RuntimeError: unreachable"],
    ["a return", "", "0"],
  ])("by %s leaves nothing open", (_, end, outcome) => {
    const root = makeTree({ f: "x" });
    const script = writeScript(
      `const count = () => fs.readdirSync("/proc/self/fd").length;
       const run = () => {
         const wasi = new WASI({ version: "preview1", dirs: [{ host: ${JSON.stringify(root)}, guest: "/" }] });
         const module = new WebAssembly.Module(Buffer.from("${Buffer.from(watBytes(opens(end))).toString("hex")}", "hex"));
         const instance = new WebAssembly.Instance(module, wasi.getImportObject());
         try { return wasi.start(instance); } catch (error) { return error; }
       };
       run();
       const before = count(), outcome = run();
       say(outcome + " " + (count() - before));`,
    );
    const { stderr } = spawnSync("sh", ["-c", `echo x | ${process.execPath} ${script}`], { encoding: "utf8" });
    expect(stderr).toBe(`${outcome} 0\n`);
  });
});

describe("returnOnExit: false", () => {
  const end = (code: number): string => `second.wasiImport.proc_exit(${code})`;
  it.each([
    ["start", `second.start({ exports: { memory, _start: () => ${end(9)} } })`, 9],
    ["start that catches it", `second.start({ exports: { memory, _start: () => { try { ${end(8)} } catch {} } } })`, 8],
    ["initialize", `second.initialize({ exports: { memory, _initialize: () => ${end(7)} } })`, 7],
    ["an export of a reactor", `second.initialize({ exports: { memory } }); try { ${end(6)} } catch {}`, 6],
  ])("ends the process with the code, from %s, as node:wasi", (_, body, code) => {
    for (const Class of ["WASI", "NodeWasi"]) {
      const script = writeScript(
        `const { WASI: NodeWasi } = await import("node:wasi");
         {
           const memory = new WebAssembly.Memory({ initial: 1 });
           const second = new ${Class}({ version: "preview1", returnOnExit: false });
           ${body};
           say("still here");
         }`,
      );
      const { status, signal, stderr } = spawnSync(process.execPath, ["--no-warnings", script], { encoding: "utf8" });
      // Node 20 sometimes ends in a signal there: it leaves by `exit` of the C library, from under its threads.
      if (Class === "WASI" || signal === null) expect([Class, status, stderr]).toEqual([Class, code, ""]);
    }
  });

  it("ends it when a guest under our engine exits, too", () => {
    const script = writeScript(
      `const second = new WASI({ version: "preview1", returnOnExit: false });
       const exports = { memory, _initialize: () => second.hostImports().wasi_snapshot_preview1.proc_exit.host(5) };
       second.initialize({ exports });
       say("still here");`,
    );
    const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" });
    expect([status, stderr]).toEqual([5, ""]);
  });
});
