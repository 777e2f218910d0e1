/**
 * One module for each load, store and atomic access of the table, in text: the same functions over a memory of one page,
 * however that memory is declared. Every declaration must behave alike on the same addresses.
 */
import { atomicType, type InstrDef, instrDef, type Mnemonic, mnemonics, type NumType } from "../../engine/instrs.ts";
import { carrier } from "./values.ts";

export interface MemoryCase {
  readonly mnemonic: Mnemonic;
  readonly bytes: number;
  /** Operands after the address, as the exports take them: integers of the same width for floats. */
  readonly operands: readonly NumType[];
  /** The module's text. Exports: `f0`.. (by `offsets`, address first), memory `m`. */
  wat(memory: MemoryForm): string;
}

/** How the memory is declared: its type, where it stands, and the type of its addresses. */
export interface MemoryForm {
  readonly title: string;
  readonly memories: string;
  readonly idx: number;
  readonly addr: "i32" | "i64";
}

export const plainForm: MemoryForm = { title: "i32", memories: '(memory (export "m") 1 1)', idx: 0, addr: "i32" };
export const forms: readonly MemoryForm[] = [
  plainForm,
  { title: "i64", memories: '(memory (export "m") i64 1 1)', idx: 0, addr: "i64" },
  { title: "second", memories: '(memory 1) (memory (export "m") 1 1)', idx: 1, addr: "i32" },
  { title: "shared", memories: '(memory (export "m") 1 1 shared)', idx: 0, addr: "i32" },
  { title: "shared i64", memories: '(memory (export "m") i64 1 1 shared)', idx: 0, addr: "i64" },
  { title: "pages of a byte", memories: '(memory (export "m") 65536 65536 (pagesize 1))', idx: 0, addr: "i32" },
];

export const offsets = [0, 1, 8, 0xfff8, 0xffffffff] as const;

const fromBits: Readonly<Record<NumType, string>> = {
  i32: "",
  i64: "",
  f32: "f32.reinterpret_i32",
  f64: "f64.reinterpret_i64",
};
const toBits: Readonly<Record<NumType, string>> = {
  i32: "",
  i64: "",
  f32: "i32.reinterpret_f32",
  f64: "i64.reinterpret_f64",
};

/** Operands after the address, and results; undefined for what is no access. */
function shape(d: InstrDef): readonly [readonly NumType[], readonly NumType[]] | undefined {
  if (d.access === undefined || d.access.val === "v128" || d.atomic === "wait") return undefined;
  if (d.type === "load") return [[], [d.access.val]];
  if (d.type === "store") return [[d.access.val], []];
  return d.type === "atomic" ? atomicType(d) : undefined;
}

function caseOf(m: Mnemonic): MemoryCase[] {
  const d = instrDef(m);
  const types = shape(d);
  if (types === undefined || d.access === undefined) return [];
  const [operands, results] = types;
  const wat = ({ memories, idx, addr }: MemoryForm): string => {
    const params = `(param ${[addr, ...operands.map(carrier)].join(" ")})`;
    const result = results.map((t) => `(result ${carrier(t)})`).join("");
    const args = operands.map((t, i) => `local.get ${i + 1} ${fromBits[t]}`).join(" ");
    const funcs = offsets.map((offset, i) => {
      const access = `${m} ${idx === 0 ? "" : idx} offset=${offset}`;
      const back = results.map((t) => toBits[t]).join("");
      return `(func (export "f${i}") ${params} ${result} local.get 0 ${args} ${access} ${back})`;
    });
    return `(module ${memories} ${funcs.join("\n")})`;
  };
  return [{ mnemonic: m, bytes: d.access.bits / 8, operands: operands.map(carrier), wat }];
}

export const memoryCases: readonly MemoryCase[] = mnemonics.flatMap(caseOf);
