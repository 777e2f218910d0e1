/**
 * Instructions whose row says "special", one rule each: variables, tables, references, bulk memory. Rules of control are
 * in `control.ts`; those of calls, exceptions, objects and atomic accesses in files of their own (`rules-*.ts`).
 */
import { readValTypes } from "../binary/imms.ts";
import { readHeapType } from "../binary/types.ts";
import type { Mnemonic } from "../instrs.ts";
import { EXTERNREF, F32, F64, FUNCREF, I32, I64, isRef, V128 } from "../types.ts";
import { block, br, brIf, brTable, elseBranch, end, ifThen, loop, returnEarly, select } from "./control.ts";
import { decline, type FunctionText } from "./function-text.ts";
import { ANY, expression, fixed, GLOBAL, type Operand, type Part, TRAP } from "./operand.ts";
import { fenceRule } from "./rules-atomic.ts";
import { call, callThrough, popCallee, popIndirect } from "./rules-call.ts";
import { endOfTry, exceptionRules } from "./rules-exceptions.ts";
import { gcRules } from "./rules-gc.ts";
import { returnCall, returnCallThrough } from "./rules-tail.ts";
import { atomOf, popOperands } from "./templates.ts";

type Rule = (f: FunctionText) => void;

/* Variables */

const globalView = { [F32]: "F32", [F64]: "F64" } as const;

function globalGet(f: FunctionText): void {
  const idx = f.reader.u32();
  const { module, env } = f;
  const { val, isMutable } = module.globalTypes[idx];
  const own = idx - module.importedGlobals;
  const isOwn = own >= 0;
  const effects = isMutable ? GLOBAL : 0;
  if (val === V128) decline("v128");
  const slot = isOwn ? `${own}` : env.globalSlot(idx);
  if (isRef(val)) return f.push(val, expression(`${env.cells("refs", idx, isOwn)}[${slot}]`), effects);
  const I = env.cells("I", idx, isOwn);
  const word = (k: number): Part => expression(`${I}[${at(slot, k)}]`);
  if (val === I32) return f.push(I32, word(0), effects);
  if (val === I64) return f.push(I64, word(0), effects, word(1));
  const plain = `${env.cells(globalView[val as typeof F32], idx, isOwn)}[${val === F32 ? at(slot, 0) : slot}]`;
  const coded = (): string =>
    val === F32
      ? `${env.helper("f32FromBits")}(${I}[${at(slot, 0)}])`
      : `${env.helper("f64FromWords")}(${I}[${at(slot, 0)}],${I}[${at(slot, 1)}])`;
  f.pushBits(val, plain, coded, effects);
}

/** The word `k` of the cell `slot`, a number or the name of one. */
const at = (slot: string, k: number): string =>
  /^\d/.test(slot) ? String(Number(slot) * 2 + k) : `${slot}*2${k === 0 ? "" : "+1"}`;

function globalSet(f: FunctionText): void {
  const idx = f.reader.u32();
  const { module, env, out } = f;
  const { val } = module.globalTypes[idx];
  const own = idx - module.importedGlobals;
  const isOwn = own >= 0;
  if (val === V128) decline("v128");
  let o = f.pop();
  f.pending.flush(ANY);
  const slot = isOwn ? `${own}` : env.globalSlot(idx);
  if (isRef(val)) return void out.line(`${env.cells("refs", idx, isOwn)}[${slot}]=${o.lo.text};`);
  const I = env.cells("I", idx, isOwn);
  if (val === I32) return void out.line(`${I}[${at(slot, 0)}]=${o.lo.text};`);
  if (val === I64) {
    if (o.effects !== 0) o = atomOf(f, o);
    return void out.line(`${I}[${at(slot, 0)}]=${o.lo.text};${I}[${at(slot, 1)}]=${(o.hi as Part).text};`);
  }
  const isCoded = f.observe(o);
  if (!isCoded) {
    const view = env.cells(globalView[val as typeof F32], idx, isOwn);
    return void out.line(`${view}[${val === F32 ? at(slot, 0) : slot}]=${o.lo.text};`);
  }
  if (val === F32) out.line(`${I}[${at(slot, 0)}]=${env.helper("bitsOfF32")}(${o.lo.text});`);
  else out.line(`${env.helper("putF64")}(${I},${at(slot, 0)},${o.lo.text});`);
}

function drop(f: FunctionText): void {
  const o = f.pop();
  if (o.effects === 0) return;
  f.pending.order(o.effects);
  f.out.line(`${o.lo.text};${o.hi === undefined ? "" : `${o.hi.text};`}`);
}

/* Memories and tables */

/** An address, index or count as a number without sign. */
const unsigned = (o: Operand): string =>
  o.hi === undefined ? `${o.lo.inner}>>>0` : `(${o.hi.inner}>>>0)*4294967296+(${o.lo.inner}>>>0)`;

/** Calls a method with the topmost three operands as numbers, now. The last is a number of things to move. */
function method(f: FunctionText, cost: Cost, text: (...args: string[]) => string): void {
  const operands = popOperands(f, 3);
  f.pending.flush(ANY);
  const count = counted(f, operands[2]);
  f.out.line(`${text(unsigned(operands[0]), unsigned(operands[1]), count)};`);
  f.fuel?.spendMore(`${f.env.helper(cost)}(${count})`);
}

/** What the number of things that an instruction moves costs: see `cost.ts`. */
type Cost = "bytesCost" | "elemsCost";

/** The number of things that are moved, which is used twice if they cost. */
const counted = (f: FunctionText, o: Operand): string => unsigned(f.fuel === undefined ? o : atomOf(f, o));

/** The result is a number of the address type `isWide`, -1 included. */
function pushSize(f: FunctionText, isWide: boolean, text: string): void {
  f.pending.flush(ANY);
  if (isWide) f.pushCall(I64, `${f.env.helper("split")}(${text})`);
  else f.pushCall(I32, `${text}|0`);
}

const isWideMemory = (f: FunctionText, mem: number): boolean => f.module.memTypes[mem].addr === "i64";
const isWideTable = (f: FunctionText, table: number): boolean => f.module.tableTypes[table].addr === "i64";

/** Short copies and fills are loops: calling into V8 costs more. */
function memoryCopy(f: FunctionText): void {
  const to = f.reader.u32();
  const from = f.reader.u32();
  const { env } = f;
  method(f, "bytesCost", (d, s, n) => `${env.memory(to)}.copy(${d},${env.memory(from)},${s},${n})`);
}

function tableGrow(f: FunctionText): void {
  const table = f.reader.u32();
  const [init, delta] = popOperands(f, 2);
  const { env } = f;
  const args = `${unsigned(delta)},${init.lo.text}`;
  if (f.fuel === undefined) return pushSize(f, isWideTable(f, table), `${env.table(table)}.grow(${args})`);
  pushSize(f, isWideTable(f, table), `${env.helper("growTable")}(${env.left()},${env.table(table)},${args})`);
  f.fuel.spendMore(`${env.left()}[1]`);
}

function tableFill(f: FunctionText): void {
  const table = f.reader.u32();
  const [i, v, n] = popOperands(f, 3);
  f.pending.flush(ANY);
  const count = counted(f, n);
  f.out.line(`${f.env.table(table)}.fill(${unsigned(i)},${v.lo.text},${count});`);
  f.fuel?.spendMore(`${f.env.helper("elemsCost")}(${count})`);
}

/* References */

function refNull(f: FunctionText): void {
  readHeapType(f.reader);
  f.push(EXTERNREF, fixed("null"));
}

export const specialRules: Partial<Record<Mnemonic, Rule>> = {
  unreachable: (f) => {
    f.pending.flush(ANY);
    f.out.line(`throw ${f.env.helper("unreachable")}();`);
    f.isDead = true;
  },
  block,
  loop,
  if: ifThen,
  else: elseBranch,
  end: (f) => (f.labels[f.labels.length - 1].attempt === undefined ? end(f) : endOfTry(f)),
  br,
  br_if: brIf,
  br_table: brTable,
  return: returnEarly,
  call,
  call_indirect: (f) => callThrough(f, popIndirect(f)),
  call_ref: (f) => callThrough(f, popCallee(f)),
  drop,
  select,
  "select t": (f) => {
    if (readValTypes(f.reader).includes(V128)) decline("v128");
    select(f);
  },
  "local.get": (f) => f.readLocal(f.reader.u32()),
  "local.set": (f) => f.writeLocal(f.reader.u32()),
  "local.tee": (f) => {
    const idx = f.reader.u32();
    f.writeLocal(idx);
    f.readLocal(idx);
  },
  "global.get": globalGet,
  "global.set": globalSet,
  "memory.size": (f) => {
    const mem = f.reader.u32();
    pushSize(f, isWideMemory(f, mem), `${f.env.memory(mem)}.size()`);
  },
  "memory.grow": (f) => {
    const mem = f.reader.u32();
    const delta = f.pop();
    const { env } = f;
    const isWide = isWideMemory(f, mem);
    if (f.fuel === undefined) pushSize(f, isWide, `${env.memory(mem)}.grow(${unsigned(delta)})`);
    else {
      pushSize(f, isWide, `${env.helper("growMemory")}(${env.left()},${env.memory(mem)},${unsigned(delta)})`);
      f.fuel.spendMore(`${env.left()}[1]`);
    }
    f.views.changed();
  },
  "memory.init": (f) => {
    const data = f.reader.u32();
    const mem = f.reader.u32();
    method(f, "bytesCost", (d, s, n) => `${f.env.memory(mem)}.init(${d},${f.env.instance()}.datas[${data}],${s},${n})`);
  },
  "data.drop": (f) => {
    const data = f.reader.u32();
    f.pending.flush(ANY);
    f.out.line(`${f.env.helper("dropData")}(${f.env.instance()},${data});`);
  },
  "memory.copy": memoryCopy,
  "memory.fill": (f) => {
    const mem = f.reader.u32();
    const [d, v, n] = popOperands(f, 3);
    f.pending.flush(ANY);
    const count = counted(f, n);
    f.out.line(`${f.env.memory(mem)}.fill(${unsigned(d)},${v.lo.inner}&255,${count});`);
    f.fuel?.spendMore(`${f.env.helper("bytesCost")}(${count})`);
  },
  "table.get": (f) => {
    const table = f.reader.u32();
    const i = f.pop();
    const text = `${f.env.table(table)}.get(${unsigned(i)})`;
    const parts = i.hi === undefined ? [i.lo] : [i.lo, i.hi];
    f.push(f.module.tableTypes[table].elem, expression(text, ...parts), i.effects | TRAP | GLOBAL);
  },
  "table.set": (f) => {
    const table = f.reader.u32();
    const [i, v] = popOperands(f, 2);
    f.pending.flush(ANY);
    f.out.line(`${f.env.table(table)}.set(${unsigned(i)},${v.lo.text});`);
  },
  "table.size": (f) => {
    const table = f.reader.u32();
    pushSize(f, isWideTable(f, table), `${f.env.table(table)}.length`);
  },
  "table.grow": tableGrow,
  "table.fill": tableFill,
  "table.copy": (f) => {
    const to = f.reader.u32();
    const from = f.reader.u32();
    method(f, "elemsCost", (d, s, n) => `${f.env.table(to)}.copy(${d},${f.env.table(from)},${s},${n})`);
  },
  "table.init": (f) => {
    const elem = f.reader.u32();
    const table = f.reader.u32();
    method(
      f,
      "elemsCost",
      (d, s, n) => `${f.env.table(table)}.init(${d},${f.env.instance()}.elems[${elem}],${s},${n})`,
    );
  },
  "elem.drop": (f) => {
    const elem = f.reader.u32();
    f.pending.flush(ANY);
    f.out.line(`${f.env.helper("dropElem")}(${f.env.instance()},${elem});`);
  },
  "ref.null": refNull,
  "ref.is_null": (f) => {
    const x = f.pop();
    f.push(I32, expression(`${x.lo.inner}===null?1:0`, x.lo), x.effects, undefined, `${x.lo.inner}===null`);
  },
  "ref.func": (f) => f.push(FUNCREF, fixed(f.env.func(f.reader.u32()))),
  return_call: returnCall,
  return_call_indirect: (f) => returnCallThrough(f, popIndirect(f)),
  return_call_ref: (f) => returnCallThrough(f, popCallee(f)),
  "atomic.fence": fenceRule,
  ...exceptionRules,
  ...gcRules,
};
