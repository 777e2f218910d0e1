/** Wide arithmetic in every tier against BigInt: operands from locals, memory and the stack, plain and metered. */
import { describe, expect, it } from "vitest";
import { body, func, moduleOf, name, section, u, vec } from "../../engine/binary/encode.ts";
import { Engine } from "../../engine/index.ts";
import { testedTiers, tiers } from "./tiers.ts";

const I64 = 0x7e;
const get = (i: number): number[] => [0x20, i];
const wide = (code: number): number[] => [0xfc, ...u(code)];
/** The second operand by way of memory, to have one with an effect. */
const throughMemory = [0x41, 8, ...get(1), 0x37, 3, 0];
const load = [0x41, 8, 0x29, 3, 0];

/** `add`, `sub` of (0, 1) and (2, 3), `muls`, `mulu` of 0 and 1. */
const module = moduleOf(
  section(1, vec([func([I64, I64, I64, I64], [I64, I64])])),
  section(3, vec([0, 0, 0, 0])),
  section(5, vec([[0, 1]])),
  section(7, vec(["add", "sub", "muls", "mulu"].map((n, i) => [...name(n), 0, i]))),
  section(
    10,
    vec([
      body([throughMemory, get(0), load, get(2), get(3), wide(0x13)]),
      body([throughMemory, get(0), load, get(2), get(3), wide(0x14)]),
      body([throughMemory, get(0), load, wide(0x15)]),
      body([throughMemory, get(0), load, wide(0x16)]),
    ]),
  ),
);

const edges = [0n, 1n, -1n, 0x7fffffffn, 0x80000000n, 0xffffffffn, -0x100000000n, 2n ** 63n - 1n, -(2n ** 63n)];
const values = [...edges, ...[3n, 5n, 7n].map((k) => BigInt.asIntN(64, 0x9e3779b97f4a7c15n * k ** 3n))];
const halves = (v: bigint): bigint[] => [BigInt.asIntN(64, v), BigInt.asIntN(64, v >> 64n)];
const whole = (low: bigint, high: bigint): bigint => (high << 64n) | BigInt.asUintN(64, low);
const unsigned = (v: bigint): bigint => BigInt.asUintN(64, v);

describe.each(testedTiers)("wide arithmetic, tier %s", (tier) => {
  it.each([undefined, 1e9])("is that of BigInt, fuel %s", (fuel) => {
    const engine = new Engine({ ...tiers[tier], features: { "wide-arithmetic": true } });
    const inst = engine.instantiate(engine.compile(module), {}, fuel === undefined ? {} : { limits: { fuel } });
    for (const x of values) {
      for (const y of values) {
        const [a, b] = [x ^ 5n, y ^ -9n];
        expect(inst.invoke("add", [x, a, y, b])).toEqual(halves(whole(x, a) + whole(y, b)));
        expect(inst.invoke("sub", [x, a, y, b])).toEqual(halves(whole(x, a) - whole(y, b)));
        expect(inst.invoke("muls", [x, y, 0n, 0n])).toEqual(halves(x * y));
        expect(inst.invoke("mulu", [x, y, 0n, 0n])).toEqual(halves(unsigned(x) * unsigned(y)));
      }
    }
    if (tier === "js") expect(inst.tierStats).toMatchObject({ functions: 4, declined: new Map() });
  });
});
