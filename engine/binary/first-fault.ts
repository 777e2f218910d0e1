/**
 * Bodies are read by the validator, after all sections. When a section after the code is malformed, the cause may be a
 * malformed body (a wrong size shifts what follows): the fault with the lowest offset is the one to tell.
 */
import { WasmError } from "../errors.ts";
import type { DecodedModule } from "./decoded.ts";
import { skipImms } from "./imms.ts";
import { defOf } from "./opcodes.ts";
import { Reader } from "./reader.ts";

/** `error`, or the malformed body before it. @cost O(bytes of code), only when there is an error */
export function firstFault(m: DecodedModule, error: unknown): unknown {
  if (!(error instanceof WasmError) || error.kind !== "malformed") return error;
  const r = new Reader(m.bytes);
  try {
    for (let i = 0; i < m.funcs.length; i++) {
      const { body } = m.funcs[i]!;
      r.pos = body.start;
      r.end = body.end;
      r.func = m.importedFuncs + i;
      while (r.pos < body.end) {
        const at = r.pos;
        skipImms(r, defOf(r.opcode(), at));
      }
    }
  } catch (fault) {
    if (fault instanceof WasmError && fault.kind === "malformed") return fault;
  }
  return error;
}
