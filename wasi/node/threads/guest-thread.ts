/**
 * One thread of a guest: the script of a worker thread that `ThreadGroup` starts.
 *
 * It has an instance of its own on the memory of all, and nothing of the host: what the guest calls is sent to the group,
 * and the thread sleeps until the answer is there.
 */
import { parentPort, workerData } from "node:worker_threads";
import {
  type Activation,
  Engine,
  type FuncInst,
  GuestStopped,
  hostFunc,
  I32,
  I64,
  type Imports,
  type Instance,
  MemInst,
  Meter,
  type Val,
} from "../../../engine/index.ts";
import { type CallName, callNames, callType } from "../../calls.ts";
import { blockThread } from "../runner.ts";
import { awaitAnswer, errorData, type FromThread, type ThreadStart } from "./messages.ts";

const start = workerData as ThreadStart;
const send = (message: FromThread): void => parentPort?.postMessage(message);
const ask = (message: FromThread): number => awaitAnswer(start.cell, () => send(message));

/** The functions of WASI, carried out by the group. */
function forwarded(name: CallName): FuncInst {
  const types = { i32: I32, i64: I64 };
  const { params, results } = callType(name);
  const type = { kind: "func", params: params.map((p) => types[p]), results: results.map((r) => types[r]) } as const;
  const call = (...args: Val[]): Val | undefined => {
    const errno = ask({ kind: "call", name, args });
    return results.length === 0 ? undefined : errno;
  };
  return hostFunc(type, call);
}

function importsOf({ wasiModule, memory, maxMemoryBytes }: ThreadStart): Imports {
  const [from, name] = memory.imported;
  const spawn = hostFunc({ kind: "func", params: [I32], results: [I32] }, (arg) =>
    ask({ kind: "spawn", arg: arg as number }),
  );
  const imports: Record<string, Record<string, FuncInst | MemInst>> = {
    [wasiModule]: Object.fromEntries(callNames.map((call) => [call, forwarded(call)])),
    wasi: { "thread-spawn": spawn },
  };
  imports[from] = { ...imports[from], [name]: MemInst.fromShared(memory, maxMemoryBytes) };
  return imports;
}

/** Takes from the fuel of all: `lease`, or what is left of it. */
function takeFuel(fuel: SharedArrayBuffer, lease: number): number {
  const left = new BigInt64Array(fuel);
  for (;;) {
    const now = Atomics.load(left, 0);
    const taken = now < BigInt(lease) ? now : BigInt(lease);
    if (Atomics.compareExchange(left, 0, now, now - taken) === now) return Number(taken);
  }
}

/** Runs a call to its end. What was leased is spent first; then more is leased, until nothing is left. */
function runLeased(instance: Instance, act: Activation, { fuel, fuelLease }: ThreadStart): Val[] {
  for (let current = act; ; ) {
    try {
      return instance.runToEnd(current);
    } catch (error) {
      if (!(error instanceof GuestStopped) || error.reason !== "fuel" || fuel === undefined) throw error;
      const owed = Math.max(0, -instance.meter.fuelLeft);
      const more = takeFuel(fuel, fuelLease + owed) - owed;
      if (more <= 0) throw error;
      instance.meter.refuel(more);
      current = error.activation;
    }
  }
}

function run(): readonly Val[] {
  const { bytes, engine: options, entry, fuel, fuelLease, maxTableElements, maxStackDepth } = start;
  const engine = new Engine(options);
  const meter = new Meter(fuel === undefined ? {} : { fuel: takeFuel(fuel, fuelLease) });
  // A private copy: the module must not change under its readers.
  const module = engine.compile(Uint8Array.from(new Uint8Array(bytes)));
  const instance = engine.instantiate(module, importsOf(start), {
    meter,
    maxTableElements,
    maxStackDepth,
    runner: blockThread,
    isStartLeft: true,
  });
  const call = (func: FuncInst, args: readonly Val[]): Val[] => runLeased(instance, instance.begin(func, args), start);
  if (module.start !== undefined) call(instance.inst.funcs[module.start]!, []);
  const { _initialize } = instance.exports;
  if (entry.isInitialized && _initialize?.kind === "func") call(_initialize, []);
  const results = call(instance.func(entry.name), entry.args);
  if (fuel !== undefined) Atomics.add(new BigInt64Array(fuel), 0, BigInt(Math.max(0, Math.floor(meter.fuelLeft))));
  return results;
}

try {
  send({ kind: "done", results: run() });
} catch (error) {
  send({ kind: "failed", error: errorData(error) });
}
