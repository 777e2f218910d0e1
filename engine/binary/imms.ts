/**
 * The immediates of instructions: one reader and one printer for each `ImmKind`.
 *
 * Callers that want values of hot kinds call `Reader` itself (an index is `u32`) and `readMemarg`, `readBlockType`.
 * Whether indices exist is for the validator. Spec: binary/instructions.
 */
import { invalid } from "../faults.ts";
import type { ImmKind, InstrDef } from "../instrs.ts";
import { printHeapType, printValType, type ValType } from "../types.ts";
import type { Reader } from "./reader.ts";
import { isTypeCode, readHeapType, readValType, readZero } from "./types.ts";

/** Immediates of a load or store; reuse one object, it is filled by `readMemarg`. */
export class Memarg {
  /** log2 of the alignment. */
  align = 0;
  memIdx = 0;
  /** Clamped to 2^53. */
  offset = 0;
}

export function readMemarg(r: Reader, into: Memarg): void {
  const at = r.pos;
  const flags = r.u32();
  if (flags >= 0x80) throw r.malformed("memopFlags", at, ` 0x${flags.toString(16)}`);
  into.align = flags & 0x3f;
  into.memIdx = 0;
  if ((flags & 0x40) !== 0) {
    r.use("multi-memory", at, "load or store with memory index");
    into.memIdx = r.u32();
  }
  into.offset = r.u64();
}

/** `EMPTY_BLOCK`, a value type (negative), or a type index (not negative). Undo the sign to have the value type. */
export type BlockType = number;
export const EMPTY_BLOCK: BlockType = -1;

/** See `BlockType`. A value type `t` is given as `-t`. */
export function readBlockType(r: Reader): BlockType {
  const at = r.pos;
  const byte = at < r.end ? r.bytes[at]! : 0x80;
  if (byte === 0x40) {
    r.pos = at + 1;
    return EMPTY_BLOCK;
  }
  if (isTypeCode(byte)) return -readValType(r);
  const idx = r.s33();
  if (idx < 0) throw r.malformed("valType", at, " as block type");
  return idx;
}

/** Number of targets besides the default of a `br_table`; that many plus one label indices follow. */
export const readLabelCount = (r: Reader): number => r.count();

/** Value types of `select t`. */
export function readValTypes(r: Reader): ValType[] {
  const at = r.pos;
  const n = r.count();
  if (n > 1000) throw invalid("resultArity", at, ` ${n}`, r.func);
  return Array.from({ length: n }, () => readValType(r));
}

/** Which of the two types of `br_on_cast` admit null: 1 the first, 2 the second. */
export function readCastFlags(r: Reader): number {
  const at = r.pos;
  const flags = r.u8();
  if (flags > 3) throw r.malformed("castFlags", at, ` 0x${flags.toString(16)}`);
  return flags;
}

/** A clause of `try_table`. */
export interface Catch {
  /** Tag index; -1: all exceptions. */
  readonly tag: number;
  /** The exception itself is given too. */
  readonly isRef: boolean;
  /** Counted from outside the block. */
  readonly label: number;
}

export function readCatches(r: Reader): Catch[] {
  return Array.from({ length: r.count() }, () => {
    const at = r.pos;
    const kind = r.u8();
    if (kind > 3) throw r.malformed("catchKind", at, ` 0x${kind.toString(16).padStart(2, "0")}`);
    return { tag: kind < 2 ? r.u32() : -1, isRef: (kind & 1) === 1, label: r.u32() };
  });
}

interface ImmDef {
  skip(r: Reader): void;
  /** Reads, and gives the text format's form. */
  print(r: Reader): string;
}

const index: ImmDef = {
  skip: (r) => {
    r.u32();
  },
  print: (r) => String(r.u32()),
};
const scratch = new Memarg();

const immDefs: Record<ImmKind, ImmDef> = {
  blocktype: { skip: readBlockType, print: (r) => printBlockType(readBlockType(r)) },
  labelidx: index,
  labels: {
    skip: (r) => {
      for (let n = readLabelCount(r); n >= 0; n--) r.u32();
    },
    print: (r) => Array.from({ length: readLabelCount(r) + 1 }, () => r.u32()).join(" "),
  },
  funcidx: index,
  typeidx: index,
  tableidx: index,
  memidx: index,
  localidx: index,
  globalidx: index,
  dataidx: index,
  elemidx: index,
  tagidx: index,
  catches: { skip: readCatches, print: (r) => readCatches(r).map(printCatch).join(" ") },
  valtypes: { skip: readValTypes, print: (r) => `(result ${readValTypes(r).map(printValType).join(" ")})` },
  heaptype: { skip: readHeapType, print: (r) => printHeapType(readHeapType(r)) },
  castflags: {
    skip: (r) => void readCastFlags(r),
    print: (r) => (readCastFlags(r) === 0 ? "" : `null=${r.bytes[r.pos - 1]}`),
  },
  fieldidx: index,
  arity: index,
  memarg: { skip: (r) => readMemarg(r, scratch), print: printMemarg },
  zero: {
    skip: readZero,
    print: (r) => {
      readZero(r);
      return "";
    },
  },
  i32: { skip: (r) => void r.s32(), print: (r) => String(r.s32()) },
  i64: { skip: (r) => void r.s64(), print: (r) => String(r.s64Big()) },
  f32: { skip: (r) => void r.skip(4), print: (r) => printFloat(r.f32Bits(), 0, 32) },
  f64: {
    skip: (r) => void r.skip(8),
    print: (r) => {
      const low = r.f64Bits();
      return printFloat(low, r.hi, 64);
    },
  },
  laneidx: { skip: (r) => void r.u8(), print: (r) => String(r.u8()) },
  laneidx16: {
    skip: (r) => void r.skip(16),
    print: (r) => Array.from({ length: 16 }, () => r.u8()).join(" "),
  },
  v128: {
    skip: (r) => void r.skip(16),
    print: (r) => `i32x4 ${readWords(r).map(printWord).join(" ")}`,
  },
};

/** The four words of a vector constant, or of the lanes of a shuffle; the first is the lowest. */
export const readWords = (r: Reader): readonly number[] => [r.f32Bits(), r.f32Bits(), r.f32Bits(), r.f32Bits()];

const printWord = (word: number): string => `0x${(word >>> 0).toString(16).padStart(8, "0")}`;

/** Passes over the immediates of `def`. @throws WasmError malformed, or unsupported by the reader's gate */
export function skipImms(r: Reader, def: InstrDef): void {
  for (const kind of def.imms) immDefs[kind].skip(r);
}

/**
 * Reads the immediates of `def` and gives them as the text format writes them, separated by spaces.
 * Indices are printed in the binary's order.
 */
export function printImms(r: Reader, def: InstrDef): string {
  return def.imms
    .map((kind) => immDefs[kind].print(r))
    .filter((text) => text !== "")
    .join(" ");
}

function printBlockType(type: BlockType): string {
  if (type === EMPTY_BLOCK) return "";
  return type < 0 ? `(result ${printValType(-type)})` : `(type ${type})`;
}

function printCatch({ tag, isRef, label }: Catch): string {
  const name = `catch${tag < 0 ? "_all" : ""}${isRef ? "_ref" : ""}`;
  return `(${[name, ...(tag < 0 ? [] : [tag]), label].join(" ")})`;
}

function printMemarg(r: Reader): string {
  readMemarg(r, scratch);
  const parts = [`offset=${scratch.offset}`, `align=${2 ** scratch.align}`];
  return (scratch.memIdx === 0 ? parts : [String(scratch.memIdx), ...parts]).join(" ");
}

const floats = new DataView(new ArrayBuffer(8));

/** A float as the text format writes it; a NaN shows its payload. */
function printFloat(low: number, high: number, bits: 32 | 64): string {
  floats.setInt32(0, low, true);
  floats.setInt32(4, high, true);
  const value = bits === 32 ? floats.getFloat32(0, true) : floats.getFloat64(0, true);
  if (Number.isNaN(value)) {
    const sign = (bits === 32 ? low : high) < 0 ? "-" : "";
    const payload = bits === 32 ? BigInt(low & 0x7fffff) : (BigInt(high & 0xfffff) << 32n) | BigInt(low >>> 0);
    return `${sign}nan:0x${payload.toString(16)}`;
  }
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  return Object.is(value, -0) ? "-0" : String(value);
}
