/**
 * Makes sequences of operations (`fused.ts`) one dispatch: the last step of lowering a function but for packing.
 *
 * Only first words change, so safepoints, handlers and jumps are not touched, and the code can be entered at every
 * operation as before.
 */
import { instrDef, type Mnemonic } from "../instrs.ts";
import { accessAfter, type Link, type Sequence, sequences } from "./fused.ts";
import { CASE_SHIFT, HOT_COUNT, op, opDef } from "./ops.ts";
import { isNear, sizeAt } from "./pack.ts";

interface Pattern {
  readonly fused: number;
  readonly ops: readonly number[];
  readonly links: readonly Link[];
}

/** Words before the access that failed, when the place is that of the operation with the first word `word`. */
export const failsAfter = (word: number): number => accessWords.get(opDef(word)?.num ?? -1) ?? 0;
const accessWords = new Map<number, number>();

/** Longer is better, and what hands on more. */
const worth = ({ ops, links }: Sequence): number =>
  links.reduce((sum, { to, isOnly }) => sum + (isOnly ? 2 : to.length > 0 ? 1 : 0), ops.length * 100);

/** By the number of their first operation, the best first. */
const patterns = new Map<number, Pattern[]>();
for (const s of [...sequences].sort((a, b) => worth(b) - worth(a))) {
  const { name, ops, links } = s;
  const numbers = ops.map(op);
  const before = numbers.slice(0, accessAfter(s));
  if (before.length > 0)
    accessWords.set(
      op(name),
      before.reduce((n, num) => n + (opDef(num) as { words: number }).words, 0),
    );
  const first = numbers[0] as number;
  patterns.set(first, [...(patterns.get(first) ?? []), { fused: op(name), ops: numbers, links }]);
}

/** Words of each operation that name slots it reads, by case. */
const sources: readonly (readonly number[])[] = Array.from({ length: HOT_COUNT + 1 }, (_, n) =>
  n === 0 ? [] : sourcesOf(n << CASE_SHIFT),
);

function sourcesOf(num: number): readonly number[] {
  const { name, cls, row } = opDef(num) as { name: string; cls: string; row?: Mnemonic };
  const isUnary = row !== undefined && (instrDef(row).type[0] as readonly unknown[]).length === 1;
  if (cls === "numeric") return isUnary ? [2] : [2, 3];
  if (cls === "immediate") return [2];
  if (cls === "branch") return isUnary || name.endsWith(":i") ? [1] : [1, 2];
  if (name.startsWith("load")) return name.endsWith("_at") ? [] : name.endsWith("_add") ? [2, 3] : [2];
  if (name.startsWith("store")) return name.endsWith("_at") ? [2] : [1, 2];
  if (name.startsWith("select")) return [2, 3, 4];
  return { br_nz: [1], br_z: [1], add_br_nz: [2], add_br_ne: [2, 4], "i32.add_shl": [2, 3] }[name] ?? [];
}

/** Operations whose operands may change places. Not floats: which NaN comes out may depend on the order. */
const commutes = new Set(["add", "mul", "and", "or", "xor"].flatMap((m) => [op(`i32.${m}`), op(`i64.${m}`)]));

const ENTER_CONSTS = op("enter_consts");
/** Fuses what it can in the code of one function. @cost O(words) */
export function fuse(words: number[]): void {
  const operands = (words[3] as number) + (words[0] === ENTER_CONSTS ? (words[4] as number) : 0);
  for (let at = 0; at < words.length; ) {
    const found = patterns.get(words[at] as number)?.find((p) => matches(words, at, p, operands));
    const end = found === undefined ? at + sizeAt(words, at) : endOf(words, at, found);
    if (found !== undefined) words[at] = found.fused;
    at = end;
  }
}

function endOf(words: readonly number[], at: number, { ops }: Pattern): number {
  let end = at;
  for (const _ of ops) end += sizeAt(words, end);
  return end;
}

function matches(words: number[], at: number, { ops, links }: Pattern, operands: number): boolean {
  if (!isNear(words, at)) return false;
  for (let i = 0; i < links.length; i++) {
    const next = at + sizeAt(words, at);
    if (words[next] !== ops[i + 1] || !isNear(words, next) || !isLinked(words, at, next, links[i] as Link, operands))
      return false;
    at = next;
  }
  return true;
}

/** True when the operation at `next` takes the result of the one at `at` as the link says. */
function isLinked(words: number[], at: number, next: number, { to, isOnly }: Link, operands: number): boolean {
  if (to.length === 0) return true;
  const result = words[at + 1] as number;
  if (isOnly && result < operands) return false;
  if (to[0] === 2 && words[next + 2] !== result && words[next + 3] === result && commutes.has(words[next] as number)) {
    words[next + 3] = words[next + 2] as number;
    words[next + 2] = result;
  }
  for (const n of sources[(words[next] as number) >>> CASE_SHIFT] as readonly number[]) {
    if (to.includes(n) ? words[next + n] !== result : isOnly && words[next + n] === result) return false;
  }
  return true;
}
