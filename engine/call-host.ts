/**
 * Calls of host functions that an instance hands out, such as an import it exports again: no guest runs, so no limit of a
 * guest applies. What they give is what a guest would have got.
 */
import { Blocked, type HostResult, type Runner } from "./blocked.ts";
import { cannotWait, waitFor } from "./drive.ts";
import { callHostFn, promiseError } from "./interpret/activation.ts";
import { readSlots, resultVals, slotsOf, writeSlot } from "./interpret/slots.ts";
import { awaited } from "./promise-import.ts";
import type { FuncInst } from "./runtime/func.ts";
import { Meter } from "./runtime/meter.ts";
import type { Val } from "./runtime/value.ts";

/** Words of the widest value. */
const WORDS = 4;

/** Calls `f`; where it has to wait, `runner` blocks the thread. @throws WasmError trap WT4014, WT4017, and what `f` throws of ours */
export function callHost(f: FuncInst, args: readonly Val[], runner: Runner | undefined): Val[] {
  let result = begin(f, args);
  while (result instanceof Blocked) {
    const { wait, retry, isAsync } = result;
    if (isAsync) throw promiseError();
    if (runner === undefined) throw cannotWait("a host function");
    runner(wait);
    result = callHostFn(f, retry);
  }
  return coerced(f, result);
}

/** As `callHost`, while the event loop goes on; promises are waited for. */
export async function callHostInTurns(f: FuncInst, args: readonly Val[]): Promise<Val[]> {
  let result = begin(f, args);
  while (result instanceof Blocked) {
    await waitFor(result.wait, new Meter());
    result = callHostFn(f, result.retry);
  }
  return coerced(f, result);
}

const begin = (f: FuncInst, args: readonly Val[]): HostResult =>
  callHostFn(f, () => awaited(f, (f.host as NonNullable<FuncInst["host"]>)(...args)));

/** The results as values of their types. */
function coerced(f: FuncInst, result: Exclude<HostResult, Blocked>): Val[] {
  return callHostFn(f, () =>
    resultVals(f.type, result).map((v, i) => {
      const t = f.type.results[i];
      const slot = slotsOf(new Int32Array(WORDS), []);
      writeSlot(slot, 0, t, v);
      return readSlots(slot, 0, [t])[0];
    }),
  );
}
