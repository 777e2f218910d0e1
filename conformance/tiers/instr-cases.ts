/**
 * One module for each instruction of the table with a plain type: the instruction on locals, on constants on either
 * side, under a negation, as a condition, compared, and in a loop with constants. Text, to be assembled and run in every tier.
 */
import { type InstrDef, instrDef, type Mnemonic, mnemonics, type NumType } from "../../engine/instrs.ts";
import { carrier, values } from "./values.ts";

export interface InstrCase {
  readonly mnemonic: Mnemonic;
  readonly wat: string;
  readonly params: readonly NumType[];
  readonly result: NumType;
  /** Result bits are fixed even for NaNs. */
  readonly isExact: boolean;
  /** Exports that take `params` (as bits); the others take one fewer or none. */
  readonly exports: readonly { readonly name: string; readonly params: readonly NumType[] }[];
}

const toBits: Readonly<Record<NumType, string>> = {
  i32: "",
  i64: "",
  f32: "i32.reinterpret_f32",
  f64: "i64.reinterpret_f64",
};
const fromBits: Readonly<Record<NumType, string>> = {
  i32: "",
  i64: "",
  f32: "f32.reinterpret_i32",
  f64: "f64.reinterpret_i64",
};

const arg = (t: NumType, i: number): string => `local.get ${i} ${fromBits[t]}`;
const constant = (t: NumType, bits: number | bigint): string => `${carrier(t)}.const ${bits} ${fromBits[t]}`;
/** A constant of its own type, which lowering may make an immediate. */
const direct = (t: NumType, bits: number | bigint): string =>
  t === "i32" || t === "i64" ? `${t}.const ${bits}` : constant(t, bits);

function plain(m: Mnemonic, d: InstrDef): InstrCase | undefined {
  if (d.lanes !== undefined || typeof d.type === "string" || d.type[0].length === 0 || d.type[1].length !== 1)
    return undefined;
  const [params, [result]] = d.type as readonly [readonly NumType[], readonly [NumType]];
  const exports: { name: string; params: readonly NumType[] }[] = [];
  const funcs: string[] = [];
  const add = (name: string, ps: readonly NumType[], body: string, res: NumType = result): void => {
    const param = ps.length > 0 ? `(param ${ps.map(carrier).join(" ")})` : "";
    funcs.push(
      `(func (export "${name}") ${param} (result ${carrier(res)}) (local i32 i64 f32 f64) ${body} ${toBits[res]})`,
    );
    exports.push({ name, params: ps });
  };
  const args = params.map(arg).join(" ");
  add("locals", params, `${args} ${m}`);
  add("loop", params, `(loop (result ${result}) ${args} ${m})`);
  if (result === "i32") {
    add("negated", params, `${args} ${m} i32.eqz`);
    add("twice", params, `${args} ${m} i32.eqz i32.eqz`);
    add("if", params, `${args} ${m} (if (result i32) (then i32.const 5) (else i32.const 6))`);
    add("if-not", params, `${args} ${m} i32.eqz (if (result i32) (then i32.const 5) (else i32.const 6))`);
    add("br_if", params, `(block (result i32) i32.const 7 ${args} ${m} br_if 0 drop i32.const 8)`);
  }
  if (result === "i32" || result === "i64") {
    // Words of the result are signed: the second one certainly is.
    const one = `${args} ${m}`;
    add("equal", params, `${one} ${one} ${one} ${result}.or ${result}.eq`, "i32");
  }
  if (params.length === 2) addConstants(params, add, m, result);
  const isExact = d.words !== undefined || (result !== "f32" && result !== "f64");
  return { mnemonic: m, wat: `(module ${funcs.join("\n")})`, params, result, isExact, exports };
}

type Add = (name: string, ps: readonly NumType[], body: string, res?: NumType) => void;

function addConstants(params: readonly NumType[], add: Add, m: Mnemonic, result: NumType): void {
  const [x, y] = params as [NumType, NumType];
  values[y].forEach((v, i) => {
    add(`right ${i}`, [x], `${arg(x, 0)} ${direct(y, v)} ${m}`);
    add(`looped ${i}`, [x], `(loop (result ${result}) ${arg(x, 0)} ${direct(y, v)} ${m})`);
    if (result === "i32")
      add(
        `right-if ${i}`,
        [x],
        `${arg(x, 0)} ${direct(y, v)} ${m} (if (result i32) (then i32.const 5) (else i32.const 6))`,
      );
    if (result === "i32")
      add(
        `right-not ${i}`,
        [x],
        `${arg(x, 0)} ${direct(y, v)} ${m} i32.eqz (if (result i32) (then i32.const 5) (else i32.const 6))`,
      );
  });
  values[x].forEach((v, i) => {
    add(`left ${i}`, [y], `${direct(x, v)} ${arg(y, 0)} ${m}`);
  });
}

export const instrCases: readonly InstrCase[] = mnemonics.flatMap((m) => plain(m, instrDef(m)) ?? []);
