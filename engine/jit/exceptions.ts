/**
 * What generated code calls to throw and catch exceptions. They go through it as they are when somebody will catch them
 * (`awaiting.ts`), else as `WasmException`, which the host gets.
 */
import { isAwaited } from "../awaiting.ts";
import { trapError } from "../errors.ts";
import { WasmException } from "../exception.ts";
import { ExnInst } from "../runtime/exn.ts";
import type { TagInst } from "../runtime/func.ts";
import type { Val } from "../runtime/value.ts";
import { isRef } from "../types.ts";
import { putArguments } from "./values.ts";

/** What `throw` throws; `args` as of generated calls. */
export function exceptionOf(tag: TagInst, ...args: Val[]): unknown {
  const { params } = tag.type;
  const I = new Int32Array(2 * params.length);
  const refs = params.some(isRef) ? new Array<Val>(params.length).fill(null) : [];
  putArguments({ I, refs }, params, args);
  return carrierOf(new ExnInst(tag, I, refs));
}

/** What `throw_ref` throws. */
export function thrown(exn: Val): unknown {
  if (exn === null) return trapError("nullReference", "thrown");
  if (!(exn instanceof ExnInst)) throw new TypeError("what is thrown is no exception");
  return carrierOf(exn);
}

const carrierOf = (exn: ExnInst): unknown => (isAwaited(exn.tag) ? exn : new WasmException(exn.tag, exn));

/** The exception in what was caught. Whatever is none, such as a trap, is not for the guest and goes on. */
export function caught(x: unknown): ExnInst {
  if (x instanceof ExnInst) return x;
  if (x instanceof WasmException) return x.exn;
  throw x;
}
