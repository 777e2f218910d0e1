/**
 * WasmEdge's socket calls: what preview1 lacks, opening, binding, connecting, addresses, options. Source: WasmEdge's socket
 * extension; where its runtime and its clients differ, what makes the clients right.
 */
import { type Context, type HandlerResult, Underway } from "../context.ts";
import { type ErrnoName, fail } from "../errno.ts";
import { type Descriptor, isNonblocking, socketDesc } from "../fd-table.ts";
import { receive, roFlags, type SocketDesc, send, socketOf } from "../sock.ts";
import { type Address, anyAddress, checkAddress, type Family, familyOf, readAddress, writeAddress } from "./address.ts";
import type { Decision, Protocol } from "./permission.ts";
import { getOption, setOption } from "./settings.ts";
import type { Network, Socket } from "./socket.ts";

const families: readonly (Family | undefined)[] = [undefined, "ipv4", "ipv6", "unix"];
const types = [undefined, "datagram", "stream"] as const;

const networkOf = (host: Context): Network => host.network ?? fail("ACCES");

export function sock_open(host: Context, family: number, type: number, opened: number): undefined {
  const network = networkOf(host);
  const [kind, form] = [families[family] ?? fail("INVAL"), types[type] ?? fail("INVAL")];
  // The extension has it behind a switch of its runtime. Here that is a rule about one.
  if (kind === "unix" && host.permission?.hasUnix !== true) fail("NOSYS");
  host.fds.reserve();
  host.mem.setU32(opened, host.fds.add(socketDesc(network.open(kind, form))));
}

/** Waits until the socket has done what `begin` began; then it is as `Underway`'s end says. */
function carryOut(d: SocketDesc, decision: Decision | undefined, begin: () => void, busy?: ErrnoName): HandlerResult {
  const { socket } = d;
  let hasBegun = false;
  const step = (): HandlerResult => {
    if (decision !== undefined && !decision.isOver) return new Underway({ sources: [decision.source!] }, step);
    if (decision?.isGranted === false) fail("ACCES");
    if (!hasBegun) begin();
    hasBegun = true;
    if (socket.isBusy && busy !== undefined) fail(busy);
    if (socket.isBusy) return new Underway({ sources: [socket.ready] }, step);
    const error = socket.takeError();
    if (error !== undefined) fail(error);
  };
  return step();
}

const protocolOf = ({ type, family }: Socket): Protocol =>
  family === "unix" ? "unix" : type === "stream" ? "tcp" : "udp";

/** Where a guest wants `d` to be, or to lead. @throws Failure INVAL, FAULT, AFNOSUPPORT */
function place(host: Context, d: SocketDesc, op: "listen" | "connect", address: number, port: number): Address {
  const to = readAddress(host.mem, address, port);
  if (familyOf(to) !== d.socket.family) fail("AFNOSUPPORT");
  return host.permission?.located(op, to) ?? to;
}

export function sock_bind(host: Context, fd: Descriptor, address: number, port: number): HandlerResult {
  const d = socketOf(fd);
  const to = place(host, d, "listen", address, port);
  const decision = host.permission?.address("listen", to, protocolOf(d.socket));
  return carryOut(d, decision, () => d.socket.bind(to));
}

/**
 * A socket that was not bound would listen at any address: that has to be allowed as well. One that was is bound only now,
 * and rules may have changed.
 */
export function sock_listen(host: Context, fd: Descriptor, backlog: number): HandlerResult {
  const d = socketOf(fd);
  const { socket } = d;
  const at = socket.isBound ? socket.local : anyAddress(socket.family);
  const isKnown = socket.isListening || (socket.isBound && host.permission?.stillAllows("listen", at) !== false);
  const decision = isKnown ? undefined : host.permission?.address("listen", at, protocolOf(socket));
  return carryOut(d, decision, () => socket.listen(backlog | 0));
}

export function sock_connect(host: Context, fd: Descriptor, address: number, port: number): HandlerResult {
  const d = socketOf(fd);
  const to = place(host, d, "connect", address, port);
  const decision = host.permission?.address("connect", to, protocolOf(d.socket));
  // Datagrams have nothing to wait for but our own host.
  const isLater = isNonblocking(d) && d.socket.type === "stream";
  return carryOut(d, decision, () => d.socket.connect(to), isLater ? "INPROGRESS" : undefined);
}

export function sock_recv_from(
  host: Context,
  fd: Descriptor,
  iovs: readonly Uint8Array[],
  address: number,
  flags: number,
  port: number,
  length: number,
  roflags: number,
): HandlerResult {
  checkAddress(host.mem, address, socketOf(fd).socket.family);
  return receive(host, fd, iovs, flags, (received) => {
    const from = received.from ?? socketOf(fd).socket.peer;
    if (from !== undefined) {
      writeAddress(host.mem, address, from, false);
      host.mem.setU32(port, from.port);
    }
    host.mem.setU32(length, received.count);
    host.mem.setU16(roflags, roFlags(received));
  });
}

/** The older form, which does not tell the port. */
export function sock_recv_from_7(
  host: Context,
  fd: Descriptor,
  iovs: readonly Uint8Array[],
  address: number,
  flags: number,
  length: number,
  roflags: number,
): HandlerResult {
  checkAddress(host.mem, address, socketOf(fd).socket.family);
  return receive(host, fd, iovs, flags, (received) => {
    const from = received.from ?? socketOf(fd).socket.peer;
    if (from !== undefined) writeAddress(host.mem, address, from, false);
    host.mem.setU32(length, received.count);
    host.mem.setU16(roflags, roFlags(received));
  });
}

export function sock_send_to(
  host: Context,
  fd: Descriptor,
  iovs: readonly Uint8Array[],
  address: number,
  port: number,
  _flags: number,
  nwritten: number,
): HandlerResult {
  const d = socketOf(fd);
  const to = readAddress(host.mem, address, port);
  const decision = host.permission?.address("connect", to, protocolOf(d.socket));
  const step = (): HandlerResult => {
    if (decision !== undefined && !decision.isOver) return new Underway({ sources: [decision.source!] }, step);
    if (decision?.isGranted === false) fail("ACCES");
    return send(host, fd, iovs, nwritten, (socket, buffers) => socket.send(buffers, to));
  };
  return step();
}

/** What `type` says of an address: its version, not its family's number. */
const typeOf = ({ ip }: Address): number => (ip.length === 4 ? 4 : 6);

export function sock_getlocaladdr(
  host: Context,
  fd: Descriptor,
  address: number,
  type: number,
  port: number,
): undefined {
  tellAddress(host, socketOf(fd).socket.local, address, type, port);
}

export function sock_getpeeraddr(
  host: Context,
  fd: Descriptor,
  address: number,
  type: number,
  port: number,
): undefined {
  tellAddress(host, socketOf(fd).socket.peer ?? fail("NOTCONN"), address, type, port);
}

function tellAddress(host: Context, found: Address, address: number, type: number, port: number): void {
  writeAddress(host.mem, address, found, false);
  host.mem.setU32(type, typeOf(found));
  host.mem.setU32(port, found.port);
}

export function sock_getlocaladdr_3(host: Context, fd: Descriptor, address: number, port: number): undefined {
  const { local } = socketOf(fd).socket;
  writeAddress(host.mem, address, local, true);
  host.mem.setU32(port, local.port);
}

export function sock_getpeeraddr_3(host: Context, fd: Descriptor, address: number, port: number): undefined {
  const peer = socketOf(fd).socket.peer ?? fail("NOTCONN");
  writeAddress(host.mem, address, peer, true);
  host.mem.setU32(port, peer.port);
}

/** Bytes of the longest value of an option; what is beyond means nothing. */
const OPTION_BYTES = 16;

export function sock_setsockopt(_: Context, fd: Descriptor, level: number, name: number, value: Uint8Array): undefined {
  setOption(socketOf(fd).socket, level, name, Uint8Array.from(value.subarray(0, OPTION_BYTES)));
}

export function sock_getsockopt(
  host: Context,
  fd: Descriptor,
  level: number,
  name: number,
  value: number,
  size: number,
): undefined {
  const room = host.mem.u32(size);
  host.mem.check(value, room);
  const bytes = getOption(socketOf(fd).socket, level, name).subarray(0, room);
  host.mem.write(value, bytes);
  host.mem.setU32(size, bytes.length);
}
