/** Imports that return promises: the guest is suspended meanwhile, and what they come to arrives like any result. */
import { describe, expect, it } from "vitest";
import { convertTexts } from "../conformance/spec/wat.ts";
import {
  Engine,
  ExnInst,
  type FuncInst,
  hostTag,
  I32,
  type Imports,
  type Instance,
  type InstanceOptions,
  suspending,
  type TagInst,
  type Val,
  WasmError,
  WasmException,
} from "./index.ts";

const engine = new Engine();
const texts = {
  main: `(module
    (import "h" "f" (func $f (param i32) (result i32)))
    (import "h" "nothing" (func $nothing))
    (import "h" "pair" (func $pair (result i32 i64)))
    (import "h" "ref" (func $ref (result externref)))
    (import "h" "e" (tag $e (param i32)))
    (type $t (func (param i32) (result i32)))
    (table 1 funcref) (elem (i32.const 0) $f)
    (export "raw" (func $f))
    (func (export "run") (param i32) (result i32) (i32.add (i32.const 1000) (call $f (local.get 0))))
    (func (export "indirect") (param i32) (result i32) (i32.add (i32.const 1) (call_indirect (type $t) (local.get 0) (i32.const 0))))
    (func $tail (param i32) (result i32) (return_call $f (local.get 0)))
    (func (export "tail") (param i32) (result i32) (i32.add (i32.const 1) (call $tail (local.get 0))))
    (func (export "tailIndirect") (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
    (func (export "nothing") (call $nothing))
    (func (export "pair") (result i32 i64) (call $pair))
    (func (export "ref") (result externref) (call $ref))
    (func (export "catching") (param i32) (result i32)
      (block $h (result i32) (try_table (result i32) (catch $e $h) (call $f (local.get 0)))))
    (func (export "sum") (param i32) (result i32) (local i32)
      (loop $l (local.set 1 (i32.add (local.get 1) (call $f (local.get 0))))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (local.get 1))
    (func (export "plain") (param i32) (result i32) (i32.mul (local.get 0) (i32.const 2))))`,
  start: `(module (import "h" "f" (func $f (param i32) (result i32))) (global (export "g") (mut i32) (i32.const 0))
    (func $s (global.set 0 (call $f (i32.const 20)))) (start $s))`,
  outer: `(module (import "inner" "run" (func $run (param i32) (result i32)))
    (func (export "run") (param i32) (result i32) (i32.mul (i32.const 2) (call $run (local.get 0)))))`,
};
const modules = await convertTexts(Object.values(texts), undefined).then((list) =>
  list.map((bytes) => {
    if (!(bytes instanceof Uint8Array)) throw new Error(bytes.error);
    return engine.compile(bytes);
  }),
);
const [main, withStart, outer] = modules as [(typeof modules)[0], (typeof modules)[0], (typeof modules)[0]];

const tag = hostTag([I32]);
const later = <T>(value: T, ms = 1): Promise<T> => new Promise((resolve) => setTimeout(() => resolve(value), ms));
const failing = (reason: unknown): Promise<never> => later(0).then(() => Promise.reject(reason));

interface Host {
  readonly f?: (x: number) => unknown;
  readonly nothing?: () => unknown;
  readonly pair?: () => unknown;
  readonly ref?: () => unknown;
}
const imports = (host: Host): Imports =>
  ({
    h: { f: (x: number) => x, nothing: () => 0, pair: () => [1, 2n], ref: () => null, e: tag, ...host },
  }) as unknown as Imports;
const make = (host: Host, options?: InstanceOptions): Instance => engine.instantiate(main, imports(host), options);

async function failure(promise: Promise<unknown>): Promise<WasmError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

describe("a promise", () => {
  it("is waited for, and what it comes to is the result", async () => {
    const inst = make({ f: (x) => later(x + 1) });
    expect(await inst.invokeAsync("run", [5])).toEqual([1006]);
    expect(await inst.invokeAsync("sum", [10])).toEqual([65]);
  });

  it("works through every kind of call", async () => {
    const inst = make({ f: (x) => later(x * 2) });
    for (const [name, want] of Object.entries({ indirect: 11, tail: 11, tailIndirect: 10 })) {
      expect([name, ...(await inst.invokeAsync(name, [5]))]).toEqual([name, want]);
    }
  });

  it("gives nothing, or several results as an array", async () => {
    const inst = make({ nothing: () => later("ignored"), pair: () => later([7, 8n]) });
    expect(await inst.invokeAsync("nothing")).toEqual([]);
    expect(await inst.invokeAsync("pair")).toEqual([7, 8n]);
  });

  it("may be anything with a then", async () => {
    // biome-ignore-start lint/suspicious/noThenProperty: that is what they are
    const soon = { then: (resolve: (v: unknown) => void) => void setTimeout(() => resolve(3), 1) };
    const now = { then: (resolve: (v: unknown) => void) => resolve(4) };
    const nested = later(later(6));
    let i = 0;
    const inst = make({ f: () => [soon, now, nested, Promise.resolve(5)][i++] });
    for (const want of [1003, 1004, 1006, 1005]) expect(await inst.invokeAsync("run", [0])).toEqual([want]);
    const broken = {
      then() {
        throw new Error("no");
      },
    };
    // biome-ignore-end lint/suspicious/noThenProperty: that is what they are
    expect((await failure(make({ f: () => broken }).invokeAsync("run", [0]))).code).toBe("WT4014");
  });

  it("that comes to values of other types or numbers is a trap", async () => {
    for (const [name, host] of [
      ["pair", { pair: () => later([1]) }],
      ["pair", { pair: () => later(1) }],
      ["pair", { pair: () => later([1, {}]) }],
      ["pair", { pair: () => later(undefined) }],
    ] as const) {
      const e = await failure(make(host).invokeAsync(name));
      expect([e.kind, e.code]).toEqual(["trap", "WT4014"]);
    }
  });

  it("of a function with a reference among its results is the result, unless it is marked", async () => {
    const promise = later("x");
    expect((await make({ ref: () => promise }).invokeAsync("ref"))[0]).toBe(promise);
    const marked = suspending(() => promise);
    expect(await make({ ref: marked }).invokeAsync("ref")).toEqual(["x"]);
  });
});

describe("a promise that is rejected", () => {
  it("is a trap with the reason as its cause, and where the guest was", async () => {
    const reason = new Error("no network");
    const e = await failure(make({ f: () => failing(reason) }).invokeAsync("run", [1]));
    expect([e.kind, e.code, e.cause]).toEqual(["trap", "WT4014", reason]);
    expect(e.message).toContain("no network");
    expect(e.backtrace).toHaveLength(1);
    expect((await failure(make({ f: () => failing(undefined) }).invokeAsync("run", [1]))).code).toBe("WT4014");
  });

  it("with an exception is one that the guest can catch", async () => {
    const inst = make({ f: (x) => failing(new WasmException(tag, [x + 7])) });
    expect(await inst.invokeAsync("catching", [1])).toEqual([8]);
    const e = await failure(inst.invokeAsync("run", [1]));
    expect(e).toBeInstanceOf(WasmException);
    expect((e as WasmException).payload).toEqual([8]);
    expect((e as WasmException).tag as TagInst).toBe(tag);
    expect((e as WasmException).exn).toBeInstanceOf(ExnInst);
  });

  it("leaves the instance usable", async () => {
    let fails = true;
    const inst = make({ f: (x) => (fails ? failing("x") : later(x)) });
    await failure(inst.invokeAsync("run", [1]));
    fails = false;
    expect(await inst.invokeAsync("run", [1])).toEqual([1001]);
  });

  it("after its guest was ended is nobody's business", async () => {
    const controller = new AbortController();
    const inst = make({ f: () => failing(new Error("late")) }, { limits: { signal: controller.signal } });
    const ended = failure(inst.invokeAsync("run", [1]));
    controller.abort();
    expect((await ended).code).toBe("WT5006");
    await later(0, 10);
  });
});

describe("who calls", () => {
  it("and does not wait is told so; a host that may block its thread cannot either", () => {
    for (const options of [{}, { runner: () => {} }]) {
      const inst = make({ f: (x) => later(x) }, options);
      let error: unknown;
      try {
        inst.invoke("run", [1]);
      } catch (e) {
        error = e;
      }
      expect(error).toMatchObject({ kind: "trap", code: "WT4017" });
      expect((error as WasmError).hint).toMatch(/invokeAsync/);
      expect(inst.invoke("plain", [4])).toEqual([8]);
    }
  });

  it("can call an import that is exported again, and a function it was given", async () => {
    const inst = make({ f: (x) => later(x + 1) });
    expect(await inst.invokeAsync("raw", [2 ** 32 + 1])).toEqual([2]);
    expect(() => inst.invoke("raw", [1])).toThrow("returned a promise");
    expect(await inst.callAsync(inst.exports.run as FuncInst, [1])).toEqual([1002]);
    await expect(inst.invokeAsync("run", [])).rejects.toThrow("1 arguments expected, 0 given");
    await expect(inst.invokeAsync("none")).rejects.toMatchObject({ code: "WT3005" });
  });

  it("starts an instance whose start function waits", async () => {
    const inst = await engine.instantiateAsync(withStart, imports({ f: (x) => later(x + 1) }));
    expect((inst.exports.g as unknown as { get(): Val }).get()).toBe(21);
    expect(() => engine.instantiate(withStart, imports({ f: (x) => later(x) }))).toThrow(WasmError);
    expect((await failure(engine.instantiateAsync(withStart, imports({ f: () => failing("x") })))).code).toBe("WT4014");
  });

  it("waits across instances", async () => {
    const inner = make({ f: (x) => later(x + 1) });
    const inst = engine.instantiate(outer, { inner: { run: inner.exports.run as FuncInst } });
    expect(await inst.invokeAsync("run", [1])).toEqual([2004]);
  });

  it("may be many at once", async () => {
    const insts = Array.from({ length: 300 }, () => make({ f: (x) => later(x, (x * 7) % 10) }));
    const results = await Promise.all(insts.map((inst, i) => inst.invokeAsync("sum", [1 + (i % 9)])));
    expect(results.map(([r]) => r)).toEqual(insts.map((_, i) => ((1 + (i % 9)) * (2 + (i % 9))) / 2));
  });
});

describe("an instance in the middle of a call", () => {
  it("is not entered again", async () => {
    const inst = make({ f: (x) => later(x, 5) });
    const first = inst.invokeAsync("run", [1]);
    for (const again of [inst.invokeAsync("plain", [1]), Promise.resolve().then(() => inst.invoke("plain", [1]))]) {
      const e = await failure(again);
      expect([e.kind, e.code]).toEqual(["trap", "WT4018"]);
      expect(e.hint).toMatch(/reentrant: true/);
    }
    expect(await first).toEqual([1001]);
    expect(inst.invoke("plain", [1])).toEqual([2]);
  });

  it("is not, by the promise it waits for", async () => {
    const inst: Instance = make({ f: async (x) => inst.invoke("plain", [await later(x)])[0] });
    expect((await failure(inst.invokeAsync("run", [1]))).code).toBe("WT4018");
  });

  it("is entered by a host function that it calls and that does not wait", async () => {
    const inst: Instance = make({ f: (x) => inst.invoke("plain", [x])[0] });
    expect(await inst.invokeAsync("run", [4])).toEqual([1008]);
  });

  it("is, if it says that it may be: calls overlap, each with its own frames", async () => {
    const inst: Instance = make(
      { f: (x) => (x === 0 ? later(1) : inst.invokeAsync("run", [x - 1]).then(([v]) => v)) },
      { reentrant: true },
    );
    expect(await inst.invokeAsync("run", [3])).toEqual([4001]);
    const both = await Promise.all([
      inst.invokeAsync("run", [1]),
      inst.invokeAsync("sum", [1]),
      inst.invokeAsync("plain", [1]),
    ]);
    expect(both).toEqual([[2001], [1001], [2]]);
  });

  it("ends when it is cancelled, though the promise never settles", async () => {
    const controller = new AbortController();
    const inst = make({ f: () => new Promise(() => {}) }, { limits: { signal: controller.signal } });
    const ended = failure(inst.invokeAsync("run", [1]));
    await later(0, 5);
    controller.abort();
    expect(await ended).toMatchObject({ kind: "cancelled", code: "WT5006" });
  });
});
