/**
 * Implementation limits on everything a hostile module controls, one row each; each refusal names its row.
 *
 * The defaults are those of the JavaScript embedding of WebAssembly where it has them. They bound memory and time of
 * decoding and validation; limits on a running instance (memory, stack, fuel) are options of the instance.
 * Spec: appendix/implementation.
 */

export interface LimitDef {
  readonly what: string;
  readonly value: number;
}

export const moduleLimits = {
  moduleBytes: { what: "bytes in a module", value: 1 << 30 },
  types: { what: "types", value: 1_000_000 },
  recGroupTypes: { what: "types in one recursive group", value: 1_000_000 },
  supertypeDepth: { what: "supertypes above a type", value: 63 },
  imports: { what: "imports", value: 1_000_000 },
  exports: { what: "exports", value: 1_000_000 },
  functions: { what: "functions", value: 1_000_000 },
  tables: { what: "tables", value: 100_000 },
  memories: { what: "memories", value: 100 },
  globals: { what: "globals", value: 1_000_000 },
  tags: { what: "tags", value: 1_000_000 },
  elemSegments: { what: "element segments", value: 10_000_000 },
  elemInits: { what: "elements in a segment", value: 10_000_000 },
  dataSegments: { what: "data segments", value: 100_000 },
  customSections: { what: "custom sections", value: 100_000 },
  bodyBytes: { what: "bytes in a function body", value: 7_654_321 },
  locals: { what: "locals in a function, parameters included", value: 50_000 },
  params: { what: "parameters", value: 1_000 },
  results: { what: "results", value: 1_000 },
  structFields: { what: "fields of a struct", value: 10_000 },
  arrayNewFixed: { what: "operands of array.new_fixed", value: 10_000 },
  operands: { what: "operands on a function's stack", value: 1_000_000 },
  nesting: { what: "nested blocks", value: 50_000 },
  brTableTargets: { what: "br_table targets", value: 65_520 },
  catchClauses: { what: "catch clauses of a try_table", value: 65_520 },
  nameBytes: { what: "bytes in a name", value: 100_000 },
} as const satisfies Record<string, LimitDef>;

export type ModuleLimit = keyof typeof moduleLimits;
/** Values that replace the defaults. */
export type ModuleLimits = { readonly [L in ModuleLimit]?: number };
