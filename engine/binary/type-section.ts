/**
 * Reads definition types: recursive groups, subtypes, functions, structures, arrays. Spec: binary/types, type section.
 */
import { malformed, overLimit } from "../faults.ts";
import type { ModuleLimit } from "../limits.ts";
import { type CompType, type FieldType, I8, I16, type SubType, type ValType } from "../types.ts";
import type { DecodedModule } from "./decoded.ts";
import type { Reader } from "./reader.ts";
import { readMutability, readValType } from "./types.ts";

const DESCRIBES = 0x4c;
const DESCRIPTOR = 0x4d;
const REC = 0x4e;
const SUB_FINAL = 0x4f;
const SUB = 0x50;
const ARRAY = 0x5e;
const STRUCT = 0x5f;
const FUNC = 0x60;

/** The type section: a vector of groups; a type outside `rec` is a group of its own. */
export function decodeTypes(r: Reader, m: DecodedModule): void {
  const groups = r.count();
  checkTypes(m, groups, r.pos);
  for (let group = 0; group < groups; group++) {
    const at = r.pos;
    if (r.remaining > 0 && r.bytes[at] === REC) {
      r.pos++;
      r.use("gc", at, "recursive type group");
      const n = r.count();
      if (n > m.limits.recGroupTypes) throw overLimit("recGroupTypes", n, m.limits.recGroupTypes, at);
      checkTypes(m, m.types.length + n, at);
      for (let place = 0; place < n; place++) m.types.push(readSubType(r, m, group, place));
    } else {
      m.types.push(readSubType(r, m, group, 0));
    }
  }
  checkTypes(m, m.types.length, r.pos);
}

function checkTypes(m: DecodedModule, n: number, at: number): void {
  if (n > m.limits.types) throw overLimit("types", n, m.limits.types, at);
}

function readSubType(r: Reader, m: DecodedModule, group: number, place: number): SubType {
  const at = r.pos;
  const form = readForm(r);
  if (form !== SUB && form !== SUB_FINAL) {
    return { isFinal: true, supers: [], ...readDescribed(r, m, form, at), group, place };
  }
  r.use("gc", at, "subtype declaration");
  const supers = Array.from({ length: r.count() }, () => r.u32());
  const compAt = r.pos;
  return { isFinal: form === SUB_FINAL, supers, ...readDescribed(r, m, readForm(r), compAt), group, place };
}

/** A composite type, after what it describes and what describes it. */
function readDescribed(
  r: Reader,
  m: DecodedModule,
  form: number,
  at: number,
): Pick<SubType, "comp" | "describes" | "descriptor"> {
  const clause = (code: number): number | undefined => {
    if (form !== code) return undefined;
    r.use("custom-descriptors", at, "type with descriptor");
    const idx = r.u32();
    at = r.pos;
    form = readForm(r);
    return idx;
  };
  const describes = clause(DESCRIBES);
  const descriptor = clause(DESCRIPTOR);
  return { comp: readCompType(r, m, form, at), describes, descriptor };
}

/** The byte that starts a type: a negative signed LEB128 of one byte. */
function readForm(r: Reader): number {
  const at = r.pos;
  const form = r.u8();
  if (form >= 0x80) throw malformed("integerTooLong", at, " for the form of a type");
  return form;
}

function readCompType(r: Reader, m: DecodedModule, form: number, at: number): CompType {
  switch (form) {
    case FUNC: {
      const params = readResultType(r, m, "params");
      const results = readResultType(r, m, "results");
      if (results.length > 1) r.use("multi-value", at, "function type with several results");
      return { kind: "func", params, results };
    }
    case STRUCT: {
      r.use("gc", at, "struct type");
      const n = r.count();
      if (n > m.limits.structFields) throw overLimit("structFields", n, m.limits.structFields, at);
      return { kind: "struct", fields: Array.from({ length: n }, () => readFieldType(r)) };
    }
    case ARRAY:
      r.use("gc", at, "array type");
      return { kind: "array", field: readFieldType(r) };
    case 0x5d:
      r.use("stack-switching", at, "continuation type");
      break;
    case 0x65:
      r.use("threads", at, "shared type");
      break;
  }
  throw malformed("defType", at, ` 0x${form.toString(16).padStart(2, "0")}`);
}

function readResultType(r: Reader, m: DecodedModule, limit: ModuleLimit): ValType[] {
  const at = r.pos;
  const n = r.count();
  if (n > m.limits[limit]) throw overLimit(limit, n, m.limits[limit], at);
  return Array.from({ length: n }, () => readValType(r));
}

function readFieldType(r: Reader): FieldType {
  const code = r.remaining > 0 ? r.bytes[r.pos] : undefined;
  if (code !== I8 && code !== I16) return { storage: readValType(r), isMutable: readMutability(r) };
  r.pos++;
  return { storage: code, isMutable: readMutability(r) };
}
