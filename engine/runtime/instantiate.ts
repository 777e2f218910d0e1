/**
 * Makes an instance of a module: imports, allocation, initial values, segments. The start function is the caller's to
 * run, since it may block. Spec: exec/modules (instantiation).
 */

import { Reader } from "../binary/reader.ts";
import type { Runner } from "../blocked.ts";
import { canonOf, canonVal } from "../canon.ts";
import { DATA_WORDS } from "../datas.ts";
import type { Elem, Module } from "../module.ts";
import { evaluate } from "./const-eval.ts";
import { type CodeKind, flatCodeOf } from "./flat-code.ts";
import { FuncInst, TagInst } from "./func.ts";
import { GlobalCells, GlobalInst, slotsFor } from "./global.ts";
import { type HeapGauge, HeapMeter } from "./heap-meter.ts";
import { type Extern, ModuleInst } from "./instance.ts";
import { type Imports, type MissingImport, resolveImports } from "./link.ts";
import { DEFAULT_MAX_MEMORY, MemInst } from "./memory.ts";
import { type GuestLimits, Meter } from "./meter.ts";
import { DEFAULT_MAX_TABLE, TableInst } from "./table.ts";
import type { Val } from "./value.ts";

/** Opcode of `i32.const`. */
const I32_CONST = 0x41;

export interface InstanceOptions {
  /** Most bytes of one memory that the instance defines. */
  readonly maxMemoryBytes?: number | undefined;
  /** Most elements of one table that the instance defines. */
  readonly maxTableElements?: number | undefined;
  /** Most bytes of one array of the GC proposal that the instance makes. */
  readonly maxArrayBytes?: number | undefined;
  /** Stops guests before they fill the host's heap; without one only the sizes of arrays are limited. */
  readonly heapGauge?: HeapGauge | undefined;
  /** Most guest frames of one activation. */
  readonly maxStackDepth?: number | undefined;
  /** Blocks the thread for host functions that would wait; without one they suspend the guest. */
  readonly runner?: Runner | undefined;
  /** NaNs that arithmetic makes have the same bits everywhere. The instance is interpreted then. Default false. */
  readonly hasCanonicalNans?: boolean | undefined;
  readonly missingImport?: MissingImport | undefined;
  /** True: the start function is the caller's to run (`Instance.runStart`), before anything else. */
  readonly isStartLeft?: boolean | undefined;
  /** Calls of the instance may overlap: one may begin while another is suspended. Default false: that is an error (WT4018). */
  readonly reentrant?: boolean | undefined;
  /** Its functions may be compiled: set by the engine. @internal */
  readonly isTiered?: boolean | undefined;
  /** Its code is not resident: set by the engine. @internal */
  readonly isApart?: boolean | undefined;
  /** What the guest may use: for a guest of one instance. */
  readonly limits?: GuestLimits | undefined;
  /** The account of a guest that has several instances; `limits` are those it was made with. */
  readonly meter?: Meter | undefined;
}

function codeKindOf({ hasCanonicalNans, isTiered, isApart }: InstanceOptions): CodeKind {
  if (hasCanonicalNans) return "canonical NaNs";
  if (isTiered) return "tiered";
  return isApart ? "apart" : "plain";
}

/**
 * @param isBlank for a state to be put in: no segment is copied
 * @throws WasmError unlinkable; trap when an active segment does not fit (earlier segments stay written)
 */
export function instantiate(module: Module, imports: Imports, options: InstanceOptions, isBlank = false): ModuleInst {
  const externs = resolveImports(module, imports, options.missingImport);
  const cells = new GlobalCells(slotsFor(module.globals.map((g) => g.type)));
  const heap = new HeapMeter(options.maxArrayBytes, options.heapGauge);
  const meter = options.meter ?? new Meter(options.limits);
  meter.takeInstance();
  const inst = new ModuleInst(module, flatCodeOf(module, codeKindOf(options)), cells, options.runner, meter, heap);
  for (const x of externs) addExtern(inst, x);
  allocate(inst, options);
  if (!isBlank) initialise(inst);
  return inst;
}

function addExtern(inst: ModuleInst, x: Extern): void {
  if (x.kind === "func") inst.funcs.push(x);
  else if (x.kind === "table") inst.tables.push(x);
  else if (x.kind === "memory") inst.mems.push(x);
  else if (x.kind === "global") inst.globals.push(x);
  else inst.tags.push(x);
}

function allocate(inst: ModuleInst, options: InstanceOptions): void {
  const { module } = inst;
  const canon = canonOf(module.types);
  for (let i = module.importedFuncs; i < module.funcTypes.length; i++) {
    inst.funcs.push(new FuncInst(canon[module.funcTypes[i]], inst, i, null));
  }
  for (const t of module.memTypes.slice(module.importedMems)) {
    inst.mems.push(new MemInst(t, options.maxMemoryBytes ?? DEFAULT_MAX_MEMORY, undefined, inst.meter));
  }
  for (const t of module.tagTypes.slice(module.importedTags)) {
    inst.tags.push(new TagInst(canon[t.type]));
  }
  let vectorSlot = module.globals.length;
  module.globals.forEach((g, i) => {
    const { lo, hi, ref, upper } = evaluate(inst, g.init);
    const slot = upper === undefined ? i : vectorSlot;
    if (upper !== undefined) vectorSlot += 2;
    inst.cells.I.set(upper === undefined ? [lo, hi] : [lo, hi, ...upper], slot * 2);
    inst.cells.refs[slot] = ref;
    inst.globals.push(new GlobalInst({ ...g.type, val: canonVal(g.type.val, canon) }, inst.cells, slot));
  });
  for (const t of module.tables) {
    const init = t.init === undefined ? null : evaluate(inst, t.init).ref;
    const type = { ...t.type, elem: canonVal(t.type.elem, canon) };
    inst.tables.push(new TableInst(type, init, options.maxTableElements ?? DEFAULT_MAX_TABLE, inst.meter));
  }
}

function elemVals(inst: ModuleInst, elem: Elem): readonly Val[] {
  if (elem.mode.kind === "declarative") return [];
  if (elem.init.kind === "funcs") return Array.from(elem.init.funcs, (f) => inst.funcs[f]);
  return elem.init.exprs.map((e) => evaluate(inst, e).ref);
}

/** Unsigned value of an active segment's offset, the constant expression in `[start, end)`. */
function offsetOf(inst: ModuleInst, start: number, end: number, isWide: boolean): number {
  const { bytes } = inst.module;
  if (bytes[start] === I32_CONST) {
    const r = new Reader(bytes, start + 1, end);
    const value = r.s32() >>> 0;
    if (r.pos === end - 1) return value;
  }
  const { lo, hi } = evaluate(inst, { start, end });
  return isWide ? (hi >>> 0) * 2 ** 32 + (lo >>> 0) : lo >>> 0;
}

function initialise(inst: ModuleInst): void {
  const { module } = inst;
  for (const elem of module.elems) inst.elems.push(elemVals(inst, elem));
  let written = 0;
  try {
    module.elems.forEach((elem, i) => {
      if (elem.mode.kind !== "active") return;
      const table = inst.tables[elem.mode.idx];
      const { start, end } = elem.mode.at;
      table.init(offsetOf(inst, start, end, table.declared.addr === "i64"), inst.elems[i], 0, inst.elems[i].length);
      inst.elems[i] = [];
    });
    const { length, unusual } = module.datas;
    for (const next of [...unusual, length]) {
      written = initUsual(inst, written, next);
      // Also those that do not fit in, which trap.
      for (; written < Math.min(next + 1, length); written++) inst.datas.push(initData(inst, written));
    }
  } finally {
    // Of an instance that failed, functions may be in tables of others: to them these segments are there.
    for (; written < module.datas.length; written++) {
      const { init } = module.datas.get(written);
      inst.datas.push(module.bytes.subarray(init.start, init.end));
    }
  }
}

/**
 * Copies data segments from the `i`th to before `end`, all of them usual (`DataList`), as long as they fit into memory; which is
 * next.
 *
 * One loop, without objects and calls, as most modules are instantiated by code that V8 has not optimised. Bench: real-js
 * --loads, esbuild: 94,499 segments, nine tenths of at most 8 bytes.
 */
function initUsual(inst: ModuleInst, i: number, end: number): number {
  const { bytes, datas } = inst.module;
  const mem = inst.mems[0];
  if (i === end || mem === undefined || mem.declared.addr === "i64") return i;
  const { words } = datas;
  const { bytes: into } = mem;
  for (let at = i * DATA_WORDS; i < end; i++, at += DATA_WORDS) {
    let pos = words[at + 2] + 1;
    let byte = bytes[pos];
    let dst = byte & 0x7f;
    let shift = 7;
    for (; byte > 0x7f; shift += 7) {
      byte = bytes[++pos];
      dst |= (byte & 0x7f) << shift;
    }
    // At most four bytes: what is negative does not fit.
    const from = words[at + 4];
    const count = words[at + 5] - from;
    if ((byte & 0x40) !== 0 || dst + count > into.length) return i;
    if (count > SHORT) into.set(bytes.subarray(from, from + count), dst);
    else for (let k = 0; k < count; k++) into[dst + k] = bytes[from + k];
    inst.datas.push(dropped);
  }
  return i;
}

/** Bytes that are copied one by one. */
const SHORT = 32;

/** Copies data segment `i` if it is active; what is left of the segment. */
function initData(inst: ModuleInst, i: number): Uint8Array {
  const { bytes, datas } = inst.module;
  const { words } = datas;
  const at = i * DATA_WORDS;
  const from = words[at + 4];
  const to = words[at + 5];
  if (words[at + 2] === words[at + 3]) return bytes.subarray(from, to);
  const mem = inst.mems[words[at + 1]];
  mem.init(offsetOf(inst, words[at + 2], words[at + 3], mem.declared.addr === "i64"), bytes, from, to - from);
  return dropped;
}

const dropped = new Uint8Array(0);
