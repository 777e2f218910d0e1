/** Brings tiers together: which an instance gets, and what they call of each other. */
import { Blocked, type HostResult } from "./blocked.ts";
import { counting, giveFuel, Stop, settleFuel } from "./counting.ts";
import { cannotWait, errorOf } from "./drive.ts";
import { Activation, flatEntryOf, hostErrorOf, type Outcome, promiseError } from "./interpret/activation.ts";
import { captureFrames, typesAt } from "./interpret/frames.ts";
import { bodyStart } from "./interpret/put-frames.ts";
import { resultVals, writeSlot } from "./interpret/slots.ts";
import type { StackLimits } from "./interpret/stack.ts";
import { pendingBefore } from "./interpret/walk.ts";
import { JsTier } from "./jit/js-tier.ts";
import { canGenerate } from "./jit/module-code.ts";
import { type Passes, passesOf } from "./jit/passes.ts";
import { TierStats } from "./jit/stats.ts";
import { awaited } from "./promise-import.ts";
import type { FuncInst } from "./runtime/func.ts";
import type { ModuleInst } from "./runtime/instance.ts";
import type { Val } from "./runtime/value.ts";
import { type FrameTypes, type Interpreter, NESTING_BYTES, ROOM, type ValueSlots } from "./tier.ts";
import { I32 } from "./types.ts";

/**
 * `js`: generated JavaScript for all it can do, made at the first call. `auto`: the same for the first megabyte of functions
 * of a module of at most 4 MB; otherwise the interpreter, and JavaScript for what is hot.
 */
export type TierName = "auto" | "interp" | "js";

export type I64Form = "words" | "bigint";

export interface TierOptions {
  readonly tier?: TierName | undefined;
  /** False: no JavaScript is generated, whatever the tier. */
  readonly eval?: boolean | undefined;
  /**
   * What i64 are in generated code that has no limits: two words, or a BigInt, which is 3 to 10 times faster in
   * arithmetic on V8 13.6 and later. There it needs `--always-osr-from-maglev`, or a long call may be 100 times slower;
   * and V8 13.6 was seen to end the process over such code. Default "words". See RATIONALE.md.
   */
  readonly i64?: I64Form | undefined;
  /** Optimisations of generated code to leave out, such as `{ width: false }`; all are made otherwise. */
  readonly optimise?: Partial<Passes> | undefined;
  /**
   * V8 optimises functions of any size: `--max-optimized-bytecode-size` was raised far above 61,440. Otherwise loops of large
   * functions become functions of their own. Default false.
   */
  readonly optimisesLarge?: boolean | undefined;
  /** For tests: that is done to all functions. */
  readonly everySplit?: boolean | undefined;
  /** For tests: BigInts also where they are not worth while. */
  readonly everyBigInt?: boolean | undefined;
  /** False, for tests: the interpreter's code is not resident (`runtime/resident.ts`). Only in tier `interp`. */
  readonly resident?: boolean | undefined;
  /** Called with the size of each function in bytes before it is compiled: a host may want to set up its JavaScript engine. */
  readonly onGenerate?: ((bytes: number) => void) | undefined;
  /**
   * For tests: a function is compiled when it was found running so often, looked at wherever it could stop, or called
   * so often by generated code.
   */
  readonly hotAfter?: number | undefined;
}

/** Fuel between two samples: 0.2 ms when the interpreter is cold, 0.01 ms when V8 has optimised it. */
const SAMPLE_FUEL = 1 << 11;
/** The same while nothing is optimised yet, and there is much to be found. */
const FIRST_FUEL = 1 << 7;
const HOT_AFTER = 2;
const LARGE_BYTES = 1 << 11;
const BYTES_PER_SAMPLE = 8;
const BYTES_PER_CALL = 2;
/** What runs in the time that loading the compiler takes. */
const IDLE_SAMPLES = 16;
/** Of modules of at most `SMALL_MODULE` bytes. */
const EAGER_BYTES = 1 << 20;
const SMALL_MODULE = 1 << 22;

/** True when instances are to have generated code, and the process allows it. */
export const isTiered = ({ tier = "auto", eval: mayEval = true }: TierOptions): boolean =>
  tier !== "interp" && mayEval && canGenerate();

/** Gives `inst` its tier. Precondition: `isTiered`. */
export function addTier(inst: ModuleInst, options: TierOptions, limits: StackLimits): TierStats {
  const stats = new TierStats();
  const { hotAfter } = options;
  inst.tier = new JsTier(
    inst,
    new Interpreting(inst, limits),
    {
      isEager: options.tier === "js",
      hotAfter: hotAfter ?? HOT_AFTER,
      bytesPerSample: hotAfter === undefined ? BYTES_PER_SAMPLE : Infinity,
      bytesPerCall: hotAfter === undefined ? BYTES_PER_CALL : Infinity,
      largeBytes: hotAfter === undefined ? LARGE_BYTES : Infinity,
      idleSamples: hotAfter === undefined ? IDLE_SAMPLES : 0,
      eagerBytes: hotAfter === undefined && inst.module.bytes.length <= SMALL_MODULE ? EAGER_BYTES : 0,
      firstFuel: hotAfter === undefined ? FIRST_FUEL : 0,
      sampleFuel: hotAfter === undefined ? SAMPLE_FUEL : 0,
      minFrameBytes: Math.ceil(ROOM / limits.frames),
      isBig: options.i64 === "bigint",
      isBigForced: options.everyBigInt === true,
      split: options.everySplit === true ? "every" : options.optimisesLarge === true ? "none" : "large",
      passes: passesOf(options.optimise),
      onGenerate: options.onGenerate,
    },
    stats,
  );
  return stats;
}

class Interpreting implements Interpreter {
  private readonly inst: ModuleInst;
  private readonly limits: StackLimits;

  constructor(inst: ModuleInst, limits: StackLimits) {
    this.inst = inst;
    this.limits = limits;
  }

  run(...[f, put, take, room, mayNest]: Parameters<Interpreter["run"]>): Val {
    const act = new Activation(f, put, this.limits);
    act.take = take;
    act.meter = this.inst.meter;
    act.runner = this.inst.runner;
    act.mayNest = mayNest;
    act.room = room - NESTING_BYTES;
    const outcome = act.run();
    if (outcome.kind === "done") return outcome.results[0];
    throw errorOf(outcome, act);
  }

  callHost(f: FuncInst, inst: ModuleInst, args: readonly Val[], into: ValueSlots): void {
    try {
      this.endHostCall(f, inst, (f.host as NonNullable<FuncInst["host"]>)(...args), into);
    } catch (error) {
      throw hostErrorOf(f, error);
    }
  }

  endHostCall(f: FuncInst, inst: ModuleInst, given: HostResult, into: ValueSlots): void {
    // A number, which is what most calls give, is not to be waited for. Bench: wasi.
    const result = typeof given === "number" ? given : settle(inst, awaited(f, given));
    receive(f, result as Exclude<HostResult, Blocked>, into);
  }

  hostError(f: FuncInst, error: unknown): unknown {
    return hostErrorOf(f, error);
  }

  runMetered(...[f, put, take, room]: Parameters<Interpreter["runMetered"]>): Val {
    settleFuel();
    const act = new Activation(f, put, this.limits);
    act.nestIn(counting() as Activation);
    act.take = take;
    act.room = room - NESTING_BYTES;
    const outcome = act.run();
    if (outcome.kind !== "done") throw stopOf(act, outcome);
    giveFuel();
    return outcome.results[0];
  }

  callHostMetered(f: FuncInst, args: readonly Val[], words: readonly Val[], into: ValueSlots): void {
    settleFuel();
    const outcome = (counting() as Activation).hostCall(f, args, (result) => receive(f, result, into));
    if (outcome !== undefined) throw new Stop(outcome, words);
    giveFuel();
  }

  frameTypes(inst: ModuleInst, func: number, offset: number, isInnermost: boolean): FrameTypes {
    const types = typesAt(inst, func, offset - bodyStart(inst, func), isInnermost);
    if (types === undefined) throw new Error(`function ${func} has no safepoint at ${offset}`);
    return types;
  }

  pendingAt(inst: ModuleInst, func: number, offset: number): number {
    flatEntryOf(inst.funcs[func]);
    return pendingBefore(inst, func, offset);
  }
}

function receive(f: FuncInst, result: Exclude<HostResult, Blocked>, into: ValueSlots): void {
  if (typeof result === "number" && f.type.results.length === 1 && f.type.results[0] === I32) {
    into.I[0] = result;
    return;
  }
  const vals = resultVals(f.type, result);
  f.type.results.forEach((t, k) => {
    writeSlot(into as Parameters<typeof writeSlot>[0], 2 * k, t, vals[k]);
  });
}

/** What `act` throws through the generated code that began it when it stops: its frames are a part of the whole then. */
function stopOf(act: Activation, outcome: Outcome): Stop {
  const stop = new Stop(outcome);
  const { frames, instances } = captureFrames(act);
  for (let i = frames.length - 1; i >= 0; i--) {
    const { instance, ...frame } = frames[i];
    stop.frames.push({ ...frame, inst: instances[instance] });
  }
  act.giveUp();
  return stop;
}

/** Blocks the thread until there is a result. */
function settle({ runner }: ModuleInst, result: HostResult): HostResult {
  while (result instanceof Blocked) {
    if (result.isAsync) throw promiseError();
    if (runner === undefined) throw cannotWait("a host function");
    runner(result.wait);
    result = result.retry();
  }
  return result;
}
