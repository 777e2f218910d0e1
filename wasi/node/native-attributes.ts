/**
 * What native functions tell of a file: eight words of 64 bits without a sign, which are device, inode, mode, links, size, and
 * the times of access, modification and change, ns; of times before 1970 they say 0, as guests are told.
 */
import type { Filestat } from "../abi.ts";
import type { FileTimes } from "../file-system.ts";
import { typeOf } from "./host-files.ts";

export const attributeWords = 8;

export const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** They hold until the next call. */
export class Attributes {
  readonly words: BigInt64Array;
  /** The same, low half first where the machine is little endian. */
  readonly #halves: Int32Array;
  readonly #bytes: Uint8Array;

  /** @param at  where in the buffer they are, bytes */
  constructor(buffer: ArrayBuffer, at: number) {
    this.words = new BigInt64Array(buffer, at, attributeWords);
    this.#halves = new Int32Array(buffer, at, 2 * attributeWords);
    this.#bytes = new Uint8Array(buffer, at, 8 * attributeWords);
  }

  get mode(): number {
    return Number(this.words[2]);
  }

  get size(): number {
    return Number(this.words[4]);
  }

  filestat(): Filestat {
    const { words } = this;
    return {
      dev: BigInt.asUintN(64, words[0]!),
      ino: BigInt.asUintN(64, words[1]!),
      filetype: typeOf(this.mode),
      nlink: words[3]!,
      size: words[4]!,
      atim: BigInt.asUintN(64, words[5]!),
      mtim: BigInt.asUintN(64, words[6]!),
      ctim: BigInt.asUintN(64, words[7]!),
    };
  }

  /** As guests have them in memory; undefined where that cannot be had without conversions. */
  filestatBytes(): Uint8Array | undefined {
    if (!isLittleEndian) return undefined;
    const halves = this.#halves;
    halves[4] = typeOf(halves[4]!);
    return this.#bytes;
  }

  /** As `NativeFiles.setTimes` wants them. */
  putTimes({ atim, mtim }: FileTimes): BigInt64Array {
    const { words } = this;
    for (const [i, time] of [atim, mtim].entries()) {
      words[3 * i] = (time ?? 0n) / 1_000_000_000n;
      words[3 * i + 1] = (time ?? 0n) % 1_000_000_000n;
      words[3 * i + 2] = time === undefined ? 0n : 1n;
    }
    return words;
  }
}
