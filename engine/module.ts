/**
 * A module as decoded: syntax only, deeply read-only after validation, shareable between stores.
 *
 * Function bodies and constant expressions stay bytes: `CodeRange`s into `bytes`. Nothing here runs.
 * Spec: syntax/modules.
 */
import type { DataList } from "./datas.ts";
import type {
  CompType,
  ExternKind,
  ExternType,
  FuncType,
  GlobalType,
  MemType,
  SubType,
  TableType,
  TagType,
  ValType,
} from "./types.ts";

/** Half-open byte range `[start, end)` in `Module.bytes`. */
export interface CodeRange {
  readonly start: number;
  readonly end: number;
}

export interface Import {
  readonly module: string;
  readonly name: string;
  readonly type: ExternType;
  readonly offset: number;
}
export interface Export {
  readonly name: string;
  readonly kind: ExternKind;
  readonly idx: number;
  readonly offset: number;
}
/** A function the module defines. `body` starts at its first instruction, after the local declarations. */
export interface Func {
  readonly type: number;
  /** Run-length locals beyond the parameters: count, type, count, type, ... */
  readonly locals: readonly number[];
  /** Offset of the local declarations. */
  readonly declarations: number;
  /** Number of locals beyond the parameters. */
  readonly localCount: number;
  /** First instruction up to and including the final `end`. */
  readonly body: CodeRange;
}
/** A constant expression, up to and including its `end`. */
export type ConstExpr = CodeRange;
export interface Table {
  readonly type: TableType;
  readonly init: ConstExpr | undefined;
}
export interface Global {
  readonly type: GlobalType;
  readonly init: ConstExpr;
}
export interface Elem {
  readonly type: ValType;
  /** Function indices, or one constant expression each. */
  readonly init:
    | { readonly kind: "funcs"; readonly funcs: Uint32Array }
    | { readonly kind: "exprs"; readonly exprs: readonly ConstExpr[] };
  readonly mode: SegmentMode;
  readonly offset: number;
}
export interface Data {
  readonly offset: number;
  readonly init: CodeRange;
  readonly mode: SegmentMode;
}
export type SegmentMode =
  | { readonly kind: "passive" }
  | { readonly kind: "declarative" }
  | { readonly kind: "active" /** memory or table index */; readonly idx: number; readonly at: ConstExpr };

export interface CustomSection {
  readonly name: string;
  readonly range: CodeRange;
}
export interface Section {
  readonly id: number;
  /** Payload, without id and size. */
  readonly range: CodeRange;
}

/** The names of the name section; decoded on first use and never trusted (see `printable`). */
export interface Names {
  readonly module: string | undefined;
  readonly funcs: ReadonlyMap<number, string>;
}

export interface Module {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly customs: readonly CustomSection[];
  /** The type index space; `types[i].group` tells the recursive group. */
  readonly types: readonly SubType[];
  readonly imports: readonly Import[];
  /** Type index of every function, imported ones first. */
  readonly funcTypes: Uint32Array;
  /** Every table, memory, global and tag type, imported ones first. */
  readonly tableTypes: readonly TableType[];
  readonly memTypes: readonly MemType[];
  readonly globalTypes: readonly GlobalType[];
  readonly tagTypes: readonly TagType[];
  readonly importedFuncs: number;
  readonly importedTables: number;
  readonly importedMems: number;
  readonly importedGlobals: number;
  readonly importedTags: number;
  /** Defined ones: index in the index space minus the imported count. */
  readonly funcs: readonly Func[];
  readonly tables: readonly Table[];
  readonly globals: readonly Global[];
  readonly exports: readonly Export[];
  readonly start: number | undefined;
  readonly elems: readonly Elem[];
  readonly datas: DataList;
  /** Number in the data count section; undefined without one. */
  readonly dataCount: number | undefined;
  /** Proposals the module uses beyond 1.0, by the names of `features.ts`. */
  readonly features: ReadonlySet<string>;
  /** Decoded lazily, cached; an ill-formed name section gives what could be read and no error. */
  readonly names: Names;
}

/** The function type at type index `idx`. Precondition: the module is valid and it is one. */
export function funcTypeAt(module: { readonly types: readonly SubType[] }, idx: number): FuncType {
  const comp: CompType | undefined = module.types[idx]?.comp;
  if (comp?.kind !== "func") throw new Error(`type ${idx} is not a function type`);
  return comp;
}
