/**
 * What the host needs of a file system: directories and files as handles, names as single components.
 *
 * No method takes a path. `..`, symlinks and the question whether something is inside a mount are decided in
 * `path-resolver.ts` alone; an implementation only has to make sure that it never follows a link in `name` and that a
 * handle means the same directory for ever, whatever is renamed around it.
 *
 * All methods fail by throwing: a `Failure`, or a host error whose `code` is an errno name such as "ENOENT".
 */
import type { Filestat, Filetype } from "./abi.ts";
import type { InputStream, OutputStream } from "./streams.ts";
import type { SavedTree } from "./virtual/tree-state.ts";

/** One path component as bytes: not empty, no slash, no NUL, neither "." nor "..". */
export type Name = Uint8Array;

/** How an existing or new file is to be opened. */
export interface FileMode {
  readonly isRead: boolean;
  readonly isWrite: boolean;
  readonly isAppend: boolean;
  readonly isTruncate: boolean;
  readonly isSync: boolean;
  readonly isDsync: boolean;
}

/** Times to set, ns since 1970; undefined leaves one as it is. */
export interface FileTimes {
  readonly atim: bigint | undefined;
  readonly mtim: bigint | undefined;
}

export interface DirEntry {
  readonly name: Uint8Array;
  readonly filetype: Filetype;
}

/** A regular file, open. Positions and sizes are bytes, at most 2^53-1. */
export interface FileHandle {
  readonly kind: "file";
  /** Bytes read; 0 at the end. May be short. */
  read(buffers: readonly Uint8Array[], position: number): number;
  /** Bytes written, at `position`. May be short. */
  write(buffers: readonly Uint8Array[], position: number): number;
  /** Bytes written, at the end of the file as it is then. Only after `setAppend(true)`. */
  append(buffers: readonly Uint8Array[]): number;
  setAppend(isAppend: boolean): void;
  size(): number;
  stat(): Filestat;
  setSize(size: number): void;
  setTimes(times: FileTimes): void;
  sync(): void;
  datasync(): void;
  close(): void;
  /**
   * As `read` and `write`, of the `length` bytes at `at` of `memory`, which are in bounds. Negative: it has failed, and nothing
   * was done; the other methods tell why. Absent where there is no short way.
   */
  readInto?(memory: Uint8Array, at: number, length: number, position: number): number;
  writeFrom?(memory: Uint8Array, at: number, length: number, position: number): number;
}

/** A named pipe or the like inside a mount, open. */
export interface PipeHandle {
  readonly kind: "pipe";
  readonly input: InputStream | undefined;
  readonly output: OutputStream | undefined;
  close(): void;
}

/** A directory, held. */
export interface DirHandle {
  readonly kind: "dir";
  /** Attributes of what `name` is, never of what it points to; undefined when there is nothing. */
  statAt(name: Name): Filestat | undefined;
  /** Only the type; cheaper. */
  typeAt(name: Name): Filetype | undefined;
  /** The directory `name`; undefined when it is not a directory but perhaps a link. Missing: ENOENT. */
  dirAt(name: Name): DirHandle | undefined;
  /** Opens the file or pipe `name`; a link is ELOOP, a device EACCES, a directory EISDIR. */
  fileAt(name: Name, mode: FileMode): FileHandle | PipeHandle;
  /** Creates the regular file `name`; whatever is there already, dangling links too, is EEXIST. */
  createAt(name: Name, mode: FileMode): FileHandle;
  /** Text of the link `name`; anything else is EINVAL. */
  readLinkAt(name: Name): Uint8Array;
  makeDirAt(name: Name): void;
  removeDirAt(name: Name): void;
  unlinkAt(name: Name): void;
  symlinkAt(target: Uint8Array, name: Name): void;
  /** Hard link; a symlink itself is linked, not what it points to. */
  linkAt(name: Name, toDir: DirHandle, toName: Name): void;
  renameAt(name: Name, toDir: DirHandle, toName: Name): void;
  /** Never follows a link. */
  setTimesAt(name: Name, times: FileTimes): void;
  stat(): Filestat;
  setTimes(times: FileTimes): void;
  /** All entries but "." and "..", in the order of the host. @throws Failure OVERFLOW above `max` */
  list(max: number): DirEntry[];
  sync(): void;
  /** Another handle on the same directory. */
  duplicate(): DirHandle;
  close(): void;
  /**
   * `statAt` and `fileAt` after a `dirAt` for each name but the last, of the names that are the `length` bytes at `at` of `memory`,
   * with one slash between any two. Null: at least one of these says ENOENT, and none that comes before it anything else.
   * Undefined: one fails, or there is a link on the way, or the last is no regular file. Nothing was done then. Absent where there
   * is no short way.
   *
   * `statBelow` gives the attributes as 64 bytes, valid until anything else is asked: the fields of `Filestat` in their order,
   * 64 bits each, little endian.
   */
  statBelow?(memory: Uint8Array, at: number, length: number): Uint8Array | null | undefined;
  openBelow?(memory: Uint8Array, at: number, length: number, mode: FileMode): FileHandle | null | undefined;
}

/**
 * How strongly an implementation keeps guests inside, strongest first.
 *
 * - `virtual`: there is no host file system behind it.
 * - `beneath`: every step goes through a held directory; no rename by anyone can lead outside.
 * - `nofollow`: every step is looked at before and after by its path. A guest by itself cannot get out; together with
 *   someone who renames directories of the mount at the right moment it can.
 * - `lexical`: the host follows links in the middle of a path, wherever they lead. No security boundary.
 */
export const fsLevels = ["virtual", "beneath", "nofollow", "lexical"] as const;
export type FsLevel = (typeof fsLevels)[number];

/** A tree of directories and files that can be mounted, any number of times and by several guests. */
export interface FileSystem {
  readonly level: FsLevel;
  /** Nothing in it can ever change: every mount of it is read-only. */
  readonly isReadOnly: boolean;
  /** Files that are the guest's own, as those in memory are: they are saved with it. Absent: they are somebody else's. */
  readonly contents?: GuestFiles | undefined;
  /** A new handle on the root. The caller closes it. @throws WasiError when it cannot be opened */
  root(): DirHandle;
}

/** The contents of a file system as data. */
export interface GuestFiles {
  /** How many they are, to tell whether they can be saved. */
  bytes(): number;
  /** Undefined: there is nothing that a new file system of the same kind would not have. @throws Failure NOTSUP */
  save(): SavedTree | undefined;
  /** Puts these files in the place of what is there. @throws Failure NOSPC; nothing has changed then */
  restore(tree: SavedTree): RestoredFiles;
}

/** One of the two is called, before anything else is done with the file system. */
export interface RestoredFiles {
  /** Lets go of what was there. */
  commit(): void;
  /** Puts it back. */
  cancel(): void;
}

/** A directory given to the guest. Everything opened below it refers to it. */
export interface Mount {
  /** What the guest sees as its name, bytes. */
  readonly guest: Uint8Array;
  readonly root: DirHandle;
  readonly isReadOnly: boolean;
  readonly level: FsLevel;
  /** What it is a mount of, if that is known. */
  readonly fs?: FileSystem | undefined;
}
