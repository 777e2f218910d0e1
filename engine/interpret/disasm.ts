/** Flat code as text, for people who look at what lowering made of a function. */
import type { ModuleInst } from "../runtime/instance.ts";
import { flatEntryOf } from "./activation.ts";
import { opDef } from "./ops.ts";
import { sizeAt } from "./pack.ts";

/** One line per operation: word, name, operands. @cost O(function) */
export function disassemble(inst: ModuleInst, func: number): string {
  const start = flatEntryOf(inst.funcs[func]);
  const { words, ranges, length } = inst.code;
  const at = ranges.indexOf(start);
  const end = ranges[at + 2] ?? length;
  const lines: string[] = [];
  for (let pc = start; pc < end; ) {
    const def = opDef(words[pc]);
    const size = sizeAt(words, pc);
    lines.push(`${pc}: ${def?.name ?? "?"} ${[...words.subarray(pc + 1, pc + size)].join(" ")}`);
    pc += size;
  }
  return lines.join("\n");
}
