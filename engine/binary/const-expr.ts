/**
 * Finds where a constant expression ends. Only the form is read; whether it is constant is for the validator.
 */
import type { CodeRange } from "../module.ts";
import { skipImms } from "./imms.ts";
import { defOf } from "./opcodes.ts";
import type { Reader } from "./reader.ts";

const BLOCK = 0x02;
const IF = 0x04;
const TRY = 0x06;
const DELEGATE = 0x18;
const TRY_TABLE = 0x1f;
const END = 0x0b;

/** Passes over instructions up to and including the `end` that matches none of them. */
export function readConstExpr(r: Reader): CodeRange {
  const start = r.pos;
  for (let depth = 1; depth > 0; ) {
    const at = r.pos;
    const opcode = r.opcode();
    if (opcode === END) depth--;
    else {
      if ((opcode >= BLOCK && opcode <= IF) || opcode === TRY || opcode === TRY_TABLE) depth++;
      else if (opcode === DELEGATE) depth--;
      skipImms(r, defOf(opcode, at));
    }
  }
  return { start, end: r.pos };
}
