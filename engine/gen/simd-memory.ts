/**
 * Cases of vector loads and stores: `e` is the effective address, `d` the result, `v` the vector operand, `c` the lane.
 *
 * The access that reaches furthest comes first, so that a store partly out of bounds writes nothing.
 */
import { type InstrDef, instrDef, type Mnemonic } from "../instrs.ts";
import type { Lane, LaneDef } from "../instrs-simd.ts";
import type { OpDef } from "../interpret/ops.ts";
import { bitsOf, copyVector, lowBody, setLane, withViews } from "./lanes.ts";

const word = (at: number): string => `dv.getInt32(e${at === 0 ? "" : ` + ${at}`}, true)`;
const putWord = (at: number, value: string): string => `dv.setInt32(e${at === 0 ? "" : ` + ${at}`}, ${value}, true);`;

/** Declares `x`, and `y` of 64 bits, as what is at `e`. */
function readLane(bits: number): string {
  if (bits === 8) return "const x = dv.getInt8(e);";
  if (bits === 16) return "const x = dv.getInt16(e, true);";
  return bits === 32 ? `const x = ${word(0)};` : `const x = ${word(0)}, y = ${word(4)};`;
}

function loadBody(def: LaneDef, bits: number): string {
  const set = (...words: string[]): string => words.map((w, i) => `I[d + ${i}] = ${w};`).join(" ");
  switch (def.how) {
    case "all":
      return `const w = ${word(12)}; I[d + 2] = ${word(8)}; I[d + 1] = ${word(4)}; I[d] = ${word(0)}; I[d + 3] = w;`;
    case "low":
      return `${readLane(64)} ${set("x", "y")} ${lowBody(def)}`;
    case "zero":
      return `${readLane(bits)} ${set("x", bits === 64 ? "y" : "0", "0", "0")}`;
    case "lane":
      return `${readLane(bits)} ${copyVector("v")} ${setLane(def.from, "c")}`;
    default:
      return `${readLane(bits)} ${splat(def.from, set)}`;
  }
}

function splat(lane: Lane, set: (...words: string[]) => string): string {
  if (bitsOf(lane) === 64) return set("x", "y", "x", "y");
  const value = lane === "i8" ? "(x & 0xff) * 0x01010101 | 0" : lane === "i16" ? "x & 0xffff | x << 16" : "x";
  return `const w = ${value}; ${set("w", "w", "w", "w")}`;
}

function storeBody(def: LaneDef, bits: number): string {
  if (def.how === "all") return [3, 2, 1, 0].map((i) => putWord(4 * i, `I[v + ${i}]`)).join(" ");
  if (bits === 8) return "dv.setInt8(e, I8[(v << 2) + c]);";
  if (bits === 16) return "dv.setInt16(e, I16[(v << 1) + c], true);";
  if (bits === 32) return putWord(0, "I[v + c]");
  return `${putWord(4, "I[v + 2 * c + 1]")} ${putWord(0, "I[v + 2 * c]")}`;
}

export function accessCase(o: OpDef): string {
  const d: InstrDef = instrDef(o.row as Mnemonic);
  const bits = d.access?.bits as number;
  const isLoad = d.type === "load" || d.type === "load_lane";
  const body = (isLoad ? loadBody : storeBody)(d.lanes as LaneDef, bits);
  return `    case ${o.num}: { ${withViews(body)} return; } // ${o.name}`;
}
