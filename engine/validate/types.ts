/**
 * Validates definition types and the types of tables, memories, globals and tags. Spec: valid/types.
 */
import { type InvalidFault, invalid, overLimit } from "../faults.ts";
import {
  type CompType,
  type FuncType,
  type HeapType,
  heapOf,
  isConcrete,
  isRef,
  type Limits,
  type MemType,
  type TableType,
  type TagType,
  typeIdxOf,
  type ValType,
} from "../types.ts";
import type { ModuleContext } from "./context.ts";
import { checkDescriptor, checkSubDescriptor } from "./descriptors.ts";

/** Largest limits, in pages of 64 KiB and elements. */
const MAX_PAGES_32 = 2 ** 16;
const MAX_PAGES_64 = 2 ** 48;
const MAX_ELEMS_32 = 2 ** 32 - 1;

/** The definition types. @param at  offset for errors */
export function validateTypes(ctx: ModuleContext, at: number): void {
  const { types } = ctx.module;
  let groupEnd = 0;
  const depths = new Uint8Array(types.length);
  // References and supertypes of all before any comparison, which needs them sound and bounded.
  for (let idx = 0; idx < types.length; idx++) {
    const type = types[idx]!;
    while (groupEnd < types.length && types[groupEnd]!.group <= type.group) groupEnd++;
    checkRefs(type.comp, groupEnd, at);
    if (type.supers.length > 0) depths[idx] = checkSuper(ctx, idx, depths, at);
    if (type.descriptor !== undefined || type.describes !== undefined) checkDescriptor(types, idx, groupEnd, at);
  }
  for (let idx = 0; idx < types.length; idx++) {
    const parent = types[idx]!.supers[0];
    if (parent !== undefined && !ctx.matcher.isSubComp(types[idx]!.comp, types[parent]!.comp)) {
      throw invalid("subType", at, ` ${idx} does not match super type ${parent}`);
    }
    if (parent !== undefined) checkSubDescriptor(ctx, idx, parent, at);
  }
}

/** The supertype of `idx` must come before it and be open; returns the number of supertypes above `idx`. */
function checkSuper(ctx: ModuleContext, idx: number, depths: Uint8Array, at: number): number {
  const { supers } = ctx.module.types[idx]!;
  const parent = supers[0]!;
  if (supers.length > 1) throw invalid("subType", at, ` ${idx} has ${supers.length} supertypes, one is allowed`);
  if (parent >= idx) throw invalid("unknownType", at, ` ${parent} as supertype of ${idx}`);
  if (ctx.module.types[parent]!.isFinal) throw invalid("subType", at, ` ${idx} extends ${parent}, which is final`);
  const depth = depths[parent]! + 1;
  const { supertypeDepth } = ctx.limits;
  if (depth > supertypeDepth) throw overLimit("supertypeDepth", depth, supertypeDepth, at);
  return depth;
}

/** Every type that `comp` names must be below `end`. */
function checkRefs(comp: CompType, end: number, at: number): void {
  const check = (t: ValType): void => checkValType(t, end, at);
  if (comp.kind === "func") {
    comp.params.forEach(check);
    comp.results.forEach(check);
  } else if (comp.kind === "struct") {
    for (const field of comp.fields) check(field.storage);
  } else check(comp.field.storage);
}

/** A reference type must name one of `types` definition types, or none. */
export function checkValType(t: ValType, types: number, at: number, func?: number): void {
  if (isRef(t)) checkHeapType(heapOf(t), types, at, func);
}

export function checkHeapType(heap: HeapType, types: number, at: number, func?: number): void {
  if (isConcrete(heap) && typeIdxOf(heap) >= types) throw invalid("unknownType", at, ` ${typeIdxOf(heap)}`, func);
}

/** The function type at `idx`. @throws WasmError invalid, if there is none */
export function requireFuncType(ctx: ModuleContext, idx: number, at: number): FuncType {
  const type = ctx.module.types[idx];
  if (type === undefined) throw invalid("unknownType", at, ` ${idx}`);
  if (type.comp.kind !== "func") throw invalid("notFuncType", at, ` ${idx}`);
  return type.comp;
}

function checkLimits(limits: Limits, most: number, fault: InvalidFault, unit: string, at: number): void {
  if (limits.min > most || (limits.max ?? 0) > most) throw invalid(fault, at, ` ${unit}`);
  if (limits.max !== undefined && limits.min > limits.max) {
    throw invalid("limitsOrder", at, `: ${limits.min} > ${limits.max}`);
  }
}

export function validateMemType(type: MemType, at: number): void {
  const { addr, pageSizeLog2 } = type;
  if (pageSizeLog2 !== 0 && pageSizeLog2 !== 16) throw invalid("pageSize", at, `: 2^${pageSizeLog2}`);
  const most = (addr === "i32" ? MAX_PAGES_32 : MAX_PAGES_64) * 2 ** (16 - pageSizeLog2);
  const clamped = Math.min(most, 2 ** 53);
  const size = addr === "i32" ? "4GiB" : "16EiB";
  checkLimits(
    type.limits,
    addr === "i32" && pageSizeLog2 === 0 ? clamped - 1 : clamped,
    "memSize",
    `${most} pages (${size})`,
    at,
  );
  if (type.isShared && type.limits.max === undefined) throw invalid("sharedNoMax", at);
}

export function validateTableType(ctx: ModuleContext, type: TableType, at: number): void {
  checkValType(type.elem, ctx.module.types.length, at);
  const most = type.addr === "i32" ? MAX_ELEMS_32 : Number.POSITIVE_INFINITY;
  checkLimits(type.limits, most, "tableSize", `${most} elements`, at);
}

export function validateTagType(ctx: ModuleContext, type: TagType, at: number): void {
  const { results } = requireFuncType(ctx, type.type, at);
  if (results.length > 0) throw invalid("tagResult", at);
}
