/**
 * Finds ladders in a function: `block`s that open at the same place, one in the other, without operands. Compilers make
 * them for `switch` and for jumps of any kind (Go: one for each function), as deep as they have targets, and V8 parses
 * nested blocks by recursion. A ladder becomes one `switch` instead, see `ladder-text.ts`.
 */
import { EMPTY_BLOCK, readBlockType, readCatches, readLabelCount, skipImms } from "../binary/imms.ts";
import { defOf } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { instrDef, mnemonics } from "../instrs.ts";
import type { Func, Module } from "../module.ts";

export interface Ladder {
  /** How many blocks. */
  readonly count: number;
  /** What comes first in the innermost one without other control is a `br_table`. */
  readonly hasTable: boolean;
  /** Something else branches to the end of a block that is not the outermost. */
  readonly hasJumps: boolean;
}

type Found = { -readonly [K in keyof Ladder]: Ladder[K] } & { isOver: boolean };

/** Shorter ones stay blocks unless the function is too deep. */
const MIN_COUNT = 4;

const BLOCK = instrDef("block").opcode;
const EMPTY = 0x40;

/** Instructions after which a table no longer begins the ladder. Branches that are not looked at here are declined. */
const controls: ReadonlySet<number> = new Set(
  mnemonics
    .filter((m) => /^(?:block|loop|if|else|end|try|catch|delegate|rethrow|throw|unreachable|return|br)/.test(m))
    .map((m) => instrDef(m).opcode),
);
const BR = instrDef("br").opcode;
const BR_IF = instrDef("br_if").opcode;
const BR_TABLE = instrDef("br_table").opcode;
const TRY_TABLE = instrDef("try_table").opcode;
const END = instrDef("end").opcode;
const DELEGATE = instrDef("delegate").opcode;
const opens: ReadonlySet<number> = new Set((["loop", "if", "try"] as const).map((m) => instrDef(m).opcode));

export class Ladders {
  private readonly module: Module;
  private readonly func: Func;
  /** All of them are taken, not only those that are long and begin with a table. */
  private readonly isDeep: boolean;
  /** By offset of the first opcode. */
  private found: Map<number, Ladder> | undefined;

  constructor(module: Module, func: Func, isDeep: boolean) {
    this.module = module;
    this.func = func;
    this.isDeep = isDeep;
  }

  /** The ladder whose first `block` is at `offset`, if it is to be a `switch`. @cost O(1), once O(body) */
  at(offset: number): Ladder | undefined {
    const { bytes } = this.module;
    const isMore = bytes[offset + 1] === EMPTY && bytes[offset + 2] === BLOCK && bytes[offset + 3] === EMPTY;
    if (!isMore) return undefined;
    if (this.found === undefined) {
      // Most functions need no look through all of them. Bench: real-js, wabt (an eighth of what V8 optimised).
      if (!this.isDeep && !this.isLongWithTable(offset)) return undefined;
      this.found = new Scan(this.module, this.func).ladders(this.isDeep);
    }
    return this.found.get(offset);
  }

  /** Whether the blocks from `offset` on are as many as a ladder has, with a table as their first control. */
  private isLongWithTable(offset: number): boolean {
    const { bytes } = this.module;
    let at = offset;
    while (bytes[at] === BLOCK && bytes[at + 1] === EMPTY) at += 2;
    if (at - offset < 2 * MIN_COUNT) return false;
    const reader = new Reader(bytes, at, this.func.body.end);
    let opcode = reader.opcode();
    while (!controls.has(opcode)) {
      skipImms(reader, defOf(opcode, at));
      opcode = reader.opcode();
    }
    return opcode === BR_TABLE;
  }
}

interface Open {
  readonly ladder: Found | undefined;
  readonly isOutermost: boolean;
}

const plain: Open = { ladder: undefined, isOutermost: false };

/** One look through a function. */
class Scan {
  private readonly reader: Reader;
  private readonly found = new Map<number, Found>();
  private readonly stack: Open[] = [plain];

  constructor(module: Module, { body }: Func) {
    this.reader = new Reader(module.bytes, body.start, body.end);
  }

  ladders(isDeep: boolean): Map<number, Ladder> {
    /** The ladder that the next block goes on. */
    let last: Found | undefined;
    while (this.stack.length > 0) {
      const at = this.reader.pos;
      const opcode = this.reader.opcode();
      last = opcode === BLOCK ? this.block(at, last) : void this.other(opcode, at);
    }
    const isWanted = (l: Found): boolean => (isDeep ? l.count > 1 : l.count >= MIN_COUNT && l.hasTable && !l.hasJumps);
    return new Map([...this.found].filter(([, ladder]) => isWanted(ladder)));
  }

  private block(at: number, last: Found | undefined): Found | undefined {
    const isEmpty = readBlockType(this.reader) === EMPTY_BLOCK;
    const own = this.stack[this.stack.length - 1].ladder;
    if (own !== undefined && !(isEmpty && own === last)) own.isOver = true;
    if (!isEmpty) {
      this.stack.push(plain);
      return undefined;
    }
    const ladder = last ?? { count: 0, hasTable: false, hasJumps: false, isOver: false };
    if (last === undefined) this.found.set(at, ladder);
    ladder.count++;
    this.stack.push({ ladder, isOutermost: last === undefined });
    return ladder;
  }

  private other(opcode: number, at: number): void {
    const { reader, stack } = this;
    const own = stack[stack.length - 1].ladder;
    if (own !== undefined && !own.isOver && controls.has(opcode)) {
      own.isOver = true;
      own.hasTable = opcode === BR_TABLE;
      if (own.hasTable) return this.table(own);
    }
    if (opcode === BR_TABLE) return this.table(undefined);
    if (opcode === BR || opcode === BR_IF) return this.branch(reader.u32(), undefined);
    if (opcode === TRY_TABLE) return this.tryTable();
    if (opens.has(opcode)) stack.push(plain);
    else if (opcode === END || opcode === DELEGATE) stack.pop();
    skipImms(reader, defOf(opcode, at));
  }

  private tryTable(): void {
    readBlockType(this.reader);
    for (const { label } of readCatches(this.reader)) this.branch(label, undefined);
    this.stack.push(plain);
  }

  /** A table that begins the ladder `own`, or any. */
  private table(own: Found | undefined): void {
    for (let n = readLabelCount(this.reader); n >= 0; n--) this.branch(this.reader.u32(), own);
  }

  private branch(depth: number, own: Found | undefined): void {
    const { ladder, isOutermost } = this.stack[this.stack.length - 1 - depth];
    if (ladder !== undefined && ladder !== own && !isOutermost) ladder.hasJumps = true;
  }
}
