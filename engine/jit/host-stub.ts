/**
 * Calls of host functions from generated code without an array of their arguments, which takes as long as the rest of the
 * call: of functions whose result is an i32, and whose parameters are one to five i32 or those of WASI's path_open. Bench: wasi.
 *
 * One function is written out for each, with no other between it and the host: that is 7 % of a write of one byte, and the
 * first ten thousand calls take a third less.
 */
import type { HostResult } from "../blocked.ts";
import type { FuncInst, HostFn } from "../runtime/func.ts";
import type { Val } from "../runtime/value.ts";
import { type GeneratedFn, jsStack } from "../tier.ts";
import { I32, I64 } from "../types.ts";
import { evenRoom } from "./tail.ts";
import { bigOf } from "./values.ts";

export interface HostCallEnd {
  /** What the call gives to generated code when it is no number. */
  result(given: HostResult): Val;
  /** What is thrown for what the host threw. */
  error(error: unknown): unknown;
}

/** Undefined for functions of other types. */
export function shortHostStub(f: FuncInst, end: HostCallEnd): GeneratedFn | undefined {
  const { params, results } = f.type;
  if (results.length !== 1 || results[0] !== I32) return undefined;
  const make = stubs[params.map((t) => (t === I32 ? "i" : t === I64 ? "l" : "?")).join("")];
  return make?.(f.host as HostFn, end);
}

/** A number is neither a promise nor `Blocked`. */
const ended = (end: HostCallEnd, given: HostResult): Val => (typeof given === "number" ? given | 0 : end.result(given));

/** By the parameters: i32, or i64, which is two words. */
const stubs: Readonly<Record<string, (host: HostFn, end: HostCallEnd) => GeneratedFn>> = {
  i: (host, end) => (a, room) => {
    jsStack.room = evenRoom(room);
    try {
      return ended(end, host(a));
    } catch (error) {
      throw end.error(error);
    }
  },
  ii: (host, end) => (a, b, room) => {
    jsStack.room = evenRoom(room);
    try {
      return ended(end, host(a, b));
    } catch (error) {
      throw end.error(error);
    }
  },
  iii: (host, end) => (a, b, c, room) => {
    jsStack.room = evenRoom(room);
    try {
      return ended(end, host(a, b, c));
    } catch (error) {
      throw end.error(error);
    }
  },
  iiii: (host, end) => (a, b, c, d, room) => {
    jsStack.room = evenRoom(room);
    try {
      return ended(end, host(a, b, c, d));
    } catch (error) {
      throw end.error(error);
    }
  },
  iiiii: (host, end) => (a, b, c, d, e, room) => {
    jsStack.room = evenRoom(room);
    try {
      return ended(end, host(a, b, c, d, e));
    } catch (error) {
      throw end.error(error);
    }
  },
  iiiiillii: (host, end) => (a, b, c, d, e, f, f2, g, g2, h, i, room) => {
    jsStack.room = evenRoom(room);
    try {
      return ended(end, host(a, b, c, d, e, bigOf(f as number, f2 as number), bigOf(g as number, g2 as number), h, i));
    } catch (error) {
      throw end.error(error);
    }
  },
};
