/** Functions and tags. Spec: exec/runtime (function instances, tag instances). */
import type { HostResult } from "../blocked.ts";
import { canonicalTypes } from "../canon.ts";
import type { FuncType } from "../types.ts";
import type { ModuleInst } from "./instance.ts";
import type { Val } from "./value.ts";

/** Takes and returns values as `Val` says; a v128 is a BigInt of 128 bits. */
export type HostFn = (...args: Val[]) => HostResult;

/** A function of an instance (`inst` set) or of the host (`host` set). Deviation: it holds its instance, not its code. */
export class FuncInst {
  readonly kind = "func";
  readonly type: FuncType;
  /** Canonical type number (`canon.ts`). */
  readonly typeId: number;
  readonly inst: ModuleInst | null;
  /** Index in the function index space of `inst`. */
  readonly index: number;
  /** First word of its flat code; -1 until the interpreter has lowered it. */
  entry = -1;
  readonly host: HostFn | null;

  constructor(type: FuncType, typeId: number, inst: ModuleInst | null, index: number, host: HostFn | null) {
    this.type = type;
    this.typeId = typeId;
    this.inst = inst;
    this.index = index;
    this.host = host;
  }
}

/** Canonical number of a function type that stands alone. */
export const funcTypeId = (type: FuncType): number =>
  canonicalTypes([{ isFinal: true, supers: [], comp: type, group: 0, place: 0 }])[0];

/** A function of the host with the type `type`; which a guest imports. */
export const hostFunc = (type: FuncType, fn: HostFn): FuncInst => new FuncInst(type, funcTypeId(type), null, -1, fn);

export class TagInst {
  readonly kind = "tag";
  readonly type: FuncType;
  readonly typeId: number;
  constructor(type: FuncType, typeId: number) {
    this.type = type;
    this.typeId = typeId;
  }
}
