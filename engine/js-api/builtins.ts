/**
 * What a module may import without being given it: functions on strings, and strings. Which of them it has is told when
 * it is compiled. Spec: js-api (builtins, string builtins).
 */
import { canonicalTypes, canonOf, funcTypeId, isSubtypeId } from "../canon.ts";
import { trap } from "../errors.ts";
import type { Import, Module } from "../module.ts";
import { FuncInst, type HostFn } from "../runtime/func.ts";
import type { ArrayInst } from "../runtime/gc.ts";
import type { Val } from "../runtime/value.ts";
import { CONCRETE, EXTERNREF, I16, I32, nonNull, refType, type ValType } from "../types.ts";
import { dictionary, sequence, stringOf } from "./web-idl.ts";

/** What is told when a module is compiled. */
export interface CompileOptions {
  /** Names of sets of functions. */
  readonly builtins: readonly string[];
  /** From this module every name is a string constant. */
  readonly stringModule: string | undefined;
}

/** @throws TypeError, and what getters throw */
export function compileOptions(options: unknown): CompileOptions {
  const { builtins, importedStringConstants } = dictionary(options, "options");
  return {
    builtins: builtins === undefined ? [] : sequence(builtins, "builtins").map(stringOf),
    stringModule:
      importedStringConstants === undefined || importedStringConstants === null
        ? undefined
        : stringOf(importedStringConstants),
  };
}

const [arrayId] = canonicalTypes([
  {
    isFinal: true,
    supers: [],
    comp: { kind: "array", field: { storage: I16, isMutable: true } },
    group: 0,
    place: 0,
  },
]);
const STRING = nonNull(EXTERNREF);
const ARRAY = refType(CONCRETE + (arrayId as number), true);

function unwrapped(v: Val): string {
  return typeof v === "string" ? v : trap("castFailure", "(not a string)");
}

function elementsOf(v: Val): Int16Array {
  return v === null ? trap("nullArray") : ((v as ArrayInst).elems as Int16Array);
}

/** The index `i` in `s`. */
function inside(s: string, i: Val): number {
  const at = (i as number) >>> 0;
  return at < s.length ? at : trap("oobArray", "(beyond the end of a string)");
}

/** Most code units of one call of `String.fromCharCode`. */
const CHUNK = 4096;

function stringOfCodes(codes: Int16Array): string {
  const units = new Uint16Array(codes.buffer, codes.byteOffset, codes.length);
  let s = "";
  for (let i = 0; i < units.length; i += CHUNK) s += String.fromCharCode(...units.subarray(i, i + CHUNK));
  return s;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

type Builtin = readonly [params: readonly ValType[], result: ValType, fn: HostFn];

const jsString: Readonly<Record<string, Builtin>> = {
  test: [[EXTERNREF], I32, (s) => (typeof s === "string" ? 1 : 0)],
  cast: [[EXTERNREF], STRING, unwrapped],
  fromCharCodeArray: [
    [ARRAY, I32, I32],
    STRING,
    (array, from, to) => {
      const codes = elementsOf(array);
      const [start, end] = [(from as number) >>> 0, (to as number) >>> 0];
      if (start > end || end > codes.length) trap("oobArray");
      return stringOfCodes(codes.subarray(start, end));
    },
  ],
  intoCharCodeArray: [
    [EXTERNREF, ARRAY, I32],
    I32,
    (string, array, from) => {
      const codes = elementsOf(array);
      const s = unwrapped(string);
      const start = (from as number) >>> 0;
      if (start + s.length > codes.length) trap("oobArray");
      for (let i = 0; i < s.length; i++) codes[start + i] = s.charCodeAt(i);
      return s.length;
    },
  ],
  fromCharCode: [[I32], STRING, (code) => String.fromCharCode(code as number)],
  fromCodePoint: [
    [I32],
    STRING,
    (code) => {
      const point = (code as number) >>> 0;
      return point > 0x10ffff ? trap("castFailure", "(not a code point)") : String.fromCodePoint(point);
    },
  ],
  charCodeAt: [
    [EXTERNREF, I32],
    I32,
    (string, i) => {
      const s = unwrapped(string);
      return s.charCodeAt(inside(s, i));
    },
  ],
  codePointAt: [
    [EXTERNREF, I32],
    I32,
    (string, i) => {
      const s = unwrapped(string);
      return s.codePointAt(inside(s, i));
    },
  ],
  length: [[EXTERNREF], I32, (s) => unwrapped(s).length],
  concat: [[EXTERNREF, EXTERNREF], STRING, (a, b) => unwrapped(a) + unwrapped(b)],
  substring: [
    [EXTERNREF, I32, I32],
    STRING,
    (string, from, to) => {
      const s = unwrapped(string);
      const [start, end] = [(from as number) >>> 0, (to as number) >>> 0];
      return start > end || start > s.length ? "" : s.substring(start, end);
    },
  ],
  equals: [
    [EXTERNREF, EXTERNREF],
    I32,
    (a, b) => ((a === null ? a : unwrapped(a)) === (b === null ? b : unwrapped(b)) ? 1 : 0),
  ],
  compare: [[EXTERNREF, EXTERNREF], I32, (a, b) => compare(unwrapped(a), unwrapped(b))],
};

const typeIdOf = ([params, result]: Builtin): number => funcTypeId({ kind: "func", params, results: [result] });

function find({ module, name }: Import, { builtins }: CompileOptions): Builtin | undefined {
  const isSet = module === "wasm:js-string" && builtins.includes("js-string");
  return isSet && Object.hasOwn(jsString, name) ? jsString[name] : undefined;
}

export const isBuiltin = (imp: Import, options: CompileOptions): boolean => find(imp, options) !== undefined;

/** The function `name`, the import number `index` of its module. Precondition: it is one. */
export function builtinFunction(name: string, index: number): FuncInst {
  const builtin = jsString[name] as Builtin;
  return new FuncInst(typeIdOf(builtin), null, index, builtin[2]);
}

/** What is wrong with what `module` imports of that which nobody gives it. */
export function checkBuiltins(module: Module, options: CompileOptions): string | undefined {
  const { builtins, stringModule } = options;
  if (new Set(builtins).size < builtins.length) return "a set of builtins is named twice";
  const canon = canonOf(module.types);
  for (const imp of module.imports) {
    const builtin = find(imp, options);
    const isString = imp.module === stringModule;
    if (isString ? !isStringType(imp) : builtin !== undefined && !isOfBuiltin(imp, builtin, canon)) {
      return `import ${JSON.stringify(imp.module)} ${JSON.stringify(imp.name)} does not have the type of the builtin`;
    }
  }
  return undefined;
}

function isStringType({ type }: Import): boolean {
  if (type.kind !== "global" || type.type.isMutable) return false;
  const { val } = type.type;
  return val === EXTERNREF || val === STRING;
}

const isOfBuiltin = ({ type }: Import, builtin: Builtin, canon: Int32Array): boolean =>
  type.kind === "func" && isSubtypeId(typeIdOf(builtin), canon[type.type]);
