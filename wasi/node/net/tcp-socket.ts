/**
 * A TCP socket on `node:net`, or a stream of AF_UNIX, which differs in its addresses only. Node.js reads on its own; what it has read waits here, and it stops when that is much. What
 * the guest writes is handed over at once, up to a bound.
 */
import {
  type AddressInfo,
  connect,
  createServer,
  type NetConnectOpts,
  type Server,
  type Socket as Stream,
} from "node:net";
import type { WaitSource } from "../../../engine/index.ts";
import { filetype } from "../../abi.ts";
import { type ErrnoName, errnoName, errnoOf, fail } from "../../errno.ts";
import { cutBuffers, joinBuffers } from "../../memory.ts";
import { type Address, addressText, anyAddress, type Family, ipText, parseIp, unmapped } from "../../net/address.ts";
import type { Changes, Edges, Received, Socket } from "../../net/socket.ts";
import type { BytesCount, ListenerCount, Traffic } from "../../net/traffic.ts";
import { freshSettings } from "./settings.ts";

/** Bytes that wait for the guest before Node.js stops reading. */
const MOST_AHEAD = 1 << 16;
/** Bytes that wait for the network before the guest has to. */
const MOST_BEHIND = 1 << 18;
/** Bytes that wait for more of the same turn. */
const MOST_GATHERED = 1 << 14;
/** Connections that wait to be accepted; more are refused. */
export const MOST_WAITING = 1024;

/** Connections that the guest has closed and whose last bytes are on their way. */
const MOST_LEFT = 128;
const LEFT_MS = 5000;

/** What the TCP sockets of one guest share. */
export class TcpHome {
  readonly changes: Changes;
  readonly traffic: Traffic;
  readonly #left = new Set<Stream>();

  constructor(changes: Changes, traffic: Traffic) {
    this.changes = changes;
    this.traffic = traffic;
  }

  /** Closes `connection` when what was written is sent; a peer that does not take it has some seconds, and few may wait. */
  leave(connection: Stream): void {
    // What was gathered for the end of this turn is not what a peer does not take.
    while (connection.writableCorked > 0) connection.uncork();
    if (connection.writableLength === 0) return void connection.destroySoon();
    if (this.#left.size >= MOST_LEFT) return void connection.destroy();
    this.#left.add(connection);
    const timer = setTimeout(() => connection.destroy(), LEFT_MS);
    connection.once("close", () => {
      clearTimeout(timer);
      this.#left.delete(connection);
    });
    connection.destroySoon();
  }
}

export const serverOptions = { pauseOnConnect: true, allowHalfOpen: true, noDelay: true } as const;

type State = "fresh" | "starting" | "connecting" | "listening" | "connected" | "closed";

export class TcpSocket implements Socket {
  readonly type = "stream";
  readonly filetype = filetype.socketStream;
  readonly settings = freshSettings();
  readonly edges = { reads: 0, writes: 0 };
  readonly family: Family;
  readonly #home: TcpHome;
  readonly #changes: Changes;
  /** Where its bytes are counted: with the listener it is from, or with all that were made. */
  #count: BytesCount;
  #listener: ListenerCount | undefined;
  #bound: Address | undefined;
  /** Of AF_UNIX, where it was made by `connect`: the host does not tell. */
  #peer: Address | undefined;
  #server: Server | undefined;
  readonly #waiting: Stream[] = [];
  #connection: Stream | undefined;
  #state: State = "fresh";
  #error: ErrnoName | undefined;
  /** What was read and not taken yet. */
  readonly #ahead: Uint8Array[] = [];
  #aheadBytes = 0;
  #isEnd = false;
  #isWriteOver = false;
  #isGone = false;

  constructor(home: TcpHome, family: Family, connection?: Stream, count?: BytesCount) {
    this.#home = home;
    this.#count = count ?? home.traffic.connected;
    this.#changes = home.changes;
    this.family = family;
    if (connection === undefined) return;
    this.#adopt(connection);
    this.#state = "connected";
  }

  get ready(): WaitSource {
    return this.#changes.next;
  }
  get isBusy(): boolean {
    return this.#state === "starting" || this.#state === "connecting";
  }
  get isListening(): boolean {
    return this.#state === "listening";
  }
  get isBound(): boolean {
    return this.#bound !== undefined;
  }
  get isConnected(): boolean {
    return this.#state === "connected";
  }
  get isHungUp(): boolean {
    return this.#isGone || (this.#isEnd && this.#isWriteOver);
  }
  get local(): Address {
    if (this.family === "unix") return this.#bound ?? anyAddress("unix");
    const at = this.#server?.address() as AddressInfo | null | undefined;
    if (at) return addressOf(at.address, at.port, this.family) ?? anyAddress(this.family);
    const { localAddress, localPort } = this.#connection ?? {};
    return addressOf(localAddress, localPort, this.family) ?? this.#bound ?? anyAddress(this.family);
  }
  get peer(): Address | undefined {
    if (this.#state !== "connected") return undefined;
    if (this.family === "unix") return this.#peer ?? anyAddress("unix");
    return addressOf(this.#connection?.remoteAddress, this.#connection?.remotePort, this.family);
  }

  /** Taken down; the network hears of it from `listen` or `connect`. */
  bind(address: Address): void {
    if (this.#bound !== undefined || this.#state !== "fresh") fail("INVAL");
    this.#bound = address;
  }

  listen(backlog: number): void {
    if (this.#state === "listening") return;
    if (this.#state !== "fresh") fail("INVAL");
    const { ip, port, hostPath } = this.#bound ?? anyAddress(this.family);
    if (this.family === "unix" && hostPath === undefined) fail("INVAL");
    const server = createServer(serverOptions);
    const most = Math.min(MOST_WAITING, Math.max(1, backlog));
    this.#serve(server, most);
    this.#state = "starting";
    const at = hostPath === undefined ? { host: ipText(ip), port } : { path: hostPath };
    server.listen({ ...at, backlog: most, exclusive: true });
  }

  /** For a fresh one: it is `server`, which listens and has no listeners for events. */
  adoptServer(server: Server): void {
    this.#serve(server, MOST_WAITING);
    this.#become("listening");
  }

  #serve(server: Server, most: number): void {
    server.on("connection", (connection) => {
      // Whoever has gone before it was accepted is seen as a connection that ends.
      connection.on("error", ignore);
      if (this.#waiting.length >= most || this.#state === "closed") connection.destroy();
      else this.#waiting.push(connection);
      this.#happened("reads");
    });
    // One that listens goes on: a connection could not be taken, which the next accept tells.
    server.on("error", (error) => this.#fail(error, this.#state === "listening" ? "listening" : "fresh"));
    server.on("listening", () => {
      if (this.#state === "closed") server.close();
      this.#become("listening");
    });
    this.#server = server;
  }

  connect(to: Address): void {
    if (this.#state === "connected") fail("ISCONN");
    if (this.#state === "connecting") fail("ALREADY");
    if (this.#state !== "fresh") fail("INVAL");
    this.#peer = to;
    this.#state = "connecting";
    this.#isGone = false;
    this.#isEnd = false;
    const connection = connect({ ...this.#route(to), allowHalfOpen: true, noDelay: true });
    connection.once("connect", () => {
      if (this.#connection !== connection) return;
      this.#home.traffic.connected.connections++;
      this.#become("connected");
    });
    this.#adopt(connection);
  }

  #route({ ip, port, hostPath }: Address): NetConnectOpts {
    if (hostPath !== undefined) return { path: hostPath };
    const from = this.#bound && { localAddress: ipText(this.#bound.ip), localPort: this.#bound.port };
    const host = ip.every((b) => b === 0) ? (this.family === "ipv4" ? "127.0.0.1" : "::1") : ipText(ip);
    return { host, port, ...from };
  }

  accept(): Socket | undefined {
    if (this.#state !== "listening") fail("INVAL");
    const error = this.takeError();
    if (error !== undefined) fail(error);
    const connection = this.#waiting.shift();
    if (connection === undefined) return undefined;
    this.edges.reads++;
    if (this.#listener !== undefined) this.#listener.accepted++;
    return new TcpSocket(this.#home, this.family, connection, this.#listener);
  }

  receive(into: readonly Uint8Array[], isPeek: boolean): Received | undefined {
    const size = into.reduce((sum, b) => sum + b.length, 0);
    const count = this.#take(into, isPeek);
    if (count === undefined && size > 0) return undefined;
    return { count: count ?? 0, isTruncated: false, from: undefined };
  }

  read(into: Uint8Array): number | undefined {
    return this.#take([into], false);
  }

  #take(into: readonly Uint8Array[], isPeek: boolean): number | undefined {
    if (this.#aheadBytes === 0) {
      if (this.#state === "connecting") return undefined;
      const error = this.takeError();
      if (error !== undefined) fail(error);
      if (this.#state !== "connected") fail("NOTCONN");
      return this.#isEnd ? 0 : undefined;
    }
    const count = this.#copy(into);
    if (!isPeek) this.#drop(count);
    return count;
  }

  #copy(into: readonly Uint8Array[]): number {
    let count = 0;
    let chunk = 0;
    let at = 0;
    for (const buffer of into) {
      for (let filled = 0; filled < buffer.length && chunk < this.#ahead.length; ) {
        const part = this.#ahead[chunk]!.subarray(at, at + buffer.length - filled);
        buffer.set(part, filled);
        filled += part.length;
        at += part.length;
        count += part.length;
        if (at === this.#ahead[chunk]!.length) {
          chunk++;
          at = 0;
        }
      }
    }
    return count;
  }

  #drop(count: number): void {
    const wasFull = this.#aheadBytes >= MOST_AHEAD;
    this.#aheadBytes -= count;
    this.#count.bytesIn += count;
    this.edges.reads++;
    while (count > 0) {
      const first = this.#ahead[0]!;
      if (first.length > count) {
        this.#ahead[0] = first.subarray(count);
        break;
      }
      count -= first.length;
      this.#ahead.shift();
    }
    if (wasFull && this.#aheadBytes < MOST_AHEAD) this.#connection?.resume();
  }

  write(buffers: readonly Uint8Array[]): number | undefined {
    return this.send(buffers);
  }

  send(buffers: readonly Uint8Array[], to?: Address): number | undefined {
    if (this.#state === "connecting") return undefined;
    const connection = this.#connection;
    if (to !== undefined && this.#state === "connected") fail("ISCONN");
    const error = this.takeError();
    if (error !== undefined) fail(error);
    if (connection === undefined || this.#state !== "connected") return fail("NOTCONN");
    if (this.#isWriteOver || this.#isGone) fail("PIPE");
    const room = MOST_BEHIND - connection.writableLength;
    if (room <= 0) return undefined;
    const bytes = joinBuffers(cutBuffers(buffers, room));
    if (bytes.length > 0) gather(connection, bytes);
    this.#count.bytesOut += bytes.length;
    this.edges.writes++;
    return bytes.length;
  }

  shutdown({ read, write }: { readonly read: boolean; readonly write: boolean }): void {
    if (this.#state === "listening") return;
    if (this.#state !== "connected") fail("NOTCONN");
    if (write && !this.#isWriteOver) {
      this.#isWriteOver = true;
      this.#connection?.end();
    }
    if (read) {
      this.#isEnd = true;
      this.#ahead.length = 0;
      this.#aheadBytes = 0;
      // What still comes is thrown away.
      this.#connection?.resume();
    }
    this.#happened("reads", "writes");
  }

  takeError(): ErrnoName | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  canRead(): boolean {
    if (this.#state === "listening") return this.#waiting.length > 0 || this.#error !== undefined;
    return this.#aheadBytes > 0 || this.#isEnd || this.#isGone || this.#error !== undefined;
  }

  canWrite(): boolean {
    if (this.#isGone || this.#error !== undefined) return true;
    return this.#state === "connected" && (this.#connection?.writableLength ?? 0) < MOST_BEHIND;
  }

  available(): number {
    return this.#state === "listening" ? this.#waiting.length : this.#aheadBytes;
  }

  apply(): void {
    this.#connection?.setKeepAlive(this.settings.keepAlive);
  }

  close(): void {
    this.#state = "closed";
    this.#server?.close();
    for (const connection of this.#waiting.splice(0)) connection.destroy();
    if (this.#connection === undefined) return;
    if (this.settings.linger === 0 && this.family === "unix") this.#connection.destroy();
    else if (this.settings.linger === 0) this.#connection.resetAndDestroy();
    else this.#home.leave(this.#connection);
  }

  /** From now on its events are this socket's. */
  #adopt(connection: Stream): void {
    this.#connection = connection;
    connection.removeListener("error", ignore);
    connection.on("data", (chunk: Uint8Array) => this.#arrived(chunk));
    connection.on("end", () => {
      this.#isEnd = true;
      this.#happened("reads");
    });
    connection.on("drain", () => this.#happened("writes"));
    connection.on("error", (error) => {
      if (this.#connection !== connection) return;
      const isFailed = this.#state === "connecting";
      // It can be tried again with another connection.
      if (isFailed) this.#connection = undefined;
      this.#fail(error, isFailed ? "fresh" : this.#state);
    });
    connection.on("close", () => {
      if (this.#connection !== connection) return;
      this.#isGone = true;
      this.#isEnd = true;
      this.#happened("reads", "writes");
    });
    connection.resume();
  }

  #arrived(chunk: Uint8Array): void {
    if (this.#isEnd || this.#state === "closed") return;
    this.#ahead.push(chunk);
    this.#aheadBytes += chunk.length;
    if (this.#aheadBytes >= MOST_AHEAD) this.#connection?.pause();
    this.#happened("reads");
  }

  #become(state: "listening" | "connected"): void {
    if (this.#state === "closed") return;
    this.#state = state;
    // Reports tell where nobody came too.
    if (state === "listening") this.#listener = this.#home.traffic.listener(addressText(this.local));
    this.#happened("writes");
  }

  #fail(error: Error, state: State): void {
    const code = errnoOf(error);
    this.#error = code === undefined ? "IO" : (errnoName(code) as ErrnoName);
    if (this.#state !== "closed") this.#state = state;
    this.#isGone = state === "connected";
    if (state === "fresh") this.#server = undefined;
    this.#happened("reads", "writes");
  }

  #happened(...edges: readonly (keyof Edges)[]): void {
    for (const edge of edges) this.edges[edge]++;
    this.#changes.tell(this);
  }

  toString(): string {
    return `${this.family === "unix" ? "" : "tcp "}${addressText(this.local)}`;
  }
}

/**
 * What the guest writes before it waits goes out together: head and body of an answer are one system call, which costs
 * as much as all else about a small one (bench servers, with a module that writes twice). What is much does not wait: the
 * guest is told how much the network takes.
 */
function gather(connection: Stream, bytes: Uint8Array): void {
  if (connection.writableCorked === 0) {
    connection.cork();
    // Of the global: to import node:process opens this process's own standard input.
    process.nextTick(() => connection.writableCorked > 0 && connection.uncork());
  }
  connection.write(bytes);
  if (connection.writableLength >= MOST_GATHERED) connection.uncork();
}

const ignore = (): void => {};

/** A socket of IPv6 has IPv4 addresses as IPv6 ones. */
function addressOf(text: string | undefined, port: number | undefined, family: Family): Address | undefined {
  const ip = text === undefined ? undefined : parseIp(text);
  if (ip === undefined) return undefined;
  return { ip: family === "ipv4" ? unmapped(ip) : ip, port: port ?? 0 };
}
