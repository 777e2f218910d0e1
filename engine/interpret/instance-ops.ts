/**
 * Interpreter operations that touch the instance: references, tables, bulk memory, and memories other than the plain
 * first one. Outside the hot switch; operands are frame places in the order of `ops.ts`.
 */
import type { Blocked } from "../blocked.ts";
import { canonicalise } from "../canonical-nans.ts";
import { bytesCost, elemsCost, growCost } from "../cost.ts";
import { trap } from "../errors.ts";
import { fence, notify } from "../runtime/atomics.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { MemInst } from "../runtime/memory.ts";
import type { TableInst } from "../runtime/table.ts";
import { isRef, V128 } from "../types.ts";
import { i64_add128, i64_mul_wide_s, i64_mul_wide_u, i64_sub128 } from "../wide-arithmetic.ts";
import { atomicOp, waitOn } from "./atomic-ops.ts";
import { op, opDef } from "./ops.ts";
import type { FrameStack, Run } from "./stack.ts";
import { tailCallTable } from "./tail-call.ts";

/** One operation at hand: its words and the frame it works on. */
class Site {
  s!: FrameStack;
  inst!: ModuleInst;
  code!: Int32Array;
  pc = 0;
  fp = 0;

  imm(n: number): number {
    return this.code[this.pc + n];
  }
  /** Word index of the slot named by word `n`. */
  at(n: number): number {
    return this.fp + this.code[this.pc + n];
  }
  mem(n: number): MemInst {
    return this.inst.mems[this.imm(n)];
  }
  table(n: number): TableInst {
    return this.inst.tables[this.imm(n)];
  }
  u32(n: number): number {
    return this.s.I[this.at(n)] >>> 0;
  }
  /** An address or count, of 64 bits if `is64`. Beyond 2^53 it is inexact, and out of bounds all the same. */
  addr(n: number, is64: boolean): number {
    const at = this.at(n);
    const lo = this.s.I[at] >>> 0;
    return is64 ? (this.s.I[at + 1] >>> 0) * 2 ** 32 + lo : lo;
  }
  setAddr(n: number, value: number, is64: boolean): void {
    const at = this.at(n);
    if (is64) this.s.B[at >> 1] = BigInt(value);
    else this.s.I[at] = value;
  }
  get refs(): FrameStack["refs"] {
    return this.s.refs;
  }
}

const is64 = (thing: MemInst | TableInst): boolean => thing.declared.addr === "i64";

/**
 * Returns true when views must be reloaded, "wait" when the driver must execute the operation, or the word to go on at
 * when it is not that of the next operation.
 */
type Op = (x: Site) => unknown;

const table: Readonly<Record<string, Op>> = {
  unreachable: () => trap("unreachable"),
  "global.get_any": (x) => {
    const { type, cells, slot } = x.inst.globals[x.imm(2)];
    const at = x.at(1);
    if (isRef(type.val)) x.refs[at >> 1] = cells.refs[slot];
    else copyWords(cells.I, slot * 2, x.s.I, at, type.val);
  },
  "global.set_any": (x) => {
    const { type, cells, slot } = x.inst.globals[x.imm(2)];
    const at = x.at(1);
    if (isRef(type.val)) cells.refs[slot] = x.refs[at >> 1];
    else copyWords(x.s.I, at, cells.I, slot * 2, type.val);
  },
  load_any: load,
  store_any: store,
  "memory.size": (x) => {
    const m = x.mem(2);
    x.setAddr(1, m.size(), is64(m));
  },
  "memory.grow": (x) => {
    const m = x.mem(3);
    const delta = x.addr(2, is64(m));
    const old = m.grow(delta);
    if (old >= 0) x.s.extra += growCost(delta, m.pageSize);
    x.setAddr(1, old, is64(m));
    return true;
  },
  "memory.init": (x) => {
    const m = x.mem(5);
    m.init(x.addr(1, is64(m)), x.inst.datas[x.imm(4)], x.u32(2), x.u32(3));
    x.s.extra += bytesCost(x.u32(3));
  },
  "data.drop": (x) => void (x.inst.datas[x.imm(1)] = new Uint8Array(0)),
  "memory.copy": (x) => {
    const dst = x.mem(4);
    const src = x.mem(5);
    const count = x.addr(3, is64(dst) && is64(src));
    dst.copy(x.addr(1, is64(dst)), src, x.addr(2, is64(src)), count);
    x.s.extra += bytesCost(count);
  },
  "memory.fill": (x) => {
    const m = x.mem(4);
    const count = x.addr(3, is64(m));
    m.fill(x.addr(1, is64(m)), x.s.I[x.at(2)] & 0xff, count);
    x.s.extra += bytesCost(count);
  },
  "table.get": (x) => {
    const t = x.table(3);
    x.refs[x.at(1) >> 1] = t.get(x.addr(2, is64(t)));
  },
  "table.set": (x) => {
    const t = x.table(3);
    t.set(x.addr(1, is64(t)), x.refs[x.at(2) >> 1]);
  },
  "table.size": (x) => {
    const t = x.table(2);
    x.setAddr(1, t.length, is64(t));
  },
  "table.grow": (x) => {
    const t = x.table(4);
    const delta = x.addr(3, is64(t));
    const old = t.grow(delta, x.refs[x.at(2) >> 1]);
    if (old >= 0) x.s.extra += elemsCost(delta);
    x.setAddr(1, old, is64(t));
  },
  "table.fill": (x) => {
    const t = x.table(4);
    const count = x.addr(3, is64(t));
    t.fill(x.addr(1, is64(t)), x.refs[x.at(2) >> 1], count);
    x.s.extra += elemsCost(count);
  },
  "table.copy": (x) => {
    const dst = x.table(4);
    const src = x.table(5);
    const count = x.addr(3, is64(dst) && is64(src));
    dst.copy(x.addr(1, is64(dst)), src, x.addr(2, is64(src)), count);
    x.s.extra += elemsCost(count);
  },
  "table.init": (x) => {
    const t = x.table(5);
    t.init(x.addr(1, is64(t)), x.inst.elems[x.imm(4)], x.u32(2), x.u32(3));
    x.s.extra += elemsCost(x.u32(3));
  },
  "elem.drop": (x) => void (x.inst.elems[x.imm(1)] = []),
  "atomic.fence": fence,
  atomic_load: (x) => atomicOp(x.s, x.mem(5), effective(x, 2, x.mem(5), 3), x.imm(6), x.at(1), 0, 0),
  atomic_store: (x) => atomicOp(x.s, x.mem(5), effective(x, 1, x.mem(5), 3), x.imm(6), -1, x.at(2), 0),
  atomic_rmw: (x) => atomicOp(x.s, x.mem(6), effective(x, 2, x.mem(6), 4), x.imm(7), x.at(1), x.at(3), 0),
  atomic_cmpxchg: (x) => atomicOp(x.s, x.mem(7), effective(x, 2, x.mem(7), 5), x.imm(8), x.at(1), x.at(3), x.at(4)),
  atomic_notify: (x) => void (x.s.I[x.at(1)] = notify(x.mem(6), effective(x, 2, x.mem(6), 4), x.u32(3))),
  atomic_wait: () => "wait",
  table_index64: (x) => {
    if (x.s.I[x.at(1) + 1] !== 0) trap("undefinedElement", `(index ${x.addr(1, true)})`);
  },
  "i64.add128": (x) => i64_add128(x.s.I, x.at(1), x.at(2), x.at(3), x.at(4), x.at(5)),
  "i64.sub128": (x) => i64_sub128(x.s.I, x.at(1), x.at(2), x.at(3), x.at(4), x.at(5)),
  "i64.mul_wide_s": (x) => i64_mul_wide_s(x.s.I, x.at(1), x.at(2), x.at(3)),
  "i64.mul_wide_u": (x) => i64_mul_wide_u(x.s.I, x.at(1), x.at(2), x.at(3)),
  return_call_table: (x) => tailCallTable(x.s, x.inst, x.pc, x.fp),
  canonical_f32: (x) => canonicalise(x.s.I, x.at(1), "f32"),
  canonical_f64: (x) => canonicalise(x.s.I, x.at(1), "f64"),
  canonical_f32x4: (x) => canonicalise(x.s.I, x.at(1), "f32x4"),
  canonical_f64x2: (x) => canonicalise(x.s.I, x.at(1), "f64x2"),
};

function copyWords(from: Int32Array, f: number, to: Int32Array, t: number, type: number): void {
  to[t] = from[f];
  to[t + 1] = from[f + 1];
  if (type === V128) {
    to[t + 2] = from[f + 2];
    to[t + 3] = from[f + 3];
  }
}

/** Effective address; the offset has up to 53 bits. Words: `address`; `offset` and the next are its low and high half. */
function effective(x: Site, address: number, m: MemInst, offset = 3): number {
  return x.addr(address, is64(m)) + (x.imm(offset) >>> 0) + x.imm(offset + 1) * 2 ** 32;
}

/** The wait that `atomic_wait` at `pc` asks for, of `run`. */
export function waitAt(run: Run, canBlock: boolean): number | Blocked {
  const x = siteOf(run, run.pc, run.fp);
  const m = x.mem(7);
  const expected = (x.imm(8) & 8) !== 0 ? x.s.B[x.at(3) >> 1] : x.s.I[x.at(3)];
  return waitOn(m, effective(x, 2, m, 5), expected, x.s.B[x.at(4) >> 1], canBlock);
}

function load(x: Site): void {
  const m = x.mem(5);
  const access = x.imm(6);
  const a = effective(x, 2, m);
  const bytes = 1 << (access & 3);
  m.check(a, bytes);
  const { view } = m;
  const isSigned = (access & 4) !== 0;
  const at = x.at(1);
  let lo: number;
  if (bytes === 1) lo = isSigned ? view.getInt8(a) : view.getUint8(a);
  else if (bytes === 2) lo = isSigned ? view.getInt16(a, true) : view.getUint16(a, true);
  else lo = view.getInt32(a, true);
  x.s.I[at] = lo;
  if ((access & 8) !== 0) x.s.I[at + 1] = bytes === 8 ? view.getInt32(a + 4, true) : isSigned ? lo >> 31 : 0;
}

function store(x: Site): void {
  const m = x.mem(5);
  const a = effective(x, 1, m);
  const bytes = 1 << (x.imm(6) & 3);
  m.check(a, bytes);
  const { view } = m;
  const at = x.at(2);
  const lo = x.s.I[at];
  if (bytes === 1) view.setInt8(a, lo);
  else if (bytes === 2) view.setInt16(a, lo, true);
  else view.setInt32(a, lo, true);
  if (bytes === 8) view.setInt32(a + 4, x.s.I[at + 1], true);
}

const names = Object.keys(table);
const first = op(names[0]);
/** By number, so that no name is looked up while a guest runs. */
const byNumber: readonly Op[] = names.map((_, i) => table[opDef(first + i)?.name as string]);
const sizes: readonly number[] = names.map((_, i) => opDef(first + i)?.words as number);

/**
 * Executes operation `o` at `pc`; the word after it, or its complement when views must be reloaded. The complement of
 * `pc` itself leaves the operation to the driver (`atomic_wait`).
 *
 * @throws WasmError trap
 */
export function instanceOp(run: Run, o: number, pc: number, fp: number): number {
  const next = pc + sizes[o - first];
  const done = byNumber[o - first](siteOf(run, pc, fp));
  if (done === true) return ~next;
  if (done === "wait") return ~pc;
  return typeof done === "number" ? done : next;
}

function siteOf(run: Run, pc: number, fp: number): Site {
  const x = new Site();
  x.s = run.stack;
  x.inst = run.inst;
  x.code = run.inst.code.words;
  x.pc = pc;
  x.fp = fp;
  return x;
}
