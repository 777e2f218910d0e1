/**
 * What a guest may use and has used: fuel, time, a share of the processor, memory, tables, instances, memory of the host.
 * One meter for everything that belongs to one guest; its instances share it.
 *
 * It only counts and answers. Stopping is the activation's job, waiting the runner's. Fuel is what `cost.ts` says; time is
 * the host's monotonic clock.
 */
import { monotonicNs } from "../blocked.ts";
import { WasmError } from "../errors.ts";

/** Ends a guest from outside; an `AbortSignal` is one. */
export interface StopSignal {
  readonly aborted: boolean;
  addEventListener?(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener?(type: "abort", listener: () => void): void;
}

/** What one guest may use; absent is without limit. */
export interface GuestLimits {
  /** Instructions and what they cost more by (`cost.ts`); below 2^53. */
  readonly fuel?: number | undefined;
  /** Wall-clock time from when it first runs, ms; waiting counts. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: StopSignal | undefined;
  /** Share of one processor, above 0 up to 1. A guest that uses more is slowed, not ended. */
  readonly cpuShare?: number | undefined;
  /** Bytes of all its memories. */
  readonly totalMemoryBytes?: number | undefined;
  /** Elements of all its tables. */
  readonly totalTableElements?: number | undefined;
  readonly instances?: number | undefined;
  /** Bytes that host functions hold for it, as far as they say so (`takeHostBytes`). */
  readonly hostBytes?: number | undefined;
}

/** Why a guest has to stop, for ever or until something changes. */
export type Interruption = "fuel" | "deadline" | "cancelled" | "throttled";

/** What a guest has used so far. */
export interface GuestUsage {
  /** Fuel spent; undefined when generated code ran that does not count, which needs a guest without limits of fuel and time. */
  readonly instructions: number | undefined;
  /** Bytes of all its memories, which never shrink: also the peak. */
  readonly memoryBytes: number;
  readonly tableElements: number;
  readonly instances: number;
  /** Most bytes that host functions held for it at once. */
  readonly hostBytes: number;
  /** Since it first ran, ms. */
  readonly wallMs: number;
  /** In which its code or a host function ran, ms. */
  readonly cpuMs: number;
}

/** A guest that was idle may catch up on its share for this long. */
const BURST_NS = 100_000_000;
/** What it may be ahead of its share before it is slowed: stops shorter than that cost more than they help. */
const AHEAD_NS = 2_000_000;

function checkAmount(what: string, value: unknown): void {
  if (typeof value !== "number" || !(value >= 0)) throw new RangeError(`${what}: ${value} is not a number from 0`);
}

export class Meter {
  readonly limits: GuestLimits;
  /** Generated code ran that does not count. */
  isUncounted = false;
  /** Fuel left; below 0 the guest stops at its next safepoint. */
  fuelLeft: number;
  /** On the host's monotonic clock; undefined without a time limit, or before the guest first runs. */
  deadlineNs: bigint | undefined;
  #spent = 0;
  #memoryBytes = 0;
  #tableElements = 0;
  #instances = 0;
  #hostBytes = 0;
  #peakHostBytes = 0;
  #startNs: bigint | undefined;
  #cpuNs = 0;
  #enteredNs = 0n;
  #depth = 0;
  /** Where a guest that had always used exactly its share would have started. */
  #shareStartNs = 0;

  /** @throws RangeError when a limit is not a number from 0 */
  constructor(limits: GuestLimits = {}) {
    for (const [name, value] of Object.entries(limits)) {
      if (name !== "signal" && value !== undefined) checkAmount(`limit ${name}`, value);
    }
    if (limits.cpuShare !== undefined && !(limits.cpuShare > 0 && limits.cpuShare <= 1)) {
      throw new RangeError(`limit cpuShare: ${limits.cpuShare} is not above 0 and at most 1`);
    }
    this.limits = limits;
    this.fuelLeft = limits.fuel ?? Infinity;
  }

  /** Gives `fuel` more; a guest that ran out can go on. */
  refuel(fuel: number): void {
    checkAmount("fuel", fuel);
    this.fuelLeft = Math.max(this.fuelLeft, 0) + fuel;
  }

  /** Sets the end of its time anew, `ms` from now; Infinity for none. */
  extend(ms: number): void {
    checkAmount("time", ms);
    this.deadlineNs = ms === Infinity ? undefined : monotonicNs() + BigInt(Math.round(ms * 1e6));
  }

  /** Fuel spent that was counted. */
  get spent(): number {
    return this.#spent;
  }

  /** Counts fuel; host functions may add what their work is worth. Negative: it was counted too early. */
  spend(fuel: number): void {
    this.#spent += fuel;
    this.fuelLeft -= fuel;
  }

  /** Takes over the account of a guest that ran elsewhere: what it spent, and what it had left unless there is a limit here. */
  resume(spent: number, left: number): void {
    this.#spent = spent;
    this.fuelLeft = this.limits.fuel ?? left;
  }

  /** Code of the guest begins to run; calls nest. */
  enter(): void {
    if (this.#depth++ > 0) return;
    this.#enteredNs = monotonicNs();
    if (this.#startNs !== undefined) return;
    this.#startNs = this.#enteredNs;
    this.#shareStartNs = Number(this.#enteredNs);
    if (this.limits.timeoutMs !== undefined) this.extend(this.limits.timeoutMs);
  }

  leave(): void {
    if (--this.#depth === 0) this.#cpuNs += Number(monotonicNs() - this.#enteredNs);
  }

  /** Time that is spent waiting in the middle of a run does not count as the processor's. */
  waited(ns: number): void {
    this.#cpuNs -= ns;
  }

  /** True when `interruption` may say something that fuel does not: it is asked about every millisecond then. */
  get isTimed(): boolean {
    return this.deadlineNs !== undefined || this.limits.signal !== undefined || this.limits.cpuShare !== undefined;
  }

  /** Nothing that is counted or measured can stop the guest. */
  get isFree(): boolean {
    return this.fuelLeft === Infinity && this.limits.timeoutMs === undefined && !this.isTimed;
  }

  /** Why the guest has to stop now, if it has to. Fuel is no matter of time: the activation asks `fuelLeft`. */
  interruption(): Exclude<Interruption, "fuel"> | undefined {
    if (this.limits.signal?.aborted) return "cancelled";
    const { deadlineNs } = this;
    const { cpuShare } = this.limits;
    if (deadlineNs === undefined && cpuShare === undefined) return undefined;
    const now = monotonicNs();
    if (deadlineNs !== undefined && now >= deadlineNs) return "deadline";
    return cpuShare !== undefined && this.#shareEnd(Number(now)) > Number(now) + AHEAD_NS ? "throttled" : undefined;
  }

  /** When a throttled guest may go on. */
  throttledUntilNs(): bigint {
    return BigInt(Math.round(this.#shareEnd(Number(monotonicNs()))));
  }

  /** When a guest that uses exactly its share would have used what this one has. */
  #shareEnd(now: number): number {
    const running = this.#depth > 0 ? now - Number(this.#enteredNs) : 0;
    const spent = (this.#cpuNs + running) / (this.limits.cpuShare ?? 1);
    this.#shareStartNs = Math.max(this.#shareStartNs, now - BURST_NS - spent);
    return this.#shareStartNs + spent;
  }

  /** Accounts for `bytes` more of memory; false when that is too much. */
  takeMemory(bytes: number): boolean {
    if (this.#memoryBytes + bytes > (this.limits.totalMemoryBytes ?? Infinity)) return false;
    this.#memoryBytes += bytes;
    return true;
  }

  /** Accounts for `count` table elements more; false when that is too many. */
  takeElements(count: number): boolean {
    if (this.#tableElements + count > (this.limits.totalTableElements ?? Infinity)) return false;
    this.#tableElements += count;
    return true;
  }

  /** @throws WasmError exhausted, WT5007 */
  takeInstance(): void {
    if (this.#instances >= (this.limits.instances ?? Infinity)) {
      throw new WasmError("exhausted", "WT5007", `the guest may have ${this.limits.instances} instances`, {
        hint: "raise the limit (instances)",
      });
    }
    this.#instances++;
  }

  /** For host functions that keep `bytes` for the guest. @throws WasmError exhausted, WT5008 */
  takeHostBytes(bytes: number): void {
    const { hostBytes = Infinity } = this.limits;
    if (this.#hostBytes + bytes > hostBytes) {
      throw new WasmError("exhausted", "WT5008", `the host would hold more than ${hostBytes} bytes for the guest`, {
        hint: "raise the limit (hostBytes)",
      });
    }
    this.#hostBytes += bytes;
    this.#peakHostBytes = Math.max(this.#peakHostBytes, this.#hostBytes);
  }

  releaseHostBytes(bytes: number): void {
    this.#hostBytes -= bytes;
  }

  usage(): GuestUsage {
    const now = monotonicNs();
    const running = this.#depth > 0 ? Number(now - this.#enteredNs) : 0;
    return {
      instructions: this.isUncounted ? undefined : this.#spent,
      memoryBytes: this.#memoryBytes,
      tableElements: this.#tableElements,
      instances: this.#instances,
      hostBytes: this.#peakHostBytes,
      wallMs: this.#startNs === undefined ? 0 : Number(now - this.#startNs) / 1e6,
      cpuMs: (this.#cpuNs + running) / 1e6,
    };
  }
}
