/**
 * Number literals of the text format as exact bit patterns: integers, decimal and hexadecimal floats, NaN payloads.
 *
 * Spec: text/values.
 */

/** Shape of a binary floating-point format. `min` is the exponent of its smallest subnormal. */
interface FloatFormat {
  readonly bits: number;
  readonly precision: number;
  readonly min: number;
  readonly max: number;
}
const f32: FloatFormat = { bits: 32, precision: 24, min: -149, max: 127 };
const f64: FloatFormat = { bits: 64, precision: 53, min: -1074, max: 1023 };

const scratch = new DataView(new ArrayBuffer(8));

/** Bits of an integer literal of `bits` bits, as an unsigned value. */
export function parseInteger(text: string, bits: number): bigint {
  const clean = text.replaceAll("_", "");
  const isNegative = clean.startsWith("-");
  const value = BigInt(/^[+-]/.test(clean) ? clean.slice(1) : clean);
  return BigInt.asUintN(bits, isNegative ? -value : value);
}

/** Bits of a number as f32; NaN gives the canonical one. */
export function bitsOfF32(value: number): number {
  scratch.setFloat32(0, value);
  return Number.isNaN(value) ? 0x7fc00000 : scratch.getUint32(0);
}

/** Bits of a number as f64; NaN gives the canonical one. */
export function bitsOfF64(value: number): bigint {
  scratch.setFloat64(0, value);
  return Number.isNaN(value) ? 0x7ff8000000000000n : scratch.getBigUint64(0);
}

export function f32OfBits(bits: number): number {
  scratch.setUint32(0, bits);
  return scratch.getFloat32(0);
}

export function f64OfBits(bits: bigint): number {
  scratch.setBigUint64(0, bits);
  return scratch.getFloat64(0);
}

/** Bits of an f32 literal. */
export const parseF32 = (text: string): number => Number(parseFloatBits(text, f32));
/** Bits of an f64 literal. */
export const parseF64 = (text: string): bigint => parseFloatBits(text, f64);

function parseFloatBits(text: string, format: FloatFormat): bigint {
  const isNegative = text.startsWith("-");
  const body = (/^[+-]/.test(text) ? text.slice(1) : text).replaceAll("_", "");
  const sign = isNegative ? 1n << BigInt(format.bits - 1) : 0n;
  return sign | magnitudeBits(body, format);
}

function magnitudeBits(body: string, format: FloatFormat): bigint {
  const fraction = BigInt(format.precision - 1);
  const infinity = ((1n << BigInt(format.bits - format.precision)) - 1n) << fraction;
  if (body === "inf") return infinity;
  if (body === "nan") return infinity | (1n << (fraction - 1n));
  if (body.startsWith("nan:")) return infinity | BigInt(body.slice(4));
  if (body.startsWith("0x")) return hexBits(body.slice(2), format, infinity);
  const value = Number(body);
  if (format === f64) return bitsOfF64(value);
  if (Math.fround(value) === value) return BigInt(bitsOfF32(value));
  return decimalBits(body, format, infinity);
}

/** `digits[.digits][p exponent]`, hexadecimal digits, binary exponent. */
function hexBits(body: string, format: FloatFormat, infinity: bigint): bigint {
  const [mantissa = "", exponent = "0"] = body.split(/p/i);
  const [whole = "", part = ""] = mantissa.split(".");
  return round(BigInt(`0x${whole}${part}`), 1n, Number(exponent) - 4 * part.length, format, infinity);
}

/** Not through a double: rounding twice is off by one at midpoints. */
function decimalBits(body: string, format: FloatFormat, infinity: bigint): bigint {
  const [mantissa = "", exponent = "0"] = body.split(/e/i);
  const [whole = "", part = ""] = mantissa.split(".");
  const power = Number(exponent) - part.length;
  const digits = BigInt(whole + part);
  return power >= 0
    ? round(digits * 10n ** BigInt(power), 1n, 0, format, infinity)
    : round(digits, 10n ** BigInt(-power), 0, format, infinity);
}

/** The bits of `n / d * 2**exponent`, rounded to nearest, ties to even. */
function round(n: bigint, d: bigint, exponent: number, format: FloatFormat, infinity: bigint): bigint {
  if (n === 0n) return 0n;
  // `top`: exponent of the leading bit, maybe one too high; `unit`: exponent of the last place kept.
  let top = bitLength(n) - bitLength(d) + exponent;
  if (compareToPower(n, d, top - exponent) < 0) top--;
  const unit = Math.max(top - format.precision + 1, format.min);
  const shift = exponent - unit;
  const num = shift >= 0 ? n << BigInt(shift) : n;
  const den = shift >= 0 ? d : d << BigInt(-shift);
  let kept = num / den;
  const twice = 2n * (num % den);
  if (twice > den || (twice === den && (kept & 1n) === 1n)) kept++;
  // A carry out of the fraction raises the exponent field by itself.
  const biased = BigInt(unit - format.min) << BigInt(format.precision - 1);
  const bits = biased + kept;
  return top > format.max || bits > infinity ? infinity : bits;
}

const bitLength = (n: bigint): number => n.toString(2).length;

/** Sign of `n / d - 2**power`. */
function compareToPower(n: bigint, d: bigint, power: number): number {
  const left = power >= 0 ? n : n << BigInt(-power);
  const right = power >= 0 ? d << BigInt(power) : d;
  return left < right ? -1 : left > right ? 1 : 0;
}
