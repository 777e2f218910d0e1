/**
 * Validates a decoded module: its parts in order, then the bodies of its functions. Spec: valid/modules.
 */
import { FeatureGate } from "../binary/feature-gate.ts";
import { type DecodeOptions, resolveLimits } from "../binary/sections.ts";
import { printable } from "../errors.ts";
import { type InvalidFault, invalid } from "../faults.ts";
import type { Feature } from "../features.ts";
import type { Elem, Module, SegmentMode } from "../module.ts";
import { type ExternKind, type ExternType, I32, I64, isNullable, printValType } from "../types.ts";
import { validateConstExpr } from "./const-expr.ts";
import { ModuleContext } from "./context.ts";
import { InstrChecker, validateFunc } from "./func.ts";
import { FuncState } from "./state.ts";
import {
  checkValType,
  requireFuncType,
  validateMemType,
  validateTableType,
  validateTagType,
  validateTypes,
} from "./types.ts";

// Section ids, for places in errors
const TYPE = 1;
const FUNC = 3;
const TABLE = 4;
const MEM = 5;
const START = 8;
const TAG = 13;

/** How functions are checked. */
export type Bodies = "shortly" | "thoroughly" | "known";

/**
 * Checks every rule of validity, and adds to `module.features` what the bodies use.
 *
 * @param options  those the module was decoded with
 * @param bodies  "known": functions were found valid before, and are not looked at; what they use is not added then.
 *   "thoroughly": nothing goes the short way of `ordinary.ts`, for tests
 * @throws WasmError invalid; malformed for what is wrong in the form of a body; unsupported
 * @cost O(bytes), unless blocks and calls move many operands
 */
export function validate(module: Module, options: DecodeOptions = {}, bodies: Bodies = "shortly"): void {
  const gate = new FeatureGate(options.features, module.features as Set<Feature>);
  const ctx = new ModuleContext(module, resolveLimits(options.moduleLimits), gate);
  const s = new FuncState(ctx);
  const checker = new InstrChecker(gate, bodies === "thoroughly");
  validateTypes(ctx, sectionStart(module, TYPE));
  for (const imp of module.imports) validateExternType(ctx, imp.type, imp.offset);
  resolveFuncs(ctx);
  validateDefinedTypes(ctx);
  validateTables(ctx, s, checker);
  validateGlobals(ctx, s, checker);
  validateExports(ctx);
  validateStart(ctx);
  for (const elem of module.elems) validateElem(ctx, s, checker, elem);
  validateDatas(ctx, s, checker);
  if (bodies !== "known") {
    module.funcs.forEach((func, i) => {
      const idx = module.importedFuncs + i;
      validateFunc(s, checker, func, idx, ctx.funcs[idx]!);
    });
  }
  checker.record(gate);
}

/** Offset of the payload of section `id`; 0 without it. */
function sectionStart(module: Module, id: number): number {
  return module.sections.find((section) => section.id === id)?.range.start ?? 0;
}

function validateExternType(ctx: ModuleContext, type: ExternType, at: number): void {
  switch (type.kind) {
    case "func":
      requireFuncType(ctx, type.type, at);
      break;
    case "table":
      validateTableType(ctx, type.type, at);
      break;
    case "memory":
      validateMemType(type.type, at);
      break;
    case "global":
      checkValType(type.type.val, ctx.module.types.length, at);
      break;
    case "tag":
      validateTagType(ctx, type.type, at);
      break;
  }
}

function resolveFuncs(ctx: ModuleContext): void {
  const at = sectionStart(ctx.module, FUNC);
  for (const typeIdx of ctx.module.funcTypes) ctx.funcs.push(requireFuncType(ctx, typeIdx, at));
}

/** Types of defined memories and tags; imported ones were checked with their import. */
function validateDefinedTypes(ctx: ModuleContext): void {
  const { module } = ctx;
  const memAt = sectionStart(module, MEM);
  for (const mem of module.memTypes.slice(module.importedMems)) validateMemType(mem, memAt);
  const tagAt = sectionStart(module, TAG);
  for (const tag of module.tagTypes.slice(module.importedTags)) validateTagType(ctx, tag, tagAt);
}

/** A table starts before globals of the module do, so only imported ones can be named in its initial value. */
function validateTables(ctx: ModuleContext, s: FuncState, checker: InstrChecker): void {
  const at = sectionStart(ctx.module, TABLE);
  for (const { type, init } of ctx.module.tables) {
    validateTableType(ctx, type, at);
    if (init !== undefined) validateConstExpr(s, checker, init, type.elem);
    else if (!isNullable(type.elem)) {
      throw invalid("typeMismatch", at, `: table of ${printValType(type.elem)} needs an initial value`);
    }
  }
}

/** Each global sees those before it. */
function validateGlobals(ctx: ModuleContext, s: FuncState, checker: InstrChecker): void {
  for (const { type, init } of ctx.module.globals) {
    checkValType(type.val, ctx.module.types.length, init.start);
    validateConstExpr(s, checker, init, type.val);
    ctx.visibleGlobals++;
  }
}

const unknownFaults: Readonly<Record<ExternKind, InvalidFault>> = {
  func: "unknownFunc",
  table: "unknownTable",
  memory: "unknownMem",
  global: "unknownGlobal",
  tag: "unknownTag",
};

function validateExports(ctx: ModuleContext): void {
  const { module } = ctx;
  const counts: Readonly<Record<ExternKind, number>> = {
    func: module.funcTypes.length,
    table: module.tableTypes.length,
    memory: module.memTypes.length,
    global: module.globalTypes.length,
    tag: module.tagTypes.length,
  };
  const names = new Set<string>();
  for (const { name, kind, idx, offset } of module.exports) {
    if (idx >= counts[kind]) throw invalid(unknownFaults[kind], offset, ` ${idx}`);
    if (names.has(name)) throw invalid("duplicateExport", offset, ` "${printable(name)}"`);
    names.add(name);
    if (kind === "func") ctx.declared[idx] = 1;
    if (kind === "global" && module.globalTypes[idx]!.isMutable) {
      ctx.gate.use("mutable-globals", offset, "export of a mutable global");
    }
  }
}

function validateStart(ctx: ModuleContext): void {
  const { start } = ctx.module;
  if (start === undefined) return;
  const at = sectionStart(ctx.module, START);
  const type = ctx.funcs[start];
  if (type === undefined) throw invalid("unknownFunc", at, ` ${start}`);
  if (type.params.length > 0 || type.results.length > 0) {
    throw invalid("startFunc", at, ` ${start} must have no parameters and no results`);
  }
}

function validateElem(ctx: ModuleContext, s: FuncState, checker: InstrChecker, elem: Elem): void {
  checkValType(elem.type, ctx.module.types.length, elem.offset);
  if (elem.init.kind === "exprs") {
    for (const expr of elem.init.exprs) validateConstExpr(s, checker, expr, elem.type);
  } else {
    for (const func of elem.init.funcs) {
      if (func >= ctx.funcs.length) throw invalid("unknownFunc", elem.offset, ` ${func}`);
      ctx.declared[func] = 1;
    }
  }
  validateActive(ctx, s, checker, elem.mode, "table", elem.offset);
  if (elem.mode.kind !== "active") return;
  const table = ctx.tables[elem.mode.idx]!;
  if (!ctx.matcher.isSub(elem.type, table.elem)) {
    const types = `${printValType(elem.type)} into a table of ${printValType(table.elem)}`;
    throw invalid("typeMismatch", elem.offset, `: element segment of ${types}`);
  }
}

/** Each data segment; of those that are usual in a module whose first memory has i32 addresses, nothing can be wrong. */
function validateDatas(ctx: ModuleContext, s: FuncState, checker: InstrChecker): void {
  const { datas } = ctx.module;
  const places = ctx.mems[0]?.addr === "i32" ? datas.unusual : new Uint32Array(datas.length).keys();
  for (const i of places) {
    const { mode, offset } = datas.get(i);
    validateActive(ctx, s, checker, mode, "memory", offset);
  }
}

/** The target of an active segment must exist, and its offset be a constant of its address type. */
function validateActive(
  ctx: ModuleContext,
  s: FuncState,
  checker: InstrChecker,
  mode: SegmentMode,
  kind: "table" | "memory",
  at: number,
): void {
  if (mode.kind !== "active") return;
  const target = (kind === "table" ? ctx.tables : ctx.mems)[mode.idx];
  if (target === undefined) throw invalid(unknownFaults[kind], at, ` ${mode.idx}`);
  validateConstExpr(s, checker, mode.at, target.addr === "i32" ? I32 : I64);
}
