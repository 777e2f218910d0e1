/** Values at the boundary between guests and JavaScript. Spec: exec/runtime (values). */

/**
 * i32: signed number. i64: signed BigInt. f32, f64: number. References: null, a `FuncInst` for functions, any other
 * JavaScript value for externref.
 */
export type Val = number | bigint | null | string | boolean | symbol | object | undefined;
