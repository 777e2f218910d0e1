/**
 * Exceptions of guests as JavaScript sees them: the error that carries one, and tags of the host.
 *
 * Values lose what JavaScript cannot hold (payloads of NaNs) only when they are read here. Spec: js-api (exceptions).
 */
import { funcTypeId } from "./canon.ts";
import { traps, WasmError } from "./errors.ts";
import { wordsOf } from "./interpret/operands.ts";
import { readSlots, type Slots, slotsOf, writeSlot } from "./interpret/slots.ts";
import { ExnInst } from "./runtime/exn.ts";
import { TagInst } from "./runtime/func.ts";
import type { Val } from "./runtime/value.ts";
import { type FuncType, isRef, printFuncType, type ValType } from "./types.ts";

/**
 * An exception on its way through JavaScript. A host function throws one to let the guest catch it; one that no guest
 * catches arrives at the embedder as this, with kind "exception". An exception that crosses keeps its identity.
 */
export class WasmException extends WasmError {
  /** What the guest's exnref refers to. */
  readonly exn: ExnInst;

  /** @param payload one value for each parameter of the tag, or an exception there is */
  constructor(tag: TagInst, payload: readonly Val[] | ExnInst = []) {
    super("exception", traps.uncaughtException[0], messageOf(tag.type));
    this.exn = payload instanceof ExnInst ? payload : newExn(tag, payload);
  }

  get tag(): TagInst {
    return this.exn.tag;
  }

  /** The values of the exception. */
  get payload(): Val[] {
    return readSlots(slotsOf(this.exn.words, this.exn.refs), 0, this.exn.tag.type.params);
  }
}

/** By tag type: most exceptions are caught, and nobody reads theirs. Bench: throwing in a loop, in generated code. */
const messages = new WeakMap<FuncType, string>();

function messageOf(type: FuncType): string {
  let message = messages.get(type);
  if (message === undefined) {
    message = `${traps.uncaughtException[1]} ${printFuncType(type)}`;
    messages.set(type, message);
  }
  return message;
}

const sizeOf = (types: readonly ValType[]): number => types.reduce((n, t) => n + wordsOf(t), 0);

/** The exception of `tag` whose values are the slots of `from` at word `at`. */
export function exnFromSlots(tag: TagInst, from: Slots, at: number): ExnInst {
  const { params } = tag.type;
  const end = at + sizeOf(params);
  return new ExnInst(tag, from.I.slice(at, end), params.some(isRef) ? refsAt(params, from.refs, at >> 1) : []);
}

/** The references among the values of `params`, which are from slot `at` on; what else is left in `refs` is not theirs. */
function refsAt(params: readonly ValType[], refs: readonly Val[], at: number): Val[] {
  const own: Val[] = [];
  for (const t of params) {
    own.push(isRef(t) ? (refs[at + own.length] ?? null) : null);
    if (wordsOf(t) > 2) own.push(null);
  }
  return own;
}

function newExn(tag: TagInst, payload: readonly Val[]): ExnInst {
  const { params } = tag.type;
  if (payload.length !== params.length) {
    throw new TypeError(`${params.length} values expected, ${payload.length} given`);
  }
  const slots = slotsOf(new Int32Array(sizeOf(params)), []);
  let at = 0;
  params.forEach((t, i) => {
    writeSlot(slots, at, t, payload[i]);
    at += wordsOf(t);
  });
  return exnFromSlots(tag, slots, 0);
}

/** A tag of the host, which guests import. */
export function hostTag(params: readonly ValType[] = []): TagInst {
  const type: FuncType = { kind: "func", params, results: [] };
  return new TagInst(funcTypeId(type));
}
