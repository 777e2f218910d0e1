/** Calls on sockets, over the loopback: each function, its errnos, what waits and what does not. */

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Blocked } from "../../../engine/index.ts";
import { BlockingNetwork, type Network, type NetworkOptions, NodeNetwork, type WasiOptions } from "../../index.ts";
import { parsePolicy } from "../../policy.ts";
import { NetworkGuest, rule } from "../testing/network.ts";

const networks: [name: string, make: () => Network][] = [
  ["on the event loop", () => new NodeNetwork()],
  ["on an I/O thread", () => new BlockingNetwork()],
];
let network = networks[0]![1];
/** The same for both networks. */
const over = (title: string, cases: (name: string) => void): void => {
  describe.each(networks)(`${title}, %s,`, (name, make) => {
    beforeEach(() => void (network = make));
    cases(name);
  });
};

const guests: NetworkGuest[] = [];
const peers: Socket[] = [];
const guest = (given: Partial<NetworkOptions> = {}, options: Partial<WasiOptions> = {}): NetworkGuest => {
  const made = new NetworkGuest({ network: network(), ...given }, options);
  guests.push(made);
  return made;
};
afterEach(() => {
  for (const g of guests.splice(0)) g.wasi.close();
  for (const p of peers.splice(0)) p.destroy();
});
async function peerOf(port: number): Promise<Socket> {
  const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  peers.push(peer);
  await once(peer, "connect");
  return peer;
}
async function connected(g = guest()): Promise<{ g: NetworkGuest; fd: number; peer: Socket }> {
  const { fd: listener, port } = await g.listen();
  const peer = await peerOf(port);
  return { g, fd: await g.accept(listener), peer };
}
async function hostServer(): Promise<{ port: number; first: Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const first = once(server, "connection").then(([s]) => {
    peers.push(s as Socket);
    server.close();
    return s as Socket;
  });
  return { port: (server.address() as { port: number }).port, first };
}
/** Sends until nothing more is taken, for a while: another thread may be about to. @returns bytes */
async function fill(g: NetworkGuest, fd: number): Promise<number> {
  set(g, fd, 4);
  let sent = 0;
  for (let refused = 0; refused < 5; ) {
    const n = await g.send(fd, new Uint8Array(65_536));
    if (typeof n === "number") sent += n;
    else expect(n).toBe("AGAIN");
    refused = typeof n === "number" ? 0 : refused + 1;
    await new Promise((resolve) => setTimeout(resolve, typeof n === "number" ? 0 : 10));
  }
  return sent;
}
const set = (g: NetworkGuest, fd: number, flags: number): string => g.call("fd_fdstat_set_flags", fd, flags);

over("what is too long", () => {
  it("is measured before it is copied: names that are looked up, values of options", async () => {
    const g = guest();
    const copies = vi.spyOn(Uint8Array, "from");
    const [head, max, count] = [16, 4, 20];
    const lookUp = (name: number, service: number): Promise<string> =>
      g.wait("sock_getaddrinfo", 4096, name, 4096, service, 0, head, max, count);
    expect([await lookUp(1026, 0), await lookUp(0, 1026), await lookUp(1 << 19, 1 << 19)]).toEqual([
      "AINONAME",
      "AISERVICE",
      "AINONAME",
    ]);
    expect(await g.wait("sock_setsockopt", await g.socket(), 0, 0, 4096, 1 << 19)).toBe("SUCCESS");
    const lengths = copies.mock.calls.map(([from]) => (from as unknown as ArrayLike<number>).length);
    copies.mockRestore();
    expect(Math.max(...lengths)).toBeLessThanOrEqual(1025);
  });
});

over("rights that were given up", () => {
  it("are gone: to accept, to read, to write, to shut down, to poll", async () => {
    const g = guest();
    const { fd: listener, port } = await g.listen();
    await peerOf(port);
    const fd = await g.accept(listener);
    const give = (of: number, ...bits: number[]): string => {
      const stat = g.alloc(24);
      g.call("fd_fdstat_get", of, stat);
      const kept = bits.reduce((set, bit) => set & ~(1n << BigInt(bit)), g.u64(stat + 8));
      return g.call("fd_fdstat_set_rights", of, kept, 0n);
    };
    expect([give(listener, 29), give(fd, 1, 6, 28)]).toEqual(["SUCCESS", "SUCCESS"]);
    const { at, count } = g.iovs("x");
    expect([
      await g.wait("sock_accept", listener, 0, 16),
      await g.wait("sock_accept", listener, 16),
      await g.wait("sock_recv", fd, at, count, 0, 16, 32),
      await g.wait("sock_recv_from", fd, at, count, g.address([], 16), 0, 16, 32, 36),
      await g.wait("sock_send", fd, at, count, 0, 16),
      await g.wait("sock_send_to", fd, at, count, g.address([127, 0, 0, 1]), 1, 0, 16),
      await g.wait("sock_shutdown", fd, 3),
    ]).toEqual(new Array(7).fill("NOTCAPABLE"));
  });
});

over("streams", (name) => {
  it("are served: accepted, read, written, closed", async () => {
    const { g, fd, peer } = await connected();
    peer.write("ping");
    expect(await g.receive(fd)).toBe("ping");
    expect(await g.send(fd, "pong")).toBe(4);
    expect(String((await once(peer, "data"))[0])).toBe("pong");
    expect(g.call("sock_shutdown", fd, 3)).toBe("SUCCESS");
    await once(peer, "end");
    expect(g.call("fd_close", fd)).toBe("SUCCESS");
    expect(await g.send(fd, "x")).toBe("BADF");
  });
  it("send what was written before they were closed, in order", async () => {
    const { g, fd, peer } = await connected();
    const taken = (async () => {
      let text = "";
      for await (const chunk of peer) text += String(chunk);
      return text;
    })();
    // Without a turn of the event loop between.
    const sent = [g.send(fd, "head "), g.send(fd, ""), g.send(fd, "body ".repeat(1000)), g.send(fd, "end")];
    expect(g.call("fd_close", fd)).toBe("SUCCESS");
    expect(await Promise.all(sent)).toEqual([5, 0, 5000, 3]);
    expect(await taken).toBe(`head ${"body ".repeat(1000)}end`);
  });
  it("that are closed at once, and many, lose nothing that was written", async () => {
    const g = guest();
    const { fd: listener, port } = await g.listen();
    const all: { fd: number; taken: Promise<string> }[] = [];
    for (let i = 0; i < 200; i++) {
      const peer = await peerOf(port);
      const taken = once(peer, "data").then(([chunk]) => String(chunk));
      all.push({ fd: await g.accept(listener), taken });
    }
    for (const { fd } of all) {
      void g.send(fd, "the last");
      expect(g.call("fd_close", fd)).toBe("SUCCESS");
    }
    expect(new Set(await Promise.all(all.map(({ taken }) => taken)))).toEqual(new Set(["the last"]));
  });
  it("tell addresses, in both forms", async () => {
    const { g, fd, peer } = await connected();
    expect(await g.peer(fd)).toEqual({ ip: [127, 0, 0, 1], type: 4, port: peer.localPort });
    const at = g.address([], 128);
    const port = g.alloc(4);
    expect(await g.wait("sock_getpeeraddr", fd, at, port)).toBe("SUCCESS");
    expect([g.addressBytes(at, 6), g.u32(port)]).toEqual([[1, 0, 127, 0, 0, 1], peer.localPort]);
    expect(await g.wait("sock_getpeeraddr", fd, g.address([], 16), port)).toBe("INVAL");
    expect(await g.wait("sock_getpeeraddr_v2", fd, at, port)).toBe("SUCCESS");
  });
  it("that are fresh are at no address, and their peer is NOTCONN", async () => {
    const g = guest();
    const fd = await g.socket();
    expect(await g.local(fd)).toEqual({ ip: [0, 0, 0, 0], type: 4, port: 0 });
    await expect(g.peer(fd)).rejects.toThrow("NOTCONN");
    expect(await g.receive(fd)).toBe("NOTCONN");
    expect(g.call("sock_shutdown", fd, 3)).toBe("NOTCONN");
  });
  it("connect, also without waiting", async () => {
    const g = guest();
    const { port, first } = await hostServer();
    const fd = await g.socket();
    set(g, fd, 4);
    const begun = await g.wait("sock_connect", fd, g.address([127, 0, 0, 1]), port);
    // Another thread may be done by now.
    expect(name === networks[0]![0] ? ["INPROGRESS"] : ["INPROGRESS", "SUCCESS"]).toContain(begun);
    const peer = await first;
    peer.write("hi");
    set(g, fd, 0);
    expect(await g.receive(fd)).toBe("hi");
    expect(await g.wait("sock_connect", fd, g.address([127, 0, 0, 1]), port)).toBe("ISCONN");
  });
  it("are told that nobody listens: at once, or by SO_ERROR", async () => {
    const g = guest();
    const { fd: gone, port } = await g.listen();
    g.call("fd_close", gone);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const fd = await g.socket();
    expect(await g.wait("sock_connect", fd, g.address([127, 0, 0, 1]), port)).toBe("CONNREFUSED");
    const other = await g.socket();
    set(g, other, 4);
    const begun = await g.wait("sock_connect", other, g.address([127, 0, 0, 1]), port);
    // Another thread may know already.
    if (name !== networks[0]![0] && begun === "CONNREFUSED") return;
    expect(begun).toBe("INPROGRESS");
    expect((await poll(g, { fd: other, tag: 2 })).map((e) => e.index)).toEqual([0]);
    const [value, size] = [g.alloc(4), g.alloc(4)];
    g.view.setUint32(size, 4, true);
    expect(await g.wait("sock_getsockopt", other, 0, 2, value, size)).toBe("SUCCESS");
    expect(g.u32(value)).toBe(14);
  });
  it("that could not connect can try again", async () => {
    const g = guest();
    const { fd: gone, port: closed } = await g.listen();
    g.call("fd_close", gone);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const fd = await g.socket();
    expect(await g.wait("sock_connect", fd, g.address([127, 0, 0, 1]), closed)).toBe("CONNREFUSED");
    const { port, first } = await hostServer();
    expect(await g.wait("sock_connect", fd, g.address([127, 0, 0, 1]), port)).toBe("SUCCESS");
    (await first).write("hi");
    expect(await g.receive(fd)).toBe("hi");
    expect(await g.send(fd, "x")).toBe(1);
  });
  it("that are closed before all is taken do not keep the host for long", async () => {
    const { g, fd, peer } = await connected();
    peer.pause();
    const sent = await fill(g, fd);
    expect(g.call("fd_close", fd)).toBe("SUCCESS");
    await new Promise((resolve) => setTimeout(resolve, 5500));
    let got = 0;
    peer.on("data", (chunk: Uint8Array) => {
      got += chunk.length;
    });
    peer.on("error", () => {});
    const over = once(peer, "close");
    peer.resume();
    peer.end();
    await over.catch(() => {});
    expect(got).toBeLessThan(sent);
  }, 20_000);
  it("of which nothing is there are AGAIN when they must not wait", async () => {
    const g = guest();
    const { fd: listener, port } = await g.listen();
    set(g, listener, 4);
    expect(await g.wait("sock_accept", listener, g.alloc(4))).toBe("AGAIN");
    await peerOf(port);
    await poll(g, { fd: listener, tag: 1 });
    const out = g.alloc(4);
    expect(await g.wait("sock_accept", listener, 4, out)).toBe("SUCCESS");
    expect(await g.receive(g.u32(out))).toBe("AGAIN");
  });
  it("peek, and wait for all", async () => {
    const { g, fd, peer } = await connected();
    peer.write("abc");
    expect([await g.receive(fd, 10, 1), await g.receive(fd, 2)]).toEqual(["abc", "ab"]);
    const all = g.receive(fd, 5, 2);
    peer.write("defg");
    expect(await all).toBe("cdefg");
    expect(await g.receive(fd, 5, 4)).toBe("INVAL");
  });
  it("give what has come when the time for all of it is over", async () => {
    const { g, fd, peer } = await connected();
    const timeout = new DataView(new ArrayBuffer(16));
    timeout.setBigInt64(8, 50_000n, true);
    expect(await g.wait("sock_setsockopt", fd, 0, 11, ...g.put(new Uint8Array(timeout.buffer)))).toBe("SUCCESS");
    expect(await g.receive(fd, 5)).toBe("AGAIN");
    peer.write("ab");
    expect(await g.receive(fd, 5, 2)).toBe("ab");
  });
  it("half closed by the peer are read to their end and still written", async () => {
    const { g, fd, peer } = await connected();
    peer.end("last");
    expect(await g.receive(fd)).toBe("last");
    expect((await poll(g, { fd, tag: 1 }))[0]).toMatchObject({ nbytes: 0n, flags: 0 });
    expect(await g.receive(fd)).toBe("");
    expect(await g.send(fd, "bye")).toBe(3);
    expect(String((await once(peer, "data"))[0])).toBe("bye");
  });
  it("that are reset say so, then are broken", async () => {
    const { g, fd, peer } = await connected();
    peer.resetAndDestroy();
    expect((await poll(g, { fd, tag: 1 }))[0]!.flags).toBe(1);
    expect(await g.receive(fd)).toBe("CONNRESET");
    expect(await g.send(fd, "x")).toBe("PIPE");
  });
  it("whose peer does not read take a bounded amount", async () => {
    const { g, fd, peer } = await connected();
    peer.pause();
    const sent = await fill(g, fd);
    expect(sent).toBeLessThan(32 << 20);
    let got = 0;
    peer.resume();
    peer.on("data", (chunk: Uint8Array) => {
      got += chunk.length;
    });
    await poll(g, { fd, tag: 2 });
    expect(await g.send(fd, "x")).toBe(1);
    while (got < sent + 1) await once(peer, "data");
    expect(got).toBe(sent + 1);
  });
  it("are files for fd_read and fd_write", async () => {
    const { g, fd, peer } = await connected();
    peer.write("file");
    const { at, count, buffers } = g.iovs(10);
    const out = g.alloc(4);
    expect(await g.wait("fd_read", fd, at, count, out)).toBe("SUCCESS");
    expect(g.u32(out)).toBe(4);
    g.bytes.set(new TextEncoder().encode("back"), buffers[0]![0]);
    g.view.setUint32(at + 4, 4, true);
    expect(await g.wait("fd_write", fd, at, count, out)).toBe("SUCCESS");
    expect(String((await once(peer, "data"))[0])).toBe("back");
    expect(await g.wait("fd_seek", fd, 0n, 0, g.alloc(8))).toBe("SPIPE");
  });
  it("of IPv6 connect too", async () => {
    const g = guest();
    const listener = await g.socket("stream", 2);
    const one = [...Array<number>(15).fill(0), 1];
    expect(await g.wait("sock_bind", listener, g.address([127, 0, 0, 1]), 0)).toBe("AFNOSUPPORT");
    const bound = await g.wait("sock_bind", listener, g.address([2, 0, ...one], 128), 0);
    expect(bound).toBe("SUCCESS");
    const listening = await g.wait("sock_listen", listener, 1);
    if (listening === "ADDRNOTAVAIL" || listening === "AFNOSUPPORT") return console.log("skipped: no IPv6 here");
    const [at, type, port] = [g.address([], 16), g.alloc(4), g.alloc(4)];
    expect(await g.wait("sock_getlocaladdr", listener, at, type, port)).toBe("SUCCESS");
    expect([g.addressBytes(at, 16), g.u32(type)]).toEqual([one, 6]);
    expect(await g.wait("sock_getlocaladdr", listener, g.address([], 4), type, port)).toBe("NOMEM");
  });
});

over("what is wrong", (name) => {
  it("is told by errnos", async () => {
    const g = guest();
    const out = g.alloc(4);
    expect(await g.wait("sock_open", 0, 2, out)).toBe("INVAL");
    expect(await g.wait("sock_open", 1, 0, out)).toBe("INVAL");
    expect(await g.wait("sock_open", 3, 2, out)).toBe("NOSYS");
    expect(await g.wait("sock_open", 1, 2, 0xffff_fff0)).toBe("FAULT");
    const fd = await g.socket();
    expect(await g.wait("sock_bind", 99, g.address([0, 0, 0, 0]), 0)).toBe("BADF");
    expect(await g.wait("sock_bind", 0, g.address([0, 0, 0, 0]), 0)).toBe("NOTSOCK");
    expect(await g.wait("sock_bind", fd, g.address([0, 0, 0]), 0)).toBe("INVAL");
    expect(await g.wait("sock_bind", fd, 0xffff_fff0, 0)).toBe("FAULT");
    expect(await g.wait("sock_accept", fd, out)).toBe("INVAL");
    expect(await g.wait("sock_setsockopt", fd, 1, 0, ...g.put(new Uint8Array(4)))).toBe("INVAL");
    expect(await g.wait("sock_setsockopt", fd, 0, 99, ...g.put(new Uint8Array(4)))).toBe("INVAL");
    expect(await g.wait("sock_setsockopt", fd, 0, 0, ...g.put(new Uint8Array(3)))).toBe("INVAL");
    expect(await g.wait("sock_shutdown", fd, 0)).toBe("INVAL");
  });
  it("is a port in use", async () => {
    const g = guest();
    const { port } = await g.listen();
    const fd = await g.socket();
    expect(await g.wait("sock_bind", fd, g.address([127, 0, 0, 1]), port)).toBe("SUCCESS");
    expect(await g.wait("sock_listen", fd, 1)).toBe("ADDRINUSE");
  });
  it("is more sockets than descriptors", async () => {
    const g = guest({}, { maxFds: 5 });
    await g.socket();
    await g.socket();
    expect(await g.wait("sock_open", 1, 2, g.alloc(4))).toBe("MFILE");
  });
  it("is a thread that would be blocked", async () => {
    const g = guest();
    const { fd } = await g.listen();
    const result = g.begin("sock_accept", fd, g.alloc(4));
    expect(result instanceof Blocked && result.isAsync).toBe(name === networks[0]![0]);
  });
});

over("datagrams", () => {
  it("go to and come from addresses, and are cut", async () => {
    const g = guest();
    const peer = createSocket("udp4");
    peer.bind(0, "127.0.0.1");
    await once(peer, "listening");
    const fd = await g.socket("datagram");
    expect(await g.wait("sock_bind", fd, g.address([127, 0, 0, 1]), 0)).toBe("SUCCESS");
    const { port } = await g.local(fd);
    expect(port).toBeGreaterThan(0);
    const out = g.alloc(16);
    const message = g.iovs("hello");
    const to = g.address([127, 0, 0, 1]);
    const heard = once(peer, "message");
    expect(await g.wait("sock_send_to", fd, message.at, 1, to, peer.address().port, 0, out)).toBe("SUCCESS");
    expect(String((await heard)[0])).toBe("hello");
    peer.send("a long answer", port, "127.0.0.1");
    const into = g.iovs(6);
    const from = g.address([], 128);
    expect(await g.wait("sock_recv_from", fd, into.at, 1, from, 0, out, out + 4, out + 8)).toBe("SUCCESS");
    expect([g.u32(out), g.u32(out + 4), g.view.getUint16(out + 8, true)]).toEqual([peer.address().port, 6, 1]);
    expect(g.addressBytes(from, 6)).toEqual([1, 0, 127, 0, 0, 1]);
    peer.send("x", port, "127.0.0.1");
    expect(await g.wait("sock_recv_from", fd, into.at, 1, to, 0, out, out + 8)).toBe("SUCCESS");
    expect(g.u32(out)).toBe(1);
    peer.send("kept", port, "127.0.0.1");
    await poll(g, { fd, tag: 1 });
    expect(await g.wait("sock_recv_from", fd, into.at, 1, g.address([0]), 0, out, out + 4, out + 8)).toBe("INVAL");
    expect(await g.receive(fd)).toBe("kept");
    expect(await g.send(fd, "nobody")).toBe("DESTADDRREQ");
    expect(await g.send(fd, new Uint8Array(70_000))).toBe("DESTADDRREQ");
    expect(g.wasi.usage().network!.datagrams).toEqual({ received: 3, sent: 1, bytesIn: 11, bytesOut: 5 });
    peer.close();
  });
});

over("what is counted", () => {
  it("is what the guest took and gave, by listener, once", async () => {
    const { g, fd, peer } = await connected();
    peer.write("hello");
    expect(await g.receive(fd, 1000, 1)).toBe("hello");
    expect(await g.receive(fd, 3)).toBe("hel");
    expect(await g.send(fd, "to all")).toBe(6);
    const { port: far, first } = await hostServer();
    const out = await g.socket();
    expect(await g.wait("sock_connect", out, g.address([127, 0, 0, 1]), far)).toBe("SUCCESS");
    expect(await g.send(out, "abcd")).toBe(4);
    (await first).write("x");
    expect(await g.receive(out)).toBe("x");
    await peerOf(peer.remotePort!); // and is never taken
    expect(g.wasi.usage().network).toEqual({
      listeners: [{ address: `127.0.0.1:${peer.remotePort}`, accepted: 1, bytesIn: 3, bytesOut: 6 }],
      connected: { connections: 1, bytesIn: 1, bytesOut: 4 },
      datagrams: { received: 0, sent: 0, bytesIn: 0, bytesOut: 0 },
    });
  });
  it("does not grow with a guest that listens everywhere", async () => {
    const g = guest();
    for (let i = 0; i < 70; i++) g.call("fd_close", (await g.listen()).fd);
    const { listeners } = g.wasi.usage().network!;
    expect(listeners.length).toBe(64);
    expect(listeners.at(-1)!.address).toBe("others");
  });
  it("is nothing where connecting failed, and not there without a network", async () => {
    const g = guest();
    const { fd: gone, port } = await g.listen();
    g.call("fd_close", gone);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await g.wait("sock_connect", await g.socket(), g.address([127, 0, 0, 1]), port)).toBe("CONNREFUSED");
    expect(g.wasi.usage().network!.connected.connections).toBe(0);
    expect(guest({}, { network: undefined }).wasi.usage().network).toBeUndefined();
  });
});

over("what the rules say", () => {
  const rules = { listen: [rule("127.0.0.1:1024-65535")], connect: [], resolve: ["*.example.com"] };
  it("is ACCES where they do not allow it, and is told", async () => {
    const told: string[] = [];
    const g = guest(
      { rules },
      { audit: (e) => e.kind === "network" && told.push(`${e.granted} ${JSON.stringify(e)}`) },
    );
    const fd = await g.socket();
    expect(await g.wait("sock_connect", fd, g.address([127, 0, 0, 1]), 80)).toBe("ACCES");
    expect(await g.wait("sock_bind", fd, g.address([0, 0, 0, 0]), 8080)).toBe("ACCES");
    expect(await g.wait("sock_bind", fd, g.address([127, 0, 0, 1]), 8080)).toBe("SUCCESS");
    expect(told).toEqual([
      expect.stringMatching(/^false.*"connect".*"127.0.0.1:80"/),
      expect.stringMatching(/^false.*"listen".*"0.0.0.0:8080"/),
      expect.stringMatching(/^true.*"listen".*"127.0.0.1:8080"/),
    ]);
  });
  it("holds for a socket that listens without an address of its own", async () => {
    const g = guest({ rules: { ...rules, listen: [] } });
    const fd = await g.socket();
    expect(await g.wait("sock_listen", fd, 1)).toBe("ACCES");
    expect(await g.wait("sock_accept", fd, g.alloc(4))).toBe("INVAL");
    const allowed = guest();
    const other = await allowed.socket();
    expect(await allowed.wait("sock_listen", other, 1)).toBe("SUCCESS");
  });
  it("can be a decision that takes time", async () => {
    const asked: object[] = [];
    const decide = async (request: object): Promise<boolean> => {
      asked.push(request);
      await new Promise((resolve) => setTimeout(resolve, 5));
      return asked.length > 1;
    };
    const g = guest({ decide });
    const fd = await g.socket();
    expect(await g.wait("sock_bind", fd, g.address([127, 0, 0, 1]), 0)).toBe("ACCES");
    expect(await g.wait("sock_bind", fd, g.address([127, 0, 0, 1]), 0)).toBe("SUCCESS");
    expect(asked[0]).toEqual({ op: "listen", address: "127.0.0.1:0", protocol: "tcp" });
  });
  it("can change while the guest runs, for what it asks from then on", async () => {
    const { g, fd, peer } = await connected();
    const bound = await g.socket();
    expect(await g.wait("sock_bind", bound, g.address([127, 0, 0, 1]), 0)).toBe("SUCCESS");
    const { listen, connect: none } = { listen: [rule("127.0.0.2:*")], connect: [] };
    g.wasi.networkRules = { listen, connect: none, resolve: [] };
    expect(g.wasi.networkRules).toEqual({ listen, connect: none, resolve: [] });
    expect(await g.send(fd, "still")).toBe(5);
    expect(String((await once(peer, "data"))[0])).toBe("still");
    // It was bound by the old rules, and would be by the system only now.
    expect(await g.wait("sock_listen", bound, 1)).toBe("ACCES");
    const other = await g.socket();
    expect(await g.wait("sock_bind", other, g.address([127, 0, 0, 1]), 0)).toBe("ACCES");
    expect(await g.wait("sock_connect", other, g.address([127, 0, 0, 1]), peer.remotePort!)).toBe("ACCES");
    g.wasi.networkRules = { listen, connect: [rule("127.0.0.1:*")], resolve: [] };
    expect(await g.wait("sock_connect", other, g.address([127, 0, 0, 1]), peer.remotePort!)).toBe("SUCCESS");
  });
  it("holds for a decision that was asked for before it changed", async () => {
    let answer: (isGranted: boolean) => void = () => {};
    const decide = (): Promise<boolean> => new Promise((resolve) => (answer = resolve));
    const g = guest({ decide });
    const bound = g.wait("sock_bind", await g.socket(), g.address([127, 0, 0, 1]), 0);
    g.wasi.networkRules = { listen: [], connect: [], resolve: [] };
    answer(true);
    expect(await bound).toBe("ACCES");
  });
  it("is no more than the policy, whatever is set", async () => {
    const policy = parsePolicy({ version: 1, calls: ["*"], network: { listen: ["127.0.0.2:*"] } });
    const g = guest({}, { policy });
    g.wasi.networkRules = { listen: [rule("*:*")], connect: [], resolve: [] };
    expect(await g.wait("sock_bind", await g.socket(), g.address([127, 0, 0, 1]), 0)).toBe("ACCES");
    expect(await g.wait("sock_bind", await g.socket(), g.address([127, 0, 0, 2]), 0)).toBe("SUCCESS");
    const without = guest({}, { network: undefined });
    expect(without.wasi.networkRules).toBeUndefined();
    expect(() => (without.wasi.networkRules = { listen: [], connect: [], resolve: [] })).toThrow(TypeError);
  });
  it("is ACCES for everything without a network", async () => {
    const g = guest({}, { network: undefined });
    expect(await g.wait("sock_open", 1, 2, g.alloc(4))).toBe("ACCES");
  });
});

over("names", () => {
  /** A list of `n` records in guest memory; where it begins. */
  function list(g: NetworkGuest, n: number): number {
    const all = Array.from({ length: n }, () => {
      const [info, addr, data] = [g.alloc(28), g.alloc(12), g.alloc(26)];
      g.view.setUint32(info + 12, addr, true);
      g.view.setUint32(addr + 8, data, true);
      return info;
    });
    all.forEach((info, i) => void g.view.setUint32(info + 24, all[i + 1] ?? 0, true));
    const head = g.alloc(4);
    g.view.setUint32(head, all[0] ?? 0, true);
    return head;
  }
  const look = async (g: NetworkGuest, name: string, max = 4, flags = 0): Promise<string | string[]> => {
    const [head, count, hints] = [list(g, max), g.alloc(4), g.alloc(28)];
    g.view.setUint16(hints, flags, true);
    g.view.setUint8(hints + 2, 1);
    const error = await g.wait("sock_getaddrinfo", ...g.put(`${name}\0`), ...g.put("http\0"), hints, head, max, count);
    if (error !== "SUCCESS") return error;
    let at = g.u32(head);
    return Array.from({ length: g.u32(count) }, () => {
      const addr = g.u32(at + 12);
      const data = g.u32(addr + 8);
      at = g.u32(at + 24);
      const port = g.view.getUint16(data, false);
      return `${g.bytes.slice(data + 2, data + 6).join(".")}:${port} ${g.u32(addr + 4)}`;
    });
  };
  it("are looked up, and numbers are not", async () => {
    const g = guest();
    expect(await look(g, "10.1.2.3")).toEqual(["10.1.2.3:80 14"]);
    expect(await look(g, "localhost")).toContain("127.0.0.1:80 14");
    expect(await look(g, "no.such.name.invalid")).toMatch(/^AI/);
    expect(await look(g, "")).toEqual(["127.0.0.1:80 14"]);
    expect(await look(g, "x", 4, 0x80)).toBe("AIBADFLAG");
    expect(await look(g, "name", 4, 4)).toBe("AINONAME");
  });
  it("are ACCES where rules do not have them", async () => {
    const g = guest({ rules: { listen: [], connect: [], resolve: ["localhost"] } });
    expect(await look(g, "example.com")).toBe("ACCES");
    expect(await look(g, "localhost")).toContain("127.0.0.1:80 14");
  });
});

interface Polled {
  readonly index: number;
  readonly nbytes: bigint;
  readonly flags: number;
}

/** poll_oneoff; which subscriptions had events. */
const poll = (g: NetworkGuest, ...subs: { fd: number; tag: 1 | 2 }[]): Promise<Polled[]> =>
  pollBy("poll_oneoff", g, ...subs);

/** After 100 ms without an event: none. */
const epoll = async (g: NetworkGuest, ...subs: { fd: number; tag: 1 | 2 }[]): Promise<number[]> =>
  (await pollBy("epoll_oneoff", g, ...subs, { fd: 0, tag: 0 })).map((e) => e.index).filter((i) => i < subs.length);

async function pollBy(name: string, g: NetworkGuest, ...subs: { fd: number; tag: 0 | 1 | 2 }[]): Promise<Polled[]> {
  const [at, out, count] = [g.alloc(48 * subs.length), g.alloc(32 * subs.length), g.alloc(4)];
  g.bytes.fill(0, at, at + 48 * subs.length);
  subs.forEach(({ fd, tag }, i) => {
    g.view.setBigUint64(at + 48 * i, BigInt(i), true);
    g.view.setUint8(at + 48 * i + 8, tag);
    g.view.setUint32(at + 48 * i + 16, tag === 0 ? 1 : fd, true);
    if (tag === 0) g.view.setBigUint64(at + 48 * i + 24, name === "poll_oneoff" ? 20_000_000n : 100_000_000n, true);
  });
  expect(await g.wait(name, at, out, subs.length, count)).toBe("SUCCESS");
  return Array.from({ length: g.u32(count) }, (_, i) => ({
    index: Number(g.view.getBigUint64(out + 32 * i, true)),
    nbytes: g.view.getBigUint64(out + 32 * i + 16, true),
    flags: g.view.getUint16(out + 32 * i + 24, true),
  }));
}

over("poll_oneoff", (name) => {
  it("is level-triggered, and a listener is never writable", async () => {
    const g = guest();
    const { fd, port } = await g.listen();
    const peer = await peerOf(port);
    const subs = [
      { fd, tag: 1 as const },
      { fd, tag: 2 as const },
    ];
    expect((await poll(g, ...subs)).map((e) => e.index)).toEqual([0]);
    expect((await poll(g, ...subs)).map((e) => e.index)).toEqual([0]);
    const c = await g.accept(fd);
    peer.write("12345");
    await poll(g, { fd: c, tag: 1 });
    const both = await poll(g, { fd: c, tag: 1 }, { fd: c, tag: 2 });
    expect(both).toEqual([
      { index: 0, nbytes: 5n, flags: 0 },
      { index: 1, nbytes: 0n, flags: 0 },
    ]);
  });
  it("holds back who asks for nothing but what it was told, until there is more or it writes", async () => {
    const { g, fd, peer } = await connected();
    const both = [
      { fd, tag: 1 as const },
      { fd, tag: 2 as const },
    ];
    const told = async (): Promise<number[]> => (await poll(g, ...both)).map((e) => e.index);
    const from = performance.now();
    let polls = 0;
    for (; performance.now() - from < 300; polls++) expect(await told()).toEqual([1]);
    // 4 at once, then after 1, 2, 4, ... ms.
    expect(polls).toBeLessThan(20);
    peer.write("x");
    const asked = performance.now();
    expect(await told()).toContain(0);
    expect(performance.now() - asked).toBeLessThan(50);
    expect(await g.receive(fd)).toBe("x");
    // With something to write it is not held back, however often it asks.
    const writing = performance.now();
    for (let i = 0; i < 200; i++) {
      expect(await told()).toEqual([1]);
      expect(await g.send(fd, "y")).toBe(1);
    }
    expect(performance.now() - writing).toBeLessThan(2000);
    // Nor does it miss a clock.
    for (let i = 0; i < 12; i++) await told();
    const clock = performance.now();
    const events = await pollBy("poll_oneoff", g, ...both, { fd: 0, tag: 0 });
    expect(events.map((e) => e.index)).toEqual([1, 2]);
    expect(performance.now() - clock).toBeLessThan(60);
  });
  it("holds back nobody who has no clock", async () => {
    const { g, fd } = await connected(guest({}, { clock: null }));
    const from = performance.now();
    for (let i = 0; i < 20; i++)
      expect((await poll(g, { fd, tag: 1 }, { fd, tag: 2 })).map((e) => e.index)).toEqual([1]);
    expect(performance.now() - from).toBeLessThan(1000);
  });
  it("tells of all that has come at once in one call", async () => {
    const g = guest();
    const { fd, port } = await g.listen();
    const accepted: number[] = [];
    for (let i = 0; i < 8; i++) {
      await peerOf(port);
      accepted.push(await g.accept(fd));
    }
    const reading = (fd: number) => ({ fd, tag: 1 as const });
    const polled = poll(g, ...accepted.map(reading));
    for (const peer of peers) peer.write("x");
    const first = (await polled).map((e) => e.index);
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    if (name === networks[0]![0]) expect(first).toEqual(all);
    // Another thread does not wait for this one to have written all.
    await expect.poll(async () => (await poll(g, ...accepted.map(reading))).map((e) => e.index)).toEqual(all);
  });
});

over("epoll_oneoff", () => {
  const read = (fd: number): { fd: number; tag: 1 } => ({ fd, tag: 1 });
  const write = (fd: number): { fd: number; tag: 2 } => ({ fd, tag: 2 });

  it("tells of a socket once, until more comes or some is taken", async () => {
    const { g, fd, peer } = await connected();
    expect(await epoll(g, read(fd), write(fd))).toEqual([1]);
    expect(await epoll(g, read(fd), write(fd))).toEqual([]);
    peer.write("abcd");
    expect(await epoll(g, read(fd), write(fd))).toEqual([0]);
    expect(await epoll(g, read(fd), write(fd))).toEqual([]);
    peer.write("ef");
    expect(await epoll(g, read(fd), write(fd))).toEqual([0]);
    expect(await g.receive(fd, 3)).toBe("abc");
    expect(await epoll(g, read(fd), write(fd))).toEqual([0]);
    expect(await g.receive(fd, 9)).toBe("def");
    expect(await epoll(g, read(fd), write(fd))).toEqual([]);
    peer.end();
    expect(await epoll(g, read(fd), write(fd))).toEqual([0]);
    expect(await epoll(g, read(fd), write(fd))).toEqual([]);
  });
  it("tells of what arrived between the event and the read no second time, and of the next", async () => {
    const { g, fd, peer } = await connected();
    peer.write("1");
    expect(await epoll(g, read(fd))).toEqual([0]);
    peer.write("2");
    await poll(g, read(fd));
    await expect.poll(() => g.receive(fd, 9, 1), { interval: 2 }).toBe("12");
    expect(await g.receive(fd)).toBe("12");
    expect(await epoll(g, read(fd))).toEqual([]);
    peer.write("3");
    expect(await epoll(g, read(fd))).toEqual([0]);
  });
  it("tells again after a call without the socket, or for other directions, and to each of two that ask", async () => {
    const { g, fd } = await connected();
    expect(await epoll(g, write(fd), write(fd))).toEqual([0, 1]);
    expect(await epoll(g, write(fd))).toEqual([]);
    expect(await epoll(g, read(fd), write(fd))).toEqual([1]);
    expect(await epoll(g)).toEqual([]);
    expect(await epoll(g, read(fd), write(fd))).toEqual([1]);
    // Nor does poll_oneoff change anything.
    expect((await poll(g, write(fd))).length).toBe(1);
    expect(await epoll(g, read(fd), write(fd))).toEqual([]);
  });
  it("tells of connections that wait after one was taken, and of errors", async () => {
    const g = guest();
    const { fd, port } = await g.listen();
    await peerOf(port);
    await peerOf(port);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await epoll(g, read(fd), write(fd))).toEqual([0]);
    expect(await epoll(g, read(fd), write(fd))).toEqual([]);
    await g.accept(fd);
    expect(await epoll(g, read(fd), write(fd))).toEqual([0]);
    const c = await g.accept(fd);
    expect(await epoll(g, read(fd), write(fd))).toEqual([]);
    expect(await epoll(g, read(c))).toEqual([]);
    peers.at(-1)!.resetAndDestroy();
    await expect.poll(() => epoll(g, read(c))).toEqual([0]);
  });
  it("tells of room after a write that found none", async () => {
    const { g, fd, peer } = await connected();
    peer.pause();
    await fill(g, fd);
    await expect.poll(() => epoll(g, write(fd))).toEqual([]);
    peer.resume();
    await expect.poll(() => epoll(g, write(fd))).toEqual([0]);
    expect(await epoll(g, write(fd))).toEqual([]);
  });
  it("always tells of what is no socket, and of what is no descriptor", async () => {
    const g = guest({}, { stdin: new Uint8Array(3) });
    for (let i = 0; i < 2; i++) expect(await epoll(g, read(0), read(99), write(1))).toEqual([0, 1, 2]);
    expect(await g.wait("epoll_oneoff", 0xffff_fff0, 0, 1, g.alloc(4))).toBe("FAULT");
    expect(await g.wait("epoll_oneoff", 0, 0, 0, g.alloc(4))).toBe("INVAL");
  });
});
