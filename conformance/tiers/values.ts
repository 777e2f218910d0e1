/** Values worth trying, by type: edges of ranges, powers of two, NaNs with payloads. Floats are given by their bits. */
import type { NumType } from "../../engine/instrs.ts";

const i32 = [
  0, 1, -1, 2, 7, 31, 32, 33, 63, 64, 255, 256, 0x7fff, 0x8000, 0xffff, 0x12345678, 0x7fffffff, -0x80000000,
  -0x7fffffff, -2, 1234567,
];
const i64 = [
  0n,
  1n,
  -1n,
  2n,
  31n,
  32n,
  33n,
  63n,
  64n,
  0x7fn,
  0x80n,
  0x8000n,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  0x100000000n,
  0x1fffffffffffffn,
  0x20000000000001n,
  0x123456789abcdef0n,
  0x7fffff4000000001n,
  0x7fffffffffffffffn,
  -0x8000000000000000n,
  -0x7fffffffffffffffn,
  -0x100000000n,
  -12345678901n,
];
/** +-0, 1, subnormals, integers near the edges of i32 and i64, halves, infinities, NaNs: canonical, negative, signalling, with payload. */
const f32 = [
  0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000, 0xc0200000,
  0x00000001, 0x807fffff, 0x00800000, 0x7f7fffff, 0xff7fffff, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001,
  0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0xdf000000, 0x5f800000, 0x3f7fffff, 0xbf7fffff, 0x4b000001,
  0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7fa00001, 0xffa12345, 0x7fd55555,
];
const f64 = [
  0x0000000000000000n,
  0x8000000000000000n,
  0x3ff0000000000000n,
  0xbff0000000000000n,
  0x3fe0000000000000n,
  0xbfe0000000000000n,
  0x3ff8000000000000n,
  0x4004000000000000n,
  0xc004000000000000n,
  0x0000000000000001n,
  0x800fffffffffffffn,
  0x0010000000000000n,
  0x7fefffffffffffffn,
  0xffefffffffffffffn,
  0x41dfffffffc00000n,
  0x41e0000000000000n,
  0xc1e0000000000000n,
  0xc1e0000000200000n,
  0x41efffffffe00000n,
  0x41f0000000000000n,
  0x43dfffffffffffffn,
  0x43e0000000000000n,
  0xc3e0000000000000n,
  0x43f0000000000000n,
  0x3fefffffffffffffn,
  0xbfefffffffffffffn,
  0x4330000000000001n,
  0x36a0000000000000n,
  0x47efffffe0000000n,
  0x47effffff0000000n,
  0x7ff0000000000000n,
  0xfff0000000000000n,
  0x7ff8000000000000n,
  0xfff8000000000000n,
  0x7ff4000000000001n,
  0xfff123456789abcdn,
  0x7ffaaaaaaaaaaaaan,
  0x3fb999999999999an,
];

/** i32: numbers. i64: bigints. f32: bits as numbers. f64: bits as bigints. */
export const values: Readonly<Record<NumType, readonly (number | bigint)[]>> = { i32, i64, f32, f64 };

/** The type that carries the bits of `t` through an export. */
export const carrier = (t: NumType): "i32" | "i64" => (t === "f32" ? "i32" : t === "f64" ? "i64" : t);
