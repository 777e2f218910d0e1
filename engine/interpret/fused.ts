/**
 * Sequences of operations that are one dispatch, as names with links between them.
 *
 * A sequence does what its operations do one after another. In flat code only the number of its first operation
 * differs: the others keep their words, so jumps into it and places in it stay what they were. Links:
 *
 *     ;    nothing is handed on
 *     +N   the result is stored, and operand word N of the next operation takes it from where it is
 *     >N   the same without the store: the result is an operand that the next operation consumes
 *
 * Chosen by counting over all kernels of bench/cases (`npm run bench -- ops`). Bench: loop kernels.
 */
export interface Link {
  /** Words of the next operation that take the result. */
  readonly to: readonly number[];
  /** The result has no other use and is not stored. */
  readonly isOnly: boolean;
}

export interface Sequence {
  readonly name: string;
  readonly ops: readonly string[];
  /** `links[i]` is between operations i and i + 1. */
  readonly links: readonly Link[];
}

const names: readonly string[] = [
  "copy32 +2 i32.add:i",
  "copy32 +2 i32.add:i ; copy32 ; load8_u",
  "copy32 ; add_br_nz",
  "copy32 ; br:i32.lt_s",
  "copy32 ; i32.add:i",
  "copy64 ; br:i64.ne",
  "f32.add >3 f32.add",
  "f32.add >3 f32.add +2 store32_sum",
  "f32.mul ; f32.mul",
  "f32.mul ; load32_sum ; f32.mul ; f32.mul",
  "f64.add >3 f64.add",
  "f64.mul +3 f64.add >2 f64.le >1 br_z",
  "f64.mul ; f64.add",
  "f64.mul ; f64.mul +3 f64.add >1 br:f64.le",
  "f64.mul >2 f64.add",
  "f64.mul >2 f64.mul",
  "f64.sub >3 f64.add",
  "i32.add >2 i32.add",
  "i32.add:i +1 br:i32.lt_u:i",
  "i32.add:i +1 br:i32.ne:i",
  "i32.add:i +2 i32.or:i >3 i32.rem_u",
  "i32.add:i +2 load32",
  "i32.add:i ; i32.add ; i32.add:i +1 br:i32.lt_u:i",
  "i32.add:i ; i64.shr_u:i",
  "i32.add:i >2 store32_at",
  "i32.add:i >2 store8_sum",
  "i32.add_shl >2 load32",
  "i32.lt_u >4 select32",
  "i32.lt_u >4 select32 +2 store32 ; i32.add:i",
  "i32.mul >2 i32.add >2 i32.rotl >2 i32.xor",
  "i32.mul:i ; load8_u_sum >2 i32.add",
  "i32.mul:i >2 i32.add",
  "i32.mul:i >2 i32.add:i",
  "i32.mul:i >2 i32.or >2 i32.mul:i >2 i32.xor",
  "i32.mul:i >2 i32.shr_u:i",
  "i32.or >2 i32.or >2 i32.xor:i >2 i32.and",
  "i32.or >2 i32.shl:i ; i32.or >2 i32.shr_u:i",
  "i32.rotl:i >2 i32.mul:i >2 i32.add:i ; i32.lt_u:i",
  "i32.rotl:i >2 i32.xor",
  "i32.shl:i >2 i32.add:i",
  "i32.shl:i >2 i32.add:i +2 load32 +1 br_z",
  "i32.shl:i >2 i32.and >2 i32.xor",
  "i32.shl:i >2 i32.or",
  "i32.shl:i >2 i32.shr_s:i >2 i32.xor",
  "i32.shr_s:i >2 f64.convert_i32_s >2 f64.mul",
  "i32.shr_u:i >2 i32.add:i",
  "i32.shr_u:i >2 i32.and:i",
  "i32.shr_u:i >2 i32.and:i >2 load32_sum",
  "i32.shr_u:i >2 i32.xor",
  "i32.shr_u:i >2 i32.xor +2 i32.and:i",
  "i32.sub >2 i32.and +2 i32.or",
  "i32.xor >2 i32.add +2 i32.and:i >3 i32.sub",
  "i64.add >2 i64.add",
  "i64.and >2 i64.eqz ; select64 ; br:i64.ne",
  "i64.mul >2 i64.add",
  "i64.mul >2 i64.add >2 i64.rotl:i >2 i64.mul",
  "i64.rotl:i >2 i64.xor",
  "i64.shl:i >2 i64.xor",
  "i64.shr_u:i >2 i64.xor",
  "i64.shr_u:i >2 i64.xor >2 i64.mul",
  "load32 +2 i32.add:i +2 store32",
  "load32 +2 i32.lt_u >4 select32 >2 i32.add:i",
  "load32 +2 load32",
  "load32 ; i32.add:i",
  "load32 ; i32.add:i >2 i32.xor",
  "load32 >1 br_nz",
  "load32 >2 i32.xor",
  "load32_add +2 i32.mul:i >2 i32.shr_u:i",
  "load32_u64 >2 i64.add ; i32.add:i +2 load32_u64",
  "load64 >3 f64.add +2 store64 ; i32.add:i",
  "load64 >3 f64.mul >2 f64.add >3 f64.add",
  "load64_sum ; load64_sum >3 f64.mul",
  "load8_u +2 i32.eq:i ; br:i32.eq:i",
  "load8_u >2 i32.shl:i",
  "load8_u >2 i32.shl:i +2 load32_sum ; i32.add:i",
  "load8_u_sum +2 store8_sum",
  "load8_u_sum >2 i32.eq:i >2 i32.add",
  "load8_u_sum >2 i32.or >2 i32.mul:i",
  "load8_u_sum >2 i32.shl:i +2 i32.or",
  "load8_u_sum >2 i32.xor >2 i32.shl:i +2 load32_sum",
  "load8_u_sum >3 i32.ne >2 i32.add",
  "store32 ; i32.add:i",
  "store8_sum ; i32.add +1 br:i32.lt_u:i",
];

function parse(name: string): Sequence {
  const parts = name.split(" ");
  const links = parts.filter((_, i) => i % 2 === 1);
  return {
    name,
    ops: parts.filter((_, i) => i % 2 === 0),
    links: links.map((link) => ({ to: [...link.slice(1)].map(Number), isOnly: link[0] === ">" })),
  };
}

export const sequences: readonly Sequence[] = names.map(parse);

/** Operations that access memory: they may have to be executed again (`isStale`). */
export const isAccess = (op: string): boolean => /^(load|store)/.test(op);

/** Where an access of the sequence fails while the place is still that of the first operation: operations before it. */
export const accessAfter = (s: Sequence): number =>
  s.links.findIndex(({ isOnly }, i) => isOnly && isAccess(s.ops[i + 1] as string)) + 1;
