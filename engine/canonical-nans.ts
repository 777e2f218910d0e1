/**
 * Which instructions may make a NaN whose bits the specification leaves open. A processor, a compiler and an optimiser
 * each choose some; a deterministic guest gets the canonical one. What only moves a NaN (loads, abs, neg, copysign,
 * pmin, pmax, reinterpretations) keeps its bits and is not here. Spec: exec/numerics (NaN propagation).
 */
import type { Mnemonic } from "./instrs.ts";

const operators = "add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|promote_\\w+|demote_\\w+|relaxed_\\w+";
const pattern = new RegExp(`^(f32|f64|f32x4|f64x2)\\.(${operators})$`);

export type FloatShape = "f32" | "f64" | "f32x4" | "f64x2";

/** How the result of `m` is to be looked at; undefined when it makes no NaN. */
export function nanShape(m: Mnemonic): FloatShape | undefined {
  if (m.includes("_i32x4") || m.includes("laneselect")) return undefined;
  return pattern.exec(m)?.[1] as FloatShape | undefined;
}

/** Makes NaNs among the floats at word `at` of `I` canonical. */
export function canonicalise(I: Int32Array, at: number, shape: FloatShape): void {
  if (shape === "f32") canonical32(I, at);
  else if (shape === "f64") canonical64(I, at);
  else if (shape === "f32x4") for (let k = 0; k < 4; k++) canonical32(I, at + k);
  else for (let k = 0; k < 4; k += 2) canonical64(I, at + k);
}

function canonical32(I: Int32Array, at: number): void {
  if (((I[at] as number) & 0x7fffffff) > 0x7f800000) I[at] = 0x7fc00000;
}

function canonical64(I: Int32Array, at: number): void {
  const high = (I[at + 1] as number) & 0x7fffffff;
  if (high < 0x7ff00000 || (high === 0x7ff00000 && I[at] === 0)) return;
  I[at] = 0;
  I[at + 1] = 0x7ff80000;
}
