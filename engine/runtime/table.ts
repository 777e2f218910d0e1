/** Tables of references. Spec: exec/runtime (table instances), exec/instructions (table.*). */
import { trap, WasmError } from "../errors.ts";
import type { TableType } from "../types.ts";
import type { Meter } from "./meter.ts";
import type { Val } from "./value.ts";

/** Elements: what an instance may have in one table unless its options say otherwise. */
export const DEFAULT_MAX_TABLE = 10_000_000;

export class TableInst {
  readonly kind = "table";
  readonly declared: TableType;
  readonly limit: number;
  readonly #meter: Meter | undefined;
  /** Null where uninitialised. The interpreter reads it directly; write through `set`. */
  readonly elems: Val[];

  constructor(type: TableType, init: Val = null, limit = DEFAULT_MAX_TABLE, meter?: Meter) {
    this.declared = type;
    this.limit = limit;
    this.#meter = meter;
    if (type.limits.min > limit) {
      throw new WasmError(
        "unlinkable",
        "WT3004",
        `table of ${type.limits.min} elements exceeds the limit of ${limit}`,
        {
          hint: "raise the table limit (--max-table)",
        },
      );
    }
    if (meter?.takeElements(type.limits.min) === false) {
      throw new WasmError(
        "unlinkable",
        "WT3004",
        `table of ${type.limits.min} elements exceeds the limit of all tables of the guest`,
        {
          hint: "raise the limit of all of them (--max-table, totalTableElements)",
        },
      );
    }
    this.elems = new Array<Val>(type.limits.min).fill(init);
  }

  get type(): TableType {
    return { ...this.declared, limits: { min: this.elems.length, max: this.declared.limits.max } };
  }

  get length(): number {
    return this.elems.length;
  }

  /** @throws WasmError trap `oobTable` */
  get(i: number): Val {
    if (i >= this.elems.length) trap("oobTable");
    return this.elems[i];
  }

  /** @throws WasmError trap `oobTable` */
  set(i: number, v: Val): void {
    if (i >= this.elems.length) trap("oobTable");
    this.elems[i] = v;
  }

  /** Grows by `delta`; the old length, or -1. @spec exec-table.grow */
  grow(delta: number, init: Val): number {
    const old = this.elems.length;
    const most = Math.min(this.declared.limits.max ?? Infinity, this.limit, 2 ** 32 - 1);
    if (old + delta > most || this.#meter?.takeElements(delta) === false) return -1;
    for (let i = 0; i < delta; i++) this.elems.push(init);
    return old;
  }

  /** @spec exec-table.fill */
  fill(at: number, v: Val, count: number): void {
    this.check(at, count);
    this.elems.fill(v, at, at + count);
  }

  /** @spec exec-table.copy */
  copy(dst: number, from: TableInst, src: number, count: number): void {
    this.check(dst, count);
    from.check(src, count);
    if (from === this) this.elems.copyWithin(dst, src, src + count);
    else for (let i = 0; i < count; i++) this.elems[dst + i] = from.elems[src + i];
  }

  /** @spec exec-table.init */
  init(dst: number, elems: readonly Val[], src: number, count: number): void {
    if (src + count > elems.length) trap("oobTable");
    this.check(dst, count);
    for (let i = 0; i < count; i++) this.elems[dst + i] = elems[src + i];
  }

  private check(at: number, count: number): void {
    if (at + count > this.elems.length) trap("oobTable");
  }
}
