/** What generated code calls for atomic accesses: methods of `Atomics`, and i64 between two words and a bigint. */
import { checkAtomic, fence, notify } from "../runtime/atomics.ts";
import type { MemInst } from "../runtime/memory.ts";
import { high } from "./wide.ts";

/** The index of the element of 2^`log2` bytes at `ea` among `m.elements(log2)` from now on. @throws WasmError trap */
function elementAt(m: MemInst, ea: number, log2: number): number {
  const bytes = 1 << log2;
  if ((ea & (bytes - 1)) !== 0 || ea + bytes > m.dv.byteLength) checkAtomic(m, ea, bytes);
  return ea / bytes;
}

const B = new BigInt64Array(1);
const W = new Int32Array(B.buffer);

function bigOf(low: number, high: number): bigint {
  W[0] = low;
  W[1] = high;
  return B[0];
}

/** The low word; the high one is left in `high`, as by functions. */
function wordsOfBig(v: bigint): number {
  B[0] = v;
  high[0] = W[1];
  return W[0];
}

export const atomicHelpers: Readonly<Record<string, unknown>> = {
  atomic_load: Atomics.load,
  atomic_store: Atomics.store,
  atomic_add: Atomics.add,
  atomic_sub: Atomics.sub,
  atomic_and: Atomics.and,
  atomic_or: Atomics.or,
  atomic_xor: Atomics.xor,
  atomic_exchange: Atomics.exchange,
  atomic_compareExchange: Atomics.compareExchange,
  bigOf,
  elementAt,
  fence,
  notify,
  wordsOfBig,
};
