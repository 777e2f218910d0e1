/** The order in which a socket on the I/O thread counts and shows: who sees bytes, room or connections sees their number, too. */
import { describe, expect, it, vi } from "vitest";
import type { Socket } from "../../../net/socket.ts";
import { IoSocket } from "./io-socket.ts";
import { Cell, cellWords } from "./shared.ts";

/** A socket of the network that has `bytes` to give, takes all it gets, and has `waiting` connections. */
function fake(bytes: number, waiting?: number): Socket {
  let left = bytes;
  return {
    isListening: waiting !== undefined,
    isConnected: waiting === undefined,
    available: () => waiting ?? left,
    takeError: () => undefined,
    send: (pieces: readonly Uint8Array[]) => pieces.reduce((sum, piece) => sum + piece.length, 0),
    receive: ([into]: readonly Uint8Array[]) => {
      if (left === 0) return undefined;
      const count = Math.min(left, into?.length ?? 0);
      left -= count;
      return { count };
    },
  } as Partial<Socket> as Socket;
}

/** What `word` was whenever `of` was shown. */
function seen(cell: Cell, shown: number, word: number): number[] {
  const numbers: number[] = [];
  const store = Atomics.store.bind(Atomics);
  vi.spyOn(Atomics, "store").mockImplementation(((words: Int32Array, at: number, value: number) => {
    if (at === shown && Atomics.load(words, at) !== value) numbers.push(Atomics.load(cell.words, word));
    return store(words, at, value);
  }) as typeof Atomics.store);
  return numbers;
}

/**
 * By how much `word` had moved when a socket on which something happened showed it by the word `shown`.
 *
 * @param happen  after it was told once what it is
 */
function moved(socket: Socket, shown: number, word: number, happen: (cell: Cell) => void): number[] {
  const cell = new Cell();
  const io = new IoSocket(socket, cell, () => {});
  io.move(false);
  const start = Atomics.load(cell.words, word);
  happen(cell);
  const numbers = seen(cell, shown, word);
  io.move(false);
  vi.restoreAllMocks();
  return numbers.map((n) => n - start);
}

describe("what is new is counted before it is shown:", () => {
  it("bytes", () => {
    const [socket, more] = [fake(0), fake(4)];
    const happen = (): void => void Object.assign(socket, { receive: more.receive });
    expect(moved(socket, cellWords.inNext, cellWords.reads, happen)).toEqual([1]);
  });

  it("room", () => {
    const fill = (cell: Cell): void => cell.out.add(cell.out.size);
    expect(moved(fake(0), cellWords.outFirst, cellWords.writes, fill)).toEqual([1]);
    // There was some.
    expect(moved(fake(0), cellWords.outFirst, cellWords.writes, (cell) => cell.out.add(9))).toEqual([0]);
  });

  it("connections", () => {
    const socket = fake(0, 0);
    const happen = (): void => void Object.assign(socket, { available: () => 2 });
    expect(moved(socket, cellWords.waiting, cellWords.reads, happen)).toEqual([1]);
  });
});
