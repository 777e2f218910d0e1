/**
 * What a guest is given instead of the world, so that a run can be repeated to the bit: virtual time, random numbers from
 * a seed, attributes of files that do not depend on the disk they are on.
 *
 * What else is fixed is done where it happens, by `Context.isDeterministic`: the order of listings, reads and writes of
 * streams that are never cut by chance, waiting that takes virtual time. docs/determinism.md has the whole list.
 */
import { hex, Sha256, sha256 } from "../engine/index.ts";
import { type Filestat, filetype } from "./abi.ts";
import type { Clock, Random, Saveable } from "./context.ts";
import type { Place } from "./fd-table.ts";

/** 2000-01-01T00:00:00Z, where virtual time begins, ns. */
const epochNs = 946_684_800_000_000_000n;
/** What reading a clock takes, and the resolution of all clocks: 1 us. */
const stepNs = 1000n;

/** Clocks of virtual time. Processor time is the time since the beginning: the guest is all there is. */
export function virtualClock(): Clock {
  const virtual = { elapsedNs: 0n, stepNs };
  return {
    virtual,
    hostNow: () => virtual.elapsedNs,
    resolution: (id) => (id === "thread" ? undefined : stepNs),
    now(id) {
      if (id === "thread") return undefined;
      return id === "realtime" ? epochNs + virtual.elapsedNs : virtual.elapsedNs;
    },
  };
}

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/**
 * xoshiro128** by D. Blackman and S. Vigna (2018), its state the first 16 bytes of the SHA-256 of the seed, as four
 * little-endian words. Each word gives four bytes, lowest first; what is left of the last word of a fill is dropped.
 * Not for secrets, of course.
 */
export class SeededRandom implements Random {
  readonly state: Saveable = {
    save: () => hex(new Uint8Array(this.#words.buffer)),
    restore: (text) => {
      // All zeros is no state of this generator: it would give zeros for ever.
      if (!/^[0-9a-f]{32}$/.test(text) || /^0+$/.test(text)) return undefined;
      return () =>
        this.#load(Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(text.slice(i * 2, i * 2 + 2), 16)));
    },
  };
  readonly #words = new Uint32Array(4);

  constructor(seed: string) {
    this.#load(sha256(new TextEncoder().encode(seed)));
  }

  #load(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
    for (let i = 0; i < 4; i++) this.#words[i] = view.getUint32(i * 4, true);
  }

  /** u32 */
  next(): number {
    const s = this.#words as unknown as [number, number, number, number];
    const result = Math.imul(rotl(Math.imul(s[1], 5), 7), 9) >>> 0;
    const t = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11);
    return result;
  }

  fill(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 4) {
      const word = this.next();
      for (let i = at; i < at + 4 && i < bytes.length; i++) bytes[i] = word >>> ((i - at) * 8);
    }
  }
}

/**
 * Attributes as a deterministic guest sees them. The inode comes from where the file is, so that it needs no memory and
 * is the same on every disk: it changes when the file is renamed, and hard links look like files of their own.
 */
export function fixedStat(stat: Filestat, place: Place): Filestat {
  return {
    dev: 1n,
    ino: inodeOf(place),
    filetype: stat.filetype,
    nlink: 1n,
    size: stat.filetype === filetype.directory ? 0n : stat.size,
    atim: epochNs,
    mtim: epochNs,
    ctim: epochNs,
  };
}

/** The first 63 bits of the SHA-256 of the guest's path, and never 0, which listings take for "unknown". */
function inodeOf({ mount, path }: Place): bigint {
  const hash = new Sha256().update(mount.guest);
  for (const name of path) hash.update(Uint8Array.of(0x2f)).update(name);
  return new DataView(hash.digest().buffer).getBigUint64(0) >> 1n || 1n;
}
