/**
 * The errors the command line itself finds: before a module is decoded, while it is linked, around its run.
 *
 * Three parts, always: what happened, where or why, what to do; plus a stable code of `error-codes.ts`, which also
 * gives the exit status. Not for errors of the engine (`WasmError`) nor for bugs (plain `Error`).
 */
import type { CliCode } from "./error-codes.ts";

export interface ErrorParts {
  /** The place or the reason; a list prints one line each. */
  readonly where: string | readonly string[];
  /** What the user can do about it. */
  readonly help: string | readonly string[];
}

export class CliError extends Error {
  override readonly name = "CliError";
  readonly code: CliCode;
  readonly where: readonly string[];
  readonly help: readonly string[];

  constructor(code: CliCode, what: string, parts: ErrorParts) {
    super(what);
    this.code = code;
    this.where = typeof parts.where === "string" ? [parts.where] : parts.where;
    this.help = typeof parts.help === "string" ? [parts.help] : parts.help;
  }
}
