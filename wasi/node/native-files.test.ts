/**
 * The native part by itself: arguments nobody should pass, links on the way, what is loaded and what is not. What guests see by
 * way of it the other tests of this folder say, and `portable.test.ts` and `short-ways.test.ts`, which run them once more.
 */
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it, vi } from "vitest";
import { HostFs } from "../index.ts";
import { NodeDir } from "./fs.ts";
import { NativeDir } from "./native-dir.ts";
import { load, type NativeFiles, nativeFiles } from "./native-files.ts";
import { Guest, makeTree, openDescriptors, removeTrees, type Stat } from "./testing/guest.ts";

afterAll(removeTrees);

const { errno } = os.constants;
const { O_RDONLY, O_RDWR, O_DIRECTORY } = fs.constants;
const O_PATH = 0o10000000;
const native = nativeFiles() as NativeFiles;
if (native === undefined) console.log("skipped: the native part was not built (npm run build:native)");

/** A name as three arguments. */
const name = (text: string): [Uint8Array, number, number] => {
  const bytes = new TextEncoder().encode(text);
  return [bytes, 0, bytes.length];
};
const openDir = (dir: string): number => fs.openSync(dir, O_PATH | O_DIRECTORY);

describe.skipIf(native === undefined)("arguments", () => {
  const root = makeTree({ file: "0123456789", "dir/inner": "inside" });
  const dir = openDir(root);
  const file = fs.openSync(path.join(root, "file"), O_RDWR);
  const out = new BigInt64Array(8);
  const bytes = new Uint8Array(64);
  afterAll(() => [dir, file].forEach(fs.closeSync));

  it.each([-1, 0x7fff_fff0])("descriptor %i is none", (fd) => {
    const outcomes = [
      native.open(fd, ...name("file"), O_RDONLY, 0),
      native.openDirectory(fd, ...name("dir")),
      native.openRegular(fd, ...name("file"), O_RDONLY),
      native.openRegular(fd, ...name("dir/inner"), O_RDONLY),
      native.stat(fd, ...name("file")),
      native.stat(fd, ...name("dir/inner")),
      native.fstat(fd, out),
      native.close(fd),
      native.duplicate(fd),
      native.isOfProc(fd),
      native.read(fd, bytes, 0, 8, 0),
      native.write(fd, bytes, 0, 8, 0),
      native.write(fd, bytes, 0, 8, -1),
      native.readv(fd, [bytes], 0),
      native.writev(fd, [bytes], -1),
      native.entries(fd, bytes, 0, 64),
      native.mkdir(fd, ...name("new"), 0o777),
      native.unlink(fd, ...name("file"), 0),
      native.rename(fd, ...name("file"), fd, ...name("new")),
      native.link(fd, ...name("file"), fd, ...name("new")),
      native.symlink(fd, ...name("new"), ...name("file")),
      native.readlink(fd, ...name("file"), bytes, 0, 64),
      native.setTimes(fd, ...name("file"), BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 1n, 0n, 0n)),
      native.setTimes(fd, ...name(""), BigInt64Array.of(1n, 1n, 1n, 1n, 1n, 1n, 0n, 0n)),
      native.setSize(fd, 1),
      native.setAppend(fd, 1),
      native.sync(fd, 0),
    ];
    expect(outcomes).toEqual(outcomes.map(() => -errno.EBADF));
  });

  it.each([
    [-1, 1],
    [0, -1],
    [0, 65],
    [64, 1],
    [65, 0],
    [1, 64],
    [2 ** 53, 1],
    [1, 2 ** 53],
    [Number.NaN, 65],
  ])("%d, %d is out of bounds", (at, length) => {
    const outcomes = [
      native.read(file, bytes, at, length, 0),
      native.write(file, bytes, at, length, 0),
      native.entries(dir, bytes, at, length),
      native.open(dir, bytes, at, length, O_RDONLY, 0),
      native.openRegular(dir, bytes, at, length, O_RDONLY),
      native.stat(dir, bytes, at, length),
      native.rename(dir, ...name("file"), dir, bytes, at, length),
      native.readlink(dir, ...name("file"), bytes, at, length),
    ];
    expect(outcomes).toEqual(outcomes.map(() => -errno.EFAULT));
    expect(fs.readFileSync(path.join(root, "file"), "latin1")).toBe("0123456789");
  });

  it("that are too large for a descriptor are none of a smaller number", () => {
    for (const large of [2 ** 32 + file, 2 ** 31, -2, 2 ** 53, Number.POSITIVE_INFINITY]) {
      const outcomes = [
        native.read(large, bytes, 0, 1, 0),
        native.write(large, bytes, 0, 1, 0),
        native.stat(large, ...name("file")),
        native.openRegular(large, ...name("file"), O_RDONLY),
      ];
      expect(outcomes).toEqual(outcomes.map(() => -errno.EINVAL));
    }
    for (const nowhere of [Number.NaN, -2, 2 ** 54]) {
      expect(native.read(file, bytes, 0, 1, nowhere)).toBe(-errno.EINVAL);
      expect(native.write(file, bytes, 0, 1, nowhere)).toBe(-errno.EINVAL);
    }
    expect(fs.readFileSync(path.join(root, "file"), "latin1")).toBe("0123456789");
  });

  it("of other types are refused", () => {
    const loose = native as unknown as Record<string, (...args: unknown[]) => number>;
    for (const odd of [undefined, null, "x", {}, [], 1n, new Uint16Array(64), new DataView(new ArrayBuffer(64))]) {
      expect(loose.read!(file, odd, 0, 4, 0)).toBe(-errno.EINVAL);
      expect(loose.readv!(file, [bytes, odd], 0)).toBe(-errno.EINVAL);
      expect(loose.readv!(file, Array.isArray(odd) ? {} : odd, 0)).toBe(-errno.EINVAL);
      expect(loose.fstat!(file, odd)).toBe(-errno.EINVAL);
      expect(loose.close!(odd)).toBe(-errno.EINVAL);
      expect(loose.open!(dir, odd, 0, 1, 0, 0)).toBe(-errno.EINVAL);
    }
    for (const [key, call] of Object.entries(loose))
      if (typeof call === "function") expect([key, call()]).toEqual([key, -errno.EINVAL]);
    expect(loose.fstat!(file, new BigInt64Array(7))).toBe(-errno.EINVAL);
    expect(loose.readv!(file, new Array(1025).fill(bytes), 0)).toBe(-errno.EINVAL);
  });

  it("that run code run it before any memory is looked at", () => {
    const victim = new Uint8Array(1 << 22);
    let runs = 0;
    const trap = {
      get(): Uint8Array {
        // Its memory is another's then.
        if (runs++ === 0) structuredClone(victim.buffer, { transfer: [victim.buffer] });
        return bytes;
      },
    };
    const arrays = Object.defineProperty([victim, bytes], 1, trap);
    expect(native.readv(file, arrays, 0)).toBe(10);
    expect([runs, victim.length]).toEqual([1, 0]);
    expect(new TextDecoder().decode(bytes.subarray(0, 10))).toBe("0123456789");
  });

  it("that are names have no NUL and an end", () => {
    expect(native.open(dir, ...name("file\0"), O_RDONLY, 0)).toBe(-errno.EINVAL);
    expect(native.stat(dir, ...name("\0"))).toBe(-errno.EINVAL);
    for (const text of ["dir/inner", "..", "/etc", "file/"]) {
      expect(native.open(dir, ...name(text), O_RDONLY, 0)).toBe(-errno.EINVAL);
      expect(native.unlink(dir, ...name(text), 0)).toBe(-errno.EINVAL);
      expect(native.rename(dir, ...name("file"), dir, ...name(text))).toBe(-errno.EINVAL);
      expect(native.symlink(dir, ...name(text), ...name("file"))).toBe(-errno.EINVAL);
    }
    expect(native.mkdir(dir, ...name("a".repeat(4096)), 0)).toBe(-errno.ENAMETOOLONG);
    expect(native.mkdir(dir, ...name("a".repeat(4095)), 0)).toBe(-errno.ENAMETOOLONG);
    expect(native.stat(dir, ...name(`${"a/".repeat(3000)}a`))).toBe(-errno.ENAMETOOLONG);
    expect(fs.readdirSync(root).sort()).toEqual(["dir", "file"]);
  });

  it("that are memories may be detached, shared, or resized", () => {
    const gone = new Uint8Array(64);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    expect(native.read(file, gone, 0, 8, 0)).toBe(-errno.EFAULT);
    expect(native.read(file, gone, 0, 0, 0)).toBe(0);
    expect(native.readv(file, [gone], 0)).toBe(0);
    expect(native.stat(dir, gone, 0, 4)).toBe(-errno.EFAULT);
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    expect(native.read(file, shared, 2, 4, 1)).toBe(4);
    expect([...shared.subarray(0, 8)]).toEqual([0, 0, 49, 50, 51, 52, 0, 0]);
    const Resizable = ArrayBuffer as unknown as new (
      size: number,
      options: object,
    ) => ArrayBuffer & { resize(size: number): void };
    const buffer = new Resizable(64, { maxByteLength: 128 });
    const view = new Uint8Array(buffer);
    buffer.resize(16);
    expect(native.read(file, view, 8, 9, 0)).toBe(-errno.EFAULT);
    expect(native.read(file, view, 8, 8, 0)).toBe(8);
  });

  it("that are memories of a guest are as large as they are now", () => {
    const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: new (type: object) => GuestMemory } })
      .WebAssembly;
    interface GuestMemory {
      readonly buffer: ArrayBuffer;
      grow(pages: number): void;
    }
    const memory = new Memory({ initial: 1, maximum: 2 });
    const before = new Uint8Array(memory.buffer);
    expect(native.read(file, before, 65_530, 6, 0)).toBe(6);
    memory.grow(1);
    expect(native.read(file, before, 0, 1, 0)).toBe(-errno.EFAULT);
    expect(native.read(file, new Uint8Array(memory.buffer), 65_536, 6, 0)).toBe(6);
  });
});

/** Everything that a path may have and that is not a plain name. */
const ways = makeTree({
  "dir/sub/file": "text",
  link: ">dir",
  out: ">/etc",
  "dir/up": ">..",
  "dir/filelink": ">sub/file",
  self: ">self",
  file: "text",
});
fs.chmodSync(ways, 0o755);
const paths = {
  "dir/sub/file": 0,
  "dir/filelink": 0,
  file: 0,
  "none/file": -errno.ENOENT,
  "dir/none": -errno.ENOENT,
  "file/x": -errno.ENOTDIR,
  "dir/sub/file/x": -errno.ENOTDIR,
  "link/sub/file": -errno.ELOOP,
  "out/passwd": -errno.ELOOP,
  "dir/up/file": -errno.ELOOP,
  "self/x": -errno.ELOOP,
  "dir/../file": "refused",
  "dir/./sub/file": "refused",
  "../x": "refused",
  "..": "refused",
  ".": "refused",
  "": "refused",
  "/etc/passwd": "refused",
  "dir/..": "refused",
  "dir/": "refused",
  "dir//sub": "refused",
  "dir/...": -errno.ENOENT,
  ".hidden/x": -errno.ENOENT,
} as const;

describe.skipIf(native === undefined)("paths", () => {
  const dir = openDir(ways);
  afterAll(() => fs.closeSync(dir));
  const folder = path.join(makeTree(), "without");
  const script = fileURLToPath(new URL("../../native-accel/build.mjs", import.meta.url));
  const built = spawnSync(process.execPath, [script, "--out", folder, "-DWITHOUT_OPENAT2"]).status === 0;
  const walking = built ? load(path.join(folder, fs.readdirSync(folder)[0]!)) : null;
  if (walking === null) console.log("skipped: no C compiler for the native part without openat2");

  it.each(Object.entries(paths))("%j leads to %s", (text, wanted) => {
    for (const addon of walking === null ? [native] : [native, walking]) {
      const result = addon.stat(dir, ...name(text));
      if (wanted === "refused") expect(result).toBeLessThan(0);
      // Where links are met one by one, each is "not a directory"; both mean the long way.
      else if (wanted === -errno.ELOOP) expect([-errno.ELOOP, -errno.ENOTDIR]).toContain(result);
      else expect(result).toBe(wanted);
      const fd = addon.openRegular(dir, ...name(text), O_RDONLY);
      if (result < 0) expect(fd).toBeLessThan(0);
      if (fd >= 0) expect(addon.close(fd)).toBe(0);
    }
  });

  it("lead to no link, device, pipe or directory that would be opened", () => {
    spawnSync("mkfifo", [path.join(ways, "dir/pipe")]);
    for (const text of ["dir/filelink", "dir/pipe", "dir/sub", "self"])
      expect(native.openRegular(dir, ...name(text), O_RDONLY)).toBe(-errno.EACCES);
    const dev = openDir("/dev");
    expect(native.openRegular(dev, ...name("null"), O_RDONLY)).toBe(-errno.EACCES);
    fs.closeSync(dev);
  });

  it("leave no descriptor open", () => {
    const before = openDescriptors();
    for (const text of Object.keys(paths)) {
      native.stat(dir, ...name(text));
      native.openDirectory(dir, ...name(`${text}/x`));
      const fd = native.openRegular(dir, ...name(text), O_RDONLY);
      if (fd >= 0) native.close(fd);
    }
    expect(openDescriptors()).toBe(before);
  });
});

describe.skipIf(native === undefined)("by way of it", () => {
  const setup = (): { root: string; guest: Guest } => {
    const root = makeTree({ file: "text", link: ">file" });
    const dirs = [{ host: root, guest: "/" }];
    return { root, guest: new Guest({ dirs, hostFiles: "native", trace: undefined }) };
  };

  it("times are set to the nanosecond, and one of them alone", () => {
    const { root, guest } = setup();
    const times = (): bigint[] => {
      const { atimeNs, mtimeNs } = fs.lstatSync(path.join(root, "file"), { bigint: true });
      return [atimeNs, mtimeNs];
    };
    expect(guest.setTimes("file", 1_700_000_000_123_456_789n, 1_600_000_000_987_654_321n, 5)).toBe("SUCCESS");
    expect(times()).toEqual([1_700_000_000_123_456_789n, 1_600_000_000_987_654_321n]);
    expect(guest.setTimes("file", 7n, 1_500_000_000_000_000_001n, 4)).toBe("SUCCESS");
    expect(times()).toEqual([1_700_000_000_123_456_789n, 1_500_000_000_000_000_001n]);
    expect(guest.call("fd_filestat_set_times", guest.fd("file"), 3n, 0n, 1)).toBe("SUCCESS");
    expect(times()).toEqual([3n, 1_500_000_000_000_000_001n]);
    expect(guest.call("fd_filestat_set_times", 3, 5n, 6n, 5)).toBe("SUCCESS");
    expect(fs.statSync(root, { bigint: true }).mtimeNs).toBe(6n);
    expect(guest.setTimes("link", 9n, 9n, 5)).toBe("SUCCESS");
    expect(fs.lstatSync(path.join(root, "link"), { bigint: true }).mtimeNs).toBe(9n);
    expect(times()[1]).toBe(1_500_000_000_000_000_001n);
  });

  it("times before 1970 and after 2262 are told as far as a guest's number goes", () => {
    const { root, guest } = setup();
    const file = path.join(root, "file");
    const seen = (): bigint[] => {
      const byName = guest.stat("file") as Stat;
      const at = guest.alloc(64);
      guest.call("fd_filestat_get", guest.fd("file"), at);
      return [byName.mtim, guest.filestat(at).mtim];
    };
    for (const time of [2n ** 62n, 2n ** 63n - 1n, 2n ** 63n, 15_000_000_000n * 10n ** 9n, 2n ** 64n - 1n]) {
      guest.setTimes("file", time, time, 5);
      // Some file systems have less.
      const there = fs.lstatSync(file, { bigint: true }).mtimeNs;
      expect([time, ...seen()]).toEqual([time, there, there]);
    }
    spawnSync("touch", ["-d", "1965-01-01", file]);
    expect(fs.lstatSync(file).mtimeMs).toBeLessThan(0);
    expect(seen()).toEqual([0n, 0n]);
  });

  it("the classes are those that are meant", () => {
    const { root } = setup();
    const rootOf = (hostFiles: "native" | "portable"): object => new HostFs(root, { hostFiles }).root();
    expect(rootOf("native")).toBeInstanceOf(NativeDir);
    expect(rootOf("portable")).toBeInstanceOf(NodeDir);
    expect(new HostFs(root).root()).toBeInstanceOf(NativeDir);
  });

  it("what a watched host says, an unwatched one does, in attributes to the last byte", () => {
    const { root } = setup();
    fs.mkdirSync(path.join(root, "d"));
    fs.writeFileSync(path.join(root, "d/f"), "inner");
    const see = (hostFiles: "native" | "portable", trace: undefined | (() => void)): unknown => {
      const guest = new Guest({ dirs: [{ host: root, guest: "/" }], hostFiles, trace });
      const looks = [
        "file",
        "link",
        "d",
        "d/f",
        "d/none",
        "none",
        "d/../file",
        "./file",
        "d//f",
        "d/",
        "/file",
        "",
      ].map((text) => [text, guest.stat(text), guest.stat(text, true)]);
      const opened = ["file", "link", "d/f", "none", "d"].map((text) => [
        guest.open(text),
        guest.open(text, { rights: 2n }),
      ]);
      const fd = guest.fd("file");
      return [looks, opened, guest.read(fd, 2), guest.read(fd), guest.write(fd, ""), guest.wasi.usage()];
    };
    // Its time of access changes once.
    see("native", undefined);
    const watched = see("native", () => {});
    expect(see("native", undefined)).toEqual(watched);
    expect(see("portable", () => {})).toEqual(watched);
  });
});

describe("what is loaded", () => {
  it.each([
    ["nothing", undefined],
    ["an empty file", ""],
    ["a text", "not an addon"],
    ["the beginning of a program", "\x7fELF\x02\x01\x01"],
  ])("is not %s", (_, content) => {
    const file = path.join(makeTree(), "host-files.node");
    if (content !== undefined) fs.writeFileSync(file, content, "latin1");
    expect(load(file)).toBeNull();
  });

  it("is not another program", () => {
    expect(load(process.execPath)).toBeNull();
    expect(load(makeTree())).toBeNull();
  });

  it.skipIf(native === undefined)("is not a part of the addon, wherever it is cut", () => {
    const folder = fileURLToPath(new URL("../../dist/native/", import.meta.url));
    const whole = fs.readFileSync(path.join(folder, `host-files-linux-${process.arch}.node`));
    const file = path.join(makeTree(), "cut.node");
    for (const part of [64, 4096, whole.length >> 1, whole.length - 1]) {
      fs.writeFileSync(file, whole.subarray(0, part));
      expect(load(file)).toBeNull();
    }
    fs.writeFileSync(file, whole);
    expect(load(file)?.stat).toBeTypeOf("function");
  });

  it("is nothing on other systems; who asks for it by name is told", async () => {
    const platform = vi.spyOn(process, "platform", "get").mockReturnValue("freebsd");
    try {
      vi.resetModules();
      const fresh = await import("./native-files.ts");
      expect([fresh.nativeFiles(), fresh.nativeFiles("portable")]).toEqual([undefined, undefined]);
      expect(() => fresh.nativeFiles("native")).toThrow(expect.objectContaining({ code: "WT6020" }));
    } finally {
      platform.mockRestore();
    }
  });
});
