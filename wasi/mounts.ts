/** Opens the file systems that a guest is given. */
import { WasiError } from "./error-codes.ts";
import type { FileSystem, Mount } from "./file-system.ts";

/** A file system for the guest. */
export interface MountOption {
  /** Path the guest sees, usually absolute. */
  readonly guest: string;
  readonly fs: FileSystem;
  /** Refuse every change below it with ROFS. */
  readonly readOnly?: boolean | undefined;
}

/** `/a//` and `/a` are the same place for a guest. */
const normalised = (guest: string): string => guest.replace(/\/+$/, "") || "/";

/**
 * Opens every root; none stays open when one fails.
 *
 * @throws WasiError WT6003, WT6004, and what the file systems throw
 */
export function openMounts(options: readonly MountOption[]): Mount[] {
  const seen = new Set<string>();
  for (const { guest } of options) {
    if (guest === "" || guest.includes("\0")) throw new WasiError("WT6004", `bad guest path ${JSON.stringify(guest)}`);
    const key = normalised(guest);
    if (seen.has(key)) throw new WasiError("WT6003", `two directories are mounted at ${JSON.stringify(guest)}`);
    seen.add(key);
  }
  const mounts: Mount[] = [];
  try {
    for (const option of options) mounts.push(openMount(option));
  } catch (error) {
    for (const mount of mounts) mount.root.close();
    throw error;
  }
  return mounts;
}

function openMount({ guest, fs, readOnly }: MountOption): Mount {
  const root = fs.root();
  return {
    guest: new TextEncoder().encode(guest),
    root,
    isReadOnly: fs.isReadOnly || readOnly === true,
    level: fs.level,
    fs,
  };
}
