/**
 * Functions that a generated module tells its references by: a digest of an object's structure, and of all globals
 * that hold references.
 */
import { body, s, u } from "../../engine/binary/encode.ts";
import { isPacked } from "./heap.ts";
import type { Shape } from "./shape.ts";
import { above } from "./subtyping.ts";
import { ANYREF, heapBytes, heapOf, isRef, type Ref, ref, type Type, typeBytes } from "./types.ts";

const DEPTH = 3;
const OBJECT = 0;
const LEVELS = 1;
const SUM = 2;

const isObject = (shape: Shape, t: Ref): boolean => above(shape, heapOf(t)).includes("any");

/** Leaves an i64 for the `t` that `get` leaves. */
function told(shape: Shape, digest: number, t: Type, get: readonly number[], levels: readonly number[]): number[] {
  if (!isRef(t)) {
    if (t === "v128") return [...get, 0xfd, 0x1d, 0, ...get, 0xfd, 0x1d, 1, 0x85];
    return [...get, ...({ i32: [0xac], i64: [], f32: [0xbc, 0xac], f64: [0xbd] } as const)[t]];
  }
  if (!shape.profile.has("gc") || !(isObject(shape, t) || heapOf(t) === "extern")) return [...get, 0xd1, 0xac];
  return [...get, ...(heapOf(t) === "extern" ? [0xfb, 0x1a] : []), ...levels, 0x10, ...u(digest)];
}

/** Result `t` that `get` leaves, as an i64, by the digest function of index `digest`. */
export const toldResult = (shape: Shape, digest: number, t: Ref, get: readonly number[]): number[] =>
  told(shape, digest, t, get, [0x41, DEPTH]);

export const digestSignature = { params: [ANYREF, "i32"], results: ["i64"] } as const;

/** sum = sum * 31 + what `code` leaves. */
const add = (code: readonly number[]): number[] => [0x20, SUM, 0x42, 31, 0x7e, ...code, 0x7c, 0x21, SUM];

/** Adds the fields of an object of type `idx`, which is in local `local`. */
function addFields(shape: Shape, digest: number, idx: number, local: number): number[] {
  const { kind, fields } = shape.heap[idx]!;
  const deeper = [0x20, LEVELS, 0x41, 1, 0x6b];
  const parts = fields.flatMap(({ storage }, i) => {
    const form = isPacked(storage) ? 2 : 0;
    const t = isPacked(storage) ? "i32" : storage;
    const get = kind === "struct" ? [0xfb, 2 + form, ...u(idx), ...u(i)] : [0x41, 0, 0xfb, 0x0b + form, ...u(idx)];
    return add(told(shape, digest, t, [0x20, ...u(local), ...get], deeper));
  });
  if (kind === "struct") return parts;
  const length = [0x20, ...u(local), 0xfb, 0x0f];
  return [...add([...length, 0xad]), ...length, 0x04, 0x40, ...parts, 0x0b];
}

/** Of an object of any type, down to some levels; every type is asked for. */
export function digestBody(shape: Shape, digest: number): number[] {
  const object = [0x20, OBJECT];
  const locals: number[][] = [[1, ...typeBytes("i64")]];
  const code = [0x20, LEVELS, 0x45, ...object, 0xd1, 0x72, 0x04, 0x40, ...object, 0xd1, 0xad, 0x0f, 0x0b];
  code.push(0x02, 0x40, ...object, 0xfb, 0x14, ...heapBytes("i31"), 0x45, 0x0d, 0);
  code.push(...add([...object, 0xfb, 0x16, ...heapBytes("i31"), 0xfb, 0x1d, 0xac]), 0x0b);
  shape.heap.forEach((_, idx) => {
    const local = SUM + locals.length;
    locals.push([1, ...typeBytes(ref(idx))]);
    const heap = heapBytes(idx);
    // Alternately by a branch and by a test and a cast.
    if (idx % 2 === 0) {
      code.push(
        0x02,
        ...typeBytes(ANYREF),
        ...object,
        0xfb,
        0x19,
        1,
        0,
        ...heapBytes("any"),
        ...heap,
        0x21,
        ...u(local),
      );
      code.push(...add([0x42, ...s(idx)]), ...addFields(shape, digest, idx, local), 0x20, OBJECT, 0x0b, 0x1a);
    } else {
      code.push(...object, 0xfb, 0x14, ...heap, 0x04, 0x40, ...object, 0xfb, 0x16, ...heap, 0x21, ...u(local));
      code.push(...add([0x42, ...s(idx)]), ...addFields(shape, digest, idx, local), 0x0b);
    }
  });
  return body([...code, 0x20, SUM], locals);
}

const refGlobals = (shape: Shape): number[] => shape.globals.flatMap((g, i) => (isRef(g.type) ? [i] : []));

export const globalsSignature = (shape: Shape): { params: Type[]; results: Type[] } => ({
  params: [],
  results: refGlobals(shape).map(() => "i64" as const),
});

/** Digests of all globals that hold references. */
export const globalsBody = (shape: Shape, digest: number): number[] =>
  body(refGlobals(shape).map((i) => toldResult(shape, digest, shape.globals[i]!.type as Ref, [0x23, ...u(i)])));
