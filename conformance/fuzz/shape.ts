/** What a generated module has besides its function bodies: types, globals, tables, segments; and how they are written. */
import { func, name, type Parts, s, section, sized, u, vec } from "../../engine/binary/encode.ts";
import { carrier, values } from "../tiers/values.ts";
import type { Rng } from "./rng.ts";
import { codes, type Type, types } from "./rows.ts";

export interface Signature {
  readonly params: readonly Type[];
  readonly results: readonly Type[];
}

export interface GlobalShape {
  readonly type: Type;
  readonly isMutable: boolean;
}

export interface Shape {
  readonly signatures: readonly Signature[];
  /** Signature index of each function; wrappers are not among them. */
  readonly funcs: readonly number[];
  /** The first is the fuel of calls. */
  readonly globals: readonly GlobalShape[];
  /** Elements of each funcref table. */
  readonly tables: readonly number[];
  readonly datas: number;
  readonly elems: number;
  readonly hasTailCalls: boolean;
}

/** Global that bounds the number of calls. */
export const FUEL = 0;
/** Calls in one run of an export. */
export const CALLS = 60;
const FUNCREF = 0x70;

export function randomShape(rng: Rng, hasTailCalls: boolean): Shape {
  const list = (max: number): Type[] => rng.some(max, () => rng.pick(types));
  const signatures: Signature[] = [{ params: [], results: [] }];
  for (let i = 4 + rng.below(4); i > 0; i--) signatures.push({ params: list(4), results: list(3) });
  for (const t of types) signatures.push({ params: list(2), results: [t] });
  const globals: GlobalShape[] = [{ type: "i32", isMutable: true }];
  for (const type of types) globals.push({ type, isMutable: true }, { type, isMutable: rng.oneIn(2) });
  return {
    signatures,
    funcs: Array.from({ length: 2 + rng.below(5) }, () => rng.below(signatures.length)),
    globals,
    tables: [4 + rng.below(12), 1 + rng.below(8)],
    datas: 2 + rng.below(2),
    elems: 2 + rng.below(2),
    hasTailCalls,
  };
}

const le = (bits: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));

/** A `const` instruction with an edge value or a random one. */
export function constant(rng: Rng, t: Type): number[] {
  if (t === "v128") {
    const lane = (): bigint => BigInt.asUintN(64, BigInt(rng.pick(values[rng.pick(["i64", "f64"] as const)])));
    const pair = (): bigint => BigInt(rng.pick(values.f32) as number) | (BigInt(rng.pick(values.i32) as number) << 32n);
    const half = (): bigint => BigInt.asUintN(64, rng.oneIn(2) ? lane() : pair());
    return [0xfd, 0x0c, ...le(half(), 8), ...le(half(), 8)];
  }
  const value = rng.oneIn(4) ? rng.below(300) - 20 : rng.pick(values[t]);
  switch (t) {
    case "i32":
      return [0x41, ...s(Number(value) | 0)];
    case "i64":
      return [0x42, ...s(BigInt(value))];
    case "f32":
      return [0x43, ...le(BigInt.asUintN(32, BigInt(value)), 4)];
    default:
      return [0x44, ...le(BigInt.asUintN(64, BigInt(value)), 8)];
  }
}

export const signatureType = ({ params, results }: Signature): number[] =>
  func(
    params.map((t) => codes[t]),
    results.map((t) => codes[t]),
  );

/** The carriers of `t`'s bits through JavaScript. */
export const carriers = (t: Type): readonly ("i32" | "i64")[] => (t === "v128" ? ["i64", "i64"] : [carrier(t)]);

export const wrapperSignature = ({ params, results }: Signature): Signature => ({
  params: params.flatMap(carriers),
  results: results.flatMap(carriers),
});

const limits = (min: number, max: number): number[] => [1, ...u(min), ...u(max)];

export const tableSection = (shape: Shape): number[] =>
  section(4, vec(shape.tables.map((n) => [FUNCREF, ...limits(n, n + 10)])));
export const memorySection = (rng: Rng): number[] => {
  const min = rng.below(2) + (rng.oneIn(8) ? 0 : 1);
  return section(5, vec([limits(min, min + rng.below(3))]));
};
export const globalSection = (rng: Rng, shape: Shape): number[] =>
  section(
    6,
    vec(
      shape.globals.map((g, i) => {
        const init = i === FUEL ? [0x41, ...s(CALLS)] : constant(rng, g.type);
        return [codes[g.type], g.isMutable ? 1 : 0, init, 0x0b];
      }),
    ),
  );

/** Functions by the name `f` and their number, one memory, tables, the globals that JavaScript can read. */
export function exportSection(shape: Shape): number[] {
  const items: Parts[] = shape.funcs.map((_, i) => [name(`f${i}`), 0, u(shape.funcs.length + i)]);
  shape.tables.forEach((_, i) => void items.push([name(`t${i}`), 1, u(i)]));
  items.push([name("m"), 2, 0]);
  shape.globals.forEach((g, i) => {
    if (g.type !== "v128" && i !== FUEL) items.push([name(`g${i}`), 3, u(i)]);
  });
  return section(7, vec(items));
}

/** The first segment is active and fills the first table with all functions in turn; the others are passive. */
export function elemSection(rng: Rng, shape: Shape): number[] {
  const every = shape.funcs.map((_, i) => u(i));
  const start = rng.oneIn(20) ? rng.below(3) : 0;
  const filled = Array.from({ length: shape.tables[0]! - rng.below(2) }, (_, i) => u(i % every.length));
  const segments: Parts[] = [[0, 0x41, ...s(start), 0x0b, vec(filled)]];
  for (let i = 1; i < shape.elems; i++) {
    const inits = [...every.map((f) => [0xd2, f, 0x0b]), [0xd0, FUNCREF, 0x0b]];
    segments.push(rng.oneIn(2) ? [1, 0, vec(every)] : [5, FUNCREF, vec(inits)]);
  }
  segments.push([3, 0, vec(every)]);
  return section(9, vec(segments));
}

export const dataCountSection = (shape: Shape): number[] => section(12, u(shape.datas));
export function dataSection(rng: Rng, shape: Shape): number[] {
  const bytes = (): number[] => sized(rng.some(40, () => rng.below(256)));
  const segments: Parts[] = [];
  for (let i = 0; i < shape.datas; i++) {
    const at = rng.oneIn(40) ? 65530 : rng.below(500);
    segments.push(i === 0 ? [0, 0x41, ...s(at), 0x0b, bytes()] : [1, bytes()]);
  }
  return section(11, vec(segments));
}
