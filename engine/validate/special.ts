/**
 * The rules of instructions whose typing is not a row of plain types, one function each, and the table of them.
 *
 * A rule reads its immediates from `s.r` and updates the stacks. Spec: valid/instructions.
 */
import { EMPTY_BLOCK, readBlockType, readLabelCount, readValTypes } from "../binary/imms.ts";
import { readHeapType, readZero } from "../binary/types.ts";
import { overLimit } from "../faults.ts";
import type { Special } from "../instrs.ts";
import {
  type AddrType,
  BOT,
  CONCRETE,
  EXACT,
  FUNCREF,
  type FuncType,
  I32,
  I64,
  isRef,
  nonNull,
  printValType,
  refType,
  type TableType,
  type ValType,
} from "../types.ts";
import type { exceptionRules } from "./exceptions.ts";
import { checkData, elemType, funcTypeAt, requireSub } from "./lookup.ts";
import { gcRules } from "./special-gc.ts";
import { emptyBlock, type FuncState, valueBlock } from "./state.ts";
import { checkHeapType, checkValType } from "./types.ts";

export type Rule = (s: FuncState) => void;

const IF = 0x04;
const ELSE = 0x05;

const addrVal = (addr: AddrType): ValType => (addr === "i32" ? I32 : I64);

// Index spaces

/** Value type of the addresses of the memory whose index comes next. */
function readMem(s: FuncState): ValType {
  return memAddr(s, s.r.u32());
}

export function memAddr(s: FuncState, idx: number): ValType {
  const mem = s.ctx.mems[idx];
  if (mem === undefined) throw s.fault("unknownMem", ` ${idx}`);
  return addrVal(mem.addr);
}

function readTable(s: FuncState): TableType {
  const idx = s.r.u32();
  const table = s.ctx.tables[idx];
  if (table === undefined) throw s.fault("unknownTable", ` ${idx}`);
  return table;
}

function readFunc(s: FuncState): number {
  const idx = s.r.u32();
  if (idx >= s.ctx.funcs.length) throw s.fault("unknownFunc", ` ${idx}`);
  return idx;
}

export { funcTypeAt };

// Control

export function readBlock(s: FuncState): FuncType {
  const type = readBlockType(s.r);
  if (type === EMPTY_BLOCK) return emptyBlock;
  if (type >= 0) {
    s.r.use("multi-value", s.at, "block type with type index");
    return funcTypeAt(s, type);
  }
  checkValType(-type, s.ctx.module.types.length, s.at, s.r.func);
  return valueBlock(-type);
}

const checkBlock: Rule = (s) => {
  const type = readBlock(s);
  s.popVals(type.params);
  s.pushCtrl(s.opcode, type);
};

const checkIf: Rule = (s) => {
  const type = readBlock(s);
  s.popVal(I32);
  s.popVals(type.params);
  s.pushCtrl(IF, type);
};

const checkElse: Rule = (s) => {
  if (s.opAt(s.depth - 1) !== IF) throw s.r.malformed("endExpected", s.at, ": else outside an if");
  const place = s.popCtrl();
  s.pushCtrl(ELSE, s.ctrlTypes[place]!);
};

const checkEnd: Rule = (s) => {
  const place = s.popCtrl();
  const type = s.ctrlTypes[place]!;
  if (s.opAt(place) === IF && !s.ctx.matcher.areSubs(type.params, type.results)) {
    throw s.fault("typeMismatch", ": if without else must leave what it takes");
  }
  s.pushVals(type.results);
};

const checkBr: Rule = (s) => {
  s.popVals(s.labelTypes(s.r.u32()));
  s.setUnreachable();
};

const checkBrIf: Rule = (s) => {
  const types = s.labelTypes(s.r.u32());
  s.popVal(I32);
  s.popVals(types);
  s.pushVals(types);
};

const checkBrTable: Rule = (s) => {
  const { r } = s;
  const n = readLabelCount(r);
  const { brTableTargets } = s.ctx.limits;
  if (n > brTableTargets) throw overLimit("brTableTargets", n, brTableTargets, s.at, r.func);
  s.popVal(I32);
  let arity = -1;
  /** Label types compared already: a hostile table names the same thousand types many times. */
  let checked: Set<readonly ValType[]> | undefined;
  for (let i = 0; i <= n; i++) {
    const types = s.labelTypes(r.u32());
    if (arity < 0) arity = types.length;
    if (types.length !== arity) {
      throw s.fault("typeMismatch", `: labels of br_table take ${arity} and ${types.length} operands`);
    }
    if (arity > 0 && !checked?.has(types)) {
      checked ??= new Set();
      checked.add(types);
      peekVals(s, types);
    }
  }
  s.setUnreachable();
};

/** The operands must match `types` and stay what they are. */
function peekVals(s: FuncState, types: readonly ValType[]): void {
  const { sp } = s;
  s.popVals(types);
  s.sp = sp;
}

const checkReturn: Rule = (s) => {
  s.popVals(s.ctrlTypes[0]!.results);
  s.setUnreachable();
};

const checkCall: Rule = (s) => {
  const type = s.ctx.funcs[readFunc(s)]!;
  s.popVals(type.params);
  s.pushVals(type.results);
};

const checkCallIndirect: Rule = (s) => {
  const typeIdx = s.r.u32();
  const table = readTable(s);
  requireSub(s, table.elem, FUNCREF, "table element");
  const type = funcTypeAt(s, typeIdx);
  s.popVal(addrVal(table.addr));
  s.popVals(type.params);
  s.pushVals(type.results);
};

const checkCallRef: Rule = (s) => {
  const typeIdx = s.r.u32();
  const type = funcTypeAt(s, typeIdx);
  s.popVal(refType(CONCRETE + typeIdx, true));
  s.popVals(type.params);
  s.pushVals(type.results);
};

const checkBrOnNull: Rule = (s) => {
  const types = s.labelTypes(s.r.u32());
  const ref = s.popRef();
  s.popVals(types);
  s.pushVals(types);
  s.pushVal(nonNull(ref));
};

const checkBrOnNonNull: Rule = (s) => {
  const types = s.labelTypes(s.r.u32());
  const last = types[types.length - 1];
  const ref = nonNull(s.popRef());
  if (last === undefined) throw s.fault("typeMismatch", ": the label takes no reference");
  requireSub(s, ref, last, "type of the branch");
  const rest = types.slice(0, -1);
  s.popVals(rest);
  s.pushVals(rest);
};

/** The callee's results go to the caller: there must be as many, and each must match. */
function popTailCall(s: FuncState, type: FuncType): void {
  const wanted = s.ctrlTypes[0]!.results;
  if (!s.ctx.matcher.areSubs(type.results, wanted)) {
    const print = (types: readonly ValType[]): string => types.map(printValType).join(" ");
    throw s.fault(
      "typeMismatch",
      `: current function requires [${print(wanted)}] but callee returns [${print(type.results)}]`,
    );
  }
  s.popVals(type.params);
  s.setUnreachable();
}

const checkReturnCall: Rule = (s) => popTailCall(s, s.ctx.funcs[readFunc(s)]!);

const checkReturnCallIndirect: Rule = (s) => {
  const typeIdx = s.r.u32();
  const table = readTable(s);
  requireSub(s, table.elem, FUNCREF, "table element");
  const type = funcTypeAt(s, typeIdx);
  s.popVal(addrVal(table.addr));
  popTailCall(s, type);
};

const checkReturnCallRef: Rule = (s) => {
  const typeIdx = s.r.u32();
  const type = funcTypeAt(s, typeIdx);
  s.popVal(refType(CONCRETE + typeIdx, true));
  popTailCall(s, type);
};

// Parametric

const checkSelect: Rule = (s) => {
  s.popVal(I32);
  const second = s.popAny();
  const first = s.popAny();
  if (isRef(first) || isRef(second)) {
    throw s.fault("typeMismatch", ": select of references needs its type written (select t)");
  }
  if (first !== second && first !== BOT && second !== BOT) throw s.mismatch(first, second);
  s.pushVal(first === BOT ? second : first);
};

const checkSelectTyped: Rule = (s) => {
  const types = readValTypes(s.r);
  if (types.length !== 1) throw s.fault("resultArity", `: select has ${types.length} types, not 1`);
  const type = types[0]!;
  checkValType(type, s.ctx.module.types.length, s.at, s.r.func);
  s.popVal(I32);
  s.popVal(type);
  s.popVal(type);
  s.pushVal(type);
};

// Variables

function readGlobal(s: FuncState): number {
  const idx = s.r.u32();
  if (idx >= s.ctx.module.globalTypes.length) throw s.fault("unknownGlobal", ` ${idx}`);
  return idx;
}

const checkGlobalGet: Rule = (s) => {
  s.pushVal(s.ctx.module.globalTypes[readGlobal(s)]!.val);
};

const checkGlobalSet: Rule = (s) => {
  const idx = readGlobal(s);
  const type = s.ctx.module.globalTypes[idx]!;
  if (!type.isMutable) throw s.fault("immutableGlobal", ` ${idx}`);
  s.popVal(type.val);
};

// Tables

const checkTableGet: Rule = (s) => {
  const table = readTable(s);
  s.popVal(addrVal(table.addr));
  s.pushVal(table.elem);
};

const checkTableSet: Rule = (s) => {
  const table = readTable(s);
  s.popVal(table.elem);
  s.popVal(addrVal(table.addr));
};

const checkTableGrow: Rule = (s) => {
  const table = readTable(s);
  const addr = addrVal(table.addr);
  s.popVal(addr);
  s.popVal(table.elem);
  s.pushVal(addr);
};

const checkTableFill: Rule = (s) => {
  const table = readTable(s);
  const addr = addrVal(table.addr);
  s.popVal(addr);
  s.popVal(table.elem);
  s.popVal(addr);
};

/** `memory.copy`, `table.copy`: the length has the smaller of the two address types. */
function popCopy(s: FuncState, to: ValType, from: ValType): void {
  s.popVal(to === I64 && from === I64 ? I64 : I32);
  s.popVal(from);
  s.popVal(to);
}

const checkTableCopy: Rule = (s) => {
  const to = readTable(s);
  const from = readTable(s);
  requireSub(s, from.elem, to.elem, "element of the source table");
  popCopy(s, addrVal(to.addr), addrVal(from.addr));
};

const checkTableInit: Rule = (s) => {
  const elem = s.r.u32();
  const table = readTable(s);
  requireSub(s, elemType(s, elem), table.elem, "element of the segment");
  s.popVal(I32);
  s.popVal(I32);
  s.popVal(addrVal(table.addr));
};

// Memories

const checkMemInit: Rule = (s) => {
  const data = s.r.u32();
  const addr = readMem(s);
  checkData(s, data);
  s.popVal(I32);
  s.popVal(I32);
  s.popVal(addr);
};

const checkMemFill: Rule = (s) => {
  const addr = readMem(s);
  s.popVal(addr);
  s.popVal(I32);
  s.popVal(addr);
};

const checkMemGrow: Rule = (s) => {
  const addr = readMem(s);
  s.popVal(addr);
  s.pushVal(addr);
};

// References

const checkRefFunc: Rule = (s) => {
  const idx = readFunc(s);
  if (s.ctx.declared[idx] === 0) throw s.fault("undeclaredRef", ` ${idx}`);
  const type = refType(CONCRETE + s.ctx.module.funcTypes[idx]!, false);
  s.pushVal(s.ctx.isExactFunc(idx) ? type | EXACT : type);
};

const checkRefNull: Rule = (s) => {
  const heap = readHeapType(s.r);
  checkHeapType(heap, s.ctx.module.types.length, s.at, s.r.func);
  s.pushVal(refType(heap, true));
};

/** One rule for each instruction whose row says "special"; those of exceptions are in `exceptions.ts`. */
export const specialRules: Readonly<Record<Exclude<Special, keyof typeof exceptionRules>, Rule>> = {
  unreachable: (s) => s.setUnreachable(),
  block: checkBlock,
  loop: checkBlock,
  if: checkIf,
  else: checkElse,
  end: checkEnd,
  br: checkBr,
  br_if: checkBrIf,
  br_table: checkBrTable,
  return: checkReturn,
  call: checkCall,
  call_indirect: checkCallIndirect,
  return_call: checkReturnCall,
  return_call_indirect: checkReturnCallIndirect,
  return_call_ref: checkReturnCallRef,
  drop: (s) => void s.popAny(),
  select: checkSelect,
  "select t": checkSelectTyped,
  "local.get": (s) => s.pushVal(s.readLocal(s.r.u32())),
  "local.set": (s) => void s.popVal(s.writeLocal(s.r.u32())),
  "local.tee": (s) => {
    const type = s.writeLocal(s.r.u32());
    s.popVal(type);
    s.pushVal(type);
  },
  "global.get": checkGlobalGet,
  "global.set": checkGlobalSet,
  "table.get": checkTableGet,
  "table.set": checkTableSet,
  "memory.size": (s) => s.pushVal(readMem(s)),
  "memory.grow": checkMemGrow,
  "ref.null": checkRefNull,
  "ref.is_null": (s) => {
    s.popRef();
    s.pushVal(I32);
  },
  "ref.func": checkRefFunc,
  "atomic.fence": (s) => readZero(s.r),
  call_ref: checkCallRef,
  "ref.as_non_null": (s) => s.pushVal(nonNull(s.popRef())),
  br_on_null: checkBrOnNull,
  br_on_non_null: checkBrOnNonNull,
  ...gcRules,
  "memory.init": checkMemInit,
  "data.drop": (s) => checkData(s, s.r.u32()),
  "memory.copy": (s) => popCopy(s, readMem(s), readMem(s)),
  "memory.fill": checkMemFill,
  "table.init": checkTableInit,
  "elem.drop": (s) => void elemType(s, s.r.u32()),
  "table.copy": checkTableCopy,
  "table.grow": checkTableGrow,
  "table.size": (s) => s.pushVal(addrVal(readTable(s).addr)),
  "table.fill": checkTableFill,
};
