/**
 * What the files of one in-memory file system share: how much they may take, their numbers, and the time.
 *
 * Everything a guest can make the host keep is taken from here first and given back when it goes: file contents and link
 * texts by the byte, names and changed files by the entry.
 */
import { fail } from "../errno.ts";
import { limits } from "../limits.ts";

export interface VolumeOptions {
  /** Bytes of file contents, by the page and with what a page costs the host. More: NOSPC. Default `limits.memoryFsBytes`. */
  readonly maxBytes?: number | undefined;
  /** Names in all directories together; a hard link is one more. More: NOSPC. Default `limits.memoryFsEntries`. */
  readonly maxEntries?: number | undefined;
  /** ns since 1970, for the times of files. Default: the system's clock, by the millisecond. */
  readonly now?: (() => bigint) | undefined;
}

/** Numbers no device of a host has. */
let nextDevice = 1n << 62n;

export class Volume {
  readonly dev = nextDevice++;
  readonly now: () => bigint;
  readonly #maxBytes: number;
  readonly #maxEntries: number;
  #bytes = 0;
  #entries = 0;
  #nextIno: bigint;
  #isFrozen = false;

  /** @param firstIno  number of the first file */
  constructor(options: VolumeOptions = {}, firstIno = 1n) {
    this.#maxBytes = options.maxBytes ?? limits.memoryFsBytes;
    this.#maxEntries = options.maxEntries ?? limits.memoryFsEntries;
    this.now = options.now ?? (() => BigInt(Date.now()) * 1_000_000n);
    this.#nextIno = firstIno;
  }

  /** What is held now. */
  get usage(): { readonly bytes: number; readonly entries: number } {
    return { bytes: this.#bytes, entries: this.#entries };
  }

  get freeBytes(): number {
    return this.#maxBytes - this.#bytes;
  }

  newIno(): bigint {
    return this.#nextIno++;
  }

  get nextIno(): bigint {
    return this.#nextIno;
  }

  /** No number below `ino` is given from now on. */
  skipTo(ino: bigint): void {
    if (ino > this.#nextIno) this.#nextIno = ino;
  }

  /** No change from now on. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** @throws Failure ROFS */
  requireWritable(): void {
    if (this.#isFrozen) fail("ROFS");
  }

  /** `count` more entries fit. @throws Failure NOSPC */
  requireEntries(count: number): void {
    if (this.#entries + count > this.#maxEntries) fail("NOSPC");
  }

  takeEntry(): void {
    this.requireEntries(1);
    this.#entries++;
  }

  giveEntries(count: number): void {
    this.#entries -= count;
  }

  /** False when there is not enough. */
  tryTakeBytes(count: number): boolean {
    if (count > this.freeBytes) return false;
    this.#bytes += count;
    return true;
  }

  /** @throws Failure NOSPC */
  takeBytes(count: number): void {
    if (!this.tryTakeBytes(count)) fail("NOSPC");
  }

  giveBytes(count: number): void {
    this.#bytes -= count;
  }
}
