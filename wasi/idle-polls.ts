/**
 * Holds back a guest that asks again and again what it was told already: that it may write, where it has nothing to write.
 *
 * mio_wasi before 0.8.8, which the servers of 2022 and 2023 were built with, does that as long as a connection is open: it
 * asks for both directions, forgets that it was told of one, and takes a whole processor. A few such calls in a row may
 * be just its way (tokio makes two after every answer); those after them wait, longer each time, for anything else that
 * is asked about.
 */
import type { Socket } from "./net/socket.ts";

/** Calls in a row that are answered at once. */
const FREE = 4;
const MOST_MS = 256;

export class IdlePolls {
  /** What the last call told of, and how many writes there had been; undefined when it told of anything else. */
  #told: ReadonlyMap<Socket, number> | undefined;
  #repeats = 0;

  /**
   * How long to wait before a call tells of nothing but `writable`.
   *
   * @param writable  undefined when it tells of anything else
   */
  holdMs(writable: readonly Socket[] | undefined): number {
    const told = this.#told;
    this.#told = writable && new Map(writable.map((socket) => [socket, socket.edges.writes]));
    const isRepeat = told !== undefined && writable?.every((socket) => told.get(socket) === socket.edges.writes);
    this.#repeats = isRepeat ? this.#repeats + 1 : 0;
    return this.#repeats <= FREE ? 0 : Math.min(MOST_MS, 2 ** (this.#repeats - FREE - 1));
  }
}
