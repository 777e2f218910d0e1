/**
 * The state of one guest's host, which every handler gets: memory, descriptors, and the capabilities it was given.
 *
 * A capability that is undefined does not exist for the guest: there are no ambient defaults here. Binding handlers to
 * a guest is the job of `host.ts`.
 */
import type { GuestExit, Val, Wait } from "../engine/index.ts";
import { type Abi, type Filestat, fdflags, preview1 } from "./abi.ts";
import type { CallArgs, CallName } from "./calls.ts";
import {
  dirDesc,
  FdTable,
  type Place,
  type StandardStream,
  type StreamDesc,
  socketDesc,
  standardStreams,
  streamDesc,
} from "./fd-table.ts";
import type { Mount } from "./file-system.ts";
import type { Guard } from "./guard.ts";
import { GuestClock } from "./guest-clock.ts";
import { IdlePolls } from "./idle-polls.ts";
import { IoMeter, type QuotaOptions } from "./io-meter.ts";
import { limits } from "./limits.ts";
import { GuestMemory } from "./memory.ts";
import type { NetworkPermission } from "./net/permission.ts";
import type { Edges, Network, Socket } from "./net/socket.ts";
import { type InputStream, noBudget, type OutputBudget, type OutputStream } from "./streams.ts";

export type ClockId = "realtime" | "monotonic" | "process" | "thread";

/** Time, as far as the guest may know it. All values are ns. */
export interface Clock {
  /** Since 1970 for realtime, since any fixed point for monotonic, used processor time for the others; undefined when
   *  there is no such clock. */
  now(id: ClockId): bigint | undefined;
  /** Smallest step of `now`, at least 1. */
  resolution(id: ClockId): bigint | undefined;
  /** The clock that `Wait.deadlineNs` counts in (`process.hrtime.bigint()` in Node), for sleeping. */
  hostNow(): bigint;
  /** Present when time does not pass by itself. The clocks then count from its beginning. */
  readonly virtual?: VirtualTime | undefined;
}

/** Time that passes when the guest reads a clock, and jumps when it waits for one. */
export interface VirtualTime {
  /** Since its beginning. `now` and `hostNow` follow. */
  elapsedNs: bigint;
  /** What reading a clock takes. */
  readonly stepNs: bigint;
}

export interface Random {
  /** Fills `bytes` (at most `limits.randomChunk`, never shared memory) with unpredictable values. */
  fill(bytes: Uint8Array): void;
  /** Present when what comes next is determined. */
  readonly state?: Saveable | undefined;
}

/** A part of a host whose state is text. */
export interface Saveable {
  save(): string;
  /** What takes `text` over, changing nothing yet; undefined when `save` would not have made it. */
  restore(text: string): (() => void) | undefined;
}

/** What a guest is given. Strings are bytes without a NUL; what is left out, the guest does not have. */
export interface HostOptions {
  readonly args?: readonly Uint8Array[];
  /** Each `NAME=value`. */
  readonly env?: readonly Uint8Array[];
  readonly stdin?: InputStream | undefined;
  readonly stdout?: OutputStream | undefined;
  readonly stderr?: OutputStream | undefined;
  /** Of both output streams, which keep to it. */
  readonly output?: OutputBudget | undefined;
  /** Descriptors 3, 4, ... in this order. The host owns their handles from then on. */
  readonly mounts?: readonly Mount[];
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  /** Nothing the guest sees depends on time or on how busy the host is; `clock` is virtual and `random` seeded. */
  readonly isDeterministic?: boolean | undefined;
  /** Makes sockets; what the guest may do with them is `permission`'s to say. */
  readonly network?: Network | undefined;
  readonly permission?: NetworkPermission | undefined;
  /** Sockets that listen: descriptors 3, 4, ... before the mounts. The host owns them from then on. */
  readonly listeners?: readonly Socket[] | undefined;
  /** How fast the guest may go. Default: as fast as it can. */
  readonly quotas?: QuotaOptions | undefined;
  /** Bytes that the host may hold for the guest, by estimate. Default: as much as other limits allow. */
  readonly maxHostBytes?: number | undefined;
  /** Kept of the guest's calls; saved with it. */
  readonly receipt?: Saveable | undefined;
  /** What the guest is told about a file. Default: everything. */
  readonly presentStat?: ((stat: Filestat, place: Place) => Filestat) | undefined;
  /** Asked before what the policy is about. Default: everything is allowed. */
  readonly guard?: Guard | undefined;
  /** Open descriptors at once. */
  readonly maxFds?: number | undefined;
  readonly abi?: Abi;
}

/** How far a call has come, in numbers that only its handler understands. */
export type Progress = readonly (bigint | undefined)[];

/** A handler's answer "call me again, with the same arguments and this progress, when this wait is over". */
export class Again {
  readonly wait: Wait;
  readonly progress: Progress;
  constructor(wait: Wait, progress: Progress = []) {
    this.wait = wait;
    this.progress = progress;
  }
}

/** A handler's answer "when this wait is over, go on from here". */
export class Underway {
  readonly wait: Wait;
  readonly resume: () => HandlerResult;
  /** What the same call, made again by a guest that was saved meanwhile, needs to go on from here. */
  readonly progress: () => Progress;
  constructor(wait: Wait, resume: () => HandlerResult, progress: () => Progress = () => []) {
    this.wait = wait;
    this.resume = resume;
    this.progress = progress;
  }
}

/** Undefined is success. */
export type HandlerResult = undefined | Again | Underway;

/** A call that is waiting, or was when its guest was saved. */
export interface WaitingCall<P> {
  readonly name: CallName;
  /** The WebAssembly arguments. */
  readonly raw: readonly Val[];
  readonly progress: P;
}

export type Handlers = { [C in CallName]: (host: Context, ...args: CallArgs<C>) => HandlerResult };

export class Context {
  readonly mem = new GuestMemory();
  readonly abi: Abi;
  readonly fds: FdTable;
  args: readonly Uint8Array[];
  env: readonly Uint8Array[];
  /** Those the guest began with, whether or not it still has a descriptor of them. */
  readonly standard: Readonly<Record<StandardStream, StreamDesc>>;
  readonly output: OutputBudget;
  readonly clock: GuestClock | undefined;
  readonly random: Random | undefined;
  readonly network: Network | undefined;
  readonly permission: NetworkPermission | undefined;
  readonly io: IoMeter;
  readonly maxHostBytes: number;
  readonly receipt: Saveable | undefined;
  readonly guard: Guard | undefined;
  readonly isDeterministic: boolean;
  readonly presentStat: (stat: Filestat, place: Place) => Filestat;
  /** What the guest was given, whether or not it still has a descriptor of it. */
  readonly mounts: readonly Mount[];
  /** Roots of the read-only mounts by identity, when there are writable mounts they could be reached through. */
  readonly guards: ReadonlyMap<string, Mount>;
  /** Set once the guest has called proc_exit; every later call throws it again. */
  exited: GuestExit | undefined = undefined;
  /** The call that waits now. */
  waiting: WaitingCall<() => Progress> | undefined = undefined;
  /** The call that waited when the guest was saved; the guest is about to make it again. */
  interrupted: WaitingCall<Progress> | undefined = undefined;
  /** How far the call that is made now has come before, if it is made again. */
  progress: Progress = [];
  /** What `epoll_oneoff` has told of the sockets of its last call; undefined where it has told nothing. */
  told: ReadonlyMap<Socket, Partial<Edges>> = new Map();
  readonly idlePolls = new IdlePolls();
  /** Calls of sched_yield since the last other call. */
  yields = 0;

  constructor(options: HostOptions) {
    this.abi = options.abi ?? preview1;
    this.args = options.args ?? [];
    this.env = options.guard?.env(options.env ?? []) ?? options.env ?? [];
    this.clock = options.clock && new GuestClock(options.clock);
    this.output = options.output ?? noBudget();
    this.random = options.random;
    this.network = options.network;
    this.permission = options.permission;
    this.receipt = options.receipt;
    this.guard = options.guard;
    this.io = new IoMeter(options.quotas);
    this.maxHostBytes = options.maxHostBytes ?? Number.POSITIVE_INFINITY;
    this.isDeterministic = options.isDeterministic === true;
    this.presentStat = options.presentStat ?? showAll;
    this.fds = new FdTable(options.maxFds ?? limits.fds);
    const mounts = guardedMounts(this.guard, options.mounts ?? []);
    this.mounts = mounts;
    this.guards = guardsOf(mounts);
    const { stdin, stdout, stderr } = options;
    this.standard = {
      stdin: streamDesc({ standard: "stdin", input: stdin, close: () => stdin?.close?.() }),
      stdout: streamDesc({ standard: "stdout", output: stdout, close: () => stdout?.close?.() }),
      stderr: streamDesc({ standard: "stderr", output: stderr, close: () => stderr?.close?.() }),
    };
    for (const name of standardStreams) this.fds.add(this.standard[name]);
    // Listeners do not wait, as those of systemd and wasmtime.
    for (const socket of options.listeners ?? []) this.fds.add(socketDesc(socket, fdflags.nonblock));
    for (const mount of mounts) this.fds.add(dirDesc(mount.root, { mount, path: [] }, mount.guest));
  }

  /** Closes everything the guest has open, and the directories it was given. */
  close(): void {
    try {
      this.fds.closeAll();
    } finally {
      for (const mount of this.mounts) mount.root.close();
      this.network?.release?.();
    }
  }
}

/** Tells a guest everything about a file. */
export const showAll = (stat: Filestat): Filestat => stat;

/** None stays open when the policy refuses one. */
function guardedMounts(guard: Guard | undefined, mounts: readonly Mount[]): readonly Mount[] {
  try {
    return guard?.mounts(mounts) ?? mounts;
  } catch (error) {
    for (const mount of mounts) mount.root.close();
    throw error;
  }
}

function guardsOf(mounts: readonly Mount[]): Map<string, Mount> {
  const readOnly = mounts.filter((m) => m.isReadOnly);
  if (readOnly.length === mounts.length) return new Map();
  return new Map(readOnly.map((m) => [identity(m.root.stat()), m]));
}

/** Equal for two handles exactly when they are the same file. */
export function identity(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stat.dev}:${stat.ino}`;
}
