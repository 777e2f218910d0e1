/** The path_* calls: the rules for the last component, for each kind of thing it can be. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  CREAT,
  DIRECTORY,
  EXCL,
  Guest,
  makeTree,
  openDescriptors,
  READ,
  removeTrees,
  TRUNC,
  WRITE,
} from "./testing/guest.ts";

afterEach(removeTrees);

function inTree(tree: Readonly<Record<string, string | null>>): { guest: Guest; root: string } {
  const root = makeTree(tree);
  return { guest: new Guest({ dirs: [{ host: root, guest: "/" }] }), root };
}

const common = {
  file: "text",
  "dir/inner": "x",
  empty: null,
  "dir/deep/nested/f": "deep",
  link: ">file",
  dirlink: ">dir",
  dangling: ">nowhere",
  self: ">self",
  dotlink: ">.",
  slashlink: ">dir/",
  fileslash: ">file/",
  up: ">dir/../file",
  abs: ">/etc",
};

describe("lexical checks", () => {
  const { guest } = { guest: new Guest({ dirs: [{ host: ".", guest: "/" }] }) };
  it.each([
    ["", "NOENT"],
    ["/etc/passwd", "PERM"],
    ["a\0b", "INVAL"],
    ["\0", "INVAL"],
    ["x".repeat(256), "NAMETOOLONG"],
    [`a/${"x".repeat(256)}/b`, "NAMETOOLONG"],
    ["y/".repeat(2049), "NAMETOOLONG"],
    ["..", "PERM"],
    ["../x", "PERM"],
    ["wasi/../..", "PERM"],
    ["wasi/../../main/wasi", "PERM"],
    ["nope/../package.json", "NOENT"],
    ["package.json/../wasi", "NOTDIR"],
    ["package.json/.", "NOTDIR"],
    [`./${"x".repeat(255)}`, "NOENT"],
  ])("%j is %s", (file, errno) => {
    expect(guest.open(file)).toBe(errno);
    expect(guest.stat(file)).toBe(errno);
  });

  it("accepts what is strange but inside", () => {
    expect(guest.stat(".//wasi///./../wasi/node/../../package.json")).toMatchObject({ type: 4 });
    expect(guest.stat("wasi/..")).toMatchObject({ type: 3 });
    expect(guest.stat("wasi/")).toMatchObject({ type: 3 });
  });
});

describe("a base that is not a directory", () => {
  it("is BADF when closed, NOTDIR when something else", () => {
    const { guest } = inTree(common);
    const file = guest.fd("file");
    expect(guest.open("file", { base: 99 })).toBe("BADF");
    expect(guest.open("file", { base: file })).toBe("NOTDIR");
    expect(guest.open("file", { base: 1 })).toBe("NOTDIR");
    expect(guest.mkdir("x", file)).toBe("NOTDIR");
    expect(guest.rename("file", "x", 3, file)).toBe("NOTDIR");
  });
});

describe("path_open", () => {
  it.each([
    ["link", { follow: true }, "text"],
    ["up", { follow: true }, "text"],
    ["dirlink/inner", {}, "x"],
    ["slashlink/inner", {}, "x"],
    ["dotlink/dotlink/file", {}, "text"],
    ["dirlink/../file", {}, "text"],
    ["dir/deep/nested/../../inner", {}, "x"],
  ])("reads %s", (file, options, text) => {
    const { guest } = inTree(common);
    expect(guest.read(guest.fd(file, options))).toBe(text);
  });

  it.each([
    ["nothing", {}, "NOENT"],
    ["nothing/", { oflags: CREAT }, "ISDIR"],
    ["link", {}, "LOOP"],
    ["dangling", {}, "LOOP"],
    ["dangling", { follow: true }, "NOENT"],
    ["dangling", { oflags: DIRECTORY }, "LOOP"],
    ["dangling", { oflags: CREAT | EXCL }, "EXIST"],
    ["dangling", { oflags: CREAT | EXCL, follow: true }, "EXIST"],
    ["file", { oflags: CREAT | EXCL }, "EXIST"],
    ["link", { oflags: CREAT | EXCL, follow: true }, "EXIST"],
    ["empty", { oflags: CREAT | EXCL }, "EXIST"],
    ["self", { follow: true }, "LOOP"],
    ["self/x", {}, "LOOP"],
    ["abs", { follow: true }, "PERM"],
    ["abs/passwd", {}, "PERM"],
    ["file/", {}, "NOTDIR"],
    ["link/", {}, "NOTDIR"],
    ["fileslash", { follow: true }, "NOTDIR"],
    ["file/x", {}, "NOTDIR"],
    ["link/x", {}, "NOTDIR"],
    ["file", { oflags: DIRECTORY }, "NOTDIR"],
    ["link", { oflags: DIRECTORY, follow: true }, "NOTDIR"],
    ["empty", {}, "ISDIR"],
    ["empty", { oflags: DIRECTORY }, "ISDIR"],
    ["empty", { rights: READ, oflags: TRUNC }, "ISDIR"],
    ["empty", { rights: READ, oflags: CREAT }, "ISDIR"],
    [".", { rights: READ | WRITE, oflags: DIRECTORY }, "ISDIR"],
    ["empty", { rights: READ, oflags: DIRECTORY | CREAT }, "INVAL"],
    ["empty", { rights: READ, oflags: DIRECTORY | EXCL }, "INVAL"],
    ["empty", { rights: READ, oflags: DIRECTORY | TRUNC }, "INVAL"],
    ["file", { oflags: 16 }, "INVAL"],
    ["file", { fdflags: 32 }, "INVAL"],
  ])("%s with %o is %s", (file, options, errno) => {
    const { guest } = inTree(common);
    expect(guest.open(file, options)).toBe(errno);
  });

  it("rejects unknown lookup flags", () => {
    const { guest } = inTree(common);
    expect(guest.call("path_open", 3, 2, ...guest.put("file"), 0, 2n, 0n, 0, 16)).toBe("INVAL");
  });

  it.each([
    [".", READ, DIRECTORY],
    [".", 0n, 0],
    [".", -1n, 0],
    ["empty", -1n, DIRECTORY],
    ["dir/..", READ, 0],
    ["dir/deep/", READ, 0],
    ["dirlink/", READ, 0],
    ["slashlink/.", READ, DIRECTORY],
  ])("opens the directory %j with rights %i", (file, rights, oflags) => {
    const { guest } = inTree(common);
    const fd = guest.fd(file, { rights, oflags, fdflags: 4 });
    const at = guest.alloc(24);
    expect(guest.call("fd_fdstat_get", fd, at)).toBe("SUCCESS");
    expect([guest.view.getUint8(at), guest.view.getUint16(at + 2, true)]).toEqual([3, 0]);
  });

  it("creates through a dangling link, inside", () => {
    const { guest, root } = inTree(common);
    guest.write(guest.fd("dangling", { oflags: CREAT, follow: true }), "made");
    expect(fs.readFileSync(path.join(root, "nowhere"), "utf8")).toBe("made");
  });

  it("truncates, also without rights to write", () => {
    const { guest, root } = inTree(common);
    guest.fd("file", { rights: 0n, oflags: TRUNC });
    expect(fs.readFileSync(path.join(root, "file"), "utf8")).toBe("");
  });

  it("ignores EXCL without CREAT", () => {
    expect(inTree(common).guest.open("file", { oflags: EXCL })).toBeTypeOf("number");
  });

  it("gives the access that was asked for", () => {
    const { guest } = inTree(common);
    const reader = guest.fd("file", { rights: READ });
    const writer = guest.fd("file", { rights: WRITE });
    const neither = guest.fd("file", { rights: 0n });
    expect([guest.read(reader), guest.write(reader, "x")]).toEqual(["text", "BADF"]);
    expect([guest.read(writer), guest.write(writer, "x")]).toEqual(["!BADF", 1]);
    expect([guest.read(neither), guest.write(neither, "x")]).toEqual(["!BADF", "BADF"]);
  });

  it("takes names as bytes, UTF-8 or not", () => {
    const { guest, root } = inTree({});
    const name = Uint8Array.of(0x61, 0xff, 0xfe);
    guest.fd(name, { oflags: CREAT });
    expect(fs.readdirSync(root, { encoding: "buffer" }).map((b) => [...b])).toEqual([[0x61, 0xff, 0xfe]]);
    expect(guest.stat(name)).toMatchObject({ type: 4 });
  });

  it("follows 40 links and not 41", () => {
    const chain = Object.fromEntries(
      Array.from({ length: 41 }, (_, i) => [`l${i}`, `>${i === 0 ? "file" : `l${i - 1}`}`]),
    );
    const { guest } = inTree({ file: "end", ...chain });
    expect(guest.read(guest.fd("l39", { follow: true, rights: READ }))).toBe("end");
    expect(guest.open("l40", { follow: true })).toBe("LOOP");
  });

  it("refuses a walk that holds too many directories, and gives them all back", () => {
    const { guest } = inTree({ a: ">." });
    const before = openDescriptors();
    expect(guest.stat(`${"a/".repeat(39)}a`, true)).toMatchObject({ type: 3 });
    expect(guest.stat(`${"a/".repeat(41)}a`, true)).toBe("LOOP");
    expect(openDescriptors()).toBe(before);
  });

  it("refuses more than maxFds descriptors, before creating anything", () => {
    const root = makeTree();
    const guest = new Guest({ dirs: [{ host: root, guest: "/" }], maxFds: 6 });
    expect([guest.open("a", { oflags: CREAT }), guest.open("b", { oflags: CREAT })]).toEqual([4, 5]);
    expect(guest.open("c", { oflags: CREAT })).toBe("MFILE");
    expect(fs.readdirSync(root)).toEqual(["a", "b"]);
  });
});

describe("path_filestat_get", () => {
  it.each([
    ["file", false, 4],
    ["link", false, 7],
    ["link", true, 4],
    ["dirlink", false, 7],
    ["dirlink/", false, 3],
    ["dangling", false, 7],
    ["dotlink", true, 3],
    [".", false, 3],
  ])("%s, follow %s, is of type %i", (file, follow, type) => {
    expect(inTree(common).guest.stat(file, follow)).toMatchObject({ type });
  });

  it.each([
    ["dangling", true, "NOENT"],
    ["dangling/", false, "NOENT"],
    ["self", true, "LOOP"],
    ["file/", false, "NOTDIR"],
    ["link/", true, "NOTDIR"],
    ["fileslash", true, "NOTDIR"],
  ])("%s, follow %s, is %s", (file, follow, errno) => {
    expect(inTree(common).guest.stat(file, follow)).toBe(errno);
  });
});

describe("creating and removing", () => {
  it.each([
    ["mkdir", "new", "SUCCESS"],
    ["mkdir", "new/", "SUCCESS"],
    ["mkdir", "dir/new//", "SUCCESS"],
    ["mkdir", "empty", "EXIST"],
    ["mkdir", "file", "EXIST"],
    ["mkdir", "dangling", "EXIST"],
    ["mkdir", "dangling/", "EXIST"],
    ["mkdir", ".", "EXIST"],
    ["mkdir", "dir/..", "EXIST"],
    ["mkdir", "no/new", "NOENT"],
    ["mkdir", "file/new", "NOTDIR"],
    ["rmdir", "empty", "SUCCESS"],
    ["rmdir", "empty/", "SUCCESS"],
    ["rmdir", "dir", "NOTEMPTY"],
    ["rmdir", "file", "NOTDIR"],
    ["rmdir", "file/", "NOTDIR"],
    ["rmdir", "link", "NOTDIR"],
    ["rmdir", "dirlink", "NOTDIR"],
    ["rmdir", "dirlink/", "NOTDIR"],
    ["rmdir", "none", "NOENT"],
    ["rmdir", ".", "INVAL"],
    ["rmdir", "dir/.", "INVAL"],
    ["rmdir", "dir/deep/..", "NOTEMPTY"],
    ["unlink", "file", "SUCCESS"],
    ["unlink", "link", "SUCCESS"],
    ["unlink", "dangling", "SUCCESS"],
    ["unlink", "dirlink", "SUCCESS"],
    ["unlink", "empty", "ISDIR"],
    ["unlink", "empty/", "ISDIR"],
    ["unlink", "file/", "NOTDIR"],
    ["unlink", "dirlink/", "NOTDIR"],
    ["unlink", "none", "NOENT"],
    ["unlink", "none/", "NOENT"],
    ["unlink", ".", "ISDIR"],
    ["unlink", "dir/..", "ISDIR"],
  ] as const)("%s %s is %s", (call, file, errno) => {
    expect(inTree(common).guest[call](file)).toBe(errno);
  });
});

describe("path_rename", () => {
  it.each([
    ["file", "new", "SUCCESS"],
    ["file", "dir/new", "SUCCESS"],
    ["file", "link", "SUCCESS"],
    ["link", "new", "SUCCESS"],
    ["dangling", "new", "SUCCESS"],
    ["file", "file", "SUCCESS"],
    ["empty", "new", "SUCCESS"],
    ["empty/", "new", "SUCCESS"],
    ["empty", "new/", "SUCCESS"],
    ["empty/", "new/", "SUCCESS"],
    ["none", "new", "NOENT"],
    ["none", "new/", "NOENT"],
    ["file", "new/", "NOTDIR"],
    ["file/", "new", "NOTDIR"],
    ["dirlink/", "new", "NOTDIR"],
    ["dirlink", "new/", "NOTDIR"],
    ["file", "no/new", "NOENT"],
    ["dir", "file", "NOTDIR"],
    ["file", "empty", "ISDIR"],
    ["empty", "dir", "NOTEMPTY"],
    ["dir", "dir/deep/x", "INVAL"],
    [".", "new", "BUSY"],
    ["dir/..", "new", "BUSY"],
    ["dir", ".", "BUSY"],
    ["dir", "dir/..", "BUSY"],
  ])("%s to %s is %s", (from, to, errno) => {
    expect(inTree(common).guest.rename(from, to)).toBe(errno);
  });

  it("renames the link, not what it points to", () => {
    const { guest, root } = inTree(common);
    guest.rename("link", "renamed");
    expect(fs.readlinkSync(path.join(root, "renamed"))).toBe("file");
    expect(fs.existsSync(path.join(root, "file"))).toBe(true);
  });
});

describe("path_link", () => {
  it.each([
    ["file", "new", 0, "SUCCESS"],
    ["link", "new", 0, "SUCCESS"],
    ["dangling", "new", 0, "SUCCESS"],
    ["self", "new", 0, "SUCCESS"],
    ["link", "new", 1, "INVAL"],
    ["file", "file", 0, "EXIST"],
    ["file", "empty", 0, "EXIST"],
    ["file", "dangling", 0, "EXIST"],
    ["file", ".", 0, "EXIST"],
    ["file", "new/", 0, "NOENT"],
    ["file", "empty/", 0, "EXIST"],
    ["file/", "new", 0, "NOTDIR"],
    ["empty", "new", 0, "PERM"],
    ["empty/", "new", 0, "PERM"],
    [".", "new", 0, "PERM"],
    ["none", "new", 0, "NOENT"],
  ])("%s to %s with flags %i is %s", (from, to, flags, errno) => {
    expect(inTree(common).guest.link(from, to, flags)).toBe(errno);
  });

  it("links a symlink itself", () => {
    const { guest } = inTree(common);
    guest.link("link", "copy");
    expect(guest.readlink("copy")).toBe("file");
  });

  it("gives both names one inode", () => {
    const { guest } = inTree(common);
    guest.link("file", "copy");
    const [a, b] = [guest.stat("file"), guest.stat("copy")];
    expect(a).toEqual(b);
  });
});

describe("path_symlink and path_readlink", () => {
  it.each([
    ["t", "new", "SUCCESS"],
    ["../../outside", "new", "SUCCESS"],
    ["t/", "dir/new", "SUCCESS"],
    ["/etc", "new", "PERM"],
    ["", "new", "NOENT"],
    ["a\0b", "new", "INVAL"],
    ["t".repeat(4097), "new", "NAMETOOLONG"],
    ["t", "file", "EXIST"],
    ["t", "dangling", "EXIST"],
    ["t", "new/", "NOENT"],
    ["t", "empty/", "EXIST"],
    ["t", "file/", "NOTDIR"],
    ["t", ".", "EXIST"],
    ["t", "../new", "PERM"],
  ])("a link to %.8j named %s is %s", (target, file, errno) => {
    expect(inTree(common).guest.symlink(target, file)).toBe(errno);
  });

  it("reads as much as fits and leaves the rest alone", () => {
    const { guest } = inTree(common);
    expect([guest.readlink("link"), guest.readlink("link", 2), guest.readlink("link", 0)]).toEqual(["file", "fi", ""]);
    const [at] = guest.put("........");
    guest.call("path_readlink", 3, ...guest.put("link"), at, 8, 16);
    expect(guest.text(at, 8)).toBe("file....");
  });

  it.each([
    ["file", "!INVAL"],
    ["empty", "!INVAL"],
    [".", "!INVAL"],
    ["dirlink/", "!INVAL"],
    ["link/", "!NOTDIR"],
    ["none", "!NOENT"],
    ["abs", "/etc"],
  ])("reading %s is %s", (file, result) => {
    expect(inTree(common).guest.readlink(file)).toBe(result);
  });
});

describe("path_filestat_set_times", () => {
  const ATIM = 1;
  const ATIM_NOW = 2;
  const MTIM = 4;
  const MTIM_NOW = 8;

  it("sets nanoseconds and leaves the other time alone", () => {
    const { guest } = inTree(common);
    const before = guest.stat("file") as { atim: bigint };
    expect(guest.setTimes("file", 0n, 1_700_000_000_123_456_789n, MTIM)).toBe("SUCCESS");
    expect(guest.stat("file")).toMatchObject({ mtim: 1_700_000_000_123_456_789n, atim: before.atim });
  });

  it("stores whole microseconds exactly on the host", () => {
    const { guest, root } = inTree(common);
    // Doubles round these the wrong way: 1700000000.123 s is stored as .122999 by utimes(path, 1700000000.123).
    const odd = Array.from({ length: 50 }, (_, i) => 1_700_000_000_123_000n + BigInt(i) * 999_983n);
    for (const us of [...odd, 1_699_999_999_999_999n, 1n]) {
      guest.setTimes("file", us * 1000n, us * 1000n, ATIM | MTIM);
      const stat = fs.statSync(path.join(root, "file"), { bigint: true });
      expect([stat.atimeNs / 1000n, stat.mtimeNs / 1000n]).toEqual([us, us]);
    }
  });

  it("forgets what it remembers when someone else sets a time", () => {
    const { guest, root } = inTree(common);
    guest.setTimes("file", 0n, 1_700_000_000_123_456_789n, MTIM);
    fs.utimesSync(path.join(root, "file"), 5, 7);
    expect(guest.stat("file")).toMatchObject({ atim: 5_000_000_000n, mtim: 7_000_000_000n });
  });

  it("sets the link or what it points to", () => {
    const { guest } = inTree(common);
    guest.setTimes("link", 1000n, 2000n, ATIM | MTIM);
    guest.setTimes("link", 3000n, 4000n, ATIM | MTIM, true);
    expect(guest.stat("link")).toMatchObject({ mtim: 2000n });
    expect(guest.stat("file")).toMatchObject({ mtim: 4000n });
  });

  it("sets a directory, by name and as itself", () => {
    const { guest } = inTree(common);
    expect(guest.setTimes("empty/", 1000n, 2000n, ATIM | MTIM)).toBe("SUCCESS");
    expect(guest.stat("empty")).toMatchObject({ atim: 1000n, mtim: 2000n });
    expect(guest.setTimes(".", 1000n, 3000n, ATIM | MTIM)).toBe("SUCCESS");
    expect(guest.stat(".")).toMatchObject({ mtim: 3000n });
  });

  it("sets now", () => {
    const { guest } = inTree(common);
    guest.setTimes("file", 0n, 0n, ATIM | MTIM);
    expect(guest.setTimes("file", 0n, 0n, ATIM_NOW | MTIM_NOW)).toBe("SUCCESS");
    const { mtim } = guest.stat("file") as { mtim: bigint };
    expect(Math.abs(Number(mtim / 1_000_000n) - Date.now())).toBeLessThan(5000);
  });

  it.each([
    [ATIM | ATIM_NOW, "INVAL"],
    [MTIM | MTIM_NOW, "INVAL"],
    [16, "INVAL"],
    [0, "SUCCESS"],
  ])("flags %i are %s", (flags, errno) => {
    const { guest } = inTree(common);
    const before = guest.stat("file");
    expect(guest.setTimes("file", 1n, 1n, flags)).toBe(errno);
    expect(guest.stat("file")).toEqual(before);
  });

  it("takes the largest time there is", () => {
    const { guest } = inTree(common);
    expect(guest.setTimes("file", -1n, -1n, ATIM | MTIM)).toBe("SUCCESS");
  });
});
