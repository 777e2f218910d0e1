/**
 * Reads value, reference and heap types, limits, and the types of tables, memories, globals and tags.
 *
 * All of WebAssembly 3.0 is read; what belongs to a proposal that is off is refused through the reader's gate.
 * Definition types are in `type-section.ts`. Spec: binary/types.
 */
import { invalid } from "../faults.ts";
import type { Feature } from "../features.ts";
import {
  CONCRETE,
  EXACT,
  F64,
  FUNCREF,
  type GlobalType,
  type HeapType,
  heapTypes,
  I32,
  type Limits,
  type MemType,
  refType,
  type TableType,
  type TagType,
  V128,
  type ValType,
} from "../types.ts";
import type { Reader } from "./reader.ts";

/** Type indices beyond this do not fit a `HeapType`; no limit allows so many types. */
const MAX_TYPE_IDX = 0x0fffffff - CONCRETE;

const heapFeatures: Record<number, Feature> = {
  [heapTypes.func]: "reference-types",
  [heapTypes.extern]: "reference-types",
  [heapTypes.exn]: "exceptions",
  [heapTypes.noexn]: "exceptions",
  [heapTypes.any]: "gc",
  [heapTypes.eq]: "gc",
  [heapTypes.i31]: "gc",
  [heapTypes.struct]: "gc",
  [heapTypes.array]: "gc",
  [heapTypes.none]: "gc",
  [heapTypes.noextern]: "gc",
  [heapTypes.nofunc]: "gc",
};
const EXACT_CODE = 98;
/** Codes of types this decoder does not read. */
const foreignCodes: Record<number, Feature> = {
  [EXACT_CODE]: "custom-descriptors",
  101: "threads",
  104: "stack-switching",
  117: "stack-switching",
};

const hex = (byte: number): string => ` 0x${byte.toString(16).padStart(2, "0")}`;

/** One byte 0x40..0x7f, which is a negative number in signed LEB128. */
export const isTypeCode = (byte: number): boolean => byte >= 0x40 && byte < 0x80;

export function readValType(r: Reader): ValType {
  const at = r.pos;
  const code = r.u8();
  if (code >= F64 && code <= I32) return code;
  if (code === V128) {
    r.use("simd", at, "type v128");
    return V128;
  }
  const type = refTypeOf(r, code, at);
  if (type === undefined) throw r.malformed("valType", at, hex(code));
  return type;
}

/** For tables and element segments, whose `funcref` was there before the reference-types proposal. */
export function readRefType(r: Reader): ValType {
  const at = r.pos;
  const code = r.u8();
  if (code === heapTypes.func) return FUNCREF;
  const type = refTypeOf(r, code, at);
  if (type === undefined) throw r.malformed("refType", at, hex(code));
  return type;
}

/** The reference type that `code`, just read at `at`, starts; undefined if it starts none. */
function refTypeOf(r: Reader, code: number, at: number): ValType | undefined {
  if (code === 0x63 || code === 0x64) {
    r.use("function-references", at, "reference type with explicit heap type");
    return refType(readHeapType(r), code === 0x63);
  }
  return isAbstract(r, code, at) ? refType(code, true) : undefined;
}

/** Whether `code` is an abstract heap type; uses its proposal. */
function isAbstract(r: Reader, code: number, at: number): boolean {
  const feature = heapFeatures[code] ?? foreignCodes[code];
  if (feature === undefined) return false;
  r.use(feature, at, `type${hex(code)}`);
  return heapFeatures[code] !== undefined;
}

export function readHeapType(r: Reader): HeapType {
  const at = r.pos;
  const code = r.s33();
  if (code >= 0) {
    r.use("function-references", at, "type index as heap type");
    if (code > MAX_TYPE_IDX) throw invalid("unknownType", at, ` ${code}`, r.func);
    return CONCRETE + code;
  }
  const byte = code & 0x7f;
  if (byte === EXACT_CODE && code >= -64) {
    r.use("custom-descriptors", at, "exact type");
    const idx = r.u32();
    if (idx > MAX_TYPE_IDX) throw invalid("unknownType", at, ` ${idx}`, r.func);
    return EXACT | (CONCRETE + idx);
  }
  if (code < -64 || !isAbstract(r, byte, at)) throw r.malformed("heapType", at, hex(byte));
  return byte;
}

const HAS_MAX = 1;
const SHARED = 2;
const ADDR64 = 4;
const PAGE_SIZE = 8;

/** Minimum and maximum in the order they are written; each is an u64, whatever the address type. */
function readLimits(r: Reader, flags: number): Limits {
  const min = r.u64();
  return { min, max: (flags & HAS_MAX) === 0 ? undefined : r.u64() };
}

function readLimitsFlags(r: Reader, allowed: number): number {
  const at = r.pos;
  const flags = r.u8();
  if ((flags & ~allowed) !== 0) throw r.malformed("limitsFlags", at, hex(flags));
  // Without the bytes that the proposal demands it is no use of the proposal.
  if ((flags & PAGE_SIZE) !== 0 && r.remaining < 2) throw r.malformed("limitsFlags", at, hex(flags));
  if ((flags & PAGE_SIZE) !== 0) r.use("custom-page-sizes", at, "custom page size");
  if ((flags & SHARED) !== 0) r.use("threads", at, "shared memory");
  if ((flags & ADDR64) !== 0) r.use("memory64", at, "i64 addresses");
  return flags;
}

export function readTableType(r: Reader): TableType {
  const elem = readRefType(r);
  const flags = readLimitsFlags(r, HAS_MAX | ADDR64);
  return { addr: (flags & ADDR64) === 0 ? "i32" : "i64", limits: readLimits(r, flags), elem };
}

export function readMemType(r: Reader): MemType {
  const flags = readLimitsFlags(r, HAS_MAX | SHARED | ADDR64 | PAGE_SIZE);
  const limits = readLimits(r, flags);
  return {
    addr: (flags & ADDR64) === 0 ? "i32" : "i64",
    limits,
    isShared: (flags & SHARED) !== 0,
    pageSizeLog2: (flags & PAGE_SIZE) === 0 ? 16 : readPageSize(r),
  };
}

/** log2 of the page size. Which sizes there are is for the validator; those beyond 64 bits are not even a size. */
function readPageSize(r: Reader): number {
  const at = r.pos;
  const log2 = r.u32();
  if (log2 >= 64) throw r.malformed("pageSize", at, `: 2^${log2}`);
  return log2;
}

export function readGlobalType(r: Reader): GlobalType {
  const val = readValType(r);
  return { val, isMutable: readMutability(r) };
}

export function readMutability(r: Reader): boolean {
  const at = r.pos;
  const byte = r.u8();
  if (byte > 1) throw r.malformed("mutability", at, hex(byte));
  return byte === 1;
}

export function readTagType(r: Reader): TagType {
  readZero(r);
  return { type: r.u32() };
}

export function readZero(r: Reader): void {
  const at = r.pos;
  const byte = r.u8();
  if (byte !== 0) throw r.malformed("zeroByte", at, `, found${hex(byte)}`);
}
