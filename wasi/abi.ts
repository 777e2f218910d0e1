/**
 * The structures of preview1 and of its predecessor `wasi_unstable` in guest memory: numbers, offsets, readers, writers.
 *
 * Layouts: typenames.witx; wasi-libc's api.h says the same in C. Every structure is zeroed, padding included, before
 * its fields are set, because guests compare and hash memory.
 */
import { fail } from "./errno.ts";
import type { GuestMemory } from "./memory.ts";

export const filetype = {
  unknown: 0,
  blockDevice: 1,
  characterDevice: 2,
  directory: 3,
  regularFile: 4,
  socketDgram: 5,
  socketStream: 6,
  symbolicLink: 7,
} as const;
export type Filetype = (typeof filetype)[keyof typeof filetype];

export const fdflags = { append: 1, dsync: 2, nonblock: 4, rsync: 8, sync: 16 } as const;
export const oflags = { creat: 1, directory: 2, excl: 4, trunc: 8 } as const;
export const lookupflags = { symlinkFollow: 1 } as const;
export const fstflags = { atim: 1, atimNow: 2, mtim: 4, mtimNow: 8 } as const;
export const eventtype = { clock: 0, fdRead: 1, fdWrite: 2 } as const;
export const eventrwflags = { hangup: 1 } as const;
export const subclockflags = { abstime: 1 } as const;

/** What differs between the two versions. Everything else is the same. */
export interface Abi {
  readonly module: "wasi_snapshot_preview1" | "wasi_unstable";
  readonly filestatSize: number;
  /** Byte offsets in filestat. */
  readonly filestat: { readonly wideLinks: boolean; readonly size: number };
  readonly whence: readonly ("set" | "cur" | "end")[];
  readonly subscriptionSize: number;
  /** Byte offset of the clock's id; the fields after it follow with the same gaps in both. */
  readonly clockId: number;
}

export const preview1: Abi = {
  module: "wasi_snapshot_preview1",
  filestatSize: 64,
  filestat: { wideLinks: true, size: 32 },
  whence: ["set", "cur", "end"],
  subscriptionSize: 48,
  clockId: 16,
};

export const unstable: Abi = {
  module: "wasi_unstable",
  filestatSize: 56,
  filestat: { wideLinks: false, size: 24 },
  whence: ["cur", "end", "set"],
  subscriptionSize: 56,
  clockId: 24,
};

export interface Fdstat {
  readonly filetype: Filetype;
  readonly flags: number;
  readonly rightsBase: number;
  readonly rightsInheriting: number;
}

/** Sizes for structures that both versions share, bytes. */
export const sizes = { fdstat: 24, prestat: 8, dirent: 24, event: 32, iovec: 8 } as const;

export function writeFdstat(mem: GuestMemory, at: number, stat: Fdstat): void {
  mem.zero(at, sizes.fdstat);
  mem.setU8(at, stat.filetype);
  mem.setU16(at + 2, stat.flags);
  mem.setU64(at + 8, BigInt(stat.rightsBase));
  mem.setU64(at + 16, BigInt(stat.rightsInheriting));
}

/** Attributes of a file. Times are ns since 1970. */
export interface Filestat {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly filetype: Filetype;
  readonly nlink: bigint;
  readonly size: bigint;
  readonly atim: bigint;
  readonly mtim: bigint;
  readonly ctim: bigint;
}

/** Host clocks reach before 1970 and past 2554; the guest's u64 does not. */
function clampTime(ns: bigint): bigint {
  return ns < 0n ? 0n : ns > 0xffff_ffff_ffff_ffffn ? 0xffff_ffff_ffff_ffffn : ns;
}

export function writeFilestat(mem: GuestMemory, at: number, stat: Filestat, abi: Abi): void {
  mem.zero(at, abi.filestatSize);
  mem.setU64(at, stat.dev);
  mem.setU64(at + 8, stat.ino);
  mem.setU8(at + 16, stat.filetype);
  if (abi.filestat.wideLinks) mem.setU64(at + 24, stat.nlink);
  else mem.setU32(at + 20, Number(BigInt.asUintN(32, stat.nlink)));
  const { size } = abi.filestat;
  mem.setU64(at + size, stat.size);
  mem.setU64(at + size + 8, clampTime(stat.atim));
  mem.setU64(at + size + 16, clampTime(stat.mtim));
  mem.setU64(at + size + 24, clampTime(stat.ctim));
}

/** As `writeFilestat`, of attributes as `DirHandle.statBelow` gives them. Only where links are 64 bits wide. */
export function copyFilestat(mem: GuestMemory, at: number, bytes: Uint8Array): void {
  mem.bytes.set(bytes, at);
}

export interface Dirent {
  /** Cookie that continues after this entry. */
  readonly next: bigint;
  readonly ino: bigint;
  readonly filetype: Filetype;
  readonly name: Uint8Array;
}

/** A directory entry as bytes: header, then name. In memory of its own because the last one may be cut. */
export function encodeDirent(entry: Dirent): Uint8Array {
  const bytes = new Uint8Array(sizes.dirent + entry.name.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, entry.next, true);
  view.setBigUint64(8, entry.ino, true);
  view.setUint32(16, entry.name.length, true);
  view.setUint8(20, entry.filetype);
  bytes.set(entry.name, sizes.dirent);
  return bytes;
}

export function writePrestat(mem: GuestMemory, at: number, nameBytes: number): void {
  mem.zero(at, sizes.prestat);
  mem.setU32(at + 4, nameBytes);
}

/** Something given that is not a directory: a tag that nobody knows. */
export function writeOtherPrestat(mem: GuestMemory, at: number): undefined {
  mem.zero(at, sizes.prestat);
  mem.setU8(at, 1);
}

/** What a guest waits for in poll_oneoff. */
export type Subscription = { readonly userdata: bigint } & (
  | { readonly tag: 0; readonly clock: number; readonly timeoutNs: bigint; readonly isAbsolute: boolean }
  | { readonly tag: 1 | 2; readonly fd: number }
);

/** @throws Failure INVAL for an unknown tag or unknown clock flags */
export function readSubscription(mem: GuestMemory, at: number, abi: Abi): Subscription {
  const userdata = mem.u64(at);
  const tag = mem.u8(at + 8);
  if (tag === eventtype.fdRead || tag === eventtype.fdWrite) return { userdata, tag, fd: mem.u32(at + 16) };
  if (tag !== eventtype.clock) fail("INVAL");
  const id = at + abi.clockId;
  const flags = mem.u16(id + 24);
  if (flags > subclockflags.abstime) fail("INVAL");
  return { userdata, tag, clock: mem.u32(id), timeoutNs: mem.u64(id + 8), isAbsolute: flags === subclockflags.abstime };
}

export interface Event {
  readonly userdata: bigint;
  readonly error: number;
  readonly tag: 0 | 1 | 2;
  readonly nbytes: bigint;
  readonly flags: number;
}

export function writeEvent(mem: GuestMemory, at: number, event: Event): void {
  mem.zero(at, sizes.event);
  mem.setU64(at, event.userdata);
  mem.setU16(at + 8, event.error);
  mem.setU8(at + 10, event.tag);
  mem.setU64(at + 16, event.nbytes);
  mem.setU16(at + 24, event.flags);
}

/**
 * Writes what args_get and environ_get return: an array of pointers, and the NUL-terminated strings they point to.
 *
 * @param strings  without the NUL
 */
export function writeStrings(mem: GuestMemory, pointers: number, buffer: number, strings: readonly Uint8Array[]): void {
  mem.check(pointers, strings.length * 4);
  mem.check(buffer, stringBytes(strings));
  let at = buffer;
  for (const [i, string] of strings.entries()) {
    mem.setU32(pointers + i * 4, at);
    mem.write(at, string);
    mem.setU8(at + string.length, 0);
    at += string.length + 1;
  }
}

/** Bytes the strings take in guest memory, one NUL each included. */
export function stringBytes(strings: readonly Uint8Array[]): number {
  return strings.reduce((sum, s) => sum + s.length + 1, 0);
}
