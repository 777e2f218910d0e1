/**
 * One running call of a guest function: drives `run`, does what the hot switch leaves to it (lowering, calls across
 * instances and to the host, growth of the stack), stops at safepoints and goes on.
 *
 * Wasm-to-wasm calls do not recurse in JavaScript. A host function that calls back into a guest starts an activation of
 * its own. Spec: exec/runtime (frames, stack), exec/instructions (call, call_indirect).
 */

import type { Entrance } from "../awaiting.ts";
import { Blocked, type HostResult, monotonicNs, type Runner, type Wait } from "../blocked.ts";
import { isSubtypeId } from "../canon.ts";
import type { Counting, Stop } from "../counting.ts";
import { type BacktraceFrame, trap, trapError, WasmError } from "../errors.ts";
import { WasmException } from "../exception.ts";
import { awaited } from "../promise-import.ts";
import { ExnInst } from "../runtime/exn.ts";
import type { FuncInst, TagInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Interruption, Meter } from "../runtime/meter.ts";
import type { Val } from "../runtime/value.ts";
import { jsStack, MIN_ROOM, NESTING_BYTES } from "../tier.ts";
import type { Boundary } from "./boundary.ts";
import { run } from "./dispatch.gen.ts";
import { driverOps } from "./driver-ops.ts";
import { exits } from "./exit.ts";
import { CALL_GENERATED, promote, stubOf } from "./generated.ts";
import { waitAt } from "./instance-ops.ts";
import { lower } from "./lower.ts";
import { wordsOf } from "./operands.ts";
import { DRIVER_START, op, opDef } from "./ops.ts";
import { fuelBeforePriming, isCold, prime } from "./primer.ts";
import { runResident } from "./resident.gen.ts";
import { readSlots, resultVals, writeSlot } from "./slots.ts";
import { FrameStack, overflow, type Run, type StackLimits } from "./stack.ts";
import { crossTo, moveArgs } from "./tail-call.ts";
import { find, raise } from "./unwind.ts";
import { pendingAt, traceOf, tracer } from "./walk.ts";

/** `slice`: the fuel given to `run` is spent. The others: see `Meter`. */
export type StopReason = "slice" | Interruption;

export type Outcome =
  | { readonly kind: "done"; readonly results: Val[] }
  /** `waiting`: the host call that it is in the middle of. */
  | { readonly kind: "stopped"; readonly reason: StopReason; readonly waiting?: Blocked | undefined }
  | { readonly kind: "blocked"; readonly blocked: Blocked };

const stopped = (reason: StopReason, waiting?: Blocked): Outcome =>
  waiting === undefined ? { kind: "stopped", reason } : { kind: "stopped", reason, waiting };

const CALL_IMPORT = op("call_import");
const CALL_INDIRECT = op("call_indirect");
const CALL_REF = op("call_ref");
const RETURN_CALL_IMPORT = op("return_call_import");
const RETURN_CALL_REF = op("return_call_ref");
/** Size of a call operation that nothing follows: a tail call. */
const TAIL = 0;
/** Words of call operation `o`. */
const callSize = (o: number): number => (o === CALL_INDIRECT ? 6 : o === CALL_IMPORT || o === CALL_REF ? 4 : TAIL);
const WAIT = op("atomic_wait");
const WAIT_WORDS = 9;
/**
 * Fuel of one entry of `run`: about a millisecond. Clocks and signals are looked at between two. V8 replaces code that was
 * optimised while its loop ran (in which every register of ours is a tagged value) only when the function is entered
 * anew. Gain not separated from noise so far; see RATIONALE.
 */
const SLICE = 1 << 20;
/** Of a guest whose time counts: grows and shrinks with what that takes, as code is cold first and generated code fast. */
const FIRST_SLICE = 1 << 17;
const MIN_SLICE = 1 << 13;
const LOOK_NS = 4_000_000;
/** A call to the host brings the next look at the clock nearer by this much: it takes time that fuel does not count. */
const HOST_CALL = SLICE >> 4;
const freeStacks: FrameStack[] = [];

/** Canonical state that `restore` begins with; see `frames.ts`. */
export type Seed = (act: Activation) => void;

/** What an activation and those inside it may spend, in fuel. */
interface Slice {
  /** Until `run` returns. */
  left: number;
  /** Until the next look at clocks and signals, and from one to the next. */
  untilLook: number;
  size: number;
  /** When the last look was, ns. */
  lookedNs: number;
}

export class Activation implements Run, Counting, Entrance {
  stack: FrameStack;
  inst: ModuleInst;
  pc = 0;
  fp = 0;
  csp = 0;
  fuel = 0;
  readonly func: FuncInst;
  readonly boundaries: Boundary[] = [];
  /** Of the guest that called; whatever instance runs, this one pays. */
  meter: Meter;
  /** Blocks the thread where a host function would wait; undefined: `run` returns then. */
  runner: Runner | undefined;
  /** It is to run to its end on this thread: generated code that cannot stop may do. */
  mayNest = false;
  /** It was begun by generated code that counts, on the account of the activation around. */
  private isNested = false;
  /** Reads the results from the slots in a way of its own; what it gives is the one result then. */
  take: ((slots: FrameStack) => Val) | undefined;
  /** What is left of the JavaScript stack for generated code, bytes. */
  room = jsStack.room - NESTING_BYTES;
  base = 0;
  outer: Entrance | undefined;
  private slice: Slice = { left: 0, untilLook: 0, size: FIRST_SLICE, lookedNs: 0 };
  /** Its last frame failed in generated code. */
  private isGone = false;
  /** What failed was generated code, which has counted all. */
  isCounted = false;
  /** It stopped at a safepoint, and is there. */
  private isStopped = false;
  /** Fuel until the next sample of where it is. */
  private untilSample = Infinity;
  /** The host call that blocked: its call is at `pc`, its arguments in place. */
  private pending: Blocked | undefined;
  private state: "ready" | "running" | "done" = "ready";

  /**
   * @param args the arguments, or what writes them into the slots from the first on
   * @param seed puts other frames in place than the first one of a call of `func`
   */
  constructor(func: FuncInst, args: readonly Val[] | ((slots: FrameStack) => void), limits: StackLimits, seed?: Seed) {
    if (func.inst === null) throw new Error("an activation needs a guest function");
    this.func = func;
    this.inst = func.inst;
    this.meter = func.inst.meter;
    this.runner = func.inst.runner;
    this.stack = freeStacks.pop() ?? new FrameStack(limits);
    if (this.stack.limits !== limits) this.stack = new FrameStack(limits);
    if (seed !== undefined) {
      seed(this);
      return;
    }
    this.boundaries.push({ inst: null, pc: 0, fp: 0 });
    this.stack.calls[this.csp++] = -1;
    this.stack.reserve(func.type.params.length * 4, this.csp);
    if (typeof args === "function") args(this.stack);
    else this.writeArguments(args);
    this.pc = entryOf(func);
  }

  private writeArguments(args: readonly Val[]): void {
    let at = 0;
    this.func.type.params.forEach((t, i) => {
      writeSlot(this.stack, at, t, args[i]);
      at += wordsOf(t);
    });
  }

  /** True when `run` may be called: it is not running and not over. */
  get isReady(): boolean {
    return this.state === "ready";
  }

  /**
   * Runs until the function returns, a host call blocks, or the guest has to stop: at the first loop or function start
   * where it has spent more than `fuel`, or more than its meter allows. After all but the first, `run` goes on.
   *
   * @param fuel what may be spent now, beside what the meter has; the outcome is "slice" then
   * @throws WasmError trap, exhausted, exit; the activation is over then
   */
  run(fuel = Infinity): Outcome {
    if (this.state !== "ready") throw new Error(`this activation is ${this.state}`);
    this.state = "running";
    this.meter.enter();
    const outside = jsStack.room;
    // Made at one depth, it may run at another.
    const own = this.room;
    this.room = Math.min(own, outside);
    jsStack.room = this.room;
    try {
      this.stack.moveIn(this.inst.code.isResident);
      if (!this.isNested) this.startSlice(fuel);
      this.untilSample = this.room < MIN_ROOM ? Infinity : (this.inst.tier?.sampleFuel ?? Infinity);
      const why = this.meter.fuelLeft < 0 ? "fuel" : this.isNested ? undefined : this.interruption();
      const outcome = why === undefined ? this.drive() : stopped(why);
      this.state = outcome.kind === "done" ? "done" : "ready";
      this.isStopped = outcome.kind === "stopped" && this.pending === undefined;
      if (this.state === "done") this.release();
      return outcome;
    } catch (thrown) {
      this.state = "done";
      const error = overflow(thrown);
      // It came in the middle of what the next branch or call would have counted.
      if (!this.isGone && (error instanceof WasmError || error instanceof ExnInst)) {
        if (!this.isCounted) this.count(pendingAt(this));
        if (error instanceof WasmError && error.kind !== "exit") traceOf(this, error);
      }
      this.release();
      if (error instanceof ExnInst && !this.isInner)
        throw new Error("an exception came out that somebody was to catch");
      throw error;
    } finally {
      this.stack.rest();
      jsStack.room = outside;
      this.room = own;
      this.meter.leave();
    }
  }

  /** Generated code began it. */
  get isInner(): boolean {
    return this.take !== undefined;
  }

  /** Exceptions of `tag` that come out of generated code are caught by a frame around. */
  catches(tag: TagInst): boolean {
    return find(this, tag, true) !== undefined;
  }

  /** Generated code need not count: nothing can stop the guest. */
  get isNesting(): boolean {
    return this.mayNest && this.slice.left === Infinity && this.meter.fuelLeft === Infinity && !this.meter.isTimed;
  }

  /** It runs for generated code of `outer`, which pays and says when to stop. Precondition: it has not run. */
  nestIn(outer: Activation): void {
    this.isNested = true;
    this.slice = outer.slice;
    this.meter = outer.meter;
    this.runner = outer.runner;
  }

  /** Its frames are somebody else's now. */
  giveUp(): void {
    this.state = "done";
    this.release();
  }

  /** Canonical frames have taken the place of the innermost one: the activation is where generated code stopped. */
  adopted({ outcome }: Stop): Outcome {
    if (outcome.kind === "blocked") this.pending = outcome.blocked;
    else if (outcome.kind === "stopped") this.pending = outcome.waiting;
    return outcome;
  }

  /** The stub of a function with generated code is no place of its flat code. */
  leaveStub(): void {
    const { words } = this.inst.code;
    if (words[this.pc] === CALL_GENERATED) this.pc = this.flatEntry(this.inst.funcs[words[this.pc + 1]]);
  }

  /** The guest's functions, innermost first, as they are now; worked out when asked. */
  tracer(): () => readonly BacktraceFrame[] {
    return tracer(this);
  }

  private release(): void {
    this.stack.reset();
    if (freeStacks.length < 16 && this.stack.isSmall) freeStacks.push(this.stack);
  }

  private drive(): Outcome {
    let outcome = this.pending === undefined ? undefined : this.resume(this.pending);
    // Where it stopped there may be a way into generated code, which it came out of.
    if (this.isStopped && this.allowance() >= 0) outcome = promote(this);
    this.isStopped = false;
    while (outcome === undefined) {
      const given = Math.max(-1, Math.min(this.allowance(), this.untilSample));
      const exit = this.enter(given);
      if (fuelBeforePriming(this.inst.module) < Infinity && isCold(given - this.fuel)) this.prime();
      const isSafepoint = exit === exits.loop || exit === exits.enter;
      // Also a guest that stops at the entry of a function has room for its frame, which may be captured there.
      if (!isSafepoint || exit === exits.enter) outcome = this.handle(exit);
      if (isSafepoint && this.fuel < 0) outcome = this.look();
    }
    return outcome;
  }

  /** Makes the dispatch function that it runs in ready for all operations. */
  private prime(): void {
    const { isResident } = this.inst.code;
    this.stack.rest();
    prime(isResident);
    this.stack.moveIn(isResident);
  }

  /** One entry of the dispatch loop, with `given` fuel. */
  private enter(given: number): number {
    this.fuel = given;
    try {
      return this.stack.isResident && this.inst.code.isResident ? runResident(this) : run(this);
    } finally {
      this.count(given - this.fuel);
    }
  }

  /** Counts fuel that was spent. */
  count(fuel: number): void {
    this.meter.spend(fuel);
    this.slice.left -= fuel;
    this.slice.untilLook -= fuel;
    this.untilSample -= fuel;
  }

  /** Fuel that may be spent before `halt` is asked. */
  allowance(): number {
    return Math.max(-1, Math.min(this.slice.left, this.meter.fuelLeft, this.slice.untilLook));
  }

  /** At a safepoint where that is spent: stops if there is a reason. */
  halt(): Outcome | undefined {
    const { slice } = this;
    if (this.meter.fuelLeft < 0) return stopped("fuel");
    if (slice.untilLook < 0) {
      this.resize();
      slice.untilLook = Math.min(slice.size, fuelBeforePriming(this.inst.module));
      const why = this.interruption();
      if (why !== undefined) return stopped(why);
    }
    return slice.left < 0 ? stopped("slice") : undefined;
  }

  private startSlice(fuel: number): void {
    const { slice, meter } = this;
    slice.left = fuel;
    if (meter.isTimed) slice.lookedNs = Number(monotonicNs());
    else slice.size = SLICE;
    slice.untilLook = Math.min(slice.size, fuelBeforePriming(this.inst.module));
  }

  /** Clocks are looked at every few milliseconds, however fast the guest runs. */
  private resize(): void {
    const { slice, meter } = this;
    if (!meter.isTimed) return;
    const now = Number(monotonicNs());
    const factor = LOOK_NS / Math.max(1, now - slice.lookedNs);
    slice.size = Math.round(slice.size * Math.min(4, Math.max(1 / 16, factor)));
    slice.size = Math.min(SLICE, Math.max(MIN_SLICE, slice.size));
    slice.lookedNs = now;
  }

  private look(): Outcome | undefined {
    const outcome = this.halt();
    if (outcome !== undefined || this.untilSample >= 0) return outcome;
    this.untilSample = this.inst.tier?.sampleFuel ?? Infinity;
    return promote(this);
  }

  /** What the clock and the signal say. A guest that has to wait for its share does so here if the thread may block. */
  private interruption(): Interruption | undefined {
    const { meter, runner } = this;
    if (!meter.isTimed) return undefined;
    let why = meter.interruption();
    while (why === "throttled" && runner !== undefined) {
      this.sleep({ deadlineNs: meter.throttledUntilNs() }, runner);
      why = meter.interruption();
    }
    return why;
  }

  /** Blocks the thread for what `wait` says, not beyond the guest's time. */
  private sleep(wait: Wait, runner: Runner): void {
    const { deadlineNs: end } = this.meter;
    const start = monotonicNs();
    const isShort = end === undefined || (wait.deadlineNs !== undefined && wait.deadlineNs <= end);
    runner(isShort ? wait : { ...wait, deadlineNs: end });
    const awake = monotonicNs();
    this.meter.waited(Number(awake - start));
    this.slice.lookedNs = Number(awake);
  }

  private handle(exit: number): Outcome | undefined {
    const { words } = this.inst.code;
    switch (exit) {
      case exits.done:
        return this.leave();
      case exits.enter:
        this.stack.reserve(this.fp + words[this.pc + 1], this.csp);
        return undefined;
      case exits.import:
      case exits.indirect:
        return this.call(this.callee(words), callSize(words[this.pc]));
      case exits.reload:
        return words[this.pc] === WAIT ? this.wait(waitAt(this, this.runner !== undefined)) : undefined;
      case exits.loop:
        return undefined;
      default:
        return driverOps[exit - DRIVER_START](this);
    }
  }

  /** The wait at `pc` came to `result`, or blocks like a host call. */
  private wait(result: number | Blocked): Outcome | undefined {
    const settled = this.settle(result) as number | Blocked;
    if (settled instanceof Blocked) return this.suspend(settled);
    this.stack.I[this.fp + this.inst.code.words[this.pc + 1]] = settled;
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
    const { code, funcs } = this.inst;
    const func = code.words[this.pc + 2];
    const entry = entryOf(funcs[func]);
    code.words[this.pc + 1] = entry;
    code.words[this.pc] = linked;
    code.noteCall(func, this.pc + 1);
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
    this.count(this.inst.code.words[this.pc + size - 2]);
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
    this.count(words[this.pc + n + 3]);
    moveArgs(this.stack, this.fp, base, words[this.pc + n + 1], words[this.pc + n + 2] === 1);
    if (f.inst !== this.inst) crossTo(this, f.inst);
    this.pc = entryOf(f);
    return undefined;
  }

  /** The function that runs returns, its results at `fp`. */
  return(): Outcome | undefined {
    const back = this.stack.calls[--this.csp];
    if (back < 0) return this.leave();
    this.pc = back;
    this.fp -= this.inst.code.words[back - 1];
    return undefined;
  }

  /**
   * The innermost frame ran generated code that failed, and is given up: the registers are in the call of its caller, for
   * the backtrace. False if it has none.
   */
  dropFrame(): boolean {
    this.isCounted = true;
    const back = this.stack.calls[--this.csp];
    if (back >= 0) {
      this.pc = back - 1;
      this.fp -= this.inst.code.words[back - 1];
      return true;
    }
    const boundary = this.boundaries.pop() as Boundary;
    if (boundary.inst === null) {
      this.boundaries.push(boundary);
      this.csp++;
      this.isGone = true;
      return false;
    }
    this.inst = boundary.inst;
    this.pc = boundary.pc - 1;
    this.fp = boundary.fp;
    return true;
  }

  /** First word of the flat code of `f` itself. */
  flatEntry(f: FuncInst): number {
    return flatEntryOf(f);
  }

  /** A function called across a boundary has returned, its results at `fp`. */
  private leave(): Outcome | undefined {
    const boundary = this.boundaries.pop() as Boundary;
    if (boundary.inst === null) {
      const { stack, take } = this;
      if (take !== undefined) return { kind: "done", results: [take(stack)] };
      return { kind: "done", results: readSlots(stack, this.fp, this.func.type.results) };
    }
    this.inst = boundary.inst;
    this.pc = boundary.pc;
    this.fp = boundary.fp;
    return undefined;
  }

  private callHost(f: FuncInst, base: number, size: number): Outcome | undefined {
    const args = readSlots(this.stack, base, f.type.params);
    return this.runHost(f, base, size, () => awaited(f, (f.host as NonNullable<FuncInst["host"]>)(...args)));
  }

  /**
   * Runs `fn`, of host function `f`. When it must wait, the runner blocks the thread; without one, or when the guest's
   * time ends first, the activation returns and keeps the call pending. An exception is thrown into the guest.
   */
  private runHost(f: FuncInst, base: number, size: number, fn: () => HostResult): Outcome | undefined {
    this.slice.untilLook -= HOST_CALL;
    const { words } = this.inst.code;
    const cost = words[this.pc + (size === TAIL ? (opDef(words[this.pc])?.words as number) - 1 : size - 2)];
    // Counted before: the function may ask, or call the guest again. Not yet, if the call is not over or fails.
    this.count(cost);
    let blocked: Blocked;
    try {
      const result = callHostFn(f, () => {
        const settled = this.settle(fn());
        if (!(settled instanceof Blocked)) this.receive(f, settled, size === TAIL ? this.fp : base);
        return settled;
      });
      if (!(result instanceof Blocked)) return this.afterHost(size);
      blocked = result;
    } catch (error) {
      this.count(-cost);
      if (!(error instanceof WasmException)) throw error;
      raise(this, error.exn, error, size === TAIL);
      this.count(cost);
      return undefined;
    }
    this.count(-cost);
    return this.suspend(blocked);
  }

  /** Blocks the thread until `result` is no `Blocked` any more, the guest's time is over, or nobody may block. */
  settle(result: HostResult): HostResult {
    const { runner } = this;
    while (result instanceof Blocked && runner !== undefined) {
      if (result.isAsync) throw promiseError();
      this.sleep(result.wait, runner);
      if (this.interruption() !== undefined) return result;
      result = result.retry();
    }
    return result;
  }

  private suspend(blocked: Blocked): Outcome {
    this.pending = blocked;
    return this.waiting(blocked);
  }

  private waiting(blocked: Blocked): Outcome {
    const why = this.meter.isTimed ? this.meter.interruption() : undefined;
    return why === undefined ? { kind: "blocked", blocked } : stopped(why, blocked);
  }

  /** Calls host function `f` for generated code, which has counted the call. What it comes to if it must wait. */
  hostCall(
    f: FuncInst,
    args: readonly Val[],
    receive: (result: Exclude<HostResult, Blocked>) => void,
  ): Outcome | undefined {
    this.slice.untilLook -= HOST_CALL;
    const result = callHostFn(f, () => {
      const settled = this.settle(awaited(f, (f.host as NonNullable<FuncInst["host"]>)(...args)));
      if (!(settled instanceof Blocked)) receive(settled);
      return settled;
    });
    return result instanceof Blocked ? this.waiting(result) : undefined;
  }

  /** The host function `f` has returned: its results go to word `at`. @throws TypeError when they are of other types */
  private receive(f: FuncInst, result: Exclude<HostResult, Blocked>, at: number): void {
    const vals = resultVals(f.type, result);
    f.type.results.forEach((t, i) => {
      writeSlot(this.stack, at, t, vals[i]);
      at += wordsOf(t);
    });
  }

  /** Goes on behind the call, or after a tail call in the caller. */
  private afterHost(size: number): Outcome | undefined {
    if (size === TAIL) return this.return();
    this.pc += size;
    return undefined;
  }

  /** Retries the pending host call; `Blocked` again, or it returned and the guest goes on. */
  private resume(blocked: Blocked): Outcome | undefined {
    this.pending = undefined;
    const { words } = this.inst.code;
    if (words[this.pc] === WAIT) return this.wait(blocked.retry() as number | Blocked);
    const { deadlineNs, sources = [] } = blocked.wait;
    if (blocked.isAsync && deadlineNs === undefined && !sources.some((s) => s.isReady())) return this.suspend(blocked);
    const o = words[this.pc];
    // The first argument's place is the last word of a call, and before three more of a tail call.
    const size = opDef(o)?.words as number;
    const base = this.fp + words[this.pc + (callSize(o) === TAIL ? size - 4 : size - 1)];
    return this.runHost(this.callee(words), base, callSize(o), blocked.retry);
  }
}

/** First word of where calls of `f` go: its flat code, or the stub of its generated code. Precondition: a guest's function. */
export function entryOf(f: FuncInst): number {
  if (f.entry >= 0) return f.entry;
  const { tier, meter } = f.inst as ModuleInst;
  if (f.enter !== undefined || f.enterMetered !== undefined) return stubOf(f);
  if (tier?.isEager && tier.compileNow(f, meter.fuelLeft < Infinity || meter.isTimed)) return stubOf(f);
  f.entry = flatEntryOf(f);
  return f.entry;
}

/** First word of `f`'s flat code; lowers it if need be. */
export function flatEntryOf(f: FuncInst): number {
  const { module, code } = f.inst as ModuleInst;
  const entry = code.entries[f.index];
  if (entry >= 0) return entry;
  return code.append(
    f.index,
    lower(module, module.funcs[f.index - module.importedFuncs], code.length, code.hasCanonicalNans),
  );
}

export const promiseError = (): WasmError =>
  new WasmError("trap", "WT4017", "a host function returned a promise, and the caller cannot wait for it", {
    hint: "call the guest with invokeAsync",
  });

/** What a host function throws that is not ours becomes a trap that carries it as its cause. */
export function callHostFn<T>(f: FuncInst, fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw hostErrorOf(f, error);
  }
}

export function hostErrorOf(f: FuncInst, error: unknown): unknown {
  if (error instanceof WasmError) return error;
  const mapped = overflow(error);
  if (mapped !== error) return mapped;
  return trapError("hostError", `(${f.type.params.length} parameters): ${String(error)}`, error);
}
