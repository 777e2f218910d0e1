/** A directory of the host as a file system, and clear words about what is wrong with it. */
import fs from "node:fs";
import { isHostError } from "../errno.ts";
import { WasiError, type WasiErrorCode } from "../error-codes.ts";
import type { DirHandle, FileSystem } from "../file-system.ts";
import { NodeDir } from "./fs.ts";

const O_PATH = 0o10000000;

/** For messages. */
interface Purpose {
  /** Where the guest sees it. */
  readonly guest?: string;
  /** The code of errors about it, for the options of node:wasi. */
  readonly nodeCode?: string | undefined;
}

export class HostFs implements FileSystem {
  readonly level = "beneath";
  readonly isReadOnly = false;
  readonly #path: string;
  readonly #purpose: Purpose;

  /** @param path  may have symlinks; looked up when it is mounted */
  constructor(path: string, purpose: Purpose = {}) {
    this.#path = path;
    this.#purpose = purpose;
  }

  /** @throws WasiError WT6001, WT6002, WT6005, WT6006 */
  root(): DirHandle {
    requireProc();
    try {
      return new NodeDir(fs.openSync(this.#path, O_PATH | fs.constants.O_DIRECTORY));
    } catch (error) {
      throw explain(error as Error, this.#path, this.#purpose);
    }
  }
}

function explain(cause: Error, host: string, { guest, nodeCode: code }: Purpose): WasiError {
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

/** The sandbox stands on /proc/self/fd: makes sure that it is what it looks like. */
function requireProc(): void {
  hasProc ??= checkProc();
  if (hasProc) return;
  throw new WasiError("WT6005", "directories cannot be given to a guest here: /proc/self/fd does not work", {
    hint: "mount /proc, or run without directories",
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
