/** Deterministic runs: virtual time, seeded random numbers, files without traces of the disk, streams that chance does not cut. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Blocked, type FuncInst, type HostResult } from "../../engine/index.ts";
import { SeededRandom } from "../deterministic.ts";
import { type CallName, type InputStream, type OutputStream, WASI, type WasiOptions } from "../index.ts";
import { CREAT, Guest, makeTree, READ, removeTrees } from "./testing/guest.ts";

afterEach(removeTrees);

const guestOf = (options: Partial<WasiOptions> = {}, seed?: string): Guest =>
  new Guest({ deterministic: seed === undefined ? {} : { seed }, ...options });

const step = (guest: Guest, name: CallName, ...args: (number | bigint)[]): HostResult =>
  (guest.wasi.hostImports().wasi_snapshot_preview1![name] as FuncInst).host!(...args);

const time = (guest: Guest, id: number): bigint => {
  expect(guest.call("clock_time_get", id, 0n, 16)).toBe("SUCCESS");
  return guest.u64();
};

const random = (guest: Guest, length: number): string => {
  const [at] = guest.put(new Uint8Array(length));
  guest.call("random_get", at, length);
  return Buffer.from(guest.bytes.slice(at, at + length)).toString("hex");
};

describe("virtual time", () => {
  it("begins at fixed points and passes by a microsecond whenever it is read", () => {
    const guest = guestOf();
    expect([time(guest, 1), time(guest, 1), time(guest, 2)]).toEqual([1000n, 2000n, 3000n]);
    expect(time(guest, 0)).toBe(BigInt(Date.UTC(2000, 0)) * 1_000_000n + 4000n);
    expect(guest.call("clock_time_get", 3, 0n, 16)).toBe("INVAL");
    expect([guest.call("clock_res_get", 0, 16), guest.u64()]).toEqual(["SUCCESS", 1000n]);
  });

  const sleep = (guest: Guest, subs: readonly { read?: number; ns?: bigint; isAbsolute?: boolean }[]): number[] => {
    guest.bytes.fill(0, 2048, 4096 + 320);
    for (const [i, { read, ns, isAbsolute }] of subs.entries()) {
      const at = 2048 + i * 48;
      guest.view.setBigUint64(at, BigInt(i), true);
      guest.view.setUint32(at + 16, read ?? 1, true);
      if (read !== undefined) guest.view.setUint8(at + 8, 1);
      else guest.view.setBigUint64(at + 24, ns!, true);
      guest.view.setUint16(at + 40, isAbsolute ? 1 : 0, true);
    }
    expect(step(guest, "poll_oneoff", 2048, 4096, subs.length, 16)).toBe(0);
    return Array.from({ length: guest.u32() }, (_, i) => Number(guest.u64(4096 + i * 32)));
  };

  it("is not waited for: it jumps", () => {
    const guest = guestOf();
    const start = performance.now();
    expect(sleep(guest, [{ ns: 10n ** 15n }, { ns: 60_000_000_000n }, { ns: 60_000_000_000n }])).toEqual([1, 2]);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(time(guest, 1)).toBe(60_000_001_000n);
    expect(sleep(guest, [{ ns: 61_000_000_000n, isAbsolute: true }])).toEqual([0]);
    expect(time(guest, 1)).toBe(61_000_001_000n);
    expect(sleep(guest, [{ ns: 5n, isAbsolute: true }])).toEqual([0]);
    expect(time(guest, 1)).toBe(61_000_002_000n);
    sleep(guest, [{ ns: 2n ** 64n - 1n }]);
  });

  it("stands still while input is waited for, which is always said to be there", () => {
    let isThere = false;
    const stdin: InputStream = {
      filetype: 0,
      ready: { isReady: () => isThere },
      available: () => 7,
      read(into) {
        if (!isThere) return undefined;
        into.fill(0x61);
        return into.length;
      },
    };
    const guest = guestOf({ stdin });
    expect(sleep(guest, [{ read: 0 }, { ns: 1n }])).toEqual([0]);
    expect(guest.u64(4096 + 16)).toBe(1n);
    const { at, count } = guest.iovs(2);
    guest.call("fd_fdstat_set_flags", 0, 4);
    const blocked = step(guest, "fd_read", 0, at, count, 16) as Blocked;
    expect(blocked).toBeInstanceOf(Blocked);
    isThere = true;
    expect([blocked.retry(), time(guest, 1)]).toEqual([0, 1000n]);
  });

  it("may be taken away all the same", () => {
    const guest = guestOf({ clock: null, random: null });
    expect([guest.call("clock_time_get", 1, 0n, 16), guest.call("random_get", 0, 8)]).toEqual([
      "NOTCAPABLE",
      "NOTCAPABLE",
    ]);
  });
});

describe("random numbers", () => {
  it("are xoshiro128**", () => {
    const generator = new SeededRandom("any");
    const words = [1, 2, 3, 4];
    generator.state.restore(words.map((w) => `0${w}000000`).join(""))!();
    // The reference implementation, in BigInt.
    const u32 = (x: bigint): bigint => x & 0xffff_ffffn;
    const rotl = (x: bigint, k: bigint): bigint => u32((x << k) | (x >> (32n - k)));
    const s = words.map(BigInt) as [bigint, bigint, bigint, bigint];
    for (let i = 0; i < 1000; i++) {
      const result = u32(rotl(u32(s[1] * 5n), 7n) * 9n);
      const t = u32(s[1] << 9n);
      s[2] ^= s[0];
      s[3] ^= s[1];
      s[1] ^= s[2];
      s[0] ^= s[3];
      s[2] ^= t;
      s[3] = rotl(s[3], 11n);
      expect(generator.next()).toBe(Number(result));
    }
  });

  it("follow from the seed and from nothing else", () => {
    const one = random(guestOf(), 37);
    expect([random(guestOf(), 37), random(guestOf({}, "0"), 37)]).toEqual([one, one]);
    expect(new Set(["", "1", "2"].map((seed) => random(guestOf({}, seed), 37))).add(one).size).toBe(4);
    expect(one).toMatchInlineSnapshot(`"f5692ad3f7a6693060e8d3f90dd405b861248b8a2a17811ad1062b21cdf58bd882db7e892f"`);
  });

  it("are spread evenly enough for a guest", () => {
    const counts = new Array<number>(256).fill(0);
    const bytes = new Uint8Array(1 << 18);
    new SeededRandom("x").fill(bytes);
    for (const byte of bytes) counts[byte]!++;
    expect(Math.min(...counts)).toBeGreaterThan(850);
    expect(Math.max(...counts)).toBeLessThan(1200);
  });

  it("go on in a restored guest, and only in one of the same kind", () => {
    const first = guestOf();
    random(first, 5);
    const bytes = first.wasi.state.save();
    const second = guestOf({}, "another seed, which does not matter");
    second.wasi.state.prepare(bytes).commit();
    expect([random(second, 99), time(second, 1)]).toEqual([random(first, 99), time(first, 1)]);
    const kinds: Partial<WasiOptions>[] = [
      {},
      { deterministic: {}, random: null },
      { random: { fill: () => {} }, clock: null },
    ];
    for (const options of kinds) {
      expect(() => new Guest(options).wasi.state.prepare(bytes)).toThrow(expect.objectContaining({ code: "WT6015" }));
    }
    const real = new Guest({ clock: null }).wasi.state.save();
    expect(() => guestOf().wasi.state.prepare(real)).toThrow(expect.objectContaining({ code: "WT6015" }));
  });
});

describe("files", () => {
  const tree = { z: "1", b: "22", "a/x": "333", ab: "", B: "", l: ">z" };

  it("have the same attributes and order wherever and whenever they were made", () => {
    const seen = [1, 2].map((n) => {
      const entries = Object.entries(tree);
      const root = makeTree(Object.fromEntries(n === 1 ? entries : entries.reverse()));
      fs.utimesSync(path.join(root, "b"), n, n);
      const guest = guestOf({ dirs: [{ host: root, guest: "/data" }] });
      const listing = guest.readdir(3) as { entries: { name: string }[] };
      const stats = ["z", "b", "a", "a/x", "l"].map((name) => {
        const at = guest.alloc(64);
        guest.call("path_filestat_get", 3, 0, ...guest.put(name), at);
        return Buffer.from(guest.bytes.slice(at, at + 64)).toString("hex");
      });
      return { listing, stats };
    });
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[0]!.listing.entries.map((e) => e.name)).toEqual([".", "..", "B", "a", "ab", "b", "l", "z"]);
    expect(new Set(seen[0]!.stats.map((s) => s.slice(16, 32))).size).toBe(5);
  });

  it("have one inode by path, by descriptor and in listings; another one when renamed", () => {
    const root = makeTree(tree);
    const guest = guestOf({ dirs: [{ host: root, guest: "/" }] });
    const inoOf = (name: string): bigint => (guest.stat(name) as { ino: bigint }).ino;
    const x = guest.fd("l/../a/x".slice(5), { rights: READ });
    const at = guest.alloc(64);
    guest.call("fd_filestat_get", x, at);
    const listing = guest.readdir(guest.fd("a", { rights: 0n })) as { entries: { name: string; ino: bigint }[] };
    expect([guest.u64(at + 8), listing.entries[2]!.ino, listing.entries[0]!.ino]).toEqual([
      inoOf("a/x"),
      inoOf("a/x"),
      inoOf("a"),
    ]);
    const old = inoOf("a/x");
    guest.rename("a/x", "a/y");
    guest.call("fd_filestat_get", x, at);
    expect([guest.u64(at + 8), inoOf("a/y") !== old]).toEqual([inoOf("a/y"), true]);
  });

  it("keep the sandbox's own view: read-only mounts inside of writable ones stay read-only", () => {
    const root = makeTree({ "ro/f": "x" });
    const dirs = [
      { host: root, guest: "/" },
      { host: path.join(root, "ro"), guest: "/ro", readOnly: true },
    ];
    expect(guestOf({ dirs }).open("ro/new", { oflags: CREAT })).toBe("ROFS");
  });
});

describe("streams", () => {
  /** Gives `text` in pieces of these sizes; 0 makes it wait once. */
  function piecemeal(text: string, sizes: number[], filetype: 0 | 2 = 0): InputStream {
    let at = 0;
    return {
      filetype,
      ready: { isReady: () => true },
      available: () => 0,
      read(into) {
        const size = sizes.shift() ?? 1000;
        if (size === 0) return undefined;
        const part = text.slice(at, at + Math.min(size, into.length));
        at += part.length;
        into.set(Buffer.from(part));
        return part.length;
      },
    };
  }

  it.each([[[]], [[1, 2, 0, 3]], [[0, 0, 7, 0, 1, 1]]])(
    "are read to the end of the buffer or of the input, in pieces of %j",
    (sizes) => {
      const guest = guestOf({ stdin: piecemeal("0123456789", sizes) });
      expect([guest.read(0, 4), guest.read(0, 4), guest.read(0, 4), guest.read(0, 4)]).toEqual([
        "0123",
        "4567",
        "89",
        "",
      ]);
    },
  );

  it("of a terminal give what they give", () => {
    const guest = guestOf({ stdin: piecemeal("0123456789", [3], 2) });
    expect([guest.read(0, 10), guest.call("fd_fdstat_get", 0, 64), guest.bytes[64]]).toEqual(["012", "SUCCESS", 0]);
  });

  /** Takes as much as it is told, 0 is "wait". */
  function narrow(sizes: number[], taken: string[]): OutputStream {
    return {
      filetype: 0,
      ready: { isReady: () => true },
      write(buffers) {
        const size = sizes.shift() ?? 1000;
        if (size === 0) return undefined;
        if (size < 0) throw Object.assign(new Error("gone"), { code: "EPIPE" });
        const bytes = Buffer.concat(buffers).subarray(0, size);
        taken.push(bytes.toString());
        return bytes.length;
      },
    };
  }

  it.each([[[]], [[1, 0, 4, 0, 0, 1]]])("take all of a write, in pieces of %j", (sizes) => {
    const taken: string[] = [];
    const guest = guestOf({ stdout: narrow(sizes, taken) });
    const { at, count } = guest.iovs("ab", "", "cdef", "g");
    expect([guest.call("fd_write", 1, at, count, 16), guest.u32(), taken.join("")]).toEqual(["SUCCESS", 7, "abcdefg"]);
  });

  it("that break in the middle of a write took a part of it", () => {
    const guest = guestOf({ stdout: narrow([3, -1, -1], []) });
    expect([guest.write(1, "abcdef"), guest.write(1, "x")]).toEqual([3, "PIPE"]);
  });

  it("never give or take a byte twice when the guest is saved in the middle", () => {
    const taken: string[] = [];
    const first = guestOf({ stdin: piecemeal("0123", [3, 0]), stdout: narrow([2, 0], taken) });
    const output = first.iovs("abcdef");
    expect(step(first, "fd_write", 1, output.at, output.count, 16)).toBeInstanceOf(Blocked);
    const second = guestOf({ stdout: narrow([], taken), stdin: piecemeal("345", []) });
    second.wasi.state.prepare(first.wasi.state.save()).commit();
    second.bytes.set(first.bytes);
    expect([step(second, "fd_write", 1, output.at, output.count, 16), second.u32(), taken.join("")]).toEqual([
      0,
      6,
      "abcdef",
    ]);
    const input = first.iovs(5);
    expect(step(first, "fd_read", 0, input.at, input.count, 16)).toBeInstanceOf(Blocked);
    second.wasi.state.prepare(first.wasi.state.save()).commit();
    second.bytes.set(first.bytes);
    expect([step(second, "fd_read", 0, input.at, input.count, 16), second.u32()]).toEqual([0, 5]);
    expect(second.text(input.buffers[0]![0], 5)).toBe("01234");
  });

  it("count no bytes twice when the budget cuts a write", () => {
    const guest = guestOf({ stdout: () => {}, maxOutputBytes: 4 });
    expect([guest.write(1, "abc"), guest.write(1, "def"), guest.write(1, "g")]).toEqual([3, 1, "FBIG"]);
  });
});

it("is off by default", () => {
  expect(new Set([1, 2, 3].map(() => random(new Guest(), 16))).size).toBe(3);
  expect(new WASI({ version: "preview1", deterministic: undefined }).state.save().length).toBeGreaterThan(0);
});
