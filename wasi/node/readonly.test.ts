/** Read-only mounts: every call that changes something is refused, whichever way it reaches the directory. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type CallDef, type CallName, calls } from "../calls.ts";
import { CREAT, DIRECTORY, EXCL, Guest, makeTree, READ, removeTrees, TRUNC, WRITE } from "./testing/guest.ts";

afterEach(removeTrees);

/** Everything about a tree that a guest could change. */
const image = (root: string): string =>
  execFileSync("find", [root, "-printf", "%P %y %s %n %T@ %m %l\\n"], { encoding: "utf8" });

const tree = { file: "text", "dir/f": "x", empty: null, link: ">file", dangling: ">nowhere" };

const RO = 3;
const RW = 4;

function setup(): { guest: Guest; ro: string; rw: string } {
  const [ro, rw] = [makeTree(tree), makeTree(tree)];
  const guest = new Guest({
    dirs: [
      { host: ro, guest: "/ro", readOnly: true },
      { host: rw, guest: "/rw" },
    ],
  });
  return { guest, ro, rw };
}

/** One attempt for each row of the table that changes something. */
const attempts: Partial<Record<CallName, (guest: Guest) => (string | number)[]>> = {
  path_create_directory: (g) => [g.mkdir("new"), g.mkdir("dir/new"), g.mkdir("empty")],
  path_remove_directory: (g) => [g.rmdir("empty"), g.rmdir("empty/")],
  path_unlink_file: (g) => [g.unlink("file"), g.unlink("link"), g.unlink("dir/f")],
  path_symlink: (g) => [g.symlink("x", "new"), g.symlink("x", "dir/new")],
  path_rename: (g) => [g.rename("file", "new"), g.rename("file", "new", RO, RW), g.rename("file", "new", RW, RO)],
  path_link: (g) => [g.link("file", "new"), g.link("file", "new", 0, RO, RW), g.link("file", "new", 0, RW, RO)],
  path_filestat_set_times: (g) => [
    g.setTimes("file", 1n, 1n, 5),
    g.setTimes("file", 1n, 1n, 10),
    g.setTimes("link", 1n, 1n, 5, true),
    g.setTimes(".", 1n, 1n, 5),
  ],
  fd_filestat_set_times: (g) => [
    g.call("fd_filestat_set_times", g.fd("file", { rights: READ }), 1n, 1n, 5),
    g.call("fd_filestat_set_times", g.fd("dir", { rights: READ }), 1n, 1n, 5),
    g.call("fd_filestat_set_times", RO, 1n, 1n, 5),
  ],
  fd_filestat_set_size: (g) => [g.call("fd_filestat_set_size", g.fd("file", { rights: READ }), 0n)],
  fd_allocate: (g) => [g.call("fd_allocate", g.fd("file", { rights: READ }), 0n, 100n)],
  path_open: (g) => [
    g.open("new", { oflags: CREAT }),
    g.open("new", { oflags: CREAT, rights: READ }),
    g.open("new", { oflags: CREAT | EXCL, rights: 0n }),
    g.open("dangling", { oflags: CREAT, follow: true, rights: READ }),
    g.open("dir/new", { oflags: CREAT, rights: READ }),
    g.open("file", { oflags: TRUNC, rights: READ }),
    g.open("file", { oflags: TRUNC, rights: 0n }),
    g.open("link", { oflags: TRUNC, rights: 0n, follow: true }),
    g.open("file", { rights: WRITE }),
    g.open("file", { rights: READ | WRITE }),
    g.open("file", { rights: READ | WRITE, fdflags: 1 }),
    g.open("link", { rights: WRITE, follow: true }),
    g.open("dir/f", { rights: WRITE }),
    g.open("f", { rights: WRITE, base: g.fd("dir", { rights: READ, oflags: DIRECTORY }) }),
  ],
};

describe("a read-only mount", () => {
  const changing = Object.entries(calls)
    .filter(([, def]) => (def as CallDef).mutates)
    .map(([name]) => name);

  it.each([...changing, "path_open"] as CallName[])("refuses %s", (name) => {
    const { guest, ro, rw } = setup();
    const before = [image(ro), image(rw)];
    const results = attempts[name]?.(guest) ?? [];
    expect(results.length).toBeGreaterThan(0);
    expect(results).toEqual(results.map(() => "ROFS"));
    expect([image(ro), image(rw)]).toEqual(before);
  });

  it("gives no descriptor that writes", () => {
    const { guest, ro } = setup();
    const before = image(ro);
    for (const rights of [READ, 0n]) {
      const fd = guest.fd("file", { rights, fdflags: 1 });
      expect(guest.write(fd, "x")).toBe("BADF");
      const { at, count } = guest.iovs("x");
      expect(guest.call("fd_pwrite", fd, at, count, 0n, 16)).toBe("BADF");
      expect(guest.call("fd_fdstat_set_flags", fd, 0)).toBe("SUCCESS");
      expect(guest.write(fd, "x")).toBe("BADF");
    }
    expect(image(ro)).toBe(before);
  });

  it("can be read", () => {
    const { guest } = setup();
    expect(guest.read(guest.fd("link", { rights: READ, follow: true }))).toBe("text");
    expect(guest.open(".", { rights: -1n })).toBeTypeOf("number");
    expect(guest.readlink("link")).toBe("file");
    expect(guest.readdir(RO)).toMatchObject({ used: expect.any(Number) });
    expect(guest.call("fd_sync", RO)).toBe("SUCCESS");
  });

  it("keeps what is opened through it read-only", () => {
    const { guest } = setup();
    const dir = guest.fd("dir", { rights: READ, oflags: DIRECTORY });
    expect([guest.mkdir("x", dir), guest.unlink("f", dir), guest.rename("f", "g", dir)]).toEqual([
      "ROFS",
      "ROFS",
      "ROFS",
    ]);
    const up = guest.fd("dir/..", { rights: READ });
    expect(guest.unlink("file", up)).toBe("ROFS");
  });
});

describe("a read-only mount inside a writable one", () => {
  function nested(): { guest: Guest; root: string } {
    const root = makeTree({ "inner/f": "x", "inner/sub/g": "y", other: null, "to-inner": ">inner" });
    const guest = new Guest({
      dirs: [
        { host: root, guest: "/" },
        { host: path.join(root, "inner"), guest: "/inner", readOnly: true },
      ],
    });
    return { guest, root };
  }

  it("is read-only on the way through the writable one too", () => {
    const { guest, root } = nested();
    const before = image(path.join(root, "inner"));
    const dir = guest.fd("inner", { rights: READ });
    const sub = guest.fd("inner/sub", { rights: READ });
    expect([
      guest.open("inner/f", { rights: WRITE }),
      guest.open("to-inner/f", { rights: READ, oflags: TRUNC }),
      guest.open("inner/sub/new", { oflags: CREAT }),
      guest.mkdir("inner/new"),
      guest.unlink("inner/sub/g"),
      guest.symlink("x", "inner/new"),
      guest.setTimes("inner/f", 1n, 1n, 5),
      guest.setTimes("inner/.", 1n, 1n, 5),
      guest.rename("inner/f", "other/f"),
      guest.rename("inner/f", "inner/g"),
      guest.link("inner/f", "other/f"),
      guest.link("other", "inner/f2"),
      guest.unlink("f", dir),
      guest.unlink("g", sub),
      guest.rename("sub/g", "g", dir),
    ]).toEqual(new Array(15).fill("ROFS"));
    expect(image(path.join(root, "inner"))).toBe(before);
  });

  it("cannot be changed, replaced or removed under the name it has in the writable one", () => {
    const root = makeTree({ "inner/f": "x", other: null, "to-inner": ">inner", "box/inner": null });
    const [inner, empty] = [path.join(root, "inner"), path.join(root, "box/inner")];
    const guest = new Guest({
      dirs: [
        { host: root, guest: "/" },
        { host: inner, guest: "/inner", readOnly: true },
        { host: empty, guest: "/empty", readOnly: true },
      ],
    });
    const before = image(root);
    const box = guest.fd("box", { rights: READ });
    expect([
      guest.setTimes("inner", 1n, 1n, 5),
      guest.setTimes("inner/", 1n, 1n, 5),
      guest.setTimes("to-inner", 1n, 1n, 10, true),
      guest.setTimes("box/inner", 1n, 1n, 5),
      guest.call("fd_filestat_set_times", guest.fd("inner", { rights: READ }), 1n, 1n, 5),
      guest.rmdir("inner"),
      guest.rmdir("box/inner"),
      guest.rmdir("box/inner/"),
      guest.rename("other", "box/inner"),
      guest.rename("other", "inner", 3, box),
      guest.rename("to-inner", "box/inner"),
    ]).toEqual(new Array(11).fill("ROFS"));
    expect([guest.unlink("inner"), guest.rmdir("box")]).toEqual(["ISDIR", "NOTEMPTY"]);
    expect(image(root)).toBe(before);
    expect([guest.setTimes("to-inner", 1n, 1n, 5), guest.setTimes("other", 1n, 1n, 5), guest.rmdir("other")]).toEqual([
      "SUCCESS",
      "SUCCESS",
      "SUCCESS",
    ]);
  });

  it("stays so when its directory is moved", () => {
    const { guest } = nested();
    expect(guest.rename("inner", "other/moved")).toBe("SUCCESS");
    expect(guest.unlink("other/moved/f")).toBe("ROFS");
  });

  it("leaves the rest writable", () => {
    const { guest, root } = nested();
    expect(guest.open("other/new", { oflags: CREAT })).toBeTypeOf("number");
    expect(fs.existsSync(path.join(root, "other/new"))).toBe(true);
  });
});

describe("two writable mounts", () => {
  it("cannot be renamed or linked across", () => {
    const [a, b] = [makeTree({ f: "x" }), makeTree()];
    const guest = new Guest({
      dirs: [
        { host: a, guest: "/a" },
        { host: b, guest: "/b" },
      ],
    });
    expect([guest.rename("f", "g", 3, 4), guest.link("f", "g", 0, 3, 4)]).toEqual(["XDEV", "XDEV"]);
  });
});
