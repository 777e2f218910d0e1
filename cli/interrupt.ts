/**
 * Ctrl-C while a guest runs: the first SIGINT ends the guest instead of the process, so that what is to be written about
 * the run is written; the second ends the process.
 *
 * A guest on this thread leaves the event loop no turn in which a listener could be called. `node:vm` has a thread that
 * waits for the signal and then stops whatever JavaScript runs, sleeping and reading included, at no cost for the guest.
 * Nothing of what is stopped so can go on: no `finally` runs.
 */
import { Script } from "node:vm";
import { CliError } from "./cli-error.ts";

const slot = Symbol.for("wasmts.guest");
const script = new Script('globalThis[Symbol.for("wasmts.guest")]()', { filename: "wasmts:guest" });

export class Interrupt {
  #isHit = false;
  readonly #controller = new AbortController();
  readonly #listener = (): void => {
    this.#isHit = true;
    this.#controller.abort();
  };

  /** Runs `guest`, which may block this thread. @throws CliError WT6581 when it was interrupted, else what it throws */
  onThread<T>(guest: () => T): T {
    const world = globalThis as { [slot]?: () => T };
    world[slot] = guest;
    try {
      return script.runInThisContext({ breakOnSigint: true, displayErrors: false }) as T;
    } catch (error) {
      throw (error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_INTERRUPTED" ? interrupted() : error;
    } finally {
      delete world[slot];
    }
  }

  /** Aborted by the signal, for guests that leave the event loop its turns. `dispose` ends that. */
  listen(): AbortSignal {
    process.once("SIGINT", this.#listener);
    return this.#controller.signal;
  }

  dispose(): void {
    process.off("SIGINT", this.#listener);
  }

  /** What a guest that ended with `error` ended with, if it was interrupted while it ran in turns. */
  explain(error: unknown): unknown {
    return this.#isHit && (error as { kind?: unknown }).kind === "cancelled" ? interrupted() : error;
  }
}

const interrupted = (): CliError =>
  new CliError("WT6581", "interrupted", { where: "SIGINT arrived, as Ctrl-C sends it", help: "run it again" });

/**
 * Ends this process as the signal would have, so that a shell knows and stops its loop too. Returns where that does not
 * work: as the first process of a container, and on Windows.
 */
export function dieInterrupted(): void {
  if (process.platform !== "win32") process.kill(process.pid, "SIGINT");
}
