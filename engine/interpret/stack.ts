/**
 * Frames of one activation: slots in one buffer, return addresses beside it, references in an array of their own.
 *
 * A slot is two 32-bit words, at even word indices; a vector takes two slots. A frame is [params and locals | operands]; the callee's frame starts
 * at its arguments in the caller's operands. References live in `refs` at word index / 2; the slot's words are unused.
 */
import { trapError, WasmError } from "../errors.ts";
import type { ModuleInst } from "../runtime/instance.ts";
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
/** `enter` and calls may write this many entries before the next check. */
const CALL_SLACK = 4;

export class FrameStack {
  I!: Int32Array;
  F32!: Float32Array;
  F64!: Float64Array;
  B!: BigInt64Array;
  /** Lanes of vectors. */
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

  constructor(limits: StackLimits) {
    this.limits = limits;
    const words = Math.min(FIRST_WORDS, limits.words);
    this.adopt(new ArrayBuffer(words * 4));
    this.frameEnd = words;
    this.calls = new Int32Array(Math.min(FIRST_CALLS, limits.frames) + CALL_SLACK);
    this.callEnd = this.calls.length - CALL_SLACK;
  }

  /**
   * Makes room for a frame that ends at word `top` and for one more call.
   *
   * @throws WasmError exhausted when a limit is reached; the stack is then as it was
   */
  reserve(top: number, csp: number): void {
    if (top > this.limits.words || csp > this.limits.frames) throw exhaustedError();
    if (top > this.frameEnd) this.growFrames(Math.min(this.limits.words, Math.max(top, this.frameEnd * 2)));
    if (csp > this.callEnd) this.growCalls(Math.min(this.limits.frames, this.callEnd * 2));
  }

  /** Makes every view one over `buffer`. */
  private adopt(buffer: ArrayBuffer): void {
    this.I = new Int32Array(buffer);
    this.F32 = new Float32Array(buffer);
    this.F64 = new Float64Array(buffer);
    this.B = new BigInt64Array(buffer);
    this.I8 = new Int8Array(buffer);
    this.U8 = new Uint8Array(buffer);
    this.I16 = new Int16Array(buffer);
    this.U16 = new Uint16Array(buffer);
  }

  private growFrames(words: number): void {
    if (words > this.I.length) {
      const buffer = new ArrayBuffer((words + (words & 1)) * 4);
      new Int32Array(buffer).set(this.I);
      this.adopt(buffer);
    }
    // A write far beyond the end would make it a hash table: V8 allows gaps below 1,024.
    for (let at = this.refs.length; at < words >> 1; at++) this.refs.push(null);
    this.frameEnd = words;
  }

  /** Ready for another activation: no references are kept. */
  reset(): void {
    this.refs = [];
    this.frameEnd = Math.min(this.frameEnd, FIRST_WORDS);
  }

  private growCalls(count: number): void {
    const next = new Int32Array(count + CALL_SLACK);
    next.set(this.calls);
    this.calls = next;
    this.callEnd = count;
  }
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
