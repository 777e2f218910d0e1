/**
 * Wide arithmetic on 32-bit words: the meaning of `i64.add128`, `i64.sub128`, `i64.mul_wide_s`, `i64.mul_wide_u`.
 *
 * A number is two or four words of `I`, least significant first, from the word index given; results are written last,
 * so they may overlap the operands. No BigInt: these are the inner loops of bignum code.
 * Spec: proposal wide-arithmetic.
 */

/** `I[to ..]`, 128 bits, becomes the sum of the halves at `xl`, `xh` and those at `yl`, `yh`. */
export function i64_add128(I: Int32Array, to: number, xl: number, xh: number, yl: number, yh: number): void {
  const a = (I[xl]! >>> 0) + (I[yl]! >>> 0);
  const b = (I[xl + 1]! >>> 0) + (I[yl + 1]! >>> 0) + (a > 0xffffffff ? 1 : 0);
  const c = (I[xh]! >>> 0) + (I[yh]! >>> 0) + (b > 0xffffffff ? 1 : 0);
  const d = I[xh + 1]! + I[yh + 1]! + (c > 0xffffffff ? 1 : 0);
  write(I, to, a, b, c, d);
}

/** `I[to ..]`, 128 bits, becomes the difference of the halves at `xl`, `xh` and those at `yl`, `yh`. */
export function i64_sub128(I: Int32Array, to: number, xl: number, xh: number, yl: number, yh: number): void {
  const a = (I[xl]! >>> 0) - (I[yl]! >>> 0);
  const b = (I[xl + 1]! >>> 0) - (I[yl + 1]! >>> 0) - (a < 0 ? 1 : 0);
  const c = (I[xh]! >>> 0) - (I[yh]! >>> 0) - (b < 0 ? 1 : 0);
  const d = I[xh + 1]! - I[yh + 1]! - (c < 0 ? 1 : 0);
  write(I, to, a, b, c, d);
}

/** `I[to ..]`, 128 bits, becomes the product of the 64-bit numbers at `x` and `y`. */
export function i64_mul_wide_u(I: Int32Array, to: number, x: number, y: number): void {
  multiply(I, to, I[x]!, I[x + 1]!, I[y]!, I[y + 1]!, false);
}

/** As `i64_mul_wide_u`, of signed numbers. */
export function i64_mul_wide_s(I: Int32Array, to: number, x: number, y: number): void {
  multiply(I, to, I[x]!, I[x + 1]!, I[y]!, I[y + 1]!, true);
}

/** A negative factor counts 2^64 too much as an unsigned one: the other factor is taken off the upper half. */
function multiply(I: Int32Array, to: number, xl: number, xh: number, yl: number, yh: number, isSigned: boolean): void {
  const ll = Math.imul(xl, yl);
  const lh = Math.imul(xl, yh);
  const hl = Math.imul(xh, yl);
  const hh = Math.imul(xh, yh);
  const b = highWord(xl, yl, ll) + (lh >>> 0) + (hl >>> 0);
  let c = Math.floor(b / 2 ** 32) + highWord(xl, yh, lh) + highWord(xh, yl, hl) + (hh >>> 0);
  let d = highWord(xh, yh, hh);
  if (isSigned && xh < 0) {
    c -= yl >>> 0;
    d -= yh >>> 0;
  }
  if (isSigned && yh < 0) {
    c -= xl >>> 0;
    d -= xh >>> 0;
  }
  write(I, to, ll, b, c, d + Math.floor(c / 2 ** 32));
}

/** Upper word of the unsigned product of `x` and `y`, whose lower word is `low`. Exact: the rounding is below 2^-20. */
const highWord = (x: number, y: number, low: number): number =>
  (((x >>> 0) * (y >>> 0) - (low >>> 0)) * 2.3283064365386963e-10 + 0.5) >>> 0;

/** Each word modulo 2^32. */
function write(I: Int32Array, to: number, a: number, b: number, c: number, d: number): void {
  I[to] = a;
  I[to + 1] = b;
  I[to + 2] = c;
  I[to + 3] = d;
}
