/**
 * What tiers know of each other: how the interpreter enters generated code, and generated code the interpreter. Neither
 * imports the other; `engine.ts` brings them together.
 */

import type { HostResult } from "./blocked.ts";
import type { BacktraceFrame } from "./errors.ts";
import type { FuncInst } from "./runtime/func.ts";
import type { ModuleInst } from "./runtime/instance.ts";
import type { Val } from "./runtime/value.ts";
import type { ValType } from "./types.ts";

/** Slots of frames: two words each, references by word index / 2. A `FrameStack` is one. */
export interface FrameSlots {
  readonly I: Int32Array;
  readonly refs: Val[];
}

/** A function of generated code: i64 as two words, and last how much of the JavaScript stack it may use, in bytes. */
export type GeneratedFn = (...args: Val[]) => Val;

/**
 * Enters generated code: reads arguments, or the locals and operands of a frame, from the slots at word `fp` and writes
 * the results there. `operands`: where operands begin in the frame; only of code that is entered at a loop.
 */
export type Enter = (slots: FrameSlots, fp: number, operands: number, room: number) => void;

/**
 * The compiled functions of one instance. There are two kinds of code: what counts fuel and can stop (`isMetered`, see
 * `counting.ts`), and what does neither.
 */
export interface InstanceTier {
  /** Functions are compiled when they are first called. */
  readonly isEager: boolean;
  /** Fuel between two samples of where an activation is. */
  readonly sampleFuel: number;
  /** Compiles `f` for its first call; false if it stays with the interpreter. */
  compileNow(f: FuncInst, isMetered: boolean): boolean;
  /** `f` was found running at its start: true when it has generated code of this kind from now on. */
  sampleStart(f: FuncInst, isMetered: boolean): boolean;
  /**
   * `f` was found at the start of a loop, which is the word `at` of its flat code: how to enter it there, if that is
   * worth while. `offset` tells where the loop is in the module.
   */
  sampleLoop(f: FuncInst, at: number, offset: () => number, isMetered: boolean): Enter | undefined;
  /** The generated functions that `error` passed since the last time it was asked about, worked out when called. */
  trace(error: Error): () => readonly BacktraceFrame[];
}

/** Slots with all their views, to take the values of JavaScript. */
export interface ValueSlots extends FrameSlots {
  readonly F32: Float32Array;
  readonly F64: Float64Array;
  readonly B: BigInt64Array;
}

/** What generated code needs of the interpreter. */
export interface Interpreter {
  /**
   * Runs `f` on a stack of its own: `put` writes the arguments, `take` reads the results. `room` is what is left of the
   * JavaScript stack; generated code is entered from there if `mayNest`.
   */
  run(
    f: FuncInst,
    put: (slots: FrameSlots) => void,
    take: (slots: FrameSlots) => Val,
    room: number,
    mayNest: boolean,
  ): Val;
  /** Calls the function `f` of the host for `inst`; its results go into the slots from the first on. */
  callHost(f: FuncInst, inst: ModuleInst, args: readonly Val[], into: ValueSlots): void;
  /** What `callHost` does when the call is over: `given` goes into the slots, after waiting for it where it must. */
  endHostCall(f: FuncInst, inst: ModuleInst, given: HostResult, into: ValueSlots): void;
  /** What `callHost` throws for what a function of the host has thrown. */
  hostError(f: FuncInst, error: unknown): unknown;
  /** As `run`, for code that counts: on the account of the activation that runs, with which it stops. @throws Stop */
  runMetered(f: FuncInst, put: (slots: FrameSlots) => void, take: (slots: FrameSlots) => Val, room: number): Val;
  /** As `callHost`, for code that counts. @param words the arguments as generated code passes them @throws Stop */
  callHostMetered(f: FuncInst, args: readonly Val[], words: readonly Val[], into: ValueSlots): void;
  /** Types of what a frame of function `func` holds at the safepoint at `offset` in the module. */
  frameTypes(inst: ModuleInst, func: number, offset: number, isInnermost: boolean): FrameTypes;
  /** Fuel that the interpreter has not counted when it is at the call at `offset`, the call included. */
  pendingAt(inst: ModuleInst, func: number, offset: number): number;
}

/** Types of what a frame holds, in the terms of its module. */
export interface FrameTypes {
  readonly locals: readonly ValType[];
  readonly operands: readonly ValType[];
}

/** Bytes of the JavaScript stack that guests may use, of about 984 KB that V8 gives by default. */
export const ROOM = 640_000;
/** Less than this, and generated code is not entered. */
export const MIN_ROOM = 40_000;
/** What the driver, the boundary and an activation take of the JavaScript stack, generously. */
export const NESTING_BYTES = 2_000;

/** How much is left where the host is called: whoever comes back to a guest from there begins with it. */
export const jsStack = { room: ROOM };
