/**
 * Linear memories. Views are taken from here and never kept across a call that may grow the memory.
 *
 * Not a resizable ArrayBuffer (7-8x slower on every V8): a memory is an exact view over a buffer with spare capacity, so
 * that most grows copy nothing. Spec: exec/runtime (memory instances), exec/instructions (memory.grow).
 */
import { trap, WasmError } from "../errors.ts";
import type { MemType } from "../types.ts";

/** Bytes: what an instance may have in one memory unless its options say otherwise. */
export const DEFAULT_MAX_MEMORY = 4 * 2 ** 30;

export class MemInst {
  readonly kind = "memory";
  /** Declared type; its minimum follows the current size, as linking wants it. */
  readonly declared: MemType;
  /** Exactly the current memory. */
  view: DataView;
  bytes: Uint8Array;
  /** Bytes of the store's limiter. */
  readonly limitBytes: number;

  constructor(type: MemType, limitBytes = DEFAULT_MAX_MEMORY) {
    this.declared = type;
    this.limitBytes = limitBytes;
    const size = type.limits.min * this.pageSize;
    if (size > limitBytes) {
      throw new WasmError("unlinkable", "WT3004", `memory of ${size} bytes exceeds the limit of ${limitBytes} bytes`, {
        hint: "raise the memory limit (--max-memory)",
      });
    }
    const buffer = allocate(size);
    if (buffer === undefined) throw new WasmError("unlinkable", "WT3004", `cannot allocate a memory of ${size} bytes`);
    this.view = new DataView(buffer);
    this.bytes = new Uint8Array(buffer);
  }

  get pageSize(): number {
    return 2 ** this.declared.pageSizeLog2;
  }

  /** The type with the current size as its minimum. */
  get type(): MemType {
    const { limits } = this.declared;
    return { ...this.declared, limits: { min: this.size(), max: limits.max } };
  }

  /** Size in pages. */
  size(): number {
    return this.view.byteLength / this.pageSize;
  }

  /**
   * Grows by `delta` pages; the old size, or -1 when the declared maximum, the limiter or the host refuses.
   *
   * @spec exec-memory.grow
   * @cost O(1) inside the spare capacity, else O(size)
   */
  grow(delta: number): number {
    const old = this.size();
    const { addr, limits } = this.declared;
    const most = Math.min(limits.max ?? Infinity, (addr === "i32" ? 2 ** 32 : 2 ** 48) / this.pageSize);
    const pages = old + delta;
    const length = pages * this.pageSize;
    if (pages > most || length > this.limitBytes) return -1;
    if (delta === 0) return old;
    const buffer = length <= this.view.buffer.byteLength ? this.view.buffer : this.move(length, most * this.pageSize);
    if (buffer === undefined) return -1;
    this.view = new DataView(buffer, 0, length);
    this.bytes = new Uint8Array(buffer, 0, length);
    return old;
  }

  private move(length: number, most: number): ArrayBufferLike | undefined {
    const spare = Math.min(most, this.limitBytes, Math.max(length, Math.ceil(this.view.byteLength * 1.5)));
    const buffer = allocate(spare) ?? allocate(length);
    if (buffer !== undefined) new Uint8Array(buffer).set(this.bytes);
    return buffer;
  }

  /** Traps unless `[at, at + count)` is inside. Numbers, not wrapped: up to 2^53. */
  check(at: number, count: number): void {
    if (at + count > this.view.byteLength) trap("oobMemory");
  }

  /** @spec exec-memory.fill */
  fill(at: number, value: number, count: number): void {
    this.check(at, count);
    this.bytes.fill(value, at, at + count);
  }

  /**
   * Copies `count` bytes from `src` in `from` to `dst` here; ranges may overlap.
   *
   * @spec exec-memory.copy
   */
  copy(dst: number, from: MemInst, src: number, count: number): void {
    this.check(dst, count);
    from.check(src, count);
    if (from === this) this.bytes.copyWithin(dst, src, src + count);
    else this.bytes.set(from.bytes.subarray(src, src + count), dst);
  }

  /** @spec exec-memory.init */
  init(dst: number, data: Uint8Array, src: number, count: number): void {
    if (src + count > data.length) trap("oobMemory");
    this.check(dst, count);
    this.bytes.set(data.subarray(src, src + count), dst);
  }
}

function allocate(bytes: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}
