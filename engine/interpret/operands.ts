/**
 * The lowering's picture of the operand stack: where each operand is while no instruction has needed it in its slot.
 *
 * An operand is in its own slot (TEMP), still equal to a local (LOCAL), a constant (CONST), or an i32 sum of a frame
 * place and a constant (SUM); all but the first cost no code until they are used, and an address may never need it. Only the topmost `WINDOW` operands may be other than TEMP, so that no module can make a
 * `local.set` scan a deep stack.
 */
import { V128, type ValType } from "../types.ts";

export const TEMP = 0;
export const LOCAL = 1;
export const CONST = 2;
export const SUM = 3;
const WINDOW = 32;

/** Words of a slot of type `t`: vectors take two slots. */
export const wordsOf = (t: ValType): number => (t === V128 ? 4 : 2);
/** True when one word holds it all. */
export const isWord = (t: ValType): boolean => t === 0x7f || t === 0x7d;

/** Emits the code that brings an operand into a slot. */
export interface Mover {
  copy(type: ValType, to: number, from: number): void;
  constant(type: ValType, to: number, lo: number, hi: number): void;
  /** i32: the word at `from` plus `imm`. */
  sum(to: number, from: number, imm: number): void;
  /** Frame offset that holds the constant for the whole function, if there is one. */
  pooled(type: ValType, lo: number, hi: number): number | undefined;
}

export class Operands {
  readonly kinds: number[] = [];
  /** LOCAL: its frame offset. CONST: low word, or a vector's index (`Emitter.vectors`). SUM: the frame offset of the place. */
  readonly vals: number[] = [];
  /** CONST: high word. SUM: the constant. */
  readonly his: number[] = [];
  readonly types: ValType[] = [];
  /** Frame offset of each operand's own slot. */
  readonly offs: number[] = [];
  height = 0;
  /** Frame offset of the next operand's slot. */
  top: number;
  /** Highest `top` so far: the size of the frame. */
  maxTop: number;
  /** Operands below are TEMP. */
  private settled = 0;
  /** How many LOCAL and SUM operands name each local, by frame offset. */
  private readonly uses = new Map<number, number>();
  private readonly mover: Mover;
  private readonly base: number;

  constructor(base: number, mover: Mover) {
    this.base = base;
    this.top = base;
    this.maxTop = base;
    this.mover = mover;
  }

  push(kind: number, type: ValType, val = 0, hi = 0): void {
    const h = this.height++;
    this.kinds[h] = kind;
    this.vals[h] = val;
    this.his[h] = hi;
    this.types[h] = type;
    this.offs[h] = this.top;
    this.top += wordsOf(type);
    if (this.top > this.maxTop) this.maxTop = this.top;
    if (this.namesLocal(h)) this.uses.set(val, (this.uses.get(val) ?? 0) + 1);
    if (this.height - this.settled > WINDOW) this.settle(this.settled++);
  }

  private namesLocal(h: number): boolean {
    return this.kinds[h] === LOCAL || (this.kinds[h] === SUM && this.vals[h] < this.base);
  }

  /** Removes the topmost operand; its index stays readable until the next push. */
  pop(): number {
    const h = --this.height;
    this.top = this.offs[h];
    if (this.namesLocal(h)) this.release(this.vals[h]);
    if (this.settled > h) this.settled = h;
    return h;
  }

  private release(local: number): void {
    const n = this.uses.get(local) ?? 1;
    if (n === 1) this.uses.delete(local);
    else this.uses.set(local, n - 1);
  }

  /** Brings operand `h` into its own slot. */
  settle(h: number): void {
    if (this.kinds[h] === TEMP) return;
    this.load(h, this.offs[h]);
    if (this.namesLocal(h)) this.release(this.vals[h]);
    this.kinds[h] = TEMP;
  }

  /** Brings every operand below height `below` into its own slot. */
  settleAll(below = this.height): void {
    for (let h = this.settled; h < below; h++) this.settle(h);
    if (below > this.settled) this.settled = below;
  }

  /** Before a local changes: operands that still equal it are copied. True if there were any. */
  settleUses(local: number): boolean {
    if (!this.uses.has(local)) return false;
    for (let h = this.settled; h < this.height; h++) {
      if (this.namesLocal(h) && this.vals[h] === local) this.settle(h);
    }
    return true;
  }

  /** Emits code that writes operand `h` to frame offset `to`. */
  load(h: number, to: number): void {
    const kind = this.kinds[h];
    if (kind === CONST) this.mover.constant(this.types[h], to, this.vals[h], this.his[h]);
    else if (kind === SUM) this.mover.sum(to, this.vals[h], this.his[h]);
    else this.mover.copy(this.types[h], to, kind === LOCAL ? this.vals[h] : this.offs[h]);
  }

  /** Frame offset where the operand `h`, just popped, can be read; it is brought into its slot if need be. */
  place(h: number): number {
    const kind = this.kinds[h];
    if (kind === LOCAL) return this.vals[h];
    if (kind === TEMP) return this.offs[h];
    const pooled = kind === CONST ? this.mover.pooled(this.types[h], this.vals[h], this.his[h]) : undefined;
    if (pooled !== undefined) return pooled;
    this.load(h, this.offs[h]);
    this.kinds[h] = TEMP;
    return this.offs[h];
  }

  /** Drops everything above `height`. */
  truncate(height: number): void {
    while (this.height > height) this.pop();
  }
}
