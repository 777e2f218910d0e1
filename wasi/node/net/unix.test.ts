/** Sockets of AF_UNIX: only what a rule has, by the guest's name for it. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AuditEvent, BlockingNetwork, Learner, type Network, NodeNetwork, type UnixRule } from "../../index.ts";
import { parsePolicy } from "../../policy.ts";
import { NetworkGuest, rule } from "../testing/network.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmts-unix-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const UNIX = 3;
let network: () => Network = () => new NodeNetwork();
let count = 0;
const freshPath = (): string => join(folder, `${++count}.sock`);

function guest(unix: readonly UnixRule[], options: ConstructorParameters<typeof NetworkGuest>[1] = {}): NetworkGuest {
  const rules = { listen: [rule("*:*")], connect: [rule("*:*")], resolve: [], unix };
  const g = new NetworkGuest({ network: network(), rules }, options);
  closers.push(() => g.wasi.close());
  return g;
}

/** An address buffer with a family in front. */
const named = (g: NetworkGuest, name: string | readonly number[], family = UNIX): number =>
  g.address([family, 0, ...(typeof name === "string" ? new TextEncoder().encode(name) : name)], 128);

function nameAt(g: NetworkGuest, at: number): string {
  const bytes = g.addressBytes(at, 128);
  expect([bytes[0], bytes[1]]).toEqual([UNIX, 0]);
  return String.fromCharCode(...bytes.slice(2, bytes.indexOf(0, 2)));
}

async function hostServer(path: string): Promise<{ first: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, "listening");
  closers.push(() => server.close());
  const first = once(server, "connection").then(([s]) => {
    closers.push(() => (s as Socket).destroy());
    return s as Socket;
  });
  return { first };
}

describe.each<[string, () => Network]>([
  ["the event loop", () => new NodeNetwork()],
  ["an I/O thread", () => new BlockingNetwork()],
])("a socket of AF_UNIX on %s", (_, make) => {
  beforeEach(() => void (network = make));
  it("is not there without a rule about one", async () => {
    const g = guest([]);
    expect(await g.wait("sock_open", UNIX, 2, g.alloc(4))).toBe("NOSYS");
    const without = new NetworkGuest({}, { network: undefined });
    expect(await without.wait("sock_open", UNIX, 2, without.alloc(4))).toBe("ACCES");
    without.wasi.close();
  });

  it("listens where a rule says, and is gone when it is closed", async () => {
    const host = freshPath();
    const g = guest([{ guest: "/app.sock", host, op: "listen" }]);
    const fd = await g.socket("stream", UNIX);
    const at = named(g, "/app.sock");
    expect(await g.wait("sock_bind", fd, at, 0)).toBe("SUCCESS");
    expect(await g.wait("sock_bind", fd, at, 0)).toBe("INVAL");
    expect(await g.wait("sock_listen", fd, 16)).toBe("SUCCESS");
    const peer = connect({ path: host, allowHalfOpen: true });
    closers.push(() => peer.destroy());
    const connection = await g.accept(fd);
    peer.write("ping");
    expect(await g.receive(connection)).toBe("ping");
    expect(await g.send(connection, "pong")).toBe(4);
    expect(String((await once(peer, "data"))[0])).toBe("pong");
    const [out, port] = [named(g, ""), g.alloc(4)];
    expect(await g.wait("sock_getlocaladdr", fd, out, port)).toBe("SUCCESS");
    expect([nameAt(g, out), g.u32(port)]).toEqual(["/app.sock", 0]);
    expect(await g.wait("sock_getpeeraddr", connection, out, port)).toBe("SUCCESS");
    expect(nameAt(g, out)).toBe("");
    expect(g.wasi.usage().network).toMatchObject({ listeners: [{ address: "unix:/app.sock", accepted: 1 }] });
    expect(g.call("fd_close", fd)).toBe("SUCCESS");
    await expect.poll(() => existsSync(host)).toBe(false);
  });

  it("connects where a rule says, and tells the guest's name for it", async () => {
    const host = freshPath();
    const { first } = await hostServer(host);
    const g = guest([{ guest: "db", host, op: "connect" }]);
    const fd = await g.socket("stream", UNIX);
    expect(await g.wait("sock_connect", fd, named(g, "db"), 0)).toBe("SUCCESS");
    const [out, port] = [named(g, "x".repeat(100)), g.alloc(4)];
    expect(await g.wait("sock_getpeeraddr", fd, out, port)).toBe("SUCCESS");
    expect(nameAt(g, out)).toBe("db");
    expect(await g.send(fd, "query")).toBe(5);
    const peer = await first;
    expect(String((await once(peer, "data"))[0])).toBe("query");
    peer.end("result");
    expect(await g.receive(fd)).toBe("result");
    expect(await g.receive(fd)).toBe("");
    // Off and on: to reset it there is no way.
    const linger = g.alloc(8);
    g.view.setUint32(linger, 1, true);
    g.view.setUint32(linger + 4, 0, true);
    expect(await g.wait("sock_setsockopt", fd, 0, 9, linger, 8)).toBe("SUCCESS");
    expect(g.call("fd_close", fd)).toBe("SUCCESS");
  });

  it("is nowhere else", async () => {
    const host = freshPath();
    const events: AuditEvent[] = [];
    const audit = (event: AuditEvent): void => void (event.kind === "network" && events.push(event));
    const g = guest([{ guest: "/run/app.sock", host, op: "listen" }], { audit });
    const fd = await g.socket("stream", UNIX);
    for (const name of [
      host,
      "/run/../run/app.sock",
      "/run//app.sock",
      "/run/app.sock/",
      "run/app.sock",
      "/run/app.soc",
    ])
      expect(await g.wait("sock_bind", fd, named(g, name), 0), name).toBe("ACCES");
    expect(await g.wait("sock_connect", fd, named(g, "/run/app.sock"), 0)).toBe("ACCES");
    expect(events.at(-1)).toMatchObject({
      op: "connect",
      address: "unix:/run/app.sock",
      protocol: "unix",
      granted: false,
    });
    // Without a name nobody is asked to choose one.
    expect(await g.wait("sock_listen", fd, 1)).toBe("ACCES");
    expect(existsSync(host)).toBe(false);
  });

  it("is INVAL, or AFNOSUPPORT, with what is no name", async () => {
    const g = guest([{ guest: "x", host: freshPath(), op: "listen" }]);
    const fd = await g.socket("stream", UNIX);
    expect(await g.wait("sock_bind", fd, named(g, ""), 0)).toBe("INVAL");
    expect(await g.wait("sock_bind", fd, named(g, [0, 120]), 0)).toBe("INVAL"); // the abstract namespace of Linux
    expect(await g.wait("sock_bind", fd, named(g, [0xff, 0xfe]), 0)).toBe("INVAL");
    expect(await g.wait("sock_bind", fd, named(g, "y".repeat(126)), 0)).toBe("ACCES");
    expect(await g.wait("sock_bind", fd, g.address([127, 0, 0, 1]), 80)).toBe("AFNOSUPPORT");
    expect(await g.wait("sock_bind", fd, named(g, [127, 0, 0, 1], 1), 80)).toBe("AFNOSUPPORT");
    expect(await g.wait("sock_bind", fd, g.address([3, 0, 120], 64), 0)).toBe("INVAL");
    const tcp = await g.socket();
    expect(await g.wait("sock_bind", tcp, named(g, "x"), 0)).toBe("AFNOSUPPORT");
    expect(await g.wait("sock_connect", tcp, named(g, "x"), 0)).toBe("AFNOSUPPORT");
    const udp = await g.socket("datagram");
    const { at, count } = g.iovs("hi");
    expect(await g.wait("sock_send_to", udp, at, count, named(g, "x"), 0, 0, g.alloc(4))).not.toBe("SUCCESS");
    expect(await g.wait("sock_open", UNIX, 1, g.alloc(4))).toBe("PROTONOSUPPORT");
    // Its older form has no room for a name.
    expect(await g.wait("sock_getlocaladdr", fd, g.address([0, 0, 0, 0]), g.alloc(4), g.alloc(4))).toBe("INVAL");
    expect(await g.wait("sock_getlocaladdr", fd, g.address(Array(16).fill(0)), g.alloc(4))).toBe("INVAL");
  });

  it("tells what is wrong with the place", async () => {
    const [taken, missing] = [freshPath(), freshPath()];
    writeFileSync(taken, "a file");
    const g = guest([
      { guest: "taken", host: taken, op: "listen" },
      { guest: "taken", host: taken, op: "connect" },
      { guest: "missing", host: missing, op: "connect" },
      { guest: "nowhere", host: join(folder, "no", "such"), op: "listen" },
    ]);
    const listens = async (name: string): Promise<string> => {
      const fd = await g.socket("stream", UNIX);
      expect(await g.wait("sock_bind", fd, named(g, name), 0)).toBe("SUCCESS");
      return g.wait("sock_listen", fd, 1);
    };
    expect(await listens("taken")).toBe("ADDRINUSE");
    expect(await listens("nowhere")).toMatch(/NOENT|ACCES/);
    const connects = async (name: string): Promise<string> =>
      g.wait("sock_connect", await g.socket("stream", UNIX), named(g, name), 0);
    expect(await connects("taken")).toMatch(/CONNREFUSED|NOTSOCK/);
    expect(await connects("missing")).toBe("NOENT");
    // What is there stays there.
    expect(existsSync(taken)).toBe(true);
  });

  it("is not learnt, since no policy could have it", async () => {
    const learner = new Learner();
    const g = guest([{ guest: "x", host: freshPath(), op: "listen" }], { audit: learner.take });
    expect(await g.wait("sock_bind", await g.socket("stream", UNIX), named(g, "x"), 0)).toBe("SUCCESS");
    expect(await g.wait("sock_bind", await g.socket(), g.address([127, 0, 0, 1]), 0)).toBe("SUCCESS");
    expect(learner.policy().network).toEqual({ listen: ["127.0.0.1:0"], connect: [], resolve: [] });
  });

  it("is ACCES under a policy, and when the rule has gone", async () => {
    const unix = [{ guest: "x", host: freshPath(), op: "listen" }] as const;
    const policy = parsePolicy({ version: 1, calls: ["*"], network: { listen: ["*:*"] } });
    const bounded = guest(unix, { policy });
    expect(await bounded.wait("sock_bind", await bounded.socket("stream", UNIX), named(bounded, "x"), 0)).toBe("ACCES");
    const g = guest(unix);
    const fd = await g.socket("stream", UNIX);
    expect(await g.wait("sock_bind", fd, named(g, "x"), 0)).toBe("SUCCESS");
    const elsewhere = [{ ...unix[0], host: freshPath() }];
    g.wasi.networkRules = { listen: [], connect: [], resolve: [], unix: elsewhere };
    expect(await g.wait("sock_listen", fd, 1)).toBe("ACCES");
    g.wasi.networkRules = { listen: [], connect: [], resolve: [] };
    expect(await g.wait("sock_listen", fd, 1)).toBe("ACCES");
    expect(await g.wait("sock_open", UNIX, 2, g.alloc(4))).toBe("NOSYS");
  });
});
