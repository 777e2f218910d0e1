/** Guests that block their thread have sockets: served by the host's own WebAssembly, bounded, and ended when the I/O is. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../../../../conformance/real/serving.ts";
import { BlockingNetwork, NodeNetwork, WASI } from "../../../index.ts";
import { NetworkGuest, rule } from "../../testing/network.ts";
import type { BlockingSocket } from "./blocking-socket.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../..");
const example = join(root, "examples/http-server.wasm");
const children: ChildProcess[] = [];
const peers: Socket[] = [];
const guests: NetworkGuest[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const peer of peers.splice(0)) peer.destroy();
  for (const guest of guests.splice(0)) guest.wasi.close();
});

/** A process that runs `code` with what the package has, and what it prints on stdout. */
function script(code: string, ...args: string[]): { child: ChildProcess; text: () => string } {
  const imports = `
    import { readFileSync } from "node:fs";
    import { Engine } from ${JSON.stringify(join(root, "dist/engine/index.js"))};
    import { BlockingNetwork, blockThread, NodeNetwork, WASI, parseAddressRule } from ${JSON.stringify(join(root, "dist/wasi/index.js"))};
    const rules = { listen: [parseAddressRule("*:*")], connect: [], resolve: [] };
    const bytes = readFileSync(${JSON.stringify(example)});
    const ownInstance = (wasi) => new WebAssembly.Instance(new WebAssembly.Module(bytes), wasi.getImportObject());`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", imports + code, "script", ...args]);
  children.push(child);
  let text = "";
  child.stdout!.on("data", (chunk: Uint8Array) => (text += String(chunk)));
  child.stderr!.on("data", (chunk: Uint8Array) => (text += String(chunk)));
  return { child, text: () => text };
}

const engines = {
  "the host's own WebAssembly": "ownInstance(wasi)",
  wasmts: "new Engine().instantiate(new Engine().compile(bytes), wasi.hostImports(), { runner: blockThread })",
};

async function serve(instance: string): Promise<{ port: number; child: ChildProcess }> {
  const port = await freePort();
  const { child, text } = script(
    `const network = { network: new BlockingNetwork(), rules };
     const wasi = new WASI({ version: "preview1", args: ["server", process.argv[2]], network });
     wasi.start(${instance});`,
    `${port}`,
  );
  await expect.poll(text, { timeout: 10_000, interval: 20 }).toMatch(/listening/);
  return { port, child };
}

const cpuMs = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
};

describe("a server that blocks its thread", () => {
  it.each(Object.entries(engines))(
    "is asked, on %s",
    async (_, instance) => {
      const { port } = await serve(instance);
      for (let i = 0; i < 3; i++)
        expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("Hello, World!\n");
      const many = Array.from({ length: 40 }, async () => (await fetch(`http://127.0.0.1:${port}/`)).text());
      expect(new Set(await Promise.all(many))).toEqual(new Set(["Hello, World!\n"]));
    },
    30_000,
  );
  it.skipIf(!existsSync("/proc/self/stat"))(
    "takes less than a hundredth of a processor with 100 idle connections",
    async () => {
      const { port, child } = await serve(engines["the host's own WebAssembly"]);
      for (let i = 0; i < 100; i++) {
        const peer = connect(port, "127.0.0.1");
        peers.push(peer);
        peer.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await once(peer, "data");
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
      const before = cpuMs(child.pid!);
      await new Promise((resolve) => setTimeout(resolve, 4000));
      expect(cpuMs(child.pid!) - before).toBeLessThan(40);
    },
    30_000,
  );
  it("ends with what it has sent on its way, and its process with it", async () => {
    const port = await freePort();
    const { child, text } = script(
      `const network = new BlockingNetwork();
       const [socket] = [await network.listener("127.0.0.1", ${port})];
       console.log("listening");
       const wait = (is) => { while (!is()) network.ready.block(1000); };
       wait(() => socket.canRead());
       const connection = socket.accept();
       const left = [new Uint8Array(3_000_000).fill(7)];
       while (left[0].length > 0) {
         wait(() => connection.canWrite());
         left[0] = left[0].subarray(connection.send(left));
       }
       connection.close();
       socket.close();
       network.release();`,
    );
    await expect.poll(text, { timeout: 10_000, interval: 20 }).toMatch(/listening/);
    const peer = connect(port, "127.0.0.1");
    peers.push(peer);
    let got = 0;
    peer.on("data", (chunk: Uint8Array) => (got += chunk.length));
    const [code] = await once(child, "exit");
    if (!peer.readableEnded) await once(peer, "end");
    expect([code, got, text()]).toEqual([0, 3_000_000, "listening\n"]);
  }, 30_000);
  it.each([
    ["a decide that takes time", `network: new BlockingNetwork(), rules, decide: async () => true`],
    ["a network on its event loop", `network: new NodeNetwork(), rules, listeners: []`],
  ])(
    "is told that it cannot wait for %s",
    async (what, network) => {
      const { child, text } = script(
        `const wasi = new WASI({ version: "preview1", args: ["server", "1"], network: { ${network} } });
       try { wasi.start(ownInstance(wasi)); } catch (error) { console.log(error.code ?? error.name); }`,
      );
      await once(child, "exit");
      // Without sockets among the imports it does not even link.
      expect(text()).toBe(what.startsWith("a decide") ? "WT6019\n" : "LinkError\n");
    },
    30_000,
  );
});

const guest = (network: BlockingNetwork): NetworkGuest => {
  const made = new NetworkGuest({ network });
  guests.push(made);
  return made;
};

async function connected(): Promise<{ g: NetworkGuest; fd: number; peer: Socket; listener: number }> {
  const g = guest(new BlockingNetwork());
  const { fd: listener, port } = await g.listen();
  const peer = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  peers.push(peer);
  await once(peer, "connect");
  return { g, listener, fd: await g.accept(listener), peer };
}

const hash = (parts: readonly Uint8Array[]): string =>
  parts.reduce((sum, part) => sum.update(part), createHash("sha256")).digest("hex");

describe("a stream", () => {
  it("carries much in both directions, in pieces of any size", async () => {
    const { g, fd, peer } = await connected();
    const sent = Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
    const echoed: Uint8Array[] = [];
    peer.on("data", (chunk: Uint8Array) => echoed.push(chunk));
    peer.end(sent);
    const { at } = g.iovs(100_000);
    const out = g.alloc(8);
    for (let size = 1; ; size = (size * 3 + 7) % 99_991) {
      g.view.setUint32(at + 4, size || 1, true);
      expect(await g.wait("sock_recv", fd, at, 1, 0, out, out + 4)).toBe("SUCCESS");
      const count = g.u32(out);
      if (count === 0) break;
      for (let done = 0; done < count; ) {
        const { at: rest } = g.iovs(0);
        g.view.setUint32(rest, g.u32(at) + done, true);
        g.view.setUint32(rest + 4, count - done, true);
        expect(await g.wait("sock_send", fd, rest, 1, 0, out)).toBe("SUCCESS");
        done += g.u32(out);
      }
    }
    g.call("sock_shutdown", fd, 2);
    await once(peer, "end");
    expect(hash(echoed)).toBe(hash([sent]));
    const { listeners } = g.wasi.usage().network!;
    expect(listeners).toMatchObject([{ accepted: 1, bytesIn: 3_000_000, bytesOut: 3_000_000 }]);
  }, 30_000);
  it("goes on when the guest makes room, and only then", async () => {
    const { g, fd, peer } = await connected();
    const sent = Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * 7 + (i >> 9)) & 0xff);
    peer.end(sent);
    // All that there is room for has come by then.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const parts: Uint8Array[] = [];
    const { at } = g.iovs(30_000);
    const out = g.alloc(8);
    do {
      expect(await g.wait("sock_recv", fd, at, 1, 0, out, out + 4)).toBe("SUCCESS");
      parts.push(g.bytes.slice(g.u32(at), g.u32(at) + g.u32(out)));
    } while (g.u32(out) > 0);
    expect(hash(parts)).toBe(hash([sent]));
  }, 10_000);
  it("of which the guest reads nothing holds its peer up", async () => {
    const { fd, g, peer } = await connected();
    peer.on("error", () => {});
    let taken = 0;
    const chunk = new Uint8Array(1 << 20);
    for (let i = 0; i < 64; i++) peer.write(chunk, () => (taken += chunk.length));
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(taken).toBeLessThan(32 << 20);
    expect((await g.receive(fd, 10)).length).toBe(10);
  });
  it("refuses sizes and places that are none", async () => {
    const { g, fd } = await connected();
    const { at } = g.iovs(8);
    const out = g.alloc(8);
    for (const [from, size] of [
      [g.u32(at), 0xffff_ffff],
      [0xffff_fff0, 64],
    ]) {
      g.view.setUint32(at, from!, true);
      g.view.setUint32(at + 4, size!, true);
      expect(await g.wait("sock_recv", fd, at, 1, 0, out, out + 4)).toBe("FAULT");
      expect(await g.wait("sock_send", fd, at, 1, 0, out)).toBe("FAULT");
    }
    expect(await g.wait("sock_send", fd, at, 0xffff_ffff, 0, out)).not.toBe("SUCCESS");
    expect(await g.wait("sock_listen", await g.socket(), 0x8000_0000)).toBe("SUCCESS");
  });
});

describe("datagrams", () => {
  it("of any size come whole and in order, and those without room are lost", async () => {
    const g = guest(new BlockingNetwork());
    const fd = await g.socket("datagram");
    expect(await g.wait("sock_bind", fd, g.address([127, 0, 0, 1]), 0)).toBe("SUCCESS");
    const { port } = await g.local(fd);
    const [to, { at }, out] = [g.address([127, 0, 0, 1]), g.iovs(new Uint8Array(65_507).fill(5)), g.alloc(16)];
    const sizes = [0, 1, 65_507, 0, 40_000, 65_507, 3];
    for (const size of sizes) {
      g.view.setUint32(at + 4, size, true);
      expect(await g.wait("sock_send_to", fd, at, 1, to, port, 0, out)).toBe("SUCCESS");
    }
    g.view.setUint32(at + 4, 65_508, true);
    expect(await g.wait("sock_send_to", fd, at, 1, to, port, 0, out)).toBe("MSGSIZE");
    const got: number[] = [];
    for (const _ of sizes) {
      expect(await g.wait("sock_recv", fd, at, 1, 0, out, out + 4)).toBe("SUCCESS");
      got.push(g.u32(out));
    }
    expect(got).toEqual(sizes);
    const { sent, received } = g.wasi.usage().network!.datagrams;
    expect([sent, received]).toEqual([7, 7]);
  });
});

describe("a socket that is closed", () => {
  it("has nothing of the one that gets its memory", async () => {
    const network = new BlockingNetwork();
    const listener = await network.listener("127.0.0.1", 0);
    const next = async (): Promise<BlockingSocket> => {
      const peer = connect(listener.local.port, "127.0.0.1");
      peers.push(peer);
      peer.write("secret");
      await once(peer, "connect");
      await expect.poll(() => listener.canRead(), { interval: 2 }).toBe(true);
      const socket = listener.accept() as BlockingSocket;
      await expect.poll(() => socket.available(), { interval: 2 }).toBe(6);
      return socket;
    };
    const first = await next();
    const memory = first.cell;
    first.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const second = await next();
    expect(second.cell).toBe(memory);
    expect([first.available(), first.canRead(), first.isConnected]).toEqual([0, false, false]);
    expect(() => first.receive([new Uint8Array(10)], false)).toThrow("NOTCONN");
    expect(() => first.send([new Uint8Array(10)])).toThrow("NOTCONN");
    expect(() => first.bind(listener.local)).toThrow("BADF");
    first.close();
    expect(second.read(new Uint8Array(10))).toBe(6);
    second.close();
    listener.close();
    network.release();
  });
});

describe("a place in use", () => {
  it("is told by bind for datagrams, which can try again", async () => {
    const g = guest(new BlockingNetwork());
    const [one, two] = [await g.socket("datagram"), await g.socket("datagram")];
    const at = g.address([127, 0, 0, 1]);
    expect(await g.wait("sock_bind", one, at, 0)).toBe("SUCCESS");
    expect(await g.wait("sock_bind", two, at, (await g.local(one)).port)).toBe("ADDRINUSE");
    expect(await g.wait("sock_bind", two, at, 0)).toBe("SUCCESS");
    expect(await g.wait("sock_bind", two, at, 0)).toBe("INVAL");
  });
});

describe("the I/O thread", () => {
  it("that has failed ends the guest, and nothing waits for it", async () => {
    const network = new BlockingNetwork();
    const { fd } = await guest(network).listen();
    expect(fd).toBeGreaterThan(2);
    const from = performance.now();
    // No such socket: a bug, were it ours.
    const fault = (): unknown => network.ask({ op: "addresses", id: 12_345 });
    expect(fault).toThrow(expect.objectContaining({ code: "WT6018" }));
    expect(() => network.ready.block!(10_000)).toThrow("I/O thread");
    expect(() => network.open("ipv4", "stream")).toThrow("I/O thread");
    expect(performance.now() - from).toBeLessThan(5000);
    guests.splice(0);
  });
  it("ends with the last guest, and another begins with the next", async () => {
    const network = new BlockingNetwork();
    const [one, two] = [guest(network), guest(network)];
    await one.listen();
    const { fd } = await two.listen();
    one.wasi.close();
    expect((await two.local(fd)).port).toBeGreaterThan(0);
    two.wasi.close();
    expect((await guest(network).listen()).port).toBeGreaterThan(0);
  });
  it("is not there before a socket is", () => {
    const network = new BlockingNetwork();
    network.release();
    expect(network.ready.isReady()).toBe(false);
  });
});

describe("the import object", () => {
  const importsOf = (network: NodeNetwork | BlockingNetwork): string[] => {
    const rules = { listen: [rule("*:*")], connect: [], resolve: [] };
    return Object.keys(new WASI({ version: "preview1", network: { network, rules } }).wasiImport);
  };
  it("has the calls for sockets where a thread may be blocked for them", () => {
    expect(importsOf(new BlockingNetwork())).toEqual(expect.arrayContaining(["sock_open", "sock_accept_v2"]));
    expect(importsOf(new NodeNetwork())).not.toContain("sock_open");
  });
});
