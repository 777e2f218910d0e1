/**
 * One running call of a guest function: drives `run`, does what the hot switch leaves to it (lowering, calls across
 * instances and to the host, growth of the stack), stops at safepoints and goes on.
 *
 * Wasm-to-wasm calls do not recurse in JavaScript. A host function that calls back into a guest starts an activation of
 * its own. Spec: exec/runtime (frames, stack), exec/instructions (call, call_indirect).
 */
import { Blocked, type HostResult } from "../blocked.ts";
import { isSubtypeId } from "../canon.ts";
import { trap, trapError, WasmError } from "../errors.ts";
import { WasmException } from "../exception.ts";
import type { FuncInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import type { Boundary } from "./boundary.ts";
import { run } from "./dispatch.gen.ts";
import { driverOps } from "./driver-ops.ts";
import { exits } from "./exit.ts";
import { waitAt } from "./instance-ops.ts";
import { lower } from "./lower.ts";
import { wordsOf } from "./operands.ts";
import { DRIVER_START, op, opDef } from "./ops.ts";
import { readSlots, resultVals, writeSlot } from "./slots.ts";
import { FrameStack, overflow, type Run, type StackLimits } from "./stack.ts";
import { crossTo, moveArgs } from "./tail-call.ts";
import { raise } from "./unwind.ts";
import { traceOf } from "./walk.ts";

export type Outcome =
  | { readonly kind: "done"; readonly results: Val[] }
  | { readonly kind: "stopped" }
  | { readonly kind: "blocked"; readonly blocked: Blocked };

const CALL_IMPORT = op("call_import");
const CALL_INDIRECT = op("call_indirect");
const CALL_REF = op("call_ref");
const RETURN_CALL_IMPORT = op("return_call_import");
const RETURN_CALL_REF = op("return_call_ref");
/** Size of a call operation that nothing follows: a tail call. */
const TAIL = 0;
/** Words of call operation `o`. */
const callSize = (o: number): number => (o === CALL_INDIRECT ? 5 : o === CALL_IMPORT || o === CALL_REF ? 3 : TAIL);
const WAIT = op("atomic_wait");
const WAIT_WORDS = 9;
/**
 * Safepoints passed in one entry of `run`: about a millisecond. V8 replaces code that was optimised while its loop ran
 * (in which every register of ours is a tagged value) only when the function is entered anew. Gain not separated from noise so far; see RATIONALE.
 */
const MANY_TICKS = 1 << 16;
const freeStacks: FrameStack[] = [];

/** Canonical state that `restore` begins with; see `frames.ts`. */
export type Seed = (act: Activation) => void;

export class Activation implements Run {
  stack: FrameStack;
  inst: ModuleInst;
  pc = 0;
  fp = 0;
  csp = 0;
  ticks = 0;
  readonly func: FuncInst;
  readonly boundaries: Boundary[] = [];
  /** The host call that blocked: its call is at `pc`, its arguments in place. */
  private pending: Blocked | undefined;
  private state: "ready" | "running" | "done" = "ready";

  /** @param seed puts other frames in place than the first one of a call of `func` */
  constructor(func: FuncInst, args: readonly Val[], limits: StackLimits, seed?: Seed) {
    if (func.inst === null) throw new Error("an activation needs a guest function");
    this.func = func;
    this.inst = func.inst;
    this.stack = freeStacks.pop() ?? new FrameStack(limits);
    if (this.stack.limits !== limits) this.stack = new FrameStack(limits);
    if (seed !== undefined) {
      seed(this);
      return;
    }
    this.boundaries.push({ inst: null, pc: 0, fp: 0 });
    this.stack.calls[this.csp++] = -1;
    this.stack.reserve(func.type.params.length * 4, this.csp);
    let at = 0;
    func.type.params.forEach((t, i) => {
      writeSlot(this.stack, at, t, args[i]);
      at += wordsOf(t);
    });
    this.pc = entryOf(func);
  }

  /**
   * Runs until the function returns, a host call blocks, or `ticks` safepoints (loop iterations and calls) have passed.
   *
   * @throws WasmError trap, exhausted, exit; the activation is over then
   */
  run(ticks = Infinity): Outcome {
    if (this.state !== "ready") throw new Error(`this activation is ${this.state}`);
    this.state = "running";
    try {
      const outcome = this.drive(ticks);
      this.state = outcome.kind === "done" ? "done" : "ready";
      if (this.state === "done") this.release();
      return outcome;
    } catch (thrown) {
      this.state = "done";
      const error = overflow(thrown);
      if (error instanceof WasmError && error.kind !== "exit") traceOf(this, error);
      this.release();
      throw error;
    }
  }

  private release(): void {
    this.stack.reset();
    if (freeStacks.length < 16 && this.stack.I.length < 65536) freeStacks.push(this.stack);
  }

  private drive(budget: number): Outcome {
    let left = budget;
    if (this.pending !== undefined) {
      const blocked = this.resume(this.pending);
      if (blocked !== undefined) return blocked;
    }
    for (;;) {
      const given = Math.min(left, MANY_TICKS);
      this.ticks = given;
      const exit = run(this);
      left -= given - Math.max(this.ticks, 0);
      if (this.ticks < 0 && left <= 0) return { kind: "stopped" };
      const outcome = this.handle(exit);
      if (outcome !== undefined) return outcome;
    }
  }

  private handle(exit: number): Outcome | undefined {
    const { words } = this.inst.code;
    switch (exit) {
      case exits.done:
        return this.leave();
      case exits.enter:
        if (this.ticks >= 0) this.stack.reserve(this.fp + words[this.pc + 1], this.csp);
        return undefined;
      case exits.import:
      case exits.indirect:
        return this.call(this.callee(words), callSize(words[this.pc]));
      case exits.reload:
        return words[this.pc] === WAIT ? this.wait(waitAt(this)) : undefined;
      case exits.loop:
        return undefined;
      default:
        return driverOps[exit - DRIVER_START](this);
    }
  }

  /** The wait at `pc` came to `result`, or blocks like a host call. */
  private wait(result: number | Blocked): Outcome | undefined {
    if (result instanceof Blocked) {
      const { runner } = this.inst;
      if (runner === undefined) {
        this.pending = result;
        return { kind: "blocked", blocked: result };
      }
      result = runner(result) as number;
    }
    this.stack.I[this.fp + this.inst.code.words[this.pc + 1]] = result;
    this.pc += WAIT_WORDS;
    return undefined;
  }

  /** The function that the operation at `pc` calls. @throws WasmError trap */
  callee(words: Int32Array): FuncInst {
    switch (words[this.pc]) {
      case CALL_IMPORT:
      case RETURN_CALL_IMPORT:
        return this.inst.funcs[words[this.pc + 1]];
      case CALL_REF:
      case RETURN_CALL_REF:
        return (this.stack.refs[(this.fp + words[this.pc + 1]) >> 1] ?? trap("nullFunction")) as FuncInst;
      default:
        return this.indirect(words);
    }
  }

  /** A lazy call becomes the operation `linked`, which has the entry of its callee. */
  link(linked: number): undefined {
    const entry = entryOf(this.inst.funcs[this.inst.code.words[this.pc + 2]]);
    const now = this.inst.code.words;
    now[this.pc + 1] = entry;
    now[this.pc] = linked;
  }

  indirect(words: Int32Array): FuncInst {
    const i = this.stack.I[this.fp + words[this.pc + 1]] >>> 0;
    const { elems } = this.inst.tables[words[this.pc + 2]];
    if (i >= elems.length) trap("undefinedElement", `(index ${i}, table of ${elems.length})`);
    const f = elems[i] as FuncInst | null;
    if (f === null) trap("uninitializedElement", `${i}`);
    if (!isSubtypeId(f.typeId, words[this.pc + 3])) trap("indirectCallType", `(index ${i})`);
    return f;
  }

  /** Calls `f` from the call operation of `size` words at `pc`, whose last word is the frame base. */
  private call(f: FuncInst, size: number): Outcome | undefined {
    const base = this.fp + this.inst.code.words[this.pc + size - 1];
    if (f.inst === null) return this.callHost(f, base, size);
    this.stack.reserve(0, this.csp + 1);
    const next = this.pc + size;
    if (f.inst === this.inst) {
      this.stack.calls[this.csp++] = next;
    } else {
      this.boundaries.push({ inst: this.inst, pc: next, fp: this.fp });
      this.stack.calls[this.csp++] = -1;
      this.inst = f.inst;
    }
    this.pc = entryOf(f);
    this.fp = base;
    return undefined;
  }

  /** Calls `f` in place of the function that runs, from the operation at `pc` whose words from `n` on tell the arguments. */
  tailCall(f: FuncInst, n: number): Outcome | undefined {
    const { words } = this.inst.code;
    const base = this.fp + words[this.pc + n];
    if (f.inst === null) return this.callHost(f, base, TAIL);
    moveArgs(this.stack, this.fp, base, words[this.pc + n + 1], words[this.pc + n + 2] === 1);
    if (f.inst !== this.inst) crossTo(this, f.inst);
    this.pc = entryOf(f);
    return undefined;
  }

  /** The function that runs returns, its results at `fp`. */
  private return(): Outcome | undefined {
    const back = this.stack.calls[--this.csp];
    if (back < 0) return this.leave();
    this.pc = back;
    this.fp -= this.inst.code.words[back - 1];
    return undefined;
  }

  /** A function called across a boundary has returned, its results at `fp`. */
  private leave(): Outcome | undefined {
    const boundary = this.boundaries.pop() as Boundary;
    if (boundary.inst === null) {
      return { kind: "done", results: readSlots(this.stack, this.fp, this.func.type.results) };
    }
    this.inst = boundary.inst;
    this.pc = boundary.pc;
    this.fp = boundary.fp;
    return undefined;
  }

  private callHost(f: FuncInst, base: number, size: number): Outcome | undefined {
    const args = readSlots(this.stack, base, f.type.params);
    return this.runHost(f, base, size, () => (f.host as NonNullable<FuncInst["host"]>)(...args));
  }

  /**
   * Runs `fn`, of host function `f`. When it must wait, the runner of the instance blocks the thread; without one the
   * activation returns and keeps the call pending. An exception is thrown into the guest.
   */
  private runHost(f: FuncInst, base: number, size: number, fn: () => HostResult): Outcome | undefined {
    const { runner } = this.inst;
    let result: HostResult;
    try {
      const first = callHostFn(f, fn);
      result = first instanceof Blocked && runner !== undefined ? callHostFn(f, () => runner(first)) : first;
    } catch (error) {
      if (!(error instanceof WasmException)) throw error;
      return raise(this, error.exn, error, size === TAIL);
    }
    if (!(result instanceof Blocked)) return this.receive(f, result, base, size);
    this.pending = result;
    return { kind: "blocked", blocked: result };
  }

  /** The host function `f` has returned: its results go where its arguments were, or to the caller of a tail call. */
  private receive(f: FuncInst, result: Exclude<HostResult, Blocked>, base: number, size: number): Outcome | undefined {
    const vals = resultVals(f.type, result);
    let at = size === TAIL ? this.fp : base;
    f.type.results.forEach((t, i) => {
      writeSlot(this.stack, at, t, vals[i]);
      at += wordsOf(t);
    });
    if (size === TAIL) return this.return();
    this.pc += size;
    return undefined;
  }

  /** Retries the pending host call; `Blocked` again, or it returned and the guest goes on. */
  private resume(blocked: Blocked): Outcome | undefined {
    this.pending = undefined;
    const { words } = this.inst.code;
    if (words[this.pc] === WAIT) return this.wait(blocked.retry() as number | Blocked);
    const o = words[this.pc];
    // The first argument's place is the last word of a call, and before two more of a tail call.
    const size = opDef(o)?.words as number;
    const base = this.fp + words[this.pc + (callSize(o) === TAIL ? size - 3 : size - 1)];
    return this.runHost(this.callee(words), base, callSize(o), blocked.retry);
  }
}

/** First word of `f`'s flat code; lowers it if need be. Precondition: `f` is a guest function. */
export function entryOf(f: FuncInst): number {
  if (f.entry >= 0) return f.entry;
  const { module, code } = f.inst as ModuleInst;
  let entry = code.entries[f.index];
  if (entry < 0) {
    entry = code.append(f.index, lower(module, module.funcs[f.index - module.importedFuncs], code.length));
  }
  f.entry = entry;
  return entry;
}

/** What a host function throws that is not ours becomes a trap that carries it as its cause. */
function callHostFn(f: FuncInst, fn: () => HostResult): HostResult {
  try {
    return fn();
  } catch (error) {
    if (error instanceof WasmError) throw error;
    const mapped = overflow(error);
    if (mapped !== error) throw mapped;
    throw trapError("hostError", `(${f.type.params.length} parameters): ${String(error)}`, error);
  }
}
