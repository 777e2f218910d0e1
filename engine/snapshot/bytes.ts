/** Little-endian reading and writing of the parts of a snapshot. Reading trusts nothing: it never leaves its bytes. */
import { snapshotError } from "./errors.ts";

const FIRST = 1024;

export class ByteWriter {
  private bytes = new Uint8Array(FIRST);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  /** Where the next `count` bytes go. */
  private take(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const next = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      next.set(this.bytes);
      this.bytes = next;
      this.view = new DataView(next.buffer);
    }
    return at;
  }

  u8(v: number): void {
    const at = this.take(1);
    this.view.setUint8(at, v);
  }
  u16(v: number): void {
    const at = this.take(2);
    this.view.setUint16(at, v, true);
  }
  /** Also of a signed number: the low 32 bits. */
  u32(v: number): void {
    const at = this.take(4);
    this.view.setUint32(at, v, true);
  }
  /** Also of a signed number: the low 64 bits. */
  u64(v: bigint): void {
    const at = this.take(8);
    this.view.setBigUint64(at, BigInt.asUintN(64, v), true);
  }
  f64(v: number): void {
    const at = this.take(8);
    this.view.setFloat64(at, v, true);
  }
  /** The bytes alone; whoever reads them knows how many. */
  raw(bytes: Uint8Array): void {
    const at = this.take(bytes.length);
    this.bytes.set(bytes, at);
  }
  /** The bytes after their number. */
  blob(bytes: Uint8Array): void {
    this.u32(bytes.length);
    this.raw(bytes);
  }
  /** As UTF-16 units: strings of JavaScript need not be well-formed. */
  text(s: string): void {
    this.u32(s.length);
    for (let i = 0; i < s.length; i++) this.u16(s.charCodeAt(i));
  }
  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.u32(items.length);
    for (const item of items) write(item);
  }

  finish(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}

export class ByteReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the next `count` bytes are. @throws WasmError WT5201 */
  private take(count: number): number {
    const at = this.at;
    if (count > this.bytes.length - at) throw snapshotError("damaged", `it ends within ${count} bytes from ${at} on`);
    this.at = at + count;
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }
  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }
  i32(): number {
    return this.view.getInt32(this.take(4), true);
  }
  u64(): bigint {
    return this.view.getBigUint64(this.take(8), true);
  }
  i64(): bigint {
    return this.view.getBigInt64(this.take(8), true);
  }
  f64(): number {
    return this.view.getFloat64(this.take(8), true);
  }
  /** The next `count` bytes, not copied. */
  raw(count: number): Uint8Array {
    const at = this.take(count);
    return this.bytes.subarray(at, at + count);
  }
  blob(): Uint8Array {
    return this.raw(this.u32());
  }
  u16(): number {
    return this.view.getUint16(this.take(2), true);
  }
  text(): string {
    return this.list(2, () => String.fromCharCode(this.u16())).join("");
  }
  /** A number below `end`. @throws WasmError WT5204 */
  index(end: number, what: string): number {
    const i = this.u32();
    if (i >= end) throw snapshotError("misfit", `${what} ${i} of ${end}`);
    return i;
  }
  /** @param size fewest bytes an item has: a count that cannot be true is found before anything is made of it */
  list<T>(size: number, read: (i: number) => T): T[] {
    const count = this.u32();
    if (count * size > this.bytes.length - this.at) throw snapshotError("damaged", `it cannot hold a list of ${count}`);
    return Array.from({ length: count }, (_, i) => read(i));
  }
  /** @throws WasmError WT5201 unless everything has been read */
  end(): void {
    if (this.at !== this.bytes.length) throw snapshotError("damaged", `${this.bytes.length - this.at} bytes too many`);
  }
}
