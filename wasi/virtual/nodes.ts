/**
 * Files, directories and links in memory: the things that names lead to and handles hold.
 *
 * A node lives as long as it has a name or a handle. One that was found below an overlay has an `Origin`, which keeps it
 * the same node for everybody while it is in use or has been changed.
 */
import { type Filestat, type Filetype, filetype } from "../abi.ts";
import { fail } from "../errno.ts";
import type { DirEntry, FileTimes, Name } from "../file-system.ts";
import { type Content, SparseBytes } from "./content.ts";
import type { Volume } from "./volume.ts";

/** The tie of a node to the layer below. */
export interface Origin {
  /** As long as it is held more often than let go, looking the file up again finds this node. */
  hold(): void;
  letGo(): void;
  /** Called before each change; the node differs from the layer below from then on. @throws Failure NOSPC */
  willChange(): void;
  /** It has neither name nor handle. */
  free(): void;
}

/** Attributes that a node of a lower layer begins with. */
export type Attributes = Pick<Filestat, "ino" | "nlink" | "atim" | "mtim" | "ctim">;

export abstract class Node {
  abstract readonly filetype: Filetype;
  readonly volume: Volume;
  readonly ino: bigint;
  origin: Origin | undefined;
  nlink: number;
  atim: bigint;
  mtim: bigint;
  ctim: bigint;
  #users = 0;

  constructor(volume: Volume, from?: Attributes) {
    this.volume = volume;
    this.ino = from?.ino ?? volume.newIno();
    this.nlink = Number(from?.nlink ?? 0n);
    const now = from === undefined ? volume.now() : 0n;
    this.atim = from?.atim ?? now;
    this.mtim = from?.mtim ?? now;
    this.ctim = from?.ctim ?? now;
  }

  abstract size(): number;

  stat(): Filestat {
    const { filetype, ino, atim, mtim, ctim } = this;
    const nlink = BigInt(this.nlink);
    return { dev: this.volume.dev, ino, filetype, nlink, size: BigInt(this.size()), atim, mtim, ctim };
  }

  get isOpen(): boolean {
    return this.#users > 0;
  }

  /** One more handle. */
  open(): void {
    if (this.#users++ === 0) this.origin?.hold();
  }

  /** One handle less. */
  release(): void {
    if (--this.#users > 0) return;
    if (this.nlink === 0) this.free();
    this.origin?.letGo();
  }

  addName(): void {
    this.nlink++;
    this.ctim = this.volume.now();
  }

  /** @param count  names that go; a directory goes with all its links */
  dropNames(count = 1): void {
    this.nlink -= count;
    this.ctim = this.volume.now();
    if (this.nlink === 0 && !this.isOpen) this.free();
  }

  /** Called before anything about it changes. @throws Failure ROFS, NOSPC */
  willChange(): void {
    this.volume.requireWritable();
    this.origin?.willChange();
  }

  setTimes({ atim, mtim }: FileTimes): void {
    this.willChange();
    this.atim = atim ?? this.atim;
    this.mtim = mtim ?? this.mtim;
    this.ctim = this.volume.now();
  }

  protected touch(): void {
    this.mtim = this.ctim = this.volume.now();
  }

  protected free(): void {
    this.origin?.free();
  }
}

/** A regular file. */
export class FileNode extends Node {
  readonly filetype = filetype.regularFile;
  #content: Content;

  constructor(volume: Volume, content: Content = new SparseBytes(volume), from?: Attributes) {
    super(volume, from);
    this.#content = content;
  }

  size(): number {
    return this.#content.size();
  }

  override open(): void {
    if (!this.isOpen) this.#content.open?.();
    super.open();
  }

  override release(): void {
    const content = this.#content;
    super.release();
    if (!this.isOpen) content.close?.();
  }

  read(buffers: readonly Uint8Array[], position: number): number {
    let total = 0;
    for (const buffer of buffers) {
      const count = this.#content.read(buffer, position + total);
      total += count;
      if (count < buffer.length) break;
    }
    return total;
  }

  /** What is not zeros because nothing was ever written there. */
  pieces(): { readonly at: number; readonly bytes: Uint8Array }[] {
    const content = this.#content;
    return content instanceof SparseBytes ? content.pieces() : [];
  }

  /** Short when the volume gets full. @throws Failure NOSPC when there is no room for a single byte; FBIG */
  write(buffers: readonly Uint8Array[], position: number): number {
    const wanted = buffers.reduce((sum, b) => sum + b.length, 0);
    if (wanted === 0) return 0;
    if (position + wanted > Number.MAX_SAFE_INTEGER) fail("FBIG");
    this.willChange();
    const own = this.#own(this.size());
    let total = 0;
    for (const buffer of buffers) {
      const count = own.write(buffer, position + total);
      total += count;
      if (count < buffer.length) break;
    }
    if (total === 0) fail("NOSPC");
    this.touch();
    return total;
  }

  setSize(size: number): void {
    this.willChange();
    this.#own(Math.min(size, this.size())).resize(size);
    this.touch();
  }

  /** The contents as our own, to be changed; at first a copy of the first `keep` bytes. @throws Failure NOSPC */
  #own(keep: number): SparseBytes {
    const old = this.#content;
    if (old instanceof SparseBytes) return old;
    if (keep > this.volume.freeBytes) fail("NOSPC");
    const own = new SparseBytes(this.volume);
    try {
      copy(old, own, keep);
    } catch (error) {
      own.free();
      throw error;
    }
    this.#content = own;
    if (this.isOpen) old.close?.();
    return own;
  }

  protected override free(): void {
    this.#content.free?.();
    super.free();
  }
}

function copy(from: Content, to: SparseBytes, length: number): void {
  const chunk = new Uint8Array(Math.min(length, 1 << 18));
  for (let at = 0; at < length; ) {
    const count = from.read(chunk.subarray(0, Math.min(chunk.length, length - at)), at);
    if (count === 0) break;
    if (to.write(chunk.subarray(0, count), at) < count) fail("NOSPC");
    at += count;
  }
  to.resize(length);
}

export class LinkNode extends Node {
  readonly filetype = filetype.symbolicLink;
  readonly #size: number;
  readonly #read: () => Uint8Array;
  /** Bytes taken from the volume. */
  readonly #held: number;

  /** @param target  the text, which is taken from the volume; or how to read it */
  constructor(volume: Volume, target: Uint8Array | { size: number; read: () => Uint8Array }, from?: Attributes) {
    const isText = target instanceof Uint8Array;
    if (isText) volume.takeBytes(target.length);
    super(volume, from);
    this.#held = isText ? target.length : 0;
    this.#size = isText ? target.length : target.size;
    this.#read = isText ? () => target : target.read;
  }

  size(): number {
    return this.#size;
  }

  target(): Uint8Array {
    return this.#read();
  }

  protected override free(): void {
    this.volume.giveBytes(this.#held);
    super.free();
  }
}

/** A device, a pipe, a socket: it can be looked at, and not opened. */
export class OtherNode extends Node {
  readonly filetype: Filetype;

  constructor(volume: Volume, type: Filetype, from?: Attributes) {
    super(volume, from);
    this.filetype = type;
  }

  size(): number {
    return 0;
  }
}

interface Entry {
  readonly name: Name;
  /** Null: the layer below has the name, and it has been deleted. */
  readonly node: Node | null;
}

/** Equal for equal names. */
export function keyOf(name: Name): string {
  let key = "";
  for (const byte of name) key += String.fromCharCode(byte);
  return key;
}

/** A directory. Every entry is taken from the volume. */
export class DirNode extends Node {
  readonly filetype = filetype.directory;
  /** Where it is; undefined for the root. */
  parent: DirNode | undefined;
  protected readonly entries = new Map<string, Entry>();

  constructor(volume: Volume, parent: DirNode | undefined, from?: Attributes) {
    super(volume, from);
    this.parent = parent;
    if (from === undefined) this.nlink = 2;
  }

  size(): number {
    return this.entries.size * 32;
  }

  get isRemoved(): boolean {
    return this.nlink === 0;
  }

  /** A directory in it came or went. Below an overlay some hosts do not count them: then nlink is 1 and stays it. */
  countDirs(change: 1 | -1): void {
    if (this.nlink >= 2) this.nlink = Math.max(2, this.nlink + change);
  }

  lookup(name: Name): Node | undefined {
    return this.entries.get(keyOf(name))?.node ?? undefined;
  }

  isEmpty(): boolean {
    for (const { node } of this.entries.values()) if (node !== null) return false;
    return true;
  }

  /** @throws Failure OVERFLOW above `max` */
  list(max: number): DirEntry[] {
    const found: DirEntry[] = [];
    for (const { name, node } of this.entries.values()) {
      if (node !== null) found.push({ name, filetype: node.filetype });
    }
    return found.length > max ? fail("OVERFLOW") : found;
  }

  /** What is in it by its own table. */
  ownEntries(): { readonly name: Name; readonly node: Node }[] {
    return [...this.entries.values()].flatMap(({ name, node }) => (node === null ? [] : [{ name, node }]));
  }

  /** Exchanges what is in it with what is in `other`; handles stay on the directories they are on. */
  exchange(other: DirNode): void {
    const [mine, theirs] = [[...this.entries], [...other.entries]];
    for (const [dir, entries] of [[this, theirs] as const, [other, mine] as const]) {
      dir.entries.clear();
      for (const [key, entry] of entries) {
        dir.entries.set(key, entry);
        if (entry.node instanceof DirNode) entry.node.parent = dir;
      }
    }
    const { nlink, atim, mtim, ctim } = this;
    Object.assign(this, { nlink: other.nlink, atim: other.atim, mtim: other.mtim, ctim: other.ctim });
    Object.assign(other, { nlink, atim, mtim, ctim });
  }

  /** Takes the names of everything in it and below away; what is open stays open. */
  clear(): void {
    const dirs: DirNode[] = [this];
    // A directory that is removed gives its names back itself.
    for (const dir of dirs) {
      for (const { node } of dir.ownEntries()) {
        if (node instanceof DirNode) dirs.push(node);
        else node.dropNames();
      }
      this.volume.giveEntries(dir.entries.size);
      dir.entries.clear();
      if (dir !== this) dir.markRemoved();
    }
  }

  /** Entries that `add` takes. */
  costOfAdding(name: Name): number {
    return this.entries.has(keyOf(name)) ? 0 : 1;
  }

  /** Entries that `remove` takes; less than none when it gives one back. */
  costOfRemoving(_name: Name): number {
    return -1;
  }

  /** `name` leads to `node` from now on, whatever it led to before. Counts no links. @throws Failure NOSPC, NOENT */
  add(name: Name, node: Node): void {
    if (this.isRemoved) fail("NOENT");
    this.willChange();
    const key = keyOf(name);
    if (!this.entries.has(key)) this.volume.takeEntry();
    // A copy: the name may be a part of a guest's long path.
    this.entries.set(key, { name: Uint8Array.from(name), node });
    this.touch();
  }

  /** Counts no links. @throws Failure NOSPC in an overlay */
  remove(name: Name): void {
    this.willChange();
    if (this.entries.delete(keyOf(name))) this.volume.giveEntries(1);
    this.touch();
  }

  /** It is empty and has lost its name: nothing can be put into it any more. */
  markRemoved(): void {
    this.volume.giveEntries(this.entries.size);
    this.entries.clear();
    this.dropNames(this.nlink);
  }

  /** True for `other` itself and everything above it. By number: of a directory there can be two nodes, see `Origin`. */
  isWithin(other: DirNode): boolean {
    for (let dir: DirNode | undefined = this; dir !== undefined; dir = dir.parent) {
      if (dir.ino === other.ino) return true;
    }
    return false;
  }
}
