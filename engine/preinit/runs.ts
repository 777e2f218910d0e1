/**
 * Finds what in memories is not zero, as ranges, so few that each can be a data segment.
 *
 * Zeros between two ranges are worth a segment of their own header only if there are enough of them; and when there are
 * more ranges than segments are allowed, those with the fewest zeros between them become one. The list of ranges never
 * gets longer than twice what is allowed, whatever a memory holds.
 */
import type { MemInst } from "../runtime/memory.ts";

export interface Run {
  /** Memory index. */
  readonly mem: number;
  /** Bytes `[start, end)`. */
  readonly start: number;
  readonly end: number;
}

/** Zeros that take about as much as the header of a segment: kind, offset, size. */
const MIN_GAP = 12;

export class RunList {
  readonly #most: number;
  #runs: { mem: number; start: number; end: number }[] = [];
  /** Fewer zeros than this make no new range. */
  #minGap = MIN_GAP;

  /** @param most  ranges in the end; at least as many as memories will be added */
  constructor(most: number) {
    this.#most = most;
  }

  /** Adds the ranges of one more memory. @cost O(bytes) */
  addMemory(mem: number, { bytes }: MemInst): void {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));
    for (let at = nonZero(words, 0); at < words.length; at = nonZero(words, at)) {
      const start = at;
      while (at < words.length && words[at] !== 0) at++;
      this.#add(mem, bytes, start * 4, at * 4);
    }
    for (let at = words.length * 4; at < bytes.length; at++) if (bytes[at] !== 0) this.#add(mem, bytes, at, at + 1);
  }

  /** Adds a range that begins and ends within three bytes of something that is not zero. */
  #add(mem: number, bytes: Uint8Array, start: number, end: number): void {
    while (bytes[start] === 0) start++;
    while (bytes[end - 1] === 0) end--;
    const last = this.#runs.at(-1);
    if (last !== undefined && last.mem === mem && start - last.end < this.#minGap) {
      last.end = end;
      return;
    }
    this.#runs.push({ mem, start, end });
    if (this.#runs.length > 2 * this.#most) this.#minGap = this.#thin() + 1;
  }

  /** Joins ranges until no more than `#most` are left; the widest gap that was closed. */
  #thin(): number {
    const runs = this.#runs;
    const gaps = runs.map((run, i) => (i > 0 && runs[i - 1].mem === run.mem ? run.start - runs[i - 1].end : Infinity));
    const surplus = runs.length - this.#most;
    const sorted = Float64Array.from(gaps).sort();
    const widest = sorted[surplus - 1];
    let ties = surplus - sorted.indexOf(widest);
    this.#runs = [];
    for (const [i, run] of runs.entries()) {
      const isClosed = gaps[i] < widest || (gaps[i] === widest && ties-- > 0);
      if (isClosed) this.#runs[this.#runs.length - 1].end = run.end;
      else this.#runs.push(run);
    }
    return widest;
  }

  /** All ranges, in order. */
  take(): readonly Run[] {
    if (this.#runs.length > this.#most) this.#thin();
    return this.#runs;
  }
}

/** Index of the first word from `at` on that is not zero, or the number of words. Memories are mostly zeros. */
function nonZero(words: Int32Array, at: number): number {
  const end = words.length;
  while (at + 8 <= end) {
    const low = words[at] | words[at + 1] | words[at + 2] | words[at + 3];
    const high = words[at + 4] | words[at + 5] | words[at + 6] | words[at + 7];
    if ((low | high) !== 0) break;
    at += 8;
  }
  while (at < end && words[at] === 0) at++;
  return at;
}
