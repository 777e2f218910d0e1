/** Atomic accesses, notify and fence. What waits is left to the interpreter, which can be suspended in the middle. */
import { atomicType, type InstrDef, type MemAccess } from "../instrs.ts";
import { I32, I64 } from "../types.ts";
import { decline, type FunctionText } from "./function-text.ts";
import { ANY, expression, type Operand, type Part, ZERO } from "./operand.ts";
import { address, readAccess } from "./rules-memory.ts";
import { popOperands } from "./templates.ts";

const log2Of = { 8: 0, 16: 1, 32: 2, 64: 3, 128: 4 } as const;

export function atomicRule(f: FunctionText, d: InstrDef): void {
  if (d.atomic === "wait") decline("atomic wait");
  const { env, pending } = f;
  const { val, bits } = d.access as MemAccess;
  const { memory, offset } = readAccess(f);
  pending.flush(ANY);
  const [params, results] = atomicType(d);
  const [a, ...values] = popOperands(f, params.length + 1);
  const ea = address(a, offset).text;
  if (d.atomic === "notify") {
    return f.push(I32, pending.atom(expression(`${env.helper("notify")}(${memory},${ea},${values[0].lo.inner}>>>0)`)));
  }
  const log2 = log2Of[bits];
  const at = pending.atom(expression(`${env.helper("elementAt")}(${memory},${ea},${log2})`));
  const place = `${memory}.elements(${log2}),${at.text}`;
  const call = `${env.helper(`atomic_${d.atomic}`)}(${[place, ...values.map((v) => valueText(f, v, bits))].join()})`;
  if (results.length === 0) return void f.out.line(`${call};`);
  if (val === "i32") return f.push(I32, pending.atom(expression(call)));
  if (bits < 64) return f.push(I64, pending.atom(expression(call)), 0, ZERO);
  const low = pending.atom(expression(`${env.helper("wordsOfBig")}(${call})`));
  f.push(I64, low, 0, pending.atom(expression(`${env.high()}[0]`)));
}

/** Narrow values wrap by themselves. */
const valueText = (f: FunctionText, v: Operand, bits: number): string =>
  bits < 64 ? v.lo.text : `${f.env.helper("bigOf")}(${v.lo.text},${(v.hi as Part).text})`;

export function fenceRule(f: FunctionText): void {
  f.reader.u8();
  f.pending.flush(ANY);
  f.out.line(`${f.env.helper("fence")}();`);
}
