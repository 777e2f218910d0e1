/**
 * Sockets that this process was started with, for a guest. Node.js does not say what a descriptor is: what is connected
 * has a peer, what listens takes `listen`.
 */
import { fstatSync } from "node:fs";
import { type AddressInfo, createServer, type Server, Socket as Stream } from "node:net";
import { addressText, type Family, familyOf, parseIp } from "../../net/address.ts";
import { serverOptions, type TcpHome, TcpSocket } from "./tcp-socket.ts";

/**
 * A TCP socket that listens, or is connected. Rejects with what else it is.
 *
 * @param isConnected  as `isConnectedSocket` has said on another thread
 */
export async function inheritedSocket(home: TcpHome, fd: number, isConnected?: boolean): Promise<TcpSocket> {
  const stream = isConnected === false ? undefined : probe(fd);
  if (stream?.remoteAddress !== undefined) return connectedSocket(home, stream);
  stream?.unref();
  const server = createServer(serverOptions);
  await listening(server, fd);
  const at = server.address() as AddressInfo | string | null;
  if (at === null || typeof at === "string") {
    server.close();
    throw new Error("it is no TCP socket");
  }
  const socket = new TcpSocket(home, familyAt(at.address));
  socket.adoptServer(server);
  return socket;
}

/**
 * Whether it has a peer. What asks has to be left alone, since to destroy it would close the descriptor, and so has its
 * thread: one that ends closes it too, when the number may be something else's. @throws Error what else it is
 */
export function isConnectedSocket(fd: number): boolean {
  const stream = probe(fd);
  stream.unref();
  return stream.remoteAddress !== undefined;
}

function probe(fd: number): Stream {
  checkSocket(fd);
  return openStream(fd);
}

function checkSocket(fd: number): void {
  let isSocket: boolean;
  try {
    isSocket = fstatSync(fd).isSocket();
  } catch {
    throw new Error("this process was started without that descriptor");
  }
  if (!isSocket) throw new Error("it is no socket");
}

function openStream(fd: number): Stream {
  try {
    // `pauseOnCreate` is not among the declared options.
    return new Stream({ fd, allowHalfOpen: true, pauseOnCreate: true } as ConstructorParameters<typeof Stream>[0]);
  } catch {
    throw new Error("it is no TCP socket");
  }
}

function connectedSocket(home: TcpHome, stream: Stream): TcpSocket {
  stream.setNoDelay(true);
  const family = familyAt(stream.localAddress);
  const text = addressText({
    ip: parseIp(stream.localAddress ?? "") ?? new Uint8Array(4),
    port: stream.localPort ?? 0,
  });
  const count = home.traffic.listener(text);
  count.accepted++;
  return new TcpSocket(home, family, stream, count);
}

const listening = (server: Server, fd: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("listening", resolve);
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(new Error(error.code === "EINVAL" ? "it is no socket that listens" : error.message));
    });
    server.listen({ fd });
  });

const familyAt = (text: string | undefined): Family => familyOf({ ip: parseIp(text ?? "") ?? new Uint8Array(4) });
