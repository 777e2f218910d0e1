/** The receipt of a run: that of its host calls, and what the run came to. */
import { hex, type Instance, sha256, stateDigest } from "../engine/index.ts";
import type { Receipt } from "../wasi/index.ts";

export interface RunReceipt {
  /** 64 hexadecimal digits: over everything below and every host call. */
  readonly receipt: string;
  /** Host calls. */
  readonly calls: number;
  /** SHA-256 of the module. */
  readonly module: string;
  /** SHA-256 of memories, globals and tables at the end. */
  readonly state: string;
}

/** @param end  how the run ended, in words */
export function receiptOf(receipt: Receipt, bytes: Uint8Array, instance: Instance, end: string): RunReceipt {
  const [module, state] = [sha256(bytes), stateDigest(instance.inst)];
  return {
    receipt: receipt.digest([module, state, new TextEncoder().encode(end)]),
    calls: receipt.calls,
    module: hex(module),
    state: hex(state),
  };
}

/** One line of JSON, the same for the same run. */
export const printReceipt = (receipt: RunReceipt): string => JSON.stringify({ version: 1, ...receipt });
