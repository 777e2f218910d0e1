/**
 * The data segments of a module: numbers in one array, and objects only for those that are asked for. Some modules have
 * 100,000, most of which are only copied once. Bench: decode (esbuild's module: 94,499 segments).
 */
import type { Data } from "./module.ts";

/** Of each segment: `offset`, memory, start and end of the constant expression, start and end of the bytes. */
export const DATA_WORDS = 6;

export class DataList {
  readonly length: number;
  /**
   * Those that are anything but active in memory 0 at an `i32.const` of at most four bytes: with such a memory, of the others
   * there is nothing to validate.
   */
  readonly unusual: readonly number[];
  /** `DATA_WORDS` for each; a passive segment has an expression without bytes. */
  readonly words: Uint32Array;

  constructor(words: Uint32Array, unusual: readonly number[]) {
    this.words = words;
    this.length = words.length / DATA_WORDS;
    this.unusual = unusual;
  }

  /** Segment `i`. Precondition: there is one. */
  get(i: number): Data {
    const { words } = this;
    const at = i * DATA_WORDS;
    const start = words[at + 2];
    const end = words[at + 3];
    return {
      offset: words[at],
      mode: start === end ? { kind: "passive" } : { kind: "active", idx: words[at + 1], at: { start, end } },
      init: { start: words[at + 4], end: words[at + 5] },
    };
  }

  *[Symbol.iterator](): Generator<Data> {
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }
}
