/**
 * What the generator may write: plain rows of the instruction table by result, memory rows, and which instructions may
 * make a NaN whose bits the standard leaves open.
 */
import { type InstrDef, instrDef, type Mnemonic, mnemonics } from "../../engine/instrs.ts";
import type { OpType } from "../../engine/instrs-simd.ts";

export type Type = OpType;
export const types: readonly Type[] = ["i32", "i64", "f32", "f64", "v128"];
export const codes: Readonly<Record<Type, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export interface Row {
  readonly mnemonic: Mnemonic;
  readonly def: InstrDef;
  readonly params: readonly Type[];
  readonly nan: NanRule;
}

/**
 * `makes`: the result may be a NaN of open bits. `eats`: the result is the same for all NaNs. `keeps`: operand bits
 * may be seen in the result.
 */
export type NanRule = "makes" | "eats" | "keeps";

const arithmetic = /^f\d\d(x\d)?\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote\w*|promote\w*)$/;
const comparison = /^(f\d\d\.(eq|ne|lt|gt|le|ge)|i\d\d\.trunc_(sat_)?f\d\d_[su])$/;
const nanRule = (m: Mnemonic): NanRule => (arithmetic.test(m) ? "makes" : comparison.test(m) ? "eats" : "keeps");

/** Node 20 has neither; relaxed instructions may differ by right. */
const excluded = new Set<string | undefined>([
  "relaxed-simd",
  "wide-arithmetic",
  "threads",
  "gc",
  "function-references",
]);

const all: readonly Mnemonic[] = mnemonics.filter((m) => !excluded.has(instrDef(m).feature));

/** Plain rows with one result, by its type. Constants are not among them. */
export const plain: Readonly<Record<Type, readonly Row[]>> = { i32: [], i64: [], f32: [], f64: [], v128: [] };
for (const mnemonic of all) {
  const def: InstrDef = instrDef(mnemonic);
  if (typeof def.type === "string" || def.type[0].length === 0 || def.type[1].length !== 1) continue;
  const [params, [result]] = def.type as readonly [readonly Type[], readonly [Type]];
  (plain[result] as Row[]).push({ mnemonic, def, params, nan: nanRule(mnemonic) });
}

export interface NanMaker {
  readonly mnemonic: Mnemonic;
  readonly type: Type;
}
/** The rows that make NaNs of open bits. */
export const nanMakers: ReadonlyMap<Mnemonic | undefined, NanMaker> = new Map(
  types.flatMap((type) =>
    plain[type].filter((row) => row.nan === "makes").map(({ mnemonic }) => [mnemonic, { mnemonic, type }] as const),
  ),
);

export interface MemRow {
  readonly def: InstrDef;
  readonly val: Type;
  /** log2 of the natural alignment. */
  readonly align: number;
  readonly lanes: number;
}

function memRows(kind: "load" | "store" | "load_lane" | "store_lane"): MemRow[] {
  return all
    .map(instrDef)
    .filter((def) => def.type === kind)
    .map((def) => {
      const bits = def.access?.bits as number;
      return { def, val: def.access?.val as Type, align: Math.log2(bits / 8), lanes: 128 / bits };
    });
}

export const loads: readonly MemRow[] = memRows("load");
export const stores: readonly MemRow[] = memRows("store");
export const laneLoads: readonly MemRow[] = memRows("load_lane");
export const laneStores: readonly MemRow[] = memRows("store_lane");

/** Bytes of an opcode. */
export function opcodeBytes(def: InstrDef): number[] {
  const { opcode } = def;
  if (opcode < 0x100) return [opcode];
  const sub = opcode & 0xfff;
  return [opcode >>> 12, ...(sub < 0x80 ? [sub] : [(sub & 0x7f) | 0x80, sub >>> 7])];
}

/** Lanes that an instruction with a lane index selects from. */
export const laneCount = (m: string): number => Number(/^[if]\d+x(\d+)/.exec(m)?.[1] ?? 1);
