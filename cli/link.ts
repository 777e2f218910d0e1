/**
 * What a module's imports are satisfied with: WASI, preloaded modules, what the caller gives; and a message that helps
 * when something is missing.
 */
import {
  type Extern,
  F32,
  F64,
  funcTypeAt,
  type Given,
  type HostFn,
  I32,
  I64,
  type Import,
  type Imports,
  MemInst,
  type Module,
  newGlobal,
  printExternType,
  TableInst,
  V128,
  type Val,
  type ValType,
  WasmError,
} from "../engine/index.ts";
import { CliError } from "./cli-error.ts";
import { closest } from "./suggest.ts";
import { describeProducers, originOf, readProducers } from "./toolchain.ts";

export type UnknownImports = "error" | "trap" | "default";

/** The imports of `module` that `given` does not have. */
export function unknownImports(module: Module, given: Imports): Import[] {
  return module.imports.filter(
    (imp) => !(Object.hasOwn(given, imp.module) && Object.hasOwn(given[imp.module]!, imp.name)),
  );
}

/** Several sources of imports as one; in a module that two of them have, the later one wins name by name. */
export function mergeImports(sources: readonly Imports[]): Imports {
  const merged = Object.create(null) as Record<string, Record<string, Given>>;
  for (const source of sources) {
    for (const [module, names] of Object.entries(source)) merged[module] = { ...merged[module], ...names };
  }
  return merged;
}

/**
 * What stands in for an unknown import: a function that traps or returns zeros; for `default` also memories, tables and
 * globals that are as empty as their type allows.
 */
export function standIn(module: Module, imp: Import, mode: "trap" | "default"): Extern | HostFn | undefined {
  switch (imp.type.kind) {
    case "func": {
      if (mode === "trap") return () => trapUnknown(imp);
      const { results } = funcTypeAt(module, imp.type.type);
      return () => (results.length === 1 ? zero(results[0]!) : results.map(zero));
    }
    case "memory":
      return new MemInst(imp.type.type);
    case "table":
      return new TableInst(imp.type.type, null);
    case "global":
      return newGlobal(imp.type.type, zero(imp.type.type.val));
    case "tag":
      return undefined;
  }
}

function trapUnknown(imp: Import): never {
  throw new WasmError("trap", "WT6565", `unknown import ${imp.module}.${imp.name} was called`, {
    hint: "provide it with --preload, or build the module without what needs it",
  });
}

const zero = (type: ValType): Val =>
  type === I64 || type === V128 ? 0n : type === I32 || type === F32 || type === F64 ? 0 : null;

/** Names shown of further unknown imports. */
const most = 5;

/** The error for imports nobody provides. `given` is what could have been meant. */
export function unknownImportError(module: Module, unknown: readonly Import[], given: Imports, file: string): CliError {
  const first = unknown[0]!;
  const what = `unknown import ${first.module}.${first.name} ${printExternType(module, first.type)}`;
  const where = [
    `import ${module.imports.indexOf(first)} of ${file}, byte ${first.offset} (0x${first.offset.toString(16)})`,
  ];
  if (unknown.length > 1) {
    const names = unknown.slice(1, 1 + most).map((imp) => `${imp.module}.${imp.name}`);
    const rest = unknown.length - 1 - names.length;
    where.push(`and ${unknown.length - 1} more: ${names.join(", ")}${rest > 0 ? `, and ${rest} others` : ""}`);
  }
  const builtBy = describeProducers(readProducers(module.bytes));
  if (builtBy !== undefined) where.push(`built by ${builtBy}`);
  return new CliError("WT6560", what, { where, help: helpFor(unknown, given) });
}

function helpFor(unknown: readonly Import[], given: Imports): string[] {
  const first = unknown[0]!;
  const origin = originOf(unknown);
  if (origin !== undefined) return [`made for ${origin.who}`, origin.help];
  const names = Object.hasOwn(given, first.module) ? Object.keys(given[first.module]!) : undefined;
  const near = names === undefined ? closest(first.module, Object.keys(given)) : closest(first.name, names);
  const isWasi = first.module.startsWith("wasi_");
  const provide = isWasi ? "" : `provide it with --preload ${first.module}=FILE, or `;
  const generic = `${provide}try --unknown-imports trap if it is never called`;
  if (near === undefined) return [generic];
  return [`did you mean ${names === undefined ? `the module ${near}` : `${first.module}.${near}`}?`, generic];
}
