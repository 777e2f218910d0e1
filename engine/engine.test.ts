/** The embedder's view: instances, imports, traps with backtraces, exhaustion, limits, host calls, blocking. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Blocked,
  Engine,
  GuestExit,
  hostFunc,
  I32,
  type Imports,
  type Instance,
  type InstanceOptions,
  type MemInst,
  newGlobal,
  type Val,
  WasmError,
} from "./index.ts";

const wabt = await wabtInit();
const engine = new Engine();
const assemble = (wat: string): Uint8Array =>
  wabt.parseWat("t.wat", wat, { multi_memory: true } as object).toBinary({ write_debug_names: true }).buffer;
/** In which depth is counted in frames, and backtraces are as long as they are asked for. */
const interpreter = new Engine({ tier: "interp" });
const make = (wat: string, imports: Imports = {}, options: InstanceOptions = {}): Instance =>
  engine.instantiate(engine.compile(assemble(wat)), imports, options);

function caught(fn: () => unknown): WasmError {
  try {
    fn();
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("linking", () => {
  const wat = `(module (import "env" "f" (func (param i32) (result i64))) (memory (export "m") 1 3))`;

  it("names an unknown import, its type and its place", () => {
    const e = caught(() => make(wat));
    expect([e.kind, e.code]).toEqual(["unlinkable", "WT3001"]);
    expect(e.message).toBe("unknown import env.f (func (param i32) (result i64))");
    expect(e.offset).toBeGreaterThan(8);
  });

  it("tells the types of an incompatible import", () => {
    const e = caught(() =>
      make(wat, { env: { f: hostFunc({ kind: "func", params: [], results: [] }, () => undefined) } }),
    );
    expect([e.code, e.message]).toEqual([
      "WT3002",
      "incompatible import type: env.f is (func), the module wants (func (param i32) (result i64))",
    ]);
    expect(caught(() => make(wat, { env: { f: newGlobal({ val: I32, isMutable: false }, 1) } })).code).toBe("WT3002");
  });

  it.each([1, "f", {}, { kind: "func" }, Symbol("f"), true])("says that %o is no import", (given) => {
    const e = caught(() => make(wat, { env: { f: given as never } }));
    expect([e.code, e.message]).toEqual([
      "WT3002",
      `incompatible import type: env.f is a JavaScript ${typeof given}, the module wants (func (param i32) (result i64))`,
    ]);
  });

  it("does not find imports on the prototype, nor print terminal escapes", () => {
    const e = caught(() => make(`(module (import "constructor" "\\1b[31mred" (func)))`));
    expect(e.message).toBe("unknown import constructor.\\u{1b}[31mred (func)");
  });

  it("refuses a memory beyond the limit, and lets a guest see -1 when growth is refused", () => {
    expect(caught(() => make("(module (memory 100))", {}, { maxMemoryBytes: 1 << 20 })).code).toBe("WT3004");
    const grow = `(module (memory 1) (func (export "g") (param i32) (result i32) (memory.grow (local.get 0))))`;
    const inst = make(grow, {}, { maxMemoryBytes: 3 << 16 });
    expect(["g", "g", "g", "g"].map((n, i) => inst.invoke(n, [[1, 2, 1, 0][i]])[0])).toEqual([1, -1, 2, 3]);
  });
});

describe("traps", () => {
  const wat = `(module
    (memory 1)
    (func $inner (param i32) (result i32) (i32.load offset=8 (local.get 0)))
    (func $middle (param i32) (result i32) (i32.add (i32.const 1) (call $inner (local.get 0))))
    (func $outer (export "outer") (param i32) (result i32) (call $middle (local.get 0)))
    (func $forever (export "forever") (call $forever))
    (func (export "store") (param i32) (i64.store (local.get 0) (i64.const -1)))
    (func (export "peek") (param i32) (result i32) (i32.load8_u (local.get 0))))`;
  const bytes = assemble(wat);
  const inst = engine.instantiate(engine.compile(bytes));

  it("carry a backtrace with names and offsets of the instructions", () => {
    const e = caught(() => inst.invoke("outer", [65530]));
    expect([e.kind, e.code, e.message]).toEqual(["trap", "WT4005", "out of bounds memory access"]);
    expect(e.backtrace.map((f) => f.name)).toEqual(["inner", "middle", "outer"]);
    expect(e.backtrace.map((f) => bytes[f.offset])).toEqual([0x28, 0x10, 0x10]);
  });

  it("leave the host the length of stacks that it has chosen", () => {
    const before = Error.stackTraceLimit;
    try {
      Error.stackTraceLimit = 7;
      expect(caught(() => inst.invoke("outer", [65530])).backtrace).toHaveLength(3);
      expect(Error.stackTraceLimit).toBe(7);
    } finally {
      Error.stackTraceLimit = before;
    }
  });

  it.each([
    ["gives no text", (_: unknown, sites: unknown) => sites],
    [
      "throws",
      () => {
        throw new Error("no");
      },
    ],
  ])("have the same backtrace where the host's way to write stacks %s", (_, prepare) => {
    const before = Error.prepareStackTrace;
    try {
      Error.prepareStackTrace = prepare;
      expect(caught(() => inst.invoke("outer", [65530])).backtrace.map((f) => f.name)).toEqual([
        "inner",
        "middle",
        "outer",
      ]);
      expect(Error.prepareStackTrace).toBe(prepare);
    } finally {
      Error.prepareStackTrace = before;
    }
  });

  it("leave the instance usable", () => {
    expect(caught(() => inst.invoke("outer", [-1])).kind).toBe("trap");
    expect(inst.invoke("outer", [0])).toEqual([1]);
  });

  it("write nothing when a store is partly out of bounds", () => {
    for (let at = 65529; at < 65536; at++) expect(caught(() => inst.invoke("store", [at])).code).toBe("WT4005");
    for (let at = 65529; at < 65536; at++) expect(inst.invoke("peek", [at])).toEqual([0]);
  });

  it("endless recursion is exhaustion, not a crash", () => {
    const inst = interpreter.instantiate(engine.compile(bytes));
    const e = caught(() => inst.invoke("forever"));
    expect([e.kind, e.code]).toEqual(["exhausted", "WT5001"]);
    expect(e.backtrace.length).toBe(32);
    expect(e.backtrace[0]?.name).toBe("forever");
    expect(inst.invoke("outer", [0])).toEqual([1]);
  });

  it("the depth limit is what it says", () => {
    const wat = `(module (func $f (export "f") (param i32) (result i32)
      (if (result i32) (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else (i32.const 9)))))`;
    const limited = interpreter.instantiate(engine.compile(assemble(wat)), {}, { maxStackDepth: 1000 });
    expect(limited.invoke("f", [990])).toEqual([9]);
    expect(caught(() => limited.invoke("f", [1001])).kind).toBe("exhausted");
  });
});

describe("host functions", () => {
  const wat = `(module (import "h" "f" (func $f (param i32 i64) (result i32)))
    (import "h" "two" (func $two (result i32 i64)))
    (func (export "run") (param i32) (result i32) (call $f (i32.add (local.get 0) (i32.const 1)) (i64.const -1)))
    (func (export "pair") (result i64 i32) (local i64 i32) (call $two) (local.set 0) (local.set 1) (local.get 0) (local.get 1)))`;

  const imports = (f: (...args: Val[]) => unknown): Imports => ({ h: { f: f as never, two: () => [5, 6n] } });

  it("get and give values by type", () => {
    const seen: Val[][] = [];
    const inst = make(
      wat,
      imports((...args) => {
        seen.push(args);
        return 2 ** 32 + 7;
      }),
    );
    expect(inst.invoke("run", [41])).toEqual([7]);
    expect(seen).toEqual([[42, -1n]]);
    expect(inst.invoke("pair")).toEqual([6n, 5]);
  });

  it("that throw become a trap with the cause; exits pass", () => {
    const cause = new Error("disk on fire");
    const e = caught(() =>
      make(
        wat,
        imports(() => {
          throw cause;
        }),
      ).invoke("run", [1]),
    );
    expect([e.kind, e.code, e.cause]).toEqual(["trap", "WT4014", cause]);
    const exit = caught(() =>
      make(
        wat,
        imports(() => {
          throw new GuestExit(7);
        }),
      ).invoke("run", [1]),
    );
    expect([exit.kind, (exit as GuestExit).exitCode]).toEqual(["exit", 7]);
  });

  it("may call back into the guest, and recursion through the host ends in exhaustion", () => {
    const inst: Instance = make(
      wat,
      imports((n) => ((n as number) > 0 ? (inst.invoke("run", [(n as number) - 2])[0] as number) + 1 : 0)),
    );
    expect(inst.invoke("run", [20])).toEqual([21]);
    const endless: Instance = make(
      wat,
      imports(() => endless.invoke("run", [1])[0]),
    );
    expect(caught(() => endless.invoke("run", [1])).kind).toBe("exhausted");
    expect(inst.invoke("run", [0])).toEqual([1]);
  });

  it("that would block suspend the guest, which goes on with the retry's result", () => {
    let tries = 0;
    const wait = (): unknown => (++tries < 3 ? new Blocked({}, wait as never) : 99);
    const act = make(wat, imports(wait)).start("run", [1]);
    expect([act.run().kind, act.run().kind]).toEqual(["blocked", "blocked"]);
    expect(act.run()).toEqual({ kind: "done", results: [99] });
  });

  it("that would block are waited for by a runner", () => {
    const inst = make(
      wat,
      imports(() => new Blocked({}, () => 5)),
      { runner: () => {} },
    );
    expect(inst.invoke("run", [1])).toEqual([5]);
  });
});

describe("memories", () => {
  it("several: loads, stores and copies name theirs", () => {
    const inst = make(`(module (memory $a 1) (memory $b (export "b") 1)
      (func (export "f") (result i64)
        (i64.store $b (i32.const 100) (i64.const 0x1122334455667788))
        (memory.copy $a $b (i32.const 8) (i32.const 96) (i32.const 16))
        (i64.add (i64.load16_s $a (i32.const 12)) (i64.load $a offset=2 (i32.const 10)))))`);
    expect(inst.invoke("f")).toEqual([0x7788n + 0x1122334455667788n]);
    expect((inst.exports.b as MemInst).view.getBigUint64(100, true)).toBe(0x1122334455667788n);
  });

  it("grown by the host are seen by the running guest", () => {
    let mem: MemInst | undefined;
    const inst = make(
      `(module (import "h" "grow" (func $g)) (memory (export "m") 1)
        (func (export "f") (result i32) (call $g) (i32.store (i32.const 65536) (i32.const 5)) (i32.load (i32.const 65536))))`,
      { h: { grow: () => void mem?.grow(1) } },
    );
    mem = inst.exports.m as MemInst;
    expect(inst.invoke("f")).toEqual([5]);
  });

  it("growth keeps content and zeroes what is new", () => {
    const inst = make(
      `(module (memory (export "m") 1 100) (func (export "g") (param i32) (result i32) (memory.grow (local.get 0))))`,
    );
    const mem = inst.exports.m as MemInst;
    mem.bytes.fill(7);
    for (let i = 0; i < 40; i++) inst.invoke("g", [1]);
    expect(mem.bytes.subarray(0, 65536).every((b) => b === 7)).toBe(true);
    expect(mem.bytes.subarray(65536).every((b) => b === 0)).toBe(true);
    expect(inst.invoke("g", [100])).toEqual([-1]);
  });
});
