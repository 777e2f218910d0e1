/** Clients of a server, well and badly behaved. Each resolves when its connection is over, with what it moved. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Bytes sent and received. */
export interface Moved {
  readonly sent: number;
  readonly received: number;
}

/** Connected. */
export async function open(port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  return socket;
}

const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const body = "Hello, World!\n";

/** Many requests on an open connection, one after the other. */
export async function keepAlive(socket: Socket, requests: number): Promise<Moved> {
  let received = 0;
  for (let n = 0; n < requests; n++) {
    socket.write(request);
    for (let text = ""; !text.endsWith(body); ) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      received += chunk.length;
      text += chunk.toString("latin1");
      if (text.length > 1000) throw new Error(`not the answer: ${text}`);
    }
  }
  socket.end();
  await once(socket, "close");
  return { sent: requests * request.length, received };
}

/** Sends `size` random bytes to an echo and no more, then takes all of it to the end. @throws Error when it is not the same */
export async function halfClose(socket: Socket, size: number): Promise<Moved> {
  const [sentHash, gotHash] = [createHash("sha256"), createHash("sha256")];
  let received = 0;
  socket.on("data", (chunk: Buffer) => {
    received += chunk.length;
    gotHash.update(chunk);
  });
  const ended = once(socket, "end");
  for (let left = size; left > 0; ) {
    const chunk = randomBytes(Math.min(left, 65_536));
    sentHash.update(chunk);
    left -= chunk.length;
    if (!socket.write(chunk)) await once(socket, "drain");
  }
  socket.end();
  await ended;
  if (received !== size) throw new Error(`${size} bytes were sent, ${received} came back`);
  if (!sentHash.digest().equals(gotHash.digest())) throw new Error(`${size} bytes came back changed`);
  return { sent: size, received };
}

/** A byte at a time, and does not read until the last. */
export async function slow(socket: Socket, bytes: number, pauseMs: number): Promise<Moved> {
  socket.pause();
  for (let i = 0; i < bytes; i++) {
    socket.write("x");
    await sleep(pauseMs);
  }
  let received = 0;
  socket.on("data", (chunk: Buffer) => (received += chunk.length));
  const ended = once(socket, "end");
  socket.end();
  socket.resume();
  await ended;
  if (received !== bytes) throw new Error(`${bytes} bytes were sent slowly, ${received} came back`);
  return { sent: bytes, received };
}

/** Goes in the middle of what it sends. What of it the server took nobody knows. */
export async function reset(socket: Socket): Promise<void> {
  socket.on("error", () => {});
  socket.write(randomBytes(1 + (randomBytes(2).readUInt16LE() % 20_000)));
  await sleep(randomBytes(1)[0]! % 20);
  const closed = once(socket, "close");
  socket.resetAndDestroy();
  await closed;
}
