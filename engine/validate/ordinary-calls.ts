/** What calls take and give, packed as `ordinary-rows.ts` says: by type index. */
import type { Module } from "../module.ts";
import { BITS, maskOf, packed } from "./ordinary-rows.ts";

export class Calls {
  /** Type index of each function. */
  readonly types: Uint32Array;
  readonly masks: Int32Array;
  readonly wants: Int32Array;
  readonly gives: Int32Array;
  readonly pops: Uint8Array;
  readonly pushes: Uint8Array;
  /** Place in the tables that no operands match. */
  readonly #none: number;

  constructor({ types, funcTypes }: Module) {
    const n = types.length;
    this.types = funcTypes;
    this.masks = new Int32Array(n + 1);
    // Of the operands' bits, none is negative.
    this.wants = new Int32Array(n + 1).fill(-1);
    this.gives = new Int32Array(n + 1);
    this.pops = new Uint8Array(n + 1);
    this.pushes = new Uint8Array(n + 1);
    this.#none = n;
    for (let i = 0; i < n; i++) {
      const { comp } = types[i]!;
      if (comp.kind !== "func") continue;
      const { params, results } = comp;
      const want = packed(params);
      const give = packed(results);
      if (want === undefined || give === undefined) continue;
      this.masks[i] = maskOf(params.length, results.length);
      this.wants[i] = want;
      this.gives[i] = give;
      this.pops[i] = params.length * BITS;
      this.pushes[i] = results.length * BITS;
    }
  }

  /** Type index of function `idx`; without such a function, a place that no operands match. */
  typeOf(idx: number): number {
    return idx < this.types.length ? this.types[idx]! : this.#none;
  }
}
