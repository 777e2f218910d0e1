/**
 * What the generator may write of the instruction table: plain rows by result, memory rows, and which instructions may
 * make a NaN whose bits the standard leaves open.
 */
import type { Feature } from "../../engine/index.ts";
import { atomicType, type InstrDef, instrDef, type Mnemonic, mnemonics } from "../../engine/instrs.ts";
import type { Profile } from "./profile.ts";
import type { OpType } from "./types.ts";

export const numTypes: readonly OpType[] = ["i32", "i64", "f32", "f64", "v128"];

export interface Row {
  readonly mnemonic: Mnemonic;
  readonly def: InstrDef;
  readonly params: readonly OpType[];
  readonly results: readonly OpType[];
  readonly nan: NanRule;
}

/**
 * `makes`: the result may be a NaN of open bits. `eats`: the result is the same for all NaNs. `keeps`: operand bits
 * may be seen in the result.
 */
export type NanRule = "makes" | "eats" | "keeps";

const arithmetic =
  /^f\d\d(x\d)?\.(add|sub|mul|div|sqrt|min|max|ceil|floor|trunc|nearest|demote\w*|promote\w*|relaxed_\w+)$/;
const comparison = /^(f\d\d\.(eq|ne|lt|gt|le|ge)|i\d\d\.trunc_(sat_)?f\d\d_[su])$/;
const nanRule = (m: Mnemonic): NanRule => (arithmetic.test(m) ? "makes" : comparison.test(m) ? "eats" : "keeps");

export interface MemRow {
  readonly def: InstrDef;
  readonly val: OpType;
  /** log2 of the natural alignment. */
  readonly align: number;
  readonly lanes: number;
}

export interface AtomicRow extends MemRow {
  /** After the address. */
  readonly params: readonly OpType[];
  readonly results: readonly OpType[];
}

/** The rows of one profile. */
export interface Rows {
  /** With one result, by its type. Constants are not among them. */
  readonly plain: Readonly<Record<OpType, readonly Row[]>>;
  /** With two results. */
  readonly wide: readonly Row[];
  readonly loads: readonly MemRow[];
  readonly stores: readonly MemRow[];
  readonly laneLoads: readonly MemRow[];
  readonly laneStores: readonly MemRow[];
  readonly atomics: readonly AtomicRow[];
}

const isPlain = (def: InstrDef): boolean => typeof def.type !== "string" && def.type[0].length > 0;

function plainRow(mnemonic: Mnemonic): Row {
  const def = instrDef(mnemonic);
  const [params, results] = def.type as readonly [readonly OpType[], readonly OpType[]];
  return { mnemonic, def, params, results, nan: nanRule(mnemonic) };
}

const allPlain: readonly Row[] = mnemonics.filter((m) => isPlain(instrDef(m))).map(plainRow);

function memRow(def: InstrDef): MemRow {
  const bits = def.access?.bits as number;
  return { def, val: def.access?.val as OpType, align: Math.log2(bits / 8), lanes: 128 / bits };
}

function atomicRow(def: InstrDef): AtomicRow {
  const [params, results] = atomicType(def);
  return { ...memRow(def), params, results };
}

export function rowsOf(profile: Profile): Rows {
  const isIn = (def: InstrDef): boolean => def.feature === undefined || profile.has(def.feature as Feature);
  const defs = mnemonics.map(instrDef).filter(isIn);
  const ofType = (type: InstrDef["type"]): MemRow[] => defs.filter((def) => def.type === type).map(memRow);
  const plain = allPlain.filter((row) => isIn(row.def));
  const byResult = (t: OpType): Row[] => plain.filter((row) => row.results.length === 1 && row.results[0] === t);
  return {
    plain: {
      i32: byResult("i32"),
      i64: byResult("i64"),
      f32: byResult("f32"),
      f64: byResult("f64"),
      v128: byResult("v128"),
    },
    wide: plain.filter((row) => row.results.length === 2),
    loads: ofType("load"),
    stores: ofType("store"),
    laneLoads: ofType("load_lane"),
    laneStores: ofType("store_lane"),
    atomics: defs.filter((def) => def.type === "atomic").map(atomicRow),
  };
}

export interface NanMaker {
  readonly mnemonic: Mnemonic;
  readonly type: OpType;
}
/** The rows that make NaNs of open bits. */
export const nanMakers: ReadonlyMap<Mnemonic | undefined, NanMaker> = new Map(
  allPlain
    .filter((row) => row.nan === "makes")
    .map(({ mnemonic, results }) => [mnemonic, { mnemonic, type: results[0] as OpType }]),
);

/** Bytes of an opcode. */
export function opcodeBytes(def: InstrDef): number[] {
  const { opcode } = def;
  if (opcode < 0x100) return [opcode];
  const sub = opcode & 0xfff;
  return [opcode >>> 12, ...(sub < 0x80 ? [sub] : [(sub & 0x7f) | 0x80, sub >>> 7])];
}

/** Lanes that an instruction with a lane index selects from. */
export const laneCount = (m: string): number => Number(/^[if]\d+x(\d+)/.exec(m)?.[1] ?? 1);
