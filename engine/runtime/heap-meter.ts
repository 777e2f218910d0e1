/**
 * Limits what guests allocate on the JavaScript heap. A host whose heap overflows is aborted, not told; so the heap in
 * use is looked at again and again as guests allocate. What is garbage only the host knows: it gives the gauge.
 */
import { WasmError } from "../errors.ts";

/** Tells how full the host's heap is, such as `v8.getHeapStatistics()` does in Node. */
export interface HeapGauge {
  /** Bytes in use now. Asked once for some megabytes that guests allocate. */
  used(): number;
  /** Guests that allocate when more bytes are in use are exhausted. Leave room: garbage counts until it is collected. */
  readonly limit: number;
}

/** Bytes: what one array of a guest may have unless its instance's options say otherwise. */
export const DEFAULT_MAX_ARRAY: number = 256 * 2 ** 20;
/** Bytes allocated between two looks at the gauge. */
const MIN_STEP = 2 ** 20;
const MAX_STEP = 2 ** 26;

export class HeapMeter {
  /** Most bytes of one array. */
  readonly maxArrayBytes: number;
  private readonly gauge: HeapGauge | undefined;
  /** Bytes that may be allocated before the next look. */
  private left = 0;

  constructor(maxArrayBytes: number = DEFAULT_MAX_ARRAY, gauge?: HeapGauge) {
    this.maxArrayBytes = maxArrayBytes;
    this.gauge = gauge;
  }

  /** Accounts for an object of `bytes`, about to be made. @throws WasmError exhausted */
  spend(bytes: number): void {
    this.left -= bytes;
    if (this.left < 0) this.look(bytes);
  }

  private look(bytes: number): void {
    if (this.gauge === undefined) {
      this.left = MAX_STEP;
      return;
    }
    const room = this.gauge.limit - this.gauge.used();
    if (room < bytes) throw heapError(`the heap has no room for ${bytes} bytes more`);
    this.left = Math.max(MIN_STEP, Math.min(MAX_STEP, room / 4));
  }
}

/** Makes the error for an object that has no room; the caller throws it. */
export const heapError = (message: string): WasmError =>
  new WasmError("exhausted", "WT5002", message, { hint: "raise the limits of the heap (maxArrayBytes, heapGauge)" });
