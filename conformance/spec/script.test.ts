/** Reading of scripts: places, strings, module forms, exact number literals. */
import { describe, expect, it } from "vitest";
import { parseF32, parseF64, parseInteger } from "./literals.ts";
import { type Command, parseScript } from "./script.ts";
import { readNodes, ScriptError } from "./sexpr.ts";

const only = (source: string): Command => {
  const commands = parseScript(source);
  expect(commands).toHaveLength(1);
  return commands[0]!;
};

describe("s-expressions", () => {
  it("skips comments, nested ones too, and annotations", () => {
    const nodes = readNodes('(; a (; b ;) ") ;) (@x "(" ;; )\n) (get "a") ;; end');
    expect(nodes).toHaveLength(1);
  });

  it("decodes escapes to bytes", () => {
    const [node] = readNodes('"a\\00\\ff\\t\\"\\u{20ac}é"');
    expect(node).toMatchObject({
      kind: "string",
      bytes: Uint8Array.of(97, 0, 255, 9, 34, 0xe2, 0x82, 0xac, 0xc3, 0xa9),
    });
  });

  it.each(["(get", '(get "a', "(; a", ")", '"\\zz"'])("refuses %s", (source) => {
    expect(() => readNodes(source)).toThrow(ScriptError);
  });
});

describe("commands", () => {
  it("know their lines and the extent of module text", () => {
    const text = '(module $m (func (export "(")) (; ) ;) ;; )\n)';
    const commands = parseScript(`\n${text}\n(assert_trap (invoke "f") "t")`);
    expect(commands.map(({ line }) => line)).toEqual([2, 4]);
    expect(commands[0]).toMatchObject({ kind: "module", id: "$m", source: { form: "text", text } });
  });

  it("tell the forms of modules apart", () => {
    expect(only('(module binary "\\00a" "sm")')).toMatchObject({
      kind: "module",
      source: { form: "binary", bytes: Uint8Array.of(0, 0x61, 0x73, 0x6d) },
    });
    expect(only('(module quote "(func" ")")')).toMatchObject({ source: { form: "quote", text: "(func)" } });
    expect(only("(module definition $a (func))")).toMatchObject({
      kind: "definition",
      id: "$a",
      source: { text: "(module $a (func))" },
    });
    expect(only("(module instance $i $m)")).toMatchObject({ kind: "instance", id: "$i", of: "$m" });
    expect(only("(func) (memory 0)")).toMatchObject({ kind: "module", source: { text: "(func) (memory 0)" } });
  });

  it("carry values exactly", () => {
    const command = only(
      '(assert_return (invoke $m "f" (i32.const 0xffffffff) (ref.null extern) (ref.extern 3)) ' +
        "(f32.const nan:canonical) (v128.const i16x8 -1 0 0 0 0 0 0 1) (either (i64.const 1) (ref.func)))",
    );
    expect(command).toMatchObject({
      action: { id: "$m", name: "f", args: [{ type: "i32", value: -1 }, { type: "null" }, { type: "host", id: 3 }] },
      expected: [
        { type: "nan", of: "f32", pattern: "canonical" },
        { type: "v128", bytes: Uint8Array.of(255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0) },
        {
          type: "either",
          options: [
            { type: "i64", value: 1n },
            { type: "ref", heap: "func" },
          ],
        },
      ],
    });
  });

  it("that nobody knows are kept as such", () => {
    expect(only("(assert_magic)")).toMatchObject({ kind: "unknown", head: "assert_magic" });
  });
});

describe("number literals", () => {
  it.each<[string, number]>([
    ["0x1.000001p0", 0x3f800000],
    ["0x1.0000010000001p0", 0x3f800001],
    ["0x1.000003p0", 0x3f800002],
    // Decimal midpoints and their neighbours: rounding through f64 would be off by one.
    ["1.00000017881393432617187499", 0x3f800001],
    ["1.00000017881393432617187500", 0x3f800002],
    ["1.00000017881393432617187501", 0x3f800002],
    ["1.00000005960464477539062501", 0x3f800001],
    ["0x1p-149", 1],
    ["0x0.8p-149", 0],
    ["0x0.80000001p-149", 1],
    ["0x1.fffffefp127", 0x7f7fffff],
    ["0x1.ffffffp127", 0x7f800000],
    ["-inf", 0xff800000],
    ["-nan:0x200000", 0xffa00000],
    ["+1_0.5e0_1", 0x42d20000],
  ])("f32 %s", (literal, bits) => {
    expect(parseF32(literal).toString(16)).toBe(bits.toString(16));
  });

  it.each<[string, bigint]>([
    ["0x1.00000000000008p0", 0x3ff0000000000000n],
    ["0x1.000000000000080000000001p0", 0x3ff0000000000001n],
    ["0x0.00000000000008p-1022", 0n],
    ["0x1p-1074", 1n],
    ["0x1.fffffffffffff8p1023", 0x7ff0000000000000n],
    ["1e400", 0x7ff0000000000000n],
    ["nan", 0x7ff8000000000000n],
  ])("f64 %s", (literal, bits) => {
    expect(parseF64(literal).toString(16)).toBe(bits.toString(16));
  });

  it("wraps integers to their width", () => {
    expect(parseInteger("-0x8000_0000", 32)).toBe(0x80000000n);
    expect(parseInteger("18446744073709551615", 64)).toBe(0xffffffffffffffffn);
  });
});
