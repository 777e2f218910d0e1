/** Tells the story of a module in our engine, in one of its configurations: whole, or interrupted at safepoints. */
import {
  type Activation,
  captureFrames,
  type Extern,
  framesFromJson,
  framesToJson,
  funcTypeAt,
  GlobalInst,
  type GlobalType,
  type HostFn,
  hostTag,
  I64,
  type Import,
  type Instance,
  type InstanceOptions,
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
/** Most moves to new instances, whose memories keep the garbage collector busy. */
const MOVES = 10;
const limits = { maxMemoryBytes: 1 << 26, maxTableElements: 100_000, maxStackDepth: 5000 };

/** Fuel until the next stop; undefined: no more stops. */
export type Stops = () => number | undefined;

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
  private readonly module: Module;
  private meter: Meter = new Meter();
  private moves = 0;

  constructor(on: Configuration, module: Module) {
    this.on = on;
    this.module = module;
    this.line("instantiation", () => {
      this.inst = on.engine.instantiate(module, {}, this.options());
      return "done";
    });
  }

  /** With a meter of its own. */
  private options(): InstanceOptions {
    this.meter = new Meter(this.on.isBounded ? { fuel: MAX_FUEL } : {});
    return { ...limits, meter: this.meter, missingImport: (wanted) => this.given(wanted) };
  }

  /** Guests may import functions: they do nothing, and what they are given is part of the story. */
  private given({ name, type }: Import): Extern | HostFn | undefined {
    if (type.kind === "global") return givenGlobal(type.type);
    if (type.kind === "tag") return hostTag(funcTypeAt(this.module, type.type.type).params);
    if (type.kind !== "func") return undefined;
    const { params, results } = funcTypeAt(this.module, type.type);
    const values = results.map((t): Val => (isRef(t) ? null : t === I64 || t === V128 ? 0n : 0));
    return (...args: readonly unknown[]) => {
      this.story.push(`${name}(${printValues(args, params)})`);
      this.meter.spend(HOST_CALL);
      return values.length === 1 ? values[0] : values.length === 0 ? undefined : values;
    };
  }

  /** Tells what the calls come to; false when one came to nothing that can be told. */
  call(calls: readonly Call[], stops?: Stops): boolean {
    return calls.every(({ name, args }) => {
      if (this.on.isBounded) this.meter.refuel(MAX_FUEL);
      return this.line(`${name}(${args.map((v) => printValue(v))})`, (inst) => this.outcome(inst, name, args, stops));
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

  private outcome(inst: Instance, name: string, args: readonly Val[], stops: Stops | undefined): string | undefined {
    const func = inst.func(name);
    if (func.inst === null) return "host function";
    let act = inst.start(name, args);
    for (;;) {
      const stop = this.on.interrupted === undefined ? undefined : stops?.();
      // Generated code is entered only from here.
      if (!this.on.isBounded) return printValues(inst.runToEnd(act), func.type.results).join(" ");
      const result = act.run(stop ?? Infinity);
      if (result.kind === "done") return printValues(result.results, func.type.results).join(" ");
      // Out of fuel, or waiting for another thread.
      if (result.kind === "blocked" || result.reason !== "slice") return undefined;
      act = this.interrupt(act, name);
    }
  }

  private interrupt(act: Activation, name: string): Activation {
    const inst = this.inst as Instance;
    const mayMove = this.on.interrupted === "by snapshot" && this.moves++ < MOVES;
    return (mayMove ? this.move(inst, act) : undefined) ?? reincarnate(inst, name, act);
  }

  /** To a new instance; `undefined` if there is something that cannot go there. */
  private move(inst: Instance, activation: Activation): Activation | undefined {
    let bytes: Uint8Array;
    try {
      bytes = inst.snapshot({ activation });
    } catch (error) {
      // What only this process knows, such as a shared memory.
      if (error instanceof WasmError && error.code === "WT5205") return undefined;
      throw error;
    }
    const guest = this.on.engine.restore([{ module: this.module, options: this.options() }], bytes);
    this.inst = guest.instances[0];
    return guest.activation;
  }
}

/** All that there is to tell of `module` and `calls`. */
export function ourStory(on: Configuration, module: Module, calls: readonly Call[], stops?: Stops): Teller {
  const teller = new Teller(on, module);
  if (teller.inst !== undefined && teller.call(calls, stops)) teller.end();
  return teller;
}

/** Takes the activation apart, into JSON if it holds no references, and puts it together again. */
function reincarnate(inst: Instance, name: string, act: Activation): Activation {
  const { frames, instances } = captureFrames(act);
  const isData = frames.every((f) => [...f.locals, ...f.operands].every((v) => typeof v !== "object" || v === null));
  const again = isData ? framesFromJson(framesToJson(frames)) : frames;
  return inst.restore(inst.func(name), { frames: again, instances });
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
