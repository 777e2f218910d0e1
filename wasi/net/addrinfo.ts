/**
 * sock_getaddrinfo: looks up names. The guest allocates the results, a list of records; the host fills them in.
 *
 * ```
 * addrinfo 28: flags u16, family u8, socktype u8, protocol u8, addrlen u32 @8, addr @12, canonname @16, its len @20, next @24
 * sockaddr 12: family u8, sa_data_len u32 @4, sa_data @8      sa_data: port (big endian), address
 * ```
 * Source: WasmEdge's socket extension.
 */
import { type Context, type HandlerResult, Underway } from "../context.ts";
import { type ErrnoName, fail } from "../errno.ts";
import { limits } from "../limits.ts";
import { parseIp } from "./address.ts";
import type { Decision } from "./permission.ts";
import type { Lookup, Network } from "./socket.ts";

const flagBits = { passive: 1, canonname: 2, numerichost: 4, numericserv: 8 } as const;
const ALL_FLAGS = 0x7f;
/** Ports of services that programs ask for by name. */
const services: Readonly<Record<string, number>> = {
  domain: 53,
  ftp: 21,
  http: 80,
  https: 443,
  imap: 143,
  ntp: 123,
  smtp: 25,
  ssh: 22,
  telnet: 23,
};
const MAX_RESULTS = 256;
const INFO_BYTES = 28;

interface Hints {
  readonly flags: number;
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
}

/** @param tooLong  measured before it is copied */
function textOf(bytes: Uint8Array, tooLong: ErrnoName): string {
  if (bytes.length > limits.lookupBytes) fail(tooLong);
  return new TextDecoder().decode(Uint8Array.from(bytes)).replace(/\0+$/, "");
}

export function sock_getaddrinfo(
  host: Context,
  node: Uint8Array,
  service: Uint8Array,
  hints: number,
  list: number,
  max: number,
  count: number,
): HandlerResult {
  const { network, permission } = host;
  if (network === undefined || permission === undefined) return fail("ACCES");
  const [name, serviceName] = [textOf(node, "AINONAME"), textOf(service, "AISERVICE")];
  if (name === "" && serviceName === "") fail("AINONAME");
  if ((max | 0) < 1) fail("AIMEMORY");
  const wanted = readHints(host, hints, name);
  const port = portOf(serviceName);
  const head = host.mem.u32(list);
  const known = numeric(name, wanted);
  const end = (addresses: readonly Uint8Array[]): undefined => {
    for (const ip of addresses) if (known === undefined) permission.learn(name, ip);
    const fits = addresses.filter((ip) => wanted.family === 0 || (ip.length === 4) === (wanted.family === 1));
    if (fits.length === 0) fail("AINONAME");
    host.mem.setU32(count, writeList(host, head, fits.slice(0, Math.min(max, MAX_RESULTS)), port, wanted));
  };
  if (known !== undefined) return end(known);
  return lookUp(network, permission.name(name), name, end);
}

/** Asks for permission, then the network; waits for both. */
function lookUp(
  network: Network,
  decision: Decision,
  name: string,
  end: (addresses: readonly Uint8Array[]) => undefined,
): HandlerResult {
  let lookup: Lookup | undefined;
  const step = (): HandlerResult => {
    if (!decision.isOver) return new Underway({ sources: [decision.source!] }, step);
    if (!decision.isGranted) fail("ACCES");
    lookup ??= network.lookup(name);
    const { next } = network.changes;
    if (!lookup.isOver) return new Underway({ sources: [next] }, step);
    if (lookup.error !== undefined) fail(lookup.error);
    return end(lookup.addresses);
  };
  return step();
}

function readHints(host: Context, at: number, name: string): Hints {
  const { mem } = host;
  if (at === 0) return { flags: 0, family: 0, type: 0, protocol: 0 };
  mem.check(at, INFO_BYTES);
  const hints = { flags: mem.u16(at), family: mem.u8(at + 2), type: mem.u8(at + 3), protocol: mem.u8(at + 4) };
  if ((hints.flags & ~ALL_FLAGS) !== 0) fail("AIBADFLAG");
  if ((hints.flags & flagBits.canonname) !== 0 && name === "") fail("AIBADFLAG");
  if (hints.family > 2) fail("AIFAMILY");
  if (hints.type > 2 || hints.protocol > 2) fail("NOSYS");
  return hints;
}

function portOf(service: string): number {
  if (service === "") return 0;
  if (/^\d{1,5}$/.test(service) && Number(service) <= 0xffff) return Number(service);
  return services[service.toLowerCase()] ?? fail("AISERVICE");
}

/** Addresses that need no look-up. */
function numeric(name: string, { flags }: Hints): readonly Uint8Array[] | undefined {
  if (name === "") {
    const isPassive = (flags & flagBits.passive) !== 0;
    const six = new Uint8Array(16);
    if (!isPassive) six[15] = 1;
    return [isPassive ? new Uint8Array(4) : Uint8Array.of(127, 0, 0, 1), six];
  }
  const ip = parseIp(name);
  if (ip === undefined && (flags & flagBits.numerichost) !== 0) fail("AINONAME");
  return ip && [ip];
}

/** Fills the guest's list; how many it had room for. @throws Failure FAULT */
function writeList(host: Context, head: number, addresses: readonly Uint8Array[], port: number, wanted: Hints): number {
  const { mem } = host;
  let at = head;
  let written = 0;
  for (const ip of addresses) {
    if (at === 0) break;
    mem.check(at, INFO_BYTES);
    const isFour = ip.length === 4;
    mem.setU16(at, wanted.flags);
    mem.setU8(at + 2, isFour ? 1 : 2);
    mem.setU8(at + 3, wanted.type === 0 ? 2 : wanted.type);
    mem.setU8(at + 4, wanted.protocol === 0 ? (wanted.type === 1 ? 2 : 1) : wanted.protocol);
    mem.setU32(at + 8, isFour ? 16 : 28);
    // Canonical names are not told: there is no length that says how much room there is.
    mem.setU32(at + 20, 0);
    writeSockaddr(host, mem.u32(at + 12), ip, port);
    written++;
    at = mem.u32(at + 24);
  }
  return written;
}

function writeSockaddr({ mem }: Context, at: number, ip: Uint8Array, port: number): void {
  const isFour = ip.length === 4;
  const data = new Uint8Array(isFour ? 14 : 26);
  data[0] = port >> 8;
  data[1] = port & 0xff;
  data.set(ip, isFour ? 2 : 6);
  mem.setU8(at, isFour ? 1 : 2);
  mem.setU32(at + 4, data.length);
  mem.write(mem.u32(at + 8), data);
}
