/**
 * Arithmetic on i64 as two words where it is no expression: division, and conversions from and to floats. A function
 * returns the low word and leaves the high one in `high[0]`, as generated functions with an i64 result do.
 */
import { trap } from "../errors.ts";
import {
  f32_convert_i64_s,
  f32_convert_i64_u,
  i64_div_s,
  i64_div_u,
  i64_rem_s,
  i64_rem_u,
  i64_trunc_s,
  i64_trunc_sat_s,
  i64_trunc_sat_u,
  i64_trunc_u,
} from "../numerics.ts";

/** High word of the i64 that was returned last. */
export const high = new Int32Array(1);

const B = new BigInt64Array(2);
const W = new Int32Array(B.buffer);

const give = (v: bigint): number => {
  B[0] = v;
  high[0] = W[1];
  return W[0];
};

type Divide = (x: bigint, y: bigint) => bigint;

function slowly(f: Divide, xl: number, xh: number, yl: number, yh: number): number {
  W[0] = xl;
  W[1] = xh;
  W[2] = yl;
  W[3] = yh;
  return give(f(B[0], B[1]));
}

/** Below 2^53: quotients of such numbers are exact when truncated. */
const isSmall = (h: number): boolean => h < 0x200000 && h >= -0x200000;
const isSmallUnsigned = (h: number): boolean => h >>> 0 < 0x200000;
const join = (l: number, h: number): number => h * 4294967296 + (l >>> 0);

export function split(x: number): number {
  const h = Math.floor(x / 4294967296);
  high[0] = h;
  return (x - h * 4294967296) | 0;
}

export function divS(xl: number, xh: number, yl: number, yh: number): number {
  if (!isSmall(xh) || !isSmall(yh)) return slowly(i64_div_s, xl, xh, yl, yh);
  if ((yl | yh) === 0) trap("intDivByZero");
  return split(Math.trunc(join(xl, xh) / join(yl, yh)));
}

export function divU(xl: number, xh: number, yl: number, yh: number): number {
  if (!isSmallUnsigned(xh) || !isSmallUnsigned(yh)) return slowly(i64_div_u, xl, xh, yl, yh);
  if ((yl | yh) === 0) trap("intDivByZero");
  return split(Math.floor(join(xl, xh) / join(yl, yh)));
}

export function remS(xl: number, xh: number, yl: number, yh: number): number {
  if (!isSmall(xh) || !isSmall(yh)) return slowly(i64_rem_s, xl, xh, yl, yh);
  if ((yl | yh) === 0) trap("intDivByZero");
  return split(join(xl, xh) % join(yl, yh));
}

export function remU(xl: number, xh: number, yl: number, yh: number): number {
  if (!isSmallUnsigned(xh) || !isSmallUnsigned(yh)) return slowly(i64_rem_u, xl, xh, yl, yh);
  if ((yl | yh) === 0) trap("intDivByZero");
  return split(join(xl, xh) % join(yl, yh));
}

/** Below 2^53 a truncated float is exact in two words. */
const isExact = (x: number): boolean => x > -9007199254740992 && x < 9007199254740992;

export const truncS = (x: number): number => (isExact(x) ? split(Math.trunc(x)) : give(i64_trunc_s(x)));
export const truncU = (x: number): number =>
  x > -1 && x < 9007199254740992 ? split(Math.trunc(x)) : give(i64_trunc_u(x));
export const truncSatS = (x: number): number => (isExact(x) ? split(Math.trunc(x)) : give(i64_trunc_sat_s(x)));
export const truncSatU = (x: number): number =>
  x > -1 && x < 9007199254740992 ? split(Math.trunc(x)) : give(i64_trunc_sat_u(x));

export const f32FromS = (l: number, h: number): number =>
  isSmall(h) ? Math.fround(join(l, h)) : f32_convert_i64_s((BigInt(h) << 32n) | BigInt(l >>> 0));
export const f32FromU = (l: number, h: number): number =>
  isSmallUnsigned(h) ? Math.fround(join(l, h)) : f32_convert_i64_u((BigInt(h) << 32n) | BigInt(l >>> 0));
