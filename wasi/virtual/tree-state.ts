/**
 * The files of an in-memory file system as data: saved with the guest they belong to, and put into another one.
 *
 * Nodes are numbered, the root is 0, and directories name their entries by number: hard links stay what they are. The data
 * is not trusted: a tree has every directory once and no circle, or it is none.
 */
import { bytes, type Codec, choice, type Decoded, int, list, Malformed, object, u64, variant } from "../codec.ts";
import { fail } from "../errno.ts";
import type { Name } from "../file-system.ts";
import { limits } from "../limits.ts";
import { SparseBytes } from "./content.ts";
import { DirNode, FileNode, keyOf, LinkNode, type Node } from "./nodes.ts";
import type { Volume } from "./volume.ts";

const maxNodes = 1 << 20;
const maxPiece = 1 << 16;
const size = int(0, Number.MAX_SAFE_INTEGER);

const isName = (b: Uint8Array): boolean => /^(?!\.{1,2}$)[^\0/]+$/s.test(keyOf(b));

const attributes = { ino: u64, atim: u64, mtim: u64, ctim: u64 };
const dir = object({
  kind: choice(["dir"]),
  ...attributes,
  entries: list(
    object({ name: bytes(limits.nameBytes, "the name of a file", isName), node: int(1, maxNodes) }),
    maxNodes,
  ),
});
const file = object({
  kind: choice(["file"]),
  ...attributes,
  size,
  /** What is not in one of them is zeros. */
  pieces: list(object({ at: int(0, Number.MAX_SAFE_INTEGER - maxPiece), bytes: bytes(maxPiece) }), maxNodes),
});
const link = object({ kind: choice(["link"]), ...attributes, target: bytes(limits.pathBytes) });

type SavedNode = Decoded<typeof dir> | Decoded<typeof file> | Decoded<typeof link>;
const shape = object({ nextIno: u64, nodes: list(variant<SavedNode>({ dir, file, link }), maxNodes) });
export type SavedTree = Decoded<typeof shape>;

/** Checks the tree when it reads it. */
export const treeCodec: Codec<SavedTree> = {
  encode: shape.encode,
  decode(json, at) {
    const tree = shape.decode(json, at);
    checkTree(tree.nodes, at);
    const numbers = new Set(tree.nodes.map(({ ino }) => ino));
    const isNumbered = numbers.size === tree.nodes.length && tree.nodes.every(({ ino }) => ino < tree.nextIno);
    if (!isNumbered) throw new Malformed(`${at}.nodes`, "nodes with numbers of their own below the next");
    return tree;
  },
};

function checkTree(nodes: readonly SavedNode[], at: string): void {
  if (nodes[0]?.kind !== "dir") throw new Malformed(`${at}.nodes[0]`, "the root directory");
  const seen = new Set<number>([0]);
  const todo = [0];
  for (let i = todo.pop(); i !== undefined; i = todo.pop()) {
    const node = nodes[i] as SavedNode;
    if (node.kind !== "dir") continue;
    const names = new Set(node.entries.map(({ name }) => keyOf(name)));
    if (names.size < node.entries.length) throw new Malformed(`${at}.nodes[${i}]`, "a directory with different names");
    for (const entry of node.entries) {
      const child = nodes[entry.node];
      if (child === undefined) throw new Malformed(`${at}.nodes[${i}]`, "a directory of nodes that are there");
      if (seen.has(entry.node) && child.kind === "dir")
        throw new Malformed(`${at}.nodes[${entry.node}]`, "in one place");
      if (!seen.has(entry.node)) todo.push(entry.node);
      seen.add(entry.node);
    }
  }
  if (seen.size < nodes.length) throw new Malformed(`${at}.nodes`, "a tree in which every node has a name");
}

/** @param root  of nodes in memory without a lower layer */
export function saveTree(root: DirNode): SavedTree {
  const numbers = new Map<Node, number>([[root, 0]]);
  const nodes: SavedNode[] = [];
  for (const node of numbers.keys()) nodes.push(saveNode(node, (child) => numberOf(numbers, child)));
  return { nextIno: root.volume.nextIno, nodes };
}

/** A new number puts the node at the end of the map, which is being walked. */
function numberOf(numbers: Map<Node, number>, node: Node): number {
  const number = numbers.get(node) ?? numbers.size;
  numbers.set(node, number);
  return number;
}

function saveNode(node: Node, number: (child: Node) => number): SavedNode {
  const { ino, atim, mtim, ctim } = node;
  const common = { ino, atim, mtim, ctim };
  if (node instanceof DirNode) {
    const entries = node.ownEntries().map(({ name, node: child }) => ({ name, node: number(child) }));
    return { kind: "dir", ...common, entries };
  }
  if (node instanceof LinkNode) return { kind: "link", ...common, target: node.target() };
  if (!(node instanceof FileNode)) throw new Error("a node of a kind that is never in memory alone");
  return { kind: "file", ...common, size: node.size(), pieces: node.pieces() };
}

/**
 * The tree in new nodes; what is in the volume already counts as well.
 *
 * @returns the root
 * @throws Failure NOSPC
 */
export function loadTree(volume: Volume, { nodes, nextIno }: SavedTree): DirNode {
  volume.requireEntries(nodes.reduce((sum, node) => sum + (node.kind === "dir" ? node.entries.length : 0), 0));
  const made: Node[] = [];
  try {
    for (const saved of nodes) made.push(newNode(volume, saved));
  } catch (error) {
    for (const node of made) if (!(node instanceof DirNode)) node.dropNames(0);
    throw error;
  }
  for (const [i, saved] of nodes.entries()) {
    if (saved.kind !== "dir") continue;
    const dir = made[i] as DirNode;
    for (const { name, node } of saved.entries) attach(dir, name, made[node] as Node);
  }
  // Putting something into a directory has changed its times.
  for (const [i, { atim, mtim, ctim }] of nodes.entries()) Object.assign(made[i] as Node, { atim, mtim, ctim });
  volume.skipTo(nextIno);
  return made[0] as DirNode;
}

function attach(dir: DirNode, name: Name, node: Node): void {
  dir.add(name, node);
  if (node instanceof DirNode) {
    node.parent = dir;
    dir.countDirs(1);
  } else node.addName();
}

function newNode(volume: Volume, saved: SavedNode): Node {
  const from = { ...saved, nlink: saved.kind === "dir" ? 2n : 0n };
  if (saved.kind === "dir") return new DirNode(volume, undefined, from);
  if (saved.kind === "link") return new LinkNode(volume, saved.target, from);
  const content = new SparseBytes(volume);
  const node = new FileNode(volume, content, from);
  for (const { at, bytes } of saved.pieces) {
    if (content.write(bytes, at) === bytes.length) continue;
    content.free();
    fail("NOSPC");
  }
  content.resize(saved.size);
  return node;
}
