/**
 * The WASI host of one guest, wherever it runs: what the `WASI` classes of Node.js and of browsers have in common.
 */
import {
  Blocked,
  type Given,
  GuestExit,
  type HostFn,
  type HostResult,
  type HostState,
  type Runner,
} from "../engine/index.ts";
import type { CallName } from "./calls.ts";
import { codedError, typeError } from "./coded-error.ts";
import { type Clock, Context, type HostOptions, type Random } from "./context.ts";
import { fixedStat, SeededRandom, virtualClock } from "./deterministic.ts";
import { WasiError } from "./error-codes.ts";
import type { Descriptor } from "./fd-table.ts";
import { type FsLevel, fsLevels } from "./file-system.ts";
import { Guard } from "./guard.ts";
import { bindAll, bindCalls, bindImports, bindSockets, bindSocketsByName } from "./host.ts";
import { type AnyInstance, entryOf, memoryFor } from "./instance.ts";
import { limits } from "./limits.ts";
import { tracing } from "./log.ts";
import { type MountOption, openMounts } from "./mounts.ts";
import { NetworkPermission } from "./net/permission.ts";
import type { NetworkPolicy } from "./network-rules.ts";
import { abiOf, argBytes, envBytes, type GuestOptions, guardedOutput } from "./options.ts";
import { Receipt } from "./receipt.ts";
import { hostState } from "./state.ts";
import { type InputStream, noBudget, type OutputBudget, type OutputStream } from "./streams.ts";
import { usageOf, type WasiUsage } from "./usage.ts";
import type { Watcher } from "./watch.ts";

/** What the place where a host runs has for its guest. */
export interface World {
  clock(): Clock;
  readonly random: Random;
  readonly runner: Runner;
  /** All of the guest's mounts, those of the option `mounts` among them. */
  readonly mounts: readonly MountOption[];
  stdin(): InputStream | undefined;
  stdout(): OutputStream | undefined;
  stderr(): OutputStream | undefined;
}

/** See `WASI`. */
export class GuestHost {
  /**
   * The 46 functions, and those of WasmEdge for sockets where the network is one that may be waited for (`BlockingNetwork`).
   * They block the thread where they have to wait; see the option `runner`.
   */
  readonly wasiImport: Readonly<Record<CallName, HostFn>>;
  /** Of the guest's calls; undefined unless the option `receipt` asked for it. */
  readonly receipt: Receipt | undefined;
  /** How strongly the guest is kept inside the weakest of its mounts; undefined without mounts. */
  readonly level: FsLevel | undefined;
  readonly #host: Context;
  /** Descriptors the guest began with. */
  readonly #given: ReadonlyMap<number, Descriptor>;
  readonly #options: GuestOptions;
  readonly #budget: OutputBudget;
  readonly #watchers: readonly Watcher[];
  #isStarted = false;
  #isClosed = false;

  /** @throws WasiError WT6001..WT6008; what opening mounts throws */
  constructor(options: GuestOptions, world: World) {
    this.#options = options;
    this.#budget = { ...noBudget(), maxBytes: options.maxOutputBytes ?? Number.POSITIVE_INFINITY };
    if (options.receipt) this.receipt = new Receipt(settingOf(options, world.mounts));
    this.#host = createContext(options, world, this.#budget, this.receipt);
    this.#given = new Map(this.#host.fds.entries());
    this.#watchers = [
      ...(options.trace ? [tracing(options.trace)] : []),
      ...(this.receipt ? [this.receipt.watch] : []),
    ];
    this.level = weakest(world.mounts.map((mount) => mount.fs.level));
    const finish = waitingOut(options.runner ?? world.runner);
    const sockets = this.#host.network?.mayBlock ? bindSocketsByName(this.#host, this.#watchers) : {};
    const finished = Object.fromEntries(Object.entries(sockets).map(([name, fn]) => [name, finish(fn)]));
    this.wasiImport = { ...bindCalls(this.#host, this.#watchers, finish), ...finished };
  }

  /** Name of the module that the functions are imported from. */
  get module(): string {
    return this.#host.abi.module;
  }

  /** For `WebAssembly.instantiate`. */
  getImportObject(): Record<string, Readonly<Record<CallName, HostFn>>> {
    return { [this.#host.abi.module]: this.wasiImport };
  }

  /**
   * For `Engine.instantiate` of wasmts: typed, and returning `Blocked` instead of waiting. With the calls for sockets; those
   * of a `NodeNetwork` need the event loop: `Instance.invokeAsync`.
   */
  hostImports(): Record<string, Readonly<Record<string, Given>>> {
    const functions = bindImports(this.#host, this.#watchers);
    return { [this.#host.abi.module]: { ...functions, ...bindSockets(this.#host, this.#watchers) } };
  }

  /** The functions themselves, returning `Blocked` instead of waiting: for who carries out calls made elsewhere. */
  hostCalls(): Readonly<Record<CallName, HostFn>> {
    return bindAll(this.#host, this.#watchers);
  }

  /**
   * What the guest may do on the network; undefined without one. Setting it holds for what it asks from then on: what it
   * has open stays open. A policy bounds the new rules too.
   *
   * @throws TypeError when it is set without a network
   */
  get networkRules(): NetworkPolicy | undefined {
    return this.#host.permission?.rules;
  }

  set networkRules(rules: NetworkPolicy) {
    const { permission } = this.#host;
    if (permission === undefined) throw new TypeError("networkRules: this WASI was made without a network");
    permission.rules = rules;
  }

  /** What the guest has done with this host so far, also in the hosts it was restored from. */
  usage(): WasiUsage {
    return usageOf(this.#host);
  }

  /**
   * The host's part of a snapshot of the guest. A host that takes one over must have the guest's directories mounted
   * under the names the guest knows; it goes on with its own standard streams.
   */
  get state(): HostState {
    return hostState(this.#host, this.#options.state);
  }

  /** What the guest passed to proc_exit; undefined when it has not called it. */
  get exitCode(): number | undefined {
    return this.#host.exited?.exitCode;
  }

  /** The guest wanted to write more than `maxOutputBytes`. */
  get isOutputExceeded(): boolean {
    return this.#budget.isExceeded;
  }

  /** Numbers of descriptors that are not what the guest began with: opened since and still open, closed, replaced. */
  changedFds(): number[] {
    const now = new Map(this.#host.fds.entries());
    const numbers = new Set([...this.#given.keys(), ...now.keys()]);
    return [...numbers].filter((fd) => now.get(fd) !== this.#given.get(fd)).sort((a, b) => a - b);
  }

  /**
   * Runs a command: calls `_start`, and releases everything when it is over.
   *
   * @returns the exit code, 0 when `_start` returned
   * @throws ERR_WASI_ALREADY_STARTED; TypeError for what is not a command; what the guest's trap throws
   */
  start(instance: AnyInstance): number {
    this.#run(this.#begin(instance, "command"), () => this.close());
    return this.exitCode ?? 0;
  }

  /**
   * `start` in turns of this thread's event loop, for an instance of wasmts: while the guest waits, other things are done,
   * and imports may return promises.
   *
   * @returns the exit code; rejected with what `start` throws, and with a TypeError for instances of other engines
   */
  async startAsync(instance: AnyInstance): Promise<number> {
    if (typeof instance?.invokeAsync !== "function")
      throw typeError('The "instance" argument must be of wasmts', instance);
    this.#begin(instance, "command");
    try {
      await instance.invokeAsync("_start");
    } catch (error) {
      if (!(error instanceof GuestExit)) throw error;
    } finally {
      this.close();
    }
    return this.exitCode ?? 0;
  }

  /** Makes a reactor ready: calls `_initialize`, if there is one. Throws as `start`. */
  initialize(instance: AnyInstance): void {
    this.#run(this.#begin(instance, "reactor"), () => {});
  }

  /** Gives the guest's memory without calling anything; `memory` for modules that import theirs. */
  finalizeBindings(instance: AnyInstance, { memory }: { memory?: object | undefined } = {}): void {
    if (this.#isStarted) throw alreadyStarted();
    // As in node:wasi since 24, what has no memory is not a start; before, it used the only chance up.
    const source = memoryFor(instance, memory);
    this.#isStarted = true;
    this.#host.mem.attach(source);
  }

  /** Closes all descriptors the guest has, the directories included. Twice does nothing. Standard streams stay open. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#host.close();
  }

  #begin(instance: AnyInstance, role: "command" | "reactor"): () => void {
    this.finalizeBindings(instance);
    return entryOf(instance, role);
  }

  #run(entry: () => void, atEnd: () => void): void {
    try {
      entry();
    } catch (error) {
      if (!(error instanceof GuestExit)) throw error;
    } finally {
      atEnd();
    }
  }
}

const weakest = (levels: readonly FsLevel[]): FsLevel | undefined =>
  [...fsLevels].reverse().find((l) => levels.includes(l));

const defaultSeed = "0";
const text = (words: string): Uint8Array => new TextEncoder().encode(words);

const alreadyStarted = (): Error => codedError(Error, "ERR_WASI_ALREADY_STARTED", "WASI instance has already started");

function createContext(
  options: GuestOptions,
  world: World,
  budget: OutputBudget,
  receipt: Receipt | undefined,
): Context {
  const args = argBytes(options.args);
  const env = envBytes(options.env);
  const { mounts } = world;
  const maxFds = options.maxFds ?? limits.fds;
  if (maxFds < 3 + mounts.length + (options.network?.listeners?.length ?? 0))
    throw new WasiError("WT6008", `maxFds of ${maxFds} has no room for ${mounts.length} mounts`);
  const stdin = world.stdin();
  const stdout = guardedOutput(world.stdout(), options, budget);
  const stderr = guardedOutput(world.stderr(), options, budget);
  const guard = options.policy || options.audit ? new Guard(options.policy, options.audit) : undefined;
  return new Context({
    args,
    env,
    maxFds,
    stdin,
    stdout,
    stderr,
    output: budget,
    receipt,
    guard,
    ...networkOf(options, guard),
    quotas: options.quotas,
    maxHostBytes: options.maxHostBytes,
    mounts: openMounts(mounts),
    ...surroundings(options, world),
    abi: abiOf(options.version),
  });
}

function networkOf({ network, deterministic }: GuestOptions, guard: Guard | undefined): Partial<HostOptions> {
  // What comes over a network is chance: a run that is to be repeated has none.
  if (network === undefined || deterministic !== undefined) return {};
  return {
    network: network.network,
    permission: new NetworkPermission(network.rules, network.decide, guard),
    listeners: network.listeners,
  };
}

/** What a receipt begins with: all that the guest was given and that is bytes. */
function settingOf(options: GuestOptions, given: readonly MountOption[]): Uint8Array[] {
  const { version, args, env, deterministic } = options;
  const seed = deterministic === undefined ? "not deterministic" : `seed ${deterministic.seed ?? defaultSeed}`;
  const mounts = given.map(({ guest, fs, readOnly }) => text(`${readOnly || fs.isReadOnly ? "ro" : "rw"} ${guest}`));
  const part = (label: string, items: readonly Uint8Array[]): Uint8Array[] => [
    text(`${items.length} ${label}`),
    ...items,
  ];
  const strings = [...part("args", argBytes(args)), ...part("env", envBytes(env)), ...part("mounts", mounts)];
  return [text(version), text(seed), ...strings];
}

/** What the guest sees of the world besides its streams and directories. */
function surroundings({ clock, random, deterministic }: GuestOptions, world: World): Partial<HostOptions> {
  const real = { clock: clock ?? world.clock(), random: random ?? world.random };
  const { seed = defaultSeed } = deterministic ?? {};
  const fixed = {
    clock: virtualClock(),
    random: new SeededRandom(seed),
    presentStat: fixedStat,
    isDeterministic: true,
  };
  return {
    ...(deterministic === undefined ? real : fixed),
    ...(clock === null ? { clock: undefined } : {}),
    ...(random === null ? { random: undefined } : {}),
  };
}

/** A host call has to wait where it cannot. */
export const waitsForLoop = (): WasiError =>
  new WasiError("WT6019", "a call of the guest waits for this thread's event loop, which it blocks", {
    hint: "give the guest a BlockingNetwork and a decide that answers at once, or run it with WASI.startAsync, or Instance.invokeAsync",
  });

/** For an engine that cannot suspend: a function that waits inside the call. */
function waitingOut(runner: Runner): (fn: HostFn) => HostFn {
  const waited = (first: Blocked): HostResult => {
    let result: HostResult = first;
    while (result instanceof Blocked) {
      if (result.isAsync) throw waitsForLoop();
      runner(result.wait);
      result = result.retry();
    }
    return result;
  };
  return (fn) =>
    (...args) => {
      const result = fn(...args);
      return result instanceof Blocked ? waited(result) : result;
    };
}
