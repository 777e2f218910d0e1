/** Where a call from another instance, or from outside, returns to; its return address is -1. */
import type { ModuleInst } from "../runtime/instance.ts";

export interface Boundary {
  /** The caller's; null outside. */
  readonly inst: ModuleInst | null;
  readonly pc: number;
  readonly fp: number;
}
