/** Functions as text, an instruction a line: for people who look at what is in a module. */
import { printImms } from "./binary/imms.ts";
import { defOf, mnemonicOf } from "./binary/opcodes.ts";
import { Reader } from "./binary/reader.ts";
import type { Module } from "./module.ts";

export interface InstructionText {
  /** Byte offset in the module. */
  readonly offset: number;
  /** Blocks around it. */
  readonly depth: number;
  /** As the text format has it, with indices for names. */
  readonly text: string;
}

const opens: ReadonlySet<string> = new Set(["block", "loop", "if", "try_table", "try"]);
const closes: ReadonlySet<string> = new Set(["end", "delegate"]);
const divides: ReadonlySet<string> = new Set(["else", "catch", "catch_all"]);

/**
 * The instructions of function `index` of the index space, the last `end` included.
 *
 * @cost O(body)
 * @throws WasmError malformed, when the module was not validated
 */
export function* instructionTexts(module: Module, index: number): Generator<InstructionText> {
  const { start, end } = module.funcs[index - module.importedFuncs].body;
  const r = new Reader(module.bytes, start, end);
  let depth = 0;
  while (r.pos < end) {
    const offset = r.pos;
    const opcode = r.opcode();
    const mnemonic = mnemonicOf(opcode) ?? "?";
    const imms = printImms(r, defOf(opcode, offset));
    if (closes.has(mnemonic)) depth--;
    yield {
      offset,
      depth: Math.max(0, divides.has(mnemonic) ? depth - 1 : depth),
      text: imms === "" ? mnemonic : `${mnemonic} ${imms}`,
    };
    if (opens.has(mnemonic)) depth++;
  }
}
