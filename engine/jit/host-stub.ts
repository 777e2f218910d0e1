/**
 * Calls of host functions from generated code without an array of their arguments, which takes as long as the rest of the
 * call: of functions whose result is an i32, and whose parameters are one to five i32 or those of WASI's path_open. Bench: wasi.
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
  return make?.(f.host as HostFn, (room, call) => {
    jsStack.room = evenRoom(room);
    try {
      const given = call();
      // Neither a promise nor `Blocked`.
      return typeof given === "number" ? given | 0 : end.result(given);
    } catch (error) {
      throw end.error(error);
    }
  });
}

type Run = (room: Val, call: () => HostResult) => Val;

/** By the parameters: i32, or i64, which is two words. */
const stubs: Readonly<Record<string, (host: HostFn, run: Run) => GeneratedFn>> = {
  i: (host, run) => (a, room) => run(room, () => host(a)),
  ii: (host, run) => (a, b, room) => run(room, () => host(a, b)),
  iii: (host, run) => (a, b, c, room) => run(room, () => host(a, b, c)),
  iiii: (host, run) => (a, b, c, d, room) => run(room, () => host(a, b, c, d)),
  iiiii: (host, run) => (a, b, c, d, e, room) => run(room, () => host(a, b, c, d, e)),
  iiiiillii: (host, run) => (a, b, c, d, e, f, f2, g, g2, h, i, room) =>
    run(room, () => host(a, b, c, d, e, bigOf(f as number, f2 as number), bigOf(g as number, g2 as number), h, i)),
};
