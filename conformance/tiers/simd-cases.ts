/**
 * One module for each row with lanes: the instruction on locals, with its result put over each operand, on constants in
 * and out of a loop, and for memory at addresses up to and over the edge. Text, to be run in every tier.
 *
 * Exports take and return vectors as pairs of i64, which every host's JavaScript can pass.
 */
import { type InstrDef, instrDef, type Mnemonic, mnemonics } from "../../engine/instrs.ts";
import type { OpType } from "../../engine/instrs-simd.ts";

export interface SimdCase {
  readonly mnemonic: Mnemonic;
  readonly wat: string;
  /** Types of the operands; a vector is two i64 parameters, the lower half first. An address is an i32. */
  readonly params: readonly OpType[];
  readonly exports: readonly string[];
}

/** Where memory begins and ends, for addresses. */
export const PAGE = 65536;

const carrier = (t: OpType): string => (t === "f32" ? "i32" : t === "f64" ? "i64" : t);
const fromBits: Readonly<Record<OpType, string>> = {
  i32: "",
  i64: "",
  f32: "f32.reinterpret_i32",
  f64: "f64.reinterpret_i64",
  v128: "",
};
const toBits: Readonly<Record<OpType, string>> = {
  i32: "i64.extend_i32_s i64.const 0",
  i64: "i64.const 0",
  f32: "i32.reinterpret_f32 i64.extend_i32_u i64.const 0",
  f64: "i64.reinterpret_f64 i64.const 0",
  v128: "local.tee $out i64x2.extract_lane 0 local.get $out i64x2.extract_lane 1",
};

/** A function that unpacks its parameters to `$0`, `$1`, ... and runs `body`, which leaves a `result`. */
function func(name: string, params: readonly OpType[], result: OpType, body: string): string {
  let at = 0;
  const unpack = params.map((t, i) => {
    const value =
      t === "v128"
        ? `(i64x2.replace_lane 1 (i64x2.splat (local.get ${at++})) (local.get ${at++}))`
        : `(local.get ${at++}) ${fromBits[t]}`;
    return `${value} local.set $v${i}`;
  });
  const types = params.flatMap((t) => (t === "v128" ? ["i64", "i64"] : [carrier(t)]));
  const locals = params.map((t, i) => `(local $v${i} ${t})`).join(" ");
  return `(func (export "${name}") (param ${types.join(" ")}) (result i64 i64) ${locals} (local $out v128) (local $r ${result})
    ${unpack.join(" ")} ${body} ${toBits[result]})`;
}

const get = (i: number): string => `local.get $v${i}`;

/** Immediates to try, as text. */
function immediates({ imms, lanes }: InstrDef): readonly string[] {
  if (imms.includes("laneidx16")) {
    return [
      "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15",
      "31 16 0 15 1 30 2 29 3 28 4 27 5 26 6 25",
      "7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7",
    ];
  }
  if (!imms.includes("laneidx") || lanes === undefined) return [""];
  const count = 128 / Number(lanes.from.slice(1));
  return ["0", String(count - 1), String(count >> 1)];
}

function lanesCase(m: Mnemonic, d: InstrDef): SimdCase {
  const [params, [result]] = d.type as readonly [readonly OpType[], readonly [OpType]];
  const exports: string[] = [];
  const funcs: string[] = [];
  const add = (name: string, body: string): void => {
    exports.push(name);
    funcs.push(func(name, params, result, body));
  };
  immediates(d).forEach((imm, n) => {
    const code = `${params.map((_, i) => get(i)).join(" ")} ${m} ${imm}`;
    add(`locals ${n}`, code);
    add(`loop ${n}`, `(loop (result ${result}) ${code})`);
    params.forEach((t, i) => {
      if (t === result) add(`over ${i} ${n}`, `${code} local.set $v${i} ${get(i)}`);
    });
    // All operands as temporaries, with something below them.
    const temps = params.map((t, i) => `(block (result ${t}) ${get(i)})`).join(" ");
    add(`temporaries ${n}`, `i64.const 5 ${temps} ${m} ${imm} local.set $r drop local.get $r`);
    const constants = params.map((t, i) =>
      t === "v128" && i > 0 ? `v128.const i32x4 ${0x01020304 * i} -1 0x7fc00000 ${i}` : get(i),
    );
    add(`constants ${n}`, `(loop (result ${result}) ${constants.join(" ")} ${m} ${imm})`);
  });
  return { mnemonic: m, wat: `(module ${funcs.join("\n")})`, params, exports };
}

const MEMORY = `(memory (export "m") 1) (data (i32.const 0) "\\00\\01\\82\\83\\44\\ff\\fe\\7f\\80\\90\\00\\00\\c0\\7f\\01\\02")
  (data (i32.const 65516) "\\11\\92\\13\\94\\15\\96\\17\\98\\19\\9a\\1b\\9c\\1d\\9e\\1f\\a0\\21\\a2\\23\\a4")`;

function memoryCase(m: Mnemonic, d: InstrDef): SimdCase {
  const params: readonly OpType[] = d.type === "load" ? ["i32"] : ["i32", "v128"];
  const isStore = d.type === "store" || d.type === "store_lane";
  const exports: string[] = [];
  const funcs: string[] = [];
  const add = (name: string, body: string): void => {
    exports.push(name);
    funcs.push(func(name, params, "v128", isStore ? `${body} v128.const i64x2 0 0` : body));
  };
  const operands = params.map((_, i) => get(i)).join(" ");
  immediates(d).forEach((lane, n) => {
    for (const offset of [0, 3, 0xfff8, 0x7fffffff, 0xffffffff])
      add(`offset ${offset} ${n}`, `${operands} ${m} offset=${offset} ${lane}`);
    if (d.type === "load_lane") add(`over ${n}`, `${operands} ${m} ${lane} local.set $v1 local.get $v1`);
    const temps = params.map((t, i) => `(block (result ${t}) ${get(i)})`).join(" ");
    add(
      `temporaries ${n}`,
      `i32.const 5 ${temps} ${m} ${lane} ${isStore ? "" : "local.set $r"} drop ${isStore ? "" : "local.get $r"}`,
    );
  });
  return { mnemonic: m, wat: `(module ${MEMORY} ${funcs.join("\n")})`, params, exports };
}

/** Rows with lanes of the features `wanted`. */
export const simdCases = (wanted: "simd" | "relaxed-simd"): readonly SimdCase[] =>
  mnemonics.flatMap((m) => {
    const d = instrDef(m);
    if (d.lanes === undefined || d.feature !== wanted) return [];
    return [d.access === undefined ? lanesCase(m, d) : memoryCase(m, d)];
  });
