/**
 * Writes one function of a generated module: valid by construction, and it ends. Loops count down a local of their own,
 * calls use up a global. NaNs of open bits are made canonical before anything can see their bits.
 */
import { s, u } from "../../engine/binary/encode.ts";
import { compound, type Writer, type Writers } from "./compound.ts";
import { effects } from "./effects.ts";
import { canonical } from "./nans.ts";
import type { Rng } from "./rng.ts";
import { laneCount, laneLoads, loads, type MemRow, opcodeBytes, plain, type Row, type Type, types } from "./rows.ts";
import { constant, type Shape, type Signature } from "./shape.ts";

export interface Label {
  readonly types: readonly Type[];
  /** Local of a loop's remaining iterations; undefined for a block. */
  readonly counter: number | undefined;
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
  private size = 0;

  constructor(rng: Rng, shape: Shape, signature: Signature) {
    this.rng = rng;
    this.shape = shape;
    this.signature = signature;
    this.locals = [...signature.params, ...types, ...rng.some(4, () => rng.pick(types))];
    this.pool = this.locals.length;
    this.labels = [{ types: signature.results, counter: undefined }];
  }

  /** A local of type `t` that random instructions use. */
  local(t: Type): number {
    const all: number[] = [];
    for (let i = 0; i < this.pool; i++) if (this.locals[i] === t) all.push(i);
    return this.rng.pick(all);
  }

  newLocal(t: Type): number {
    return this.locals.push(t) - 1;
  }

  /** Instructions that leave a value of type `t`; with `anyNan`, a NaN may have open bits. */
  value(t: Type, depth: number, anyNan = false): number[] {
    const { rng } = this;
    const code = depth <= 0 || this.size > SIZE ? this.leaf(t) : this.inner(t, depth, anyNan);
    this.size += depth <= 0 ? code.length : 1;
    return rng.oneIn(200) ? [0x01, ...code] : code;
  }

  values(list: readonly Type[], depth: number): number[] {
    return list.flatMap((t) => this.value(t, depth));
  }

  private leaf(t: Type): number[] {
    const { rng, shape } = this;
    const kind = rng.below(8);
    if (kind < 3) return constant(rng, t);
    if (kind < 7) return [0x20, ...u(this.local(t))];
    const fits = shape.globals.flatMap((g, i) => (g.type === t && i > 0 ? [i] : []));
    return [0x23, ...u(rng.pick(fits))];
  }

  private inner(t: Type, depth: number, anyNan: boolean): number[] {
    const { rng } = this;
    const kind = rng.below(20);
    if (kind < 8) return this.plain(rng.pick(plain[t]), t, depth, anyNan);
    if (kind < 10) return this.load(t, depth);
    if (kind === 10) return [...this.value(t, depth - 1), 0x22, ...u(this.local(t))];
    if (kind === 11) return [...this.statement(depth - 1), ...this.value(t, depth - 1)];
    if (kind === 12) return this.leaf(t);
    return rng.pick(writers)(this, t, depth);
  }

  private plain(row: Row, t: Type, depth: number, anyNan: boolean): number[] {
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

  /** An address that is mostly inside. */
  address(depth: number): number[] {
    const { rng } = this;
    if (rng.oneIn(10)) return [0x41, ...s(rng.pick([0, 1, 8, 100, 4095, 65528, 65535, -1, 65536 * 2 - 4]))];
    const value = this.value("i32", depth - 1);
    return rng.oneIn(40) ? value : [...value, 0x41, ...s(rng.pick([0xff, 0xfff, 0xfff8])), 0x71];
  }

  memarg(row: MemRow): number[] {
    const { rng } = this;
    const offset = rng.oneIn(60) ? rng.pick([0xffffffff, 0x7fffffff, 65536]) : rng.oneIn(2) ? 0 : rng.below(300);
    return [rng.below(row.align + 1), ...u(offset)];
  }

  private load(t: Type, depth: number): number[] {
    const { rng } = this;
    if (t === "v128" && rng.oneIn(4)) {
      const row = rng.pick(laneLoads);
      const code = [...this.address(depth), ...this.value("v128", depth - 1), ...opcodeBytes(row.def)];
      return [...code, ...this.memarg(row), rng.below(row.lanes)];
    }
    const row = rng.pick(loads.filter((l) => l.val === t));
    return [...this.address(depth), ...opcodeBytes(row.def), ...this.memarg(row)];
  }

  /** Instructions that leave nothing. */
  statement(depth: number): number[] {
    const { rng } = this;
    const t = rng.pick(types);
    if (depth <= 0 || rng.oneIn(3)) return [...this.value(t, depth), 0x21, ...u(this.local(t))];
    return rng.pick(effects)(this, depth);
  }

  statements(depth: number, most: number): number[] {
    return this.rng.some(most, () => this.statement(depth)).flat();
  }

  /** Consumes `list` from the stack; the value of type `keep`, if any, is left or put back. */
  consume(list: readonly Type[], keep?: Type): number[] {
    const code: number[] = [];
    const kept = keep === undefined ? -1 : list.lastIndexOf(keep);
    const at = keep === undefined || list.length === 1 ? -1 : this.newLocal(keep);
    if (kept >= 0 && list.length === 1) return [];
    for (let i = list.length - 1; i >= 0; i--) {
      const t = list[i]!;
      if (i === kept) code.push(0x21, ...u(at));
      else code.push(...(this.rng.oneIn(2) ? [0x1a] : [0x21, ...u(this.local(t))]));
    }
    return kept >= 0 ? [...code, 0x20, ...u(at)] : code;
  }

  /** Locals that are not parameters. */
  get declared(): readonly Type[] {
    return this.locals.slice(this.signature.params.length);
  }
}

const writers: readonly Writer[] = Object.values(compound satisfies Writers);
