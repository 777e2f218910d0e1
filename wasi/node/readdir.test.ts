/** fd_readdir: cookies, truncation, stability. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, expect, it } from "vitest";
import { type DirectoryEntry, Guest, makeTree, READ, removeTrees } from "./testing/guest.ts";

afterEach(removeTrees);

function setup(names: readonly string[]): { guest: Guest; root: string; fd: number } {
  const root = makeTree({ d: null, ...Object.fromEntries(names.map((n) => [`d/${n}`, ""])) });
  const guest = new Guest({ dirs: [{ host: root, guest: "/" }] });
  return { guest, root, fd: guest.fd("d", { rights: READ }) };
}

const list = (guest: Guest, fd: number, cookie = 0n, max = 4096): { entries: DirectoryEntry[]; used: number } => {
  const r = guest.readdir(fd, cookie, max);
  if (typeof r === "string") throw new Error(r);
  return r;
};

const many = Array.from({ length: 100 }, (_, i) => `name-${String(i).padStart(3, "0")}`);

it("starts with . and .. and knows types and inodes", () => {
  const root = makeTree({ "d/file": "", "d/dir": null, "d/link": ">x" });
  const guest = new Guest({ dirs: [{ host: root, guest: "/" }] });
  const { entries } = list(guest, guest.fd("d", { rights: READ }));
  expect(entries.slice(0, 2).map((e) => [e.name, e.type])).toEqual([
    [".", 3],
    ["..", 3],
  ]);
  expect(entries[0]!.ino).toBe((guest.stat("d") as { ino: bigint }).ino);
  const rest = Object.fromEntries(entries.slice(2).map((e) => [e.name, [e.type, e.ino]]));
  expect(rest).toEqual({
    file: [4, (guest.stat("d/file") as { ino: bigint }).ino],
    dir: [3, (guest.stat("d/dir") as { ino: bigint }).ino],
    link: [7, (guest.stat("d/link") as { ino: bigint }).ino],
  });
});

it("fills the buffer to the last byte until the end, at every size", () => {
  const { guest, fd } = setup(["aa", "bbb", "cccc"]);
  const total = list(guest, fd).used;
  expect(total).toBe(5 * 24 + 1 + 2 + 9);
  for (let max = 0; max <= total + 1; max++) expect(list(guest, fd, 0n, max).used).toBe(Math.min(max, total));
});

it("gives cut entries in full, with the cookie before them", () => {
  const { guest, fd } = setup(many);
  for (const max of [40, 256, 1000]) {
    const seen: string[] = [];
    for (let cookie = 0n; ; ) {
      const { entries, used } = list(guest, fd, cookie, max);
      seen.push(...entries.map((e) => e.name));
      if (used < max) break;
      cookie = entries.at(-1)!.next;
    }
    expect(seen.sort()).toEqual([".", "..", ...many]);
  }
});

it("accepts a cookie again later, and again", () => {
  const { guest, fd } = setup(many);
  const { entries } = list(guest, fd);
  for (const i of [50, 3, 101, 0, 50]) {
    expect(list(guest, fd, entries[i]!.next, 64).entries[0]?.name).toBe(entries[i + 1]?.name);
  }
});

it("is not disturbed by what is created and deleted meanwhile", () => {
  const { guest, fd, root } = setup(many);
  const first = list(guest, fd, 0n, 1000).entries;
  for (const name of many) fs.rmSync(path.join(root, "d", name));
  fs.writeFileSync(path.join(root, "d", "later"), "");
  const rest = list(guest, fd, first.at(-1)!.next, 8192).entries;
  expect([...first, ...rest].map((e) => e.name).sort()).toEqual([".", "..", ...many]);
  expect(list(guest, fd).entries.map((e) => e.name)).toEqual([".", "..", "later"]);
});

it("ends for cookies nobody gave out", () => {
  const { guest, fd } = setup(["a"]);
  for (const cookie of [3n, 4n, 1000n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
    expect(list(guest, fd, cookie).used).toBe(0);
  }
});

it("can begin in the middle", () => {
  const { guest, fd } = setup(["a"]);
  expect(list(guest, fd, 2n).entries.map((e) => e.name)).toEqual(["a"]);
});

it("gives names that are not UTF-8 as they are", () => {
  const root = makeTree();
  fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.of(0xff, 0xc3)]), "");
  const guest = new Guest({ dirs: [{ host: root, guest: "/" }] });
  const buf = guest.alloc(256);
  guest.call("fd_readdir", 3, buf, 256, 2n, 16);
  expect([...guest.bytes.subarray(buf + 24, buf + guest.u32())]).toEqual([0xff, 0xc3]);
});
