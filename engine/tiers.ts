/** Brings tiers together: which an instance gets, and what they call of each other. */
import { Blocked, type HostResult } from "./blocked.ts";
import { cannotWait, errorOf } from "./drive.ts";
import { Activation, callHostFn, promiseError } from "./interpret/activation.ts";
import { resultVals, writeSlot } from "./interpret/slots.ts";
import type { StackLimits } from "./interpret/stack.ts";
import { canGenerate, JsTier } from "./jit/js-tier.ts";
import { TierStats } from "./jit/stats.ts";
import { awaited } from "./promise-import.ts";
import type { FuncInst } from "./runtime/func.ts";
import type { ModuleInst } from "./runtime/instance.ts";
import type { Val } from "./runtime/value.ts";
import { type Interpreter, NESTING_BYTES, ROOM, type ValueSlots } from "./tier.ts";

/** `auto`: the interpreter, and generated JavaScript for what is hot. `js`: JavaScript for all it can do. */
export type TierName = "auto" | "interp" | "js";

export interface TierOptions {
  readonly tier?: TierName | undefined;
  /** False: no JavaScript is generated, whatever the tier. */
  readonly eval?: boolean | undefined;
  /** Called before a function is compiled for the first time: where a host may want to set up its JavaScript engine. */
  readonly onGenerate?: (() => void) | undefined;
  /**
   * For tests: a function is compiled when it was found running so often, looked at wherever it could stop, or called
   * so often by generated code.
   */
  readonly hotAfter?: number | undefined;
}

/** Fuel between two samples: 0.2 ms when the interpreter is cold, 0.01 ms when V8 has optimised it. */
const SAMPLE_FUEL = 1 << 11;
const HOT_AFTER = 2;

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
      sampleFuel: hotAfter === undefined ? SAMPLE_FUEL : 0,
      minFrameBytes: Math.ceil(ROOM / limits.frames),
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
    callHostFn(f, () => {
      const result = settle(inst, awaited(f, (f.host as NonNullable<FuncInst["host"]>)(...args)));
      const vals = resultVals(f.type, result as Exclude<HostResult, Blocked>);
      f.type.results.forEach((t, k) => {
        writeSlot(into as Parameters<typeof writeSlot>[0], 2 * k, t, vals[k]);
      });
    });
  }
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
