/**
 * Calls of host functions from generated code without an array of their arguments, which takes as long as the rest of the
 * call: of functions whose parameters and result are i32, and that have two to five of them. Bench: wasi, write 1 byte.
 */
import type { HostResult } from "../blocked.ts";
import type { FuncInst, HostFn } from "../runtime/func.ts";
import type { Val } from "../runtime/value.ts";
import { type GeneratedFn, jsStack } from "../tier.ts";
import { I32 } from "../types.ts";
import { evenRoom } from "./tail.ts";

export interface HostCallEnd {
  /** What the call gives to generated code when it is no number. */
  result(given: HostResult): Val;
  /** What is thrown for what the host threw. */
  error(error: unknown): unknown;
}

/** Undefined for functions of other types. */
export function shortHostStub(f: FuncInst, end: HostCallEnd): GeneratedFn | undefined {
  const { params, results } = f.type;
  if (results.length !== 1 || results[0] !== I32 || params.some((t) => t !== I32)) return undefined;
  const make = stubs[params.length];
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

/** By the number of parameters. */
const stubs: Readonly<Record<number, (host: HostFn, run: Run) => GeneratedFn>> = {
  2: (host, run) => (a, b, room) => run(room, () => host(a, b)),
  3: (host, run) => (a, b, c, room) => run(room, () => host(a, b, c)),
  4: (host, run) => (a, b, c, d, room) => run(room, () => host(a, b, c, d)),
  5: (host, run) => (a, b, c, d, e, room) => run(room, () => host(a, b, c, d, e)),
};
