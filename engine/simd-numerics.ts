/**
 * Vector operators that are not one expression for each lane, one function each, named by mnemonic, and the saturations
 * that lane expressions use. Spec: exec/numerics.
 *
 * Vectors are word indices into the views of one buffer; the result may be an operand.
 */

/** Views of one buffer, as a frame stack has them. */
export interface LaneViews {
  readonly I: Int32Array;
  readonly I8: Int8Array;
  readonly U8: Uint8Array;
}

/* Saturation to N bits */

export const sat_s8 = (x: number): number => Math.max(-128, Math.min(127, x));
export const sat_u8 = (x: number): number => Math.max(0, Math.min(255, x));
export const sat_s16 = (x: number): number => Math.max(-32768, Math.min(32767, x));
export const sat_u16 = (x: number): number => Math.max(0, Math.min(65535, x));

/* Lanes in another order */

const scratch = new ArrayBuffer(16);
/** A vector under construction, as bytes and as words. */
export const T8 = new Uint8Array(scratch);
export const T16 = new Uint16Array(scratch);
const T32 = new Int32Array(scratch);

/** Writes the vector under construction to `d`. */
export function putScratch(I: Int32Array, d: number): void {
  I[d] = T32[0]!;
  I[d + 1] = T32[1]!;
  I[d + 2] = T32[2]!;
  I[d + 3] = T32[3]!;
}

/** Lane `b[i]` of `a`, 0 where there is none. */
export function i8x16_swizzle({ I, U8 }: LaneViews, d: number, a: number, b: number): void {
  const A = a << 2;
  const B = b << 2;
  for (let i = 0; i < 16; i++) {
    const lane = U8[B + i]!;
    T8[i] = lane < 16 ? U8[A + lane]! : 0;
  }
  putScratch(I, d);
}

/** The lanes of `a`, then those of `b`, chosen by the bytes of the four words at `at` in `lanes`. */
export function i8x16_shuffle(
  { I, U8 }: LaneViews,
  d: number,
  a: number,
  b: number,
  lanes: Int32Array,
  at: number,
): void {
  const A = a << 2;
  const B = (b << 2) - 16;
  for (let i = 0; i < 16; i++) {
    const lane = (lanes[at + (i >> 2)]! >> ((i & 3) << 3)) & 31;
    T8[i] = U8[(lane < 16 ? A : B) + lane]!;
  }
  putScratch(I, d);
}

/** To each word of `c` four products of bytes: two and two are summed and saturated to 16 bits, then all is added. */
export function i32x4_relaxed_dot_add({ I, I8 }: LaneViews, d: number, a: number, b: number, c: number): void {
  for (let i = 0; i < 4; i++) {
    const A = (a + i) << 2;
    const B = (b + i) << 2;
    const even = sat_s16(I8[A]! * I8[B]! + I8[A + 1]! * I8[B + 1]!);
    const odd = sat_s16(I8[A + 2]! * I8[B + 2]! + I8[A + 3]! * I8[B + 3]!);
    I[d + i] = even + odd + I[c + i]!;
  }
}
