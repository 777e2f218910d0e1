/**
 * The WASI host of a guest as data: saved with the guest, and taken over by another host, perhaps elsewhere.
 *
 * ```
 * Context ──save──► SavedState ──JSON──► bytes ──JSON──► SavedState ──prepare──► new descriptors ──commit──► Context
 *                        state-format.ts      untrusted                 state-open.ts
 * ```
 * Saved are arguments and environment (the guest's own), descriptors by number, clocks, the state of a seeded generator,
 * input taken and not read, how much was written, how far a waiting call has come, and files in memory. Not saved is what
 * is not the guest's: files of the host, time of day, limits and mounts, which the new host is given anew.
 */
import { GuestExit, type HostState, type PreparedState, printable, type WasmError } from "../engine/index.ts";
import type { Context, Saveable } from "./context.ts";
import { errno, errnoOf } from "./errno.ts";
import { type Descriptor, release } from "./fd-table.ts";
import type { GuestFiles, RestoredFiles } from "./file-system.ts";
import { isSameName } from "./path-resolver.ts";
import {
  decodeState,
  encodeState,
  maxFileBytes,
  maxInputBytes,
  type SavedFd,
  type SavedState,
} from "./state-format.ts";
import { reopenFd, saveFd, stateError } from "./state-open.ts";

export interface StateOptions {
  /** What becomes of descriptors that cannot be saved, such as pipes. "close": they are closed for the restored guest. */
  readonly onUnsaved?: "error" | "close" | undefined;
  /** Restore open files also when their size or time is not what it was. Default false. */
  readonly allowChangedFiles?: boolean | undefined;
  /** Where arguments and environment come from on restore: the saved guest (default) or the new host. */
  readonly arguments?: "saved" | "host" | undefined;
}

/** The part of a snapshot that is `host`. */
export function hostState(host: Context, options: StateOptions = {}): HostState {
  return {
    name: "wasi",
    save: () => encodeState(stateOf(host, options)),
    prepare: (bytes) => prepare(host, decodeState(bytes), options),
  };
}

function stateOf(host: Context, options: StateOptions): Omit<SavedState, "version"> {
  const { written, isExceeded } = host.output;
  return {
    abi: host.abi.module,
    args: host.args,
    env: host.env,
    fds: saveFds(host, options),
    files: saveFiles(host),
    clock: host.clock?.save(),
    random: host.random?.state?.save(),
    receipt: host.receipt?.save(),
    stdin: unreadOf(host),
    usage: host.io.counts,
    quotas: host.io.levels(),
    output: { written, isExceeded },
    waiting: waitingOf(host),
    exitCode: host.exited?.exitCode,
  };
}

/** @throws WasmError unsupported WT6011 */
function unreadOf(host: Context): SavedState["stdin"] {
  const unread = host.standard.stdin.input?.unread?.();
  if (unread === undefined || unread.bytes.length <= maxInputBytes) return unread;
  const message = `${unread.bytes.length} bytes of standard input are not read yet, and at most ${maxInputBytes} are saved`;
  throw stateError("unsupported", "WT6011", message, "give the input as a file or pipe instead of bytes");
}

/** @throws WasmError unsupported WT6011 */
function saveFds(host: Context, { onUnsaved = "error" }: StateOptions): SavedFd[] {
  const saved: SavedFd[] = [];
  for (const [fd, d] of host.fds.entries()) {
    const result = saveFd(fd, d);
    if (typeof result !== "string") saved.push(result);
    else if (onUnsaved === "error") {
      const hint = 'close it first, or save without it: onUnsaved: "close"';
      throw stateError("unsupported", "WT6011", `descriptor ${fd} cannot be saved: it ${result}`, hint);
    }
  }
  return saved;
}

/** A guest that was restored and has not called yet is still about to make the call it was saved in. */
function waitingOf({ waiting, interrupted }: Context): SavedState["waiting"] {
  const call = waiting === undefined ? interrupted : { ...waiting, progress: waiting.progress() };
  return call && { ...call, raw: call.raw as (number | bigint)[] };
}

/** @throws WasmError unlinkable WT6012..WT6015 */
function prepare(host: Context, saved: SavedState, options: StateOptions): PreparedState {
  checkFit(host, saved);
  const restoreRandom = partOf(saved.random, host.random?.state, "random numbers of another kind");
  const restoreReceipt = partOf(saved.receipt, host.receipt, "a receipt of another kind");
  const files = restoreFiles(host, saved);
  const fds = undoingOnError(files, () => reopenAll(host, saved, options));
  return {
    cancel() {
      releaseAll(fds);
      for (const file of files) file.cancel();
    },
    commit() {
      for (const file of files) file.commit();
      // The policy holds for what the guest brings with it, too.
      if (options.arguments !== "host") [host.args, host.env] = [saved.args, host.guard?.env(saved.env) ?? saved.env];
      host.fds.replaceAll(adoptStreams(host, fds));
      if (saved.clock !== undefined) host.clock?.restore(saved.clock);
      restoreRandom();
      restoreReceipt();
      host.io.restore(saved.usage, saved.quotas);
      Object.assign(host.output, saved.output);
      host.waiting = undefined;
      host.interrupted = saved.waiting;
      host.exited = saved.exitCode === undefined ? undefined : new GuestExit(saved.exitCode);
    },
  };
}

/** Each file system once, however often it is mounted. @throws WasmError unsupported WT6011 */
function saveFiles(host: Context): SavedState["files"] {
  const seen = new Set<GuestFiles>();
  const saved: SavedState["files"][number][] = [];
  let bytes = 0;
  for (const { guest, fs } of host.mounts) {
    const contents = fs?.contents;
    if (contents === undefined || seen.has(contents)) continue;
    seen.add(contents);
    bytes += contents.bytes();
    if (bytes > maxFileBytes) throw unsavable(guest, `more than ${maxFileBytes} bytes of files in memory`);
    try {
      const tree = contents.save();
      if (tree !== undefined) saved.push({ mount: guest, tree });
    } catch (error) {
      if (errnoOf(error) !== errno.NOTSUP) throw error;
      throw unsavable(guest, "changes to an overlay, which cannot be saved");
    }
  }
  return saved;
}

function unsavable(guest: Uint8Array, what: string): WasmError {
  const message = `the guest has ${what}, at ${printable(new TextDecoder().decode(guest))}`;
  return stateError("unsupported", "WT6011", message, "save it when they are gone, or give it a directory of the host");
}

/** Before descriptors are opened, which may be of these files. @throws WasmError unlinkable WT6015 */
function restoreFiles(host: Context, { files }: SavedState): RestoredFiles[] {
  const restored: RestoredFiles[] = [];
  return undoingOnError(restored, () => {
    for (const { mount, tree } of files) {
      const contents = host.mounts.find(({ guest }) => isSameName(guest, mount))?.fs?.contents;
      const at = printable(new TextDecoder().decode(mount));
      if (contents === undefined) throw misfit(`has files in memory at ${at}, and this host has no place for them`);
      try {
        restored.push(contents.restore(tree));
      } catch (error) {
        if (errnoOf(error) === undefined) throw error;
        throw misfit(`has files in memory at ${at}, for which there is no room or no way here`);
      }
    }
    return restored;
  });
}

function undoingOnError<T>(restored: readonly RestoredFiles[], step: () => T): T {
  try {
    return step();
  } catch (error) {
    for (const files of restored) files.cancel();
    throw error;
  }
}

const misfit = (how: string): Error =>
  stateError("unlinkable", "WT6015", `the saved guest ${how}`, "restore it with the options it was run with");

/** What takes over the saved text of a part of the host; nothing when either does not have it. */
function partOf(saved: string | undefined, part: Saveable | undefined, what: string): () => void {
  if (saved === undefined || part === undefined) return () => {};
  const restore = part.restore(saved);
  if (restore === undefined) throw misfit(`has ${what}`);
  return restore;
}

function checkFit(host: Context, saved: SavedState): void {
  if (saved.abi !== host.abi.module) throw misfit(`uses ${saved.abi}, and this host is ${host.abi.module}`);
  const most = saved.fds.reduce((max, { fd }) => Math.max(max, fd + 1), 0);
  if (most > host.fds.max) throw misfit(`has descriptors up to ${most - 1}, and this host allows ${host.fds.max}`);
  if (saved.clock !== undefined && host.clock !== undefined && saved.clock.isVirtual !== host.clock.isVirtual) {
    throw misfit(saved.clock.isVirtual ? "has virtual time, and this host has not" : "has real time, not virtual");
  }
  if (saved.receipt === undefined && host.receipt !== undefined) throw misfit("has no receipt of what it did before");
  if ((saved.random === undefined) !== (host.random?.state === undefined)) {
    throw misfit(saved.random === undefined ? "has random numbers without a seed" : "has seeded random numbers");
  }
}

function reopenAll(host: Context, saved: SavedState, options: StateOptions): Map<number, Descriptor> {
  const how = { allowChangedFiles: options.allowChangedFiles === true, unread: saved.stdin };
  const fds = new Map<number, Descriptor>();
  try {
    for (const d of saved.fds) fds.set(d.fd, reopenFd(host, d, how));
  } catch (error) {
    releaseAll(fds);
    throw error;
  }
  return fds;
}

/** Standard streams keep their objects, whose handles would be closed with them. */
function adoptStreams(host: Context, fds: ReadonlyMap<number, Descriptor>): Map<number, Descriptor> {
  return new Map(
    [...fds].map(([fd, d]) => [
      fd,
      d.kind === "stream" && d.standard ? Object.assign(host.standard[d.standard], d) : d,
    ]),
  );
}

/** Standard streams are the host's: they stay open. */
function releaseAll(fds: ReadonlyMap<number, Descriptor>): void {
  for (const d of fds.values()) if (d.kind !== "stream") release(d);
}
