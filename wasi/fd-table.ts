/**
 * The guest's file descriptors: what kinds there are, and the numbers they have.
 *
 * Numbers are given lowest first, as programs expect. A descriptor owns its host handle: it is closed exactly once,
 * when the number is closed, overwritten by fd_renumber, or the host ends.
 */
import { type Filetype, fdflags, filetype } from "./abi.ts";
import { fail } from "./errno.ts";
import type { DirEntry, DirHandle, FileHandle, Mount } from "./file-system.ts";
import { dirRights, fileRights, inheritingRights, readRight, streamRights, writingRights } from "./rights.ts";
import type { InputStream, OutputStream } from "./streams.ts";

/** A file position that means "wherever the file ends", until someone asks. */
export const atEnd = -1;

interface Common {
  /** fdflags that the guest asked for. */
  flags: number;
  /** Rights the guest gave up for this descriptor, and for what is opened through it. */
  dropped: number;
  droppedInheriting: number;
}

/** Standard input or output, or a pipe. */
export interface StreamDesc extends Common {
  readonly kind: "stream";
  readonly filetype: Filetype;
  readonly input: InputStream | undefined;
  readonly output: OutputStream | undefined;
  /** Releases what only this descriptor uses. */
  readonly close: () => void;
}

export interface FileDesc extends Common {
  readonly kind: "file";
  readonly file: FileHandle;
  readonly mount: Mount;
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
  /** Name under which it was given to the guest; undefined for directories the guest opened. */
  readonly preopen: Uint8Array | undefined;
  listing: Listing | undefined;
}

export type Descriptor = StreamDesc | FileDesc | DirDesc;

const fresh = { dropped: 0, droppedInheriting: 0 } as const;

export function streamDesc(streams: {
  input?: InputStream | undefined;
  output?: OutputStream | undefined;
  flags?: number;
  close?: () => void;
}): StreamDesc {
  const { input, output } = streams;
  return {
    kind: "stream",
    flags: streams.flags ?? 0,
    ...fresh,
    filetype: input?.filetype ?? output?.filetype ?? filetype.unknown,
    input,
    output,
    close: streams.close ?? (() => {}),
  };
}

export function dirDesc(dir: DirHandle, mount: Mount, preopen?: Uint8Array): DirDesc {
  return { kind: "dir", flags: 0, ...fresh, dir, mount, preopen, listing: undefined };
}

export function fileDesc(
  file: FileHandle,
  mount: Mount,
  mode: { readonly isRead: boolean; readonly isWrite: boolean },
  flags: number,
): FileDesc {
  return { kind: "file", flags, ...fresh, file, mount, isRead: mode.isRead, isWrite: mode.isWrite, position: 0 };
}

/** Rights a descriptor has now: (its own, what it passes on). */
export function rightsOf(d: Descriptor): readonly [base: number, inheriting: number] {
  if (d.kind === "dir") return [dirRights & ~d.dropped, inheritingRights & ~d.droppedInheriting];
  if (d.kind === "stream") {
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

/** True when reads and writes must not wait. */
export function isNonblocking(d: Descriptor): boolean {
  return (d.flags & fdflags.nonblock) !== 0;
}

function release(d: Descriptor): void {
  if (d.kind === "file") d.file.close();
  else if (d.kind === "dir") d.dir.close();
  else d.close();
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

  /** Fails with MFILE when `add` would: called before something is created on the host. */
  reserve(): void {
    if (this.#count >= this.#max) fail("MFILE");
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

  /** All open descriptors with their numbers, lowest first. */
  *entries(): Generator<[number, Descriptor]> {
    for (let fd = 0; fd < this.#slots.length; fd++) {
      const d = this.#slots[fd];
      if (d !== undefined) yield [fd, d];
    }
  }

  /** All open descriptors. */
  *[Symbol.iterator](): Generator<Descriptor> {
    for (const d of this.#slots) if (d !== undefined) yield d;
  }
}
