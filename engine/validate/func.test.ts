/** Typing of instructions: what is accepted, and the code, place and words of what is not. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { body, flat, func, moduleOf, name, type Parts, section, u, vec } from "../binary/encode.ts";
import { compile } from "../compile.ts";
import { WasmError } from "../errors.ts";
import { featureCodes } from "../faults.ts";
import { type Feature, features } from "../features.ts";
import { atomicType, type InstrDef, instrDef, mnemonics } from "../instrs.ts";
import type { OpType } from "../instrs-simd.ts";

const wabt = await wabtInit();
const syntax = { multi_memory: true, extended_const: true, bulk_memory: true, reference_types: true };

const assemble = (wat: string): Uint8Array => wabt.parseWat("t.wat", wat, syntax as object).toBinary({}).buffer;

function errorOf(wat: string): WasmError | undefined {
  try {
    compile(assemble(wat));
    return undefined;
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
}

/** Everything a body may want: function 0 is imported, `code` is in function 1. */
const around = (code: string, type = ""): string => `(module
  (type $void (func)) (type $ii (func (param i32 i32) (result i32 i64)))
  (import "m" "f" (func $imp (param i32) (result f64)))
  (func (export "f") ${type} ${code})
  (table $t 1 funcref) (table $x 1 externref) (memory 1)
  (global $c i32 (i32.const 1)) (global $v (mut i64) (i64.const 1))
  (elem $e func $imp) (data "abc"))`;

describe("bodies that are valid", () => {
  it.each([
    ["operands below a block stay", "i32.const 1 block nop end drop"],
    [
      "block with parameters",
      "i32.const 1 i32.const 2 block (type $ii) drop drop i32.const 1 i64.const 2 end drop drop",
    ],
    ["loop label takes parameters", "i32.const 1 loop (param i32) br 0 end"],
    ["loop label takes no results", "loop (result i32) br 0 end drop"],
    ["operands before unreachable vanish", "i32.const 1 unreachable"],
    ["a block in unreachable code leaves the rest unreachable", "unreachable block end i32.add drop"],
    ["if with else", "i32.const 1 if (result f32) f32.const 1 else f32.const 2 end drop"],
    ["if without else that passes on", "i32.const 5 i32.const 1 if (param i32) (result i32) end drop"],
    ["anything after unreachable", "unreachable i64.add i32.wrap_i64 select drop"],
    ["stack-polymorphic select", "unreachable select i32.add drop"],
    ["br ends a block with results", "block (result i32) i32.const 1 br 0 end drop"],
    [
      "br_table of equal labels",
      "block (result i32) block (result i32) i32.const 1 i32.const 0 br_table 0 1 end end drop",
    ],
    [
      "br_table in dead code with labels of other types",
      "block (result i32) block (result f32) unreachable br_table 0 1 end drop i32.const 0 end drop",
    ],
    ["br_if keeps its operands", "block (result i32) i32.const 1 i32.const 2 br_if 0 end drop"],
    ["return takes the results", "i32.const 9 i32.const 1 return", "(result i32)"],
    ["tables of two types", "i32.const 0 i32.const 0 table.get $x table.set $x"],
    ["references", "ref.null extern ref.is_null ref.func $imp ref.is_null i32.add drop"],
    ["typed select", "ref.null func ref.null func i32.const 1 select (result funcref) ref.is_null drop"],
    [
      "locals beyond those that are spread out",
      "local.get 300 i64.eqz local.get 299 drop drop",
      `(param i32) (local ${"f32 ".repeat(299)}i64)`,
    ],
    ["call_indirect", "i32.const 1 i32.const 2 i32.const 0 call_indirect $t (type $ii) drop drop"],
  ])("%s", (_, code, type = "") => {
    expect(errorOf(around(code, type))).toBeUndefined();
  });
});

describe("bodies that are not", () => {
  it.each([
    [
      "i32.const 1 i64.const 1 i32.add drop",
      "WT2001",
      /^type mismatch: instruction requires \[i32\] but stack has \[i64\] at i32.add/,
    ],
    ["i32.eqz drop", "WT2001", /^type mismatch: instruction requires \[i32\] but stack has \[\] at i32.eqz/],
    ["i32.const 1", "WT2001", /1 operands below the results \[\]/],
    ["i32.const 1 block i32.eqz drop end drop", "WT2001", /stack has \[\]/],
    ["unreachable f32.const 1 i32.eqz drop", "WT2001", /\[i32\] but stack has \[f32\]/],
    ["i32.const 1 if (result i32) i32.const 1 end drop", "WT2001", /if without else/],
    ["block (result i32) end drop", "WT2001", /at end/],
    ["i32.const 1 loop (param i32) drop br 0 end", "WT2001", /requires \[i32\] but stack has \[\] at br/],
    [
      "block (result i32) block i32.const 1 i32.const 0 br_table 0 1 end i32.const 0 end drop",
      "WT2001",
      /labels of br_table take 0 and 1/,
    ],
    [
      "block (result f32) block (result i32) i32.const 1 i32.const 0 br_table 0 1 end drop f32.const 0 end drop",
      "WT2001",
      /requires \[f32\]/,
    ],
    ["ref.null func ref.null func i32.const 1 select drop", "WT2001", /select of references/],
    ["i32.const 1 i64.const 1 i32.const 1 select drop", "WT2001", /type mismatch/],
    ["i32.const 1 ref.is_null drop", "WT2001", /requires a reference/],
    ["i32.const 0 i32.const 0 call_indirect $x (type $void)", "WT2001", /table element is externref/],
    ["i32.const 0 i32.const 0 i32.const 0 table.copy $t $x", "WT2001", /externref, not funcref/],
    ["i32.const 0 i32.const 0 i32.const 0 table.init $x $e", "WT2001", /not externref/],
    ["local.get 7 drop", "WT2008", /^unknown local 7/],
    ["block br 1 end block br 2 end", "WT2009", /^unknown label 2/],
    ["call 9", "WT2003", /^unknown function 9/],
    ["global.get 9 drop", "WT2006", /^unknown global 9/],
    ["i32.const 1 global.set $c", "WT2016", /^immutable global 0/],
    ["i32.const 0 i32.load align=8 drop", "WT2012", /^alignment must not be larger than natural/],
    ["i32.const 0 i32.load 3 drop", "WT2005", /^unknown memory 3/],
    ["i32.const 0 table.get 5 drop", "WT2004", /^unknown table 5/],
    ["elem.drop 4", "WT2010", /^unknown elem segment 4/],
    ["data.drop 4", "WT2011", /^unknown data segment 4/],
    ["i32.const 0 call_indirect $t (type 9)", "WT2002", /^unknown type 9/],
  ])("%s", (code, expected, message) => {
    const error = errorOf(around(code));
    expect(error).toMatchObject({ kind: "invalid", code: expected, func: 1, message: expect.stringMatching(message) });
    expect(error?.message).toMatch(/\(at offset 0x[0-9a-f]+ in function 1\)$/);
  });

  it("the offset is that of the instruction", () => {
    const wat = around("nop nop i64.const 1 i32.eqz drop");
    const bytes = assemble(wat);
    const at = errorOf(wat)?.offset ?? 0;
    expect([...bytes.subarray(at - 4, at + 1)]).toEqual([0x01, 0x01, 0x42, 0x01, 0x45]);
  });
});

describe("locals without default value", () => {
  const on = { features: { "function-references": true } } as const;
  const funcRef = [0x64, 0x70];
  const get = [0x20, 0, 0x1a];
  const set = [0xd2, 0, 0x21, 0];
  const end = 0x0b;
  const verdict = (code: Parts, param?: Parts): string => {
    const bytes = moduleOf(
      section(1, vec([func(param === undefined ? [] : [param], [])])),
      section(3, vec([[0]])),
      section(7, vec([[...name("f"), 0, 0]])),
      section(10, vec([body(code, [[1, funcRef]])])),
    );
    try {
      compile(bytes, on);
      return "ok";
    } catch (error) {
      return (error as WasmError).code;
    }
  };

  it.each([
    ["read at once", get, "WT2024"],
    ["set, then read", [set, get], "ok"],
    ["set before the block", [set, 0x02, 0x40, get, end, get], "ok"],
    ["set in a block, read in it", [0x02, 0x40, set, get, end], "ok"],
    ["set in a block, read after it", [0x02, 0x40, set, end, get], "WT2024"],
    ["set in one branch", [0x41, 0, 0x04, 0x40, set, 0x05, get, end], "WT2024"],
    ["tee", [0xd2, 0, 0x22, 0, 0x1a, get], "ok"],
    ["in the next function-wide block", [0x02, 0x40, set, end, 0x02, 0x40, get, end], "WT2024"],
  ])("%s", (_, code, expected) => {
    expect(verdict(code)).toBe(expected);
  });

  it("of a type that does not exist are refused", () => {
    const bytes = moduleOf(
      section(1, vec([func([], [])])),
      section(3, vec([[0]])),
      section(10, vec([body([], [[1, [0x63, 7]]])])),
    );
    expect(() => compile(bytes, on)).toThrow(expect.objectContaining({ code: "WT2002", func: 0 }));
  });

  it("a parameter is set from the start", () => {
    expect(verdict(get, funcRef)).toBe("ok");
  });
});

/** One row in a body of its own, byte by byte: the assembler does not know all of them. */
describe("every row that is not special", () => {
  const valTypes = ["i32", "i64", "f32", "f64", "v128"] as const satisfies readonly OpType[];
  const codes: Readonly<Record<OpType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b };
  const zeros: Readonly<Record<OpType, Parts>> = {
    i32: [0x41, 0],
    i64: [0x42, 0],
    f32: [0x43, 0, 0, 0, 0],
    f64: [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
    v128: [0xfd, 12, ...new Array<number>(16).fill(0)],
  };
  const allOn = Object.fromEntries(Object.keys(features).map((f) => [f, true])) as Record<Feature, boolean>;
  /** Flags of the memories of `attempt`. */
  const memories = { i32: 0, i64: 4 } as const;
  type Address = keyof typeof memories;

  /** Operands and results when memory 0 has addresses of type `addr`. */
  function typeOf(def: InstrDef, addr: Address): readonly [readonly OpType[], readonly OpType[]] | undefined {
    const val = def.access?.val ?? "i32";
    switch (def.type) {
      case "special":
        return undefined;
      case "load":
        return [[addr], [val]];
      case "store":
      case "store_lane":
        return [[addr, val], []];
      case "load_lane":
        return [[addr, val], [val]];
      case "atomic": {
        const [operands, results] = atomicType(def);
        return [[addr, ...operands], results];
      }
      default:
        return def.type;
    }
  }

  const replaced = (types: readonly OpType[], at: number, by: OpType): OpType[] =>
    types.map((t, i) => (i === at ? by : t));
  const naturalAlign = (def: InstrDef): number => Math.log2((def.access?.bits ?? 8) / 8);
  const opcodeBytes = (opcode: number): Parts => (opcode < 0x100 ? [opcode] : [opcode >>> 12, ...u(opcode & 0xfff)]);

  /** Immediates that are right, unless `align` or `lane` are not. */
  function immsOf(def: InstrDef, align = naturalAlign(def), lane = 0): Parts {
    return def.imms.map((kind) => {
      if (kind === "memarg") return [align, 0];
      if (kind === "laneidx") return [lane];
      if (kind === "laneidx16") return [...new Array<number>(15).fill(0), lane];
      // A constant: its bytes are those of the zero of its type.
      return (flat(zeros[kind as OpType]) as number[]).slice(kind === "v128" ? 2 : 1);
    });
  }

  function attempt(
    def: InstrDef,
    from: readonly OpType[],
    to: readonly OpType[],
    { imms = immsOf(def), addr = "i32" as Address, on = allOn } = {},
  ): string {
    const code = [from.map((t) => zeros[t]), opcodeBytes(def.opcode), imms];
    const bytes = moduleOf(
      section(
        1,
        vec([
          func(
            [],
            to.map((t) => [codes[t]]),
          ),
        ]),
      ),
      section(3, vec([[0]])),
      section(5, vec([[memories[addr], 1]])),
      section(10, vec([body(code)])),
    );
    try {
      compile(bytes, { features: on });
      return "ok";
    } catch (error) {
      if (error instanceof WasmError) return error.code;
      throw error;
    }
  }

  const rows = mnemonics.flatMap((m) => {
    const def = instrDef(m);
    const type = typeOf(def, "i32");
    return type === undefined ? [] : [[m, ...type, def] as const];
  });

  it("is tried", () => {
    expect(rows.length).toBeGreaterThan(480);
    expect(new Set(rows.map(([, , , def]) => (typeof def.type === "string" ? def.type : "plain"))).size).toBe(6);
  });

  it.each(rows)("%s takes %j and gives %j", (_, params, results, def) => {
    expect(attempt(def, params, results)).toBe("ok");
    params.forEach((param, i) => {
      for (const other of valTypes.filter((t) => t !== param)) {
        expect(attempt(def, replaced(params, i, other), results)).toBe("WT2001");
      }
    });
    results.forEach((result, i) => {
      for (const other of valTypes.filter((t) => t !== result)) {
        expect(attempt(def, params, replaced(results, i, other))).toBe("WT2001");
      }
    });
    if (params.length > 0) expect(attempt(def, params.slice(1), results)).toBe("WT2001");
    expect(attempt(def, params, [...results, "i32"])).toBe("WT2001");
  });

  const accesses = rows.filter(([, , , def]) => def.access !== undefined);
  it.each(accesses)("%s takes addresses of the memory's type, aligned at most naturally", (_, params, results, def) => {
    const [params64, results64] = typeOf(def, "i64")!;
    expect(attempt(def, params64, results64, { addr: "i64" })).toBe("ok");
    expect(attempt(def, params, results, { addr: "i64" })).toBe("WT2001");
    expect(attempt(def, params64, results64)).toBe("WT2001");
    const natural = naturalAlign(def);
    expect(attempt(def, params, results, { imms: immsOf(def, natural + 1) })).toBe("WT2012");
    const under = def.type === "atomic" ? "WT2045" : "ok";
    if (natural > 0) expect(attempt(def, params, results, { imms: immsOf(def, natural - 1) })).toBe(under);
  });

  const laned = rows.filter(([, , , def]) => def.imms.includes("laneidx") || def.imms.includes("laneidx16"));
  it.each(laned)("%s takes the lanes there are", (m, params, results, def) => {
    const shape = /^[if](\d+)x/.exec(m)?.[1] ?? /(\d+)_lane$/.exec(m)?.[1];
    const count = def.imms.includes("laneidx16") ? 32 : 128 / Number(shape);
    expect(attempt(def, params, results, { imms: immsOf(def, undefined, count - 1) })).toBe("ok");
    expect(attempt(def, params, results, { imms: immsOf(def, undefined, count) })).toBe("WT2040");
    expect(attempt(def, params, results, { imms: immsOf(def, undefined, 255) })).toBe("WT2040");
  });

  const featured = rows.filter(([, , , def]) => def.feature !== undefined);
  it.each(featured)("%s is refused without its proposal", (_, params, results, def) => {
    const feature = def.feature as Feature;
    // Vectors as operands are of simd, which must not be what is missed.
    const isOwn = feature !== "simd";
    const on = { ...allOn, [feature]: false };
    expect(attempt(def, isOwn ? params : [], isOwn ? results : [], { on })).toBe(featureCodes[feature]);
  });
});
