/**
 * Directories of a host that are addressed by their paths: levels `nofollow` and `lexical`, for systems on which a
 * directory cannot be held in a way that names below it can be opened.
 *
 * `nofollow`: before each use, every directory from the root of the mount to here must still be the one that was found
 * when it was opened, and no link; a file is looked at again after it has been opened. Someone who exchanges a directory
 * for a link between the look and the use, and back, is not seen. `lexical`: nothing is looked at, and the host follows
 * links in the middle of a path.
 */
import fs from "node:fs";
import type { Filestat, Filetype } from "../abi.ts";
import { fail, isHostError } from "../errno.ts";
import type { DirEntry, DirHandle, FileHandle, FileMode, FileTimes, Name, PipeHandle } from "../file-system.ts";
import { accessFlags, filestatOf, handleOn, listDir, NodeFile, times, typeOf } from "./host-files.ts";
import { isSafeOnWindows } from "./windows-names.ts";

const { constants: c } = fs;
const isWindows = process.platform === "win32";
const separator = Buffer.from(isWindows ? "\\" : "/");

type Identity = Pick<fs.BigIntStats, "dev" | "ino">;
const isSame = (a: Identity, b: Identity): boolean => a.dev === b.dev && a.ino === b.ino;

export class PathDir implements DirHandle {
  readonly kind = "dir";
  readonly #path: Buffer;
  readonly #id: Identity;
  /** Undefined: the root of the mount. */
  readonly #parent: PathDir | undefined;
  readonly #isLexical: boolean;

  constructor(path: Buffer, id: Identity, isLexical: boolean, parent?: PathDir) {
    this.#path = path;
    this.#id = id;
    this.#isLexical = isLexical;
    this.#parent = parent;
  }

  /** @param path  may have links, which are followed now and never again */
  static root(path: string, isLexical: boolean): PathDir {
    const real = fs.realpathSync(path, "buffer");
    const stat = fs.statSync(real, { bigint: true });
    if (!stat.isDirectory()) fail("NOTDIR");
    return new PathDir(real, stat, isLexical);
  }

  /** The path of an entry, once it is known that the directory is where it was. */
  #at(name: Name): Buffer {
    this.#check();
    if (isWindows && !isSafeOnWindows(new TextDecoder().decode(name))) fail("ACCES");
    return Buffer.concat([this.#path, separator, name]);
  }

  /** @throws Failure STALE when a directory on the way has been replaced */
  #check(): void {
    if (this.#isLexical) return;
    for (let dir: PathDir | undefined = this; dir !== undefined; dir = dir.#parent) {
      const stat = fs.lstatSync(dir.#path, { bigint: true, throwIfNoEntry: false });
      if (!stat?.isDirectory() || !isSame(stat, dir.#id)) fail("STALE");
    }
  }

  statAt(name: Name): Filestat | undefined {
    const stat = fs.lstatSync(this.#at(name), { bigint: true, throwIfNoEntry: false });
    this.#check();
    return stat && filestatOf(stat);
  }

  typeAt(name: Name): Filetype | undefined {
    const stat = fs.lstatSync(this.#at(name), { throwIfNoEntry: false });
    this.#check();
    return stat && typeOf(stat.mode);
  }

  dirAt(name: Name): PathDir | undefined {
    const path = this.#at(name);
    const look = this.#isLexical ? fs.statSync : fs.lstatSync;
    const stat = look(path, { bigint: true, throwIfNoEntry: false });
    this.#check();
    // A link that leads nowhere is one for the walk to look at.
    if (stat === undefined) return this.typeAt(name) === undefined ? fail("NOENT") : undefined;
    return stat.isDirectory() ? new PathDir(path, stat, this.#isLexical, this) : undefined;
  }

  fileAt(name: Name, mode: FileMode): FileHandle | PipeHandle {
    const path = this.#at(name);
    const fd = fs.openSync(path, accessFlags(mode));
    this.#checkOpened(fd, path);
    const handle = handleOn(fd, path, mode, reopener(path, fs.fstatSync(fd, { bigint: true })));
    if (mode.isTruncate && handle.kind === "file") truncate(handle, path, mode);
    return handle;
  }

  createAt(name: Name, mode: FileMode): NodeFile {
    const path = this.#at(name);
    const fd = fs.openSync(path, accessFlags(mode) | c.O_CREAT | c.O_EXCL, 0o666);
    this.#checkOpened(fd, path);
    return new NodeFile(fd, mode, reopener(path, fs.fstatSync(fd, { bigint: true })));
  }

  /** What was opened is what the name leads to without links; else it is closed. @throws Failure LOOP, as for a link */
  #checkOpened(fd: number, path: Buffer): void {
    try {
      this.#check();
      const now = fs.lstatSync(path, { bigint: true, throwIfNoEntry: false });
      if (now === undefined || !isSame(now, fs.fstatSync(fd, { bigint: true }))) fail("LOOP");
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  }

  readLinkAt(name: Name): Uint8Array {
    return fs.readlinkSync(this.#at(name), "buffer");
  }

  makeDirAt(name: Name): void {
    fs.mkdirSync(this.#at(name));
  }

  removeDirAt(name: Name): void {
    fs.rmdirSync(this.#at(name));
  }

  unlinkAt(name: Name): void {
    fs.unlinkSync(this.#at(name));
  }

  symlinkAt(target: Uint8Array, name: Name): void {
    fs.symlinkSync(Buffer.from(target), this.#at(name));
  }

  linkAt(name: Name, toDir: DirHandle, toName: Name): void {
    fs.linkSync(this.#at(name), own(toDir).#at(toName));
  }

  renameAt(name: Name, toDir: DirHandle, toName: Name): void {
    fs.renameSync(this.#at(name), own(toDir).#at(toName));
  }

  setTimesAt(name: Name, wanted: FileTimes): void {
    const path = this.#at(name);
    times.write(
      wanted,
      () => fs.lstatSync(path, { bigint: true }),
      (atim, mtim) => fs.lutimesSync(path, atim, mtim),
    );
  }

  stat(): Filestat {
    this.#check();
    return filestatOf(fs.statSync(this.#path, { bigint: true }));
  }

  setTimes(wanted: FileTimes): void {
    this.#check();
    times.write(
      wanted,
      () => fs.statSync(this.#path, { bigint: true }),
      (atim, mtim) => fs.utimesSync(this.#path, atim, mtim),
    );
  }

  list(max: number): DirEntry[] {
    this.#check();
    const entries = listDir(this.#path, max);
    this.#check();
    return entries;
  }

  sync(): void {
    this.#check();
    if (isWindows) return;
    const fd = fs.openSync(this.#path, c.O_RDONLY | c.O_DIRECTORY);
    try {
      fs.fsyncSync(fd);
    } finally {
      fs.closeSync(fd);
    }
  }

  duplicate(): PathDir {
    return new PathDir(this.#path, this.#id, this.#isLexical, this.#parent);
  }

  close(): void {}
}

/** Links and renames between different implementations cannot be done. */
function own(dir: DirHandle): PathDir {
  return dir instanceof PathDir ? dir : fail("XDEV");
}

/** Opens a file again by its path, if it is still the same. */
function reopener(path: Buffer, id: Identity): (flags: number) => number {
  return (flags) => {
    const fd = fs.openSync(path, flags);
    if (isSame(fs.fstatSync(fd, { bigint: true }), id)) return fd;
    fs.closeSync(fd);
    return fail("STALE");
  };
}

/** Only now, when it is known what was opened. A file that is open for reading only is emptied through another one. */
function truncate(file: FileHandle, path: Buffer, mode: FileMode): void {
  try {
    if (mode.isWrite) return file.setSize(0);
    const { dev, ino } = file.stat();
    const fd = reopener(path, { dev, ino })(c.O_WRONLY | (c.O_NOFOLLOW ?? 0));
    fs.ftruncateSync(fd, 0);
    fs.closeSync(fd);
  } catch (error) {
    file.close();
    if (isHostError(error, "ESTALE")) fail("LOOP");
    throw error;
  }
}
