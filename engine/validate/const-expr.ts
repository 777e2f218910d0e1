/**
 * Validates constant expressions: only certain instructions, only globals that are known and immutable, then types as
 * in any code. Functions named by `ref.func` here may be named in bodies too. Spec: valid/instructions (constant).
 */
import { skipImms } from "../binary/imms.ts";
import { defOf, mnemonicOf } from "../binary/opcodes.ts";
import { instrDef, type Mnemonic } from "../instrs.ts";
import type { ConstExpr } from "../module.ts";
import { I32, printValType, type ValType } from "../types.ts";
import type { InstrChecker } from "./func.ts";
import type { FuncState } from "./state.ts";

const constants: readonly Mnemonic[] = [
  "i32.const",
  "i64.const",
  "f32.const",
  "f64.const",
  "v128.const",
  "ref.null",
  "end",
];
const extended: readonly Mnemonic[] = ["i32.add", "i32.sub", "i32.mul", "i64.add", "i64.sub", "i64.mul"];
const aggregate: readonly Mnemonic[] = [
  "struct.new",
  "struct.new_default",
  "struct.new_desc",
  "struct.new_default_desc",
  "array.new",
  "array.new_default",
  "array.new_fixed",
  "ref.i31",
  "any.convert_extern",
  "extern.convert_any",
];
const plainOpcodes = new Set([...constants, ...aggregate].map((m) => instrDef(m).opcode));
const extendedOpcodes = new Set(extended.map((m) => instrDef(m).opcode));
const I32_CONST = instrDef("i32.const").opcode;
const END = instrDef("end").opcode;
const GLOBAL_GET = instrDef("global.get").opcode;
const REF_FUNC = instrDef("ref.func").opcode;

/** @throws WasmError invalid, if `expr` is not constant or not of type `type`; malformed; unsupported */
export function validateConstExpr(s: FuncState, checker: InstrChecker, expr: ConstExpr, type: ValType): void {
  if (type === I32 && isLiteral(s.ctx.module.bytes, expr)) return;
  s.enterExpr(expr.start, expr.end, type);
  while (s.r.pos < expr.end) checkConstant(s);
  s.r.pos = expr.start;
  checker.run(s);
  if (s.depth > 0 || s.r.pos !== expr.end) throw new Error(`constant expression of ${printValType(type)} does not end`);
}

/** An `i32.const` of at most four bytes and an `end`: the offset of nearly every segment, and some modules have 100,000. */
function isLiteral(bytes: Uint8Array, { start, end }: ConstExpr): boolean {
  if (bytes[start] !== I32_CONST || end - start > 6) return false;
  for (let pos = start + 1; pos < end - 2; pos++) if (bytes[pos]! < 0x80) return false;
  return bytes[end - 2]! < 0x80 && bytes[end - 1] === END;
}

function checkConstant(s: FuncState): void {
  const { r } = s;
  s.at = r.pos;
  const opcode = r.opcode();
  s.opcode = opcode;
  const def = defOf(opcode, s.at);
  if (opcode === GLOBAL_GET) checkGlobal(s, r.u32());
  else if (opcode === REF_FUNC) declare(s, r.u32());
  else {
    if (extendedOpcodes.has(opcode)) r.use("extended-const", s.at, `${mnemonicOf(opcode)} in a constant expression`);
    else if (!plainOpcodes.has(opcode)) throw s.fault("constRequired", `, found ${mnemonicOf(opcode)}`);
    skipImms(r, def);
  }
}

function checkGlobal(s: FuncState, idx: number): void {
  const type = s.ctx.module.globalTypes[idx];
  if (type === undefined || idx >= s.ctx.visibleGlobals) throw s.fault("unknownGlobal", ` ${idx}`);
  if (type.isMutable) throw s.fault("constRequired", `, found global.get of mutable global ${idx}`);
}

function declare(s: FuncState, idx: number): void {
  if (idx >= s.ctx.funcs.length) throw s.fault("unknownFunc", ` ${idx}`);
  s.ctx.declared[idx] = 1;
}
