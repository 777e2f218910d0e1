/** Token buckets on a clock that stands still unless told. */
import { expect, it } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

const second = 1_000_000_000n;

function setup(perSecond: number, capacity: number): { bucket: TokenBucket; pass: (ns: bigint) => void } {
  let now = 5n * second;
  return { bucket: new TokenBucket(perSecond, capacity, () => now), pass: (ns) => void (now += ns) };
}

it("begins full, and is empty when all was taken", () => {
  const { bucket } = setup(10, 3);
  for (let i = 0; i < 3; i++) {
    expect(bucket.readyAt()).toBeUndefined();
    bucket.take(1);
  }
  expect([bucket.level, bucket.readyAt()]).toEqual([0, 5n * second + 100_000_000n]);
});

it("is ready exactly when it says, and not a microsecond before", () => {
  for (const rate of [1, 3, 7, 10, 999, 1e6, 0.25]) {
    const { bucket, pass } = setup(rate, 1);
    bucket.take(1);
    const wait = bucket.readyAt()! - 5n * second;
    expect(Number(wait), `${rate}/s`).toBe(Math.ceil(1e9 / rate));
    pass(wait - 1000n);
    expect(bucket.readyAt()).toBe(5n * second + wait);
    pass(1000n);
    expect(bucket.readyAt()).toBeUndefined();
  }
});

it("pays debts first, and saves up no more than its capacity", () => {
  const { bucket, pass } = setup(100, 50);
  bucket.take(250);
  expect(bucket.readyAt()).toBe(5n * second + 2_010_000_000n);
  pass(2n * second);
  expect(bucket.level).toBeCloseTo(0, 6);
  pass(100n * second);
  expect(bucket.level).toBe(50);
});

it("loses nothing when it is asked often", () => {
  const { bucket, pass } = setup(1000, 1000);
  bucket.take(1000);
  for (let i = 0; i < 100_000; i++) {
    pass(1000n);
    void bucket.level;
  }
  expect(bucket.level).toBeCloseTo(100, 6);
});

it("can be set, within its capacity", () => {
  const { bucket } = setup(10, 5);
  bucket.level = 99;
  expect(bucket.level).toBe(5);
  bucket.level = -10;
  expect(bucket.readyAt()).toBe(5n * second + 1_100_000_000n);
});
