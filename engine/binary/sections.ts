/**
 * Decodes a module: preamble, then sections in their order, then what must agree between them.
 *
 * Bodies of functions stay bytes: the validator reads them. Every count is checked against the bytes that are left and
 * against its limit before anything is made of it. Spec: binary/modules.
 */
import { malformed, overLimit, type ResolvedLimits } from "../faults.ts";
import { type ModuleLimit, type ModuleLimits, moduleLimits } from "../limits.ts";
import type { Module } from "../module.ts";
import type { ExternKind, ExternType } from "../types.ts";
import { decodeCode, decodeFuncTypes } from "./code-section.ts";
import { readConstExpr } from "./const-expr.ts";
import { DecodedModule } from "./decoded.ts";
import { FeatureGate, type FeatureSwitches } from "./feature-gate.ts";
import { firstFault } from "./first-fault.ts";
import { checkPreamble } from "./preamble.ts";
import { Reader } from "./reader.ts";
import { decodeDatas, decodeElems } from "./segments.ts";
import { decodeTypes } from "./type-section.ts";
import { readGlobalType, readMemType, readTableType, readTagType, readZero } from "./types.ts";

export interface DecodeOptions {
  /** Replace defaults of `limits.ts`. */
  readonly moduleLimits?: ModuleLimits | undefined;
  /** Proposals switched against their state in `features.ts`. One that is absent cannot be run all the same. */
  readonly features?: FeatureSwitches | undefined;
}

interface SectionDef {
  readonly name: string;
  /** Place in the order of sections. */
  readonly order: number;
  decode(r: Reader, m: DecodedModule): void;
}

const sectionDefs: Readonly<Record<number, SectionDef>> = {
  1: { name: "type", order: 1, decode: decodeTypes },
  2: { name: "import", order: 2, decode: decodeImports },
  3: { name: "function", order: 3, decode: decodeFuncTypes },
  4: { name: "table", order: 4, decode: decodeTables },
  5: { name: "memory", order: 5, decode: decodeMems },
  13: { name: "tag", order: 6, decode: decodeTags },
  6: { name: "global", order: 7, decode: decodeGlobals },
  7: { name: "export", order: 8, decode: decodeExports },
  8: { name: "start", order: 9, decode: decodeStart },
  9: { name: "element", order: 10, decode: decodeElems },
  12: { name: "data count", order: 11, decode: decodeDataCount },
  10: { name: "code", order: 12, decode: decodeCode },
  11: { name: "data", order: 13, decode: decodeDatas },
};

/** Place of a section that is not custom in the order of sections. */
export const sectionOrder = (id: number): number => sectionDefs[id]!.order;

/** Name of a section: `type`, `custom`, ... */
export const sectionName = (id: number): string => (id === 0 ? "custom" : (sectionDefs[id]?.name ?? `id ${id}`));

/**
 * Decodes `bytes`, which must not change afterwards.
 *
 * @throws WasmError malformed, unsupported, or invalid (a limit)
 * @cost O(bytes); memory is bounded by a small multiple of the bytes
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Module {
  const limits = resolveLimits(options.moduleLimits);
  // A plain view: a subclass such as Node's Buffer has its own `slice`, and makes reads polymorphic.
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return decodeBytes(plain, limits, new FeatureGate(options.features));
}

function decodeBytes(bytes: Uint8Array, limits: ResolvedLimits, gate: FeatureGate): Module {
  checkPreamble(bytes);
  if (bytes.length > limits.moduleBytes) throw overLimit("moduleBytes", bytes.length, limits.moduleBytes, 0);
  const m = new DecodedModule(bytes, limits, gate.used);
  const r = new Reader(bytes, 8, bytes.length, gate);
  try {
    for (let order = 0; r.remaining > 0; ) order = decodeSection(r, m, order);
    checkCounts(m);
  } catch (error) {
    throw firstFault(m, error);
  }
  return m;
}

/** Defaults with `given` over them. */
export function resolveLimits(given: ModuleLimits = {}): ResolvedLimits {
  const keys = Object.keys(moduleLimits) as ModuleLimit[];
  return Object.fromEntries(keys.map((key) => [key, given[key] ?? moduleLimits[key].value])) as ResolvedLimits;
}

/** Reads one section; `order` is that of the last one, the result that of this one. */
function decodeSection(r: Reader, m: DecodedModule, order: number): number {
  const at = r.pos;
  const id = r.u8();
  const def = sectionDefs[id];
  if (id !== 0 && def === undefined) throw malformed("sectionId", at, ` ${id}`);
  const sizeAt = r.pos;
  const size = r.u32();
  if (size > r.remaining) {
    const detail = `: ${sectionName(id)} section of ${size} bytes, ${r.remaining} left`;
    throw malformed("lengthOutOfBounds", sizeAt, detail);
  }
  const start = r.pos;
  const end = start + size;
  m.sections.push({ id, range: { start, end } });
  r.end = end;
  if (def === undefined) decodeCustom(r, m);
  else {
    if (def.order <= order) throw malformed("sectionOrder", at, `: ${def.name} section out of order or repeated`);
    def.decode(r, m);
    order = def.order;
  }
  if (r.pos !== end)
    throw malformed("sectionSize", r.pos, `: ${end - r.pos} bytes left in the ${sectionName(id)} section`);
  r.end = m.bytes.length;
  return order;
}

function decodeCustom(r: Reader, m: DecodedModule): void {
  if (m.customs.length >= m.limits.customSections) {
    throw overLimit("customSections", m.customs.length + 1, m.limits.customSections, r.pos);
  }
  const name = r.name(m.limits.nameBytes);
  m.customs.push({ name, range: { start: r.pos, end: r.end } });
  r.pos = r.end;
}

function decodeImports(r: Reader, m: DecodedModule): void {
  const at = r.pos;
  const n = r.count();
  if (n > m.limits.imports) throw overLimit("imports", n, m.limits.imports, at);
  const funcTypes: number[] = [];
  for (let i = 0; i < n; i++) {
    const offset = r.pos;
    const module = r.name(m.limits.nameBytes);
    const name = r.name(m.limits.nameBytes);
    const type = readExternType(r);
    m.imports.push({ module, name, type, offset });
    if (type.kind === "func") funcTypes.push(type.type);
    else addImport(r, m, type, offset);
  }
  m.funcTypes = Uint32Array.from(funcTypes);
  m.importedFuncs = funcTypes.length;
}

function addImport(r: Reader, m: DecodedModule, type: Exclude<ExternType, { kind: "func" }>, offset: number): void {
  switch (type.kind) {
    case "table":
      m.tableTypes.push(type.type);
      m.importedTables++;
      checkCount(m, "tables", m.tableTypes.length, offset);
      break;
    case "memory":
      m.memTypes.push(type.type);
      m.importedMems++;
      checkMems(r, m, offset);
      break;
    case "global":
      m.globalTypes.push(type.type);
      m.importedGlobals++;
      if (type.type.isMutable) r.use("mutable-globals", offset, "import of a mutable global");
      break;
    case "tag":
      m.tagTypes.push(type.type);
      m.importedTags++;
      break;
  }
}

const externKinds: readonly ExternKind[] = ["func", "table", "memory", "global", "tag"];

/** Kind of a function whose type is given exactly; only of imports. */
const EXACT_FUNC = 0x20;

function readExternType(r: Reader): ExternType {
  const at = r.pos;
  const byte = r.u8();
  if (byte === EXACT_FUNC) {
    r.use("custom-descriptors", at, "import of a function with its exact type");
    return { kind: "func", type: r.u32(), isExact: true };
  }
  const kind = externKinds[byte];
  switch (kind) {
    case "func":
      return { kind, type: r.u32() };
    case "table":
      return { kind, type: readTableType(r) };
    case "memory":
      return { kind, type: readMemType(r) };
    case "global":
      return { kind, type: readGlobalType(r) };
    case "tag":
      r.use(r.gate.exceptions, at, "import of a tag");
      return { kind, type: readTagType(r) };
    case undefined:
      throw malformed("importKind", at, ` 0x${byte.toString(16).padStart(2, "0")}${importKindHint(byte)}`);
  }
}

/** Kinds of a proposal that is not in `features.ts`: imports that share the name of their module. */
const importKindHint = (byte: number): string =>
  byte === 0x7e || byte === 0x7f ? ": a compact import section, which wasmts does not support" : "";

function checkCount(m: DecodedModule, limit: ModuleLimit, n: number, at: number): void {
  if (n > m.limits[limit]) throw overLimit(limit, n, m.limits[limit], at);
}

function checkMems(r: Reader, m: DecodedModule, at: number): void {
  const n = m.memTypes.length;
  checkCount(m, "memories", n, at);
  if (n > 1) r.use("multi-memory", at, "second memory");
}

function decodeTables(r: Reader, m: DecodedModule): void {
  const at = r.pos;
  const n = r.count();
  checkCount(m, "tables", m.tableTypes.length + n, at);
  for (let i = 0; i < n; i++) {
    const start = r.pos;
    const hasInit = r.remaining > 0 && r.bytes[start] === 0x40;
    if (hasInit) {
      r.pos++;
      readZero(r);
      r.use("function-references", start, "table with initial value");
    }
    const type = readTableType(r);
    m.tables.push({ type, init: hasInit ? readConstExpr(r) : undefined });
    m.tableTypes.push(type);
  }
  if (m.tableTypes.length > 1) r.use("reference-types", at, "several tables");
}

function decodeMems(r: Reader, m: DecodedModule): void {
  const at = r.pos;
  const n = r.count();
  checkCount(m, "memories", m.memTypes.length + n, at);
  for (let i = 0; i < n; i++) m.memTypes.push(readMemType(r));
  checkMems(r, m, at);
}

function decodeTags(r: Reader, m: DecodedModule): void {
  r.use(r.gate.exceptions, r.pos, "tag section");
  const n = r.count();
  checkCount(m, "tags", m.tagTypes.length + n, r.pos);
  for (let i = 0; i < n; i++) m.tagTypes.push(readTagType(r));
}

function decodeGlobals(r: Reader, m: DecodedModule): void {
  const at = r.pos;
  const n = r.count();
  checkCount(m, "globals", m.globalTypes.length + n, at);
  for (let i = 0; i < n; i++) {
    const type = readGlobalType(r);
    m.globals.push({ type, init: readConstExpr(r) });
    m.globalTypes.push(type);
  }
}

function decodeExports(r: Reader, m: DecodedModule): void {
  const at = r.pos;
  const n = r.count();
  checkCount(m, "exports", n, at);
  for (let i = 0; i < n; i++) {
    const offset = r.pos;
    if (r.remaining === 0) throw malformed("lengthOutOfBounds", at, `: ${n} exports announced, ${i} given`);
    const name = r.name(m.limits.nameBytes);
    const kindAt = r.pos;
    const byte = r.u8();
    const kind = externKinds[byte];
    if (kind === undefined) throw malformed("exportKind", kindAt, ` 0x${byte.toString(16).padStart(2, "0")}`);
    m.exports.push({ name, kind, idx: r.u32(), offset });
  }
}

function decodeStart(r: Reader, m: DecodedModule): void {
  m.start = r.u32();
}

function decodeDataCount(r: Reader, m: DecodedModule): void {
  r.use("bulk-memory", r.pos, "data count section");
  m.dataCount = r.u32();
}

/** What must agree between sections. */
function checkCounts(m: DecodedModule): void {
  const end = m.bytes.length;
  const defined = m.funcTypes.length - m.importedFuncs;
  if (defined !== m.funcs.length) {
    throw malformed("codeCount", end, `: ${defined} functions declared, ${m.funcs.length} bodies`);
  }
  if (m.dataCount !== undefined && m.dataCount !== m.datas.length) {
    throw malformed("dataCount", end, `: ${m.dataCount} announced, ${m.datas.length} segments`);
  }
}
