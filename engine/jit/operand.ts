/**
 * Operands that generated code has not needed yet: JavaScript expressions, with what they read and what can happen when
 * they are evaluated. Immutable. An i64 is two expressions, low word and high word, each of which folds by itself.
 */
import type { ValType } from "../types.ts";

/** What evaluating may do or depend on; bits. */
export const LOAD = 1; // reads memory, and may trap as out of bounds
export const TRAP = 2; // may trap in another way
export const GLOBAL = 4; // reads a mutable global or table
export const ANY = 7;

const noVars: readonly number[] = [];

/** One JavaScript expression. */
export class Part {
  readonly text: string;
  /** A name or a literal: may be written twice, and needs no parentheses. */
  readonly isAtom: boolean;
  /** Variables in it (see `Pending`), perhaps several times. */
  readonly vars: readonly number[];
  /** Of an integer literal. */
  readonly value: number | undefined;

  constructor(text: string, isAtom: boolean, vars: readonly number[], value?: number) {
    this.text = text;
    this.isAtom = isAtom;
    this.vars = vars;
    this.value = value;
  }

  /** As an operand of an operator. */
  get inner(): string {
    return this.isAtom ? this.text : `(${this.text})`;
  }
}

/** The integer `value`. */
export const literal = (value: number): Part =>
  new Part(
    value < 0 || Object.is(value, -0) ? `(${Object.is(value, -0) ? "-0" : value})` : String(value),
    true,
    noVars,
    value,
  );

export const ZERO = literal(0);

export const expression = (text: string, ...of: readonly Part[]): Part => new Part(text, false, varsOf(of));

export function varsOf(parts: readonly Part[]): readonly number[] {
  let vars = noVars;
  for (const part of parts) vars = joined(vars, part.vars);
  return vars;
}

/** Both lists in one. */
export function joined(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a.length === 0 || a === b) return b;
  return b.length === 0 ? a : [...a, ...b];
}

/** A name that never changes while the function runs. */
export const fixed = (name: string): Part => new Part(name, true, noVars);

const isConstant = (part: Part): boolean => part.isAtom && part.vars.length === 0;

export class Operand {
  readonly type: ValType;
  readonly lo: Part;
  /** High word of an i64. */
  readonly hi: Part | undefined;
  readonly effects: number;
  /** i32: a condition that is true when it is not 0, shorter than itself. */
  readonly condition: string | undefined;
  /** Floats: number of the value in `FloatFlow`; else -1. */
  readonly node: number;
  /** Floats: made by arithmetic, so that a NaN in it is quiet and is not coded. */
  readonly isArithmetic: boolean;
  /** Depth of the slot variable that holds just this; -1: it is no such. */
  readonly slot: number;
  /** i64 as one BigInt expression; see `big-frame.ts`. */
  readonly big: Part | undefined;

  constructor(
    type: ValType,
    lo: Part,
    hi: Part | undefined,
    effects: number,
    condition?: string,
    node = -1,
    isArithmetic = false,
    slot = -1,
    big?: Part,
  ) {
    this.type = type;
    this.lo = lo;
    this.hi = hi;
    this.effects = effects;
    this.condition = condition;
    this.node = node;
    this.isArithmetic = isArithmetic;
    this.slot = slot;
    this.big = big;
  }

  /** It never changes while the function runs. */
  get isConstant(): boolean {
    return isConstant(this.lo) && (this.hi === undefined || isConstant(this.hi));
  }

  get isAtom(): boolean {
    return this.lo.isAtom && (this.hi === undefined || this.hi.isAtom);
  }

  /** The same value, some of its words now elsewhere. What is left of its effects is unknown, unless all are atoms. */
  with(lo: Part, hi: Part | undefined): Operand {
    const isDone = lo.isAtom && (hi === undefined || hi.isAtom);
    return new Operand(this.type, lo, hi, isDone ? 0 : this.effects, undefined, this.node, this.isArithmetic);
  }
}
