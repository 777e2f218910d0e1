/** Counts what a guest's sockets have carried: what it took, and what it handed over. Filled by who makes the sockets. */

/** Bytes, as the guest saw them: what came and it did not take is not counted. */
export interface Bytes {
  readonly bytesIn: number;
  readonly bytesOut: number;
}

/** One address where the guest listened, however often it did. */
export interface ListenerTraffic extends Bytes {
  /** `127.0.0.1:8080`; of the last row, which is about all that do not fit, `others`. */
  readonly address: string;
  /** Connections that the guest has taken. */
  readonly accepted: number;
}

/** What went over the network, as reports have it. */
export interface NetworkUsage {
  readonly listeners: readonly ListenerTraffic[];
  /** Connections that the guest has made. */
  readonly connected: Bytes & { readonly connections: number };
  /** Of all its sockets for them. */
  readonly datagrams: Bytes & { readonly received: number; readonly sent: number };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
export type BytesCount = Mutable<Bytes>;
export type ListenerCount = Mutable<ListenerTraffic>;

/** Rows of a report: a guest may listen at one port after the other for ever. */
const MOST_LISTENERS = 64;

export class Traffic {
  readonly #listeners = new Map<string, ListenerCount>();
  readonly connected: Mutable<NetworkUsage["connected"]> = { connections: 0, bytesIn: 0, bytesOut: 0 };
  readonly datagrams: Mutable<NetworkUsage["datagrams"]> = { received: 0, sent: 0, bytesIn: 0, bytesOut: 0 };

  /** The row of an address. */
  listener(text: string): ListenerCount {
    const isKnown = this.#listeners.has(text) || this.#listeners.size < MOST_LISTENERS - 1;
    const address = isKnown ? text : "others";
    const row = this.#listeners.get(address) ?? { address, accepted: 0, bytesIn: 0, bytesOut: 0 };
    this.#listeners.set(address, row);
    return row;
  }

  usage(): NetworkUsage {
    return {
      listeners: [...this.#listeners.values()].map((row) => ({ ...row })),
      connected: { ...this.connected },
      datagrams: { ...this.datagrams },
    };
  }
}
