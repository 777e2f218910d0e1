/**
 * What the guest's thread and the I/O thread share: words of state, and a ring of bytes for each direction of a socket.
 *
 * ```
 * guest's thread                                              I/O thread
 *   send ────► out ring ──► touched, by number, and woken ────► network
 *   receive ◄── in ring ◄── state, and the counter moves ◄───── network
 * ```
 *
 * Each word and each end of a ring has one writer, but for those that are taken with an exchange.
 */

/** Words that all sockets of a network share. */
export const shared = {
  /** Moves whenever something has happened to a socket; the guest's thread sleeps on it. */
  counter: 0,
  /** The I/O thread has been woken and has not looked yet. */
  isWoken: 1,
  /** The last question whether it is alive, and the last that it has answered. */
  ping: 2,
  pong: 3,
  /** It has ended, other than by being told to. */
  isDead: 4,
  /** Answers to requests. */
  answers: 5,
  /** Ends of the queue of sockets that the guest has touched. */
  first: 6,
  next: 7,
  /** Some had no room in the queue: all sockets may have been touched. */
  isOverflow: 8,
  queue: 16,
} as const;

/** Sockets in the queue: a power of two. Each is there once at most. */
const QUEUE = 4096;

export const newShared = (): Int32Array =>
  new Int32Array(new SharedArrayBuffer((shared.queue + QUEUE) * Int32Array.BYTES_PER_ELEMENT));

/** For the I/O thread: socket `id` has something to do. */
export function enqueue(words: Int32Array, id: number): void {
  const next = Atomics.load(words, shared.next);
  if (((next - Atomics.load(words, shared.first)) | 0) >= QUEUE) Atomics.store(words, shared.isOverflow, 1);
  else {
    Atomics.store(words, shared.queue + (next & (QUEUE - 1)), id);
    Atomics.store(words, shared.next, (next + 1) | 0);
  }
}

/** The first in the queue; undefined when it is empty. */
export function dequeue(words: Int32Array): number | undefined {
  const first = Atomics.load(words, shared.first);
  if (first === Atomics.load(words, shared.next)) return undefined;
  const id = Atomics.load(words, shared.queue + (first & (QUEUE - 1)));
  Atomics.store(words, shared.first, (first + 1) | 0);
  return id;
}

/** Words of one socket. Those of the I/O thread come first. */
export const cellWords = {
  /** Of `states`. */
  state: 0,
  /** An errno that the guest takes; 0: none. */
  error: 1,
  /** Connections that wait to be accepted. */
  waiting: 2,
  /** As `Edges`, of the network. */
  reads: 3,
  writes: 4,
  inNext: 5,
  outFirst: 6,
  /** The I/O thread has closed it, and will not look at any of this again. */
  isOver: 7,
  /** The guest's: of `wishes`. */
  wishes: 8,
  /** It is in the queue. */
  isQueued: 9,
  inFirst: 10,
  outNext: 11,
} as const;

/** What the I/O thread says of a socket. */
export const states = {
  busy: 1,
  listening: 2,
  connected: 4,
  /** What the peer has sent is in the ring to its end. */
  end: 8,
  hungUp: 16,
  /** The ring is full, or was: it goes on when it is told of room. */
  full: 32,
} as const;

/** What the guest wants of a socket, once what it has sent is on its way. */
export const wishes = { shutRead: 1, shutWrite: 2, close: 4 } as const;

const HEAD_BYTES = 64;
/** Of each direction: a power of two. That of datagrams has room for several of the longest. */
export const RING_BYTES = 1 << 16;
export const DATAGRAM_RING_BYTES = 1 << 18;

/** One socket's shared memory. */
export class Cell {
  readonly buffer: SharedArrayBuffer;
  readonly words: Int32Array;
  /** From the network. */
  readonly in: Ring;
  /** To it. */
  readonly out: Ring;

  constructor(buffer: SharedArrayBuffer = Cell.fresh()) {
    const size = (buffer.byteLength - HEAD_BYTES) / 2;
    const ring = (first: number, next: number, at: number): Ring =>
      new Ring(this.words, first, next, new Uint8Array(buffer, at, size));
    this.buffer = buffer;
    this.words = new Int32Array(buffer, 0, HEAD_BYTES / Int32Array.BYTES_PER_ELEMENT);
    this.in = ring(cellWords.inFirst, cellWords.inNext, HEAD_BYTES);
    this.out = ring(cellWords.outFirst, cellWords.outNext, HEAD_BYTES + size);
  }

  static fresh(ringBytes = RING_BYTES): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_BYTES + 2 * ringBytes);
  }
}

/** Cells that are kept. */
const MOST_KEPT = 1024;
/** How many of them are looked at for one that is over. */
const LOOKS = 4;

/**
 * Cells of closed streams, for the next ones: shared memory that is left to be collected is left for long (servers-soak,
 * 1,000 connections).
 */
export class CellPool {
  readonly #kept: Cell[] = [];

  take(): Cell {
    for (let looks = 0; looks < LOOKS; looks++) {
      const cell = this.#kept.shift();
      if (cell === undefined) break;
      if (Atomics.load(cell.words, cellWords.isOver) === 1) {
        for (let at = 0; at < cell.words.length; at++) Atomics.store(cell.words, at, 0);
        return cell;
      }
      this.#kept.push(cell);
    }
    return new Cell();
  }

  /** One that the guest has done with. */
  give(cell: Cell): void {
    if (this.#kept.length < MOST_KEPT && cell.in.size === RING_BYTES) this.#kept.push(cell);
  }
}

/** Bytes on their way from one thread to another. The ends count all bytes there ever were, modulo 2^32. */
export class Ring {
  readonly #words: Int32Array;
  readonly #first: number;
  readonly #next: number;
  readonly #bytes: Uint8Array;

  /** @param first  the word of the reader's end. @param next  of the writer's */
  constructor(words: Int32Array, first: number, next: number, bytes: Uint8Array) {
    this.#words = words;
    this.#first = first;
    this.#next = next;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  get used(): number {
    return (Atomics.load(this.#words, this.#next) - Atomics.load(this.#words, this.#first)) >>> 0;
  }

  get free(): number {
    return this.#bytes.length - this.used;
  }

  /** Where the writer may write, up to two pieces; `add` makes it readable. */
  room(): Uint8Array[] {
    return this.#pieces(Atomics.load(this.#words, this.#next), this.free);
  }

  add(count: number): void {
    Atomics.store(this.#words, this.#next, (Atomics.load(this.#words, this.#next) + count) | 0);
  }

  /** What the reader may read, up to two pieces; `drop` makes room of it. */
  contents(): Uint8Array[] {
    return this.#pieces(Atomics.load(this.#words, this.#first), this.used);
  }

  drop(count: number): void {
    Atomics.store(this.#words, this.#first, (Atomics.load(this.#words, this.#first) + count) | 0);
  }

  #pieces(from: number, count: number): Uint8Array[] {
    if (count === 0) return [];
    const at = from & (this.#bytes.length - 1);
    const first = this.#bytes.subarray(at, at + count);
    return first.length === count ? [first] : [first, this.#bytes.subarray(0, count - first.length)];
  }
}

/** Copies from one list of pieces to another, as much as fits. @returns bytes */
export function copyPieces(from: readonly Uint8Array[], into: readonly Uint8Array[]): number {
  let [count, k, at] = [0, 0, 0];
  for (const piece of from)
    for (let taken = 0; taken < piece.length && k < into.length; ) {
      const part = piece.subarray(taken, taken + into[k]!.length - at);
      into[k]!.set(part, at);
      taken += part.length;
      at += part.length;
      count += part.length;
      if (at === into[k]!.length) [k, at] = [k + 1, 0];
    }
  return count;
}
