/**
 * `import "wasmts/polyfill/node"`: in this thread and those it starts, `WebAssembly` is ours, and so is the class of
 * `node:wasi`; modules and shared memories can be sent from one to the other. Threads begin with the limits of the one that
 * starts them.
 */
import { createRequire, syncBuiltinESMExports } from "node:module";
import { type MessagePort, parentPort, type Transferable, type WorkerOptions, workerData } from "node:worker_threads";
import { fromMessage, toMessage, WebAssembly } from "../../engine/index.ts";
import { passLimits, takeLimits } from "./thread-limits.ts";
import { WASI } from "./wasi.ts";

export { type Configuration, configure } from "../../engine/index.ts";
export { WASI, WebAssembly };

const require = createRequire(import.meta.url);
const threads = require("node:worker_threads") as {
  Worker: typeof import("node:worker_threads").Worker;
  workerData: unknown;
};
/** That of the host, which does not import `wasmts/polyfill/node` first. */
const { Worker: HostWorker } = threads;

class Worker extends HostWorker {
  constructor(file: string | URL, options: WorkerOptions = {}) {
    const { execArgv = process.execArgv } = options;
    const told = { ...options, execArgv: [...execArgv, "--import", import.meta.url] };
    passLimits();
    super(file, "workerData" in options ? { ...told, workerData: toMessage(options.workerData) } : told);
  }

  override postMessage(value: unknown, transfer?: readonly Transferable[]): void {
    super.postMessage(toMessage(value), transfer);
  }

  override emit(event: string | symbol, ...args: unknown[]): boolean {
    return super.emit(event as "message", ...(event === "message" ? args.map(fromMessage) : args));
  }
}

type Listener = ((value: unknown) => void) | { handleEvent(event: object): void };
// biome-ignore lint/suspicious/noExplicitAny: a port of messages has the methods of two kinds of emitters
type Port = any;

/** Messages from and to the thread that started this one. All ways to listen come down to `addEventListener`. */
function translate(port: Port): void {
  const { postMessage, addEventListener, removeEventListener } = port;
  port.postMessage = (value: unknown, transfer?: unknown): void => postMessage.call(port, toMessage(value), transfer);
  const known = new WeakMap<Listener, (value: unknown) => void>();
  const translated = (type: string, listener: Listener | null): unknown => {
    if (type !== "message" || listener === null) return listener;
    let fn = known.get(listener);
    if (fn === undefined) {
      const to = typeof listener === "function" ? listener.bind(port) : listener.handleEvent.bind(listener);
      fn = (value) => to(received(value) as object);
      known.set(listener, fn);
    }
    return fn;
  };
  port.addEventListener = (type: string, listener: Listener | null, options?: unknown): void =>
    addEventListener.call(port, type, translated(type, listener), options);
  port.removeEventListener = (type: string, listener: Listener | null, options?: unknown): void =>
    removeEventListener.call(port, type, translated(type, listener), options);
}

/** Listeners of one kind get the message, those of the other an event that has it. */
function received(value: unknown): unknown {
  if (!(value instanceof Event)) return fromMessage(value);
  const data = fromMessage((value as Event & { data: unknown }).data);
  return Object.defineProperty(value, "data", { value: data, configurable: true });
}

takeLimits();
Object.defineProperty(globalThis, "WebAssembly", { value: WebAssembly, writable: true, configurable: true });
(require("node:wasi") as { WASI: unknown }).WASI = WASI;
threads.Worker = Worker;
threads.workerData = fromMessage(workerData);
if (parentPort !== null) translate(parentPort as MessagePort);
syncBuiltinESMExports();
