/**
 * Frames of one activation: slots in one buffer, return addresses beside it, references in an array of their own.
 *
 * A slot is two 32-bit words, at even word indices; a vector takes two slots. A frame is [params and locals | operands]; the callee's frame starts
 * at its arguments in the caller's operands. References live in `refs` at word index / 2; the slot's words are unused.
 */
import { trapError, WasmError } from "../errors.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { residentCalls, residentViews, type Views, viewsOf } from "../runtime/resident.ts";
import type { Val } from "../runtime/value.ts";

export interface StackLimits {
  /** Most frames of one activation. */
  readonly frames: number;
  /** Most words of all frames of one activation. */
  readonly words: number;
}

/** 8 KiB of frames to begin with: 1,000 idle guests cost 16 MB. */
const FIRST_WORDS = 2048;
const FIRST_CALLS = 256;
const MOST_KEPT = 1 << 16;
/** More than there is of anything. */
const ALL = 2 ** 30;
/** `enter` and calls may write this many entries before the next check. */
const CALL_SLACK = 4;

/** Whose frames are in the resident place: of an activation that runs, or of the last one that did. */
let tenant: FrameStack | undefined;

export class FrameStack implements Views {
  I!: Int32Array;
  F32!: Float32Array;
  F64!: Float64Array;
  B!: BigInt64Array;
  I8!: Int8Array;
  U8!: Uint8Array;
  I16!: Int16Array;
  U16!: Uint16Array;
  calls: Int32Array;
  refs: Val[] = [];
  /** Fuel that the operation being executed costs beside its instruction. */
  extra = 0;
  /** One past the last usable word. */
  frameEnd: number;
  callEnd: number;
  readonly limits: StackLimits;
  /** Where frames and return addresses are when they are not in the resident place. */
  private own: Views;
  private ownCalls: Int32Array;
  /** Words and calls in use; a function that runs does not say what it uses. */
  private usedWords = 0;
  private usedCalls = 0;
  private isRunning = false;

  constructor(limits: StackLimits) {
    this.limits = limits;
    const words = Math.min(FIRST_WORDS, limits.words);
    this.own = viewsOf(new ArrayBuffer(words * 4));
    this.adopt(this.own);
    this.frameEnd = words;
    this.ownCalls = new Int32Array(Math.min(FIRST_CALLS, limits.frames) + CALL_SLACK);
    this.calls = this.ownCalls;
    this.callEnd = this.calls.length - CALL_SLACK;
  }

  /**
   * Makes room for a frame that ends at word `top` and for one more call.
   *
   * @throws WasmError exhausted when a limit is reached; the stack is then as it was
   */
  reserve(top: number, csp: number): void {
    if (top > this.limits.words || csp > this.limits.frames) throw exhaustedError();
    if (top > this.usedWords) this.usedWords = top;
    if (csp > this.usedCalls) this.usedCalls = csp;
    if (top > this.frameEnd) this.growFrames(Math.min(this.limits.words, Math.max(top, this.frameEnd * 2)));
    if (csp > this.callEnd) this.growCalls(Math.min(this.limits.frames, this.callEnd * 2));
  }

  private adopt({ I, F32, F64, B, I8, U8, I16, U16 }: Views): void {
    this.I = I;
    this.F32 = F32;
    this.F64 = F64;
    this.B = B;
    this.I8 = I8;
    this.U8 = U8;
    this.I16 = I16;
    this.U16 = U16;
  }

  /** True while it is in the resident place. */
  get isResident(): boolean {
    return this.I === residentViews.I;
  }

  /** Its activation is about to run: moves into the resident place, if `isWanted`, nobody who runs is there, and it fits. */
  moveIn(isWanted: boolean): void {
    if (tenant !== this && isWanted && tenant?.isRunning !== true && fits(this.frameEnd, this.callEnd)) {
      tenant?.moveOut();
      tenant = this;
      copy(this.I, residentViews.I, Math.min(this.usedWords, this.frameEnd));
      copy(this.calls, residentCalls, Math.min(this.usedCalls, this.callEnd) + CALL_SLACK);
      this.adopt(residentViews);
      this.calls = residentCalls;
    }
    this.isRunning = true;
    this.usedWords = ALL;
    this.usedCalls = ALL;
  }

  /** Its activation does not run any more: who wants the place may have it. */
  rest(): void {
    this.isRunning = false;
  }

  /** Leaves the resident place with all that it has there. */
  private moveOut(): void {
    const words = Math.min(this.usedWords, this.frameEnd);
    const calls = Math.min(this.usedCalls, this.callEnd) + CALL_SLACK;
    if (this.frameEnd > this.own.I.length)
      this.own = viewsOf(new ArrayBuffer((this.frameEnd + (this.frameEnd & 1)) * 4));
    if (this.callEnd + CALL_SLACK > this.ownCalls.length) this.ownCalls = new Int32Array(this.callEnd + CALL_SLACK);
    copy(residentViews.I, this.own.I, words);
    copy(residentCalls, this.ownCalls, calls);
    tenant = undefined;
    this.adopt(this.own);
    this.calls = this.ownCalls;
  }

  private growFrames(words: number): void {
    if (words > this.I.length) {
      if (tenant === this) this.moveOut();
      const grown = viewsOf(new ArrayBuffer((words + (words & 1)) * 4));
      grown.I.set(this.I);
      this.own = grown;
      this.adopt(grown);
    }
    // A write far beyond the end would make it a hash table: V8 allows gaps below 1,024.
    for (let at = this.refs.length; at < words >> 1; at++) this.refs.push(null);
    this.frameEnd = words;
  }

  /** Ready for another activation: no references are kept. */
  reset(): void {
    this.refs = [];
    this.frameEnd = Math.min(this.frameEnd, FIRST_WORDS);
    this.isRunning = false;
    this.usedWords = 0;
    this.usedCalls = 0;
  }

  /** Worth keeping for another activation. */
  get isSmall(): boolean {
    return this.own.I.length < MOST_KEPT;
  }

  private growCalls(count: number): void {
    if (count + CALL_SLACK > this.calls.length) {
      if (tenant === this) this.moveOut();
      const next = new Int32Array(count + CALL_SLACK);
      next.set(this.calls);
      this.ownCalls = next;
      this.calls = next;
    }
    this.callEnd = count;
  }
}

const fits = (words: number, calls: number): boolean =>
  words <= residentViews.I.length && calls + CALL_SLACK <= residentCalls.length;

/** Few words are copied faster one by one. */
function copy(from: Int32Array, to: Int32Array, count: number): void {
  if (count <= 64) for (let i = 0; i < count; i++) to[i] = from[i];
  else to.set(from.subarray(0, count));
}

/** What `run` reads and leaves: the registers of an activation. */
export interface Run {
  stack: FrameStack;
  inst: ModuleInst;
  pc: number;
  fp: number;
  csp: number;
  /** What may be spent before the next safepoint stops; 32 bits. */
  fuel: number;
}

export const exhaustedError = (): WasmError =>
  new WasmError("exhausted", "WT5001", "call stack exhausted", {
    hint: "the guest recursed too deeply; --max-stack-depth raises the limit",
  });

/** The JavaScript engine's own stack overflow is exhaustion of the guest; anything else is returned as it is. */
export const overflow = (error: unknown): unknown =>
  error instanceof RangeError && /call stack/i.test(error.message) ? exhaustedError() : error;

/**
 * True when an access failed only because another thread has grown the memory since `view` was made: it is to be
 * executed again. An operation that fails has changed nothing.
 */
export const isStale = (error: unknown, view: DataView, inst: ModuleInst): boolean =>
  error instanceof RangeError && view.byteLength !== inst.view.byteLength;

/** The WasmError for what was thrown inside `run`: a RangeError of a DataView is an access out of bounds. */
export function fault(error: unknown): unknown {
  if (!(error instanceof RangeError)) return error;
  const mapped = overflow(error);
  return mapped === error ? trapError("oobMemory", "", error) : mapped;
}
