/**
 * fd_readdir: directory listings.
 *
 * ```
 * cookie   0   1    2         3             n+1
 * entry    .   ..   entry 0   entry 1  ...  entry n-1
 * ```
 * The entries are read once, when the guest starts at cookie 0, and served from that snapshot: every cookie stays valid
 * and nothing shows up twice, whatever is created and deleted meanwhile. The buffer is filled to its last byte, cutting
 * the last entry: a short count means the end.
 */
import { encodeDirent, filetype } from "./abi.ts";
import type { Context } from "./context.ts";
import { errnoOf, fail } from "./errno.ts";
import type { Descriptor, DirDesc, Listing } from "./fd-table.ts";
import { limits } from "./limits.ts";

const dot = Uint8Array.of(0x2e);
const dotDot = Uint8Array.of(0x2e, 0x2e);
/** Host memory of an entry besides its name, by estimate. */
const entryBytes = 160;

export function fd_readdir(host: Context, d: Descriptor, buffer: Uint8Array, cookie: bigint, used: number): undefined {
  if (d.kind !== "dir") fail("NOTDIR");
  if (cookie === 0n || d.listing === undefined) takeSnapshot(host, d);
  const count = (d.listing as Listing).entries.length + 2;
  let at = 0;
  // A cookie beyond the end is the end; only then can it be too large for a number.
  for (let i = cookie > BigInt(count) ? count : Number(cookie); i < count && at < buffer.length; i++) {
    const bytes = encodeDirent({ next: BigInt(i + 1), ...entryAt(host, d, i) });
    buffer.set(bytes.subarray(0, buffer.length - at), at);
    at = Math.min(buffer.length, at + bytes.length);
  }
  host.io.moved(d, at);
  host.mem.setU32(used, at);
}

/** Entry `i`, with the inode looked up when it is first needed. */
function entryAt(
  host: Context,
  d: DirDesc,
  i: number,
): { name: Uint8Array; filetype: 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7; ino: bigint } {
  // ".." has the inode of the directory itself, as in a root directory: the parent may be outside of the mount, and with
  // inode 0 the C library would look it up and fail.
  if (i < 2)
    return { name: i === 0 ? dot : dotDot, filetype: filetype.directory, ino: host.presentStat(d.dir.stat(), d).ino };
  const { entries, inodes } = d.listing as Listing;
  const entry = entries[i - 2] as Listing["entries"][number];
  inodes[i - 2] ??= inodeOf(host, d, entry.name);
  return { ...entry, ino: inodes[i - 2] as bigint };
}

/** 0 when the entry has been deleted since (the C library then skips it), or may be listed but not looked at. */
function inodeOf(host: Context, d: DirDesc, name: Uint8Array): bigint {
  try {
    const stat = d.dir.statAt(name);
    return stat === undefined ? 0n : host.presentStat(stat, { mount: d.mount, path: [...d.path, name] }).ino;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return 0n;
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? a.length - b.length : (a[at] as number) - (b[at] ?? -1);
}

/** Host memory of a listing, by estimate. */
export function listingBytes(entries: Listing["entries"]): number {
  return entries.reduce((sum, e) => sum + e.name.length + entryBytes, 0);
}

function takeSnapshot(host: Context, d: DirDesc): void {
  host.guard?.path("read", d);
  d.listing = undefined;
  const entries = d.dir.list(limits.dirEntries);
  if (host.isDeterministic) entries.sort((a, b) => compareBytes(a.name, b.name));
  const bytes = listingBytes(entries);
  makeRoom(host, bytes);
  if (bytes > host.maxHostBytes) fail("NOMEM");
  d.listing = { entries, inodes: new Array(entries.length), bytes };
}

/** Drops the listings of other directories, oldest descriptor first, until `bytes` more fit. They are read again. */
function makeRoom(host: Context, bytes: number): void {
  const held = [...host.fds].filter((d): d is DirDesc => d.kind === "dir" && d.listing !== undefined);
  let total = held.reduce((sum, d) => sum + (d.listing?.bytes ?? 0), bytes);
  for (const d of held) {
    if (total <= Math.min(limits.listingBytes, host.maxHostBytes)) return;
    total -= d.listing?.bytes ?? 0;
    d.listing = undefined;
  }
}
