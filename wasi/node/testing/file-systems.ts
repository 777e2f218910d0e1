/** The same tree of files in every kind of file system, for tests that compare them. */
import path from "node:path";
import { type FileSystem, HostFs, MemoryFs, OverlayFs, TarFs } from "../../index.ts";
import { CREAT, Guest, makeTree, READ, WRITE } from "./guest.ts";
import { setting } from "./setting.ts";
import { tarOf } from "./tar-bytes.ts";

/** Path to contents; null: a directory; ">x": a link to x; "=x": a hard link to x, which comes before. */
export type Tree = Readonly<Record<string, string | null>>;

/** Makes the tree by the calls of a guest. */
export function fill(fs: FileSystem, tree: Tree): void {
  const guest = new Guest({ mounts: [{ guest: "/", fs }] });
  const dirs = new Set<string>();
  const makeDirs = (dir: string): void => {
    if (dir === "." || dirs.has(dir)) return;
    makeDirs(path.dirname(dir));
    dirs.add(dir);
    guest.mkdir(dir);
  };
  for (const [name, content] of Object.entries(tree)) {
    makeDirs(content === null ? name : path.dirname(name));
    if (content?.startsWith(">")) must(guest.symlink(content.slice(1), name));
    else if (content?.startsWith("=")) must(guest.link(content.slice(1), name));
    else if (content !== null) {
      const fd = guest.fd(name, { oflags: CREAT, rights: READ | WRITE });
      if (content !== "" && guest.write(fd, content) !== content.length) throw new Error(`cannot write ${name}`);
      guest.call("fd_close", fd);
    }
  }
  guest.wasi.close();
}

function must(errno: string): void {
  if (errno !== "SUCCESS") throw new Error(errno);
}

function half(tree: Tree, which: 0 | 1): Tree {
  return Object.fromEntries(Object.entries(tree).filter((_, i) => i % 2 === which));
}

const hostFs = (tree: Tree): FileSystem => new HostFs(makeTree(tree), { hostFiles: setting.hostFiles });

/** Every way to have a tree that can be changed; the host's own directory is what the others are measured by. */
export const kinds: Readonly<Record<string, (tree: Tree) => FileSystem>> = {
  host: (tree) => hostFs(tree),
  memory: (tree) => filled(new MemoryFs(), tree),
  "overlay of a host directory": (tree) => new OverlayFs(hostFs(tree)),
  "overlay of memory": (tree) => new OverlayFs(filled(new MemoryFs(), tree)),
  "overlay of a tar archive": (tree) => new OverlayFs(new TarFs(tarOf(tree))),
  "overlay, half of it changed": (tree) => filled(new OverlayFs(hostFs(half(tree, 0))), half(tree, 1)),
  "overlay of an overlay": (tree) =>
    new OverlayFs(filled(new OverlayFs(filled(new MemoryFs(), half(tree, 0))), half(tree, 1))),
};

/** A directory of the host at a weaker level, which cannot hold on to a directory that is moved or removed. */
export const nofollow = (tree: Tree): FileSystem => new HostFs(makeTree(tree), { level: "nofollow" });

function filled(fs: FileSystem, tree: Tree): FileSystem {
  fill(fs, tree);
  return fs;
}

export const guestOn = (fs: FileSystem, readOnly = false): Guest =>
  new Guest({ mounts: [{ guest: "/", fs, readOnly }] });

/** Everything in a file system that guests can see and that is the same everywhere: one line for each entry. */
export function dump(guest: Guest, dir = "."): string[] {
  const fd = guest.open(dir, { rights: READ, oflags: 2 });
  if (typeof fd === "string") return [`${dir}: ${fd}`];
  const listing = guest.readdir(fd, 0n, 65_536);
  guest.call("fd_close", fd);
  if (typeof listing === "string") return [`${dir}: ${listing}`];
  const names = listing.entries.slice(2).map((e) => [e.name, e.type] as const);
  return names.sort().flatMap(([name, listed]) => {
    const at = dir === "." ? name : `${dir}/${name}`;
    const stat = guest.stat(at);
    if (typeof stat === "string") return [`${at}: ${stat}`];
    const line = `${at} type ${stat.type}${stat.type === listed ? "" : ` listed as ${listed}`}`;
    if (stat.type === 3) return [line, ...dump(guest, at)];
    if (stat.type === 7) return [`${line} -> ${guest.readlink(at)}`];
    return [`${line} size ${stat.size} links ${stat.nlink} ${contentsOf(guest, at, stat.type)}`];
  });
}

function contentsOf(guest: Guest, file: string, type: number): string {
  const fd = type === 4 ? guest.open(file, { rights: READ }) : "";
  if (typeof fd === "string") return fd;
  const text = guest.read(fd, 4096);
  guest.call("fd_close", fd);
  return JSON.stringify(text);
}
