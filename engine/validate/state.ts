/**
 * The state of the validation algorithm: operand stack, control stack, locals, and the errors that tell about them.
 *
 * One object serves all functions of a module; nothing is allocated for an instruction. The rules are in `special.ts`,
 * the loop in `func.ts`. Spec: appendix/algorithm.
 */
import { Memarg } from "../binary/imms.ts";
import { mnemonicOf } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import { readValType } from "../binary/types.ts";
import type { WasmError } from "../errors.ts";
import { type InvalidFault, invalid, overLimit } from "../faults.ts";
import type { Func } from "../module.ts";
import {
  BOT,
  BOT_HEAP,
  type FuncType,
  I32,
  I64,
  isNullable,
  isRef,
  printValType,
  refType,
  type ValType,
} from "../types.ts";
import type { ModuleContext } from "./context.ts";
import { Calls } from "./ordinary-calls.ts";
import { arityOf, codeOf, localsOf, NOT_ORDINARY, secondsOf, typeOf } from "./ordinary-rows.ts";
import { checkValType } from "./types.ts";

const LOOP = 0x03;
const IF = 0x04;
/* Of a block in the control stack: words, and which is what; the first is the opcode. */
export const CTRL_WORDS = 6;
export const HEIGHT = 1;
export const INITS = 2;
export const DEAD = 3;
export const TAKES = 4;
export const LEAVES = 5;
const MAX_CACHED_BLOCKS = 1000;

const noVals: readonly ValType[] = [];
export const emptyBlock: FuncType = { kind: "func", params: noVals, results: noVals };
const valueBlocks = new Map<ValType, FuncType>();

/** `[] -> [result]`, one object for each type. */
export function valueBlock(result: ValType): FuncType {
  let block = valueBlocks.get(result);
  if (block === undefined) {
    block = { kind: "func", params: noVals, results: [result] };
    // Concrete reference types of hostile modules are without number.
    if (valueBlocks.size < MAX_CACHED_BLOCKS) valueBlocks.set(result, block);
  }
  return block;
}

/** For `ordinary.ts`: blocks by the code of their result. */
export const blocks: readonly FuncType[] = [0, 1, 2, 3, 4].map((code) =>
  code === 0 ? emptyBlock : valueBlock(typeOf(code)),
);

/** `[] -> results`. */
function blockOf(results: readonly ValType[]): FuncType {
  if (results.length === 0) return emptyBlock;
  return results.length === 1 ? valueBlock(results[0]!) : { kind: "func", params: noVals, results };
}

/** Whether a local of type `t` has no default value. */
const needsInit = (t: ValType): boolean => isRef(t) && !isNullable(t);

const noWords = new Int32Array(0);

export class FuncState {
  readonly ctx: ModuleContext;
  readonly r: Reader;
  readonly memarg = new Memarg();
  /** Offset and opcode of the instruction being checked. */
  at = 0;
  opcode = 0;

  /** Operand stack: `vals[0 .. sp)`. */
  vals = noWords;
  sp = 0;
  /**
   * Control stack: `[0 .. depth)`, the first is the function. Types, and of each in `ctrl` the opcode, operand height at its
   * start, locals that were set, whether the rest is unreachable, and for `ordinary.ts` what its label takes and its end leaves.
   */
  readonly ctrlTypes: FuncType[] = [];
  ctrl = noWords;
  depth = 0;
  /** Of the innermost block: operand height at its start, and whether the rest of it is unreachable. */
  height = 0;
  isDead = false;

  /** For `ordinary.ts`: the types that an instruction's second byte tells, those of the first locals among them. */
  readonly seconds: Uint8Array;
  readonly #locals: Uint8Array;
  #localCount = 0;
  /** Type and end index of each run of locals: `[0 .. #runCount)`. */
  readonly #runTypes: ValType[] = [];
  readonly #runEnds: number[] = [];
  #runCount = 0;
  /** Locals without default value that were set, in order; undone at the end of the block. */
  readonly #inits: number[] = [];
  readonly #isInit = new Set<number>();

  readonly calls: Calls;

  constructor(ctx: ModuleContext) {
    this.ctx = ctx;
    // Not where the fields are: V8 takes what is set once for constant, and code that relied on it would be lost at the first growth.
    this.vals = new Int32Array(256).fill(I32);
    this.ctrl = new Int32Array(64 * CTRL_WORDS);
    const mem = ctx.mems[0];
    this.seconds = secondsOf(ctx.module.globalTypes, mem === undefined ? BOT : mem.addr === "i32" ? I32 : I64);
    this.#locals = localsOf(this.seconds);
    this.calls = new Calls(ctx.module);
    this.r = new Reader(ctx.module.bytes, 0, 0, ctx.gate);
  }

  /** Starts a function: no operands, its parameters and locals, its results as the outermost label. */
  enter(func: Func, idx: number, type: FuncType): void {
    const { start, end } = func.body;
    this.#reset(func.declarations, end, idx);
    for (let i = 0; i < type.params.length; i++) this.#addLocals(1, type.params[i]!);
    const { r } = this;
    for (let runs = r.u32(); runs > 0; runs--) {
      const n = r.u32();
      const local = readValType(r);
      if (isRef(local)) checkValType(local, this.ctx.module.types.length, start, idx);
      this.#addLocals(n, local);
    }
    for (let i = 0; i < type.params.length; i++) if (needsInit(type.params[i]!)) this.#isInit.add(i);
    this.pushCtrl(0, blockOf(type.results));
  }

  /** Starts a constant expression in `[start, end)` of type `type`. */
  enterExpr(start: number, end: number, type: ValType): void {
    this.#reset(start, end, undefined);
    this.pushCtrl(0, valueBlock(type));
  }

  #reset(start: number, end: number, func: number | undefined): void {
    this.r.pos = start;
    this.r.end = end;
    this.r.func = func;
    this.sp = 0;
    this.depth = 0;
    this.height = 0;
    this.isDead = false;
    this.#locals.fill(0, 0, this.#localCount);
    this.#localCount = 0;
    this.#runCount = 0;
    if (this.#isInit.size > 0) this.#isInit.clear();
    if (this.#inits.length > 0) this.#inits.length = 0;
  }

  pushVal(type: ValType): void {
    if (this.sp === this.vals.length) this.#grow();
    this.vals[this.sp++] = type;
  }

  pushVals(types: readonly ValType[]): void {
    for (let i = 0; i < types.length; i++) this.pushVal(types[i]!);
  }

  /** Pops an operand that must match `expected`; returns what it was. */
  popVal(expected: ValType): ValType {
    if (this.sp > this.height) {
      const actual = this.vals[--this.sp]!;
      if (actual !== expected && !this.ctx.matcher.isSub(actual, expected)) throw this.mismatch(expected, actual);
      return actual;
    }
    if (!this.isDead) throw this.mismatch(expected, undefined);
    return BOT;
  }

  popVals(types: readonly ValType[]): void {
    for (let i = types.length - 1; i >= 0; i--) this.popVal(types[i]!);
  }

  /** Pops an operand of any type; `BOT` in unreachable code. */
  popAny(): ValType {
    if (this.sp > this.height) return this.vals[--this.sp]!;
    if (!this.isDead) throw this.fault("typeMismatch", `: ${this.#instr()} requires an operand but stack has []`);
    return BOT;
  }

  /** Pops a reference of any type; one of heap type `BOT_HEAP` in unreachable code. */
  popRef(): ValType {
    const type = this.popAny();
    if (type === BOT) return refType(BOT_HEAP, false);
    if (!isRef(type)) {
      throw this.fault("typeMismatch", `: ${this.#instr()} requires a reference but stack has [${printValType(type)}]`);
    }
    return type;
  }

  pushCtrl(op: number, type: FuncType): void {
    const { depth } = this;
    if (depth > this.ctx.limits.nesting) {
      throw overLimit("nesting", depth, this.ctx.limits.nesting, this.at, this.r.func);
    }
    const at = depth * CTRL_WORDS;
    if (at === this.ctrl.length) this.#growCtrl();
    const { ctrl } = this;
    const results = arityOf(type.results);
    this.ctrlTypes[depth] = type;
    ctrl[at] = op;
    ctrl[at + HEIGHT] = this.sp;
    ctrl[at + INITS] = this.#inits.length;
    ctrl[at + DEAD] = 0;
    ctrl[at + TAKES] = op === LOOP ? arityOf(type.params) : results;
    // An `if` without `else` is ordinary only when it leaves nothing.
    ctrl[at + LEAVES] = op === IF && type !== emptyBlock ? NOT_ORDINARY : results;
    this.depth = depth + 1;
    this.height = this.sp;
    this.isDead = false;
    this.pushVals(type.params);
  }

  /** Ends the innermost block; its results were on the stack and are gone. Returns its place in the control stack. */
  popCtrl(): number {
    const top = this.depth - 1;
    this.popVals(this.ctrlTypes[top]!.results);
    if (this.sp !== this.height) throw this.#leftOver(this.ctrlTypes[top]!.results);
    const inits = this.ctrl[top * CTRL_WORDS + INITS]!;
    if (this.#inits.length > inits) this.#undoInits(inits);
    this.depth = top;
    if (top > 0) {
      this.height = this.ctrl[(top - 1) * CTRL_WORDS + HEIGHT]!;
      this.isDead = this.ctrl[(top - 1) * CTRL_WORDS + DEAD] === 1;
    }
    return top;
  }

  /** The rest of the innermost block is unreachable: its operands are whatever is asked for. */
  setUnreachable(): void {
    this.sp = this.height;
    this.isDead = true;
    this.ctrl[(this.depth - 1) * CTRL_WORDS + DEAD] = 1;
  }

  /** Opcode at `place` of the control stack. */
  opAt(place: number): number {
    return this.ctrl[place * CTRL_WORDS]!;
  }

  /** What a branch to label `idx` takes along. */
  labelTypes(idx: number): readonly ValType[] {
    if (idx >= this.depth) throw this.fault("unknownLabel", ` ${idx}`);
    const place = this.depth - 1 - idx;
    const type = this.ctrlTypes[place]!;
    return this.opAt(place) === LOOP ? type.params : type.results;
  }

  /** Number of locals without default value that were set. */
  get initCount(): number {
    return this.#inits.length;
  }

  /** Type of local `idx`, which must have been set if it has no default. */
  readLocal(idx: number): ValType {
    const type = this.localType(idx);
    if (needsInit(type) && !this.#isInit.has(idx)) throw this.fault("uninitializedLocal", ` ${idx}`);
    return type;
  }

  /** Type of local `idx`, which is set from now on. */
  writeLocal(idx: number): ValType {
    const type = this.localType(idx);
    if (needsInit(type) && !this.#isInit.has(idx)) {
      this.#isInit.add(idx);
      this.#inits.push(idx);
    }
    return type;
  }

  #addLocals(n: number, type: ValType): void {
    const start = this.#localCount;
    if (n === 0) return;
    this.#locals.fill(codeOf(type), start, start + n);
    this.#localCount = start + n;
    this.#runTypes[this.#runCount] = type;
    this.#runEnds[this.#runCount++] = start + n;
  }

  localType(idx: number): ValType {
    if (idx >= this.#localCount) throw this.fault("unknownLocal", ` ${idx}`);
    const ends = this.#runEnds;
    let low = 0;
    for (let high = this.#runCount - 1; low < high; ) {
      const mid = (low + high) >> 1;
      if (ends[mid]! > idx) high = mid;
      else low = mid + 1;
    }
    return this.#runTypes[low]!;
  }

  #undoInits(length: number): void {
    for (let i = length; i < this.#inits.length; i++) this.#isInit.delete(this.#inits[i]!);
    this.#inits.length = length;
  }

  #grow(): void {
    const { operands } = this.ctx.limits;
    if (this.sp >= operands) throw overLimit("operands", this.sp + 1, operands, this.at, this.r.func);
    const more = new Int32Array(this.vals.length * 2);
    more.set(this.vals);
    this.vals = more;
  }

  #growCtrl(): void {
    const more = new Int32Array(this.ctrl.length * 2);
    more.set(this.ctrl);
    this.ctrl = more;
  }

  /** Makes an error about the instruction being checked. */
  fault(fault: InvalidFault, detail = ""): WasmError {
    return invalid(fault, this.at, detail, this.r.func);
  }

  /** Makes the error for an operand that is `actual`, or missing, where `expected` is needed. */
  mismatch(expected: ValType, actual: ValType | undefined): WasmError {
    const has = actual === undefined ? "" : printValType(actual);
    return this.fault(
      "typeMismatch",
      `: instruction requires [${printValType(expected)}] but stack has [${has}] at ${this.#instr()}`,
    );
  }

  #leftOver(results: readonly ValType[]): WasmError {
    const extra = this.sp - this.height;
    const wanted = results.map(printValType).join(" ");
    return this.fault("typeMismatch", `: ${extra} operands below the results [${wanted}] are left at ${this.#instr()}`);
  }

  #instr(): string {
    return mnemonicOf(this.opcode) ?? "instruction";
  }
}
