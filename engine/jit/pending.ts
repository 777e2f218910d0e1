/**
 * The operand stack of a function while it is generated: expressions that are written only when something needs them.
 *
 * JavaScript evaluates from left to right, and so does WebAssembly; an expression may wait as long as what it reads does
 * not change and nothing that happens meanwhile could be told apart. Before a variable changes, operands that read it
 * are written into slot variables (`settle`); before an effect, those that the effect could disturb (`flush`).
 *
 * Variables: `l<i>`, `h<i>` are words of local i, `s<d>`, `z<d>` of the operand at depth d, `t<k>` temporaries. At joins
 * of control operands are in their slots. Only the topmost `WINDOW` operands may wait, so that no module can make a
 * change of a variable scan a deep stack.
 */
import { I64, type ValType } from "../types.ts";
import { type BigFrame, bigOf } from "./big-frame.ts";
import type { FloatFlow } from "./float-flow.ts";
import { LOAD, Operand, Part, TRAP } from "./operand.ts";
import type { Writer } from "./writer.ts";

const WINDOW = 32;
/** More variables or characters than this in one expression: it is written. Bounds text and the depth of parsing. */
const MAX_VARS = 24;
const MAX_TEXT = 600;

/** The words of locals as expressions, of any function. */
const localParts: Part[] = [];

function localPart(id: number): Part {
  for (let k = localParts.length; k <= id; k++) {
    localParts.push(new Part(`${(k & 1) === 1 ? "h" : "l"}${k >> 1}`, true, [k]));
  }
  return localParts[id];
}

export class Pending {
  readonly list: Operand[] = [];
  /** Of operands that may fail: the offset of the first instruction in them that may. */
  private readonly causes: number[] = [];
  /** The least of those of the operands that the instruction at hand has taken; -1: none. */
  private cause = -1;
  /** The instruction at hand cannot fail: its lines fail at its operands. */
  isSafe = false;
  /** Operands below are in their slots, or constants. */
  private settled = 0;
  private readonly locals: number;
  private readonly out: Writer;
  private readonly floats: FloatFlow;
  /** The expression of a result of arithmetic as a coded value. */
  private readonly uncoded: (text: string) => string;
  /** What may fail is written at once, not where it is needed. */
  private readonly isExact: boolean;
  /** Where i64 variables are, if i64 are BigInt. */
  private readonly bigs: BigFrame | undefined;
  /** How many pending operands read each variable; temporaries apart. */
  private readonly reads: number[] = [];
  private readonly tempReads: number[] = [];
  private readonly tempHeld: boolean[] = [];
  private effects = 0;
  /** Popped by the instruction at hand: their temporaries must not be reused yet. */
  private readonly held: Operand[] = [];
  private readonly heldTemps: number[] = [];
  /** Slot variables as expressions. */
  private readonly slotParts: (Part | undefined)[] = [];
  /** Slot variables in use, to be declared. */
  readonly slots = new Set<number>();

  constructor(
    locals: number,
    out: Writer,
    floats: FloatFlow,
    uncoded: (text: string) => string,
    isExact: boolean,
    bigs: BigFrame | undefined,
  ) {
    this.locals = locals;
    this.out = out;
    this.floats = floats;
    this.uncoded = uncoded;
    this.isExact = isExact;
    this.bigs = bigs;
  }

  get height(): number {
    return this.list.length;
  }

  get temps(): number {
    return this.tempReads.length;
  }

  /* Variables */

  name(id: number): string {
    if (id < 0) return `t${-1 - id}`;
    const k = id >> 1;
    const isHigh = (id & 1) === 1;
    return k < this.locals ? `${isHigh ? "h" : "l"}${k}` : `${isHigh ? "z" : "s"}${k - this.locals}`;
  }

  slotId(depth: number, word: 0 | 1 = 0): number {
    return (this.locals + depth) * 2 + word;
  }

  /** The variable as an expression; one object for each, as most operands are just that. */
  variable(id: number): Part {
    if (id < 0) return new Part(this.name(id), true, [id]);
    const k = id - this.locals * 2;
    return k < 0 ? localPart(id) : (this.slotParts[k] ?? this.newSlot(id, k));
  }

  private newSlot(id: number, k: number): Part {
    const part = new Part(this.name(id), true, [id]);
    while (this.slotParts.length <= k) this.slotParts.push(undefined);
    this.slotParts[k] = part;
    this.slots.add(id);
    return part;
  }

  /** A temporary that nothing reads. It is kept until the next instruction, then as long as an operand reads it. */
  temp(): number {
    const { tempReads, tempHeld } = this;
    let k = 0;
    while (k < tempReads.length && (tempReads[k] > 0 || tempHeld[k])) k++;
    if (k === tempReads.length) {
      tempReads.push(0);
      tempHeld.push(false);
    }
    tempHeld[k] = true;
    this.heldTemps.push(k);
    return -1 - k;
  }

  private count(part: Part | undefined, by: number): void {
    if (part === undefined) return;
    for (const id of part.vars) {
      if (id < 0) this.tempReads[-1 - id] += by;
      else this.reads[id] = (this.reads[id] ?? 0) + by;
    }
  }

  private add(o: Operand): void {
    this.count(o.lo, 1);
    this.count(o.hi, 1);
    this.count(o.big, 1);
    if (o.effects !== 0) this.effects++;
  }

  private remove(o: Operand): void {
    this.count(o.lo, -1);
    this.count(o.hi, -1);
    this.count(o.big, -1);
  }

  /* Stack */

  /** A new instruction begins. */
  begin(): void {
    this.cause = -1;
    this.out.cause = -1;
    if (this.held.length > 0) {
      for (const o of this.held) this.remove(o);
      this.held.length = 0;
    }
    if (this.heldTemps.length > 0) {
      for (const k of this.heldTemps) this.tempHeld[k] = false;
      this.heldTemps.length = 0;
    }
  }

  push(o: Operand): void {
    this.causes[this.list.length] = this.cause < 0 ? this.out.at : this.cause;
    this.list.push(o);
    this.add(o);
    const length = o.lo.text.length + (o.hi?.text.length ?? 0);
    const isLong = o.lo.vars.length + (o.hi?.vars.length ?? 0) > MAX_VARS || length > MAX_TEXT;
    if (isLong || (this.isExact && (o.effects & (LOAD | TRAP)) !== 0)) {
      this.order(o.effects, this.height - 1);
      this.settle(this.height - 1);
    }
    if (this.height - this.settled > WINDOW) this.advance();
  }

  /** The lowest operand that may wait does so no longer. */
  private advance(): void {
    const h = this.settled;
    this.order(this.list[h].effects, h);
    this.settle(h);
    this.settled++;
  }

  /** What the instruction at hand writes may fail at the operand `o` of depth `h`. */
  private blame({ effects }: Operand, h: number): void {
    if ((effects & (LOAD | TRAP)) === 0) return;
    if (this.cause < 0 || this.causes[h] < this.cause) this.cause = this.causes[h];
    if (this.isSafe) this.out.cause = this.cause;
  }

  /** The topmost `count` operands, which the instruction at hand writes and leaves where they are. */
  top(count: number): readonly Operand[] {
    const first = this.list.length - count;
    for (let h = first; h < this.list.length; h++) this.blame(this.list[h], h);
    return this.list.slice(first);
  }

  /** The topmost operand; with `isBig` an i64 may have no words but by a call. */
  pop(isBig = false): Operand {
    if (!isBig) this.wantWords(1);
    const o = this.list.pop() as Operand;
    this.held.push(o);
    if (o.effects !== 0) {
      this.effects--;
      this.blame(o, this.list.length);
    }
    if (this.settled > this.height) this.settled = this.height;
    return o;
  }

  /** The topmost `count` operands are needed as words: what is one BigInt expression is put into its variable. */
  wantWords(count: number): void {
    if (this.bigs === undefined) return;
    for (let h = this.height - count; h < this.height; h++) {
      const o = this.list[h];
      if (o.big === undefined || o.lo.isAtom || o.hi?.isAtom) continue;
      this.order(o.effects, h);
      this.settle(h);
    }
  }

  truncate(height: number): void {
    while (this.height > height) this.pop();
  }

  /** Pushes an operand that is in its slot. */
  pushSlot(type: ValType, isWide: boolean, node: number): void {
    const depth = this.height;
    if (type === I64 && this.bigs !== undefined) return this.push(this.bigs.variable(this.locals + depth, depth));
    const lo = this.variable(this.slotId(depth));
    const hi = isWide ? this.variable(this.slotId(depth, 1)) : undefined;
    this.push(new Operand(type, lo, hi, 0, undefined, node, false, depth));
  }

  /* Order of evaluation */

  /** Writes the operands that an effect could disturb: those with one of the `effects`, and all with any below them. */
  flush(effects: number, below = this.height): void {
    if (this.effects === 0) return;
    let last = -1;
    for (let h = this.settled; h < below; h++) if ((this.list[h].effects & effects) !== 0) last = h;
    for (let h = this.settled; h <= last; h++) if (this.list[h].effects !== 0) this.settle(h);
  }

  /** Before something with `effects` is evaluated: what could trap differently comes first. */
  order(effects: number, below = this.height): void {
    if ((effects & TRAP) !== 0) this.flush(LOAD | TRAP, below);
    else if ((effects & LOAD) !== 0) this.flush(TRAP, below);
  }

  /** Before the variable `id` changes: other operands that read it keep its value. */
  free(id: number, except = -1): void {
    const reads = id < 0 ? this.tempReads[-1 - id] : this.reads[id];
    if (reads === undefined || reads === 0) return;
    for (let h = this.settled; h < this.height; h++) {
      if (h === except) continue;
      const o = this.list[h];
      if (o.lo.vars.includes(id) || o.hi?.vars.includes(id) || o.big?.vars.includes(id)) {
        if (o.slot !== h) this.order(o.effects, h);
        this.settle(h);
      }
    }
  }

  /** Writes operand `h` into its slot, unless it is there or a constant. */
  settle(h: number, withConstants = false): void {
    const o = this.list[h];
    if (o.slot === h || (o.isConstant && !withConstants)) return;
    const lo = this.slotId(h);
    const hi = this.slotId(h, 1);
    this.free(lo, h);
    if (o.hi !== undefined) this.free(hi, h);
    const { cause } = this.out;
    this.out.cause = (o.effects & (LOAD | TRAP)) === 0 ? -1 : this.causes[h];
    this.out.line(this.assignment(lo, hi, o, o.node));
    this.out.cause = cause;
    this.remove(o);
    if (o.effects !== 0) this.effects--;
    const now = this.inSlot(o, h);
    this.list[h] = now;
    this.add(now);
  }

  /** What `o` is when it is in slot `h`. */
  private inSlot(o: Operand, h: number): Operand {
    if (o.type === I64 && this.bigs !== undefined) return this.bigs.variable(this.locals + h, h);
    const high = o.hi === undefined ? undefined : this.variable(this.slotId(h, 1));
    return new Operand(o.type, this.variable(this.slotId(h)), high, 0, undefined, o.node, false, h);
  }

  /** Writes every operand below `below` into its slot; constants from `constantsFrom` on, too. */
  settleAll(constantsFrom = this.height): void {
    for (let h = Math.min(this.settled, constantsFrom); h < this.height; h++) this.settle(h, h >= constantsFrom);
    this.settled = this.height;
  }

  /** Statements that put `o` into the variables `lo` and `hi`, of the float class `node`. */
  assignment(lo: number, hi: number, o: Operand, node: number): string {
    const text = this.valueOf(o, node);
    if (id0(o.lo, lo) && (o.hi === undefined || id0(o.hi, hi))) return "";
    if (o.type === I64 && this.bigs !== undefined) return `${this.bigs.big(lo >> 1)}=${bigOf(o).text};`;
    const low = this.variable(lo).text;
    if (o.hi === undefined) return `${low}=${text};`;
    const high = this.variable(hi).text;
    if (!o.hi.vars.includes(lo)) return `${low}=${text};${high}=${o.hi.text};`;
    if (!o.lo.vars.includes(hi)) return `${high}=${o.hi.text};${low}=${text};`;
    const temp = this.name(this.temp());
    return `${temp}=${text};${high}=${o.hi.text};${low}=${temp};`;
  }

  /** The (low) expression of `o` as a value of the float class `node`. */
  valueOf(o: Operand, node: number): string {
    return o.isArithmetic && this.floats.isCoded(node) ? this.uncoded(o.lo.text) : o.lo.text;
  }

  /** `part` as something that may be written twice: itself, or a temporary that now holds it. */
  atom(part: Part): Part {
    if (part.isAtom) return part;
    const id = this.temp();
    this.out.line(`${this.name(id)}=${part.text};`);
    return new Part(this.name(id), true, [id]);
  }
}

/** `part` is just the variable `id`. */
const id0 = (part: Part, id: number): boolean => part.isAtom && part.vars.length === 1 && part.vars[0] === id;
