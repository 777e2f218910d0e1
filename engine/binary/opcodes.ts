/**
 * From opcode to row of the instruction table, and dense numbers for opcodes, so that phases can use flat tables.
 */
import { malformed, unsupported } from "../faults.ts";
import { type Feature, featureOfOpcode } from "../features.ts";
import { type InstrDef, instrDef, mnemonics } from "../instrs.ts";

export { mnemonicOf } from "../instrs.ts";

/** Row of an opcode. @throws WasmError as `unknownOpcode` does @cost O(1), no name is looked up */
export function defOf(opcode: number, offset: number): InstrDef {
  const def = rows[denseOpcode(opcode)];
  if (def === undefined) throw unknownOpcode(opcode, offset);
  return def;
}

/** The error for an opcode that has no row: of a proposal not there yet, or of none. */
export function unknownOpcode(opcode: number, offset: number, func?: number): Error {
  const feature: Feature | undefined = featureOfOpcode(opcode);
  if (feature === undefined) return malformed("illegalOpcode", offset, ` ${printOpcode(opcode)}`, func);
  return unsupported(feature, offset, `opcode ${printOpcode(opcode)}`, func);
}

/** `6a`, `fc 0a`: the bytes of an opcode. */
export function printOpcode(opcode: number): string {
  const hex = (n: number): string => n.toString(16).padStart(2, "0");
  return opcode < 0x100 ? hex(opcode) : `${hex(opcode >>> 12)} ${hex(opcode & 0xfff)}`;
}

const SUBS = 512;
/** Number of dense opcode numbers. */
export const OPCODES: number = 256 + 4 * SUBS;
/** Dense number of an opcode: itself if it is one byte; `OPCODES` or more if it can have no row. */
export const denseOpcode = (opcode: number): number =>
  opcode < 256 ? opcode : (opcode & 0xfff) < SUBS ? 256 + ((opcode >>> 12) - 0xfb) * SUBS + (opcode & 0xfff) : OPCODES;

/** By dense number; one more than there are, for those that can have no row. */
const rows = new Array<InstrDef | undefined>(OPCODES + 1).fill(undefined);
for (const m of mnemonics) rows[denseOpcode(instrDef(m).opcode)] = instrDef(m);
