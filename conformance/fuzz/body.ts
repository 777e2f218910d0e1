/**
 * Writes one function of a generated module: valid by construction, and it ends. Loops count down a local of their own,
 * calls use up a global. NaNs of open bits are made canonical before anything can see their bits.
 */
import { u } from "../../engine/binary/encode.ts";
import { compound } from "./compound.ts";
import { constant } from "./constants.ts";
import { effectsOf } from "./effects.ts";
import { raisers } from "./exceptions.ts";
import { load } from "./memories.ts";
import { canonical } from "./nans.ts";
import { reads, reference } from "./references.ts";
import type { Rng } from "./rng.ts";
import { laneCount, opcodeBytes, type Row } from "./rows.ts";
import { randomType, type Shape, type Signature } from "./shape.ts";
import { matches } from "./subtyping.ts";
import { isNullable, isRef, type OpType, type Type, typeBytes } from "./types.ts";

/** Instructions that leave a `t`. */
export type Writer = (b: Body, t: Type, depth: number) => number[];
/** Instructions that leave nothing. */
export type Effect = (b: Body, depth: number) => number[];

export interface Label {
  readonly types: readonly Type[];
  /** Local of a loop's remaining iterations; undefined for a block. */
  readonly counter: number | undefined;
  /** A deployed `catch` that may be thrown again. */
  readonly isCatch?: boolean;
}

const divides = /^i\d\d\.(div|rem)_/;
/** Most bytes of one function, about. */
const SIZE = 1500;

export class Body {
  readonly rng: Rng;
  readonly shape: Shape;
  readonly signature: Signature;
  /** Parameters, then the pool that random instructions use, then counters. */
  readonly locals: Type[];
  readonly pool: number;
  readonly labels: Label[];
  private readonly writers: readonly Writer[];
  private readonly effects: readonly Effect[];
  private size = 0;

  constructor(rng: Rng, shape: Shape, signature: Signature) {
    this.rng = rng;
    this.shape = shape;
    this.signature = signature;
    const more = rng.some(shape.refs.length > 0 ? 8 : 4, () => randomType(rng, shape));
    this.locals = [...signature.params, ...shape.nums, ...more.filter((t) => !isRef(t) || isNullable(t))];
    this.pool = this.locals.length;
    this.labels = [{ types: signature.results, counter: undefined }];
    this.writers = [...compound, ...raisers(shape), ...reads(shape)];
    this.effects = effectsOf(shape);
  }

  has(feature: Parameters<Shape["profile"]["has"]>[0]): boolean {
    return this.shape.profile.has(feature);
  }

  /** Locals of the pool that are `t`s. */
  localsOf(t: Type): number[] {
    const all: number[] = [];
    for (let i = 0; i < this.pool; i++) if (matches(this.shape, this.locals[i]!, t)) all.push(i);
    return all;
  }

  /** A local of the pool that takes a `t`; undefined if there is none. */
  taker(t: Type): number | undefined {
    const all: number[] = [];
    for (let i = 0; i < this.pool; i++) if (matches(this.shape, t, this.locals[i]!)) all.push(i);
    return all.length > 0 ? this.rng.pick(all) : undefined;
  }

  /** A local of number type `t` that random instructions use. */
  local(t: OpType): number {
    return this.rng.pick(this.localsOf(t));
  }

  newLocal(t: Type): number {
    return this.locals.push(t) - 1;
  }

  /** A number or vector type. */
  num(): OpType {
    return this.rng.pick(this.shape.nums) as OpType;
  }

  /** Instructions that leave a value of type `t`; with `anyNan`, a NaN may have open bits. */
  value(t: Type, depth: number, anyNan = false): number[] {
    const isLeaf = depth <= 0 || this.size > SIZE;
    const code = isLeaf ? this.leaf(t) : isRef(t) ? this.reference(t, depth) : this.number(t, depth, anyNan);
    this.size += isLeaf ? code.length : 1;
    return this.rng.oneIn(200) ? [0x01, ...code] : code;
  }

  values(list: readonly Type[], depth: number): number[] {
    return list.flatMap((t) => this.value(t, depth));
  }

  private leaf(t: Type): number[] {
    const { rng, shape } = this;
    const kind = rng.below(8);
    const locals = this.localsOf(t);
    if (kind < 4 && locals.length > 0) return [0x20, ...u(rng.pick(locals))];
    const globals = shape.globals.flatMap((g, i) => (i > 0 && matches(shape, g.type, t) ? [i] : []));
    if (kind === 4 && globals.length > 0) return [0x23, ...u(rng.pick(globals))];
    return constant(rng, shape, t);
  }

  private number(t: OpType, depth: number, anyNan: boolean): number[] {
    const { rng } = this;
    const kind = rng.below(20);
    if (kind < 8) return this.plain(this.row(t), t, depth, anyNan);
    if (kind < 10) return load(this, t, depth);
    return this.other(t, depth, kind);
  }

  private reference(t: Type, depth: number): number[] {
    const kind = this.rng.below(20);
    return kind < 11 && isRef(t) ? reference(this, t, depth) : this.other(t, depth, kind);
  }

  private other(t: Type, depth: number, kind: number): number[] {
    const { rng } = this;
    if (kind === 10 || kind === 11) {
      const local = this.taker(t);
      return local === undefined || !matches(this.shape, this.locals[local]!, t)
        ? this.leaf(t)
        : [...this.value(this.locals[local]!, depth - 1), 0x22, ...u(local)];
    }
    if (kind === 12) return [...this.statement(depth - 1), ...this.value(t, depth - 1)];
    return rng.pick(this.writers)(this, t, depth);
  }

  /** A row that leaves a `t`; those that may trap are rarer than others. */
  private row(t: OpType): Row {
    const rows = this.shape.rows.plain[t];
    const row = this.rng.pick(rows);
    return row.def.traps !== undefined && this.rng.oneIn(2) ? this.rng.pick(rows) : row;
  }

  private plain(row: Row, t: OpType, depth: number, anyNan: boolean): number[] {
    const operands = row.params.flatMap((p) => this.value(p, depth - 1, row.nan !== "keeps"));
    // A divisor is mostly odd.
    if (divides.test(row.mnemonic) && !this.rng.oneIn(10))
      operands.push(...(t === "i32" ? [0x41, 1, 0x72] : [0x42, 1, 0x84]));
    const code = [...operands, ...opcodeBytes(row.def), ...this.laneImms(row)];
    return row.nan === "makes" && !(anyNan && t !== "v128")
      ? [...code, ...canonical(row.mnemonic, t, this.local(t))]
      : code;
  }

  private laneImms({ def, mnemonic }: Row): number[] {
    const [imm] = def.imms;
    if (imm === "laneidx") return [this.rng.below(laneCount(mnemonic))];
    if (imm === "laneidx16") return Array.from({ length: 16 }, () => this.rng.below(32));
    return [];
  }

  /** Instructions that leave nothing. */
  statement(depth: number): number[] {
    const { rng } = this;
    const t = randomType(rng, this.shape);
    if (depth > 0 && !rng.oneIn(3)) return rng.pick(this.effects)(this, depth);
    return [...this.value(t, depth), ...this.drop(t)];
  }

  /** Takes a `t` from the stack. */
  drop(t: Type): number[] {
    const local = this.taker(t);
    return local === undefined || this.rng.oneIn(4) ? [0x1a] : [0x21, ...u(local)];
  }

  statements(depth: number, most: number): number[] {
    return this.rng.some(most, () => this.statement(depth)).flat();
  }

  /** Consumes `list` from the stack; a value of type `keep`, if any, is left or put back. */
  consume(list: readonly Type[], keep?: Type): number[] {
    const code: number[] = [];
    const kept = keep === undefined ? -1 : list.map((t) => matches(this.shape, t, keep)).lastIndexOf(true);
    if (kept >= 0 && list.length === 1) return [];
    const at = kept < 0 ? -1 : this.newLocal(list[kept]!);
    for (let i = list.length - 1; i >= 0; i--) code.push(...(i === kept ? [0x21, ...u(at)] : this.drop(list[i]!)));
    return kept >= 0 ? [...code, 0x20, ...u(at)] : code;
  }

  /** `make` inside of `label`. */
  within(label: Label, make: () => number[]): number[] {
    this.labels.push(label);
    const code = make();
    this.labels.pop();
    return code;
  }

  /** Gives most references of the pool something to refer to. */
  prologue(): number[] {
    return this.locals
      .slice(0, this.pool)
      .flatMap((t, i) =>
        i >= this.signature.params.length && isRef(t) && !this.rng.oneIn(3)
          ? [...constant(this.rng, this.shape, t), 0x21, ...u(i)]
          : [],
      );
  }

  /** Declarations of the locals that are not parameters. */
  get declared(): number[][] {
    return this.locals.slice(this.signature.params.length).map((t) => [1, ...typeBytes(t)]);
  }
}
