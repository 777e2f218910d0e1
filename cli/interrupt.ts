/**
 * Ctrl-C while a guest runs: the first SIGINT ends the guest instead of the process, so that what is to be written about
 * the run is written; the second ends the process.
 *
 * A guest on this thread leaves the event loop no turn in which a listener could be called. `node:vm` has a thread that
 * waits for the signal and then stops whatever JavaScript runs, sleeping and reading included, at no cost for the guest.
 * Nothing of what is stopped so can go on: no `finally` runs. A guest that runs in turns is ended by SIGTERM in the same
 * way; any other, by the system.
 */
import { Script } from "node:vm";
import { CliError } from "./cli-error.ts";

const signals = ["SIGINT", "SIGTERM"] as const;
const slot = Symbol.for("wasmts.guest");
const script = new Script('globalThis[Symbol.for("wasmts.guest")]()', { filename: "wasmts:guest" });

export class Interrupt {
  #hit: "SIGINT" | "SIGTERM" | undefined;
  readonly #controller = new AbortController();
  readonly #listener = (signal: NodeJS.Signals): void => {
    this.#hit = signal === "SIGTERM" ? signal : "SIGINT";
    // The next one, of either kind, is the system's.
    this.dispose();
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

  /** Aborted by either signal, for guests that leave the event loop its turns. `dispose` ends that. */
  listen(): AbortSignal {
    for (const signal of signals) process.on(signal, this.#listener);
    return this.#controller.signal;
  }

  dispose(): void {
    for (const signal of signals) process.off(signal, this.#listener);
  }

  /** What a guest that ended with `error` ended with, if it was interrupted while it ran in turns. */
  explain(error: unknown): unknown {
    if (this.#hit === undefined || (error as { kind?: unknown }).kind !== "cancelled") return error;
    return this.#hit === "SIGTERM" ? terminated() : interrupted();
  }
}

const interrupted = (): CliError =>
  new CliError("WT6581", "interrupted", { where: "SIGINT arrived, as Ctrl-C sends it", help: "run it again" });

const terminated = (): CliError =>
  new CliError("WT6582", "terminated", { where: "SIGTERM arrived", help: "run it again" });

/**
 * Ends this process as the signal would have, so that a shell knows and stops its loop too. Returns where that does not
 * work: as the first process of a container, and on Windows.
 */
export function dieOf(signal: "SIGINT" | "SIGTERM"): void {
  if (process.platform !== "win32") process.kill(process.pid, signal);
}
