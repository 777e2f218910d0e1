/** What generated functions do with tables, and small numbers of either address type. */
import { s, u } from "../../engine/binary/encode.ts";
import type { Body, Effect } from "./body.ts";
import type { Addr } from "./shape.ts";
import { matches } from "./subtyping.ts";
import type { Type } from "./types.ts";

/** A constant of an address type. */
export const addrConst = (addr: Addr, n: number): number[] => [addr === "i64" ? 0x42 : 0x41, ...s(n)];
/** Keeps these bits of what is on the stack. */
export const mask = (addr: Addr, bits: number): number[] => [...addrConst(addr, bits), addr === "i64" ? 0x83 : 0x71];

/** A length or an index: at most `most`, or small, or rarely anything. */
export function index(b: Body, addr: Addr, depth: number, most?: number): number[] {
  const value = b.value(addr, depth - 1);
  return b.rng.oneIn(40) ? value : [...value, ...mask(addr, most ?? b.rng.pick([3, 7, 31]))];
}

const any = (b: Body): number => b.rng.below(b.shape.tables.length);

/** A table with elements that are `t`s. */
export function tableOf(b: Body, t: Type): number | undefined {
  const fits = b.shape.tables.flatMap(({ elem }, i) => (matches(b.shape, elem, t) ? [i] : []));
  return fits.length > 0 ? b.rng.pick(fits) : undefined;
}

export const tableGet = (b: Body, table: number, depth: number): number[] => [
  ...index(b, b.shape.tables[table]!.addr, depth, 3),
  0x25,
  ...u(table),
];

const isNull: Effect = (b, depth) => [...tableGet(b, any(b), depth), 0xd1, ...b.drop("i32")];

const set: Effect = (b, depth) => {
  const table = any(b);
  const { elem, addr } = b.shape.tables[table]!;
  return [...index(b, addr, depth), ...b.value(elem, depth - 1), 0x26, ...u(table)];
};

const size: Effect = (b) => {
  const table = any(b);
  return [0xfc, 16, ...u(table), ...b.drop(b.shape.tables[table]!.addr)];
};

const grow: Effect = (b, depth) => {
  const table = any(b);
  const { elem, addr } = b.shape.tables[table]!;
  return [...b.value(elem, depth - 1), ...index(b, addr, depth), 0xfc, 15, ...u(table), ...b.drop(addr)];
};

const fill: Effect = (b, depth) => {
  const table = any(b);
  const { elem, addr } = b.shape.tables[table]!;
  const operands = [...index(b, addr, depth), ...b.value(elem, depth - 1), ...index(b, addr, depth)];
  return [...operands, 0xfc, 17, ...u(table)];
};

const copy: Effect = (b, depth) => {
  const { tables } = b.shape;
  const to = any(b);
  const from = tableOf(b, tables[to]!.elem) as number;
  const isLong = tables[to]!.addr === "i64" && tables[from]!.addr === "i64";
  const operands = [...index(b, tables[to]!.addr, depth), ...index(b, tables[from]!.addr, depth)];
  return [...operands, ...index(b, isLong ? "i64" : "i32", depth), 0xfc, 14, ...u(to), ...u(from)];
};

const init: Effect = (b, depth) => {
  const { elems } = b.shape;
  const table = any(b);
  const { elem, addr } = b.shape.tables[table]!;
  const fits = elems.flatMap((t, i) => (matches(b.shape, t, elem) ? [i] : []));
  if (fits.length === 0) return isNull(b, depth);
  const operands = [...index(b, addr, depth), ...index(b, "i32", depth), ...index(b, "i32", depth)];
  return [...operands, 0xfc, 12, ...u(b.rng.pick(fits)), ...u(table)];
};

const dropElem: Effect = (b) => [0xfc, 13, ...u(b.rng.below(b.shape.elems.length))];

export const tableEffects: readonly Effect[] = [isNull, set, size, grow, fill, copy, init, dropElem];
