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
import { type Call, digest, isCrossing, printException, printValue, printValues } from "./story.ts";

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

/** An instance of a module in one configuration, and what it has told so far. */
export class Teller {
  readonly story: (string | undefined)[] = [];
  /** Instructions when each line was told; undefined where they are not counted. */
  readonly fuel: (number | undefined)[] = [];
  /** Undefined when it could not be made. */
  inst: Instance | undefined;
  private readonly on: Configuration;
  private readonly meter: Meter;

  constructor(on: Configuration, module: Module) {
    this.on = on;
    this.meter = new Meter(on.isBounded ? { fuel: MAX_FUEL } : {});
    const given = { ...limits, meter: this.meter, missingImport: imports(module, this.meter, this.story) };
    this.line("instantiation", () => {
      this.inst = on.engine.instantiate(module, {}, given);
      return "done";
    });
  }

  /** Tells what the calls come to; false when one came to nothing that can be told. */
  call(calls: readonly Call[], stops?: Stops): boolean {
    return calls.every(({ name, args }) => {
      if (this.on.isBounded) this.meter.refuel(MAX_FUEL);
      const what = `${name}(${args.map((v) => printValue(v))})`;
      return this.line(what, (inst) => outcome(inst, name, args, this.on.isInterrupted ? stops : undefined));
    });
  }

  /** Tells what has become of memories, tables and globals. */
  end(): void {
    if (this.inst !== undefined) this.story.push(...state(this.inst));
  }

  private line(what: string, act: (inst: Instance) => string | undefined): boolean {
    let end: string | undefined;
    try {
      end = act(this.inst as Instance);
    } catch (error) {
      end = failure(error, this.inst);
    }
    this.story.push(end === undefined ? undefined : `${what}: ${end}`);
    this.fuel[this.story.length - 1] = this.meter.usage().instructions;
    return end !== undefined;
  }
}

/** All that there is to tell of `module` and `calls`. */
export function ourStory(on: Configuration, module: Module, calls: readonly Call[], stops?: Stops): Teller {
  const teller = new Teller(on, module);
  if (teller.inst !== undefined && teller.call(calls, stops)) teller.end();
  return teller;
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
