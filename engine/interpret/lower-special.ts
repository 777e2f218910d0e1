/**
 * Lowering of the instructions whose row says "special", one rule each; the compiler demands that none is missing.
 * Immediates are read here in the order of the table's `imms`.
 */
import { EMPTY_BLOCK, readBlockType as readBlockTypeImm, readCastFlags, readValTypes } from "../binary/imms.ts";
import { readHeapType } from "../binary/types.ts";
import type { Special } from "../instrs.ts";
import { funcTypeAt } from "../module.ts";
import { BOT, FUNCREF, I32, I64, isRef, refType, V128, type ValType } from "../types.ts";
import { type Compare, canBranch } from "./emitter.ts";
import type { exceptionRules } from "./lower-exceptions.ts";
import { gcSpecials, readCastType } from "./lower-gc.ts";
import type { tailCallRules } from "./lower-tail.ts";
import type { Label, Lowering } from "./lowering.ts";
import { CONST, isWord, LOCAL, SUM, TEMP, wordsOf } from "./operands.ts";
import { op } from "./ops.ts";

type Rule = (l: Lowering) => void;

/** Their rules are in files of their own; `lower.ts` brings all together. */
type Elsewhere = keyof typeof tailCallRules | keyof typeof exceptionRules;

/* Blocks */

interface BlockType {
  readonly params: readonly ValType[];
  readonly results: readonly ValType[];
}

export function readBlockType(l: Lowering): BlockType {
  const type = readBlockTypeImm(l.reader);
  if (type === EMPTY_BLOCK) return { params: [], results: [] };
  return type < 0 ? { params: [], results: [-type] } : funcTypeAt(l.module, type);
}

export function open(l: Lowering, kind: Label["kind"], type: BlockType): Label {
  const { stack } = l;
  stack.settleAll();
  const height = stack.height - type.params.length;
  const base = type.params.length > 0 ? stack.offs[height] : stack.top;
  // A loop may come round with operands of any type it takes.
  type.params.forEach((t, i) => void (stack.types[height + i] = t));
  l.out.join();
  const label = l.label(kind, type.params, type.results, height, base);
  l.labels.push(label);
  return label;
}

function lowerLoop(l: Lowering): void {
  const type = readBlockType(l);
  l.stack.settleAll();
  l.out.charge();
  l.out.loopDepth++;
  open(l, "loop", type);
  l.safepoint("loop", l.reader.pos);
}

function lowerIf(l: Lowering): void {
  const type = readBlockType(l);
  const condition = popCondition(l);
  l.stack.settleAll();
  const fixup = branch(l, condition, false);
  open(l, "if", type).elseFixup = fixup;
}

function lowerElse(l: Lowering): void {
  const label = l.labels[l.labels.length - 1];
  if (!l.isDead) {
    l.stack.settleAll();
    label.fixups.push(l.out.jump(0));
  }
  l.out.land([label.elseFixup], false);
  label.elseFixup = -1;
  reopen(l, label, label.params);
}

/** Code goes on after a join with the operands of `types` on top of the block's height. */
function reopen(l: Lowering, label: Label, types: readonly ValType[]): void {
  l.isDead = false;
  l.stack.truncate(label.height);
  for (const t of types) l.stack.push(TEMP, t);
  l.out.join();
}

/** Brings the results of `label`'s body to where code after its end finds them. */
export function settleInto(l: Lowering, label: Label): void {
  if (label.kind === "catch") moveTo(l, label);
  else l.stack.settleAll();
}

export function lowerEnd(l: Lowering): void {
  const label = l.labels.pop() as Label;
  if (label.kind === "func") return endFunction(l, label);
  if (label.kind === "loop") l.out.loopDepth--;
  if (!l.isDead) settleInto(l, label);
  if (label.handler >= 0 && label.kind !== "catch") l.handlers.leave(l.out.pc);
  if (label.elseFixup >= 0) label.fixups.push(label.elseFixup);
  l.out.land(label.fixups, !l.isDead);
  label.end = l.out.pc;
  label.pendingAtEnd = l.out.pending;
  reopen(l, label, label.results);
}

function endFunction(l: Lowering, label: Label): void {
  if (!l.isDead) emitReturn(l, label.results);
  if (label.fixups.length === 0) return;
  l.out.land(label.fixups, false);
  l.out.emit(op("ret"), l.out.pending);
}

/* Branches */

type Condition = { readonly compare: Compare } | { readonly word: number };

/** Pops the condition; a comparison just made is taken back to be part of the branch. */
function popCondition(l: Lowering): Condition {
  const place = l.popPlace();
  const compare = l.out.takeCompare(place);
  if (compare === undefined) return { word: place };
  if (canBranch(compare)) return { compare };
  l.out.compare(place, compare);
  return { word: place };
}

const branch = (l: Lowering, c: Condition, isSet: boolean, to = 0): number =>
  "compare" in c ? l.out.branchCompare(c.compare, isSet, to) : l.out.branchWord(c.word, isSet, to);

export const labelAt = (l: Lowering, depth: number): Label => l.labels[l.labels.length - 1 - depth];
const typesOf = (label: Label): readonly ValType[] => (label.kind === "loop" ? label.params : label.results);

/** True when the topmost operands already are where the label wants them. */
function isInPlace(l: Lowering, label: Label): boolean {
  const { stack } = l;
  const types = typesOf(label);
  if (label.kind === "func") return types.length === 0;
  const first = stack.height - types.length;
  if (types.length > 0 && stack.offs[first] !== label.base) return false;
  for (let h = first; h < stack.height; h++) if (stack.kinds[h] !== TEMP) return false;
  return true;
}

/** Moves the topmost operands to where the label wants them. Upward order: a slot is read before it is written. */
function moveTo(l: Lowering, label: Label): void {
  const { stack } = l;
  const types = typesOf(label);
  let to = label.base;
  for (let h = stack.height - types.length; h < stack.height; h++) {
    if (stack.kinds[h] !== TEMP || stack.offs[h] !== to) stack.load(h, to);
    to += wordsOf(stack.types[h]);
  }
}

/** Emits the unconditional branch; operands stay described. */
function jumpTo(l: Lowering, label: Label): void {
  if (label.kind === "func") return emitReturn(l, label.results);
  moveTo(l, label);
  const at = l.out.jump(label.target);
  if (label.kind !== "loop") label.fixups.push(at);
}

function lowerBr(l: Lowering): void {
  jumpTo(l, labelAt(l, l.reader.u32()));
  l.isDead = true;
}

function lowerBrIf(l: Lowering): void {
  const label = labelAt(l, l.reader.u32());
  branchIf(l, label, popCondition(l), true);
}

/** Branches when `condition` holds (`isSet`), or does not; operands stay described. */
function branchIf(l: Lowering, label: Label, condition: Condition, isSet: boolean): void {
  if (isInPlace(l, label)) {
    const at = branch(l, condition, isSet, label.kind === "loop" ? label.target : 0);
    if (label.kind !== "loop") label.fixups.push(at);
    return;
  }
  if (label.kind === "func") l.stack.settleAll();
  const over = branch(l, condition, !isSet);
  jumpTo(l, label);
  l.out.land([over], true);
  l.out.join();
}

/** How a branch depends on a reference: the test's outcome that takes it; whether the reference stays then, or else. */
interface RefBranch {
  readonly isSet: boolean;
  readonly taken: boolean;
  readonly next: boolean;
}

/** Tests the topmost operand with operation `name`; its slot has room for the outcome beside the reference. */
function branchOnRef(l: Lowering, label: Label, name: string, imms: readonly number[], how: RefBranch): void {
  const { stack } = l;
  const h = stack.height - 1;
  stack.settle(h);
  const place = stack.offs[h];
  l.out.emit(op(name), place, place, ...imms);
  const type = stack.types[h];
  if (!how.taken) stack.pop();
  branchIf(l, label, { word: place }, how.isSet);
  if (how.taken && !how.next) stack.pop();
  if (!how.taken && how.next) stack.push(TEMP, type);
}

/** `desc`: the cast is to what has the descriptor on top. */
function lowerBrOnCast(l: Lowering, isSet: boolean, desc: boolean): void {
  const flags = readCastFlags(l.reader);
  const label = labelAt(l, l.reader.u32());
  readHeapType(l.reader);
  const type = readCastType(l, (flags & 2) !== 0);
  const how = { isSet, taken: true, next: true };
  if (desc) branchOnRef(l, label, "ref.test_desc", [l.popPlace(), type], how);
  else branchOnRef(l, label, "ref.test", [type], how);
}

function lowerBrTable(l: Lowering): void {
  const { reader, out, stack } = l;
  const n = reader.u32();
  const depths: number[] = [];
  for (let i = 0; i <= n; i++) depths.push(reader.u32());
  const index = l.popPlace();
  if (depths.some((d) => labelAt(l, d).kind === "func")) stack.settleAll();
  out.emit(op("br_table"), index, n);
  const first = out.words.length;
  for (let i = 0; i <= n; i++) out.emit(0, out.pending);
  const stubs = new Map<number, number>();
  depths.forEach((depth, i) => {
    const label = labelAt(l, depth);
    const at = first + 2 * i;
    if (!isInPlace(l, label)) {
      if (!stubs.has(depth)) {
        stubs.set(depth, out.pc);
        jumpTo(l, label);
      }
      out.words[at] = stubs.get(depth) as number;
      out.words[at + 1] = 0;
    } else if (label.kind === "loop") out.words[at] = label.target;
    else label.fixups.push(at);
  });
  l.isDead = true;
}

/** Brings the topmost operands to the start of the frame and returns. Operands stay described. */
function emitReturn(l: Lowering, results: readonly ValType[]): void {
  const { out, stack } = l;
  if (results.length === 1) return emitReturn1(l, results[0]);
  if (results.length > 0) {
    for (let h = stack.height - results.length; h < stack.height; h++) if (stack.kinds[h] !== TEMP) stack.settleAll();
    let to = 0;
    for (let h = stack.height - results.length; h < stack.height; h++) {
      stack.load(h, to);
      to += wordsOf(stack.types[h]);
    }
    stack.maxTop = Math.max(stack.maxTop, to);
  }
  out.emit(op("ret"), out.pending);
}

function emitReturn1(l: Lowering, type: ValType): void {
  const { out, stack } = l;
  const h = stack.height - 1;
  stack.maxTop = Math.max(stack.maxTop, wordsOf(type));
  if (stack.kinds[h] === CONST || stack.kinds[h] === SUM || isRef(type) || type === V128) {
    stack.load(h, 0);
    return out.emit(op("ret"), out.pending);
  }
  const at = stack.kinds[h] === LOCAL ? stack.vals[h] : stack.offs[h];
  if (at === 0) out.emit(op("ret"), out.pending);
  else out.emit(op("ret1"), at, out.pending);
}

function lowerReturn(l: Lowering): void {
  emitReturn(l, l.labels[0].results);
  l.isDead = true;
}

/* Calls */

/** Emits `words`, the cost and the frame base of the call; pops arguments, pushes results. */
function emitCall(
  l: Lowering,
  params: readonly ValType[],
  results: readonly ValType[],
  words: readonly number[],
): void {
  const { stack, out } = l;
  const first = stack.height - params.length;
  const base = params.length > 0 ? stack.offs[first] : stack.top;
  l.safepoint("call", l.at);
  out.emit(...words, out.takePending(), base);
  stack.truncate(first);
  l.safepoint("return", l.reader.pos, results);
  for (const t of results) stack.push(TEMP, t);
  out.join();
}

function lowerCall(l: Lowering): void {
  const idx = l.reader.u32();
  const { module } = l;
  const type = funcTypeAt(module, module.funcTypes[idx]);
  l.stack.settleAll();
  const words = idx < module.importedFuncs ? [op("call_import"), idx] : [op("call_lazy"), 0, idx];
  emitCall(l, type.params, type.results, words);
}

function lowerCallIndirect(l: Lowering): void {
  const typeIdx = l.reader.u32();
  const table = l.reader.u32();
  const type = funcTypeAt(l.module, typeIdx);
  l.stack.settleAll();
  if (tableAddr(l, table) === I64) l.out.emit(op("table_index64"), l.stack.offs[l.stack.height - 1]);
  callTop(l, type, (index) => [op("call_indirect"), index, table, l.canon[typeIdx]]);
}

/** A call whose callee follows from the topmost operand; `words` are made of its place. */
function callTop(l: Lowering, type: BlockType, words: (place: number) => readonly number[]): void {
  // The operand stays, above the arguments, until the call is made: a stop before it must show it.
  const place = l.stack.offs[l.stack.height - 1];
  l.safepoint("call", l.at);
  l.stack.pop();
  const { stack, out } = l;
  const first = stack.height - type.params.length;
  const base = type.params.length > 0 ? stack.offs[first] : stack.top;
  out.emit(...words(place), out.takePending(), base);
  stack.truncate(first);
  l.safepoint("return", l.reader.pos, type.results);
  for (const t of type.results) stack.push(TEMP, t);
  out.join();
}

function lowerCallRef(l: Lowering): void {
  const type = funcTypeAt(l.module, l.reader.u32());
  l.stack.settleAll();
  callTop(l, type, (f) => [op("call_ref"), f]);
}

/* Variables */

function setLocal(l: Lowering, idx: number): void {
  const { stack, out } = l;
  const to = l.localOffs[idx];
  const h = stack.pop();
  stack.settleUses(to);
  if (stack.kinds[h] === TEMP && out.redirect(stack.offs[h], to)) return;
  if (stack.kinds[h] === LOCAL && stack.vals[h] === to) return;
  stack.load(h, to);
}

function lowerGlobal(l: Lowering, isGet: boolean): void {
  const idx = l.reader.u32();
  const { module } = l;
  const type = module.globalTypes[idx].val;
  const own = idx - module.importedGlobals;
  const isFast = own >= 0 && !isRef(type) && type !== V128;
  const name = `global.${isGet ? "get" : "set"}${isFast ? (isWord(type) ? "32" : "64") : "_any"}`;
  const imm = isFast ? own * 2 : idx;
  if (isGet) return l.operation(name, 0, type, imm);
  const from = l.popPlace();
  if (isFast) l.out.emit(op(name), imm, from);
  else l.out.emit(op(name), from, imm);
}

/** @param declared of the result: of references, that of one operand may say too much of the other */
function lowerSelect(l: Lowering, declared?: ValType): void {
  const { stack } = l;
  const condition = l.popPlace();
  const y = stack.pop();
  const x = stack.pop();
  const type = declared ?? (stack.types[x] === BOT ? stack.types[y] : stack.types[x]);
  const yAt = stack.place(y);
  const xAt = stack.place(x);
  const name = isRef(type) ? "select_ref" : isWord(type) ? "select32" : type === V128 ? "select128" : "select64";
  l.out.result(op(name), stack.top, xAt, yAt, condition);
  l.pushTemp(type);
}

/* Memories, tables, references: operations with immediates */

/** A rule that reads `imms` indices and pops `operands`. */
const operation =
  (name: string, operands: number, imms: number, type?: (l: Lowering, imm: number) => ValType): Rule =>
  (l) => {
    const words: number[] = [];
    for (let i = 0; i < imms; i++) words.push(l.reader.u32());
    l.operation(name, operands, type?.(l, words[0]), ...words);
  };

const memAddr = (l: Lowering, mem: number): ValType => (l.module.memTypes[mem].addr === "i64" ? I64 : I32);
const tableAddr = (l: Lowering, table: number): ValType => (l.module.tableTypes[table].addr === "i64" ? I64 : I32);
const tableElem = (l: Lowering, table: number): ValType => l.module.tableTypes[table].elem;

export const specials: Readonly<Record<Exclude<Special, Elsewhere>, Rule>> = {
  unreachable: (l) => {
    l.out.emit(op("unreachable"));
    l.isDead = true;
  },
  block: (l) => void open(l, "block", readBlockType(l)),
  loop: lowerLoop,
  if: lowerIf,
  else: lowerElse,
  end: lowerEnd,
  br: lowerBr,
  br_if: lowerBrIf,
  br_table: lowerBrTable,
  return: lowerReturn,
  call: lowerCall,
  call_indirect: lowerCallIndirect,
  drop: (l) => void l.stack.pop(),
  select: lowerSelect,
  "select t": (l) => {
    lowerSelect(l, readValTypes(l.reader)[0]);
  },
  "local.get": (l) => l.pushLocal(l.reader.u32()),
  "local.set": (l) => setLocal(l, l.reader.u32()),
  "local.tee": (l) => {
    const idx = l.reader.u32();
    setLocal(l, idx);
    l.pushLocal(idx);
  },
  "global.get": (l) => lowerGlobal(l, true),
  "global.set": (l) => lowerGlobal(l, false),
  "table.get": operation("table.get", 1, 1, tableElem),
  "table.set": operation("table.set", 2, 1),
  "memory.size": operation("memory.size", 0, 1, memAddr),
  "memory.grow": operation("memory.grow", 1, 1, memAddr),
  "memory.init": operation("memory.init", 3, 2),
  "data.drop": operation("data.drop", 0, 1),
  "memory.copy": operation("memory.copy", 3, 2),
  "memory.fill": operation("memory.fill", 3, 1),
  "table.init": operation("table.init", 3, 2),
  "elem.drop": operation("elem.drop", 0, 1),
  "table.copy": operation("table.copy", 3, 2),
  "table.grow": operation("table.grow", 2, 1, tableAddr),
  "table.size": operation("table.size", 0, 1, tableAddr),
  "table.fill": operation("table.fill", 3, 1),
  "ref.null": (l) => l.operation("ref.null", 0, refType(readHeapType(l.reader), true)),
  "ref.is_null": (l) => l.operation("ref.is_null", 1, I32),
  "ref.func": operation("ref.func", 0, 1, () => FUNCREF),
  "atomic.fence": (l) => {
    l.reader.u8();
    l.out.emit(op("atomic.fence"));
  },
  call_ref: lowerCallRef,
  br_on_null: (l) => {
    const label = labelAt(l, l.reader.u32());
    branchOnRef(l, label, "ref.is_null", [], { isSet: true, taken: false, next: true });
  },
  br_on_non_null: (l) => {
    const label = labelAt(l, l.reader.u32());
    branchOnRef(l, label, "ref.is_null", [], { isSet: false, taken: true, next: false });
  },
  br_on_cast: (l) => lowerBrOnCast(l, true, false),
  br_on_cast_fail: (l) => lowerBrOnCast(l, false, false),
  br_on_cast_desc_eq: (l) => lowerBrOnCast(l, true, true),
  br_on_cast_desc_eq_fail: (l) => lowerBrOnCast(l, false, true),
  ...gcSpecials,
};
