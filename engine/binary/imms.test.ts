/** Immediates: what is printed, and that skipping takes as many bytes as printing. */
import { describe, expect, it } from "vitest";
import { type ImmKind, type InstrDef, instrDef, mnemonics } from "../instrs.ts";
import { s, u } from "./encode.ts";
import { printImms, skipImms } from "./imms.ts";
import { defOf, mnemonicOf } from "./opcodes.ts";
import { Reader } from "./reader.ts";

const f32 = (x: number): number[] => [...new Uint8Array(new Float32Array([x]).buffer)];
const f64 = (x: number): number[] => [...new Uint8Array(new Float64Array([x]).buffer)];

/** Bytes and text of immediates of each kind. */
const examples: Record<ImmKind, readonly (readonly [number[], string])[]> = {
  blocktype: [
    [[0x40], ""],
    [[0x7f], "(result i32)"],
    [[0x70], "(result funcref)"],
    [s(300), "(type 300)"],
  ],
  labelidx: [[u(300), "300"]],
  labels: [
    [[0, 5], "5"],
    [[2, 1, 0x80, 0x01, 3], "1 128 3"],
  ],
  funcidx: [[u(2 ** 32 - 1), "4294967295"]],
  typeidx: [[[3], "3"]],
  tableidx: [[[0], "0"]],
  memidx: [[[1], "1"]],
  localidx: [[[2], "2"]],
  globalidx: [[[3], "3"]],
  dataidx: [[[4], "4"]],
  elemidx: [[[5], "5"]],
  tagidx: [[u(300), "300"]],
  fieldidx: [[[6], "6"]],
  arity: [[[7], "7"]],
  catches: [
    [[0], ""],
    [
      [4, 0, ...u(200), 1, 1, 3, 0, 2, 4, 3, ...u(128)],
      "(catch 200 1) (catch_ref 3 0) (catch_all 4) (catch_all_ref 128)",
    ],
  ],
  castflags: [
    [[0], ""],
    [[3], "null=3"],
  ],
  zero: [[[0], ""]],
  valtypes: [[[2, 0x7f, 0x6f], "(result i32 externref)"]],
  heaptype: [
    [[0x70], "func"],
    [[0x6e], "any"],
    [[0x69], "exn"],
    [s(70), "70"],
  ],
  memarg: [
    [[2, 8], "offset=8 align=4"],
    [[0x43, 1, 0], "1 offset=0 align=8"],
  ],
  i32: [[s(-(2 ** 31)), "-2147483648"]],
  i64: [[s(-(2n ** 63n)), "-9223372036854775808"]],
  f32: [
    [f32(1.5), "1.5"],
    [f32(-0), "-0"],
    [f32(Number.NEGATIVE_INFINITY), "-inf"],
    [[0x01, 0x00, 0xa0, 0xff], "-nan:0x200001"],
  ],
  f64: [
    [f64(-2.25), "-2.25"],
    [[1, 0, 0, 0, 0, 0, 0xf8, 0x7f], "nan:0x8000000000001"],
  ],
  laneidx: [[[200], "200"]],
  laneidx16: [[[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 31], "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31"]],
  v128: [
    [
      [1, 0, 0, 0, 0, 0, 0, 0x80, 2, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
      "i32x4 0x00000001 0x80000000 0x00000002 0xffffffff",
    ],
  ],
};

const cases = Object.entries(examples).flatMap(([kind, list]) =>
  list.map(([bytes, text]) => [kind as ImmKind, text, bytes] as const),
);

describe("immediates", () => {
  it.each(cases)("%s prints as `%s`, and skipping agrees", (kind, text, bytes) => {
    const def: InstrDef = { opcode: 0, imms: [kind], type: "special", spec: "" };
    const input = Uint8Array.from([...bytes, 0x99]);
    const printing = new Reader(input);
    expect(printImms(printing, def)).toBe(text);
    const skipping = new Reader(input);
    skipImms(skipping, def);
    expect([printing.pos, skipping.pos]).toEqual([bytes.length, bytes.length]);
  });

  it("of an instruction come in order", () => {
    const r = new Reader(Uint8Array.from([3, 1]));
    expect(printImms(r, instrDef("call_indirect"))).toBe("3 1");
  });

  it("refuses flags that are none", () => {
    expect(() => skipImms(new Reader(Uint8Array.from([0x80, 0x01, 0])), instrDef("i32.load"))).toThrow(
      "malformed memop flags",
    );
    const skip = (kind: ImmKind, bytes: number[]) => () =>
      skipImms(new Reader(Uint8Array.from(bytes)), { opcode: 0, imms: [kind], type: "special", spec: "" });
    expect(skip("castflags", [4])).toThrow("malformed cast flags 0x4");
    expect(skip("catches", [1, 4, 0, 0])).toThrow("malformed catch clause 0x04");
    expect(skip("zero", [1])).toThrow("zero byte expected");
  });
});

describe("opcodes", () => {
  it("lead to their rows", () => {
    for (const m of mnemonics) expect(mnemonicOf(instrDef(m).opcode)).toBe(m);
  });

  it("without row give an error that names the proposal, if there is one", () => {
    expect(() => defOf(0xe0, 5)).toThrow(expect.objectContaining({ kind: "unsupported", code: "WT1921", offset: 5 }));
    expect(() => defOf(0xff, 5)).toThrow(expect.objectContaining({ kind: "malformed", code: "WT1014", offset: 5 }));
    expect(() => defOf(0xff, 5)).toThrow(/^illegal opcode ff/);
  });
});
