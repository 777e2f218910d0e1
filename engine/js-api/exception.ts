/** `WebAssembly.Exception`. Spec: js-api (exceptions). */
import { WasmException } from "../exception.ts";
import type { ExnInst } from "../runtime/exn.ts";
import { checkCrossable, toJs, toWasm } from "./convert.ts";
import { setObject } from "./identity.ts";
import { tagSlot } from "./tag.ts";
import { exceptionSlot, jsTag } from "./thrown.ts";
import { defineInterface, dictionary, enforceU32, sequence } from "./web-idl.ts";

const stacks = new WeakMap<Exception, string>();

export class Exception {
  constructor(exceptionTag: unknown, payload: unknown, options: unknown = undefined) {
    const tag = tagSlot.get(exceptionTag, "the tag");
    const values = sequence(payload, "the payload");
    const { traceStack } = dictionary(options, "options");
    if (tag === jsTag) throw new TypeError("the tag of JavaScript's own exceptions cannot be thrown by hand");
    const { params } = tag.type;
    if (values.length !== params.length) {
      throw new TypeError(`the tag has ${params.length} parameters, the payload ${values.length} values`);
    }
    const vals = values.map((v, i) => {
      checkCrossable([params[i]]);
      return toWasm(v, params[i]);
    });
    const { exn } = new WasmException(tag, vals);
    exceptionSlot.set(this, exn);
    setObject(exn, this);
    if (traceStack) stacks.set(this, new Error().stack ?? "");
  }

  getArg(exceptionTag: unknown, index: unknown): unknown {
    const exn = exceptionSlot.get(this);
    const tag = tagSlot.get(exceptionTag, "the tag");
    const at = enforceU32(index, "the index");
    if (exn.tag !== tag) throw new TypeError("the exception has another tag");
    const { params } = tag.type;
    if (at >= params.length) throw new RangeError(`no value ${at} in an exception of ${params.length}`);
    checkCrossable([params[at]]);
    return toJs(new WasmException(tag, exn).payload[at], params[at]);
  }

  is(exceptionTag: unknown): boolean {
    const exn = exceptionSlot.get(this);
    return exn.tag === tagSlot.get(exceptionTag, "the tag");
  }

  get stack(): string | undefined {
    exceptionSlot.get(this);
    return stacks.get(this);
  }
}
defineInterface(Exception, "Exception");

/** The object for an exception of a guest. */
export function exceptionObject(inst: ExnInst): Exception {
  const exception = Object.create(Exception.prototype) as Exception;
  exceptionSlot.set(exception, inst);
  return exception;
}
