/**
 * Instances made into modules: whatever an initialisation can change is there again, in this engine and in the host's;
 * what cannot be is refused; the rest of the module is the same bytes.
 */
import { describe, expect, it } from "vitest";
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { convertTexts } from "../conformance/spec/wat.ts";
import {
  type BakeOptions,
  bake,
  compile,
  Engine,
  type Imports,
  type Instance,
  importState,
  MemInst,
  type Module,
  moduleLimits,
  newGlobal,
  TableInst,
  type Val,
  WasmError,
} from "./index.ts";

const engine = new Engine({ features: { threads: true, "custom-page-sizes": true, "custom-descriptors": true } });

async function assemble(wat: string): Promise<Uint8Array> {
  const [bytes] = await convertTexts([wat], undefined);
  if (!(bytes instanceof Uint8Array)) throw new Error(bytes?.error);
  return bytes;
}

const compiled = async (wat: string): Promise<Module> => engine.compile(await assemble(wat));
const make = async (wat: string, imports: Imports = {}): Promise<Instance> =>
  engine.instantiate(await compiled(wat), imports);

/** The instance of `wat` after `init`, and one of the module made of it. */
async function pair(wat: string, imports: Imports = {}, options: BakeOptions = {}) {
  const live = await make(wat, imports);
  const before = importState(live);
  live.invoke("init");
  const bytes = bake(live, { imports: before, ...options });
  return { live, bytes, baked: engine.instantiate(engine.compile(bytes), imports) };
}

const sectionBytes = (bytes: Uint8Array, id: number): Uint8Array[] =>
  engine
    .compile(bytes)
    .sections.filter((section) => section.id === id)
    .map(({ range }) => bytes.slice(range.start, range.end));

async function refusal(wat: string, imports: Imports = {}): Promise<string> {
  const live = await make(wat, imports);
  const before = importState(live);
  live.invoke("init");
  try {
    bake(live, { imports: before });
  } catch (error) {
    if (error instanceof WasmError) return `${error.kind} ${error.code}: ${error.message}`;
    throw error;
  }
  return "baked";
}

describe("memories", () => {
  it("keep their contents and size, in every address type", async () => {
    const { live, bytes, baked } = await pair(`(module
      (memory $a (export "a") 1 10) (memory $b (export "b") i64 2) (memory $c (export "c") 0)
      (data (memory $a) (i32.const 100) "old") (data (memory $b) (i64.const 65536) "old")
      (func (export "init")
        (drop (memory.grow $a (i32.const 3))) (drop (memory.grow $b (i64.const 1)))
        (i64.store $a (i32.const 0x3fff8) (i64.const 0x0102030405060708))
        (i32.store8 $a (i32.const 101) (i32.const 0))
        (i32.store $b (i64.const 0) (i32.const -1)) (i32.store8 $b (i64.const 0x2ffff) (i32.const 9))
        (drop (memory.grow $c (i32.const 1)))))`);
    for (const name of ["a", "b", "c"]) {
      const [mine, its] = [live.exports[name] as MemInst, baked.exports[name] as MemInst];
      expect(its.type).toEqual(mine.type);
      expect(Buffer.compare(its.bytes, mine.bytes)).toBe(0);
    }
    expect(bytes.length).toBeLessThan(300);
  });

  it("of one-byte pages keep a size that is no multiple of anything", async () => {
    const { live, baked } = await pair(`(module (memory (export "m") 3 (pagesize 1))
      (func (export "init") (drop (memory.grow (i32.const 4))) (i32.store8 (i32.const 6) (i32.const 7))
        (i32.store8 (i32.const 1) (i32.const 1))))`);
    expect([...(baked.exports.m as MemInst).bytes]).toEqual([...(live.exports.m as MemInst).bytes]);
    expect([...(baked.exports.m as MemInst).bytes]).toEqual([0, 1, 0, 0, 0, 0, 7]);
  });

  it("beyond 2 GiB, mostly zero, take seconds and few bytes", async () => {
    const live = await make(`(module (memory (export "m") 65536) (func (export "init")
      (i32.store8 (i32.const 0) (i32.const 1)) (i32.store8 (i32.const 0xffffffff) (i32.const 2))
      (i32.store8 (i32.const 0x80000001) (i32.const 3))))`);
    live.invoke("init");
    const started = performance.now();
    const bytes = bake(live);
    expect(performance.now() - started).toBeLessThan(40_000);
    expect(bytes.length).toBeLessThan(150);
    const datas = [...compile(bytes).datas];
    expect(datas.map(({ init }) => [...bytes.subarray(init.start, init.end)])).toEqual([[1], [3], [2]]);
    expect(hostWebAssembly.validate(bytes)).toBe(true);
  });

  it("with more holes than there may be segments lose the smallest holes", async () => {
    // 150,000 bytes, 20 or 40 apart: the wide gaps stay, and all of the narrow ones but so many are closed.
    const { live, bytes, baked } = await pair(`(module (memory (export "m") 80) (func (export "init") (local $i i32)
      (loop $next
        (i32.store8 (i32.mul (local.get $i) (i32.const 20)) (i32.const 1))
        (i32.store8 (i32.add (i32.const 2500000) (i32.mul (local.get $i) (i32.const 30))) (i32.const 1))
        (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 75000))))))`);
    expect(compile(bytes).datas.length).toBe(moduleLimits.dataSegments.value);
    expect(Buffer.compare((baked.exports.m as MemInst).bytes, (live.exports.m as MemInst).bytes)).toBe(0);
    const wide = (await pairSizes(bytes)).filter((gap) => gap >= 29).length;
    expect(wide).toBeGreaterThanOrEqual(74_999);
  });

  it("that would make a module too large are refused", async () => {
    const wat =
      '(module (memory 2) (func (export "init") (memory.fill (i32.const 0) (i32.const 1) (i32.const 100000))))';
    const live = await make(wat);
    live.invoke("init");
    expect(() => bake(live, { moduleLimits: { moduleBytes: 100_000 } })).toThrow(
      expect.objectContaining({ code: "WT5804", message: expect.stringMatching(/would have 100\d+ bytes; 100000/) }),
    );
    expect(() => bake(live, { moduleLimits: { dataSegments: 0 } })).toThrow(
      expect.objectContaining({ code: "WT5804" }),
    );
  });
});

/** Zeros between neighbouring data segments of memory 0. */
async function pairSizes(bytes: Uint8Array): Promise<number[]> {
  const datas = [...compile(bytes).datas];
  const places = datas.map(({ mode, init }) => {
    if (mode.kind !== "active") return [0, 0] as const;
    let at = 0;
    let shift = 0;
    for (let i = mode.at.start + 1; ; i++, shift += 7) {
      at |= (bytes[i]! & 0x7f) << shift;
      if (bytes[i]! < 0x80) break;
    }
    return [at, at + init.end - init.start] as const;
  });
  return places.slice(1).map(([start], i) => start - places[i]![1]);
}

describe("globals", () => {
  it("keep every bit of every type", async () => {
    const { live, baked } = await pair(`(module
      (global $i (mut i32) (i32.const 0)) (global $l (mut i64) (i64.const 0))
      (global $f (mut f32) (f32.const 0)) (global $d (mut f64) (f64.const 0))
      (global $v (mut v128) (v128.const i64x2 0 0)) (global $c v128 (v128.const i64x2 5 6)) (global $k i32 (i32.const 7))
      (func $one) (func $two) (elem declare func $two)
      (global $r (mut funcref) (ref.func $one)) (global $n (mut funcref) (ref.func $one))
      (global $t (mut (ref $ft)) (ref.func $one)) (type $ft (func)) (global $x (mut externref) (ref.null extern))
      (global $a (mut anyref) (ref.null any)) (global $y (mut externref) (ref.null extern))
      (func (export "init")
        (global.set $i (i32.const -5)) (global.set $l (i64.const -0x123456789abcdef0))
        (global.set $f (f32.const nan:0x200001)) (global.set $d (f64.const -nan:0x4000000000001))
        (global.set $v (v128.const i32x4 1 -1 0x7fa00001 3))
        (global.set $r (ref.func $two)) (global.set $n (ref.null func)) (global.set $t (ref.func $two))
        (global.set $a (ref.i31 (i32.const -77)))
        (global.set $y (extern.convert_any (ref.i31 (i32.const 12345)))))
      (func (export "a") (result i32) (i31.get_s (ref.cast (ref i31) (global.get $a))))
      (func (export "y") (result i32) (i31.get_s (ref.cast (ref i31) (any.convert_extern (global.get $y))))))`);
    expect([...baked.inst.cells.I]).toEqual([...live.inst.cells.I]);
    const refs = (i: Instance): unknown[] => i.inst.cells.refs.map((r) => (r as { index?: number } | null)?.index ?? r);
    expect(refs(baked)).toEqual(refs(live));
    expect([baked.invoke("a"), baked.invoke("y")]).toEqual([[-77], [12345]]);
  });

  it("that cannot change keep their expressions, which may follow imports", async () => {
    const wat = `(module (import "env" "base" (global $base i32)) (global $k i32 (i32.add (global.get $base) (i32.const 1)))
      (global $m (mut i32) (i32.const 0)) (func (export "init") (global.set $m (global.get $k)))
      (func (export "k") (result i32 i32) (global.get $k) (global.get $m)))`;
    const base = (n: number): Imports => ({ env: { base: newGlobal({ val: 0x7f, isMutable: false }, n) } });
    const { bytes } = await pair(wat, base(10));
    expect(engine.instantiate(compile(bytes), base(20)).invoke("k")).toEqual([21, 11]);
  });
});

describe("tables", () => {
  const text = `(module (type $f (func (result i32)))
    (func $0 (export "zero") (type $f) (i32.const 0)) (func $1 (type $f) (i32.const 1)) (func $2 (type $f) (i32.const 2))
    (table $t 4 20 funcref) (table $w i64 2 funcref) (table $typed 3 (ref null $f)) (table $full 2 (ref $f) (ref.func $1))
    (table $init 3 funcref (ref.func $2))
    (elem (table $t) (i32.const 1) func $1 $2) (elem $p func $2 $1) (elem $q funcref (ref.func $0) (ref.null func))
    (elem declare func $0 $1)
    (func (export "init")
      (drop (table.grow $t (ref.func $0) (i32.const 2)))
      (table.set $t (i32.const 1) (ref.null func)) (table.init $t $p (i32.const 2) (i32.const 0) (i32.const 1))
      (drop (table.grow $w (ref.func $1) (i64.const 3)))
      (table.set $typed (i32.const 2) (ref.func $1)) (table.set $full (i32.const 1) (ref.func $0))
      (table.set $init (i32.const 0) (ref.null func)) (table.set $init (i32.const 1) (ref.func $0))
      (elem.drop $p))
    (func (export "from_p") (table.init $t $p (i32.const 0) (i32.const 0) (i32.const 1)))
    (func (export "from_q") (table.init $t $q (i32.const 0) (i32.const 0) (i32.const 2)))
    (func (export "t") (param i32) (result i32) (call_indirect $t (type $f) (local.get 0))))`;
  const contents = ({ inst }: Instance): unknown[] =>
    inst.tables.map((t) => t.elems.map((e) => (e as { index?: number } | null)?.index ?? null));

  it("keep contents and sizes, of every kind", async () => {
    const { live, baked, bytes } = await pair(text);
    expect(bake(baked)).toEqual(bytes);
    expect(contents(baked)).toEqual(contents(live));
    expect(baked.inst.tables.map((t) => t.type.limits)).toEqual(live.inst.tables.map((t) => t.type.limits));
    expect(baked.invoke("t", [4])).toEqual([0]);
  });

  it("segments that were dropped stay so, others do not", async () => {
    const { baked } = await pair(text);
    expect(() => baked.invoke("from_p")).toThrow(/out of bounds table/);
    baked.invoke("from_q");
    expect(baked.invoke("t", [0])).toEqual([0]);
  });

  it("longer than a segment may be are refused", async () => {
    const live = await make("(module (table 11 funcref))");
    expect(() => bake(live, { moduleLimits: { elemInits: 10 } })).toThrow(
      expect.objectContaining({ code: "WT5804", message: "table 0 has 11 elements; 10 are allowed" }),
    );
  });

  it("with nulls between thousands of functions become one segment", async () => {
    const { live, baked, bytes } = await pair(`(module (func $f) (table $t 10000 funcref) (elem declare func $f)
      (func (export "init") (local $i i32)
        (loop $next (table.set $t (local.get $i) (ref.func $f))
          (br_if $next (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 3))) (i32.const 10000))))))`);
    expect(contents(baked)).toEqual(contents(live));
    expect(compile(bytes).elems.length).toBe(2);
  });

  it("may hold functions that the module imports", async () => {
    const wat = `(module (import "env" "f" (func $f (result i32))) (table 2 funcref) (elem declare func $f)
      (func (export "init") (table.set (i32.const 1) (ref.func $f)))
      (func (export "call") (result i32) (call_indirect (result i32) (i32.const 1))))`;
    const { bytes } = await pair(wat, { env: { f: () => 1 } });
    expect(engine.instantiate(compile(bytes), { env: { f: () => 42 } }).invoke("call")).toEqual([42]);
  });
});

describe("segments of data", () => {
  const text = (
    drop: string,
  ): string => `(module (memory (export "m") 1) (data $a (i32.const 0) "active") (data $p "passive!")
    (func (export "init") ${drop}) (func (export "p") (memory.init $p (i32.const 64) (i32.const 0) (i32.const 8)))
    (func (export "a") (memory.init $a (i32.const 64) (i32.const 0) (i32.const 1))))`;

  it("that were dropped stay so", async () => {
    const { baked } = await pair(text("(data.drop $p)"));
    expect(() => baked.invoke("p")).toThrow(/out of bounds memory/);
    expect(() => baked.invoke("a")).toThrow(/out of bounds memory/);
  });

  it("that were not can still be used", async () => {
    const { baked } = await pair(text(""));
    baked.invoke("p");
    expect(Buffer.from((baked.exports.m as MemInst).bytes.subarray(64, 72)).toString()).toBe("passive!");
    expect(() => baked.invoke("a")).toThrow(/out of bounds memory/);
  });
});

describe("the module around the state", () => {
  const text = `(module $named (@custom "mine" (after code) "\\00\\ff kept") (memory 1) (global $g (mut i32) (i32.const 1))
    (func $start (global.set $g (i32.add (global.get $g) (i32.const 10)))) (start $start)
    (func $init (export "init") (global.set $g (i32.add (global.get $g) (i32.const 100))) (i32.store (i32.const 8) (i32.const 3)))
    (func $main (export "main") (result i32) (global.get $g)) (func $other (export "other") (result i32) (i32.const 9))
    (@custom "last" "x"))`;

  it("is the same bytes, but for the start function, which has run", async () => {
    const live = await make(text);
    const original = live.module.bytes;
    live.invoke("init");
    const bytes = bake(live);
    expect(compile(bytes).start).toBeUndefined();
    expect(compile(bytes).names.funcs.get(1)).toBe("init");
    for (const id of [0, 1, 3, 7, 10]) expect(sectionBytes(bytes, id)).toEqual(sectionBytes(original, id));
    expect(engine.instantiate(compile(bytes)).invoke("main")).toEqual([111]);
    // The new data section does not push the names from the end.
    expect(compile(bytes).sections.at(-1)!.id).toBe(0);
  });

  it("can lose exports, and give functions other names", async () => {
    const live = await make(text);
    const names = (options: BakeOptions): string[] =>
      compile(bake(live, options)).exports.map((e) => `${e.name}=${e.idx}`);
    expect(names({})).toEqual(["init=1", "main=2", "other=3"]);
    expect(names({ without: ["init"] })).toEqual(["main=2", "other=3"]);
    expect(names({ rename: new Map([["_start", "main"]]) })).toEqual(["init=1", "_start=2", "other=3"]);
    expect(names({ rename: new Map([["other", "main"]]) })).toEqual(["init=1", "other=2"]);
    const swap = new Map([
      ["other", "main"],
      ["main", "other"],
    ]);
    expect(names({ rename: swap })).toEqual(["init=1", "other=2", "main=3"]);
    expect(names({ rename: new Map([["h\u00e4\u{1f600}", "main"]]) })[1]).toBe("h\u00e4\u{1f600}=2");
  });

  it.each<[string, BakeOptions]>([
    ["no export", { without: ["inti"] }],
    ["no export", { rename: new Map([["a", "mian"]]) }],
    ["renamed and left out", { without: ["main"], rename: new Map([["a", "main"]]) }],
    [
      "renamed twice",
      {
        rename: new Map([
          ["a", "main"],
          ["b", "main"],
        ]),
      },
    ],
    ["is a memory", { rename: new Map([["a", "mem"]]) }],
    ["is a memory", { rename: new Map([["mem", "main"]]) }],
    ["100001 bytes", { rename: new Map([["x".repeat(100_001), "main"]]) }],
  ])("exports that cannot be changed: %s", async (message, options) => {
    const live = await make('(module (memory (export "mem") 1) (func (export "main")))');
    expect(() => bake(live, options)).toThrow(
      expect.objectContaining({ code: "WT5805", message: expect.stringMatching(message) }),
    );
  });

  it("still declares the functions that its code refers to", async () => {
    const live = await make(`(module (func $f (export "init") (result i32) (i32.const 5)) (func $h)
      (global $g (mut funcref) (ref.func $h)) (table $t 2 funcref) (elem $e (table $t) (i32.const 0) func $k) (func $k)
      (func (export "use") (result i32) (drop (ref.func $h)) (drop (ref.func $k))
        (global.set $g (ref.func $f)) (table.set $t (i32.const 0) (ref.func $f))
        (call_indirect $t (result i32) (i32.const 0)))
      (func (export "clear") (global.set $g (ref.null func)) (table.fill $t (i32.const 0) (ref.null func) (i32.const 2))))`);
    live.invoke("clear");
    const bytes = bake(live, { without: ["init"] });
    expect(hostWebAssembly.validate(bytes)).toBe(true);
    expect(engine.instantiate(compile(bytes)).invoke("use")).toEqual([5]);
  });

  it("needs no proposal that the original did not need", async () => {
    const { bytes } =
      await pair(`(module (memory 1) (table 3 funcref) (func $f) (elem (i32.const 1) $f) (elem (i32.const 0) $f)
      (data (i32.const 1) "a") (data (i32.const 5000) "b") (data (i32.const 1) "") (global $g (mut f32) (f32.const 0))
      (func (export "init") (i32.store8 (i32.const 1) (i32.const 0)) (global.set $g (f32.const 1))))`);
    expect([...compile(bytes).features]).toEqual([]);
  });

  it("can be empty", async () => {
    expect(bake(await make("(module)"))).toEqual((await compiled("(module)")).bytes);
  });

  it("can be baked again", async () => {
    const { live, bytes, baked } = await pair(text);
    expect(bake(baked)).toEqual(bytes);
    expect(bake(live)).toEqual(bytes);
  });
});

describe("state that no module can hold", () => {
  const gc = `(type $s (struct (field (mut i32)))) (type $a (array (mut i8)))`;
  it.each([
    [
      "global 0 holds a structure",
      `(global $g (mut anyref) (ref.null any)) (func (export "init") (global.set $g (struct.new_default $s)))`,
    ],
    [
      "global 0 holds an array",
      `(global $g (mut eqref) (ref.null eq)) (func (export "init") (global.set $g (array.new_default $a (i32.const 3))))`,
    ],
    ["global 0 holds a structure", `(global $g (ref $s) (struct.new_default $s)) (func (export "init"))`],
    [
      "element 1 of table 0 holds a structure",
      `(table $t 3 anyref) (func (export "init") (table.set $t (i32.const 1) (struct.new_default $s)))`,
    ],
    ["element segment 0 holds a structure", `(elem $e anyref (struct.new_default $s)) (func (export "init"))`],
    [
      "global 0 holds an exception",
      `(tag $e) (global $g (mut exnref) (ref.null exn)) (func (export "init")
        (global.set $g (block (result exnref) (try_table (catch_all_ref 0) (throw $e)) (unreachable))))`,
    ],
  ])("%s", async (message, wat) => {
    expect(await refusal(`(module ${gc} ${wat})`)).toMatch(`unsupported WT5801: ${message}`);
  });

  it("values and functions of others", async () => {
    const wat = `(module (import "env" "v" (global $v externref)) (import "env" "f" (global $f funcref))
      (global $x (mut externref) (ref.null extern)) (global $y (mut funcref) (ref.null func))
      (func (export "init") (global.set $x (global.get $v)) (global.set $y (global.get $f))))`;
    const imports = (v: Val, f: Val): Imports => ({
      env: {
        v: newGlobal({ val: 0x6000006f, isMutable: false }, v),
        f: newGlobal({ val: 0x60000070, isMutable: false }, f),
      },
    });
    const other = (await make('(module (func (export "f")))')).func("f");
    expect(await refusal(wat, imports({}, null))).toMatch("global 2 holds a value of the host");
    expect(await refusal(wat, imports(undefined, null))).toMatch("global 2 holds a value of the host");
    expect(await refusal(wat, imports(other, null))).toMatch("global 2 holds a function of another module");
    expect(await refusal(wat, imports(null, other))).toMatch("global 3 holds a function of another module");
    expect(await refusal(wat, imports(null, null))).toBe("baked");
  });

  it("imported functions of a type that the import does not tell", async () => {
    const types = "(type $super (sub (func))) (type $sub (sub $super (func)))";
    const wat = `(module ${types} (import "env" "f" (func $f (type $super))) (import "env" "cast" (global $cast i32))
      (elem declare func $f) (global $g (mut (ref null $sub)) (ref.null $sub)) (global $h (mut funcref) (ref.null func))
      (func (export "init") (global.set $h (ref.func $f))
        (if (global.get $cast) (then (global.set $g (ref.cast (ref $sub) (ref.func $f)))))))`;
    const f = (await make(`(module ${types} (func (export "f") (type $sub)))`)).func("f");
    const imports = (cast: number): Imports => ({ env: { f, cast: newGlobal({ val: 0x7f, isMutable: false }, cast) } });
    expect(await refusal(wat, imports(0))).toBe("baked");
    expect(await refusal(wat, imports(1))).toMatch("WT5801: global 1 holds a function of another module");
  });

  it("shared memories", async () => {
    expect(await refusal('(module (memory 1 1 shared) (func (export "init")))')).toMatch(
      "unsupported WT5802: memory 0",
    );
  });
});

describe("imports with state", () => {
  const text = (init: string): string => `(module (import "env" "m" (memory 1)) (import "env" "t" (table 2 funcref))
    (import "env" "g" (global $g (mut f64))) (memory $own 1) (func $f) (elem declare func $f)
    (data (i32.const 4) "ours") (elem (i32.const 0) $f) (data $p "passive")
    (func (export "init") ${init}) (func (export "own") (result i32) (i32.load8_u $own (i32.const 3))))`;
  const imports = (): Imports => ({
    env: {
      m: new MemInst({ addr: "i32", limits: { min: 1, max: undefined }, isShared: false, pageSizeLog2: 16 }),
      t: new TableInst({ addr: "i32", limits: { min: 2, max: undefined }, elem: 0x60000070 }),
      g: newGlobal({ val: 0x7c, isMutable: true }, Number.NaN),
    },
  });

  it("that initialisation leaves alone are written again by the module", async () => {
    const { bytes } = await pair(text("(i32.store8 $own (i32.const 3) (i32.const 7))"), imports());
    const given = imports();
    const again = engine.instantiate(compile(bytes), given);
    expect(again.invoke("own")).toEqual([7]);
    expect(Buffer.from((given.env!.m as MemInst).bytes.subarray(4, 8)).toString()).toBe("ours");
    expect((given.env!.t as TableInst).elems[0]).toBe(again.inst.funcs[0]);
  });

  it.each([
    ["memory 0", "(i32.store8 (i32.const 9) (i32.const 1))"],
    ["memory 0", "(drop (memory.grow (i32.const 1)))"],
    ["table 0", "(table.set (i32.const 1) (ref.func $f))"],
    ["global 0", "(global.set $g (f64.const -0x1p-1074))"],
    ["global 0", "(global.set $g (f64.const nan:0x8000000000001))"],
  ])("that initialisation changed are refused: %s, %s", async (place, init) => {
    expect(await refusal(text(init), imports())).toMatch(`unsupported WT5803: ${place} is imported and was changed`);
  });

  it("that hold objects, which may have been changed, are refused", async () => {
    const wat = `(module (import "env" "g" (global $g anyref)) (type $s (struct (field (mut i32))))
      (func (export "init") (struct.set $s 0 (ref.cast (ref $s) (global.get $g)) (i32.const 5))))`;
    const maker = await make(`(module (type $s (struct (field (mut i32))))
      (func (export "new") (result anyref) (struct.new_default $s)))`);
    const g = newGlobal({ val: 0x6000006e, isMutable: false }, maker.invoke("new")[0]);
    expect(await refusal(wat, { env: { g } })).toMatch("unsupported WT5803: global 0");
  });

  it("that nobody looked at before are refused", async () => {
    const live = await make(text(""), imports());
    expect(() => bake(live)).toThrow(expect.objectContaining({ code: "WT5803" }));
  });
});
