/**
 * Rows of the instruction table for 128-bit vectors: SIMD and relaxed SIMD. Part of `instrs.ts`; see `InstrDef` there.
 *
 * A row says how its lanes are computed (`LaneDef`); the generator (`gen/simd.ts`) writes the loops. What does not fit
 * is a function of `simd-numerics.ts` that the row names. Rows are made by the short functions below, one for each
 * shape of instruction, so that a row is a line.
 *
 * A float lane that is only moved keeps its bits; arithmetic quiets a signalling NaN, as the scalar rows do. Relaxed
 * instructions always do what the deterministic profile of 3.0 says: `relaxed_swizzle` gives 0 for each index above 15,
 * `relaxed_trunc` saturates, `relaxed_madd` rounds twice, `relaxed_laneselect` selects bits, `relaxed_min` and `max` are
 * `min` and `max`, `relaxed_q15mulr` saturates, `relaxed_dot` is signed by signed with sums saturated to 16 bits.
 */
import type { TrapCode } from "./errors.ts";

/** Number type or vector type of an operand. */
export type OpType = "i32" | "i64" | "f32" | "f64" | "v128";

/** A lane as expressions see it: a number, but i64 as two words. `uN` is read without sign. */
export type Lane = "i8" | "u8" | "i16" | "u16" | "i32" | "u32" | "i64" | "f32" | "f64";

/**
 * How the result comes from the operands `a`, `b`, `c`; `f` is the expression.
 *
 *     each     f(a[i], b[i], ...)                  mask    f(a[i], b[i]) ? all ones : 0
 *     pick     bits of (f(a[i], b[i]) ? b : a)[i]  shift   f(a[i], b), b an i32 modulo the bits of a lane
 *     low      f(a[i], b[i]), to lanes twice as wide; high: of the upper halves
 *     pairs    f(a[2i], a[2i+1], b[2i], b[2i+1])   narrow  f(a[0]) ... f(a[n]) f(b[0]) ... f(b[n])
 *     zero     f(a[i]), then zeros                 call    the function f of simd-numerics.ts
 *     any, all, bits   i32: some bit is set, all lanes are not 0, sign bits
 *     splat, extract, replace   a scalar operand, or one lane
 *
 * Memory: `all` lanes as they are, `low` lanes widened, `splat`, `zero`, `lane`.
 */
export type How =
  | "each"
  | "mask"
  | "pick"
  | "shift"
  | "low"
  | "high"
  | "pairs"
  | "narrow"
  | "zero"
  | "call"
  | "any"
  | "all"
  | "bits"
  | "splat"
  | "extract"
  | "replace"
  | "lane";

/**
 * $0, $1, ... are lanes as numbers; of an i64 lane $0l and $0h are the words, and the result is [low, high], where the
 * high word may use $lo. A mnemonic, such as `f32.add`, stands for the expression of that row.
 */
export type LaneExpr = string | readonly [lo: string, hi: string];

export interface LaneDef {
  readonly how: How;
  /** Lanes of the operands. */
  readonly from: Lane;
  /** Lanes of the result. */
  readonly to: Lane;
  readonly js: LaneExpr;
}

type VecType = readonly [readonly OpType[], readonly OpType[]];
type VecImm = "memarg" | "laneidx" | "laneidx16" | "v128";
type Bits = 8 | 16 | 32 | 64 | 128;

/** What `InstrDef` demands, narrowed to vectors. */
export interface VecRow {
  readonly opcode: number;
  readonly imms: readonly VecImm[];
  readonly type: VecType | "load" | "store" | "load_lane" | "store_lane";
  readonly feature: "simd" | "relaxed-simd";
  readonly access?: { readonly val: "v128"; readonly bits: Bits };
  readonly lanes?: LaneDef;
  readonly traps?: readonly TrapCode[];
  readonly spec: string;
}

const n_v = [[], ["v128"]] as const;
const v_v = [["v128"], ["v128"]] as const;
const vv_v = [["v128", "v128"], ["v128"]] as const;
const vvv_v = [["v128", "v128", "v128"], ["v128"]] as const;
const vi_v = [["v128", "i32"], ["v128"]] as const;
const v_i = [["v128"], ["i32"]] as const;

const opcode = (sub: number): number => 0xfd000 | sub;

function lanes(sub: number, type: VecType, how: How, from: Lane, to: Lane, js: LaneExpr, spec: string): VecRow {
  const feature = sub < 0x100 ? "simd" : "relaxed-simd";
  return { opcode: opcode(sub), imms: [], type, feature, lanes: { how, from, to, js }, spec };
}

const each1 = (sub: number, lane: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, v_v, "each", lane, lane, js, spec);
const each2 = (sub: number, lane: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, vv_v, "each", lane, lane, js, spec);
const each3 = (sub: number, lane: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, vvv_v, "each", lane, lane, js, spec);
const mask = (sub: number, lane: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, vv_v, "mask", lane, lane, js, spec);
const pick = (sub: number, lane: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, vv_v, "pick", lane, lane, js, spec);
const shift = (sub: number, lane: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, vi_v, "shift", lane, lane, js, spec);
const convert = (sub: number, how: How, from: Lane, to: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, v_v, how, from, to, js, spec);
const extmul = (sub: number, how: How, from: Lane, to: Lane, js: LaneExpr): VecRow =>
  lanes(sub, vv_v, how, from, to, js, "op-vextbinop");
const pairs = (sub: number, type: VecType, from: Lane, to: Lane, js: LaneExpr, spec: string): VecRow =>
  lanes(sub, type, "pairs", from, to, js, spec);
const narrow = (sub: number, from: Lane, to: Lane, js: LaneExpr): VecRow =>
  lanes(sub, vv_v, "narrow", from, to, js, "op-vnarrow");
const test = (sub: number, how: How, lane: Lane, spec: string): VecRow => lanes(sub, v_i, how, lane, "i32", "", spec);
const call = (sub: number, type: VecType, js: string, spec: string): VecRow =>
  lanes(sub, type, "call", "u8", "u8", js, spec);
const splat = (sub: number, scalar: OpType, lane: Lane): VecRow =>
  lanes(sub, [[scalar], ["v128"]], "splat", lane, lane, "", "exec-vsplat");
const extract = (sub: number, scalar: OpType, lane: Lane): VecRow => ({
  ...lanes(sub, [["v128"], [scalar]], "extract", lane, lane, "", "exec-vextract_lane"),
  imms: ["laneidx"],
});
const replace = (sub: number, scalar: OpType, lane: Lane): VecRow => ({
  ...lanes(sub, [["v128", scalar], ["v128"]], "replace", lane, lane, "", "exec-vreplace_lane"),
  imms: ["laneidx"],
});

function access(
  sub: number,
  type: "load" | "store" | "load_lane" | "store_lane",
  bits: Bits,
  def: Pick<LaneDef, "how" | "from" | "to">,
  spec: string,
): VecRow {
  const imms: readonly VecImm[] = def.how === "lane" ? ["memarg", "laneidx"] : ["memarg"];
  const js = def.to === "i64" ? `i64.extend_i32_${def.from === "u32" ? "u" : "s"}` : "$0";
  return {
    opcode: opcode(sub),
    imms,
    type,
    feature: "simd",
    access: { val: "v128", bits },
    lanes: { ...def, js },
    traps: ["oobMemory"],
    spec,
  };
}

const load = (sub: number, bits: Bits, how: How, from: Lane, spec: string, to: Lane = from): VecRow =>
  access(sub, "load", bits, { how, from, to }, spec);
const store = (sub: number, bits: Bits, lane: Lane, spec: string): VecRow =>
  access(sub, "store", bits, { how: "all", from: lane, to: lane }, spec);
const loadLane = (sub: number, bits: Bits, lane: Lane): VecRow =>
  access(sub, "load_lane", bits, { how: "lane", from: lane, to: lane }, "exec-vload_lane");
const storeLane = (sub: number, bits: Bits, lane: Lane): VecRow =>
  access(sub, "store_lane", bits, { how: "lane", from: lane, to: lane }, "exec-vstore_lane");

/** Upper word of the product of two words without sign: their product as a double is off by less than half of 2^32. */
const upper = "((($0 >>> 0) * ($1 >>> 0) - ($lo >>> 0)) * 2.3283064365386963e-10 + 0.5 >>> 0)";
const unsignedProduct: LaneExpr = ["Math.imul($0, $1)", `${upper} | 0`];
const signedProduct: LaneExpr = ["Math.imul($0, $1)", `${upper} - ($0 >> 31 & $1) - ($1 >> 31 & $0) | 0`];

export const simdInstrs = {
  // Memory
  "v128.load": load(0x00, 128, "all", "i32", "exec-vload-val"),
  "v128.load8x8_s": load(0x01, 64, "low", "i8", "exec-vload-pack", "i16"),
  "v128.load8x8_u": load(0x02, 64, "low", "u8", "exec-vload-pack", "i16"),
  "v128.load16x4_s": load(0x03, 64, "low", "i16", "exec-vload-pack", "i32"),
  "v128.load16x4_u": load(0x04, 64, "low", "u16", "exec-vload-pack", "i32"),
  "v128.load32x2_s": load(0x05, 64, "low", "i32", "exec-vload-pack", "i64"),
  "v128.load32x2_u": load(0x06, 64, "low", "u32", "exec-vload-pack", "i64"),
  "v128.load8_splat": load(0x07, 8, "splat", "i8", "exec-vload-splat"),
  "v128.load16_splat": load(0x08, 16, "splat", "i16", "exec-vload-splat"),
  "v128.load32_splat": load(0x09, 32, "splat", "i32", "exec-vload-splat"),
  "v128.load64_splat": load(0x0a, 64, "splat", "i64", "exec-vload-splat"),
  "v128.store": store(0x0b, 128, "i32", "exec-vstore"),
  // Constants, shuffles, splats, single lanes
  "v128.const": { opcode: opcode(0x0c), imms: ["v128"], type: n_v, feature: "simd", spec: "exec-vconst" },
  "i8x16.shuffle": { ...lanes(0x0d, vv_v, "call", "u8", "u8", "i8x16_shuffle", "op-ivshuffle"), imms: ["laneidx16"] },
  "i8x16.swizzle": call(0x0e, vv_v, "i8x16_swizzle", "op-ivswizzle"),
  "i8x16.splat": splat(0x0f, "i32", "i8"),
  "i16x8.splat": splat(0x10, "i32", "i16"),
  "i32x4.splat": splat(0x11, "i32", "i32"),
  "i64x2.splat": splat(0x12, "i64", "i64"),
  "f32x4.splat": splat(0x13, "f32", "f32"),
  "f64x2.splat": splat(0x14, "f64", "f64"),
  "i8x16.extract_lane_s": extract(0x15, "i32", "i8"),
  "i8x16.extract_lane_u": extract(0x16, "i32", "u8"),
  "i8x16.replace_lane": replace(0x17, "i32", "i8"),
  "i16x8.extract_lane_s": extract(0x18, "i32", "i16"),
  "i16x8.extract_lane_u": extract(0x19, "i32", "u16"),
  "i16x8.replace_lane": replace(0x1a, "i32", "i16"),
  "i32x4.extract_lane": extract(0x1b, "i32", "i32"),
  "i32x4.replace_lane": replace(0x1c, "i32", "i32"),
  "i64x2.extract_lane": extract(0x1d, "i64", "i64"),
  "i64x2.replace_lane": replace(0x1e, "i64", "i64"),
  "f32x4.extract_lane": extract(0x1f, "f32", "f32"),
  "f32x4.replace_lane": replace(0x20, "f32", "f32"),
  "f64x2.extract_lane": extract(0x21, "f64", "f64"),
  "f64x2.replace_lane": replace(0x22, "f64", "f64"),
  // Comparisons: all bits of a lane where it holds
  "i8x16.eq": mask(0x23, "i8", "$0 === $1", "op-ieq"),
  "i8x16.ne": mask(0x24, "i8", "$0 !== $1", "op-ine"),
  "i8x16.lt_s": mask(0x25, "i8", "$0 < $1", "op-ilt"),
  "i8x16.lt_u": mask(0x26, "u8", "$0 < $1", "op-ilt"),
  "i8x16.gt_s": mask(0x27, "i8", "$0 > $1", "op-igt"),
  "i8x16.gt_u": mask(0x28, "u8", "$0 > $1", "op-igt"),
  "i8x16.le_s": mask(0x29, "i8", "$0 <= $1", "op-ile"),
  "i8x16.le_u": mask(0x2a, "u8", "$0 <= $1", "op-ile"),
  "i8x16.ge_s": mask(0x2b, "i8", "$0 >= $1", "op-ige"),
  "i8x16.ge_u": mask(0x2c, "u8", "$0 >= $1", "op-ige"),
  "i16x8.eq": mask(0x2d, "i16", "$0 === $1", "op-ieq"),
  "i16x8.ne": mask(0x2e, "i16", "$0 !== $1", "op-ine"),
  "i16x8.lt_s": mask(0x2f, "i16", "$0 < $1", "op-ilt"),
  "i16x8.lt_u": mask(0x30, "u16", "$0 < $1", "op-ilt"),
  "i16x8.gt_s": mask(0x31, "i16", "$0 > $1", "op-igt"),
  "i16x8.gt_u": mask(0x32, "u16", "$0 > $1", "op-igt"),
  "i16x8.le_s": mask(0x33, "i16", "$0 <= $1", "op-ile"),
  "i16x8.le_u": mask(0x34, "u16", "$0 <= $1", "op-ile"),
  "i16x8.ge_s": mask(0x35, "i16", "$0 >= $1", "op-ige"),
  "i16x8.ge_u": mask(0x36, "u16", "$0 >= $1", "op-ige"),
  "i32x4.eq": mask(0x37, "i32", "i32.eq", "op-ieq"),
  "i32x4.ne": mask(0x38, "i32", "i32.ne", "op-ine"),
  "i32x4.lt_s": mask(0x39, "i32", "i32.lt_s", "op-ilt"),
  "i32x4.lt_u": mask(0x3a, "i32", "i32.lt_u", "op-ilt"),
  "i32x4.gt_s": mask(0x3b, "i32", "i32.gt_s", "op-igt"),
  "i32x4.gt_u": mask(0x3c, "i32", "i32.gt_u", "op-igt"),
  "i32x4.le_s": mask(0x3d, "i32", "i32.le_s", "op-ile"),
  "i32x4.le_u": mask(0x3e, "i32", "i32.le_u", "op-ile"),
  "i32x4.ge_s": mask(0x3f, "i32", "i32.ge_s", "op-ige"),
  "i32x4.ge_u": mask(0x40, "i32", "i32.ge_u", "op-ige"),
  "f32x4.eq": mask(0x41, "f32", "f32.eq", "op-feq"),
  "f32x4.ne": mask(0x42, "f32", "f32.ne", "op-fne"),
  "f32x4.lt": mask(0x43, "f32", "f32.lt", "op-flt"),
  "f32x4.gt": mask(0x44, "f32", "f32.gt", "op-fgt"),
  "f32x4.le": mask(0x45, "f32", "f32.le", "op-fle"),
  "f32x4.ge": mask(0x46, "f32", "f32.ge", "op-fge"),
  "f64x2.eq": mask(0x47, "f64", "f64.eq", "op-feq"),
  "f64x2.ne": mask(0x48, "f64", "f64.ne", "op-fne"),
  "f64x2.lt": mask(0x49, "f64", "f64.lt", "op-flt"),
  "f64x2.gt": mask(0x4a, "f64", "f64.gt", "op-fgt"),
  "f64x2.le": mask(0x4b, "f64", "f64.le", "op-fle"),
  "f64x2.ge": mask(0x4c, "f64", "f64.ge", "op-fge"),
  "i64x2.eq": mask(0xd6, "i64", "i64.eq", "op-ieq"),
  "i64x2.ne": mask(0xd7, "i64", "i64.ne", "op-ine"),
  "i64x2.lt_s": mask(0xd8, "i64", "i64.lt_s", "op-ilt"),
  "i64x2.gt_s": mask(0xd9, "i64", "i64.gt_s", "op-igt"),
  "i64x2.le_s": mask(0xda, "i64", "i64.le_s", "op-ile"),
  "i64x2.ge_s": mask(0xdb, "i64", "i64.ge_s", "op-ige"),
  // Bits
  "v128.not": each1(0x4d, "i32", "~$0", "op-inot"),
  "v128.and": each2(0x4e, "i32", "$0 & $1", "op-iand"),
  "v128.andnot": each2(0x4f, "i32", "$0 & ~$1", "op-iandnot"),
  "v128.or": each2(0x50, "i32", "$0 | $1", "op-ior"),
  "v128.xor": each2(0x51, "i32", "$0 ^ $1", "op-ixor"),
  "v128.bitselect": each3(0x52, "i32", "$0 & $2 | $1 & ~$2", "op-ibitselect"),
  "v128.any_true": test(0x53, "any", "i32", "exec-vvtestop"),
  // Memory, one lane or the rest zero
  "v128.load8_lane": loadLane(0x54, 8, "i8"),
  "v128.load16_lane": loadLane(0x55, 16, "i16"),
  "v128.load32_lane": loadLane(0x56, 32, "i32"),
  "v128.load64_lane": loadLane(0x57, 64, "i64"),
  "v128.store8_lane": storeLane(0x58, 8, "i8"),
  "v128.store16_lane": storeLane(0x59, 16, "i16"),
  "v128.store32_lane": storeLane(0x5a, 32, "i32"),
  "v128.store64_lane": storeLane(0x5b, 64, "i64"),
  "v128.load32_zero": load(0x5c, 32, "zero", "i32", "exec-vload-zero"),
  "v128.load64_zero": load(0x5d, 64, "zero", "i64", "exec-vload-zero"),
  // i8x16
  "i8x16.abs": each1(0x60, "i8", "Math.abs($0)", "op-iabs"),
  "i8x16.neg": each1(0x61, "i8", "-$0", "op-ineg"),
  "i8x16.popcnt": each1(0x62, "u8", "i32_popcnt($0)", "op-ipopcnt"),
  "i8x16.all_true": test(0x63, "all", "i8", "exec-vtestop"),
  "i8x16.bitmask": test(0x64, "bits", "i8", "exec-vbitmask"),
  "i8x16.narrow_i16x8_s": narrow(0x65, "i16", "i8", "sat_s8($0)"),
  "i8x16.narrow_i16x8_u": narrow(0x66, "i16", "u8", "sat_u8($0)"),
  "i8x16.shl": shift(0x6b, "i8", "$0 << $1", "op-ishl"),
  "i8x16.shr_s": shift(0x6c, "i8", "$0 >> $1", "op-ishr"),
  "i8x16.shr_u": shift(0x6d, "u8", "$0 >> $1", "op-ishr"),
  "i8x16.add": each2(0x6e, "i8", "$0 + $1", "op-iadd"),
  "i8x16.add_sat_s": each2(0x6f, "i8", "sat_s8($0 + $1)", "op-iadd_sat_s"),
  "i8x16.add_sat_u": each2(0x70, "u8", "sat_u8($0 + $1)", "op-iadd_sat_u"),
  "i8x16.sub": each2(0x71, "i8", "$0 - $1", "op-isub"),
  "i8x16.sub_sat_s": each2(0x72, "i8", "sat_s8($0 - $1)", "op-isub_sat_s"),
  "i8x16.sub_sat_u": each2(0x73, "u8", "sat_u8($0 - $1)", "op-isub_sat_u"),
  "i8x16.min_s": each2(0x76, "i8", "Math.min($0, $1)", "op-imin"),
  "i8x16.min_u": each2(0x77, "u8", "Math.min($0, $1)", "op-imin"),
  "i8x16.max_s": each2(0x78, "i8", "Math.max($0, $1)", "op-imax"),
  "i8x16.max_u": each2(0x79, "u8", "Math.max($0, $1)", "op-imax"),
  "i8x16.avgr_u": each2(0x7b, "u8", "$0 + $1 + 1 >> 1", "op-iavgr_u"),
  // i16x8
  "i16x8.abs": each1(0x80, "i16", "Math.abs($0)", "op-iabs"),
  "i16x8.neg": each1(0x81, "i16", "-$0", "op-ineg"),
  "i16x8.q15mulr_sat_s": each2(0x82, "i16", "sat_s16($0 * $1 + 0x4000 >> 15)", "op-iq15mulrsat_s"),
  "i16x8.all_true": test(0x83, "all", "i16", "exec-vtestop"),
  "i16x8.bitmask": test(0x84, "bits", "i16", "exec-vbitmask"),
  "i16x8.narrow_i32x4_s": narrow(0x85, "i32", "i16", "sat_s16($0)"),
  "i16x8.narrow_i32x4_u": narrow(0x86, "i32", "u16", "sat_u16($0)"),
  "i16x8.extend_low_i8x16_s": convert(0x87, "low", "i8", "i16", "$0", "exec-vcvtop"),
  "i16x8.extend_high_i8x16_s": convert(0x88, "high", "i8", "i16", "$0", "exec-vcvtop"),
  "i16x8.extend_low_i8x16_u": convert(0x89, "low", "u8", "i16", "$0", "exec-vcvtop"),
  "i16x8.extend_high_i8x16_u": convert(0x8a, "high", "u8", "i16", "$0", "exec-vcvtop"),
  "i16x8.shl": shift(0x8b, "i16", "$0 << $1", "op-ishl"),
  "i16x8.shr_s": shift(0x8c, "i16", "$0 >> $1", "op-ishr"),
  "i16x8.shr_u": shift(0x8d, "u16", "$0 >> $1", "op-ishr"),
  "i16x8.add": each2(0x8e, "i16", "$0 + $1", "op-iadd"),
  "i16x8.add_sat_s": each2(0x8f, "i16", "sat_s16($0 + $1)", "op-iadd_sat_s"),
  "i16x8.add_sat_u": each2(0x90, "u16", "sat_u16($0 + $1)", "op-iadd_sat_u"),
  "i16x8.sub": each2(0x91, "i16", "$0 - $1", "op-isub"),
  "i16x8.sub_sat_s": each2(0x92, "i16", "sat_s16($0 - $1)", "op-isub_sat_s"),
  "i16x8.sub_sat_u": each2(0x93, "u16", "sat_u16($0 - $1)", "op-isub_sat_u"),
  "i16x8.mul": each2(0x95, "i16", "$0 * $1", "op-imul"),
  "i16x8.min_s": each2(0x96, "i16", "Math.min($0, $1)", "op-imin"),
  "i16x8.min_u": each2(0x97, "u16", "Math.min($0, $1)", "op-imin"),
  "i16x8.max_s": each2(0x98, "i16", "Math.max($0, $1)", "op-imax"),
  "i16x8.max_u": each2(0x99, "u16", "Math.max($0, $1)", "op-imax"),
  "i16x8.avgr_u": each2(0x9b, "u16", "$0 + $1 + 1 >> 1", "op-iavgr_u"),
  "i16x8.extadd_pairwise_i8x16_s": pairs(0x7c, v_v, "i8", "i16", "$0 + $1", "op-vextunop"),
  "i16x8.extadd_pairwise_i8x16_u": pairs(0x7d, v_v, "u8", "i16", "$0 + $1", "op-vextunop"),
  "i16x8.extmul_low_i8x16_s": extmul(0x9c, "low", "i8", "i16", "$0 * $1"),
  "i16x8.extmul_high_i8x16_s": extmul(0x9d, "high", "i8", "i16", "$0 * $1"),
  "i16x8.extmul_low_i8x16_u": extmul(0x9e, "low", "u8", "i16", "$0 * $1"),
  "i16x8.extmul_high_i8x16_u": extmul(0x9f, "high", "u8", "i16", "$0 * $1"),
  // i32x4
  "i32x4.abs": each1(0xa0, "i32", "Math.abs($0)", "op-iabs"),
  "i32x4.neg": each1(0xa1, "i32", "-$0", "op-ineg"),
  "i32x4.all_true": test(0xa3, "all", "i32", "exec-vtestop"),
  "i32x4.bitmask": test(0xa4, "bits", "i32", "exec-vbitmask"),
  "i32x4.extend_low_i16x8_s": convert(0xa7, "low", "i16", "i32", "$0", "exec-vcvtop"),
  "i32x4.extend_high_i16x8_s": convert(0xa8, "high", "i16", "i32", "$0", "exec-vcvtop"),
  "i32x4.extend_low_i16x8_u": convert(0xa9, "low", "u16", "i32", "$0", "exec-vcvtop"),
  "i32x4.extend_high_i16x8_u": convert(0xaa, "high", "u16", "i32", "$0", "exec-vcvtop"),
  "i32x4.shl": shift(0xab, "i32", "i32.shl", "op-ishl"),
  "i32x4.shr_s": shift(0xac, "i32", "i32.shr_s", "op-ishr"),
  "i32x4.shr_u": shift(0xad, "i32", "i32.shr_u", "op-ishr"),
  "i32x4.add": each2(0xae, "i32", "i32.add", "op-iadd"),
  "i32x4.sub": each2(0xb1, "i32", "i32.sub", "op-isub"),
  "i32x4.mul": each2(0xb5, "i32", "i32.mul", "op-imul"),
  "i32x4.min_s": each2(0xb6, "i32", "Math.min($0, $1)", "op-imin"),
  "i32x4.min_u": each2(0xb7, "u32", "Math.min($0, $1)", "op-imin"),
  "i32x4.max_s": each2(0xb8, "i32", "Math.max($0, $1)", "op-imax"),
  "i32x4.max_u": each2(0xb9, "u32", "Math.max($0, $1)", "op-imax"),
  "i32x4.dot_i16x8_s": pairs(0xba, vv_v, "i16", "i32", "$0 * $2 + $1 * $3", "op-vextbinop"),
  "i32x4.extadd_pairwise_i16x8_s": pairs(0x7e, v_v, "i16", "i32", "$0 + $1", "op-vextunop"),
  "i32x4.extadd_pairwise_i16x8_u": pairs(0x7f, v_v, "u16", "i32", "$0 + $1", "op-vextunop"),
  "i32x4.extmul_low_i16x8_s": extmul(0xbc, "low", "i16", "i32", "$0 * $1"),
  "i32x4.extmul_high_i16x8_s": extmul(0xbd, "high", "i16", "i32", "$0 * $1"),
  "i32x4.extmul_low_i16x8_u": extmul(0xbe, "low", "u16", "i32", "$0 * $1"),
  "i32x4.extmul_high_i16x8_u": extmul(0xbf, "high", "u16", "i32", "$0 * $1"),
  // i64x2
  "i64x2.abs": each1(
    0xc0,
    "i64",
    ["($0h < 0 ? -$0l : $0l) | 0", "$0h < 0 ? ~$0h + ($0l === 0 ? 1 : 0) | 0 : $0h"],
    "op-iabs",
  ),
  "i64x2.neg": each1(0xc1, "i64", ["-$0l | 0", "~$0h + ($0l === 0 ? 1 : 0) | 0"], "op-ineg"),
  "i64x2.all_true": test(0xc3, "all", "i64", "exec-vtestop"),
  "i64x2.bitmask": test(0xc4, "bits", "i64", "exec-vbitmask"),
  "i64x2.extend_low_i32x4_s": convert(0xc7, "low", "i32", "i64", "i64.extend_i32_s", "exec-vcvtop"),
  "i64x2.extend_high_i32x4_s": convert(0xc8, "high", "i32", "i64", "i64.extend_i32_s", "exec-vcvtop"),
  "i64x2.extend_low_i32x4_u": convert(0xc9, "low", "i32", "i64", "i64.extend_i32_u", "exec-vcvtop"),
  "i64x2.extend_high_i32x4_u": convert(0xca, "high", "i32", "i64", "i64.extend_i32_u", "exec-vcvtop"),
  "i64x2.shl": shift(0xcb, "i64", "i64.shl", "op-ishl"),
  "i64x2.shr_s": shift(0xcc, "i64", "i64.shr_s", "op-ishr"),
  "i64x2.shr_u": shift(0xcd, "i64", "i64.shr_u", "op-ishr"),
  "i64x2.add": each2(0xce, "i64", "i64.add", "op-iadd"),
  "i64x2.sub": each2(0xd1, "i64", "i64.sub", "op-isub"),
  "i64x2.mul": each2(0xd5, "i64", "i64.mul", "op-imul"),
  "i64x2.extmul_low_i32x4_s": extmul(0xdc, "low", "i32", "i64", signedProduct),
  "i64x2.extmul_high_i32x4_s": extmul(0xdd, "high", "i32", "i64", signedProduct),
  "i64x2.extmul_low_i32x4_u": extmul(0xde, "low", "i32", "i64", unsignedProduct),
  "i64x2.extmul_high_i32x4_u": extmul(0xdf, "high", "i32", "i64", unsignedProduct),
  // f32x4
  "f32x4.ceil": each1(0x67, "f32", "f32.ceil", "op-fceil"),
  "f32x4.floor": each1(0x68, "f32", "f32.floor", "op-ffloor"),
  "f32x4.trunc": each1(0x69, "f32", "f32.trunc", "op-ftrunc"),
  "f32x4.nearest": each1(0x6a, "f32", "f32.nearest", "op-fnearest"),
  "f32x4.abs": each1(0xe0, "f32", "f32.abs", "op-fabs"),
  "f32x4.neg": each1(0xe1, "f32", "f32.neg", "op-fneg"),
  "f32x4.sqrt": each1(0xe3, "f32", "f32.sqrt", "op-fsqrt"),
  "f32x4.add": each2(0xe4, "f32", "f32.add", "op-fadd"),
  "f32x4.sub": each2(0xe5, "f32", "f32.sub", "op-fsub"),
  "f32x4.mul": each2(0xe6, "f32", "f32.mul", "op-fmul"),
  "f32x4.div": each2(0xe7, "f32", "f32.div", "op-fdiv"),
  "f32x4.min": each2(0xe8, "f32", "f32.min", "op-fmin"),
  "f32x4.max": each2(0xe9, "f32", "f32.max", "op-fmax"),
  "f32x4.pmin": pick(0xea, "f32", "$1 < $0", "op-fpmin"),
  "f32x4.pmax": pick(0xeb, "f32", "$0 < $1", "op-fpmax"),
  // f64x2
  "f64x2.ceil": each1(0x74, "f64", "f64.ceil", "op-fceil"),
  "f64x2.floor": each1(0x75, "f64", "f64.floor", "op-ffloor"),
  "f64x2.trunc": each1(0x7a, "f64", "f64.trunc", "op-ftrunc"),
  "f64x2.nearest": each1(0x94, "f64", "f64.nearest", "op-fnearest"),
  "f64x2.abs": each1(0xec, "f64", "f64.abs", "op-fabs"),
  "f64x2.neg": each1(0xed, "f64", "f64.neg", "op-fneg"),
  "f64x2.sqrt": each1(0xef, "f64", "f64.sqrt", "op-fsqrt"),
  "f64x2.add": each2(0xf0, "f64", "f64.add", "op-fadd"),
  "f64x2.sub": each2(0xf1, "f64", "f64.sub", "op-fsub"),
  "f64x2.mul": each2(0xf2, "f64", "f64.mul", "op-fmul"),
  "f64x2.div": each2(0xf3, "f64", "f64.div", "op-fdiv"),
  "f64x2.min": each2(0xf4, "f64", "f64.min", "op-fmin"),
  "f64x2.max": each2(0xf5, "f64", "f64.max", "op-fmax"),
  "f64x2.pmin": pick(0xf6, "f64", "$1 < $0", "op-fpmin"),
  "f64x2.pmax": pick(0xf7, "f64", "$0 < $1", "op-fpmax"),
  // Conversions
  "f32x4.demote_f64x2_zero": convert(0x5e, "zero", "f64", "f32", "f32.demote_f64", "op-demote"),
  "f64x2.promote_low_f32x4": convert(0x5f, "low", "f32", "f64", "f64.promote_f32", "op-promote"),
  "i32x4.trunc_sat_f32x4_s": convert(0xf8, "each", "f32", "i32", "i32.trunc_sat_f32_s", "op-trunc_sat_s"),
  "i32x4.trunc_sat_f32x4_u": convert(0xf9, "each", "f32", "i32", "i32.trunc_sat_f32_u", "op-trunc_sat_u"),
  "f32x4.convert_i32x4_s": convert(0xfa, "each", "i32", "f32", "f32.convert_i32_s", "op-convert_s"),
  "f32x4.convert_i32x4_u": convert(0xfb, "each", "i32", "f32", "f32.convert_i32_u", "op-convert_u"),
  "i32x4.trunc_sat_f64x2_s_zero": convert(0xfc, "zero", "f64", "i32", "i32.trunc_sat_f64_s", "op-trunc_sat_s"),
  "i32x4.trunc_sat_f64x2_u_zero": convert(0xfd, "zero", "f64", "i32", "i32.trunc_sat_f64_u", "op-trunc_sat_u"),
  "f64x2.convert_low_i32x4_s": convert(0xfe, "low", "i32", "f64", "f64.convert_i32_s", "op-convert_s"),
  "f64x2.convert_low_i32x4_u": convert(0xff, "low", "i32", "f64", "f64.convert_i32_u", "op-convert_u"),
  // Relaxed: always what the deterministic profile of 3.0 says, so that every tier and every host agree
  "i8x16.relaxed_swizzle": call(0x100, vv_v, "i8x16_swizzle", "op-ivrelaxed_swizzle"),
  "i32x4.relaxed_trunc_f32x4_s": convert(0x101, "each", "f32", "i32", "i32.trunc_sat_f32_s", "op-relaxed_trunc_s"),
  "i32x4.relaxed_trunc_f32x4_u": convert(0x102, "each", "f32", "i32", "i32.trunc_sat_f32_u", "op-relaxed_trunc_u"),
  "i32x4.relaxed_trunc_f64x2_s_zero": convert(0x103, "zero", "f64", "i32", "i32.trunc_sat_f64_s", "op-relaxed_trunc_s"),
  "i32x4.relaxed_trunc_f64x2_u_zero": convert(0x104, "zero", "f64", "i32", "i32.trunc_sat_f64_u", "op-relaxed_trunc_u"),
  "f32x4.relaxed_madd": each3(0x105, "f32", "Math.fround(Math.fround($0 * $1) + $2)", "op-frelaxed_madd"),
  "f32x4.relaxed_nmadd": each3(0x106, "f32", "Math.fround(Math.fround(-$0 * $1) + $2)", "op-frelaxed_nmadd"),
  "f64x2.relaxed_madd": each3(0x107, "f64", "$0 * $1 + $2", "op-frelaxed_madd"),
  "f64x2.relaxed_nmadd": each3(0x108, "f64", "-$0 * $1 + $2", "op-frelaxed_nmadd"),
  "i8x16.relaxed_laneselect": each3(0x109, "i32", "$0 & $2 | $1 & ~$2", "op-irelaxed_laneselect"),
  "i16x8.relaxed_laneselect": each3(0x10a, "i32", "$0 & $2 | $1 & ~$2", "op-irelaxed_laneselect"),
  "i32x4.relaxed_laneselect": each3(0x10b, "i32", "$0 & $2 | $1 & ~$2", "op-irelaxed_laneselect"),
  "i64x2.relaxed_laneselect": each3(0x10c, "i32", "$0 & $2 | $1 & ~$2", "op-irelaxed_laneselect"),
  "f32x4.relaxed_min": each2(0x10d, "f32", "f32.min", "op-frelaxed_min"),
  "f32x4.relaxed_max": each2(0x10e, "f32", "f32.max", "op-frelaxed_max"),
  "f64x2.relaxed_min": each2(0x10f, "f64", "f64.min", "op-frelaxed_min"),
  "f64x2.relaxed_max": each2(0x110, "f64", "f64.max", "op-frelaxed_max"),
  "i16x8.relaxed_q15mulr_s": each2(0x111, "i16", "sat_s16($0 * $1 + 0x4000 >> 15)", "op-irelaxed_q15mulr_s"),
  "i16x8.relaxed_dot_i8x16_i7x16_s": pairs(0x112, vv_v, "i8", "i16", "sat_s16($0 * $2 + $1 * $3)", "op-vextbinop"),
  "i32x4.relaxed_dot_i8x16_i7x16_add_s": call(0x113, vvv_v, "i32x4_relaxed_dot_add", "op-vextternop"),
} as const satisfies Record<string, VecRow>;
