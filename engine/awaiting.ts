/**
 * Whether somebody will catch an exception: then it goes through generated code as an `ExnInst`, and needs no error, whose
 * backtrace would cost ten times as much. Bench: throwing in a loop (5.6 us for each exception that is an error).
 *
 * Generated code keeps the list of its try blocks that are active, `blocks[0 .. active[0])`, innermost last: a function with
 * try blocks says so when it enters and leaves one; one without has nothing to do. Where the interpreter has entered
 * generated code, its frames come next, and what called those in turn, up to the host.
 */
import type { TagInst } from "./runtime/func.ts";

/** A try block of generated code. */
export interface Handling {
  /** What it catches; undefined: everything. */
  readonly tags: readonly TagInst[] | undefined;
  /** How many blocks on is the next one that may catch what this does not. */
  readonly next: number;
}

export const blocks: Handling[] = [];
/** How many are active. */
export const active = new Int32Array(1);

/** An activation of the interpreter, which has entered generated code or not; once at a time. */
export interface Entrance {
  /** Generated code began it; else the host did. */
  readonly isInner: boolean;
  /** One of its frames around the innermost has a handler for `tag`. */
  catches(tag: TagInst): boolean;
  /** Blocks that were active already, and who had entered generated code around. For the functions here. */
  base: number;
  outer: Entrance | undefined;
}

let innermost: Entrance | undefined;

/** `by` enters generated code. */
export function enterBlocks(by: Entrance): void {
  by.base = active[0];
  by.outer = innermost;
  innermost = by;
}

/** The generated code that `by` entered has ended, however it did. */
export function leaveBlocks(by: Entrance): void {
  active[0] = by.base;
  innermost = by.outer;
  by.outer = undefined;
}

/**
 * Generated code, or an activation that it began, throws an exception of `tag` that nothing inside catches: true when
 * something outside does, before the host sees it.
 *
 * @cost O(frames and try blocks up to there)
 */
export function isAwaited(tag: TagInst): boolean {
  let end = active[0];
  for (let by = innermost; by !== undefined; by = by.outer) {
    const { base } = by;
    for (let i = end - 1; i >= base; i -= blocks[i].next) {
      const { tags } = blocks[i];
      if (tags === undefined || tags.includes(tag)) return true;
    }
    if (by.catches(tag)) return true;
    if (!by.isInner) return false;
    end = base;
  }
  return false;
}
