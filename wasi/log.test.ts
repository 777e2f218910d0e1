/** The log of host calls. */
import fs from "node:fs";
import { afterEach, expect, it } from "vitest";
import { formatTrace, type TraceEvent } from "./index.ts";
import { CREAT, EXCL, Guest, makeTree, READ, removeTrees } from "./node/testing/guest.ts";

afterEach(removeTrees);

/** Lines without addresses and times. */
const lines = (events: readonly TraceEvent[]): string[] =>
  events.map((e) =>
    formatTrace(e)
      .replace(/0x[0-9a-f]+/g, "@")
      .replace(/ <\d+\.\d{6}( waited)?>$/, ""),
  );

it("has a line for each call", () => {
  const guest = new Guest({ dirs: [{ host: makeTree({ f: "text" }), guest: "/" }], stdout: () => {} });
  const fd = guest.fd("f", { rights: READ });
  guest.read(fd, 8);
  guest.call("fd_seek", fd, -1n, 0, 16);
  guest.write(1, "hello");
  guest.open("../\u001b[31m", { rights: 0n });
  guest.call("clock_time_get", 9, 1n, 16);
  guest.call("fd_write", 1, -1, 5, 16);
  expect(lines(guest.events)).toEqual([
    'path_open(fd=3, dirflags=0, path="f", oflags=0, rights_base=fd_read, rights_inheriting=0, fdflags=0, opened_fd=@) = SUCCESS opened_fd=4',
    "fd_read(fd=4, iovs=[1: 8 bytes], nread=@) = SUCCESS nread=4",
    "fd_seek(fd=4, offset=-1, whence=SET, newoffset=@) = INVAL",
    "fd_write(fd=1, iovs=[1: 5 bytes], nwritten=@) = SUCCESS nwritten=5",
    'path_open(fd=3, dirflags=0, path="../\\\\u{1b}[31m", oflags=0, rights_base=0, rights_inheriting=0, fdflags=0, opened_fd=@) = PERM',
    "clock_time_get(id=9, precision=1, time=@) = INVAL",
    "fd_write(fd=1, iovs=@[5], nwritten=@) = FAULT",
  ]);
});

it("has names for flags, and the fields of structures", () => {
  const guest = new Guest({ dirs: [{ host: makeTree({ f: "text", l: ">f\u001b" }), guest: "/" }] });
  guest.open("new", { oflags: CREAT | EXCL, fdflags: 5, follow: true });
  guest.call("fd_fdstat_set_flags", 4, 32);
  guest.stat("f");
  guest.call("fd_fdstat_get", 3, 64);
  guest.call("fd_prestat_get", 3, 64);
  guest.call("fd_prestat_dir_name", 3, 64, 1);
  guest.readlink("l");
  guest.setTimes("f", 1n, 1n, 9);
  guest.call("fd_advise", 4, 0n, 0n, 3);
  guest.call("clock_res_get", 1, 64);
  const sub = guest.alloc(96);
  guest.bytes.fill(0, sub, sub + 96);
  guest.view.setBigUint64(sub + 24, 1_500_000n, true);
  guest.view.setUint8(sub + 56, 1);
  guest.call("poll_oneoff", sub, 4096, 2, 64);
  guest.call("poll_oneoff", -48, 4096, 9, 64);
  const numbers = (line: string): string => line.replace(/ino \d+|times [\d. ]+/g, (m) => `${m.split(" ")[0]} #`);
  expect(lines(guest.events).map(numbers)).toEqual([
    'path_open(fd=3, dirflags=SYMLINK_FOLLOW, path="new", oflags=CREAT|EXCL, rights_base=fd_read|fd_write, rights_inheriting=0, fdflags=APPEND|NONBLOCK, opened_fd=@) = SUCCESS opened_fd=4',
    "fd_fdstat_set_flags(fd=4, flags=32) = INVAL",
    'path_filestat_get(fd=3, flags=0, path="f", stat=@) = SUCCESS stat={regular_file, ino #, links 1, size 4, times #}',
    expect.stringMatching(
      /^fd_fdstat_get\(fd=3, stat=@\) = SUCCESS stat=\{directory, flags 0, rights path_create_directory\|/,
    ),
    "fd_prestat_get(fd=3, prestat=@) = SUCCESS prestat={dir, name of 1 bytes}",
    'fd_prestat_dir_name(fd=3, name=@[1]) = SUCCESS name="/"',
    'path_readlink(fd=3, path="l", buf=@[256], bufused=@) = SUCCESS buf="f\\\\u{1b}" bufused=2',
    'path_filestat_set_times(fd=3, flags=0, path="f", atim=1, mtim=1, fst_flags=ATIM|MTIM_NOW) = SUCCESS',
    "fd_advise(fd=4, offset=0, len=0, advice=WILLNEED) = SUCCESS",
    "clock_res_get(id=MONOTONIC, resolution=@) = SUCCESS resolution=1",
    "poll_oneoff(in=[REALTIME in 0.001500000, read 0], out=@, nsubscriptions=2, nevents=@) = SUCCESS out=[read 0 bytes] nevents=1",
    "poll_oneoff(in=[?, 1 more], out=@, nsubscriptions=9, nevents=@) = FAULT",
  ]);
});

it("tells scope, time, and whether the call had to wait", () => {
  const guest = new Guest();
  guest.bytes.fill(0, 1024, 1072);
  guest.view.setUint32(1040, 1, true);
  guest.view.setBigUint64(1048, 5_000_000n, true);
  guest.call("poll_oneoff", 1024, 2048, 1, 16);
  guest.call("sched_yield");
  expect(guest.events).toMatchObject([
    { call: "poll_oneoff", scope: "poll", hasWaited: true, errno: 0 },
    { call: "sched_yield", scope: "sched", hasWaited: false, errno: 0 },
  ]);
  expect(guest.events[0]!.durationMs).toBeGreaterThanOrEqual(4.9);
});

it("shows the end", () => {
  const guest = new Guest();
  expect(() => guest.call("proc_exit", 3)).toThrow();
  expect(lines(guest.events)).toEqual(["proc_exit(rval=3) = ?"]);
});

it("survives nonsense from direct callers", () => {
  const guest = new Guest({ dirs: [{ host: fs.realpathSync("/tmp"), guest: "/" }] });
  guest.call("fd_write", 1n, 2n, 3n, 4n);
  guest.call("path_open");
  expect(guest.events.map((e) => e.errno)).toEqual([28, 28]);
});
