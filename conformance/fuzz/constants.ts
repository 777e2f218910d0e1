/** Constant instructions of generated modules: good in a constant expression, and in a body as well. */
import { s, u } from "../../engine/binary/encode.ts";
import { values } from "../tiers/values.ts";
import { type HeapType, isPacked, unpacked } from "./heap.ts";
import type { Rng } from "./rng.ts";
import { funcIdx, type Shape, typeIdx } from "./shape.ts";
import {
  type AbstractHeap,
  type Heap,
  heapBytes,
  heapOf,
  isNullable,
  isRef,
  type OpType,
  type Ref,
  type Type,
} from "./types.ts";

const le = (bits: bigint, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));

/** A `const` instruction with an edge value or a random one. */
export function numConstant(rng: Rng, t: OpType): number[] {
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

/** The type that is below all of the hierarchy of `heap`. */
function bottom(heap: Heap, shape: Shape): AbstractHeap {
  const isFunc = heap === "func" || heap === "nofunc" || (typeof heap === "number" && heap >= shape.heap.length);
  if (isFunc) return "nofunc";
  return heap === "extern" || heap === "noextern" ? "noextern" : heap === "exn" || heap === "noexn" ? "noexn" : "none";
}

function nullConstant(rng: Rng, shape: Shape, heap: Heap): number[] {
  const isBottom = shape.profile.has("gc") && heap !== "exn" && rng.oneIn(3);
  return [0xd0, ...heapBytes(isBottom ? bottom(heap, shape) : heap)];
}

const zeros: Readonly<Record<OpType, readonly number[]>> = {
  i32: [0x41, 0],
  i64: [0x42, 0],
  f32: [0x43, 0, 0, 0, 0],
  f64: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  v128: [0xfd, 12, ...Array<number>(16).fill(0)],
};
/** Zero, or null. */
export const zeroOf = (t: Type): readonly number[] => (isRef(t) ? [0xd0, ...heapBytes(heapOf(t))] : zeros[t]);

export const hasDefault = (type: HeapType): boolean =>
  type.fields.every(({ storage }) => isPacked(storage) || !isRef(storage) || isNullable(storage));

/** References in references that may be other than null. */
const LEVELS = 2;

/** A new object of exactly type `idx`. It ends: below some level only what must be is not null, of types before `idx`. */
function object(rng: Rng, shape: Shape, idx: number, level: number): number[] {
  const type = shape.heap[idx]!;
  const field = (i: number): number[] => constant(rng, shape, unpacked(type.fields[i]!.storage), level + 1);
  if (type.kind === "struct") {
    if (hasDefault(type) && rng.oneIn(2)) return [0xfb, 1, ...u(idx)];
    return [...type.fields.flatMap((_, i) => field(i)), 0xfb, 0, ...u(idx)];
  }
  if (hasDefault(type) && rng.oneIn(3)) return [0x41, 5, 0xfb, 7, ...u(idx)];
  if (rng.oneIn(2)) return [...field(0), 0x41, ...s(4 + rng.below(5)), 0xfb, 6, ...u(idx)];
  const n = 4 + rng.below(3);
  return [...Array.from({ length: n }, () => field(0)).flat(), 0xfb, 8, ...u(idx), n];
}

const i31 = (rng: Rng): number[] => [...numConstant(rng, "i32"), 0xfb, 0x1c];

/** Of `heap`, not null if that can be. */
function present(rng: Rng, shape: Shape, heap: Heap, level: number): number[] | undefined {
  if (typeof heap === "number") {
    if (heap < shape.heap.length) return object(rng, shape, heap, level);
    const fits = shape.funcs.flatMap((sig, f) => (typeIdx(shape, sig) === heap ? [f] : []));
    return fits.length > 0 ? [0xd2, ...u(funcIdx(shape, rng.pick(fits)))] : undefined;
  }
  switch (heap) {
    case "any":
    case "eq":
    case "i31":
      return i31(rng);
    case "struct":
    case "array":
      return object(
        rng,
        shape,
        shape.heap.findIndex((type) => type.kind === heap),
        level,
      );
    case "func":
      return [0xd2, ...u(rng.below(shape.imports.length + shape.funcs.length))];
    case "extern":
      return shape.profile.has("gc") ? [...i31(rng), 0xfb, 0x1b] : undefined;
    default:
      return undefined;
  }
}

function refConstant(rng: Rng, shape: Shape, t: Ref, level: number): number[] {
  const heap = heapOf(t);
  const isNull = isNullable(t) && (level > LEVELS || rng.oneIn(3));
  const some = isNull ? undefined : present(rng, shape, heap, level);
  if (some !== undefined) return some;
  // Nothing is of this type: a trap, which only bodies can hold.
  return isNullable(t) ? nullConstant(rng, shape, heap) : [...nullConstant(rng, shape, heap), 0xd4];
}

/** Leaves a `t`. Bounded: objects in it are small. */
export function constant(rng: Rng, shape: Shape, t: Type, level = 0): number[] {
  if (isRef(t)) return refConstant(rng, shape, t, level);
  const code = numConstant(rng, t);
  if ((t !== "i32" && t !== "i64") || !shape.profile.has("extended-const") || !rng.oneIn(6)) return code;
  const sub = (t === "i32" ? 0x6a : 0x7c) + rng.below(3);
  return [...code, ...numConstant(rng, t), sub];
}
