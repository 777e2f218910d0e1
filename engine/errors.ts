/**
 * Everything that can go wrong because of a module, its imports or its run: one error class, the trap table.
 *
 * Not for bugs of wasmts itself: those are plain `Error`s and never carry a kind. The kinds are those of the
 * official test scripts, plus `unsupported` (a proposal that is off or not there yet), `exit`, and the limits that end a
 * run (`fuel`, `deadline`, `cancelled`: see `stopped.ts`). An exception of a guest is no trap: see `exception.ts`.
 * Codes are stable (`WT####`); what each means is told in `error-codes.ts`. Never match on message text.
 */

export type ErrorKind =
  | "malformed"
  | "invalid"
  | "unsupported"
  | "unlinkable"
  | "trap"
  | "exhausted"
  | "exception"
  | "fuel"
  | "deadline"
  | "cancelled"
  | "exit";

/** One function of a guest backtrace, innermost first. */
export interface BacktraceFrame {
  /** Index in the module's function index space. */
  readonly func: number;
  /** From the name section; undefined when the module has none. Not escaped: see `printable`. */
  readonly name: string | undefined;
  /** Absolute byte offset in the module of the instruction. */
  readonly offset: number;
}

export interface ErrorPlace {
  /** Byte offset in the module. */
  readonly offset?: number | undefined;
  /** Function index, when inside one. */
  readonly func?: number | undefined;
  /** What the user can do about it. One sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** An outcome other than a result; see the file comment. */
export class WasmError extends Error {
  override readonly name = "WasmError";
  readonly kind: ErrorKind;
  /** Stable code `WT####`. */
  readonly code: string;
  readonly offset: number | undefined;
  readonly func: number | undefined;
  readonly hint: string | undefined;
  #trace: readonly BacktraceFrame[] | (() => readonly BacktraceFrame[]) = [];

  constructor(kind: ErrorKind, code: string, message: string, at: ErrorPlace = {}) {
    super(message, at.cause === undefined ? undefined : { cause: at.cause });
    this.kind = kind;
    this.code = code;
    this.offset = at.offset;
    this.func = at.func;
    this.hint = at.hint;
  }

  /** Guest frames, innermost first; of traps and exhaustion when a guest was running. Worked out when first read. */
  get backtrace(): readonly BacktraceFrame[] {
    if (typeof this.#trace === "function") this.#trace = this.#trace();
    return this.#trace;
  }

  /** The innermost activation tells; a later call is ignored. */
  setBacktrace(trace: () => readonly BacktraceFrame[]): void {
    if (typeof this.#trace !== "function" && this.#trace.length === 0) this.#trace = trace;
  }

  /** Frames around those known so far: generated code and its callers tell theirs when the error passes them. */
  extendBacktrace(more: () => readonly BacktraceFrame[]): void {
    const inner = this.#trace;
    this.#trace = () => [...(typeof inner === "function" ? inner() : inner), ...more()];
  }
}

/** Trap reasons: the code and the text the official suite expects (a prefix of ours is compared). */
export const traps = {
  unreachable: ["WT4001", "unreachable"],
  intDivByZero: ["WT4002", "integer divide by zero"],
  intOverflow: ["WT4003", "integer overflow"],
  invalidConversion: ["WT4004", "invalid conversion to integer"],
  oobMemory: ["WT4005", "out of bounds memory access"],
  oobTable: ["WT4006", "out of bounds table access"],
  undefinedElement: ["WT4007", "undefined element"],
  uninitializedElement: ["WT4008", "uninitialized element"],
  indirectCallType: ["WT4009", "indirect call type mismatch"],
  nullReference: ["WT4010", "null reference"],
  nullFunction: ["WT4010", "null function reference"],
  nullStruct: ["WT4010", "null structure reference"],
  nullArray: ["WT4010", "null array reference"],
  nullI31: ["WT4010", "null i31 reference"],
  nullDescriptor: ["WT4010", "null descriptor reference"],
  castFailure: ["WT4011", "cast failure"],
  descriptorCast: ["WT4011", "descriptor cast failure"],
  oobArray: ["WT4012", "out of bounds array access"],
  unalignedAtomic: ["WT4013", "unaligned atomic"],
  hostError: ["WT4014", "host function failed"],
  unsharedWait: ["WT4016", "expected shared memory"],
  uncaughtException: ["WT4015", "uncaught exception"],
} as const satisfies Record<string, readonly [code: string, text: string]>;

export type TrapCode = keyof typeof traps;

/** Makes the trap `code`; the caller throws it. `detail` follows the standard text after a space. */
export function trapError(code: TrapCode, detail = "", cause?: unknown): WasmError {
  const [stable, text] = traps[code];
  return new WasmError("trap", stable, detail === "" ? text : `${text} ${detail}`, { cause });
}

/** Throws the trap `code`. A function of its own so that hot callers stay small. */
export function trap(code: TrapCode, detail = ""): never {
  throw trapError(code, detail);
}

/** A guest asked to end (`proc_exit`). Unwinds every guest frame; no guest code runs on the way. */
export class GuestExit extends WasmError {
  readonly exitCode: number;
  constructor(exitCode: number) {
    super("exit", "WT4900", `guest exited with code ${exitCode}`);
    this.exitCode = exitCode;
  }
}

/** Closes a switch over a union: the compiler proves that it cannot be reached. */
export function never(x: never): never {
  throw new Error(`unhandled: ${String(x)}`);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]/gu;

/**
 * Text from a module made safe for a terminal: control, bidirectional and invisible characters become `\u{..}`,
 * and what is longer than `max` characters is cut with an ellipsis.
 */
export function printable(text: string, max = 200): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return cut.replace(unsafe, (c) => `\\u{${c.codePointAt(0)?.toString(16) ?? ""}}`);
}
