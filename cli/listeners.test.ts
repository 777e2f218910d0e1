/** Sockets that a guest is given by descriptor: what is asked for, and that it gets them, from a parent that has them. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { listenAddress, listenEnvironment, readListeners } from "./listeners.ts";

const main = join(dirname(fileURLToPath(import.meta.url)), "../dist/bin/wasmts.js");
const folder = mkdtempSync(join(tmpdir(), "wasmts-listeners-"));
const guest = join(folder, "guest.wasm");
const children: ChildProcess[] = [];
const peers: Socket[] = [];
const handed = (of: Server | Socket): number => (of as unknown as { _handle: { fd: number } })._handle.fd;

/**
 * Walks its descriptors from 3 as C libraries do, then answers one connection of descriptor 3 with what it was sent (if
 * that is a connection itself: that one). Prints its environment; ends with 10 for each socket that it walked past, and 1
 * for each directory.
 */
const program = `(module
  (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_flags" (func $flags (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $fd i32) (local $found i32)
    (local.set $fd (i32.const 3))
    (block $end (loop $next
      (br_if $end (call $prestat (local.get $fd) (i32.const 0)))
      (local.set $found (i32.add (local.get $found)
        (select (i32.const 10) (i32.const 1) (i32.load8_u (i32.const 0)))))
      (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
      (br $next)))
    (drop (call $flags (i32.const 3) (i32.const 0)))
    (i32.store (i32.const 8) (i32.const 3))
    (drop (call $accept (i32.const 3) (i32.const 0) (i32.const 8)))
    (i32.store (i32.const 16) (i32.const 1024))
    (i32.store (i32.const 20) (i32.const 100))
    (if (call $read (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 20)) (then unreachable))
    (if (call $write (i32.load (i32.const 8)) (i32.const 16) (i32.const 1) (i32.const 24)) (then unreachable))
    (drop (call $sizes (i32.const 24) (i32.const 28)))
    (drop (call $environ (i32.const 2048) (i32.const 4096)))
    (i32.store (i32.const 16) (i32.const 4096))
    (i32.store (i32.const 20) (i32.load (i32.const 28)))
    (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 24)))
    (call $exit (local.get $found))))`;

beforeAll(async () => {
  writeFileSync(guest, (await loadWabt()).parseWat("guest", program).toBinary({}).buffer);
});
afterEach(() => {
  for (const peer of peers.splice(0)) peer.destroy();
  for (const child of children.splice(0)) child.kill("SIGKILL");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A socket that listens. Once a child has it, close it here: else this process takes its connections. */
async function listening(at: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(at);
  await once(server, "listening");
  return server;
}

let backend = "loop";

/** The command with `fds` as its descriptors 3, 4, ..., as a shell starts it that sets `env`, `$$` being the process. */
function started(fds: readonly number[], options: string, env = ""): ChildProcess {
  const script = `${env} exec "${process.execPath}" "${main}" --net-backend ${backend} ${options} "${guest}"`;
  const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "pipe", ...fds] });
  children.push(child);
  return child;
}

async function ended(child: ChildProcess): Promise<{ status: number; out: string; err: string }> {
  let [out, err] = ["", ""];
  child.stdout!.on("data", (data: Buffer) => (out += String(data)));
  child.stderr!.on("data", (data: Buffer) => (err += String(data)));
  const [status] = (await once(child, "close")) as [number];
  return { status, out, err };
}

/** What the server of `port` answers. */
async function ask(port: number): Promise<string> {
  const peer = connect(port, "127.0.0.1");
  peers.push(peer);
  peer.write("ping");
  return String((await once(peer, "data"))[0]);
}

describe("--tcplisten", () => {
  it("takes addresses, descriptors, and what systemd hands over", () => {
    const process = { env: { LISTEN_PID: "7", LISTEN_FDS: "2", LISTEN_FDNAMES: "http:" }, pid: 7 };
    expect(readListeners([":80", "[::1]:8080", "fd:9", "systemd"], process)).toEqual([
      { host: "0.0.0.0", port: 80 },
      { host: "::1", port: 8080 },
      { fd: 9 },
      { fd: 3, name: "http" },
      { fd: 4, name: "" },
    ]);
  });
  it.each(["fd:2", "fd:", "fd:-1", "fd:x", "fd:99999999", "fd:0x3", "host:65536", ""])("not '%s'", (text) =>
    expect(() => listenAddress("--tcplisten", text)).toThrow(expect.objectContaining({ code: "WT6503" })),
  );
  it.each([
    [{}],
    [{ LISTEN_FDS: "1" }],
    [{ LISTEN_PID: "8", LISTEN_FDS: "1" }],
    [{ LISTEN_PID: "7 ", LISTEN_FDS: "1" }],
    [{ LISTEN_PID: "7", LISTEN_FDS: "0" }],
    [{ LISTEN_PID: "7", LISTEN_FDS: "-1" }],
    [{ LISTEN_PID: "7", LISTEN_FDS: "1e9" }],
    [{ LISTEN_PID: "7", LISTEN_FDS: "99999" }],
    [{ LISTEN_PID: "7", LISTEN_FDS: "2", LISTEN_FDNAMES: "one" }],
  ])("systemd is refused with %j", (env) =>
    expect(() => readListeners(["systemd"], { env, pid: 7 })).toThrow(expect.objectContaining({ code: "WT6535" })),
  );
  it("gives a descriptor once", () => {
    const process = { env: { LISTEN_PID: "7", LISTEN_FDS: "1" }, pid: 7 };
    expect(() => readListeners(["fd:3", "systemd"], process)).toThrow(/fd:3/);
  });
  it("tells the guest of systemd's, where it finds them", () => {
    expect(listenEnvironment([{ host: "a", port: 1 }, { fd: 5 }])).toEqual({});
    expect(
      listenEnvironment([
        { host: "a", port: 1 },
        { fd: 3, name: "http" },
      ]),
    ).toEqual({
      LISTEN_FDS: "2",
      LISTEN_FDNAMES: "unknown:http",
    });
  });
});

describe.skipIf(process.platform === "win32").each(["loop", "thread"])(
  "a process with sockets, --net-backend %s (skipped on Windows),",
  (chosen) => {
    let server: Server;
    let port: number;
    beforeEach(async () => {
      backend = chosen;
      server = await listening({ port: 0, host: "127.0.0.1" });
      port = (server.address() as { port: number }).port;
    });
    afterEach(() => void server.close());

    it("gives one that listens, below directories, and counts", async () => {
      const child = started([handed(server)], `--json --tcplisten fd:3 --dir "${folder}"`);
      server.close();
      const end = ended(child);
      expect(await ask(port)).toBe("ping");
      const { status, out } = await end;
      expect(status).toBe(11);
      expect(JSON.parse(out)).toMatchObject({
        network: { listeners: [{ address: `127.0.0.1:${port}`, accepted: 1, bytesIn: 4, bytesOut: 4 }] },
      });
    });
    it("gives all that systemd hands over", async () => {
      const second = await listening({ port: 0, host: "127.0.0.1" });
      const env = "LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=http:admin";
      const end = ended(started([handed(server), handed(second)], `--tcplisten systemd --dir "${folder}"`, env));
      server.close();
      second.close();
      expect(await ask(port)).toBe("ping");
      expect(await end).toEqual({ status: 21, out: "LISTEN_FDS=2\0LISTEN_FDNAMES=http:admin\0", err: "" });
    });
    it("gives one that is connected", async () => {
      const taken = once(server, "connection");
      const answer = ask(port);
      const [connection] = (await taken) as [Socket];
      const end = ended(started([handed(connection as Socket)], "--tcplisten fd:3"));
      expect(await answer).toBe("ping");
      connection.destroy();
      expect((await end).status).toBe(0);
    });
    it("says what else they are", async () => {
      const file = openSync(guest, "r");
      const datagrams = createSocket("udp4").bind(0);
      await once(datagrams, "listening");
      const path = join(folder, "socket");
      const local = await listening({ path });
      const udp = (datagrams as unknown as { [key: symbol]: { handle: { fd: number } } })[
        Object.getOwnPropertySymbols(datagrams).find((s) => s.description === "state symbol")!
      ]!.handle.fd;
      const cases: [number[], string, RegExp][] = [
        [[], "fd:3", /without that descriptor|no socket|no TCP/],
        [[], "fd:300", /without that descriptor/],
        [[file], "fd:3", /no socket/],
        [[udp], "fd:3", /no TCP socket/],
        [[handed(local)], "fd:3", /no TCP socket/],
        [[handed(server)], "systemd", /WT6535/],
      ];
      const ends = await Promise.all(cases.map(([fds, value]) => ended(started(fds, `--tcplisten ${value}`))));
      ends.forEach(({ status, err }, i) => {
        expect([status, err], cases[i]![1]).toEqual([2, expect.stringMatching(cases[i]![2])]);
        expect(err).not.toMatch(/ at .*\.(js|ts):\d/);
      });
      datagrams.close();
      local.close();
    });
    it("ends at once where it is another's", () => {
      const env = { ...process.env, LISTEN_PID: "1", LISTEN_FDS: "1" };
      const { status, stderr } = spawnSync(process.execPath, [main, "--tcplisten", "systemd", guest], { env });
      expect([status, String(stderr)]).toEqual([2, expect.stringMatching(/LISTEN_PID is 1, this process is \d+/)]);
    });
  },
);
