/**
 * The I/O thread: the script of the worker that `BlockingNetwork` starts. It has a `NodeNetwork`, and decides nothing: what
 * the guest may do was asked on the guest's thread.
 */
import { workerData } from "node:worker_threads";
import { Changes, type Lookup, type Socket } from "../../../net/socket.ts";
import { NodeNetwork } from "../node-network.ts";
import { MOST_WAITING } from "../tcp-socket.ts";
import { IoDatagrams } from "./io-datagrams.ts";
import { IoSocket, nameOf } from "./io-socket.ts";
import type { Addresses, Answer, FromIo, IoStart, Request, ToIo } from "./messages.ts";
import { Cell, cellWords, dequeue, shared } from "./shared.ts";

const { words, port } = workerData as IoStart;

/** Keeps which sockets something has happened to. */
class Touched extends Changes {
  readonly sockets = new Set<Socket>();
  override tell(by?: Socket): void {
    if (by !== undefined) this.sockets.add(by);
    super.tell();
  }
}

/** Sockets that the guest has closed and that still send. */
const MOST_LEFT = 128;

const changes = new Touched(setImmediate);
const network = new NodeNetwork(changes);
const byId = new Map<number, IoSocket>();
const bySocket = new Map<Socket, IoSocket>();
const lookups = new Map<number, Lookup>();
let leftOver = 0;

function adopt(id: number, socket: Socket, buffer: SharedArrayBuffer): IoSocket {
  const made: IoSocket = new (socket.type === "stream" ? IoSocket : IoDatagrams)(socket, new Cell(buffer), () => {
    if (made.isLeft) leftOver--;
    byId.delete(id);
    bySocket.delete(socket);
  });
  byId.set(id, made);
  bySocket.set(socket, made);
  return made;
}

function move(socket: IoSocket | undefined): boolean {
  if (socket === undefined) return false;
  const wasLeft = socket.isLeft;
  const isChanged = socket.move(wasLeft || leftOver < MOST_LEFT);
  if (socket.isLeft && !wasLeft) leftOver++;
  return isChanged;
}

function tellGuest(): void {
  Atomics.add(words, shared.counter, 1);
  Atomics.notify(words, shared.counter);
}

/** What happened in one turn of the event loop is told once. */
function moveTouched(): void {
  let isChanged = false;
  const touched = [...changes.sockets];
  changes.sockets.clear();
  for (const socket of touched) isChanged = move(bySocket.get(socket)) || isChanged;
  for (const [id, { isOver, addresses, error }] of lookups) {
    if (!isOver) continue;
    lookups.delete(id);
    post({ kind: "found", id, addresses, error });
    isChanged = true;
  }
  if (isChanged) tellGuest();
}

/** What the guest has touched. It waits for nothing of this but by what it sees. */
function moveQueued(): void {
  let isChanged = false;
  for (let id = dequeue(words); id !== undefined; id = dequeue(words)) {
    const socket = byId.get(id);
    if (socket === undefined) continue;
    Atomics.store(socket.cell.words, cellWords.isQueued, 0);
    isChanged = move(socket) || isChanged;
  }
  if (Atomics.exchange(words, shared.isOverflow, 0) === 1)
    for (const socket of [...byId.values()]) {
      Atomics.store(socket.cell.words, cellWords.isQueued, 0);
      isChanged = move(socket) || isChanged;
    }
  if (isChanged) tellGuest();
}

const post = (message: FromIo): void => port.postMessage(message);

const addressesOf = ({ family, local, peer }: Socket): Addresses => ({ family, local, peer });
const done: Answer = { kind: "done" };

/** Settles when `socket` is not busy. */
const settled = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (socket.isBusy) return;
      stop();
      resolve();
    };
    const stop = changes.next.watch!(look);
    look();
  });

/** For what takes no longer than a turn or two of the event loop. */
async function afterwards(on: IoSocket): Promise<Answer> {
  await settled(on.socket);
  move(on);
  return { kind: "done", found: addressesOf(on.socket) };
}

async function given(id: number, buffer: SharedArrayBuffer, made: Promise<Socket>): Promise<Answer> {
  try {
    const socket = await made;
    move(adopt(id, socket, buffer));
    return { kind: "done", found: addressesOf(socket) };
  } catch (error) {
    return { kind: "refused", message: (error as Error).message };
  }
}

/** Requests that make a socket, or are about none. */
function carryOut(request: Request): Answer | Promise<Answer> {
  switch (request.op) {
    case "open":
      adopt(request.id, network.open(request.family, request.type), request.buffer);
      return done;
    case "listener":
      return given(request.id, request.buffer, network.listener(request.host, request.port));
    case "inherited":
      return given(request.id, request.buffer, network.inherited(request.fd, request.isConnected));
    case "lookup":
      lookups.set(request.id, network.lookup(request.name));
      return done;
    default: {
      const socket = byId.get(request.id);
      if (socket === undefined) throw new Error(`no socket ${request.id}`);
      return carryOutOn(socket, request);
    }
  }
}

type OnSocket = Extract<Request, { readonly op: "bind" | "connect" | "listen" | "accept" | "addresses" | "apply" }>;

function carryOutOn(on: IoSocket, request: OnSocket): Answer | Promise<Answer> {
  const { socket } = on;
  switch (request.op) {
    case "bind":
      socket.bind(request.address);
      return afterwards(on);
    case "connect":
      socket.connect(request.address);
      if (socket.type === "datagram") return afterwards(on);
      break;
    case "listen":
      // The guest is another thread, which comes for them later than it would on this one: all that may wait, wait.
      socket.listen(MOST_WAITING);
      return afterwards(on);
    case "accept": {
      const accepted = socket.accept();
      move(on);
      if (accepted === undefined) return done;
      move(adopt(request.accepted, accepted, request.buffer));
      return { kind: "done", found: addressesOf(accepted) };
    }
    case "addresses":
      return { kind: "done", found: addressesOf(socket) };
    case "apply":
      Object.assign(socket.settings, request.settings);
      socket.apply();
      break;
  }
  move(on);
  return done;
}

async function answerTo(request: Request): Promise<Answer> {
  try {
    return await carryOut(request);
  } catch (error) {
    return { kind: "failed", error: nameOf(error) };
  }
}

async function answer(request: Request): Promise<void> {
  // Whatever the guest did before comes before.
  moveQueued();
  post(await answerTo(request));
  Atomics.add(words, shared.answers, 1);
  Atomics.notify(words, shared.answers);
}

function wake(): void {
  Atomics.store(words, shared.isWoken, 0);
  Atomics.store(words, shared.pong, Atomics.load(words, shared.ping));
  moveQueued();
}

let isTold = false;
process.on("exit", () => {
  if (isTold) return;
  Atomics.store(words, shared.isDead, 1);
  Atomics.notify(words, shared.answers);
  tellGuest();
});
changes.next.watch!(moveTouched);
port.on("message", (message: ToIo) => {
  if (message === "wake") return wake();
  if (message !== "end") return void answer(message);
  // What the sockets still have to send keeps the thread until it is sent.
  moveQueued();
  isTold = true;
  port.close();
});
