/** What a module imports, read from the object that JavaScript gives. Spec: js-api (read the imports). */
import { canonOf, canonVal } from "../canon.ts";
import type { Import } from "../module.ts";
import type { FuncInst } from "../runtime/func.ts";
import { newGlobal } from "../runtime/global.ts";
import type { Extern } from "../runtime/instance.ts";
import { type ExternType, type GlobalType, I64, isNum } from "../types.ts";
import { builtinFunction, isBuiltin } from "./builtins.ts";
import { functionSlot, isUncrossable, toWasm } from "./convert.ts";
import { LinkError } from "./errors.ts";
import { hostFunction } from "./functions.ts";
import { globalSlot } from "./global.ts";
import { memorySlot } from "./memory.ts";
import type { Compiled } from "./module.ts";
import { tableSlot } from "./table.ts";
import { tagSlot } from "./tag.ts";
import { isObject } from "./web-idl.ts";

/** Of each import, what was given. @throws TypeError, LinkError, and what getters throw */
export function readImports(compiled: Compiled, importObject: unknown): Map<Import, Extern> {
  const { module, stringModule } = compiled;
  if (importObject !== undefined && !isObject(importObject)) throw new TypeError("the imports are not an object");
  const found = new Map<Import, Extern>();
  const canon = canonOf(module.types);
  let funcs = 0;
  for (const imp of module.imports) {
    const index = imp.type.kind === "func" ? funcs++ : -1;
    if (isBuiltin(imp, compiled)) found.set(imp, builtinFunction(imp.name, index));
    else if (imp.module === stringModule) found.set(imp, stringConstant(imp, canon));
    else found.set(imp, externOf(imp, lookUp(imp, importObject), canon, index));
  }
  return found;
}

function lookUp(imp: Import, importObject: unknown): unknown {
  if (importObject === undefined) throw new TypeError("the module has imports, and there is no object with them");
  const record = (importObject as Record<string, unknown>)[imp.module];
  if (!isObject(record)) throw new TypeError(`import ${name(imp)}: ${JSON.stringify(imp.module)} is not an object`);
  return (record as Record<string, unknown>)[imp.name];
}

const name = (imp: Import): string => `${JSON.stringify(imp.module)} ${JSON.stringify(imp.name)}`;

function externOf(imp: Import, v: unknown, canon: Int32Array, index: number): Extern {
  const { type } = imp;
  const extern =
    type.kind === "func"
      ? funcOf(v, canon[type.type], index)
      : type.kind === "global"
        ? globalOf(v, type.type, canon)
        : slots[type.kind].find(v);
  if (extern === undefined) throw new LinkError(`import ${name(imp)}: ${wanted[type.kind]}`);
  return extern;
}

const slots = { memory: memorySlot, table: tableSlot, tag: tagSlot };
const wanted: Readonly<Record<ExternType["kind"], string>> = {
  func: "function import requires a callable",
  global: "global import requires a WebAssembly.Global, or a value of its type if it is immutable",
  memory: "memory import requires a WebAssembly.Memory",
  table: "table import requires a WebAssembly.Table",
  tag: "tag import requires a WebAssembly.Tag",
};

const funcOf = (v: unknown, typeId: number, index: number): FuncInst | undefined =>
  typeof v === "function" ? (functionSlot.find(v) ?? hostFunction(v, typeId, index)) : undefined;

function globalOf(v: unknown, { val, isMutable }: GlobalType, canon: Int32Array): Extern | undefined {
  const global = globalSlot.find(v);
  if (global !== undefined) return global;
  if (isMutable || isUncrossable(val) || typeof v !== typeOfValue(val, v)) return undefined;
  const type = { val: canonVal(val, canon), isMutable: false };
  try {
    return newGlobal(type, toWasm(v, type.val));
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** What a value must be, of itself, to be one of type `t`. */
const typeOfValue = (t: number, v: unknown): string => (t === I64 ? "bigint" : isNum(t) ? "number" : typeof v);

function stringConstant(imp: Import, canon: Int32Array): Extern {
  const { val } = (imp.type as ExternType & { kind: "global" }).type;
  return newGlobal({ val: canonVal(val, canon), isMutable: false }, imp.name);
}
