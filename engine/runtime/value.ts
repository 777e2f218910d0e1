/** Values at the boundary between guests and JavaScript. Spec: exec/runtime (values). */

/**
 * i32: signed number. i64: signed BigInt. f32, f64: number. v128: BigInt of its 128 bits without sign, lane 0 lowest.
 * References: null, a `FuncInst` for functions, any other JavaScript value for externref.
 */
export type Val = number | bigint | null | string | boolean | symbol | object | undefined;

/** The vector in the 64-bit slots `at` and `at + 1` of `slots`. */
export const readV128 = (slots: BigInt64Array, at: number): bigint =>
  (BigInt.asUintN(64, slots[at + 1]) << 64n) | BigInt.asUintN(64, slots[at]);

/** Writes `v`, modulo 2^128, as `readV128` reads it. */
export function writeV128(slots: BigInt64Array, at: number, v: bigint): void {
  slots[at] = v;
  slots[at + 1] = v >> 64n;
}
