/**
 * A guest with threads (wasi-threads): its memory, its WASI host, and a worker thread for each thread it has.
 *
 * The host is here, on the thread of the embedder, and the guest is not, its first thread included. Every call of a guest
 * thread is a message, carried out here, one at a time: so descriptors, positions and mounts are those of one program, as
 * `pthread`s expect, and no two calls ever race. A call that waits does not keep others from being carried out.
 *
 * ```
 * worker: guest ──call──► message ──► WASI host ──► answer, a word of shared memory ──► guest goes on
 * ```
 *
 * The first of these ends all threads, wherever they are: the first thread returns, any thread calls proc_exit or traps,
 * a limit or a signal is reached.
 */
import { Worker } from "node:worker_threads";
import {
  Blocked,
  type FuncInst,
  type HostResult,
  type MemInst,
  Meter,
  type StopSignal,
  type Val,
  WasmError,
  waitFor,
} from "../../../engine/index.ts";
import type { CallName } from "../../calls.ts";
import { errno } from "../../errno.ts";
import { limits } from "../../limits.ts";
import type { WASI } from "../wasi.ts";
import { answer, errorOf, type FromThread, newCell, type ThreadEntry, type ThreadStart } from "./messages.ts";

export interface ThreadGroupOptions extends Pick<ThreadStart, "engine" | "maxTableElements" | "maxStackDepth"> {
  /** The module. It imports `memory`, and `thread-spawn` from `wasi`; it exports `wasi_thread_start`. */
  readonly bytes: Uint8Array;
  /** Shared by all threads. */
  readonly memory: MemInst;
  readonly memoryImport: readonly [module: string, name: string];
  /** The host of all threads. */
  readonly wasi: WASI;
  /** What the first thread calls: `_start` of a program. */
  readonly entry: ThreadEntry;
  /** Threads at once, the first one included. Default `limits.threads`. */
  readonly maxThreads?: number | undefined;
  /** Of all threads together. */
  readonly fuel?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: StopSignal | undefined;
}

interface Thread {
  readonly tid: number;
  readonly worker: Worker;
  readonly cell: SharedArrayBuffer;
  /** It has said how it ended. */
  isDone: boolean;
}

/** A thread identifier has 29 bits. Spec: wasi-threads. */
const maxTid = 0x1fff_ffff;
/** How long a thread that would be one too many waits for another to be gone, ms: those that were joined still have to end. */
const roomMs = 200;
/** Fuel that a thread takes at once, at most: some milliseconds of work. */
const mostLease = 1 << 20;
/** Leases that the fuel of a guest is divided into, at least. */
const leases = 64;
/** Of JavaScript, for each thread, MiB: generated code calls on it. */
const stackSizeMb = 4;

export class ThreadGroup {
  readonly #options: ThreadGroupOptions;
  readonly #calls: Readonly<Record<CallName, FuncInst>>;
  readonly #bytes: SharedArrayBuffer;
  readonly #fuel: SharedArrayBuffer | undefined;
  readonly #threads = new Set<Thread>();
  /** Who waits for a thread to be gone, the first one first. */
  readonly #waiting = new Set<() => void>();
  /** Aborted when the guest has ended, for calls that wait. */
  readonly #end = new AbortController();
  readonly #cpuAtStart = process.cpuUsage();
  #lastTid = 0;
  #started = 0;
  #isOver = false;
  #settle!: { readonly resolve: (results: readonly Val[]) => void; readonly reject: (error: unknown) => void };

  constructor(options: ThreadGroupOptions) {
    this.#options = options;
    const { bytes, wasi, memory, fuel } = options;
    this.#bytes = new SharedArrayBuffer(bytes.length);
    new Uint8Array(this.#bytes).set(bytes);
    this.#calls = wasi.hostImports()[wasi.module] as Record<CallName, FuncInst>;
    if (fuel !== undefined) {
      this.#fuel = new SharedArrayBuffer(8);
      new BigInt64Array(this.#fuel)[0] = BigInt(Math.floor(Math.min(fuel, Number.MAX_SAFE_INTEGER)));
    }
    wasi.finalizeBindings({ exports: {} }, { memory });
  }

  /** Threads started so far, the first one included. */
  get started(): number {
    return this.#started;
  }

  /** Fuel that threads have taken, and not given back; undefined without a limit. */
  get spent(): number | undefined {
    const { fuel } = this.#options;
    if (this.#fuel === undefined || fuel === undefined) return undefined;
    return fuel - Number(Atomics.load(new BigInt64Array(this.#fuel), 0));
  }

  /** What the process has used since the group was made, ms: its threads are not told apart. */
  get cpuMs(): number {
    const { user, system } = process.cpuUsage(this.#cpuAtStart);
    return (user + system) / 1000;
  }

  /**
   * Runs the guest to its end; no thread is left then.
   *
   * @returns the results of the first thread's call
   * @throws GuestExit; WasmError trap, exhausted, fuel, deadline, cancelled
   */
  async run(): Promise<readonly Val[]> {
    const { timeoutMs, signal, entry } = this.#options;
    const ended = new Promise<readonly Val[]>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    const meter = new Meter({ timeoutMs, signal });
    meter.enter();
    try {
      void this.#watch(meter, ended);
      if (!this.#isOver) this.#start(0, entry);
      return await ended;
    } finally {
      await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
    }
  }

  /** Ends the guest at its limits of time. */
  async #watch(meter: Meter, ready: Promise<unknown>): Promise<void> {
    if (meter.interruption() === undefined) await waitFor({ sources: [{ isReady: () => this.#isOver, ready }] }, meter);
    const why = meter.interruption();
    if (why === "deadline") this.#fail(outOfTime());
    if (why === "cancelled") this.#fail(cancelled());
  }

  #start(tid: number, entry: ThreadEntry): void {
    const { wasi, memory, memoryImport, engine, maxTableElements, maxStackDepth, fuel = 0 } = this.#options;
    const cell = newCell();
    const start: ThreadStart = {
      tid,
      entry,
      bytes: this.#bytes,
      wasiModule: wasi.module,
      memory: { ...memory.toShared(), imported: memoryImport },
      engine,
      maxMemoryBytes: memory.limitBytes,
      maxTableElements,
      maxStackDepth,
      fuel: this.#fuel,
      fuelLease: Math.max(1, Math.min(mostLease, Math.floor(fuel / leases))),
      cell,
    };
    const worker = new Worker(script, { workerData: start, resourceLimits: { stackSizeMb }, env: {}, execArgv: [] });
    const thread: Thread = { tid, worker, cell, isDone: false };
    this.#threads.add(thread);
    this.#started++;
    worker.on("message", (message: FromThread) => void this.#take(thread, message));
    worker.on("error", (error) => this.#fail(hostError(error)));
    worker.on("exit", () => this.#remove(thread));
  }

  #remove(thread: Thread): void {
    this.#threads.delete(thread);
    if (!thread.isDone) this.#fail(new Error(`thread ${thread.tid} was gone without a word`));
    const [first] = this.#waiting;
    first?.();
  }

  async #take(thread: Thread, message: FromThread): Promise<void> {
    if (this.#isOver) return;
    try {
      if (message.kind === "done" || message.kind === "failed") thread.isDone = true;
      if (message.kind === "done") this.#done(thread, message.results);
      else if (message.kind === "failed") this.#fail(errorOf(message.error, thread.tid));
      else if (message.kind === "spawn") this.#answer(thread, await this.#spawn(message.arg));
      else this.#answer(thread, await this.#carryOut(message.name, message.args));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nobody is told anything once the guest has ended. */
  #answer({ cell }: Thread, value: number): void {
    if (!this.#isOver) answer(cell, value);
  }

  async #carryOut(name: CallName, args: readonly Val[]): Promise<number> {
    let result: HostResult = this.#calls[name].host?.(...args);
    while (result instanceof Blocked) {
      await waitFor(result.wait, idle, this.#end.signal);
      if (this.#isOver) return 0;
      result = result.retry();
    }
    return Number(result ?? 0);
  }

  /** Its identifier, or a negative errno. */
  async #spawn(arg: number): Promise<number> {
    const { maxThreads = limits.threads } = this.#options;
    if (this.#threads.size >= maxThreads) await this.#room();
    if (this.#threads.size >= maxThreads || this.#lastTid >= maxTid || this.#isOver) return -errno.AGAIN;
    const tid = ++this.#lastTid;
    try {
      this.#start(tid, { name: "wasi_thread_start", args: [tid, arg] });
      return tid;
    } catch {
      return -errno.AGAIN;
    }
  }

  /** Settles when a thread is gone, or after a while. */
  #room(): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(end);
        resolve();
      };
      const timer = setTimeout(end, roomMs).unref();
      this.#waiting.add(end);
    });
  }

  #done({ tid }: Thread, results: readonly Val[]): void {
    if (tid === 0) this.#finish(() => this.#settle.resolve(results));
  }

  #fail(error: unknown): void {
    this.#finish(() => this.#settle.reject(error));
  }

  /** The first to end the guest decides how it has ended. */
  #finish(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    settle();
    this.#end.abort();
  }
}

/** The script of a thread, beside this file and beside the bundle. Sources are run built. */
const script = new URL(
  import.meta.url.endsWith(".ts") ? "../../../dist/wasi/node/threads/guest-thread.js" : "./guest-thread.js",
  import.meta.url,
);

/** Waits have no limits of their own here: the group ends. */
const idle = new Meter();

/** A heap that is full is the host's, and told like every other. */
const hostError = (error: Error & { code?: unknown }): Error =>
  error.code === "ERR_WORKER_OUT_OF_MEMORY" ? new RangeError("Array buffer allocation failed") : error;

const outOfTime = (): WasmError =>
  new WasmError("deadline", "WT5004", "out of time", { hint: "give it more: --timeout, limits.timeoutMs" });
const cancelled = (): WasmError =>
  new WasmError("cancelled", "WT5006", "cancelled", { hint: "the signal in limits.signal was aborted" });
