/** A socket of `BlockingNetwork` on the guest's thread: what those of streams and of datagrams have in common. */
import type { WaitSource } from "../../../../engine/index.ts";
import type { Filetype } from "../../../abi.ts";
import { type ErrnoName, errnoName, fail } from "../../../errno.ts";
import type { Address, Family } from "../../../net/address.ts";
import type { Edges, Received, Socket, SocketType } from "../../../net/socket.ts";
import { freshSettings } from "../settings.ts";
import type { BlockingNetwork } from "./blocking-network.ts";
import type { Addresses, SocketRequest } from "./messages.ts";
import { Cell, cellWords, states, wishes } from "./shared.ts";

/** Of all sockets that are closed: nothing is there, and nothing comes. */
const closed = new Cell(Cell.fresh(64));

/** The network as its sockets see it. */
export type Home = Pick<
  BlockingNetwork,
  "ready" | "ask" | "touch" | "traffic" | "adopt" | "forget" | "newId" | "cells"
>;

export abstract class BlockingSocket implements Socket {
  abstract readonly type: SocketType;
  abstract readonly filetype: Filetype;
  readonly settings = freshSettings();
  readonly family: Family;
  cell: Cell;
  readonly id: number;
  protected readonly home: Home;
  protected bound: Address | undefined;
  protected isReadOver = false;
  protected isWriteOver = false;
  /** The guest's own. */
  protected readonly made: Edges = { reads: 0, writes: 0 };
  #isClosed = false;

  constructor(home: Home, id: number, family: Family, cell: Cell) {
    this.home = home;
    this.id = id;
    this.family = family;
    this.cell = cell;
  }

  abstract readonly local: Address;
  abstract readonly peer: Address | undefined;
  abstract readonly isHungUp: boolean;
  abstract listen(): void;
  abstract connect(address: Address): void;
  abstract accept(): Socket | undefined;
  abstract receive(into: readonly Uint8Array[], isPeek: boolean): Received | undefined;
  abstract send(buffers: readonly Uint8Array[], to?: Address): number | undefined;
  abstract canRead(): boolean;
  abstract canWrite(): boolean;
  abstract available(): number;

  get ready(): WaitSource {
    return this.home.ready;
  }
  get isBusy(): boolean {
    return this.is(states.busy);
  }
  get isListening(): boolean {
    return this.is(states.listening);
  }
  get isBound(): boolean {
    return this.bound !== undefined;
  }
  get isConnected(): boolean {
    return this.is(states.connected);
  }
  get edges(): Readonly<Edges> {
    const { words } = this.cell;
    const { reads, writes } = this.made;
    return {
      reads: (Atomics.load(words, cellWords.reads) + reads) | 0,
      writes: (Atomics.load(words, cellWords.writes) + writes) | 0,
    };
  }

  /** All states at once. */
  protected state(): number {
    return Atomics.load(this.cell.words, cellWords.state);
  }

  protected is(state: number): boolean {
    return (this.state() & state) !== 0;
  }

  bind(address: Address): void {
    this.ask({ op: "bind", address });
    if (!this.hasError()) this.bound = address;
  }

  /** @throws as `BlockingNetwork.ask`; Failure BADF when it is closed */
  protected ask(request: SocketRequest): Addresses | undefined {
    if (this.#isClosed) fail("BADF");
    return this.home.ask({ ...request, id: this.id });
  }

  read(into: Uint8Array): number | undefined {
    return this.receive([into], false)?.count;
  }

  write(buffers: readonly Uint8Array[]): number | undefined {
    return this.send(buffers);
  }

  shutdown({ read, write }: { readonly read: boolean; readonly write: boolean }): void {
    if (this.isListening) return;
    if (!this.isConnected) fail("NOTCONN");
    this.isReadOver ||= read;
    this.isWriteOver ||= write;
    this.made.reads++;
    this.made.writes++;
    this.#wish((read ? wishes.shutRead : 0) | (write ? wishes.shutWrite : 0));
  }

  takeError(): ErrnoName | undefined {
    const code = Atomics.exchange(this.cell.words, cellWords.error, 0);
    return code === 0 ? undefined : (errnoName(code) as ErrnoName);
  }

  /** @throws Failure what went wrong since it was last asked */
  protected tellError(): void {
    const error = this.takeError();
    if (error !== undefined) fail(error);
  }

  protected hasError(): boolean {
    return Atomics.load(this.cell.words, cellWords.error) !== 0;
  }

  apply(): void {
    this.ask({ op: "apply", settings: { ...this.settings } });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // What it has become is counted.
    this.state();
    this.#wish(wishes.close);
    this.home.forget(this);
    // Another socket gets it; a call on this one may still be waiting, of another thread of the guest.
    this.cell = closed;
  }

  #wish(wish: number): void {
    Atomics.or(this.cell.words, cellWords.wishes, wish);
    this.touch();
  }

  /** Has the I/O thread look at it. */
  protected touch(): void {
    this.home.touch(this.id, this.cell);
  }

  /** After something was taken from the ring. */
  protected tellRoom(): void {
    const { in: ring } = this.cell;
    if (this.is(states.full) && ring.used <= ring.size / 2) this.touch();
  }
}
