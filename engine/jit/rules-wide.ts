/** Wide arithmetic: operands go into the slots of several results, behind those, and `wide-arithmetic.ts` works on them. */
import type { Mnemonic } from "../instrs.ts";
import { I64 } from "../types.ts";
import type { FunctionText } from "./function-text.ts";
import { ANY, type Part } from "./operand.ts";
import { takeResult } from "./rules-call.ts";
import { popOperands } from "./templates.ts";

/** Two results of two words each. */
const FIRST_OPERAND = 4;

function wide(f: FunctionText, name: string, count: number): void {
  const operands = popOperands(f, count);
  f.pending.flush(ANY);
  const I = f.env.results();
  const places: number[] = [];
  operands.forEach(({ lo, hi }, i) => {
    const at = FIRST_OPERAND + 2 * i;
    places.push(at);
    f.out.line(`${I}[${at}]=${lo.text};${I}[${at + 1}]=${(hi as Part).text};`);
  });
  f.out.line(`${f.env.helper(name)}(${[I, 0, ...places].join()});`);
  takeResult(f, I64, 0);
  takeResult(f, I64, 1);
}

export const wideRules: Partial<Record<Mnemonic, (f: FunctionText) => void>> = {
  "i64.add128": (f) => wide(f, "i64_add128", 4),
  "i64.sub128": (f) => wide(f, "i64_sub128", 4),
  "i64.mul_wide_s": (f) => wide(f, "i64_mul_wide_s", 2),
  "i64.mul_wide_u": (f) => wide(f, "i64_mul_wide_u", 2),
};
