/** The log of host calls. */
import fs from "node:fs";
import { afterEach, expect, it } from "vitest";
import { formatTrace, type TraceEvent } from "./index.ts";
import { Guest, makeTree, READ, removeTrees } from "./node/testing/guest.ts";

afterEach(removeTrees);

/** Lines without addresses and times. */
const lines = (events: readonly TraceEvent[]): string[] =>
  events.map((e) =>
    formatTrace(e)
      .replace(/0x[0-9a-f]+/g, "@")
      .replace(/ <\d+\.\d{6}>$/, ""),
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
    "fd_seek(fd=4, offset=-1, whence=0, newoffset=@) = INVAL",
    "fd_write(fd=1, iovs=[1: 5 bytes], nwritten=@) = SUCCESS nwritten=5",
    'path_open(fd=3, dirflags=0, path="../\\\\u{1b}[31m", oflags=0, rights_base=0, rights_inheriting=0, fdflags=0, opened_fd=@) = PERM',
    "clock_time_get(id=9, precision=1, time=@) = INVAL",
    "fd_write(fd=1, iovs=@[5], nwritten=@) = FAULT",
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
