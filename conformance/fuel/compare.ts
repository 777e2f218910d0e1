/**
 * What a module's run costs, call by call, from three sources: the meter of our engine; the same with the guest taken
 * apart and put together at safepoints; the count of the instrumented module, in the host's WebAssembly or in ours.
 */
import {
  type Activation,
  captureFrames,
  Engine,
  framesFromJson,
  framesToJson,
  type GlobalInst,
  type Imports,
  type Instance,
  Meter,
  type Val,
  WasmError,
} from "../../engine/index.ts";
import { hostWebAssembly } from "../real/host-webassembly.ts";
import { instrument } from "./instrument.ts";

export interface Call {
  readonly name: string;
  readonly args: readonly Val[];
}

/** Fuel after instantiation and after each call; it ends where a call ended by a limit, which engines set differently. */
export type Costs = readonly number[];

const ended = Symbol("ended by a limit");
type Ended = typeof ended;

const features = { "legacy-exceptions": true, threads: true, "custom-page-sizes": true, "wide-arithmetic": true };
const engines = { interp: new Engine({ tier: "interp", features }), js: new Engine({ tier: "js", features }) };
export type Tier = keyof typeof engines;
/** Bounds the time of one call. */
const MOST = 300_000;
const limits = { maxMemoryBytes: 1 << 26, maxTableElements: 100_000, maxStackDepth: 5000 };

/** Fuel until the next stop; undefined: no more stops. */
export type Stops = () => number | undefined;
/** Imports that may look at the exports of the instance once they are called. */
export type MakeImports<T> = (exports: () => Readonly<Record<string, unknown>>) => T;
const none = (): object => ({});

/** By our meter. */
export function metered(
  bytes: Uint8Array,
  calls: readonly Call[],
  imports: MakeImports<object> = none,
  stops?: Stops,
  tier: Tier = "interp",
): Costs {
  const meter = new Meter({ fuel: Number.MAX_SAFE_INTEGER });
  const costs: number[] = [];
  const instance = instantiate(bytes, imports, meter, tier);
  if (instance === ended) return costs;
  costs.push(meter.spent);
  if (instance === undefined) return costs;
  for (const { name, args } of calls) {
    if (attempt(() => runToEnd(instance, name, args, stops)) === ended) break;
    costs.push(meter.spent);
  }
  return costs;
}

function instantiate(
  bytes: Uint8Array,
  imports: MakeImports<object>,
  meter: Meter,
  tier: Tier,
): Instance | Ended | undefined {
  const engine = engines[tier];
  let instance: Instance | undefined;
  const given = imports(() => instance?.exports ?? {}) as Imports;
  return attempt(() => {
    instance = engine.instantiate(engine.compile(bytes), given, { ...limits, meter });
    return instance;
  });
}

function runToEnd(instance: Instance, name: string, args: readonly Val[], stops?: Stops): unknown {
  let act = instance.start(name, args);
  for (let left = MOST; ; ) {
    const stop = stops?.();
    const before = instance.meter.spent;
    const outcome = act.run(stop ?? left);
    left -= instance.meter.spent - before;
    if (outcome.kind === "done") return undefined;
    if (outcome.kind === "stopped" && (stop === undefined || left < 0)) return ended;
    act = reincarnate(instance, name, act);
  }
}

/** Takes the activation apart, into JSON if it holds no references, and puts it together again. */
function reincarnate(instance: Instance, name: string, act: Activation): Activation {
  const { frames, instances } = captureFrames(act);
  const isData = frames.every((f) => [...f.locals, ...f.operands].every((v) => typeof v !== "object" || v === null));
  const again = isData ? framesFromJson(framesToJson(frames)) : frames;
  return instance.restore(instance.func(name), { frames: again, instances });
}

/** By the instrumented module in our engine: for what the host's does not know. */
export function countedByUs(bytes: Uint8Array, calls: readonly Call[], imports: MakeImports<object> = none): Costs {
  const { bytes: counting, count, start } = instrument(bytes);
  const instance = instantiate(counting, imports, new Meter(), "interp");
  if (instance === undefined || instance === ended) return nothingRan;
  const counter = instance.exports[count] as GlobalInst;
  return counted(
    start,
    calls,
    (name, args) => instance.invoke(name, args),
    () => counter.get() as bigint,
  );
}

/** Segments that do not fit: the start function is not part of instantiation here. */
const nothingRan: Costs = [0];

type HostFunc = (...args: readonly unknown[]) => unknown;

/** By the instrumented module in the host's WebAssembly; undefined if the host does not know what it uses. */
export function countedByHost(
  bytes: Uint8Array,
  calls: readonly Call[],
  imports: MakeImports<object> = none,
): Costs | undefined {
  const { bytes: counting, count, start } = instrument(bytes);
  if (!hostWebAssembly.validate(counting)) return undefined;
  let exports: Readonly<Record<string, unknown>> = {};
  const module = new hostWebAssembly.Module(counting);
  const instance = attempt(
    () =>
      new hostWebAssembly.Instance(
        module,
        imports(() => exports),
      ),
  );
  if (instance === undefined || instance === ended) return nothingRan;
  exports = instance.exports;
  const counter = exports[count] as { readonly value: bigint };
  return counted(
    start,
    calls,
    (name, args) => (exports[name] as HostFunc)(...args),
    () => counter.value,
  );
}

function counted(
  start: string | undefined,
  calls: readonly Call[],
  invoke: (name: string, args: readonly Val[]) => unknown,
  count: () => bigint,
): Costs {
  if (start !== undefined && attempt(() => invoke(start, [])) === ended) return [];
  const costs = [Number(count())];
  for (const { name, args } of calls) {
    if (attempt(() => invoke(name, args)) === ended) break;
    costs.push(Number(count()));
  }
  return costs;
}

/** What `run` returns; undefined when it ends in a trap or an exception. */
function attempt<T>(run: () => T): T | Ended | undefined {
  try {
    return run();
  } catch (error) {
    if (error instanceof WasmError) return error.kind === "exhausted" ? ended : undefined;
    // RangeError: the host's stack or memory is exhausted. TypeError: JavaScript has no such type.
    if (error instanceof RangeError || error instanceof TypeError) return ended;
    if (error instanceof hostWebAssembly.RuntimeError || error instanceof hostWebAssembly.Exception) return undefined;
    throw error;
  }
}

/** True when they agree as far as both go. */
export function agree(a: Costs, b: Costs): boolean {
  return a.every((cost, i) => i >= b.length || cost === b[i]);
}
