/**
 * A folder of files that only this user may write: looked at before it is used, written whole or not at all, and kept below
 * a size by removing what was not used for longest.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { CodeCacheError } from "./error-codes.ts";

/** Files of ours; others are left alone. */
const OURS = /^[0-9a-f]{64}\.(?:code|valid)$/;
/** Begun by a process that ended before it was whole. */
const BEGUN = /^[0-9a-f]{64}\.(?:code|valid)\.[0-9a-f]{12}$/;
const HOUR = 3_600_000;
const OTHERS_MAY_WRITE = 0o022;

export class Folder {
  /** Without symbolic links. */
  readonly path: string;
  private readonly maxBytes: number;

  /** @throws CodeCacheError WT5301, WT5302 */
  constructor(path: string, maxBytes: number) {
    this.path = made(path);
    this.maxBytes = maxBytes;
  }

  /** The file `name`, from now on one that was used lately; undefined if there is none that can be trusted. */
  read(name: string): Buffer | undefined {
    const file = opened(
      join(this.path, name),
      constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0),
    );
    if (file === undefined) return undefined;
    try {
      const stats = fstatSync(file);
      if (!stats.isFile() || isForeign(stats) || stats.size > this.maxBytes) return undefined;
      const bytes = readFileSync(file);
      touch(file);
      return bytes;
    } catch {
      return undefined;
    } finally {
      closeSync(file);
    }
  }

  /** @throws what the system says, and then nothing is there that was not before */
  write(name: string, parts: readonly Uint8Array[]): void {
    const path = join(this.path, name);
    const begun = `${path}.${randomBytes(6).toString("hex")}`;
    try {
      const file = openSync(begun, "wx", 0o600);
      try {
        for (const part of parts) writeAll(file, part);
      } finally {
        closeSync(file);
      }
      renameSync(begun, path);
    } catch (error) {
      rmSync(begun, { force: true });
      throw error;
    }
    this.prune();
  }

  /** Removes what was not used for longest until the rest is small enough. @cost O(files) */
  private prune(): void {
    const files = readdirSync(this.path).flatMap((name) => {
      if (!OURS.test(name) && !BEGUN.test(name)) return [];
      const stats = statSync(join(this.path, name), { throwIfNoEntry: false });
      return stats === undefined ? [] : [{ name, size: stats.size, used: stats.mtimeMs }];
    });
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size, used } of files.sort((a, b) => a.used - b.used)) {
      const isAbandoned = BEGUN.test(name) && used < Date.now() - HOUR;
      if (total <= this.maxBytes && !isAbandoned) continue;
      rmSync(join(this.path, name), { force: true });
      total -= size;
    }
  }
}

/** The folder `path`, made if need be. */
function made(path: string): string {
  let real: string;
  let stats: Stats;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // As the system that made it finds it, should there be `..` behind a link.
    real = realpathSync.native(path);
    stats = statSync(real);
  } catch (error) {
    const what = `'${path}' cannot be used for compiled code: ${(error as Error).message}`;
    throw new CodeCacheError("WT5301", what, "name a directory that this process may write", error);
  }
  if (isForeign(stats)) {
    const what = `'${path}' is for others to write, too: code in it would be run as this user`;
    throw new CodeCacheError("WT5302", what, "name a directory of your own, with mode 700");
  }
  return real;
}

/** Systems without user numbers have none of these bits either. */
function isForeign({ uid, mode }: Stats): boolean {
  return process.getuid !== undefined && (uid !== process.getuid() || (mode & OTHERS_MAY_WRITE) !== 0);
}

function opened(path: string, flags: number): number | undefined {
  try {
    return openSync(path, flags);
  } catch {
    return undefined;
  }
}

/** Where the file system is read-only, nothing is removed either. */
function touch(file: number): void {
  try {
    const now = new Date();
    futimesSync(file, now, now);
  } catch {}
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
