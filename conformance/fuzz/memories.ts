/** Loads, stores, bulk operations and atomics of a generated function, over memories of either address type. */
import { u } from "../../engine/binary/encode.ts";
import type { Body, Effect } from "./body.ts";
import { type AtomicRow, type MemRow, opcodeBytes } from "./rows.ts";
import { addrConst, index, mask } from "./tables.ts";
import type { OpType, Type } from "./types.ts";

const edges = [0, 1, 8, 100, 4095, 65528, 65535, -1, 65536 * 2 - 4];

const anyMem = (b: Body): number => b.rng.below(b.shape.mems.length);

/** An address that is mostly inside of memory `mem`, mostly a multiple of `1 << align`. */
function address(b: Body, mem: number, depth: number, align = 0): number[] {
  const { rng } = b;
  const { addr } = b.shape.mems[mem]!;
  const low = rng.oneIn(60) ? 0 : (1 << align) - 1;
  if (rng.oneIn(20)) return addrConst(addr, rng.pick(edges) & ~low);
  const value = b.value(addr, depth - 1);
  return rng.oneIn(80) ? value : [...value, ...mask(addr, rng.pick([0xff, 0xfff, 0xfff8]) & ~low)];
}

const HAS_MEM = 0x40;

function memarg(b: Body, mem: number, align: number, offset: number): number[] {
  const hasMem = mem > 0 || (b.has("multi-memory") && b.rng.oneIn(8));
  return [align | (hasMem ? HAS_MEM : 0), ...(hasMem ? u(mem) : []), ...u(offset)];
}

function plainMemarg(b: Body, mem: number, row: MemRow): number[] {
  const { rng } = b;
  const far = b.shape.mems[mem]!.addr === "i64" ? [2 ** 32, 2 ** 40, 2 ** 53 - 1] : [0xffffffff];
  const offset = rng.oneIn(150) ? rng.pick([...far, 0x7fffffff, 65536]) : rng.oneIn(2) ? 0 : rng.below(300);
  return memarg(b, mem, rng.below(row.align + 1), offset);
}

const atomicMemarg = (b: Body, mem: number, row: AtomicRow): number[] =>
  memarg(b, mem, row.align, b.rng.oneIn(80) ? b.rng.below(9) : b.rng.below(20) << row.align);

/** Leaves a `t` from memory. */
export function load(b: Body, t: OpType, depth: number): number[] {
  const { rng } = b;
  const { rows } = b.shape;
  const mem = anyMem(b);
  if (t === "v128" && rng.oneIn(4)) {
    const row = rng.pick(rows.laneLoads);
    const code = [...address(b, mem, depth), ...b.value("v128", depth - 1), ...opcodeBytes(row.def)];
    return [...code, ...plainMemarg(b, mem, row), rng.below(row.lanes)];
  }
  const atomics = rows.atomics.filter(({ def, results }) => results[0] === t && def.atomic !== "wait");
  if (atomics.length > 0 && rng.oneIn(2)) return atomic(b, rng.pick(atomics), depth);
  const row = rng.pick(rows.loads.filter((l) => l.val === t));
  return [...address(b, mem, depth), ...opcodeBytes(row.def), ...plainMemarg(b, mem, row)];
}

function atomic(b: Body, row: AtomicRow, depth: number): number[] {
  const mem = anyMem(b);
  const operands = [...address(b, mem, depth, row.align), ...b.values(row.params, depth - 1)];
  return [...operands, ...opcodeBytes(row.def), ...atomicMemarg(b, mem, row)];
}

const store: Effect = (b, depth) => {
  const row = b.rng.pick(b.shape.rows.stores);
  const mem = anyMem(b);
  const operands = [...address(b, mem, depth), ...b.value(row.val, depth - 1)];
  return [...operands, ...opcodeBytes(row.def), ...plainMemarg(b, mem, row)];
};

const storeLane: Effect = (b, depth) => {
  if (b.shape.rows.laneStores.length === 0) return store(b, depth);
  const row = b.rng.pick(b.shape.rows.laneStores);
  const mem = anyMem(b);
  const operands = [...address(b, mem, depth), ...b.value("v128", depth - 1)];
  return [...operands, ...opcodeBytes(row.def), ...plainMemarg(b, mem, row), b.rng.below(row.lanes)];
};

const storeAtomic: Effect = (b, depth) => {
  const rows = b.shape.rows.atomics.filter(({ def }) => def.atomic === "store");
  if (rows.length === 0) return store(b, depth);
  return b.rng.oneIn(8) ? [0xfe, 3, 0] : atomic(b, b.rng.pick(rows), depth);
};

/** Takes a number of type `t` from the stack. */
const keep = (b: Body, t: Type): number[] => b.drop(t);

const size: Effect = (b) => {
  const mem = anyMem(b);
  return [0x3f, ...u(mem), ...keep(b, b.shape.mems[mem]!.addr)];
};

const grow: Effect = (b, depth) => {
  const mem = anyMem(b);
  const { addr } = b.shape.mems[mem]!;
  return [...index(b, addr, depth), 0x40, ...u(mem), ...keep(b, addr)];
};

const fill: Effect = (b, depth) => {
  const mem = anyMem(b);
  const operands = [...address(b, mem, depth), ...b.value("i32", depth - 1)];
  return [...operands, ...index(b, b.shape.mems[mem]!.addr, depth), 0xfc, 11, ...u(mem)];
};

const copy: Effect = (b, depth) => {
  const [to, from] = [anyMem(b), anyMem(b)];
  const isLong = b.shape.mems[to]!.addr === "i64" && b.shape.mems[from]!.addr === "i64";
  const operands = [...address(b, to, depth), ...address(b, from, depth)];
  return [...operands, ...index(b, isLong ? "i64" : "i32", depth), 0xfc, 10, ...u(to), ...u(from)];
};

const init: Effect = (b, depth) => {
  const mem = anyMem(b);
  const operands = [...address(b, mem, depth), ...index(b, "i32", depth), ...index(b, "i32", depth)];
  return [...operands, 0xfc, 8, ...u(b.rng.below(b.shape.datas)), ...u(mem)];
};

const dropData: Effect = (b) => [0xfc, 9, ...u(b.rng.below(b.shape.datas))];

/** Traps: a memory that is not shared cannot be waited for. */
const wait: Effect = (b, depth) => {
  const mem = b.shape.mems.findIndex(({ isShared }) => !isShared);
  if (mem < 0 || !b.rng.oneIn(20)) return store(b, depth);
  const row = b.rng.pick(b.shape.rows.atomics.filter(({ def }) => def.atomic === "wait"));
  const operands = [...address(b, mem, depth, row.align), ...b.values(row.params, depth - 1)];
  return [...operands, ...opcodeBytes(row.def), ...atomicMemarg(b, mem, row), 0x1a];
};

export const memoryEffects: readonly Effect[] = [size, grow];
export const bulkEffects: readonly Effect[] = [fill, copy, init, dropData];
export const storeEffects: readonly Effect[] = [store, store, storeLane];
export const atomicEffects: readonly Effect[] = [storeAtomic, storeAtomic, wait];
