/**
 * Exception handlers of one function's flat code: which try block a word belongs to, and what each block catches.
 *
 * Looked at only when something is thrown; code that does not throw pays nothing. Spec: exec/runtime (handlers).
 */
import type { TagInst } from "./func.ts";

/** Where the caught exception itself is put, beside its values: nowhere, below them (legacy), above them. */
export type CatchRef = "none" | "below" | "above";

/** One catch clause: for which exceptions, where to go, where their values are put. */
export interface Handler {
  /** Tag index; -1 catches all, and takes no values. */
  readonly tag: number;
  readonly ref: CatchRef;
  /** Word of flat code. */
  readonly target: number;
  /** Frame offset of the first value. */
  readonly to: number;
  /** Fuel that the code at the target takes for pending; nothing is pending when an exception arrives. */
  readonly pending: number;
}

/** A try block: its clauses in order, and the block that is asked when none matches; -1 for none. */
export interface TryBlock {
  readonly parent: number;
  readonly handlers: readonly Handler[];
}

export class HandlerTable {
  /** Words where the innermost block changes, ascending, each with the block from there on (-1: none). */
  private readonly changes: readonly number[];
  private readonly blocks: readonly TryBlock[];

  constructor(changes: readonly number[], blocks: readonly TryBlock[]) {
    this.changes = changes;
    this.blocks = blocks;
  }

  /** The handler of an exception of `tag` thrown at word `pc`. @cost O(log blocks + handlers around `pc`) */
  find(pc: number, tag: TagInst, tags: readonly TagInst[]): Handler | undefined {
    for (let b = this.blockAt(pc); b >= 0; ) {
      const { parent, handlers } = this.blocks[b];
      for (const h of handlers) if (h.tag < 0 || tags[h.tag] === tag) return h;
      b = parent;
    }
    return undefined;
  }

  private blockAt(pc: number): number {
    let lo = 0;
    let hi = this.changes.length >> 1;
    while (lo < hi) {
      const mid = (lo + hi) >> 1;
      if (this.changes[mid * 2] <= pc) lo = mid + 1;
      else hi = mid;
    }
    return lo === 0 ? -1 : this.changes[lo * 2 - 1];
  }
}
