/** Functions and tags. Spec: exec/runtime (function instances, tag instances). */
import type { HostResult } from "../blocked.ts";
import { funcTypeId, funcTypeOfId } from "../canon.ts";
import type { Enter, GeneratedFn } from "../tier.ts";
import type { FuncType } from "../types.ts";
import type { ModuleInst } from "./instance.ts";
import type { Val } from "./value.ts";

/** Takes and returns values as `Val` says; a v128 is a BigInt of 128 bits. */
export type HostFn = (...args: Val[]) => HostResult;

/** A function of an instance (`inst` set) or of the host (`host` set). Deviation: it holds its instance, not its code. */
export class FuncInst {
  readonly kind = "func";
  /** Type indices in it are canonical numbers. */
  readonly type: FuncType;
  /** Canonical type number (`canon.ts`). */
  readonly typeId: number;
  readonly inst: ModuleInst | null;
  /** Index in the function index space of `inst`. */
  readonly index: number;
  /** First word of its flat code; -1 until the interpreter has lowered it. */
  entry = -1;
  readonly host: HostFn | null;
  /** What generated code calls; see `jit/js-tier.ts`. */
  js: GeneratedFn = notLinked;
  /** `typeId` if `js` may be called by whoever finds the function in a table, else -1. */
  sig = -1;
  /** How the interpreter enters its generated code, if it has any. */
  enter: Enter | undefined = undefined;
  /** The same three for generated code that counts fuel. */
  metered: GeneratedFn = notLinked;
  meteredSig = -1;
  enterMetered: Enter | undefined = undefined;

  constructor(typeId: number, inst: ModuleInst | null, index: number, host: HostFn | null) {
    this.type = funcTypeOfId(typeId);
    this.typeId = typeId;
    this.inst = inst;
    this.index = index;
    this.host = host;
  }
}

const notLinked = (): never => {
  throw new Error("called before it was linked");
};

/** A function of the host with the type `type`, which a guest imports. Type indices in it are canonical numbers. */
export const hostFunc = (type: FuncType, fn: HostFn): FuncInst => new FuncInst(funcTypeId(type), null, -1, fn);

export class TagInst {
  readonly kind = "tag";
  readonly type: FuncType;
  readonly typeId: number;
  constructor(typeId: number) {
    this.type = funcTypeOfId(typeId);
    this.typeId = typeId;
  }
}
