/**
 * Exception instances: what `throw` makes and an `exnref` refers to. Spec: exec/runtime (exception instances).
 *
 * The values are kept as the words of frame slots, so that they stay bit by bit what they were.
 */
import type { TagInst } from "./func.ts";
import type { Val } from "./value.ts";

export class ExnInst {
  readonly kind = "exn";
  readonly tag: TagInst;
  /** The slots of the values, one after the other; those of references are unused. */
  readonly words: Int32Array;
  /** By word index / 2; empty when no value is a reference. */
  readonly refs: readonly Val[];

  constructor(tag: TagInst, words: Int32Array, refs: readonly Val[]) {
    this.tag = tag;
    this.words = words;
    this.refs = refs;
  }
}
