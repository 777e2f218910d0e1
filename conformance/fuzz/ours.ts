/** Tells the story of a module in our engine, in one of its configurations: whole, or taken apart at safepoints. */
import {
  type Activation,
  captureFrames,
  type FuncInst,
  framesFromJson,
  framesToJson,
  funcTypeAt,
  GlobalInst,
  type GlobalType,
  hostTag,
  I64,
  type Import,
  type Instance,
  isRef,
  MemInst,
  type Module,
  newGlobal,
  TableInst,
  type TagInst,
  V128,
  type Val,
  WasmError,
  WasmException,
} from "../../engine/index.ts";
import { Meter } from "../../engine/runtime/meter.ts";
import type { Configuration } from "./configurations.ts";
import { type Call, digest, isCrossing, printException, printValue, printValues, type Story } from "./story.ts";

/** Bounds the time of one call. */
const MAX_FUEL = 500_000;
/** Fuel of a call to the host: it takes more time than an instruction. */
const HOST_CALL = 200;
const limits = { maxMemoryBytes: 1 << 26, maxTableElements: 100_000, maxStackDepth: 5000 };

/** Fuel until the next stop; undefined: no more stops. */
export type Stops = () => number | undefined;

/** Guests may import functions: they do nothing, and what they are given is part of the story. */
function imports(module: Module, meter: Meter, lines: (string | undefined)[]) {
  return (wanted: Import) => {
    if (wanted.type.kind === "global") return givenGlobal(wanted.type.type);
    if (wanted.type.kind === "tag") return hostTag(funcTypeAt(module, wanted.type.type.type).params);
    if (wanted.type.kind !== "func") return undefined;
    const { params, results } = funcTypeAt(module, wanted.type.type);
    const given = results.map((t): Val => (isRef(t) ? null : t === I64 || t === V128 ? 0n : 0));
    return (...args: readonly unknown[]) => {
      lines.push(`${wanted.name}(${printValues(args, params)})`);
      meter.spend(HOST_CALL);
      return given.length === 1 ? given[0] : given.length === 0 ? undefined : given;
    };
  };
}

/** As in `theirs.ts`: null and 0 in immutable globals, and no others. */
const givenGlobal = (type: GlobalType): GlobalInst | undefined =>
  type.isMutable || type.val === V128 ? undefined : newGlobal(type, isRef(type.val) ? null : type.val === I64 ? 0n : 0);

/** `undefined` for what cannot be compared. Throws on errors that are no WasmError: those are bugs. */
function failure(error: unknown, inst: Instance | undefined): string | undefined {
  if (error instanceof WasmException && inst !== undefined) {
    const { tag, payload } = error;
    return printException(
      inst.module,
      (name) => inst.exports[name] === (tag as TagInst),
      (i) => payload[i],
    );
  }
  if (!(error instanceof WasmError)) throw error;
  if (error.kind === "exhausted") return undefined;
  return error.kind === "trap" ? `trap ${error.code}` : error.kind;
}

/** The story, and what was spent when each of its lines was told. */
export interface OurStory {
  readonly story: Story;
  readonly fuel: readonly number[];
}

export function ourStory(
  on: Configuration,
  module: Module,
  calls: readonly Call[],
  stops: Stops = () => undefined,
): OurStory {
  const story: (string | undefined)[] = [];
  const fuel: number[] = [];
  const meter = new Meter({ fuel: MAX_FUEL });
  let inst: Instance | undefined;
  const tell = (what: string, act: (inst: Instance) => string | undefined): boolean => {
    let end: string | undefined;
    try {
      end = act(inst as Instance);
    } catch (error) {
      end = failure(error, inst);
    }
    story.push(end === undefined ? undefined : `${what}: ${end}`);
    fuel[story.length - 1] = meter.usage().instructions;
    return end !== undefined;
  };
  const isMade = tell("instantiation", () => {
    inst = on.engine.instantiate(module, {}, { ...limits, meter, missingImport: imports(module, meter, story) });
    return "done";
  });
  if (!isMade || inst === undefined) return { story, fuel };
  for (const { name, args } of calls) {
    meter.refuel(MAX_FUEL);
    const what = `${name}(${args.map((v) => printValue(v))})`;
    if (!tell(what, (inst) => outcome(inst, name, args, on.isInterrupted ? stops : undefined))) return { story, fuel };
  }
  story.push(...state(inst));
  return { story, fuel };
}

function outcome(inst: Instance, name: string, args: readonly Val[], stops: Stops | undefined): string | undefined {
  const func = inst.func(name);
  if (func.inst === null) return "host function";
  let act = inst.start(name, args);
  for (;;) {
    const result = act.run(stops?.() ?? Infinity);
    if (result.kind === "done") return printValues(result.results, func.type.results).join(" ");
    // Out of fuel, or waiting for another thread.
    if (result.kind === "blocked" || result.reason !== "slice") return undefined;
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
    if (x instanceof TableInst && isCrossing(x.type.elem))
      return [`table ${name}: ${x.elems.map((e) => (e === null ? 0 : 1)).join("")}`];
    if (x instanceof GlobalInst && isCrossing(x.type.val))
      return [`global ${name}: ${printValue(x.get(), x.type.val)}`];
    return [];
  });
}
