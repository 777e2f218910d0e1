/**
 * The common case of validation, in one loop without calls: numbers, locals, constants, loads and stores, as long as
 * they are as they should be. It checks all that `func.ts` checks of them, but reports nothing: before whatever is wrong,
 * or merely rare, it stops, and `func.ts` goes on. Bench: decode (esbuild's module: a third less CPU time when warm).
 */
import { type InstrDef, instrDef, type MemAccess, type Mnemonic, mnemonics, type NumType } from "../instrs.ts";
import { F32, F64, I32, I64, isRef, type ValType } from "../types.ts";
import { emptyBlock, type FuncState } from "./state.ts";

const OTHER = 0;
const UNARY = 1;
const BINARY = 2;
const LOAD = 3;
const STORE = 4;
const LOCAL = 5;
const CONST = 6;
const DROP = 7;
const SELECT = 8;
const GLOBAL_GET = 9;
const BLOCK = 10;
const IF = 11;
const END = 12;
const BR = 13;
const BR_IF = 14;
const CALL = 15;

/** Opcode and immediates of what is dealt with here have no more bytes. */
const LONGEST = 12;

const numTypes: Readonly<Record<NumType, ValType>> = { i32: I32, i64: I64, f32: F32, f64: F64 };
const kindsByName: Partial<Record<Mnemonic, number>> = {
  "local.get": LOCAL,
  "local.set": LOCAL,
  "local.tee": LOCAL,
  "i32.const": CONST,
  "i64.const": CONST,
  "f32.const": CONST,
  "f64.const": CONST,
  "global.get": GLOBAL_GET,
  drop: DROP,
  select: SELECT,
  block: BLOCK,
  loop: BLOCK,
  if: IF,
  end: END,
  br: BR,
  br_if: BR_IF,
  call: CALL,
};
const LOCAL_GET = instrDef("local.get").opcode;
const LOCAL_SET = instrDef("local.set").opcode;
const EMPTY = 0x40;

/* By opcode of one byte */
const kinds = new Uint8Array(256);
/** Type of the operands, or of the value that is loaded or stored, and of the result. */
const froms = new Uint8Array(256);
const tos = new Uint8Array(256);
/** Largest alignment of an access. */
const aligns = new Uint8Array(256);
/** Of constants: most bytes of an integer here, fewer than it may have; bytes of a float. */
const intBytes = new Uint8Array(256);
const floatBytes = new Uint8Array(256);
intBytes[instrDef("i32.const").opcode] = 4;
intBytes[instrDef("i64.const").opcode] = 9;
floatBytes[instrDef("f32.const").opcode] = 4;
floatBytes[instrDef("f64.const").opcode] = 8;

for (const m of mnemonics) {
  const def = instrDef(m);
  // Of features it is noted which were met.
  if (def.opcode < 256 && def.feature === undefined) fill(m, def);
}

function fill(m: Mnemonic, def: InstrDef): void {
  const { opcode, type } = def;
  kinds[opcode] = kindsByName[m] ?? OTHER;
  if (type === "load" || type === "store") {
    const { val, bits } = def.access as MemAccess;
    kinds[opcode] = type === "load" ? LOAD : STORE;
    froms[opcode] = numTypes[val as NumType];
    aligns[opcode] = Math.log2(bits / 8);
  } else if (typeof type !== "string" && def.imms.length === 0) {
    const [params, results] = type as readonly [readonly NumType[], readonly NumType[]];
    if (results.length !== 1 || params.length < 1 || params.length > 2 || params[0] !== params.at(-1)) return;
    kinds[opcode] = params.length === 1 ? UNARY : BINARY;
    froms[opcode] = numTypes[params[0]!];
    tos[opcode] = numTypes[results[0]!];
  }
  if (kinds[opcode] === CONST) tos[opcode] = numTypes[m.slice(0, 3) as NumType];
}

/** After an integer of at most `most` bytes at `pos`; 0: it is longer. */
function afterInt(bytes: Uint8Array, pos: number, most: number): number {
  const end = pos + most;
  while (bytes[pos]! > 0x7f && pos < end) pos++;
  return pos < end ? pos + 1 : 0;
}

/** The index at `pos`, which ends before `after`. */
function indexAt(bytes: Uint8Array, pos: number, after: number): number {
  let idx = 0;
  for (let shift = 0; pos < after; shift += 7) idx |= (bytes[pos++]! & 0x7f) << shift;
  return idx;
}

/**
 * Checks instructions from `s.r.pos` on while they are ordinary.
 *
 * @param isExhaustive  nothing is taken to be ordinary, for tests
 */
export function checkOrdinary(s: FuncState, isExhaustive: boolean): void {
  if (isExhaustive) return;
  const { r } = s;
  const last = r.end - LONGEST;
  do checkNumbers(s, last);
  while (r.pos <= last && checkControl(s, kinds[r.bytes[r.pos]!]!));
}

/** Checks instructions that are no control. */
function checkNumbers(s: FuncState, last: number): void {
  const { r, vals, height, locals, spreadCount, globalVals, address } = s;
  const { bytes } = r;
  const full = vals.length;
  let { sp } = s;
  let { pos } = r;
  scan: for (let next = pos; pos <= last; pos = next) {
    const op = bytes[pos]!;
    switch (kinds[op]) {
      case 1: // UNARY
        if (sp <= height || vals[sp - 1] !== froms[op]) break scan;
        vals[sp - 1] = tos[op]!;
        next = pos + 1;
        break;
      case 2: // BINARY
        if (sp - 2 < height || vals[sp - 1] !== froms[op] || vals[sp - 2] !== froms[op]) break scan;
        sp--;
        vals[sp - 1] = tos[op]!;
        next = pos + 1;
        break;
      case 3: // LOAD
        next = afterInt(bytes, pos + 2, 4);
        if (sp <= height || vals[sp - 1] !== address || bytes[pos + 1]! > aligns[op]! || next === 0) break scan;
        vals[sp - 1] = froms[op]!;
        break;
      case 4: // STORE
        next = afterInt(bytes, pos + 2, 4);
        if (sp - 2 < height || vals[sp - 1] !== froms[op] || vals[sp - 2] !== address) break scan;
        if (bytes[pos + 1]! > aligns[op]! || next === 0) break scan;
        sp -= 2;
        break;
      case 5: {
        // LOCAL
        next = afterInt(bytes, pos + 1, 2);
        const idx = indexAt(bytes, pos + 1, next);
        if (next === 0 || idx >= spreadCount || isRef(locals[idx]!)) break scan;
        if (op === LOCAL_GET) {
          if (sp === full) break scan;
          vals[sp++] = locals[idx]!;
        } else if (sp <= height || vals[sp - 1] !== locals[idx]) break scan;
        else if (op === LOCAL_SET) sp--;
        break;
      }
      case 6: // CONST
        next = intBytes[op] === 0 ? pos + 1 + floatBytes[op]! : afterInt(bytes, pos + 1, intBytes[op]!);
        if (next === 0 || sp === full) break scan;
        vals[sp++] = tos[op]!;
        break;
      case 7: // DROP
        if (sp <= height) break scan;
        sp--;
        next = pos + 1;
        break;
      case 8: // SELECT
        if (sp - 3 < height || vals[sp - 1] !== I32 || vals[sp - 2] !== vals[sp - 3]) break scan;
        if (isRef(vals[sp - 2]!)) break scan;
        sp -= 2;
        next = pos + 1;
        break;
      case 9: // GLOBAL_GET
        if (bytes[pos + 1]! > 0x7f || bytes[pos + 1]! >= globalVals.length || sp === full) break scan;
        vals[sp++] = globalVals[bytes[pos + 1]!]!;
        next = pos + 2;
        break;
      default:
        break scan;
    }
  }
  s.sp = sp;
  r.pos = pos;
}

/** Checks the control instruction at `s.r.pos`, if it is ordinary: blocks and branches that move no operands, calls. */
function checkControl(s: FuncState, kind: number): boolean {
  const { r, vals, height, sp } = s;
  const { bytes, pos } = r;
  const isCondition = sp > height && vals[sp - 1] === I32;
  let next = pos + 2;
  switch (kind) {
    case BLOCK:
    case IF:
      if (bytes[pos + 1] !== EMPTY || (kind === IF && !isCondition)) return false;
      if (kind === IF) s.sp--;
      s.at = pos;
      s.pushCtrl(bytes[pos]!, emptyBlock);
      break;
    case END:
      if (sp !== height || s.depth < 2 || s.ctrlTypes[s.depth - 1] !== emptyBlock) return false;
      s.popCtrl();
      next = pos + 1;
      break;
    case BR:
    case BR_IF:
      if (bytes[pos + 1]! > 0x7f || bytes[pos + 1]! >= s.depth || (kind === BR_IF && !isCondition)) return false;
      if (s.labelTypes(bytes[pos + 1]!).length > 0) return false;
      if (kind === BR) s.setUnreachable();
      else s.sp--;
      break;
    case CALL:
      next = afterInt(bytes, pos + 1, 3);
      if (next === 0 || !checkCall(s, indexAt(bytes, pos + 1, next))) return false;
      break;
    default:
      return false;
  }
  r.pos = next;
  return true;
}

function checkCall(s: FuncState, idx: number): boolean {
  const { vals, sp, height } = s;
  const { funcs } = s.ctx;
  if (idx >= funcs.length) return false;
  const { params, results } = funcs[idx]!;
  const first = sp - params.length;
  if (first < height || first + results.length > vals.length) return false;
  for (let i = 0; i < params.length; i++) if (vals[first + i] !== params[i]) return false;
  for (let i = 0; i < results.length; i++) vals[first + i] = results[i]!;
  s.sp = first + results.length;
  return true;
}
