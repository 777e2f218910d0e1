/**
 * Globals. An instance keeps the ones it defines in one buffer of its own, so that the interpreter reads them by index;
 * a `GlobalInst` is a place in such a buffer. Spec: exec/runtime (global instances).
 */
import { F32, F64, type GlobalType, I32, I64, isRef } from "../types.ts";
import type { Val } from "./value.ts";

/** Two words (a slot) for each global; references beside them. */
export class GlobalCells {
  readonly I: Int32Array;
  readonly F32: Float32Array;
  readonly F64: Float64Array;
  readonly B: BigInt64Array;
  readonly refs: Val[];
  constructor(count: number) {
    const buffer = new ArrayBuffer(count * 8);
    this.I = new Int32Array(buffer);
    this.F32 = new Float32Array(buffer);
    this.F64 = new Float64Array(buffer);
    this.B = new BigInt64Array(buffer);
    this.refs = new Array<Val>(count).fill(null);
  }
}

export class GlobalInst {
  readonly kind = "global";
  readonly type: GlobalType;
  readonly cells: GlobalCells;
  /** Slot in `cells`. */
  readonly slot: number;

  constructor(type: GlobalType, cells: GlobalCells, slot: number) {
    this.type = type;
    this.cells = cells;
    this.slot = slot;
  }

  get(): Val {
    const { cells, slot } = this;
    switch (this.type.val) {
      case I32:
        return cells.I[slot * 2];
      case I64:
        return cells.B[slot];
      case F32:
        return cells.F32[slot * 2];
      case F64:
        return cells.F64[slot];
      default:
        return cells.refs[slot];
    }
  }

  /** Sets the value, whatever the mutability; the caller has checked it. */
  set(v: Val): void {
    const { cells, slot } = this;
    const t = this.type.val;
    if (isRef(t)) cells.refs[slot] = v;
    else if (t === I32) cells.I[slot * 2] = v as number;
    else if (t === I64) cells.B[slot] = v as bigint;
    else if (t === F32) cells.F32[slot * 2] = v as number;
    else cells.F64[slot] = v as number;
  }
}

/** A global of the host's own. */
export function newGlobal(type: GlobalType, v: Val): GlobalInst {
  const g = new GlobalInst(type, new GlobalCells(1), 0);
  g.set(v);
  return g;
}
