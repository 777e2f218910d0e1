/** Building trees of nodes by path, for embedders and archives. Guests do not come here: their paths may have links. */
import { fail } from "../errno.ts";
import type { Name } from "../file-system.ts";
import { limits } from "../limits.ts";
import { DirNode, type Node } from "./nodes.ts";

/** The names in a path of the embedder, which is below the root whether or not it begins with a slash. */
export function namesOf(path: string): Name[] {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  return parts.map((part) => {
    const name = new TextEncoder().encode(part);
    if (part === ".." || part.includes("\0") || name.length > limits.nameBytes) fail("INVAL");
    return name;
  });
}

/** What is at `names`, without following links. */
export function nodeAt(root: DirNode, names: readonly Name[]): Node | undefined {
  let node: Node | undefined = root;
  for (const name of names) node = node instanceof DirNode ? node.lookup(name) : undefined;
  return node;
}

/** The directory at `names`; what is missing of it is made. @throws Failure NOTDIR, NOSPC */
export function makeDirs(root: DirNode, names: readonly Name[]): DirNode {
  let dir = root;
  for (const name of names) {
    const found = dir.lookup(name);
    if (found !== undefined && !(found instanceof DirNode)) return fail("NOTDIR");
    dir = found ?? addDir(dir, name);
  }
  return dir;
}

function addDir(parent: DirNode, name: Name): DirNode {
  const dir = new DirNode(parent.volume, parent);
  parent.add(name, dir);
  parent.countDirs(1);
  return dir;
}
