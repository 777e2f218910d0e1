/**
 * What can be wrong with a module: name, stable code, text, one row each, and the makers of the errors.
 *
 * The texts are those of the official test scripts; a detail follows them. What a code means is told in
 * `error-codes.ts`, which must have a row for each code here. Traps are in `errors.ts`.
 */
import { WasmError } from "./errors.ts";
import type { Feature } from "./features.ts";
import { features } from "./features.ts";
import { type ModuleLimit, moduleLimits } from "./limits.ts";

type FaultRow = readonly [code: string, text: string];

/** The bytes are not a module. */
export const malformedFaults = {
  magic: ["WT1001", "magic header not detected"],
  version: ["WT1002", "unknown binary version"],
  unexpectedEnd: ["WT1003", "unexpected end of section or function"],
  lengthOutOfBounds: ["WT1004", "length out of bounds"],
  integerTooLong: ["WT1005", "integer representation too long"],
  integerTooLarge: ["WT1006", "integer too large"],
  utf8: ["WT1007", "malformed UTF-8 encoding"],
  sectionId: ["WT1008", "malformed section id"],
  sectionOrder: ["WT1009", "unexpected content after last section"],
  sectionSize: ["WT1010", "section size mismatch"],
  codeCount: ["WT1011", "function and code section have inconsistent lengths"],
  dataCount: ["WT1012", "data count and data section have inconsistent lengths"],
  dataCountRequired: ["WT1013", "data count section required"],
  illegalOpcode: ["WT1014", "illegal opcode"],
  endExpected: ["WT1015", "END opcode expected"],
  valType: ["WT1016", "malformed value type"],
  refType: ["WT1017", "malformed reference type"],
  heapType: ["WT1018", "malformed heap type"],
  defType: ["WT1019", "malformed definition type"],
  limitsFlags: ["WT1020", "malformed limits flags"],
  mutability: ["WT1021", "malformed mutability"],
  importKind: ["WT1022", "malformed import kind"],
  exportKind: ["WT1023", "malformed export kind"],
  elemKind: ["WT1024", "malformed element kind"],
  elemSegmentKind: ["WT1025", "malformed elements segment kind"],
  dataSegmentKind: ["WT1026", "malformed data segment kind"],
  memopFlags: ["WT1027", "malformed memop flags"],
  tooManyLocals: ["WT1028", "too many locals"],
  catchKind: ["WT1035", "malformed catch clause"],
  zeroByte: ["WT1029", "zero byte expected"],
  pageSize: ["WT1032", "invalid custom page size"],
  castFlags: ["WT1030", "malformed cast flags"],
  emptyFile: ["WT1101", "unexpected end"],
  textFormat: ["WT1102", "magic header not detected"],
  gzip: ["WT1103", "magic header not detected"],
  zip: ["WT1104", "magic header not detected"],
  html: ["WT1105", "magic header not detected"],
  gitLfs: ["WT1106", "magic header not detected"],
  nativeCode: ["WT1107", "magic header not detected"],
  javaScript: ["WT1108", "magic header not detected"],
  base64: ["WT1109", "magic header not detected"],
} as const satisfies Record<string, FaultRow>;

/** The module breaks a rule of validation. */
export const invalidFaults = {
  typeMismatch: ["WT2001", "type mismatch"],
  unknownType: ["WT2002", "unknown type"],
  unknownFunc: ["WT2003", "unknown function"],
  unknownTable: ["WT2004", "unknown table"],
  unknownMem: ["WT2005", "unknown memory"],
  unknownGlobal: ["WT2006", "unknown global"],
  unknownTag: ["WT2007", "unknown tag"],
  unknownLocal: ["WT2008", "unknown local"],
  unknownLabel: ["WT2009", "unknown label"],
  unknownElem: ["WT2010", "unknown elem segment"],
  unknownData: ["WT2011", "unknown data segment"],
  alignment: ["WT2012", "alignment must not be larger than natural"],
  offsetRange: ["WT2013", "offset out of range"],
  duplicateExport: ["WT2014", "duplicate export name"],
  constRequired: ["WT2015", "constant expression required"],
  immutableGlobal: ["WT2016", "immutable global"],
  resultArity: ["WT2017", "invalid result arity"],
  startFunc: ["WT2018", "start function"],
  memSize: ["WT2019", "memory size must be at most"],
  tableSize: ["WT2020", "table size must be at most"],
  limitsOrder: ["WT2021", "size minimum must not be greater than maximum"],
  undeclaredRef: ["WT2022", "undeclared function reference"],
  subType: ["WT2023", "sub type"],
  uninitializedLocal: ["WT2024", "uninitialized local"],
  tagResult: ["WT2025", "non-empty tag result type"],
  sharedNoMax: ["WT2026", "shared memory must have maximum"],
  pageSize: ["WT2027", "invalid custom page size"],
  rethrowLabel: ["WT2035", "invalid rethrow label"],
  notFuncType: ["WT2028", "non-function type"],
  laneIndex: ["WT2040", "invalid lane index"],
  atomicAlignment: ["WT2045", "atomic alignment must be natural"],
  notStructType: ["WT2050", "non-structure type"],
  notArrayType: ["WT2051", "non-array type"],
  unknownField: ["WT2052", "unknown field"],
  immutableField: ["WT2053", "immutable field"],
  immutableArray: ["WT2054", "immutable array"],
  arrayTypes: ["WT2055", "array types do not match"],
  arrayNotNumeric: ["WT2056", "array type is not numeric or vector"],
  packedAccess: ["WT2057", "field is packed"],
  /** The detail is the text. */
  descriptor: ["WT2058", ""],
} as const satisfies Record<string, FaultRow>;

/** One code for each implementation limit. */
export const limitCodes = {
  moduleBytes: "WT2901",
  types: "WT2902",
  recGroupTypes: "WT2903",
  supertypeDepth: "WT2904",
  imports: "WT2905",
  exports: "WT2906",
  functions: "WT2907",
  tables: "WT2908",
  memories: "WT2909",
  globals: "WT2910",
  tags: "WT2911",
  elemSegments: "WT2912",
  elemInits: "WT2913",
  dataSegments: "WT2914",
  customSections: "WT2915",
  bodyBytes: "WT2916",
  locals: "WT2917",
  params: "WT2918",
  results: "WT2919",
  structFields: "WT2920",
  nesting: "WT2921",
  brTableTargets: "WT2922",
  nameBytes: "WT2923",
  operands: "WT2924",
  arrayNewFixed: "WT2925",
  catchClauses: "WT2935",
} as const satisfies Record<ModuleLimit, string>;

/** One code for each proposal that can be refused. */
export const featureCodes = {
  "mutable-globals": "WT1901",
  "sign-extension": "WT1902",
  "saturating-float-to-int": "WT1903",
  "multi-value": "WT1904",
  "bulk-memory": "WT1905",
  "reference-types": "WT1906",
  simd: "WT1907",
  "extended-const": "WT1908",
  "multi-memory": "WT1909",
  "tail-call": "WT1910",
  exceptions: "WT1911",
  "legacy-exceptions": "WT1912",
  "function-references": "WT1913",
  gc: "WT1914",
  memory64: "WT1915",
  "relaxed-simd": "WT1916",
  threads: "WT1917",
  "wide-arithmetic": "WT1918",
  "custom-page-sizes": "WT1919",
  "custom-descriptors": "WT1920",
  "stack-switching": "WT1921",
  "component-model": "WT1922",
} as const satisfies Record<Feature, string>;

export type MalformedFault = keyof typeof malformedFaults;
export type InvalidFault = keyof typeof invalidFaults;

/** The same, for the moment when the values of all limits are known. */
export type ResolvedLimits = Readonly<Record<ModuleLimit, number>>;

/** ` (at offset 0x1f in function 3)`, the end of every message that has a place. */
function placeText(offset: number, func: number | undefined): string {
  return ` (at offset 0x${offset.toString(16)}${func === undefined ? "" : ` in function ${func}`})`;
}

/** Makes the error; the caller throws it. `detail` follows the standard text as it is: start it with a space or colon. */
export function malformed(fault: MalformedFault, offset: number, detail = "", func?: number): WasmError {
  const [code, text] = malformedFaults[fault];
  return new WasmError("malformed", code, text + detail + placeText(offset, func), { offset, func });
}

/** Makes the error; `detail` as in `malformed`. */
export function invalid(fault: InvalidFault, offset: number, detail = "", func?: number): WasmError {
  const [code, text] = invalidFaults[fault];
  return new WasmError("invalid", code, text + detail + placeText(offset, func), { offset, func });
}

/** Makes the error for `count` things where the limit allows fewer. */
export function overLimit(limit: ModuleLimit, count: number, max: number, offset: number, func?: number): WasmError {
  const { what } = moduleLimits[limit];
  const text = `too many ${what}: ${count} exceeds the limit of ${max} (${limit})`;
  const hint = `raise the module limit ${limit} if you trust this module`;
  return new WasmError("invalid", limitCodes[limit], text + placeText(offset, func), { offset, func, hint });
}

/** Makes the error for something of a proposal that is off; `detail` as in `malformed`, but before the standard text. */
export function unsupported(feature: Feature, offset: number, detail = "", func?: number): WasmError {
  const { title, state } = features[feature];
  const why = state === "absent" ? "which wasmts does not support yet" : "which is turned off";
  const lead = detail === "" ? "" : `${detail}: `;
  const text = `${lead}needs the ${feature} proposal (${title}), ${why}`;
  const hint =
    state === "absent"
      ? `build the module without ${feature}; most toolchains have a flag for it`
      : `turn the feature ${feature} on`;
  return new WasmError("unsupported", featureCodes[feature], text + placeText(offset, func), { offset, func, hint });
}
