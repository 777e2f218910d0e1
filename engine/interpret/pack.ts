/**
 * Where an operation's slots are is in its first word too, if they are near: the last step of lowering a function.
 *
 *     first word:  case of the switch | third slot | second slot | first slot     (8 bits each)
 *
 * The switch has that word at hand, and need not fetch the words that name the slots, which stay where they are. An
 * operation on a slot beyond the first 256 of its frame becomes its far form, outside the switch, which reads them.
 * Bench: loop kernels.
 */
import { instrDef } from "../instrs.ts";
import { CASE_SHIFT, FAR_START, firstOf, isFar, type OpDef, op, opDef } from "./ops.ts";

/** Frame offsets in a first word are below. */
const NEAR = 512;

const special: Readonly<Record<string, readonly number[]>> = {
  br_nz: [1],
  br_z: [1],
  add_br_nz: [1, 2],
  add_br_ne: [1, 2],
  copy32: [1, 2],
  copy32_2: [1, 2, 3],
  copy64: [1, 2],
  const32: [1],
  const64: [1],
  select32: [1, 2, 3],
  select64: [1, 2, 3],
  "global.get32": [1],
  "global.get64": [1],
  "global.set32": [2],
  "global.set64": [2],
  load32_at: [1],
  store32_at: [2],
  load32_add: [1, 2, 3],
  load8_u_add: [1, 2, 3],
  load64_add: [1, 2, 3],
  "i32.add_shl": [1, 2, 3],
};

/** Words of `o` that name slots and are in the first word too. */
export function packedWords(o: OpDef): readonly number[] {
  const { name, cls, row } = o;
  if (cls === "fused") return packedWords(firstOf(o));
  if (special[name] !== undefined) return special[name];
  const isUnary = row !== undefined && (instrDef(row).type[0] as readonly unknown[]).length === 1;
  if (cls === "numeric") return isUnary ? [1, 2] : [1, 2, 3];
  if (cls === "branch") return isUnary || name.endsWith(":i") ? [1] : [1, 2];
  return cls === "immediate" || cls === "memory" ? [1, 2] : [];
}

/** By case. */
const slotWords: readonly (readonly number[])[] = Array.from({ length: 256 }, (_, n) => {
  const o = n === 0 ? undefined : opDef(n << CASE_SHIFT);
  return o === undefined ? [] : packedWords(o);
});

/** True if the operation at `at` need not be far. */
export function isNear(words: readonly number[], at: number): boolean {
  for (const n of slotWords[(words[at] as number) >>> CASE_SHIFT] as readonly number[]) {
    if ((words[at + n] as number) >= NEAR) return false;
  }
  return true;
}

const ENTER_CONSTS = op("enter_consts");
const BR_TABLE = op("br_table");

/** Words of the operation at `at`: of a sequence, those of its first one. */
export function sizeAt(words: ArrayLike<number>, at: number): number {
  const word = words[at] as number;
  if (word === ENTER_CONSTS) return 5 + (words[at + 4] as number);
  if (word === BR_TABLE) return 5 + 2 * (words[at + 2] as number);
  return firstOf(opDef(word) as OpDef).words;
}

/** Packs the code of one function. @cost O(words) */
export function pack(words: number[]): void {
  for (let at = 0; at < words.length; at += sizeAt(words, at)) packAt(words, at);
}

function packAt(words: number[], at: number): void {
  const word = words[at] as number;
  if (word >>> CASE_SHIFT === 0 || isFar(word)) return;
  if (!isNear(words, at)) {
    words[at] = FAR_START + (word >>> CASE_SHIFT);
    return;
  }
  let packed = word;
  for (const n of slotWords[word >>> CASE_SHIFT] as readonly number[])
    packed |= ((words[at + n] as number) >> 1) << (8 * (n - 1));
  words[at] = packed;
}
