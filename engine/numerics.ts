/**
 * iN and fN operators that are not one JavaScript expression, one function each, named by mnemonic.
 *
 * Representation as in the `js` column of `instrs.ts`: i32 a signed number, i64 a signed BigInt, floats numbers. Where
 * a function serves the f32 and the f64 form (truncations), the exact f32 value fits a number. Spec: exec/numerics.
 */
import { trap } from "./errors.ts";

const scratch = new DataView(new ArrayBuffer(8));

/* i32 */

export const i32_ctz = (x: number): number => (x === 0 ? 32 : 31 - Math.clz32(x & -x));

export function i32_popcnt(x: number): number {
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

export function i32_div_s(x: number, y: number): number {
  if (y === 0) trap("intDivByZero");
  if (y === -1 && x === -0x80000000) trap("intOverflow");
  return (x / y) | 0;
}

export function i32_div_u(x: number, y: number): number {
  if (y === 0) trap("intDivByZero");
  return ((x >>> 0) / (y >>> 0)) | 0;
}

export function i32_rem_s(x: number, y: number): number {
  if (y === 0) trap("intDivByZero");
  return (x % y) | 0;
}

export function i32_rem_u(x: number, y: number): number {
  if (y === 0) trap("intDivByZero");
  return ((x >>> 0) % (y >>> 0)) | 0;
}

/* i64 */

const low = (x: bigint): number => Number(BigInt.asIntN(32, x));
const high = (x: bigint): number => Number(BigInt.asIntN(32, x >> 32n));
const TWO63 = 2 ** 63;
const TWO64 = 2 ** 64;
const MIN64 = -0x8000000000000000n;

export const i64_clz = (x: bigint): bigint => BigInt(high(x) === 0 ? 32 + Math.clz32(low(x)) : Math.clz32(high(x)));
export const i64_ctz = (x: bigint): bigint => BigInt(low(x) === 0 ? 32 + i32_ctz(high(x)) : i32_ctz(low(x)));
export const i64_popcnt = (x: bigint): bigint => BigInt(i32_popcnt(low(x)) + i32_popcnt(high(x)));

export function i64_div_s(x: bigint, y: bigint): bigint {
  if (y === 0n) trap("intDivByZero");
  if (y === -1n && x === MIN64) trap("intOverflow");
  return BigInt.asIntN(64, x / y);
}

export function i64_div_u(x: bigint, y: bigint): bigint {
  if (y === 0n) trap("intDivByZero");
  return BigInt.asIntN(64, BigInt.asUintN(64, x) / BigInt.asUintN(64, y));
}

export function i64_rem_s(x: bigint, y: bigint): bigint {
  if (y === 0n) trap("intDivByZero");
  return BigInt.asIntN(64, x % y);
}

export function i64_rem_u(x: bigint, y: bigint): bigint {
  if (y === 0n) trap("intDivByZero");
  return BigInt.asIntN(64, BigInt.asUintN(64, x) % BigInt.asUintN(64, y));
}

export function i64_rotl(x: bigint, y: bigint): bigint {
  const n = y & 63n;
  const u = BigInt.asUintN(64, x);
  return BigInt.asIntN(64, (u << n) | (u >> (64n - n)));
}

export const i64_rotr = (x: bigint, y: bigint): bigint => i64_rotl(x, 64n - (y & 63n));

/* Floats */

/** Rounds to the nearest integer, ties to even; keeps the sign of zero. f32 and f64. */
export function f64_nearest(x: number): number {
  if (!(Math.abs(x) < 4503599627370496)) return x + 0;
  const rounded = Math.abs(x) + 4503599627370496 - 4503599627370496;
  return x < 0 || Object.is(x, -0) ? -rounded : rounded;
}

export const f32_copysign = (x: number, y: number): number =>
  f32_reinterpret_i32((i32_reinterpret_f32(x) & 0x7fffffff) | (i32_reinterpret_f32(y) & -0x80000000));

export const f64_copysign = (x: number, y: number): number =>
  i64_reinterpret_f64(x) < 0n === i64_reinterpret_f64(y) < 0n ? x : -x;

/* Truncations that trap */

/** Truncates to i32; `x` is an f32 or f64 value. */
export function i32_trunc_s(x: number): number {
  if (x > -2147483649 && x < 2147483648) return x | 0;
  return truncTrap(x);
}

export function i32_trunc_u(x: number): number {
  if (x > -1 && x < 4294967296) return (x >>> 0) | 0;
  return truncTrap(x);
}

export function i64_trunc_s(x: number): bigint {
  if (x >= -TWO63 && x < TWO63) return BigInt(Math.trunc(x));
  return truncTrap(x);
}

export function i64_trunc_u(x: number): bigint {
  if (x > -1 && x < TWO64) return BigInt.asIntN(64, BigInt(Math.trunc(x)));
  return truncTrap(x);
}

const truncTrap = (x: number): never => trap(Number.isNaN(x) ? "invalidConversion" : "intOverflow");

/* Truncations that saturate */

export const i32_trunc_sat_s = (x: number): number => {
  if (x > -2147483649 && x < 2147483648) return x | 0;
  return x < 0 ? -2147483648 : x > 0 ? 2147483647 : 0;
};

export const i32_trunc_sat_u = (x: number): number => {
  if (x > -1 && x < 4294967296) return (x >>> 0) | 0;
  return x > 0 ? -1 : 0;
};

export const i64_trunc_sat_s = (x: number): bigint => {
  if (x >= -TWO63 && x < TWO63) return BigInt(Math.trunc(x));
  return x < 0 ? MIN64 : x > 0 ? -(MIN64 + 1n) : 0n;
};

export const i64_trunc_sat_u = (x: number): bigint => {
  if (x > -1 && x < TWO64) return BigInt.asIntN(64, BigInt(Math.trunc(x)));
  return x > 0 ? -1n : 0n;
};

/* Conversions */

/**
 * i64 to f32 with one rounding: beyond 2^53 the bits below an f32's last place are folded into one sticky bit first, so
 * that the rounding to f64 is exact and cannot round twice.
 */
function roundToF32(magnitude: bigint): number {
  if (magnitude < 0x20000000000000n) return Math.fround(Number(magnitude));
  const sticky = (magnitude & 0xfffn) !== 0n ? 0x1000n : 0n;
  return Math.fround(Number((magnitude & ~0xfffn) | sticky));
}

export const f32_convert_i64_s = (x: bigint): number => (x < 0n ? -roundToF32(-x) : roundToF32(x));
export const f32_convert_i64_u = (x: bigint): number => roundToF32(BigInt.asUintN(64, x));

export function i32_reinterpret_f32(x: number): number {
  scratch.setFloat32(0, x, true);
  return scratch.getInt32(0, true);
}

export function i64_reinterpret_f64(x: number): bigint {
  scratch.setFloat64(0, x, true);
  return scratch.getBigInt64(0, true);
}

export function f32_reinterpret_i32(x: number): number {
  scratch.setInt32(0, x, true);
  return scratch.getFloat32(0, true);
}

export function f64_reinterpret_i64(x: bigint): number {
  scratch.setBigInt64(0, x, true);
  return scratch.getFloat64(0, true);
}
