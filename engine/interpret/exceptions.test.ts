/** Exceptions and their surroundings: the host, traps and exits, instances, stops, what is refused. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Blocked,
  captureFrames,
  Engine,
  ExnInst,
  GuestExit,
  hostTag,
  I32,
  type Imports,
  type Instance,
  type TagInst,
  trapError,
  type Val,
  WasmError,
  WasmException,
} from "../index.ts";

const wabt = await wabtInit();
const engine = new Engine({ features: { "legacy-exceptions": true } });
const assemble = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, { exceptions: true }).toBinary({}).buffer;
const make = (wat: string, imports: Imports = {}, maxStackDepth?: number): Instance =>
  engine.instantiate(engine.compile(assemble(wat)), imports, { maxStackDepth });

function caught(fn: () => unknown): WasmError {
  try {
    fn();
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** Calls `h.f` in a try_table that catches `h.e` (gives its value plus 1) and all else (gives -1). */
const catching = `(module (import "h" "e" (tag $e (param i32))) (import "h" "f" (func $f (result i32)))
  (func (export "run") (result i32)
    (block $all
      (block $e (result i32)
        (return (try_table (result i32) (catch $e $e) (catch_all $all) (call $f))))
      (return (i32.add (i32.const 1))))
    (i32.const -1))
  (func (export "plain") (result i32) (call $f)))`;

describe("the host", () => {
  const e = hostTag([I32]);
  const run = (f: () => Val | Blocked): Instance => make(catching, { h: { e, f } });
  const thrower = (error: unknown) => (): never => {
    throw error;
  };

  it("throws exceptions that the guest catches by tag", () => {
    expect(run(thrower(new WasmException(e, [41]))).invoke("run")).toEqual([42]);
    expect(run(thrower(new WasmException(hostTag([I32]), [41]))).invoke("run")).toEqual([-1]);
    expect(() => new WasmException(e, [])).toThrow(TypeError);
  });

  it("gets back its own error when nobody catches it", () => {
    const error = new WasmException(e, [41]);
    expect(caught(() => run(thrower(error)).invoke("plain"))).toBe(error);
    expect([error.kind, error.code, error.payload, error.tag]).toEqual(["exception", "WT4015", [41], e]);
    expect(error.message).toBe("uncaught exception (func (param i32))");
    expect(error.backtrace.map((f) => f.func)).toEqual([2]);
  });

  it("cannot make a guest catch a trap, an exit, exhaustion or an error of its own", () => {
    const outcomes = [trapError("unreachable"), new GuestExit(3), new WasmError("exhausted", "WT5001", "deep")];
    for (const error of outcomes) expect(caught(() => run(thrower(error)).invoke("run"))).toBe(error);
    expect(caught(() => run(thrower(new Error("mine"))).invoke("run")).code).toBe("WT4014");
  });

  it("may throw after it has blocked", () => {
    const act = run(() => new Blocked({}, thrower(new WasmException(e, [1])))).start("run");
    expect(act.run().kind).toBe("blocked");
    expect(act.run()).toEqual({ kind: "done", results: [2] });
  });

  it("lets exceptions of guests that it calls pass, the same ones", () => {
    const inner = make(
      `(module (import "h" "e" (tag $e (param i32))) (func (export "f") (result i32) (throw $e (i32.const 5))))`,
      {
        h: { e },
      },
    );
    const seen: unknown[] = [];
    const f = (): Val => {
      try {
        return inner.invoke("f")[0];
      } catch (error) {
        seen.push(error);
        throw error;
      }
    };
    expect(make(catching, { h: { e, f } }).invoke("run")).toEqual([6]);
    expect(caught(() => make(catching, { h: { e, f } }).invoke("plain"))).toBe(seen[1]);
  });

  it("sees exnrefs as what they are, and may give them back", () => {
    const inst = make(`(module (tag $e (export "e") (param f32))
      (func (export "make") (param i32) (result exnref)
        (block $h (result f32 exnref) (try_table (catch_ref $e $h) (throw $e (f32.reinterpret_i32 (local.get 0)))) (unreachable))
        (block (param f32 exnref) (result exnref) (return)))
      (func (export "bits") (param exnref) (result i32)
        (block $h (result f32) (try_table (catch $e $h) (throw_ref (local.get 0))) (unreachable))
        (i32.reinterpret_f32)))`);
    const signalling = 0x7fa12345;
    const [exn] = inst.invoke("make", [signalling]);
    expect(exn).toBeInstanceOf(ExnInst);
    expect((exn as ExnInst).tag).toBe(inst.exports.e);
    expect(inst.invoke("bits", [exn])).toEqual([signalling]);
    expect(caught(() => inst.invoke("bits", [null])).code).toBe("WT4010");
    expect(() => inst.invoke("bits", [{}])).toThrow(TypeError);
  });
});

describe("catch_all", () => {
  const wat = (body: string): string =>
    `(module (memory 1) (func $f (export "f") (block $h (try_table (catch_all $h) ${body}))))`;
  it.each([
    ["unreachable", "(unreachable)", "trap"],
    ["division", "(drop (i32.div_s (i32.const 1) (i32.const 0)))", "trap"],
    ["memory", "(drop (i32.load (i32.const -1)))", "trap"],
    ["recursion", "(call $f)", "exhausted"],
  ])("does not catch what is no exception: %s", (_, body, kind) => {
    expect(caught(() => make(wat(body), {}, 1000).invoke("f")).kind).toBe(kind);
  });
});

describe("where a handler goes", () => {
  it("to the start of a loop, the end of the function, with values", () => {
    const inst = make(`(module (tag $e (param i32 i64))
      (func $throw (param i32) (throw $e (i32.sub (local.get 0) (i32.const 1)) (i64.const 9)))
      (func (export "loop") (param i32) (result i32) (local i32)
        (i32.const 1000) (local.get 0) (i64.const 0)
        (loop $l (param i32 i64) (result i32)
          (drop) (local.set 0)
          (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (if (result i32) (local.get 0)
            (then (try_table (result i32) (catch $e $l) (i32.const 7) (call $throw (local.get 0))))
            (else (local.get 1))))
        (i32.add))
      (func (export "end") (result i32 i64)
        (i64.const 1) (i64.const 2)
        (try_table (catch $e 0) (call $throw (i32.const 5)))
        (unreachable)))`);
    expect(inst.invoke("loop", [5])).toEqual([1006]);
    expect(inst.invoke("end")).toEqual([4, 9n]);
  });

  it("across instances, past frames that do not catch", () => {
    const inner = make(
      `(module (import "h" "e" (tag $e (param i32)))
      (func $deep (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 3))))
        (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
      (func (export "f") (result i32) (call $deep (i32.const 100))))`,
      { h: { e: sharedTag } },
    );
    const outer = make(catching, { h: { e: sharedTag, f: inner.func("f") } });
    expect(outer.invoke("run")).toEqual([4]);
    expect(caught(() => outer.invoke("plain")).backtrace.length).toBe(32);
  });
});

const sharedTag: TagInst = hostTag([I32]);

describe("stops", () => {
  it("come in a loop that goes round by throwing", () => {
    const inst = make(`(module (tag $e) (func (export "f") (loop $l (try_table (catch $e $l) (throw $e)))))`);
    const act = inst.start("f");
    for (let i = 0; i < 5; i++) expect(act.run(100).kind).toBe("stopped");
  });

  it("show the caught exception of a legacy catch body as an operand", () => {
    const inst = make(`(module (tag $e (export "e") (param i32))
      (func (export "f") (result i32) (local i32)
        (i32.const 8)
        (try (result i32) (do (throw $e (i32.const 5)))
          (catch $e (loop $l
            (br_if $l (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9)))) (drop) (rethrow 0)))
        (i32.add)))`);
    const act = inst.start("f");
    let frames = captureFrames(act);
    while ((frames.frames[0]?.operands.length ?? 0) < 3) {
      expect(act.run(1).kind).toBe("stopped");
      frames = captureFrames(act);
    }
    const [below, exn, value] = frames.frames[0]?.operands ?? [];
    expect([below, exn instanceof ExnInst, value]).toEqual([8, true, 5]);
    const error = caught(() => inst.restore(inst.func("f"), frames).run()) as WasmException;
    expect([error.exn, error.payload]).toEqual([exn, [5]]);
  });
});

describe("what is refused", () => {
  const module = (...code: number[]): Uint8Array =>
    Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 13, 3, 1, 0, 0],
      ...[10, code.length + 4, 1, code.length + 2, 0, ...code, 0x0b],
    );
  it.each([
    ["catch outside a try", [0x07, 0], "WT1015"],
    ["catch after catch_all", [0x06, 0x40, 0x19, 0x07, 0, 0x0b], "WT1015"],
    ["catch_all in a block", [0x02, 0x40, 0x19, 0x0b], "WT1015"],
    ["delegate after catch", [0x06, 0x40, 0x07, 0, 0x18, 0], "WT1015"],
    ["delegate to no label", [0x06, 0x40, 0x18, 1], "WT2009"],
    ["rethrow in a try body", [0x06, 0x40, 0x09, 0, 0x19, 0x0b], "WT2035"],
    ["rethrow of the function", [0x09, 0], "WT2035"],
    ["catch of no tag", [0x06, 0x40, 0x07, 1, 0x0b], "WT2007"],
    ["clause of an unknown kind", [0x1f, 0x40, 1, 4, 0, 0x0b], "WT1035"],
    ["clause to its own block", [0x1f, 0x40, 1, 2, 1, 0x0b], "WT2009"],
    ["more clauses than bytes", [0x1f, 0x40, 0xff, 0xff, 3, 0x0b], "WT1003"],
  ])("%s", (_, code, want) => {
    expect(caught(() => engine.compile(module(...code))).code).toBe(want);
  });

  it("more clauses than the limit", () => {
    const few = new Engine({ moduleLimits: { catchClauses: 1 } });
    const bytes = (n: number): Uint8Array => module(0x1f, 0x40, n, ...Array(n).fill([2, 0]).flat(), 0x0b);
    expect(few.compile(bytes(1)).features).toContain("exceptions");
    expect(caught(() => few.compile(bytes(2))).code).toBe("WT2935");
  });

  it("the legacy form, unless switched on", () => {
    const bytes = module(0x06, 0x40, 0x19, 0x0b);
    expect(engine.compile(bytes).features).toContain("legacy-exceptions");
    expect(() => new Engine().compile(bytes)).toThrow(/needs the legacy-exceptions proposal .*turned off/);
  });

  it("tags and throw with either form", () => {
    const bytes = module(0x08, 0);
    const alone = new Engine({ features: { exceptions: false, "legacy-exceptions": true } });
    expect([...alone.compile(bytes).features]).toEqual(["legacy-exceptions"]);
    expect([...new Engine().compile(bytes).features]).toEqual(["exceptions"]);
    const neither = new Engine({ features: { exceptions: false } });
    expect(() => neither.compile(bytes)).toThrow(/needs the exceptions proposal/);
    expect(() => alone.compile(module(0x1f, 0x40, 0, 0x0b))).toThrow(/needs the exceptions proposal/);
  });
});
