/** Tells the story of a module in the host's own WebAssembly, or in another thing of its shape. */
import {
  funcTypeAt,
  I64,
  type Import,
  isRef,
  type Module,
  printValType,
  V128,
  type ValType,
  WasmError,
} from "../../engine/index.ts";
import { type HostNamespace, host } from "./host.ts";
import { type Call, digest, isCrossing, printException, printValue, printValues, type Story } from "./story.ts";

type HostFunc = (...args: readonly unknown[]) => unknown;
type Exports = Readonly<Record<string, unknown>>;

/** V8's texts, and the codes of ours that they stand for. */
const traps: readonly (readonly [RegExp, string])[] = [
  [/unreachable/, "WT4001"],
  [/divide by zero|remainder by zero/, "WT4002"],
  [/divide result unrepresentable/, "WT4003"],
  [/float unrepresentable/, "WT4003|WT4004"],
  // Of two things wrong with an atomic access V8 tells the other one.
  [/memory access out of bounds/, "WT4005|WT4013"],
  // From a segment into an array: V8 looks at the segment first.
  [/data segment/, "WT4005|WT4012"],
  [/element segment/, "WT4006|WT4012"],
  [/unaligned accesses/, "WT4013|WT4005"],
  [/Atomics.wait/, "WT4016"],
  [/function signature mismatch/, "WT4008|WT4009"],
  [/table index is out of bounds/, "WT4006|WT4007"],
  [/array element access|array index/, "WT4012"],
  [/table/, "WT4006"],
  [/null pointer|rethrowing null/, "WT4010"],
  [/illegal cast/, "WT4011"],
];

/** `undefined` for what cannot be compared. */
function failure(api: HostNamespace, error: unknown, module: Module, exports: Exports): string | undefined {
  if (error instanceof api.RuntimeError) {
    if (error.cause instanceof WasmError) return `trap ${error.cause.code}`;
    if (/array is too large/.test(error.message)) return undefined;
    const known = traps.find(([text]) => text.test(error.message));
    return `trap ${known?.[1] ?? error.message}`;
  }
  if (error instanceof api.LinkError) return "unlinkable";
  if (error instanceof api.Exception) {
    const is = (name: string): boolean => exports[name] !== undefined && error.is(exports[name]);
    const tag = module.exports.find(({ kind, name }) => kind === "tag" && is(name));
    return printException(module, is, (i) => error.getArg(exports[tag?.name as string], i));
  }
  // RangeError: stack or memory exhausted. TypeError: JavaScript has no such type.
  if (error instanceof RangeError || error instanceof TypeError) return undefined;
  throw error;
}

function imports(api: HostNamespace, module: Module, lines: (string | undefined)[]): object {
  const all: Record<string, Record<string, unknown>> = {};
  for (const wanted of module.imports) {
    (all[wanted.module] ??= {})[wanted.name] = stub(api, module, wanted, lines);
  }
  return all;
}

function stub(api: HostNamespace, module: Module, wanted: Import, lines: (string | undefined)[]): unknown {
  if (wanted.type.kind === "global") {
    const { val, isMutable } = wanted.type.type;
    return isMutable || val === V128 ? undefined : isRef(val) ? null : val === I64 ? 0n : 0;
  }
  if (wanted.type.kind === "tag") {
    const { params } = funcTypeAt(module, wanted.type.type.type);
    return new api.Tag({ parameters: params.map(printValType) });
  }
  if (wanted.type.kind !== "func") return undefined;
  const { params, results } = funcTypeAt(module, wanted.type.type);
  const given = results.map((t) => (isRef(t) ? null : t === I64 || t === V128 ? 0n : 0));
  return (...args: readonly unknown[]) => {
    lines.push(`${wanted.name}(${printValues(args, params)})`);
    return given.length === 1 ? given[0] : given.length === 0 ? undefined : given;
  };
}

export function theirStory(
  bytes: Uint8Array,
  module: Module,
  calls: readonly Call[],
  api: HostNamespace = host,
): Story {
  const lines: (string | undefined)[] = [];
  let exports: Exports;
  try {
    exports = new api.Instance(new api.Module(bytes), imports(api, module, lines)).exports;
  } catch (error) {
    const end = failure(api, error, module, {});
    return [...lines, end === undefined ? undefined : `instantiation: ${end}`];
  }
  lines.push("instantiation: done");
  for (const { name, args } of calls) {
    let end: string | undefined;
    try {
      const result = (exports[name] as HostFunc)(...args);
      const list = result === undefined ? [] : Array.isArray(result) ? result : [result];
      end = printValues(list, resultsOf(module, name)).join(" ");
    } catch (error) {
      end = failure(api, error, module, exports);
    }
    lines.push(end === undefined ? undefined : `${name}(${args.map((v) => printValue(v))}): ${end}`);
    if (end === undefined) return lines;
  }
  return [...lines, ...state(api, module, exports)];
}

function resultsOf(module: Module, name: string): readonly ValType[] {
  const idx = module.exports.find((e) => e.kind === "func" && e.name === name)!.idx;
  return funcTypeAt(module, module.funcTypes[idx]!).results;
}

function state(api: HostNamespace, module: Module, exports: Exports): string[] {
  return module.exports.flatMap(({ name, kind, idx }) => {
    const x = exports[name];
    if (x instanceof api.Memory) return [`memory ${name}: ${digest(new Uint8Array(x.buffer))}`];
    if (x instanceof api.Table && isCrossing(module.tableTypes[idx]!.elem)) {
      const { addr } = module.tableTypes[idx]!;
      const at = (i: number): number | bigint => (addr === "i64" ? BigInt(i) : i);
      const list = Array.from({ length: Number(x.length) }, (_, i) => (x.get(at(i)) === null ? 0 : 1));
      return [`table ${name}: ${list.join("")}`];
    }
    const isGlobal = kind === "global" && isCrossing(module.globalTypes[idx]!.val);
    return isGlobal && x instanceof api.Global
      ? [`global ${name}: ${printValue(x.value, module.globalTypes[idx]!.val)}`]
      : [];
  });
}
