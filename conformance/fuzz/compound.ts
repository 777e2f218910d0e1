/** Values of a generated function that are made by control flow: blocks, loops, branches, calls, select. */
import { s, u } from "../../engine/binary/encode.ts";
import type { Body, Label } from "./body.ts";
import { codes, type Type } from "./rows.ts";

/** Instructions that leave a `t`. */
export type Writer = (b: Body, t: Type, depth: number) => number[];
export type Writers = Readonly<Record<string, Writer>>;

const BLOCK = 0x02;
const LOOP = 0x03;
const IF = 0x04;
const ELSE = 0x05;
const END = 0x0b;

/** `make` inside of `label`. */
function within(b: Body, label: Label, make: () => number[]): number[] {
  b.labels.push(label);
  const code = make();
  b.labels.pop();
  return code;
}

/** Index of a signature whose results contain `t`. */
function signatureWith(b: Body, t: Type): number {
  const fits = b.shape.signatures.flatMap((sig, i) => (sig.results.includes(t) ? [i] : []));
  return b.rng.pick(fits);
}

const block: Writer = (b, t, depth) => {
  const label: Label = { types: [t], counter: undefined };
  const inside = within(b, label, () => [...b.statements(depth - 1, 2), ...b.value(t, depth - 1)]);
  return [BLOCK, codes[t], ...inside, END];
};

/** A block or an `if` with parameters and several results. */
const wideBlock: Writer = (b, t, depth) => {
  const idx = signatureWith(b, t);
  const { params, results } = b.shape.signatures[idx]!;
  const arm = (): number[] =>
    within(b, { types: results, counter: undefined }, () => [
      ...b.consume(params),
      ...b.statements(depth - 1, 1),
      ...b.values(results, depth - 1),
    ]);
  const operands = b.values(params, depth - 1);
  const code = b.rng.oneIn(2)
    ? [...operands, BLOCK, ...s(idx), ...arm(), END]
    : [...operands, ...b.value("i32", depth - 1), IF, ...s(idx), ...arm(), ELSE, ...arm(), END];
  return [...code, ...b.consume(results, t)];
};

const choice: Writer = (b, t, depth) => {
  const arm = (): number[] => within(b, { types: [t], counter: undefined }, () => b.value(t, depth - 1));
  return [...b.value("i32", depth - 1), IF, codes[t], ...arm(), ELSE, ...arm(), END];
};

/** A loop of few iterations, with the parameters of a signature. */
const loop: Writer = (b, t, depth) => {
  const { rng } = b;
  const idx = signatureWith(b, t);
  const { params, results } = b.shape.signatures[idx]!;
  const counter = b.newLocal("i32");
  const head = [0x41, ...s(rng.below(5)), 0x21, ...u(counter), ...b.values(params, depth - 1)];
  const inside = within(b, { types: params, counter }, () => [
    ...b.consume(params),
    ...b.statements(depth - 1, 2),
    ...b.values(params, depth - 2),
    ...countDown(b, counter),
    0x0d,
    0,
    ...b.consume(params),
    ...b.values(results, depth - 1),
  ]);
  return [...head, LOOP, ...s(idx), ...inside, END, ...b.consume(results, t)];
};

/** One iteration fewer; whether there are more, in one of several forms. */
function countDown(b: Body, counter: number): number[] {
  const c = u(counter);
  const next = [0x20, ...c, 0x41, 1, 0x6b, 0x22, ...c];
  switch (b.rng.below(4)) {
    case 0:
      return [...next, 0x41, 0, 0x4a];
    case 1:
      return [0x41, 0, ...next, 0x48];
    case 2:
      return [...next, 0x41, 0, 0x4c, 0x45];
    default:
      return [0x20, ...c, 0x41, 0x7f, 0x6a, 0x22, ...c, 0x41, 1, 0x4e];
  }
}

/** A conditional branch with values, what comes after it when it is not taken. */
const branch: Writer = (b, t, depth) => {
  const at = b.rng.below(b.labels.length);
  const { types, counter } = b.labels[b.labels.length - 1 - at]!;
  const condition = counter === undefined ? b.value("i32", depth - 1) : countDown(b, counter);
  const code = [...b.values(types, depth - 1), ...condition, 0x0d, ...u(at)];
  return [...code, ...b.consume(types), ...b.value(t, depth - 1)];
};

/** `br_table` over labels of one type, then code that is never reached. */
const table: Writer = (b, t, depth) => {
  const n = b.labels.length;
  const key = (at: number): string => `${b.labels[n - 1 - at]!.types}`;
  const first = b.labels.map((l) => l.counter).lastIndexOf(undefined);
  const fallback = n - 1 - first;
  const label: Label = { types: [t], counter: undefined };
  const fits = Array.from({ length: n }, (_, i) => i).filter(
    (i) => key(i) === key(fallback) && b.labels[n - 1 - i]!.counter === undefined,
  );
  const targets = b.rng.some(5, () => b.rng.pick(fits));
  const inside = within(b, label, () => {
    const list = b.values(b.labels[first]!.types, depth - 1);
    const index = b.rng.oneIn(4) ? b.value("i32", depth - 1) : [...b.value("i32", depth - 1), 0x41, 7, 0x71];
    const jump = [0x0e, ...u(targets.length), ...targets.flatMap((i) => u(i + 1)), ...u(fallback + 1)];
    return [...list, ...index, ...jump, ...b.value(t, depth - 2)];
  });
  const skip = b.value("i32", depth - 1);
  return [...skip, IF, codes[t], ...inside, ELSE, ...within(b, label, () => b.value(t, depth - 1)), END];
};

const call: Writer = (b, t, depth) => {
  const { funcs, signatures } = b.shape;
  const fits = funcs.flatMap((sig, i) => (signatures[sig]!.results.includes(t) ? [i] : []));
  if (fits.length === 0) return indirect(b, t, depth);
  const f = b.rng.pick(fits);
  const { params, results } = signatures[funcs[f]!]!;
  return [...b.values(params, depth - 1), 0x10, ...u(f), ...b.consume(results, t)];
};

/** Mostly of a function that is in the first table, see `elemSection`. */
const indirect: Writer = (b, t, depth) => {
  const { rng } = b;
  const { funcs, signatures, tables } = b.shape;
  const fits = funcs.flatMap((sig, i) => (signatures[sig]!.results.includes(t) ? [i] : []));
  const isSound = fits.length > 0 && !rng.oneIn(20);
  const f = isSound ? rng.pick(fits) : 0;
  const idx = isSound ? funcs[f]! : signatureWith(b, t);
  const { params, results } = signatures[idx]!;
  const where = isSound ? 0 : rng.below(tables.length);
  const at = isSound ? [0x41, ...s(f)] : [...b.value("i32", depth - 1), 0x41, 7, 0x71];
  const code = [...b.values(params, depth - 1), ...at, 0x11, ...u(idx), ...u(where)];
  return [...code, ...b.consume(results, t)];
};

const select: Writer = (b, t, depth) => {
  const code = [...b.value(t, depth - 1), ...b.value(t, depth - 1), ...b.value("i32", depth - 1)];
  return b.rng.oneIn(2) ? [...code, 0x1b] : [...code, 0x1c, 1, codes[t]];
};

export const compound = { block, wideBlock, choice, loop, branch, table, call, indirect, select } as const;
