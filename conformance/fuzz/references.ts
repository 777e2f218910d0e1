/** References in generated functions: objects made, read, written, tested, cast; branches on null and on casts. */
import { u } from "../../engine/binary/encode.ts";
import type { Body, Effect, Writer } from "./body.ts";
import { constant, hasDefault } from "./constants.ts";
import { type Field, isPacked, type Packed, unpacked } from "./heap.ts";
import type { Shape } from "./shape.ts";
import { above, below, matches } from "./subtyping.ts";
import { index, tableGet, tableOf } from "./tables.ts";
import {
  ANYREF,
  EQREF,
  EXTERNREF,
  heapBytes,
  heapOf,
  isNullable,
  isRef,
  nonNull,
  nullable,
  type Ref,
  ref,
  type Type,
  typeBytes,
} from "./types.ts";

const BLOCK = 0x02;
const END = 0x0b;
const gc = (sub: number, ...rest: readonly number[]): number[] => [0xfb, sub, ...rest];

/** An object of type `idx` or below it; rarely null. */
const subject = (b: Body, idx: number, depth: number): number[] => b.value(ref(idx, b.rng.oneIn(25)), depth - 1);
/** An index into an array or a length, mostly inside. */
const small = (b: Body, depth: number): number[] => index(b, "i32", depth, 3);

/** Leaves a `t`. */
export function reference(b: Body, t: Ref, depth: number): number[] {
  const { rng } = b;
  if (!b.has("function-references")) return fromTable(b, t, depth);
  const kind = rng.below(b.has("gc") ? 10 : 5);
  if (kind < 2) return present(b, t, depth);
  if (kind === 2) return fromTable(b, t, depth);
  if (kind === 3) return nullBranch(b, t, depth);
  if (kind === 4) return rng.oneIn(10) ? [...b.value(nullable(t), depth - 1), 0xd4] : present(b, t, depth);
  if (kind === 5) return field(b, t, depth) ?? created(b, t, depth);
  return kind === 6 ? cast(b, t, depth) : created(b, t, depth);
}

function fromTable(b: Body, t: Ref, depth: number): number[] {
  const table = tableOf(b, t);
  return table === undefined ? b.value(t, 0) : tableGet(b, table, depth);
}

/** One that may be null, with another in its place if it is. */
function present(b: Body, t: Ref, depth: number): number[] {
  if (isNullable(t)) return b.value(t, depth - 1);
  const inside = b.within({ types: [t], counter: undefined }, () => [
    ...b.value(nullable(t), depth - 1),
    0xd6,
    0,
    ...constant(b.rng, b.shape, t),
  ]);
  return [BLOCK, ...typeBytes(t), ...inside, END];
}

/** Out of a block with the one that is not null, and on with another if it is. */
function nullBranch(b: Body, t: Ref, depth: number): number[] {
  const { rng } = b;
  const outer = { types: [t], counter: undefined };
  const inside = b.within(outer, () => {
    const value = b.within({ types: [], counter: undefined }, () => b.value(nullable(t), depth - 1));
    return [
      BLOCK,
      0x40,
      ...value,
      0xd5,
      0,
      0x0c,
      1,
      END,
      ...(rng.oneIn(2) ? constant(rng, b.shape, t) : b.value(t, depth - 1)),
    ];
  });
  return [BLOCK, ...typeBytes(t), ...inside, END];
}

/** Makes an object, or what else there is of `t`. */
function created(b: Body, t: Ref, depth: number): number[] {
  const { rng, shape } = b;
  const heap = heapOf(t);
  if (heap === "extern") return [...b.value(ref("any", isNullable(t)), depth - 1), ...gc(0x1b)];
  if (heap === "any" && rng.oneIn(4)) return [...b.value(ref("extern", isNullable(t)), depth - 1), ...gc(0x1a)];
  if (heap === "i31") return [...b.value("i32", depth - 1), ...gc(0x1c)];
  const fits = below(shape, heap);
  // Not a subtype when there is little room: an object of one may hold another, and so on.
  const idx = fits.length > 0 ? (depth > 2 || typeof heap !== "number" ? rng.pick(fits) : heap) : undefined;
  return idx === undefined ? b.value(t, 0) : object(b, idx, depth);
}

function object(b: Body, idx: number, depth: number): number[] {
  const { rng } = b;
  const type = b.shape.heap[idx]!;
  const one = (field: Field): number[] => b.value(unpacked(field.storage), depth - 1);
  if (type.kind === "struct") {
    if (hasDefault(type) && rng.oneIn(4)) return gc(1, ...u(idx));
    return [...type.fields.flatMap(one), ...gc(0, ...u(idx))];
  }
  const [element] = type.fields as readonly [Field];
  const length = [0x41, 4 + rng.below(6)];
  switch (rng.below(5)) {
    case 0:
      return hasDefault(type) ? [...length, ...gc(7, ...u(idx))] : [...one(element), ...length, ...gc(6, ...u(idx))];
    case 1: {
      const n = 4 + rng.below(2);
      const list = Array.from({ length: n }, () => b.value(unpacked(element.storage), depth - 2)).flat();
      return [...list, ...gc(8, ...u(idx), n)];
    }
    case 2:
      return fromSegment(b, idx, element, depth) ?? [...one(element), ...length, ...gc(6, ...u(idx))];
    default:
      return [...one(element), ...index(b, "i32", depth, 15), 0x41, 4, 0x72, ...gc(6, ...u(idx))];
  }
}

const isData = (storage: Type | Packed): boolean => isPacked(storage) || !isRef(storage);

/** Segments with elements for references of `storage`. */
const segmentsOf = (b: Body, storage: Type | Packed): number[] =>
  b.shape.elems.flatMap((elem, i) => (matches(b.shape, elem, storage as Type) ? [i] : []));

function fromSegment(b: Body, idx: number, { storage }: Field, depth: number): number[] | undefined {
  const range = (): number[] => [...small(b, depth), ...small(b, depth)];
  if (isData(storage)) return [...range(), ...gc(9, ...u(idx), ...u(b.rng.below(b.shape.datas)))];
  const fits = segmentsOf(b, storage);
  return fits.length > 0 ? [...range(), ...gc(10, ...u(idx), ...u(b.rng.pick(fits)))] : undefined;
}

interface Place {
  readonly idx: number;
  readonly field: number;
  readonly storage: Type | Packed;
  readonly isArray: boolean;
}

const places = (shape: Shape, isWanted: (field: Field) => boolean): Place[] =>
  shape.heap.flatMap(({ kind, fields }, idx) =>
    fields.flatMap((f, field) => (isWanted(f) ? [{ idx, field, storage: f.storage, isArray: kind === "array" }] : [])),
  );

/** Reads a field or an element that is a `t`; undefined if no object has one. */
function field(b: Body, t: Type, depth: number): number[] | undefined {
  const fits = places(b.shape, (f) => matches(b.shape, unpacked(f.storage), t));
  if (fits.length === 0) return undefined;
  const { idx, field: at, storage, isArray } = b.rng.pick(fits);
  const form = isPacked(storage) ? 1 + b.rng.below(2) : 0;
  const object = subject(b, idx, depth);
  return isArray
    ? [...object, ...small(b, depth), ...gc(0x0b + form, ...u(idx))]
    : [...object, ...gc(2 + form, ...u(idx), ...u(at))];
}

/** A type of which `t` may be a part: what is cast to `t`. */
function wider(b: Body, t: Ref): Ref {
  const heap = b.rng.pick(above(b.shape, heapOf(t)));
  return ref(heap, b.rng.oneIn(2) || isNullable(t));
}

function cast(b: Body, t: Ref, depth: number): number[] {
  const { rng } = b;
  const from = wider(b, t);
  if (["extern", "exn"].includes(String(heapOf(t)))) return created(b, t, depth);
  const flags = (isNullable(from) ? 1 : 0) | (isNullable(t) ? 2 : 0);
  const types = [...heapBytes(heapOf(from)), ...heapBytes(heapOf(t))];
  const other = (): number[] => (rng.oneIn(2) ? constant(rng, b.shape, t) : b.value(t, depth - 2));
  switch (rng.below(5)) {
    case 0:
      return [...b.value(from, depth - 1), ...gc(isNullable(t) ? 0x17 : 0x16, ...heapBytes(heapOf(t)))];
    case 1:
    case 2: {
      const inside = b.within({ types: [t], counter: undefined }, () => [
        ...b.value(from, depth - 1),
        ...gc(0x18, flags, 0, ...types),
        0x1a,
        ...other(),
      ]);
      return [BLOCK, ...typeBytes(t), ...inside, END];
    }
    default: {
      // What is left when the cast fails is not null if null would have been cast.
      const rest = isNullable(t) ? nonNull(from) : from;
      const inside = b.within({ types: [t], counter: undefined }, () => {
        const value = b.within({ types: [rest], counter: undefined }, () => b.value(from, depth - 1));
        return [BLOCK, ...typeBytes(rest), ...value, ...gc(0x19, flags, 0, ...types), 0x0c, 1, END, 0x1a, ...other()];
      });
      return [BLOCK, ...typeBytes(t), ...inside, END];
    }
  }
}

const readField: Writer = (b, t, depth) => field(b, t, depth) ?? b.value(t, depth - 1);

/** What is known of a reference, as an i32. */
const question: Writer = (b, t, depth) => {
  const { rng, shape } = b;
  if (t !== "i32") return readField(b, t, depth);
  switch (rng.below(6)) {
    case 0:
      return [...b.value(EQREF, depth - 1), ...b.value(EQREF, depth - 1), 0xd3];
    case 1:
      return [...b.value(ref("i31", rng.oneIn(25)), depth - 1), ...gc(0x1d + rng.below(2))];
    case 2:
      return [...b.value(ref("array", rng.oneIn(25)), depth - 1), ...gc(0x0f)];
    case 3:
      return [...b.value(rng.pick([ANYREF, EXTERNREF, EQREF]), depth - 1), 0xd1];
    default: {
      const target = rng.pick(shape.refs.filter((r) => heapOf(r) !== "exn"));
      const from = wider(b, target);
      return [...b.value(from, depth - 1), ...gc(0x14 + rng.below(2), ...heapBytes(heapOf(target)))];
    }
  }
};

export const reads = ({ profile }: Shape): readonly Writer[] =>
  profile.has("gc") ? [readField, readField, question, question] : [];

const write: Effect = (b, depth) => {
  const fits = places(b.shape, (f) => f.isMutable);
  if (fits.length === 0) return [];
  const { idx, field: at, storage, isArray } = b.rng.pick(fits);
  const object = subject(b, idx, depth);
  const value = b.value(unpacked(storage), depth - 1);
  return isArray
    ? [...object, ...small(b, depth), ...value, ...gc(0x0e, ...u(idx))]
    : [...object, ...value, ...gc(5, ...u(idx), ...u(at))];
};

/** `array.fill`, `array.copy`, `array.init_data`, `array.init_elem`. */
const writeMany: Effect = (b, depth) => {
  const { rng, shape } = b;
  const arrays = places(shape, (f) => f.isMutable).filter(({ isArray }) => isArray);
  if (arrays.length === 0) return write(b, depth);
  const { idx, storage } = rng.pick(arrays);
  const head = [...subject(b, idx, depth), ...small(b, depth)];
  const range = (): number[] => [...small(b, depth), ...small(b, depth)];
  const kind = rng.below(3);
  if (kind === 0)
    return [...head, ...b.value(unpacked(storage), depth - 1), ...small(b, depth), ...gc(0x10, ...u(idx))];
  if (kind === 1) {
    const isSource = (s: Type | Packed): boolean =>
      s === storage || (!isPacked(s) && !isPacked(storage) && matches(shape, s, storage));
    const from = rng.pick(places(shape, (f) => isSource(f.storage)).filter(({ isArray }) => isArray)).idx;
    return [...head, ...subject(b, from, depth), ...range(), ...gc(0x11, ...u(idx), ...u(from))];
  }
  if (isData(storage)) return [...head, ...range(), ...gc(0x12, ...u(idx), ...u(rng.below(shape.datas)))];
  const fits = segmentsOf(b, storage);
  if (fits.length === 0) return write(b, depth);
  return [...head, ...range(), ...gc(0x13, ...u(idx), ...u(rng.pick(fits)))];
};

export const objectEffects: readonly Effect[] = [write, write, writeMany];
