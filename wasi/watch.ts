/** Watching host calls: who is told of each call as it begins and as it is over. */
import { Blocked, type HostResult, type Val } from "../engine/index.ts";
import type { CallName } from "./calls.ts";
import type { Context } from "./context.ts";

/** How a call ended. */
export interface CallEnd {
  /** Undefined when it did not return to the guest (proc_exit, an error of the host). */
  readonly errno: number | undefined;
  readonly hasWaited: boolean;
}

/**
 * Sees a call before it runs (it may overwrite its own arguments), and gives back who is to be told when it is over. A
 * call that is cut off by saving the guest is never over; the restored guest makes it again.
 */
export type Watcher = (host: Context, name: CallName, raw: readonly Val[]) => (end: CallEnd) => void;

/** Makes the call `first`, with `watchers` told of it. */
export function watchCall(
  watchers: readonly Watcher[],
  host: Context,
  name: CallName,
  raw: readonly Val[],
  first: () => HostResult,
): HostResult {
  host.mem.refresh();
  const listeners = watchers.map((watch) => watch(host, name, raw));
  let hasWaited = false;
  const tell = (errno: number | undefined): void => {
    for (const listener of listeners) listener({ errno, hasWaited });
  };
  const observe = (step: () => HostResult): HostResult => {
    let result: HostResult;
    try {
      result = step();
    } catch (error) {
      tell(undefined);
      throw error;
    }
    if (!(result instanceof Blocked)) {
      tell(result as number);
      return result;
    }
    const { wait, retry, isAsync } = result;
    hasWaited = true;
    return new Blocked(wait, () => observe(retry), isAsync);
  };
  return observe(first);
}
