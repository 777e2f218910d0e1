/**
 * Which loops of a function can be functions of their own. V8 optimises no function whose bytecode is over a limit; what is
 * taken out of it is optimised. See `outline.ts` for the text.
 *
 * A loop is taken with all loops in it, the outermost that is small enough and uses few locals: those are passed there and
 * back. Not one that something else than its end or a branch leaves for good, or that handles exceptions; nor, inside a try
 * block, one that calls: locals that it has set would be lost where the exception arrives.
 */
import { skipImms } from "../binary/imms.ts";
import { defOf } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { instrDef, type Mnemonic, mnemonics } from "../instrs.ts";
import type { Func, Module } from "../module.ts";
import { I64, type ValType } from "../types.ts";

/** `large`: of functions whose text is too long for V8. `every`: of all functions, for tests. */
export type Split = "none" | "large" | "every";

/**
 * V8's limit is 61,440 bytes of bytecode (`--max-optimized-bytecode-size`). A character of text is 0.88 to 1.1 bytes of it
 * (47 functions of 2 to 24 KB in SQLite, QuickJS, mozjpeg and esbuild).
 */
export const LARGE_TEXT = 55_000;
/** Bytes of a loop, each 3 to 6.5 of bytecode. */
const MAX_BYTES = 7_000;
/** Words of locals that it uses. */
const MAX_WORDS = 64;

export interface SplitLoop {
  /** Offset of its first instruction. */
  readonly offset: number;
  /** Memories may have other views after it. */
  readonly changesViews: boolean;
}

export interface Splitting {
  /** By offset. */
  readonly loops: ReadonlyMap<number, SplitLoop>;
  /** Why other loops, without loops in them, stay where they are. */
  readonly reasons: readonly string[];
}

/** Of a function that stays in one piece. */
export const unsplit: Splitting = { loops: new Map(), reasons: [] };

/** What is known of a loop; also of the function, which is around all. */
interface Found {
  readonly at: number;
  readonly tries: number;
  readonly locals: Set<number>;
  words: number;
  hasLoops: boolean;
  changesViews: boolean;
  reason: string | undefined;
}

const numbersOf = (pattern: RegExp): ReadonlySet<number> =>
  new Set(mnemonics.filter((m) => pattern.test(m)).map((m) => instrDef(m).opcode));
const opcodeOf = (m: Mnemonic): number => instrDef(m).opcode;

const LOOP = opcodeOf("loop");
const END = opcodeOf("end");
const opens = numbersOf(/^(?:block|if)$/);
const attempts = numbersOf(/^try/);
const accesses = numbersOf(/^local\./);
const calls = numbersOf(/^call/);
const throws = numbersOf(/^throw/);
/** What never goes on in the function, and what belongs to a try block. */
const leaves = numbersOf(/^return_call|^rethrow|^delegate|^catch/);
const GROW = opcodeOf("memory.grow");
const DELEGATE = opcodeOf("delegate");

/** @cost O(body) */
export function splittingOf(module: Module, func: Func, locals: readonly ValType[]): Splitting {
  return new Scan(module, func, locals).splitting();
}

/** One look through a function. */
class Scan {
  private readonly reader: Reader;
  private readonly types: readonly ValType[];
  private readonly loops: SplitLoop[] = [];
  private readonly reasons: string[] = [];
  /** Of each block that is open, the loop, if it is one, or that it is a try block. */
  private readonly blocks: (Found | "try" | undefined)[] = [undefined];
  private readonly stack: Found[] = [];
  private tries = 0;

  constructor(module: Module, { body }: Func, types: readonly ValType[]) {
    this.reader = new Reader(module.bytes, body.start, body.end);
    this.types = types;
    this.begin(body.start);
  }

  splitting(): Splitting {
    while (this.blocks.length > 0) this.next();
    return { loops: new Map(this.loops.map((loop) => [loop.offset, loop])), reasons: this.reasons };
  }

  private begin(at: number): Found {
    const loop: Found = {
      at,
      tries: this.tries,
      locals: new Set(),
      words: 0,
      hasLoops: false,
      changesViews: false,
      reason: undefined,
    };
    this.stack.push(loop);
    return loop;
  }

  private next(): void {
    const { reader, blocks } = this;
    const at = reader.pos;
    const opcode = reader.opcode();
    const loop = this.stack[this.stack.length - 1];
    if (accesses.has(opcode)) return this.use(loop, reader.u32());
    skipImms(reader, defOf(opcode, at));
    if (opcode === LOOP) blocks.push(this.begin(reader.pos));
    else if (opens.has(opcode)) blocks.push(undefined);
    else if (opcode === END) this.end(at);
    else this.other(opcode, loop);
  }

  private other(opcode: number, loop: Found): void {
    if (calls.has(opcode) || throws.has(opcode)) {
      if (loop.tries > 0) loop.reason = "call in a try block";
      loop.changesViews = true;
    } else if (opcode === GROW) loop.changesViews = true;
    else if (attempts.has(opcode)) {
      loop.reason = "try block";
      this.blocks.push("try");
      this.tries++;
    } else if (leaves.has(opcode)) loop.reason = "tail call or handler";
    if (opcode === DELEGATE) this.end(0);
  }

  private use(loop: Found, idx: number): void {
    if (loop.reason !== undefined || loop.locals.has(idx)) return;
    loop.locals.add(idx);
    loop.words += this.types[idx] === I64 ? 2 : 1;
    if (loop.words > MAX_WORDS) loop.reason = "too many locals";
  }

  private end(at: number): void {
    const block = this.blocks.pop();
    if (block === "try") this.tries--;
    else if (block !== undefined) this.endLoop(block, at);
  }

  private endLoop(loop: Found, end: number): void {
    this.stack.pop();
    if (loop.reason === undefined && end - loop.at > MAX_BYTES) loop.reason = "size";
    const { at: offset, reason, changesViews } = loop;
    if (reason === undefined) {
      while ((this.loops[this.loops.length - 1]?.offset ?? 0) > offset) this.loops.pop();
      this.loops.push({ offset, changesViews });
    } else if (!loop.hasLoops) this.reasons.push(reason);
    const around = this.stack[this.stack.length - 1];
    around.hasLoops = true;
    around.changesViews ||= changesViews;
    if (around === this.stack[0]) return;
    around.reason ??= reason;
    for (const idx of loop.locals) this.use(around, idx);
  }
}
