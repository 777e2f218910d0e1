/** The host as data: saved in one WASI and taken over by another, what does not fit, what is damaged. */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Blocked, type FuncInst, GuestExit, type HostResult, WasmError } from "../../engine/index.ts";
import type { CallName, InputStream, WasiOptions } from "../index.ts";
import { CREAT, DIRECTORY, Guest, makeTree, openDescriptors, READ, removeTrees, WRITE } from "./testing/guest.ts";

afterEach(removeTrees);

type State = Record<string, unknown> & { fds: Record<string, unknown>[] };
const parse = (bytes: Uint8Array): State => JSON.parse(new TextDecoder().decode(bytes)) as State;
const print = (state: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(state));

/** Calls as an engine that suspends makes them. */
function step(guest: Guest, name: CallName, ...args: (number | bigint)[]): HostResult {
  return (guest.wasi.hostImports().wasi_snapshot_preview1![name] as FuncInst).host!(...args);
}

const mounted = (root: string, more: Partial<WasiOptions> = {}): Partial<WasiOptions> => ({
  dirs: [{ host: root, guest: "/" }],
  ...more,
});

/** A new guest that has taken over the host of `from`, with its memory. */
function successor(from: Guest, options: Partial<WasiOptions>, bytes = from.wasi.state.save()): Guest {
  const to = new Guest(options);
  to.wasi.state.prepare(bytes).commit();
  to.bytes.set(from.bytes);
  return to;
}

/** The error of restoring `bytes`, after which nothing more is open than before. */
function refusal(bytes: Uint8Array, options: Partial<WasiOptions>): WasmError {
  const guest = new Guest(options);
  const before = openDescriptors();
  const listed = fds(guest);
  try {
    guest.wasi.state.prepare(bytes).cancel();
    throw new Error("it was accepted");
  } catch (error) {
    expect(error).toBeInstanceOf(WasmError);
    expect(openDescriptors()).toBe(before);
    expect(fds(guest)).toEqual(listed);
    return error as WasmError;
  } finally {
    guest.wasi.close();
  }
}

const fds = (guest: Guest): unknown[] => parse(guest.wasi.state.save()).fds.map((d) => d.fd);

const tell = (guest: Guest, fd: number): bigint | string => {
  const r = guest.call("fd_tell", fd, 16);
  return r === "SUCCESS" ? guest.u64() : r;
};

describe("a restored guest", () => {
  it("goes on in the middle of its files, under the same numbers", () => {
    const root = makeTree({ a: "0123456789", b: "abcdef", "sub/c": "xyz" });
    const first = new Guest(mounted(root));
    const [a, b, c] = [first.fd("a"), first.fd("b", { rights: READ }), first.fd("sub/../sub/c")];
    expect([first.read(a, 3), first.read(c, 1)]).toEqual(["012", "x"]);
    first.call("fd_close", b);
    const second = successor(first, mounted(root));
    expect([second.read(a, 3), second.read(c, 9), second.read(b)]).toEqual(["345", "yz", "!BADF"]);
    expect(second.fd("b")).toBe(b);
    expect(first.read(a, 3)).toBe("345");
  });

  it("keeps what a descriptor may do", () => {
    const root = makeTree({ r: "1", w: "2", d: null });
    const first = new Guest(mounted(root));
    const [r, w, d] = [
      first.fd("r", { rights: READ }),
      first.fd("w", { rights: WRITE, fdflags: 4 }),
      first.fd("d", { rights: 0n }),
    ];
    first.call("fd_fdstat_set_rights", w, BigInt(WRITE), 0n);
    first.call("fd_fdstat_set_rights", d, 1n << 13n, READ);
    const stat = (guest: Guest, fd: number): string => {
      guest.call("fd_fdstat_get", fd, 64);
      return Buffer.from(guest.bytes.slice(64, 88)).toString("hex");
    };
    const second = successor(first, mounted(root));
    for (const fd of [0, 1, 2, 3, r, w, d]) expect(stat(second, fd)).toBe(stat(first, fd));
    expect([second.write(r, "x"), second.read(w), second.call("fd_tell", w, 16)]).toEqual([
      "BADF",
      "!BADF",
      "NOTCAPABLE",
    ]);
    expect(second.open("x", { base: d, oflags: CREAT, rights: WRITE })).toBe("NOTCAPABLE");
  });

  it("appends where it appended", () => {
    const root = makeTree({ log: "1" });
    const first = new Guest(mounted(root));
    const log = first.fd("log", { fdflags: 1 });
    expect(first.write(log, "2")).toBe(1);
    const second = successor(first, mounted(root));
    fs.appendFileSync(path.join(root, "log"), "-");
    expect(second.write(log, "3")).toBe(1);
    expect([fs.readFileSync(path.join(root, "log"), "utf8"), tell(second, log)]).toEqual(["12-3", 4n]);
    second.call("fd_fdstat_set_flags", log, 0);
    second.call("fd_seek", log, 0n, 0, 16);
    second.write(log, "x");
    expect(fs.readFileSync(path.join(root, "log"), "utf8")).toBe("x2-3");
  });

  it("goes on in a listing, whatever has changed in the directory", () => {
    const names = Array.from({ length: 40 }, (_, i) => `file${String(i).padStart(2, "0")}`);
    const root = makeTree({ ...Object.fromEntries(names.map((n) => [`d/${n}`, n])), "d/sub": null });
    fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/d/`), Buffer.of(0xff, 0x41)]), "");
    const first = new Guest(mounted(root));
    const d = first.fd("d", { oflags: DIRECTORY, rights: 0n });
    const all = first.readdir(d, 0n, 8192) as { entries: { name: string; type: number; next: bigint }[] };
    const part = first.readdir(d, 0n, 400) as typeof all;
    const last = part.entries.at(-1)!;
    const second = successor(first, mounted(root));
    fs.rmSync(path.join(root, "d/file39"));
    fs.writeFileSync(path.join(root, "d/new"), "");
    const rest = second.readdir(d, last.next, 8192) as typeof all;
    const show = (list: typeof all): string[] => list.entries.map((e) => `${e.name} ${e.type}`);
    expect([...show(part), ...show(rest)]).toEqual(show(all));
    expect(second.stat("file00", false, d)).toMatchObject({ type: 4, size: 6n });
  });

  it("keeps numbers that were moved, and preopened directories that were closed", () => {
    const [x, y] = [makeTree({ f: "in x" }), makeTree({ f: "in y" })];
    const options = { dirs: [x, y].map((host, i) => ({ host, guest: `/${"xy"[i]}` })) };
    const first = new Guest(options);
    const f = first.fd("f", { base: 4 });
    first.call("fd_close", 4);
    const g = first.fd("f");
    expect(g).toBe(4);
    first.call("fd_renumber", 3, f);
    first.call("fd_renumber", g, 1);
    expect(fds(first)).toEqual([0, 1, 2, 5]);
    const second = successor(first, { dirs: [...options.dirs].reverse() });
    expect([second.read(1), second.call("fd_prestat_get", f, 16), second.u32(20)]).toEqual(["in x", "SUCCESS", 2]);
    expect([second.call("fd_prestat_get", 3, 16), second.write(1, "x"), second.fd("f", { base: f })]).toEqual([
      "BADF",
      1,
      3,
    ]);
  });

  it("finds what it renamed, and what is below it", () => {
    const root = makeTree({ "a/b/f": "0123", g: "4567", "a/ab": "no" });
    const first = new Guest(mounted(root));
    const [f, g, dir, ab] = [first.fd("a/b/f"), first.fd("g"), first.fd("a/b", { rights: 0n }), first.fd("a/ab")];
    for (const fd of [f, g]) first.read(fd, 2);
    expect([first.rename("a/b", "moved"), first.rename("f", "deep", dir), first.rename("g", "moved/g")]).toEqual(
      new Array(3).fill("SUCCESS"),
    );
    const second = successor(first, mounted(root));
    expect([second.read(f), second.read(g), second.read(ab)]).toEqual(["23", "67", "no"]);
    expect(second.fd("deep", { base: dir })).toBeTypeOf("number");
  });

  it("has its arguments, variables and what it may still write", () => {
    const first = new Guest({
      args: ["p", Uint8Array.of(0xff, 0x61)],
      env: { A: "ü" },
      stdout: () => {},
      maxOutputBytes: 5,
    });
    first.write(1, "123");
    const strings = (guest: Guest): string => {
      guest.call("args_get", 32, 64);
      guest.call("environ_get", 32, 80);
      return Buffer.from(guest.bytes.slice(64, 96)).toString("latin1");
    };
    const chunks: string[] = [];
    const stdout = (chunk: Uint8Array): void => void chunks.push(Buffer.from(chunk).toString());
    const second = successor(first, { args: ["other"], stdout, maxOutputBytes: 5 });
    expect(strings(second)).toBe(strings(first));
    expect([second.write(1, "456"), second.write(1, "7"), chunks]).toEqual([2, "FBIG", ["45"]]);
    const own = successor(first, { args: ["other"], state: { arguments: "host" } });
    own.call("args_get", 32, 64);
    expect(own.text(64, 6)).toBe("other\0");
  });

  it("that had exited has exited", () => {
    const first = new Guest();
    expect(() => first.call("proc_exit", 7)).toThrow(GuestExit);
    const second = successor(first, {});
    expect(second.wasi.exitCode).toBe(7);
    expect(() => second.call("sched_yield")).toThrow(GuestExit);
  });

  it("may be saved again at once, with the same bytes", () => {
    const root = makeTree({ f: "x", d: null });
    const first = new Guest(mounted(root));
    first.fd("f");
    first.readdir(first.fd("d", { rights: 0n }));
    const bytes = first.wasi.state.save();
    const again = parse(successor(first, mounted(root), bytes).wasi.state.save());
    expect({ ...again, clock: null }).toEqual({ ...parse(bytes), clock: null });
  });

  it("may be taken over by its own host, which goes back", () => {
    const root = makeTree({ f: "0123456789" });
    const before = openDescriptors();
    const guest = new Guest(mounted(root));
    const f = guest.fd("f");
    guest.read(f, 4);
    const bytes = guest.wasi.state.save();
    guest.read(f, 4);
    guest.call("fd_close", 3);
    guest.wasi.state.prepare(bytes).commit();
    expect([guest.read(f, 4), guest.fd("f")]).toEqual(["4567", 5]);
    guest.wasi.close();
    expect(openDescriptors()).toBe(before);
  });
});

describe("clocks", () => {
  const at = (now: bigint, cpu = now): WasiOptions["clock"] => ({
    now: (id) => ({ realtime: 10n ** 18n + now, monotonic: now, process: cpu, thread: undefined })[id],
    resolution: () => 1n,
    hostNow: () => now,
  });
  const read = (guest: Guest, id: number): bigint => {
    guest.call("clock_time_get", id, 0n, 16);
    return guest.u64();
  };

  it.each([5n, 5_000n])("go on where they stopped, in a host that shows %i ns", (later) => {
    const first = new Guest({ clock: at(1000n, 70n) });
    const second = successor(first, { clock: at(later, 1n) });
    expect([read(second, 0), read(second, 1), read(second, 2)]).toEqual([10n ** 18n + later, 1000n, 70n]);
    const third = successor(second, { clock: at(3n, 3n) });
    expect([read(third, 1), read(third, 2)]).toEqual([1000n, 70n]);
  });

  it("of the system never go back", () => {
    const first = new Guest();
    const before = read(first, 1);
    const second = successor(first, {});
    expect(read(second, 1)).toBeGreaterThanOrEqual(before);
    expect(read(second, 1) - before).toBeLessThan(5_000_000_000n);
  });
});

describe("a call that waited", () => {
  let now = 0n;
  const clock = { now: () => now, resolution: () => 1n, hostNow: () => now };

  /** Subscriptions to relative or absolute times, at 2048. */
  function subscribe(guest: Guest, times: readonly (readonly [ns: bigint, flags: number])[]): void {
    guest.bytes.fill(0, 2048, 2048 + times.length * 48);
    for (const [i, [ns, flags]] of times.entries()) {
      guest.view.setBigUint64(2048 + i * 48, BigInt(i), true);
      guest.view.setUint32(2048 + i * 48 + 16, 1, true);
      guest.view.setBigUint64(2048 + i * 48 + 24, ns, true);
      guest.view.setUint16(2048 + i * 48 + 40, flags, true);
    }
  }
  const poll = (guest: Guest, count = 1): HostResult => step(guest, "poll_oneoff", 2048, 4096, count, 16);
  const deadline = (result: HostResult): bigint | undefined => (result as Blocked).wait?.deadlineNs;

  it("sleeps only the rest", () => {
    now = 1000n;
    const first = new Guest({ clock });
    subscribe(first, [
      [500n, 0],
      [900n, 0],
    ]);
    expect(deadline(poll(first, 2))).toBe(1500n);
    now = 1400n;
    const bytes = first.wasi.state.save();
    now = 20n;
    const second = successor(first, { clock }, bytes);
    const blocked = poll(second, 2);
    expect(deadline(blocked)).toBe(120n);
    now = 120n;
    expect((blocked as Blocked).retry()).toBe(0);
    expect(second.u32()).toBe(1);
    expect(deadline(poll(second, 2)), "the next sleep is a whole one").toBe(620n);
  });

  it("sleeps until the same absolute time of its own clock", () => {
    now = 1000n;
    const first = new Guest({ clock });
    subscribe(first, [[1500n, 1]]);
    poll(first);
    now = 1100n;
    const bytes = first.wasi.state.save();
    now = 9_000_000n;
    expect(deadline(poll(successor(first, { clock }, bytes)))).toBe(9_000_400n);
  });

  it("keeps what was left over several restores, and forgets it for another call", () => {
    now = 0n;
    const first = new Guest({ clock });
    subscribe(first, [[500n, 0]]);
    poll(first);
    now = 200n;
    const second = successor(first, { clock });
    now = 5000n;
    const third = successor(second, { clock });
    expect(deadline(poll(third))).toBe(5300n);
    const fourth = successor(second, { clock });
    fourth.call("sched_yield");
    expect(deadline(poll(fourth))).toBe(5500n);
    expect(deadline(step(successor(second, { clock }), "poll_oneoff", 2048, 4097, 1, 16))).toBe(5500n);
  });

  it("may not wait longer than it asked for, whatever the state says", () => {
    now = 0n;
    const first = new Guest({ clock });
    subscribe(first, [[500n, 0]]);
    poll(first);
    const state = parse(first.wasi.state.save()) as State & { waiting: { progress: string[] } };
    state.waiting.progress = [String(2n ** 64n - 1n)];
    expect(deadline(poll(successor(first, { clock }, print(state))))).toBe(500n);
  });

  it("of a large random_get goes on where it was", () => {
    const first = new Guest({}, { buffer: new ArrayBuffer(4 << 20) });
    const blocked = step(first, "random_get", 4096, 3 << 20) as Blocked;
    expect(blocked).toBeInstanceOf(Blocked);
    const second = new Guest({}, { buffer: new ArrayBuffer(4 << 20) });
    second.wasi.state.prepare(first.wasi.state.save()).commit();
    second.bytes.set(first.bytes);
    const next = step(second, "random_get", 4096, 3 << 20) as Blocked;
    const done = 4096 + (1 << 20);
    expect(Buffer.compare(second.bytes.subarray(0, done), first.bytes.subarray(0, done))).toBe(0);
    const last = next.retry();
    expect(last, "two slices were left").toBe(0);
    expect(second.bytes.subarray(4096 + (2 << 20), 4096 + (3 << 20)).some((b) => b !== 0)).toBe(true);
  });
});

describe("standard streams", () => {
  it("are those of the new host, after what was read ahead of the guest", () => {
    const root = makeTree({});
    const fifo = path.join(root, "fifo");
    execFileSync("mkfifo", [fifo]);
    const fd = fs.openSync(fifo, fs.constants.O_RDWR | fs.constants.O_NONBLOCK);
    try {
      fs.writeSync(fd, "ahead");
      const first = new Guest({ stdin: fd });
      first.bytes.fill(0, 2048, 2096);
      first.view.setUint8(2048 + 8, 1);
      expect([first.call("poll_oneoff", 2048, 4096, 1, 16), first.view.getUint16(4096 + 8, true)]).toEqual([
        "SUCCESS",
        0,
      ]);
      const second = successor(first, { stdin: new TextEncoder().encode("|next") });
      expect([second.read(0, 1), second.read(0), second.read(0)]).toEqual(["a", "|next", ""]);
      const third = successor(first, { stdin: null });
      expect([third.read(0), third.read(0)]).toEqual(["a", ""]);
    } finally {
      fs.closeSync(fd);
    }
  });

  it("given as bytes are the guest's: what it has not read comes with it", () => {
    const first = new Guest({ stdin: new TextEncoder().encode("0123456789") });
    first.read(0, 4);
    const second = successor(first, { stdin: new TextEncoder().encode("0123456789") });
    expect(second.read(0, 3)).toBe("456");
    const third = successor(second, {});
    expect([third.read(0), third.read(0)]).toEqual(["789", ""]);
  });

  it("that were closed stay closed, and are closed", () => {
    let closed = 0;
    const stdin: InputStream = {
      filetype: 0,
      ready: { isReady: () => true },
      available: () => 0,
      read: () => 0,
      close: () => closed++,
    };
    const first = new Guest();
    first.call("fd_close", 0);
    const second = successor(first, { stdin });
    expect([second.read(0), closed]).toEqual(["!BADF", 1]);
  });
});

describe("what cannot be saved", () => {
  const opened: [what: string, open: (guest: Guest, root: string) => void, message: RegExp][] = [
    ["a file that was deleted", (guest) => guest.unlink("f"), /descriptor 4.*\/f, which is no longer there/],
    [
      "a file deleted and made anew",
      (guest) => [guest.unlink("f"), guest.fd("f", { oflags: CREAT })],
      /descriptor 4.*something else/,
    ],
    ["a file that others moved", (_, root) => fs.renameSync(`${root}/f`, `${root}/g`), /no longer there/],
    [
      "a file replaced by a link to itself",
      (_, root) => {
        fs.renameSync(`${root}/f`, `${root}/g`);
        fs.symlinkSync("g", `${root}/f`);
      },
      /something else/,
    ],
  ];
  it.each(opened)("%s", (_, open, message) => {
    const root = makeTree({ f: "x" });
    const guest = new Guest(mounted(root));
    const f = guest.fd("f");
    open(guest, root);
    expect(() => guest.wasi.state.save()).toThrow(
      expect.objectContaining({ kind: "unsupported", code: "WT6011", message: expect.stringMatching(message) }),
    );
    const other = makeTree({});
    const lenient = new Guest(mounted(other, { state: { onUnsaved: "close" } }));
    lenient.fd("f", { oflags: CREAT });
    lenient.unlink("f");
    const second = successor(lenient, mounted(other));
    expect([second.read(f), second.call("fd_prestat_get", 3, 16)]).toEqual(["!BADF", "SUCCESS"]);
  });

  it("a pipe", () => {
    const root = makeTree({});
    execFileSync("mkfifo", [path.join(root, "p")]);
    const guest = new Guest(mounted(root));
    guest.fd("p", { rights: READ, fdflags: 4 });
    expect(() => guest.wasi.state.save()).toThrow(/descriptor 4 cannot be saved: it is a pipe/);
  });
});

describe("a state that does not fit", () => {
  const saved = (root: string, more: Partial<WasiOptions> = {}): Uint8Array => {
    const guest = new Guest(mounted(root, more));
    guest.fd("f");
    guest.fd("d", { rights: 0n });
    const bytes = guest.wasi.state.save();
    guest.wasi.close();
    return bytes;
  };

  const changes: [code: string, what: string, change: (root: string) => void, options?: Partial<WasiOptions>][] = [
    ["WT6012", "a mount that is missing", () => {}, { dirs: [] }],
    ["WT6012", "a mount with another name", () => {}, { dirs: [{ host: "/tmp", guest: "/tmp" }] }],
    ["WT6013", "a file that vanished", (root) => fs.rmSync(`${root}/f`)],
    ["WT6013", "a directory that vanished", (root) => fs.rmdirSync(`${root}/d`)],
    [
      "WT6013",
      "a file that is a directory",
      (root) => {
        fs.rmSync(`${root}/f`);
        fs.mkdirSync(`${root}/f`);
      },
    ],
    [
      "WT6013",
      "a directory that is a file",
      (root) => {
        fs.rmdirSync(`${root}/d`);
        fs.writeFileSync(`${root}/d`, "");
      },
    ],
    [
      "WT6013",
      "a file that is a pipe",
      (root) => {
        fs.rmSync(`${root}/f`);
        execFileSync("mkfifo", [`${root}/f`]);
      },
    ],
    [
      "WT6013",
      "a file that is a link outside",
      (root) => {
        fs.rmSync(`${root}/f`);
        fs.symlinkSync("/etc/passwd", `${root}/f`);
      },
    ],
    ["WT6014", "a file that has grown", (root) => fs.appendFileSync(`${root}/f`, "y")],
    ["WT6014", "a file that was written to", (root) => fs.utimesSync(`${root}/f`, 1, 1)],
    ["WT6015", "another version of WASI", () => {}, { version: "unstable" }],
    ["WT6015", "fewer descriptors", () => {}, { maxFds: 5 }],
  ];
  it.each(changes)("%s: %s", (code, _, change, options = {}) => {
    const root = makeTree({ f: "x", d: null });
    const bytes = saved(root);
    change(root);
    const error = refusal(bytes, mounted(root, options));
    expect(error).toMatchObject({ code, kind: "unlinkable", hint: expect.stringMatching(/./) });
  });

  it("in a mount that is read-only now", () => {
    const root = makeTree({ f: "x", d: null });
    const bytes = saved(root);
    expect(refusal(bytes, { dirs: [{ host: root, guest: "/", readOnly: true }] })).toMatchObject({
      code: "WT6013",
      message: expect.stringMatching(/ROFS/),
    });
  });

  it("but for changed files, which may be allowed", () => {
    const root = makeTree({ f: "x", d: null });
    const bytes = saved(root);
    fs.writeFileSync(`${root}/f`, "longer");
    const guest = new Guest(mounted(root, { state: { allowChangedFiles: true } }));
    guest.wasi.state.prepare(bytes).commit();
    expect(guest.read(4)).toBe("longer");
  });

  it("is compared to the microsecond, which is all that other processes see of times a guest set", () => {
    const root = makeTree({ f: "x", d: null });
    const guest = new Guest(mounted(root));
    expect([guest.setTimes("f", 0n, 1_700_000_000_123_456_789n, 4), guest.fd("f")]).toEqual(["SUCCESS", 4]);
    const state = parse(guest.wasi.state.save());
    expect(state.fds.at(-1)).toMatchObject({ mtimeUs: "1700000000123456" });
  });
});

describe("a hostile state", () => {
  let root: string;
  beforeEach(() => {
    root = path.join(
      makeTree({ secret: "top", "in/f": "x", "in/d": null, "in/link": ">../secret", "in/up": ">.." }),
      "in",
    );
  });

  const setup = (): State => {
    const guest = new Guest(mounted(root, { args: ["p"], env: { A: "1" } }));
    guest.fd("f");
    guest.readdir(guest.fd("d", { rights: 0n }));
    guest.bytes.fill(0, 2048, 2096);
    guest.view.setBigUint64(2048 + 24, 10n ** 12n, true);
    step(guest, "poll_oneoff", 2048, 4096, 1, 16);
    const state = parse(guest.wasi.state.save());
    guest.wasi.close();
    expect(state.waiting).not.toBeNull();
    return state;
  };

  it.each([
    ["link"],
    ["up", "secret"],
    ["d", "..", "..", "secret"],
    ["../secret"],
    ["/etc/passwd"],
    [""],
    ["."],
    ["f\0"],
    [{ hex: "2e2e" }],
  ])("cannot lead out of the mount: %j", (...hostile) => {
    const state = setup();
    Object.assign(state.fds[4]!, { path: hostile });
    expect(["WT6010", "WT6013"]).toContain(refusal(print(state), mounted(root)).code);
  });

  it.each([
    ["deep", new Array(5000).fill("d")],
    ["long", ["x".repeat(256)]],
  ])("cannot have a path that is too %s", (_, hostile) => {
    const state = setup();
    Object.assign(state.fds[4]!, { path: hostile });
    expect(["WT6010", "WT6013"]).toContain(refusal(print(state), mounted(root)).code);
  });

  it("cannot name one handle twice, or a preopened directory that is none", () => {
    const state = setup();
    const twice = (i: number, more: object): State => ({
      ...state,
      fds: [...state.fds, { ...state.fds[i]!, ...more }],
    });
    for (const bad of [twice(0, { fd: 9 }), twice(4, {}), twice(3, { fd: 9 }), twice(5, { fd: 9, isPreopen: true })]) {
      expect(refusal(print(bad), mounted(root)).code).toBe("WT6010");
    }
  });

  it("is refused with any field of another type or out of range", () => {
    const state = setup();
    const values = [
      null,
      true,
      -2,
      1.5,
      2 ** 60,
      "",
      "x",
      [],
      {},
      [[]],
      "99999999999999999999",
      { hex: "0" },
      "18446744073709551616",
    ];
    let refused = 0;
    const options = mounted(root);
    const guest = new Guest(options);
    const before = openDescriptors();
    const visit = (node: Record<string, unknown> | unknown[]): void => {
      for (const [key, old] of Object.entries(node)) {
        const at = node as Record<string, unknown>;
        for (const value of values) {
          at[key] = value;
          refused += attempt(guest, print(state)) ? 0 : 1;
        }
        delete at[key];
        attempt(guest, print(state));
        at[key] = old;
        if (typeof old === "object" && old !== null) visit(old as unknown[]);
      }
    };
    visit(state);
    expect(refused).toBeGreaterThan(300);
    expect(openDescriptors()).toBe(before);
    expect(attempt(guest, print(state))).toBe(true);
  });

  it("is refused, or harmless, with any bit flipped and cut anywhere", () => {
    const bytes = print(setup());
    const guest = new Guest(mounted(root));
    const before = openDescriptors();
    for (let at = 0; at < bytes.length; at++) {
      expect(attempt(guest, bytes.subarray(0, at))).toBe(false);
      for (const bit of [0, 1, 3, 5, 7]) {
        const flipped = Uint8Array.from(bytes);
        flipped[at]! ^= 1 << bit;
        attempt(guest, flipped);
      }
    }
    expect(openDescriptors()).toBe(before);
  });

  it("is no state at all", () => {
    for (const text of ["", "null", "[]", "{}", '{"version":2}', "[".repeat(1e6), '{"__proto__":{}}']) {
      expect(refusal(new TextEncoder().encode(text), mounted(root)).code).toBe("WT6010");
    }
    expect(refusal(Uint8Array.of(0xff, 0xfe), mounted(root)).code).toBe("WT6010");
  });

  /** True when it was accepted; anything thrown is a WasmError of the state. */
  function attempt(guest: Guest, bytes: Uint8Array): boolean {
    try {
      guest.wasi.state.prepare(bytes).cancel();
      return true;
    } catch (error) {
      if (!(error instanceof WasmError && /^WT601[0-5]$/.test(error.code))) throw error;
      return false;
    }
  }
});
