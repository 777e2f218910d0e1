/**
 * One list of behaviours for every kind of file system. A directory of the host is the measure: the same calls on the same
 * tree must have the same results, and leave the same tree.
 */
import { afterEach, describe, expect, it } from "vitest";
import { Rng } from "../../conformance/fuzz/rng.ts";
import { TarFs } from "../index.ts";
import { dump, guestOn, kinds, nofollow, type Tree } from "./testing/file-systems.ts";
import {
  CREAT,
  DIRECTORY,
  EXCL,
  type Guest,
  makeTree,
  READ,
  removeTrees,
  type Stat,
  TRUNC,
  WRITE,
} from "./testing/guest.ts";
import { tarOf } from "./testing/tar-bytes.ts";

afterEach(removeTrees);

const tree: Tree = {
  file: "text",
  hard: "=file",
  other: "another",
  link: ">file",
  "dir/inner": "inside",
  "dir/back": ">../file",
  "dir/sub/deep": "deep",
  empty: null,
  dirlink: ">dir",
  slashlink: ">dir/",
  fileslash: ">file/",
  dangling: ">nowhere",
  "dir/dangling2": ">sub/none",
  self: ">self",
  here: ">.",
  up: ">dir/sub/..",
  out: ">../outside",
};

const paths = [
  ...[
    "file",
    "file/",
    "file/.",
    "file/x",
    "hard",
    "other",
    "link",
    "link/",
    "link/x",
    "missing",
    "missing/",
    "missing/x",
  ],
  ...[
    "dir",
    "dir/",
    "dir/.",
    "dir/..",
    "dir/inner",
    "dir/inner/",
    "dir/back",
    "dir/sub",
    "dir/sub/deep",
    "dir/sub/../inner",
  ],
  ...["dir/new", "dir/sub/new", "empty", "empty/", "empty/new", "dirlink", "dirlink/", "dirlink/inner", "dirlink/new"],
  ...["slashlink", "slashlink/", "fileslash", "fileslash/", "dangling", "dangling/", "dir/dangling2", "self", "self/x"],
  ...[
    "here",
    "here/",
    "here/file",
    "up",
    "up/inner",
    "out",
    "out/",
    "out/x",
    "absolute",
    ".",
    "./",
    "..",
    "",
    "new",
    "new/",
  ],
];

const pairPaths = [
  ...["file", "file/", "hard", "link", "link/", "missing", "missing/", "dir", "dir/", "dir/..", "dir/inner", "dir/sub"],
  ...["dir/sub/new", "empty", "empty/new", "dirlink", "dirlink/", "dirlink/sub/", "dangling", "self", "out/x", ".", ""],
];

/** What a case observes: compared as text. */
type Story = (guest: Guest) => unknown;

const follows = [false, true];

/** Opens in every way, then reads or writes; the state moves on from call to call, in an order that mixes them. */
const openEverything: Story = (guest) => {
  const ways = paths.flatMap((path) =>
    [0, CREAT, CREAT | EXCL, TRUNC, CREAT | TRUNC, DIRECTORY, EXCL, DIRECTORY | CREAT].flatMap((oflags) =>
      [READ, READ | WRITE, WRITE, 0n, -1n].flatMap((rights) =>
        follows.flatMap((follow) => [0, 1].map((fdflags) => ({ path, oflags, rights, follow, fdflags }))),
      ),
    ),
  );
  return shuffled(ways, 7).map(({ path, ...how }) => {
    const fd = guest.open(path, how);
    if (typeof fd === "string") return [path, how, fd];
    const wrote = guest.write(fd, "+");
    const read = guest.read(fd, 20);
    const stat = guest.alloc(24);
    guest.call("fd_fdstat_get", fd, stat);
    guest.call("fd_close", fd);
    return [
      path,
      how,
      wrote,
      read,
      guest.view.getUint8(stat),
      guest.view.getUint16(stat + 2, true),
      guest.u64(stat + 8),
    ];
  });
};

function shuffled<T>(list: readonly T[], seed: number): T[] {
  const rng = new Rng(seed);
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}

const statEverything: Story = (guest) =>
  paths.flatMap((path) =>
    follows.map((follow) => {
      const stat = guest.stat(path, follow);
      if (typeof stat === "string") return [path, follow, stat];
      const { type, size, nlink } = stat;
      return [path, follow, type, ...(type === 3 ? [] : [size, nlink])];
    }),
  );

/** Numbers differ from file system to file system; which names are the same file does not. */
const sameFiles: Story = (guest) => {
  const ids = paths.map((path) => guest.stat(path, true)).map((s) => (typeof s === "string" ? s : `${s.dev}:${s.ino}`));
  return ids.map((id) => ids.indexOf(id));
};

/** One call that takes a path, on every path; a new tree after each success. */
const onEveryPath =
  (call: (guest: Guest, path: string) => string) =>
  (make: () => Guest): unknown => {
    let guest = make();
    return paths.map((path) => {
      const errno = call(guest, path);
      const after = dump(guest);
      if (errno === "SUCCESS") guest = make();
      return [path, errno, ...(errno === "SUCCESS" ? after : [])];
    });
  };

const onPairs =
  (call: (guest: Guest, from: string, to: string) => string) =>
  (make: () => Guest): unknown => {
    let guest = make();
    return pairPaths.flatMap((from) =>
      pairPaths.map((to) => {
        const errno = call(guest, from, to);
        const after = errno === "SUCCESS" ? dump(guest) : [];
        if (errno === "SUCCESS") guest = make();
        return [from, to, errno, ...after];
      }),
    );
  };

const call = (guest: Guest, fd: number, text: string, at: bigint): unknown => {
  const { at: iovs, count } = guest.iovs(text);
  return [guest.call("fd_pwrite", fd, iovs, count, at, 16), guest.u32()];
};
const pread = (guest: Guest, fd: number, max: number, at: bigint): unknown => {
  const { at: iovs, count, buffers } = guest.iovs(max);
  const errno = guest.call("fd_pread", fd, iovs, count, at, 16);
  return [errno, errno === "SUCCESS" ? guest.text(buffers[0]![0], guest.u32()) : ""];
};
const sizeOf = (guest: Guest, fd: number): bigint => fstat(guest, fd).size;
const fstat = (guest: Guest, fd: number): Stat => {
  const out = guest.alloc(64);
  guest.call("fd_filestat_get", fd, out);
  return guest.filestat(out);
};

const stories: Readonly<Record<string, Story>> = {
  "open in every way": openEverything,
  "attributes of every path": statEverything,
  "which paths are the same file": sameFiles,
  "the text of every link": (g) =>
    paths.map((path) => [path, g.readlink(path), g.readlink(path, 2), g.readlink(path, 0)]),
  "positions, pread and pwrite": (g) => {
    const fd = g.fd("file");
    return [
      g.read(fd, 2),
      call(g, fd, "XY", 1n),
      g.read(fd),
      pread(g, fd, 10, 0n),
      pread(g, fd, 10, 4n),
      pread(g, fd, 10, 100n),
      call(g, fd, "far", 10n),
      pread(g, fd, 20, 0n),
      g.call("fd_seek", fd, 2n, 0, 16),
      g.write(fd, "__"),
      g.call("fd_tell", fd, 16),
      g.u64(),
      g.call("fd_seek", fd, -1n, 2, 16),
      g.read(fd),
      g.call("fd_seek", fd, -100n, 1, 16),
    ];
  },
  appending: (g) => {
    const [a, b] = [g.fd("file", { fdflags: 1 }), g.fd("file", { fdflags: 1 })];
    const seen = [
      g.write(a, "1"),
      g.write(b, "2"),
      g.write(a, "3"),
      call(g, a, "4", 0n),
      g.read(a),
      pread(g, b, 99, 0n),
    ];
    seen.push(
      g.call("fd_fdstat_set_flags", a, 0),
      g.call("fd_seek", a, 0n, 0, 16),
      g.write(a, "T"),
      pread(g, b, 99, 0n),
    );
    seen.push(g.call("fd_fdstat_set_flags", a, 1), g.write(a, "!"), pread(g, b, 99, 0n));
    return seen;
  },
  "sizes and holes": (g) => {
    const fd = g.fd("sparse", { oflags: CREAT });
    const size = (n: bigint): unknown => [g.call("fd_filestat_set_size", fd, n), sizeOf(g, fd)];
    return [
      size(0n),
      size(100_000n),
      pread(g, fd, 8, 99_995n),
      call(g, fd, "in the middle", 50_000n),
      pread(g, fd, 20, 49_997n),
      size(50_003n),
      pread(g, fd, 20, 49_997n),
      size(60_000n),
      pread(g, fd, 20, 49_997n),
      call(g, fd, "very far", 3_000_000_000n),
      sizeOf(g, fd),
      pread(g, fd, 4, 2_999_999_998n),
      size(1n),
      size(20n),
      pread(g, fd, 30, 0n),
      g.call("fd_allocate", fd, 10n, 5n),
      sizeOf(g, fd),
      g.call("fd_allocate", fd, 10n, 50n),
      sizeOf(g, fd),
      g.call("fd_allocate", fd, 0n, 0n),
    ];
  },
  "writing at the borders of pages": (g) => {
    const fd = g.fd("pages", { oflags: CREAT });
    const seen: unknown[] = [];
    for (const at of [63, 64, 65, 4095, 4096, 16_383, 16_384, 32_767, 32_768, 5]) {
      seen.push(call(g, fd, "abcdef", BigInt(at)), pread(g, fd, 10, BigInt(at - 2)), sizeOf(g, fd));
    }
    g.bytes.fill(0x61, 200_000, 300_000);
    const big = g.alloc(8);
    g.view.setUint32(big, 200_000, true);
    g.view.setUint32(big + 4, 100_000, true);
    seen.push(g.call("fd_pwrite", fd, big, 1, 16_000n, 16), g.u32(), sizeOf(g, fd), pread(g, fd, 8, 115_996n));
    return seen;
  },
  "a file without a name": (g) => {
    const fd = g.fd("file");
    const second = g.fd("hard");
    const seen: unknown[] = [g.unlink("file"), fstat(g, fd).nlink, g.unlink("hard"), fstat(g, fd).nlink];
    seen.push(
      g.write(fd, "still"),
      g.read(second),
      g.stat("file"),
      g.open("file", { oflags: CREAT | EXCL }),
      sizeOf(g, fd),
    );
    seen.push(g.stat("file") === "NOENT", g.call("fd_close", fd), g.read(second), g.call("fd_close", second));
    return seen;
  },
  "a file that is replaced while open": (g) => {
    const fd = g.fd("file");
    const seen: unknown[] = [g.rename("other", "file"), g.read(fd), fstat(g, fd).nlink, g.write(fd, "+")];
    seen.push(g.read(g.fd("file")), g.read(g.fd("hard")));
    return seen;
  },
  "a directory that is removed while open": (g) => {
    const fd = g.fd("empty", { rights: READ });
    const seen: unknown[] = [g.rmdir("empty")];
    seen.push(
      g.open("x", { base: fd, oflags: CREAT }),
      g.mkdir("x", fd),
      g.symlink("x", "x", fd),
      g.stat("x", false, fd),
    );
    seen.push(g.link("file", "x", 0, 3, fd), g.rename("file", "x", 3, fd), g.stat(".", false, fd) === "NOENT");
    const listing = g.readdir(fd);
    seen.push(
      typeof listing === "string" ? listing : listing.entries.slice(2),
      g.mkdir("empty"),
      g.stat("x", false, fd),
    );
    return seen;
  },
  "a directory that is moved while open": (g) => {
    const fd = g.fd("dir", { rights: READ });
    const sub = g.fd("dir/sub", { rights: READ });
    const seen: unknown[] = [g.rename("dir", "empty/moved"), g.read(g.fd("inner", { base: fd, rights: READ }))];
    seen.push(g.mkdir("made", fd), g.stat("empty/moved/made"), g.stat("dir"), g.rename("empty", "made", 3, sub));
    seen.push(
      g.rename("empty", "x", 3, fd),
      g.rename("sub", "sub2", fd, 3),
      g.read(g.fd("deep", { base: sub, rights: READ })),
    );
    seen.push(
      g.mkdir("dir"),
      g.mkdir("dir/inner"),
      g.read(g.fd("inner", { base: fd, rights: READ })),
      g.rename("sub2", "dir/inner"),
    );
    return seen.map((s) => (typeof s === "object" ? (s as Stat).type : s));
  },
  "everything deleted, then made again": (g) => {
    const seen: unknown[] = [g.rmdir("dir")];
    for (const file of ["dir/inner", "dir/back", "dir/dangling2", "dir/sub/deep"])
      seen.push(g.unlink(file), g.unlink(file));
    seen.push(
      g.rmdir("dir"),
      g.rmdir("dir/sub"),
      g.rmdir("dir"),
      g.stat("dir"),
      g.stat("dirlink", true),
      g.mkdir("dir"),
    );
    seen.push(g.stat("dir/inner"), g.open("dir/inner", { oflags: CREAT | EXCL, rights: READ }), g.mkdir("dir/sub"));
    seen.push(
      g.stat("dir/sub/deep"),
      g.rmdir("dir/sub"),
      g.rename("file", "dir/sub"),
      g.read(g.fd("dir/sub", { rights: READ })),
    );
    return seen;
  },
  "hard links": (g) => {
    const seen: unknown[] = [g.link("file", "dir/third"), fstat(g, g.fd("hard")).nlink];
    const fd = g.fd("dir/third");
    seen.push(
      g.write(fd, "changed"),
      g.read(g.fd("file")),
      g.read(g.fd("hard")),
      g.unlink("file"),
      g.read(g.fd("hard")),
    );
    seen.push(
      g.rename("hard", "dir/third"),
      dump(g),
      g.link("link", "link2"),
      g.readlink("link2"),
      g.rename("link", "link2"),
    );
    return seen;
  },
  "listing while entries come and go": (g) => {
    const fd = g.fd("dir", { rights: READ });
    const first = g.readdir(fd, 0n, 4096);
    if (typeof first === "string") return first;
    const names = (cookie: bigint): unknown => {
      const r = g.readdir(fd, cookie);
      return typeof r === "string" ? r : r.entries.map((e) => e.name).sort();
    };
    const seen: unknown[] = [first.entries.map((e) => [e.name, e.type]).sort()];
    g.unlink("dir/inner");
    g.mkdir("dir/added");
    g.rename("dir/back", "dir/front");
    for (const { next } of first.entries) seen.push((names(next) as string[]).length);
    seen.push(names(0n), names(99n), names(2n ** 64n - 1n));
    return seen;
  },
  "a listing in many pieces": (g) => {
    g.mkdir("many");
    for (let i = 0; i < 300; i++) g.mkdir(`many/${"n".repeat(i % 50)}${i}`);
    const fd = g.fd("many", { rights: READ });
    const seen = new Set<string>();
    let calls = 0;
    for (let cookie = 0n; calls < 1000; calls++) {
      const r = g.readdir(fd, cookie, 200);
      if (typeof r === "string") return r;
      for (const e of r.entries) seen.add(e.name);
      const next = r.entries.at(-1)?.next;
      if (r.used < 200 || next === undefined) break;
      cookie = next;
    }
    return [seen.size, [...seen].sort()];
  },
  "inodes of listings and attributes agree": (g) => {
    const fd = g.fd(".", { rights: READ });
    const r = g.readdir(fd, 0n, 8192);
    if (typeof r === "string") return r;
    return r.entries
      .slice(2)
      .every((e) => (g.stat(e.name) as Stat).ino === e.ino && (g.stat(e.name) as Stat).type === e.type);
  },
  "times that are set": (g) => {
    const [t1, t2] = [1_600_000_000_123_456_000n, 1_700_000_000_654_321_000n];
    const times = (path: string, follow = false): unknown => {
      const stat = g.stat(path, follow);
      return typeof stat === "string" ? stat : [stat.atim, stat.mtim];
    };
    const fd = g.fd("other");
    return [
      ...[g.setTimes("file", t1, t2, 5), times("file"), times("hard"), g.setTimes("file", t2, 0n, 1), times("file")],
      ...[g.setTimes("file", 0n, t1, 4), times("file"), g.setTimes("link", 5_000n, 6_000n, 5), times("link")],
      ...[
        times("link", true),
        g.setTimes("link", 7_000n, 8_000n, 5, true),
        times("file"),
        g.setTimes("dir", t1, t2, 5),
      ],
      ...[times("dir"), times("dirlink", true), g.setTimes(".", t1, t2, 5), times("."), g.setTimes("file", 0n, 0n, 0)],
      ...[g.setTimes("file", 0n, 0n, 3), g.setTimes("missing", 0n, 0n, 5), g.setTimes("dangling", t1, t2, 5, true)],
      ...[g.call("fd_filestat_set_times", fd, t1, t2, 5), times("other"), g.setTimes("file/", t1, t2, 5)],
    ];
  },
  "times that change by themselves": (g) => {
    const old = 1_000_000_000n;
    const old5 = (path: string): string => g.setTimes(path, old, old, 5);
    const changed = (path: string): unknown => (g.stat(path) as Stat).mtim !== old;
    for (const path of ["file", "dir", "empty", ".", "other"]) old5(path);
    const seen: unknown[] = [changed("file"), changed("dir")];
    const fd = g.fd("file");
    seen.push(changed("file"), g.write(fd, "x"), changed("file"), old5("file"), g.read(fd), changed("file"));
    seen.push(g.call("fd_filestat_set_size", fd, 1n), changed("file"), old5("file"), g.rename("file", "dir/f"));
    seen.push(
      changed("dir/f"),
      changed("dir"),
      changed("."),
      old5("dir"),
      old5("."),
      g.unlink("dir/f"),
      changed("dir"),
    );
    seen.push(changed("."), g.mkdir("empty/e"), changed("empty"), old5("empty"), g.rmdir("empty/e"), changed("empty"));
    seen.push(old5("other"), g.link("other", "empty/o"), changed("other"), changed("empty"));
    const before = (g.stat("other") as Stat).ctim;
    seen.push(before > 10n ** 18n, g.open("other", { oflags: TRUNC }), changed("other"));
    return seen;
  },
  "names as bytes": (g) => {
    const name = Uint8Array.of(0x66, 0xff, 0x80, 0xc3);
    const fd = g.open(name, { oflags: CREAT });
    const long = "x".repeat(255);
    return [
      typeof fd,
      typeof g.stat(name),
      g.onPath("path_unlink_file", name),
      g.mkdir(long),
      g.mkdir(`${long}x`),
      g.mkdir("ä\u0001\n"),
    ];
  },
  "reading what is open for writing only, and the other way": (g) => {
    const [r, w] = [g.fd("file", { rights: READ }), g.fd("file", { rights: WRITE })];
    return [
      g.write(r, "x"),
      g.read(w),
      g.call("fd_filestat_set_size", r, 0n),
      g.call("fd_allocate", r, 0n, 9n),
      g.write(w, "y"),
    ];
  },
  syncing: (g) => {
    const [file, dir] = [g.fd("file"), g.fd("dir", { rights: READ })];
    return [file, dir].flatMap((fd) => [
      g.call("fd_sync", fd),
      g.call("fd_datasync", fd),
      g.call("fd_advise", fd, 0n, 0n, 0),
    ]);
  },
};

const tellers: Readonly<Record<string, (make: () => Guest) => unknown>> = {
  "make a directory": onEveryPath((g, path) => g.mkdir(path)),
  "remove a directory": onEveryPath((g, path) => g.rmdir(path)),
  unlink: onEveryPath((g, path) => g.unlink(path)),
  "make a symlink": onEveryPath((g, path) => g.symlink("to", path)),
  "rename, every pair": onPairs((g, from, to) => g.rename(from, to)),
  "link, every pair": onPairs((g, from, to) => g.link(from, to)),
};

const text = (value: unknown): string =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === "bigint" ? `${v}n` : v)).replaceAll("],[", "],\n[");

/** What the host says, once for each case. */
const oracle = new Map<string, string>();

function tell(kind: string, name: string): string {
  const make = (): Guest => guestOn((kinds[kind] ?? nofollow)(tree));
  const teller = tellers[name];
  if (teller !== undefined) return text(teller(make));
  const guest = make();
  return text([stories[name]!(guest), dump(guest)]);
}

function wanted(name: string): string {
  if (!oracle.has(name)) oracle.set(name, tell("host", name));
  return oracle.get(name)!;
}

describe.each(Object.keys(kinds).filter((kind) => kind !== "host"))("%s is as a host directory:", (kind) => {
  it.each([...Object.keys(stories), ...Object.keys(tellers)])("%s", (name) => {
    expect(tell(kind, name)).toBe(wanted(name));
  });
});

describe("a host directory at level nofollow is as one at level beneath:", () => {
  const names = [...Object.keys(stories), ...Object.keys(tellers)];
  it.each(names.filter((name) => !/^a directory that is/.test(name)))("%s", (name) => {
    expect(tell("nofollow", name)).toBe(wanted(name));
  });
});

describe("a tar archive is as a read-only host directory:", () => {
  const readOnly = [
    "open in every way",
    "attributes of every path",
    "which paths are the same file",
    "the text of every link",
  ];
  it.each([...readOnly, "listing while entries come and go"])("%s", (name) => {
    const story = stories[name]!;
    const host = guestOn(kinds.host!(tree), true);
    const tar = guestOn(new TarFs(tarOf(tree)));
    expect(text([story(tar), dump(tar)])).toBe(text([story(host), dump(host)]));
  });
});

it("the host's oracle is no empty list", () => {
  expect(wanted("open in every way")).toContain('"LOOP"');
  expect(wanted("rename, every pair")).toContain('"NOTEMPTY"');
  expect(makeTree()).toContain("wasmts-wasi-");
});
