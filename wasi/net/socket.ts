/**
 * Sockets as the host calls see them. Nothing here waits: what is not over says so, and `ready` tells when to look again.
 *
 * An implementation lives on the host's event loop, and `Changes` is how it tells that something has happened; or on an
 * event loop of another thread, and what it shares with this one tells.
 */
import type { WaitSource } from "../../engine/index.ts";
import type { ErrnoName } from "../errno.ts";
import type { InputStream, OutputStream } from "../streams.ts";
import type { Address, Family } from "./address.ts";
import type { Traffic } from "./traffic.ts";

export type SocketType = "stream" | "datagram";

export interface Received {
  readonly count: number;
  /** The datagram was longer. */
  readonly isTruncated: boolean;
  /** Of a datagram. */
  readonly from: Address | undefined;
}

/** What the guest may set, beside what is taken and has no effect. */
export interface SocketSettings {
  keepAlive: boolean;
  broadcast: boolean;
  /** Bytes. */
  sendBuffer: number;
  receiveBuffer: number;
  /** ms; 0: for ever. */
  receiveTimeoutMs: number;
  sendTimeoutMs: number;
  reuseAddress: boolean;
  /** Seconds; undefined: off. */
  linger: number | undefined;
}

/**
 * Counts what may have made a socket readable, or writable: what the network did, and what the guest did that left
 * something to do. For `epoll_oneoff`, which tells of each of these once.
 */
export interface Edges {
  reads: number;
  writes: number;
}

export interface Socket extends InputStream, OutputStream {
  readonly family: Family;
  readonly type: SocketType;
  /** `listen`, `connect` or `bind` is under way. */
  readonly isBusy: boolean;
  readonly isListening: boolean;
  /** It has an address of its own, which the guest was allowed. */
  readonly isBound: boolean;
  readonly isConnected: boolean;
  /** Both directions are gone. */
  readonly isHungUp: boolean;
  readonly local: Address;
  readonly peer: Address | undefined;
  readonly settings: SocketSettings;
  readonly edges: Readonly<Edges>;

  /** @throws Failure INVAL when it is bound; the end of `isBusy` tells the rest */
  bind(address: Address): void;
  /** @throws Failure INVAL, NOTSUP */
  listen(backlog: number): void;
  /** @throws Failure ISCONN, ALREADY, INVAL */
  connect(address: Address): void;
  /** Undefined when nobody is waiting. @throws Failure INVAL when it does not listen */
  accept(): Socket | undefined;
  /** Undefined when there is nothing; a count of 0 is the end. @throws Failure NOTCONN, CONNRESET */
  receive(into: readonly Uint8Array[], isPeek: boolean): Received | undefined;
  /** Bytes taken; undefined when there is no room. @throws Failure NOTCONN, PIPE, DESTADDRREQ, MSGSIZE */
  send(buffers: readonly Uint8Array[], to?: Address): number | undefined;
  /** @throws Failure NOTCONN */
  shutdown(how: { readonly read: boolean; readonly write: boolean }): void;
  /** What went wrong since it was last asked. */
  takeError(): ErrnoName | undefined;
  /** A read, or an accept, would not wait. */
  canRead(): boolean;
  canWrite(): boolean;
  /** Tells the host of `settings`. */
  apply(): void;
  close(): void;
}

/** A look-up under way. */
export interface Lookup {
  readonly isOver: boolean;
  readonly addresses: readonly Uint8Array[];
  readonly error: ErrnoName | undefined;
}

/** What a guest's sockets are made of. */
export interface Network {
  /**
   * `next`: ready after the next change to any of its sockets, from now on. Another thread may make changes at any time: take
   * it before looking at sockets, and what changes meanwhile is not missed.
   */
  readonly changes: { readonly next: WaitSource };
  /** A thread that waits for its sockets may block: nothing of them needs that thread's event loop. */
  readonly mayBlock?: boolean | undefined;
  /** Of all its sockets; absent when nobody counts. */
  readonly traffic?: Traffic | undefined;
  /** @throws Failure AFNOSUPPORT */
  open(family: Family, type: SocketType): Socket;
  lookup(name: string): Lookup;
  /** A guest is over, and its sockets are closed. */
  release?(): void;
}

/**
 * Tells waiting guests that something has happened to some socket.
 *
 * What happens in one turn of the host's event loop is told once, at its end: a guest that is woken for each of 32
 * connections costs three times as much (bench servers, 32 connections).
 */
export class Changes {
  readonly #watchers = new Set<() => void>();
  readonly #soon: (fn: () => void) => unknown;
  #isTelling = false;
  #source: WaitSource = this.#make();

  /** @param soon  calls a function when the host has taken what else there is */
  constructor(soon: (fn: () => void) => unknown) {
    this.#soon = soon;
  }

  /** Ready after the next change. */
  get next(): WaitSource {
    return this.#source;
  }

  /** @param _by  the socket it happened to; none: a look-up */
  tell(_by?: Socket): void {
    this.#source = this.#make();
    if (this.#isTelling || this.#watchers.size === 0) return;
    this.#isTelling = true;
    this.#soon(() => {
      this.#isTelling = false;
      for (const watcher of [...this.#watchers]) watcher();
    });
  }

  #make(): WaitSource {
    const source: WaitSource = {
      isReady: () => this.#source !== source,
      watch: (fn) => {
        this.#watchers.add(fn);
        return () => void this.#watchers.delete(fn);
      },
    };
    return source;
  }
}
