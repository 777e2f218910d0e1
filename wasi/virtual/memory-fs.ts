/**
 * A file system in memory, empty at first. Needs nothing of a host: it works in a browser.
 *
 * Times of files change as POSIX says, except that reading does not change them.
 */
import { fail } from "../errno.ts";
import type { DirHandle, FileSystem, GuestFiles, RestoredFiles } from "../file-system.ts";
import { MemoryDir } from "./handles.ts";
import { DirNode, FileNode } from "./nodes.ts";
import { makeDirs, namesOf, nodeAt } from "./tree.ts";
import { loadTree, type SavedTree, saveTree } from "./tree-state.ts";
import { Volume, type VolumeOptions } from "./volume.ts";

/**
 * @example
 * const tmp = new MemoryFs({ maxBytes: 16 << 20 });
 * tmp.writeFile("config/app.json", "{}");
 * const wasi = new WASI({ version: "preview1", mounts: [{ guest: "/tmp", fs: tmp }] });
 * // ... and after the run
 * new TextDecoder().decode(tmp.readFile("out.txt"));
 */
export class MemoryFs implements FileSystem {
  readonly level = "virtual";
  readonly isReadOnly = false;
  readonly #root: DirNode;

  constructor(options: VolumeOptions = {}) {
    this.#root = new DirNode(new Volume(options), undefined);
  }

  root(): DirHandle {
    return new MemoryDir(this.#root);
  }

  /** Bytes of file contents and number of names that are held now. */
  get usage(): { readonly bytes: number; readonly entries: number } {
    return this.#root.volume.usage;
  }

  /** Makes a directory and those above it; what is there already stays. @throws Failure NOTDIR, NOSPC, INVAL */
  makeDir(path: string): void {
    makeDirs(this.#root, namesOf(path));
  }

  /** Writes a whole file, and makes the directories above it. @throws Failure ISDIR, NOTDIR, NOSPC, INVAL */
  writeFile(path: string, contents: Uint8Array | string): void {
    const names = namesOf(path);
    const name = names.pop() ?? fail("ISDIR");
    const dir = new MemoryDir(makeDirs(this.#root, names));
    const file = this.#open(dir, name);
    try {
      const bytes = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
      for (let at = 0; at < bytes.length; ) at += file.write([bytes.subarray(at)], at);
    } finally {
      file.close();
      dir.close();
    }
  }

  /** A copy of a file's contents; undefined when there is no such file. Links are not followed. */
  readFile(path: string): Uint8Array | undefined {
    const node = nodeAt(this.#root, namesOf(path));
    if (!(node instanceof FileNode)) return undefined;
    const bytes = new Uint8Array(node.size());
    node.read([bytes], 0);
    return bytes;
  }

  readonly contents: GuestFiles = {
    bytes: () => this.usage.bytes,
    save: () => saveTree(this.#root),
    restore: (tree) => this.#replaceBy(tree),
  };

  /** @returns how to undo it, until the first other change, and how to let go of what was there before */
  #replaceBy(tree: SavedTree): RestoredFiles {
    const { volume } = this.#root;
    const loaded = loadTree(volume, tree);
    this.#root.exchange(loaded);
    return {
      commit: () => loaded.clear(),
      cancel: () => {
        this.#root.exchange(loaded);
        loaded.clear();
      },
    };
  }

  #open(dir: MemoryDir, name: Uint8Array): ReturnType<MemoryDir["fileAt"]> {
    const mode = { isRead: true, isWrite: true, isAppend: false, isTruncate: true, isSync: false, isDsync: false };
    return dir.typeAt(name) === undefined ? dir.createAt(name, mode) : dir.fileAt(name, mode);
  }
}
