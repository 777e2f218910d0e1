/** poll_oneoff, clocks, yielding; and the runner that waits for them. */
import { afterEach, describe, expect, it } from "vitest";
import { Blocked, type FuncInst, type Wait } from "../../engine/index.ts";
import type { CallName } from "../calls.ts";
import { alwaysReady, type Clock, type InputStream, type WasiOptions } from "../index.ts";
import { Guest, makeTree, type Raw, READ, removeTrees, WRITE } from "./testing/guest.ts";

afterEach(removeTrees);

const REALTIME = 0;
const MONOTONIC = 1;
const ABSTIME = 1;

type Sub =
  | { clock: number; ns: bigint; flags?: number; userdata?: bigint }
  | { read: number; userdata?: bigint }
  | { write: number; userdata?: bigint };

interface Event {
  userdata: bigint;
  error: number;
  type: number;
  nbytes: bigint;
  flags: number;
}

/** A guest whose calls may return `Blocked`. */
class Poller extends Guest {
  constructor(options: Partial<WasiOptions> = {}) {
    super(options);
  }

  subs(list: readonly Sub[], size = 48): number {
    const at = this.alloc(list.length * size);
    this.bytes.fill(0, at, at + list.length * size);
    for (const [i, sub] of list.entries()) {
      const p = at + i * size;
      this.view.setBigUint64(p, sub.userdata ?? BigInt(i + 1), true);
      if ("clock" in sub) {
        const id = p + (size === 48 ? 16 : 24);
        this.view.setUint32(id, sub.clock, true);
        this.view.setBigUint64(id + 8, sub.ns, true);
        this.view.setUint16(id + 24, sub.flags ?? 0, true);
      } else {
        this.view.setUint8(p + 8, "read" in sub ? 1 : 2);
        this.view.setUint32(p + 16, "read" in sub ? sub.read : sub.write, true);
      }
    }
    return at;
  }

  events_(at: number): Event[] {
    return Array.from({ length: this.u32(16) }, (_, i) => {
      const p = at + i * 32;
      const { view } = this;
      const [error, type, flags] = [view.getUint16(p + 8, true), view.getUint8(p + 10), view.getUint16(p + 24, true)];
      return { userdata: this.u64(p), error, type, nbytes: this.u64(p + 16), flags };
    });
  }

  poll(list: readonly Sub[]): Event[] {
    const out = this.alloc(list.length * 32);
    this.bytes.fill(0xaa, out, out + list.length * 32);
    const r = this.call("poll_oneoff", this.subs(list), out, list.length, 16);
    if (r !== "SUCCESS") throw new Error(r);
    return this.events_(out);
  }
}

const event = (userdata: number, type: number, more: Partial<Event> = {}): Event => ({
  userdata: BigInt(userdata),
  error: 0,
  type,
  nbytes: 0n,
  flags: 0,
  ...more,
});

const elapsed = (run: () => void): number => {
  const start = performance.now();
  run();
  return performance.now() - start;
};

describe("clock subscriptions", () => {
  it.each([REALTIME, MONOTONIC])("relative, clock %i: sleep at least that long", (clock) => {
    const guest = new Poller();
    let events: Event[] = [];
    expect(elapsed(() => (events = guest.poll([{ clock, ns: 20_000_000n }])))).toBeGreaterThanOrEqual(19.99);
    expect(events).toEqual([event(1, 0)]);
  });

  it("absolute: sleep until then", () => {
    const guest = new Poller();
    const at = BigInt(Date.now() + 30) * 1_000_000n;
    guest.poll([{ clock: REALTIME, ns: at, flags: ABSTIME }]);
    expect(Date.now() + 5).toBeGreaterThanOrEqual(Number(at / 1_000_000n));
    const now = process.hrtime.bigint();
    guest.poll([{ clock: MONOTONIC, ns: now + 20_000_000n, flags: ABSTIME }]);
    expect(process.hrtime.bigint() - now).toBeGreaterThanOrEqual(20_000_000n);
  });

  it.each([
    [{ clock: MONOTONIC, ns: 0n }],
    [{ clock: MONOTONIC, ns: 0n, flags: ABSTIME }],
    [{ clock: REALTIME, ns: 1n, flags: ABSTIME }],
  ])("already over: %o", (sub) => {
    const guest = new Poller();
    expect(elapsed(() => expect(guest.poll([sub])).toEqual([event(1, 0)]))).toBeLessThan(50);
  });

  it("several: the earliest ends the wait, and only what is over is reported", () => {
    const guest = new Poller();
    const subs = [60_000_000_000n, 10_000_000n, 2n ** 64n - 1n].map((ns) => ({ clock: MONOTONIC, ns }));
    expect(guest.poll(subs)).toEqual([event(2, 0)]);
    expect(guest.poll([0n, 0n, 60_000_000_000n].map((ns) => ({ clock: MONOTONIC, ns })))).toEqual([
      event(1, 0),
      event(2, 0),
    ]);
  });

  it.each([
    [2, 28],
    [3, 28],
    [4, 28],
    [0xffff_ffff, 28],
  ])("clock %i is an event with errno %i", (clock, error) => {
    expect(new Poller().poll([{ clock, ns: 1n }])).toEqual([event(1, 0, { error })]);
  });

  it("without a clock are events with NOTCAPABLE", () => {
    expect(new Poller({ clock: null }).poll([{ clock: MONOTONIC, ns: 1n }])).toEqual([event(1, 0, { error: 76 })]);
  });

  it("have the old layout in the old version", () => {
    const guest = new Poller({ version: "unstable" });
    const out = guest.alloc(32);
    expect(guest.call("poll_oneoff", guest.subs([{ clock: MONOTONIC, ns: 1n }], 56), out, 1, 16)).toBe("SUCCESS");
    expect(guest.events_(out)).toEqual([event(1, 0)]);
  });

  it("do not end on a clock that stands still", () => {
    const still: Clock = { now: () => 5n, resolution: () => 1n, hostNow: () => process.hrtime.bigint() };
    const guest = new Poller({ clock: still });
    expect(guest.poll([{ clock: REALTIME, ns: 1_000_005n, flags: ABSTIME }])).toEqual([event(1, 0)]);
  });
});

describe("descriptor subscriptions", () => {
  it("files are ready, with what is left", () => {
    const guest = new Poller({ dirs: [{ host: makeTree({ f: "12345", empty: "" }), guest: "/" }] });
    const [f, empty] = [guest.fd("f"), guest.fd("empty")];
    guest.read(f, 2);
    expect(guest.poll([{ read: f }, { write: f }, { read: empty }])).toEqual([
      event(1, 1, { nbytes: 3n }),
      event(2, 2),
      event(3, 1, { flags: 1 }),
    ]);
  });

  it("what cannot be polled is an event with BADF", () => {
    const guest = new Poller({ dirs: [{ host: makeTree({ f: "" }), guest: "/" }], stdout: () => {} });
    const [reader, writer] = [guest.fd("f", { rights: READ }), guest.fd("f", { rights: WRITE })];
    const subs = [
      { read: 99 },
      { write: 99 },
      { read: 3 },
      { write: 3 },
      { write: reader },
      { read: writer },
      { read: 1 },
      { write: 0 },
    ];
    expect(guest.poll(subs).map((e) => e.error)).toEqual(new Array(8).fill(8));
  });

  it("what the guest has given up the right to is an event with NOTCAPABLE", () => {
    const dirs = [{ host: makeTree({ f: "12345" }), guest: "/" }];
    for (const [right, errors] of [
      [1n, [76, 0]],
      [6n, [0, 76]],
      [27n, [76, 76]],
    ] as const) {
      const guest = new Poller({ dirs });
      const [f, stat] = [guest.fd("f"), guest.alloc(24)];
      guest.call("fd_fdstat_get", f, stat);
      guest.call("fd_fdstat_set_rights", f, guest.u64(stat + 8) & ~(1n << right), 0n);
      expect(guest.poll([{ read: f }, { write: f }]).map((e) => e.error)).toEqual(errors);
    }
  });

  it("bytes and the end of bytes are ready, output always", () => {
    const guest = new Poller({ stdin: new TextEncoder().encode("abc"), stdout: () => {} });
    expect(guest.poll([{ read: 0 }, { write: 1 }])).toEqual([event(1, 1, { nbytes: 3n }), event(2, 2)]);
    guest.read(0);
    expect(guest.poll([{ read: 0 }])).toEqual([event(1, 1, { flags: 1 })]);
  });

  it("with a clock of zero are looked at, too (FIONREAD)", () => {
    const guest = new Poller({ stdin: new TextEncoder().encode("abc") });
    expect(guest.poll([{ read: 0 }, { clock: REALTIME, ns: 0n }])).toEqual([event(1, 1, { nbytes: 3n }), event(2, 0)]);
  });
});

describe("waiting", () => {
  /** Input that comes when the test says so. */
  function laterInput(): InputStream & { arrive(): void } {
    let isThere = false;
    return {
      filetype: 0,
      ready: { isReady: () => isThere },
      available: () => (isThere ? 2 : 0),
      read(into) {
        if (!isThere) return undefined;
        into.set([0x68, 0x69]);
        return 2;
      },
      arrive: () => (isThere = true),
    };
  }

  /** Takes the place of an engine that suspends: keeps the `Blocked`. */
  class Suspending extends Poller {
    readonly blocked: Blocked[] = [];
    override result(name: CallName, args: readonly Raw[]): number {
      const imports = this.wasi.hostImports().wasi_snapshot_preview1 as Record<CallName, FuncInst>;
      const result = imports[name].host?.(...args);
      if (!(result instanceof Blocked)) return result as number;
      this.blocked.push(result);
      return -1;
    }
  }

  function suspending(options: Partial<WasiOptions>): { guest: Poller; blocked: Blocked[] } {
    const guest = new Suspending(options);
    return { guest, blocked: guest.blocked };
  }

  it("is told to the runner, and goes on from there", () => {
    const stdin = laterInput();
    const { guest, blocked } = suspending({ stdin });
    const out = guest.alloc(64);
    guest.call("poll_oneoff", guest.subs([{ read: 0 }, { clock: MONOTONIC, ns: 10n ** 12n }]), out, 2, 16);
    const [first] = blocked;
    expect(first?.wait.sources).toEqual([stdin.ready]);
    expect(Number((first?.wait.deadlineNs ?? 0n) - process.hrtime.bigint()) / 1e12).toBeCloseTo(1, 1);
    const second = first?.retry() as Blocked;
    expect(second).toBeInstanceOf(Blocked);
    expect(second.wait.deadlineNs).toBe(first?.wait.deadlineNs);
    stdin.arrive();
    expect(second.retry()).toBe(0);
    expect(guest.events_(out)).toEqual([event(1, 1, { nbytes: 2n })]);
  });

  it("of fd_read uses the memory as it is when it goes on", () => {
    const stdin = laterInput();
    const { guest, blocked } = suspending({ stdin });
    const { at, count, buffers } = guest.iovs(8);
    guest.call("fd_read", 0, at, count, 16);
    const old = guest.bytes;
    guest.memory.buffer = new ArrayBuffer(1 << 21);
    guest.bytes.set(old);
    stdin.arrive();
    expect(blocked[0]?.retry()).toBe(0);
    expect([guest.u32(), guest.text(buffers[0]![0], 2)]).toEqual([2, "hi"]);
  });

  it("of poll_oneoff writes to the memory as it is when it goes on", () => {
    const stdin = laterInput();
    const { guest, blocked } = suspending({ stdin });
    const out = guest.alloc(32);
    guest.call("poll_oneoff", guest.subs([{ read: 0 }]), out, 1, 16);
    guest.memory.buffer = new ArrayBuffer(1 << 21);
    stdin.arrive();
    expect(blocked[0]?.retry()).toBe(0);
    expect(guest.events_(out)).toEqual([event(1, 1, { nbytes: 2n })]);
  });

  it("is not for descriptors that must not wait", () => {
    const guest = new Poller({ stdin: laterInput() });
    guest.call("fd_fdstat_set_flags", 0, 4);
    expect(guest.read(0)).toBe("!AGAIN");
  });

  it("ends when the descriptor is closed meanwhile", () => {
    const { guest, blocked } = suspending({ stdin: laterInput() });
    guest.read(0);
    guest.call("fd_close", 0);
    expect(blocked[0]?.retry()).toBe(8);
  });

  it("of output is repeated until it is taken", () => {
    let refusals = 3;
    const taken: string[] = [];
    const stdout = {
      filetype: 0 as const,
      ready: alwaysReady,
      write(buffers: readonly Uint8Array[]): number | undefined {
        if (refusals-- > 0) return undefined;
        taken.push(new TextDecoder().decode(buffers[0]));
        return buffers[0]!.length;
      },
    };
    expect(new Poller({ stdout }).write(1, "out")).toBe(3);
    expect(taken).toEqual(["out"]);
  });

  it("is not needed: the count lands in the memory as it is after a function of the embedder has grown it", () => {
    const grow = (): void => {
      const old = guest.bytes;
      guest.memory.buffer = new ArrayBuffer(old.length + 65_536);
      guest.bytes.set(old);
      structuredClone(old.buffer, { transfer: [old.buffer as ArrayBuffer] });
    };
    const said: string[] = [];
    const read = (): number => {
      grow();
      return 0;
    };
    const stdin: InputStream = { filetype: 0, ready: alwaysReady, available: () => 0, read };
    const guest = new Poller({
      stdin,
      stdout: (chunk) => {
        said.push(Buffer.from(chunk).toString());
        grow();
      },
    });
    const { at } = guest.iovs("one", "two");
    guest.view.setUint32(16, 99, true);
    expect([guest.call("fd_write", 1, at, 2, 16), guest.u32(), said]).toEqual(["SUCCESS", 6, ["onetwo"]]);
    guest.view.setUint32(16, 99, true);
    expect([guest.call("fd_read", 0, at, 2, 16), guest.u32()]).toEqual(["SUCCESS", 0]);
  });

  it("of a spinning guest gives up the processor", () => {
    const { guest, blocked } = suspending({});
    for (let i = 0; i < 100; i++) expect(guest.call("sched_yield")).toBe("SUCCESS");
    expect(blocked).toHaveLength(0);
    guest.call("sched_yield");
    expect(blocked.map((b) => b.wait)).toEqual([{}]);
    expect(blocked[0]?.retry()).toBe(0);
    guest.call("fd_close", 99);
    expect(guest.call("sched_yield")).toBe("SUCCESS");
  });

  it("of a huge random_get lets the runner in between, and fills all of it", () => {
    const waits: Wait[] = [];
    const memory = { buffer: new ArrayBuffer(4 << 20) };
    const runner = (wait: Wait): void => void waits.push(wait);
    const guest = new Guest({ runner }, memory);
    expect(guest.call("random_get", 100, (4 << 20) - 200)).toBe("SUCCESS");
    expect(waits.length).toBeGreaterThan(1);
    for (let at = 100; at < (4 << 20) - 200; at += 4096) {
      expect(guest.bytes.subarray(at, at + 64).some((b) => b !== 0)).toBe(true);
    }
    expect(guest.bytes.subarray(0, 100).every((b) => b === 0)).toBe(true);
    expect(guest.bytes.subarray((4 << 20) - 100).every((b) => b === 0)).toBe(true);
  });
});

describe("arguments", () => {
  const guest = new Poller();
  it.each([
    [0, "INVAL"],
    [4097, "INVAL"],
    [0xffff_ffff, "INVAL"],
  ])("%i subscriptions are %s", (count, errno) => {
    expect(guest.call("poll_oneoff", 1024, 1024, count, 16)).toBe(errno);
  });

  it.each([
    [0x0010_0000 - 47, 1024, 16],
    [1024, 0x0010_0000 - 31, 16],
    [1024, 1024, 0x0010_0000 - 3],
    [0xffff_ffff, 1024, 16],
    [1024, 0xffff_fff0, 16],
  ])("in %i, out %i, count %i out of bounds are FAULT", (input, out, nevents) => {
    expect(guest.call("poll_oneoff", input, out, 1, nevents)).toBe("FAULT");
  });

  it("with an unknown tag or clock flag are INVAL", () => {
    const at = guest.subs([{ clock: 0, ns: 0n }]);
    guest.view.setUint8(at + 8, 3);
    expect(guest.call("poll_oneoff", at, 1024, 1, 16)).toBe("INVAL");
    expect(guest.call("poll_oneoff", guest.subs([{ clock: 0, ns: 0n, flags: 2 }]), 1024, 1, 16)).toBe("INVAL");
  });

  it("may overlap", () => {
    const at = guest.subs([{ clock: 1, ns: 0n }, { clock: 1, ns: 0n }, { read: 77 }]);
    expect(guest.call("poll_oneoff", at, at, 3, 16)).toBe("SUCCESS");
    expect(guest.events_(at)).toEqual([event(1, 0), event(2, 0), event(3, 1, { error: 8 })]);
  });
});

describe("clocks", () => {
  const guest = new Guest();
  const time = (id: number): bigint | string => {
    const r = guest.call("clock_time_get", id, 0n, 16);
    return r === "SUCCESS" ? guest.u64() : r;
  };

  it("tell the time", () => {
    expect(Math.abs(Number((time(0) as bigint) / 1_000_000n) - Date.now())).toBeLessThan(50);
    const a = time(1) as bigint;
    expect(time(1)).toBeGreaterThan(a);
    expect(time(2)).toBeGreaterThan(0n);
    expect([time(3), time(4), time(-1)]).toEqual(["INVAL", "INVAL", "INVAL"]);
  });

  it("have a resolution", () => {
    for (const id of [0, 1, 2]) {
      expect(guest.call("clock_res_get", id, 16)).toBe("SUCCESS");
      expect(guest.u64()).toBeGreaterThan(0n);
    }
    expect([guest.call("clock_res_get", 3, 16), guest.call("clock_res_get", 4, 16)]).toEqual(["INVAL", "INVAL"]);
  });

  it("and randomness are not there unless given", () => {
    const poor = new Guest({ clock: null, random: null });
    expect(poor.call("clock_time_get", 0, 0n, 16)).toBe("NOTCAPABLE");
    expect(poor.call("clock_res_get", 1, 16)).toBe("NOTCAPABLE");
    expect(poor.call("random_get", 1024, 8)).toBe("NOTCAPABLE");
  });

  it("can be the embedder's", () => {
    const clock: Clock = { now: () => 42n, resolution: () => 7n, hostNow: () => 0n };
    const custom = new Guest({ clock, random: { fill: (bytes) => bytes.fill(9) } });
    custom.call("clock_time_get", 0, 0n, 16);
    expect(custom.u64()).toBe(42n);
    custom.call("random_get", 1024, 3);
    expect([...custom.bytes.subarray(1023, 1028)]).toEqual([0, 9, 9, 9, 0]);
  });
});
