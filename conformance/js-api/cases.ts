/** Small programs over the JavaScript API: each gives a value, which must be the same with the host's `WebAssembly` and ours. */

// biome-ignore lint/suspicious/noExplicitAny: what is under test is untyped by nature: JavaScript that knows no types
export type Api = any;

/** Modules that cases use, as text. */
export const texts = {
  values: `(module
    (func (export "i32") (param i32) (result i32) (local.get 0))
    (func (export "i64") (param i64) (result i64) (local.get 0))
    (func (export "f32") (param f32) (result f32) (local.get 0))
    (func (export "f64") (param f64) (result f64) (local.get 0))
    (func (export "extern") (param externref) (result externref) (local.get 0))
    (func (export "func") (param funcref) (result funcref) (local.get 0))
    (func (export "v128") (param v128))
    (func (export "pair") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
    (func (export "isNull") (param externref) (result i32) (ref.is_null (local.get 0)))
    (func (export "toI64") (param f32 i32) (result i64) (i64.add (i64.trunc_f32_s (local.get 0)) (i64.extend_i32_s (local.get 1)))))`,
  calls: `(module
    (import "m" "f" (func $f (param i32 i64 f64) (result i32)))
    (import "m" "many" (func $many (result i32 i64 f32)))
    (import "m" "ref" (func $ref (param externref) (result externref)))
    (import "m" "none" (func $none))
    (export "again" (func $f))
    (func (export "f") (param i32) (result i32) (call $f (local.get 0) (i64.const -3) (f64.const 0.5)))
    (func (export "many") (result i32 i64 f32) (call $many))
    (func (export "ref") (param externref) (result externref) (call $ref (local.get 0)))
    (func (export "none") (call $none))
    (func (export "loop") (param $n i32) (result i32) (local $s i32)
      (loop $l (local.set $s (i32.add (local.get $s) (call $f (local.get $n) (i64.const 1) (f64.const 2))))
        (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $s)))`,
  state: `(module
    (import "m" "tick" (func $tick))
    (memory (export "memory") 1 4)
    (table (export "table") 4 8 funcref)
    (global (export "g") (mut i64) (i64.const 5))
    (global (export "c") f32 (f32.const 1.5))
    (elem (i32.const 1) $grow $load)
    (func $grow (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
    (func $load (export "load") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "store") (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "tickAndLoad") (param i32) (result i32) (call $tick) (i32.load (local.get 0)))
    (func (export "table.get") (param i32) (result funcref) (table.get 0 (local.get 0)))
    (func (export "set g") (param i64) (global.set 0 (local.get 0)))
    (func (export "fill") (call $tick) (memory.fill (i32.const 0) (i32.const 1) (i32.const 100))))`,
  traps: `(module
    (memory 1) (table 2 funcref)
    (func (export "unreachable") unreachable)
    (func (export "divide") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
    (func (export "memory") (param i32) (result i32) (i32.load (local.get 0)))
    (func (export "table") (param i32) (call_indirect (local.get 0)))
    (func $deep (export "deep") (call $deep) (call $deep)))`,
  nested: `(module
    (import "m" "f" (func $f)) (import "m" "g" (func $g (param i32) (result i32)))
    (func (export "f") (call $f))
    (func (export "g") (param i32) (result i32) (call $g (local.get 0)))
    (func (export "trap") unreachable))`,
  tags: `(module
    (import "m" "tag" (tag $t (param i32 f64))) (import "m" "f" (func $f))
    (tag $own (export "own") (param i64))
    (func (export "throw") (param i32) (throw $t (local.get 0) (f64.const 2.5)))
    (func (export "own throw") (throw $own (i64.const 7)))
    (func (export "f") (call $f)))`,
  waiting: `(module
    (import "m" "f" (func $f)) (tag $e (export "tag") (param i32))
    (func $outer (export "outer") (result i32)
      try (result i32) (call $f) (i32.const 1) catch $e end)
    (func (export "through") (result i32) (local v128)
      (local.set 0 (v128.const i32x4 0 0 0 0)) (call $outer))
    (func (export "traps") (result i32)
      try (result i32) (i32.div_u (i32.const 1) (i32.const 0)) catch $e end)
    (func (export "throws") (throw $e (i32.const 7))))`,
  start: `(module (import "m" "f" (func $f)) (memory (export "memory") 1) (func $s (call $f)) (start $s))`,
  proto: `(module (import "__proto__" "constructor" (func $f (result i32))) (import "toString" "__proto__" (global i32))
    (func (export "__proto__") (result i32) (i32.add (call $f) (global.get 0))) (func (export "constructor") (result i32) (i32.const 1)))`,
  segment: `(module (import "m" "memory" (memory 1)) (import "m" "table" (table 1 funcref)) (func $f)
    (data (i32.const 0) "before") (data (i32.const 65535) "beyond"))`,
  invalid: `(module (func (result i32)))`,
} as const;

export type Modules = { readonly [T in keyof typeof texts]: Uint8Array };

/** Anything as text: what a case gives, or what it throws. */
export function show(v: unknown, api: Api): unknown {
  if (typeof v === "bigint") return `${v}n`;
  if (Object.is(v, -0)) return "-0";
  if (typeof v === "function") return `function ${v.name}/${v.length}`;
  if (typeof v === "symbol" || v === undefined) return String(v);
  if (v instanceof Error) return `${classOf(v, api)}`;
  if (Array.isArray(v)) return v.map((x) => show(x, api));
  return typeof v === "object" && v !== null ? Object.prototype.toString.call(v) : v;
}

const classOf = (error: Error, api: Api): string =>
  ["CompileError", "LinkError", "RuntimeError"].find((name) => error.constructor === api[name]) ??
  error.constructor.name;

export interface Case {
  readonly name: string;
  readonly run: (api: Api, modules: Modules) => unknown;
}

export const instantiate = (api: Api, bytes: Uint8Array, imports?: unknown): Api =>
  new api.Instance(new api.Module(bytes), imports).exports;

/** A name like any other. */
const PROTO = "__proto__";

/** What `fn` throws. */
export function thrown(fn: () => unknown): unknown {
  try {
    return ["returned", fn()];
  } catch (error) {
    return error;
  }
}

const nothing = (): void => undefined;
const host = { f: (a: number) => a + 1, many: () => [1, 2n, 3], ref: (x: unknown) => x, none: nothing };

const conversions: readonly Case[] = [
  {
    name: "numbers wrap and round as JavaScript says",
    run: (api, { values }) => {
      const { i32, i64, f32, f64 } = instantiate(api, values);
      return [
        i32(2 ** 32 + 5),
        i32(-1.9),
        i32("12"),
        i32(null),
        i32(),
        i32({ valueOf: () => 7 }),
        i32(true),
        i32(Number.NaN),
      ].concat([
        i64(2n ** 63n),
        i64(true),
        i64("-5"),
        f32(0.1),
        f32(1e40),
        f32(-0),
        f64("0x10"),
        f64(undefined),
        f64(-0),
      ]);
    },
  },
  {
    name: "values of other types are refused",
    run: (api, { values }) => {
      const { i32, i64, f32, f64, func, v128 } = instantiate(api, values);
      return [i32, f32, f64]
        .flatMap((f) => [thrown(() => f(1n)), thrown(() => f(Symbol()))])
        .concat([
          thrown(() => i64(1)),
          thrown(() => i64(undefined)),
          thrown(() => func({})),
          thrown(() => func(nothing)),
          thrown(() => v128(1)),
        ]);
    },
  },
  {
    name: "what valueOf throws passes, before the function runs",
    run: (api, { values }) =>
      thrown(() =>
        instantiate(api, values).pair({
          valueOf: () => {
            throw new RangeError("mine");
          },
        }),
      ),
  },
  {
    name: "references keep their identity",
    run: (api, { values }) => {
      const { extern, func, isNull } = instantiate(api, values);
      const things = [{}, undefined, 1, -0, 2 ** 30, 1.5, 12n, "s", Symbol.iterator, nothing, extern, Number.NaN];
      return [
        things.map((x) => Object.is(extern(x), x)),
        things.map(isNull),
        isNull(null),
        func(func) === func,
        func(null),
        extern(null),
      ];
    },
  },
  {
    name: "several results are an array",
    run: (api, { values }) => {
      const result = instantiate(api, values).pair(1, 2.5);
      return [result, Object.getPrototypeOf(result) === Array.prototype];
    },
  },
  { name: "results of i64", run: (api, { values }) => instantiate(api, values).toI64(2 ** 40, -1) },
  {
    name: "a trap in a conversion",
    run: (api, { values }) => thrown(() => instantiate(api, values).toI64(Number.NaN, 0)),
  },
];

const calls: readonly Case[] = [
  {
    name: "imports get values and no this",
    run: (api, { calls }) => {
      const seen: unknown[] = [];
      const f = function (this: unknown, ...args: unknown[]): unknown {
        seen.push(this, args);
        return "41.9";
      };
      const exports = instantiate(api, calls, { m: { ...host, f } });
      return [exports.f(7), exports.loop(100), seen.slice(0, 2), seen.length];
    },
  },
  {
    name: "imports that are exported again are other functions",
    run: (api, { calls }) => {
      const { again, f } = instantiate(api, calls, { m: host });
      return [again === host.f, again, again(1, 2n, 3), thrown(() => again(1, 2, 3)), f(3)];
    },
  },
  {
    name: "functions of one instance imported by another keep their identity",
    run: (api, { calls }) => {
      const first = instantiate(api, calls, { m: host });
      const second = instantiate(api, calls, { m: { ...host, f: first.again, none: first.none } });
      return [second.again === first.again, second.f(4)];
    },
  },
  {
    name: "several results of imports come from any iterable",
    run: (api, { calls }) => {
      const many = (result: unknown): unknown =>
        thrown(() => instantiate(api, calls, { m: { ...host, many: () => result } }).many());
      const generated = function* (): Generator<unknown> {
        yield* [1.5, "8", 2];
      };
      return [[1, 2n, 3], new Set([1, 2n, 3]), generated(), [1, 2n], [1, 2n, 3, 4], 5, undefined, [1, 2, 3], "abc"].map(
        many,
      );
    },
  },
  {
    name: "what imports throw arrives as it is",
    run: (api, { nested }) =>
      [new Error("mine"), "text", undefined, null, 1, { a: 1 }, Symbol.iterator].map((value) => {
        const { f } = instantiate(api, nested, {
          m: {
            f: () => {
              throw value;
            },
            g: nothing,
          },
        });
        return Object.is(thrown(f), value);
      }),
  },
  {
    name: "traps pass through JavaScript, which may catch them",
    run: (api, { nested }) => {
      const inner = instantiate(api, nested, { m: { f: nothing, g: nothing } });
      const outer = instantiate(api, nested, {
        m: { f: inner.trap, g: () => thrown(inner.trap) instanceof api.RuntimeError },
      });
      const middle = instantiate(api, nested, { m: { f: () => inner.trap(), g: nothing } });
      return [thrown(outer.f), thrown(middle.f), outer.g()];
    },
  },
  {
    name: "guests and imports call each other, deep",
    run: (api, { nested }) => {
      const g = (n: number): number => (n === 0 ? 0 : 1 + exports.g(n - 1));
      const exports = instantiate(api, nested, { m: { f: nothing, g } });
      return exports.g(200);
    },
  },
  {
    name: "recursion without end over imports is a RangeError, again and again",
    run: (api, { nested }) => {
      const g = (n: number): number => exports.g(n + 1);
      const exports = instantiate(api, nested, { m: { f: nothing, g } });
      return [thrown(() => exports.g(0)), thrown(() => exports.g(0))];
    },
  },
  {
    name: "traps are RuntimeErrors",
    run: (api, { traps }) => {
      const { unreachable, divide, memory, table, deep } = instantiate(api, traps);
      const list = [
        unreachable,
        () => divide(0),
        () => memory(65533),
        () => memory(-1),
        () => table(0),
        () => table(9),
        deep,
      ];
      return list.map(thrown);
    },
  },
];

const objects: readonly Case[] = [
  {
    name: "a memory is one buffer until it grows, and then another",
    run: (api, { state }) => {
      const { memory, grow, store, load } = instantiate(api, state, { m: { tick: nothing } });
      const before = memory.buffer;
      new Uint32Array(before)[1] = 1234;
      const out: unknown[] = [
        load(4),
        memory.buffer === before,
        grow(1),
        before.byteLength,
        memory.buffer.byteLength,
        load(4),
      ];
      const middle = memory.buffer;
      store(65536 + 8, 99);
      out.push(new Uint32Array(middle)[16386], memory.grow(1), middle.byteLength, memory.grow(0), load(65544));
      return [...out, grow(9), thrown(() => memory.grow(9)), memory.buffer.byteLength];
    },
  },
  {
    name: "a memory that grew unseen is a buffer of its size",
    run: (api, { state }) => {
      const { memory, grow, store, load } = instantiate(api, state, { m: { tick: nothing } });
      store(65532, 7);
      const out: unknown[] = [grow(1), grow(1), grow(0)];
      store(3 * 65536 - 4, 8);
      const words = new Int32Array(memory.buffer);
      out.push(memory.buffer.byteLength, words[16383], words.at(-1), grow(1), words.length, load(3 * 65536 - 4));
      return [...out, memory.buffer.byteLength, load(65532)];
    },
  },
  {
    name: "a guest sees a memory that its import grew",
    run: (api, { state }) => {
      const exports = instantiate(api, state, {
        m: {
          tick: () => {
            exports.memory.grow(1);
            new Int32Array(exports.memory.buffer)[20000] = 5;
          },
        },
      });
      return [exports.tickAndLoad(80000), exports.memory.buffer.byteLength];
    },
  },
  {
    name: "tables and globals are the guest's",
    run: (api, { state }) => {
      const e = instantiate(api, state, { m: { tick: nothing } });
      const { table, g } = e;
      const out: unknown[] = [table.length, table.get(0), table.get(1) === e.grow, e["table.get"](2) === e.load];
      table.set(0, e.load);
      g.value = 2n ** 64n + 9n;
      out.push(e["table.get"](0) === e.load, g.value, g.valueOf(), table.grow(2, e.grow), table.get(5) === e.grow);
      e["set g"](-1n);
      return [
        ...out,
        g.value,
        e.c.value,
        thrown(() => {
          e.c.value = 1;
        }),
        thrown(() => table.set(9, null)),
        thrown(() => table.grow(9)),
      ];
    },
  },
  {
    name: "names and lengths of functions",
    run: (api, { state, values }) => [
      ...Object.values(instantiate(api, state, { m: { tick: nothing } })),
      ...Object.values(instantiate(api, values)),
    ],
  },
  {
    name: "exports are a frozen object without a prototype",
    run: (api, { proto }) => {
      const imports = JSON.parse('{"__proto__": {}, "toString": {"__proto__": 4}}');
      imports[PROTO].constructor = () => 38;
      const exports = instantiate(api, proto, imports);
      return [
        Object.keys(exports),
        Object.getPrototypeOf(exports),
        Object.isFrozen(exports),
        exports[PROTO](),
        exports.constructor(),
      ];
    },
  },
  {
    name: "what Module tells",
    run: (api, { proto, state, calls }) =>
      [proto, state, calls].map((bytes) => {
        const module = new api.Module(bytes);
        return JSON.stringify([api.Module.imports(module), api.Module.exports(module)]);
      }),
  },
  {
    name: "classes are not called, and their methods want their own",
    run: (api) => [
      ...["Module", "Instance", "Memory", "Table", "Global", "Tag", "Exception"].map((name) =>
        thrown(() => api[name]({})),
      ),
      thrown(() => api.Memory.prototype.grow.call({}, 1)),
      thrown(() => api.Memory.prototype.buffer),
      thrown(() => new api.Instance({})),
      thrown(() => new api.Module()),
      thrown(() => new api.Module("text")),
      api.CompileError("m") instanceof api.CompileError,
      new api.LinkError("m", { cause: 5 }).cause,
      String(new api.RuntimeError("text")),
      Object.getPrototypeOf(api.LinkError) === Error,
    ],
  },
  {
    name: "descriptors that are wrong",
    run: (api) => {
      const memories = [
        undefined,
        {},
        { initial: -1 },
        { initial: 2 ** 16 + 1 },
        { initial: 2, maximum: 1 },
        { initial: 1n },
        { initial: "1" },
      ];
      const tables = [{ initial: 1 }, { element: "func", initial: 1 }, { element: "anyfunc", initial: 10_000_001 }];
      const globals = [{}, { value: "i16" }, { value: "v128" }, { value: "i64", mutable: true }];
      return [
        ...memories.map((d) => thrown(() => new api.Memory(d).buffer.byteLength)),
        ...tables.map((d) => thrown(() => new api.Table(d).length)),
        ...globals.map((d) => thrown(() => new api.Global(d).value)),
        thrown(() => new api.Global({ value: "i64" }, 5)),
        new api.Global({ value: "externref" }, undefined).value,
        new api.Table({ element: "externref", initial: 1 }).get(0),
      ];
    },
  },
];

const linking: readonly Case[] = [
  {
    name: "imports that do not fit",
    run: (api, { segment, state, calls }) => {
      const memory = new api.Memory({ initial: 1 });
      const table = new api.Table({ element: "anyfunc", initial: 1 });
      const small = new api.Memory({ initial: 0 });
      const lists = [
        undefined,
        {},
        { m: {} },
        { m: { memory } },
        { m: { memory: small, table } },
        { m: { memory, table: {} } },
        { m: 5 },
        null,
      ];
      const { grow } = instantiate(api, state, { m: { tick: nothing } });
      return [
        ...lists.map((imports) => thrown(() => new api.Instance(new api.Module(segment), imports))),
        thrown(() => instantiate(api, calls, { m: { ...host, f: grow } })),
        thrown(() => instantiate(api, calls, { m: { ...host, f: {} } })),
      ];
    },
  },
  {
    name: "segments before one that does not fit are there",
    run: (api, { segment }) => {
      const memory = new api.Memory({ initial: 1 });
      const table = new api.Table({ element: "anyfunc", initial: 1 });
      const error = thrown(() => new api.Instance(new api.Module(segment), { m: { memory, table } }));
      return [error, String.fromCharCode(...new Uint8Array(memory.buffer, 0, 6)), new Uint8Array(memory.buffer)[65535]];
    },
  },
  {
    name: "getters of imports are asked in order, and what they throw ends it",
    run: (api, { calls }) => {
      const asked: string[] = [];
      const m = new Proxy(host, {
        get: (target, name) => {
          asked.push(String(name));
          if (name === "ref") throw new RangeError("mine");
          return Reflect.get(target, name);
        },
      });
      return [thrown(() => instantiate(api, calls, { m })), asked];
    },
  },
  {
    name: "getters of imports may instantiate the same module",
    run: (api, { calls }) => {
      const module = new api.Module(calls);
      const m = {
        ...host,
        get f() {
          return new api.Instance(module, { m: host }).exports.f;
        },
      };
      return [thrown(() => new api.Instance(module, { m })), new api.Instance(module, { m: host }).exports.f(1)];
    },
  },
  {
    name: "start functions run, and what they throw arrives",
    run: (api, { start }) => {
      let runs = 0;
      instantiate(api, start, { m: { f: () => runs++ } });
      const error = new Error("mine");
      return [
        runs,
        thrown(() =>
          instantiate(api, start, {
            m: {
              f: () => {
                throw error;
              },
            },
          }),
        ) === error,
      ];
    },
  },
  {
    name: "promises, of modules, instances and failures",
    run: async (api, { values, invalid, start, segment }) => {
      const failed = (promise: Promise<unknown>): Promise<unknown> =>
        promise.then(
          () => "fulfilled",
          (e: unknown) => e,
        );
      const { module, instance } = await api.instantiate(values);
      return [
        instance.exports.i32(5),
        (await api.instantiate(module)) instanceof api.Instance,
        (await api.compile(values)) instanceof api.Module,
        api.validate(values),
        api.validate(invalid),
        api.validate(new Uint8Array(0)),
        await failed(api.compile(invalid)),
        await failed(api.instantiate(invalid)),
        await failed(api.instantiate(start)),
        await failed(api.instantiate(start, null)),
        await failed(api.instantiate(segment, { m: {} })),
        await failed(api.compile()),
        thrown(() => api.validate()),
      ];
    },
  },
  {
    name: "bytes are copied when a promise is asked for",
    run: async (api, { values }) => {
      const bytes = values.slice();
      const promise = api.compile(bytes);
      bytes.fill(0);
      return (await promise) instanceof api.Module;
    },
  },
];

const exceptions: readonly Case[] = [
  {
    name: "exceptions of guests",
    run: (api, { tags }) => {
      const tag = new api.Tag({ parameters: ["i32", "f64"] });
      const mine = new api.Exception(tag, [1, 2]);
      const exports = instantiate(api, tags, {
        m: {
          tag,
          f: () => {
            throw mine;
          },
        },
      });
      const e = thrown(() => exports.throw(5)) as Api;
      const own = thrown(exports["own throw"]) as Api;
      return [
        [e instanceof api.Exception, e.is(tag), e.is(exports.own), e.getArg(tag, 0), e.getArg(tag, 1)],
        [own.is(exports.own), own.getArg(exports.own, 0), thrown(() => own.getArg(tag, 0))],
        thrown(exports.f) === mine,
        thrown(() => e.getArg(tag, 2)),
        e instanceof Error,
      ];
    },
  },
  {
    name: "exceptions that JavaScript sees between one guest and another that would catch them",
    run: (api, { waiting }) => {
      const seen: unknown[] = [];
      const note = (): void => {
        const e = thrown(exports.throws) as Api;
        seen.push(e instanceof api.Exception && e.getArg(exports.tag, 0));
      };
      const f = (): void => {
        note();
        seen.push(thrown(exports.traps) instanceof api.RuntimeError);
        note();
      };
      const exports: Api = instantiate(api, waiting, { m: { f } });
      const results = [1, 2].flatMap(() => [exports.outer(), exports.through()]);
      note();
      return [results, seen];
    },
  },
];

export const cases: readonly Case[] = [...conversions, ...calls, ...objects, ...linking, ...exceptions];
