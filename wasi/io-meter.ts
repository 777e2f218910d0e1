/**
 * Counts what a guest does, and slows it down where it has a quota: a call that is over it waits, by `Blocked`, until it
 * is not. Nothing is refused, reordered or done in part because of a quota, except that one read or write moves at most
 * what the guest may save up.
 */
import { monotonicNs } from "../engine/index.ts";
import type { CallName } from "./calls.ts";
import { type Descriptor, isStandard } from "./fd-table.ts";
import { limits } from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/** What a guest may do in a second; what is left out is not limited. All that apply to a call hold. */
export interface QuotaOptions {
  /** Calls on files, directories, sockets and standard streams together, and the bytes they move. */
  readonly opsPerSecond?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  /** On files, directories and pipes. */
  readonly fileOpsPerSecond?: number | undefined;
  readonly fileBytesPerSecond?: number | undefined;
  /** On sockets. */
  readonly netOpsPerSecond?: number | undefined;
  readonly netBytesPerSecond?: number | undefined;
  /** How many seconds' worth an idle guest saves up. Default 1. */
  readonly burstSeconds?: number | undefined;
}

export const rates = [
  "opsPerSecond",
  "bytesPerSecond",
  "fileOpsPerSecond",
  "fileBytesPerSecond",
  "netOpsPerSecond",
  "netBytesPerSecond",
] as const satisfies readonly (keyof QuotaOptions)[];
export type Rate = (typeof rates)[number];

/** What a guest has done. */
export interface IoCounts {
  /** Host calls of any kind. */
  readonly calls: number;
  readonly fileOps: number;
  readonly fileBytes: number;
  readonly netOps: number;
  readonly netBytes: number;
}

/** Where bytes go. */
type Channel = "file" | "net" | "standard";

/** Calls on descriptors that stay inside the host: they are no operations. */
const free: ReadonlySet<CallName> = new Set<CallName>([
  "fd_advise",
  "fd_close",
  "fd_fdstat_get",
  "fd_fdstat_set_flags",
  "fd_fdstat_set_rights",
  "fd_prestat_dir_name",
  "fd_prestat_get",
  "fd_renumber",
  "fd_seek",
  "fd_tell",
  "sock_getlocaladdr",
  "sock_getlocaladdr/3",
  "sock_getpeeraddr",
  "sock_getpeeraddr/3",
  "sock_getsockopt",
  "sock_setsockopt",
]);
/** Calls that move bytes: they wait for those too. */
const moving: ReadonlySet<CallName> = new Set<CallName>([
  "fd_pread",
  "fd_pwrite",
  "fd_read",
  "fd_readdir",
  "fd_write",
  "sock_recv",
  "sock_recv_from",
  "sock_recv_from/7",
  "sock_send",
  "sock_send_to",
]);

const opRates = {
  file: ["opsPerSecond", "fileOpsPerSecond"],
  net: ["opsPerSecond", "netOpsPerSecond"],
  standard: ["opsPerSecond"],
} as const;
const byteRates = {
  file: ["bytesPerSecond", "fileBytesPerSecond"],
  net: ["bytesPerSecond", "netBytesPerSecond"],
  standard: ["bytesPerSecond"],
} as const;

/** Names as constants: making them for each call costs as much as the counting (bench wasi, write 1 byte). */
const counted = {
  file: { ops: "fileOps", bytes: "fileBytes" },
  net: { ops: "netOps", bytes: "netBytes" },
} as const;
const none: readonly TokenBucket[] = [];

function channelOf(d: Descriptor | undefined): Channel {
  if (d === undefined) return "file";
  if (d.kind === "stream" && d.socket !== undefined) return "net";
  return isStandard(d) ? "standard" : "file";
}

export class IoMeter {
  counts: { -readonly [C in keyof IoCounts]: IoCounts[C] } = {
    calls: 0,
    fileOps: 0,
    fileBytes: 0,
    netOps: 0,
    netBytes: 0,
  };
  readonly #buckets: ReadonlyMap<Rate, TokenBucket>;

  /** @param now  the clock of `Wait.deadlineNs` */
  constructor(quotas: QuotaOptions = {}, now: () => bigint = monotonicNs) {
    const limited = rates.filter((rate) => quotas[rate] !== undefined);
    const { burstSeconds = 1 } = quotas;
    const bucket = (rate: Rate): TokenBucket => {
      const perSecond = quotas[rate] as number;
      return new TokenBucket(perSecond, perSecond * burstSeconds, now);
    };
    this.#buckets = new Map(limited.map((rate) => [rate, bucket(rate)]));
  }

  get hasQuota(): boolean {
    return this.#buckets.size > 0;
  }

  /** A call that is no operation. */
  countFree(): void {
    this.counts.calls++;
  }

  /** A call on a file that has succeeded, where there are no quotas. */
  countFileOp(bytes: number): void {
    this.counts.calls++;
    this.counts.fileOps++;
    this.counts.fileBytes += bytes;
  }

  /**
   * Lets a call through and counts it, or tells when to ask again, ns.
   *
   * @param d  the descriptor of an fd_ call, if it is open
   */
  admit(name: CallName, d: Descriptor | undefined): bigint | undefined {
    const channel = ioChannel(name, d);
    if (channel !== undefined) {
      if (this.#buckets.size > 0) {
        const waitUntil = this.#take(name, channel);
        if (waitUntil !== undefined) return waitUntil;
      }
      if (channel !== "standard") this.counts[counted[channel].ops]++;
    }
    this.counts.calls++;
    return undefined;
  }

  /** What a call costs, or when to ask again. */
  #take(name: CallName, channel: Channel): bigint | undefined {
    const ops = this.#bucketsOf(opRates[channel]);
    const bytes = moving.has(name) ? this.#bucketsOf(byteRates[channel]) : [];
    const waits = [...ops, ...bytes].map((bucket) => bucket.readyAt()).filter((at) => at !== undefined);
    if (waits.length > 0) return waits.sort((a, b) => (a < b ? -1 : 1)).at(-1);
    for (const bucket of ops) bucket.take(1);
    return undefined;
  }

  /** Bytes that a read or write on `d` moves at most. */
  maxBytes(d: Descriptor): number {
    if (this.#buckets.size === 0) return limits.ioBytes;
    const capacities = this.#bucketsOf(byteRates[channelOf(d)]).map(({ capacity }) => Math.floor(capacity));
    return Math.min(limits.ioBytes, ...capacities);
  }

  /** To be told of all bytes that were moved. */
  moved(d: Descriptor, bytes: number): void {
    const channel = channelOf(d);
    for (const bucket of this.#bucketsOf(byteRates[channel])) bucket.take(bytes);
    if (channel !== "standard") this.counts[counted[channel].bytes] += bytes;
  }

  #bucketsOf(wanted: readonly Rate[]): readonly TokenBucket[] {
    if (this.#buckets.size === 0) return none;
    return wanted.map((rate) => this.#buckets.get(rate)).filter((bucket) => bucket !== undefined);
  }

  /** Whole tokens in each bucket there is. */
  levels(): Readonly<Record<Rate, number | undefined>> {
    const level = (rate: Rate): [Rate, number | undefined] => {
      const tokens = this.#buckets.get(rate)?.level;
      return [rate, tokens === undefined ? undefined : Math.floor(tokens)];
    };
    return Object.fromEntries(rates.map(level)) as Record<Rate, number | undefined>;
  }

  /** Goes on from what another host had counted; buckets that it did not have stay full. */
  restore(counts: IoCounts, levels: Readonly<Record<Rate, number | undefined>>): void {
    this.counts = { ...counts };
    for (const [rate, bucket] of this.#buckets) bucket.level = levels[rate] ?? bucket.capacity;
  }
}

/** Undefined for calls that are no operations. */
function ioChannel(name: CallName, d: Descriptor | undefined): Channel | undefined {
  if (free.has(name)) return undefined;
  if (name.startsWith("fd_")) return channelOf(d);
  if (name.startsWith("path_")) return "file";
  return name.startsWith("sock_") ? "net" : undefined;
}
