/** Handles on nodes in memory: what `file-system.ts` asks of a file system, over the nodes of a volume. */
import { type Filestat, type Filetype, filetype } from "../abi.ts";
import { fail } from "../errno.ts";
import type { DirEntry, DirHandle, FileHandle, FileMode, FileTimes, Name } from "../file-system.ts";
import { DirNode, FileNode, LinkNode, type Node } from "./nodes.ts";

export class MemoryDir implements DirHandle {
  readonly kind = "dir";
  readonly #node: DirNode;

  constructor(node: DirNode) {
    node.open();
    this.#node = node;
  }

  statAt(name: Name): Filestat | undefined {
    return this.#node.lookup(name)?.stat();
  }

  typeAt(name: Name): Filetype | undefined {
    return this.#node.lookup(name)?.filetype;
  }

  dirAt(name: Name): MemoryDir | undefined {
    const node = this.#existing(name);
    return node instanceof DirNode ? new MemoryDir(node) : undefined;
  }

  fileAt(name: Name, mode: FileMode): FileHandle {
    const node = this.#existing(name);
    if (node instanceof LinkNode) fail("LOOP");
    if (node instanceof DirNode) fail("ISDIR");
    if (!(node instanceof FileNode)) return fail("ACCES");
    const file = new MemoryFile(node, mode.isAppend);
    if (mode.isTruncate) closeOnError(file, () => node.setSize(0));
    return file;
  }

  createAt(name: Name, mode: FileMode): FileHandle {
    const node = new FileNode(this.#node.volume);
    this.#create(name, node);
    return new MemoryFile(node, mode.isAppend);
  }

  readLinkAt(name: Name): Uint8Array {
    const node = this.#existing(name);
    return node instanceof LinkNode ? node.target() : fail("INVAL");
  }

  makeDirAt(name: Name): void {
    this.#refuseExisting(name);
    this.#node.add(name, new DirNode(this.#node.volume, this.#node));
    this.#node.countDirs(1);
  }

  removeDirAt(name: Name): void {
    const node = this.#existing(name);
    if (!(node instanceof DirNode)) return fail("NOTDIR");
    if (!node.isEmpty()) fail("NOTEMPTY");
    this.#node.remove(name);
    this.#node.countDirs(-1);
    node.markRemoved();
  }

  unlinkAt(name: Name): void {
    const node = this.#existing(name);
    if (node instanceof DirNode) fail("ISDIR");
    node.willChange();
    this.#node.remove(name);
    node.dropNames();
  }

  symlinkAt(target: Uint8Array, name: Name): void {
    this.#refuseExisting(name);
    const node = new LinkNode(this.#node.volume, Uint8Array.from(target));
    try {
      this.#create(name, node);
    } catch (error) {
      node.dropNames(0);
      throw error;
    }
  }

  linkAt(name: Name, toDir: DirHandle, toName: Name): void {
    const to = this.#own(toDir);
    const node = this.#existing(name);
    to.#refuseExisting(toName);
    if (node instanceof DirNode) fail("PERM");
    node.willChange();
    to.#create(toName, node);
  }

  renameAt(name: Name, toDir: DirHandle, toName: Name): void {
    const from = this.#node;
    const to = this.#own(toDir).#node;
    const source = this.#existing(name);
    if (to.isRemoved) fail("NOENT");
    const target = to.lookup(toName);
    checkRename(from, source, to, target);
    if (target?.ino === source.ino) return;
    for (const node of [from, to, source, target]) node?.willChange();
    from.volume.requireEntries(from.costOfRemoving(name) + to.costOfAdding(toName));
    from.remove(name);
    to.add(toName, source);
    if (source instanceof DirNode) {
      source.parent = to;
      from.countDirs(-1);
      to.countDirs(1);
    }
    source.ctim = source.volume.now();
    if (target instanceof DirNode) {
      to.countDirs(-1);
      target.markRemoved();
    } else target?.dropNames();
  }

  setTimesAt(name: Name, times: FileTimes): void {
    this.#existing(name).setTimes(times);
  }

  stat(): Filestat {
    return this.#node.stat();
  }

  setTimes(times: FileTimes): void {
    this.#node.setTimes(times);
  }

  list(max: number): DirEntry[] {
    return this.#node.list(max);
  }

  sync(): void {}

  duplicate(): MemoryDir {
    return new MemoryDir(this.#node);
  }

  close(): void {
    this.#node.release();
  }

  #existing(name: Name): Node {
    return this.#node.lookup(name) ?? fail("NOENT");
  }

  #refuseExisting(name: Name): void {
    if (this.#node.lookup(name) !== undefined) fail("EXIST");
  }

  #create(name: Name, node: Node): void {
    this.#refuseExisting(name);
    this.#node.add(name, node);
    node.addName();
  }

  /** Nothing can be moved or linked between file systems. */
  #own(dir: DirHandle): MemoryDir {
    return dir instanceof MemoryDir && dir.#node.volume === this.#node.volume ? dir : fail("XDEV");
  }
}

/** In the order of Linux. @throws Failure INVAL, NOTEMPTY, NOTDIR, ISDIR */
function checkRename(from: DirNode, source: Node, to: DirNode, target: Node | undefined): void {
  if (source instanceof DirNode && to.isWithin(source)) fail("INVAL");
  if (target instanceof DirNode && from.isWithin(target)) fail("NOTEMPTY");
  if (target === undefined || target.ino === source.ino) return;
  if (source instanceof DirNode) {
    if (!(target instanceof DirNode)) return fail("NOTDIR");
    if (!target.isEmpty()) fail("NOTEMPTY");
  } else if (target.filetype === filetype.directory) fail("ISDIR");
}

class MemoryFile implements FileHandle {
  readonly kind = "file";
  readonly #node: FileNode;
  /** Everything written goes to the end, wherever it is meant to go, as on Linux. */
  #isAppend: boolean;

  constructor(node: FileNode, isAppend: boolean) {
    node.open();
    this.#node = node;
    this.#isAppend = isAppend;
  }

  read(buffers: readonly Uint8Array[], position: number): number {
    return this.#node.read(buffers, position);
  }

  write(buffers: readonly Uint8Array[], position: number): number {
    return this.#node.write(buffers, this.#isAppend ? this.#node.size() : position);
  }

  append(buffers: readonly Uint8Array[]): number {
    return this.#node.write(buffers, this.#node.size());
  }

  setAppend(isAppend: boolean): void {
    this.#isAppend = isAppend;
  }

  size(): number {
    return this.#node.size();
  }

  stat(): Filestat {
    return this.#node.stat();
  }

  setSize(size: number): void {
    this.#node.setSize(size);
  }

  setTimes(times: FileTimes): void {
    this.#node.setTimes(times);
  }

  sync(): void {}

  datasync(): void {}

  close(): void {
    this.#node.release();
  }
}

function closeOnError(file: MemoryFile, use: () => void): void {
  try {
    use();
  } catch (error) {
    file.close();
    throw error;
  }
}
