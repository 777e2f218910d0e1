/** 128-bit arithmetic on words against BigInt, on edges and random numbers, with results over the operands. */
import { describe, expect, it } from "vitest";
import { Engine } from "./index.ts";
import { i64_add128, i64_mul_wide_s, i64_mul_wide_u, i64_sub128 } from "./wide-arithmetic.ts";

const edges = [0n, 1n, -1n, 2n, 0x7fffffffn, 0x80000000n, 0xffffffffn, 0x100000000n, -0x80000000n, -0x100000000n];
const values = [...edges, 0x7fffffffffffffffn, -0x8000000000000000n, 0x8000000080000001n, 0xfffffffefffffffen]
  .map((v) => BigInt.asIntN(64, v))
  .concat(Array.from({ length: 30 }, (_, i) => BigInt.asIntN(64, 0x9e3779b97f4a7c15n * BigInt(i + 1) ** 3n)));

const I = new Int32Array(16);
const B = new BigInt64Array(I.buffer);
const halves = (v: bigint): bigint[] => [BigInt.asIntN(64, v), BigInt.asIntN(64, v >> 64n)];
const whole = (low: bigint, high: bigint): bigint => (high << 64n) | BigInt.asUintN(64, low);

describe("wide arithmetic", () => {
  it("multiplies", () => {
    for (const x of values) {
      for (const y of values) {
        B.set([0n, x, y]);
        i64_mul_wide_s(I, 2, 2, 4);
        expect([x, y, ...B.slice(1, 3)]).toEqual([x, y, ...halves(x * y)]);
        B.set([0n, x, y]);
        i64_mul_wide_u(I, 0, 2, 4);
        expect([x, y, ...B.slice(0, 2)]).toEqual([x, y, ...halves(BigInt.asUintN(64, x) * BigInt.asUintN(64, y))]);
      }
    }
  });

  it("adds and subtracts", () => {
    values.forEach((x, i) => {
      for (const y of values) {
        const other = values[(i * 7 + 3) % values.length] as bigint;
        B.set([x, other, y, x]);
        i64_add128(I, 0, 0, 2, 4, 6);
        expect([...B.slice(0, 2)]).toEqual(halves(whole(x, other) + whole(y, x)));
        B.set([x, other, y, x]);
        i64_sub128(I, 4, 0, 2, 4, 6);
        expect([...B.slice(2, 4)]).toEqual(halves(whole(x, other) - whole(y, x)));
      }
    });
  });

  it("is off unless switched on", () => {
    const bytes = Uint8Array.of(
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 8, 1, 0x60, 2, 0x7e, 0x7e, 2, 0x7e, 0x7e, 3, 2, 1, 0],
      ...[7, 5, 1, 1, 0x6d, 0, 0, 10, 10, 1, 8, 0, 0x20, 0, 0x20, 1, 0xfc, 0x15, 0x0b],
    );
    expect(() => new Engine().compile(bytes)).toThrow(/needs the wide-arithmetic proposal .*turned off/);
    const engine = new Engine({ features: { "wide-arithmetic": true } });
    expect(engine.instantiate(engine.compile(bytes)).invoke("m", [-3n, 5n])).toEqual([-15n, -1n]);
  });
});
