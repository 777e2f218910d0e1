/** Tells the story of a module in our interpreter, whole or taken apart at safepoints. */
import {
  type Activation,
  captureFrames,
  Engine,
  type FuncInst,
  framesFromJson,
  framesToJson,
  GlobalInst,
  type GlobalType,
  I64,
  type Import,
  type Instance,
  isRef,
  MemInst,
  type Module,
  newGlobal,
  TableInst,
  V128,
  type Val,
  WasmError,
  WasmException,
} from "../../engine/index.ts";
import { type Call, digest, printValue, type Story } from "./story.ts";

const engine = new Engine();
/** Bounds the time of one call. */
const MAX_TICKS = 300_000;
const limits = { maxMemoryBytes: 1 << 26, maxTableElements: 100_000, maxStackDepth: 5000 };

/** Ticks until the next stop; undefined: no more stops. */
export type Stops = () => number | undefined;

/** Guests may import functions: they do nothing, and what they are given is part of the story. */
function imports(module: Module, lines: (string | undefined)[]) {
  return (wanted: Import) => {
    if (wanted.type.kind === "global") return givenGlobal(wanted.type.type);
    if (wanted.type.kind !== "func") return undefined;
    const type = module.types[wanted.type.type]!.comp;
    const results = type.kind === "func" ? type.results : [];
    const given = results.map((t): Val => (isRef(t) ? null : t === I64 || t === V128 ? 0n : 0));
    return (...args: readonly unknown[]) => {
      lines.push(`${wanted.name}(${args.map(printValue)})`);
      return given.length === 1 ? given[0] : given.length === 0 ? undefined : given;
    };
  };
}

/** As in `theirs.ts`: null and 0 in immutable globals, and no others. */
const givenGlobal = (type: GlobalType): GlobalInst | undefined =>
  type.isMutable || type.val === V128 ? undefined : newGlobal(type, isRef(type.val) ? null : type.val === I64 ? 0n : 0);

/** `undefined` for what cannot be compared. Throws on errors that are no WasmError: those are bugs. */
function failure(error: unknown): string | undefined {
  if (error instanceof WasmException) return "exception";
  if (!(error instanceof WasmError)) throw error;
  if (error.kind === "exhausted") return undefined;
  return error.kind === "trap" ? `trap ${error.code}` : error.kind;
}

export function ourStory(module: Module, calls: readonly Call[], stops?: Stops): Story {
  const lines: (string | undefined)[] = [];
  try {
    return tell(ourInstance(module, lines), calls, lines, stops);
  } catch (error) {
    const end = failure(error);
    return [...lines, end === undefined ? undefined : `instantiation: ${end}`];
  }
}

/** @param lines  where calls of imports are told */
export const ourInstance = (module: Module, lines: (string | undefined)[]): Instance =>
  engine.instantiate(module, {}, { ...limits, missingImport: imports(module, lines) });

/** Goes on with the story `lines` of `inst`. Throws what is no WasmError. */
export function tell(inst: Instance, calls: readonly Call[], lines: (string | undefined)[], stops?: Stops): Story {
  for (const call of calls) {
    let end: string | undefined;
    try {
      end = outcome(inst, call, stops);
    } catch (error) {
      end = failure(error);
    }
    lines.push(end === undefined ? undefined : `${call.name}(${call.args.map(printValue)}): ${end}`);
    if (end === undefined) return lines;
  }
  return [...lines, ...state(inst)];
}

function outcome(inst: Instance, call: Call, stops: Stops | undefined): string | undefined {
  const func = inst.func(call.name);
  if (func.inst === null) return "host function";
  let act = inst.start(call.name, call.args);
  for (;;) {
    const ticks = stops?.();
    const result = act.run(ticks ?? MAX_TICKS);
    if (result.kind === "done") return result.results.map(printValue).join(" ");
    if (ticks === undefined) return undefined;
    act = reincarnate(inst, func, act);
  }
}

/** Takes the activation apart, into JSON if it holds no references, and puts it together again. */
function reincarnate(inst: Instance, func: FuncInst, act: Activation): Activation {
  const { frames, instances } = captureFrames(act);
  const isData = frames.every((f) => [...f.locals, ...f.operands].every((v) => typeof v !== "object" || v === null));
  const again = isData ? framesFromJson(framesToJson(frames)) : frames;
  return inst.restore(func, { frames: again, instances });
}

function state(inst: Instance): string[] {
  return inst.module.exports.flatMap(({ name }) => {
    const x = inst.exports[name];
    if (x instanceof MemInst) return [`memory ${name}: ${digest(x.bytes)}`];
    if (x instanceof TableInst) return [`table ${name}: ${x.elems.map((e) => (e === null ? 0 : 1)).join("")}`];
    if (x instanceof GlobalInst && x.type.val !== V128) return [`global ${name}: ${printValue(x.get())}`];
    return [];
  });
}
