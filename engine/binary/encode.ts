/**
 * Writes the primitive values of the binary format, types, and modules from sections: for what is small. Not for speed;
 * see `rewrite.ts` for modules that are mostly copied.
 */
import { EXACT, type HeapType, heapOf, isConcrete, isExact, isNullable, typeIdxOf, type ValType } from "../types.ts";
import { encodeUtf8 } from "./utf8.ts";

/** Bytes, or parts that are bytes. */
export type Parts = readonly (number | Parts)[];

export function flat(parts: Parts): number[] {
  const bytes: number[] = [];
  for (const part of parts) {
    if (typeof part === "number") bytes.push(part);
    else for (const byte of flat(part)) bytes.push(byte);
  }
  return bytes;
}

/** Unsigned LEB128 of a safe integer. */
export function u(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/** Signed LEB128. */
export function s(n: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(n);
  for (;;) {
    const bits = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && bits < 0x40) || (rest === -1n && bits >= 0x40)) return [...bytes, bits];
    bytes.push(bits | 0x80);
  }
}

/** A vector: the number of items, then the items. */
export const vec = (items: Parts): number[] => [...u(items.length), ...flat(items)];

/** The size in bytes, then the bytes. */
export function sized(parts: Parts): number[] {
  const bytes = flat(parts);
  return [...u(bytes.length), ...bytes];
}

export const name = (text: string): number[] => sized(encodeUtf8(text));

/** A heap type, as `ref.null` has it. */
export function heapType(heap: HeapType): number[] {
  if (!isConcrete(heap)) return [heap];
  return isExact(heap) ? [EXACT_CODE, ...u(typeIdxOf(heap))] : s(typeIdxOf(heap));
}
const EXACT_CODE = 0x62;

/** A reference type, in its short form where it has one. */
export function refType(t: ValType): number[] {
  const heap = heapOf(t) | (t & EXACT);
  if (isNullable(t) && !isConcrete(heap)) return heapType(heap);
  return [isNullable(t) ? 0x63 : 0x64, ...heapType(heap)];
}

export const section = (id: number, ...parts: Parts): number[] => [id, ...sized(parts)];

/** A function type. */
export const func = (params: Parts, results: Parts): number[] => [0x60, ...vec(params), ...vec(results)];

/** A function body without its final `end`; `locals` are declarations such as `[2, 0x7f]`. */
export const body = (code: Parts, locals: Parts = []): number[] => sized([vec(locals), code, 0x0b]);

export const preamble: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of these sections. */
export const moduleOf = (...sections: Parts): Uint8Array => Uint8Array.from([...preamble, ...flat(sections)]);
