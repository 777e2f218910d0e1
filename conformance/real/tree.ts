/**
 * The file tree the file programs work on (1,000 regular files, plus directories and links), and what `ls`, `find` and
 * `cp` have to make of it, computed here with node:fs.
 */
import {
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pick, seeded } from "./random.ts";
import { isOurs } from "./run-guest.ts";

export const fileCount = 1000;
const words = [
  "alpha",
  "beta",
  "gamma",
  "delta",
  "zeta",
  "x",
  "The",
  "quick",
  "brown",
  "fox",
  "naïve",
  "漢字",
  "0",
  "-1",
];
const oddNames = [
  "with space",
  "ünïcödé",
  "漢字",
  "emoji😀",
  "-leading-dash",
  ".hidden",
  "semi;colon",
  "star*",
  "'quote\"",
  "tab\there",
];

/** A fresh folder for one test file; its own path, not a link to it. */
export function scratchFolder(name: string): string {
  return realpathSync(mkdtempSync(join(tmpdir(), `wasmts-${name}-`)));
}

/** Which of the files a tree has. Both have files of every kind, and all folders and links. */
export type TreeSize = "full" | "small";

/** Makes the tree below `at`, which must not exist. Same names, contents and times in every run. */
export function makeTree(at: string, size: TreeSize): void {
  const random = seeded(20250101);
  const folders = [at, ...folderNames().map((name) => join(at, name))];
  for (const folder of folders) mkdirSync(folder, { recursive: true });
  for (let i = 0; i < fileCount; i++) {
    if (size === "small" && i % 10 !== 9 && i % 50 !== 0 && i % 90 !== 3) continue;
    // 400 files with long names share one folder: listing it takes many calls of fd_readdir.
    const many = i < 400;
    const odd = i % 100 === 99 ? ` ${oddNames[Math.floor(i / 100)]!}` : "";
    const name = many ? `a-file-with-a-rather-long-name-${"x".repeat(i % 40)}-${i}${odd}.dat` : `f${i}${odd}.txt`;
    const file = join(many ? join(at, "many") : pick(random, folders), name);
    writeFileSync(file, content(random, i));
    utimesSync(file, 1_500_000_000 + i, 1_600_000_000 + i * 1000);
  }
  const links = { "to-file": "../many/x", "to-dir": "deep", dangling: "no/such/file", self: "self" };
  for (const [name, target] of Object.entries(links)) {
    if (!isOurs && target.startsWith("..")) continue; // node:wasi refuses to create such a link, even inside the preopen
    symlinkSync(target, join(at, "links", name));
    lutimesSync(join(at, "links", name), 1_400_000_000, 1_400_000_000);
  }
  for (const [i, folder] of folders.entries()) utimesSync(folder, 1_300_000_000 + i, 1_300_000_000 + i);
}

function folderNames(): string[] {
  const deep = Array.from({ length: 12 }, (_, depth) =>
    Array(depth + 1)
      .fill("deep")
      .join("/"),
  );
  return ["many", "links", "empty", ...deep, ...oddNames.filter((_, i) => i % 2 === 0), "a/b", "a/c", "a.b"];
}

function content(random: (below: number) => number, i: number): Uint8Array | string {
  if (i % 50 === 0) return "";
  if (i % 10 === 3) return Uint8Array.from({ length: random(3000) }, () => random(256));
  const lines = Array.from({ length: random(60) }, () =>
    Array.from({ length: random(9) }, () => pick(random, words)).join(" "),
  );
  return lines.join("\n") + (i % 3 === 0 ? "" : "\n");
}

export interface Entry {
  /** Below the root, with `/`; "" is the root itself. */
  readonly path: string;
  readonly type: "d" | "f" | "l";
}

/** Every entry, the root first, sorted by the bytes of the path. */
export function entries(root: string): Entry[] {
  const list: Entry[] = [{ path: "", type: "d" }];
  for (const dirent of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const path = join(dirent.parentPath ?? dirent.path, dirent.name).slice(root.length + 1);
    list.push({ path, type: dirent.isDirectory() ? "d" : dirent.isSymbolicLink() ? "l" : "f" });
  }
  return list.sort((a, b) => byBytes(a.path, b.path));
}

export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** What a copy must have the same: types, contents, link targets. */
export function contents(root: string): Map<string, string> {
  const map = new Map<string, string>();
  for (const { path, type } of entries(root)) {
    const at = join(root, path);
    map.set(
      path,
      type === "d" ? "folder" : type === "l" ? `-> ${readlinkSync(at)}` : readFileSync(at).toString("base64"),
    );
  }
  return map;
}

/** The output of our `ls -lR` (see conformance/guests/README.md) for the host folder `root` mounted at `guest`. */
export function expectedListing(root: string, guest: string): string {
  const names = readdirSync(root).sort(byBytes);
  const stats = names.map((name) => ({ name, info: lstatSync(join(root, name)) }));
  const lines = stats.map(({ name, info }) => {
    const type = info.isDirectory() ? "d" : info.isSymbolicLink() ? "l" : "-";
    const tail = type === "l" ? ` -> ${readlinkSync(join(root, name))}` : "";
    return `${type} ${info.nlink} ${type === "d" ? 0 : info.size} ${Math.floor(info.mtimeMs / 1000)} ${name}${tail}\n`;
  });
  const below = stats.filter(({ info }) => info.isDirectory());
  const parts = below.map(({ name }) => `\n${expectedListing(join(root, name), `${guest}/${name}`)}`);
  return `${guest}:\n${lines.join("")}${parts.join("")}`;
}
