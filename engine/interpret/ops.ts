/**
 * The interpreter's own instruction set: which operations flat code consists of, their numbers and sizes in words.
 *
 * Derived from `instrs.ts`: a row with a plain type gives one operation on frame slots, a hot i32 row also one whose
 * second operand is immediate, a hot comparison also ones that branch. The rest (moves, calls, memory, fused forms) is
 * listed here and in `fused.ts`. Numbers with a high byte are cases of the generated switch, which must stay under 60 KB of
 * V8's bytecode, or V8 stops optimising it (measured: 20-40x slower). Their other bytes are for slots (`pack.ts`).
 *
 * Operands are frame offsets in 32-bit words relative to `fp`; a slot is two words. Layout is [op, operands...]; the
 * result comes first. `words` is the size including the number itself. The cost of a branch is the fuel of what was
 * executed up to it, less what the code at its target has counted already (`emitter.ts`).
 */
import { type InstrDef, instrDef, type Mnemonic, mnemonics } from "../instrs.ts";
import { sequences } from "./fused.ts";

export type OpClass =
  | "control"
  | "move"
  | "memory"
  | "numeric"
  | "immediate"
  | "branch"
  | "fused"
  | "coldNumeric"
  | "instance"
  | "driver"
  | "gc"
  | "vector";

export interface OpDef {
  readonly name: string;
  readonly num: number;
  readonly words: number;
  readonly cls: OpClass;
  /** The row this comes from, for the derived ones. */
  readonly row?: Mnemonic;
}

const control: Record<string, number> = {
  enter: 4, // frame words, first word to zero, end of words to zero
  enter_consts: 0, // the same, n, n words for the slots after the locals
  charge: 2, // cost
  br: 3, // target, cost
  br_nz: 4, // condition, target, cost
  br_z: 4,
  add_br_nz: 6, // result, a, immediate, target, cost: fused i32.add and br_if
  add_br_ne: 7, // result, a, immediate, other, target, cost: taken when the sum is not `other`
  br_table: 0, // index, n, n + 1 targets with their costs
  call: 5, // entry, funcidx, cost, frame base
  call_import: 4, // funcidx, cost, frame base
  call_indirect: 6, // index, table, canonical type, cost, frame base
  call_ref: 4, // function, cost, frame base
  return_call: 4, // entry, funcidx, cost; the arguments are at the frame's start
  ret: 2, // cost
  ret1: 3, // source, two words; cost
};

const moves: Record<string, number> = {
  copy32: 3,
  copy32_2: 5, // result, source, result, source: two copies in order
  copy64: 3,
  const32: 3, // result, word
  const64: 4, // result, low, high
  select32: 5, // result, first, second, condition
  select64: 5,
  "global.get32": 3, // result, global
  "global.get64": 3,
  "global.set32": 3, // global, source
  "global.set64": 3,
};

/** On memory 0 with 32-bit addresses and offsets below 2^31; everything else is `load_any`, `store_any`. */
const memory: Record<string, number> = {
  load32: 4, // result, address, offset
  load64: 4,
  load8_s: 4,
  load8_u: 4,
  load16_s: 4,
  load16_u: 4,
  load32_s64: 4,
  load32_u64: 4,
  store32: 4, // address, value, offset
  store64: 4,
  store8: 4,
  store16: 4,
  load32_at: 3, // result, address as a constant
  load32_add: 5, // result, address, address, offset: fused i32.add
  load8_u_add: 5,
  load64_add: 5,
  load32_sum: 4, // result, a, immediate: address a + immediate, wrapping
  load64_sum: 4,
  load8_u_sum: 4,
  store32_sum: 4, // a, value, immediate
  store64_sum: 4,
  store8_sum: 4,
  store32_at: 3, // address as a constant, value
  "i32.add_shl": 5, // result, a, b, count: a + (b << count)
};

const instance: Record<string, number> = {
  unreachable: 1,
  "global.get_any": 3,
  "global.set_any": 3,
  load_any: 7, // result, address, offset low, offset high, memory, access number
  store_any: 7, // address, value, offset low, offset high, memory, access number
  "memory.size": 3,
  "memory.grow": 4,
  "memory.init": 6,
  "data.drop": 2,
  "memory.copy": 6,
  "memory.fill": 5,
  "table.get": 4,
  "table.set": 4,
  "table.size": 3,
  "table.grow": 5,
  "table.fill": 5,
  "table.copy": 6,
  "table.init": 6,
  "elem.drop": 2,
  "atomic.fence": 1,
  atomic_load: 7, // result, address, offset low, offset high, memory, atomic number
  atomic_store: 7, // address, value, offset low, offset high, memory, atomic number
  atomic_rmw: 8, // result, address, value, offset low, offset high, memory, atomic number
  atomic_cmpxchg: 9, // result, address, expected, replacement, ...
  atomic_notify: 8, // result, address, count, ...
  atomic_wait: 9, // result, address, expected, timeout, ...: executed by the driver
  table_index64: 2, // index: traps if it needs more than the low word, which is all that call_indirect reads
  "i64.add128": 6, // first of two result slots, operands
  "i64.sub128": 6,
  "i64.mul_wide_s": 4,
  "i64.mul_wide_u": 4,
  // Calls a function of the same instance that has flat code; else the `return_call_indirect` after it does.
  return_call_table: 8, // as `return_call_indirect`
  // Makes NaNs in a slot canonical: `canonical-nans.ts`.
  canonical_f32: 3, // result, the same slot
  canonical_f64: 3,
  canonical_f32x4: 3,
  canonical_f64x2: 3,
};

/** Vectors besides the rows with lanes: moves, and memory accesses that are not near (`lower-simd.ts`). */
const vectors: Record<string, number> = {
  copy128: 3,
  const128: 6, // result, four words
  select128: 5, // result, first, second, condition
  vector_far: 9, // result, address, value, lane, offset low, high, memory, the near operation
};

/** Words of the operation of a row with lanes: see gen/simd.ts for what they hold. */
function vectorWords(d: InstrDef): number {
  if (d.access !== undefined) return 6; // result, address, value, offset, lane
  if (d.imms.includes("laneidx16")) return 8; // result, two operands, four words of lanes
  return d.imms.length > 0 || (d.type[0]?.length ?? 0) > 2 ? 5 : 4; // result, two operands; a third or the lane
}

/** References, structures, arrays: `gc-ops.ts`. A type is a canonical heap type, with the bit `NULLABLE`. */
const gc: Record<string, number> = {
  null_refs: 3, // first slot offset, end
  copy_ref: 3,
  select_ref: 5,
  "ref.null": 2,
  "ref.is_null": 3,
  "ref.func": 3,
  "ref.eq": 4,
  "ref.check": 2,
  "ref.test": 4, // result, reference, type
  "ref.cast": 3, // reference, type
  "ref.i31": 3,
  "i31.get_s": 3,
  "i31.get_u": 3,
  "struct.new": 4, // result, first field, canonical type
  "struct.new_default": 3, // result, canonical type
  "struct.get_ref": 4, // result, structure, offset
  "struct.get_32": 4,
  "struct.get_64": 4,
  "struct.get_128": 4,
  "struct.get_8_s": 4,
  "struct.get_16_s": 4,
  "struct.set_ref": 4, // structure, value, offset
  "struct.set_32": 4,
  "struct.set_64": 4,
  "struct.set_128": 4,
  "struct.set_8": 4,
  "struct.set_16": 4,
  "struct.new_desc": 4, // result, first field, canonical type; the descriptor is after the fields
  "struct.new_default_desc": 4, // result, descriptor, canonical type
  "ref.get_desc": 3,
  "ref.test_desc": 5, // result, reference, descriptor, type
  "ref.cast_desc": 4, // reference, descriptor, type
  "array.new": 5, // result, value, length, canonical type
  "array.new_default": 4, // result, length, canonical type
  "array.new_fixed": 5, // result, first element, length as an immediate, canonical type
  "array.new_data": 6, // result, offset, length, canonical type, segment
  "array.new_elem": 6,
  "array.get_ref": 4, // result, array, index
  "array.get_32": 4,
  "array.get_64": 4,
  "array.get_128": 4,
  "array.get_8_s": 4,
  "array.get_8_u": 4,
  "array.get_16_s": 4,
  "array.get_16_u": 4,
  "array.set_ref": 4, // array, index, value
  "array.set_8": 4,
  "array.set_16": 4,
  "array.set_32": 4,
  "array.set_64": 4,
  "array.set_128": 4,
  "array.len": 3,
  "array.fill": 6, // array, index, value, count, representation
  "array.copy": 7, // array, index, array, index, count, representation
  "array.init_data": 7, // array, index, offset, count, representation, segment
  "array.init_elem": 6, // array, index, offset, count, segment
};
/** `run` leaves these to the driver: their number is the reason why it returned. */
const driver = {
  call_lazy: 5, // 0, funcidx, cost, frame base: becomes `call`
  return_call_lazy: 4, // 0, funcidx, cost: becomes `return_call`
  return_call_import: 6, // funcidx, first argument, words of arguments, 1 if some are references, cost
  return_call_ref: 6, // function, first argument, words of arguments, 1 if some are references, cost
  throw: 4, // tag, first value, cost
  throw_ref: 3, // exception, cost
  return_call_indirect: 8, // index, table, canonical type, first argument, words of arguments, 1 if some are references, cost
  call_generated: 2, // funcidx: the stub of a function with generated code
} as const satisfies Record<string, number>;
export type DriverOp = keyof typeof driver;
export const driverOpNames = Object.keys(driver) as readonly DriverOp[];

const isPlain = (d: InstrDef): boolean => typeof d.type !== "string" && (d.js ?? d.words) !== undefined;
/** Comparisons, by name: `i32.lt_s`, `f64.eq`, `i64.eqz`. */
export const isCompare = (m: Mnemonic): boolean => /\.(eqz?|ne|[lg][te])(_[su])?$/.test(m);

/** i32 comparisons with an immediate, closed under negation: `<= c` is `< c + 1`. */
const immediateCompares = ["i32.eq", "i32.ne", "i32.lt_s", "i32.lt_u", "i32.gt_s", "i32.gt_u"];
/** Have a form whose second operand is an immediate word. */
const immediates = [
  "i32.add",
  "i32.mul",
  "i32.and",
  "i32.or",
  "i32.xor",
  "i32.shl",
  "i32.shr_s",
  "i32.shr_u",
  "i32.rotl",
  // The low word is the count.
  "i64.shl",
  "i64.shr_s",
  "i64.shr_u",
  "i64.rotl",
];

function build(): OpDef[] {
  const list: OpDef[] = [];
  const add = (name: string, words: number, cls: OpClass, row?: Mnemonic): void => {
    const num = (list.length + 1) << CASE_SHIFT;
    list.push(row === undefined ? { name, num, words, cls } : { name, num, words, cls, row });
  };
  for (const [name, words] of Object.entries(control)) add(name, words, "control");
  for (const [name, words] of Object.entries(moves)) add(name, words, "move");
  for (const [name, words] of Object.entries(memory)) add(name, words, "memory");
  for (const m of mnemonics) {
    const d = instrDef(m);
    if (!d.hot) continue;
    add(m, 4, "numeric", m);
    if (isCompare(m)) add(`br:${m}`, 5, "branch", m);
    if (isCompare(m) && d.alg?.not === undefined) add(`br_not:${m}`, 5, "branch", m);
  }
  for (const m of immediates) add(`${m}:i`, 4, "immediate", m as Mnemonic);
  for (const m of immediateCompares) {
    add(`${m}:i`, 4, "immediate", m as Mnemonic);
    add(`br:${m}:i`, 5, "branch", m as Mnemonic);
  }
  const sizes = new Map(list.map((o) => [o.name, o.words]));
  for (const { name, ops } of sequences)
    add(
      name,
      ops.reduce((n, o) => n + (sizes.get(o) as number), 0),
      "fused",
    );
  return list;
}

function buildCold(list: OpDef[]): OpDef[] {
  let num = COLD_START;
  for (const m of mnemonics) {
    const d = instrDef(m);
    if (isPlain(d) && !d.hot) list.push({ name: m, num: num++, words: 4, cls: "coldNumeric", row: m });
  }
  num = INSTANCE_START;
  for (const [name, words] of Object.entries(instance)) list.push({ name, num: num++, words, cls: "instance" });
  num = GC_START;
  for (const [name, words] of Object.entries(gc)) list.push({ name, num: num++, words, cls: "gc" });
  num = DRIVER_START;
  for (const [name, words] of Object.entries(driver)) list.push({ name, num: num++, words, cls: "driver" });
  buildVectors(list);
  return list;
}

/** Rows with lanes by size, so that the generated switches are of one shape each; then the rest. */
function buildVectors(list: OpDef[]): void {
  let num = VECTOR_START;
  const rows = mnemonics.filter((m) => instrDef(m).lanes !== undefined);
  for (const words of [4, 5, 6, 8]) {
    for (const m of rows) {
      if (vectorWords(instrDef(m)) === words) list.push({ name: m, num: num++, words, cls: "vector", row: m });
    }
  }
  for (const [name, words] of Object.entries(vectors)) list.push({ name, num: num++, words, cls: "vector" });
}

/** Where the case of a hot operation is in its number. */
export const CASE_SHIFT = 24;
const CASE = -1 << CASE_SHIFT;
export const COLD_START = 256;
export const INSTANCE_START = 1024;
export const DRIVER_START = 2048;
export const GC_START = 4096;
export const VECTOR_START = 8192;
/** The form of a hot operation for slots that are far is this and its case. */
export const FAR_START = 1 << 16;
const hot = build();
/** Hot operations: the cases from 1 on. */
export const HOT_COUNT = hot.length;
export const ops: readonly OpDef[] = buildCold([...hot]);

const byName = new Map(ops.map((o) => [o.name, o]));
const byNum = new Map(ops.map((o) => [o.num, o]));

/** Number of the operation `name`; it must exist. */
export function op(name: string): number {
  const def = byName.get(name);
  if (def === undefined) throw new Error(`no interpreter operation ${name}`);
  return def.num;
}
export const hasOp = (name: string): boolean => byName.has(name);
export const isFar = (word: number): boolean => word >= FAR_START && word >>> CASE_SHIFT === 0;
/** The case of the operation with the first word `word`; 0 if it has none. */
export const caseOf = (word: number): number => (isFar(word) ? word - FAR_START : word >>> CASE_SHIFT);
/** The operation with the first word `word`, with slots in it or not. */
export const opDef = (word: number): OpDef | undefined =>
  byNum.get(word >>> CASE_SHIFT !== 0 ? word & CASE : isFar(word) ? (word - FAR_START) << CASE_SHIFT : word);
/** The first operation of a sequence; any other is itself. */
export const firstOf = (o: OpDef): OpDef =>
  o.cls === "fused" ? (byName.get(o.name.slice(0, o.name.indexOf(" "))) as OpDef) : o;
