/** What programs may do to the JavaScript API that it must survive: limits, buffers taken away, responses that break off. */
import { afterEach, describe, expect, it } from "vitest";
import { configure, WebAssembly } from "../../engine/js-api/index.ts";
import { convertTexts } from "../spec/wat.ts";
import { tiers } from "../tiers/tiers.ts";
import { type Api, instantiate as instantiateIn, texts, thrown } from "./cases.ts";

const more = {
  spin: `(module (import "m" "f" (func $f)) (func (export "spin") (loop $l (br $l))) (func (export "f") (call $f))
    (func (export "catching") (result i32) (block $h (try_table (catch_all $h) (call $f)) (return (i32.const 1))) (i32.const 2)))`,
  reference: `(module (import "m" "f" (func $f (result externref))) (func (export "f") (result externref) (call $f)))`,
  memories: `(module (memory (export "a") 1) (memory (export "b") 2) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`,
  starting: `(module (import "m" "memory" (memory 1)) (import "m" "take" (func $take))
    (func $start (i32.store (i32.const 0) (i32.const 7)) (call $take) (i32.store (i32.const 4) (i32.load (i32.const 0)))) (start $start)
    (func (export "load") (result i32) (i32.load (i32.const 4))))`,
  escaping: `(module (import "m" "table" (table 1 funcref)) (memory (export "memory") 1)
    (func $init (param i32) (result i32) (memory.init 1 (i32.const 0) (i32.const 0) (local.get 0)) (i32.load8_u (i32.const 0)))
    (func $first (param i32) (result i32) (memory.init 0 (i32.const 0) (i32.const 0) (local.get 0)) (i32.const 0))
    (elem (i32.const 0) $init) (data (i32.const 8) "A") (data (i32.const 65535) "BC"))`,
  gc: `(module (type $s (struct (field i32))) (func (export "make") (result anyref) (struct.new $s (i32.const 4)))
    (func (export "get") (param anyref) (result i32) (struct.get $s 0 (ref.cast (ref $s) (local.get 0))))
    (func (export "i31") (param anyref) (result i32) (i31.get_s (ref.cast (ref i31) (local.get 0)))))`,
};
const all = { ...texts, ...more };
const converted = await convertTexts(Object.values(all), undefined);
const modules = Object.fromEntries(Object.keys(all).map((name, i) => [name, converted[i]])) as unknown as Readonly<
  Record<keyof typeof all, Uint8Array>
>;

const api: Api = WebAssembly;
const instantiate = (name: keyof typeof all, imports?: unknown): Api => instantiateIn(api, modules[name], imports);
const errorOf = (fn: () => unknown): Error => thrown(fn) as Error;
const nothing = (): void => undefined;

afterEach(() => void configure());

const testTiers = ["interp", "js", "auto-1"] as const;

describe.each(testTiers)("in tier %s", (tier) => {
  it("a memory whose buffer was taken away gives errors, and nothing else breaks", () => {
    configure(tiers[tier]);
    let taken: ArrayBuffer | undefined;
    const tick = (): void => {
      taken = structuredClone(exports.memory.buffer, { transfer: [exports.memory.buffer] });
    };
    const exports = instantiate("state", { m: { tick } });
    exports.store(0, 77);
    expect(errorOf(() => exports.tickAndLoad(0))).toBeInstanceOf(api.RuntimeError);
    expect(errorOf(() => exports.load(0))).toMatchObject({ message: expect.stringContaining("detached") as string });
    expect(errorOf(() => exports.store(0, 1))).toBeInstanceOf(api.RuntimeError);
    expect(errorOf(() => exports.grow(1))).toBeInstanceOf(api.RuntimeError);
    expect(errorOf(() => exports.memory.grow(1))).toBeInstanceOf(api.RuntimeError);
    expect(errorOf(() => exports.fill())).toBeInstanceOf(api.RuntimeError);
    expect(new Int32Array(taken as ArrayBuffer)[0]).toBe(77);
    expect(exports["table.get"](1)).toBe(exports.grow);
    expect(instantiate("state", { m: { tick: nothing } }).load(0)).toBe(0);
  });

  it("a buffer that is taken away while a module starts, or while its imports are read, is that of nobody else", () => {
    configure(tiers[tier]);
    const memory = new api.Memory({ initial: 1 });
    const take = (): void => void structuredClone(memory.buffer, { transfer: [memory.buffer] });
    const failed = errorOf(() => instantiate("starting", { m: { memory, take } }));
    expect(failed).toMatchObject({ message: expect.stringContaining("detached") as string });
    expect(failed).toBeInstanceOf(api.RuntimeError);
    const source = modules.starting.slice();
    const imports = {
      get m() {
        structuredClone(source.buffer, { transfer: [source.buffer] });
        return { memory: new api.Memory({ initial: 1 }), take: nothing };
      },
    };
    const module = new api.Module(source);
    expect(new api.Instance(module, imports).exports.load()).toBe(7);
    expect(source.length).toBe(0);
    expect(
      new api.Instance(module, { m: { memory: new api.Memory({ initial: 1 }), take: nothing } }).exports.load(),
    ).toBe(7);
  });

  it("a memory grows inside a resizable buffer, and there only by pages", () => {
    configure(tiers[tier]);
    const { memory, grow, load, store } = instantiate("state", { m: { tick: nothing } });
    store(8, 5);
    const fixed = memory.buffer;
    const buffer = memory.toResizableBuffer();
    expect([fixed.byteLength, buffer.byteLength, buffer.maxByteLength, buffer === memory.buffer]).toEqual([
      0,
      65536,
      4 * 65536,
      true,
    ]);
    expect([grow(1), buffer.byteLength, memory.buffer === buffer, load(8)]).toEqual([1, 2 * 65536, true, 5]);
    buffer.resize(3 * 65536);
    expect([load(3 * 65536 - 4), memory.grow(0), memory.toResizableBuffer() === buffer]).toEqual([0, 3, true]);
    for (const length of [65536, 3 * 65536 + 1, 5 * 65536, "x"])
      expect(() => buffer.resize(length)).toThrow(RangeError);
    const again = memory.toFixedLengthBuffer();
    expect([again.byteLength, again.resizable, buffer.byteLength, load(8)]).toEqual([3 * 65536, false, 0, 5]);
    const shorter = memory.toResizableBuffer();
    (ArrayBuffer.prototype as Api).resize.call(shorter, 100);
    expect(errorOf(() => load(8))).toBeInstanceOf(api.RuntimeError);
    expect(() => new api.Memory({ initial: 1 }).toResizableBuffer()).toThrow(TypeError);
  });

  it("a guest without fuel ends, and cannot catch that", () => {
    configure({ ...tiers[tier], fuel: 100_000 });
    const inner = instantiate("spin", { m: { f: nothing } });
    const outer = instantiate("spin", { m: { f: () => inner.spin() } });
    expect(errorOf(() => outer.catching())).toBeInstanceOf(api.RuntimeError);
    expect(errorOf(() => outer.f())).toMatchObject({ cause: { kind: "fuel" } });
  });

  it("fuel is one account, which can be filled", () => {
    const account = configure({ ...tiers[tier], fuel: 1000 });
    const exports = instantiate("spin", { m: { f: nothing } });
    exports.f();
    expect(account.usage().instructions).toBeGreaterThan(0);
    expect(errorOf(() => exports.spin())).toBeInstanceOf(api.RuntimeError);
    expect(errorOf(() => exports.f())).toBeInstanceOf(api.RuntimeError);
    account.refuel(1000);
    expect(exports.f()).toBeUndefined();
  });

  it("what is configured later does not concern what there is", () => {
    configure(tiers[tier]);
    const free = instantiate("spin", { m: { f: nothing } });
    configure({ ...tiers[tier], fuel: 0 });
    expect(free.f()).toBeUndefined();
  });

  it("a deadline ends a loop", () => {
    configure({ ...tiers[tier], timeoutMs: 20 });
    const exports = instantiate("spin", { m: { f: nothing } });
    expect(errorOf(() => exports.spin())).toMatchObject({ cause: { kind: "deadline" } });
  });

  it("memories have limits, one by one and together", () => {
    configure({ ...tiers[tier], maxMemory: 3 * 65536, totalMemory: 5 * 65536 });
    const exports = instantiate("memories");
    expect(exports.grow(3)).toBe(-1);
    expect(exports.grow(2)).toBe(1);
    expect(errorOf(() => exports.a.grow(1))).toBeInstanceOf(RangeError);
    expect(errorOf(() => exports.b.grow(1))).toBeInstanceOf(RangeError);
    expect(errorOf(() => new api.Memory({ initial: 4 }))).toBeInstanceOf(RangeError);
    expect(errorOf(() => new api.Memory({ initial: 1 }))).toBeInstanceOf(RangeError);
    expect(errorOf(() => instantiate("memories"))).toBeInstanceOf(RangeError);
  });

  it("functions of an instance that failed run, and have the segments that were not copied", () => {
    configure(tiers[tier]);
    const table = new api.Table({ element: "anyfunc", initial: 1 });
    expect(errorOf(() => instantiate("escaping", { m: { table } }))).toBeInstanceOf(api.RuntimeError);
    expect(table.get(0)(2)).toBe("B".charCodeAt(0));
    expect(errorOf(() => table.get(0)(3))).toBeInstanceOf(api.RuntimeError);
  });

  it("promises and things like them are references", () => {
    configure(tiers[tier]);
    // biome-ignore lint/suspicious/noThenProperty: what is tested
    for (const value of [Promise.resolve(1), { then: nothing }]) {
      expect(instantiate("reference", { m: { f: () => value } }).f()).toBe(value);
    }
  });

  it("objects of guests are opaque, and go back as they are", () => {
    configure(tiers[tier]);
    const { make, get, i31 } = instantiate("gc");
    const object = make() as object;
    expect(get(object)).toBe(4);
    expect([Object.getPrototypeOf(object), Reflect.ownKeys(object), Object.isExtensible(object)]).toEqual([
      null,
      [],
      false,
    ]);
    expect(() => Object.assign(object, { a: 1 })).toThrow(TypeError);
    expect(errorOf(() => get({}))).toBeInstanceOf(api.RuntimeError);
    expect(errorOf(() => get(new Proxy(object, {})))).toBeInstanceOf(api.RuntimeError);
    expect([i31(-5), errorOf(() => i31(2 ** 30)) instanceof api.RuntimeError]).toEqual([-5, true]);
  });
});

describe("limits without JavaScript that is generated", () => {
  it("are the same", () => {
    configure({ eval: false, fuel: 1000 });
    expect(errorOf(() => instantiate("spin", { m: { f: nothing } }).spin())).toMatchObject({ cause: { kind: "fuel" } });
  });

  it("that are none are refused", () => {
    expect(() => configure({ fuel: -1 })).toThrow(RangeError);
    expect(() => configure({ timeoutMs: Number.NaN })).toThrow(RangeError);
  });
});

const wasm = { "content-type": "application/wasm" };
const response = (body: ConstructorParameters<typeof Response>[0], init: ResponseInit = {}): Response =>
  new Response(body, { headers: wasm, ...init });
const bytes = modules.values as Uint8Array<ArrayBuffer>;

/** The first bytes of a module, and then `end`. */
function broken(end: (controller: ReadableStreamDefaultController) => void): Response {
  let part = 0;
  return response(
    new ReadableStream({
      pull(controller) {
        if (part++ === 0) controller.enqueue(bytes.slice(0, 20));
        else end(controller);
      },
    }),
  );
}

/** Gives the rest of a module, and takes it back. */
function takeAway(controller: ReadableStreamDefaultController): void {
  const rest = bytes.slice(20);
  controller.enqueue(rest);
  structuredClone(rest.buffer, { transfer: [rest.buffer] });
  controller.close();
}

describe("responses", () => {
  it("are compiled, and instantiated", async () => {
    expect(await api.compileStreaming(response(bytes))).toBeInstanceOf(api.Module);
    const { instance } = await api.instantiateStreaming(Promise.resolve(response(bytes)));
    expect(instance.exports.i32(5)).toBe(5);
  });

  it.each<[string, () => unknown, string]>([
    ["that are none", () => bytes, "TypeError"],
    ["of another type", () => new Response(bytes), "TypeError"],
    [
      "of a type with parameters",
      () => response(bytes, { headers: { "content-type": "application/wasm;a=b" } }),
      "TypeError",
    ],
    ["with an error as status", () => response(bytes, { status: 404 }), "TypeError"],
    ["that never came", () => Promise.reject(new SyntaxError("mine")), "SyntaxError"],
    ["that break off", () => broken((controller) => controller.error(new SyntaxError("mine"))), "SyntaxError"],
    ["that end too early", () => broken((controller) => controller.close()), "CompileError"],
    ["of something else than bytes", () => broken((controller) => controller.enqueue("abc")), "TypeError"],
    ["whose bytes are taken away", () => broken(takeAway), "TypeError"],
    ["without end", () => broken((controller) => controller.enqueue(new Uint8Array(2 ** 28))), "CompileError"],
  ])("%s reject", async (_, make, name) => {
    await expect(api.compileStreaming(make())).rejects.toMatchObject({ name });
    await expect(api.instantiateStreaming(make())).rejects.toMatchObject({ name });
  });

  it("are not read twice", async () => {
    const once = response(bytes);
    await api.compileStreaming(once);
    await expect(api.compileStreaming(once)).rejects.toBeInstanceOf(TypeError);
  });
});
