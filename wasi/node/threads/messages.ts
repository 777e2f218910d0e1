/** What a guest thread and the group it belongs to say to each other, and how a thread waits for the answer. */
import {
  type BacktraceFrame,
  type EngineOptions,
  type ErrorKind,
  GuestExit,
  type SharedMemory,
  type Val,
  WasmError,
} from "../../../engine/index.ts";
import type { CallName } from "../../calls.ts";

/** What a thread calls. */
export interface ThreadEntry {
  /** An export. */
  readonly name: string;
  readonly args: readonly Val[];
  /** `_initialize` comes before it. */
  readonly isInitialized?: boolean | undefined;
}

/** What a thread is started with. Everything in it can be cloned. */
export interface ThreadStart {
  readonly tid: number;
  readonly entry: ThreadEntry;
  readonly bytes: SharedArrayBuffer;
  /** Where the module imports WASI from. */
  readonly wasiModule: string;
  readonly memory: SharedMemory & { readonly imported: readonly [module: string, name: string] };
  readonly engine: Pick<EngineOptions, "features" | "tier" | "eval" | "optimisesLarge">;
  readonly maxMemoryBytes: number | undefined;
  readonly maxTableElements: number | undefined;
  readonly maxStackDepth: number | undefined;
  /** Fuel of all threads together, a 64-bit word; undefined when there is no limit. */
  readonly fuel: SharedArrayBuffer | undefined;
  /** What a thread takes of it at once. */
  readonly fuelLease: number;
  /** See `answer`. */
  readonly cell: SharedArrayBuffer;
}

export type FromThread =
  | { readonly kind: "call"; readonly name: CallName; readonly args: readonly Val[] }
  | { readonly kind: "spawn"; readonly arg: number }
  | { readonly kind: "done"; readonly results: readonly Val[] }
  | { readonly kind: "failed"; readonly error: ErrorData };

/** Words of an answer cell: whether it is there, and the i32 that is returned to the guest. */
const words = { isThere: 0, value: 1 } as const;

export const newCell = (): SharedArrayBuffer => new SharedArrayBuffer(8);

export function answer(cell: SharedArrayBuffer, value: number): void {
  const view = new Int32Array(cell);
  Atomics.store(view, words.value, value);
  Atomics.store(view, words.isThere, 1);
  Atomics.notify(view, words.isThere);
}

/** Blocks until there is an answer to what `ask` sends. For ever, when the group has ended: the thread is ended then. */
export function awaitAnswer(cell: SharedArrayBuffer, ask: () => void): number {
  const view = new Int32Array(cell);
  Atomics.store(view, words.isThere, 0);
  ask();
  Atomics.wait(view, words.isThere, 0);
  return Atomics.load(view, words.value);
}

/** An error as data. */
export type ErrorData =
  | { readonly kind: "exit"; readonly exitCode: number }
  | {
      readonly kind: Exclude<ErrorKind, "exit">;
      readonly code: string;
      readonly message: string;
      readonly offset: number | undefined;
      readonly func: number | undefined;
      readonly hint: string | undefined;
      readonly backtrace: readonly BacktraceFrame[];
    }
  | { readonly kind: "other"; readonly isRange: boolean; readonly message: string; readonly stack: string | undefined };

export function errorData(error: unknown): ErrorData {
  if (error instanceof GuestExit) return { kind: "exit", exitCode: error.exitCode };
  if (error instanceof WasmError && error.kind !== "exit") {
    const { kind, code, message, offset, func, hint, backtrace } = error;
    return { kind, code, message, offset, func, hint, backtrace };
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return { kind: "other", isRange: error instanceof RangeError, message, stack };
}

/** @param tid  the thread it comes from; 0 is the one that began, and goes without saying */
export function errorOf(data: ErrorData, tid: number): Error {
  if (data.kind === "exit") return new GuestExit(data.exitCode);
  if (data.kind === "other") {
    const error = new (data.isRange ? RangeError : Error)(data.message);
    if (data.stack !== undefined) error.stack = data.stack;
    return error;
  }
  const { kind, code, message, offset, func, hint, backtrace } = data;
  const error = new WasmError(kind, code, tid === 0 ? message : `${message}, in thread ${tid}`, { offset, func, hint });
  error.setBacktrace(() => backtrace);
  return error;
}
