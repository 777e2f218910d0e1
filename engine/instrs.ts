/**
 * THE instruction table: each instruction once. Decoder, validator, interpreter (lowering and dispatch), disassembler
 * and documentation are functions of it. Irregular rows have type "special" and a hand-written rule, which the
 * compiler demands (see `validate/special.ts`, `interpret/lower.ts`).
 *
 * Columns: see `InstrDef`. A plain new instruction is one row, plus one function in `numerics.ts` if its meaning is
 * not a JavaScript expression. Not here: what the interpreter fuses (that is `interpret/ops.ts`).
 */
import type { TrapCode } from "./errors.ts";
import type { Feature } from "./features.ts";
import { type LaneDef, type OpType, simdInstrs } from "./instrs-simd.ts";

export type NumType = "i32" | "i64" | "f32" | "f64";

/** How an immediate is written in the binary format; one reader each in `binary/imms.ts`. */
export type ImmKind =
  | "blocktype"
  | "labelidx"
  | "labels"
  | "funcidx"
  | "typeidx"
  | "tableidx"
  | "memidx"
  | "localidx"
  | "globalidx"
  | "dataidx"
  | "elemidx"
  | "tagidx"
  | "catches"
  | "valtypes"
  | "heaptype"
  | "castflags"
  | "fieldidx"
  | "arity"
  | "memarg"
  | "zero"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "v128"
  | "laneidx"
  | "laneidx16";

export interface MemAccess {
  readonly val: OpType;
  readonly bits: 8 | 16 | 32 | 64 | 128;
  readonly sign?: "s" | "u";
}

/** The method of JavaScript's `Atomics` that a row of type "atomic" is. */
export type AtomicMethod =
  | "load"
  | "store"
  | "add"
  | "sub"
  | "and"
  | "or"
  | "xor"
  | "exchange"
  | "compareExchange"
  | "notify"
  | "wait";

export interface InstrDef {
  /** One byte, or `prefix << 12 | sub-opcode` (0xfc00a is memory.copy). */
  readonly opcode: number;
  /** Immediates in binary order; drives decoder and disassembler. */
  readonly imms: readonly ImmKind[];
  /**
   * Operand and result types; loads and stores take the memory's address type, and so does "atomic" before the types of
   * `atomicType`; "special" has a rule of its own.
   */
  readonly type:
    | readonly [readonly OpType[], readonly OpType[]]
    | "load"
    | "store"
    | "load_lane"
    | "store_lane"
    | "atomic"
    | "special";
  /** Proposal that brought it; absent for 1.0. */
  readonly feature?: Feature;
  readonly access?: MemAccess;
  readonly atomic?: AtomicMethod;
  /** Vectors: how lanes are computed, in place of `js`. */
  readonly lanes?: LaneDef;
  /** Meaning on JavaScript values ($0, $1): i32 as signed number, i64 as signed BigInt, f32/f64 as number. */
  readonly js?: string;
  /**
   * Meaning on raw 32-bit words, preferred by the interpreter: 32-bit operands are $0, 64-bit ones $0l and $0h; a 64-bit
   * result is [low, high] and may use $lo. Used where BigInt is slow or a JavaScript number would lose NaN bits.
   */
  readonly words?: string | readonly [lo: string, hi: string];
  /** In the interpreter's hot switch. Bench: bench/cases. */
  readonly hot?: true;
  /** Equal instructions: `flip` with operands swapped, `not` with the result negated. */
  readonly alg?: { readonly flip?: string; readonly not?: string };
  /** Fuel; absent for 1. What only marks a place costs nothing; bulk operations cost more by their size (`cost.ts`). */
  readonly cost?: 0;
  /** Traps of its own; drives documentation and the tests owed. */
  readonly traps?: readonly TrapCode[];
  /** Anchor in the core specification. */
  readonly spec: string;
}

const n_n = [[], []] as const;
const n_i = [[], ["i32"]] as const;
const n_l = [[], ["i64"]] as const;
const n_f = [[], ["f32"]] as const;
const n_d = [[], ["f64"]] as const;
const i_i = [["i32"], ["i32"]] as const;
const l_i = [["i64"], ["i32"]] as const;
const f_i = [["f32"], ["i32"]] as const;
const d_i = [["f64"], ["i32"]] as const;
const i_l = [["i32"], ["i64"]] as const;
const l_l = [["i64"], ["i64"]] as const;
const f_l = [["f32"], ["i64"]] as const;
const d_l = [["f64"], ["i64"]] as const;
const i_f = [["i32"], ["f32"]] as const;
const l_f = [["i64"], ["f32"]] as const;
const f_f = [["f32"], ["f32"]] as const;
const d_f = [["f64"], ["f32"]] as const;
const i_d = [["i32"], ["f64"]] as const;
const l_d = [["i64"], ["f64"]] as const;
const f_d = [["f32"], ["f64"]] as const;
const d_d = [["f64"], ["f64"]] as const;
const ii_i = [["i32", "i32"], ["i32"]] as const;
const ll_i = [["i64", "i64"], ["i32"]] as const;
const ll_l = [["i64", "i64"], ["i64"]] as const;
const ll_ll = [["i64", "i64"], ["i64", "i64"]] as const;
const llll_ll = [["i64", "i64", "i64", "i64"], ["i64", "i64"]] as const;
const ff_i = [["f32", "f32"], ["i32"]] as const;
const ff_f = [["f32", "f32"], ["f32"]] as const;
const dd_i = [["f64", "f64"], ["i32"]] as const;
const dd_d = [["f64", "f64"], ["f64"]] as const;

/* biome-ignore-start format: one row, one line */
export const instrs = {
  // Vectors (0xfd prefix), first: spread into the middle they cost 5 ms at every start
  ...simdInstrs,
  // Control (spec: exec-instructions-control)
  "unreachable": { opcode: 0x00, imms: [], type: "special", traps: ["unreachable"], spec: "exec-unreachable" },
  "nop": { opcode: 0x01, imms: [], type: n_n, cost: 0, spec: "exec-nop" },
  "block": { opcode: 0x02, imms: ["blocktype"], type: "special", cost: 0, spec: "exec-block" },
  "loop": { opcode: 0x03, imms: ["blocktype"], type: "special", cost: 0, spec: "exec-loop" },
  "if": { opcode: 0x04, imms: ["blocktype"], type: "special", spec: "exec-if" },
  "else": { opcode: 0x05, imms: [], type: "special", cost: 0, spec: "exec-if" },
  "end": { opcode: 0x0b, imms: [], type: "special", cost: 0, spec: "exec-label" },
  "br": { opcode: 0x0c, imms: ["labelidx"], type: "special", spec: "exec-br" },
  "br_if": { opcode: 0x0d, imms: ["labelidx"], type: "special", spec: "exec-br_if" },
  "br_table": { opcode: 0x0e, imms: ["labels"], type: "special", spec: "exec-br_table" },
  "return": { opcode: 0x0f, imms: [], type: "special", spec: "exec-return" },
  "call": { opcode: 0x10, imms: ["funcidx"], type: "special", spec: "exec-call" },
  "call_indirect": { opcode: 0x11, imms: ["typeidx", "tableidx"], type: "special", traps: ["undefinedElement", "uninitializedElement", "indirectCallType"], spec: "exec-call_indirect" },
  "call_ref": { opcode: 0x14, imms: ["typeidx"], type: "special", feature: "function-references", traps: ["nullFunction"], spec: "exec-call_ref" },
  "return_call": { opcode: 0x12, imms: ["funcidx"], type: "special", feature: "tail-call", spec: "exec-return_call" },
  "return_call_indirect": { opcode: 0x13, imms: ["typeidx", "tableidx"], type: "special", feature: "tail-call", traps: ["undefinedElement", "uninitializedElement", "indirectCallType"], spec: "exec-return_call_indirect" },
  "return_call_ref": { opcode: 0x15, imms: ["typeidx"], type: "special", feature: "function-references", traps: ["nullFunction"], spec: "exec-return_call_ref" },
  // Exceptions (spec: exec-instructions-control)
  "throw": { opcode: 0x08, imms: ["tagidx"], type: "special", feature: "exceptions", spec: "exec-throw" },
  "throw_ref": { opcode: 0x0a, imms: [], type: "special", feature: "exceptions", traps: ["nullReference"], spec: "exec-throw_ref" },
  "try_table": { opcode: 0x1f, imms: ["blocktype", "catches"], type: "special", feature: "exceptions", cost: 0, spec: "exec-try_table" },
  // Exceptions before 3.0 (proposal exception-handling, legacy)
  "try": { opcode: 0x06, imms: ["blocktype"], type: "special", feature: "legacy-exceptions", cost: 0, spec: "exec-try_table" },
  "catch": { opcode: 0x07, imms: ["tagidx"], type: "special", feature: "legacy-exceptions", cost: 0, spec: "exec-try_table" },
  "catch_all": { opcode: 0x19, imms: [], type: "special", feature: "legacy-exceptions", cost: 0, spec: "exec-try_table" },
  "delegate": { opcode: 0x18, imms: ["labelidx"], type: "special", feature: "legacy-exceptions", cost: 0, spec: "exec-try_table" },
  "rethrow": { opcode: 0x09, imms: ["labelidx"], type: "special", feature: "legacy-exceptions", spec: "exec-throw_ref" },
  // Parametric
  "drop": { opcode: 0x1a, imms: [], type: "special", spec: "exec-drop" },
  "select": { opcode: 0x1b, imms: [], type: "special", spec: "exec-select" },
  "select t": { opcode: 0x1c, imms: ["valtypes"], type: "special", feature: "reference-types", spec: "exec-select" },
  // Variables
  "local.get": { opcode: 0x20, imms: ["localidx"], type: "special", spec: "exec-local.get" },
  "local.set": { opcode: 0x21, imms: ["localidx"], type: "special", spec: "exec-local.set" },
  "local.tee": { opcode: 0x22, imms: ["localidx"], type: "special", spec: "exec-local.tee" },
  "global.get": { opcode: 0x23, imms: ["globalidx"], type: "special", spec: "exec-global.get" },
  "global.set": { opcode: 0x24, imms: ["globalidx"], type: "special", spec: "exec-global.set" },
  // Tables
  "table.get": { opcode: 0x25, imms: ["tableidx"], type: "special", feature: "reference-types", traps: ["oobTable"], spec: "exec-table.get" },
  "table.set": { opcode: 0x26, imms: ["tableidx"], type: "special", feature: "reference-types", traps: ["oobTable"], spec: "exec-table.set" },
  // Memory: `access` gives the value type, the bits moved and how a narrow load is extended
  "i32.load": { opcode: 0x28, imms: ["memarg"], type: "load", access: { val: "i32", bits: 32 }, traps: ["oobMemory"], spec: "exec-load" },
  "i64.load": { opcode: 0x29, imms: ["memarg"], type: "load", access: { val: "i64", bits: 64 }, traps: ["oobMemory"], spec: "exec-load" },
  "f32.load": { opcode: 0x2a, imms: ["memarg"], type: "load", access: { val: "f32", bits: 32 }, traps: ["oobMemory"], spec: "exec-load" },
  "f64.load": { opcode: 0x2b, imms: ["memarg"], type: "load", access: { val: "f64", bits: 64 }, traps: ["oobMemory"], spec: "exec-load" },
  "i32.load8_s": { opcode: 0x2c, imms: ["memarg"], type: "load", access: { val: "i32", bits: 8, sign: "s" }, traps: ["oobMemory"], spec: "exec-load" },
  "i32.load8_u": { opcode: 0x2d, imms: ["memarg"], type: "load", access: { val: "i32", bits: 8, sign: "u" }, traps: ["oobMemory"], spec: "exec-load" },
  "i32.load16_s": { opcode: 0x2e, imms: ["memarg"], type: "load", access: { val: "i32", bits: 16, sign: "s" }, traps: ["oobMemory"], spec: "exec-load" },
  "i32.load16_u": { opcode: 0x2f, imms: ["memarg"], type: "load", access: { val: "i32", bits: 16, sign: "u" }, traps: ["oobMemory"], spec: "exec-load" },
  "i64.load8_s": { opcode: 0x30, imms: ["memarg"], type: "load", access: { val: "i64", bits: 8, sign: "s" }, traps: ["oobMemory"], spec: "exec-load" },
  "i64.load8_u": { opcode: 0x31, imms: ["memarg"], type: "load", access: { val: "i64", bits: 8, sign: "u" }, traps: ["oobMemory"], spec: "exec-load" },
  "i64.load16_s": { opcode: 0x32, imms: ["memarg"], type: "load", access: { val: "i64", bits: 16, sign: "s" }, traps: ["oobMemory"], spec: "exec-load" },
  "i64.load16_u": { opcode: 0x33, imms: ["memarg"], type: "load", access: { val: "i64", bits: 16, sign: "u" }, traps: ["oobMemory"], spec: "exec-load" },
  "i64.load32_s": { opcode: 0x34, imms: ["memarg"], type: "load", access: { val: "i64", bits: 32, sign: "s" }, traps: ["oobMemory"], spec: "exec-load" },
  "i64.load32_u": { opcode: 0x35, imms: ["memarg"], type: "load", access: { val: "i64", bits: 32, sign: "u" }, traps: ["oobMemory"], spec: "exec-load" },
  "i32.store": { opcode: 0x36, imms: ["memarg"], type: "store", access: { val: "i32", bits: 32 }, traps: ["oobMemory"], spec: "exec-store" },
  "i64.store": { opcode: 0x37, imms: ["memarg"], type: "store", access: { val: "i64", bits: 64 }, traps: ["oobMemory"], spec: "exec-store" },
  "f32.store": { opcode: 0x38, imms: ["memarg"], type: "store", access: { val: "f32", bits: 32 }, traps: ["oobMemory"], spec: "exec-store" },
  "f64.store": { opcode: 0x39, imms: ["memarg"], type: "store", access: { val: "f64", bits: 64 }, traps: ["oobMemory"], spec: "exec-store" },
  "i32.store8": { opcode: 0x3a, imms: ["memarg"], type: "store", access: { val: "i32", bits: 8 }, traps: ["oobMemory"], spec: "exec-store" },
  "i32.store16": { opcode: 0x3b, imms: ["memarg"], type: "store", access: { val: "i32", bits: 16 }, traps: ["oobMemory"], spec: "exec-store" },
  "i64.store8": { opcode: 0x3c, imms: ["memarg"], type: "store", access: { val: "i64", bits: 8 }, traps: ["oobMemory"], spec: "exec-store" },
  "i64.store16": { opcode: 0x3d, imms: ["memarg"], type: "store", access: { val: "i64", bits: 16 }, traps: ["oobMemory"], spec: "exec-store" },
  "i64.store32": { opcode: 0x3e, imms: ["memarg"], type: "store", access: { val: "i64", bits: 32 }, traps: ["oobMemory"], spec: "exec-store" },
  "memory.size": { opcode: 0x3f, imms: ["memidx"], type: "special", spec: "exec-memory.size" },
  "memory.grow": { opcode: 0x40, imms: ["memidx"], type: "special", spec: "exec-memory.grow" },
  // Constants
  "i32.const": { opcode: 0x41, imms: ["i32"], type: n_i, spec: "exec-const" },
  "i64.const": { opcode: 0x42, imms: ["i64"], type: n_l, spec: "exec-const" },
  "f32.const": { opcode: 0x43, imms: ["f32"], type: n_f, spec: "exec-const" },
  "f64.const": { opcode: 0x44, imms: ["f64"], type: n_d, spec: "exec-const" },
  // i32 comparisons: `alg.flip` swaps the operands, `alg.not` negates
  "i32.eqz": { opcode: 0x45, imms: [], type: i_i, js: "$0 === 0 ? 1 : 0", spec: "op-ieqz" },
  "i32.eq": { opcode: 0x46, imms: [], type: ii_i, js: "$0 === $1 ? 1 : 0", hot: true, alg: { flip: "i32.eq", not: "i32.ne" }, spec: "op-ieq" },
  "i32.ne": { opcode: 0x47, imms: [], type: ii_i, js: "$0 !== $1 ? 1 : 0", hot: true, alg: { flip: "i32.ne", not: "i32.eq" }, spec: "op-ine" },
  "i32.lt_s": { opcode: 0x48, imms: [], type: ii_i, js: "$0 < $1 ? 1 : 0", hot: true, alg: { flip: "i32.gt_s", not: "i32.ge_s" }, spec: "op-ilt" },
  "i32.lt_u": { opcode: 0x49, imms: [], type: ii_i, js: "$0 >>> 0 < $1 >>> 0 ? 1 : 0", hot: true, alg: { flip: "i32.gt_u", not: "i32.ge_u" }, spec: "op-ilt" },
  "i32.gt_s": { opcode: 0x4a, imms: [], type: ii_i, js: "$0 > $1 ? 1 : 0", alg: { flip: "i32.lt_s", not: "i32.le_s" }, spec: "op-igt" },
  "i32.gt_u": { opcode: 0x4b, imms: [], type: ii_i, js: "$0 >>> 0 > $1 >>> 0 ? 1 : 0", alg: { flip: "i32.lt_u", not: "i32.le_u" }, spec: "op-igt" },
  "i32.le_s": { opcode: 0x4c, imms: [], type: ii_i, js: "$0 <= $1 ? 1 : 0", hot: true, alg: { flip: "i32.ge_s", not: "i32.gt_s" }, spec: "op-ile" },
  "i32.le_u": { opcode: 0x4d, imms: [], type: ii_i, js: "$0 >>> 0 <= $1 >>> 0 ? 1 : 0", hot: true, alg: { flip: "i32.ge_u", not: "i32.gt_u" }, spec: "op-ile" },
  "i32.ge_s": { opcode: 0x4e, imms: [], type: ii_i, js: "$0 >= $1 ? 1 : 0", alg: { flip: "i32.le_s", not: "i32.lt_s" }, spec: "op-ige" },
  "i32.ge_u": { opcode: 0x4f, imms: [], type: ii_i, js: "$0 >>> 0 >= $1 >>> 0 ? 1 : 0", alg: { flip: "i32.le_u", not: "i32.lt_u" }, spec: "op-ige" },
  // i64 comparisons: `words` works on the 32-bit halves ($0l, $0h)
  "i64.eqz": { opcode: 0x50, imms: [], type: l_i, js: "$0 === 0n ? 1 : 0", words: "($0l | $0h) === 0 ? 1 : 0", hot: true, spec: "op-ieqz" },
  "i64.eq": { opcode: 0x51, imms: [], type: ll_i, js: "$0 === $1 ? 1 : 0", words: "$0l === $1l && $0h === $1h ? 1 : 0", hot: true, alg: { flip: "i64.eq", not: "i64.ne" }, spec: "op-ieq" },
  "i64.ne": { opcode: 0x52, imms: [], type: ll_i, js: "$0 !== $1 ? 1 : 0", words: "$0l !== $1l || $0h !== $1h ? 1 : 0", hot: true, alg: { flip: "i64.ne", not: "i64.eq" }, spec: "op-ine" },
  "i64.lt_s": { opcode: 0x53, imms: [], type: ll_i, js: "$0 < $1 ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 < $1l >>> 0 : $0h < $1h) ? 1 : 0", hot: true, alg: { flip: "i64.gt_s", not: "i64.ge_s" }, spec: "op-ilt" },
  "i64.lt_u": { opcode: 0x54, imms: [], type: ll_i, js: "BigInt.asUintN(64, $0) < BigInt.asUintN(64, $1) ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 < $1l >>> 0 : $0h >>> 0 < $1h >>> 0) ? 1 : 0", hot: true, alg: { flip: "i64.gt_u", not: "i64.ge_u" }, spec: "op-ilt" },
  "i64.gt_s": { opcode: 0x55, imms: [], type: ll_i, js: "$0 > $1 ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 > $1l >>> 0 : $0h > $1h) ? 1 : 0", alg: { flip: "i64.lt_s", not: "i64.le_s" }, spec: "op-igt" },
  "i64.gt_u": { opcode: 0x56, imms: [], type: ll_i, js: "BigInt.asUintN(64, $0) > BigInt.asUintN(64, $1) ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 > $1l >>> 0 : $0h >>> 0 > $1h >>> 0) ? 1 : 0", alg: { flip: "i64.lt_u", not: "i64.le_u" }, spec: "op-igt" },
  "i64.le_s": { opcode: 0x57, imms: [], type: ll_i, js: "$0 <= $1 ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 <= $1l >>> 0 : $0h <= $1h) ? 1 : 0", hot: true, alg: { flip: "i64.ge_s", not: "i64.gt_s" }, spec: "op-ile" },
  "i64.le_u": { opcode: 0x58, imms: [], type: ll_i, js: "BigInt.asUintN(64, $0) <= BigInt.asUintN(64, $1) ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 <= $1l >>> 0 : $0h >>> 0 <= $1h >>> 0) ? 1 : 0", hot: true, alg: { flip: "i64.ge_u", not: "i64.gt_u" }, spec: "op-ile" },
  "i64.ge_s": { opcode: 0x59, imms: [], type: ll_i, js: "$0 >= $1 ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 >= $1l >>> 0 : $0h >= $1h) ? 1 : 0", alg: { flip: "i64.le_s", not: "i64.lt_s" }, spec: "op-ige" },
  "i64.ge_u": { opcode: 0x5a, imms: [], type: ll_i, js: "BigInt.asUintN(64, $0) >= BigInt.asUintN(64, $1) ? 1 : 0", words: "($0h === $1h ? $0l >>> 0 >= $1l >>> 0 : $0h >>> 0 >= $1h >>> 0) ? 1 : 0", alg: { flip: "i64.le_u", not: "i64.lt_u" }, spec: "op-ige" },
  // Float comparisons
  "f32.eq": { opcode: 0x5b, imms: [], type: ff_i, js: "$0 === $1 ? 1 : 0", alg: { flip: "f32.eq", not: "f32.ne" }, spec: "op-feq" },
  "f32.ne": { opcode: 0x5c, imms: [], type: ff_i, js: "$0 !== $1 ? 1 : 0", alg: { flip: "f32.ne", not: "f32.eq" }, spec: "op-fne" },
  "f32.lt": { opcode: 0x5d, imms: [], type: ff_i, js: "$0 < $1 ? 1 : 0", alg: { flip: "f32.gt" }, spec: "op-flt" },
  "f32.gt": { opcode: 0x5e, imms: [], type: ff_i, js: "$0 > $1 ? 1 : 0", alg: { flip: "f32.lt" }, spec: "op-fgt" },
  "f32.le": { opcode: 0x5f, imms: [], type: ff_i, js: "$0 <= $1 ? 1 : 0", alg: { flip: "f32.ge" }, spec: "op-fle" },
  "f32.ge": { opcode: 0x60, imms: [], type: ff_i, js: "$0 >= $1 ? 1 : 0", alg: { flip: "f32.le" }, spec: "op-fge" },
  "f64.eq": { opcode: 0x61, imms: [], type: dd_i, js: "$0 === $1 ? 1 : 0", hot: true, alg: { flip: "f64.eq", not: "f64.ne" }, spec: "op-feq" },
  "f64.ne": { opcode: 0x62, imms: [], type: dd_i, js: "$0 !== $1 ? 1 : 0", hot: true, alg: { flip: "f64.ne", not: "f64.eq" }, spec: "op-fne" },
  "f64.lt": { opcode: 0x63, imms: [], type: dd_i, js: "$0 < $1 ? 1 : 0", hot: true, alg: { flip: "f64.gt" }, spec: "op-flt" },
  "f64.gt": { opcode: 0x64, imms: [], type: dd_i, js: "$0 > $1 ? 1 : 0", alg: { flip: "f64.lt" }, spec: "op-fgt" },
  "f64.le": { opcode: 0x65, imms: [], type: dd_i, js: "$0 <= $1 ? 1 : 0", hot: true, alg: { flip: "f64.ge" }, spec: "op-fle" },
  "f64.ge": { opcode: 0x66, imms: [], type: dd_i, js: "$0 >= $1 ? 1 : 0", alg: { flip: "f64.le" }, spec: "op-fge" },
  // i32 arithmetic
  "i32.clz": { opcode: 0x67, imms: [], type: i_i, js: "Math.clz32($0)", hot: true, spec: "op-iclz" },
  "i32.ctz": { opcode: 0x68, imms: [], type: i_i, js: "i32_ctz($0)", hot: true, spec: "op-ictz" },
  "i32.popcnt": { opcode: 0x69, imms: [], type: i_i, js: "i32_popcnt($0)", hot: true, spec: "op-ipopcnt" },
  "i32.add": { opcode: 0x6a, imms: [], type: ii_i, js: "$0 + $1 | 0", hot: true, alg: { flip: "i32.add" }, spec: "op-iadd" },
  "i32.sub": { opcode: 0x6b, imms: [], type: ii_i, js: "$0 - $1 | 0", hot: true, spec: "op-isub" },
  "i32.mul": { opcode: 0x6c, imms: [], type: ii_i, js: "Math.imul($0, $1)", hot: true, alg: { flip: "i32.mul" }, spec: "op-imul" },
  "i32.div_s": { opcode: 0x6d, imms: [], type: ii_i, js: "i32_div_s($0, $1)", hot: true, traps: ["intDivByZero", "intOverflow"], spec: "op-idiv" },
  "i32.div_u": { opcode: 0x6e, imms: [], type: ii_i, js: "i32_div_u($0, $1)", hot: true, traps: ["intDivByZero"], spec: "op-idiv" },
  "i32.rem_s": { opcode: 0x6f, imms: [], type: ii_i, js: "i32_rem_s($0, $1)", hot: true, traps: ["intDivByZero"], spec: "op-irem" },
  "i32.rem_u": { opcode: 0x70, imms: [], type: ii_i, js: "i32_rem_u($0, $1)", hot: true, traps: ["intDivByZero"], spec: "op-irem" },
  "i32.and": { opcode: 0x71, imms: [], type: ii_i, js: "$0 & $1", hot: true, alg: { flip: "i32.and" }, spec: "op-iand" },
  "i32.or": { opcode: 0x72, imms: [], type: ii_i, js: "$0 | $1", hot: true, alg: { flip: "i32.or" }, spec: "op-ior" },
  "i32.xor": { opcode: 0x73, imms: [], type: ii_i, js: "$0 ^ $1", hot: true, alg: { flip: "i32.xor" }, spec: "op-ixor" },
  "i32.shl": { opcode: 0x74, imms: [], type: ii_i, js: "$0 << $1", hot: true, spec: "op-ishl" },
  "i32.shr_s": { opcode: 0x75, imms: [], type: ii_i, js: "$0 >> $1", hot: true, spec: "op-ishr" },
  "i32.shr_u": { opcode: 0x76, imms: [], type: ii_i, js: "$0 >>> $1 | 0", hot: true, spec: "op-ishr" },
  "i32.rotl": { opcode: 0x77, imms: [], type: ii_i, js: "$0 << $1 | $0 >>> (32 - $1)", hot: true, spec: "op-irotl" },
  "i32.rotr": { opcode: 0x78, imms: [], type: ii_i, js: "$0 >>> $1 | $0 << (32 - $1)", spec: "op-irotr" },
  // i64 arithmetic: `js` on BigInts is the semantics of record, `words` the same on halves ($lo is the low result)
  "i64.clz": { opcode: 0x79, imms: [], type: l_l, js: "i64_clz($0)", words: ["$0h === 0 ? 32 + Math.clz32($0l) : Math.clz32($0h)", "0"], spec: "op-iclz" },
  "i64.ctz": { opcode: 0x7a, imms: [], type: l_l, js: "i64_ctz($0)", words: ["$0l === 0 ? 32 + i32_ctz($0h) : i32_ctz($0l)", "0"], hot: true, spec: "op-ictz" },
  "i64.popcnt": { opcode: 0x7b, imms: [], type: l_l, js: "i64_popcnt($0)", words: ["i32_popcnt($0l) + i32_popcnt($0h)", "0"], hot: true, spec: "op-ipopcnt" },
  "i64.add": { opcode: 0x7c, imms: [], type: ll_l, js: "BigInt.asIntN(64, $0 + $1)", words: ["$0l + $1l | 0", "$0h + $1h + ($lo >>> 0 < $0l >>> 0 ? 1 : 0) | 0"], hot: true, alg: { flip: "i64.add" }, spec: "op-iadd" },
  "i64.sub": { opcode: 0x7d, imms: [], type: ll_l, js: "BigInt.asIntN(64, $0 - $1)", words: ["$0l - $1l | 0", "$0h - $1h - ($0l >>> 0 < $1l >>> 0 ? 1 : 0) | 0"], hot: true, spec: "op-isub" },
  "i64.mul": { opcode: 0x7e, imms: [], type: ll_l, js: "BigInt.asIntN(64, $0 * $1)", words: ["Math.imul($0l, $1l)", "(((($0l >>> 0) * ($1l >>> 0) - ($lo >>> 0)) * 2.3283064365386963e-10 + 0.5) >>> 0) + Math.imul($0h, $1l) + Math.imul($0l, $1h) | 0"], hot: true, alg: { flip: "i64.mul" }, spec: "op-imul" },
  "i64.div_s": { opcode: 0x7f, imms: [], type: ll_l, js: "i64_div_s($0, $1)", traps: ["intDivByZero", "intOverflow"], spec: "op-idiv" },
  "i64.div_u": { opcode: 0x80, imms: [], type: ll_l, js: "i64_div_u($0, $1)", traps: ["intDivByZero"], spec: "op-idiv" },
  "i64.rem_s": { opcode: 0x81, imms: [], type: ll_l, js: "i64_rem_s($0, $1)", traps: ["intDivByZero"], spec: "op-irem" },
  "i64.rem_u": { opcode: 0x82, imms: [], type: ll_l, js: "i64_rem_u($0, $1)", traps: ["intDivByZero"], spec: "op-irem" },
  "i64.and": { opcode: 0x83, imms: [], type: ll_l, js: "$0 & $1", words: ["$0l & $1l", "$0h & $1h"], hot: true, alg: { flip: "i64.and" }, spec: "op-iand" },
  "i64.or": { opcode: 0x84, imms: [], type: ll_l, js: "$0 | $1", words: ["$0l | $1l", "$0h | $1h"], hot: true, alg: { flip: "i64.or" }, spec: "op-ior" },
  "i64.xor": { opcode: 0x85, imms: [], type: ll_l, js: "$0 ^ $1", words: ["$0l ^ $1l", "$0h ^ $1h"], hot: true, alg: { flip: "i64.xor" }, spec: "op-ixor" },
  "i64.shl": { opcode: 0x86, imms: [], type: ll_l, js: "BigInt.asIntN(64, $0 << ($1 & 63n))", words: ["($1l & 32) !== 0 ? 0 : $0l << $1l", "($1l & 32) !== 0 ? $0l << $1l : $0h << $1l | $0l >>> 1 >>> (31 - $1l)"], hot: true, spec: "op-ishl" },
  "i64.shr_s": { opcode: 0x87, imms: [], type: ll_l, js: "$0 >> ($1 & 63n)", words: ["($1l & 32) !== 0 ? $0h >> $1l : $0l >>> $1l | $0h << 1 << (31 - $1l)", "($1l & 32) !== 0 ? $0h >> 31 : $0h >> $1l"], hot: true, spec: "op-ishr" },
  "i64.shr_u": { opcode: 0x88, imms: [], type: ll_l, js: "BigInt.asIntN(64, BigInt.asUintN(64, $0) >> ($1 & 63n))", words: ["($1l & 32) !== 0 ? $0h >>> $1l | 0 : $0l >>> $1l | $0h << 1 << (31 - $1l)", "($1l & 32) !== 0 ? 0 : $0h >>> $1l | 0"], hot: true, spec: "op-ishr" },
  "i64.rotl": { opcode: 0x89, imms: [], type: ll_l, js: "i64_rotl($0, $1)", words: ["($1l & 32) !== 0 ? $0h << $1l | $0l >>> 1 >>> (31 - $1l) : $0l << $1l | $0h >>> 1 >>> (31 - $1l)", "($1l & 32) !== 0 ? $0l << $1l | $0h >>> 1 >>> (31 - $1l) : $0h << $1l | $0l >>> 1 >>> (31 - $1l)"], hot: true, spec: "op-irotl" },
  "i64.rotr": { opcode: 0x8a, imms: [], type: ll_l, js: "i64_rotr($0, $1)", words: ["($1l & 32) !== 0 ? $0h >>> $1l | $0l << 1 << (31 - $1l) : $0l >>> $1l | $0h << 1 << (31 - $1l)", "($1l & 32) !== 0 ? $0l >>> $1l | $0h << 1 << (31 - $1l) : $0h >>> $1l | $0l << 1 << (31 - $1l)"], spec: "op-irotr" },
  // Float arithmetic: neg, abs, copysign and reinterpretations are word operations, so that NaN payloads survive;
  // `* 1` quiets a signalling NaN, which V8's unoptimised Math.ceil, floor and trunc of an f64 return as it is
  "f32.abs": { opcode: 0x8b, imms: [], type: f_f, js: "Math.abs($0)", words: "$0 & 0x7fffffff", spec: "op-fabs" },
  "f32.neg": { opcode: 0x8c, imms: [], type: f_f, js: "-$0", words: "$0 ^ 0x80000000", spec: "op-fneg" },
  "f32.ceil": { opcode: 0x8d, imms: [], type: f_f, js: "Math.ceil($0)", spec: "op-fceil" },
  "f32.floor": { opcode: 0x8e, imms: [], type: f_f, js: "Math.floor($0)", spec: "op-ffloor" },
  "f32.trunc": { opcode: 0x8f, imms: [], type: f_f, js: "Math.trunc($0)", spec: "op-ftrunc" },
  "f32.nearest": { opcode: 0x90, imms: [], type: f_f, js: "f64_nearest($0)", spec: "op-fnearest" },
  "f32.sqrt": { opcode: 0x91, imms: [], type: f_f, js: "Math.fround(Math.sqrt($0))", spec: "op-fsqrt" },
  "f32.add": { opcode: 0x92, imms: [], type: ff_f, js: "Math.fround($0 + $1)", hot: true, alg: { flip: "f32.add" }, spec: "op-fadd" },
  "f32.sub": { opcode: 0x93, imms: [], type: ff_f, js: "Math.fround($0 - $1)", hot: true, spec: "op-fsub" },
  "f32.mul": { opcode: 0x94, imms: [], type: ff_f, js: "Math.fround($0 * $1)", hot: true, alg: { flip: "f32.mul" }, spec: "op-fmul" },
  "f32.div": { opcode: 0x95, imms: [], type: ff_f, js: "Math.fround($0 / $1)", hot: true, spec: "op-fdiv" },
  "f32.min": { opcode: 0x96, imms: [], type: ff_f, js: "Math.min($0, $1)", spec: "op-fmin" },
  "f32.max": { opcode: 0x97, imms: [], type: ff_f, js: "Math.max($0, $1)", spec: "op-fmax" },
  "f32.copysign": { opcode: 0x98, imms: [], type: ff_f, js: "f32_copysign($0, $1)", words: "$0 & 0x7fffffff | $1 & 0x80000000", spec: "op-fcopysign" },
  "f64.abs": { opcode: 0x99, imms: [], type: d_d, js: "Math.abs($0)", words: ["$0l", "$0h & 0x7fffffff"], spec: "op-fabs" },
  "f64.neg": { opcode: 0x9a, imms: [], type: d_d, js: "-$0", words: ["$0l", "$0h ^ 0x80000000"], spec: "op-fneg" },
  "f64.ceil": { opcode: 0x9b, imms: [], type: d_d, js: "Math.ceil($0) * 1", spec: "op-fceil" },
  "f64.floor": { opcode: 0x9c, imms: [], type: d_d, js: "Math.floor($0) * 1", hot: true, spec: "op-ffloor" },
  "f64.trunc": { opcode: 0x9d, imms: [], type: d_d, js: "Math.trunc($0) * 1", spec: "op-ftrunc" },
  "f64.nearest": { opcode: 0x9e, imms: [], type: d_d, js: "f64_nearest($0)", hot: true, spec: "op-fnearest" },
  "f64.sqrt": { opcode: 0x9f, imms: [], type: d_d, js: "Math.sqrt($0)", hot: true, spec: "op-fsqrt" },
  "f64.add": { opcode: 0xa0, imms: [], type: dd_d, js: "$0 + $1", hot: true, alg: { flip: "f64.add" }, spec: "op-fadd" },
  "f64.sub": { opcode: 0xa1, imms: [], type: dd_d, js: "$0 - $1", hot: true, spec: "op-fsub" },
  "f64.mul": { opcode: 0xa2, imms: [], type: dd_d, js: "$0 * $1", hot: true, alg: { flip: "f64.mul" }, spec: "op-fmul" },
  "f64.div": { opcode: 0xa3, imms: [], type: dd_d, js: "$0 / $1", hot: true, spec: "op-fdiv" },
  "f64.min": { opcode: 0xa4, imms: [], type: dd_d, js: "Math.min($0, $1)", spec: "op-fmin" },
  "f64.max": { opcode: 0xa5, imms: [], type: dd_d, js: "Math.max($0, $1)", spec: "op-fmax" },
  "f64.copysign": { opcode: 0xa6, imms: [], type: dd_d, js: "f64_copysign($0, $1)", words: ["$0l", "$0h & 0x7fffffff | $1h & 0x80000000"], spec: "op-fcopysign" },
  // Conversions
  "i32.wrap_i64": { opcode: 0xa7, imms: [], type: l_i, js: "Number(BigInt.asIntN(32, $0))", words: "$0l", hot: true, spec: "op-wrap" },
  "i32.trunc_f32_s": { opcode: 0xa8, imms: [], type: f_i, js: "i32_trunc_s($0)", hot: true, traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_s" },
  "i32.trunc_f32_u": { opcode: 0xa9, imms: [], type: f_i, js: "i32_trunc_u($0)", traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_u" },
  "i32.trunc_f64_s": { opcode: 0xaa, imms: [], type: d_i, js: "i32_trunc_s($0)", hot: true, traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_s" },
  "i32.trunc_f64_u": { opcode: 0xab, imms: [], type: d_i, js: "i32_trunc_u($0)", traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_u" },
  "i64.extend_i32_s": { opcode: 0xac, imms: [], type: i_l, js: "BigInt($0)", words: ["$0", "$0 >> 31"], hot: true, spec: "op-extend_s" },
  "i64.extend_i32_u": { opcode: 0xad, imms: [], type: i_l, js: "BigInt($0 >>> 0)", words: ["$0", "0"], hot: true, spec: "op-extend_u" },
  "i64.trunc_f32_s": { opcode: 0xae, imms: [], type: f_l, js: "i64_trunc_s($0)", traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_s" },
  "i64.trunc_f32_u": { opcode: 0xaf, imms: [], type: f_l, js: "i64_trunc_u($0)", traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_u" },
  "i64.trunc_f64_s": { opcode: 0xb0, imms: [], type: d_l, js: "i64_trunc_s($0)", hot: true, traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_s" },
  "i64.trunc_f64_u": { opcode: 0xb1, imms: [], type: d_l, js: "i64_trunc_u($0)", traps: ["invalidConversion", "intOverflow"], spec: "op-trunc_u" },
  "f32.convert_i32_s": { opcode: 0xb2, imms: [], type: i_f, js: "Math.fround($0)", hot: true, spec: "op-convert_s" },
  "f32.convert_i32_u": { opcode: 0xb3, imms: [], type: i_f, js: "Math.fround($0 >>> 0)", spec: "op-convert_u" },
  "f32.convert_i64_s": { opcode: 0xb4, imms: [], type: l_f, js: "f32_convert_i64_s($0)", spec: "op-convert_s" },
  "f32.convert_i64_u": { opcode: 0xb5, imms: [], type: l_f, js: "f32_convert_i64_u($0)", spec: "op-convert_u" },
  "f32.demote_f64": { opcode: 0xb6, imms: [], type: d_f, js: "Math.fround($0)", hot: true, spec: "op-demote" },
  "f64.convert_i32_s": { opcode: 0xb7, imms: [], type: i_d, js: "$0", hot: true, spec: "op-convert_s" },
  "f64.convert_i32_u": { opcode: 0xb8, imms: [], type: i_d, js: "$0 >>> 0", hot: true, spec: "op-convert_u" },
  "f64.convert_i64_s": { opcode: 0xb9, imms: [], type: l_d, js: "Number($0)", hot: true, spec: "op-convert_s" },
  "f64.convert_i64_u": { opcode: 0xba, imms: [], type: l_d, js: "Number(BigInt.asUintN(64, $0))", spec: "op-convert_u" },
  "f64.promote_f32": { opcode: 0xbb, imms: [], type: f_d, js: "$0", hot: true, spec: "op-promote" },
  "i32.reinterpret_f32": { opcode: 0xbc, imms: [], type: f_i, js: "i32_reinterpret_f32($0)", words: "$0", spec: "op-reinterpret" },
  "i64.reinterpret_f64": { opcode: 0xbd, imms: [], type: d_l, js: "i64_reinterpret_f64($0)", words: ["$0l", "$0h"], spec: "op-reinterpret" },
  "f32.reinterpret_i32": { opcode: 0xbe, imms: [], type: i_f, js: "f32_reinterpret_i32($0)", words: "$0", spec: "op-reinterpret" },
  "f64.reinterpret_i64": { opcode: 0xbf, imms: [], type: l_d, js: "f64_reinterpret_i64($0)", words: ["$0l", "$0h"], spec: "op-reinterpret" },
  // Sign extension
  "i32.extend8_s": { opcode: 0xc0, imms: [], type: i_i, feature: "sign-extension", js: "$0 << 24 >> 24", hot: true, spec: "op-extend_s" },
  "i32.extend16_s": { opcode: 0xc1, imms: [], type: i_i, feature: "sign-extension", js: "$0 << 16 >> 16", hot: true, spec: "op-extend_s" },
  "i64.extend8_s": { opcode: 0xc2, imms: [], type: l_l, feature: "sign-extension", js: "BigInt.asIntN(8, $0)", words: ["$0l << 24 >> 24", "$lo >> 31"], spec: "op-extend_s" },
  "i64.extend16_s": { opcode: 0xc3, imms: [], type: l_l, feature: "sign-extension", js: "BigInt.asIntN(16, $0)", words: ["$0l << 16 >> 16", "$lo >> 31"], spec: "op-extend_s" },
  "i64.extend32_s": { opcode: 0xc4, imms: [], type: l_l, feature: "sign-extension", js: "BigInt.asIntN(32, $0)", words: ["$0l", "$0l >> 31"], spec: "op-extend_s" },
  // References
  "ref.null": { opcode: 0xd0, imms: ["heaptype"], type: "special", feature: "reference-types", spec: "exec-ref.null" },
  "ref.is_null": { opcode: 0xd1, imms: [], type: "special", feature: "reference-types", spec: "exec-ref.is_null" },
  "ref.func": { opcode: 0xd2, imms: ["funcidx"], type: "special", feature: "reference-types", spec: "exec-ref.func" },
  "ref.eq": { opcode: 0xd3, imms: [], type: "special", feature: "gc", spec: "exec-ref.eq" },
  "ref.as_non_null": { opcode: 0xd4, imms: [], type: "special", feature: "function-references", traps: ["nullReference"], spec: "exec-ref.as_non_null" },
  "br_on_null": { opcode: 0xd5, imms: ["labelidx"], type: "special", feature: "function-references", spec: "exec-br_on_null" },
  "br_on_non_null": { opcode: 0xd6, imms: ["labelidx"], type: "special", feature: "function-references", spec: "exec-br_on_non_null" },
  // Structures, arrays, casts, i31 (0xfb prefix)
  "struct.new": { opcode: 0xfb000, imms: ["typeidx"], type: "special", feature: "gc", spec: "exec-struct.new" },
  "struct.new_default": { opcode: 0xfb001, imms: ["typeidx"], type: "special", feature: "gc", spec: "exec-struct.new_default" },
  "struct.get": { opcode: 0xfb002, imms: ["typeidx", "fieldidx"], type: "special", feature: "gc", traps: ["nullStruct"], spec: "exec-struct.get" },
  "struct.get_s": { opcode: 0xfb003, imms: ["typeidx", "fieldidx"], type: "special", feature: "gc", traps: ["nullStruct"], spec: "exec-struct.get_s" },
  "struct.get_u": { opcode: 0xfb004, imms: ["typeidx", "fieldidx"], type: "special", feature: "gc", traps: ["nullStruct"], spec: "exec-struct.get_u" },
  "struct.set": { opcode: 0xfb005, imms: ["typeidx", "fieldidx"], type: "special", feature: "gc", traps: ["nullStruct"], spec: "exec-struct.set" },
  "array.new": { opcode: 0xfb006, imms: ["typeidx"], type: "special", feature: "gc", spec: "exec-array.new" },
  "array.new_default": { opcode: 0xfb007, imms: ["typeidx"], type: "special", feature: "gc", spec: "exec-array.new_default" },
  "array.new_fixed": { opcode: 0xfb008, imms: ["typeidx", "arity"], type: "special", feature: "gc", spec: "exec-array.new_fixed" },
  "array.new_data": { opcode: 0xfb009, imms: ["typeidx", "dataidx"], type: "special", feature: "gc", traps: ["oobMemory"], spec: "exec-array.new_data" },
  "array.new_elem": { opcode: 0xfb00a, imms: ["typeidx", "elemidx"], type: "special", feature: "gc", traps: ["oobTable"], spec: "exec-array.new_elem" },
  "array.get": { opcode: 0xfb00b, imms: ["typeidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray"], spec: "exec-array.get" },
  "array.get_s": { opcode: 0xfb00c, imms: ["typeidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray"], spec: "exec-array.get_s" },
  "array.get_u": { opcode: 0xfb00d, imms: ["typeidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray"], spec: "exec-array.get_u" },
  "array.set": { opcode: 0xfb00e, imms: ["typeidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray"], spec: "exec-array.set" },
  "array.len": { opcode: 0xfb00f, imms: [], type: "special", feature: "gc", traps: ["nullArray"], spec: "exec-array.len" },
  "array.fill": { opcode: 0xfb010, imms: ["typeidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray"], spec: "exec-array.fill" },
  "array.copy": { opcode: 0xfb011, imms: ["typeidx", "typeidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray"], spec: "exec-array.copy" },
  "array.init_data": { opcode: 0xfb012, imms: ["typeidx", "dataidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray", "oobMemory"], spec: "exec-array.init_data" },
  "array.init_elem": { opcode: 0xfb013, imms: ["typeidx", "elemidx"], type: "special", feature: "gc", traps: ["nullArray", "oobArray", "oobTable"], spec: "exec-array.init_elem" },
  "ref.test": { opcode: 0xfb014, imms: ["heaptype"], type: "special", feature: "gc", spec: "exec-ref.test" },
  "ref.test null": { opcode: 0xfb015, imms: ["heaptype"], type: "special", feature: "gc", spec: "exec-ref.test" },
  "ref.cast": { opcode: 0xfb016, imms: ["heaptype"], type: "special", feature: "gc", traps: ["castFailure"], spec: "exec-ref.cast" },
  "ref.cast null": { opcode: 0xfb017, imms: ["heaptype"], type: "special", feature: "gc", traps: ["castFailure"], spec: "exec-ref.cast" },
  "br_on_cast": { opcode: 0xfb018, imms: ["castflags", "labelidx", "heaptype", "heaptype"], type: "special", feature: "gc", spec: "exec-br_on_cast" },
  "br_on_cast_fail": { opcode: 0xfb019, imms: ["castflags", "labelidx", "heaptype", "heaptype"], type: "special", feature: "gc", spec: "exec-br_on_cast_fail" },
  "any.convert_extern": { opcode: 0xfb01a, imms: [], type: "special", feature: "gc", spec: "exec-any.convert_extern" },
  "extern.convert_any": { opcode: 0xfb01b, imms: [], type: "special", feature: "gc", spec: "exec-extern.convert_any" },
  "ref.i31": { opcode: 0xfb01c, imms: [], type: "special", feature: "gc", spec: "exec-ref.i31" },
  "i31.get_s": { opcode: 0xfb01d, imms: [], type: "special", feature: "gc", traps: ["nullI31"], spec: "exec-i31.get_s" },
  "i31.get_u": { opcode: 0xfb01e, imms: [], type: "special", feature: "gc", traps: ["nullI31"], spec: "exec-i31.get_u" },
  // Descriptors of structures (custom-descriptors)
  "struct.new_desc": { opcode: 0xfb020, imms: ["typeidx"], type: "special", feature: "custom-descriptors", traps: ["nullDescriptor"], spec: "exec-struct.new_desc" },
  "struct.new_default_desc": { opcode: 0xfb021, imms: ["typeidx"], type: "special", feature: "custom-descriptors", traps: ["nullDescriptor"], spec: "exec-struct.new_default_desc" },
  "ref.get_desc": { opcode: 0xfb022, imms: ["typeidx"], type: "special", feature: "custom-descriptors", traps: ["nullReference"], spec: "exec-ref.get_desc" },
  "ref.cast_desc_eq": { opcode: 0xfb023, imms: ["heaptype"], type: "special", feature: "custom-descriptors", traps: ["nullDescriptor", "descriptorCast"], spec: "exec-ref.cast_desc_eq" },
  "ref.cast_desc_eq null": { opcode: 0xfb024, imms: ["heaptype"], type: "special", feature: "custom-descriptors", traps: ["nullDescriptor", "descriptorCast"], spec: "exec-ref.cast_desc_eq" },
  "br_on_cast_desc_eq": { opcode: 0xfb025, imms: ["castflags", "labelidx", "heaptype", "heaptype"], type: "special", feature: "custom-descriptors", traps: ["nullDescriptor"], spec: "exec-br_on_cast_desc_eq" },
  "br_on_cast_desc_eq_fail": { opcode: 0xfb026, imms: ["castflags", "labelidx", "heaptype", "heaptype"], type: "special", feature: "custom-descriptors", traps: ["nullDescriptor"], spec: "exec-br_on_cast_desc_eq_fail" },
  // Saturating conversions (0xfc prefix: opcode = prefix << 12 | sub-opcode)
  "i32.trunc_sat_f32_s": { opcode: 0xfc000, imms: [], type: f_i, feature: "saturating-float-to-int", js: "i32_trunc_sat_s($0)", spec: "op-trunc_sat_s" },
  "i32.trunc_sat_f32_u": { opcode: 0xfc001, imms: [], type: f_i, feature: "saturating-float-to-int", js: "i32_trunc_sat_u($0)", spec: "op-trunc_sat_u" },
  "i32.trunc_sat_f64_s": { opcode: 0xfc002, imms: [], type: d_i, feature: "saturating-float-to-int", js: "i32_trunc_sat_s($0)", spec: "op-trunc_sat_s" },
  "i32.trunc_sat_f64_u": { opcode: 0xfc003, imms: [], type: d_i, feature: "saturating-float-to-int", js: "i32_trunc_sat_u($0)", spec: "op-trunc_sat_u" },
  "i64.trunc_sat_f32_s": { opcode: 0xfc004, imms: [], type: f_l, feature: "saturating-float-to-int", js: "i64_trunc_sat_s($0)", spec: "op-trunc_sat_s" },
  "i64.trunc_sat_f32_u": { opcode: 0xfc005, imms: [], type: f_l, feature: "saturating-float-to-int", js: "i64_trunc_sat_u($0)", spec: "op-trunc_sat_u" },
  "i64.trunc_sat_f64_s": { opcode: 0xfc006, imms: [], type: d_l, feature: "saturating-float-to-int", js: "i64_trunc_sat_s($0)", spec: "op-trunc_sat_s" },
  "i64.trunc_sat_f64_u": { opcode: 0xfc007, imms: [], type: d_l, feature: "saturating-float-to-int", js: "i64_trunc_sat_u($0)", spec: "op-trunc_sat_u" },
  // Bulk memory and tables
  "memory.init": { opcode: 0xfc008, imms: ["dataidx", "memidx"], type: "special", feature: "bulk-memory", traps: ["oobMemory"], spec: "exec-memory.init" },
  "data.drop": { opcode: 0xfc009, imms: ["dataidx"], type: "special", feature: "bulk-memory", spec: "exec-data.drop" },
  "memory.copy": { opcode: 0xfc00a, imms: ["memidx", "memidx"], type: "special", feature: "bulk-memory", traps: ["oobMemory"], spec: "exec-memory.copy" },
  "memory.fill": { opcode: 0xfc00b, imms: ["memidx"], type: "special", feature: "bulk-memory", traps: ["oobMemory"], spec: "exec-memory.fill" },
  "table.init": { opcode: 0xfc00c, imms: ["elemidx", "tableidx"], type: "special", feature: "bulk-memory", traps: ["oobTable"], spec: "exec-table.init" },
  "elem.drop": { opcode: 0xfc00d, imms: ["elemidx"], type: "special", feature: "bulk-memory", spec: "exec-elem.drop" },
  "table.copy": { opcode: 0xfc00e, imms: ["tableidx", "tableidx"], type: "special", feature: "bulk-memory", traps: ["oobTable"], spec: "exec-table.copy" },
  "table.grow": { opcode: 0xfc00f, imms: ["tableidx"], type: "special", feature: "reference-types", spec: "exec-table.grow" },
  "table.size": { opcode: 0xfc010, imms: ["tableidx"], type: "special", feature: "reference-types", spec: "exec-table.size" },
  "table.fill": { opcode: 0xfc011, imms: ["tableidx"], type: "special", feature: "reference-types", traps: ["oobTable"], spec: "exec-table.fill" },
  // Wide arithmetic: 128-bit values as two i64, the low one first. Meaning: wide-arithmetic.ts
  "i64.add128": { opcode: 0xfc013, imms: [], type: llll_ll, feature: "wide-arithmetic", spec: "op-iadd" },
  "i64.sub128": { opcode: 0xfc014, imms: [], type: llll_ll, feature: "wide-arithmetic", spec: "op-isub" },
  "i64.mul_wide_s": { opcode: 0xfc015, imms: [], type: ll_ll, feature: "wide-arithmetic", spec: "op-imul" },
  "i64.mul_wide_u": { opcode: 0xfc016, imms: [], type: ll_ll, feature: "wide-arithmetic", spec: "op-imul" },
  // Threads: `atomic` is the method of JavaScript's Atomics on elements of the access's width (0xfe prefix)
  "memory.atomic.notify": { opcode: 0xfe000, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "notify", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-memory.atomic.notify" },
  "memory.atomic.wait32": { opcode: 0xfe001, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "wait", traps: ["unalignedAtomic", "oobMemory", "unsharedWait"], spec: "exec-memory.atomic.wait" },
  "memory.atomic.wait64": { opcode: 0xfe002, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "wait", traps: ["unalignedAtomic", "oobMemory", "unsharedWait"], spec: "exec-memory.atomic.wait" },
  "atomic.fence": { opcode: 0xfe003, imms: ["zero"], type: "special", feature: "threads", spec: "exec-atomic.fence" },
  "i32.atomic.load": { opcode: 0xfe010, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "load", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-load" },
  "i64.atomic.load": { opcode: 0xfe011, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "load", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-load" },
  "i32.atomic.load8_u": { opcode: 0xfe012, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "load", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-load" },
  "i32.atomic.load16_u": { opcode: 0xfe013, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "load", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-load" },
  "i64.atomic.load8_u": { opcode: 0xfe014, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "load", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-load" },
  "i64.atomic.load16_u": { opcode: 0xfe015, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "load", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-load" },
  "i64.atomic.load32_u": { opcode: 0xfe016, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "load", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-load" },
  "i32.atomic.store": { opcode: 0xfe017, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "store", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-store" },
  "i64.atomic.store": { opcode: 0xfe018, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "store", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-store" },
  "i32.atomic.store8": { opcode: 0xfe019, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8 }, atomic: "store", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-store" },
  "i32.atomic.store16": { opcode: 0xfe01a, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16 }, atomic: "store", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-store" },
  "i64.atomic.store8": { opcode: 0xfe01b, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8 }, atomic: "store", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-store" },
  "i64.atomic.store16": { opcode: 0xfe01c, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16 }, atomic: "store", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-store" },
  "i64.atomic.store32": { opcode: 0xfe01d, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32 }, atomic: "store", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-store" },
  "i32.atomic.rmw.add": { opcode: 0xfe01e, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "add", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw.add": { opcode: 0xfe01f, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "add", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw8.add_u": { opcode: 0xfe020, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "add", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw16.add_u": { opcode: 0xfe021, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "add", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw8.add_u": { opcode: 0xfe022, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "add", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw16.add_u": { opcode: 0xfe023, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "add", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw32.add_u": { opcode: 0xfe024, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "add", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw.sub": { opcode: 0xfe025, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "sub", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw.sub": { opcode: 0xfe026, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "sub", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw8.sub_u": { opcode: 0xfe027, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "sub", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw16.sub_u": { opcode: 0xfe028, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "sub", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw8.sub_u": { opcode: 0xfe029, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "sub", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw16.sub_u": { opcode: 0xfe02a, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "sub", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw32.sub_u": { opcode: 0xfe02b, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "sub", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw.and": { opcode: 0xfe02c, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "and", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw.and": { opcode: 0xfe02d, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "and", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw8.and_u": { opcode: 0xfe02e, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "and", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw16.and_u": { opcode: 0xfe02f, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "and", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw8.and_u": { opcode: 0xfe030, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "and", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw16.and_u": { opcode: 0xfe031, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "and", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw32.and_u": { opcode: 0xfe032, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "and", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw.or": { opcode: 0xfe033, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "or", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw.or": { opcode: 0xfe034, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "or", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw8.or_u": { opcode: 0xfe035, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "or", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw16.or_u": { opcode: 0xfe036, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "or", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw8.or_u": { opcode: 0xfe037, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "or", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw16.or_u": { opcode: 0xfe038, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "or", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw32.or_u": { opcode: 0xfe039, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "or", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw.xor": { opcode: 0xfe03a, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "xor", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw.xor": { opcode: 0xfe03b, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "xor", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw8.xor_u": { opcode: 0xfe03c, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "xor", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw16.xor_u": { opcode: 0xfe03d, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "xor", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw8.xor_u": { opcode: 0xfe03e, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "xor", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw16.xor_u": { opcode: 0xfe03f, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "xor", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw32.xor_u": { opcode: 0xfe040, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "xor", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw.xchg": { opcode: 0xfe041, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "exchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw.xchg": { opcode: 0xfe042, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "exchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw8.xchg_u": { opcode: 0xfe043, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "exchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw16.xchg_u": { opcode: 0xfe044, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "exchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw8.xchg_u": { opcode: 0xfe045, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "exchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw16.xchg_u": { opcode: 0xfe046, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "exchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i64.atomic.rmw32.xchg_u": { opcode: 0xfe047, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "exchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw" },
  "i32.atomic.rmw.cmpxchg": { opcode: 0xfe048, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 32 }, atomic: "compareExchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw-cmpxchg" },
  "i64.atomic.rmw.cmpxchg": { opcode: 0xfe049, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 64 }, atomic: "compareExchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw-cmpxchg" },
  "i32.atomic.rmw8.cmpxchg_u": { opcode: 0xfe04a, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 8, sign: "u" }, atomic: "compareExchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw-cmpxchg" },
  "i32.atomic.rmw16.cmpxchg_u": { opcode: 0xfe04b, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i32", bits: 16, sign: "u" }, atomic: "compareExchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw-cmpxchg" },
  "i64.atomic.rmw8.cmpxchg_u": { opcode: 0xfe04c, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 8, sign: "u" }, atomic: "compareExchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw-cmpxchg" },
  "i64.atomic.rmw16.cmpxchg_u": { opcode: 0xfe04d, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 16, sign: "u" }, atomic: "compareExchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw-cmpxchg" },
  "i64.atomic.rmw32.cmpxchg_u": { opcode: 0xfe04e, imms: ["memarg"], type: "atomic", feature: "threads", access: { val: "i64", bits: 32, sign: "u" }, atomic: "compareExchange", traps: ["unalignedAtomic", "oobMemory"], spec: "exec-atomic-rmw-cmpxchg" },
} as const satisfies Record<string, InstrDef>;
/* biome-ignore-end format: one row, one line */

export type Mnemonic = keyof typeof instrs;
type Rows = { [M in Mnemonic]: (typeof instrs)[M] };
/** Mnemonics whose row says "special": every phase owes them a rule. */
export type Special = { [M in Mnemonic]: Rows[M]["type"] extends "special" ? M : never }[Mnemonic];

export const mnemonics = Object.keys(instrs) as readonly Mnemonic[];
/** The row of `m`, with the columns it does not have readable as undefined. */
export const instrDef = (m: Mnemonic): InstrDef => instrs[m];

/** Operands after the address, and results, of a row of type "atomic". */
export function atomicType(d: InstrDef): readonly [readonly NumType[], readonly NumType[]] {
  const val = (d.access as MemAccess).val as NumType;
  switch (d.atomic) {
    case "load":
      return [[], [val]];
    case "store":
      return [[val], []];
    case "compareExchange":
      return [[val, val], [val]];
    case "notify":
      return [["i32"], ["i32"]];
    case "wait":
      return [[val, "i64"], ["i32"]];
    default:
      return [[val], [val]];
  }
}

const byOpcode = new Map<number, Mnemonic>(mnemonics.map((m) => [instrs[m].opcode, m]));
const byByte: readonly (Mnemonic | undefined)[] = Array.from({ length: 256 }, (_, b) => byOpcode.get(b));

/** The mnemonic of an opcode; undefined when the table has none. */
export const mnemonicOf = (opcode: number): Mnemonic | undefined =>
  opcode < 256 ? byByte[opcode] : byOpcode.get(opcode);
