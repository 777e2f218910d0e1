/** Tells the story of a module in the host's own WebAssembly. */
import { I64, type Import, isRef, type Module, V128 } from "../../engine/index.ts";
import { type Call, digest, printValue, type Story } from "./story.ts";

type HostFunc = (...args: readonly unknown[]) => unknown;
type ErrorClass = abstract new (...args: never[]) => Error;

interface HostNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: abstract new () => { readonly buffer: ArrayBuffer };
  readonly Table: abstract new () => { readonly length: number; get(i: number): unknown };
  readonly Global: abstract new () => { readonly value: unknown };
  readonly RuntimeError: ErrorClass;
  readonly LinkError: ErrorClass;
  readonly Exception: ErrorClass;
  validate(bytes: Uint8Array): boolean;
}

export const host: HostNamespace = (globalThis as unknown as { WebAssembly: HostNamespace }).WebAssembly;

/** V8's texts, and the codes of ours that they stand for. */
const traps: readonly (readonly [RegExp, string])[] = [
  [/unreachable/, "WT4001"],
  [/divide by zero|remainder by zero/, "WT4002"],
  [/divide result unrepresentable/, "WT4003"],
  [/float unrepresentable/, "WT4003|WT4004"],
  [/memory access out of bounds|data segment/, "WT4005"],
  [/null function or function signature/, "WT4008|WT4009"],
  [/table index is out of bounds/, "WT4006|WT4007"],
  [/table|element segment/, "WT4006"],
  [/null pointer/, "WT4010"],
];

/** `undefined` for what cannot be compared. */
function failure(error: unknown): string | undefined {
  if (error instanceof host.RuntimeError) {
    const known = traps.find(([text]) => text.test(error.message));
    return `trap ${known?.[1] ?? error.message}`;
  }
  if (error instanceof host.LinkError) return "unlinkable";
  if (error instanceof host.Exception) return "exception";
  // RangeError: stack or memory exhausted. TypeError: JavaScript has no such type.
  if (error instanceof RangeError || error instanceof TypeError) return undefined;
  throw error;
}

function imports(module: Module, lines: (string | undefined)[]): object {
  const all: Record<string, Record<string, unknown>> = {};
  for (const wanted of module.imports) {
    (all[wanted.module] ??= {})[wanted.name] = stub(module, wanted, lines);
  }
  return all;
}

function stub(module: Module, wanted: Import, lines: (string | undefined)[]): unknown {
  if (wanted.type.kind === "global") {
    const { val, isMutable } = wanted.type.type;
    return isMutable || val === V128 ? undefined : isRef(val) ? null : val === I64 ? 0n : 0;
  }
  if (wanted.type.kind !== "func") return undefined;
  const type = module.types[wanted.type.type]!.comp;
  const results = type.kind === "func" ? type.results : [];
  const given = results.map((t) => (isRef(t) ? null : t === I64 || t === V128 ? 0n : 0));
  return (...args: readonly unknown[]) => {
    lines.push(`${wanted.name}(${args.map(printValue)})`);
    return given.length === 1 ? given[0] : given.length === 0 ? undefined : given;
  };
}

export function theirStory(bytes: Uint8Array, module: Module, calls: readonly Call[]): Story {
  const lines: (string | undefined)[] = [];
  let exports: Readonly<Record<string, unknown>>;
  try {
    exports = new host.Instance(new host.Module(bytes), imports(module, lines)).exports;
  } catch (error) {
    const end = failure(error);
    return [...lines, end === undefined ? undefined : `instantiation: ${end}`];
  }
  for (const { name, args } of calls) {
    let end: string | undefined;
    try {
      const result = (exports[name] as HostFunc)(...args);
      const list = result === undefined ? [] : Array.isArray(result) ? result : [result];
      end = list.map(printValue).join(" ");
    } catch (error) {
      end = failure(error);
    }
    lines.push(end === undefined ? undefined : `${name}(${args.map(printValue)}): ${end}`);
    if (end === undefined) return lines;
  }
  return [...lines, ...state(module, exports)];
}

function state(module: Module, exports: Readonly<Record<string, unknown>>): string[] {
  return module.exports.flatMap(({ name, kind, idx }) => {
    const x = exports[name];
    if (x instanceof host.Memory) return [`memory ${name}: ${digest(new Uint8Array(x.buffer))}`];
    if (x instanceof host.Table) {
      const list = Array.from({ length: x.length }, (_, i) => (x.get(i) === null ? 0 : 1));
      return [`table ${name}: ${list.join("")}`];
    }
    const isVector = kind === "global" && module.globalTypes[idx]?.val === V128;
    return x instanceof host.Global && !isVector ? [`global ${name}: ${printValue(x.value)}`] : [];
  });
}
