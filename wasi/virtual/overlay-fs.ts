/**
 * An overlay: a file system that may be changed over one that stays as it is. What the guest changes is kept in memory.
 *
 * ```
 * lookup "f" ──► own entry? ──yes──► the node, or "deleted" (a whiteout)
 *                    │ no
 *                    ▼
 *                lower has "f"? ──► a node with an origin below; the same one as long as somebody holds it
 * ```
 * A file of the lower layer is copied when it is first written, not when it is opened; everybody who has it open sees the
 * copy. A directory is never copied: it remembers where it is below, also after it has been moved. Hard links below are
 * one file here too. Nobody else should change the lower layer meanwhile: what a guest then sees is unspecified, though
 * never anything outside of it.
 */
import { type Filestat, filetype } from "../abi.ts";
import { identity } from "../context.ts";
import { errno, errnoOf, fail } from "../errno.ts";
import type {
  DirEntry,
  DirHandle,
  FileHandle,
  FileMode,
  FileSystem,
  FsLevel,
  GuestFiles,
  Name,
} from "../file-system.ts";
import type { Content } from "./content.ts";
import { MemoryDir } from "./handles.ts";
import { type Attributes, DirNode, FileNode, keyOf, LinkNode, type Node, type Origin, OtherNode } from "./nodes.ts";
import { Volume, type VolumeOptions } from "./volume.ts";

const readOnly: FileMode = {
  isRead: true,
  isWrite: false,
  isAppend: false,
  isTruncate: false,
  isSync: false,
  isDsync: false,
};

/** New files have numbers that files of a lower layer do not reach. */
const firstOwnIno = 1n << 62n;

export class OverlayFs implements FileSystem {
  readonly level: FsLevel;
  readonly isReadOnly = false;
  readonly #lower: FileSystem;
  readonly #options: VolumeOptions;
  #layers: Layers | undefined;

  /** @param lower  never changed through the overlay */
  constructor(lower: FileSystem, options: VolumeOptions = {}) {
    this.level = lower.level;
    this.#lower = lower;
    this.#options = options;
  }

  root(): DirHandle {
    this.#layers ??= new Layers(this.#lower, this.#options);
    return new MemoryDir(this.#layers.root);
  }

  /** Nothing to save as long as nothing has been changed; what has been cannot be saved. */
  readonly contents: GuestFiles = {
    bytes: () => this.usage.bytes,
    save: () => (this.usage.entries === 0 ? undefined : fail("NOTSUP")),
    restore: () => fail("NOTSUP"),
  };

  /** Bytes of file contents and number of names, whiteouts and changed files that are held now. */
  get usage(): { readonly bytes: number; readonly entries: number } {
    return this.#layers?.volume.usage ?? { bytes: 0, entries: 0 };
  }
}

/** Where something is in the lower layer. The directory stands for its original place, wherever it has been moved. */
interface Place {
  readonly dir: LayeredDir;
  readonly name: Name;
}

/** The two layers of one overlay. */
class Layers {
  readonly volume: Volume;
  readonly root: LayeredDir;
  readonly lower: FileSystem;
  readonly #rootDev: bigint;
  /** Nodes with an origin that are in use or changed, by their identity below. */
  readonly held = new Map<string, Node>();

  constructor(lower: FileSystem, options: VolumeOptions) {
    this.lower = lower;
    this.volume = new Volume(options, firstOwnIno);
    const dir = lower.root();
    const stat = dir.stat();
    dir.close();
    this.#rootDev = stat.dev;
    this.root = new LayeredDir(this, undefined, stat);
    this.root.origin = new LowerOrigin(this, identity(stat), this.root);
  }

  /** The node for what is at `place` below. */
  nodeFor(stat: Filestat, place: Place): Node {
    const id = identity(stat);
    const known = this.held.get(id);
    if (known !== undefined) return known;
    const node = this.#newNode(stat, place);
    node.origin = new LowerOrigin(this, id, node);
    return node;
  }

  #newNode(stat: Filestat, place: Place): Node {
    const { volume } = this;
    const from = this.attributes(stat);
    if (stat.filetype === filetype.directory) return new LayeredDir(this, place, stat);
    if (stat.filetype === filetype.regularFile)
      return new FileNode(volume, lowerContent(place, Number(stat.size)), from);
    if (stat.filetype !== filetype.symbolicLink) return new OtherNode(volume, stat.filetype, from);
    const read = (): Uint8Array => place.dir.withLower((dir) => dir.readLinkAt(place.name));
    return new LinkNode(volume, { size: Number(stat.size), read }, from);
  }

  /** Files on other devices than the root's get numbers of their own here, since all have one device for the guest. */
  attributes(stat: Filestat): Attributes {
    if (stat.dev === this.#rootDev) return stat;
    return { ...stat, ino: BigInt.asUintN(61, stat.ino ^ ((stat.dev - this.#rootDev) << 40n)) };
  }
}

/** What ties a node to the lower layer: keeps it in `Layers.held` while it is in use or changed. */
class LowerOrigin implements Origin {
  readonly #layers: Layers;
  readonly #id: string;
  readonly #node: Node;
  #holds = 0;
  #isChanged = false;
  /** Directories on the way are held too, so that there is one node for each of them (see `DirNode.isWithin`). */
  #heldParent: LowerOrigin | undefined;

  constructor(layers: Layers, id: string, node: Node) {
    this.#layers = layers;
    this.#id = id;
    this.#node = node;
  }

  hold(): void {
    // A loop, since guests make directories deeper than the stack.
    for (let at: LowerOrigin | undefined = this; at !== undefined && at.#holds++ === 0; at = at.#heldParent) {
      at.#layers.held.set(at.#id, at.#node);
      const parent: Origin | undefined = at.#node instanceof DirNode ? at.#node.parent?.origin : undefined;
      at.#heldParent = parent instanceof LowerOrigin ? parent : undefined;
    }
  }

  letGo(): void {
    for (let at: LowerOrigin | undefined = this; at !== undefined && --at.#holds === 0; at = at.#heldParent) {
      if (at.#layers.held.get(at.#id) === at.#node) at.#layers.held.delete(at.#id);
    }
  }

  willChange(): void {
    if (this.#isChanged) return;
    this.#layers.volume.takeEntry();
    this.#isChanged = true;
    this.hold();
  }

  free(): void {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    this.#layers.volume.giveEntries(1);
    this.letGo();
  }
}

/** The contents of a file below. Opened and closed with the node. */
function lowerContent({ dir, name }: Place, size: number): Content {
  let handle: FileHandle | undefined;
  return {
    size: () => handle?.size() ?? size,
    read: (into, position) => handle?.read([into], position) ?? fail("BADF"),
    open() {
      handle = dir.withLower((lower) => openRegular(lower, name));
    },
    close() {
      handle?.close();
      handle = undefined;
    },
  };
}

/** Pipes and devices below are not the overlay's: using them has effects on the other side. */
function openRegular(dir: DirHandle, name: Name): FileHandle {
  const file = dir.fileAt(name, readOnly);
  if (file.kind === "file") return file;
  file.close();
  return fail("ACCES");
}

/** A directory that is also in the lower layer. Its own entries go before those below. */
class LayeredDir extends DirNode {
  readonly #layers: Layers;
  /** Undefined: the root. */
  readonly #place: Place | undefined;
  readonly #lowerSize: number;
  #lower: DirHandle | undefined;
  #lowerUsers = 0;

  constructor(layers: Layers, place: Place | undefined, stat: Filestat) {
    super(layers.volume, place?.dir, layers.attributes(stat));
    this.#layers = layers;
    this.#place = place;
    this.#lowerSize = Number(stat.size);
  }

  override size(): number {
    return this.#lowerSize + super.size();
  }

  override open(): void {
    if (!this.isOpen) this.#acquire();
    super.open();
  }

  override release(): void {
    super.release();
    if (!this.isOpen) this.#letGo();
  }

  /** Calls `use` with the directory below. @throws Failure STALE when it has been moved or deleted there */
  withLower<R>(use: (dir: DirHandle) => R): R {
    const dir = this.#acquire();
    try {
      return use(dir);
    } finally {
      this.#letGo();
    }
  }

  #acquire(): DirHandle {
    this.#lower ??= this.#openLower();
    this.#lowerUsers++;
    return this.#lower;
  }

  /** From the nearest directory on the way that is open down to here. */
  #openLower(): DirHandle {
    const way: Name[] = [];
    let top: LayeredDir = this;
    while (top.#lower === undefined && top.#place !== undefined) {
      way.push(top.#place.name);
      top = top.#place.dir;
    }
    let dir = top.#lower ?? this.#layers.lower.root();
    for (let name = way.pop(); name !== undefined; name = way.pop()) {
      const above = dir;
      try {
        dir = above.dirAt(name) ?? fail("STALE");
      } finally {
        if (above !== top.#lower) above.close();
      }
    }
    return dir;
  }

  #letGo(): void {
    if (--this.#lowerUsers > 0) return;
    this.#lower?.close();
    this.#lower = undefined;
  }

  override lookup(name: Name): Node | undefined {
    if (this.entries.has(keyOf(name))) return super.lookup(name);
    const stat = this.#below(name);
    return stat && this.#layers.nodeFor(stat, { dir: this, name: Uint8Array.from(name) });
  }

  /** What the lower layer has by that name, deleted here or not. */
  #below(name: Name): Filestat | undefined {
    return this.isRemoved ? undefined : this.withLower((dir) => dir.statAt(name));
  }

  override isEmpty(): boolean {
    try {
      // With more below than there are whiteouts, something is visible.
      return super.isEmpty() && this.#visibleBelow(this.entries.size).length === 0;
    } catch (error) {
      if (errnoOf(error) !== errno.OVERFLOW) throw error;
      return false;
    }
  }

  override list(max: number): DirEntry[] {
    const found = [...this.#visibleBelow(max), ...super.list(max)];
    return found.length > max ? fail("OVERFLOW") : found;
  }

  #visibleBelow(max: number): DirEntry[] {
    if (this.isRemoved) return [];
    return this.withLower((dir) => dir.list(max)).filter(({ name }) => !this.entries.has(keyOf(name)));
  }

  override costOfRemoving(name: Name): number {
    const own = this.entries.has(keyOf(name)) ? 1 : 0;
    return (this.#below(name) === undefined ? 0 : 1) - own;
  }

  /** What is also below is covered by a whiteout. */
  override remove(name: Name): void {
    if (this.#below(name) === undefined) return super.remove(name);
    this.willChange();
    const key = keyOf(name);
    if (!this.entries.has(key)) this.volume.takeEntry();
    this.entries.set(key, { name: Uint8Array.from(name), node: null });
    this.touch();
  }
}
