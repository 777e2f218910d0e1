/** NaNs that arithmetic makes are canonical where an instance asks for it; those that are only moved keep their bits. */
import { expect, it } from "vitest";
import { nanShape } from "../../engine/canonical-nans.ts";
import { Engine, type Instance } from "../../engine/index.ts";
import { mnemonics } from "../../engine/instrs.ts";
import { convertTexts } from "../spec/wat.ts";

const engine = new Engine();
async function make(wat: string): Promise<Instance> {
  const [bytes] = await convertTexts([wat], undefined);
  if (!(bytes instanceof Uint8Array)) throw new Error(bytes?.error);
  return engine.instantiate(engine.compile(bytes), {}, { hasCanonicalNans: true });
}

const payload = { f32: "(f32.const -nan:0x212345)", f64: "(f64.const -nan:0x4123456789abc)" } as const;
const bits = { f32: "i32.reinterpret_f32", f64: "i64.reinterpret_f64" } as const;
const canonical = { f32: 0x7fc00000, f64: 0x7ff8000000000000n } as const;
const kept = { f32: -1 - 0x7fffffff + 0x7f800000 + 0x212345, f64: BigInt.asIntN(64, 0xfff4123456789abcn) } as const;

it("of scalars", async () => {
  const ops = ["add", "sub", "mul", "div", "min", "max"].map((o) => [o, 2] as const);
  const unary = ["sqrt", "ceil", "floor", "trunc", "nearest"].map((o) => [o, 1] as const);
  for (const t of ["f32", "f64"] as const) {
    for (const [o, n] of [...ops, ...unary]) {
      const x = payload[t];
      const args = n === 2 ? `${x} (${t}.const 1)` : x;
      const inst = await make(`(module (func (export "f") (result ${t === "f32" ? "i32" : "i64"}) (local $x ${t})
        (local.set $x (${t}.${o} ${args})) (${bits[t]} (local.get $x))))`);
      expect([o, ...inst.invoke("f")]).toEqual([o, canonical[t]]);
    }
    for (const expr of [
      payload[t],
      `(${t}.neg (${t}.neg ${payload[t]}))`,
      `(${t}.copysign ${payload[t]} (${t}.const -1))`,
    ]) {
      const inst = await make(
        `(module (func (export "f") (result ${t === "f32" ? "i32" : "i64"}) (${bits[t]} ${expr})))`,
      );
      expect(inst.invoke("f")).toEqual([kept[t]]);
    }
  }
  const cross = await make(
    `(module (func (export "f") (result i32) (i32.reinterpret_f32 (f32.demote_f64 ${payload.f64}))))`,
  );
  expect(cross.invoke("f")).toEqual([canonical.f32]);
});

it("of every lane, and only of those that are NaNs", async () => {
  const inst = await make(`(module (func (export "f") (result v128)
    (f32x4.add (v128.const i32x4 0xffc12345 0x3f800000 0x7fa00001 0) (v128.const i32x4 0 0x3f800000 0 0)))
    (func (export "g") (result v128) (f64x2.sqrt (v128.const f64x2 -1 4))))`);
  expect(inst.invoke("f")).toEqual([(0x7fc00000n << 64n) | (0x40000000n << 32n) | 0x7fc00000n]);
  expect(inst.invoke("g")).toEqual([(0x4000000000000000n << 64n) | 0x7ff8000000000000n]);
});

it("are looked for after every instruction whose result is a float and that computes", () => {
  const computing = mnemonics.filter((m) => /^f(32|64)(x\d)?\./.test(m) && nanShape(m) === undefined);
  const moving =
    /\.(const|load\w*|store\w*|abs|neg|copysign|eq|ne|[lg][te]|pmin|pmax|splat|extract_lane|replace_lane|convert_\w+|reinterpret_\w+)$/;
  expect(computing.filter((m) => !moving.test(m))).toEqual([]);
});
