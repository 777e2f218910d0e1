/**
 * File times in ns on a host interface that sets only us.
 *
 * Node passes times to the kernel as doubles, cut to microseconds, and has no way to leave one of the two as it is. So
 * what a guest sets is stored to the microsecond below, and the rest is remembered here: as long as a file still has
 * the time that was stored, guests of this process read back exactly what was set. Other processes see the microsecond.
 */
import type { BigIntStats } from "node:fs";
import type { FileTimes } from "../file-system.ts";

/** Files remembered; the oldest are forgotten. */
const maxFiles = 4096;

interface Memory {
  readonly storedAtim: bigint;
  readonly storedMtim: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
}

type Times = { readonly atim: bigint; readonly mtim: bigint };

const keyOf = (stat: BigIntStats): string => `${stat.dev}:${stat.ino}`;

/** Seconds for Node, such that the kernel gets the microsecond at or below `ns` whatever the rounding of doubles. */
const secondsOf = (ns: bigint): number => (Number(ns / 1000n) + 0.5) / 1e6;

export class TimeKeeper {
  readonly #files = new Map<string, Memory>();

  /** Times of a file as guests should see them, ns. */
  read(stat: BigIntStats): Times {
    const known = this.#files.size === 0 ? undefined : this.#files.get(keyOf(stat));
    return {
      atim: known?.storedAtim === stat.atimeNs ? known.atim : stat.atimeNs,
      mtim: known?.storedMtim === stat.mtimeNs ? known.mtim : stat.mtimeNs,
    };
  }

  /**
   * Sets times.
   *
   * @param stat   reads the file's attributes
   * @param apply  sets both times, in seconds
   */
  write(wanted: FileTimes, stat: () => BigIntStats, apply: (atim: number, mtim: number) => void): void {
    const before = this.read(stat());
    const atim = wanted.atim ?? before.atim;
    const mtim = wanted.mtim ?? before.mtim;
    apply(secondsOf(atim), secondsOf(mtim));
    const after = stat();
    const key = keyOf(after);
    this.#files.delete(key);
    if (this.#files.size >= maxFiles) this.#files.delete(this.#files.keys().next().value as string);
    this.#files.set(key, { storedAtim: after.atimeNs, storedMtim: after.mtimeNs, atim, mtim });
  }
}
