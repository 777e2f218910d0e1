/**
 * What generated code that counts calls when its fuel is spent, when it fails, and when it is left to stop: see
 * `counting.ts`. It passes the values of its frame, which become a canonical one.
 */
import { counting, giveFuel, left, type Outcome, Stop, type StoppedFrame, settleFuel, spendMuch } from "../counting.ts";

import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import type { Interpreter } from "../tier.ts";
import { F32, F64, I64, isRef, type ValType } from "../types.ts";
import { bitsOfF32, putF64 } from "./nan.ts";

export class Stops {
  private readonly inst: ModuleInst;
  private readonly interpreter: Interpreter;

  constructor(inst: ModuleInst, interpreter: Interpreter) {
    this.inst = inst;
    this.interpreter = interpreter;
  }

  private outcome: Outcome | undefined;

  /** At a safepoint: what is left of `fuel`, or of more that there is; below 0 it has to stop. */
  readonly more = outlined((fuel: number): number => {
    left[0] = fuel;
    settleFuel();
    this.outcome = counting().halt();
    if (this.outcome !== undefined) return -1;
    giveFuel();
    return left[0];
  });

  /** Stops where `more` says so, at the loop or function start at `offset`; `values` are locals and operands. */
  readonly loop = (func: number, offset: number, ...values: Val[]): Stop => {
    const stop = new Stop(this.outcome as Outcome);
    stop.frames.push(this.frame(func, offset, true, values));
    return stop;
  };

  /**
   * `thrown` has come out of the call at `call`, behind which `back` is: the caller adds its frame if it stops.
   *
   * @param more how many of the `values` the call has beside its arguments, which are the last
   */
  readonly caller = outlined(
    (thrown: unknown, func: number, call: number, back: number, more: number, ...values: Val[]): unknown => {
      if (!(thrown instanceof Stop)) return thrown;
      if (thrown.args !== undefined) return this.waiting(thrown, func, call, more, values);
      thrown.frames.push(this.frame(func, back, false, values.slice(0, values.length - more)));
      return thrown;
    },
  );

  /** The same of a tail call: the caller is there only if the function of the host has to wait. */
  readonly tail = outlined((thrown: unknown, func: number, call: number, more: number, ...values: Val[]): unknown =>
    thrown instanceof Stop && thrown.args !== undefined ? this.waiting(thrown, func, call, more, values) : thrown,
  );

  /** The call is made again, and counted then. */
  private waiting(stop: Stop, func: number, call: number, more: number, values: readonly Val[]): Stop {
    const own = values.length - more;
    counting().count(-this.interpreter.pendingAt(this.inst, func, call));
    const all = [...values.slice(0, own), ...(stop.args as readonly Val[]), ...values.slice(own)];
    stop.frames.push(this.frame(func, call, true, all));
    stop.args = undefined;
    return stop;
  }

  /** An instruction has failed: `fuel` was left, less `cost`; below 0 it was counted elsewhere. */
  readonly failed = (thrown: unknown, fuel: number, cost: number): unknown => {
    if (cost >= 0 && !(thrown instanceof Stop)) left[0] = fuel - cost;
    return thrown;
  };

  /**
   * An exception has come to a handler; `fuel` and `cost` as for `failed`. What is left may be less than was left when
   * it was thrown: functions of the host and of the interpreter that it passed have spent, too.
   */
  readonly landed = (fuel: number, cost: number): number => {
    if (cost >= 0) left[0] = fuel - cost;
    settleFuel();
    giveFuel();
    return left[0];
  };

  readonly spend = spendMuch;

  private frame(func: number, offset: number, isInnermost: boolean, values: readonly Val[]): StoppedFrame {
    const { inst } = this;
    const types = this.interpreter.frameTypes(inst, func, offset, isInnermost);
    const reader = new WordReader(values);
    const locals = types.locals.map((t) => reader.next(t));
    const operands = types.operands.map((t) => reader.next(t));
    return {
      inst,
      func,
      pc: offset - inst.module.funcs[func - inst.module.importedFuncs].body.start,
      locals,
      operands,
    };
  }
}

/** `fn`, which V8 does not inline, through a proxy: what is called once in a million instructions must not be in a hot loop. */
const outlined = <T extends (...args: never[]) => unknown>(fn: T): T => new Proxy(fn, {});

const scratch = new BigInt64Array(1);
const words = new Int32Array(scratch.buffer);

/** Reads values that generated code passes as canonical ones; zeros behind the last. */
class WordReader {
  private readonly values: readonly Val[];
  private at = 0;

  constructor(values: readonly Val[]) {
    this.values = values;
  }

  next(t: ValType): Val {
    const v = this.values[this.at++] ?? (isRef(t) ? null : 0);
    if (isRef(t)) return v;
    if (t === F32) return bitsOfF32(v as number);
    if (t === F64) putF64(words, 0, v as number);
    else if (t === I64) {
      words[0] = v as number;
      words[1] = (this.values[this.at++] ?? 0) as number;
    } else return (v as number) | 0;
    return scratch[0];
  }
}
