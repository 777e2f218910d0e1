/**
 * From instances and an activation that is not running to the state in a snapshot. Order and form: see docs/snapshots.md.
 * `load.ts` is its mirror.
 */

import type { HostState } from "../host-state.ts";
import type { Activation } from "../interpret/activation.ts";
import { captureFrames, type FrameTypes, type Slot, typesAt } from "../interpret/frames.ts";
import type { Module } from "../module.ts";
import type { GlobalInst } from "../runtime/global.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { MemInst } from "../runtime/memory.ts";
import type { TableInst } from "../runtime/table.ts";
import { sha256 } from "../sha256.ts";
import { F32, I32, isRef, V128, type ValType } from "../types.ts";
import { ByteWriter } from "./bytes.ts";
import { snapshotError } from "./errors.ts";
import type { Image, MemoryImage } from "./file.ts";
import { heapBytes, Names, Objects, ValueWriter } from "./values.ts";

const digests = new WeakMap<Module, Uint8Array>();

/** SHA-256 of the bytes of `module`. @cost O(bytes) the first time */
export function moduleDigest(module: Module): Uint8Array {
  const known = digests.get(module) ?? sha256(module.bytes);
  digests.set(module, known);
  return known;
}

/** What several instances may share, each once. */
export class Shared {
  readonly mems: readonly MemInst[];
  readonly tables: readonly TableInst[];
  readonly globals: readonly GlobalInst[];

  constructor(instances: readonly ModuleInst[]) {
    this.mems = [...new Set(instances.flatMap((inst) => inst.mems))];
    this.tables = [...new Set(instances.flatMap((inst) => inst.tables))];
    this.globals = [...new Set(instances.flatMap((inst) => inst.globals))];
  }
}

/**
 * The state of `instances`, in the order in which they were made, and of `act`. Memories are not copied: the image is
 * good until the guest runs again.
 *
 * @throws WasmError WT5205, WT5206
 * @cost O(tables + globals + objects + frames)
 */
export function imageOf(
  instances: readonly ModuleInst[],
  act: Activation | undefined,
  hosts: readonly HostState[],
): Image {
  const names = new Names(instances);
  const objects = new Objects();
  const rest = new ByteWriter();
  const values = new ValueWriter(rest, names, objects);
  const shared = new Shared(instances);
  saveInstances(rest, values, instances, shared);
  saveActivation(rest, values, act, instances);
  const state = new ByteWriter();
  const modules = [...new Set(instances.map((inst) => inst.module))];
  state.list(modules, (module) => state.raw(moduleDigest(module)));
  state.list(instances, (inst) => state.u32(modules.indexOf(inst.module)));
  saveMeter(state, instances);
  state.list(hosts, (host) => {
    state.text(host.name);
    state.blob(host.save());
  });
  state.raw(heapBytes(names, objects));
  state.raw(rest.finish());
  return { state: state.finish(), memories: shared.mems.map(memoryImage) };
}

function memoryImage(m: MemInst): MemoryImage {
  if (m.shared !== undefined) throw snapshotError("unsaved", "a shared memory, which other threads may change");
  return { size: m.bytes.length, runs: [{ at: 0, bytes: m.bytes }] };
}

function saveInstances(out: ByteWriter, values: ValueWriter, instances: readonly ModuleInst[], shared: Shared): void {
  for (const { mems, tables, globals } of instances) {
    out.list(mems, (m) => out.u32(shared.mems.indexOf(m)));
    out.list(tables, (t) => out.u32(shared.tables.indexOf(t)));
    out.list(globals, (g) => out.u32(shared.globals.indexOf(g)));
  }
  out.list(shared.tables, (t) => values.refs(t.elems));
  out.list(shared.globals, (g) => saveGlobal(out, values, g));
  for (const { elems, datas } of instances) {
    out.list(elems, (e) => values.refs(e));
    out.list(datas, (d) => out.u8(d.length > 0 ? 1 : 0));
  }
}

/** Raw words, so that NaNs keep their bits. */
function saveGlobal(out: ByteWriter, values: ValueWriter, { type, cells, slot }: GlobalInst): void {
  if (isRef(type.val)) return values.ref(cells.refs[slot]);
  for (let k = 0; k < (type.val === V128 ? 2 : 1); k++) out.u64(cells.B[slot + k]);
}

function saveActivation(
  out: ByteWriter,
  values: ValueWriter,
  act: Activation | undefined,
  instances: readonly ModuleInst[],
): void {
  out.u8(act === undefined ? 0 : 1);
  if (act === undefined) return;
  if (!act.isReady) throw snapshotError("running", "it is inside a call of the host, or over");
  values.func(act.func);
  const captured = captureFrames(act);
  out.list(captured.frames, (f) => {
    const inst = captured.instances[f.instance];
    if (!instances.includes(inst)) throw snapshotError("unsaved", "a call in an instance that is not part of it");
    out.u32(instances.indexOf(inst));
    out.u32(f.func);
    out.u32(f.pc);
    const types = typesAt(inst, f.func, f.pc, f === captured.frames.at(-1)) as FrameTypes;
    f.locals.forEach((v, i) => void saveSlot(out, values, types.locals[i], v));
    f.operands.forEach((v, i) => void saveSlot(out, values, types.operands[i], v));
  });
}

function saveSlot(out: ByteWriter, values: ValueWriter, t: ValType, v: Slot): void {
  if (isRef(t)) values.ref(v);
  else if (t === I32 || t === F32) out.u32(v as number);
  else {
    out.u64(v as bigint);
    if (t === V128) out.u64((v as bigint) >> 64n);
  }
}

function saveMeter(out: ByteWriter, instances: readonly ModuleInst[]): void {
  const meter = instances[0]?.meter;
  out.f64(meter?.spent ?? 0);
  out.f64(meter?.fuelLeft ?? Infinity);
}
