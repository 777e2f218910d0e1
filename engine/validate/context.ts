/**
 * What the rules for instructions need to know of the module, in the shape they need it.
 */
import type { FeatureGate } from "../binary/feature-gate.ts";
import type { ResolvedLimits } from "../faults.ts";
import { type Matcher, matcherOf } from "../match.ts";
import type { Module } from "../module.ts";
import type { FuncType, MemType, TableType } from "../types.ts";

export class ModuleContext {
  readonly module: Module;
  readonly limits: ResolvedLimits;
  readonly gate: FeatureGate;
  readonly matcher: Matcher;
  /** Type of every function, imported ones first; filled when the type indices are known to be good. */
  readonly funcs: FuncType[] = [];
  readonly tables: readonly TableType[];
  readonly mems: readonly MemType[];
  /** By function index: 1 if `ref.func` may name it in a body. */
  readonly declared: Uint8Array;
  /** Globals that `global.get` may name in the constant expression being checked. */
  visibleGlobals: number;

  constructor(module: Module, limits: ResolvedLimits, gate: FeatureGate) {
    this.module = module;
    this.limits = limits;
    this.gate = gate;
    this.matcher = matcherOf(module.types);
    this.tables = module.tableTypes;
    this.mems = module.memTypes;
    this.declared = new Uint8Array(module.funcTypes.length);
    this.visibleGlobals = module.importedGlobals;
  }
}
