/**
 * From descriptors to what is saved of them, and back to descriptors in another host.
 *
 * A saved path is the guest's claim and nothing more: it is walked like every path of a guest, below the mount, and what
 * is found there is compared with what was saved.
 */
import { type ErrorKind, printable, WasmError } from "../engine/index.ts";
import type { Filestat, Filetype } from "./abi.ts";
import { type Context, identity } from "./context.ts";
import { errnoName, errnoOf } from "./errno.ts";
import type { WasiErrorCode } from "./error-codes.ts";
import { listingBytes } from "./fd-readdir.ts";
import {
  type Descriptor,
  type DirDesc,
  dirDesc,
  type FileDesc,
  type Place,
  release,
  streamDesc,
  whereIs,
} from "./fd-table.ts";
import type { DirHandle, Mount, Name } from "./file-system.ts";
import { limits } from "./limits.ts";
import { openAgain } from "./path-open.ts";
import { isSameName } from "./path-resolver.ts";
import type { SavedDir, SavedFd, SavedFile, SavedStandard } from "./state-format.ts";
import { bytesInput, prefixedInput, type Unread } from "./streams.ts";

export const stateError = (kind: ErrorKind, code: WasiErrorCode, message: string, hint: string): WasmError =>
  new WasmError(kind, code, message, { hint });

/** For messages: as the guest would write it. */
function shown(mount: Uint8Array, path: readonly Name[]): string {
  const decode = (bytes: Uint8Array): string => printable(new TextDecoder().decode(bytes));
  return [decode(mount).replace(/\/+$/, ""), ...path.map(decode)].join("/") || "/";
}

/** A path below its mount, as `path_open` takes it. */
function joined(path: readonly Name[]): Uint8Array {
  if (path.length === 0) return Uint8Array.of(0x2e);
  const bytes = path.flatMap((name) => [0x2f, ...name]);
  return Uint8Array.from(bytes.slice(1));
}

/** What is saved of a descriptor; what is wrong with it, as the end of a sentence, when nothing can be. */
export function saveFd(fd: number, d: Descriptor): SavedFd | string {
  const { flags, dropped, droppedInheriting } = d;
  const common = { fd, flags, dropped, droppedInheriting };
  if (d.kind === "stream") {
    if (d.standard === undefined) return d.socket === undefined ? "is a pipe" : "is a socket";
    return { kind: "standard", ...common, stream: d.standard };
  }
  const wrong = unreachable(d);
  const { path } = whereIs(d);
  if (wrong !== undefined) return `is ${shown(d.mount.guest, path)}, ${wrong}`;
  const place = { mount: d.mount.guest, path };
  if (d.kind === "dir") {
    const listing = d.listing?.entries;
    return { kind: "dir", ...common, ...place, isPreopen: d.preopen !== undefined, listing };
  }
  const { isRead, isWrite, position } = d;
  const { size, mtim } = d.file.stat();
  return { kind: "file", ...common, ...place, isRead, isWrite, position, size, mtimeUs: microseconds(mtim) };
}

const microseconds = (ns: bigint): bigint => (ns < 0n ? 0n : ns / 1000n);

/** Why a descriptor could not be opened again by its place; undefined when it could. */
function unreachable(d: FileDesc | DirDesc): string | undefined {
  const place = whereIs(d);
  if (place.path.reduce((sum, name) => sum + name.length + 1, 0) > limits.pathBytes) return "which is too deep";
  const there = statPlace(place);
  if (there === undefined) return "which is no longer there";
  const mine = d.kind === "file" ? d.file.stat() : d.dir.stat();
  return identity(there) === identity(mine) ? undefined : "where there is something else now";
}

/** Attributes of what is at a place; undefined when nothing is, or it cannot be looked at. Follows no links. */
function statPlace({ mount, path }: Place): Filestat | undefined {
  const held: DirHandle[] = [];
  let dir = mount.root;
  try {
    for (const name of path.slice(0, -1)) {
      const next = dir.dirAt(name);
      if (next === undefined) return undefined;
      held.push(next);
      dir = next;
    }
    const last = path.at(-1);
    return last === undefined ? dir.stat() : dir.statAt(last);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  } finally {
    for (const handle of held) handle.close();
  }
}

/** What restoring a descriptor needs besides the descriptor. */
export interface Reopening {
  readonly allowChangedFiles: boolean;
  readonly unread: Unread | undefined;
}

/**
 * The descriptor that was saved, in this host.
 *
 * @throws WasmError unlinkable WT6012, WT6013, WT6014; nothing is open then
 */
export function reopenFd(host: Context, saved: SavedFd, how: Reopening): Descriptor {
  const d = saved.kind === "standard" ? standardAgain(host, saved, how.unread) : placedAgain(host, saved, how);
  d.dropped = saved.dropped;
  d.droppedInheriting = saved.droppedInheriting;
  d.flags = saved.flags;
  return d;
}

function standardAgain(host: Context, { stream }: SavedStandard, unread: Unread | undefined): Descriptor {
  const { input, output, close } = host.standard[stream];
  const isInput = stream === "stdin" && unread !== undefined;
  const whole = isInput ? (unread.isAll ? bytesInput(unread.bytes) : prefixedInput(unread.bytes, input)) : input;
  return streamDesc({ standard: stream, input: whole, output, close });
}

function placedAgain(host: Context, saved: SavedFile | SavedDir, how: Reopening): FileDesc | DirDesc {
  const mount = host.mounts.find((m) => isSameName(m.guest, saved.mount));
  if (mount === undefined) throw missingMount(saved.mount);
  if (saved.kind === "dir" && saved.isPreopen)
    return withListing(dirDesc(mount.root, { mount, path: [] }, mount.guest), saved);
  const d = openPlace(host, mount, saved);
  try {
    if (d.kind !== saved.kind) throw cannotOpen(saved, `is ${kindNames[d.kind]} now`);
    if (d.kind === "dir") return withListing(d, saved as SavedDir);
    checkUnchanged(d, saved as SavedFile, how);
    d.position = (saved as SavedFile).position;
    return d;
  } catch (error) {
    release(d);
    throw error;
  }
}

const kindNames = { file: "a file", dir: "a directory", stream: "a pipe" } as const;

/** Inodes are looked up again: the files may have others here. */
function withListing(d: DirDesc, { listing }: SavedDir): DirDesc {
  if (listing === undefined) return d;
  const entries = listing.map(({ name, filetype }) => ({ name, filetype: filetype as Filetype }));
  d.listing = { entries, inodes: new Array(entries.length), bytes: listingBytes(entries) };
  return d;
}

function openPlace(host: Context, mount: Mount, saved: SavedFile | SavedDir): Descriptor {
  try {
    const mode = saved.kind === "dir" ? undefined : saved;
    return openAgain(host, dirDesc(mount.root, { mount, path: [] }), joined(saved.path), mode);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    throw cannotOpen(saved, `cannot be opened: ${errnoName(code)}`);
  }
}

function checkUnchanged(d: FileDesc, saved: SavedFile, { allowChangedFiles }: Reopening): void {
  const { size, mtim } = d.file.stat();
  if (allowChangedFiles || (size === saved.size && microseconds(mtim) === saved.mtimeUs)) return;
  const change = size === saved.size ? "was written to" : `has ${size} bytes instead of ${saved.size}`;
  const message = `${shown(saved.mount, saved.path)}, descriptor ${saved.fd} of the saved guest, ${change}`;
  throw stateError("unlinkable", "WT6014", message, "put the old file back, or allow changed files");
}

function missingMount(guest: Uint8Array): WasmError {
  const at = shown(guest, []);
  const message = `the saved guest has the directory ${at}, which is not mounted`;
  return stateError("unlinkable", "WT6012", message, `mount it: --dir HOST:${at}`);
}

function cannotOpen(saved: SavedFile | SavedDir, why: string): WasmError {
  const message = `${shown(saved.mount, saved.path)}, descriptor ${saved.fd} of the saved guest, ${why}`;
  return stateError("unlinkable", "WT6013", message, "put it back as it was when the snapshot was made");
}
