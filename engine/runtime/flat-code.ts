/**
 * Flat code of a module: the interpreter's words of every function lowered so far. A cache: it follows from the module,
 * and instances of one module share it.
 */
import type { Module } from "../module.ts";
import type { HandlerTable } from "./handlers.ts";
import { residentCode } from "./resident.ts";

/** What lowering makes of a function; its words are for one place. */
export interface LoweredFunc {
  readonly words: readonly number[];
  readonly handlers: HandlerTable | undefined;
}

/** Modules with more bytes are not resident: one of them would leave no room for others. */
const MOST_BYTES = 1 << 25;
const FIRST_WORDS = 4096;

export class FlatCode {
  /** The resident ones, or its own. */
  words: Int32Array;
  /** Words of its own that are in use. */
  private end = 0;
  private readonly owner: ReturnType<typeof residentCode.ownerFor> | undefined;
  /** First word of each function of the index space; -1: not lowered, or imported. */
  readonly entries: Int32Array;
  /** Entries in ascending order of first word, with their function index: `[start, func, start, func, ...]`. */
  readonly ranges: number[] = [];
  /** Words of each of them. */
  private readonly sizes: number[] = [];
  /** Of the functions with try blocks, by function index. */
  private readonly handlers = new Map<number, HandlerTable>();
  /** First words of the stubs of functions with generated code, by function index. */
  readonly stubs = new Map<number, number>();
  /** Words that hold the entry of a callee, by its function index: they follow it to its stub. */
  private readonly calls = new Map<number, number[]>();
  /** Loops that were asked for, by their first word: byte offset in the module, first operand in the frame. */
  readonly loops = new Map<number, { readonly offset: number; readonly operands: number }>();

  /** NaNs that arithmetic makes are the canonical one. */
  readonly hasCanonicalNans: boolean;

  constructor(module: Module, kind: CodeKind = "plain") {
    this.hasCanonicalNans = kind === "canonical NaNs";
    this.entries = new Int32Array(module.funcTypes.length).fill(-1);
    const isResident = kind !== "apart" && module.bytes.length < MOST_BYTES && residentCode.hasRoom(FIRST_WORDS);
    this.owner = isResident ? residentCode.ownerFor(this) : undefined;
    this.words = isResident ? residentCode.words : new Int32Array(FIRST_WORDS);
  }

  /** See `resident.ts`. */
  get isResident(): boolean {
    return this.words === residentCode.words;
  }

  /** Where the next function goes. */
  get length(): number {
    return this.isResident ? residentCode.length : this.end;
  }

  /** Appends the words of function `func`; its entry. */
  append(func: number, { words, handlers }: LoweredFunc): number {
    const start = this.add(func, words);
    this.entries[func] = start;
    if (handlers !== undefined) this.handlers.set(func, handlers);
    return start;
  }

  /** Appends the stub of function `func` and directs calls of it there. */
  appendStub(func: number, words: readonly number[]): number {
    const start = this.add(func, words);
    this.stubs.set(func, start);
    for (const at of this.calls.get(func) ?? []) this.words[at] = start;
    return start;
  }

  /** The word `at` holds the entry of function `func`. */
  noteCall(func: number, at: number): void {
    const list = this.calls.get(func);
    if (list === undefined) this.calls.set(func, [at]);
    else list.push(at);
  }

  private add(func: number, words: readonly number[]): number {
    const start = this.length;
    if (this.owner !== undefined && this.isResident && residentCode.hasRoom(words.length))
      residentCode.add(words, this.owner);
    else this.addOwn(words, start);
    this.ranges.push(start, func);
    this.sizes.push(words.length);
    return start;
  }

  /** What was resident so far keeps its places. */
  private addOwn(words: readonly number[], start: number): void {
    const need = start + words.length;
    if (need > this.words.length || this.isResident) {
      const next = new Int32Array(Math.max(need, this.words.length * 2));
      // Not what is between: that is other modules' code, and the system gives memory for what is written only.
      this.sizes.forEach((size, i) => {
        const at = this.ranges[2 * i] as number;
        next.set(this.words.subarray(at, at + size), at);
      });
      this.words = next;
    }
    this.words.set(words, start);
    this.end = need;
  }

  /** Exception handlers of the function that word `pc` belongs to; undefined if it has none. O(log functions). */
  handlersAt(pc: number): HandlerTable | undefined {
    return this.handlers.size === 0 ? undefined : this.handlers.get(this.funcAt(pc));
  }

  /** Index of the function that word `pc` belongs to. O(log functions). */
  funcAt(pc: number): number {
    let lo = 0;
    let hi = this.ranges.length >> 1;
    while (hi - lo > 1) {
      const mid = (lo + hi) >> 1;
      if (this.ranges[mid * 2] <= pc) lo = mid;
      else hi = mid;
    }
    return this.ranges[lo * 2 + 1];
  }
}

/** Which code an instance needs: instances of one module and one kind share it. */
export type CodeKind = "plain" | "apart" | "tiered" | "canonical NaNs";

const codes: Readonly<Record<CodeKind, WeakMap<Module, FlatCode>>> = {
  plain: new WeakMap(),
  apart: new WeakMap(),
  tiered: new WeakMap(),
  "canonical NaNs": new WeakMap(),
};

/** The flat code shared by all instances of `module` of this kind. */
export function flatCodeOf(module: Module, kind: CodeKind = "plain"): FlatCode {
  let code = codes[kind].get(module);
  if (code === undefined) {
    code = new FlatCode(module, kind);
    codes[kind].set(module, code);
  }
  return code;
}
