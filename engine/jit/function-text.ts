/**
 * State of generating one function and the steps that its rules share: operands in and out, lines, labels, variables.
 * The rules are in `rules-*.ts`, the loop in `generate.ts`.
 */
import type { Catch } from "../binary/imms.ts";
import { Reader } from "../binary/reader.ts";
import { canonOf } from "../canon.ts";
import { type Func, funcTypeAt, type Module } from "../module.ts";
import { F32, F64, type FuncType, I64, V128, type ValType } from "../types.ts";
import { BigFrame, bigText } from "./big-frame.ts";
import type { Environment } from "./environment.ts";
import type { FloatFlow } from "./float-flow.ts";
import { type Exit, FuelText } from "./fuel-text.ts";
import type { Rung } from "./ladder-text.ts";
import type { Ladders } from "./ladders.ts";
import { expression, Operand, type Part } from "./operand.ts";
import type { Entry } from "./osr.ts";
import type { Outline } from "./outline.ts";
import type { Passes } from "./passes.ts";
import { Pending } from "./pending.ts";
import { type Splitting, splittingOf, unsplit } from "./splitting.ts";
import { Views } from "./views.ts";
import { Writer } from "./writer.ts";

/** A function, or an instruction in it, that this tier leaves to the interpreter. */
export class Declined {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

export const decline = (reason: string): never => {
  throw new Declined(reason);
};

/** The function is generated with i64 as words after all. */
export class NotBig {}

export interface Label {
  kind: "func" | "block" | "loop" | "if" | "else";
  /** Operands below belong to the blocks around; results are at this depth. */
  readonly height: number;
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
  readonly name: string;
  /** How many labels are around it. */
  readonly depth: number;
  /** Offset of the opcode that opens it. */
  readonly at: number;
  /** Line that opens it, to get the label if something branches there, and that line without. */
  line: number;
  head: string;
  /** Line of the `break` that ends a loop. */
  breakLine: number;
  isUsed: boolean;
  /** Of `else`: the end of the first part is reached. */
  isThenReached: boolean;
  /** Float classes of parameters and results; -1 for other types. */
  readonly paramNodes: readonly number[];
  readonly resultNodes: readonly number[];
  /** Of `fuel`: branches to its end, and what was pending when it opened. */
  readonly exits: Exit[];
  readonly pending: number;
  /** Of `fuel` and a loop: how it stops or gets more fuel. */
  tail: string;
  /** There are loops in it. */
  hasLoop: boolean;
  /** Of a block of a ladder. */
  readonly rung: Rung | undefined;
  /** Active try blocks around it. */
  readonly tries: number;
  /** Of a try block. */
  attempt: Attempt | undefined;
}

/** A try block, of 3.0 or of the form before. */
export interface Attempt {
  /** What `try_table` catches; a legacy block has catch bodies. */
  readonly clauses: readonly Catch[];
  /** Tags that it catches so far; -1: all. */
  readonly tags: number[];
  /** The code is in a catch body. */
  isCatching: boolean;
}

const LOOP_WEIGHT = 8;

export interface BlockType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export const isFloat = (t: ValType): boolean => t === F32 || t === F64;

const noNodes: readonly number[] = [];

const nodesOf = (f: FunctionText, types: readonly ValType[]): readonly number[] =>
  types.length === 0 ? noNodes : types.map((t) => (isFloat(t) ? f.floats.node() : -1));

export function makeLabel(f: FunctionText, kind: Label["kind"], type: BlockType): Label {
  return {
    kind,
    height: f.pending.height - (kind === "func" ? 0 : type.params.length),
    params: type.params,
    results: type.results,
    name: `L${f.labels.length}`,
    depth: f.labels.length,
    at: f.out.at,
    line: -1,
    head: "",
    breakLine: -1,
    isUsed: false,
    isThenReached: false,
    paramNodes: nodesOf(f, type.params),
    resultNodes: nodesOf(f, type.results),
    exits: [],
    pending: f.fuel?.pending ?? 0,
    tail: "",
    hasLoop: false,
    rung: undefined,
    tries: f.tries,
    attempt: undefined,
  };
}

/** What kind of code is made. */
export interface Form {
  /** Where to enter other than at the start. */
  readonly entry: Entry | undefined;
  readonly isMetered: boolean;
  readonly isBig: boolean;
  /** Parts become functions of their own, so many bytes of cases, and loops; undefined: none do. */
  readonly excess: number | undefined;
  readonly passes: Passes;
  /** If its text is too large for V8 it counts its calls and loops, and asks for the form that has parts. */
  readonly isCounting: boolean;
  /** It is the form that was asked for. */
  readonly isGrown: boolean;
}

export class FunctionText {
  readonly module: Module;
  /** Optimisations that are on. */
  readonly passes: Passes;
  readonly canon: Int32Array;
  readonly index: number;
  readonly type: FuncType;
  readonly reader: Reader;
  /** Offset of the body. */
  readonly start: number;
  readonly out = new Writer();
  readonly env: Environment;
  readonly floats: FloatFlow;
  readonly pending: Pending;
  readonly views: Views;
  readonly labels: Label[] = [];
  /** Blocks of JavaScript that are open. */
  nesting = 0;
  readonly ladders: Ladders;
  /** Variables that say where a `switch` goes, to be declared. */
  readonly dispatches = new Set<string>();
  readonly locals: ValType[] = [];
  /** Locals as operands, made when wanted. */
  private readonly localReads: (Operand | undefined)[] = [];
  /** Float classes of locals. */
  readonly localNodes: number[] = [];
  /** Where to enter other than at the start. */
  readonly entry: Entry | undefined;
  /** The entry has been reached. */
  isEntered = false;
  /** Its operands. */
  entryOperands: readonly Operand[] = [];
  /** Code before the entry is guarded, because a loop around may come back to it; else it is left out. */
  isGuarding = false;
  /** How it is skipped the first time. */
  guard: "if" | "case" = "if";
  /** After an unconditional branch, until the block's else or end. */
  isDead = false;
  /** Blocks opened inside dead code. */
  deadDepth = 0;
  /** Counts fuel and stops. */
  readonly fuel: FuelText | undefined;
  /** Where i64 variables are, if i64 are BigInt. */
  readonly bigs: BigFrame | undefined;
  /** Parts that become functions of their own; the one that is being written, and those that were. */
  readonly splitting: Splitting;
  outline: Outline | undefined;
  readonly outlines: Outline[] = [];
  /** Calls anything that may need much of the JavaScript stack. */
  hasCalls = false;
  /** Makes tail calls of others, of itself. */
  hasTailCalls = false;
  callsSelf = false;
  readonly isCounting: boolean;
  /** Lines that count. */
  readonly counts: number[] = [];
  private readonly isGrown: boolean;
  /** Try blocks that are active, now and at most: in whose body the code is. */
  tries = 0;
  mostTries = 0;
  /** An exception may be meant for a certain try block, or none: see `rules-exceptions.ts`. */
  hasEscapes = false;

  constructor(
    module: Module,
    func: Func,
    index: number,
    env: Environment,
    floats: FloatFlow,
    ladders: Ladders,
    { entry, isMetered, isBig, excess, passes, isCounting, isGrown }: Form,
  ) {
    this.module = module;
    this.passes = passes;
    this.isCounting = isCounting;
    this.isGrown = isGrown;
    this.canon = canonOf(module.types);
    this.index = index;
    this.type = funcTypeAt(module, func.type);
    this.reader = new Reader(module.bytes, func.body.start, func.body.end);
    this.start = func.body.start;
    this.env = env;
    this.floats = floats;
    this.ladders = ladders;
    this.entry = entry;
    for (const t of this.type.params) this.locals.push(t);
    for (let i = 0; i < func.locals.length; i += 2) {
      for (let n = func.locals[i]; n > 0; n--) this.locals.push(func.locals[i + 1]);
    }
    if (this.locals.includes(V128) || this.type.results.includes(V128)) decline("v128");
    this.locals.forEach((t, i) => {
      const isRaw = entry !== undefined || i < this.type.params.length;
      this.localNodes.push(isFloat(t) ? floats.node(isRaw) : -1);
      this.localReads.push(undefined);
    });
    this.splitting = excess === undefined ? unsplit : splittingOf(module, func, this.locals, excess);
    this.bigs = isBig ? new BigFrame(env) : undefined;
    const uncoded = (text: string): string => `${env.helper("uncoded")}(${text})`;
    this.pending = new Pending(this.locals.length, this.out, floats, uncoded, isMetered, this.bigs);
    this.views = new Views(module, passes.views, env, this.out);
    this.fuel = isMetered ? new FuelText(this) : undefined;
  }

  /** A loop comes round, which counts as a call. */
  countLoop(): void {
    if (this.isCounting) this.counts.push(this.out.line("K--;"));
  }

  /** Of the function that is generated. */
  get name(): string {
    const end = this.fuel !== undefined ? "m" : this.isGrown ? "s" : "";
    return this.entry === undefined ? `f${this.index}${end}` : `f${this.index}_${this.entry.offset}${end}`;
  }

  /** Of each local, the variables that hold its words. */
  get localNames(): readonly (readonly string[])[] {
    return this.locals.map((t, i) => (t === I64 ? [`l${i}`, `h${i}`] : [`l${i}`]));
  }

  /** Expressions of the words of local `i`. */
  wordsOfLocal(i: number): readonly string[] {
    if (this.locals[i] !== I64) return [`l${i}`];
    return this.bigs === undefined ? [`l${i}`, `h${i}`] : [this.bigs.word(i, 0), this.bigs.word(i, 1)];
  }

  /** The member by which functions are called. */
  get call(): "js" | "metered" {
    return this.fuel === undefined ? "js" : "metered";
  }

  /** How often code here counts: as if each loop came round so many times. */
  get weight(): number {
    return this.labels.some(({ kind }) => kind === "loop") ? LOOP_WEIGHT : 1;
  }

  /* Operands */

  /** The topmost operand, which the instruction at hand uses. */
  pop(): Operand {
    return this.pending.pop();
  }

  /** Pushes an expression that is no float. */
  push(type: ValType, lo: Part, effects = 0, hi?: Part, condition?: string): void {
    this.pending.push(new Operand(type, lo, hi, effects, condition));
  }

  /** Pushes a float that arithmetic made. */
  pushNumber(type: ValType, lo: Part, effects: number): void {
    this.pending.push(new Operand(type, lo, undefined, effects, undefined, this.floats.node(), true));
  }

  /** A float operand of the class `node`. */
  operand(type: ValType, part: Part, node: number, effects = 0, isArithmetic = false): Operand {
    return new Operand(type, part, undefined, effects, undefined, node, isArithmetic);
  }

  /** Pushes a float that is a coded value. */
  pushCoded(type: ValType, part: Part, effects: number): void {
    this.pending.push(this.operand(type, part, this.floats.node(true), effects));
  }

  /** Pushes a float whose bits come from elsewhere: `plain` is for uncoded values, `coded` for coded ones. */
  pushBits(type: ValType, plain: string, coded: () => string, effects: number, ...of: readonly Part[]): void {
    const node = this.floats.node(true);
    const text = this.floats.isCoded(node) ? coded() : plain;
    this.pending.push(new Operand(type, expression(text, ...of), undefined, effects, undefined, node));
  }

  /** True when the bits of the float `o` must be decoded, which are looked at now. */
  observe(o: Operand): boolean {
    this.floats.observe(o.node);
    return !o.isArithmetic && this.floats.isCoded(o.node);
  }

  /** Pushes the value of the statement that is written now: `call` is an expression with the low word as its value. */
  pushCall(type: ValType, call: string, around = (assignment: string): string => assignment): void {
    const { pending, out } = this;
    const depth = pending.height;
    const lo = pending.slotId(depth);
    const node = isFloat(type) ? this.floats.node(true) : -1;
    pending.free(lo);
    if (type === I64 && this.bigs !== undefined) {
      pending.free(pending.slotId(depth, 1));
      this.bigs.lost += this.weight;
      const words = bigText(call, `${this.env.high()}[0]`);
      out.line(around(`${this.bigs.big(this.locals.length + depth)}=${words};`));
    } else if (type === I64) {
      pending.free(pending.slotId(depth, 1));
      const high = pending.variable(pending.slotId(depth, 1)).text;
      out.line(`${around(`${pending.variable(lo).text}=${call};`)}${high}=${this.env.high()}[0];`);
    } else out.line(around(`${pending.variable(lo).text}=${call};`));
    pending.pushSlot(type, type === I64, node);
  }

  /* Variables */

  readLocal(idx: number): void {
    const t = this.locals[idx];
    const { pending } = this;
    if (t === I64 && this.bigs !== undefined) return pending.push(this.bigs.variable(idx));
    pending.push(this.localReads[idx] ?? this.localRead(idx, t));
  }

  private localRead(idx: number, t: ValType): Operand {
    const { pending } = this;
    const hi = t === I64 ? pending.variable(idx * 2 + 1) : undefined;
    const o = new Operand(t, pending.variable(idx * 2), hi, 0, undefined, this.localNodes[idx]);
    this.localReads[idx] = o;
    return o;
  }

  writeLocal(idx: number): void {
    const { pending, out } = this;
    const o = pending.pop(true);
    pending.order(o.effects);
    pending.free(idx * 2);
    if (o.hi !== undefined) pending.free(idx * 2 + 1);
    this.floats.join(o.node, this.localNodes[idx]);
    const text = pending.assignment(idx * 2, idx * 2 + 1, o, this.localNodes[idx]);
    if (text !== "") out.line(text);
  }

  /* Statements */

  /** `count` try blocks of the function are active from now on: see `awaiting.ts`. */
  activate(count: number): string {
    return `${this.env.active()}[0]=a${count === 0 ? "" : `+${count}`};`;
  }

  /** The arguments of a call of something with parameters like the topmost operands, which it pops. */
  popArguments(params: readonly ValType[]): string[] {
    const { pending } = this;
    const first = pending.height - params.length;
    pending.wantWords(params.length);
    if (this.bigs !== undefined) this.bigs.lost += this.weight * params.filter((t) => t === I64).length;
    const operands = pending.list.slice(first);
    for (let i = 0; i < params.length; i++) pending.pop();
    return operands.flatMap((o) => {
      if (isFloat(o.type)) this.floats.observe(o.node);
      return this.wordsOf(o);
    });
  }

  /** Expressions of a coded value that leaves the function. */
  wordsOf(o: Operand): string[] {
    const lo = isFloat(o.type) ? this.codedText(o) : o.lo.text;
    return o.hi === undefined ? [lo] : [lo, o.hi.text];
  }

  /** `o`, which is looked at, as a coded value. */
  codedText(o: Operand): string {
    this.floats.observe(o.node);
    return o.isArithmetic ? `${this.env.helper("uncoded")}(${o.lo.text})` : o.lo.text;
  }

  /** `o` as a value of its own class. */
  valueText(o: Operand): string {
    return this.pending.valueOf(o, o.node);
  }
}
