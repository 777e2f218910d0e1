/** Datagrams in a ring: each with its length and its address in front, whole or not at all. */
import type { Address } from "../../../net/address.ts";
import { copyPieces, type Ring } from "./shared.ts";

/** Most bytes of one. */
export const MAX_DATAGRAM = 65_507;
/** Length, port, length of the address; the address. */
const HEAD_BYTES = 12 + 16;

export const framed = (bytes: number): number => HEAD_BYTES + bytes;
export const MAX_FRAME = framed(MAX_DATAGRAM);

/** @param to  where it goes, or comes from. @returns whether there was room for it */
export function putDatagram(ring: Ring, buffers: readonly Uint8Array[], { ip, port }: Address): boolean {
  const length = buffers.reduce((sum, b) => sum + b.length, 0);
  if (ring.free < framed(length)) return false;
  const head = new Uint8Array(HEAD_BYTES);
  const view = new DataView(head.buffer);
  view.setUint32(0, length, true);
  view.setUint32(4, port, true);
  view.setUint32(8, ip.length, true);
  head.set(ip, 12);
  ring.add(copyPieces([head, ...buffers], ring.room()));
  return true;
}

export interface Datagram {
  /** It has more, where there was no room for all. */
  readonly length: number;
  readonly address: Address;
}

/** The first one, as much of it as there is room for; undefined when there is none. It stays there. */
export function peekDatagram(ring: Ring, into: readonly Uint8Array[]): Datagram | undefined {
  const contents = ring.contents();
  if (contents.length === 0) return undefined;
  const head = new Uint8Array(HEAD_BYTES);
  copyPieces(contents, [head]);
  const view = new DataView(head.buffer);
  const length = view.getUint32(0, true);
  copyPieces(slice(contents, HEAD_BYTES, length), into);
  return { length, address: { ip: head.slice(12, 12 + view.getUint32(8, true)), port: view.getUint32(4, true) } };
}

export const dropDatagram = (ring: Ring, { length }: Datagram): void => ring.drop(framed(length));

/** `count` bytes of `pieces`, from `from` on. */
function slice(pieces: readonly Uint8Array[], from: number, count: number): Uint8Array[] {
  const [first, second = new Uint8Array(0)] = pieces as [Uint8Array, Uint8Array?];
  const end = from + count - first.length;
  return [first.subarray(from, from + count), second.subarray(Math.max(0, from - first.length), Math.max(0, end))];
}
