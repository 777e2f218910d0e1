/**
 * Globals. An instance keeps the ones it defines in one buffer of its own, so that the interpreter reads them by index;
 * a `GlobalInst` is a place in such a buffer. Spec: exec/runtime (global instances).
 */
import { F32, F64, type GlobalType, I32, I64, isRef, printValType, V128 } from "../types.ts";
import { isOfType } from "./gc.ts";
import { readV128, type Val, writeV128 } from "./value.ts";

/** Slots for globals of the types `globals`: the slot of each is its index, but vectors have two after all the others. */
export const slotsFor = (globals: readonly GlobalType[]): number =>
  globals.length + 2 * globals.filter((g) => g.val === V128).length;

/** Two words for each slot; references beside them. See `slotsFor`. */
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
  /** Slot in `cells`, the first of two for a vector. */
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
      case V128:
        return readV128(cells.B, slot);
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
    else if (t === V128) writeV128(cells.B, slot, v as bigint);
    else cells.F64[slot] = v as number;
  }
}

/** A global of the host's own. @throws TypeError when `v` is a reference of another type */
export function newGlobal(type: GlobalType, v: Val): GlobalInst {
  if (isRef(type.val) && !isOfType(v, type.val)) throw new TypeError(`not a value of type ${printValType(type.val)}`);
  const g = new GlobalInst(type, new GlobalCells(type.val === V128 ? 2 : 1), 0);
  g.set(v);
  return g;
}
