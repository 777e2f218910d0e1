/** Opens the directories that a guest is given, and says clearly what is wrong with them. */
import fs from "node:fs";
import { isHostError } from "../errno.ts";
import { WasiError, type WasiErrorCode } from "../error-codes.ts";
import type { Mount } from "../file-system.ts";
import { NodeDir } from "./fs.ts";

const O_PATH = 0o10000000;

/** A directory for the guest. */
export interface DirOption {
  /** Path on the host, which may have symlinks. */
  readonly host: string;
  /** Path the guest sees, usually absolute. */
  readonly guest: string;
  /** Refuse every change below it with ROFS. */
  readonly readOnly?: boolean | undefined;
  /** The code of errors about it, for the options of node:wasi. @internal */
  readonly nodeCode?: string;
}

/** `/a//` and `/a` are the same place for a guest. */
const normalised = (guest: string): string => guest.replace(/\/+$/, "") || "/";

/**
 * Opens every directory; none stays open when one fails.
 *
 * @throws WasiError WT6001..WT6006
 */
export function openMounts(dirs: readonly DirOption[]): Mount[] {
  const seen = new Set<string>();
  for (const { guest } of dirs) {
    if (guest === "" || guest.includes("\0")) throw new WasiError("WT6004", `bad guest path ${JSON.stringify(guest)}`);
    const key = normalised(guest);
    if (seen.has(key)) throw new WasiError("WT6003", `two directories are mounted at ${JSON.stringify(guest)}`);
    seen.add(key);
  }
  if (dirs.length > 0) requireProc();
  const mounts: Mount[] = [];
  try {
    for (const dir of dirs) mounts.push(openMount(dir));
  } catch (error) {
    for (const mount of mounts) mount.root.close();
    throw error;
  }
  return mounts;
}

function openMount({ host, guest, readOnly, nodeCode }: DirOption): Mount {
  try {
    const fd = fs.openSync(host, O_PATH | fs.constants.O_DIRECTORY);
    return { guest: Buffer.from(guest), root: new NodeDir(fd), isReadOnly: readOnly === true, level: "beneath" };
  } catch (error) {
    throw explain(error as Error, host, guest, nodeCode);
  }
}

function explain(cause: Error, host: string, guest: string, code: string | undefined): WasiError {
  const where = JSON.stringify(host);
  const nodeCode = code === undefined ? {} : { nodeCode: `${code}_${String((cause as { code?: unknown }).code)}` };
  const make = (row: WasiErrorCode, message: string, hint?: string): WasiError =>
    new WasiError(row, message, { cause, ...nodeCode, ...(hint === undefined ? {} : { hint }) });
  if (isHostError(cause, "ENOENT")) {
    const isReversed = host !== guest && fs.existsSync(guest);
    const hint = isReversed ? `${JSON.stringify(guest)} exists: are host and guest reversed?` : "create it first";
    return make("WT6001", `directory ${where} for the guest's ${JSON.stringify(guest)} does not exist`, hint);
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
