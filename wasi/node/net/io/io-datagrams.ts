/** A socket for datagrams on the I/O thread. */
import { dropDatagram, framed, MAX_FRAME, peekDatagram, putDatagram } from "./datagram.ts";
import { attempt, IoSocket } from "./io-socket.ts";

export class IoDatagrams extends IoSocket {
  protected override get leastRoom(): number {
    return MAX_FRAME;
  }

  protected override send(): void {
    const { out } = this.cell;
    for (let first = peekDatagram(out, []); first !== undefined; first = peekDatagram(out, [])) {
      const bytes = new Uint8Array(first.length);
      peekDatagram(out, [bytes]);
      const { address } = first;
      // What cannot be sent is lost, as on the way.
      if (attempt(() => this.socket.send([bytes], address)) === undefined) return;
      this.countRoom();
      dropDatagram(out, first);
    }
  }

  protected override needed(): number | undefined {
    const first = attempt(() => this.socket.receive([], true));
    return first === undefined || first === "failed" ? undefined : framed(this.socket.available());
  }

  protected override take(): number | undefined {
    const bytes = new Uint8Array(this.socket.available());
    const received = attempt(() => this.socket.receive([bytes], false));
    if (received === undefined || received === "failed") return undefined;
    // Only the end comes from nobody.
    this.countMore();
    if (received.from === undefined) this.isEnd = true;
    else putDatagram(this.cell.in, [bytes], received.from);
    return received.count;
  }
}
