/** Modules made to exhaust us: each is refused at once, with the limit it breaks, and allocates next to nothing. */
import { describe, expect, it } from "vitest";
import { compile } from "../compile.ts";
import { moduleLimits } from "../limits.ts";
import { body, func, moduleOf, name, type Parts, section, u, vec } from "./encode.ts";

const i32 = 0x7f;
const type0 = section(1, vec([func([], [])]));
const func0 = section(3, vec([[0]]));
const huge = [0xff, 0xff, 0xff, 0xff, 0x0f];

const oneFunc = (code: Parts, locals: readonly Parts[] = []): Uint8Array =>
  moduleOf(type0, func0, section(10, vec([body(code, locals)])));
const repeat = (n: number, ...bytes: number[]): number[] => Array.from({ length: n }, () => bytes).flat();

describe("hostile modules", () => {
  it.each([
    ["section of 100 MB", moduleOf([1, ...u(100_000_000), 0]), "WT1004"],
    ["2^32-1 types", moduleOf(section(1, huge)), "WT1003"],
    ["2^32-1 imports", moduleOf(section(2, huge)), "WT1003"],
    ["2^32-1 functions", moduleOf(section(3, huge)), "WT1003"],
    ["2^32-1 tables", moduleOf(section(4, huge)), "WT1003"],
    ["2^32-1 memories", moduleOf(section(5, huge)), "WT1003"],
    ["2^32-1 globals", moduleOf(section(6, huge)), "WT1003"],
    ["2^32-1 exports", moduleOf(section(7, huge)), "WT1003"],
    ["2^32-1 element segments", moduleOf(section(9, huge)), "WT1003"],
    ["2^32-1 elements", moduleOf(section(9, 1, 1, 0, huge)), "WT1003"],
    ["2^32-1 element expressions", moduleOf(section(9, 1, 5, 0x70, huge)), "WT1003"],
    ["2^32-1 data segments", moduleOf(section(11, huge)), "WT1003"],
    ["2^32-1 bytes of data", moduleOf(section(11, 1, 1, huge)), "WT1003"],
    ["2^32-1 bodies", moduleOf(section(10, huge)), "WT1003"],
    ["body of 2^32-1 bytes", moduleOf(type0, func0, section(10, 1, huge)), "WT1004"],
    ["2^32-1 parameters", moduleOf(section(1, 1, 0x60, huge)), "WT1003"],
    ["1001 parameters", moduleOf(section(1, vec([func(Array(1001).fill([i32]), [])]))), "WT2918"],
    ["1001 results", moduleOf(section(1, vec([func([], Array(1001).fill([i32]))]))), "WT2919"],
    ["name of 2^32-1 bytes", moduleOf(section(0, huge)), "WT1004"],
    ["name of 100,001 bytes", moduleOf(section(0, name("x".repeat(100_001)))), "WT2923"],
    ["2^32-1 locals", oneFunc([], [[huge, i32]]), "WT2917"],
    [
      "2^32 locals",
      oneFunc(
        [],
        [
          [huge, i32],
          [1, i32],
        ],
      ),
      "WT1028",
    ],
    ["50,001 locals", oneFunc([], [[u(50_001), i32]]), "WT2917"],
    ["2^32-1 local declarations", moduleOf(type0, func0, section(10, 1, 6, huge, 0)), "WT1003"],
    ["100,000 blocks", oneFunc([...repeat(100_000, 0x02, 0x40), ...repeat(100_000, 0x0b)]), "WT2921"],
    ["100,000 blocks in a constant", moduleOf(section(6, 1, i32, 0, repeat(100_000, 0x02, 0x40))), "WT1003"],
    ["2^32-1 labels", oneFunc([0x41, 0, 0x0e, ...huge]), "WT1003"],
    ["65,521 labels", oneFunc([0x41, 0, 0x0e, ...u(65_521), ...repeat(65_522, 0)]), "WT2922"],
    ["2^32-1 types of select", oneFunc([0x1c, ...huge]), "WT1003"],
    ["200 memories", moduleOf(section(5, vec(Array(200).fill([0, 0])))), "WT2909"],
    ["100,001 tables", moduleOf(section(4, vec(Array(100_001).fill([0x70, 0, 0])))), "WT2908"],
  ])("%s", (_, bytes, code) => {
    const heap = process.memoryUsage().heapUsed;
    const start = performance.now();
    expect(() => compile(bytes)).toThrow(expect.objectContaining({ code }));
    expect(performance.now() - start).toBeLessThan(3000);
    expect(process.memoryUsage().heapUsed - heap).toBeLessThan(64e6);
  });

  it("operands piled up by calls", () => {
    const many = func([], Array(1000).fill([i32]));
    const bytes = moduleOf(
      section(1, vec([func([], []), many])),
      section(2, vec([[...name("m"), ...name("f"), 0, 1]])),
      func0,
      section(10, vec([body([...repeat(3_000, 0x10, 0), 0x00])])),
    );
    expect(() => compile(bytes)).toThrow(expect.objectContaining({ code: "WT2924" }));
  });

  it("a name of a limit tells the limit, the count and how to raise it", () => {
    const bytes = oneFunc([], [[u(60_000), i32]]);
    expect(() => compile(bytes)).toThrow(
      expect.objectContaining({
        kind: "invalid",
        message: expect.stringMatching(/60000 exceeds the limit of 50000 \(locals\)/),
        hint: expect.stringContaining("locals"),
      }),
    );
    expect(compile(bytes, { moduleLimits: { locals: 60_000 } }).funcs[0]?.localCount).toBe(60_000);
    expect(moduleLimits.locals.value).toBe(50_000);
  });

  it("parameters are locals too", () => {
    const withLocals = (n: number): Uint8Array =>
      moduleOf(section(1, vec([func([i32, i32], [])])), func0, section(10, vec([body([], [[u(n), i32]])])));
    expect(() => compile(withLocals(49_998))).not.toThrow();
    expect(() => compile(withLocals(49_999))).toThrow(/50001 exceeds the limit of 50000/);
  });

  it("limits can be lowered, for the whole module too", () => {
    expect(() => compile(oneFunc([]), { moduleLimits: { moduleBytes: 10 } })).toThrow(
      expect.objectContaining({ code: "WT2901" }),
    );
    expect(() => compile(oneFunc([]), { moduleLimits: { bodyBytes: 1 } })).toThrow(
      expect.objectContaining({ code: "WT2916" }),
    );
  });
});
