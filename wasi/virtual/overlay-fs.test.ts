/** Overlays over host directories: nothing below ever changes, no descriptor is kept, what is special below is left alone. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { HostFs, MemoryFs, OverlayFs } from "../index.ts";
import { dump, guestOn } from "../node/testing/file-systems.ts";
import { CREAT, Guest, makeTree, openDescriptors, READ, removeTrees, TRUNC, WRITE } from "../node/testing/guest.ts";

afterEach(removeTrees);

const image = (root: string): string =>
  execFileSync("find", [root, "-printf", "%P %y %s %n %T@ %C@ %m %l\\n"], { encoding: "utf8" });

const tree = {
  file: "text",
  hard: "=file",
  "a/b/c/deep": "deep",
  "a/f": "f",
  "a/link": ">f",
  empty: null,
};

const setup = (): { root: string; guest: Guest } => {
  const root = makeTree(tree);
  return { root, guest: guestOn(new OverlayFs(new HostFs(root))) };
};

it("leaves the lower layer as it is, whatever the guest does", () => {
  const { root, guest } = setup();
  const before = image(root);
  guest.write(guest.fd("file", { oflags: TRUNC }), "changed");
  guest.write(guest.fd("hard", { fdflags: 1 }), "!");
  guest.call("fd_filestat_set_size", guest.fd("a/f"), 0n);
  guest.setTimes("a", 1n, 1n, 5);
  guest.setTimes("a/link", 1n, 1n, 5);
  guest.setTimes("a/link", 1n, 1n, 5, true);
  guest.fd("a/b/new", { oflags: CREAT });
  expect([guest.mkdir("d"), guest.rename("a", "d/a"), guest.rename("d/a/b/c/deep", "x"), guest.unlink("file")]).toEqual(
    new Array(4).fill("SUCCESS"),
  );
  expect([
    guest.rmdir("empty"),
    guest.symlink("x", "y"),
    guest.link("d/a/link", "z"),
    guest.link("d/a/f", "f"),
  ]).toEqual(new Array(4).fill("SUCCESS"));
  expect(dump(guest)).toEqual([
    "d type 3",
    "d/a type 3",
    "d/a/b type 3",
    "d/a/b/c type 3",
    'd/a/b/new type 4 size 0 links 1 ""',
    'd/a/f type 4 size 0 links 2 ""',
    "d/a/link type 7 -> f",
    'f type 4 size 0 links 2 ""',
    'hard type 4 size 8 links 1 "changed!"',
    'x type 4 size 4 links 1 "deep"',
    "y type 7 -> x",
    "z type 7 -> f",
  ]);
  expect(image(root)).toBe(before);
});

it("keeps no descriptor of the host that no handle needs", () => {
  const { guest } = setup();
  const before = openDescriptors();
  guest.rename("a/b", "empty/b");
  guest.unlink("a/f");
  guest.stat("empty/b/c/deep");
  dump(guest);
  for (const file of ["file", "empty/b/c/deep", "a/link", "empty/b/c"]) {
    const fd = guest.fd(file, { rights: READ, follow: true, oflags: file === "a/link" ? CREAT : 0 });
    guest.read(fd);
    guest.call("fd_close", fd);
  }
  expect(openDescriptors()).toBe(before);
  guest.wasi.close();
  expect(openDescriptors()).toBe(before - 1);
});

it("knows a moved directory again, also from handles that were opened before", () => {
  const { guest } = setup();
  const c = guest.fd("a/b/c", { rights: READ });
  expect(guest.rename("a", "z")).toBe("SUCCESS");
  expect(guest.rename("z", "y", 3, c)).toBe("INVAL");
  guest.fd("new", { base: c, oflags: CREAT });
  expect(guest.stat("z/b/c/new")).toMatchObject({ size: 0n });
  expect([guest.mkdir("a"), guest.stat("a/b")]).toEqual(["SUCCESS", "NOENT"]);
  expect(guest.read(guest.fd("z/b/c/deep", { rights: READ }))).toBe("deep");
});

it("does not open what is special below", () => {
  const { root, guest } = setup();
  execFileSync("mkfifo", [path.join(root, "fifo")]);
  expect(guest.stat("fifo")).toMatchObject({ type: 0 });
  expect([guest.open("fifo", { rights: READ }), guest.open("fifo", { rights: READ | WRITE })]).toEqual([
    "ACCES",
    "ACCES",
  ]);
  expect([guest.rename("fifo", "f2"), guest.unlink("f2"), guest.stat("fifo")]).toEqual(["SUCCESS", "SUCCESS", "NOENT"]);
  expect(fs.existsSync(path.join(root, "fifo"))).toBe(true);
});

it("survives a lower layer that changes, without leading outside", () => {
  const { root, guest } = setup();
  const outside = makeTree({ secret: "SECRET", "b/c/deep": "SECRET" });
  const a = guest.fd("a", { rights: READ });
  guest.rename("a/b", "moved");
  const file = guest.fd("file", { rights: READ });
  fs.renameSync(path.join(root, "a"), path.join(root, "was"));
  fs.symlinkSync(outside, path.join(root, "a"));
  fs.rmSync(path.join(root, "file"));
  expect(guest.read(file)).toBe("text");
  expect([guest.stat("file"), guest.open("a/secret"), guest.stat("f", false, a)]).toMatchObject([
    "NOENT",
    "PERM",
    { size: 1n },
  ]);
  // As long as somebody has it open, a directory is where it was.
  expect(guest.read(guest.fd("moved/c/deep", { rights: READ }))).toBe("deep");
  guest.call("fd_close", a);
  expect([guest.open("moved/c/deep"), guest.mkdir("moved/x"), guest.open("moved/c/secret")]).toEqual([
    "STALE",
    "STALE",
    "STALE",
  ]);
});

it("may be deeper than the stack", () => {
  const depth = 20_000;
  const lower = new MemoryFs();
  /** Goes down by handles, since no path is that long. */
  const descend = (guest: Guest, step: (dir: number) => void): number => {
    let dir = 3;
    for (let i = 0; i < depth; i++) {
      step(dir);
      const next = guest.fd("d", { rights: READ, base: dir });
      if (dir !== 3) guest.call("fd_close", dir);
      dir = next;
    }
    return dir;
  };
  const below = guestOn(lower);
  below.mkdir(
    "leaf",
    descend(below, (dir) => below.mkdir("d", dir)),
  );
  const guest = guestOn(new OverlayFs(lower));
  const bottom = descend(guest, () => {});
  // Moved to the root and closed, it is found again where it is below.
  expect([guest.rename("leaf", "leaf", bottom, 3), guest.call("fd_close", bottom)]).toEqual(["SUCCESS", "SUCCESS"]);
  expect((guest.readdir(guest.fd("leaf", { rights: READ })) as { entries: object[] }).entries).toHaveLength(2);
  expect([guest.mkdir("leaf/new"), guest.stat("leaf/new")]).toMatchObject(["SUCCESS", { type: 3 }]);
});

describe("identity", () => {
  it("differs from that of a read-only mount of the same directory, and nothing moves between them", () => {
    const root = makeTree(tree);
    const guest = new Guest({
      dirs: [{ host: root, guest: "/ro", readOnly: true }],
      mounts: [{ guest: "/o", fs: new OverlayFs(new HostFs(root)) }],
    });
    expect(guest.mkdir("new", 4)).toBe("SUCCESS");
    expect(guest.mkdir("new", 3)).toBe("ROFS");
    expect([guest.link("file", "x", 0, 4, 3), guest.rename("file", "x", 4, 3)]).toEqual(["ROFS", "ROFS"]);
    const two = new Guest({
      dirs: [{ host: root, guest: "/rw" }],
      mounts: [{ guest: "/o", fs: new OverlayFs(new HostFs(root)) }],
    });
    expect([two.link("file", "x", 0, 4, 3), two.rename("file", "x", 3, 4)]).toEqual(["XDEV", "XDEV"]);
  });

  it("of a file stays the same when it is copied", () => {
    const { guest } = setup();
    const before = guest.stat("file") as { ino: bigint; dev: bigint };
    guest.write(guest.fd("file"), "x");
    expect(guest.stat("hard")).toMatchObject({ ino: before.ino, dev: before.dev });
  });
});
