/** A stream of `BlockingNetwork`, or what listens for them, on the guest's thread. */
import { filetype } from "../../../abi.ts";
import { fail } from "../../../errno.ts";
import { type Address, addressText, anyAddress, type Family } from "../../../net/address.ts";
import type { Received, Socket } from "../../../net/socket.ts";
import type { BytesCount, ListenerCount } from "../../../net/traffic.ts";
import { BlockingSocket, type Home } from "./blocking-socket.ts";
import type { Addresses } from "./messages.ts";
import { type Cell, cellWords, copyPieces, states } from "./shared.ts";

export class BlockingStream extends BlockingSocket {
  readonly type = "stream";
  readonly filetype = filetype.socketStream;
  #count: BytesCount;
  #listener: ListenerCount | undefined;
  /** Known once it listens or is connected. */
  #addresses: Addresses | undefined;
  #isConnecting = false;

  constructor(home: Home, id: number, family: Family, cell: Cell, count: BytesCount = home.traffic.connected) {
    super(home, id, family, cell);
    this.#count = count;
  }

  /** For one that exists already: it listens, or is connected. */
  begin(addresses: Addresses): void {
    this.#addresses = addresses;
    if (!this.isListening) return;
    this.bound = addresses.local;
    this.#listener = this.home.traffic.listener(addressText(addresses.local));
  }

  get isHungUp(): boolean {
    return this.is(states.hungUp) || (this.isWriteOver && (this.isReadOver || this.is(states.end)));
  }
  get local(): Address {
    return this.#known()?.local ?? this.bound ?? anyAddress(this.family);
  }
  get peer(): Address | undefined {
    return this.isConnected ? this.#known()?.peer : undefined;
  }

  /** Where it is, which does not change while it listens or is connected. */
  #known(): Addresses | undefined {
    if (this.#addresses === undefined && this.isConnected) this.#addresses = this.ask({ op: "addresses" });
    return this.#addresses;
  }

  /** That it is connected now is counted when it is seen. */
  protected override state(): number {
    const state = super.state();
    if (this.#isConnecting && (state & states.busy) === 0) {
      this.#isConnecting = false;
      if ((state & states.connected) !== 0) this.home.traffic.connected.connections++;
    }
    return state;
  }

  listen(): void {
    const addresses = this.ask({ op: "listen" });
    if (!this.isListening || this.#listener !== undefined) return;
    this.begin(addresses!);
  }

  connect(address: Address): void {
    this.ask({ op: "connect", address });
    this.#isConnecting = true;
  }

  accept(): Socket | undefined {
    if (!this.isListening) fail("INVAL");
    this.tellError();
    if (Atomics.load(this.cell.words, cellWords.waiting) === 0) return undefined;
    const [accepted, cell] = [this.home.newId(), this.home.cells.take()];
    const addresses = this.ask({ op: "accept", accepted, buffer: cell.buffer });
    if (addresses === undefined) return undefined;
    this.made.reads++;
    if (this.#listener !== undefined) this.#listener.accepted++;
    return this.home.adopt(accepted, cell, addresses, this.#listener);
  }

  receive(into: readonly Uint8Array[], isPeek: boolean): Received | undefined {
    const size = into.reduce((sum, b) => sum + b.length, 0);
    const count = this.#take(into, isPeek);
    if (count === undefined && size > 0) return undefined;
    return { count: count ?? 0, isTruncated: false, from: undefined };
  }

  /** The error and the state are looked at before the ring: see `IoSocket`. */
  #take(into: readonly Uint8Array[], isPeek: boolean): number | undefined {
    const hasError = Atomics.load(this.cell.words, cellWords.error) !== 0;
    const state = this.state();
    const contents = this.isReadOver ? [] : this.cell.in.contents();
    if (contents.length > 0) {
      const count = copyPieces(contents, into);
      if (!isPeek) this.#drop(count);
      return count;
    }
    if ((state & (states.busy | states.full)) !== 0 && !this.isReadOver) return undefined;
    if (hasError) this.tellError();
    if ((state & states.connected) === 0) fail("NOTCONN");
    return this.isReadOver || (state & states.end) !== 0 ? 0 : undefined;
  }

  #drop(count: number): void {
    const { in: ring } = this.cell;
    ring.drop(count);
    this.#count.bytesIn += count;
    this.made.reads++;
    this.tellRoom();
  }

  send(buffers: readonly Uint8Array[], to?: Address): number | undefined {
    const state = this.state();
    if ((state & states.busy) !== 0) return undefined;
    if (to !== undefined && (state & states.connected) !== 0) fail("ISCONN");
    this.tellError();
    if ((state & states.connected) === 0) fail("NOTCONN");
    if (this.isWriteOver || (state & states.hungUp) !== 0) fail("PIPE");
    const { out } = this.cell;
    const room = out.room();
    if (room.length === 0) return undefined;
    const count = copyPieces(buffers, room);
    out.add(count);
    if (count > 0) this.touch();
    this.#count.bytesOut += count;
    this.made.writes++;
    return count;
  }

  canRead(): boolean {
    const hasError = this.hasError();
    const state = this.state();
    if ((state & states.listening) !== 0) return hasError || this.available() > 0;
    if (this.isReadOver || this.cell.in.used > 0) return true;
    return (state & states.full) === 0 && (hasError || (state & (states.end | states.hungUp)) !== 0);
  }

  canWrite(): boolean {
    const state = this.state();
    if (this.hasError() || (state & states.hungUp) !== 0) return true;
    return (state & states.connected) !== 0 && this.cell.out.free > 0;
  }

  available(): number {
    if (this.isListening) return Atomics.load(this.cell.words, cellWords.waiting);
    return this.isReadOver ? 0 : this.cell.in.used;
  }

  override toString(): string {
    return `${this.family === "unix" ? "" : "tcp "}${addressText(this.local)}`;
  }
}
