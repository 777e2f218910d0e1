/** The network of Node.js: sockets on its event loop, names by its resolver. */
import { lookup } from "node:dns";
import { type ErrnoName, fail } from "../../errno.ts";
import { type Address, addressText, type Family, parseIp } from "../../net/address.ts";
import { Changes, type Lookup, type Network, type Socket, type SocketType } from "../../net/socket.ts";
import { Traffic } from "../../net/traffic.ts";
import { inheritedSocket } from "./inherited.ts";
import { MOST_WAITING, TcpHome, TcpSocket } from "./tcp-socket.ts";
import { UdpSocket } from "./udp-socket.ts";

/** Look-ups under way at once; more are told to come again. */
const MOST_LOOKUPS = 16;

const lookupErrors: Readonly<Record<string, ErrnoName>> = {
  ENOTFOUND: "AINONAME",
  ENODATA: "AINODATA",
  EAI_AGAIN: "AIAGAIN",
  EAI_FAIL: "AIFAIL",
  EAI_FAMILY: "AIFAMILY",
  EAI_MEMORY: "AIMEMORY",
};

export class NodeNetwork implements Network {
  readonly changes: Changes;
  readonly traffic = new Traffic();
  readonly #tcp: TcpHome;
  #lookups = 0;

  constructor(changes = new Changes(setImmediate)) {
    this.changes = changes;
    this.#tcp = new TcpHome(changes, this.traffic);
  }

  /** @throws Failure PROTONOSUPPORT for datagrams of AF_UNIX, which Node.js does not have */
  open(family: Family, type: SocketType): Socket {
    if (family === "unix" && type === "datagram") fail("PROTONOSUPPORT");
    return type === "stream" ? new TcpSocket(this.#tcp, family) : new UdpSocket(this.changes, this.traffic, family);
  }

  lookup(name: string): Lookup {
    if (this.#lookups >= MOST_LOOKUPS) fail("AIAGAIN");
    const found: { isOver: boolean; addresses: Uint8Array[]; error: ErrnoName | undefined } = {
      isOver: false,
      addresses: [],
      error: undefined,
    };
    this.#lookups++;
    lookup(name, { all: true, verbatim: true }, (error, list) => {
      this.#lookups--;
      found.isOver = true;
      if (error !== null) found.error = lookupErrors[error.code ?? ""] ?? "AISYSTEM";
      else found.addresses = list.flatMap(({ address }) => parseIp(address) ?? []);
      this.changes.tell();
    });
    return found;
  }

  /**
   * A socket that this process was started with: one that listens, or one that is connected. Each descriptor once; it is
   * the socket's from then on. Rejects with what is wrong.
   *
   * @param isConnected  as `isConnectedSocket` has said on another thread
   */
  inherited(fd: number, isConnected?: boolean): Promise<Socket> {
    return inheritedSocket(this.#tcp, fd, isConnected);
  }

  /** A socket that listens at `port` of `host`, for a guest that is given one. Rejects with what is wrong. */
  async listener(host: string, port: number): Promise<Socket> {
    const address: Address = { ip: await ipOf(host), port };
    const socket = this.open(address.ip.length === 4 ? "ipv4" : "ipv6", "stream");
    socket.bind(address);
    socket.listen(MOST_WAITING);
    return new Promise((resolve, reject) => {
      const stop = this.changes.next.watch!(function look() {
        if (socket.isBusy) return;
        stop();
        const error = socket.takeError();
        if (error === undefined) resolve(socket);
        else reject(new Error(`${addressText(address)}: ${error}`));
      });
    });
  }
}

const ipOf = (host: string): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const ip = parseIp(host);
    if (ip !== undefined) resolve(ip);
    else lookup(host, (error, found) => (error === null ? resolve(parseIp(found)!) : reject(error)));
  });
