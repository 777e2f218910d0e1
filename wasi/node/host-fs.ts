/** A directory of the host as a file system; which level the system gives; clear words about what is wrong. */
import fs from "node:fs";
import { isHostError } from "../errno.ts";
import { WasiError, type WasiErrorCode } from "../error-codes.ts";
import type { DirHandle, FileSystem } from "../file-system.ts";
import { NodeDir } from "./fs.ts";
import { NativeDir } from "./native-dir.ts";
import { type HostFiles, nativeFiles } from "./native-files.ts";
import { PathDir } from "./path-dir.ts";

const O_PATH = 0o10000000;

/** How strongly guests are kept inside a directory of the host; see `FsLevel`. */
export type HostLevel = "beneath" | "nofollow" | "lexical";

export interface HostFsOptions {
  /** Default: `beneath` on Linux, `nofollow` elsewhere. One that the system does not have is refused. */
  readonly level?: HostLevel | undefined;
  /** For level `beneath`: who makes the system's calls. Default "auto": the native part where it is there. */
  readonly hostFiles?: HostFiles | undefined;
  /** Where the guest sees it, for messages. */
  readonly guest?: string | undefined;
  /** The code of errors about it, for the options of node:wasi. @internal */
  readonly nodeCode?: string | undefined;
}

export class HostFs implements FileSystem {
  readonly level: HostLevel;
  readonly isReadOnly = false;
  /** As given. */
  readonly path: string;
  readonly #options: HostFsOptions;

  /** @param path  may have symlinks; looked up when it is mounted */
  constructor(path: string, options: HostFsOptions = {}) {
    this.path = path;
    this.level = options.level ?? defaultLevel;
    this.#options = options;
  }

  /** @throws WasiError WT6001, WT6002, WT6005, WT6006, WT6020 */
  root(): DirHandle {
    if (this.level === "beneath") requireProc();
    const native = nativeFiles(this.level === "beneath" ? this.#options.hostFiles : "portable");
    try {
      if (this.level !== "beneath") return PathDir.root(this.path, this.level === "lexical");
      const fd = fs.openSync(this.path, O_PATH | fs.constants.O_DIRECTORY);
      return native === undefined ? new NodeDir(fd) : new NativeDir(native, fd);
    } catch (error) {
      throw explain(error as Error, this.path, this.#options);
    }
  }
}

/**
 * Not the strongest there is at the moment: on a Linux without /proc, a mount is refused unless a weaker level is asked
 * for, so that nobody gets less than he thinks.
 */
const defaultLevel: HostLevel = process.platform === "linux" ? "beneath" : "nofollow";

/** The strongest level for directories of the host on this system. */
export function strongestLevel(): HostLevel {
  hasProc ??= checkProc();
  return hasProc ? "beneath" : "nofollow";
}

function explain(cause: Error, host: string, { guest, nodeCode: code }: HostFsOptions): WasiError {
  const where = JSON.stringify(host);
  const nodeCode = code === undefined ? {} : { nodeCode: `${code}_${String((cause as { code?: unknown }).code)}` };
  const make = (row: WasiErrorCode, message: string, hint?: string): WasiError =>
    new WasiError(row, message, { cause, ...nodeCode, ...(hint === undefined ? {} : { hint }) });
  if (isHostError(cause, "ENOENT")) {
    const isReversed = guest !== undefined && host !== guest && fs.existsSync(guest);
    const hint = isReversed ? `${JSON.stringify(guest)} exists: are host and guest reversed?` : "create it first";
    const whose = guest === undefined ? "" : ` for the guest's ${JSON.stringify(guest)}`;
    return make("WT6001", `directory ${where}${whose} does not exist`, hint);
  }
  if (isHostError(cause, "ENOTDIR")) {
    return make("WT6002", `${where} is not a directory`, "mount the directory that holds it");
  }
  return make("WT6006", `directory ${where} cannot be opened: ${cause.message}`);
}

let hasProc: boolean | undefined;

/**
 * The level `beneath` stands on /proc/self/fd: makes sure that it is what it looks like. The native part hardly needs it; but
 * what a guest is given does not depend on who makes the calls, and which files are of /proc must be known.
 */
function requireProc(): void {
  if (strongestLevel() === "beneath") return;
  throw new WasiError("WT6005", "this system does not have the level 'beneath': /proc/self/fd does not work", {
    hint: "mount /proc, run without directories, or take the weaker level 'nofollow'",
  });
}

function checkProc(): boolean {
  if (process.platform !== "linux") return false;
  const fd = fs.openSync("/", O_PATH | fs.constants.O_DIRECTORY);
  try {
    const held = fs.fstatSync(fd, { bigint: true });
    const reached = fs.lstatSync(`/proc/self/fd/${fd}/.`, { bigint: true });
    return held.dev === reached.dev && held.ino === reached.ino;
  } catch {
    return false;
  } finally {
    fs.closeSync(fd);
  }
}
