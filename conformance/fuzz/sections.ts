/** Writes the sections of a generated module but its code. */
import { func, name, type Parts, s, section, sized, u, vec } from "../../engine/binary/encode.ts";
import { carrier } from "../tiers/values.ts";
import { constant } from "./constants.ts";
import { heapGroups } from "./heap.ts";
import type { Rng } from "./rng.ts";
import { type Addr, CALLS, FUEL, funcIdx, type Shape, type Signature, typeIdx } from "./shape.ts";
import { FUNCREF, heapOf, isRef, type Type, typeBytes } from "./types.ts";

const signatureType = ({ params, results }: Signature): number[] => func(params.map(typeBytes), results.map(typeBytes));

/** The types, then those of `more`. */
export const typeSection = (shape: Shape, more: readonly Signature[]): number[] =>
  section(1, vec([...heapGroups(shape.heap), ...[...shape.signatures, ...more].map(signatureType)]));

export const importSection = (shape: Shape): number[] =>
  section(2, vec(shape.imports.map((sig, i) => [name("h"), name(`h${i}`), 0, u(typeIdx(shape, sig))])));

/** Bits of a `t` through JavaScript, as parameters: references are made by the wrapper. */
export const carriers = (t: Type): readonly Type[] =>
  isRef(t) ? [] : t === "v128" ? ["i64", "i64"] : [carrier(t as "i32" | "i64" | "f32" | "f64")];
/** Bits of a `t` as results: a reference is told by a digest. */
export const digests = (t: Type): readonly Type[] => (isRef(t) ? ["i64"] : carriers(t));

export const wrapperSignature = ({ params, results }: Signature): Signature => ({
  params: params.flatMap(carriers),
  results: results.flatMap(digests),
});

const HAS_MAX = 1;
const SHARED = 2;
const ADDR64 = 4;
const PAGE_SIZE = 8;
const addrFlag = (addr: Addr): number => (addr === "i64" ? ADDR64 : 0);

export const tableSection = (shape: Shape): number[] =>
  section(4, vec(shape.tables.map((t) => [typeBytes(t.elem), HAS_MAX | addrFlag(t.addr), u(t.min), u(t.min + 10)])));

export const memorySection = (shape: Shape): number[] =>
  section(
    5,
    vec(
      shape.mems.map(({ addr, min, max, isShared, isByPage }) => {
        const flags = HAS_MAX | addrFlag(addr) | (isShared ? SHARED : 0) | (isByPage ? 0 : PAGE_SIZE);
        return [flags, u(min), u(max), isByPage ? [] : [0]];
      }),
    ),
  );

export const tagSection = (shape: Shape): number[] =>
  section(13, vec(shape.tags.map((sig) => [0, u(typeIdx(shape, sig))])));

export const globalSection = (rng: Rng, shape: Shape): number[] =>
  section(
    6,
    vec(
      shape.globals.map((g, i) => {
        const init = i === FUEL ? [0x41, ...s(CALLS)] : constant(rng, shape, g.type);
        return [typeBytes(g.type), g.isMutable ? 1 : 0, init, 0x0b];
      }),
    ),
  );

/** Whether JavaScript can hold a `t`. */
const isReadable = (t: Type): boolean => t !== "v128" && !(isRef(t) && heapOf(t) === "exn");

/** Wrappers by the name `f` and their number, tables, memories, tags, the globals that JavaScript can read. */
export function exportSection(shape: Shape, more: readonly Parts[]): number[] {
  const items: Parts[] = shape.funcs.map((_, i) => [name(`f${i}`), 0, u(funcIdx(shape, shape.funcs.length + i))]);
  items.push(...more);
  shape.tables.forEach(({ elem }, i) => {
    if (isReadable(elem)) items.push([name(`t${i}`), 1, u(i)]);
  });
  shape.mems.forEach((_, i) => void items.push([name(i === 0 ? "m" : `m${i}`), 2, u(i)]));
  shape.tags.forEach((_, i) => void items.push([name(`e${i}`), 4, u(i)]));
  shape.globals.forEach(({ type, isMutable }, i) => {
    const isFree = !isMutable || shape.profile.has("mutable-globals");
    if (isReadable(type) && isFree && i !== FUEL) items.push([name(`g${i}`), 3, u(i)]);
  });
  return section(7, vec(items));
}

const offset = (addr: Addr, at: number): number[] => [addr === "i64" ? 0x42 : 0x41, ...s(at), 0x0b];

/**
 * The first segment is active and fills the first table with the defined functions in turn; others are passive. The
 * last declares all functions.
 */
export function elemSection(rng: Rng, shape: Shape): number[] {
  const every = shape.funcs.map((_, i) => u(funcIdx(shape, i)));
  const start = rng.oneIn(20) ? rng.below(3) : 0;
  const table = shape.tables[0]!;
  const filled = Array.from({ length: table.min - rng.below(2) }, (_, i) => every[i % every.length]!);
  const segments: Parts[] = [[0, offset(table.addr, start), vec(filled)]];
  if (!shape.profile.has("bulk-memory")) return section(9, vec(segments));
  for (const elem of shape.elems.slice(1)) {
    const inits = Array.from({ length: 3 + rng.below(4) }, () => [...constant(rng, shape, elem), 0x0b]);
    segments.push(elem === FUNCREF && rng.oneIn(2) ? [1, 0, vec(every)] : [5, typeBytes(elem), vec(inits)]);
  }
  const imported = shape.imports.map((_, i) => u(i));
  segments.push([3, 0, vec([...imported, ...every])]);
  return section(9, vec(segments));
}

export const dataCountSection = (shape: Shape): number[] =>
  shape.profile.has("bulk-memory") ? section(12, u(shape.datas)) : [];

export function dataSection(rng: Rng, shape: Shape): number[] {
  const bytes = (): number[] => sized(rng.some(40, () => rng.below(256)));
  const segments: Parts[] = [];
  for (let i = 0; i < shape.datas; i++) {
    const mem = rng.below(shape.mems.length);
    const at = offset(shape.mems[mem]!.addr, rng.oneIn(80) ? 65530 : rng.below(500));
    segments.push(i > 0 ? [1, bytes()] : mem === 0 ? [0, at, bytes()] : [2, u(mem), at, bytes()]);
  }
  return section(11, vec(segments));
}
