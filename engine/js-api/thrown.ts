/**
 * What is thrown, on its way between guests and JavaScript: errors of the engine become those of the API, exceptions of
 * guests the objects for them, and whatever JavaScript throws an exception of the guest. Spec: js-api (error condition
 * mappings, host functions).
 *
 * As in browsers, what ends a guest stays what it is when it passes a JavaScript function on its way to another guest:
 * no guest can catch a trap or a limit.
 */
import { WasmError } from "../errors.ts";
import { hostTag, WasmException } from "../exception.ts";
import type { ExnInst } from "../runtime/exn.ts";
import type { TagInst } from "../runtime/func.ts";
import { EXTERNREF } from "../types.ts";
import { external, internal } from "./convert.ts";
import { CompileError, LinkError, RuntimeError } from "./errors.ts";
import { objectOf } from "./identity.ts";
import { Slot } from "./web-idl.ts";

/** The exceptions of guests that JavaScript has. */
export const exceptionSlot = new Slot<ExnInst>("Exception");

/** The tag of what JavaScript throws. */
export const jsTag: TagInst = hostTag([EXTERNREF]);

/** Of each error that was made of one of ours. */
const sources = new WeakMap<object, WasmError>();

/** What JavaScript gets for `error`, which the engine has thrown. */
export function errorForJs(error: unknown): unknown {
  if (error instanceof WasmException) {
    if (error.tag !== jsTag) return objectOf(error.exn);
    const [value] = error.payload;
    return value === null || value === undefined ? null : external(value);
  }
  if (!(error instanceof WasmError)) return isDetached(error) ? new RuntimeError(DETACHED, { cause: error }) : error;
  if (error.kind === "exit") return error;
  const made = errorOf(error);
  sources.set(made, error);
  return made;
}

/** What `fn` gives, which asks something of the engine. @throws what JavaScript is to get */
export function asked<T>(fn: () => T): T {
  try {
    return fn();
  } catch (error) {
    throw errorForJs(error);
  }
}

function errorOf(error: WasmError): Error {
  const { kind, code } = error;
  const options = { cause: error };
  if (code === "WT5001") return new RangeError("Maximum call stack size exceeded", options);
  if (kind === "exhausted" || code === "WT3004") return new RangeError(error.message, options);
  if (kind === "malformed" || kind === "invalid" || kind === "unsupported") return compileError(error);
  if (kind === "unlinkable") return new LinkError(error.message, options);
  return new RuntimeError(error.message, options);
}

/** The error for a module that is not one. */
export function compileError(error: WasmError): Error {
  const place = error.offset === undefined ? "" : ` @+${error.offset}`;
  return new CompileError(`${error.message}${place}`, { cause: error });
}

const DETACHED = "the buffer of a memory was detached or made shorter by somebody else";
const isDetached = (error: unknown): boolean =>
  error instanceof TypeError && /detached|out of bounds/i.test(error.message);

/** What a guest gets for `thrown`, which JavaScript has thrown into it. */
export function errorForGuest(thrown: unknown): WasmError {
  if (thrown instanceof WasmError) return thrown;
  const exn = exceptionSlot.find(thrown);
  if (exn !== undefined) return new WasmException(exn.tag, exn);
  const source = typeof thrown === "object" && thrown !== null ? sources.get(thrown) : undefined;
  return source ?? new WasmException(jsTag, [thrown === null ? null : internal(thrown)]);
}
