/** Statements of a generated function: those of memories, tables, objects and exceptions, globals, early ends. */
import { u } from "../../engine/binary/encode.ts";
import type { Body, Effect } from "./body.ts";
import { funcRef } from "./compound.ts";
import { throwing } from "./exceptions.ts";
import { atomicEffects, bulkEffects, memoryEffects, storeEffects } from "./memories.ts";
import { objectEffects } from "./references.ts";
import { funcIdx, randomType, type Shape, typeIdx } from "./shape.ts";
import { addrConst, tableEffects } from "./tables.ts";

const setGlobal: Effect = (b, depth) => {
  const fits = b.shape.globals.flatMap((g, i) => (g.isMutable && i > 0 ? [i] : []));
  const i = b.rng.pick(fits);
  return [...b.value(b.shape.globals[i]!.type, depth - 1), 0x24, ...u(i)];
};

/** `if` without else, of a statement. */
const conditional: Effect = (b, depth) => {
  const condition = b.value("i32", depth - 1);
  const inside = b.within({ types: [], counter: undefined }, () => b.statement(depth - 1));
  return [...condition, 0x04, 0x40, ...inside, 0x0b];
};

/** Ends the function, rarely taken; what follows in the block is never reached. */
const leave: Effect = (b, depth) => {
  const condition = b.value("i32", depth - 1);
  const end = b.within({ types: [], counter: undefined }, () => ending(b, depth));
  return [...condition, 0x41, 3, 0x71, 0x45, 0x04, 0x40, ...end, 0x0b];
};

function ending(b: Body, depth: number): number[] {
  const { rng, shape } = b;
  if (shape.tags.length > 0 && rng.oneIn(2)) return throwing(b, depth);
  if (b.has("tail-call") && !rng.oneIn(3)) return tailCall(b, depth) ?? [0x00];
  return rng.oneIn(10) ? [0x00] : [...b.values(b.signature.results, depth - 1), 0x0f];
}

function tailCall(b: Body, depth: number): number[] | undefined {
  const { rng, shape } = b;
  const key = `${b.signature.results}`;
  const same = shape.funcs.flatMap((sig, i) => (`${shape.signatures[sig]!.results}` === key ? [i] : []));
  if (same.length === 0) return undefined;
  const f = rng.pick(same);
  const sig = shape.funcs[f]!;
  const args = b.values(shape.signatures[sig]!.params, depth - 1);
  const idx = u(typeIdx(shape, sig));
  switch (rng.below(b.has("function-references") ? 3 : 2)) {
    case 0:
      return [...args, 0x12, ...u(funcIdx(shape, f))];
    case 1:
      return [...args, ...addrConst(shape.tables[0]!.addr, f), 0x13, ...idx, 0];
    default:
      return [...args, ...funcRef(b, sig, depth), 0x15, ...idx];
  }
}

const dropped: Effect = (b, depth) => [...b.value(randomType(b.rng, b.shape), depth), 0x1a];

const pick =
  (list: readonly Effect[]): Effect =>
  (b, depth) =>
    b.rng.pick(list)(b, depth);

/** What statements of a module may be, each as often as it is listed. */
export function effectsOf({ profile }: Shape): readonly Effect[] {
  const has = profile.has.bind(profile);
  const memory = pick([...memoryEffects, ...(has("bulk-memory") ? bulkEffects : [])]);
  const tables = pick(tableEffects);
  // Those of tables trap often and empty the tables: rarely.
  const rare: Effect = (b, depth) => (has("reference-types") && b.rng.oneIn(4) ? tables : memory)(b, depth);
  const some = [...storeEffects, setGlobal, memory, rare, conditional, leave, dropped];
  if (has("threads")) some.push(...atomicEffects);
  if (has("gc")) some.push(...objectEffects, ...objectEffects);
  return some;
}
