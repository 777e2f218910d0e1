/**
 * The WebAssembly proposals: names, state here, and which opcodes and encodings belong to those that are not there yet.
 *
 * Not for deciding what a module uses (the decoder records that) nor for rules of validity.
 */

export interface FeatureDef {
  /** What it is, for `--features list`. */
  readonly title: string;
  /** First standard that includes it, or "proposal". */
  readonly standard: "1.0" | "2.0" | "3.0" | "proposal";
  /** "on": implemented. "flag": implemented, off unless switched on. "absent": refused with an error that names it. */
  readonly state: "on" | "flag" | "absent";
}

export const features = {
  "mutable-globals": { title: "import and export of mutable globals", standard: "2.0", state: "on" },
  "sign-extension": { title: "sign extension operators", standard: "2.0", state: "on" },
  "saturating-float-to-int": { title: "non-trapping float-to-int conversions", standard: "2.0", state: "on" },
  "multi-value": { title: "several results, block parameters", standard: "2.0", state: "on" },
  "bulk-memory": { title: "bulk memory and table operations", standard: "2.0", state: "on" },
  "reference-types": { title: "funcref, externref, several tables", standard: "2.0", state: "on" },
  simd: { title: "128-bit vectors", standard: "2.0", state: "on" },
  "extended-const": { title: "add, sub, mul in constant expressions", standard: "3.0", state: "on" },
  "multi-memory": { title: "several memories", standard: "3.0", state: "on" },
  "tail-call": { title: "tail calls", standard: "3.0", state: "on" },
  exceptions: { title: "exception handling with exnref", standard: "3.0", state: "on" },
  "legacy-exceptions": {
    title: "exception handling, the deployed form before 3.0",
    standard: "proposal",
    state: "flag",
  },
  "function-references": { title: "typed function references", standard: "3.0", state: "on" },
  gc: { title: "structs, arrays, i31, casts, recursive types", standard: "3.0", state: "on" },
  memory64: { title: "64-bit memories and tables", standard: "3.0", state: "on" },
  "relaxed-simd": { title: "relaxed 128-bit vectors", standard: "3.0", state: "on" },
  threads: { title: "shared memories and atomics", standard: "proposal", state: "flag" },
  "wide-arithmetic": { title: "128-bit add, sub, mul", standard: "proposal", state: "flag" },
  "custom-page-sizes": { title: "memories with one-byte pages", standard: "proposal", state: "flag" },
  "custom-descriptors": { title: "descriptors of struct types", standard: "proposal", state: "flag" },
  "stack-switching": { title: "continuations", standard: "proposal", state: "absent" },
  "component-model": { title: "components", standard: "proposal", state: "absent" },
} as const satisfies Record<string, FeatureDef>;

export type Feature = keyof typeof features;

/** Proposal that owns an opcode (numbered as in `instrs.ts`) not in the table; undefined if no proposal does. */
export function featureOfOpcode(opcode: number): Feature | undefined {
  if (opcode < 0x100) return featureOfByte(opcode);
  const prefix = opcode >>> 12;
  const sub = opcode & 0xfff;
  if (prefix === 0xfb) return sub <= 0x1e ? "gc" : sub <= 0x26 ? "custom-descriptors" : undefined;
  if (prefix === 0xfc) return sub >= 19 && sub <= 22 ? "wide-arithmetic" : undefined;
  return undefined;
}

function featureOfByte(byte: number): Feature | undefined {
  if (byte === 0x06 || byte === 0x07 || byte === 0x09 || byte === 0x18 || byte === 0x19) return "legacy-exceptions";
  if (byte === 0x08 || byte === 0x0a || byte === 0x1f) return "exceptions";
  if (byte === 0x12 || byte === 0x13) return "tail-call";
  if (byte === 0x14 || byte === 0x15 || (byte >= 0xd4 && byte <= 0xd6)) return "function-references";
  if (byte === 0xd3) return "gc";
  if (byte >= 0xe0 && byte <= 0xe6) return "stack-switching";
  return undefined;
}
