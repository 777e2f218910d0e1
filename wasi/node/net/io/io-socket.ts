/** A socket on the I/O thread: moves bytes between the network and the rings, and tells the guest's thread how it is. */
import { type ErrnoName, errno, errnoName, errnoOf } from "../../../errno.ts";
import type { Socket } from "../../../net/socket.ts";
import { type Cell, cellWords, states, wishes } from "./shared.ts";

/** What a guest has sent and closed has this long to go out, ms; few may wait so. */
const LEFT_MS = 5000;

/** Whether the guest has something new to see. */
type IsChanged = boolean;

export class IoSocket {
  readonly socket: Socket;
  readonly cell: Cell;
  readonly #atEnd: () => void;
  #isReadShut = false;
  #isWriteShut = false;
  /** What the peer has sent is in the ring to its end. */
  protected isEnd = false;
  #isFull = false;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param atEnd  called once it is closed */
  constructor(socket: Socket, cell: Cell, atEnd: () => void) {
    this.socket = socket;
    this.cell = cell;
    this.#atEnd = atEnd;
  }

  /** The guest has closed it, and it waits for the network. */
  get isLeft(): boolean {
    return this.#timer !== undefined;
  }

  /** Does what can be done now. @param mayWait  false: a socket that is closed loses what it cannot send now */
  move(mayWait: boolean): IsChanged {
    if (this.#isClosed) return false;
    const wish = Atomics.load(this.cell.words, cellWords.wishes);
    const { out } = this.cell;
    const wasFull = out.free < this.leastRoom;
    // Sending would take it, and tell nobody.
    const error = this.socket.takeError();
    this.send();
    this.#shut(wish);
    if ((wish & wishes.close) !== 0) {
      this.#leave(mayWait);
      return false;
    }
    const isMore = this.#receive();
    const hasRoom = wasFull && out.free >= this.leastRoom;
    return this.#publish(error ?? this.socket.takeError(), isMore, hasRoom);
  }

  /** With less, the guest cannot write. */
  protected get leastRoom(): number {
    return 1;
  }

  protected send(): void {
    const { out } = this.cell;
    while (out.used > 0) {
      const pieces = out.contents();
      const count = attempt(() => this.socket.send(pieces));
      // It cannot be sent any more: the guest is told by the state.
      if (count === undefined) return;
      this.countRoom();
      out.drop(count === "failed" ? out.used : count);
    }
  }

  /**
   * Something to read is about to be there. Counted before the guest can see it: who finds it under the number of before would be
   * told of it again.
   */
  protected countMore(): void {
    Atomics.add(this.cell.words, cellWords.reads, 1);
  }

  /** The same of room to write, if there is too little now. */
  protected countRoom(): void {
    const { words, out } = this.cell;
    if (out.free < this.leastRoom) Atomics.add(words, cellWords.writes, 1);
  }

  #shut(wish: number): void {
    if ((wish & wishes.shutRead) !== 0 && !this.#isReadShut) {
      this.#isReadShut = true;
      attempt(() => this.socket.shutdown({ read: true, write: false }));
    }
    if ((wish & wishes.shutWrite) !== 0 && !this.#isWriteShut && this.cell.out.used === 0) {
      this.#isWriteShut = true;
      attempt(() => this.socket.shutdown({ read: false, write: true }));
    }
  }

  #leave(mayWait: boolean): void {
    const { isHungUp, settings } = this.socket;
    if (this.cell.out.used === 0 || isHungUp || !mayWait || settings.linger === 0) this.close();
    else this.#timer ??= setTimeout(() => this.close(), LEFT_MS);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.socket.close();
    this.#atEnd();
    Atomics.store(this.cell.words, cellWords.isOver, 1);
  }

  /** @returns whether something has come */
  #receive(): IsChanged {
    this.#isFull = false;
    if (this.socket.isListening || this.socket.isBusy || this.#isReadShut || this.isEnd) return false;
    const { words, in: ring } = this.cell;
    let isMore = false;
    for (;;) {
      const needed = this.needed();
      if (needed === undefined) return isMore;
      if (ring.free < needed) {
        // The guest tells of room it makes from now on; it may have made some before.
        Atomics.or(words, cellWords.state, states.full);
        if (ring.free >= needed) continue;
        this.#isFull = true;
        return isMore;
      }
      const count = this.take();
      if (count === undefined) return isMore;
      isMore = true;
      if (this.isEnd) return isMore;
    }
  }

  /** Room that is needed to take what comes next; undefined when there is nothing. */
  protected needed(): number | undefined {
    return 1;
  }

  /** Puts into the ring what there is room for; undefined when there was nothing. Sets `isEnd`. */
  protected take(): number | undefined {
    const room = this.cell.in.room();
    const received = attempt(() => this.socket.receive(room, false));
    if (received === undefined || received === "failed") return undefined;
    this.isEnd = received.count === 0;
    this.countMore();
    this.cell.in.add(received.count);
    return received.count;
  }

  /** The guest looks at these words the other way round: who sees an error, or the end, sees all that came before. */
  #publish(error: ErrnoName | undefined, isMore: boolean, hasRoom: boolean): IsChanged {
    const { words } = this.cell;
    const { isBusy, isListening, isConnected, isHungUp } = this.socket;
    const before = Atomics.load(words, cellWords.state);
    const state =
      (isBusy ? states.busy : 0) |
      (isListening ? states.listening : 0) |
      (isConnected ? states.connected : 0) |
      (this.isEnd ? states.end : 0) |
      (isHungUp ? states.hungUp : 0) |
      (this.#isFull ? states.full : 0);
    const waiting = isListening ? this.socket.available() : 0;
    const isWaiting = waiting > Atomics.load(words, cellWords.waiting);
    const isOther = error !== undefined || ((state ^ before) & ~(states.full | states.end)) !== 0;
    if (isWaiting || isOther) this.countMore();
    if (isOther) Atomics.add(words, cellWords.writes, 1);
    Atomics.store(words, cellWords.waiting, waiting);
    Atomics.store(words, cellWords.state, state | (before & states.busy));
    if (error !== undefined) Atomics.store(words, cellWords.error, errno[error]);
    Atomics.store(words, cellWords.state, state);
    return isMore || isWaiting || isOther || hasRoom;
  }
}

/** What `fn` gives; "failed" when the network refuses: how, the state tells. */
export function attempt<T>(fn: () => T): T | "failed" {
  try {
    return fn();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return "failed";
  }
}

/** The errno's name of a `Failure`; other errors are thrown on. */
export function nameOf(error: unknown): ErrnoName {
  const code = errnoOf(error);
  if (code === undefined) throw error;
  return errnoName(code) as ErrnoName;
}
