/** The levels of the sandbox besides `beneath`: what the weaker ones still keep, what they do not, and who gets which. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HostFs, MemoryFs, strongestLevel, WASI } from "../index.ts";
import { CREAT, Guest, makeTree, READ, removeTrees, TRUNC } from "./testing/guest.ts";
import { isSafeOnWindows } from "./windows-names.ts";

afterEach(removeTrees);

describe("level nofollow", () => {
  const setup = (): { guest: Guest; root: string; box: string } => {
    const root = makeTree({ secret: "SECRET", "outside/f": "SECRET", "box/d/f": "inside", "box/d/sub/g": "inside" });
    const box = path.join(root, "box");
    return { guest: new Guest({ dirs: [{ host: box, guest: "/" }], fsLevel: "nofollow" }), root, box };
  };

  it("notices that a directory that is held has been replaced by a link", () => {
    const { guest, root, box } = setup();
    const [dir, sub] = [guest.fd("d", { rights: READ }), guest.fd("d/sub", { rights: READ })];
    fs.renameSync(path.join(box, "d"), path.join(box, "was"));
    fs.symlinkSync("../outside", path.join(box, "d"));
    for (const fd of [dir, sub]) {
      expect(guest.open("f", { base: fd, rights: READ })).toBe("STALE");
      expect(guest.open("new", { base: fd, oflags: CREAT })).toBe("STALE");
      expect([guest.mkdir("new", fd), guest.unlink("f", fd), guest.stat("f", false, fd), guest.readdir(fd)]).toEqual(
        new Array(4).fill("STALE"),
      );
      expect([guest.rename("f", "x", fd), guest.link("f", "x", 0, fd), guest.symlink("f", "x", fd)]).toEqual(
        new Array(3).fill("STALE"),
      );
    }
    expect(guest.open("d/f", { rights: READ })).toBe("PERM");
    expect(fs.readdirSync(path.join(root, "outside"))).toEqual(["f"]);
  });

  it("notices that the root itself has been replaced", () => {
    const { guest, root, box } = setup();
    fs.renameSync(box, `${box}-moved`);
    fs.symlinkSync("outside", box);
    expect([guest.open("f"), guest.mkdir("new"), guest.stat(".")]).toEqual(["STALE", "STALE", "STALE"]);
    expect(fs.readdirSync(path.join(root, "outside"))).toEqual(["f"]);
  });

  it("empties a file only when it is known which one was opened", () => {
    const { guest, box } = setup();
    expect(guest.read(guest.fd("d/f", { oflags: TRUNC, rights: READ }))).toBe("");
    expect(fs.readFileSync(path.join(box, "d/f"), "utf8")).toBe("");
  });
});

describe("level lexical", () => {
  it("is no boundary: a link in the middle is followed by the host, as in node:wasi", () => {
    const root = makeTree({ "outside/f": "SECRET", "box/out": ">../outside", "box/last": ">../outside/f" });
    const guest = new Guest({ dirs: [{ host: path.join(root, "box"), guest: "/" }], fsLevel: "lexical" });
    expect(guest.read(guest.fd("out/f", { rights: READ }))).toBe("SECRET");
    expect([guest.open("last", { follow: true }), guest.open("../outside/f"), guest.open("/etc/passwd")]).toEqual([
      "PERM",
      "PERM",
      "PERM",
    ]);
  });
});

describe("the level of a host", () => {
  const level = (options: object): unknown => new WASI({ version: "preview1", ...options }).level;

  it("is that of its weakest mount", () => {
    const dirs = [{ host: ".", guest: "/" }];
    const mounts = [{ guest: "/tmp", fs: new MemoryFs() }];
    expect([level({}), level({ dirs }), level({ mounts }), level({ dirs, mounts })]).toEqual([
      undefined,
      "beneath",
      "virtual",
      "beneath",
    ]);
    expect(level({ dirs, fsLevel: "nofollow" })).toBe("nofollow");
    const weak = { guest: "/weak", fs: new HostFs(".", { level: "lexical" }) };
    expect(level({ dirs, mounts: [weak] })).toBe("lexical");
    expect(strongestLevel()).toBe("beneath");
  });

  it("is refused, not lowered, where the system does not have it", async () => {
    const lstat = fs.lstatSync;
    const spy = vi.spyOn(fs, "lstatSync").mockImplementation(((file: string, options: object) => {
      if (String(file).startsWith("/proc/self/fd")) throw Object.assign(new Error("no /proc"), { code: "ENOENT" });
      return lstat(file, options as unknown as undefined);
    }) as typeof fs.lstatSync);
    try {
      vi.resetModules();
      const fresh = await import("../index.ts");
      const make = (fsLevel?: "nofollow" | "beneath"): unknown =>
        new fresh.WASI({ version: "preview1", dirs: [{ host: ".", guest: "/" }], fsLevel }).level;
      expect(fresh.strongestLevel()).toBe("nofollow");
      expect(() => make()).toThrow(expect.objectContaining({ code: "WT6005" }));
      expect(() => make("beneath")).toThrow(/does not have the level/);
      expect(make("nofollow")).toBe("nofollow");
    } finally {
      spy.mockRestore();
    }
  });
});

describe("names on Windows", () => {
  it.each(["a", "file.txt", ".hidden", "console", "com", "com10", "nul-l", "auxiliary", "x.con", "ä", "lpt", "a b"])(
    "%j is one",
    (name) => expect(isSafeOnWindows(name)).toBe(true),
  );
  // CVE-2024-51745: also the superscript digits are digits.
  it.each([
    ...[
      "con",
      "CON",
      "Con.txt",
      "prn",
      "aux",
      "nul",
      "NUL.tar.gz",
      "nul ",
      "nul .txt",
      "conin$",
      "CONOUT$",
      "com0",
      "COM9",
    ],
    ...[
      "com\u00b9",
      "COM\u00b2.txt",
      "lpt\u00b3",
      "LPT1",
      "lpt9.x",
      "a:b",
      "c:",
      "file::$DATA",
      "a\\b",
      "..\\x",
      "x.",
      "x ",
      "a*",
    ],
    ...["a?b", "a|b", "<", ">", '"', "a\u0001", "\ufffd", "a/b"],
  ])("%j is none", (name) => expect(isSafeOnWindows(name)).toBe(false));
});
