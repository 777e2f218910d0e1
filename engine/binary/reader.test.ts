/** LEB128 and the other primitive values: ranges, forms, offsets of errors. */
import { describe, expect, it } from "vitest";
import { WasmError } from "../errors.ts";
import { s, u } from "./encode.ts";
import { Reader } from "./reader.ts";

const reader = (...bytes: number[]): Reader => new Reader(Uint8Array.from(bytes));

/** `code@offset` of the error that `read` gives on `bytes`, or its value. */
function outcome(bytes: readonly number[], read: (r: Reader) => unknown): unknown {
  const r = reader(0xaa, ...bytes);
  r.pos = 1;
  try {
    return read(r);
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    return `${error.code}@${error.offset}`;
  }
}

describe("u32", () => {
  it("reads what is written, in short and long forms", () => {
    for (const n of [0, 1, 127, 128, 16383, 16384, 2 ** 28 - 1, 2 ** 28, 2 ** 31, 2 ** 32 - 1]) {
      const r = reader(...u(n), 0x55);
      expect(r.u32()).toBe(n);
      expect(r.pos).toBe(u(n).length);
    }
    expect(reader(0x82, 0x80, 0x80, 0x80, 0x00).u32()).toBe(2);
  });

  it.each([
    [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "WT1005@1"],
    [[0x80, 0x80, 0x80, 0x80, 0x10], "WT1006@1"],
    [[0x80, 0x80, 0x80, 0x80, 0x4f], "WT1006@1"],
    [[0x80, 0x80], "WT1003@3"],
    [[], "WT1003@1"],
  ])("refuses %j", (bytes, error) => {
    expect(outcome(bytes, (r) => r.u32())).toBe(error);
  });
});

describe("s32", () => {
  it("reads what is written", () => {
    for (const n of [0, 1, -1, 63, 64, -64, -65, 2 ** 27, -(2 ** 27) - 1, 2 ** 31 - 1, -(2 ** 31)]) {
      expect(reader(...s(n)).s32()).toBe(n);
    }
    expect(reader(0xff, 0xff, 0xff, 0xff, 0x7f).s32()).toBe(-1);
  });

  it.each([
    [[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "WT1005@1"],
    [[0xff, 0xff, 0xff, 0xff, 0x0f], "WT1006@1"],
    [[0x80, 0x80, 0x80, 0x80, 0x70], "WT1006@1"],
    [[0x80, 0x80, 0x80, 0x80, 0x08], "WT1006@1"],
  ])("refuses %j", (bytes, error) => {
    expect(outcome(bytes, (r) => r.s32())).toBe(error);
  });
});

describe("s33", () => {
  it("holds every u32 and negative codes", () => {
    for (const n of [0, 2 ** 32 - 1, 2 ** 31, -1, -64, -(2 ** 32)]) expect(reader(...s(n)).s33()).toBe(n);
    expect(outcome([0x80, 0x80, 0x80, 0x80, 0x20], (r) => r.s33())).toBe("WT1006@1");
  });
});

describe("64 bits", () => {
  const numbers = [0n, 1n, -1n, 63n, 64n, -64n, -65n, 2n ** 31n, -(2n ** 31n), 2n ** 63n - 1n, -(2n ** 63n)];
  for (let shift = 1n; shift < 63n; shift++)
    numbers.push(1n << shift, -(1n << shift), (1n << shift) - 1n, ~(1n << shift));

  it("s64 reads what is written, as halves and as bigint", () => {
    for (const n of numbers) {
      const r = reader(...s(n));
      const low = r.s64();
      expect([low, r.hi]).toEqual([Number(BigInt.asIntN(32, n)), Number(BigInt.asIntN(32, n >> 32n))]);
      expect(reader(...s(n)).s64Big()).toBe(n);
    }
  });

  it("u64 reads up to 2^53 exactly and is clamped beyond", () => {
    for (const n of [0, 127, 128, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]) expect(reader(...u(n)).u64()).toBe(n);
    expect(reader(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01).u64()).toBe(2 ** 53);
  });

  it("refuses what is too long or too large", () => {
    const nine = new Array<number>(9).fill(0x80);
    expect(outcome([...nine, 0x80, 0x00], (r) => r.s64())).toBe("WT1005@1");
    expect(outcome([...nine, 0x01], (r) => r.s64())).toBe("WT1006@1");
    expect(outcome([...nine, 0x7e], (r) => r.s64())).toBe("WT1006@1");
    expect(outcome([...nine, 0x02], (r) => r.u64())).toBe("WT1006@1");
    expect(outcome([...nine, 0x80, 0x00], (r) => r.u64())).toBe("WT1005@1");
    expect(outcome(nine, (r) => r.u64())).toBe("WT1003@10");
  });
});

describe("other values", () => {
  it("floats are their bits", () => {
    const view = new DataView(new ArrayBuffer(12));
    view.setFloat32(0, -1.5, true);
    view.setFloat64(4, Math.PI, true);
    const r = new Reader(new Uint8Array(view.buffer));
    expect(r.f32Bits()).toBe(view.getInt32(0, true));
    expect([r.f64Bits(), r.hi]).toEqual([view.getInt32(4, true), view.getInt32(8, true)]);
    expect(r.remaining).toBe(0);
  });

  it("opcodes are numbered as in the instruction table", () => {
    expect(reader(0x6a).opcode()).toBe(0x6a);
    expect(reader(0xfc, 0x8a, 0x00).opcode()).toBe(0xfc00a);
    expect(reader(0xff).opcode()).toBe(0xff);
    expect(outcome([0xfc, 0x80, 0x20], (r) => r.opcode())).toBe("WT1014@1");
  });

  it("names are bounded and well-formed", () => {
    expect(reader(2, 0xc3, 0xa9).name(10)).toBe("é");
    expect(outcome([3, 0x61, 0x62], (r) => r.name(10))).toBe("WT1004@1");
    expect(outcome([1, 0xff], (r) => r.name(10))).toBe("WT1007@2");
    expect(outcome([3, 0x61, 0x62, 0x63], (r) => r.name(2))).toBe("WT2923@1");
  });

  it("counts never exceed the bytes that are left", () => {
    expect(outcome([2, 0, 0], (r) => r.count())).toBe(2);
    expect(outcome([0xff, 0xff, 0xff, 0xff, 0x0f, 0], (r) => r.count())).toBe("WT1003@1");
  });

  it("nothing is read beyond the end that was set, though the form of an integer is judged first", () => {
    const r = reader(0x80, 0x80, 0x01);
    r.end = 2;
    expect(() => r.u32()).toThrow(expect.objectContaining({ code: "WT1003", offset: 2 }));
    const long = reader(0x80, 0x80, 0x80, 0x80, 0x80, 0x00);
    long.end = 2;
    expect(() => long.u32()).toThrow(expect.objectContaining({ code: "WT1005", offset: 0 }));
  });

  it("errors name the function that is read", () => {
    const r = reader();
    r.func = 7;
    expect(() => r.u8()).toThrow(
      expect.objectContaining({ func: 7, message: expect.stringContaining("in function 7") }),
    );
  });
});
