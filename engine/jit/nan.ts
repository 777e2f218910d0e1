/**
 * Floats that keep their bits in JavaScript numbers. V8 turns signalling NaNs quiet when it loads an f32, and in some
 * versions when it moves an f64; quiet NaNs keep sign and payload everywhere.
 *
 * "Coded" values: an f32 that is a signalling NaN is the f64 of the quiet one with mantissa bit 0 set, which no f32 has.
 * An f64 has no spare bit: a signalling NaN is a quiet NaN of a range set apart, whose low word is its number in a list;
 * a quiet NaN of that range is in the list too. Arithmetic on a coded value gives some NaN that must not be decoded:
 * see `FloatFlow`. All other values are themselves.
 */
import { WasmError } from "../errors.ts";

const F32 = new Float32Array(1);
const I32 = new Int32Array(F32.buffer);
const F64 = new Float64Array(1);
const W64 = new Int32Array(F64.buffer);
/** Words of an f64 in the byte order of typed arrays: every platform of V8 is little-endian. */
const LOW = 0;
const HIGH = 1;

/** The f32 with these bits. */
export function f32FromBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return codedF32(bits);
  I32[0] = bits;
  return F32[0];
}

function codedF32(bits: number): number {
  // Exponent all ones; the 23 bits of the payload are the highest of 52.
  const high = (bits & 0x80000000) | 0x7ff80000 | ((bits & 0x7fffff) >> 3);
  const low = ((bits & 7) << 29) | ((bits & 0x400000) === 0 ? 1 : 0);
  W64[HIGH] = high;
  W64[LOW] = low;
  return F64[0];
}

/** The bits of a coded f32. */
export function bitsOfF32(x: number): number {
  F32[0] = x;
  return !Number.isNaN(x) ? I32[0] : bitsOfNan32(x);
}

function bitsOfNan32(x: number): number {
  F64[0] = x;
  const high = W64[HIGH];
  const low = W64[LOW];
  const quiet = (high & 0x80000000) | 0x7f800000 | ((high & 0xfffff) << 3) | (low >>> 29);
  return (low & 1) !== 0 ? quiet & ~0x400000 : quiet;
}

/** The high word of coded f64 NaNs: quiet, positive, with a payload of no meaning. */
const RANGE = 0x7ff9a5c3;
const MAX_LISTED = 1 << 16;
const listed: (readonly [low: number, high: number])[] = [];
const numbers = new Map<string, number>();

/** The f64 with these words. */
export function f64FromWords(low: number, high: number): number {
  const isSpecial = (high & 0x7ff00000) === 0x7ff00000 && (high & 0xfffff) + (low >>> 0) > 0;
  if (isSpecial && ((high & 0x80000) === 0 || high === RANGE)) {
    W64[LOW] = numberOf(low, high);
    W64[HIGH] = RANGE;
  } else {
    W64[LOW] = low;
    W64[HIGH] = high;
  }
  return F64[0];
}

/** @throws WasmError exhausted, for a guest that makes NaNs to fill the list */
function numberOf(low: number, high: number): number {
  const key = `${low},${high}`;
  let n = numbers.get(key);
  if (n === undefined) {
    n = listed.length;
    if (n >= MAX_LISTED) throw new WasmError("exhausted", "WT5010", `more than ${n} different signalling NaNs`);
    listed.push([low, high]);
    numbers.set(key, n);
  }
  return n;
}

/** Writes the words of a coded f64 to `I[at]` and the next. */
export function putF64(I: Int32Array, at: number, x: number): void {
  F64[0] = x;
  let low = W64[LOW];
  let high = W64[HIGH];
  if (high === RANGE) [low, high] = listed[low] ?? [low, high];
  I[at] = low;
  I[at + 1] = high;
}

/** The low word of a coded f64; the high one by `highOfF64`. */
export function lowOfF64(x: number): number {
  putF64(scratchWords, 0, x);
  return scratchWords[0];
}

export function highOfF64(x: number): number {
  putF64(scratchWords, 0, x);
  return scratchWords[1];
}

const scratchWords = new Int32Array(2);

/** Loads a coded f32 from memory. */
export function loadF32(dv: DataView, at: number): number {
  const x = dv.getFloat32(at, true);
  return !Number.isNaN(x) ? x : codedF32(dv.getInt32(at, true));
}

export function loadF64(dv: DataView, at: number): number {
  const x = dv.getFloat64(at, true);
  return !Number.isNaN(x) ? x : f64FromWords(dv.getInt32(at, true), dv.getInt32(at + 4, true));
}

/** Stores a coded f32. */
export function storeF32(dv: DataView, at: number, x: number): void {
  if (!Number.isNaN(x)) dv.setFloat32(at, x, true);
  else dv.setInt32(at, bitsOfNan32(x), true);
}

export function storeF64(dv: DataView, at: number, x: number): void {
  if (!Number.isNaN(x)) dv.setFloat64(at, x, true);
  else {
    putF64(scratchWords, 0, x);
    dv.setInt32(at + 4, scratchWords[1], true);
    dv.setInt32(at, scratchWords[0], true);
  }
}

/** A result of arithmetic as a coded value: its NaN keeps the sign, so that `neg` of it differs from it. */
export const uncoded = (x: number): number => (!Number.isNaN(x) ? x : cleanNan(x));

function cleanNan(x: number): number {
  F64[0] = x;
  if (W64[HIGH] === RANGE) W64[HIGH] = 0x7ff80000;
  W64[LOW] &= ~1;
  return F64[0];
}

/*
 * Sign operations on bits: V8 computes `-x` by a multiplication, which keeps the sign of a NaN. The plain ones are for
 * all but coded f64 values.
 */
export const neg = (x: number): number => (!Number.isNaN(x) ? -x : withSign(x, 0x80000000, 0x80000000));
export const abs = (x: number): number => (!Number.isNaN(x) ? Math.abs(x) : withSign(x, 0x80000000, 0));
export const negF64 = (x: number): number =>
  !Number.isNaN(x) ? -x : f64FromWords(lowOfF64(x), highOfF64(x) ^ 0x80000000);
export const absF64 = (x: number): number =>
  !Number.isNaN(x) ? Math.abs(x) : f64FromWords(lowOfF64(x), highOfF64(x) & 0x7fffffff);

/** The NaN `x` with its sign flipped (`flip`), or cleared. */
function withSign(x: number, sign: number, flip: number): number {
  F64[0] = x;
  W64[HIGH] = flip === 0 ? W64[HIGH] & ~sign : W64[HIGH] ^ sign;
  return F64[0];
}

export const copysignF32 = (x: number, y: number): number =>
  f32FromBits((bitsOfF32(x) & 0x7fffffff) | (bitsOfF32(y) & 0x80000000));
export const copysignF64 = (x: number, y: number): number =>
  f64FromWords(lowOfF64(x), (highOfF64(x) & 0x7fffffff) | (highOfF64(y) & 0x80000000));
