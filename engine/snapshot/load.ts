/**
 * From the state in a snapshot to instances that go on: the mirror of `save.ts`. A snapshot is untrusted: everything is
 * checked as a module would be, against the modules, before anything outside the new instances is touched.
 */

import { canonOf, canonVal } from "../canon.ts";
import type { HostState, PreparedState } from "../host-state.ts";
import type { Activation } from "../interpret/activation.ts";
import { type Frame, restoreFrames, type Slot, typesAt } from "../interpret/frames.ts";
import type { StackLimits } from "../interpret/stack.ts";
import type { Module } from "../module.ts";
import type { GlobalInst } from "../runtime/global.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { MemInst } from "../runtime/memory.ts";
import type { TableInst } from "../runtime/table.ts";
import type { Val } from "../runtime/value.ts";
import { F32, I32, isRef, V128, type ValType } from "../types.ts";
import { ByteReader } from "./bytes.ts";
import { snapshotError } from "./errors.ts";
import type { Image, MemoryImage } from "./file.ts";
import { readHeap, ValueReader } from "./read-values.ts";
import { moduleDigest, Shared } from "./save.ts";

/** What a snapshot says about itself before anything that needs its modules. */
export interface SnapshotHead {
  /** SHA-256 of the module of each instance, in order. */
  readonly modules: readonly Uint8Array[];
  /** Fuel spent so far, and left. */
  readonly spent: number;
  readonly left: number;
  readonly hosts: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

function readHead(r: ByteReader): SnapshotHead {
  const digests = r.list(32, () => r.raw(32));
  const modules = r.list(4, () => digests[r.index(digests.length, "module")]);
  const spent = r.f64();
  const left = r.f64();
  if (!(spent >= 0) || Number.isNaN(left)) throw snapshotError("damaged", "what the guest spent is no number");
  const hosts = r.list(8, () => ({ name: r.text(), bytes: r.blob() }));
  return { modules, spent, left, hosts };
}

/** @throws WasmError WT5201, WT5204 */
export const headOf = (image: Image): SnapshotHead => readHead(new ByteReader(image.state));

/** Checks that the snapshot is of `modules`, in the order of their instances. @throws WasmError WT5203 */
export function checkModules({ modules: ofInstances }: SnapshotHead, modules: readonly Module[]): void {
  if (ofInstances.length !== modules.length) {
    throw snapshotError("module", `it has ${ofInstances.length} instances, and ${modules.length} modules are given`);
  }
  modules.forEach((module, i) => {
    const own = moduleDigest(module);
    if (!own.every((b, k) => b === ofInstances[i][k])) {
      throw snapshotError("module", modules.length === 1 ? "their SHA-256 differ" : `module ${i} has another SHA-256`);
    }
  });
}

/** A change that cannot fail. */
type Step = () => void;

/**
 * Puts the state of `image` into `instances`, which were made of the right modules and have not run, and into `hosts`.
 *
 * @returns the activation, if the guest was in the middle of a call
 * @throws WasmError WT5201..WT5207, exhausted; hosts and what was imported from elsewhere are unchanged then
 */
export function load(
  image: Image,
  instances: readonly ModuleInst[],
  hosts: readonly HostState[],
  limits: StackLimits,
): Activation | undefined {
  const r = new ByteReader(image.state);
  const head = readHead(r);
  const values = new ValueReader(r, instances, readHeap(r, instances));
  const shared = new Shared(instances);
  const steps: Step[] = [];
  loadShape(r, instances, shared);
  loadTables(r, values, shared, steps, instances);
  loadGlobals(r, values, shared, steps);
  for (const inst of instances) loadSegments(r, values, inst);
  const act = loadActivation(r, values, instances, limits);
  r.end();
  // What the guest has spent goes on being counted; what it has left is what its new limits say, or else what it had.
  steps.push(() => instances[0]?.meter.resume(head.spent, head.left));
  steps.push(...memorySteps(image.memories, shared.mems, instances));
  const prepared = prepareHosts(head.hosts, hosts);
  for (const step of steps) step();
  for (const p of prepared) p.commit();
  return act;
}

/** What instances share must be shared again. */
function loadShape(r: ByteReader, instances: readonly ModuleInst[], shared: Shared): void {
  for (const { mems, tables, globals } of instances) {
    sameLinks(r, mems, shared.mems, "memory");
    sameLinks(r, tables, shared.tables, "table");
    sameLinks(r, globals, shared.globals, "global");
  }
}

function sameLinks<T>(r: ByteReader, own: readonly T[], all: readonly T[], what: string): void {
  const links = r.list(4, () => r.u32());
  if (links.length === own.length && links.every((n, i) => all[n] === own[i])) return;
  throw snapshotError("host", `the instances do not share each ${what} as they did`);
}

/** Throws unless `thing` may change its size here: what is imported from elsewhere is the embedder's. */
function checkOwn<T>(thing: T, own: readonly T[], isOther: boolean, what: string): void {
  if (isOther && !own.includes(thing)) throw snapshotError("host", `the ${what} that is imported has another size`);
}

function loadTables(
  r: ByteReader,
  values: ValueReader,
  { tables }: Shared,
  steps: Step[],
  instances: readonly ModuleInst[],
): void {
  const own = instances.flatMap((inst) => inst.tables.slice(inst.module.importedTables));
  if (r.u32() !== tables.length) throw snapshotError("misfit", "it has another number of tables");
  for (const table of tables) {
    const vals = values.refs(table.declared.elem, mostOf(table));
    if (vals.length < table.length) throw snapshotError("misfit", "a table is smaller than its type says");
    checkOwn(table, own, vals.length !== table.length, "table");
    if (table.grow(vals.length - table.length, null) < 0)
      throw snapshotError("misfit", "a table is larger than it may be");
    steps.push(() => setTable(table, vals));
  }
}

const mostOf = ({ declared, limit }: TableInst): number => Math.min(declared.limits.max ?? Infinity, limit);

function setTable(table: TableInst, vals: readonly Val[]): void {
  for (let i = 0; i < vals.length; i++) table.set(i, vals[i]);
}

function loadGlobals(r: ByteReader, values: ValueReader, { globals }: Shared, steps: Step[]): void {
  if (r.u32() !== globals.length) throw snapshotError("misfit", "it has another number of globals");
  for (const g of globals) steps.push(readGlobal(r, values, g));
}

function readGlobal(r: ByteReader, values: ValueReader, { type, cells, slot }: GlobalInst): Step {
  if (isRef(type.val)) {
    const v = values.ref(type.val);
    return () => void (cells.refs[slot] = v);
  }
  const words = [r.i64(), ...(type.val === V128 ? [r.i64()] : [])];
  return () => cells.B.set(words, slot);
}

/** Segments that were dropped are empty; those of references have theirs, which may be objects. */
function loadSegments(r: ByteReader, values: ValueReader, inst: ModuleInst): void {
  const { module, elems, datas } = inst;
  const canon = canonOf(module.types);
  if (r.u32() !== module.elems.length) throw snapshotError("misfit", "it has another number of element segments");
  module.elems.forEach((elem, i) => {
    const most = elem.init.kind === "funcs" ? elem.init.funcs.length : elem.init.exprs.length;
    elems[i] = values.refs(canonVal(elem.type, canon), most);
  });
  if (r.u32() !== module.datas.length) throw snapshotError("misfit", "it has another number of data segments");
  for (let i = 0; i < module.datas.length; i++) {
    const { init } = module.datas.get(i);
    datas[i] = r.u8() === 1 ? module.bytes.subarray(init.start, init.end) : new Uint8Array(0);
  }
}

function loadActivation(
  r: ByteReader,
  values: ValueReader,
  instances: readonly ModuleInst[],
  limits: StackLimits,
): Activation | undefined {
  if (r.u8() === 0) return undefined;
  const func = values.func();
  if (func.inst === null) throw snapshotError("misfit", "a call of a function of the host");
  const count = r.u32();
  const frames: Frame[] = [];
  for (let i = 0; i < count; i++) frames.push(readFrame(r, values, instances, i === count - 1));
  return restoreFrames(func, { frames, instances }, limits);
}

function readFrame(r: ByteReader, values: ValueReader, instances: readonly ModuleInst[], isInnermost: boolean): Frame {
  const instance = r.index(instances.length, "instance");
  const func = r.u32();
  const pc = r.u32();
  const types = typesAt(instances[instance], func, pc, isInnermost);
  if (types === undefined) throw snapshotError("misfit", `function ${func} has no safepoint at ${pc}`);
  const locals = types.locals.map((t) => readSlot(r, values, t, true));
  const operands = types.operands.map((t) => readSlot(r, values, t, false));
  return { instance, func, pc, locals, operands };
}

function readSlot(r: ByteReader, values: ValueReader, t: ValType, canBeUnset: boolean): Slot {
  if (isRef(t)) return values.ref(t, canBeUnset);
  if (t === I32 || t === F32) return r.i32();
  if (t !== V128) return r.i64();
  const low = r.u64();
  return (r.u64() << 64n) | low;
}

function memorySteps(
  images: readonly MemoryImage[],
  mems: readonly MemInst[],
  instances: readonly ModuleInst[],
): Step[] {
  if (images.length !== mems.length) throw snapshotError("misfit", "it has another number of memories");
  const own = instances.flatMap((inst) => inst.mems.slice(inst.module.importedMems));
  return images.map(({ size, runs }, i) => {
    const m = mems[i];
    const pages = size / m.pageSize;
    if (!Number.isSafeInteger(pages) || pages < m.size()) {
      throw snapshotError("misfit", "a memory is smaller than its type says");
    }
    checkOwn(m, own, pages !== m.size(), "memory");
    if (m.grow(pages - m.size()) < 0)
      throw snapshotError("misfit", `a memory of ${size} bytes is larger than it may be`);
    return () => {
      for (const { at, bytes } of runs) m.bytes.set(bytes, at);
    };
  });
}

/** All or none. */
function prepareHosts(states: SnapshotHead["hosts"], hosts: readonly HostState[]): PreparedState[] {
  const names = states.map((s) => s.name).sort();
  const own = hosts.map((h) => h.name).sort();
  if (names.join() !== own.join()) {
    throw snapshotError(
      "host",
      `it has the state of ${names.join(", ") || "none"}, and this host of ${own.join(", ") || "none"}`,
    );
  }
  const prepared: PreparedState[] = [];
  try {
    for (const host of hosts)
      prepared.push(host.prepare((states.find((s) => s.name === host.name) as { bytes: Uint8Array }).bytes));
  } catch (error) {
    for (const p of prepared) p.cancel();
    throw error;
  }
  return prepared;
}
