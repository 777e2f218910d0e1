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
  /** Whether types can be exact. */
  readonly hasExact: boolean;
  /** Globals that `global.get` may name in the constant expression being checked. */
  visibleGlobals: number;

  /** Of each imported function; made when first asked for. */
  #exactImports: readonly boolean[] | undefined;

  constructor(module: Module, limits: ResolvedLimits, gate: FeatureGate) {
    this.module = module;
    this.limits = limits;
    this.gate = gate;
    this.matcher = matcherOf(module.types);
    this.tables = module.tableTypes;
    this.mems = module.memTypes;
    this.declared = new Uint8Array(module.funcTypes.length);
    this.hasExact = gate.isOn("custom-descriptors");
    this.visibleGlobals = module.importedGlobals;
  }

  /** Whether the type of function `idx` is known exactly: of all but those imported otherwise. */
  isExactFunc(idx: number): boolean {
    if (!this.hasExact || idx >= this.module.importedFuncs) return this.hasExact;
    this.#exactImports ??= this.module.imports.flatMap(({ type }) =>
      type.kind === "func" ? [type.isExact === true] : [],
    );
    return this.#exactImports[idx] === true;
  }
}
