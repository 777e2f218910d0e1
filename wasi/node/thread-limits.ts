/**
 * What `configure` said in one thread holds in those that it starts, each with an account of its own: a program that starts
 * threads cannot get around its limits by that.
 */
import { getEnvironmentData, setEnvironmentData } from "node:worker_threads";
import { CodeCache } from "../../code-cache/index.ts";
import { type Configuration, configuration, configure, type StopSignal } from "../../engine/index.ts";

/** Under which threads find it. */
const key = "wasmts:configuration";

type Sent = Omit<Configuration, "signal" | "codeStore"> & {
  /** A store of another kind cannot be sent; such threads have none. */
  readonly codeCache?: { readonly path: string; readonly maxBytes: number };
  /** Not 0 once the signal was given. */
  readonly stop?: Int32Array;
};

/** One for each signal, however many threads there are. */
const stops = new WeakMap<StopSignal, Int32Array>();

/** Memory that says whether `signal` was given. */
function stopOf(signal: StopSignal): Int32Array {
  const known = stops.get(signal);
  if (known !== undefined) return known;
  const stop = signal instanceof Inherited ? signal.stop : new Int32Array(new SharedArrayBuffer(4));
  stops.set(signal, stop);
  const raise = (): void => void Atomics.store(stop, 0, 1);
  if (signal.aborted) raise();
  else signal.addEventListener?.("abort", raise, { once: true });
  return stop;
}

/** The signal of the thread that started this one. */
class Inherited implements StopSignal {
  readonly stop: Int32Array;

  constructor(stop: Int32Array) {
    this.stop = stop;
  }

  get aborted(): boolean {
    return Atomics.load(this.stop, 0) !== 0;
  }
}

/** Threads that are started from now on begin with the limits of this one. */
export function passLimits(): void {
  const { signal, codeStore, ...plain } = configuration();
  const sent: Sent = {
    ...plain,
    ...(signal === undefined ? {} : { stop: stopOf(signal) }),
    ...(codeStore instanceof CodeCache ? { codeCache: { path: codeStore.path, maxBytes: codeStore.maxBytes } } : {}),
  };
  setEnvironmentData(key, sent);
}

/** Takes over those of the thread that started this one, if it has passed any. */
export function takeLimits(): void {
  const sent = getEnvironmentData(key) as Sent | undefined;
  if (sent === undefined) return;
  const { stop, codeCache, ...plain } = sent;
  const signal = stop && new Inherited(stop);
  configure({ ...plain, signal, codeStore: codeCache && opened(codeCache) });
}

/** A thread can do without: the folder may have gone since. */
function opened({ path, maxBytes }: NonNullable<Sent["codeCache"]>): CodeCache | undefined {
  try {
    return new CodeCache(path, { maxBytes });
  } catch {
    return undefined;
  }
}
