/** A socket of `BlockingNetwork` on the guest's thread: it reads and writes what it shares with the I/O thread. */
import type { WaitSource } from "../../../../engine/index.ts";
import { filetype } from "../../../abi.ts";
import { type ErrnoName, errnoName, fail } from "../../../errno.ts";
import { type Address, addressText, anyAddress, type Family } from "../../../net/address.ts";
import type { Edges, Received, Socket } from "../../../net/socket.ts";
import type { BytesCount, ListenerCount } from "../../../net/traffic.ts";
import { freshSettings } from "../settings.ts";
import type { BlockingNetwork } from "./blocking-network.ts";
import type { Addresses } from "./messages.ts";
import { Cell, cellWords, copyPieces, RING_BYTES, states, wishes } from "./shared.ts";

/** The network as its sockets see it. */
export type Home = Pick<BlockingNetwork, "ready" | "ask" | "touch" | "traffic" | "adopt" | "forget" | "newId">;

export class BlockingSocket implements Socket {
  readonly type = "stream";
  readonly filetype = filetype.socketStream;
  readonly settings = freshSettings();
  readonly family: Family;
  readonly cell: Cell;
  readonly #id: number;
  readonly #home: Home;
  #count: BytesCount;
  #listener: ListenerCount | undefined;
  #bound: Address | undefined;
  /** Known once it is connected. */
  #addresses: Addresses | undefined;
  #isConnecting = false;
  #isReadOver = false;
  #isWriteOver = false;
  #isClosed = false;
  readonly #edges = { reads: 0, writes: 0 };

  constructor(home: Home, id: number, family: Family, cell: Cell, count: BytesCount = home.traffic.connected) {
    this.#home = home;
    this.#id = id;
    this.family = family;
    this.cell = cell;
    this.#count = count;
  }

  /** For one that exists already: it listens, or is connected. */
  begin(addresses: Addresses): void {
    this.#addresses = addresses;
    if (addresses.peer !== undefined) return;
    this.#bound = addresses.local;
    this.#listener = this.#home.traffic.listener(addressText(addresses.local));
  }

  get ready(): WaitSource {
    return this.#home.ready;
  }
  get isBusy(): boolean {
    return this.#is(states.busy);
  }
  get isListening(): boolean {
    return this.#is(states.listening);
  }
  get isBound(): boolean {
    return this.#bound !== undefined;
  }
  get isConnected(): boolean {
    return this.#is(states.connected);
  }
  get isHungUp(): boolean {
    return this.#is(states.hungUp) || (this.#isWriteOver && (this.#isReadOver || this.#is(states.end)));
  }
  get edges(): Readonly<Edges> {
    const { words } = this.cell;
    const { reads, writes } = this.#edges;
    return {
      reads: (Atomics.load(words, cellWords.reads) + reads) | 0,
      writes: (Atomics.load(words, cellWords.writes) + writes) | 0,
    };
  }
  get local(): Address {
    return this.#known()?.local ?? this.#bound ?? anyAddress(this.family);
  }
  get peer(): Address | undefined {
    return this.isConnected ? this.#known()?.peer : undefined;
  }

  /** Where it is, which does not change while it listens or is connected. */
  #known(): Addresses | undefined {
    if (this.#addresses === undefined && this.isConnected)
      this.#addresses = this.#home.ask({ op: "addresses", id: this.#id });
    return this.#addresses;
  }

  /** All states at once, with what follows from them. */
  #state(): number {
    const state = Atomics.load(this.cell.words, cellWords.state);
    if (this.#isConnecting && (state & states.busy) === 0) {
      this.#isConnecting = false;
      if ((state & states.connected) !== 0) this.#home.traffic.connected.connections++;
    }
    return state;
  }

  #is(state: number): boolean {
    return (this.#state() & state) !== 0;
  }

  bind(address: Address): void {
    this.#home.ask({ op: "bind", id: this.#id, address });
    this.#bound = address;
  }

  listen(backlog: number): void {
    const addresses = this.#home.ask({ op: "listen", id: this.#id, backlog });
    if (!this.isListening || this.#listener !== undefined) return;
    this.begin(addresses!);
  }

  connect(address: Address): void {
    this.#home.ask({ op: "connect", id: this.#id, address });
    this.#isConnecting = true;
  }

  accept(): Socket | undefined {
    if (!this.isListening) fail("INVAL");
    this.#failed();
    if (Atomics.load(this.cell.words, cellWords.waiting) === 0) return undefined;
    const [accepted, cell] = [this.#home.newId(), new Cell()];
    const addresses = this.#home.ask({ op: "accept", id: this.#id, accepted, buffer: cell.buffer });
    if (addresses === undefined) return undefined;
    this.#edges.reads++;
    if (this.#listener !== undefined) this.#listener.accepted++;
    return this.#home.adopt(accepted, cell, addresses, this.#listener);
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

  /** The error and the state are looked at before the ring: see `IoSocket`. */
  #take(into: readonly Uint8Array[], isPeek: boolean): number | undefined {
    const hasError = Atomics.load(this.cell.words, cellWords.error) !== 0;
    const state = this.#state();
    const contents = this.#isReadOver ? [] : this.cell.in.contents();
    if (contents.length > 0) {
      const count = copyPieces(contents, into);
      if (!isPeek) this.#drop(count);
      return count;
    }
    if ((state & (states.busy | states.full)) !== 0 && !this.#isReadOver) return undefined;
    if (hasError) this.#failed();
    if ((state & states.connected) === 0) fail("NOTCONN");
    return this.#isReadOver || (state & states.end) !== 0 ? 0 : undefined;
  }

  #drop(count: number): void {
    const { in: ring } = this.cell;
    ring.drop(count);
    this.#count.bytesIn += count;
    this.#edges.reads++;
    if (this.#is(states.full) && ring.used <= RING_BYTES / 2) this.#touch();
  }

  write(buffers: readonly Uint8Array[]): number | undefined {
    return this.send(buffers);
  }

  send(buffers: readonly Uint8Array[], to?: Address): number | undefined {
    const state = this.#state();
    if ((state & states.busy) !== 0) return undefined;
    if (to !== undefined && (state & states.connected) !== 0) fail("ISCONN");
    this.#failed();
    if ((state & states.connected) === 0) fail("NOTCONN");
    if (this.#isWriteOver || (state & states.hungUp) !== 0) fail("PIPE");
    const { out } = this.cell;
    const room = out.room();
    if (room.length === 0) return undefined;
    const count = copyPieces(buffers, room);
    out.add(count);
    if (count > 0) this.#touch();
    this.#count.bytesOut += count;
    this.#edges.writes++;
    return count;
  }

  shutdown({ read, write }: { readonly read: boolean; readonly write: boolean }): void {
    const state = this.#state();
    if ((state & states.listening) !== 0) return;
    if ((state & states.connected) === 0) fail("NOTCONN");
    this.#isReadOver ||= read;
    this.#isWriteOver ||= write;
    this.#edges.reads++;
    this.#edges.writes++;
    this.#wish((read ? wishes.shutRead : 0) | (write ? wishes.shutWrite : 0));
  }

  takeError(): ErrnoName | undefined {
    const code = Atomics.exchange(this.cell.words, cellWords.error, 0);
    return code === 0 ? undefined : (errnoName(code) as ErrnoName);
  }

  #failed(): void {
    const error = this.takeError();
    if (error !== undefined) fail(error);
  }

  #hasError(): boolean {
    return Atomics.load(this.cell.words, cellWords.error) !== 0;
  }

  canRead(): boolean {
    const hasError = this.#hasError();
    const state = this.#state();
    if ((state & states.listening) !== 0) return hasError || this.available() > 0;
    if (this.#isReadOver || this.cell.in.used > 0) return true;
    return (state & states.full) === 0 && (hasError || (state & (states.end | states.hungUp)) !== 0);
  }

  canWrite(): boolean {
    const state = this.#state();
    if (this.#hasError() || (state & states.hungUp) !== 0) return true;
    return (state & states.connected) !== 0 && this.cell.out.free > 0;
  }

  available(): number {
    if (this.isListening) return Atomics.load(this.cell.words, cellWords.waiting);
    return this.#isReadOver ? 0 : this.cell.in.used;
  }

  apply(): void {
    this.#home.ask({ op: "apply", id: this.#id, settings: { ...this.settings } });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#state();
    this.#wish(wishes.close);
    this.#home.forget(this);
  }

  #wish(wish: number): void {
    Atomics.or(this.cell.words, cellWords.wishes, wish);
    this.#touch();
  }

  #touch(): void {
    this.#home.touch(this.#id, this.cell);
  }

  toString(): string {
    return `${this.family === "unix" ? "" : "tcp "}${addressText(this.local)}`;
  }
}
