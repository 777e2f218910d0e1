/**
 * State of lowering one function and the steps the rules share: operands, labels, safepoints. The rules are in
 * `lower-*.ts`, the loop in `lower.ts`.
 */
import { Reader } from "../binary/reader.ts";
import { canonOf } from "../canon.ts";
import type { OpType } from "../instrs-simd.ts";
import { type Func, funcTypeAt, type Module } from "../module.ts";
import { F32, F64, type FuncType, I32, I64, isRef, V128, type ValType } from "../types.ts";
import { type Constant, constantKey, Emitter } from "./emitter.ts";
import { HandlerBuilder } from "./handler-builder.ts";
import { LOCAL, Operands, TEMP, wordsOf } from "./operands.ts";
import { op } from "./ops.ts";

export type SafepointKind = "entry" | "loop" | "call" | "return";

/** Told, in order, what flat code comes from what. Offsets are absolute in the module; `pending` is fuel not counted yet, the instruction's own included. */
export interface Recorder {
  instr(word: number, offset: number, pending: number): void;
  /** `types` are those of all operands there, `results` those that a return brings. */
  safepoint(
    kind: SafepointKind,
    word: number,
    offset: number,
    types: readonly ValType[],
    results: readonly ValType[],
  ): void;
  /** Types of the frame's locals, parameters first, their frame offsets, and where operands begin. */
  layout(types: readonly ValType[], offsets: Int32Array, operands: number): void;
}

export const numTypes: Readonly<Record<OpType, ValType>> = { i32: I32, i64: I64, f32: F32, f64: F64, v128: V128 };

/** A block that is open. Operands from `height` on are its own; its results start at frame offset `base`. */
export interface Label {
  /** "try": a legacy try block in its body; it becomes "catch" in its catch bodies. */
  kind: "func" | "block" | "loop" | "if" | "try" | "catch";
  readonly height: number;
  readonly base: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  /** Loop: absolute target. */
  readonly target: number;
  /** Word indices to receive the end of the block. */
  readonly fixups: number[];
  /** `if`: word index to receive the start of `else` or the end. -1 when done. */
  elseFixup: number;
  /** Number of its try block in the handler table; -1 if it is none. */
  handler: number;
  /** Not a loop: absolute word after the end, and the fuel pending there; known then. */
  end: number;
  pendingAtEnd: number;
}

export class Lowering {
  readonly module: Module;
  readonly canon: Int32Array;
  readonly reader: Reader;
  readonly out: Emitter;
  readonly stack: Operands;
  readonly labels: Label[] = [];
  readonly handlers = new HandlerBuilder();
  readonly recorder: Recorder | undefined;
  readonly localTypes: ValType[] = [];
  readonly localOffs: Int32Array;
  /** After an unconditional branch, until the block's else or end. */
  isDead = false;
  /** Blocks opened inside dead code. */
  deadDepth = 0;
  /** Offset of the instruction being lowered. */
  at = 0;
  /** NaNs that arithmetic makes are the canonical one. */
  hasCanonicalNans = false;

  /** @param constants kept in slots after the locals for the whole function */
  constructor(module: Module, func: Func, start: number, constants: readonly Constant[], recorder?: Recorder) {
    this.module = module;
    this.canon = canonOf(module.types);
    this.reader = new Reader(module.bytes, func.body.start, func.body.end);
    this.recorder = recorder;
    const type = funcTypeAt(module, func.type);
    this.collectLocals(type, func);
    this.localOffs = new Int32Array(this.localTypes.length);
    let base = 0;
    this.localTypes.forEach((t, i) => {
      this.localOffs[i] = base;
      base += wordsOf(t);
    });
    const pool = new Map<string, number>();
    let operands = base;
    for (const { words } of constants) {
      pool.set(constantKey(words), operands);
      operands += words.length;
    }
    this.out = new Emitter(start, pool);
    this.stack = new Operands(operands, this.out);
    recorder?.layout(this.localTypes, this.localOffs, operands);
    this.emitEntry(type.params.length, base, constants);
    this.labels.push(this.label("func", [], type.results, 0, 0));
  }

  private collectLocals(type: FuncType, func: Func): void {
    for (const t of type.params) this.localTypes.push(t);
    for (let i = 0; i < func.locals.length; i += 2) {
      for (let n = func.locals[i]; n > 0; n--) this.localTypes.push(func.locals[i + 1]);
    }
  }

  private emitEntry(params: number, base: number, constants: readonly Constant[]): void {
    const firstZero = params < this.localTypes.length ? this.localOffs[params] : base;
    this.recorder?.safepoint("entry", this.out.pc, this.reader.pos, [], []);
    if (constants.length === 0) this.out.emit(op("enter"), 0, firstZero, base);
    else {
      const words = constants.flatMap((c) => c.words);
      this.out.emit(op("enter_consts"), 0, firstZero, base, words.length, ...words);
    }
    for (let i = params; i < this.localTypes.length; ) {
      const first = i;
      while (i < this.localTypes.length && isRef(this.localTypes[i])) i++;
      if (i > first) this.out.emit(op("null_refs"), this.localOffs[first], this.localOffs[i - 1] + 2);
      else i++;
    }
  }

  label(
    kind: Label["kind"],
    params: readonly ValType[],
    results: readonly ValType[],
    height: number,
    base: number,
  ): Label {
    return {
      kind,
      height,
      base,
      params,
      results,
      target: this.out.pc,
      fixups: [],
      elseFixup: -1,
      handler: -1,
      end: -1,
      pendingAtEnd: 0,
    };
  }

  /** Pops an operand; the frame offset where it can be read. */
  popPlace(): number {
    return this.stack.place(this.stack.pop());
  }

  /** Pushes an operand that the next operation will write; its frame offset. */
  pushTemp(type: ValType): number {
    this.stack.push(TEMP, type);
    return this.stack.offs[this.stack.height - 1];
  }

  pushLocal(idx: number): void {
    this.stack.push(LOCAL, this.localTypes[idx], this.localOffs[idx]);
  }

  /** Emits an operation with a result of `type` and the places of `operands` popped operands, then `imms`. */
  operation(name: string, operands: number, type: ValType | undefined, ...imms: number[]): void {
    const places: number[] = [];
    for (let i = 0; i < operands; i++) places.unshift(this.popPlace());
    if (type === undefined) this.out.emit(op(name), ...places, ...imms);
    else {
      const to = this.stack.top;
      this.out.result(op(name), to, ...places, ...imms);
      this.pushTemp(type);
    }
  }

  /** Marks a place that code may stop at. Precondition: every operand is in its slot. */
  safepoint(kind: SafepointKind, offset: number, results: readonly ValType[] = []): void {
    const { stack } = this;
    this.recorder?.safepoint(kind, this.out.pc, offset, stack.types.slice(0, stack.height), results);
  }
}
