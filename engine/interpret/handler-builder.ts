/**
 * Collects the exception handlers of one function while it is lowered, and makes their table.
 *
 * Where a catch clause goes is known when its label ends: at a block's end the handler jumps there, at a loop's start
 * and the function's end it goes by a stub after the function's code.
 */
import { type CatchRef, type Handler, HandlerTable } from "../runtime/handlers.ts";
import type { Emitter } from "./emitter.ts";
import type { Label } from "./lowering.ts";
import { op } from "./ops.ts";

interface Clause {
  readonly tag: number;
  readonly ref: CatchRef;
  /** A label, or a word of flat code. */
  target: Label | number;
  readonly to: number;
  pending: number;
}

export class HandlerBuilder {
  private readonly changes: number[] = [];
  private readonly active: number[] = [];
  private readonly parents: number[] = [];
  private readonly clauses: Clause[][] = [];
  private readonly stubs = new Map<Label, number>();

  /** A try block starts at word `pc`; its number. */
  enter(pc: number): number {
    const block = this.parents.length;
    this.parents.push(this.active[this.active.length - 1] ?? -1);
    this.clauses.push([]);
    this.active.push(block);
    this.changes.push(pc, block);
    return block;
  }

  /** The innermost try block ends at word `pc`. */
  leave(pc: number): void {
    this.active.pop();
    this.changes.push(pc, this.active[this.active.length - 1] ?? -1);
  }

  add(block: number, tag: number, ref: CatchRef, target: Label | number, to: number): void {
    this.clauses[block]?.push({ tag, ref, target, to, pending: 0 });
  }

  /** What `block` does not catch goes to `parent` (-1: to the caller), whatever is in between. */
  delegate(block: number, parent: number): void {
    this.parents[block] = parent;
  }

  /** The table, if there is a try block; emits the stubs. Call at the end of the function. */
  finish(out: Emitter): HandlerTable | undefined {
    if (this.parents.length === 0) return undefined;
    for (const list of this.clauses) {
      for (const c of list) this.resolve(c, out);
    }
    const blocks = this.parents.map((parent, i) => ({ parent, handlers: this.clauses[i] as readonly Handler[] }));
    return new HandlerTable(this.changes, blocks);
  }

  private resolve(c: Clause, out: Emitter): void {
    const { target } = c;
    if (typeof target === "number") return;
    c.target = this.wordOf(target, out);
    if (c.target === target.end) c.pending = target.pendingAtEnd;
  }

  private wordOf(label: Label, out: Emitter): number {
    if (label.kind !== "loop" && label.kind !== "func") return label.end;
    let stub = this.stubs.get(label);
    if (stub === undefined) {
      stub = out.pc;
      this.stubs.set(label, stub);
      if (label.kind === "loop") out.emit(op("br"), label.target, 0);
      else out.emit(op("ret"), 0);
    }
    return stub;
  }
}
