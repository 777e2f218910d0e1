/** Subtyping with the types of 3.0, and the validity of definition types, on modules written byte by byte. */
import { describe, expect, it } from "vitest";
import { func, moduleOf, type Parts, section, vec } from "./binary/encode.ts";
import { decode } from "./binary/sections.ts";
import { canonicalTypes, canonOf, TypeRegistry } from "./canon.ts";
import { canonicalMatcher, type Matcher, matcherOf } from "./match.ts";
import { BOT, CONCRETE, F32, heapTypes as h, I32, refType, V128, type ValType } from "./types.ts";
import { validate } from "./validate/module.ts";

const on = { features: { gc: true, "function-references": true, exceptions: true, simd: true } } as const;
const i32 = 0x7f;
const i64 = 0x7e;
const types = (...groups: Parts[]): Uint8Array => moduleOf(section(1, vec(groups)));
const sub = (supers: number[], comp: Parts): Parts => [0x50, ...vec(supers.map((x) => [x])), comp];
const final = (supers: number[], comp: Parts): Parts => [0x4f, ...vec(supers.map((x) => [x])), comp];
const struct = (...fields: Parts[]): Parts => [0x5f, ...vec(fields)];
const array = (...field: Parts): Parts => [0x5e, ...field];
const rec = (...members: Parts[]): Parts => [0x4e, ...vec(members)];
const ref = (idx: number): Parts => [0x64, idx];
const refNull = (idx: number): Parts => [0x63, idx];

const matching = (...groups: Parts[]): Matcher => matcherOf(decode(types(...groups), on).types);
const concrete = (idx: number, isNullable = false): ValType => refType(CONCRETE + idx, isNullable);

describe("abstract types", () => {
  const matcher = matching();
  const below: readonly (readonly [lower: number, upper: number])[] = [
    [h.i31, h.eq],
    [h.struct, h.eq],
    [h.array, h.eq],
    [h.eq, h.any],
    [h.i31, h.any],
    [h.none, h.any],
    [h.none, h.i31],
    [h.none, h.struct],
    [h.none, h.array],
    [h.none, h.eq],
    [h.nofunc, h.func],
    [h.noextern, h.extern],
    [h.noexn, h.exn],
  ];
  const all = Object.values(h);

  it("match as in the specification, and in no other way", () => {
    for (const a of all) {
      for (const b of all) {
        const expected =
          a === b ||
          below.some(([lower, upper]) => lower === a && upper === b) ||
          (a === h.struct && b === h.any) ||
          (a === h.array && b === h.any);
        expect(`${a} ${b} ${matcher.isSubHeap(a, b)}`).toBe(`${a} ${b} ${expected}`);
      }
    }
  });

  it("a reference that is not null matches one that may be, not the reverse", () => {
    expect(matcher.isSub(refType(h.func, false), refType(h.func, true))).toBe(true);
    expect(matcher.isSub(refType(h.func, true), refType(h.func, false))).toBe(false);
  });

  it("numbers match only themselves, and bot everything", () => {
    expect(matcher.isSub(I32, F32)).toBe(false);
    expect(matcher.isSub(I32, refType(h.any, true))).toBe(false);
    expect(matcher.isSub(refType(h.none, true), I32)).toBe(false);
    for (const t of [I32, V128, refType(h.exn, false)]) expect(matcher.isSub(BOT, t)).toBe(true);
  });
});

describe("concrete types", () => {
  it("are below their kind, and above the bottom of it", () => {
    const m = matching(func([], []), struct(), array(i32, 0));
    const pairs = [
      [0, h.func, h.nofunc],
      [1, h.struct, h.none],
      [2, h.array, h.none],
    ] as const;
    for (const [idx, above, bottom] of pairs) {
      expect(m.isSub(concrete(idx), refType(above, true))).toBe(true);
      expect(m.isSub(refType(bottom, false), concrete(idx))).toBe(true);
      expect(m.isSub(refType(above, false), concrete(idx))).toBe(false);
    }
    expect(m.isSub(concrete(1), refType(h.eq, false))).toBe(true);
    expect(m.isSub(concrete(0), refType(h.any, false))).toBe(false);
    expect(m.isSub(refType(h.none, false), concrete(0))).toBe(false);
  });

  it("are equal when their groups are, wherever they stand", () => {
    const pair = rec(struct([refNull(1), 0]), struct([refNull(0), 1]));
    const same = rec(struct([refNull(3), 0]), struct([refNull(2), 1]));
    const other = rec(struct([refNull(5), 0]), struct([refNull(4), 0]));
    const m = matching(pair, same, other);
    expect(m.isSub(concrete(0), concrete(2))).toBe(true);
    expect(m.isSub(concrete(3), concrete(1))).toBe(true);
    expect(m.isSub(concrete(0), concrete(1))).toBe(false);
    expect(m.isSub(concrete(0), concrete(4))).toBe(false);
  });

  it("in groups of another length are different", () => {
    const m = matching(func([], []), rec(func([], []), struct()), rec(func([], [])));
    expect(m.isSub(concrete(0), concrete(1))).toBe(false);
    expect(m.isSub(concrete(0), concrete(3))).toBe(true);
  });

  it("are below those they declare, and theirs", () => {
    const m = matching(
      sub([], struct()),
      sub([0], struct([i32, 0])),
      sub([1], struct([i32, 0], [i64, 1])),
      sub([], struct()),
    );
    expect(m.isSub(concrete(2), concrete(0, true))).toBe(true);
    expect(m.isSub(concrete(0), concrete(2))).toBe(false);
    expect(m.isSub(concrete(2), concrete(3))).toBe(true);
  });
});

describe("canonical numbers", () => {
  const idsOf = (...groups: Parts[]): Int32Array => canonOf(decode(types(...groups), on).types);

  it("are those of other modules for equal groups, and only for them", () => {
    const list = rec(sub([], struct([refNull(0), 0], [i32, 1])));
    const far = rec(sub([], struct([refNull(1), 0], [i32, 1])));
    const other = rec(sub([], struct([refNull(0), 0], [i64, 1])));
    const [here] = idsOf(list);
    expect([...idsOf(func([i64], []), far)][1]).toBe(here);
    expect([...idsOf(other)][0]).not.toBe(here);
    expect([...idsOf(rec(final([], struct([refNull(0), 0], [i32, 1]))))][0]).not.toBe(here);
  });

  it("match as the types do", () => {
    const base = sub([], struct());
    const [parent, child, stranger] = idsOf(base, sub([0], struct([i32, 0])), func([], [])) as unknown as number[];
    const [again] = idsOf(base) as unknown as number[];
    expect(again).toBe(parent);
    const is = (a: number, b: number): boolean => canonicalMatcher.isSub(concrete(a), concrete(b, true));
    expect([is(child!, parent!), is(parent!, child!), is(stranger!, parent!)]).toEqual([true, false, false]);
    expect(canonicalMatcher.isSub(concrete(stranger!), refType(h.func, false))).toBe(true);
    expect(canonicalMatcher.isSub(concrete(child!), refType(h.eq, false))).toBe(true);
  });
});

describe("the registry of types", () => {
  const read = (...groups: Parts[]) => decode(types(...groups), on).types;

  it("is full when it has as many as it may, and still knows those", () => {
    const registry = new TypeRegistry(3, 1000);
    const known = read(struct(), rec(struct([refNull(2), 0]), struct()));
    expect([...canonicalTypes(known, registry)]).toEqual([0, 1, 2]);
    const full = expect.objectContaining({ kind: "exhausted", code: "WT5005" });
    expect(() => canonicalTypes(read(array(i32, 0)), registry)).toThrow(full);
    expect(() => canonicalTypes(read(array(i32, 0)), registry)).toThrow(full);
    expect([...canonicalTypes(known, registry)]).toEqual([0, 1, 2]);
    expect([registry.displays.length, registry.comps.length]).toEqual([3, 3]);
  });

  it("counts what the types are made of", () => {
    const registry = new TypeRegistry(100, 300);
    const wide = (n: number) => read(func(new Array<Parts>(n).fill([i64]), []));
    expect([...canonicalTypes(wide(20), registry)]).toEqual([0]);
    expect(() => canonicalTypes(wide(200), registry)).toThrow(expect.objectContaining({ code: "WT5005" }));
    expect([...canonicalTypes(wide(21), registry)]).toEqual([1]);
  });
});

const outcome = (...groups: Parts[]): string => {
  try {
    const module = decode(types(...groups), on);
    validate(module, on);
    return "ok";
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
};

describe("declarations of supertypes", () => {
  it.each([
    ["wider struct", [sub([], struct([i32, 0])), final([0], struct([i32, 0], [i64, 0]))], "ok"],
    ["narrower struct", [sub([], struct([i32, 0])), final([0], struct())], "WT2023"],
    ["other field", [sub([], struct([i32, 0])), final([0], struct([i64, 0]))], "WT2023"],
    ["packed field", [sub([], struct([0x78, 0])), final([0], struct([0x77, 0]))], "WT2023"],
    ["field below, constant", [sub([], struct([0x6e, 0])), final([0], struct([0x6d, 0]))], "ok"],
    ["field below, mutable", [sub([], struct([0x6e, 1])), final([0], struct([0x6d, 1]))], "WT2023"],
    ["mutable for constant", [sub([], struct([i32, 0])), final([0], struct([i32, 1]))], "WT2023"],
    ["array", [sub([], array(0x6e, 0)), final([0], array(0x6b, 0))], "ok"],
    ["array of another kind", [sub([], array(i32, 0)), final([0], struct())], "WT2023"],
    ["results below", [sub([], func([], [[0x6e]])), final([0], func([], [[0x6d]]))], "ok"],
    ["parameters above", [sub([], func([[0x6d]], [])), final([0], func([[0x6e]], []))], "ok"],
    ["parameters below", [sub([], func([[0x6e]], [])), final([0], func([[0x6d]], []))], "WT2023"],
    ["final", [final([], struct()), sub([0], struct())], "WT2023"],
    ["final by default", [struct(), sub([0], struct())], "WT2023"],
    ["itself", [sub([0], struct())], "WT2002"],
    ["a cycle", [rec(sub([1], struct()), sub([0], struct()))], "WT2002"],
    ["a later type", [sub([1], struct()), sub([], struct())], "WT2002"],
    ["two", [sub([], struct()), sub([], struct()), sub([0, 1], struct())], "WT2023"],
    ["of its own group, recursive", [rec(sub([], struct([refNull(0), 0])), final([0], struct([ref(1), 0])))], "ok"],
    ["64 above", Array.from({ length: 65 }, (_, i) => sub(i === 0 ? [] : [i - 1], struct())), "WT2904"],
    ["63 above", Array.from({ length: 64 }, (_, i) => sub(i === 0 ? [] : [i - 1], struct())), "ok"],
  ] as const)("%s", (_, groups, expected) => {
    expect(outcome(...(groups as readonly Parts[]))).toBe(expected);
  });

  it("names of types reach to the end of their group, not further", () => {
    expect(outcome(rec(struct([ref(1), 0]), struct()))).toBe("ok");
    expect(outcome(struct([ref(1), 0]), struct())).toBe("WT2002");
    expect(outcome(func([ref(7)], []))).toBe("WT2002");
  });
});
