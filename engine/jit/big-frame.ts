/**
 * Where the i64 variables of a function are when i64 are BigInt: in one typed array for all functions, of which V8 loads
 * and stores 64 bits as they are. A BigInt in a variable of JavaScript that outlives a block would be an object each time.
 *
 * A function's part of the array is where its part of the JavaScript stack is counted: `n` bytes are left below it, and
 * nobody else has those above. So it needs no pointer of its own, and nothing to put back when something is thrown.
 */
import { ROOM } from "../tier.ts";
import { I64 } from "../types.ts";
import type { Environment } from "./environment.ts";
import { Operand, Part } from "./operand.ts";

/** The variables, and the same as words. */
export const bigs = new BigInt64Array((ROOM >> 3) + 8);
export const bigWords = new Int32Array(bigs.buffer);

/** First variable and first word of the function's own. */
const BASE = "bp";
const WORD_BASE = "wp";

export class BigFrame {
  private readonly env: Environment;
  /** Variable `k` (a local, or an operand's depth behind those) is at `slots.get(k)` of the function's part. */
  private readonly slots = new Map<number, number>();

  constructor(env: Environment) {
    this.env = env;
  }

  /**
   * What BigInts save and what they cost: operations on them, and i64 that come and go between functions, which are
   * words there. Counted as often as in a loop.
   */
  saved = 0;
  lost = 0;

  /** How many variables there are. */
  get size(): number {
    return this.slots.size;
  }

  has(k: number): boolean {
    return this.slots.has(k);
  }

  private slotOf(k: number): number {
    const slot = this.slots.get(k) ?? this.slots.size;
    this.slots.set(k, slot);
    return slot;
  }

  big(k: number): string {
    return `${this.env.bigs()}[${BASE}+${this.slotOf(k)}]`;
  }

  word(k: number, word: 0 | 1): string {
    return `${this.env.bigWords()}[${WORD_BASE}+${2 * this.slotOf(k) + word}]`;
  }

  /** Variable `k` as an operand; `slot` as there. */
  variable(k: number, slot = -1): Operand {
    const low = new Part(this.word(k, 0), true, [2 * k]);
    const high = new Part(this.word(k, 1), true, [2 * k + 1]);
    return new Operand(I64, low, high, 0, undefined, -1, false, slot, new Part(this.big(k), true, [2 * k]));
  }

  /** Declares where they are; `n` is as the body has it. */
  declarations(): readonly string[] {
    return this.size === 0 ? [] : [`${BASE}=(n>>3)+1`, `${WORD_BASE}=${BASE}*2`];
  }
}

/** The BigInt of two words, of which the low one is evaluated first. */
export const bigText = (low: string, high: string): string =>
  `BigInt.asIntN(64,BigInt((${low})>>>0)|BigInt.asIntN(64,BigInt((${high})|0)<<32n))`;

/** `o` as a BigInt expression. */
export function bigOf(o: Operand): Part {
  if (o.big !== undefined) return o.big;
  const high = o.hi as Part;
  return new Part(bigText(o.lo.text, high.text), false, [...o.lo.vars, ...high.vars]);
}

/* For words of an expression that is in no variable */

const B = new BigInt64Array(1);
const W = new Int32Array(B.buffer);

export function lowOfBig(v: bigint): number {
  B[0] = v;
  return W[0];
}

export function highOfBig(v: bigint): number {
  B[0] = v;
  return W[1];
}
