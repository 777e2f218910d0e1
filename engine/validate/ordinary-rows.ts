/**
 * What `ordinary.ts` knows of each opcode of one byte, in flat tables, and the small numbers that types are there.
 *
 * Operands are packed in one number, three bits each, the top lowest. Of them an instruction looks at `masks[op]`, which must
 * be `wants[op]`; `effects[op]` says what becomes of them. One type in that may be known only by the byte after the opcode: of a
 * local, a global or an address. It is in the table of `secondsOf`, in the part that `places[op]` names; 0 there, and in the
 * tables of other opcodes, is what is not ordinary. So one path without branches does for all of them.
 */
import { type InstrDef, instrDef, type MemAccess, type Mnemonic, mnemonics, type NumType } from "../instrs.ts";
import { F32, F64, I32, I64, V128, type ValType } from "../types.ts";

/** Bits of one operand, and most operands that are packed. */
export const BITS = 3;
export const MOST = 10;
export const OPERAND = 2 ** BITS - 1;
const ALL = 2 ** (BITS * MOST) - 1;

/** 1 to 5, and 0 for types that are not packed: references and `bot`. */
export const codeOf = (type: ValType): number => (type >= V128 && type <= I32 ? I32 + 1 - type : 0);
/** The type of a code that is not 0. */
export const typeOf = (code: number): ValType => I32 + 1 - code;

/** Bits in which an instruction that takes `from` operands and leaves `to` wants something: room for what it adds, too. */
export const maskOf = (from: number, to: number): number =>
  (2 ** (BITS * from) - 1) | (to > from ? ALL & ~(2 ** (BITS * (MOST - to + from)) - 1) : 0);

/** In the place of packed operands: no operands are those. */
export const NOT_ORDINARY = -1;

/** What a label takes or a block leaves: the code of one type, 0 for none. */
export function arityOf(types: readonly ValType[]): number {
  if (types.length === 0) return 0;
  return types.length === 1 ? codeOf(types[0]!) || NOT_ORDINARY : NOT_ORDINARY;
}

/** `types` packed; undefined if one has no code, or they are too many. */
export function packed(types: readonly ValType[]): number | undefined {
  if (types.length > MOST || !types.every((type) => codeOf(type) > 0)) return undefined;
  return types.reduce((bits, type) => (bits << BITS) | codeOf(type), 0);
}

/* Parts of `FuncState.seconds`: 256 entries each, 0 for what is not ordinary. */
const NONE = 0;
const ANY = 1;
const LOCALS = 2;
const READ_GLOBALS = 3;
const WRITTEN_GLOBALS = 4;
const BLOCK_TYPES = 5;
/** Alignments, for each natural one: the type of addresses. */
const ALIGNMENTS = 6;
const PARTS = ALIGNMENTS + 4;
const PART = 256;
/** Indices of more bytes are not ordinary. */
const MAX_INDEX = 0x80;
const EMPTY = 0x40;

/** What the control instructions among them do besides. */
export const OPENS = 1;
export const ENDS = 2;
export const CALLS = 3;
export const STOPS = 4;
export const RETURNS = 5;
export const BRANCHES = 6;
export const MAY_BRANCH = 7;

/** Where the second byte is looked up, and, from bit `FACTOR` on, times what its type is added to `wants`. */
export const places = new Int32Array(PART);
export const FACTOR = 12;
export const masks = new Int32Array(PART);
export const wants = new Int32Array(PART);
/**
 * What is done when the operands are as they should be. From bit 0 on: bits of operands that go (4), that come (2), the code
 * of what comes (3), the bits of the second byte's type in that (3), bytes without the integer at the end (4), most bytes of that
 * integer, which may be fewer than it may have (4), control.
 */
export const effects = new Int32Array(PART);
export const PUSHES = 4;
export const GIVES = 6;
export const GIVES_SECOND = 9;
export const LENGTH = 12;
export const INT_BYTES = 16;
export const CONTROL = 20;
/** Of constants: added to the last byte an integer may have, the bits of it that must be 0 then, as they repeat its sign. */
export const signs = new Uint8Array(PART);
export const unusedBits = new Uint8Array(PART);
/** Of `drop` and `select`, which have one unknown type as well: where in the operands it is, and its bits there. */
export const peeks = new Uint8Array(PART);
export const peekMasks = new Uint8Array(PART);
/** By the byte of a block type: code of its one result; 0 for none. */
export const resultOf = new Uint8Array(PART);
for (const type of [I32, I64, F32, F64]) resultOf[type] = codeOf(type);

const numTypes: Readonly<Record<NumType, ValType>> = { i32: I32, i64: I64, f32: F32, f64: F64 };
const codes = (types: readonly NumType[]): number => packed(types.map((type) => numTypes[type])) as number;

interface Row {
  readonly place: number;
  readonly from: number;
  readonly to: number;
  readonly want?: number;
  readonly give?: number;
  readonly factor?: number;
  readonly length?: number;
  readonly ints?: number;
  readonly control?: number;
}

function fill(m: Mnemonic, row: Row): void {
  const op = instrDef(m).opcode;
  const { place, from, to, want = 0, give = 0, factor = 0, length = 1, ints = 0, control = 0 } = row;
  const givesSecond = to > 0 && give === 0 ? OPERAND : 0;
  places[op] = (place * PART) | (factor << FACTOR);
  masks[op] = maskOf(from, to);
  wants[op] = want;
  effects[op] =
    (from * BITS) |
    ((to * BITS) << PUSHES) |
    (give << GIVES) |
    (givesSecond << GIVES_SECOND) |
    (length << LENGTH) |
    (ints << INT_BYTES) |
    (control << CONTROL);
}

function fillAccess(m: Mnemonic, { type, access }: InstrDef): void {
  const { val, bits } = access as MemAccess;
  const code = codeOf(numTypes[val as NumType]);
  const place = ALIGNMENTS + Math.log2(bits / 8);
  if (type === "load") fill(m, { place, from: 1, to: 1, give: code, factor: 1, length: 2, ints: 4 });
  else fill(m, { place, from: 2, to: 0, want: code, factor: 2 ** BITS, length: 2, ints: 4 });
}

for (const m of mnemonics) {
  const def = instrDef(m);
  // Of features it is noted which were met.
  if (def.opcode >= PART || def.feature !== undefined) continue;
  if (def.type === "load" || def.type === "store") fillAccess(m, def);
  else if (typeof def.type !== "string" && def.imms.length === 0) {
    const [from, to] = def.type as readonly [readonly NumType[], readonly NumType[]];
    fill(m, { place: ANY, from: from.length, to: to.length, want: codes(from), give: codes(to) });
  }
}
fill("i32.const", { place: ANY, from: 0, to: 1, give: codeOf(I32), ints: 5 });
fill("i64.const", { place: ANY, from: 0, to: 1, give: codeOf(I64), ints: 10 });
fill("f32.const", { place: ANY, from: 0, to: 1, give: codeOf(F32), length: 5 });
fill("f64.const", { place: ANY, from: 0, to: 1, give: codeOf(F64), length: 9 });
fill("local.get", { place: LOCALS, from: 0, to: 1, length: 2 });
fill("local.set", { place: LOCALS, from: 1, to: 0, factor: 1, length: 2 });
fill("local.tee", { place: LOCALS, from: 1, to: 1, factor: 1, length: 2 });
fill("global.get", { place: READ_GLOBALS, from: 0, to: 1, length: 2 });
fill("global.set", { place: WRITTEN_GLOBALS, from: 1, to: 0, factor: 1, length: 2 });
fill("drop", { place: NONE, from: 1, to: 0, factor: 1 });
fill("select", { place: NONE, from: 3, to: 1, want: codeOf(I32), factor: 2 ** BITS + 2 ** (2 * BITS) });
[signs[instrDef("i32.const").opcode], unusedBits[instrDef("i32.const").opcode]] = [0x08, 0x70];
[signs[instrDef("i64.const").opcode], unusedBits[instrDef("i64.const").opcode]] = [0x01, 0x7e];
peekMasks[instrDef("drop").opcode] = OPERAND;
peekMasks[instrDef("select").opcode] = OPERAND;
peeks[instrDef("select").opcode] = BITS;
fill("block", { place: BLOCK_TYPES, from: 0, to: 0, length: 2, control: OPENS });
fill("loop", { place: BLOCK_TYPES, from: 0, to: 0, length: 2, control: OPENS });
fill("if", { place: BLOCK_TYPES, from: 1, to: 0, want: codeOf(I32), length: 2, control: OPENS });
fill("end", { place: ANY, from: 0, to: 0, control: ENDS });
fill("br", { place: ANY, from: 0, to: 0, ints: 3, control: BRANCHES });
fill("br_if", { place: ANY, from: 1, to: 0, want: codeOf(I32), ints: 3, control: MAY_BRANCH });
fill("return", { place: ANY, from: 0, to: 0, control: RETURNS });
fill("unreachable", { place: ANY, from: 0, to: 0, control: STOPS });
fill("call", { place: ANY, from: 0, to: 0, ints: 3, control: CALLS });

/**
 * The types that second bytes tell, but of locals.
 *
 * @param address  type of the addresses of memory 0; 0 if there is none
 */
export function secondsOf(
  globals: readonly { readonly val: ValType; readonly isMutable: boolean }[],
  address: ValType,
) {
  const seconds = new Uint8Array(PARTS * PART);
  seconds.fill(1, ANY * PART, (ANY + 1) * PART);
  for (const type of [EMPTY, I32, I64, F32, F64]) seconds[BLOCK_TYPES * PART + type] = 1;
  for (let i = 0; i < globals.length && i < MAX_INDEX; i++) {
    const code = codeOf(globals[i]!.val);
    seconds[READ_GLOBALS * PART + i] = code;
    if (globals[i]!.isMutable) seconds[WRITTEN_GLOBALS * PART + i] = code;
  }
  for (let log2 = 0; log2 <= 3; log2++) {
    const start = (ALIGNMENTS + log2) * PART;
    seconds.fill(codeOf(address), start, start + log2 + 1);
  }
  return seconds;
}

/** The part of `seconds` that is the locals' to fill. */
export const localsOf = (seconds: Uint8Array): Uint8Array => seconds.subarray(LOCALS * PART, LOCALS * PART + MAX_INDEX);
