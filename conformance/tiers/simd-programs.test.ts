/**
 * Random programs that move vectors about: locals, blocks with parameters and results, branches, select, calls,
 * globals, memory. Interpreter against the host's WebAssembly, and interpreter with stops against itself.
 *
 * Only instructions whose bits are fixed. A failure names its seed.
 */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { captureFrames, Engine, type Instance, type Val } from "../../engine/index.ts";
import { hostExports } from "./host.ts";

const wabt = await wabtInit();
const engine = new Engine();

type Type = "i32" | "i64" | "v128";
const types: readonly Type[] = ["i32", "i64", "v128", "v128"];
const localTypes: readonly Type[] = ["v128", "i32", "v128", "i64", "v128", "i32"];

/** Instructions by result: operands, then text. */
const instrs: Readonly<Record<Type, readonly (readonly [readonly Type[], string])[]>> = {
  v128: [
    [["v128", "v128"], "i32x4.add"],
    [["v128", "v128"], "i8x16.sub"],
    [["v128", "v128"], "i16x8.mul"],
    [["v128", "v128"], "i64x2.mul"],
    [["v128", "v128"], "i8x16.narrow_i16x8_u"],
    [["v128", "v128"], "i8x16.swizzle"],
    [["v128", "v128"], "i8x16.shuffle 0 31 2 29 4 27 6 25 8 23 10 21 12 19 14 17"],
    [["v128", "v128"], "f32x4.pmin"],
    [["v128", "v128"], "f64x2.lt"],
    [["v128", "v128", "v128"], "v128.bitselect"],
    [["v128"], "i16x8.extend_low_i8x16_s"],
    [["v128"], "i64x2.extend_high_i32x4_u"],
    [["v128"], "f32x4.neg"],
    [["v128", "i32"], "i64x2.shr_s"],
    [["v128", "i32"], "i8x16.shl"],
    [["v128", "i64"], "i64x2.replace_lane 1"],
    [["v128", "i32"], "i16x8.replace_lane 6"],
    [["i32"], "i8x16.splat"],
    [["i64"], "i64x2.splat"],
    [["v128", "v128", "i32"], "select"],
    [["i32", "v128"], "call $f"],
    [["i32"], "(i32.const 0xfff) i32.and v128.load"],
    [["i32"], "(i32.const 0xfff) i32.and v128.load8x8_u offset=3"],
  ],
  i32: [
    [["i32", "i32"], "i32.add"],
    [["v128"], "i16x8.extract_lane_s 5"],
    [["v128"], "i8x16.bitmask"],
    [["v128"], "i32x4.all_true"],
    [["i64"], "i32.wrap_i64"],
    [["i32", "i32", "i32"], "select"],
  ],
  i64: [
    [["i64", "i64"], "i64.xor"],
    [["v128"], "i64x2.extract_lane 1"],
    [["i32"], "i64.extend_i32_s"],
    [["i64", "i64", "i32"], "select"],
  ],
};

class Program {
  private state: number;
  private labels = 0;

  constructor(seed: number) {
    this.state = seed;
  }

  private below(n: number): number {
    this.state = (Math.imul(this.state, 1103515245) + 12345) >>> 0;
    return (this.state >>> 8) % n;
  }
  private pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }
  private local(t: Type): number {
    const all = localTypes.flatMap((own, i) => (own === t ? [i] : []));
    return this.pick(all);
  }

  /** Text that leaves a value of type `t`. */
  value(t: Type, depth: number): string {
    const kind = depth <= 0 ? this.below(3) : this.below(11);
    if (kind === 0) return this.constant(t);
    if (kind <= 2) return t === "v128" && this.below(6) === 0 ? "(global.get $g)" : `(local.get ${this.local(t)})`;
    if (kind === 3) return `${this.value(t, depth - 1)} (local.tee ${this.local(t)})`;
    if (kind === 4) return this.block(t, depth);
    if (kind === 5) {
      const p = this.pick(types);
      return `${this.value(p, depth - 1)} (block (param ${p}) (result ${t}) (local.set ${this.local(p)}) ${this.value(t, depth - 1)})`;
    }
    if (kind === 6)
      return `${this.value("i32", depth - 1)} (if (result ${t}) (then ${this.value(t, depth - 1)}) (else ${this.value(t, depth - 1)}))`;
    if (kind === 7) return `${this.statement(depth - 1)} ${this.value(t, depth - 1)}`;
    const [operands, text] = this.pick(instrs[t]);
    return `${operands.map((o) => this.value(o, depth - 1)).join(" ")} ${text}`;
  }

  private constant(t: Type): string {
    if (t !== "v128") return `(${t}.const ${this.below(2 ** 24) - 2 ** 23})`;
    return `(v128.const i32x4 ${[1, 2, 3, 4].map(() => this.below(2 ** 24) * 255)})`.replaceAll(",", " ");
  }

  /** A block that is left early with a value, something below it. */
  private block(t: Type, depth: number): string {
    const below = this.pick(types);
    const label = `$b${this.labels++}`;
    return `(block ${label} (result ${t}) ${this.value(below, depth - 1)} ${this.value(t, depth - 1)} ${this.value("i32", depth - 1)}
      (br_if ${label}) drop drop ${this.value(t, depth - 1)})`;
  }

  statement(depth: number): string {
    const kind = this.below(5);
    const t = this.pick(types);
    if (kind === 0) return `${this.value("v128", depth)} (global.set $g)`;
    if (kind === 1)
      return `${this.value("i32", depth)} (i32.const 0xff0) i32.and ${this.value("v128", depth)} (v128.store)`;
    if (kind === 2) return `${this.value(t, depth)} drop`;
    return `${this.value(t, depth)} (local.set ${this.local(t)})`;
  }

  text(): string {
    const body = Array.from({ length: 4 }, () => this.statement(3)).join("\n");
    const results = Array.from({ length: 3 }, () => this.value("v128", 3)).join(" ");
    const halves = (n: number): string =>
      `(i64x2.extract_lane 0 (local.get ${n})) (i64x2.extract_lane 1 (local.get ${n}))`;
    return `(module (memory 1) (global $g (mut v128) (v128.const i64x2 0x123456789 -7))
      (func $f (param i32 v128) (result v128) (local v128)
        (local.set 2 (i32x4.splat (local.get 0))) (i32x4.sub (local.get 1) (local.get 2)))
      (func $main (param v128 i32 v128 i64) (result v128 i32 v128 v128) (local v128 i32 i32)
        ${this.value("v128", 2)}
        (loop $l (param v128) (result v128) (local.set 4)
          ${body} ${this.value("v128", 2)}
          (br_if $l (i32.lt_u (local.tee 6 (i32.add (local.get 6) (i32.const 1))) (i32.const 4))))
        (local.get 5) ${results} (i32x4.add))
      (func (export "run") (param i64 i32) (result i64 i64 i32 i64 i64 i64 i64) (local v128 v128 v128 i32)
        (call $main (i64x2.splat (local.get 0)) (local.get 1) (i32x4.splat (local.get 1)) (local.get 0))
        (local.set 4) (local.set 3) (local.set 5) (local.set 2)
        ${halves(2)} (local.get 5) ${halves(3)} ${halves(4)}))`;
  }
}

/** With a stop after every `step` safepoints. */
function interrupted(inst: Instance, args: Val[], step: number): Val[] {
  let act = inst.start("run", args);
  for (;;) {
    const outcome = act.run(step);
    if (outcome.kind === "done") return outcome.results;
    act = inst.restore(inst.func("run"), captureFrames(act));
  }
}

describe("random programs of vectors", () => {
  for (let group = 0; group < 10; group++) {
    it(`seeds ${group * 30} to ${group * 30 + 29}`, () => {
      for (let seed = group * 30; seed < group * 30 + 30; seed++) {
        const text = new Program(seed + 1).text();
        const bytes = wabt.parseWat("t.wat", text).toBinary({}).buffer;
        const module = engine.compile(bytes);
        const run = hostExports(bytes).run as (...args: Val[]) => Val[];
        const args: Val[] = [BigInt(seed) * 0x123456789abn, seed];
        const want = run(...args);
        expect(engine.instantiate(module).invoke("run", args), `seed ${seed}`).toEqual(want);
        expect(interrupted(engine.instantiate(module), args, 1 + (seed % 4)), `seed ${seed}, stops`).toEqual(want);
      }
    });
  }
});
