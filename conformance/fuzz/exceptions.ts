/** Exceptions in generated functions: throwing, catching in the form of 3.0, catching in the deployed form before it. */
import { s, u } from "../../engine/binary/encode.ts";
import type { Body, Label, Writer } from "./body.ts";
import { type Shape, typeIdx } from "./shape.ts";
import { EXNREF, type Type, typeBytes } from "./types.ts";

const BLOCK = 0x02;
const END = 0x0b;
const BR = 0x0c;

const label = (...types: Type[]): Label => ({ types, counter: undefined });

/** Throws something; what follows is never reached. */
export function throwing(b: Body, depth: number): number[] {
  const { rng, shape } = b;
  const again = b.labels.flatMap((l, i) => (l.isCatch ? [b.labels.length - 1 - i] : []));
  if (again.length > 0 && rng.oneIn(2)) return [0x09, ...u(rng.pick(again))];
  if (b.has("exceptions") && rng.oneIn(3)) return [...b.value(EXNREF, depth - 1), 0x0a];
  const tag = rng.below(shape.tags.length);
  return [...b.values(shape.signatures[shape.tags[tag]!]!.params, depth - 1), 0x08, ...u(tag)];
}

/** What is tried: throws once in a while itself. */
function tried(b: Body, t: Type, depth: number): number[] {
  const isThrown = b.rng.oneIn(2) ? [...b.value("i32", depth - 1), 0x41, 3, 0x71, 0x45] : undefined;
  const raise =
    isThrown === undefined ? [] : [...isThrown, 0x04, 0x40, ...b.within(label(), () => throwing(b, depth - 1)), END];
  return [...b.statements(depth - 1, 1), ...raise, ...b.value(t, depth - 1)];
}

interface Clause {
  readonly bytes: (at: number) => number[];
  /** What the label that it branches to takes. */
  readonly types: readonly Type[];
  /** Type of the block of that label. */
  readonly blockType: readonly number[];
}

function clause(b: Body): Clause {
  const { rng, shape } = b;
  const isRef = rng.oneIn(2);
  if (rng.oneIn(3)) {
    const types = isRef ? [EXNREF] : [];
    return { bytes: (at) => [isRef ? 3 : 2, ...u(at)], types, blockType: isRef ? typeBytes(types[0]!) : [0x40] };
  }
  const tag = rng.below(shape.tags.length);
  // The signatures after that of a tag: see `addTags`.
  const sig = shape.tags[tag]! + (isRef ? 2 : 1);
  const types = shape.signatures[sig]!.results;
  return { bytes: (at) => [isRef ? 1 : 0, ...u(tag), ...u(at)], types, blockType: s(typeIdx(shape, sig)) };
}

/** A `try_table` in as many blocks as it has clauses, each with what is done then after its end. */
const tryTable: Writer = (b, t, depth) => {
  const clauses = Array.from({ length: 1 + b.rng.below(3) }, () => clause(b));
  const outer = label(t);
  b.labels.push(outer, ...clauses.map(({ types }) => label(...types)).reverse());
  // Clause `i` goes to the block `i` further out.
  const list = [...u(clauses.length), ...clauses.flatMap(({ bytes }, i) => bytes(i))];
  const inside = b.within(label(t), () => tried(b, t, depth));
  const code = [0x1f, ...typeBytes(t), ...list, ...inside, END, BR, ...u(clauses.length)];
  const opens = [BLOCK, ...typeBytes(t), ...[...clauses].reverse().flatMap((c) => [BLOCK, ...c.blockType])];
  clauses.forEach(({ types }, i) => {
    b.labels.pop();
    code.push(END, ...b.consume(types), ...b.statements(depth - 1, 1), ...b.value(t, depth - 1));
    if (i < clauses.length - 1) code.push(BR, ...u(clauses.length - 1 - i));
  });
  b.labels.pop();
  return [...opens, ...code, END];
};

/** `try` with `catch` and `catch_all`, or with `delegate`. */
const deployedTry: Writer = (b, t, depth) => {
  const { rng, shape } = b;
  const head = [0x06, ...typeBytes(t), ...b.within(label(t), () => tried(b, t, depth))];
  if (rng.oneIn(4)) return [...head, 0x18, ...u(rng.below(b.labels.length))];
  const handler = (types: readonly Type[]): number[] =>
    b.within({ ...label(t), isCatch: true }, () => [
      ...b.consume(types),
      ...b.statements(depth - 1, 1),
      ...b.value(t, depth - 1),
    ]);
  const catches = rng
    .some(2, () => {
      const tag = rng.below(shape.tags.length);
      return [0x07, ...u(tag), ...handler(shape.signatures[shape.tags[tag]!]!.params)];
    })
    .flat();
  const rest = catches.length === 0 || rng.oneIn(2) ? [0x19, ...handler([])] : [];
  return [...head, ...catches, ...rest, END];
};

/** Writers of the form that the module uses. */
export function raisers({ profile }: Shape): readonly Writer[] {
  if (profile.has("exceptions")) return [tryTable, tryTable];
  return profile.has("legacy-exceptions") ? [deployedTry, deployedTry] : [];
}
