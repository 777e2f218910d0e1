/**
 * Runs one module from bytes to outcome: compile, link, instantiate, call. What the command `run` and the package's
 * `run` have in common.
 *
 * Not for reading files, options or printing. Everything a module can do ends in a `RunResult`; only a bug of ours, or
 * wrong usage, is thrown.
 */
import {
  type Activation,
  type CodeStore,
  Engine,
  type FuncInst,
  GuestExit,
  type GuestLimits,
  type HeapGauge,
  type HostState,
  type I64Form,
  type Import,
  type Imports,
  type Instance,
  type InstanceOptions,
  Meter,
  type Module,
  monotonicNs,
  type Passes,
  printable,
  printFuncType,
  type Runner,
  type TierName,
  type TierStats,
  type Val,
  type ValType,
} from "../engine/index.ts";
import type { NetworkUsage, Receipt } from "../wasi/index.ts";
import { CliError } from "./cli-error.ts";
import { checkFeatures, type FeatureChoice } from "./features.ts";
import { mergeImports, standIn, type UnknownImports, unknownImportError, unknownImports } from "./link.ts";
import type { NetworkSettings } from "./network.ts";
import { type Problem, problemOf } from "./outcome.ts";
import { type RunReceipt, receiptOf } from "./receipt.ts";
import { savedRunState } from "./saved-run.ts";
import { type SnapshotPlan, SnapshotTimer } from "./snapshot-plan.ts";
import { closest } from "./suggest.ts";
import { isThreaded, prepareThreads, type ThreadedRun } from "./threads.ts";
import { checkArgumentCount, parseArguments } from "./values.ts";
import type { WasiSettings } from "./wasi-host.ts";

/** `memoryBytes` and `tableElements` are of one memory, of one table; the others are the guest's in all. */
export interface Limits extends GuestLimits {
  readonly memoryBytes?: number | undefined;
  readonly tableElements?: number | undefined;
  readonly stackDepth?: number | undefined;
  /** Of a guest with threads, at once. */
  readonly threads?: number | undefined;
}

/** A module instantiated before the guest; its exports satisfy imports from `name`. */
export interface Preload {
  readonly name: string;
  readonly file: string;
  readonly bytes: Uint8Array;
}

/** Of `interrupt.ts`, which needs Node.js. */
export interface Interrupt {
  /** Runs a guest that may block this thread. */
  onThread<T>(guest: () => T): T;
  /** For a guest that runs in turns. */
  listen(): NonNullable<Limits["signal"]>;
  explain(error: unknown): unknown;
  dispose(): void;
}

/** `wasi-host.ts`, which needs Node.js; so it is not imported here. */
type WasiModule = typeof import("./wasi-host.ts");

export interface ExecuteOptions {
  /** For messages. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly wasi: WasiSettings;
  /** What the guest itself, not what is preloaded, may do on the network. Absent: nothing. */
  readonly network?: NetworkSettings | undefined;
  /** Asked for when a module imports WASI. */
  readonly loadWasi: () => WasiModule | Promise<WasiModule>;
  /** Asked for when a module uses garbage collection. */
  readonly loadHeapGauge: () => Promise<HeapGauge>;
  readonly imports?: Imports | undefined;
  readonly preloads?: readonly Preload[] | undefined;
  readonly unknownImports?: UnknownImports | undefined;
  readonly features?: FeatureChoice | undefined;
  readonly tier?: TierName | undefined;
  /** False: no JavaScript is generated, whatever the tier. */
  readonly mayEval?: boolean | undefined;
  readonly i64?: I64Form | undefined;
  /** Optimisations of generated code to leave out. */
  readonly optimise?: Partial<Passes> | undefined;
  /** Called before JavaScript is generated of a function of so many bytes. */
  readonly onGenerate?: ((bytes: number) => void) | undefined;
  /** V8 optimises functions of any size, as `onGenerate` has told it to. */
  readonly optimisesLarge?: boolean | undefined;
  /** Where compiled code is kept for later runs. Threads of a guest compile for themselves. */
  readonly codeStore?: CodeStore | undefined;
  readonly limits?: Limits | undefined;
  /** Run in turns of the event loop, which imports that return promises and `limits.signal` need; else on the thread. */
  readonly inTurns?: boolean | undefined;
  /** Ends the guest when the process is interrupted. */
  readonly interrupt?: Interrupt | undefined;
  /** Save the guest in the middle of its run. It runs in turns then. */
  readonly snapshot?: SnapshotPlan | undefined;
  /** A snapshot that goes on, instead of a run from the start; `bytes` and `preloads` are the modules it is of. */
  readonly resume?: Uint8Array | undefined;
  /** Call this export instead of `_start`. Words are read by the types of its parameters. */
  readonly invoke?:
    | { readonly name: string; readonly words: readonly string[] }
    | { readonly name: string; readonly args: readonly Val[] }
    | undefined;
}

export interface Usage {
  /** Decoding and validation, ms. */
  readonly compileMs: number;
  /** Instantiation and the guest's run, ms. */
  readonly runMs: number;
  /** Linear memory the guest had at its end, which is the most it had. */
  readonly memoryBytes: number;
  readonly tableElements: number;
  /** Fuel it spent; null when generated code ran, which counts only for a guest with a limit of fuel or time. */
  readonly instructions: number | null;
  /** In which the guest or a host function ran, and not waited, ms. */
  readonly cpuMs: number;
}

/** Of what never began. */
export const noUsage: Usage = { compileMs: 0, runMs: 0, cpuMs: 0, instructions: 0, memoryBytes: 0, tableElements: 0 };

export interface Execution {
  /** `snapshot`: the guest was saved, and goes on from there. */
  readonly kind: "exit" | "snapshot" | Problem["kind"];
  /** What the guest gave to `proc_exit`; 0 if it returned; undefined if it did not end by itself. */
  readonly exitCode?: number;
  /** What went wrong, unless kind is "exit". */
  readonly problem?: Problem;
  /** The error itself, for debugging. */
  readonly error?: unknown;
  /** Of `invoke`. */
  readonly results?: readonly { readonly type: ValType; readonly value: Val }[];
  readonly usage: Usage;
  /** What was compiled; undefined when the interpreter did everything. */
  readonly tierStats?: TierStats | undefined;
  /** When it was asked for and the guest was instantiated. */
  readonly receipt?: RunReceipt | undefined;
  /** What its sockets carried; undefined for a guest that can have none. */
  readonly network?: NetworkUsage | undefined;
}

/** Compiles, links and runs. Never throws for anything a module or the settings can cause. */
export async function execute(options: ExecuteOptions): Promise<Execution> {
  let run: Run;
  try {
    run = new Run(options);
  } catch (error) {
    const problem = problemOf(error);
    return { kind: problem.kind, problem, error, usage: noUsage };
  }
  try {
    const ended = await outcomeOf(run, options);
    return { ...ended, tierStats: run.tierStats, receipt: await run.receipt(ended), network: run.network?.() };
  } finally {
    run.dispose();
  }
}

async function outcomeOf(run: Run, options: ExecuteOptions): Promise<Execution> {
  try {
    return { kind: "exit", ...(await (options.resume ? run.resume(options.resume) : run.toEnd())), usage: run.usage() };
  } catch (error) {
    if (error instanceof GuestExit) return { kind: "exit", exitCode: error.exitCode, usage: run.usage() };
    const cause = options.interrupt?.explain(error) ?? error;
    const problem = problemOf(cause, printable(options.file), options.bytes);
    return { kind: problem.kind, problem, error: cause, usage: run.usage() };
  }
}

type Ending = Pick<Execution, "exitCode" | "results"> & { readonly kind?: "snapshot" };

/** What one module of a run needs to become an instance. */
interface Part {
  readonly module: Module;
  readonly options: InstanceOptions;
  readonly imports: (preloaded: Imports) => Imports;
  /** Gives the host the memory of the instance. */
  bind(instance: Instance, imports: Imports): void;
}

/** @throws CliError WT6503 */
function meterOf(limits: Limits | undefined): Meter {
  try {
    return new Meter(limits);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CliError("WT6503", error.message, {
      where: "limits are numbers from 0, cpuShare is above 0 and at most 1",
      help: "leave out what is not to be limited",
    });
  }
}

/** One execution under way: what its steps share, and what must be closed at its end. */
class Run {
  private readonly options: ExecuteOptions;
  private readonly engine: Engine;
  private readonly closers: (() => void)[] = [];
  private readonly started = nowMs();
  private compiled: number | undefined;
  private meter: Meter;
  private inTurns: boolean;
  /** The guest itself, not the preloaded. */
  private instance: Instance | undefined;
  private threads: ThreadedRun | undefined;
  private calls: Receipt | undefined;
  /** Of the guest itself, when it may have sockets. */
  network: (() => NetworkUsage | undefined) | undefined;
  /** In the order in which they were made. */
  private readonly instances: Instance[] = [];
  private readonly hosts: HostState[] = [];

  constructor(options: ExecuteOptions) {
    this.options = options;
    this.inTurns = options.inTurns === true || options.snapshot !== undefined;
    this.meter = this.makeMeter();
    const { interrupt } = options;
    if (interrupt !== undefined) this.closers.push(() => interrupt.dispose());
    const { tier, mayEval, i64, optimise, onGenerate, optimisesLarge, codeStore } = options;
    this.engine = new Engine({
      tier,
      eval: mayEval,
      i64,
      optimise,
      onGenerate,
      optimisesLarge,
      codeStore,
      features: options.features?.on,
    });
  }

  usage(): Usage {
    const now = nowMs();
    const compiled = this.compiled ?? now;
    if (this.threads !== undefined) return this.usageOfThreads(this.threads, compiled, now);
    const { memoryBytes, tableElements, instructions, cpuMs } = this.meter.usage();
    return {
      compileMs: round(compiled - this.started),
      runMs: round(now - compiled),
      cpuMs: round(cpuMs),
      instructions: instructions ?? null,
      memoryBytes,
      tableElements,
    };
  }

  private usageOfThreads({ memory, instructions, cpuMs }: ThreadedRun, compiled: number, now: number): Usage {
    return {
      compileMs: round(compiled - this.started),
      runMs: round(now - compiled),
      cpuMs: round(cpuMs()),
      instructions: instructions(),
      memoryBytes: memory.bytes.length,
      tableElements: 0,
    };
  }

  dispose(): void {
    for (const close of this.closers) close();
  }

  get tierStats(): TierStats | undefined {
    return this.instance?.tierStats;
  }

  /** Undefined when it was not asked for, or there never was an instance. */
  async receipt({ kind, exitCode, problem, results = [] }: Execution): Promise<RunReceipt | undefined> {
    const { wasi, loadWasi, bytes } = this.options;
    if (!wasi.receipt || this.instance === undefined) return undefined;
    const calls = this.calls ?? new (await loadWasi()).Receipt();
    const end = [kind, exitCode ?? problem?.code, ...results.map(({ value }) => String(value))].join(" ");
    return receiptOf(calls, bytes, this.instance, end);
  }

  async toEnd(): Promise<Ending> {
    const { file, bytes, invoke } = this.options;
    const module = this.compile(bytes, file);
    if (invoke === undefined) checkRunnable(module, file);
    const args = invoke === undefined ? [] : argumentsFor(module, invoke, file);
    if (isThreaded(module, this.options)) return this.runThreads(module, invoke?.name ?? "_start", args);
    this.decideTurns(module);
    const preloaded = await this.preload();
    this.compiled = nowMs();
    const instance = await this.link(await this.part(module, file), preloaded);
    this.instance = instance;
    if (invoke !== undefined) await this.initialize(instance);
    return this.finish(instance, instance.start(invoke?.name ?? "_start", args));
  }

  private async runThreads(module: Module, name: string, args: readonly Val[]): Promise<Ending> {
    const { loadWasi, wasi: settings, network, invoke } = this.options;
    const host = await loadWasi();
    const opened = network && needsNetwork(module, network) ? await host.openNetwork(network) : undefined;
    const wasi = host.makeWasi(host.wasiVersion(module) ?? "preview1", settings, opened);
    this.closers.push(() => wasi.close());
    if (opened !== undefined) this.network = () => wasi.usage().network;
    const entry = { name, args, isInitialized: invoke !== undefined };
    this.threads = prepareThreads(module, this.options, wasi, host, entry);
    this.compiled = nowMs();
    return this.ending(typeOf(module, exported(module, name)!.idx).results, await this.threads.run());
  }

  /** Goes on from a snapshot. */
  async resume(snapshot: Uint8Array): Promise<Ending> {
    const { file, bytes, preloads = [] } = this.options;
    const files = [...preloads, { name: undefined, file, bytes }];
    const parts: Part[] = [];
    for (const p of files) parts.push(await this.part(this.compile(p.bytes, p.file), p.file, p.name));
    this.compiled = nowMs();
    const given: Imports[] = [];
    const { instances, activation } = this.engine.restore(
      parts.map(({ module, options, imports }, i) => ({
        module,
        options,
        imports: (earlier) => {
          given[i] = imports(Object.fromEntries(earlier.map((instance, k) => [files[k]!.name, instance.exports])));
          return given[i];
        },
      })),
      snapshot,
      { hosts: this.allHosts() },
    );
    this.instances.push(...instances);
    parts.forEach((part, i) => void part.bind(instances[i]!, given[i]!));
    const instance = instances.at(-1)!;
    this.instance = instance;
    if (activation === undefined) {
      throw new CliError("WT6573", "there is nothing to go on with in the snapshot", {
        where: "no call was under way when it was taken",
        help: "restore it with Engine.restore, and call its exports",
      });
    }
    return this.finish(instance, activation);
  }

  /** Runs the guest's call to its end, or to its snapshot. */
  private async finish(instance: Instance, act: Activation): Promise<Ending> {
    const { snapshot } = this.options;
    const vals =
      snapshot !== undefined
        ? await this.runSaving(instance, act, snapshot)
        : this.inTurns
          ? await instance.runUntil(act, { runner: await this.turnRunner() })
          : this.onThread(() => instance.runToEnd(act));
    return vals === undefined ? { kind: "snapshot", exitCode: 0 } : this.ending(act.func.type.results, vals);
  }

  /** Waits on the thread, where the guest's sockets are on another one. */
  private async turnRunner(): Promise<Runner | undefined> {
    const { network, loadWasi } = this.options;
    return this.network !== undefined && network?.backend === "thread" ? (await loadWasi()).blockThread : undefined;
  }

  private ending(types: readonly ValType[], vals: readonly Val[]): Ending {
    const isCommand = this.options.invoke === undefined && types.length === 0;
    return { exitCode: 0, ...(isCommand ? {} : { results: vals.map((value, i) => ({ type: types[i]!, value })) }) };
  }

  /** Undefined when it was saved and does not go on. */
  private async runSaving(instance: Instance, act: Activation, plan: SnapshotPlan): Promise<Val[] | undefined> {
    const timer = new SnapshotTimer(plan.at);
    try {
      for (;;) {
        const vals = await instance.runUntil(act, timer.options(this.meter.spent));
        if (vals !== undefined) return vals;
        plan.write(this.engine.snapshot(this.instances, { activation: act, hosts: this.allHosts() }));
        if (!plan.goesOn) return undefined;
        if (!timer.again()) return await instance.runInTurns(act);
      }
    } finally {
      timer.dispose();
    }
  }

  private allHosts(): HostState[] {
    const { file, snapshot } = this.options;
    return [...this.hosts, savedRunState(snapshot?.run ?? { file, preloads: [] })];
  }

  private call(instance: Instance, func: FuncInst): Val[] | Promise<Val[]> {
    return this.inTurns ? instance.callAsync(func) : this.onThread(() => instance.call(func));
  }

  private makeMeter(): Meter {
    const { interrupt, limits } = this.options;
    return meterOf(this.inTurns && interrupt ? { ...limits, signal: interrupt.listen() } : limits);
  }

  /** Sockets need the event loop, or those who end a guest that waits for them do. Called before anything is instantiated. */
  private decideTurns(module: Module): void {
    if (!needsNetwork(module, this.options.network) || this.inTurns) return;
    this.inTurns = true;
    this.meter = this.makeMeter();
  }

  private onThread<T>(guest: () => T): T {
    const { interrupt } = this.options;
    return interrupt === undefined ? guest() : interrupt.onThread(guest);
  }

  private async initialize(instance: Instance): Promise<void> {
    const { _initialize } = instance.exports;
    if (_initialize?.kind === "func") await this.call(instance, _initialize);
  }

  private compile(bytes: Uint8Array, file: string): Module {
    const module = this.engine.compile(bytes);
    if (this.options.features !== undefined) checkFeatures(module, this.options.features, file);
    return module;
  }

  /** Each sees those before it. */
  private async preload(): Promise<Imports> {
    const preloaded = Object.create(null) as Record<string, Imports[string]>;
    for (const { name, file, bytes } of this.options.preloads ?? []) {
      const instance = await this.link(await this.part(this.compile(bytes, file), file, name), preloaded);
      await this.initialize(instance);
      preloaded[name] = instance.exports;
    }
    return preloaded;
  }

  /** Instantiates a module and runs its start function. */
  private async link(part: Part, preloaded: Imports): Promise<Instance> {
    const { module, options } = part;
    const given = part.imports(preloaded);
    // A start function may call WASI, which needs the memory of the instance: it runs when that is known.
    const instance = this.engine.instantiate(module, given, { ...options, isStartLeft: true });
    this.instances.push(instance);
    part.bind(instance, given);
    if (module.start !== undefined) await this.call(instance, instance.inst.funcs[module.start]!);
    return instance;
  }

  /** `module` with a WASI host of its own if it imports WASI. @param preload its name; absent: it is the guest itself */
  private async part(module: Module, file: string, preload?: string): Promise<Part> {
    const isWasi = module.imports.some((imp) => imp.module.startsWith("wasi_"));
    // What waits for other threads blocks its own like a host call does.
    const mayBlock = isWasi || (module.features.has("threads") && !this.options.inTurns);
    const host = mayBlock ? await this.options.loadWasi() : undefined;
    const version = isWasi ? host?.wasiVersion(module) : undefined;
    const network = preload === undefined ? this.options.network : undefined;
    const opened = network && needsNetwork(module, network) ? await host?.openNetwork(network) : undefined;
    const wasi = version && host?.makeWasi(version, this.options.wasi, opened);
    if (preload === undefined) this.calls = wasi?.receipt;
    if (wasi !== undefined) {
      this.closers.push(() => wasi.close());
      if (opened !== undefined) this.network = () => wasi.usage().network;
      this.hosts.push(preload === undefined ? wasi.state : renamed(wasi.state, `wasi of ${preload}`));
    }
    const mode = this.options.unknownImports ?? "error";
    const imports = (preloaded: Imports): Imports => {
      const given = mergeImports([wasi?.hostImports() ?? {}, this.options.imports ?? {}, preloaded]);
      const unknown = unknownImports(module, given);
      if (unknown.length > 0 && mode === "error") throw unknownImportError(module, unknown, given, file);
      return given;
    };
    const { memoryBytes, tableElements, stackDepth } = this.options.limits ?? {};
    const options: InstanceOptions = {
      maxMemoryBytes: memoryBytes,
      maxTableElements: tableElements,
      maxStackDepth: stackDepth,
      meter: this.meter,
      runner: host?.blockThread,
      heapGauge: module.features.has("gc") ? await this.options.loadHeapGauge() : undefined,
      hasCanonicalNans: this.options.wasi.deterministic !== undefined,
      missingImport: mode === "error" ? undefined : (imp: Import) => standIn(module, imp, mode),
    };
    const bind = (instance: Instance, given: Imports): void => {
      if (wasi !== undefined) host?.bindMemory(wasi, instance, given);
    };
    return { module, options, imports, bind };
  }
}

/** True for a guest that makes sockets of its own, or is given some. */
const needsNetwork = (module: Module, network: NetworkSettings | undefined): boolean =>
  (network?.listen.length ?? 0) > 0 ||
  module.imports.some((imp) => imp.module.startsWith("wasi_") && /^sock_open(_v2)?$/.test(imp.name));

const renamed = (state: HostState, name: string): HostState => ({
  name,
  save: () => state.save(),
  prepare: (bytes) => state.prepare(bytes),
});

const nowMs = (): number => Number(monotonicNs()) / 1e6;
const round = (ms: number): number => Math.round(ms * 1000) / 1000;

const exported = (module: Module, name: string): Module["exports"][0] | undefined =>
  module.exports.find((e) => e.name === name);
const isFunc = (module: Module, name: string): boolean => exported(module, name)?.kind === "func";

function checkRunnable(module: Module, file: string): void {
  if (isFunc(module, "_start")) return;
  const functions = exportedFunctions(module);
  throw new CliError("WT6550", `nothing to run in ${file}: it exports no _start`, {
    where: isFunc(module, "_initialize")
      ? "it is a reactor: its exports are there to be called"
      : "it is a library, not a program",
    help:
      functions.length === 0
        ? "it exports no function at all"
        : ["call one of its functions with --invoke NAME:", ...functions],
  });
}

/** Lines such as `fib (func (param i32) (result i64))`; the first few. */
function exportedFunctions(module: Module, most = 12): string[] {
  const functions = module.exports.filter((e) => e.kind === "func");
  const lines = functions
    .slice(0, most)
    .map((e) => `  ${printable(e.name, 60)} ${printFuncType(typeOf(module, e.idx))}`);
  return functions.length > most ? [...lines, `  and ${functions.length - most} more: wasmts inspect`] : lines;
}

function typeOf(module: Module, func: number): FuncInst["type"] {
  const comp = module.types[module.funcTypes[func]!]!.comp;
  if (comp.kind !== "func") throw new Error(`function ${func} has no function type`);
  return comp;
}

/** Looked up before anything runs, so that a wrong name or word changes nothing. */
function argumentsFor(module: Module, invoke: NonNullable<ExecuteOptions["invoke"]>, file: string): readonly Val[] {
  const found = module.exports.find((e) => e.name === invoke.name);
  const functions = exportedFunctions(module);
  if (found === undefined) {
    const near = closest(
      invoke.name,
      module.exports.filter((e) => e.kind === "func").map((e) => e.name),
    );
    const list = functions.length === 0 ? ["it exports no function"] : ["functions it exports:", ...functions];
    throw new CliError("WT6540", `${file} exports nothing named ${invoke.name}`, {
      where: list,
      help: near === undefined ? "choose one of its functions" : `did you mean --invoke ${near}?`,
    });
  }
  if (found.kind !== "func") {
    throw new CliError("WT6541", `the export ${invoke.name} of ${file} is a ${found.kind}, not a function`, {
      where: functions.length === 0 ? "it exports no function" : ["functions it exports:", ...functions],
      help: "choose one of its functions",
    });
  }
  const type = typeOf(module, found.idx);
  if ("words" in invoke) return parseArguments(invoke.name, type, invoke.words);
  checkArgumentCount(invoke.name, type, invoke.args.length);
  return invoke.args;
}
