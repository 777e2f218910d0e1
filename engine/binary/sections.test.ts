/** Decoding: what a module becomes, and the place and code of each thing that can be malformed. */
import { describe, expect, it } from "vitest";
import { FUNCREF, I32, I64, refType } from "../types.ts";
import { body, func, moduleOf, name, section, u, vec } from "./encode.ts";
import { decode } from "./sections.ts";

const i32 = 0x7f;
const i64 = 0x7e;
const end = 0x0b;
const zero = [0x41, 0x00, end];
const type0 = section(1, vec([func([], [])]));
const func0 = section(3, vec([[0]]));
const code0 = section(10, vec([body([])]));

const fault = (code: string, offset?: number): unknown =>
  expect.objectContaining(offset === undefined ? { code } : { code, offset });

describe("decode", () => {
  it("an empty module", () => {
    const m = decode(moduleOf());
    expect([m.types.length, m.funcs.length, m.start, m.dataCount, m.features.size]).toEqual([
      0,
      0,
      undefined,
      undefined,
      0,
    ]);
  });

  it("functions: type, locals as runs, range of the body", () => {
    const bytes = moduleOf(
      section(1, vec([func([i32], [i64])])),
      section(3, vec([[0]])),
      section(
        10,
        vec([
          body(
            [0x42, 0x05],
            [
              [...u(300), i32],
              [0, i64],
              [1, i64],
            ],
          ),
        ]),
      ),
    );
    const m = decode(bytes);
    const f = m.funcs[0]!;
    expect(m.types[0]?.comp).toEqual({ kind: "func", params: [I32], results: [I64] });
    expect([f.type, f.locals, f.localCount]).toEqual([0, [300, I32, 0, I64, 1, I64], 301]);
    expect([...bytes.subarray(f.body.start, f.body.end)]).toEqual([0x42, 0x05, end]);
  });

  it("imports and definitions share index spaces", () => {
    const imp = (kind: number, ...type: number[]): number[] => [...name("m"), ...name("x"), kind, ...type];
    const m = decode(
      moduleOf(
        type0,
        section(2, vec([imp(0, 0), imp(1, 0x70, 0, 1), imp(2, 1, 1, 2), imp(3, i32, 1)])),
        func0,
        section(4, vec([[0x6f, 0x01, 2, 3]])),
        section(6, vec([[i64, 0, 0x42, 0x01, end]])),
        code0,
      ),
    );
    expect([m.importedFuncs, m.importedTables, m.importedMems, m.importedGlobals]).toEqual([1, 1, 1, 1]);
    expect([...m.funcTypes]).toEqual([0, 0]);
    expect(m.tableTypes.map((t) => [t.limits.min, t.limits.max])).toEqual([
      [1, undefined],
      [2, 3],
    ]);
    expect(m.memTypes[0]).toEqual({ addr: "i32", limits: { min: 1, max: 2 }, isShared: false, pageSizeLog2: 16 });
    expect(m.globalTypes.map((g) => [g.val, g.isMutable])).toEqual([
      [I32, true],
      [I64, false],
    ]);
    expect(m.imports.map((i) => i.offset)[1]).toBe(m.imports[0]!.offset + 6);
    expect([...m.features].sort()).toEqual(["mutable-globals", "reference-types"]);
  });

  it("element segments of all eight kinds", () => {
    const funcs = vec([[0]]);
    const exprs = vec([[0xd2, 0, end]]);
    const kinds = [
      [0, zero, funcs],
      [1, 0, funcs],
      [2, 0, zero, 0, funcs],
      [3, 0, funcs],
      [4, zero, exprs],
      [5, 0x70, exprs],
      [6, 0, zero, 0x70, exprs],
      [7, 0x70, exprs],
    ];
    const m = decode(moduleOf(type0, func0, section(4, vec([[0x70, 0, 1]])), section(9, vec(kinds)), code0));
    expect(m.elems.map((e) => e.mode.kind)).toEqual([
      "active",
      "passive",
      "active",
      "declarative",
      "active",
      "passive",
      "active",
      "declarative",
    ]);
    expect(m.elems.map((e) => e.init.kind)).toEqual([...Array(4).fill("funcs"), ...Array(4).fill("exprs")]);
    expect(m.elems.map((e) => e.type)).toEqual([...Array(4).fill(refType(0x70, false)), ...Array(4).fill(FUNCREF)]);
  });

  it("data segments of all three kinds", () => {
    const bytes = moduleOf(
      section(5, vec([[0, 1]])),
      section(12, 3),
      section(
        11,
        vec([
          [0, zero, name("ab")],
          [1, name("c")],
          [2, 0, zero, name("")],
        ]),
      ),
    );
    const m = decode(bytes);
    expect(m.dataCount).toBe(3);
    expect(Array.from(m.datas, (d) => d.mode.kind)).toEqual(["active", "passive", "active"]);
    expect(Array.from(m.datas, (d) => String.fromCharCode(...bytes.subarray(d.init.start, d.init.end)))).toEqual([
      "ab",
      "c",
      "",
    ]);
  });

  it("usual and unusual data segments, one after the other", () => {
    const long = [0x41, 0xff, 0xff, 0xff, 0xff, 0x00, end];
    const segments = [
      [0, zero, name("ab")],
      [0, [0x41, 0xff, 0xff, 0x03, end], 0x82, 0x80, 0x00, 0x63, 0x64],
      [0, long, name("e")],
      [1, name("f")],
      [2, 0, zero, name("g")],
      [0, zero, 0x80, 0x80, 0x80, 0x80, 0x00],
      [0, zero, name("h".repeat(200))],
    ];
    const bytes = moduleOf(section(5, vec([[0, 1]])), section(11, vec(segments)));
    const { datas } = decode(bytes);
    const texts = Array.from(datas, ({ init }) => String.fromCharCode(...bytes.subarray(init.start, init.end)));
    expect(texts).toEqual(["ab", "cd", "e", "f", "g", "", "h".repeat(200)]);
    expect(datas.unusual).toEqual([2, 3, 4, 5]);
    const sizes = Array.from(datas, ({ mode }) => (mode.kind === "active" ? mode.at.end - mode.at.start : 0));
    expect(sizes).toEqual([3, 5, 7, 0, 3, 3, 3]);
    expect(Array.from(datas, ({ offset }) => bytes[offset])).toEqual([0, 0, 0, 1, 2, 0, 0]);
    const tooLong = moduleOf(section(11, vec([[0, zero, 40, ...Array(30).fill(0)]])));
    expect(() => decode(tooLong)).toThrow(expect.objectContaining({ kind: "malformed", offset: tooLong.length }));
  });

  it("custom sections anywhere, with names and ranges", () => {
    const custom = section(0, name("x"), 1, 2);
    const m = decode(moduleOf(custom, type0, custom, custom));
    expect(m.customs.map((c) => [c.name, c.range.end - c.range.start])).toEqual(Array(3).fill(["x", 2]));
    expect(m.sections.map((x) => x.id)).toEqual([0, 1, 0, 0]);
  });
});

describe("malformed modules", () => {
  it.each([
    ["section id", moduleOf([14, 0]), "WT1008", 8],
    ["section order", moduleOf(section(3, 0), section(1, 0)), "WT1009", 11],
    ["section repeated", moduleOf(section(5, 0), section(5, 0)), "WT1009", 11],
    ["data count after code", moduleOf(section(10, 0), section(12, 0)), "WT1009", 11],
    ["section too long", moduleOf([1, 5, 0]), "WT1004", 9],
    ["section with rest", moduleOf(section(1, 0, 0)), "WT1010", 11],
    ["section size", moduleOf([1]), "WT1003", 9],
    ["custom without name", moduleOf(section(0)), "WT1003", 10],
    ["custom name", moduleOf(section(0, 1, 0x80)), "WT1007", 11],
    ["functions without code", moduleOf(type0, func0), "WT1011", undefined],
    ["code without functions", moduleOf(code0), "WT1011", undefined],
    ["data count too high", moduleOf(section(12, 1)), "WT1012", undefined],
    ["value type", moduleOf(section(1, vec([func([0x79], [])]))), "WT1016", 13],
    ["reference type", moduleOf(section(4, vec([[i32, 0, 0]]))), "WT1017", 11],
    ["type form", moduleOf(section(1, vec([[0x61, 0, 0]]))), "WT1019", 11],
    ["type form as long integer", moduleOf(section(1, vec([[0xe0, 0x7f, 0, 0]]))), "WT1005", 11],
    ["limits flags", moduleOf(section(5, vec([[0x10, 0]]))), "WT1020", 11],
    ["mutability", moduleOf(section(6, vec([[i32, 2, zero]]))), "WT1021", 12],
    ["import kind", moduleOf(section(2, vec([[0, 0, 5]]))), "WT1022", 13],
    ["export kind", moduleOf(section(7, vec([[0, 5, 0]]))), "WT1023", 12],
    ["element kind", moduleOf(section(9, vec([[1, 1, 0]]))), "WT1024", 12],
    ["element segment kind", moduleOf(section(9, vec([[8, 0, 0]]))), "WT1025", 11],
    ["data segment kind", moduleOf(section(11, vec([[3, 0]]))), "WT1026", 11],
    ["opcode in a constant expression", moduleOf(section(6, vec([[i32, 0, 0xf3, end]]))), "WT1014", 13],
    ["constant expression without end", moduleOf(section(6, vec([[i32, 0, 0x41, 0]]))), "WT1003", 15],
    ["more exports announced", moduleOf(section(7, 2, name("a"), 0, 0)), "WT1004", 10],
  ])("%s", (_, bytes, code, offset) => {
    expect(() => decode(bytes)).toThrow(fault(code, offset));
  });

  it("a body that shifts what follows is told, not what follows", () => {
    const shifted = [10, 4, 1, 2, 0, 0xff, 0x63, 0x63];
    expect(() => decode(moduleOf(type0, func0, shifted))).toThrow(fault("WT1014", 23));
  });
});

describe("what belongs to proposals", () => {
  it.each([
    ["(ref null func)", section(1, vec([func([[0x63, 0x70]], [])])), "function-references"],
    ["(ref 0)", section(1, vec([func([[0x64, 0]], [])])), "function-references"],
    ["anyref", section(1, vec([func([0x6e], [])])), "gc"],
    ["exnref", section(1, vec([func([0x69], [])])), "exceptions"],
    ["rec", section(1, vec([[0x4e, 0]])), "gc"],
    ["sub", section(1, vec([[0x50, 0, func([], [])]])), "gc"],
    ["struct", section(1, vec([[0x5f, 0]])), "gc"],
    ["array", section(1, vec([[0x5e, i32, 0]])), "gc"],
    ["i64 memory", section(5, vec([[4, 0]])), "memory64"],
    ["i64 table", section(4, vec([[0x70, 4, 0]])), "memory64"],
    ["shared memory", section(5, vec([[3, 0, 1]])), "threads"],
    ["page size", section(5, vec([[8, 0, 0]])), "custom-page-sizes"],
    ["table with initial value", section(4, vec([[0x40, 0, 0x70, 0, 0, 0xd0, 0x70, end]])), "function-references"],
    ["tag section", section(13, 0), "exceptions"],
    ["tag import", section(2, vec([[0, 0, 4, 0, 0]])), "exceptions"],
    ["descriptor", section(1, vec([[0x4d, 0]])), "custom-descriptors"],
    ["exact function import", section(2, vec([[0, 0, 0x20, 0]])), "custom-descriptors"],
    ["continuation", section(1, vec([[0x5d, 0]])), "stack-switching"],
  ])("%s is refused by name", (_, part, feature) => {
    const error = fault("", undefined) as object;
    expect(error).toBeDefined();
    expect(() => decode(moduleOf(part), { features: { [feature]: false } })).toThrow(
      expect.objectContaining({
        kind: "unsupported",
        message: expect.stringContaining(`needs the ${feature} proposal`),
      }),
    );
  });

  it("is read when switched on", () => {
    const on = { features: { gc: true, "function-references": true, memory64: true, exceptions: true } };
    const m = decode(
      moduleOf(
        section(
          1,
          vec([
            [
              0x4e,
              ...vec([
                [
                  0x50,
                  0,
                  0x5f,
                  ...vec([
                    [0x78, 1],
                    [0x63, 1, 0],
                  ]),
                ],
                [0x4f, 1, 0, 0x5e, 0x64, 0x6b, 0],
              ]),
            ],
            func([], []),
          ]),
        ),
        section(4, vec([[0x40, 0, 0x70, 5, 0, ...u(2 ** 40), 0xd0, 0x70, end]])),
        section(13, vec([[0, 2]])),
      ),
      on,
    );
    expect(m.types.map((t) => [t.group, t.place, t.isFinal, t.supers, t.comp.kind])).toEqual([
      [0, 0, false, [], "struct"],
      [0, 1, true, [0], "array"],
      [1, 0, true, [], "func"],
    ]);
    expect(m.tables[0]?.type).toEqual({ addr: "i64", limits: { min: 0, max: 2 ** 40 }, elem: FUNCREF });
    expect(m.tables[0]?.init).toBeDefined();
    expect(m.tagTypes).toEqual([{ type: 2 }]);
    expect([...m.features].sort()).toEqual(["exceptions", "function-references", "gc", "memory64", "reference-types"]);
  });

  it("can be switched off, even when it is there", () => {
    const bytes = moduleOf(
      section(
        5,
        vec([
          [0, 1],
          [0, 1],
        ]),
      ),
    );
    expect(decode(bytes).features.has("multi-memory")).toBe(true);
    expect(() => decode(bytes, { features: { "multi-memory": false } })).toThrow(
      expect.objectContaining({ kind: "unsupported", message: expect.stringContaining("is turned off") }),
    );
  });

  it("a funcref table, there from the start, uses none", () => {
    expect(decode(moduleOf(section(4, vec([[0x70, 0, 1]])))).features.size).toBe(0);
  });
});

describe("custom page sizes", () => {
  const on = { features: { "custom-page-sizes": true } };
  const mem = (...type: number[]): Uint8Array => moduleOf(section(5, vec([type])));

  it("are read when switched on", () => {
    expect(decode(mem(8, 3, 0), on).memTypes[0]).toEqual({
      addr: "i32",
      limits: { min: 3, max: undefined },
      isShared: false,
      pageSizeLog2: 0,
    });
  });

  it("have a form", () => {
    expect(() => decode(mem(8))).toThrow(fault("WT1020"));
    expect(() => decode(mem(8), on)).toThrow(fault("WT1020"));
    expect(() => decode(mem(8, 0, 64), on)).toThrow(fault("WT1032"));
  });
});

describe("long indices", () => {
  it("are judged like other integers", () => {
    const start = (...idx: number[]): Uint8Array => moduleOf(type0, func0, section(8, idx), code0);
    expect(decode(start(0x80, 0x00)).start).toBe(0);
    expect(() => decode(start(0x80, 0x80, 0x80, 0x80, 0x10))).toThrow(fault("WT1006"));
  });
});
