/**
 * What has gone wrong in other hosts and is not about a single call: on directories of the host, and the same in memory
 * and in overlays. Escapes are in `sandbox.test.ts`, read-only mounts in `readonly.test.ts`, wild arguments in `hostile.test.ts`.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryFs } from "../index.ts";
import { nativeFiles } from "./native-files.ts";
import { guestOn, kinds } from "./testing/file-systems.ts";
import {
  CREAT,
  DIRECTORY,
  Guest,
  makeTree,
  openDescriptors,
  READ,
  removeTrees,
  type Stat,
  TRUNC,
  WRITE,
} from "./testing/guest.ts";

afterEach(removeTrees);
const hasNative = nativeFiles() !== undefined;

const tree = { file: "text", "dir/f": "inside", "dir/sub/g": "deep" };

describe.each(["host", "memory", "overlay of a host directory", "overlay of memory"])("in %s", (kind) => {
  const setup = (): Guest => guestOn(kinds[kind]!(tree));

  it("extreme times neither crash the host nor come back as others", () => {
    const guest = setup();
    for (const time of [0n, 1n, 2n ** 32n, 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
      const fd = guest.fd("file");
      const outcomes = [
        guest.setTimes("file", time, time, 5),
        guest.setTimes("dir", time, time, 5),
        guest.call("fd_filestat_set_times", fd, time, time, 5),
      ];
      for (const outcome of outcomes) expect(outcome).toMatch(/^(SUCCESS|INVAL|OVERFLOW)$/);
      expect(guest.stat("file")).toMatchObject({ size: 4n });
      if (outcomes[0] === "SUCCESS" && time < 2n ** 62n) expect((guest.stat("file") as Stat).mtim).toBe(time);
      guest.call("fd_close", fd);
    }
  });

  it("a directory is not read as a file, not even zero bytes of it", () => {
    const guest = setup();
    const dir = guest.fd("dir", { rights: -1n, oflags: DIRECTORY });
    const { at, count } = guest.iovs(0);
    expect([guest.call("fd_read", dir, at, count, 16), guest.call("fd_read", dir, at, 0, 16)]).toEqual([
      "ISDIR",
      "ISDIR",
    ]);
    expect([guest.call("fd_write", dir, at, count, 16), guest.call("fd_pread", 3, at, count, 0n, 16)]).toEqual([
      "ISDIR",
      "ISDIR",
    ]);
  });

  it("numbers that are closed, renumbered and given again lead to what they say", () => {
    const guest = setup();
    const [a, b] = [guest.fd("file"), guest.fd("dir/f")];
    expect(guest.call("fd_renumber", b, a)).toBe("SUCCESS");
    expect([guest.read(a), guest.read(b)]).toEqual(["inside", "!BADF"]);
    const c = guest.fd("file");
    expect([c, guest.read(c)]).toEqual([b, "text"]);
    expect([guest.call("fd_close", a), guest.call("fd_close", a), guest.fd("dir/sub/g")]).toEqual([
      "SUCCESS",
      "BADF",
      a,
    ]);
    expect([guest.read(a), guest.call("fd_renumber", 99, a), guest.call("fd_renumber", a, 99)]).toEqual([
      "deep",
      "BADF",
      "BADF",
    ]);
    expect(guest.call("fd_renumber", c, 3)).toBe("SUCCESS");
    expect([guest.stat("file"), guest.call("fd_prestat_get", 3, 16)]).toEqual(["NOTDIR", "BADF"]);
  });

  it("descriptors have a limit, and creating nothing happens above it", () => {
    const guest = new Guest({ mounts: [{ guest: "/", fs: kinds[kind]!(tree) }], maxFds: 6 });
    expect([guest.open("file"), guest.open("file"), guest.open("new", { oflags: CREAT })]).toEqual([4, 5, "MFILE"]);
    expect(guest.stat("new")).toBe("NOENT");
  });

  it("nothing stays open when a guest is closed in the middle", () => {
    const before = openDescriptors();
    const guest = setup();
    guest.fd("dir/sub/g");
    guest.fd("dir/sub", { rights: READ });
    guest.write(guest.fd("file"), "x");
    guest.unlink("file");
    guest.wasi.close();
    expect(openDescriptors()).toBe(before);
  });
});

describe.each(["native", "portable", "memory"])("where an open file is, %s,", (kind) => {
  /** The guest is told of a file by where it is: see `fixedStat`. */
  const setup = (trace: (() => void) | undefined): Guest => {
    const files = { "a/b/c/f": "1", "a/b/g": "2", "d/f": "3", empty: null };
    const deterministic = {};
    if (kind === "memory")
      return new Guest({ mounts: [{ guest: "/", fs: kinds.memory!(files) }], deterministic, trace });
    const dirs = [{ host: makeTree(files), guest: "/" }];
    return new Guest({ dirs, hostFiles: hasNative ? (kind as "native") : "portable", deterministic, trace });
  };
  const inode = (guest: Guest, fd: number): bigint => {
    const at = guest.alloc(64);
    expect(guest.call("fd_filestat_get", fd, at)).toBe("SUCCESS");
    return guest.filestat(at).ino;
  };

  it.each([
    ["unwatched", undefined],
    ["watched", () => {}],
  ])("is known through renames before it was opened and after, by any directory on the way, %s", (_, trace) => {
    const guest = setup(trace);
    const is = (fd: number, file: string): void => {
      const there = guest.stat(file) as Stat;
      expect([file, inode(guest, fd)]).toEqual([file, there.ino]);
    };
    const [a, b, c] = ["a", "a/b", "a/b/c"].map((dir) => guest.fd(dir, { rights: READ })) as [number, number, number];
    const [f1, g1] = [guest.fd("a/b/c/f"), guest.fd("g", { base: b })];
    expect(guest.rename("a/b", "d/b2")).toBe("SUCCESS");
    const [f2, g2] = [guest.fd("f", { base: c }), guest.fd("g", { base: b })];
    const f3 = guest.fd("c/f", { base: b });
    for (const f of [f1, f2, f3]) is(f, "d/b2/c/f");
    for (const g of [g1, g2]) is(g, "d/b2/g");
    // The directory above goes, onto an empty one, named by descriptors of others.
    expect([guest.rename("d", "empty"), guest.rename("empty", "d", 3, a)]).toEqual(["SUCCESS", "SUCCESS"]);
    const f4 = guest.fd("c/f", { base: b });
    for (const f of [f1, f2, f3, f4]) is(f, "a/d/b2/c/f");
    is(b, "a/d/b2");
    is(c, "a/d/b2/c");
    // A file by itself, away from a directory that then moves.
    expect([guest.rename("f", "f", c, 3), guest.rename("b2", "away", guest.fd("a/d", { rights: READ }), 3)]).toEqual([
      "SUCCESS",
      "SUCCESS",
    ]);
    for (const f of [f1, f2, f3, f4]) is(f, "f");
    for (const g of [g1, g2]) is(g, "away/g");
    is(c, "away/c");
    // One whose name begins alike is another.
    expect([guest.mkdir("aw"), guest.rename("aw", "x"), guest.rename("away", "x")]).toEqual(
      new Array(3).fill("SUCCESS"),
    );
    for (const g of [g1, g2]) is(g, "x/g");
  });
});

describe("the root of a mount", () => {
  it("that is renamed on the host stays the same for the guest", () => {
    const root = makeTree({ "box/f": "inside", other: null });
    const guest = new Guest({ dirs: [{ host: path.join(root, "box"), guest: "/" }] });
    fs.renameSync(path.join(root, "box"), path.join(root, "other/box"));
    fs.symlinkSync("/etc", path.join(root, "box"));
    expect([guest.read(guest.fd("f", { rights: READ })), guest.stat("passwd"), guest.stat("..")]).toEqual([
      "inside",
      "NOENT",
      "PERM",
    ]);
  });

  it("that is deleted on the host is an empty directory in which nothing can be made", () => {
    const root = makeTree({ "box/f": "inside" });
    const guest = new Guest({ dirs: [{ host: path.join(root, "box"), guest: "/" }] });
    const file = guest.fd("f");
    fs.rmSync(path.join(root, "box"), { recursive: true });
    expect([guest.stat("f"), guest.mkdir("d"), guest.open("f", { oflags: CREAT })]).toEqual([
      "NOENT",
      "NOENT",
      "NOENT",
    ]);
    expect([guest.read(file), guest.write(file, "+")]).toEqual(["inside", 1]);
    expect((guest.readdir(3) as { entries: object[] }).entries).toHaveLength(2);
  });

  it("is there for each of many, in order", () => {
    const mounts = Array.from({ length: 5 }, (_, i) => ({ guest: `/m${i}`, fs: new MemoryFs() }));
    const guest = new Guest({ mounts });
    const names = mounts.map((_, i) => {
      guest.call("fd_prestat_get", 3 + i, 16);
      guest.call("fd_prestat_dir_name", 3 + i, 64, guest.u32(20));
      return guest.text(64, guest.u32(20));
    });
    expect(names).toEqual(["/m0", "/m1", "/m2", "/m3", "/m4"]);
    expect(guest.call("fd_prestat_get", 8, 16)).toBe("BADF");
    expect([
      guest.rename("x", "x", 3, 4),
      guest.mkdir("x", 3),
      guest.rename("x", "x", 3, 4),
      guest.link("x", "y", 0, 3, 5),
    ]).toEqual(["XDEV", "SUCCESS", "XDEV", "XDEV"]);
  });
});

/** A small file system of the host, if this may mount one. */
function withFullDisk(use: (dir: string) => void): boolean {
  const dir = makeTree();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", dir], { stdio: "ignore" });
  } catch {
    return false;
  }
  try {
    use(dir);
  } finally {
    execFileSync("umount", [dir]);
  }
  return true;
}

describe("a full disk", () => {
  it("is an errno, and what was reported written is there", (context) => {
    const isMounted = withFullDisk((dir) => {
      const guest = new Guest({ dirs: [{ host: dir, guest: "/" }] });
      const fd = guest.fd("big", { oflags: CREAT });
      let written = 0;
      let last: number | string = 0;
      for (let i = 0; i < 40 && typeof last === "number"; i++) {
        last = guest.write(fd, new Uint8Array(5000).fill(i));
        if (typeof last === "number") written += last;
      }
      expect(last).toBe("NOSPC");
      expect(guest.stat("big")).toMatchObject({ size: BigInt(written) });
      expect(guest.symlink("x", "l")).toMatch(/SUCCESS|NOSPC/);
      guest.wasi.close();
      const bytes = fs.readFileSync(path.join(dir, "big"));
      expect(bytes.every((byte, at) => byte === Math.floor(at / 5000))).toBe(true);
    });
    if (!isMounted) context.skip("mounting a small file system is not allowed here");
  });
});

/** Does `use` as somebody who may do little; false where this process cannot be that. */
function asNobody(use: () => void): boolean {
  const nobody = 65_534;
  try {
    process.seteuid!(nobody);
  } catch {
    return false;
  }
  try {
    use();
  } finally {
    process.seteuid!(0);
  }
  return true;
}

describe("permissions that the host lacks", () => {
  // Not the portable way: /proc of a process that has changed its user is closed to it.
  const ways: [string, Partial<ConstructorParameters<typeof Guest>[0] & object>][] = [
    ["by the native part", { hostFiles: "native" }],
    ["by paths", { fsLevel: "nofollow" }],
  ];
  it.each(hasNative ? ways : ways.slice(1))("are errnos, and nothing is done, %s", (_, options) => {
    const root = makeTree({ "closed/f": "secret", "fixed/f": "text", "mine/f": "text", "mine/d": null });
    for (const dir of [root, path.join(root, "fixed")]) fs.chmodSync(dir, 0o755);
    fs.chmodSync(path.join(root, "closed"), 0o700);
    for (const name of ["mine", "mine/f"]) fs.chownSync(path.join(root, name), 65_534, 65_534);
    const guest = new Guest({ dirs: [{ host: root, guest: "/" }], ...options });
    const isNobody = asNobody(() => {
      expect([guest.open("closed/f"), guest.stat("closed/f"), guest.unlink("closed/f")]).toEqual(
        new Array(3).fill("ACCES"),
      );
      expect(guest.readdir(guest.fd("closed", { rights: 0n }))).toBe("ACCES");
      expect([
        guest.open("fixed/f", { rights: WRITE }),
        guest.open("fixed/f", { rights: READ, oflags: TRUNC }),
        guest.open("fixed/new", { oflags: CREAT }),
        guest.mkdir("fixed/d"),
        guest.unlink("fixed/f"),
        guest.rename("fixed/f", "mine/f2"),
        guest.rename("mine/f", "fixed/f2"),
        guest.symlink("x", "fixed/l"),
      ]).toEqual(new Array(8).fill("ACCES"));
      expect(guest.setTimes("fixed/f", 1n, 1n, 5)).toBe("PERM");
      expect(guest.read(guest.fd("fixed/f", { rights: READ }))).toBe("text");
      expect(guest.write(guest.fd("mine/f", { rights: WRITE }), "TEXT")).toBe(4);
      expect([guest.mkdir("mine/e"), guest.rmdir("mine/d")]).toEqual(["SUCCESS", "SUCCESS"]);
    });
    if (!isNobody) return console.log("skipped: this process cannot change its user");
    expect(fs.readdirSync(path.join(root, "fixed"))).toEqual(["f"]);
    expect(fs.readFileSync(path.join(root, "fixed/f"), "utf8")).toBe("text");
    expect(fs.readFileSync(path.join(root, "mine/f"), "utf8")).toBe("TEXT");
    expect(fs.readFileSync(path.join(root, "closed/f"), "utf8")).toBe("secret");
  });
});

describe("two hundred guests in one process", () => {
  it("leave no descriptor and no memory behind", () => {
    const root = makeTree({ "in/f": "x".repeat(10_000) });
    const memory = { buffer: new ArrayBuffer(1 << 20) };
    const before = openDescriptors();
    const round = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const fs = new MemoryFs();
        const guest = new Guest(
          { dirs: [{ host: root, guest: "/" }], mounts: [{ guest: "/tmp", fs }], trace: undefined },
          memory,
        );
        for (let j = 0; j < 20; j++) {
          const [from, to] = [guest.fd("in/f", { rights: READ }), guest.fd(`f${j}`, { oflags: CREAT, base: 4 })];
          guest.write(to, guest.read(from, 10_000));
          guest.write(guest.fd(`out${i % 7}-${j}`, { oflags: CREAT }), "x");
          guest.unlink(`out${i % 7}-${j}`);
        }
        guest.wasi.close();
      }
    };
    round(20);
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heap = (): number => {
      // Buffers are freed by another thread, which the second collection waits for.
      collect();
      collect();
      return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
    };
    const start = heap();
    round(200);
    expect(openDescriptors()).toBe(before);
    // Each guest had 200 KB of files: kept, they would be 40 MB.
    expect(heap() - start).toBeLessThan(10 << 20);
  });
});
