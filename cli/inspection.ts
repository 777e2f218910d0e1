/** What a module is, wants and offers, as plain data: the answer of `wasmts inspect --json`. Not for printing. */
import {
  type ExternType,
  type Import,
  type Module,
  printExternType,
  printMemType,
  printTableType,
} from "../engine/index.ts";
import { describeProducers, originOf, type Producers, readProducers } from "./toolchain.ts";

export interface Inspection {
  readonly file: string;
  readonly bytes: number;
  readonly kind: "WASI command" | "WASI reactor" | "library";
  /** Why it is not valid; null if it is. */
  readonly problem: string | null;
  readonly toolchain: string | null;
  readonly producers: Producers;
  readonly features: readonly string[];
  readonly sections: readonly { readonly name: string; readonly bytes: number; readonly items: number | null }[];
  readonly functions: {
    readonly imported: number;
    readonly defined: number;
    readonly codeBytes: number;
    readonly named: number;
  };
  readonly imports: readonly {
    readonly module: string;
    readonly name: string;
    readonly kind: string;
    readonly type: string;
  }[];
  readonly exports: readonly { readonly name: string; readonly kind: string; readonly type: string }[];
  readonly memories: readonly {
    readonly type: string;
    readonly imported: boolean;
    readonly minBytes: number;
    readonly maxBytes: number | null;
  }[];
  readonly tables: readonly { readonly type: string; readonly imported: boolean }[];
  readonly globals: { readonly imported: number; readonly defined: number };
  readonly wasi: {
    readonly version: string | null;
    readonly needs: readonly string[];
    readonly calls: readonly string[];
  };
  /** Imports `wasmts run` does not provide by itself: "module.name". */
  readonly unknownImports: readonly string[];
  /** Who would provide them, if they tell. */
  readonly madeFor: string | null;
}

const sectionNames = [
  "custom",
  "type",
  "import",
  "function",
  "table",
  "memory",
  "global",
  "export",
  "start",
  "element",
  "code",
  "data",
  "data count",
  "tag",
];

/** What WASI calls are for, in the words of the options that grant it. */
const needs: readonly [RegExp, string][] = [
  [/^args_/, "arguments"],
  [/^environ_/, "environment"],
  [/^(path_|fd_prestat|fd_readdir)/, "directories"],
  [/^fd_(read|write|pread|pwrite)$/, "files and stdio"],
  [/^(clock_|e?poll_oneoff)/, "clocks and waiting"],
  [/^random_/, "random numbers"],
  [/^sock_/, "sockets"],
  [/^proc_/, "exit status"],
  [/^thread-spawn$/, "threads"],
];

/** The type of the export that has this kind and index. */
export function exportType(module: Module, kind: ExternType["kind"], idx: number): ExternType {
  switch (kind) {
    case "func":
      return { kind, type: module.funcTypes[idx]! };
    case "table":
      return { kind, type: module.tableTypes[idx]! };
    case "memory":
      return { kind, type: module.memTypes[idx]! };
    case "global":
      return { kind, type: module.globalTypes[idx]! };
    case "tag":
      return { kind, type: module.tagTypes[idx]! };
  }
}

/** `provides` tells the imports that `wasmts run` satisfies. */
export function inspectModule(
  file: string,
  module: Module,
  problem: string | null,
  provides: (imp: Import) => boolean,
): Inspection {
  const producers = readProducers(module.bytes);
  const names = module.imports.filter((imp) => /^wasi_(snapshot_preview1|unstable)$/.test(imp.module));
  const unknown = module.imports.filter((imp) => !provides(imp));
  const calls = [...names, ...module.imports.filter((imp) => imp.module === "wasi")].map((imp) => imp.name);
  return {
    file,
    bytes: module.bytes.length,
    kind: kindOf(module),
    problem,
    toolchain: describeProducers(producers) ?? null,
    producers,
    features: [...module.features],
    sections: sectionsOf(module),
    functions: {
      imported: module.importedFuncs,
      defined: module.funcs.length,
      codeBytes: module.funcs.reduce((sum, f) => sum + f.body.end - f.body.start, 0),
      named: module.names.funcs.size,
    },
    imports: module.imports.map((imp) => ({
      module: imp.module,
      name: imp.name,
      kind: imp.type.kind,
      type: printExternType(module, imp.type),
    })),
    exports: module.exports.map((exp) => ({
      name: exp.name,
      kind: exp.kind,
      type: printExternType(module, exportType(module, exp.kind, exp.idx)),
    })),
    memories: memoriesOf(module),
    tables: module.tableTypes.map((type, i) => ({ type: printTableType(type), imported: i < module.importedTables })),
    globals: { imported: module.importedGlobals, defined: module.globals.length },
    wasi: {
      version: names[0]?.module ?? null,
      needs: needs.filter(([pattern]) => calls.some((call) => pattern.test(call))).map(([, need]) => need),
      calls,
    },
    unknownImports: unknown.map((imp) => `${imp.module}.${imp.name}`),
    madeFor: originOf(unknown)?.who ?? null,
  };
}

function kindOf(module: Module): Inspection["kind"] {
  const has = (name: string) => module.exports.some((exp) => exp.kind === "func" && exp.name === name);
  if (has("_start")) return "WASI command";
  return has("_initialize") ? "WASI reactor" : "library";
}

function memoriesOf(module: Module): Inspection["memories"] {
  return module.memTypes.map((type, i) => {
    const page = 2 ** type.pageSizeLog2;
    return {
      type: printMemType(type),
      imported: i < module.importedMems,
      minBytes: type.limits.min * page,
      maxBytes: type.limits.max === undefined ? null : type.limits.max * page,
    };
  });
}

function sectionsOf(module: Module): Inspection["sections"] {
  const counts: Record<number, number> = {
    1: module.types.length,
    2: module.imports.length,
    3: module.funcs.length,
    4: module.tables.length,
    5: module.memTypes.length - module.importedMems,
    6: module.globals.length,
    7: module.exports.length,
    9: module.elems.length,
    10: module.funcs.length,
    11: module.datas.length,
    13: module.tagTypes.length - module.importedTags,
  };
  return module.sections.map((section) => {
    const { start, end } = section.range;
    const custom =
      section.id === 0 ? module.customs.find((c) => c.range.start >= start && c.range.end <= end) : undefined;
    const name =
      custom === undefined ? (sectionNames[section.id] ?? `section ${section.id}`) : `custom '${custom.name}'`;
    return { name, bytes: end - start, items: counts[section.id] ?? null };
  });
}
