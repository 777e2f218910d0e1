/** Statements of a generated function: stores, bulk operations, tables, globals, growth, early ends. */
import { s, u } from "../../engine/binary/encode.ts";
import type { Body } from "./body.ts";
import { laneStores, opcodeBytes, stores, type Type, types } from "./rows.ts";

type Effect = (b: Body, depth: number) => number[];

const FUNCREF = 0x70;

const store: Effect = (b, depth) => {
  const row = b.rng.pick(stores);
  return [...b.address(depth), ...b.value(row.val, depth - 1), ...opcodeBytes(row.def), ...b.memarg(row)];
};

const storeLane: Effect = (b, depth) => {
  const row = b.rng.pick(laneStores);
  const operands = [...b.address(depth), ...b.value("v128", depth - 1)];
  return [...operands, ...opcodeBytes(row.def), ...b.memarg(row), b.rng.below(row.lanes)];
};

const setGlobal: Effect = (b, depth) => {
  const fits = b.shape.globals.flatMap((g, i) => (g.isMutable && i > 0 ? [i] : []));
  const i = b.rng.pick(fits);
  return [...b.value(b.shape.globals[i]!.type, depth - 1), 0x24, ...u(i)];
};

const toI32 = (b: Body, code: number[]): number[] => [...code, 0x21, ...u(b.local("i32"))];
/** A length or a table index: small, or anything. */
const small = (b: Body, depth: number): number[] =>
  b.rng.oneIn(15)
    ? b.value("i32", depth - 1)
    : [...b.value("i32", depth - 1), 0x41, ...s(b.rng.pick([3, 7, 31])), 0x71];
const reference = (b: Body): number[] =>
  b.rng.oneIn(4) ? [0xd0, FUNCREF] : [0xd2, ...u(b.rng.below(b.shape.funcs.length))];
const table = (b: Body): number[] => u(b.rng.below(b.shape.tables.length));

const memory: readonly Effect[] = [
  (b) => toI32(b, [0x3f, 0]),
  (b, depth) => toI32(b, [...small(b, depth), 0x40, 0]),
  (b, depth) => [...b.address(depth), ...b.value("i32", depth - 1), ...small(b, depth), 0xfc, 11, 0],
  (b, depth) => [...b.address(depth), ...b.address(depth), ...small(b, depth), 0xfc, 10, 0, 0],
  (b, depth) => {
    const operands = [...b.address(depth), ...small(b, depth), ...small(b, depth)];
    return [...operands, 0xfc, 8, ...u(b.rng.below(b.shape.datas)), 0];
  },
  (b) => [0xfc, 9, ...u(b.rng.below(b.shape.datas))],
];

const tables: readonly Effect[] = [
  (b, depth) => toI32(b, [...small(b, depth), 0x25, ...table(b), 0xd1]),
  (b, depth) => [...small(b, depth), ...reference(b), 0x26, ...table(b)],
  (b) => toI32(b, [0xfc, 16, ...table(b)]),
  (b, depth) => toI32(b, [...reference(b), ...small(b, depth), 0xfc, 15, ...table(b)]),
  (b, depth) => [...small(b, depth), ...reference(b), ...small(b, depth), 0xfc, 17, ...table(b)],
  (b, depth) => [...small(b, depth), ...small(b, depth), ...small(b, depth), 0xfc, 14, ...table(b), ...table(b)],
  (b, depth) => {
    const operands = [...small(b, depth), ...small(b, depth), ...small(b, depth)];
    return [...operands, 0xfc, 12, ...u(b.rng.below(b.shape.elems)), ...table(b)];
  },
  (b) => [0xfc, 13, ...u(b.rng.below(b.shape.elems))],
];

/** `if` without else, of a statement. */
const conditional: Effect = (b, depth) => {
  const condition = b.value("i32", depth - 1);
  b.labels.push({ types: [], counter: undefined });
  const code = [...condition, 0x04, 0x40, ...b.statement(depth - 1), 0x0b];
  b.labels.pop();
  return code;
};

/** Ends the function, rarely taken; what follows in the block is never reached. */
const leave: Effect = (b, depth) => {
  const { rng, shape } = b;
  const results: readonly Type[] = b.signature.results;
  const same = shape.funcs.flatMap((sig, i) => (`${shape.signatures[sig]!.results}` === `${results}` ? [i] : []));
  const isTail = shape.hasTailCalls && same.length > 0 && !rng.oneIn(3);
  const condition = b.value("i32", depth - 1);
  b.labels.push({ types: [], counter: undefined });
  let end = rng.oneIn(10) ? [0x00] : [...b.values(results, depth - 1), 0x0f];
  if (isTail) {
    const f = rng.pick(same);
    const sig = shape.funcs[f]!;
    const args = b.values(shape.signatures[sig]!.params, depth - 1);
    end = rng.oneIn(2) ? [...args, 0x12, ...u(f)] : [...args, 0x41, ...s(f), 0x13, ...u(sig), 0];
  }
  b.labels.pop();
  return [...condition, 0x41, 3, 0x71, 0x45, 0x04, 0x40, ...end, 0x0b];
};

const dropped: Effect = (b, depth) => [...b.value(b.rng.pick(types), depth), 0x1a];

export const effects: readonly Effect[] = [
  store,
  store,
  storeLane,
  setGlobal,
  (b, depth) => b.rng.pick(memory)(b, depth),
  // They trap often and empty the tables: rarely.
  (b, depth) => b.rng.pick(b.rng.oneIn(4) ? tables : memory)(b, depth),
  conditional,
  leave,
  dropped,
];
