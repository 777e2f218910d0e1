/** Sections replaced, added and left out; the rest of the module stays the same bytes. */
import { describe, expect, it } from "vitest";
import { CONCRETE, EXACT, heapTypes, refType as makeRefType } from "../types.ts";
import { body, func, heapType, moduleOf, name, preamble, refType, section, vec } from "./encode.ts";
import { Reader } from "./reader.ts";
import { concat, type Payload, rewrite, sectionIds } from "./rewrite.ts";
import { decode } from "./sections.ts";
import { readHeapType, readValType } from "./types.ts";

const types = section(1, vec([func([], [])]));
const funcs = section(3, vec([0]));
const start = section(8, 0);
const code = section(10, vec([body([])]));
const custom = (text: string): number[] => section(0, name(text), 1, 2, 3);
const memory: Payload = [[1, 0], [1]];

function rewritten(bytes: Uint8Array, changes: [number, Payload | null][]): Uint8Array {
  return concat(rewrite(decode(bytes), new Map(changes)));
}

describe("rewriting", () => {
  it("without changes gives the same bytes, sizes of any length included", () => {
    const long = [1, 0x80 | (types.length - 2), 0x80, 0x00, ...types.slice(2)];
    const bytes = moduleOf(custom("a"), long, funcs, custom("b"), start, code, custom("c"));
    expect(rewritten(bytes, [])).toEqual(bytes);
  });

  it("replaces, leaves out", () => {
    const bytes = moduleOf(types, funcs, section(5, vec([[0, 9]])), custom("x"), start, code);
    const want = moduleOf(types, funcs, section(5, 1, 0, 1), custom("x"), code);
    const changes: [number, Payload | null][] = [
      [sectionIds.start, null],
      [sectionIds.memory, memory],
    ];
    expect(rewritten(bytes, changes)).toEqual(want);
  });

  it("adds a section at its place, before the custom sections there", () => {
    const bytes = moduleOf(custom("a"), types, funcs, custom("b"), code, custom("name"));
    const changes: [number, Payload | null][] = [
      [sectionIds.data, [[0]]],
      [sectionIds.memory, memory],
      [sectionIds.start, null],
    ];
    const want = moduleOf(
      custom("a"),
      types,
      funcs,
      section(5, 1, 0, 1),
      custom("b"),
      code,
      section(11, 0),
      custom("name"),
    );
    expect(rewritten(bytes, changes)).toEqual(want);
    expect(rewritten(Uint8Array.from(preamble), [[sectionIds.data, [[0]]]])).toEqual(moduleOf(section(11, 0)));
  });
});

describe("types", () => {
  it.each([
    ...Object.values(heapTypes),
    CONCRETE,
    CONCRETE + 63,
    CONCRETE + 64,
    CONCRETE + 100_000,
    EXACT | (CONCRETE + 70),
  ])("heap type %i is read as it was written", (heap) => {
    expect(readHeapType(new Reader(Uint8Array.from(heapType(heap))))).toBe(heap);
    for (const isNullable of [true, false]) {
      const type = makeRefType(heap, isNullable);
      expect(readValType(new Reader(Uint8Array.from(refType(type))))).toBe(type);
    }
  });
  it("take their short form", () => expect(refType(makeRefType(heapTypes.func, true))).toEqual([0x70]));
});
