/** The fd_* calls: every kind of descriptor, positions, flags, rights, numbers. */
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  CREAT,
  DIRECTORY,
  Guest,
  makeTree,
  openDescriptors,
  READ,
  removeTrees,
  TRUNC,
  WRITE,
} from "./testing/guest.ts";

afterEach(removeTrees);

const APPEND = 1;
const NONBLOCK = 4;
const SYNC = 16;

function setup(options: ConstructorParameters<typeof Guest>[0] = {}): {
  guest: Guest;
  root: string;
  file: number;
  dir: number;
} {
  const root = makeTree({ file: "0123456789", dir: null });
  const guest = new Guest({ dirs: [{ host: root, guest: "/" }], stdout: () => {}, ...options });
  return { guest, root, file: guest.fd("file"), dir: guest.fd("dir", { rights: READ, oflags: DIRECTORY }) };
}

const STDIN = 0;
const STDOUT = 1;

describe("what a call says to a descriptor of the wrong kind", () => {
  const { guest, file, dir } = setup();
  const io = guest.iovs(8);
  const calls = {
    fd_read: [io.at, io.count, 16],
    fd_write: [io.at, io.count, 16],
    fd_pread: [io.at, io.count, 0n, 16],
    fd_pwrite: [io.at, io.count, 0n, 16],
    fd_seek: [0n, 0, 16],
    fd_tell: [16],
    fd_advise: [0n, 0n, 0],
    fd_allocate: [0n, 1n],
    fd_filestat_set_size: [1n],
    fd_filestat_set_times: [0n, 0n, 1],
    fd_readdir: [16, 64, 0n, 16],
    fd_sync: [],
    fd_datasync: [],
    fd_fdstat_set_flags: [0],
    fd_prestat_get: [16],
    fd_prestat_dir_name: [16, 64],
    sock_accept: [0, 16],
    sock_recv: [io.at, io.count, 0, 16, 20],
    sock_send: [io.at, io.count, 0, 16],
    sock_shutdown: [3],
    path_open: [0, 16, 1, 0, 0n, 0n, 0, 16],
  } as const;

  it.each(Object.keys(calls) as (keyof typeof calls)[])("%s: BADF when closed", (name) => {
    expect(guest.call(name, 77, ...calls[name])).toBe("BADF");
    expect(guest.call(name, -1, ...calls[name])).toBe("BADF");
  });

  it.each([
    ["fd_read", { dir: "ISDIR", out: "BADF" }],
    ["fd_pread", { dir: "ISDIR", in: "SPIPE", out: "BADF" }],
    ["fd_write", { dir: "ISDIR", in: "BADF" }],
    ["fd_pwrite", { dir: "ISDIR", in: "BADF", out: "SPIPE" }],
    ["fd_seek", { dir: "BADF", in: "SPIPE", out: "SPIPE" }],
    ["fd_tell", { dir: "BADF", in: "SPIPE", out: "SPIPE" }],
    ["fd_advise", { dir: "BADF", in: "SPIPE", out: "SPIPE" }],
    ["fd_allocate", { dir: "BADF", in: "SPIPE", out: "SPIPE" }],
    ["fd_filestat_set_size", { dir: "ISDIR", in: "INVAL", out: "INVAL" }],
    ["fd_filestat_set_times", { dir: "SUCCESS", in: "BADF", out: "BADF" }],
    ["fd_readdir", { file: "NOTDIR", in: "NOTDIR", out: "NOTDIR" }],
    ["fd_sync", { dir: "SUCCESS", file: "SUCCESS", in: "INVAL", out: "INVAL" }],
    ["fd_datasync", { dir: "SUCCESS", file: "SUCCESS", in: "INVAL", out: "INVAL" }],
    ["fd_fdstat_set_flags", { dir: "BADF", in: "SUCCESS", out: "SUCCESS", file: "SUCCESS" }],
    ["fd_prestat_get", { dir: "BADF", file: "BADF", in: "BADF", out: "BADF" }],
    ["fd_prestat_dir_name", { dir: "BADF", file: "BADF", in: "BADF", out: "BADF" }],
    ["sock_accept", { dir: "NOTSOCK", file: "NOTSOCK", in: "NOTSOCK", out: "NOTSOCK" }],
    ["sock_recv", { dir: "NOTSOCK", file: "NOTSOCK", in: "NOTSOCK", out: "NOTSOCK" }],
    ["sock_send", { dir: "NOTSOCK", file: "NOTSOCK", in: "NOTSOCK", out: "NOTSOCK" }],
    ["sock_shutdown", { dir: "NOTSOCK", file: "NOTSOCK", in: "NOTSOCK", out: "NOTSOCK" }],
  ] as const)("%s: %o", (name, expected) => {
    const fds = { dir, file, in: STDIN, out: STDOUT };
    for (const [kind, errno] of Object.entries(expected)) {
      expect(`${kind} ${guest.call(name, fds[kind as keyof typeof fds], ...calls[name])}`).toBe(`${kind} ${errno}`);
    }
  });
});

describe("reading and writing", () => {
  it("moves the position by what was transferred", () => {
    const { guest, file } = setup();
    expect([guest.read(file, 4), guest.read(file, 4), guest.read(file, 4), guest.read(file, 4)]).toEqual([
      "0123",
      "4567",
      "89",
      "",
    ]);
    guest.call("fd_seek", file, 2n, 0, 16);
    guest.write(file, "ab");
    expect(guest.read(file)).toBe("456789");
  });

  it("uses all buffers of a vector, and none of an empty one", () => {
    const { guest, file, root } = setup();
    const into = guest.iovs(3, 0, 4);
    expect(guest.call("fd_read", file, into.at, into.count, 16)).toBe("SUCCESS");
    expect(guest.u32()).toBe(7);
    expect(into.buffers.map(([at, n]) => guest.text(at, n))).toEqual(["012", "", "3456"]);
    const from = guest.iovs("AB", "", "CD");
    guest.call("fd_write", file, from.at, from.count, 16);
    expect([guest.u32(), fs.readFileSync(path.join(root, "file"), "utf8")]).toEqual([4, "0123456ABCD"]);
    expect(guest.call("fd_read", file, 0, 0, 16)).toBe("SUCCESS");
    expect(guest.u32()).toBe(0);
  });

  it("reads and writes at a place without moving", () => {
    const { guest, file } = setup();
    const into = guest.iovs(3);
    expect(guest.call("fd_pread", file, into.at, into.count, 5n, 16)).toBe("SUCCESS");
    expect(guest.text(into.buffers[0]![0], 3)).toBe("567");
    const from = guest.iovs("XY", "Z");
    expect(guest.call("fd_pwrite", file, from.at, from.count, 0n, 16)).toBe("SUCCESS");
    expect(guest.u32()).toBe(3);
    expect(guest.read(file)).toBe("XYZ3456789");
    expect(guest.call("fd_pread", file, into.at, into.count, 10n, 16)).toBe("SUCCESS");
    expect(guest.u32()).toBe(0);
  });

  it.each([
    ["fd_pread", 2n ** 63n - 1n, "SUCCESS"],
    ["fd_pread", 2n ** 63n, "INVAL"],
    ["fd_pread", 2n ** 64n - 1n, "INVAL"],
    ["fd_pwrite", 2n ** 53n - 1n, "FBIG"],
    ["fd_pwrite", 2n ** 63n - 1n, "FBIG"],
    ["fd_pwrite", 2n ** 63n, "INVAL"],
  ] as const)("%s at %i is %s", (name, offset, errno) => {
    const { guest, file } = setup();
    const { at, count } = guest.iovs("a");
    expect(guest.call(name, file, at, count, offset, 16)).toBe(errno);
  });

  it("makes holes", () => {
    const { guest, file } = setup();
    guest.call("fd_seek", file, 4n, 2, 16);
    guest.write(file, "end");
    guest.call("fd_seek", file, 8n, 0, 16);
    expect(guest.read(file)).toBe("89\0\0\0\0end");
  });

  it("uses memory as it is after growing", () => {
    const { guest, file } = setup();
    guest.memory.buffer = new ArrayBuffer(1 << 21);
    const at = (1 << 20) + 64;
    guest.view.setUint32(1 << 20, at, true);
    guest.view.setUint32((1 << 20) + 4, 5, true);
    expect(guest.call("fd_read", file, 1 << 20, 1, 16)).toBe("SUCCESS");
    expect(guest.text(at, 5)).toBe("01234");
  });

  it("works on shared memory", () => {
    const root = makeTree({ file: "0123456789" });
    const guest = new Guest({ dirs: [{ host: root, guest: "/" }] }, { buffer: new SharedArrayBuffer(1 << 20) });
    const fd = guest.fd("file");
    const into = guest.iovs(3, 4);
    guest.call("fd_read", fd, into.at, into.count, 16);
    expect(into.buffers.map(([at, n]) => guest.text(at, n))).toEqual(["012", "3456"]);
    expect(guest.write(fd, "AB")).toBe(2);
    expect(guest.call("random_get", 4096, 64)).toBe("SUCCESS");
    expect(guest.bytes.subarray(4096, 4160).some((b) => b !== 0)).toBe(true);
    expect(fs.readFileSync(path.join(root, "file"), "utf8")).toBe("0123456AB9");
  });
});

describe("appending", () => {
  it("writes at the end, wherever the position is", () => {
    const { guest, root } = setup();
    const fd = guest.fd("file", { fdflags: APPEND });
    guest.write(fd, "A");
    expect([guest.call("fd_tell", fd, 16), guest.u64()]).toEqual(["SUCCESS", 11n]);
    guest.call("fd_seek", fd, 0n, 0, 16);
    expect(guest.read(fd, 2)).toBe("01");
    fs.appendFileSync(path.join(root, "file"), "other");
    guest.write(fd, "B");
    expect(fs.readFileSync(path.join(root, "file"), "utf8")).toBe("0123456789AotherB");
  });

  it("can be switched on and off", () => {
    const { guest, file, root } = setup();
    guest.call("fd_fdstat_set_flags", file, APPEND);
    guest.write(file, "A");
    guest.call("fd_fdstat_set_flags", file, 0);
    guest.call("fd_seek", file, 0n, 0, 16);
    guest.write(file, "B");
    expect(fs.readFileSync(path.join(root, "file"), "utf8")).toBe("B123456789A");
  });

  it("switches on a file that has been deleted", () => {
    const { guest, file } = setup();
    guest.unlink("file");
    expect(guest.call("fd_fdstat_set_flags", file, APPEND)).toBe("SUCCESS");
    expect(guest.write(file, "A")).toBe(1);
    guest.call("fd_seek", file, 0n, 0, 16);
    expect(guest.read(file)).toBe("0123456789A");
  });
});

describe("fd_seek", () => {
  it.each([
    [4n, 0, "SUCCESS", 4n],
    [4n, 1, "SUCCESS", 4n],
    [-4n, 2, "SUCCESS", 6n],
    [1n << 40n, 0, "SUCCESS", 1n << 40n],
    [-1n, 0, "INVAL", 7n],
    [-11n, 2, "INVAL", 7n],
    [-(2n ** 63n), 0, "INVAL", 7n],
    [-(2n ** 63n), 1, "INVAL", 7n],
    [2n ** 63n - 1n, 0, "INVAL", 7n],
    [2n ** 63n - 1n, 2, "INVAL", 7n],
    [0n, 3, "INVAL", 7n],
  ])("by %i from %i is %s", (delta, whence, errno, position) => {
    const { guest, file } = setup();
    guest.view.setBigUint64(16, 7n, true);
    expect([guest.call("fd_seek", file, delta, whence, 16), guest.u64()]).toEqual([errno, position]);
  });

  it("does not move when it fails", () => {
    const { guest, file } = setup();
    guest.read(file, 3);
    guest.call("fd_seek", file, -1n, 0, 16);
    expect(guest.read(file, 1)).toBe("3");
  });

  it("numbers whence as the version does", () => {
    const { guest, file } = setup({ version: "unstable" });
    guest.read(file, 3);
    guest.call("fd_seek", file, 1n, 0, 16);
    expect(guest.u64()).toBe(4n);
    guest.call("fd_seek", file, -1n, 1, 16);
    expect(guest.u64()).toBe(9n);
    guest.call("fd_seek", file, 1n, 2, 16);
    expect(guest.u64()).toBe(1n);
  });
});

describe("size", () => {
  it.each([
    ["fd_filestat_set_size", [4n], "SUCCESS", 4n],
    ["fd_filestat_set_size", [40n], "SUCCESS", 40n],
    ["fd_filestat_set_size", [2n ** 53n], "FBIG", 10n],
    ["fd_filestat_set_size", [2n ** 63n], "INVAL", 10n],
    ["fd_allocate", [0n, 4n], "SUCCESS", 10n],
    ["fd_allocate", [8n, 4n], "SUCCESS", 12n],
    ["fd_allocate", [0n, 0n], "INVAL", 10n],
    ["fd_allocate", [2n ** 63n, 1n], "INVAL", 10n],
    ["fd_allocate", [1n, 2n ** 63n], "INVAL", 10n],
    ["fd_allocate", [2n ** 62n, 2n ** 62n], "FBIG", 10n],
    ["fd_advise", [0n, 100n, 3], "SUCCESS", 10n],
    ["fd_advise", [0n, 100n, 6], "INVAL", 10n],
    ["fd_advise", [2n ** 63n, 0n, 0], "INVAL", 10n],
  ] as const)("%s %o is %s", (name, args, errno, size) => {
    const { guest, file } = setup();
    expect(guest.call(name, file, ...args)).toBe(errno);
    expect(guest.stat("file")).toMatchObject({ size });
  });

  it("needs access to write", () => {
    const { guest } = setup();
    const fd = guest.fd("file", { rights: READ });
    expect(guest.call("fd_filestat_set_size", fd, 0n)).toBe("INVAL");
    expect(guest.call("fd_allocate", fd, 0n, 100n)).toBe("BADF");
    expect(guest.stat("file")).toMatchObject({ size: 10n });
  });

  it("leaves the position", () => {
    const { guest, file } = setup();
    guest.read(file, 6);
    guest.call("fd_filestat_set_size", file, 2n);
    expect(guest.read(file)).toBe("");
    guest.call("fd_tell", file, 16);
    expect(guest.u64()).toBe(6n);
  });
});

describe("attributes", () => {
  it("agree with those by path", () => {
    const { guest, file, dir } = setup();
    for (const [fd, name] of [[file, "file"] as const, [dir, "dir"] as const]) {
      const at = guest.alloc(64);
      guest.call("fd_filestat_get", fd, at);
      expect(guest.filestat(at)).toEqual(guest.stat(name));
    }
  });

  it("of a stream are its type and nothing else", () => {
    const { guest } = setup();
    const at = guest.alloc(64);
    guest.bytes.fill(0xaa, at, at + 64);
    guest.call("fd_filestat_get", STDOUT, at);
    expect(guest.bytes.subarray(at, at + 64).every((b) => b === 0)).toBe(true);
  });

  it("take times", () => {
    const { guest, file } = setup();
    expect(guest.call("fd_filestat_set_times", file, 1001n, 2002n, 5)).toBe("SUCCESS");
    expect(guest.stat("file")).toMatchObject({ atim: 1001n, mtim: 2002n });
    expect(guest.call("fd_filestat_set_times", file, 0n, 0n, 3)).toBe("INVAL");
  });
});

describe("fdstat", () => {
  function fdstat(guest: Guest, fd: number): { type: number; flags: number; base: bigint; inheriting: bigint } {
    const at = guest.alloc(24);
    expect(guest.call("fd_fdstat_get", fd, at)).toBe("SUCCESS");
    const flags = guest.view.getUint16(at + 2, true);
    return { type: guest.view.getUint8(at), flags, base: guest.u64(at + 8), inheriting: guest.u64(at + 16) };
  }

  it("reports the flags of path_open", () => {
    const { guest } = setup();
    expect(fdstat(guest, guest.fd("file", { fdflags: APPEND | NONBLOCK | SYNC })).flags).toBe(21);
    expect(fdstat(guest, guest.fd("file", { fdflags: 31 })).flags).toBe(31);
  });

  it("changes APPEND and NONBLOCK only", () => {
    const { guest, file } = setup();
    expect(guest.call("fd_fdstat_set_flags", file, APPEND | NONBLOCK)).toBe("SUCCESS");
    expect(guest.call("fd_fdstat_set_flags", file, SYNC)).toBe("INVAL");
    expect(guest.call("fd_fdstat_set_flags", file, 32)).toBe("INVAL");
    expect(fdstat(guest, file).flags).toBe(5);
    const sync = guest.fd("file", { fdflags: SYNC });
    expect(guest.call("fd_fdstat_set_flags", sync, NONBLOCK)).toBe("SUCCESS");
    expect(fdstat(guest, sync).flags).toBe(SYNC | NONBLOCK);
  });

  it("reports rights that programs rely on", () => {
    const { guest, file } = setup();
    const preopen = fdstat(guest, 3);
    expect(preopen).toMatchObject({ type: 3, flags: 0 });
    expect(preopen.base & (4n | (1n << 22n))).toBe(0n);
    expect(preopen.inheriting & (READ | WRITE | 4n)).toBe(READ | WRITE | 4n);
    expect(fdstat(guest, file)).toMatchObject({ type: 4, inheriting: 0n });
    expect(fdstat(guest, guest.fd("file", { rights: READ })).base & (READ | WRITE)).toBe(READ);
    expect(fdstat(guest, guest.fd("file", { rights: WRITE })).base & (READ | WRITE)).toBe(WRITE);
    expect(fdstat(guest, STDOUT).base & (WRITE | READ | 4n | 32n)).toBe(WRITE);
  });

  it("lets rights be given up, for good", () => {
    const { guest, file } = setup();
    const { base } = fdstat(guest, file);
    expect(guest.call("fd_fdstat_set_rights", file, base & ~READ, 0n)).toBe("SUCCESS");
    expect(guest.read(file)).toBe("!NOTCAPABLE");
    expect(guest.call("fd_fdstat_set_rights", file, base, 0n)).toBe("NOTCAPABLE");
    expect(guest.write(file, "x")).toBe(1);
  });

  it("passes on what a directory has given up", () => {
    const { guest, dir } = setup();
    const { base, inheriting } = fdstat(guest, dir);
    guest.call("fd_fdstat_set_rights", dir, base & ~(1n << 24n), inheriting & ~WRITE);
    expect(guest.symlink("a", "b", dir)).toBe("NOTCAPABLE");
    expect(guest.open("new", { base: dir, oflags: CREAT })).toBe("NOTCAPABLE");
    const reader = guest.fd("new", { base: dir, oflags: CREAT, rights: READ });
    expect(guest.write(reader, "x")).toBe("NOTCAPABLE");
  });

  it("gates truncation by path", () => {
    const { guest } = setup();
    const { base, inheriting } = fdstat(guest, 3);
    guest.call("fd_fdstat_set_rights", 3, base & ~(1n << 19n), inheriting);
    expect(guest.open("file", { oflags: TRUNC })).toBe("NOTCAPABLE");
  });
});

describe("numbers", () => {
  it("are the lowest free ones", () => {
    const { guest, file, dir } = setup();
    expect([file, dir]).toEqual([4, 5]);
    guest.call("fd_close", 4);
    guest.call("fd_close", 0);
    expect([guest.fd("file"), guest.fd("file"), guest.fd("file")]).toEqual([0, 4, 6]);
  });

  it("close once", () => {
    const { guest, file } = setup();
    expect([guest.call("fd_close", file), guest.call("fd_close", file)]).toEqual(["SUCCESS", "BADF"]);
    expect(guest.read(file)).toBe("!BADF");
  });

  it("move", () => {
    const { guest, file, dir } = setup();
    const before = openDescriptors();
    expect(guest.call("fd_renumber", file, dir)).toBe("SUCCESS");
    expect(openDescriptors()).toBe(before - 1);
    expect([guest.read(file), guest.read(dir)]).toEqual(["!BADF", "0123456789"]);
    expect(guest.fd("file")).toBe(file);
  });

  it.each([
    [4, 99, "BADF"],
    [99, 4, "BADF"],
    [99, 99, "BADF"],
    [4, 4, "SUCCESS"],
    [-1, -1, "BADF"],
    [4, 0x7fff_ffff, "BADF"],
  ])("from %i to %i is %s", (from, to, errno) => {
    const { guest } = setup();
    expect(guest.call("fd_renumber", from, to)).toBe(errno);
    expect(guest.read(4)).toBe("0123456789");
  });

  it("move over a preopen and over standard streams", () => {
    const { guest, file, dir } = setup();
    expect(guest.call("fd_renumber", dir, 3)).toBe("SUCCESS");
    expect(guest.call("fd_prestat_get", 3, 16)).toBe("BADF");
    expect(guest.open("x", { oflags: CREAT })).toBe(5);
    expect(guest.call("fd_renumber", file, 1)).toBe("SUCCESS");
    expect(guest.write(1, "to the file")).toBe(11);
  });
});

describe("preopens", () => {
  it("have names, without a NUL, from 3 on", () => {
    const root = makeTree();
    const guest = new Guest({ preopens: { "/": root }, dirs: [{ host: root, guest: "/sub dir" }] });
    const name = guest.alloc(16);
    guest.bytes.fill(0x2e, name, name + 16);
    expect([guest.call("fd_prestat_get", 4, 16), guest.u32(16), guest.u32(20)]).toEqual(["SUCCESS", 0, 8]);
    expect(guest.call("fd_prestat_dir_name", 4, name, 7)).toBe("NAMETOOLONG");
    expect(guest.call("fd_prestat_dir_name", 4, name, 10)).toBe("SUCCESS");
    expect(guest.text(name, 10)).toBe("/sub dir..");
    expect(guest.call("fd_prestat_get", 5, 16)).toBe("BADF");
  });

  it("can be closed, and the scan ends there", () => {
    const { guest } = setup();
    expect(guest.call("fd_close", 3)).toBe("SUCCESS");
    expect(guest.call("fd_prestat_get", 3, 16)).toBe("BADF");
  });

  it("that vanish give errnos", () => {
    const { guest, root } = setup();
    fs.rmSync(root, { recursive: true });
    expect(guest.open("file")).toBe("NOENT");
    expect(guest.open("new", { oflags: CREAT })).toBe("NOENT");
    expect(guest.mkdir("new")).toBe("NOENT");
    expect(guest.stat(".")).toMatchObject({ type: 3 });
    expect(guest.readdir(3)).toMatchObject({ entries: [{ name: "." }, { name: ".." }] });
  });

  it("that are moved are followed", () => {
    const { guest, root } = setup();
    fs.renameSync(root, `${root}-moved`);
    try {
      expect(guest.stat("file")).toMatchObject({ size: 10n });
    } finally {
      fs.renameSync(`${root}-moved`, root);
    }
  });
});
