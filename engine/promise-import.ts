/**
 * Imports that return promises: the guest is suspended until the promise settles. Its frames are in arrays, so nothing
 * of it is on the JavaScript stack meanwhile.
 *
 * A promise that rejects with a `WasmException` throws that into the guest; with anything else it is a trap (WT4014)
 * whose cause is what it rejected with.
 */
import { Blocked, type HostResult } from "./blocked.ts";
import type { FuncInst } from "./runtime/func.ts";
import { isRef } from "./types.ts";

/** True for what has the shape of a promise. */
const isThenable = (v: unknown): v is PromiseLike<unknown> =>
  typeof v === "object" && v !== null && typeof (v as { then?: unknown }).then === "function";

/**
 * `result` of host function `f`; as `Blocked` when it is a promise. One whose type has a reference among its results
 * may mean the promise itself: there it is awaited only if the function was marked by `suspending`.
 */
export function awaited(f: FuncInst, result: HostResult): HostResult {
  if (!isThenable(result)) return result;
  if (f.type.results.some(isRef) && !(f.host !== null && marked.has(f.host))) return result;
  let settled: (() => HostResult) | undefined;
  // Whatever has a `then`: some of them return nothing from it, or throw in it.
  const ready = Promise.resolve(result).then(
    (value) => {
      settled = () => value as HostResult;
    },
    (reason: unknown) => {
      settled = () => {
        throw reason;
      };
    },
  );
  const wait = { sources: [{ isReady: () => settled !== undefined, ready }] };
  const retry = (): HostResult => (settled === undefined ? new Blocked(wait, retry, true) : settled());
  return new Blocked(wait, retry, true);
}

const marked = new WeakSet<object>();

/** Marks a host function whose promises are awaited though its type has references among its results. Returns it. */
export function suspending<F extends (...args: never[]) => unknown>(fn: F): F {
  marked.add(fn);
  return fn;
}
