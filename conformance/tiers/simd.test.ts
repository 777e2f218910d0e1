/** Every row with lanes on edge values: our interpreter against the host's WebAssembly, results, traps and memory. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, MemInst, type Val, WasmError } from "../../engine/index.ts";
import { instrDef } from "../../engine/instrs.ts";
import type { Lane, LaneDef, OpType } from "../../engine/instrs-simd.ts";
import { hostExports, isHostTrap } from "./host.ts";
import { PAGE, type SimdCase, simdCases } from "./simd-cases.ts";
import { values } from "./values.ts";

const wabt = await wabtInit();
const engine = new Engine();
const relaxedFeatures = { relaxed_simd: true } as Record<string, boolean>;

/** A reproducible source of numbers below `n`. */
function source(seed: number): (n: number) => number {
  let s = seed;
  return (n) => {
    s = (Math.imul(s, 1103515245) + 12345) >>> 0;
    return (s >>> 8) % n;
  };
}

const edges8 = [0, 1, 2, 0x7e, 0x7f, 0x80, 0x81, 0xfe, 0xff, 15, 16, 0x55];
const edges16 = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0xffff, 0x4000];

type Pick = (n: number) => number;

/** A vector whose lanes are edge values of `lane`. */
function vectorOf(lane: Lane, pick: Pick): bigint {
  const bits = Number(lane.slice(1));
  const edge = (): bigint => {
    if (bits === 8) return BigInt(edges8[pick(edges8.length)] as number);
    if (bits === 16) return BigInt(edges16[pick(edges16.length)] as number);
    const list = values[lane === "u32" ? "i32" : (lane as "i32")];
    return BigInt.asUintN(bits, BigInt(list[pick(list.length)] as number));
  };
  let v = 0n;
  for (let i = 0; i < 128; i += bits) v |= edge() << BigInt(i);
  return v;
}

const halves = (v: bigint): Val[] => [BigInt.asIntN(64, v), BigInt.asIntN(64, v >> 64n)];
const addresses = [
  0,
  1,
  5,
  PAGE - 16,
  PAGE - 17,
  PAGE - 15,
  PAGE - 8,
  PAGE - 7,
  PAGE - 4,
  PAGE - 3,
  PAGE - 2,
  PAGE - 1,
  PAGE,
  -1,
  -8,
  -16,
];

function argsOf(c: SimdCase, pick: Pick): Val[] {
  const d = instrDef(c.mnemonic);
  const isMemory = d.access !== undefined;
  const lane = d.lanes?.from ?? "i32";
  const arg = (t: OpType): Val[] => {
    if (t === "v128") return halves(vectorOf(lane, pick));
    const list = isMemory ? addresses : values[t];
    return [list[pick(list.length)] as Val];
  };
  return c.params.flatMap(arg);
}

const outcome = (call: () => unknown): string => {
  try {
    return String(call());
  } catch (error) {
    if (error instanceof WasmError && error.kind === "trap") return "trap";
    return isHostTrap(error) ? "trap" : `bug: ${error}`;
  }
};

/** Computes float lanes; others move their bits. */
function isArithmetic({ mnemonic }: SimdCase): boolean {
  const { how, to, js } = instrDef(mnemonic).lanes as LaneDef;
  const isMove = how === "pick" || how === "splat" || how === "replace" || how === "extract" || how === "mask";
  return to.startsWith("f") && !isMove && !/\.(abs|neg)$/.test(js as string);
}

/** Equal, or float lanes that are both a quiet NaN where the result is computed. */
function same(c: SimdCase, a: string, b: string): boolean {
  if (a === b) return true;
  const lane = instrDef(c.mnemonic).lanes?.to;
  if (!isArithmetic(c) || a === "trap" || b === "trap" || a.startsWith("bug")) return false;
  const [x, y] = [a, b].map((text) => {
    const [lo, hi] = text.split(",").map(BigInt) as [bigint, bigint];
    const words = new BigInt64Array([lo, hi]);
    return lane === "f32" ? new Float32Array(words.buffer) : new Float64Array(words.buffer);
  }) as [Float32Array, Float32Array];
  return x.every((v, i) => Object.is(v, y[i]) && (!Number.isNaN(v) || isQuiet(x, i)));
}

function isQuiet(lanes: Float32Array | Float64Array, i: number): boolean {
  const view = new DataView(lanes.buffer);
  return lanes.BYTES_PER_ELEMENT === 4
    ? (view.getUint32(i * 4, true) & 0x400000) !== 0
    : (view.getUint32(i * 8 + 4, true) & 0x80000) !== 0;
}

function assemble(wat: string): Uint8Array {
  return wabt.parseWat("t.wat", wat, relaxedFeatures).toBinary({}).buffer;
}

/** Compares where cases write: the first and the last bytes. */
function sameMemory(ours: unknown, theirs: unknown): boolean {
  if (!(ours instanceof MemInst)) return true;
  const theirBytes = new Uint8Array((theirs as { readonly buffer: ArrayBuffer }).buffer);
  return [0, PAGE - 64].every((at) => {
    const [x, y] = [ours.bytes, theirBytes].map((bytes) => Buffer.from(bytes.subarray(at, at + 64)));
    return x?.equals(y as Buffer) === true;
  });
}

function differences(c: SimdCase, runs: number): string[] {
  const bytes = assemble(c.wat);
  const ours = engine.instantiate(engine.compile(bytes));
  const theirs = hostExports(bytes);
  const pick = source(7);
  const found: string[] = [];
  for (const name of c.exports) {
    const host = theirs[name] as (...args: Val[]) => Val[];
    for (let run = 0; run < runs; run++) {
      const args = argsOf(c, pick);
      const a = outcome(() => ours.invoke(name, args));
      const b = outcome(() => host(...args));
      if (!same(c, a, b)) found.push(`${name}(${args.join(", ")}): ${a}, host ${b}`);
      if (!sameMemory(ours.exports.m, theirs.m)) return [...found, `${name}(${args.join(", ")}): memories differ`];
    }
  }
  return found;
}

describe("vector instructions, interpreter against host", () => {
  for (const c of simdCases("simd")) {
    it(c.mnemonic, () => expect(differences(c, 40).slice(0, 5)).toEqual([]));
  }
});

describe("relaxed vector instructions", () => {
  /** What each always is, by the deterministic profile. */
  const equal: Readonly<Record<string, string>> = {
    "i8x16.relaxed_swizzle": "i8x16.swizzle",
    "i32x4.relaxed_trunc_f32x4_s": "i32x4.trunc_sat_f32x4_s",
    "i32x4.relaxed_trunc_f32x4_u": "i32x4.trunc_sat_f32x4_u",
    "i32x4.relaxed_trunc_f64x2_s_zero": "i32x4.trunc_sat_f64x2_s_zero",
    "i32x4.relaxed_trunc_f64x2_u_zero": "i32x4.trunc_sat_f64x2_u_zero",
    "i8x16.relaxed_laneselect": "v128.bitselect",
    "i16x8.relaxed_laneselect": "v128.bitselect",
    "i32x4.relaxed_laneselect": "v128.bitselect",
    "i64x2.relaxed_laneselect": "v128.bitselect",
    "f32x4.relaxed_min": "f32x4.min",
    "f32x4.relaxed_max": "f32x4.max",
    "f64x2.relaxed_min": "f64x2.min",
    "f64x2.relaxed_max": "f64x2.max",
    "i16x8.relaxed_q15mulr_s": "i16x8.q15mulr_sat_s",
    "f32x4.relaxed_madd": "f32x4.mul) (f32x4.add",
  };

  /** The row at `opcode`, which the assembler may not know, in place of the two bytes of `equal`. */
  function bytesOf(mnemonic: string, params: number): Uint8Array<ArrayBuffer> {
    const { opcode } = instrDef(mnemonic as "i8x16.relaxed_swizzle");
    const args = Array.from({ length: params }, (_, i) => [
      0x20,
      2 * i,
      0xfd,
      0x12,
      0x20,
      2 * i + 1,
      0xfd,
      0x1e,
      1,
    ]).flat();
    const body = [
      1,
      1,
      0x7b,
      ...args,
      0xfd,
      (opcode & 0x7f) | 0x80,
      (opcode & 0xfff) >> 7,
      0x22,
      2 * params,
      0xfd,
      0x1d,
      0,
      0x20,
      2 * params,
      0xfd,
      0x1d,
      1,
      0x0b,
    ];
    const types = Array.from({ length: 2 * params }, () => 0x7e);
    return Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 6 + types.length, 1, 0x60, types.length, ...types, 2, 0x7e, 0x7e],
      ...[3, 2, 1, 0],
      ...[7, 5, 1, 1, 0x66, 0, 0],
      ...[10, body.length + 2, 1, body.length, ...body],
    ]);
  }

  for (const [mnemonic, plain] of Object.entries(equal)) {
    it(`${mnemonic} is ${plain.replace(") (", ", then ")}`, () => {
      const d = instrDef(mnemonic as "i8x16.relaxed_swizzle");
      const params = (d.type as readonly [readonly OpType[], unknown])[0].length;
      const relaxed = engine.instantiate(engine.compile(bytesOf(mnemonic, params)));
      const unpack = (i: number): string =>
        `(i64x2.replace_lane 1 (i64x2.splat (local.get ${2 * i})) (local.get ${2 * i + 1}))`;
      const args = Array.from({ length: params }, (_, i) => unpack(i));
      const [first, second] = plain.split(") (");
      const expr =
        second === undefined
          ? `(${first} ${args.join(" ")})`
          : `(${second} (${first} ${args[0]} ${args[1]}) ${args[2]})`;
      const wat = `(module (func (export "f") (param ${"i64 ".repeat(2 * params)}) (result i64 i64) (local $out v128)
        ${expr} local.tee $out i64x2.extract_lane 0 local.get $out i64x2.extract_lane 1))`;
      const host = hostExports(assemble(wat)).f as (...args: Val[]) => Val[];
      const pick = source(11);
      const c: SimdCase = {
        mnemonic: mnemonic as SimdCase["mnemonic"],
        wat,
        params: Array.from({ length: params }, () => "v128" as const),
        exports: [],
      };
      for (let run = 0; run < 200; run++) {
        const given = argsOf(c, pick);
        const a = outcome(() => relaxed.invoke("f", given));
        const b = outcome(() => host(...given));
        expect(same(c, a, b) ? "" : `${given}: ${a}, host ${b}`).toBe("");
      }
    });
  }

  it("sums of dot products saturate to 16 bits", () => {
    const dot = engine.instantiate(engine.compile(bytesOf("i16x8.relaxed_dot_i8x16_i7x16_s", 2)));
    const all = -0x7f7f7f7f7f7f7f80n; // bytes 0x80
    expect(dot.invoke("f", [all, all, all, all])).toEqual([0x7fff7fff7fff7fffn, 0x7fff7fff7fff7fffn]);
  });
});
