/** Where functions with several results leave them: slots of two words, and references beside them. */
import { moduleLimits } from "../limits.ts";
import type { Val } from "../runtime/value.ts";
import type { ValueSlots } from "../tier.ts";

const count = moduleLimits.results.value;
const buffer = new ArrayBuffer(8 * 2 * count);

export const results: ValueSlots = {
  I: new Int32Array(buffer),
  F32: new Float32Array(buffer),
  F64: new Float64Array(buffer),
  B: new BigInt64Array(buffer),
  refs: new Array<Val>(2 * count).fill(null),
};
