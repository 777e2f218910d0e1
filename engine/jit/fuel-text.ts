/**
 * Text that counts fuel and stops: what the generator adds to a function that is to be metered.
 *
 * As in the interpreter (`interpret/emitter.ts`), fuel is counted where control goes elsewhere: `pending` is what was
 * executed since the last count, the same on every way to a place. Calls, returns and loops count it; so do branches, as
 * far as it differs from what is pending where they go, which is known only at the end of the block: see `land`.
 *
 * Variables: `q` is the fuel left, `k` what is pending where an instruction may fail. Every instruction that may fail is
 * a line of its own, so that `k` is right. A loop is two: the inner one comes round, and is left where `q` is
 * below zero, so that V8 finds no call in it. One that has loops in it is one, as they are where time goes.
 */
import type { InstrDef } from "../instrs.ts";
import { F32, F64, I64, type ValType } from "../types.ts";
import type { FunctionText, Label } from "./function-text.ts";
import type { Operand } from "./operand.ts";

/** A line with a branch in it, at the place `MARK`. */
export interface Exit {
  readonly line: number;
  readonly pending: number;
}

const MARK = "@";

/** Statement that counts `fuel`. */
const spend = (fuel: number): string => (fuel === 0 ? "" : `q=q-${fuel < 0 ? `(${fuel})` : fuel}|0;`);

export class FuelText {
  pending = 0;
  private readonly f: FunctionText;

  constructor(f: FunctionText) {
    this.f = f;
  }

  /** The next instruction is that of row `d`. */
  begin({ cost, traps }: InstrDef): void {
    this.pending += cost ?? 1;
    this.f.out.prefix = traps === undefined ? "" : `k=${this.pending};`;
  }

  /** The instruction may fail though its row does not say so: for want of memory. */
  failing(): void {
    this.f.out.prefix = `k=${this.pending};`;
  }

  /** What is pending, which the line that is written now counts. */
  private take(): string {
    const text = spend(this.pending);
    this.pending = 0;
    return text;
  }

  /** Counts what is pending: a loop starts here. */
  charge(): void {
    const text = this.take();
    if (text !== "") this.f.out.line(text);
  }

  /** Counts what was spent at once, which the expression `cost` tells. */
  spendMore(cost: string): void {
    this.f.out.line(`q=${this.f.env.stops("spend")}(q,${cost})|0;`);
  }

  /** Before `return`. */
  leave(): string {
    return `${this.f.env.left()}[0]=${this.rest()};`;
  }

  private rest(): string {
    return this.pending === 0 ? "q" : `q-${this.pending}|0`;
  }

  /* Branches */

  /** Goes to a loop, in the line that is written next: stops there if nothing is left. */
  repeat(label: Label): string {
    label.exits.push({ line: this.f.out.nextLine, pending: 0 });
    return `if((q=${this.rest()})<0)${MARK}continue ${label.name};`;
  }

  /** A loop ends; true when it is the inner one of two, of which the outer one remains to be closed. */
  endLoop(label: Label): boolean {
    const stop = label.hasLoop ? label.tail : `break ${label.name};`;
    for (const { line } of label.exits) this.f.out.fill(line, MARK, stop);
    return label.isUsed && !label.hasLoop;
  }

  /** In front of a branch to the end of `label`, in the line that is written next. */
  exit(label: Label): string {
    label.exits.push({ line: this.f.out.nextLine, pending: this.pending });
    return MARK;
  }

  /** Code that comes to the end of `label` so far goes on behind another part of it. */
  skip(label: Label): void {
    this.f.out.line(this.exit(label));
  }

  /** The branches to the end of `label` and, if `isLive`, the code before join here; else `pending` is given. */
  land(label: Label, isLive: boolean, pending = label.exits[0]?.pending ?? 0): void {
    if (!isLive) this.pending = pending;
    for (const exit of label.exits) this.f.out.fill(exit.line, MARK, spend(exit.pending - this.pending));
  }

  /** As `land`; nothing is pending then, as branches come here that have counted all. */
  landAtNone(label: Label, isLive: boolean): void {
    if (isLive) this.charge();
    this.land(label, false, 0);
  }

  /** The part of an `if` without `else` ends: what was pending at the condition is so again. */
  landIf(label: Label, isLive: boolean): void {
    const more = spend(this.pending - label.pending);
    if (isLive && more !== "") this.f.out.line(more);
    this.land(label, false, label.pending);
  }

  /* Exceptions */

  /** Before an instruction throws. */
  throwing(): string {
    this.f.out.hasPrefix = true;
    return `k=${this.pending};`;
  }

  /** A handler takes over. Nothing is pending there. */
  landed(): string {
    return `q=${this.f.env.stops("landed")}(q,k)|0;`;
  }

  /* Stopping */

  /**
   * Where a loop may stop, at whose first instruction the operands are `operands`. What has values of the frame leaves
   * the function, so that they need not be kept for it. Bench: nbody, matmul.
   */
  stopAtLoop(operands: readonly Operand[]): string {
    const { f } = this;
    const values = [f.index, f.reader.pos, ...this.words(operands)];
    return `if((q=${f.env.stops("more")}(q)|0)<0)throw ${f.env.stops("loop")}(${values.join()});${f.views.all()}`;
  }

  /** At a jump back to the start of the function, with new values for its locals. */
  startAgain(): string {
    const { f } = this;
    const values = [f.index, f.start, ...this.words([])];
    const stop = `if((q=${f.env.stops("more")}(q)|0)<0)throw ${f.env.stops("loop")}(${values.join()});`;
    return `if((q=${this.rest()})<0){${stop}${f.views.all()}}`;
  }

  /** Before a call that takes the place of the function: what fails from now on was counted elsewhere. */
  leaveByCall(): string {
    return `k=-1;${this.leave()}`;
  }

  /** `call`, a statement that returns what a function of the host gives; `more` are operands beside its arguments. */
  aroundTail(call: string, more: readonly string[]): string {
    const { f } = this;
    const values = [f.index, f.out.at, more.length, ...this.words(f.pending.list), ...more];
    return `${this.leaveByCall()}try{${call}}catch(x){throw ${f.env.stops("tail")}(${["x", ...values].join()});}`;
  }

  /** `assignment`, which has a call; `more` are operands that it uses beside the arguments. */
  around(assignment: string, more: readonly string[]): string {
    const { f } = this;
    const { env, reader, out, pending } = f;
    const before = this.leave();
    this.pending = 0;
    const values = [f.index, out.at, reader.pos, more.length, ...this.words(pending.list), ...more];
    const caught = `k=-1;throw ${env.stops("caller")}(${["x", ...values].join()});`;
    return `${before}try{${assignment}}catch(x){${caught}}q=${env.left()}[0];`;
  }

  /** Words of all locals and of `operands` as coded values. */
  private words(operands: readonly Operand[]): string[] {
    const { f } = this;
    const locals = f.locals.flatMap((t, i) => {
      if (t === I64) return f.wordsOfLocal(i);
      return [this.coded(t, `l${i}`, f.floats.isCoded(f.localNodes[i]))];
    });
    return [
      ...locals,
      ...operands.flatMap((o) => {
        if (o.hi !== undefined) return [o.lo.text, o.hi.text];
        return [this.coded(o.type, o.lo.text, !o.isArithmetic && f.floats.isCoded(o.node))];
      }),
    ];
  }

  /** Nobody looks at the bits of a value that is not coded; it must only not be taken for one that is. */
  private coded(t: ValType, text: string, isCoded: boolean): string {
    return (t === F32 || t === F64) && !isCoded ? `${this.f.env.helper("uncoded")}(${text})` : text;
  }
}
