/**
 * The guest's file descriptors: what kinds there are, and the numbers they have.
 *
 * Numbers are given lowest first, as programs expect. A descriptor owns its host handle: it is closed exactly once,
 * when the number is closed, overwritten by fd_renumber, or the host ends.
 */
import { type Filetype, fdflags, filetype } from "./abi.ts";
import { fail } from "./errno.ts";
import type { DirEntry, DirHandle, FileHandle, Mount, Name } from "./file-system.ts";
import type { Socket } from "./net/socket.ts";
import {
  dirRights,
  fileRights,
  inheritingRights,
  readRight,
  socketRights,
  streamRights,
  writingRights,
} from "./rights.ts";
import type { InputStream, OutputStream } from "./streams.ts";

/** A file position that means "wherever the file ends", until someone asks. */
export const atEnd = -1;

const slash = 0x2f;

interface Common {
  /** fdflags that the guest asked for. */
  flags: number;
  /** Rights the guest gave up for this descriptor, and for what is opened through it. */
  dropped: number;
  droppedInheriting: number;
}

/** The streams every guest begins with. */
export const standardStreams = ["stdin", "stdout", "stderr"] as const;
export type StandardStream = (typeof standardStreams)[number];

/** Standard input or output, or a pipe. */
export interface StreamDesc extends Common {
  readonly kind: "stream";
  /** Undefined for what the guest opened. */
  readonly standard: StandardStream | undefined;
  readonly filetype: Filetype;
  readonly input: InputStream | undefined;
  readonly output: OutputStream | undefined;
  /** The socket it is; its streams then are that too. */
  readonly socket: Socket | undefined;
  /** Releases what only this descriptor uses. */
  readonly close: () => void;
}

/** A path that was not taken apart: a copy of each name takes as long as a system call, and few ask for them. Bench: wasi, open. */
export interface WholePath {
  readonly above: readonly Name[];
  /** Names with one slash between any two. */
  readonly below: Uint8Array;
}

export interface FileDesc extends Common {
  readonly kind: "file";
  readonly file: FileHandle;
  readonly mount: Mount;
  /** Where it is below the mount, as far as the guest's own calls tell: others may have moved it. Ask `whereIs`. */
  path: readonly Name[] | WholePath;
  readonly isRead: boolean;
  readonly isWrite: boolean;
  /** Where the next read or write happens, or `atEnd`. */
  position: number;
}

/** The entries of a directory as they were when the guest began to read them, without "." and "..". */
export interface Listing {
  readonly entries: readonly DirEntry[];
  /** Inode of each entry, once it was looked up. */
  readonly inodes: (bigint | undefined)[];
  /** Estimate of the host memory it takes. */
  readonly bytes: number;
}

export interface DirDesc extends Common {
  readonly kind: "dir";
  readonly dir: DirHandle;
  readonly mount: Mount;
  /** As that of a file; empty for the mount itself. */
  path: readonly Name[];
  /** Name under which it was given to the guest; undefined for directories the guest opened. */
  readonly preopen: Uint8Array | undefined;
  listing: Listing | undefined;
}

export type Descriptor = StreamDesc | FileDesc | DirDesc;

export function streamDesc(streams: {
  standard?: StandardStream;
  input?: InputStream | undefined;
  output?: OutputStream | undefined;
  flags?: number;
  close?: () => void;
}): StreamDesc {
  const { input, output } = streams;
  return {
    kind: "stream",
    standard: streams.standard,
    flags: streams.flags ?? 0,
    dropped: 0,
    droppedInheriting: 0,
    filetype: input?.filetype ?? output?.filetype ?? filetype.unknown,
    input,
    output,
    socket: undefined,
    close: streams.close ?? (() => {}),
  };
}

export const socketDesc = (socket: Socket, flags = 0): StreamDesc => ({
  ...streamDesc({ input: socket, output: socket, flags, close: () => socket.close() }),
  socket,
});

/** @param preopen  the name the guest knows it by, if it was given */
export function dirDesc(dir: DirHandle, { mount, path }: Place, preopen?: Uint8Array): DirDesc {
  return {
    kind: "dir",
    flags: 0,
    dropped: 0,
    droppedInheriting: 0,
    dir,
    mount,
    path,
    preopen,
    listing: undefined,
  };
}

export function fileDesc(
  file: FileHandle,
  { mount, path }: { readonly mount: Mount; readonly path: FileDesc["path"] },
  mode: { readonly isRead: boolean; readonly isWrite: boolean },
  flags: number,
): FileDesc {
  const { isRead, isWrite } = mode;
  return { kind: "file", flags, dropped: 0, droppedInheriting: 0, file, mount, path, isRead, isWrite, position: 0 };
}

/** Where it is. */
export function whereIs(d: FileDesc | DirDesc): Place {
  if ("below" in d.path) d.path = [...d.path.above, ...splitNames(d.path.below)];
  return { mount: d.mount, path: d.path };
}

function splitNames(path: Uint8Array): Name[] {
  const names: Name[] = [];
  for (let start = 0; start <= path.length; ) {
    const next = path.indexOf(slash, start);
    const end = next < 0 ? path.length : next;
    names.push(path.slice(start, end));
    start = end + 1;
  }
  return names;
}

/** A file or directory by where it is. */
export interface Place {
  readonly mount: Mount;
  /** Names from the root of the mount down; none of them was a link. */
  readonly path: readonly Name[];
}

/** Rights a descriptor has now: (its own, what it passes on). */
export function rightsOf(d: Descriptor): readonly [base: number, inheriting: number] {
  if (d.kind === "dir") return [dirRights & ~d.dropped, inheritingRights & ~d.droppedInheriting];
  if (d.kind === "stream") {
    if (d.socket !== undefined) return [socketRights & ~d.dropped, 0];
    const lacking = (d.input ? 0 : readRight) | (d.output ? 0 : writingRights);
    return [streamRights & ~lacking & ~d.dropped, 0];
  }
  const lacking = (d.isRead ? 0 : readRight) | (d.isWrite ? 0 : writingRights);
  return [fileRights & ~lacking & ~d.dropped, 0];
}

export function filetypeOf(d: Descriptor): Filetype {
  if (d.kind === "stream") return d.filetype;
  return d.kind === "dir" ? filetype.directory : filetype.regularFile;
}

/** True for the streams every guest begins with. */
export const isStandard = (d: Descriptor): boolean => d.kind === "stream" && d.standard !== undefined;

/** True when reads and writes must not wait. */
export function isNonblocking(d: Descriptor): boolean {
  return (d.flags & fdflags.nonblock) !== 0;
}

/** Closes what is behind `d`. The root of a mount stays open as long as the host: other descriptors are below it. */
export function release(d: Descriptor): void {
  if (d.kind === "file") d.file.close();
  else if (d.kind === "stream") d.close();
  else if (d.dir !== d.mount.root) d.dir.close();
}

export class FdTable {
  readonly #slots: (Descriptor | undefined)[] = [];
  readonly #max: number;
  /** No number below this one is free. */
  #lowest = 0;
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** @throws Failure BADF */
  get(fd: number): Descriptor {
    return this.#slots[fd] ?? fail("BADF");
  }

  /** As `get`, or undefined. */
  find(fd: number): Descriptor | undefined {
    return this.#slots[fd];
  }

  /** `add` would fail. */
  get isFull(): boolean {
    return this.#count >= this.#max;
  }

  /** Fails with MFILE when `add` would: called before something is created on the host. */
  reserve(): void {
    if (this.isFull) fail("MFILE");
  }

  /** Gives `d` the lowest free number. */
  add(d: Descriptor): number {
    this.reserve();
    let fd = this.#lowest;
    while (this.#slots[fd] !== undefined) fd++;
    this.#slots[fd] = d;
    this.#lowest = fd + 1;
    this.#count++;
    return fd;
  }

  close(fd: number): void {
    const d = this.get(fd);
    this.#free(fd);
    release(d);
  }

  /** `from` gets the number `to`; what had it is closed. Both must be open. */
  renumber(from: number, to: number): void {
    const moved = this.get(from);
    const replaced = this.get(to);
    if (from === to) return;
    this.#slots[to] = moved;
    this.#free(from);
    release(replaced);
  }

  #free(fd: number): void {
    this.#slots[fd] = undefined;
    this.#lowest = Math.min(this.#lowest, fd);
    this.#count--;
  }

  /** Closes everything, also when the host fails to close something; the first such failure is thrown at the end. */
  closeAll(): void {
    const errors: unknown[] = [];
    for (const fd of this.#slots.keys()) {
      try {
        if (this.#slots[fd] !== undefined) this.close(fd);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Takes the place of everything that is open, which is closed unless it is among the new ones. */
  replaceAll(descriptors: ReadonlyMap<number, Descriptor>): void {
    const old = [...this];
    this.#slots.length = 0;
    for (const [fd, d] of descriptors) this.#slots[fd] = d;
    this.#count = descriptors.size;
    this.#lowest = 0;
    const kept = new Set(descriptors.values());
    for (const d of old) if (!kept.has(d)) release(d);
  }

  get max(): number {
    return this.#max;
  }

  /** All open descriptors with their numbers, lowest first. */
  *entries(): Generator<[number, Descriptor]> {
    for (let fd = 0; fd < this.#slots.length; fd++) {
      const d = this.#slots[fd];
      if (d !== undefined) yield [fd, d];
    }
  }

  /** All open descriptors. */
  *[Symbol.iterator](): Generator<Descriptor> {
    for (const [, d] of this.entries()) yield d;
  }
}
