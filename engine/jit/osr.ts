/**
 * Entering a function at a loop (on-stack replacement): which blocks are around the loop.
 *
 * Code before the loop cannot run when the function is entered there, and is not written; but where an outer loop comes
 * round again it must, and is guarded by a flag. See `control.ts`.
 */
import { skipImms } from "../binary/imms.ts";
import { Reader } from "../binary/reader.ts";
import { instrDef, type Mnemonic, mnemonicOf } from "../instrs.ts";
import type { Func, Module } from "../module.ts";

export interface Entry {
  /** Offset of the loop's first instruction, after its block type. */
  readonly offset: number;
  /** Offsets of the opcodes that open the blocks around it, outermost first; the loop's own is the last. */
  readonly path: readonly Opener[];
  /** The same by their offsets. */
  readonly openers: ReadonlyMap<number, Opener>;
}

export interface Opener {
  readonly at: number;
  readonly isLoop: boolean;
  /** The loop is in its else part. */
  isElse: boolean;
}

const openers: ReadonlySet<Mnemonic> = new Set(["block", "loop", "if", "try_table", "try"]);

/** The entry of `func` at the loop whose first instruction is at `offset`. @cost O(body) */
export function entryAt(module: Module, func: Func, offset: number): Entry {
  const r = new Reader(module.bytes, func.body.start, func.body.end);
  const path: Opener[] = [];
  while (r.pos < offset) {
    const at = r.pos;
    const m = mnemonicOf(r.opcode()) as Mnemonic;
    skipImms(r, instrDef(m));
    if (openers.has(m)) path.push({ at, isLoop: m === "loop", isElse: false });
    else if (m === "end" || m === "delegate") path.pop();
    else if (m === "else") path[path.length - 1].isElse = true;
  }
  if (r.pos !== offset || !path[path.length - 1]?.isLoop) throw new Error(`no loop at offset ${offset}`);
  return { offset, path, openers: new Map(path.map((o) => [o.at, o])) };
}
