/** Arguments no honest guest passes: wild pointers, absurd sizes, values outside of their sets, results over arguments. */
import fs from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { abiTypes, type CallDef, type CallName, callNames, calls, type Kind } from "../calls.ts";
import { limits } from "../limits.ts";
import { CREAT, Guest, makeTree, removeTrees } from "./testing/guest.ts";

afterAll(removeTrees);

const memoryBytes = 1 << 20;

function setup(): { guest: Guest; root: string; file: number } {
  const root = makeTree({ file: "0123456789", dir: null, link: ">file" });
  const guest = new Guest({ dirs: [{ host: root, guest: "/" }], args: ["prog"], env: { A: "b" }, stdout: () => {} });
  return { guest, root, file: guest.fd("file") };
}

const { guest, file } = setup();

/** A good value for each kind; the calls with it are not all successful, but none is FAULT. */
const good: Record<Kind, (number | bigint)[]> = {
  fd: [3],
  fdnum: [90],
  u32: [0],
  ptr: [2048],
  u64: [0n],
  s64: [0n],
  rights: [0n],
  advice: [0],
  whence: [0],
  lookupflags: [0],
  oflags: [0],
  fdflags: [0],
  fstflags: [0],
  signal: [0],
  riflags: [0],
  siflags: [0],
  sdflags: [0],
  path: [...guest.put("file")],
  buffer: [4096, 64],
  iovs: [1024, 0],
  outU16: [16],
  outU32: [16],
  outU64: [16],
  outFdstat: [16],
  outFilestat: [16],
  outPrestat: [16],
};

const argsOf = (name: CallName): (number | bigint)[] =>
  (calls[name] as CallDef).params.flatMap(([, kind]) => good[kind]);

/** Every call with every place of an address, and the kind there. */
const places = callNames.flatMap((name) => {
  let at = 0;
  return (calls[name] as CallDef).params.flatMap(([label, kind]) => {
    const place = { name, label, kind, at };
    at += abiTypes(kind).length;
    return [place];
  });
});

const is = (...kinds: Kind[]): typeof places => places.filter((p) => kinds.includes(p.kind));

describe("wild pointers", () => {
  it.each(is("outU16", "outU32", "outU64", "outFdstat", "outFilestat", "outPrestat"))(
    "$name $label",
    ({ name, at }) => {
      for (const pointer of [memoryBytes, memoryBytes - 1, -1, -2, 0x7fff_ffff, -0x8000_0000]) {
        const args = argsOf(name);
        args[at] = pointer;
        expect(guest.call(name, ...args)).toBe("FAULT");
      }
    },
  );

  it.each(is("path", "buffer"))("$name $label", ({ name, at }) => {
    const ranges = [
      [memoryBytes, 1],
      [memoryBytes - 1, 2],
      [-1, 1],
      [-1, 64],
      [-64, 64],
    ] as const;
    for (const [pointer, length] of ranges) {
      const args = argsOf(name);
      args.splice(at, 2, pointer, length);
      expect(guest.call(name, ...args)).toBe("FAULT");
    }
    const args = argsOf(name);
    args.splice(at, 2, 16, -1);
    expect(guest.call(name, ...args)).toMatch(/^(FAULT|NAMETOOLONG)$/);
  });

  it.each(is("iovs"))("$name $label", ({ name, at }) => {
    const withVector = (pointer: number, count: number): string => {
      const args = argsOf(name);
      args[0] = file;
      args.splice(at, 2, pointer, count);
      return guest.call(name, ...args);
    };
    expect([withVector(memoryBytes, 1), withVector(memoryBytes - 7, 1), withVector(-1, 1), withVector(-8, 2)]).toEqual(
      new Array(4).fill("FAULT"),
    );
    expect([withVector(1024, 1025), withVector(1024, -1), withVector(-1, -1)]).toEqual(new Array(3).fill("INVAL"));
    const bad = [
      [memoryBytes, 1],
      [memoryBytes - 1, 2],
      [0xffff_ffff, 1],
      [0xffff_ffff, 0xffff_ffff],
      [1, 0xffff_ffff],
      [0x8000_0000, 0x8000_0000],
    ] as const;
    for (const [pointer, length] of bad) {
      const { at: vector } = guest.iovs(4, 4);
      guest.view.setUint32(vector + 8, pointer, true);
      guest.view.setUint32(vector + 12, length, true);
      expect(withVector(vector, 2)).toBe("FAULT");
    }
  });

  it("nothing is read or written when a later vector is bad", () => {
    const { guest, file, root } = setup();
    const { at, buffers } = guest.iovs("XXXX", 4);
    guest.view.setUint32(at + 8, 0xffff_0000, true);
    expect(guest.call("fd_write", file, at, 2, 16)).toBe("FAULT");
    expect(fs.readFileSync(path.join(root, "file"), "utf8")).toBe("0123456789");
    expect(guest.call("fd_read", file, at, 2, 16)).toBe("FAULT");
    expect(guest.text(...buffers[0]!)).toBe("XXXX");
    expect(guest.read(file, 2)).toBe("01");
  });

  it("nothing is done when the place for the result is bad", () => {
    const { guest, file, root } = setup();
    const { at, count } = guest.iovs("XXXX");
    expect(guest.call("fd_write", file, at, count, -1)).toBe("FAULT");
    expect(guest.call("path_open", 3, 0, ...guest.put("new"), CREAT, 0n, 0n, 0, -1)).toBe("FAULT");
    expect(fs.readFileSync(path.join(root, "file"), "utf8")).toBe("0123456789");
    expect(fs.existsSync(path.join(root, "new"))).toBe(false);
  });

  it("args and environ check all they write", () => {
    expect(guest.call("args_get", memoryBytes - 3, 16)).toBe("FAULT");
    expect(guest.call("args_get", 16, memoryBytes - 4)).toBe("FAULT");
    expect(guest.call("args_get", 16, memoryBytes - 5)).toBe("SUCCESS");
    expect(guest.call("environ_get", -1, 16)).toBe("FAULT");
    expect(guest.call("environ_get", 16, -1)).toBe("FAULT");
  });

  it("of nothing are no fault", () => {
    expect(guest.call("random_get", -1, 0)).toBe("SUCCESS");
    const { at } = guest.iovs(0);
    guest.view.setUint32(at, 0xffff_ffff, true);
    expect(guest.call("fd_write", file, at, 1, 16)).toBe("SUCCESS");
    expect(guest.call("path_open", 3, 0, -1, 0, 0, 0n, 0n, 0, 16)).toBe("NOENT");
  });
});

describe("values outside of their sets", () => {
  const tops: Partial<Record<Kind, number>> = {
    advice: 5,
    whence: 2,
    lookupflags: 1,
    oflags: 15,
    fdflags: 31,
    fstflags: 15,
    signal: 30,
    riflags: 3,
    siflags: 0,
    sdflags: 3,
  };
  it.each(places.filter((p) => tops[p.kind] !== undefined))("$name $label", ({ name, at, kind }) => {
    for (const value of [(tops[kind] as number) + 1, 0x100, -1, -0x8000_0000]) {
      const args = argsOf(name);
      args[at] = value;
      expect(guest.call(name, ...args)).toBe("INVAL");
    }
  });

  it.each(callNames.filter((n) => n !== "proc_exit" && callArity(n) > 0))(
    "%s: of the wrong JavaScript type are INVAL",
    (name) => {
      const wrong = argsOf(name).map((v) => (typeof v === "bigint" ? 0 : 0n));
      expect(guest.call(name, ...wrong)).toBe("INVAL");
      expect(guest.call(name)).toBe("INVAL");
    },
  );
});

it.each(callNames.filter((n) => n !== "proc_exit" && callArity(n) > 0))(
  "%s: a single argument of the wrong JavaScript type is INVAL",
  (name) => {
    const args = argsOf(name).map((value, i) => (i === 0 && /^fd_(read|write|close)$/.test(name) ? file : value));
    for (const [at, value] of args.entries())
      for (const wrong of [typeof value === "bigint" ? 0 : 0n, undefined, "0"] as number[])
        expect([at, guest.call(name, ...args.map((arg, i) => (i === at ? wrong : arg)))]).toEqual([at, "INVAL"]);
  },
);

function callArity(name: CallName): number {
  return argsOf(name).length;
}

describe("large requests", () => {
  it("1024 buffers are read and written", () => {
    const { guest, file } = setup();
    const parts = guest.iovs(...new Array<string>(1024).fill("ab"));
    expect(guest.call("fd_write", file, parts.at, 1024, 16)).toBe("SUCCESS");
    expect(guest.u32()).toBe(2048);
    expect(guest.stat("file")).toMatchObject({ size: 2048n });
  });

  it("buffers that add up to more than a u32 are INVAL", () => {
    const { guest, file } = setup();
    const at = guest.alloc(8192);
    const size = memoryBytes - 8192;
    for (let i = 0; i < 1024; i++) {
      guest.view.setUint32(at + i * 8, 8192, true);
      guest.view.setUint32(at + i * 8 + 4, size, true);
    }
    // 1024 times almost 1 MiB is just below 1 GiB: legal, and one write of the same bytes over and over.
    expect(guest.call("fd_read", file, at, 1024, 16)).toBe("SUCCESS");
    const big = new Guest({ dirs: [{ host: makeTree({ f: "x" }), guest: "/" }] }, { buffer: new ArrayBuffer(8 << 20) });
    const fd = big.fd("f");
    for (let i = 0; i < 1024; i++) {
      big.view.setUint32(8192 + i * 8, 0, true);
      big.view.setUint32(8192 + i * 8 + 4, 8 << 20, true);
    }
    expect(big.call("fd_read", fd, 8192, 512, 16)).toBe("INVAL");
    expect(big.call("fd_read", fd, 8192, 511, 16)).toBe("SUCCESS");
  });

  it("output that names the same memory many times is not copied at once", () => {
    const sizes: number[] = [];
    const big = new Guest({ stdout: (chunk) => void sizes.push(chunk.length) });
    const length = 1_000_000;
    for (let i = 0; i < 50; i++) {
      big.view.setUint32(1024 + i * 8, 2048, true);
      big.view.setUint32(1024 + i * 8 + 4, length, true);
    }
    expect([big.call("fd_write", 1, 1024, 50, 16), big.u32()]).toEqual(["SUCCESS", 50 * length]);
    expect(sizes.reduce((sum, n) => sum + n)).toBe(50 * length);
    expect(Math.max(...sizes)).toBe(limits.chunkBytes);
    expect([big.write(1, new Uint8Array(0)), big.write(1, "x"), sizes.at(-1)]).toEqual([0, 1, 1]);
  });

  it("paths are measured before they are copied", () => {
    expect(guest.call("path_open", 3, 0, 16, limits.pathBytes + 1, 0, 0n, 0n, 0, 16)).toBe("NAMETOOLONG");
    expect(guest.call("path_symlink", 16, 0x0fff_ffff, 3, ...guest.put("x"))).toBe("NAMETOOLONG");
  });
});

describe("results over arguments", () => {
  it("the count of a read may land in its own buffer and vector", () => {
    const { guest, file } = setup();
    const { at, count, buffers } = guest.iovs(8);
    const [buffer] = buffers[0]!;
    expect(guest.call("fd_read", file, at, count, buffer)).toBe("SUCCESS");
    expect([guest.u32(buffer), guest.text(buffer + 4, 4)]).toEqual([8, "4567"]);
    expect(guest.call("fd_read", file, at, count, at)).toBe("SUCCESS");
    expect(guest.u32(at)).toBe(2);
  });

  it("a buffer may be named twice", () => {
    const { guest, file } = setup();
    const { at, buffers } = guest.iovs(4, 4);
    guest.view.setUint32(at + 8, buffers[0]![0], true);
    expect(guest.call("fd_read", file, at, 2, 16)).toBe("SUCCESS");
    expect([guest.u32(), guest.text(...buffers[0]!)]).toEqual([8, "4567"]);
  });

  it("a path may be overwritten by what it leads to", () => {
    const { guest } = setup();
    const [at, length] = guest.put("link");
    expect(guest.call("path_readlink", 3, at, length, at, 4, at + 4)).toBe("SUCCESS");
    expect(guest.text(at, 4)).toBe("file");
  });
});

describe("failing calls", () => {
  it("write nothing", () => {
    const { guest } = setup();
    const out = guest.alloc(64);
    guest.bytes.fill(0xaa, out, out + 64);
    guest.call("path_filestat_get", 3, 0, ...guest.put("none"), out);
    guest.call("path_open", 3, 0, ...guest.put("none"), 0, 0n, 0n, 0, out);
    guest.call("fd_filestat_get", 99, out);
    guest.call("fd_fdstat_get", 99, out);
    guest.call("fd_seek", file, -1n, 0, out);
    guest.call("fd_prestat_get", file, out);
    guest.call("path_readlink", 3, ...guest.put("file"), out, 32, out + 32);
    guest.call("clock_time_get", 9, 0n, out);
    expect(guest.bytes.subarray(out, out + 64).every((b) => b === 0xaa)).toBe(true);
  });
});
