/** Rules of modules: indices, limits, exports, start, segments, constant expressions, declared references, features. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { body, func, moduleOf, name, section, vec } from "../binary/encode.ts";
import { compile } from "../compile.ts";

const wabt = await wabtInit();
const features = {
  multi_memory: true,
  extended_const: true,
  bulk_memory: true,
  reference_types: true,
  tail_call: true,
  exceptions: true,
  memory64: true,
};
const assemble = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, features as object).toBinary({}).buffer;

const i32 = 0x7f;
const end = 0x0b;
const type0 = section(1, vec([func([], [])]));
const func0 = section(3, vec([[0]]));
const code0 = section(10, vec([body([])]));

describe("modules that are invalid", () => {
  it.each([
    ["type of an import", moduleOf(section(2, vec([[0, 0, 0, 3]]))), "WT2002", /^unknown type 3/],
    ["type of a function", moduleOf(type0, section(3, vec([[1]])), code0), "WT2002", /^unknown type 1/],
    [
      "table limits",
      moduleOf(section(4, vec([[0x70, 1, 2, 1]]))),
      "WT2021",
      /^size minimum must not be greater than maximum/,
    ],
    ["memory limits", moduleOf(section(5, vec([[1, 2, 1]]))), "WT2021", /: 2 > 1/],
    [
      "memory minimum",
      moduleOf(section(5, vec([[0, 0x81, 0x80, 4]]))),
      "WT2019",
      /^memory size must be at most 65536 pages \(4GiB\)/,
    ],
    ["memory maximum", moduleOf(section(5, vec([[1, 0, 0x81, 0x80, 4]]))), "WT2019", /^memory size/],
    ["table size", moduleOf(section(4, vec([[0x70, 0, 0x80, 0x80, 0x80, 0x80, 0x10]]))), "WT2020", /^table size/],
    ["exported function", moduleOf(section(7, vec([[...name("a"), 0, 1]]))), "WT2003", /^unknown function 1/],
    ["exported tag", moduleOf(section(7, vec([[...name("a"), 4, 0]]))), "WT2007", /^unknown tag 0/],
    ["start", moduleOf(section(8, 4)), "WT2003", /^unknown function 4/],
    [
      "function of a segment",
      moduleOf(section(4, vec([[0x70, 0, 0]])), section(9, vec([[1, 0, 1, 5]]))),
      "WT2003",
      /^unknown function 5/,
    ],
    ["table of a segment", moduleOf(section(9, vec([[0, 0x41, 0, end, 0]]))), "WT2004", /^unknown table 0/],
    ["memory of a segment", moduleOf(section(11, vec([[0, 0x41, 0, end, 0]]))), "WT2005", /^unknown memory 0/],
    ["else without if", moduleOf(type0, func0, section(10, vec([body([0x05])]))), "WT1015", /^END opcode expected/],
    ["code after the end", moduleOf(type0, func0, section(10, vec([body([end])]))), "WT1010", /code after the end/],
    ["no end", moduleOf(type0, func0, section(10, vec([[2, 0, 0x01]]))), "WT1003", /has no end/],
    [
      "data count missing",
      moduleOf(type0, func0, section(5, 1, 0, 0), section(10, vec([body([0xfc, 9, 0])])), section(11, vec([[1, 0]]))),
      "WT1013",
      /^data count section required/,
    ],
    [
      "select with two types",
      moduleOf(type0, func0, section(10, vec([body([0x1c, 2, i32, i32])]))),
      "WT2017",
      /^invalid result arity/,
    ],
    [
      "offset beyond 32 bits",
      moduleOf(
        type0,
        func0,
        section(5, 1, 0, 0),
        section(10, vec([body([0x41, 0, 0x28, 2, 0x80, 0x80, 0x80, 0x80, 0x10, 0x1a])])),
      ),
      "WT2013",
      /^offset out of range/,
    ],
  ])("%s", (_, bytes, code, message) => {
    expect(() => compile(bytes)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it.each([
    ['(func (export "a")) (func (export "a"))', "WT2014", /^duplicate export name "a"/],
    ["(func (result i32) i32.const 1) (start 0)", "WT2018", /^start function 0/],
    ["(func (param i32)) (start 0)", "WT2018", /^start function/],
    ["(global i32 (i32.ctz (i32.const 0)))", "WT2015", /^constant expression required, found i32.ctz/],
    ["(global i32 (block (result i32) (i32.const 0)))", "WT2015", /found block/],
    ["(global i32 (i64.const 0))", "WT2001", /^type mismatch/],
    ["(global i32 (i32.const 0) (i32.const 0))", "WT2001", /^type mismatch/],
    ["(global i32 (;empty;))", "WT2001", /stack has \[\]/],
    ["(global i32 (global.get 0))", "WT2006", /^unknown global 0/],
    ["(global i32 (global.get 1)) (global i32 (i32.const 0))", "WT2006", /^unknown global 1/],
    ['(global (import "m" "g") (mut i32)) (global i32 (global.get 0))', "WT2015", /mutable global 0/],
    ["(table 1 funcref) (elem (i64.const 0))", "WT2001", /requires \[i32\]/],
    ["(table 1 externref) (elem (i32.const 0) func)", "WT2001", /table of externref/],
    ["(memory 1) (data (i64.const 0))", "WT2001", /requires \[i32\]/],
    ["(func $f (drop (ref.func $f)))", "WT2022", /^undeclared function reference 0/],
    ["(func $f (drop (ref.func $f))) (start $f)", "WT2022", /^undeclared function reference/],
  ])("%s", (fields, code, message) => {
    expect(() => compile(assemble(`(module ${fields})`))).toThrow(
      expect.objectContaining({ kind: "invalid", code, message: expect.stringMatching(message) }),
    );
  });
});

describe("modules that are valid", () => {
  it.each([
    ["globals see those before", "(global i32 (i32.const 1)) (global i32 (global.get 0))"],
    ["extended constants", "(global i32 (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const 3))))"],
    ["references declared by an export", '(func $f (export "f") (drop (ref.func $f)))'],
    ["references declared by a segment", "(func $f (drop (ref.func $f))) (elem declare func $f)"],
    ["references declared by a global", "(func $f (drop (ref.func $f))) (global funcref (ref.func $f))"],
    ["largest limits", "(memory 65536 65536) (table 0 0xffffffff funcref)"],
  ])("%s", (_, fields) => {
    expect(() => compile(assemble(`(module ${fields})`))).not.toThrow();
  });
});

describe("features of a module", () => {
  it.each([
    ["(func) (table 1 funcref) (memory 1) (global i32 (i32.const 0))", []],
    ["(func (result i32) i32.const 0 i32.extend8_s)", ["sign-extension"]],
    ["(func (result i32) f32.const 0 i32.trunc_sat_f32_s)", ["saturating-float-to-int"]],
    ["(func (result i32 i32) i32.const 0 i32.const 0)", ["multi-value"]],
    ["(func (i32.const 0) (loop (param i32) drop))", ["multi-value"]],
    ["(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)))", ["bulk-memory"]],
    ["(func (drop (ref.null extern)))", ["reference-types"]],
    ["(table 1 funcref) (table 1 funcref)", ["reference-types"]],
    ["(memory 1) (memory 1)", ["multi-memory"]],
    ["(global i32 (i32.add (i32.const 0) (i32.const 0)))", ["extended-const"]],
    ['(global (export "g") (mut i32) (i32.const 0))', ["mutable-globals"]],
    ["(func (drop (v128.const i32x4 0 0 0 0)))", ["simd"]],
    ["(func $f (return_call $f))", ["tail-call"]],
    ["(tag) (func (throw 0))", ["exceptions"]],
    ["(memory i64 1)", ["memory64"]],
  ])("%s", (fields, expected) => {
    expect([...compile(assemble(`(module ${fields})`)).features]).toEqual(expected);
  });

  it("that are switched off are refused where they are used", () => {
    const bytes = assemble("(module (func (result i32) i32.const 0 i32.extend8_s))");
    expect(() => compile(bytes, { features: { "sign-extension": false } })).toThrow(
      expect.objectContaining({ kind: "unsupported", code: "WT1902", func: 0, offset: bytes.length - 2 }),
    );
  });

  it("that wait to be switched on are refused until they are", () => {
    const bytes = moduleOf(type0, func0, section(10, vec([body([0xfe, 3, 0])])));
    expect(() => compile(bytes)).toThrow(
      expect.objectContaining({
        kind: "unsupported",
        code: "WT1917",
        message: expect.stringMatching(/needs the threads proposal \(.*\), which is turned off/),
        hint: "turn the feature threads on",
      }),
    );
    expect([...compile(bytes, { features: { threads: true } }).features]).toEqual(["threads"]);
  });

  it("that are absent are refused by name in bodies", () => {
    const bytes = moduleOf(type0, func0, section(10, vec([body([0xe0, 0])])));
    expect(() => compile(bytes)).toThrow(
      expect.objectContaining({
        kind: "unsupported",
        code: "WT1921",
        message: expect.stringMatching(/opcode e0: needs the stack-switching proposal/),
      }),
    );
  });
});
