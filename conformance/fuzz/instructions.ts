/**
 * Where the instructions of a function begin. One that may make a NaN and what makes its NaN canonical count as one, so
 * that a minimiser does not end at a difference that the standard allows.
 */
import { skipImms } from "../../engine/binary/imms.ts";
import { defOf, mnemonicOf } from "../../engine/binary/opcodes.ts";
import { Reader } from "../../engine/binary/reader.ts";
import type { Module } from "../../engine/index.ts";
import type { Mnemonic } from "../../engine/instrs.ts";
import { canonical } from "./nans.ts";
import { type NanMaker, nanMakers } from "./rows.ts";

export interface Instruction {
  readonly start: number;
  readonly end: number;
  readonly mnemonic: Mnemonic | undefined;
  readonly maker: NanMaker | undefined;
}

/** @throws WasmError malformed, if the body is not sound */
export function instructionsOf(module: Module, f: number): Instruction[] {
  const { start, end } = module.funcs[f]!.body;
  const r = new Reader(module.bytes, start, end);
  const all: Instruction[] = [];
  while (r.pos < end) {
    const at = r.pos;
    const opcode = r.opcode();
    skipImms(r, defOf(opcode, at));
    const mnemonic = mnemonicOf(opcode);
    all.push({ start: at, end: r.pos, mnemonic, maker: nanMakers.get(mnemonic) });
  }
  return all;
}

/** Offsets in the module of the instructions of defined function `f`, the last one its final `end`. */
export function instructionStarts(module: Module, f: number): number[] {
  const starts: number[] = [];
  let from = 0;
  for (const { start, end, maker } of instructionsOf(module, f)) {
    if (start < from) continue;
    starts.push(start);
    if (maker === undefined || module.bytes[end] !== 0x22) continue;
    const local = new Reader(module.bytes, end + 1).u32();
    const code = canonical(maker.mnemonic, maker.type, local);
    if (code.every((byte, i) => module.bytes[end + i] === byte)) from = end + code.length;
  }
  return starts;
}

/** The body of defined function `f` with every NaN made canonical at once, by locals `first` (f32), + 1 (f64), + 2 (v128). */
export function withoutOpenNans(module: Module, f: number, first: number): number[] {
  const locals = ["f32", "f64", "v128"];
  return instructionsOf(module, f).flatMap(({ start, end, maker }) => {
    const code = [...module.bytes.subarray(start, end)];
    if (maker === undefined) return code;
    return [...code, ...canonical(maker.mnemonic, maker.type, first + locals.indexOf(maker.type))];
  });
}
