/**
 * A network for guests that block their thread while they wait: its sockets are on the event loop of an I/O thread.
 *
 * Requests are messages whose answers the guest's thread sleeps for; bytes go through rings in shared memory; and what
 * happens to any socket moves one counter, which the guest's thread sleeps on. So no event loop of the guest's thread is
 * needed, and guests of the host's own WebAssembly have sockets too.
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { WaitSource } from "../../../../engine/index.ts";
import { type ErrnoName, fail } from "../../../errno.ts";
import { WasiError } from "../../../error-codes.ts";
import { addressText, type Family } from "../../../net/address.ts";
import type { Lookup, Network, Socket, SocketType } from "../../../net/socket.ts";
import { type ListenerCount, Traffic } from "../../../net/traffic.ts";
import { isConnectedSocket } from "../inherited.ts";
import { BlockingDatagrams } from "./blocking-datagrams.ts";
import type { BlockingSocket } from "./blocking-socket.ts";
import { BlockingStream } from "./blocking-stream.ts";
import type { Addresses, Answer, FromIo, IoStart, Request, ToIo } from "./messages.ts";
import { Cell, CellPool, cellWords, DATAGRAM_RING_BYTES, enqueue, newShared, shared } from "./shared.ts";

/** Longest sleep before the I/O thread is asked whether it is there, ms; and how often in a row it may not answer. */
const SLICE_MS = 1000;
const MOST_SILENT = 10;

interface IoThread {
  readonly port: MessagePort;
  readonly words: Int32Array;
  readonly worker: Worker;
  /** The counter, as it was when sockets were last looked at after a wait. */
  seen: number;
  /** Sleeps in a row after which it had not answered. */
  silent: number;
}

export class BlockingNetwork implements Network {
  readonly mayBlock = true;
  readonly traffic = new Traffic();
  /** The same for all: the guest looks at its sockets again when anything has happened. */
  readonly ready: WaitSource = {
    isReady: () => this.#hasMoved(),
    block: (timeoutMs) => this.#sleep(timeoutMs),
  };
  readonly changes: Network["changes"];
  readonly cells = new CellPool();
  readonly #open = new Set<BlockingSocket>();
  readonly #lookups = new Map<number, object>();
  #io: IoThread | undefined;
  #lastId = 0;

  constructor() {
    const next = (): WaitSource => {
      if (this.#io !== undefined) this.#io.seen = Atomics.load(this.#io.words, shared.counter);
      return this.ready;
    };
    this.changes = {
      get next() {
        return next();
      },
    };
  }

  /** @throws Failure AFNOSUPPORT, PROTONOSUPPORT; WasiError WT6018 */
  open(family: Family, type: SocketType): Socket {
    const id = this.newId();
    const isStream = type === "stream";
    const cell = isStream ? this.cells.take() : new Cell(Cell.fresh(DATAGRAM_RING_BYTES));
    this.ask({ op: "open", id, family, type, buffer: cell.buffer });
    const socket = new (isStream ? BlockingStream : BlockingDatagrams)(this, id, family, cell);
    return this.#keep(socket);
  }

  lookup(name: string): Lookup {
    const id = this.newId();
    const found: { isOver: boolean; addresses: readonly Uint8Array[]; error: ErrnoName | undefined } = {
      isOver: false,
      addresses: [],
      error: undefined,
    };
    // It may be over before the request is answered.
    this.#lookups.set(id, found);
    try {
      this.ask({ op: "lookup", id, name });
    } catch (error) {
      this.#lookups.delete(id);
      throw error;
    }
    const drain = (): boolean => {
      if (!found.isOver) this.#drain();
      return found.isOver;
    };
    return {
      get isOver() {
        return drain();
      },
      get addresses() {
        return found.addresses;
      },
      get error() {
        return found.error;
      },
    };
  }

  /** As `NodeNetwork.listener`; the thread is blocked meanwhile. Rejects with what is wrong. */
  async listener(host: string, port: number): Promise<Socket> {
    const [id, cell] = [this.newId(), this.cells.take()];
    return this.adopt(id, cell, this.ask({ op: "listener", id, host, port, buffer: cell.buffer })!);
  }

  /** As `NodeNetwork.inherited`; the thread is blocked meanwhile. Rejects with what is wrong. */
  async inherited(fd: number): Promise<Socket> {
    const isConnected = isConnectedSocket(fd);
    const [id, cell] = [this.newId(), this.cells.take()];
    const addresses = this.ask({ op: "inherited", id, fd, isConnected, buffer: cell.buffer })!;
    if (addresses.peer === undefined) return this.adopt(id, cell, addresses);
    const count = this.traffic.listener(addressText(addresses.local));
    count.accepted++;
    return this.adopt(id, cell, addresses, count);
  }

  /** The I/O thread ends when it has sent what is left, unless there are sockets; the next one starts another. */
  release(): void {
    if (this.#open.size > 0 || this.#io === undefined) return;
    this.#io.port.postMessage("end" satisfies ToIo);
    this.#io = undefined;
    this.#lookups.clear();
  }

  newId(): number {
    this.#lastId = (this.#lastId + 1) | 0;
    return this.#lastId;
  }

  /** A socket that is there already. @param listener  where it is counted */
  adopt(id: number, cell: Cell, addresses: Addresses, listener?: ListenerCount): BlockingSocket {
    const socket = new BlockingStream(this, id, addresses.family, cell, listener);
    socket.begin(addresses);
    return this.#keep(socket);
  }

  #keep(socket: BlockingSocket): BlockingSocket {
    this.#open.add(socket);
    return socket;
  }

  forget(socket: BlockingSocket): void {
    if (this.#open.delete(socket)) this.cells.give(socket.cell);
  }

  /** Has the I/O thread look at a socket. */
  touch(id: number, { words }: Cell): void {
    if (this.#io === undefined || Atomics.exchange(words, cellWords.isQueued, 1) === 1) return;
    enqueue(this.#io.words, id);
    wake(this.#io);
  }

  /**
   * Sleeps until the request is answered.
   *
   * @throws Failure as the answer is, Error when it is refused, WasiError WT6018
   */
  ask(request: Request): Addresses | undefined {
    const io = (this.#io ??= start());
    const answers = Atomics.load(io.words, shared.answers);
    io.port.postMessage(request satisfies ToIo);
    while (Atomics.load(io.words, shared.answers) === answers) doze(io, shared.answers, answers, Infinity);
    const answer = this.#drain();
    if (answer === undefined) throw new Error(`the I/O thread has not answered to ${request.op}`);
    if (answer.kind === "failed") fail(answer.error);
    if (answer.kind === "refused") throw new Error(answer.message);
    return answer.found;
  }

  /** Takes what the I/O thread has sent. @returns the answer to a request */
  #drain(): Answer | undefined {
    let answer: Answer | undefined;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      if (next.kind !== "found") answer = next;
      else {
        const { addresses, error } = next;
        Object.assign(this.#lookups.get(next.id) ?? {}, { isOver: true, addresses, error });
        this.#lookups.delete(next.id);
      }
    }
    return answer;
  }

  #next(): FromIo | undefined {
    return this.#io && (receiveMessageOnPort(this.#io.port)?.message as FromIo | undefined);
  }

  /** True once after each change, or several: who is told looks at the sockets again. */
  #hasMoved(): boolean {
    if (this.#io === undefined) return false;
    checkAlive(this.#io);
    const { seen } = this.#io;
    this.#io.seen = Atomics.load(this.#io.words, shared.counter);
    return this.#io.seen !== seen;
  }

  #sleep(timeoutMs: number): void {
    const io = (this.#io ??= start());
    const end = performance.now() + timeoutMs;
    for (let left = timeoutMs; left > 0 && !this.#hasMoved(); left = end - performance.now())
      doze(io, shared.counter, io.seen, left);
  }
}

/** Sleeps while `word` is `value`, a while at most. @throws WasiError WT6018 */
function doze(io: IoThread, word: number, value: number, timeoutMs: number): void {
  checkAlive(io);
  if (Atomics.wait(io.words, word, value, Math.min(SLICE_MS, timeoutMs)) !== "timed-out" || timeoutMs < SLICE_MS)
    return;
  const ping = Atomics.load(io.words, shared.ping);
  io.silent = ping === Atomics.load(io.words, shared.pong) ? 0 : io.silent + 1;
  if (io.silent > MOST_SILENT) Atomics.store(io.words, shared.isDead, 1);
  Atomics.store(io.words, shared.ping, (ping + 1) | 0);
  wake(io);
}

function wake({ words, port }: IoThread): void {
  if (Atomics.exchange(words, shared.isWoken, 1) === 0) port.postMessage("wake" satisfies ToIo);
}

function checkAlive({ words }: IoThread): void {
  if (Atomics.load(words, shared.isDead) === 0) return;
  throw new WasiError("WT6018", "the I/O thread of the guest's network has ended", {
    hint: "nothing of its sockets is left: start the guest again",
  });
}

/** The script of the I/O thread, beside this file and beside the bundle. Sources are run built. */
const script = new URL(
  import.meta.url.endsWith(".ts") ? "../../../../dist/wasi/node/net/io/io-thread.js" : "./io-thread.js",
  import.meta.url,
);

function start(): IoThread {
  const words = newShared();
  const { port1, port2 } = new MessageChannel();
  const workerData: IoStart = { words, port: port2 };
  const worker = new Worker(script, { workerData, transferList: [port2], env: {}, execArgv: [] });
  // Answers are taken, not listened for: only the thread keeps the process.
  port1.unref();
  worker.on("error", () => Atomics.store(words, shared.isDead, 1));
  return { port: port1, words, worker, seen: 0, silent: 0 };
}
