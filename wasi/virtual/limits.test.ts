/** What a guest can make the host keep: everything is counted, refused above the limit, and given back. */
import { describe, expect, it } from "vitest";
import { MemoryFs, OverlayFs } from "../index.ts";
import { guestOn } from "../node/testing/file-systems.ts";
import { CREAT, type Guest, READ, TRUNC } from "../node/testing/guest.ts";

const fill = (guest: Guest, fd: number, size: number): (number | string)[] => {
  const seen: (number | string)[] = [];
  for (let left = size; left > 0; left -= 65_536) seen.push(guest.write(fd, new Uint8Array(Math.min(left, 65_536))));
  return seen;
};

describe("bytes", () => {
  it("beyond the limit are a short write, then NOSPC, and come back", () => {
    const fs = new MemoryFs({ maxBytes: 100_000 });
    const guest = guestOn(fs);
    const fd = guest.fd("f", { oflags: CREAT });
    const seen = fill(guest, fd, 300_000);
    expect(seen[0]).toBe(65_536);
    expect(seen.filter((s) => typeof s === "number").reduce((a, b) => a + (b as number), 0)).toBeGreaterThan(80_000);
    expect(seen.at(-1)).toBe("NOSPC");
    expect(fs.usage.bytes).toBeLessThanOrEqual(100_000);
    // What was reported written is there.
    const size = (guest.stat("f") as { size: bigint }).size;
    expect(Number(size)).toBe(seen.filter((s) => typeof s === "number").reduce((a, b) => a + (b as number), 0));
    expect(guest.call("fd_filestat_set_size", fd, 10n)).toBe("SUCCESS");
    expect(fs.usage.bytes).toBeLessThanOrEqual(17_000);
    expect(fill(guest, fd, 65_536)[0]).toBe(65_536);
    guest.unlink("f");
    expect(fs.usage.bytes).toBeGreaterThan(0);
    guest.call("fd_close", fd);
    expect(fs.usage).toEqual({ bytes: 0, entries: 0 });
  });

  it("of holes cost nothing, however large", () => {
    const fs = new MemoryFs({ maxBytes: 65_536 });
    const guest = guestOn(fs);
    const fd = guest.fd("f", { oflags: CREAT });
    expect(guest.call("fd_filestat_set_size", fd, 2n ** 52n)).toBe("SUCCESS");
    expect(fs.usage.bytes).toBe(0);
    const { at, count } = guest.iovs("x");
    expect(guest.call("fd_pwrite", fd, at, count, 2n ** 52n, 16)).toBe("SUCCESS");
    expect(guest.call("fd_pwrite", fd, at, count, 2n ** 53n - 1n, 16)).toBe("FBIG");
    expect(fs.usage.bytes).toBeLessThanOrEqual(17_000);
    expect(guest.open("f", { oflags: TRUNC })).not.toBe("NOSPC");
    expect(fs.usage.bytes).toBe(0);
  });

  it("of small files are not a page each", () => {
    const fs = new MemoryFs();
    const guest = guestOn(fs);
    for (let i = 0; i < 100; i++) {
      const fd = guest.fd(`f${i}`, { oflags: CREAT });
      guest.write(fd, "x");
      guest.call("fd_close", fd);
    }
    expect(fs.usage).toEqual({ bytes: 38_400, entries: 100 });
  });

  it("of link texts count", () => {
    const fs = new MemoryFs({ maxBytes: 1000 });
    const guest = guestOn(fs);
    expect(guest.symlink("x".repeat(600), "a")).toBe("SUCCESS");
    expect(guest.symlink("x".repeat(600), "b")).toBe("NOSPC");
    expect(guest.stat("b")).toBe("NOENT");
    expect(guest.symlink("x", "a")).toBe("EXIST");
    expect(fs.usage).toEqual({ bytes: 600, entries: 1 });
    guest.unlink("a");
    expect(fs.usage).toEqual({ bytes: 0, entries: 0 });
  });
});

describe("names", () => {
  it("beyond the limit are NOSPC in every call that makes one", () => {
    const fs = new MemoryFs({ maxEntries: 3 });
    const guest = guestOn(fs);
    const fd = guest.fd("f", { oflags: CREAT });
    guest.write(fd, "x");
    expect([guest.mkdir("d"), guest.link("f", "l")]).toEqual(["SUCCESS", "SUCCESS"]);
    expect([
      guest.mkdir("d2"),
      guest.link("f", "l2"),
      guest.symlink("x", "s"),
      guest.open("g", { oflags: CREAT }),
    ]).toEqual(new Array(4).fill("NOSPC"));
    // No more names than before: works.
    expect([guest.rename("f", "d/f"), guest.rename("l", "d/l")]).toEqual(["SUCCESS", "SUCCESS"]);
    expect(fs.usage).toEqual({ bytes: 384, entries: 3 });
    guest.unlink("d/f");
    guest.unlink("d/l");
    guest.rmdir("d");
    expect(fs.usage).toEqual({ bytes: 384, entries: 0 });
    guest.call("fd_close", fd);
    expect(fs.usage).toEqual({ bytes: 0, entries: 0 });
  });

  it("that were deleted from below count, and changed files", () => {
    const lower = new MemoryFs();
    for (let i = 0; i < 10; i++) lower.writeFile(`f${i}`, "below");
    const fs = new OverlayFs(lower, { maxEntries: 4 });
    const guest = guestOn(fs);
    expect([guest.unlink("f0"), guest.unlink("f1")]).toEqual(["SUCCESS", "SUCCESS"]);
    // The root has changed, and two names are covered.
    expect(fs.usage.entries).toBe(3);
    expect(guest.setTimes("f2", 1n, 1n, 5)).toBe("SUCCESS");
    expect([guest.setTimes("f3", 1n, 1n, 5), guest.unlink("f3"), guest.mkdir("d")]).toEqual([
      "NOSPC",
      "NOSPC",
      "NOSPC",
    ]);
    expect(guest.rename("f3", "g3")).toBe("NOSPC");
    expect([guest.stat("f3"), guest.stat("g3")]).toMatchObject([{ size: 5n }, "NOENT"]);
    expect(guest.open("f0", { oflags: CREAT })).toBeTypeOf("number");
    expect(fs.usage.entries).toBe(4);
  });
});

describe("a file of the lower layer", () => {
  it("that does not fit cannot be changed, but emptied", () => {
    const lower = new MemoryFs();
    lower.writeFile("big", new Uint8Array(1 << 20).fill(7));
    const fs = new OverlayFs(lower, { maxBytes: 1 << 19 });
    const guest = guestOn(fs);
    const fd = guest.fd("big");
    expect(guest.write(fd, "x")).toBe("NOSPC");
    expect(fs.usage.bytes).toBe(0);
    expect(guest.read(fd, 3)).toBe("\u0007\u0007\u0007");
    expect(guest.call("fd_filestat_set_size", fd, 100n)).toBe("SUCCESS");
    expect(guest.write(fd, "x")).toBe(1);
    expect(guest.stat("big")).toMatchObject({ size: 100n });
    expect(lower.readFile("big")?.length).toBe(1 << 20);
  });

  it("is copied when it is written, not when it is opened, for everybody who has it open", () => {
    const lower = new MemoryFs();
    lower.writeFile("f", "below");
    const fs = new OverlayFs(lower);
    const [a, b] = [guestOn(fs), guestOn(fs)];
    const [reader, writer] = [a.fd("f", { rights: READ }), b.fd("f")];
    expect([a.read(reader, 2), fs.usage.bytes]).toEqual(["be", 0]);
    expect(b.write(writer, "ABOVE")).toBe(5);
    expect(a.read(reader)).toBe("OVE");
    expect(new TextDecoder().decode(lower.readFile("f"))).toBe("below");
  });
});

describe("MemoryFs for embedders", () => {
  it("writes and reads files by path", () => {
    const fs = new MemoryFs();
    fs.writeFile("/a/b/c.txt", "text");
    fs.writeFile("a/b/c.txt", Uint8Array.of(1, 2, 3));
    fs.makeDir("a/empty");
    expect([fs.readFile("a/b/c.txt"), fs.readFile("a/b"), fs.readFile("none")]).toEqual([
      Uint8Array.of(1, 2, 3),
      undefined,
      undefined,
    ]);
    const guest = guestOn(fs);
    expect(guest.read(guest.fd("a/b/c.txt", { rights: READ }))).toBe("\u0001\u0002\u0003");
    guest.write(guest.fd("out", { oflags: CREAT }), "result");
    expect(new TextDecoder().decode(fs.readFile("out"))).toBe("result");
    expect(() => fs.writeFile("a/../x", "")).toThrow("INVAL");
    expect(() => fs.writeFile("a/b", "")).toThrow("ISDIR");
    expect(() => fs.writeFile("out/x", "")).toThrow("NOTDIR");
    expect(() => fs.writeFile("", "")).toThrow();
  });

  it("takes its time from where it is told", () => {
    const guest = guestOn(new MemoryFs({ now: () => 42n }));
    guest.mkdir("d");
    expect(guest.stat("d")).toMatchObject({ mtim: 42n, atim: 42n, ctim: 42n });
  });
});
