/**
 * Loads of i64 whose next instruction puts them into a local: they go there at once, not by way of two temporaries.
 * Bench: esbuild, size of the text (152,000 of its 364,000 loads).
 */
import type { Mnemonic } from "../instrs.ts";
import { I64 } from "../types.ts";
import type { FunctionText } from "./function-text.ts";
import { LOAD, Operand } from "./operand.ts";
import { address, popAddress, readAccess, wordAt } from "./rules-memory.ts";
import { atomOf } from "./templates.ts";

/** The local that the instruction at `pos` sets; -1: it is no such. Those from 128 on are not looked for. */
function localSetAt(bytes: Uint8Array, pos: number): number {
  const idx = bytes[pos + 1];
  return (bytes[pos] === 0x21 || bytes[pos] === 0x22) && idx < 128 ? idx : -1;
}

function load(f: FunctionText): boolean {
  const { reader, pending, out } = f;
  const start = reader.pos;
  const from = readAccess(f);
  const idx = localSetAt(f.module.bytes, reader.pos);
  const { lo, hi } = pending.list[pending.height - 1];
  // The upper word is loaded first: the address may be the lower word of the local, but not read the upper one.
  if (idx < 0 || from.isShared || hi !== undefined || lo.vars.includes(2 * idx + 1)) {
    reader.pos = start;
    return false;
  }
  const operand = popAddress(f, from);
  pending.order(operand.effects | LOAD);
  const a = atomOf(f, operand);
  const [low, high] = [pending.variable(2 * idx), pending.variable(2 * idx + 1)];
  pending.free(2 * idx);
  pending.free(2 * idx + 1);
  out.line(`${high.text}=${wordAt(f, from, address(a, from.offset + 4).text)};`);
  out.line(`${low.text}=${wordAt(f, from, address(a, from.offset).text)};`);
  pending.push(new Operand(I64, low, high, 0));
  return true;
}

export const targetRules: Partial<Record<Mnemonic, (f: FunctionText) => boolean>> = { "i64.load": load };
