/** What calls take and give, packed as `ordinary-rows.ts` says. */
import type { Module } from "../module.ts";
import { BITS, maskOf, NOT_ORDINARY, packed } from "./ordinary-rows.ts";

/** Of each type: bits that count, what they must be, what comes, bits that go and, from bit 8 on, that come. */
const WORDS = 4;

export class Calls {
  /** Type index of each function. */
  readonly types: Uint32Array;
  /** `WORDS` for each type, and for none. */
  readonly words: Int32Array;

  constructor({ types, funcTypes }: Module) {
    this.types = funcTypes;
    this.words = new Int32Array((types.length + 1) * WORDS);
    for (let i = 0; i <= types.length; i++) {
      const comp = types[i]?.comp;
      const want = comp?.kind === "func" ? packed(comp.params) : undefined;
      const give = comp?.kind === "func" ? packed(comp.results) : undefined;
      if (comp?.kind !== "func" || want === undefined || give === undefined) {
        this.words[i * WORDS + 1] = NOT_ORDINARY;
        continue;
      }
      const [from, to] = [comp.params.length, comp.results.length];
      this.words.set([maskOf(from, to), want, give, (from * BITS) | ((to * BITS) << 8)], i * WORDS);
    }
  }

  /** Place in `words` of the type of function `idx`; without such a function, one that no operands match. */
  placeOf(idx: number): number {
    return idx < this.types.length ? this.types[idx]! * WORDS : this.words.length - WORDS;
  }
}
