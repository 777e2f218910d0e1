/**
 * Validates types with descriptors and the instructions on them. Proposal: custom-descriptors.
 */
import { invalid } from "../faults.ts";
import {
  CONCRETE,
  EXACT,
  heapOf,
  isConcrete,
  printHeapType,
  refType,
  type SubType,
  typeIdxOf,
  type ValType,
} from "../types.ts";
import type { ModuleContext } from "./context.ts";
import type { FuncState } from "./state.ts";

type Rule = (s: FuncState) => void;

/** Type `idx` and its descriptor, or the type it describes, must be structures of one group that name each other. */
export function checkDescriptor(types: readonly SubType[], idx: number, groupEnd: number, at: number): void {
  const { comp, descriptor, describes, group } = types[idx]!;
  const isInGroup = (i: number): boolean => i < groupEnd && types[i]!.group === group;
  const fail = (text: string): Error => invalid("descriptor", at, `${text}: type ${idx}`);
  if (describes !== undefined) {
    if (comp.kind !== "struct") throw fail("described type must be a struct");
    if (!isInGroup(describes)) throw fail("described type is outside rec group");
    if (describes >= idx) throw fail("forward use of described type");
    if (types[describes]!.descriptor !== idx) throw fail("described type is not described by descriptor");
  }
  if (descriptor === undefined) return;
  if (comp.kind !== "struct") throw fail("descriptor type must be a struct");
  if (!isInGroup(descriptor)) throw fail("descriptor type is outside rec group");
  if (types[descriptor]!.describes !== idx) throw fail("type is not described by its descriptor");
}

/** What the subtype `idx` of `parent` must have if that has a descriptor or describes a type. */
export function checkSubDescriptor(ctx: ModuleContext, idx: number, parent: number, at: number): void {
  const { types } = ctx.module;
  const sub = types[idx]!;
  const sup = types[parent]!;
  const isSub = (a: number, b: number): boolean => ctx.matcher.isSubHeap(CONCRETE + a, CONCRETE + b);
  const isMissing =
    (sup.descriptor !== undefined && sub.descriptor === undefined) ||
    (sup.describes === undefined) !== (sub.describes === undefined);
  if (isMissing) throw invalid("subType", at, ` ${idx} does not match super type ${parent}`);
  if (sup.descriptor !== undefined && !isSub(sub.descriptor!, sup.descriptor)) {
    throw invalid("descriptor", at, `descriptor type ${sub.descriptor} does not match ${sup.descriptor}`);
  }
  if (sup.describes !== undefined && !isSub(sub.describes!, sup.describes)) {
    throw invalid("descriptor", at, `described type ${sub.describes} does not match ${sup.describes}`);
  }
}

/** A type that `struct.new` makes must have no descriptor; one that `struct.new_desc` makes must have one. */
export function requireDescriptor(s: FuncState, idx: number, wanted: boolean): void {
  if ((s.ctx.module.types[idx]!.descriptor !== undefined) === wanted) return;
  const text = wanted
    ? "type without descriptor requires non-descriptor allocation"
    : "type with descriptor requires descriptor allocation";
  throw s.fault("descriptor", `${text}: type ${idx}`);
}

/** Pops the descriptor of an instance of type `idx` to be made. */
export function popDescriptor(s: FuncState, idx: number): void {
  s.popVal(refType(CONCRETE + s.ctx.module.types[idx]!.descriptor!, true) | EXACT);
}

/** Pops the descriptor of a cast to `type`: exact if the cast is. */
export function popCastDescriptor(s: FuncState, type: ValType): void {
  const heap = heapOf(type);
  const descriptor = isConcrete(heap) ? s.ctx.module.types[typeIdxOf(heap)]!.descriptor : undefined;
  if (descriptor === undefined) throw s.fault("descriptor", `type ${printHeapType(heap)} does not have a descriptor`);
  s.popVal(refType(CONCRETE + descriptor, true) | (type & EXACT));
}

export const checkGetDesc: Rule = (s) => {
  const idx = s.r.u32();
  const type = s.ctx.module.types[idx];
  if (type === undefined) throw s.fault("unknownType", ` ${idx}`);
  if (type.descriptor === undefined) throw s.fault("descriptor", `type without descriptor: ${idx}`);
  const operand = s.popVal(refType(CONCRETE + idx, true));
  const isOfExact = s.ctx.matcher.isSub(operand, refType(CONCRETE + idx, true) | EXACT);
  s.pushVal(refType(CONCRETE + type.descriptor, false) | (isOfExact ? EXACT : 0));
};
