/**
 * How a run ended, as data: what `--json` and `--report` write and the package's `run` returns; and how any error
 * becomes that.
 *
 * Not for printing (`present.ts`) nor for running (`execute.ts`).
 */
import { type BacktraceFrame, GuestExit, WasmError } from "../engine/index.ts";
import { adviceFor } from "./advice.ts";
import { CliError } from "./cli-error.ts";
import { type CliCode, type CliCodeDef, cliCodes, exitStatus } from "./error-codes.ts";
import { describeProducers, readProducers } from "./toolchain.ts";

/**
 * `exit`: the guest ended, by returning or by `proc_exit`. `snapshot`: it was saved, to go on later. `trap`, `exhausted`: it was ended. `fuel`, `deadline`,
 * `cancelled`: it was stopped. `limit`: it asked for more
 * than it may have. The others: it never started, or wasmts itself is at fault (`internal`).
 */
export type OutcomeKind =
  | "exit"
  | "snapshot"
  | "trap"
  | "exhausted"
  | "fuel"
  | "deadline"
  | "cancelled"
  | "limit"
  | "malformed"
  | "invalid"
  | "unsupported"
  | "unlinkable"
  | "not-found"
  | "not-runnable"
  | "usage"
  | "internal";

/** What went wrong, in its three parts. Text may come from the module: escape it for a terminal (`printable`). */
export interface Problem {
  readonly kind: Exclude<OutcomeKind, "exit" | "snapshot">;
  /** Stable code `WT####`; see `wasmts explain`. */
  readonly code: string;
  /** What happened. */
  readonly message: string;
  /** Where or why; one line each. */
  readonly where: readonly string[];
  /** What to do about it; one line each. */
  readonly help: readonly string[];
  /** Byte offset in the module, when known. */
  readonly offset?: number;
  /** Guest functions, innermost first. */
  readonly backtrace: readonly BacktraceFrame[];
}

const hasAbort = (platform: string): boolean => platform !== "win32";

/** The exit status of the command line for a problem; see `wasmts help exit-codes`. */
export function statusOf(problem: Problem, platform: string): number {
  switch (problem.kind) {
    case "trap":
    case "exhausted":
    case "fuel":
      return hasAbort(platform) ? exitStatus.trap : exitStatus.trapWindows;
    case "deadline":
      return exitStatus.timeout;
    case "cancelled":
      return problem.code === "WT6582" ? exitStatus.terminated : exitStatus.interrupted;
    case "limit":
      return exitStatus.limit;
    case "not-found":
      return exitStatus.notFound;
    case "usage":
      return exitStatus.usage;
    case "internal":
      return exitStatus.internal;
    default:
      return exitStatus.notRunnable;
  }
}

/** Codes of the engine that mean: more than the guest may have. */
const limitCodes: ReadonlySet<string> = new Set(["WT3004", "WT5002", "WT5005", "WT5007", "WT5008"]);

/** Any error as a problem. `file` is the module's path, for the place; `bytes` are its own, to tell who made it. */
export function problemOf(error: unknown, file?: string, bytes?: Uint8Array): Problem {
  if (error instanceof CliError) return ofCliError(error);
  if (error instanceof WasmError && !(error instanceof GuestExit)) return ofWasmError(error, file, bytes);
  if (isWasiError(error)) return ofHinted(error, error.wtCode);
  if (isCodeCacheError(error)) return ofHinted(error, error.code);
  if (error instanceof RangeError && /allocation failed|Invalid (typed )?array( buffer)? length/i.test(error.message)) {
    return ofCliError(
      new CliError("WT6580", "the host is out of memory", {
        where: error.message,
        help: "lower the guest's limit with --max-memory, or give the process more",
      }),
    );
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    kind: "internal",
    code: "WT6999",
    message: "this is a bug in wasmts",
    where: [text],
    help: ["report it with the module and the command line; WASMTS_DEBUG=1 adds a stack trace"],
    backtrace: [],
  };
}

/** Told by their shapes, so that a run without WASI, or without a code cache, need not load it. */
interface Hinted extends Error {
  readonly hint: string | undefined;
}
const isWasiError = (error: unknown): error is Hinted & { readonly wtCode: string } =>
  error instanceof Error && "wtCode" in error;
const isCodeCacheError = (error: unknown): error is Hinted & { readonly code: string } =>
  error instanceof Error && error.name === "CodeCacheError";

const ofHinted = (error: Hinted, code: string): Problem => ({
  kind: "usage",
  code,
  message: error.message,
  where: [],
  help: error.hint === undefined ? [] : [error.hint],
  backtrace: [],
});

function ofCliError(error: CliError): Problem {
  return {
    kind: kindOf(error.code),
    code: error.code,
    message: error.message,
    where: error.where,
    help: error.help,
    backtrace: [],
  };
}

function kindOf(code: CliCode): Problem["kind"] {
  if (code === "WT6560") return "unlinkable";
  if (code === "WT6562") return "unsupported";
  const exit: CliCodeDef["exit"] = cliCodes[code].exit;
  if (exit === "usage" || exit === "limit" || exit === "internal") return exit;
  if (exit === "interrupted" || exit === "terminated") return "cancelled";
  return exit === "notFound" ? "not-found" : "not-runnable";
}

const place = / \(at offset 0x[0-9a-f]+(?: in function \d+)?\)$/;

/** An exception that nobody caught ends a program like a trap. */
function kindOfWasmError({
  kind,
  code,
}: WasmError): Exclude<WasmError["kind"], "exit" | "exception"> | "limit" | "internal" {
  if (limitCodes.has(code)) return "limit";
  if (kind === "exception") return "trap";
  return kind === "exit" ? "internal" : kind;
}

function ofWasmError(error: WasmError, file = "the module", bytes?: Uint8Array): Problem {
  const kind = kindOfWasmError(error);
  // Codes of WASI and of snapshots are about a saved guest, not about its module.
  const isModules = leads[kind] !== undefined && !/^WT(6|52)/.test(error.code);
  const where: string[] = [];
  if (error.offset !== undefined) {
    const func = error.func === undefined ? "" : `, in function ${error.func}`;
    where.push(`${file}, byte ${error.offset} (0x${error.offset.toString(16)})${func}`);
  } else if (error.backtrace.length === 0) where.push(file);
  const builtBy = isModules && bytes !== undefined ? describeProducers(readProducers(bytes)) : undefined;
  if (builtBy !== undefined) where.push(`built by ${builtBy}`);
  const advice = adviceFor(error.code, isModules ? kind : "");
  return {
    kind,
    code: error.code,
    message:
      advice?.message?.replaceAll("FILE", file) ?? (isModules ? leads[kind] : "") + error.message.replace(place, ""),
    where,
    help: advice?.help.map((line) => line.replaceAll("FILE", file)) ?? (error.hint === undefined ? [] : [error.hint]),
    ...(error.offset === undefined ? {} : { offset: error.offset }),
    backtrace: error.backtrace,
  };
}

/** What the engine's messages about a module begin with here. */
const leads: Partial<Record<Problem["kind"], string>> = {
  malformed: "not a valid module: ",
  invalid: "not a valid module: ",
  unsupported: "not supported: ",
  unlinkable: "cannot link: ",
};
