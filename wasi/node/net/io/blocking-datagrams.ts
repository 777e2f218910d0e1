/** A socket of `BlockingNetwork` for datagrams, on the guest's thread. */
import { filetype } from "../../../abi.ts";
import { fail } from "../../../errno.ts";
import { type Address, anyAddress } from "../../../net/address.ts";
import type { Received } from "../../../net/socket.ts";
import { BlockingSocket } from "./blocking-socket.ts";
import { dropDatagram, MAX_DATAGRAM, MAX_FRAME, peekDatagram, putDatagram } from "./datagram.ts";
import { states } from "./shared.ts";

export class BlockingDatagrams extends BlockingSocket {
  readonly type = "datagram";
  readonly filetype = filetype.socketDgram;
  #peer: Address | undefined;
  #local: Address | undefined;

  get isHungUp(): boolean {
    return this.isReadOver && this.isWriteOver;
  }
  /** It has one once it was bound, or has sent something. */
  get local(): Address {
    this.#local ??= this.ask({ op: "addresses" })?.local;
    const local = this.#local ?? anyAddress(this.family);
    if (local.port === 0) this.#local = undefined;
    return local;
  }
  get peer(): Address | undefined {
    return this.#peer;
  }

  listen(): never {
    return fail("NOTSUP");
  }

  accept(): never {
    return fail("NOTSUP");
  }

  connect(address: Address): void {
    this.ask({ op: "connect", address });
    this.#peer = address;
    this.bound ??= anyAddress(this.family);
  }

  receive(into: readonly Uint8Array[], isPeek: boolean): Received | undefined {
    this.tellError();
    const { in: ring } = this.cell;
    const first = this.isReadOver ? undefined : peekDatagram(ring, into);
    if (first === undefined) return this.isReadOver ? { count: 0, isTruncated: false, from: undefined } : undefined;
    const size = into.reduce((sum, b) => sum + b.length, 0);
    const count = Math.min(size, first.length);
    if (!isPeek) {
      const { datagrams } = this.home.traffic;
      dropDatagram(ring, first);
      datagrams.received++;
      datagrams.bytesIn += count;
      this.made.reads++;
      this.tellRoom();
    }
    return { count, isTruncated: first.length > size, from: first.address };
  }

  send(buffers: readonly Uint8Array[], to = this.#peer): number | undefined {
    this.tellError();
    if (to === undefined) return fail("DESTADDRREQ");
    if (this.isWriteOver) fail("PIPE");
    if (this.is(states.busy)) return undefined;
    const size = buffers.reduce((sum, b) => sum + b.length, 0);
    if (size > MAX_DATAGRAM) fail("MSGSIZE");
    if (to.ip.length !== (this.family === "ipv4" ? 4 : 16)) fail("AFNOSUPPORT");
    if (!putDatagram(this.cell.out, buffers, to)) return undefined;
    const { datagrams } = this.home.traffic;
    datagrams.sent++;
    datagrams.bytesOut += size;
    this.made.writes++;
    // It gets an address by that, if it has none.
    this.bound ??= anyAddress(this.family);
    this.touch();
    return size;
  }

  canRead(): boolean {
    return this.hasError() || this.isReadOver || this.cell.in.used > 0;
  }

  canWrite(): boolean {
    return this.hasError() || (!this.is(states.busy) && this.cell.out.free >= MAX_FRAME);
  }

  available(): number {
    return this.isReadOver ? 0 : (peekDatagram(this.cell.in, [])?.length ?? 0);
  }
}
