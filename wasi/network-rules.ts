/** Rules about network addresses, as policies and `--net` have them: `HOST:PORT` with patterns, and names. */

import { type Address, parseIp, unmapped } from "./net/address.ts";

/** What an address must be. `*` as a host or port is any. */
export interface AddressRule {
  /** `*`, a name, `*.name`, an IPv4 or IPv6 address, or one with a prefix length; lower case. */
  readonly host: string;
  /** Ports, both ends included. */
  readonly ports: readonly [from: number, to: number];
}

/** What a guest may do on the network. */
export interface NetworkPolicy {
  /** Where it may listen. */
  readonly listen: readonly AddressRule[];
  /** Where it may connect and send to. */
  readonly connect: readonly AddressRule[];
  /** Names it may look up: `*`, a name, or `*.name`. */
  readonly resolve: readonly string[];
  /** Sockets of AF_UNIX. Absent: the guest cannot open any. Policies have none. */
  readonly unix?: readonly UnixRule[] | undefined;
}

/** One socket in the file system of the host, and what the guest may do there. */
export interface UnixRule {
  /** What the guest calls it, compared as it is: no directory is looked at. */
  readonly guest: string;
  readonly host: string;
  readonly op: "listen" | "connect";
}

export const noNetwork: NetworkPolicy = { listen: [], connect: [], resolve: [] };

const label = "[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?";
const namePattern = new RegExp(`^(\\*|(\\*\\.)?${label}(\\.${label})*)$`);
const ipv4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;
const ipv6 = /^\[([0-9a-f:.]{2,45})(?:\/(\d{1,3}))?\]$/;

/** The rule in `text`, such as `127.0.0.1:8080`, `10.0.0.0/8:443`, `[::1]:1-1023`, `*.example.com:*`; undefined if it is none. */
export function parseAddressRule(text: string): AddressRule | undefined {
  const colon = text.lastIndexOf(":");
  const host = parseHost(text.slice(0, colon).toLowerCase());
  const ports = parsePorts(text.slice(colon + 1));
  return colon <= 0 || host === undefined || ports === undefined ? undefined : { host, ports };
}

/** A name that may be looked up; undefined if it is none. */
export function parseNameRule(text: string): string | undefined {
  const name = text.toLowerCase();
  return namePattern.test(name) && !ipv4.test(name) ? name : undefined;
}

function parseHost(host: string): string | undefined {
  const four = ipv4.exec(host);
  if (four !== null) {
    const isAddress = four.slice(1, 5).every((byte) => Number(byte) <= 255) && Number(four[5] ?? 0) <= 32;
    return isAddress ? host : undefined;
  }
  const six = ipv6.exec(host);
  if (six !== null) return Number(six[2] ?? 0) <= 128 && isIpv6(six[1] as string) ? host : undefined;
  return parseNameRule(host);
}

/** Eight groups, or fewer around one `::`. */
function isIpv6(text: string): boolean {
  const halves = text.split("::");
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length <= 7 : groups.length === 8;
}

function parsePorts(text: string): [number, number] | undefined {
  if (text === "*") return [0, 65_535];
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
  return from <= to && to <= 65_535 ? [from, to] : undefined;
}

/* What rules allow */

/**
 * @param names  what the guest has looked up that led to this address
 */
export function allowsAddress(rules: readonly AddressRule[], { ip, port }: Address, names: readonly string[]): boolean {
  const plain = unmapped(ip);
  return rules.some(({ host, ports: [from, to] }) => port >= from && port <= to && matchesHost(host, plain, names));
}

/** The rule for what a guest calls `path`. */
export const unixRule = (
  { unix = [] }: NetworkPolicy,
  op: UnixRule["op"],
  path: string | undefined,
): UnixRule | undefined => unix.find((rule) => rule.op === op && rule.guest === path);

export const allowsLookup = (rules: readonly string[], name: string): boolean =>
  rules.some((rule) => matchesName(rule, name.toLowerCase()));

function matchesHost(host: string, ip: Uint8Array, names: readonly string[]): boolean {
  // Addresses that configure machines are not meant by "any".
  if (host === "*") return !isLinkLocal(ip);
  const [text, bits] = host.replace(/[[\]]/g, "").split("/") as [string, string?];
  const base = parseIp(text);
  if (base !== undefined) return isWithin(ip, base, bits === undefined ? base.length * 8 : Number(bits));
  // A name that leads inside is no way in: who wants that writes the address.
  return !isPrivate(ip) && names.some((name) => matchesName(host, name));
}

const matchesName = (rule: string, name: string): boolean =>
  rule === "*" || rule === name || (rule.startsWith("*.") && name.endsWith(rule.slice(1)));

function isWithin(ip: Uint8Array, base: Uint8Array, bits: number): boolean {
  if (ip.length !== base.length) return false;
  for (let i = 0; i * 8 < bits; i++) {
    const mask = bits - i * 8 >= 8 ? 0xff : (0xff00 >> (bits - i * 8)) & 0xff;
    if (((ip[i]! ^ base[i]!) & mask) !== 0) return false;
  }
  return true;
}

const range = (text: string): readonly [Uint8Array, number] => {
  const [ip, bits] = text.split("/") as [string, string];
  return [parseIp(ip)!, Number(bits)];
};
const linkLocal = ["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"];
const inside =
  "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.168.0.0/16 ::/128 ::1/128 fc00::/7 64:ff9b:1::/48";

/**
 * Addresses of IPv6 that lead to one of IPv4 where there is a translator, and where in them it is. What it may be is no
 * business of rules, which are about the address itself; what it may not be is. Sources: RFC 6052, 8215, 3056, 4291, 7915.
 */
const translated: readonly (readonly [prefix: string, ...at: (readonly [number, number, number, number])[]])[] = [
  ["64:ff9b::/96", [12, 13, 14, 15]],
  // Prefixes of 48, 56, 64 and 96 bits; byte 8 is none of the address.
  ["64:ff9b:1::/48", [6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], [12, 13, 14, 15]],
  ["2002::/16", [2, 3, 4, 5]],
  ["::/96", [12, 13, 14, 15]],
  ["::ffff:0:0:0/96", [12, 13, 14, 15]],
];

/** `ip`, and what it leads to. */
function* reached(ip: Uint8Array): Generator<Uint8Array> {
  yield ip;
  for (const [prefix, ...places] of translated)
    if (isIn(ip, [prefix])) for (const place of places) yield Uint8Array.from(place, (at) => ip[at]!);
}

/** Parsed when they are asked for. */
const ranges = new Map<string, readonly [Uint8Array, number]>();

function isIn(ip: Uint8Array, texts: readonly string[]): boolean {
  return texts.some((text) => {
    if (!ranges.has(text)) ranges.set(text, range(text));
    return isWithin(ip, ...ranges.get(text)!);
  });
}

const isLinkLocal = (ip: Uint8Array): boolean => [...reached(ip)].some((at) => isIn(at, linkLocal));
const isPrivate = (ip: Uint8Array): boolean =>
  [...reached(ip)].some((at) => isIn(at, linkLocal) || isIn(at, inside.split(" ")));
