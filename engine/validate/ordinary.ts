/**
 * The common case of validation, in one loop without calls: numbers, locals, constants, loads and stores, as long as
 * they are as they should be. It checks all that `func.ts` checks of them, but reports nothing: before whatever is wrong,
 * or merely rare, it stops, and `func.ts` goes on. Bench: decode (esbuild's module: a third less CPU time when warm).
 */
import { type InstrDef, instrDef, type MemAccess, type Mnemonic, mnemonics, type NumType } from "../instrs.ts";
import { F32, F64, I32, I64, isRef, type ValType } from "../types.ts";
import type { FuncState } from "./state.ts";

const OTHER = 0;
const UNARY = 1;
const BINARY = 2;
const LOAD = 3;
const STORE = 4;
const LOCAL_GET = 5;
const LOCAL_SET = 6;
const LOCAL_TEE = 7;
const CONST_32 = 8;
const CONST_64 = 9;
const FLOAT_32 = 10;
const FLOAT_64 = 11;
const DROP = 12;
const SELECT = 13;
const GLOBAL_GET = 14;

/** Opcode and immediates of what is dealt with here have no more bytes. */
const LONGEST = 12;

const numTypes: Readonly<Record<NumType, ValType>> = { i32: I32, i64: I64, f32: F32, f64: F64 };
const kindsByName: Partial<Record<Mnemonic, number>> = {
  "local.get": LOCAL_GET,
  "local.set": LOCAL_SET,
  "local.tee": LOCAL_TEE,
  "i32.const": CONST_32,
  "i64.const": CONST_64,
  "f32.const": FLOAT_32,
  "f64.const": FLOAT_64,
  "global.get": GLOBAL_GET,
  drop: DROP,
  select: SELECT,
};

/* By opcode of one byte */
const kinds = new Uint8Array(256);
/** Type of the operands, or of the value that is loaded or stored, and of the result. */
const froms = new Uint8Array(256);
const tos = new Uint8Array(256);
/** Largest alignment. */
const aligns = new Uint8Array(256);

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
}

const noKinds = new Uint8Array(256);

/**
 * Checks instructions from `s.r.pos` on while they are ordinary.
 *
 * @param isExhaustive  nothing is taken to be ordinary, for tests
 */
export function checkOrdinary(s: FuncState, isExhaustive: boolean): void {
  const kindOf = isExhaustive ? noKinds : kinds;
  const { r, vals, height, locals, spreadCount, globalVals, address } = s;
  const { bytes } = r;
  const last = r.end - LONGEST;
  const full = vals.length;
  let { sp } = s;
  let { pos } = r;
  scan: for (; pos <= last; ) {
    const op = bytes[pos]!;
    let next = pos + 1;
    switch (kindOf[op]) {
      case 1: // UNARY
        if (sp <= height || vals[sp - 1] !== froms[op]) break scan;
        vals[sp - 1] = tos[op]!;
        break;
      case 2: // BINARY
        if (sp - 2 < height || vals[sp - 1] !== froms[op] || vals[sp - 2] !== froms[op]) break scan;
        sp--;
        vals[sp - 1] = tos[op]!;
        break;
      case 3: // LOAD
        if (sp <= height || vals[sp - 1] !== address || bytes[next]! > aligns[op]!) break scan;
        next++;
        while (bytes[next]! > 0x7f && next < pos + 6) next++;
        if (++next > pos + 6) break scan;
        vals[sp - 1] = froms[op]!;
        break;
      case 4: // STORE
        if (sp - 2 < height || vals[sp - 1] !== froms[op] || vals[sp - 2] !== address) break scan;
        if (bytes[next]! > aligns[op]!) break scan;
        next++;
        while (bytes[next]! > 0x7f && next < pos + 6) next++;
        if (++next > pos + 6) break scan;
        sp -= 2;
        break;
      case 5: // LOCAL_GET
      case 6: // LOCAL_SET
      case 7: {
        // LOCAL_TEE
        let idx = bytes[next++]!;
        if (idx > 0x7f) idx = (idx & 0x7f) | (bytes[next++]! << 7);
        if (idx >= spreadCount) break scan;
        const type = locals[idx]!;
        if (isRef(type)) break scan;
        if (kindOf[op] === LOCAL_GET) {
          if (sp === full) break scan;
          vals[sp++] = type;
          break;
        }
        if (sp <= height || vals[sp - 1] !== type) break scan;
        if (kindOf[op] === LOCAL_SET) sp--;
        break;
      }
      case 8: // CONST_32
        while (bytes[next]! > 0x7f && next < pos + 5) next++;
        if (++next > pos + 5 || sp === full) break scan;
        vals[sp++] = I32;
        break;
      case 9: // CONST_64
        while (bytes[next]! > 0x7f && next < pos + 10) next++;
        if (++next > pos + 10 || sp === full) break scan;
        vals[sp++] = I64;
        break;
      case 10: // FLOAT_32
        if (sp === full) break scan;
        next += 4;
        vals[sp++] = F32;
        break;
      case 11: // FLOAT_64
        if (sp === full) break scan;
        next += 8;
        vals[sp++] = F64;
        break;
      case 12: // DROP
        if (sp <= height) break scan;
        sp--;
        break;
      case 13: // SELECT
        if (sp - 3 < height || vals[sp - 1] !== I32 || vals[sp - 2] !== vals[sp - 3] || isRef(vals[sp - 2]!))
          break scan;
        sp -= 2;
        break;
      case 14: {
        // GLOBAL_GET
        const idx = bytes[next++]!;
        if (idx > 0x7f || idx >= globalVals.length || sp === full) break scan;
        vals[sp++] = globalVals[idx]!;
        break;
      }
      default:
        break scan;
    }
    pos = next;
  }
  s.sp = sp;
  r.pos = pos;
}
