/** A UDP socket on `node:dgram`. Datagrams that the guest does not take in time are dropped, as they are elsewhere. */
import { createSocket, type Socket as Datagrams } from "node:dgram";
import type { WaitSource } from "../../../engine/index.ts";
import { filetype } from "../../abi.ts";
import { type ErrnoName, errnoName, errnoOf, fail } from "../../errno.ts";
import { cutBuffers, joinBuffers, spreadBytes } from "../../memory.ts";
import { type Address, anyAddress, type Family, ipText, parseIp, unmapped } from "../../net/address.ts";
import type { Changes, Edges, Received, Socket } from "../../net/socket.ts";
import type { Traffic } from "../../net/traffic.ts";
import { freshSettings } from "./settings.ts";

/** Most bytes of one datagram. */
const MAX_DATAGRAM = 65_507;
/** Bytes that wait for the guest, and for the network. */
const MOST_AHEAD = 1 << 20;
const MOST_BEHIND = 1 << 20;
/** Datagrams that wait for the guest; empty ones take room too. */
const MOST_DATAGRAMS = 4096;

interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: Address;
}

export class UdpSocket implements Socket {
  readonly type = "datagram";
  readonly filetype = filetype.socketDgram;
  readonly isListening = false;
  readonly settings = freshSettings();
  readonly edges = { reads: 0, writes: 0 };
  readonly family: Family;
  readonly #changes: Changes;
  readonly #count: Traffic["datagrams"];
  readonly #socket: Datagrams;
  #state: "fresh" | "starting" | "bound" | "closed" = "fresh";
  #peer: Address | undefined;
  #error: ErrnoName | undefined;
  readonly #ahead: Datagram[] = [];
  #aheadBytes = 0;
  #behindBytes = 0;
  #isReadOver = false;
  #isWriteOver = false;

  constructor(changes: Changes, { datagrams }: Traffic, family: Family) {
    this.#changes = changes;
    this.#count = datagrams;
    this.family = family;
    this.#socket = createSocket({ type: family === "ipv4" ? "udp4" : "udp6" });
    this.#socket.on("message", (bytes, { address, port }) => this.#arrived(bytes, address, port));
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("listening", () => {
      if (this.#state === "starting") this.#state = "bound";
      this.apply();
      this.#happened("writes");
    });
  }

  get ready(): WaitSource {
    return this.#changes.next;
  }
  get isBusy(): boolean {
    return this.#state === "starting";
  }
  get isBound(): boolean {
    return this.#state === "bound" || this.#state === "starting";
  }
  get isConnected(): boolean {
    return this.#peer !== undefined;
  }
  get isHungUp(): boolean {
    return this.#isReadOver && this.#isWriteOver;
  }
  get local(): Address {
    if (this.#state !== "bound") return anyAddress(this.family);
    const { address, port } = this.#socket.address();
    return this.#address(address, port);
  }
  get peer(): Address | undefined {
    return this.#peer;
  }

  bind({ ip, port }: Address): void {
    if (this.#state !== "fresh") fail("INVAL");
    this.#state = "starting";
    this.#socket.bind({ address: ipText(ip), port, exclusive: true });
  }

  listen(): never {
    return fail("NOTSUP");
  }

  /** Only who it sends to and takes from: nothing goes over the network. */
  connect(address: Address): void {
    this.#peer = address;
    if (this.#state === "fresh") this.bind(anyAddress(this.family));
  }

  accept(): never {
    return fail("NOTSUP");
  }

  receive(into: readonly Uint8Array[], isPeek: boolean): Received | undefined {
    const error = this.takeError();
    if (error !== undefined) fail(error);
    const first = this.#ahead[0];
    if (first === undefined) return this.#isReadOver ? { count: 0, isTruncated: false, from: undefined } : undefined;
    const { bytes, from } = first;
    const size = into.reduce((sum, b) => sum + b.length, 0);
    spreadBytes(bytes.subarray(0, size), into);
    if (!isPeek) {
      this.#ahead.shift();
      this.#aheadBytes -= bytes.length;
      this.#count.received++;
      this.edges.reads++;
      this.#count.bytesIn += Math.min(size, bytes.length);
    }
    return { count: Math.min(size, bytes.length), isTruncated: bytes.length > size, from };
  }

  read(into: Uint8Array): number | undefined {
    return this.receive([into], false)?.count;
  }

  write(buffers: readonly Uint8Array[]): number | undefined {
    return this.send(buffers);
  }

  send(buffers: readonly Uint8Array[], to = this.#peer): number | undefined {
    const error = this.takeError();
    if (error !== undefined) fail(error);
    if (to === undefined) return fail("DESTADDRREQ");
    if (this.#isWriteOver) fail("PIPE");
    if (this.#state === "starting" || this.#behindBytes >= MOST_BEHIND) return undefined;
    if (buffers.reduce((sum, b) => sum + b.length, 0) > MAX_DATAGRAM) fail("MSGSIZE");
    if (to.ip.length !== (this.family === "ipv4" ? 4 : 16)) fail("AFNOSUPPORT");
    const bytes = joinBuffers(cutBuffers(buffers, MAX_DATAGRAM));
    this.#behindBytes += bytes.length;
    this.#count.sent++;
    this.edges.writes++;
    this.#count.bytesOut += bytes.length;
    if (this.#state === "fresh") this.#state = "starting";
    this.#socket.send(bytes, to.port, ipText(to.ip), (failed) => {
      this.#behindBytes -= bytes.length;
      if (failed !== null) this.#fail(failed);
      else this.#happened("writes");
    });
    return bytes.length;
  }

  shutdown({ read, write }: { readonly read: boolean; readonly write: boolean }): void {
    if (this.#peer === undefined) fail("NOTCONN");
    this.#isReadOver ||= read;
    this.#isWriteOver ||= write;
    this.#happened("reads", "writes");
  }

  takeError(): ErrnoName | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }

  canRead(): boolean {
    return this.#ahead.length > 0 || this.#isReadOver || this.#error !== undefined;
  }

  canWrite(): boolean {
    return (this.#state !== "starting" && this.#behindBytes < MOST_BEHIND) || this.#error !== undefined;
  }

  available(): number {
    return this.#ahead[0]?.bytes.length ?? 0;
  }

  apply(): void {
    if (this.#state === "bound") this.#socket.setBroadcast(this.settings.broadcast);
  }

  close(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    const end = (): void => void this.#socket.close();
    // What was sent goes out before.
    if (this.#behindBytes === 0) end();
    else setImmediate(end);
  }

  #arrived(bytes: Uint8Array, address: string, port: number): void {
    const from = this.#address(address, port);
    const isStranger = this.#peer !== undefined && (this.#peer.port !== port || !isSame(this.#peer.ip, from.ip));
    if (isStranger || this.#isReadOver || this.#aheadBytes + bytes.length > MOST_AHEAD) return;
    if (this.#ahead.length >= MOST_DATAGRAMS) return;
    this.#ahead.push({ bytes, from });
    this.#aheadBytes += bytes.length;
    this.#happened("reads");
  }

  #address(text: string, port: number): Address {
    const ip = parseIp(text) ?? anyAddress(this.family).ip;
    return { ip: this.family === "ipv4" ? unmapped(ip) : ip, port };
  }

  #fail(error: Error): void {
    const code = errnoOf(error);
    this.#error = code === undefined ? "IO" : (errnoName(code) as ErrnoName);
    if (this.#state === "starting") this.#state = "fresh";
    this.#happened("reads", "writes");
  }

  #happened(...edges: readonly (keyof Edges)[]): void {
    for (const edge of edges) this.edges[edge]++;
    this.#changes.tell(this);
  }
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);
