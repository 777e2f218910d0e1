/**
 * A tar archive as a read-only file system. Contents stay where they are in the archive.
 *
 * Names must stay inside: an absolute one, one with "..", or one that goes through something that is no directory of the
 * archive is refused, and so is a hard link to anything but an earlier file. Texts of symlinks are kept as they are; where
 * they lead is judged when a guest follows them.
 */
import { filetype } from "../abi.ts";
import type { DirHandle, FileSystem, Name } from "../file-system.ts";
import { limits } from "../limits.ts";
import { fixedContent } from "./content.ts";
import { MemoryDir } from "./handles.ts";
import { DirNode, FileNode, LinkNode, type Node, OtherNode } from "./nodes.ts";
import { badArchive, type Member, readTar } from "./tar.ts";
import { nodeAt } from "./tree.ts";
import { Volume } from "./volume.ts";

const slash = 0x2f;

export class TarFs implements FileSystem {
  readonly level = "virtual";
  readonly isReadOnly = true;
  readonly #root: DirNode;

  /**
   * @param archive  not compressed; kept, not copied, and must not change any more
   * @param maxEntries  names, directories on the way included
   * @throws WasiError WT6009
   */
  constructor(archive: Uint8Array, { maxEntries = limits.tarEntries }: { readonly maxEntries?: number } = {}) {
    this.#root = new Builder(maxEntries).build(archive);
  }

  root(): DirHandle {
    return new MemoryDir(this.#root);
  }
}

class Builder {
  readonly #volume = new Volume({ maxBytes: Number.POSITIVE_INFINITY, maxEntries: Number.POSITIVE_INFINITY });
  readonly #root = new DirNode(this.#volume, undefined);
  /** Set at the end, since putting something into a directory changes them. */
  readonly #times = new Map<Node, bigint>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  build(archive: Uint8Array): DirNode {
    for (const member of readTar(archive)) this.#place(member);
    for (const [node, time] of this.#times) {
      node.setTimes({ atim: time, mtim: time });
      node.ctim = time;
    }
    this.#volume.freeze();
    return this.#root;
  }

  #place(member: Member): void {
    const names = namesIn(member.name, member);
    const name = names.pop();
    if (name === undefined) {
      if (member.type !== "directory") throw refuse(member, "stands for the root and is no directory");
      return void this.#times.set(this.#root, member.mtim);
    }
    const dir = this.#dirFor(names, member);
    const old = dir.lookup(name);
    if (member.type === "directory") return this.#placeDir(dir, name, old, member);
    if (old instanceof DirNode) throw refuse(member, "takes the place of a directory");
    const node = this.#nodeFor(member);
    this.#add(dir, name, node, member);
    node.addName();
    if (member.type !== "link") this.#times.set(node, member.mtim);
    old?.dropNames();
  }

  #placeDir(parent: DirNode, name: Name, old: Node | undefined, member: Member): void {
    if (old !== undefined && !(old instanceof DirNode)) throw refuse(member, "takes the place of what is no directory");
    this.#times.set(old ?? this.#addDir(parent, name, member), member.mtim);
  }

  /** The directory for `names`; archives may leave directories out. Links are not followed: that would be a way out. */
  #dirFor(names: readonly Name[], member: Member): DirNode {
    let dir = this.#root;
    for (const name of names) {
      const next = dir.lookup(name);
      if (next !== undefined && !(next instanceof DirNode)) throw refuse(member, "goes through what is no directory");
      dir = next ?? this.#addDir(dir, name, member);
    }
    return dir;
  }

  #addDir(parent: DirNode, name: Name, member: Member): DirNode {
    const dir = new DirNode(this.#volume, parent);
    this.#add(parent, name, dir, member);
    parent.countDirs(1);
    this.#times.set(dir, member.mtim);
    return dir;
  }

  #add(dir: DirNode, name: Name, node: Node, member: Member): void {
    if (this.#volume.usage.entries >= this.#maxEntries) throw badArchive(member.offset, "it has too many names");
    dir.add(name, node);
  }

  #nodeFor(member: Member): Node {
    switch (member.type) {
      case "file":
        return new FileNode(this.#volume, fixedContent(member.contents));
      case "symlink":
        return new LinkNode(this.#volume, symlinkText(member));
      case "link":
        return this.#linkedFile(member);
      case "block":
        return new OtherNode(this.#volume, filetype.blockDevice);
      case "character":
        return new OtherNode(this.#volume, filetype.characterDevice);
      default:
        return new OtherNode(this.#volume, filetype.unknown);
    }
  }

  #linkedFile(member: Member): Node {
    const node = nodeAt(this.#root, namesIn(member.target, member));
    if (node === undefined) throw refuse(member, "is a link to what is not in the archive before it");
    if (node instanceof DirNode) throw refuse(member, "is a link to a directory");
    return node;
  }
}

/** The names in a path of the archive. */
function namesIn(path: Uint8Array, member: Member): Name[] {
  if (path[0] === slash) throw refuse(member, "has an absolute name");
  if (path.length > limits.pathBytes || path.includes(0)) throw refuse(member, "has a name that is no name");
  const names: Name[] = [];
  for (let at = 0; at <= path.length; ) {
    const end = path.indexOf(slash, at) < 0 ? path.length : path.indexOf(slash, at);
    const name = path.subarray(at, end);
    if (name.length > limits.nameBytes) throw refuse(member, "has a component that is too long");
    if (isDots(name, 2)) throw refuse(member, "has '..' in its name");
    if (name.length > 0 && !isDots(name, 1)) names.push(name);
    at = end + 1;
  }
  return names;
}

const isDots = (name: Uint8Array, count: number): boolean => name.length === count && name.every((b) => b === 0x2e);

function refuse(member: Member, what: string): Error {
  const text = new TextDecoder().decode(member.name.subarray(0, 100));
  return badArchive(member.offset, `${JSON.stringify(text)} ${what}`);
}

function symlinkText(member: Member): Uint8Array {
  if (member.target.length === 0 || member.target.length > limits.pathBytes || member.target.includes(0))
    throw refuse(member, "is a symlink to nothing");
  return member.target;
}
