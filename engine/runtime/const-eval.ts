/** Evaluates constant expressions: bits of numbers, and references. Spec: valid/instructions (constant expressions). */
import { Reader } from "../binary/reader.ts";
import { readHeapType } from "../binary/types.ts";
import { type Mnemonic, mnemonicOf } from "../instrs.ts";
import type { ConstExpr } from "../module.ts";
import { isRef, V128 } from "../types.ts";
import { evaluateGc } from "./const-gc.ts";
import type { ModuleInst } from "./instance.ts";
import type { Val } from "./value.ts";

/** A value by its bits; `ref` for references. */
export interface ConstVal {
  readonly lo: number;
  readonly hi: number;
  readonly ref: Val;
  /** The other two words of a vector. */
  readonly upper?: readonly [lo: number, hi: number];
}

const word = (lo: number): ConstVal => ({ lo, hi: 0, ref: null });
const wide = (lo: number, hi: number): ConstVal => ({ lo, hi, ref: null });
const reference = (ref: Val): ConstVal => ({ lo: 0, hi: 0, ref });

/** The value of `expr` in `inst`, whose imports and earlier globals exist. Precondition: it is valid. */
export function evaluate(inst: ModuleInst, expr: ConstExpr): ConstVal {
  const r = new Reader(inst.module.bytes, expr.start, expr.end);
  const stack: ConstVal[] = [];
  for (;;) {
    const m = mnemonicOf(r.opcode()) as Mnemonic;
    if (m === "end") return stack[0];
    stack.push(step(inst, r, m, stack));
  }
}

function step(inst: ModuleInst, r: Reader, m: Mnemonic, stack: ConstVal[]): ConstVal {
  switch (m) {
    case "i32.const":
      return word(r.s32());
    case "f32.const":
      return word(r.f32Bits());
    case "i64.const": {
      const lo = r.s64();
      return wide(lo, r.hi);
    }
    case "f64.const": {
      const lo = r.f64Bits();
      return wide(lo, r.hi);
    }
    case "v128.const":
      return { lo: r.f32Bits(), hi: r.f32Bits(), ref: null, upper: [r.f32Bits(), r.f32Bits()] };
    case "global.get":
      return globalBits(inst, r.u32());
    case "ref.func":
      return reference(inst.funcs[r.u32()]);
    case "ref.null":
      readHeapType(r);
      return reference(null);
    default: {
      const made = evaluateGc(inst, r, m, stack);
      if (made !== undefined) return reference(made);
      const y = stack.pop() as ConstVal;
      return arithmetic(m, stack.pop() as ConstVal, y);
    }
  }
}

function globalBits(inst: ModuleInst, idx: number): ConstVal {
  const { type, cells, slot } = inst.globals[idx];
  if (isRef(type.val)) return reference(cells.refs[slot]);
  const bits = wide(cells.I[slot * 2], cells.I[slot * 2 + 1]);
  return type.val === V128 ? { ...bits, upper: [cells.I[slot * 2 + 2], cells.I[slot * 2 + 3]] } : bits;
}

const big = (v: ConstVal): bigint => (BigInt(v.hi) << 32n) | BigInt(v.lo >>> 0);
const fromBig = (v: bigint): ConstVal => wide(Number(BigInt.asIntN(32, v)), Number(BigInt.asIntN(32, v >> 32n)));

function arithmetic(m: Mnemonic, x: ConstVal, y: ConstVal): ConstVal {
  switch (m) {
    case "i32.add":
      return word((x.lo + y.lo) | 0);
    case "i32.sub":
      return word((x.lo - y.lo) | 0);
    case "i32.mul":
      return word(Math.imul(x.lo, y.lo));
    case "i64.add":
      return fromBig(big(x) + big(y));
    case "i64.sub":
      return fromBig(big(x) - big(y));
    case "i64.mul":
      return fromBig(big(x) * big(y));
    default:
      throw new Error(`${m} in a constant expression`);
  }
}
