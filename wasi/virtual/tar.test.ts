/** Tar archives: what the system's tar writes can be read, and what an attacker writes is refused with words. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { TarFs, WasiError } from "../index.ts";
import { dump, guestOn } from "../node/testing/file-systems.ts";
import { Guest, makeTree, READ, removeTrees } from "../node/testing/guest.ts";
import { endOfTar, pax, tarBytes, tarMember } from "../node/testing/tar-bytes.ts";

afterEach(removeTrees);

const hasTar = ((): boolean => {
  try {
    return execFileSync("tar", ["--version"], { encoding: "utf8" }).includes("GNU tar");
  } catch {
    return false;
  }
})();

describe.skipIf(!hasTar)("archives of GNU tar", () => {
  const long = "long-name-".repeat(9);
  const tree = { "a/file": "text\n".repeat(300), "a/empty": "", "a/hard": "=a/file", link: ">a/file", "d/e": null };
  const longTree = { ...tree, [`${long}/${long}/${long}/f`]: "far away", "to-long": `>${long}/${long}` };

  it.each([
    ["gnu", longTree],
    ["pax", longTree],
    ["ustar", { ...tree, [`${long}/x/${long}`]: "prefix" }],
    ["v7", tree],
  ])("in the form %s", (format, tree) => {
    const root = makeTree(tree);
    const archive = execFileSync("tar", ["-C", root, `--format=${format}`, "-c", "."]);
    const guest = guestOn(new TarFs(archive));
    const host = new Guest({ dirs: [{ host: root, guest: "/", readOnly: true }] });
    expect(dump(guest)).toEqual(dump(host));
    const mtime = (g: Guest): bigint => (g.stat("a/file") as { mtim: bigint }).mtim;
    const isExact = format === "pax";
    expect(mtime(guest)).toBe(isExact ? mtime(host) : (mtime(host) / 1_000_000_000n) * 1_000_000_000n);
    expect(guest.mkdir("x")).toBe("ROFS");
  });

  it("with binary numbers", () => {
    const root = makeTree({ f: "x" });
    fs.utimesSync(path.join(root, "f"), 2 ** 34, 2 ** 34);
    const archive = execFileSync("tar", ["-C", root, "--format=gnu", "-c", "f"]);
    const seconds = Math.floor(fs.statSync(path.join(root, "f")).mtimeMs / 1000);
    expect(seconds).toBeGreaterThan(8 ** 11);
    expect(guestOn(new TarFs(archive)).stat("f")).toMatchObject({ mtim: BigInt(seconds) * 1_000_000_000n });
  });

  it("that are compressed are refused with what to do", () => {
    const root = makeTree({ f: "x" });
    expect(() => new TarFs(execFileSync("tar", ["-C", root, "-cz", "f"]))).toThrow(/gzip; decompress it first/);
  });
});

describe("honest archives", () => {
  it("without entries for directories", () => {
    const guest = guestOn(new TarFs(tarBytes({ name: "a/b/c", contents: "deep" })));
    expect(guest.read(guest.fd("a/b/c", { rights: READ }))).toBe("deep");
    expect(guest.stat("a/b")).toMatchObject({ type: 3, mtim: 1_700_000_000_000_000_000n });
  });

  it("with the same name twice: the later one counts", () => {
    const guest = guestOn(new TarFs(tarBytes({ name: "f", contents: "old" }, { name: "f", contents: "new" })));
    expect(guest.read(guest.fd("f", { rights: READ }))).toBe("new");
    expect(guest.stat("f")).toMatchObject({ nlink: 1n });
  });

  it("with pax records, for one member and for all", () => {
    const fs = new TarFs(
      tarBytes(
        pax({ mtime: "5.25" }, "g"),
        pax({ path: "näme", comment: "ignored", "SCHILY.xattr.x": "ignored" }),
        { name: "short", contents: "1" },
        { name: "second", contents: "2" },
        pax({ linkpath: "näme", path: "l" }),
        { name: "x", type: "1" },
        pax({ size: "3" }),
        { name: "sized", contents: "abc", size: "00000000000\0" },
      ),
    );
    const guest = guestOn(fs);
    expect(dump(guest)).toEqual([
      'l type 4 size 1 links 2 "1"',
      'näme type 4 size 1 links 2 "1"',
      'second type 4 size 1 links 1 "2"',
      'sized type 4 size 3 links 1 "abc"',
    ]);
    expect(guest.stat("second")).toMatchObject({ mtim: 5_250_000_000n });
  });

  it("with links that lead outside: following them is refused, as everywhere", () => {
    const guest = guestOn(
      new TarFs(tarBytes({ name: "abs", type: "2", target: "/etc/passwd" }, { name: "up", type: "2", target: "../x" })),
    );
    expect([guest.readlink("abs"), guest.stat("abs", true), guest.stat("up", true)]).toEqual([
      "/etc/passwd",
      "PERM",
      "PERM",
    ]);
    const loop = guestOn(
      new TarFs(tarBytes({ name: "a", type: "2", target: "b" }, { name: "b", type: "2", target: "a" })),
    );
    expect(loop.stat("a/x", true)).toBe("LOOP");
  });

  it("with devices: they can be seen, not opened", () => {
    const guest = guestOn(
      new TarFs(tarBytes({ name: "null", type: "3" }, { name: "sda", type: "4" }, { name: "p", type: "6" })),
    );
    expect([guest.stat("null"), guest.stat("sda"), guest.stat("p")]).toMatchObject([
      { type: 2 },
      { type: 1 },
      { type: 0 },
    ]);
    expect(["null", "sda", "p"].map((f) => guest.open(f, { rights: READ }))).toEqual(["ACCES", "ACCES", "ACCES"]);
  });

  it("that are empty, or end without blocks of zeros", () => {
    expect(dump(guestOn(new TarFs(endOfTar)))).toEqual([]);
    expect(dump(guestOn(new TarFs(new Uint8Array(0))))).toEqual([]);
    expect(dump(guestOn(new TarFs(tarMember({ name: "f", contents: "x" }))))).toHaveLength(1);
  });
});

const enormous = new Uint8Array(12).fill(0xff);
enormous[0] = 0x80;

const hostile: Readonly<Record<string, [Uint8Array, RegExp]>> = {
  "an absolute name": [tarBytes({ name: "/etc/passwd" }), /"\/etc\/passwd" has an absolute name \(at byte 0\)/],
  "a name with ..": [
    tarBytes({ name: "ok" }, { name: "a/../../x" }),
    /"a\/..\/..\/x" has '\.\.' in its name \(at byte 512\)/,
  ],
  "a name that is ..": [tarBytes({ name: "..", type: "5" }), /'\.\.'/],
  "a name with .. from pax": [tarBytes(pax({ path: "x/../../y" }), { name: "a" }), /'\.\.'/],
  "a name with .. from GNU": [
    tarBytes({ name: "././@LongLink", type: "L", contents: "../x\0" }, { name: "a" }),
    /'\.\.'/,
  ],
  "a file through a link": [
    tarBytes({ name: "l", type: "2", target: "/etc" }, { name: "l/passwd", contents: "x" }),
    /"l\/passwd" goes through what is no directory/,
  ],
  "a file through a file": [tarBytes({ name: "f" }, { name: "f/g" }), /goes through what is no directory/],
  "a directory over a link": [
    tarBytes({ name: "l", type: "2", target: "/" }, { name: "l/", type: "5" }),
    /no directory/,
  ],
  "a file over a directory": [tarBytes({ name: "d/x" }, { name: "d" }), /takes the place of a directory/],
  "a hard link out": [tarBytes({ name: "l", type: "1", target: "../../etc/passwd" }), /'\.\.'/],
  "an absolute hard link": [tarBytes({ name: "l", type: "1", target: "/etc/passwd" }), /absolute/],
  "a hard link to itself": [tarBytes({ name: "l", type: "1", target: "l" }), /not in the archive before it/],
  "a hard link to a later file": [tarBytes({ name: "l", type: "1", target: "f" }, { name: "f" }), /before it/],
  "a hard link through a link": [
    tarBytes({ name: "d/f" }, { name: "s", type: "2", target: "d" }, { name: "l", type: "1", target: "s/f" }),
    /before it/,
  ],
  "a hard link to a directory": [
    tarBytes({ name: "d/", type: "5" }, { name: "l", type: "1", target: "d" }),
    /directory/,
  ],
  "the root as a file": [tarBytes({ name: "./", contents: "x" }), /stands for the root/],
  "a wrong checksum": [
    tarBytes({ name: "a" }, { name: "f", sumError: 1 }),
    /checksum of a header is wrong \(at byte 512\)/,
  ],
  "no archive at all": [new TextEncoder().encode("#!/bin/sh\n".repeat(100)), /it is no tar archive/],
  "a few bytes": [Uint8Array.of(1, 2, 3), /it is no tar archive/],
  "a size beyond the end": [
    tarBytes({ name: "f", size: 1e9 }),
    /a member of 1000000000 bytes, and only 1024 bytes are left/,
  ],
  "a size that is no number": [tarBytes({ name: "f", size: "1e9" }), /malformed/],
  "a binary size beyond all numbers": [withField(124, enormous), /too large/],
  "a pax size beyond the end": [tarBytes(pax({ size: "99999999999" }), { name: "f" }), /99999999999 bytes/],
  "a pax size that is none": [tarBytes(pax({ size: "-1" }), { name: "f" }), /pax size/],
  "a pax time that is none": [tarBytes(pax({ mtime: "1e99" }), { name: "f" }), /pax time/],
  "a pax record longer than its header": [
    tarBytes({ name: "p", type: "x", contents: "99 path=x\n" }),
    /pax header is malformed/,
  ],
  "a pax record without length": [tarBytes({ name: "p", type: "x", contents: "path=x\n" }), /pax header is malformed/],
  "a pax record of length 0": [tarBytes({ name: "p", type: "x", contents: "0 path=x\n" }), /pax header is malformed/],
  "a pax record without =": [tarBytes({ name: "p", type: "x", contents: "7 path\n" }), /pax header is malformed/],
  "an endless pax header": [
    tarBytes({ name: "p", type: "x", contents: new Uint8Array(2 << 20) }),
    /extended header of 2097152/,
  ],
  "a sparse file": [tarBytes({ name: "s", type: "S" }), /sparse/],
  "a sparse file in pax": [tarBytes(pax({ "GNU.sparse.major": "1" }), { name: "s" }), /sparse/],
  "a component that is too long": [tarBytes(pax({ path: "x".repeat(300) }), { name: "s" }), /too long/],
  "a name that is too long": [tarBytes(pax({ path: "x/".repeat(3000) }), { name: "s" }), /no name/],
  "a name with a NUL": [tarBytes(pax({ path: "a\0b" }), { name: "s" }), /no name/],
  "a symlink to nothing": [tarBytes({ name: "l", type: "2" }), /symlink to nothing/],
  "a symlink with a NUL": [tarBytes(pax({ linkpath: "a\0b" }), { name: "l", type: "2" }), /symlink to nothing/],
  "the end inside a header": [tarMember({ name: "f" }).subarray(0, 300), /no tar archive/],
  "the end inside the second header": [
    new Uint8Array([...tarMember({ name: "f" }), ...tarMember({ name: "g" }).subarray(0, 100)]),
    /ends inside a header \(at byte 512\)/,
  ],
};

/** A member with a field overwritten, and the checksum right. */
function withField(at: number, bytes: Uint8Array): Uint8Array {
  const member = tarMember({ name: "f" });
  member.set(bytes, at);
  member.fill(0x20, 148, 156);
  const sum = member.reduce((a, b) => a + b, 0);
  member.set(new TextEncoder().encode(`${sum.toString(8).padStart(6, "0")}\0 `), 148);
  return member;
}

describe("hostile archives are refused:", () => {
  it.each(Object.keys(hostile))("%s", (name) => {
    const [archive, message] = hostile[name]!;
    const open = (): TarFs => new TarFs(archive);
    expect(open).toThrow(message);
    expect(open).toThrow(WasiError);
  });

  it("more names than there may be, made by few bytes", () => {
    const deep = pax({ path: "d/".repeat(1900) });
    const archive = tarBytes(deep, { name: "x", type: "5" }, { name: "one-more" });
    expect(() => new TarFs(archive, { maxEntries: 1901 })).not.toThrow();
    expect(() => new TarFs(archive, { maxEntries: 1900 })).toThrow(/too many names/);
  });

  it("a damaged byte anywhere ends in a tree or in a clear error", () => {
    const archive = tarBytes(
      pax({ path: "long" }),
      { name: "x", contents: "abc" },
      { name: "l", type: "1", target: "long" },
    );
    let refused = 0;
    for (let at = 0; at < archive.length; at++) {
      if (archive[at] === 0 && at % 5 > 0) continue;
      for (const value of [0x2f, 0xff]) {
        const damaged = Uint8Array.from(archive);
        damaged[at] = value;
        try {
          dump(guestOn(new TarFs(damaged)));
        } catch (error) {
          expect(error).toBeInstanceOf(WasiError);
          refused++;
        }
      }
    }
    expect(refused).toBeGreaterThan(200);
  });
});
