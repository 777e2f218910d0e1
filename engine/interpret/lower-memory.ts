/** Lowering of loads and stores: memory 0 with small offsets has operations of its own, the rest goes by `*_any`. */
import type { InstrDef, MemAccess, Mnemonic } from "../instrs.ts";
import { type Lowering, numTypes } from "./lowering.ts";
import { CONST, SUM } from "./operands.ts";
import { hasOp, op } from "./ops.ts";

export interface MemArg {
  readonly mem: number;
  /** Byte offset as a number below 2^53. */
  readonly offset: number;
}

export function readMemArg(l: Lowering): MemArg {
  const { reader } = l;
  const flags = reader.u32();
  const mem = (flags & 0x40) !== 0 ? reader.u32() : 0;
  return { mem, offset: reader.u64() };
}

const isNear = (l: Lowering, { mem, offset }: MemArg): boolean =>
  mem === 0 && offset < 2 ** 31 && l.module.memTypes[0].addr === "i32";

/** The words that end an operation on any memory: offset low and high, memory. */
export const memWords = (arg: MemArg): [number, number, number] => [
  arg.offset | 0,
  Math.floor(arg.offset / 2 ** 32),
  arg.mem,
];

/** Number of an access for `load_any` and `store_any`: log2 bytes, signedness, 64-bit value. */
export const accessNumber = (a: MemAccess): number =>
  (31 - Math.clz32(a.bits >> 3)) | (a.sign === "s" ? 4 : 0) | (a.val === "i64" || a.val === "f64" ? 8 : 0);

export function lowerLoad(l: Lowering, _m: Mnemonic, d: InstrDef): void {
  const arg = readMemArg(l);
  const access = d.access as MemAccess;
  const type = numTypes[access.val];
  if (!isNear(l, arg)) {
    return l.operation(
      "load_any",
      1,
      type,
      arg.offset | 0,
      Math.floor(arg.offset / 2 ** 32),
      arg.mem,
      accessNumber(access),
    );
  }
  const { out, stack } = l;
  const h = stack.pop();
  const name = loadName(access);
  if (stack.kinds[h] === CONST && name === "load32") {
    const at = (stack.vals[h] >>> 0) + arg.offset;
    if (at < 2 ** 31) {
      out.result(op("load32_at"), stack.top, at);
      l.pushTemp(type);
      return;
    }
  }
  if (stack.kinds[h] === SUM && arg.offset === 0 && hasOp(`${name}_sum`)) {
    out.result(op(`${name}_sum`), stack.top, stack.vals[h], stack.his[h]);
  } else emitLoad(l, name, stack.place(h), arg.offset);
  if (access.val === "i64" && access.bits < 32) {
    out.result(op(access.sign === "s" ? "i64.extend_i32_s" : "i64.extend_i32_u"), stack.top, stack.top, 0);
  }
  l.pushTemp(type);
}

function loadName({ val, bits, sign }: MemAccess): string {
  if (bits === 64) return "load64";
  if (bits === 32) return val === "i64" ? `load32_${sign}64` : "load32";
  return `load${bits}_${sign}`;
}

const ADD = op("i32.add");
const addForms: Readonly<Record<string, string>> = {
  load32: "load32_add",
  load8_u: "load8_u_add",
  load64: "load64_add",
};

/** Absorbs the addition that made the address. Bench: loop kernels that index arrays. */
function emitLoad(l: Lowering, name: string, address: number, offset: number): void {
  const { out, stack } = l;
  const added = out.lastTo(address);
  const form = addForms[name];
  if (form !== undefined && added?.[0] === ADD && address >= stack.top) {
    out.undo();
    out.result(op(form), stack.top, added[2], added[3], offset);
  } else out.result(op(name), stack.top, address, offset);
}

export function lowerStore(l: Lowering, _m: Mnemonic, d: InstrDef): void {
  const arg = readMemArg(l);
  const access = d.access as MemAccess;
  if (!isNear(l, arg)) {
    return l.operation(
      "store_any",
      2,
      undefined,
      arg.offset | 0,
      Math.floor(arg.offset / 2 ** 32),
      arg.mem,
      accessNumber(access),
    );
  }
  const { out, stack } = l;
  const v = stack.pop();
  const a = stack.pop();
  const name = access.bits === 64 ? "store64" : `store${access.bits}`;
  if (stack.kinds[a] === CONST && name === "store32") {
    const at = (stack.vals[a] >>> 0) + arg.offset;
    if (at < 2 ** 31) return out.emit(op("store32_at"), at, stack.place(v));
  }
  if (stack.kinds[a] === SUM && arg.offset === 0 && hasOp(`${name}_sum`)) {
    const value = stack.place(v);
    return out.emit(op(`${name}_sum`), stack.vals[a], value, stack.his[a]);
  }
  const address = stack.place(a);
  out.emit(op(name), address, stack.place(v), arg.offset);
}
