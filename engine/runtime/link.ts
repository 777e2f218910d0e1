/** Resolves the imports of a module against what the embedder gives, with types checked. Spec: exec/modules (external typing). */
import { canonOf, canonVal, isSubtypeId } from "../canon.ts";
import { printable, WasmError } from "../errors.ts";
import { canonicalMatcher } from "../match.ts";
import { funcTypeAt, type Import, type Module } from "../module.ts";
import {
  type ExternType,
  type FuncType,
  type Limits,
  printFuncType,
  printGlobalType,
  printMemType,
  printTableType,
  type ValType,
} from "../types.ts";
import { FuncInst, type HostFn, TagInst } from "./func.ts";
import { GlobalInst } from "./global.ts";
import type { Extern } from "./instance.ts";
import { MemInst } from "./memory.ts";
import { TableInst } from "./table.ts";

/** What an import may be given: a plain function takes the type it is imported with, of several that which has it. */
export type Given = Extern | HostFn | readonly FuncInst[];

/** By module, then by name. */
export type Imports = Readonly<Record<string, Readonly<Record<string, Given>>>>;

/** Asked for an import that `Imports` does not have; undefined leaves it unknown. */
export type MissingImport = (imp: Import) => Extern | HostFn | undefined;

/** What each import of `module` is, in order. @throws WasmError unlinkable */
export function resolveImports(module: Module, imports: Imports, missing?: MissingImport): Extern[] {
  const canon = canonOf(module.types);
  return module.imports.map((imp, i) => {
    const given = own(own(imports, imp.module), imp.name) ?? missing?.(imp);
    if (given === undefined) throw unknown(module, imp, i);
    const extern = externOf(imp, given, canon);
    if (extern === undefined || !matches(imp.type, extern, canon)) throw incompatible(module, imp, i, extern);
    return extern;
  });
}

/** Own property only: a module named `constructor` finds nothing. */
function own<T>(record: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return record !== undefined && record !== null && Object.hasOwn(record, key) ? record[key] : undefined;
}

function externOf(imp: Import, given: Given, canon: Int32Array): Extern | undefined {
  if (typeof given === "function") return fromFunction(imp, given, canon);
  if (!Array.isArray(given)) return given as Extern;
  const forms = given as readonly FuncInst[];
  return forms.find((form) => matches(imp.type, form, canon)) ?? forms[0];
}

function fromFunction(imp: Import, fn: HostFn, canon: Int32Array): FuncInst | undefined {
  if (imp.type.kind !== "func") return undefined;
  return new FuncInst(canon[imp.type.type], null, -1, fn);
}

const limitsMatch = (have: Limits, want: Limits): boolean =>
  have.min >= want.min && (want.max === undefined || (have.max !== undefined && have.max <= want.max));

const isSub = (a: ValType, b: ValType): boolean => canonicalMatcher.isSub(a, b);
/** Canonical numbers are equal when types are. */
const areEqual = (a: ValType, b: ValType): boolean => a === b;

function matches(want: ExternType, have: Extern, canon: Int32Array): boolean {
  switch (want.kind) {
    case "func":
      return (
        have instanceof FuncInst &&
        (want.isExact ? have.typeId === canon[want.type] : isSubtypeId(have.typeId, canon[want.type]))
      );
    case "tag":
      return have instanceof TagInst && have.typeId === canon[want.type.type];
    case "table":
      return (
        have instanceof TableInst &&
        have.type.addr === want.type.addr &&
        areEqual(have.type.elem, canonVal(want.type.elem, canon)) &&
        limitsMatch(have.type.limits, want.type.limits)
      );
    case "memory":
      return (
        have instanceof MemInst &&
        have.type.addr === want.type.addr &&
        have.type.isShared === want.type.isShared &&
        have.type.pageSizeLog2 === want.type.pageSizeLog2 &&
        limitsMatch(have.type.limits, want.type.limits)
      );
    case "global":
      return (
        have instanceof GlobalInst &&
        have.type.isMutable === want.type.isMutable &&
        (have.type.isMutable ? areEqual : isSub)(have.type.val, canonVal(want.type.val, canon))
      );
  }
}

/** `(func (param i32))`, of an import or of what was given for it. */
export function printExternType(module: Module, type: ExternType): string {
  switch (type.kind) {
    case "func":
      return printFuncType(funcTypeAt(module, type.type));
    case "table":
      return printTableType(type.type);
    case "memory":
      return printMemType(type.type);
    case "global":
      return printGlobalType(type.type);
    case "tag":
      return `(tag ${printFuncType(funcTypeAt(module, type.type.type))})`;
  }
}

/** What was given for an import: its type, or, of what can be none, what JavaScript calls it. */
function printGiven(x: unknown): string {
  if (x instanceof FuncInst) return printFuncType(x.type as FuncType);
  if (x instanceof TableInst) return printTableType(x.type);
  if (x instanceof MemInst) return printMemType(x.type);
  if (x instanceof GlobalInst) return printGlobalType(x.type);
  if (x instanceof TagInst) return `(tag ${printFuncType(x.type)})`;
  return x === undefined ? "a function" : `a JavaScript ${typeof x}`;
}

const nameOf = (imp: Import): string => `${printable(imp.module)}.${printable(imp.name)}`;

function unknown(module: Module, imp: Import, index: number): WasmError {
  return new WasmError("unlinkable", "WT3001", `unknown import ${nameOf(imp)} ${printExternType(module, imp.type)}`, {
    offset: imp.offset,
    hint: `import ${index} of the module must be given by the embedder`,
  });
}

function incompatible(module: Module, imp: Import, index: number, have: Extern | undefined): WasmError {
  const want = printExternType(module, imp.type);
  const given = printGiven(have);
  return new WasmError(
    "unlinkable",
    "WT3002",
    `incompatible import type: ${nameOf(imp)} is ${given}, the module wants ${want}`,
    {
      offset: imp.offset,
      hint: `import ${index} of the module`,
    },
  );
}
