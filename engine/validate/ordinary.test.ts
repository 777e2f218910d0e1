/** The short way through validation finds just what the long one does, whatever is wrong. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Rng } from "../../conformance/fuzz/rng.ts";
import { body, func, moduleOf, type Parts, section, u, vec } from "../binary/encode.ts";
import { decode } from "../binary/sections.ts";
import { WasmError } from "../errors.ts";
import type { Module } from "../module.ts";
import { validate } from "./module.ts";

const load = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../bench/cases/prebuilt/${name}.wasm`, import.meta.url)));

/** What is wrong with the module, or which features it has. */
function outcome(bytes: Uint8Array, isExhaustive: boolean): unknown {
  let module: Module;
  try {
    module = decode(bytes);
  } catch {
    return undefined;
  }
  try {
    validate(module, {}, isExhaustive ? "thoroughly" : "shortly");
    return [...module.features];
  } catch (error) {
    if (!(error instanceof WasmError)) throw error;
    return [error.code, error.offset, error.message];
  }
}

describe.each(["sha512", "as-map", "nbody", "interp", "convert"])("%s", (name) => {
  const bytes = load(name);
  const [{ start }, { end }] = [decode(bytes).funcs[0]!.body, decode(bytes).funcs.at(-1)!.body];

  it("is valid both ways", () => {
    expect(outcome(bytes, false)).toEqual(outcome(bytes, true));
    expect(outcome(bytes, false)).not.toHaveLength(3);
  });

  it("is refused for the same reason with bytes changed", () => {
    const rng = new Rng(name.length);
    let refused = 0;
    for (let i = 0; i < 1500; i++) {
      const changed = bytes.slice();
      for (let n = rng.below(3); n >= 0; n--) changed[start + rng.below(end - start)] = rng.below(256);
      const long = outcome(changed, true);
      expect(outcome(changed, false), `change ${i}`).toEqual(long);
      if (Array.isArray(long) && typeof long[1] === "number") refused++;
    }
    expect(refused).toBeGreaterThan(100);
  });
});

const [i32, i64, f32, f64, v128, externref] = [0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x6f];
const types = [i32, i64, f32, f64];
const locals = [...types, v128, externref, i32];
const signatures = [
  func([], []),
  func([i32, i64], [f64]),
  func([], [i64]),
  func(Array(12).fill(i32), [i32]),
  func(Array(10).fill(i32), Array(10).fill(i32)),
  func([externref], [i32, i32]),
];

/** Levels of nesting are ordinary from the second time on that they are reached. */
const nested = [...Array(9).fill([0x02, 0x40]).flat(), ...Array(9).fill(0x0b)];

/** A module with one of everything around function 6, whose body is `code` and result `result`. @param mem  its type */
const around = (code: Parts, result: readonly number[], mem: Parts): Uint8Array =>
  moduleOf(
    section(1, vec([...signatures, func([i32, i64], result)])),
    section(3, vec([0, 1, 2, 3, 4, 5, 6].map((idx) => [idx]))),
    section(5, mem),
    section(
      6,
      vec([
        [i32, 0, 0x41, 1, 0x0b],
        [i64, 1, 0x42, 1, 0x0b],
      ]),
    ),
    section(
      10,
      vec([
        ...signatures.map((_, i) => body(i === 0 ? nested : [0x00])),
        body(
          code,
          locals.map((t) => [1, t] as [number, number]),
        ),
      ]),
    ),
    // Bodies near the end of the module are not ordinary.
    section(0, [1, 0x78, ...Array(20).fill(0)]),
  );

/** From the end of the body that is checked on. */
const AFTER = 25;
const mems: readonly Parts[] = [vec([[0, 1]]), vec([[4, 1]]), vec([])];
const constants: readonly (readonly number[])[] = [
  [0x41, 0],
  [0x42, 0x80, 0x7f],
  [0x43, 0, 0, 0, 0],
  [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
];

describe("made at random", () => {
  /** One instruction, as it is when all goes well, mostly. */
  function instr(rng: Rng): readonly number[] {
    const oneOf = (...ops: readonly number[]): number => rng.pick(ops);
    switch (rng.below(12)) {
      case 0:
      case 1:
        return rng.pick(constants);
      case 2:
        return [oneOf(0x20, 0x20, 0x21, 0x22), rng.below(10)];
      case 3:
        return [oneOf(0x23, 0x24), rng.below(3)];
      case 4:
        return [oneOf(0x1a, 0x1b, 0x01, 0x00, 0x0f, 0x05)];
      case 5:
        return [oneOf(0x02, 0x03, 0x04), oneOf(0x40, 0x40, ...types, v128, 1)];
      case 6:
      case 7:
        return [0x0b];
      case 8:
        return [oneOf(0x0c, 0x0d), ...(oneOf(0, 1) === 0 ? [rng.below(3)] : [0x80 | rng.below(3), 0])];
      case 9:
        return [0x10, rng.below(8)];
      case 10:
        return [oneOf(0x28, 0x29, 0x2d, 0x36, 0x37, 0x39), rng.below(5), ...u(rng.bits() >>> rng.below(32))];
      default:
        return [oneOf(0x45, 0x50, 0x6a, 0x7c, 0x92, 0xa0, 0xa7, 0xac, 0x99, 0xc0, 0x46)];
    }
  }

  it("bodies are found right or wrong in the same place both ways", () => {
    const rng = new Rng(7);
    let valid = 0;
    for (let n = 0; n < 500; n++) {
      const code: number[] = [];
      const result = rng.oneIn(2) ? [] : [rng.pick(types)];
      const mem = rng.oneIn(4) ? rng.pick(mems) : mems[0]!;
      for (let i = rng.below(60); i >= 0; i--) {
        const before = code.length;
        code.push(...instr(rng));
        const bytes = around(code, result, mem);
        const long = outcome(bytes, true);
        expect(outcome(bytes, false), `body ${n}: ${code}`).toEqual(long);
        expect(long).toBeDefined();
        if (!Array.isArray(long) || typeof long[1] !== "number") valid++;
        // What is wrong before the end of the body is taken back, as a rule, so that what follows is looked at.
        else if (long[1] < bytes.length - AFTER && !rng.oneIn(50)) code.length = before;
      }
    }
    expect(valid).toBeGreaterThan(200);
  });
});

describe("what is nearly ordinary", () => {
  const [get, set, end] = [0x20, 0x21, 0x0b];
  const many = (n: number): number[] => Array.from({ length: n }, () => [get, 0]).flat();
  it.each<[string, Parts, boolean]>([
    ["an if without else that should leave a value", [get, 0, 0x04, i32, get, 0, end, set, 0], false],
    ["an if with else that does", [get, 0, 0x04, i32, get, 0, 0x05, get, 0, end, set, 0], true],
    ["more operands than are packed", [...many(25), ...Array(24).fill(0x6a), set, 0], true],
    ["one too few of them", [...many(24), ...Array(24).fill(0x6a), set, 0], false],
    ["the lowest of them of another type", [get, 1, ...many(24), ...Array(24).fill(0x6a), set, 0], false],
    ["a call with more parameters", [...many(12), 0x10, 3, set, 0], true],
    ["a call with one too few", [...many(11), 0x10, 3, set, 0], false],
    [
      "a call that takes and leaves as many as are packed",
      [...many(10), 0x10, 4, ...Array(9).fill(0x6a), set, 0],
      true,
    ],
    ["operands below a block that are used after it", [...many(3), 0x02, 0x40, end, 0x6a, 0x6a, set, 0], true],
    ["operands below a block that are used in it", [...many(3), 0x02, 0x40, 0x6a, end, 0x6a, set, 0], false],
    ["an operand left in a block", [0x02, 0x40, get, 0, end], false],
    ["a select of operands of two types", [get, 0, get, 1, get, 0, 0x1b, 0x1a], false],
    ["a branch with the value of a block", [0x02, i32, get, 0, 0x0c, 0, end, set, 0], true],
    ["a branch with another", [0x02, i32, get, 1, 0x0c, 0, end, set, 0], false],
    ["anything after a branch", [0x02, 0x40, 0x0c, 0, 0x6a, 0x1a, end], true],
    ["nothing of it left after the block", [0x02, 0x40, 0x0c, 0, end, 0x1a], false],
    ["an i32 of five bytes", [0x41, 0xff, 0xff, 0xff, 0xff, 0x07, set, 0], true],
    ["one that is too large", [0x41, 0xff, 0xff, 0xff, 0xff, 0x0f, set, 0], false],
    ["an i64 of ten bytes", [0x42, ...Array(9).fill(0xff), 0x7f, set, 1], true],
    ["one that is too large", [0x42, ...Array(9).fill(0xff), 0x01, set, 1], false],
    ["a label of five bytes", [0x02, 0x40, 0x0c, 0x80, 0x80, 0x80, 0x80, 0, end], true],
  ])("%s", (_, code, isValid) => {
    const bytes = around(code, [], mems[0]!);
    const long = outcome(bytes, true);
    expect(outcome(bytes, false)).toEqual(long);
    expect(Array.isArray(long) && typeof long[1] !== "number").toBe(isValid);
  });
});
