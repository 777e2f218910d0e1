/**
 * Writes flat code of one function: operations, branch targets to be known later, and comparisons kept in hand so that
 * a branch or a negation that follows can absorb them. Knows nothing of WebAssembly's stack (that is `operands.ts`).
 *
 * Fuel is counted where control goes elsewhere. `pending` is what was executed since the last count: a branch takes it
 * along as its cost, a call and a return count it, and at a join it is what the code that falls in has pending; the
 * branches to there count the difference, which may be negative. Nothing is pending at a safepoint.
 */
import { instrDef, type Mnemonic } from "../instrs.ts";
import { isRef, V128, type ValType } from "../types.ts";
import { isWord, type Mover } from "./operands.ts";
import { hasOp, op } from "./ops.ts";

const CHARGE = op("charge");
const COPY32 = op("copy32");
const COPY32_2 = op("copy32_2");
const COPY64 = op("copy64");
const COPY128 = op("copy128");
const COPY_REF = op("copy_ref");
const CONST32 = op("const32");
const CONST64 = op("const64");
const CONST128 = op("const128");
const ADD_IMM = op("i32.add:i");
const ADD_BR_NZ = op("add_br_nz");
const ADD_BR_NE = op("add_br_ne");
const BR = op("br");
const BR_NZ = op("br_nz");
const BR_Z = op("br_z");

export interface Constant {
  /** Two, or four of a vector. */
  readonly words: readonly number[];
  /** Deepest nesting of loops, and how often. */
  readonly depth: number;
  readonly uses: number;
}

export const constantKey = (words: readonly number[]): string => words.join();

/** A comparison of i32, i64 or float operands; `y` is a frame offset, or a word when `isImm`. */
export interface Compare {
  readonly m: Mnemonic;
  readonly x: number;
  readonly y: number;
  readonly isImm: boolean;
}

/** Equal comparisons with an immediate one up or down: `x <= c` is `x < c + 1`; with the greatest c it always holds. */
const nudges: Readonly<Record<string, readonly [m: Mnemonic, by: number, edge: number]>> = {
  "i32.le_s": ["i32.lt_s", 1, 0x7fffffff],
  "i32.ge_s": ["i32.gt_s", -1, -0x80000000],
  "i32.le_u": ["i32.lt_u", 1, -1],
  "i32.ge_u": ["i32.gt_u", -1, 0],
};

export class Emitter implements Mover {
  readonly words: number[] = [];
  /** Absolute index of the first word. */
  readonly start: number;
  private lastStart = -1;
  private lastEnd = -1;
  /** After a single copy of a word, which another may join. */
  private copyEnd = -1;
  /** The operation before the last one, which `undo` brings back into hand. */
  private beforeStart = -1;
  private beforeEnd = -1;
  private lastCompare: Compare | undefined;
  /** Loops open at this point. */
  loopDepth = 0;
  /** Fuel of the instructions since the last operation that counted. */
  pending = 0;
  /** Absolute index of the first word of what the instruction at hand became, with what it took back. */
  first: number;
  /** Constants that had to be brought into slots inside loops, with the deepest nesting, by `key`. */
  readonly wanted = new Map<string, Constant>();
  /** Vector constants; `Operands` names them by index. */
  readonly vectors: (readonly number[])[] = [];
  private readonly pool: ReadonlyMap<string, number>;

  /** @param pool frame offsets of constants kept for the whole function, by `constantKey` */
  constructor(start: number, pool: ReadonlyMap<string, number>) {
    this.start = start;
    this.first = start;
    this.pool = pool;
  }

  /** Absolute index of the next word. */
  get pc(): number {
    return this.start + this.words.length;
  }

  emit(...words: number[]): void {
    for (const w of words) this.words.push(w);
  }

  /** Emits an operation whose word 1 is its result; the next instruction may redirect it. */
  result(...words: number[]): void {
    this.beforeStart = this.lastStart;
    this.beforeEnd = this.lastEnd;
    this.lastStart = this.words.length;
    this.lastCompare = undefined;
    this.emit(...words);
    this.lastEnd = this.words.length;
  }

  /** What is pending, which the operation being emitted counts. */
  takePending(): number {
    const cost = this.pending;
    this.pending = 0;
    return cost;
  }

  /** Counts what is pending: a loop starts here. */
  charge(): void {
    if (this.pending > 0) this.emit(CHARGE, this.takePending());
  }

  /** Emits an unconditional branch; the index of its target word, which its cost follows. */
  jump(to: number): number {
    this.emit(BR, to, this.pending);
    return this.words.length - 2;
  }

  /**
   * The branches at `fixups` (indices of target words) and, if `isLive`, the code before join here.
   */
  land(fixups: readonly number[], isLive: boolean): void {
    if (!isLive) this.pending = fixups.length > 0 ? (this.words[(fixups[0] as number) + 1] as number) : 0;
    for (const f of fixups) {
      this.words[f] = this.pc;
      this.words[f + 1] = (this.words[f + 1] as number) - this.pending;
    }
  }

  /** Nothing before this point may be changed any more: code joins here. */
  join(): void {
    this.lastEnd = -1;
    this.copyEnd = -1;
  }

  /** Words of the last operation when it wrote its result to `place` and nothing came after; else undefined. */
  lastTo(place: number): readonly number[] | undefined {
    if (this.lastEnd !== this.words.length || this.words[this.lastStart + 1] !== place) return undefined;
    return this.words.slice(this.lastStart);
  }

  /** Makes the last operation write to `to` instead of `from`, if it can be; true if so. */
  redirect(from: number, to: number): boolean {
    if (this.lastEnd !== this.words.length || this.words[this.lastStart + 1] !== from) return false;
    this.words[this.lastStart + 1] = to;
    this.lastEnd = -1;
    return true;
  }

  /** Takes back the last operation, which must have written to `place` (see `lastTo`). */
  undo(): void {
    this.words.length = this.lastStart;
    this.first = Math.min(this.first, this.pc);
    this.lastStart = this.beforeStart;
    this.lastEnd = this.beforeEnd;
    this.beforeEnd = -1;
    this.lastCompare = undefined;
  }

  copy(type: ValType, to: number, from: number): void {
    if (to === from) return;
    if (isWord(type)) this.copyWord(to, from);
    else this.emit(isRef(type) ? COPY_REF : type === V128 ? COPY128 : COPY64, to, from);
  }

  /** Two copies after each other are one operation. Bench: qsort, sha256 (moves at joins and calls). */
  private copyWord(to: number, from: number): void {
    const { words } = this;
    if (this.copyEnd === words.length) {
      words[words.length - 3] = COPY32_2;
      words.push(to, from);
      this.copyEnd = -1;
    } else {
      words.push(COPY32, to, from);
      this.copyEnd = words.length;
    }
  }

  constant(type: ValType, to: number, lo: number, hi: number): void {
    if (isWord(type)) this.emit(CONST32, to, lo);
    else if (type === V128) this.emit(CONST128, to, ...this.vectors[lo]);
    else this.emit(CONST64, to, lo, hi);
  }

  sum(to: number, from: number, imm: number): void {
    this.result(ADD_IMM, to, from, imm);
  }

  pooled(type: ValType, lo: number, hi: number): number | undefined {
    const words = type === V128 ? this.vectors[lo] : [lo, hi];
    const key = constantKey(words);
    if (this.loopDepth > 0) {
      const seen = this.wanted.get(key);
      const depth = Math.max(this.loopDepth, seen?.depth ?? 0);
      this.wanted.set(key, { words, depth, uses: (seen?.uses ?? 0) + 1 });
    }
    return this.pool.get(key);
  }

  /** Emits the comparison `c` into `to`; it stays in hand. */
  compare(to: number, c: Compare): void {
    const n = normalise(c);
    this.result(n.isImm ? op(`${n.m}:i`) : op(n.m), to, n.x, n.y);
    this.lastCompare = c;
  }

  /** Takes back the comparison that wrote to `place`, if it was the last operation. */
  takeCompare(place: number): Compare | undefined {
    if (this.lastTo(place) === undefined || this.lastCompare === undefined) return undefined;
    const c = this.lastCompare;
    this.undo();
    return c;
  }

  /** Emits a branch taken when `c` holds (`isSet`), or does not; the index of its target word. */
  branchCompare(c: Compare, isSet: boolean, to: number): number {
    const not = isSet ? undefined : negate(c);
    const n = normalise(not ?? c);
    if (n.isImm && n.y === 0 && (n.m === "i32.eq" || n.m === "i32.ne"))
      return this.branchWord(n.x, n.m === "i32.ne", to);
    if (n.m === "i32.ne" && !n.isImm) {
      const fused = this.fuseAdd(n.x, n.y, to) ?? this.fuseAdd(n.y, n.x, to);
      if (fused !== undefined) return fused;
    }
    const prefix = isSet || not !== undefined ? "br" : "br_not";
    this.emit(op(`${prefix}:${n.m}${n.isImm ? ":i" : ""}`), n.x, n.y, to, this.pending);
    return this.words.length - 2;
  }

  /** Emits a branch taken when the word at `place` is not zero (`isSet`), or is; the index of its target word. */
  branchWord(place: number, isSet: boolean, to: number): number {
    if (isSet) {
      const fused = this.fuseAdd(place, undefined, to);
      if (fused !== undefined) return fused;
    }
    this.emit(isSet ? BR_NZ : BR_Z, place, to, this.pending);
    return this.words.length - 2;
  }

  /** The step and the test of a counting loop are one operation. Bench: all loop kernels. */
  private fuseAdd(sum: number, other: number | undefined, to: number): number | undefined {
    const last = this.lastTo(sum);
    if (last?.[0] !== ADD_IMM || sum === other) return undefined;
    this.undo();
    const [, d, a, imm] = last as [number, number, number, number];
    if (other === undefined) this.emit(ADD_BR_NZ, d, a, imm, to, this.pending);
    else this.emit(ADD_BR_NE, d, a, imm, other, to, this.pending);
    return this.words.length - 2;
  }
}

/** True when `c` has a form that branches. */
export const canBranch = (c: Compare): boolean => c.isImm || hasOp(`br:${normalise(c).m}`);

/** The comparison that holds when `c` does not; undefined for the orders of floats, which a NaN makes false both ways. */
export function negate(c: Compare): Compare | undefined {
  const not = instrDef(c.m).alg?.not as Mnemonic | undefined;
  return not === undefined ? undefined : { ...c, m: not };
}

/** True when comparison `m` has a form with an immediate. */
export const hasImmediate = (m: Mnemonic): boolean => hasOp(`${m}:i`) || nudges[m] !== undefined;

/** The equal comparison among those that have an operation: `>` by swapped operands, `<= c` by `< c + 1`. */
function normalise(c: Compare): Compare {
  if (c.isImm) {
    const nudge = nudges[c.m];
    if (nudge === undefined) return c;
    if (nudge[2] === c.y) return { m: "i32.eq", x: c.x, y: c.x, isImm: false };
    return { ...c, m: nudge[0], y: (c.y + nudge[1]) | 0 };
  }
  const flip = instrDef(c.m).alg?.flip as Mnemonic;
  return /\.g[te]/.test(c.m) ? { m: flip, x: c.y, y: c.x, isImm: false } : c;
}
