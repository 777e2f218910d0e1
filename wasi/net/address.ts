/** Addresses of sockets: as text, and as the guest's memory has them. Source: WasmEdge's socket extension. */
import { fail } from "../errno.ts";
import type { GuestMemory } from "../memory.ts";

export interface Address {
  /** 4 or 16 bytes, first octet first. */
  readonly ip: Uint8Array;
  readonly port: number;
  /** Of AF_UNIX, which has no `ip` and no `port`: the name that the guest knows it by; "" where there is none. */
  readonly path?: string | undefined;
  /** What that is on the host. */
  readonly hostPath?: string | undefined;
}

export type Family = "ipv4" | "ipv6" | "unix";

export const familyOf = ({ ip, path }: Pick<Address, "ip" | "path">): Family =>
  path !== undefined ? "unix" : ip.length === 4 ? "ipv4" : "ipv6";
export const anyAddress = (family: Family): Address =>
  family === "unix" ? unixAddress("") : { ip: new Uint8Array(family === "ipv4" ? 4 : 16), port: 0 };
export const unixAddress = (path: string, hostPath?: string): Address => ({ ip: none, port: 0, path, hostPath });
const none = new Uint8Array(0);

/** `127.0.0.1:80`, `[::1]:80`, `unix:/run/app.sock`. */
export function addressText({ ip, port, path }: Address): string {
  if (path !== undefined) return `unix:${path}`;
  return ip.length === 4 ? `${ipText(ip)}:${port}` : `[${ipText(ip)}]:${port}`;
}

/** As hosts write it, the longest run of zeros left out. */
export function ipText(ip: Uint8Array): string {
  if (ip.length === 4) return ip.join(".");
  const groups = Array.from({ length: 8 }, (_, i) => ((ip[2 * i]! << 8) | ip[2 * i + 1]!).toString(16));
  let [best, bestLength] = [0, 1];
  for (let at = 0; at < 8; at++) {
    let end = at;
    while (groups[end] === "0") end++;
    if (end - at > bestLength) [best, bestLength] = [at, end - at];
  }
  if (bestLength < 2) return groups.join(":");
  return `${groups.slice(0, best).join(":")}::${groups.slice(best + bestLength).join(":")}`;
}

/** 4 or 16 bytes; undefined if it is no address. A zone (`%eth0`) is left out. */
export function parseIp(text: string): Uint8Array | undefined {
  const plain = text.replace(/%.*$/, "");
  return plain.includes(":") ? parseIpv6(plain) : parseIpv4(plain);
}

function parseIpv4(text: string): Uint8Array | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((p) => /^\d{1,3}$/.test(p) && Number(p) <= 255)) return undefined;
  return Uint8Array.from(parts, Number);
}

function parseIpv6(text: string): Uint8Array | undefined {
  const last = text.slice(text.lastIndexOf(":") + 1);
  const four = last.includes(".") ? parseIpv4(last) : undefined;
  if (last.includes(".") && four === undefined) return undefined;
  const words = four && [(four[0]! << 8) | four[1]!, (four[2]! << 8) | four[3]!].map((w) => w.toString(16)).join(":");
  const whole = words === undefined ? text : text.slice(0, -last.length) + words;
  const halves = whole.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail = []] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const groups = halves.length === 1 ? head! : [...head!, ...zeros(8 - head!.length - tail.length), ...tail];
  if (groups.length !== 8 || !groups.every((g) => /^[0-9a-fA-F]{1,4}$/.test(g))) return undefined;
  return Uint8Array.from(groups.flatMap((g) => [Number.parseInt(g, 16) >> 8, Number.parseInt(g, 16) & 0xff]));
}

const zeros = (n: number): string[] => Array.from({ length: Math.max(1, n) }, () => "0");

/** An IPv4 address that is written as an IPv6 one (`::ffff:1.2.3.4`), as IPv4. */
export const unmapped = (ip: Uint8Array): Uint8Array =>
  ip.length === 16 && ip.subarray(0, 10).every((b) => b === 0) && ip[10] === 0xff && ip[11] === 0xff
    ? ip.slice(12)
    : ip;

/* In guest memory: `__wasi_address_t` is {buf: u32, buf_len: u32} */

/** Length of a buffer with a family in front (`V2`). */
const STORAGE = 128;
const families = { ipv4: 1, ipv6: 2, unix: 3 } as const;

interface Buffer {
  readonly at: number;
  readonly length: number;
}

function bufferAt(mem: GuestMemory, at: number): Buffer {
  const buffer = { at: mem.u32(at), length: mem.u32(at + 4) };
  mem.check(buffer.at, buffer.length);
  return buffer;
}

/** @throws Failure INVAL, FAULT, AFNOSUPPORT */
export function readAddress(mem: GuestMemory, at: number, port: number): Address {
  const { at: from, length } = bufferAt(mem, at);
  if (length === 4 || length === 16) return { ip: mem.copy(from, length), port: port & 0xffff };
  if (length !== STORAGE) fail("INVAL");
  const family = mem.u16(from);
  if (family === families.unix) return unixAddress(pathOf(mem.copy(from + 2, STORAGE - 2)));
  if (family !== families.ipv4 && family !== families.ipv6) fail("AFNOSUPPORT");
  return { ip: mem.copy(from + 2, family === families.ipv4 ? 4 : 16), port: port & 0xffff };
}

/** Up to a NUL. Names that begin with one, which are in no file system, are not there. @throws Failure INVAL */
function pathOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  if (end === 0) fail("INVAL");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, end < 0 ? bytes.length : end));
  } catch {
    return fail("INVAL");
  }
}

/** Called before something is taken that has no place if it fails. @throws Failure INVAL, NOMEM, FAULT */
export function checkAddress(mem: GuestMemory, at: number, family: Family): void {
  const { length } = bufferAt(mem, at);
  if (length !== 4 && length !== 16 && length !== STORAGE) fail("INVAL");
  if (family === "unix" && length !== STORAGE) fail("INVAL");
  if (family === "ipv6" && length === 4) fail("NOMEM");
}

/**
 * @param isStrict  the buffer must have room for a family; else it may be raw bytes as well
 * @throws Failure INVAL for a buffer of another size, NOMEM for one that is too small, FAULT
 */
export function writeAddress(mem: GuestMemory, at: number, address: Address, isStrict: boolean): void {
  const { ip, path } = address;
  const { at: to, length } = bufferAt(mem, at);
  if (length === STORAGE) {
    mem.setU16(to, families[familyOf(address)]);
    if (path !== undefined) mem.zero(to + 2, STORAGE - 2);
    mem.write(to + 2, path === undefined ? ip : new TextEncoder().encode(path));
    return;
  }
  if (isStrict || path !== undefined || (length !== 4 && length !== 16)) fail("INVAL");
  if (ip.length > length) fail("NOMEM");
  mem.write(to, ip);
}
