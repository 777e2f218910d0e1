/** The embedder's view: Engine, Instance. Chooses tiers; the only file of the engine that sees them all. */
import type { FeatureSwitches } from "./binary/feature-gate.ts";
import { callHost, callHostInTurns } from "./call-host.ts";
import { type CodeStore, keepIn } from "./code-store.ts";
import { compile } from "./compile.ts";
import { type PauseOptions, runInTurns, runToEnd } from "./drive.ts";
import { WasmError } from "./errors.ts";
import type { HostState } from "./host-state.ts";
import { Activation } from "./interpret/activation.ts";
import { captureFrames, type Frames, restoreFrames } from "./interpret/frames.ts";
import type { StackLimits } from "./interpret/stack.ts";
import type { TierStats } from "./jit/stats.ts";
import type { ModuleLimits } from "./limits.ts";
import type { Export, Module } from "./module.ts";
import { FuncInst } from "./runtime/func.ts";
import type { Extern, ModuleInst } from "./runtime/instance.ts";
import { type InstanceOptions, instantiate } from "./runtime/instantiate.ts";
import type { Imports } from "./runtime/link.ts";
import type { GuestUsage, Meter } from "./runtime/meter.ts";
import type { Val } from "./runtime/value.ts";
import { fromBytes, type Image, toBytes } from "./snapshot/file.ts";
import { checkModules, headOf, load } from "./snapshot/load.ts";
import { imageOf } from "./snapshot/save.ts";
import { addTier, isTiered, type TierOptions } from "./tiers.ts";

export interface EngineOptions extends TierOptions {
  readonly moduleLimits?: ModuleLimits | undefined;
  /** Proposals switched against their state in `features.ts`. */
  readonly features?: FeatureSwitches | undefined;
  /** Where what was found valid, and the code that was made, is kept for other processes. */
  readonly codeStore?: CodeStore | undefined;
}

/** Frames of one activation, unless `maxStackDepth` says otherwise. */
export const DEFAULT_STACK_DEPTH = 50_000;
/** Average words a frame may take: bounds frame memory at depth x 64 words x 4 bytes. */
const WORDS_PER_FRAME = 64;
const MIN_WORDS = 1 << 18;

/**
 * Compiles and instantiates modules with one set of options.
 *
 * @example
 * const engine = new Engine();
 * const instance = engine.instantiate(engine.compile(bytes), { env: { log: (x) => console.log(x) } });
 * instance.invoke("main", [1, 2n]);
 */
export class Engine {
  readonly options: EngineOptions;

  constructor(options: EngineOptions = {}) {
    this.options = options;
  }

  /**
   * Decodes and validates. The module is immutable and may be instantiated many times.
   *
   * @throws WasmError malformed, invalid, unsupported
   * @cost O(bytes)
   */
  compile(bytes: Uint8Array): Module {
    const { moduleLimits, features, codeStore } = this.options;
    return compile(bytes, { moduleLimits, features }, codeStore);
  }

  /** @param isBlank segments are not copied: a snapshot gives all contents */
  #instance(module: Module, imports: Imports, options: InstanceOptions, isBlank = false): Instance {
    const tiered = isTiered(this.options) && options.hasCanonicalNans !== true;
    const { codeStore } = this.options;
    if (tiered && codeStore !== undefined) keepIn(codeStore, module);
    const isApart = this.options.resident === false;
    const inst = instantiate(module, imports, { ...options, isTiered: tiered, isApart }, isBlank);
    const instance = new Instance(inst, options);
    if (tiered) instance.tierStats = addTier(inst, this.options, instance.stackLimits);
    return instance;
  }

  /**
   * Makes an instance and runs its start function, unless that is left to the caller.
   *
   * @throws WasmError unlinkable, trap, exhausted
   */
  instantiate(module: Module, imports: Imports = {}, options: InstanceOptions = {}): Instance {
    const instance = this.#instance(module, imports, options);
    if (options.isStartLeft !== true) instance.runStart();
    return instance;
  }

  /** As `instantiate`; the start function may wait, for imports that return promises too. */
  async instantiateAsync(module: Module, imports: Imports = {}, options: InstanceOptions = {}): Promise<Instance> {
    const instance = this.#instance(module, imports, options);
    if (module.start !== undefined && options.isStartLeft !== true) {
      await instance.callAsync(instance.inst.funcs[module.start]);
    }
    return instance;
  }

  /**
   * The state of a guest as bytes, from which it goes on anywhere: docs/snapshots.md.
   *
   * @param instances all that the guest consists of, in the order in which they were made
   * @throws WasmError WT5205 what only this process knows: a host object in a reference, shared memory, an open socket;
   *   WT5206 when it is in the middle of a host call
   * @cost O(memory that is not zero), about 10 ns a byte for the checksum
   */
  snapshot(instances: readonly Instance[], { activation, hosts = [] }: SnapshotOptions = {}): Uint8Array {
    return toBytes(
      imageOf(
        instances.map((i) => i.inst),
        activation,
        hosts,
      ),
    );
  }

  /**
   * A guest that goes on where `bytes`, of `snapshot`, left it. Nothing runs before `activation.run` or `runInTurns`.
   *
   * @param parts its modules and what they import, in the order of the instances
   * @throws WasmError WT5201..WT5207, unlinkable; nothing is restored then
   */
  restore(parts: readonly RestorePart[], bytes: Uint8Array, { hosts = [] }: RestoreOptions = {}): RestoredGuest {
    return this.#revive(parts, fromBytes(bytes), hosts);
  }

  /**
   * A copy of a guest in this process, which shares nothing with it but what `parts` import.
   *
   * @throws as `snapshot` and `restore`
   * @cost O(memory)
   */
  fork(
    instances: readonly Instance[],
    parts: readonly RestorePart[],
    { activation, hosts = [], newHosts = [] }: SnapshotOptions & { readonly newHosts?: readonly HostState[] } = {},
  ): RestoredGuest {
    const image = imageOf(
      instances.map((i) => i.inst),
      activation,
      hosts,
    );
    return this.#revive(parts, image, newHosts);
  }

  #revive(parts: readonly RestorePart[], image: Image, hosts: readonly HostState[]): RestoredGuest {
    checkModules(
      headOf(image),
      parts.map((p) => p.module),
    );
    const instances: Instance[] = [];
    for (const { module, imports = {}, options = {} } of parts) {
      const given = typeof imports === "function" ? imports(instances) : imports;
      instances.push(this.#instance(module, given, options, true));
    }
    const insts = instances.map((i) => i.inst);
    const activation = load(image, insts, hosts, (instances[0] as Instance).stackLimits);
    return { instances, activation };
  }
}

export interface SnapshotOptions {
  /** The call that is under way, stopped or blocked. */
  readonly activation?: Activation | undefined;
  /** Parts of the host that belong to the guest. */
  readonly hosts?: readonly HostState[] | undefined;
}

export interface RestoreOptions {
  /** The same kinds of state as when the snapshot was taken. */
  readonly hosts?: readonly HostState[] | undefined;
}

/** One instance of a guest to be restored. */
export interface RestorePart {
  readonly module: Module;
  /** What it imports; a function gets the instances restored before it. */
  readonly imports?: Imports | ((earlier: readonly Instance[]) => Imports) | undefined;
  readonly options?: InstanceOptions | undefined;
}

export interface RestoredGuest {
  readonly instances: readonly Instance[];
  /** The call that was under way. */
  readonly activation: Activation | undefined;
}

/** An instance of a module and its exports. */
export class Instance {
  readonly module: Module;
  /** Null-prototype, in the order of the module. */
  readonly exports: Readonly<Record<string, Extern>>;
  /** What the tiers see. @internal */
  readonly inst: ModuleInst;
  readonly stackLimits: StackLimits;
  /** A call of this instance that the event loop runs is suspended. */
  #isSuspended = false;
  readonly #isReentrant: boolean;
  /** What was compiled, and what was not; undefined when the interpreter does everything. */
  tierStats: TierStats | undefined;

  constructor(inst: ModuleInst, options: InstanceOptions) {
    this.module = inst.module;
    this.inst = inst;
    this.#isReentrant = options.reentrant ?? false;
    const frames = options.maxStackDepth ?? DEFAULT_STACK_DEPTH;
    this.stackLimits = { frames, words: Math.max(MIN_WORDS, frames * WORDS_PER_FRAME) };
    const exports = Object.create(null) as Record<string, Extern>;
    for (const e of inst.module.exports) exports[e.name] = externOf(inst, e);
    this.exports = Object.freeze(exports);
  }

  /** The exported function `name`. @throws WasmError unlinkable, WT3005, when there is none */
  func(name: string): FuncInst {
    const f = this.exports[name];
    if (f instanceof FuncInst) return f;
    const what = f === undefined ? "no export" : `export is a ${f.kind}, not a function:`;
    throw new WasmError("unlinkable", "WT3005", `${what} ${JSON.stringify(name)}`);
  }

  /**
   * Calls an export and runs it to its end on this thread.
   *
   * @param args i32, f32, f64 as numbers, i64 and v128 as bigint, references as they are; one for each parameter
   * @throws WasmError trap, exhausted, exit, WT4018; GuestStopped at a limit
   */
  invoke(name: string, args: readonly Val[] = []): Val[] {
    return this.call(this.func(name), args);
  }

  /** Calls a function that this instance exports or otherwise handed out, such as one in a table. */
  call(f: FuncInst, args: readonly Val[] = []): Val[] {
    checkCount(f, args);
    return this.callNow(f, args);
  }

  /** Runs the start function, if there is one. @throws WasmError trap, exhausted, exit */
  runStart(): void {
    const { start } = this.module;
    if (start !== undefined) this.callNow(this.inst.funcs[start], []);
  }

  /**
   * Calls an export and runs it in turns, between which the event loop of this thread does other things: timers, I/O, a
   * signal that ends the guest. Imports may return promises; the guest is suspended until they settle.
   *
   * @throws as `invoke`; what a promise is rejected with is a trap (WT4014) with that as its cause
   */
  async invokeAsync(name: string, args: readonly Val[] = []): Promise<Val[]> {
    return this.callAsync(this.func(name), args);
  }

  /** `call`, in turns as `invokeAsync`. */
  async callAsync(f: FuncInst, args: readonly Val[] = []): Promise<Val[]> {
    checkCount(f, args);
    if (f.inst === null) return callHostInTurns(f, args);
    return this.runInTurns(this.begin(f, args));
  }

  /** Runs what `start` or `restore` gave, or what a limit stopped, to its end in turns. */
  async runInTurns(act: Activation): Promise<Val[]> {
    return (await this.runUntil(act, {})) as Val[];
  }

  /** As `runInTurns`, to its end or until it is paused; undefined then. */
  async runUntil(act: Activation, options: PauseOptions): Promise<Val[] | undefined> {
    this.checkIdle();
    try {
      return await runInTurns(act, options, (isSuspended) => {
        this.#isSuspended = isSuspended;
      });
    } finally {
      this.#isSuspended = false;
    }
  }

  /** The state of a guest of this one instance; see `Engine.snapshot`. */
  snapshot(options: SnapshotOptions = {}): Uint8Array {
    return toBytes(imageOf([this.inst], options.activation, options.hosts ?? []));
  }

  /** What its guest has used. */
  usage(): GuestUsage {
    return this.inst.meter.usage();
  }

  /** The account of its guest: to give it more fuel, more time. */
  get meter(): Meter {
    return this.inst.meter;
  }

  /** As `start`, of a function that this instance exports or otherwise handed out. */
  begin(f: FuncInst, args: readonly Val[] = []): Activation {
    this.checkIdle();
    return new Activation(f, args, this.stackLimits);
  }

  /** A guest in the middle of a call is entered again only by a host function it has called, or if it says it may. */
  private checkIdle(): void {
    if (!this.#isSuspended || this.#isReentrant) return;
    throw new WasmError("trap", "WT4018", "the instance is in the middle of another call", {
      hint: "await the other call first, or make the instance with reentrant: true",
    });
  }

  /** The resumable form of `invoke`: nothing runs until `run` of what it returns. */
  start(name: string, args: readonly Val[] = []): Activation {
    return new Activation(this.func(name), args, this.stackLimits);
  }

  /** An activation of `func` that goes on from canonical frames. */
  restore(func: FuncInst, frames: Frames): Activation {
    return restoreFrames(func, frames, this.stackLimits);
  }

  /** Runs what `start` or `restore` gave, or what a limit stopped, to its end on this thread. Throws as `invoke`. */
  runToEnd(act: Activation): Val[] {
    this.checkIdle();
    act.mayNest = true;
    return runToEnd(act);
  }

  private callNow(f: FuncInst, args: readonly Val[]): Val[] {
    return f.inst === null ? callHost(f, args, this.inst.runner) : this.runToEnd(this.begin(f, args));
  }
}

function checkCount(f: FuncInst, args: readonly Val[]): void {
  if (args.length === f.type.params.length) return;
  throw new TypeError(`${f.type.params.length} arguments expected, ${args.length} given`);
}

function externOf(inst: ModuleInst, e: Export): Extern {
  const spaces = { func: inst.funcs, table: inst.tables, memory: inst.mems, global: inst.globals, tag: inst.tags };
  return spaces[e.kind][e.idx];
}

export { captureFrames };
