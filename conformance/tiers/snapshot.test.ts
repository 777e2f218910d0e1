/** Snapshots: a guest goes on from bytes as if nothing had happened; what is wrong with bytes is told and changes nothing. */
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Activation,
  Blocked,
  captureFrames,
  Engine,
  type Imports,
  type Instance,
  type MemInst,
  type RestoredGuest,
  sha256,
  type Val,
  WasmError,
} from "../../engine/index.ts";
import { convertTexts } from "../spec/wat.ts";

async function assemble(wat: string): Promise<Uint8Array> {
  const [bytes] = await convertTexts([wat], undefined);
  if (!(bytes instanceof Uint8Array)) throw new Error(bytes?.error);
  return bytes;
}

const engine = new Engine({ features: { threads: true } });

const text = `(module
  (import "env" "add" (func $add (param i32 i64) (result i64)))
  (type $node (struct (field (mut i32)) (field (mut (ref null $node))) (field (mut anyref))))
  (type $bytes (array (mut i8)))
  (type $refs (array (mut anyref)))
  (tag $oops (param i32 anyref))
  (memory (export "memory") 1 10) (memory 1)
  (table (export "t") 3 20 funcref) (table $any 2 anyref)
  (elem (i32.const 0) func $leaf) (elem $later func $leaf $deep)
  (data $gone "gone") (data $kept "kept")
  (global $g (mut i64) (i64.const 5)) (global $f (mut f32) (f32.const nan:0x200001)) (global $v (mut v128) (v128.const i64x2 1 2))
  (global $root (mut anyref) (ref.null any))
  (func $leaf (result i32) (i32.const 7))
  (func $deep (param $n i32) (result i64) (local $x f64)
    (local.set $x (f64.mul (f64.convert_i32_s (local.get $n)) (f64.const 0.5)))
    (if (i32.eqz (local.get $n)) (then (return (i64.const 1))))
    (i64.add (i64.trunc_f64_s (local.get $x))
      (call $add (local.get $n) (call $deep (i32.sub (local.get $n) (i32.const 1))))))
  (func $grow (param $n i32) (local $node (ref null $node))
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 70000) (local.get $n))
    (data.drop $gone) (memory.init $kept (i32.const 8) (i32.const 0) (i32.const 4))
    (drop (table.grow 0 (ref.func $leaf) (i32.const 2)))
    (table.init 0 $later (i32.const 1) (i32.const 0) (i32.const 2)) (elem.drop $later)
    (local.set $node (struct.new $node (local.get $n) (ref.null $node) (ref.i31 (i32.const -3))))
    (struct.set $node 1 (local.get $node) (local.get $node))
    (global.set $root (array.new_fixed $refs 2 (local.get $node) (array.new $bytes (i32.const 9) (i32.const 5))))
    (table.set $any (i32.const 1) (local.get $node))
    (global.set $v (i8x16.splat (local.get $n))))
  (func (export "run") (param $n i32) (result i64 i32 f32) (local $i i32)
    (call $grow (local.get $n))
    (loop $l
      (global.set $g (i64.add (global.get $g) (call $deep (i32.rem_u (local.get $i) (i32.const 6)))))
      (block $caught (result i32 anyref)
        (try_table (catch $oops $caught) (throw $oops (local.get $i) (table.get $any (i32.const 1))))
        (unreachable))
      (struct.set $node 0 (ref.cast (ref $node)) (i32.mul (i32.const 3) (local.get $i)))
      (drop)
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
    (global.get $g)
    (i32.add (struct.get $node 0 (ref.cast (ref $node) (table.get $any (i32.const 1)))) (i32.load (i32.const 70000)))
    (global.get $f))
  (func (export "look") (result i32)
    (local $a (ref null $refs))
    (local.set $a (ref.cast (ref $refs) (global.get $root)))
    (i32.add (array.get_u $bytes (ref.cast (ref $bytes) (array.get $refs (local.get $a) (i32.const 1))) (i32.const 4))
      (ref.eq (ref.cast eqref (array.get $refs (local.get $a) (i32.const 0)))
        (ref.cast eqref (struct.get $node 1 (ref.cast (ref $node) (table.get $any (i32.const 1)))))))))`;
let bytes: Uint8Array;
beforeAll(async () => {
  bytes = await assemble(text);
});

const env: Imports = { env: { add: (n: Val, x: Val) => BigInt(n as number) + (x as bigint) } };
const make = (imports = env): Instance => engine.instantiate(engine.compile(bytes), imports);

function stoppedAt(fuel: number): { instance: Instance; activation: Activation } {
  const instance = make();
  const activation = instance.start("run", [12]);
  expect(activation.run(fuel).kind).toBe("stopped");
  return { instance, activation };
}

function again(snapshot: Uint8Array, imports = env): RestoredGuest {
  return engine.restore([{ module: engine.compile(bytes), imports }], snapshot);
}

/** What can be seen of the guest when `act` is over. */
function ending(instance: Instance, act: Activation): unknown {
  const outcome = act.run();
  const { memory, t } = instance.exports as unknown as { memory: MemInst; t: { elems: unknown[] } };
  return [
    outcome.kind === "done" ? outcome.results.map(String) : outcome.kind,
    [...sha256(memory.bytes)],
    memory.size(),
    t.elems.map((e) => (e === null ? 0 : 1)),
    instance.invoke("look"),
    instance.usage().instructions,
  ];
}

describe("a guest goes on from its snapshot", () => {
  it("at every kind of place, as if nothing had happened, and the original too", () => {
    const plain = make();
    const want = ending(plain, plain.start("run", [12]));
    for (let fuel = 1; fuel < 1400; fuel += 13) {
      const { instance, activation } = stoppedAt(fuel);
      const { instances, activation: act } = again(instance.snapshot({ activation }));
      expect(ending(instances[0] as Instance, act as Activation), `after ${fuel}`).toEqual(want);
      if (fuel % 5 === 0) expect(ending(instance, activation)).toEqual(want);
    }
  });

  it("many times over", () => {
    const plain = make();
    const want = ending(plain, plain.start("run", [12]));
    let { instance, activation } = stoppedAt(3);
    for (let i = 0; i < 12 && activation.run(17).kind === "stopped"; i++) {
      const guest = again(instance.snapshot({ activation }));
      instance = guest.instances[0] as Instance;
      activation = guest.activation as Activation;
    }
    expect(ending(instance, activation)).toEqual(want);
  });

  it("while a host function waits, which is called again", () => {
    let tries = 0;
    const wait = {
      env: {
        add: (n: Val, x: Val) => (++tries % 3 === 0 ? BigInt(n as number) + (x as bigint) : new Blocked({}, () => 0n)),
      },
    };
    const instance = make(wait);
    const activation = instance.start("run", [12]);
    expect(activation.run().kind).toBe("blocked");
    const plain = make();
    const want = ending(plain, plain.start("run", [12]));
    const guest = again(instance.snapshot({ activation }));
    expect(ending(guest.instances[0] as Instance, guest.activation as Activation)).toEqual(want);
  });

  it("at rest, with no call under way", () => {
    const instance = make();
    instance.invoke("run", [4]);
    const guest = again(instance.snapshot());
    expect(guest.activation).toBeUndefined();
    expect(guest.instances[0]?.invoke("look")).toEqual(instance.invoke("look"));
  });

  it("is the same bytes for the same state", () => {
    const [a, b] = [stoppedAt(500), stoppedAt(500)];
    expect(a.instance.snapshot(a)).toEqual(b.instance.snapshot(b));
  });

  it("and a fork shares nothing", () => {
    const { instance, activation } = stoppedAt(400);
    const fork = engine.fork([instance], [{ module: instance.module, imports: env }], { activation });
    const want = ending(instance, activation);
    expect(ending(fork.instances[0] as Instance, fork.activation as Activation)).toEqual(want);
  });
});

describe("several instances", () => {
  const provider = `(module (memory (export "m") 1) (table (export "t") 2 funcref) (global (export "g") (mut i32) (i32.const 3))
    (func $f (export "f") (param i32) (result i32)
      (global.set 0 (i32.add (global.get 0) (i32.const 1)))
      (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (global.get 0))
    (elem (i32.const 0) func $f))`;
  const user = `(module (import "p" "m" (memory 1)) (import "p" "t" (table 2 funcref)) (import "p" "g" (global $g (mut i32)))
    (import "p" "f" (func $f (param i32) (result i32)))
    (func (export "run") (param i32) (result i32)
      (i32.store (i32.const 0) (local.get 0))
      (i32.add (i32.add (call $f (local.get 0)) (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)))
        (i32.add (global.get $g) (i32.load (i32.const 0))))))`;

  it("are saved together, and share what they shared", async () => {
    const modules = [engine.compile(await assemble(provider)), engine.compile(await assemble(user))] as const;
    const build = (): Instance[] => {
      const p = engine.instantiate(modules[0]);
      return [p, engine.instantiate(modules[1], { p: p.exports })];
    };
    const parts = [
      { module: modules[0] },
      { module: modules[1], imports: ([p]: readonly Instance[]) => ({ p: (p as Instance).exports }) },
    ];
    const want = build()[1]?.invoke("run", [20]);
    for (let fuel = 1; fuel < 200; fuel += 7) {
      const instances = build();
      const activation = (instances[1] as Instance).start("run", [20]);
      if (activation.run(fuel).kind !== "stopped") break;
      const guest = engine.restore(parts, engine.snapshot(instances, { activation }));
      expect(guest.activation?.run()).toEqual({ kind: "done", results: want });
    }
    const [p, u] = build() as [Instance, Instance];
    const inside = u.start("run", [20]);
    expect([inside.run(30).kind, captureFrames(inside).instances.length]).toEqual(["stopped", 2]);
    expect(() => u.snapshot({ activation: inside })).toThrow("not part of it");
    const apart = [parts[0], { module: modules[1], imports: { p: engine.instantiate(modules[0]).exports } }];
    expect(() => engine.restore(apart as typeof parts, engine.snapshot([p, u]))).toThrow("do not share");
  });
});

/** The code of the error that restoring gives; undefined when there is none. */
function codeOf(snapshot: Uint8Array, imports = env): string | undefined {
  try {
    again(snapshot, imports);
    return undefined;
  } catch (error) {
    if (error instanceof WasmError) return error.code;
    throw error;
  }
}

/** With a checksum that is right again. */
function sealed(snapshot: Uint8Array): Uint8Array {
  snapshot.set(sha256(snapshot.subarray(0, snapshot.length - 32)), snapshot.length - 32);
  return snapshot;
}

describe("bad snapshots", () => {
  it("cut short, or with a bit turned over, are refused", () => {
    const snapshot = stoppedAt(600).instance.snapshot();
    for (let n = 0; n < snapshot.length; n += n < 400 ? 1 : 997) expect(codeOf(snapshot.slice(0, n))).toBe("WT5201");
    for (let bit = 0; bit < snapshot.length * 8; bit += 1009) {
      const broken = snapshot.slice();
      broken[bit >> 3]! ^= 1 << (bit & 7);
      expect(["WT5201", "WT5202"]).toContain(codeOf(broken));
    }
  });

  it("with a right checksum and any byte changed are refused or are some valid state: never an error of ours", () => {
    const { instance, activation } = stoppedAt(900);
    const snapshot = instance.snapshot({ activation });
    const end = new DataView(snapshot.buffer, snapshot.byteOffset).getUint32(12, true) + 16;
    const codes = new Map<string | undefined, number>();
    for (let at = 8; at < end; at += 1 + (at % 3)) {
      for (const flip of [1, 0x80, 0xff]) {
        const broken = snapshot.slice();
        broken[at]! ^= flip;
        const code = codeOf(sealed(broken));
        codes.set(code, (codes.get(code) ?? 0) + 1);
        if (code !== undefined) continue;
        const guest = again(broken);
        try {
          guest.activation?.run(20_000);
          guest.instances[0]?.invoke("look");
        } catch (error) {
          if (!(error instanceof WasmError)) throw error;
        }
      }
    }
    expect([...codes.keys()].filter((c) => c !== undefined).sort()).toEqual(
      expect.arrayContaining(["WT5201", "WT5203", "WT5204"]),
    );
    expect(codes.get(undefined)).toBeGreaterThan(20);
  });

  it("of another module, of another number of instances, of another host", async () => {
    const snapshot = make().snapshot();
    const other = engine.compile(await assemble("(module (func))"));
    expect(() => engine.restore([{ module: other }], snapshot)).toThrow(expect.objectContaining({ code: "WT5203" }));
    expect(() => engine.restore([], snapshot)).toThrow(expect.objectContaining({ code: "WT5203" }));
    const host = { name: "clock", save: () => new Uint8Array(0), prepare: () => ({ commit() {}, cancel() {} }) };
    expect(() =>
      engine.restore([{ module: engine.compile(bytes), imports: env }], snapshot, { hosts: [host] }),
    ).toThrow(expect.objectContaining({ code: "WT5207" }));
  });

  it("a host that refuses its part: nothing is taken over, the others are told", () => {
    const calls: string[] = [];
    const host = (name: string, fails: boolean) => ({
      name,
      save: () => new Uint8Array([1, 2]),
      prepare() {
        if (fails) throw new WasmError("unlinkable", "WT5207", "no");
        return { commit: () => void calls.push(`${name} commit`), cancel: () => void calls.push(`${name} cancel`) };
      },
    });
    const parts = [{ module: engine.compile(bytes), imports: env }];
    const snapshot = make().snapshot({ hosts: [host("a", false), host("b", false)] });
    expect(() => engine.restore(parts, snapshot, { hosts: [host("a", false), host("b", true)] })).toThrow("no");
    expect(calls).toEqual(["a cancel"]);
    engine.restore(parts, snapshot, { hosts: [host("b", false), host("a", false)] });
    expect(calls).toEqual(["a cancel", "b commit", "a commit"]);
  });

  it("of what only this process knows cannot be taken", async () => {
    const holder = `(module (table 1 externref) (memory 1 1 shared)
      (func (export "put") (param externref) (table.set (i32.const 0) (local.get 0))))`;
    const open = holder.replace("(memory 1 1 shared)", "");
    const instance = engine.instantiate(engine.compile(await assemble(open)));
    for (const v of [1.5, "a\ud800", true, 12n ** 30n, null]) {
      instance.invoke("put", [v]);
      const guest = engine.restore([{ module: instance.module }], instance.snapshot());
      expect(guest.instances[0]?.inst.tables[0]?.get(0)).toBe(v);
    }
    instance.invoke("put", [{}]);
    expect(() => instance.snapshot()).toThrow(expect.objectContaining({ code: "WT5205" }));
    const threads = engine.instantiate(engine.compile(await assemble(holder)));
    expect(() => threads.snapshot()).toThrow(expect.objectContaining({ code: "WT5205" }));
  });

  it("from inside a host function cannot be taken", () => {
    let inside: unknown;
    const instance: Instance = make({
      env: {
        add: () => {
          try {
            instance.snapshot({ activation });
          } catch (error) {
            inside = error;
          }
          return 0n;
        },
      },
    });
    const activation = instance.start("run", [3]);
    activation.run();
    expect(inside).toMatchObject({ code: "WT5206" });
  });
});
