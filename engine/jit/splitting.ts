/**
 * Which parts of a function can be functions of their own. V8 optimises no function whose bytecode is over a limit; what is
 * taken out of it is optimised, and so is the rest if it is small enough then. See `outline.ts` for the text.
 *
 * Parts are loops, with all that is in them, and what follows in a block behind the one that it begins with: so compilers
 * write the cases of a `switch`, and interpreters are one in a loop. The outermost are taken that are small enough and use few locals: those are passed there and back. Not parts that something
 * else than their end or a branch leaves for good, or that handle exceptions; nor, inside a try block, ones that call: locals
 * that they have set would be lost where the exception arrives.
 */
import { skipImms } from "../binary/imms.ts";
import { defOf } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { instrDef, mnemonics } from "../instrs.ts";
import type { Func, Module } from "../module.ts";
import { I64, type ValType } from "../types.ts";

/** `large`: of functions whose text is too long for V8. `every`: of all functions, for tests. */
export type Split = "none" | "large" | "every";

/**
 * V8's limit is 61,440 bytes of bytecode (`--max-optimized-bytecode-size`). A character of text is 0.88 to 1.1 bytes of it
 * (47 functions of 2 to 24 KB in SQLite, QuickJS, mozjpeg and esbuild).
 */
export const LARGE_TEXT = 55_000;
/** Of text for a byte of a large function: 3.7 to 5.1 in lightningcss, whose 33 large ones took nine tenths of all generating. */
export const CHARACTERS_PER_BYTE = 4.6;
/** From here on a text is larger than that whatever it has for a byte. */
export const LARGE_BYTES = 14_000;
/** From here on all cases are taken at once: 12 of 17 such functions are too large with fewer. Bench: real-js, lightningcss. */
export const VAST_BYTES = 30_000;
/** Calls of a large function, and rounds of its loops, before it gets parts. Bench: real-js, esbuild and quickjs. */
export const COUNT = 200_000;
/** Smaller functions are not large. */
export const COUNTED_BYTES = 8_000;
/** What a function is to be when cases have been taken out of it, if there are enough. */
const GOAL_TEXT = 45_000;
/** Bytes of a part, each 3 to 6.5 of bytecode. */
const MAX_BYTES = 7_000;
/** What calls a part is as long as the text of so many bytes. */
const CALL_BYTES = 20;
/** Words of locals that a part uses. */
const MAX_WORDS = 64;

/** How many of the `bytes` of a function with so long a text are to be taken out. */
export const excessOf = (bytes: number, text: number): number => Math.ceil(bytes * (1 - GOAL_TEXT / text));

export interface Part {
  readonly isLoop: boolean;
  /** Offset of its first instruction, and of the `end` behind its last. */
  readonly offset: number;
  readonly end: number;
  /** Memories may have other views after it. */
  readonly changesViews: boolean;
}

export interface Splitting {
  /** By offset. */
  readonly parts: ReadonlyMap<number, Part>;
  /** There are cases that stay, as enough are taken without them. */
  readonly hasMore: boolean;
  /** Why loops, without loops in them, stay where they are. */
  readonly reasons: readonly string[];
}

/** Of a function that stays in one piece. */
export const unsplit: Splitting = { parts: new Map(), hasMore: false, reasons: [] };

/** What is known of a part; also of the function, which is around all. */
interface Found {
  readonly isLoop: boolean;
  readonly at: number;
  readonly tries: number;
  readonly locals: Set<number>;
  words: number;
  hasLoops: boolean;
  changesViews: boolean;
  reason: string | undefined;
}

/** What is looked at; all other instructions only pass. */
const patterns = {
  local: /^local\./,
  block: /^block$/,
  loop: /^loop$/,
  if: /^if$/,
  end: /^end$/,
  call: /^(?:call|throw)/,
  grow: /^memory\.grow$/,
  try: /^try/,
  delegate: /^delegate$/,
  /** What never goes on in the function, and what belongs to a try block. */
  leave: /^(?:return_call|rethrow|catch)/,
} as const;
type Kind = keyof typeof patterns;

/** By opcode; made when it is wanted, which is for large functions only. */
let kindsMade: ReadonlyMap<number, Kind> | undefined;

function makeKinds(): ReadonlyMap<number, Kind> {
  const list = Object.entries(patterns) as [Kind, RegExp][];
  return new Map(
    mnemonics.flatMap((m) => {
      const kind = list.find(([, pattern]) => pattern.test(m))?.[0];
      return kind === undefined ? [] : [[instrDef(m).opcode, kind] as const];
    }),
  );
}

/**
 * @param excess how many bytes are to be taken out as cases; all loops are taken that are not in one
 * @cost O(body)
 */
export function splittingOf(module: Module, func: Func, locals: readonly ValType[], excess: number): Splitting {
  const scan = new Scan(module, func, locals);
  while (scan.isOpen) scan.next();
  const all = outermost(scan.parts.filter((part) => !part.isLoop));
  const cases = largest(all, excess);
  const chosen = outermost(scan.parts.filter((part) => part.isLoop || cases.has(part)));
  return {
    parts: new Map(chosen.map((part) => [part.offset, part])),
    hasMore: cases.size < all.length,
    reasons: scan.reasons,
  };
}

/** Those that are `excess` bytes together, or all. */
function largest(parts: readonly Part[], excess: number): ReadonlySet<Part> {
  const size = ({ offset, end }: Part): number => end - offset;
  const sorted = [...parts].sort((a, b) => size(b) - size(a));
  let sum = 0;
  let count = 0;
  while (count < sorted.length && sum < excess) sum += size(sorted[count++]) - CALL_BYTES;
  return new Set(sorted.slice(0, count));
}

/** Without those that are in others. `parts` are in the order of their ends. */
function outermost(parts: readonly Part[]): Part[] {
  const kept: Part[] = [];
  for (const part of parts) {
    while ((kept[kept.length - 1]?.offset ?? 0) > part.offset) kept.pop();
    kept.push(part);
  }
  return kept;
}

/** A block that is open. */
interface Block {
  readonly kind: "loop" | "block" | "try" | "if";
  /** Offset of its first instruction. */
  readonly start: number;
  /** It is a block at the beginning of one. */
  readonly isFirst: boolean;
  /** The part that ends with it. */
  part: Found | undefined;
}

/** One look through a function. */
class Scan {
  readonly parts: Part[] = [];
  readonly reasons: string[] = [];
  private readonly reader: Reader;
  private readonly types: readonly ValType[];
  private readonly kinds = (kindsMade ??= makeKinds());
  private readonly blocks: Block[] = [];
  /** Parts that are open, innermost last. */
  private readonly stack: Found[] = [];
  private tries = 0;

  constructor(module: Module, { body }: Func, types: readonly ValType[]) {
    this.reader = new Reader(module.bytes, body.start, body.end);
    this.types = types;
    this.open("if", body.start, this.begin(body.start, true));
  }

  get isOpen(): boolean {
    return this.blocks.length > 0;
  }

  private open(kind: Block["kind"], at: number, part?: Found): void {
    const around = this.blocks[this.blocks.length - 1];
    const isFirst = kind === "block" && around?.kind === "block" && around.start === at;
    this.blocks.push({ kind, start: this.reader.pos, isFirst, part });
  }

  private begin(at: number, isLoop: boolean): Found {
    const part: Found = {
      isLoop,
      at,
      tries: this.tries,
      locals: new Set(),
      words: 0,
      hasLoops: false,
      changesViews: false,
      reason: undefined,
    };
    this.stack.push(part);
    return part;
  }

  /** Looks at the next instruction. */
  next(): void {
    const { reader } = this;
    const at = reader.pos;
    const opcode = reader.opcode();
    const kind = this.kinds.get(opcode);
    const part = this.stack[this.stack.length - 1];
    if (kind === "local") return this.use(part, reader.u32());
    skipImms(reader, defOf(opcode, at));
    if (kind === undefined) return;
    if (kind === "block" || kind === "if") this.open(kind, at);
    else if (kind === "loop") this.open(kind, at, this.begin(reader.pos, true));
    else if (kind === "end") this.end(at);
    else this.other(kind, part);
  }

  private other(kind: Kind, part: Found): void {
    if (kind === "call" && part.tries > 0) part.reason = "call in a try block";
    if (kind === "call" || kind === "grow") part.changesViews = true;
    if (kind === "leave" || kind === "delegate") part.reason = "tail call or handler";
    if (kind === "delegate") this.end(0);
    if (kind !== "try") return;
    part.reason = "try block";
    this.open(kind, 0);
    this.tries++;
  }

  private use(part: Found, idx: number): void {
    if (part.reason !== undefined || part.locals.has(idx)) return;
    part.locals.add(idx);
    part.words += this.types[idx] === I64 ? 2 : 1;
    if (part.words > MAX_WORDS) part.reason = "too many locals";
  }

  private end(at: number): void {
    const { kind, isFirst, part } = this.blocks.pop() as Block;
    if (part !== undefined && this.isOpen) this.endPart(part, at);
    if (kind === "try") this.tries--;
    if (isFirst) this.blocks[this.blocks.length - 1].part = this.begin(this.reader.pos, false);
  }

  private endPart(part: Found, end: number): void {
    this.stack.pop();
    const { isLoop, at: offset, changesViews } = part;
    if (part.reason === undefined && end - offset > MAX_BYTES) part.reason = "size";
    const { reason } = part;
    if (reason === undefined) {
      if (isLoop || end - offset >= CALL_BYTES) this.parts.push({ isLoop, offset, end, changesViews });
    } else if (isLoop && !part.hasLoops) this.reasons.push(reason);
    const around = this.stack[this.stack.length - 1];
    around.hasLoops ||= isLoop || part.hasLoops;
    around.changesViews ||= changesViews;
    if (around === this.stack[0]) return;
    around.reason ??= reason;
    for (const idx of part.locals) this.use(around, idx);
  }
}
