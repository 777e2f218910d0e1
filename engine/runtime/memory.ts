/**
 * Linear memories. Views are taken from here and never kept across a call that may grow the memory.
 *
 * Not a resizable ArrayBuffer (7-8x slower on every V8): a memory is an exact view over a buffer with spare capacity, so
 * that most grows copy nothing. A shared one lives in `SharedPages`, which another thread may grow. Spec: exec/runtime (memory instances), exec/instructions (memory.grow).
 */
import { trap, WasmError } from "../errors.ts";
import type { MemType } from "../types.ts";
import { allocate, moved, remade, resized } from "./buffers.ts";
import type { Meter } from "./meter.ts";
import { type SharedMemory, SharedPages } from "./shared-memory.ts";

/** Bytes: what an instance may have in one memory unless its options say otherwise. */
export const DEFAULT_MAX_MEMORY = 4 * 2 ** 30;

/** Elements of 1, 2, 4 and 8 bytes. */
export type AtomicArray = Uint8Array | Uint16Array | Int32Array | BigInt64Array;

export class MemInst {
  readonly kind = "memory";
  /** Declared type; its minimum follows the current size, as linking wants it. */
  readonly declared: MemType;
  /** Bytes of the store's limiter. */
  readonly limitBytes: number;
  /** What other threads have too; undefined for a memory that is not shared. */
  readonly shared: SharedPages | undefined;
  readonly #meter: Meter | undefined;
  /**
   * The view as it was made last, which is the current one unless another thread has grown the memory since: for generated
   * code, which goes by way of `over` where the memory is shared. Everybody else takes `view`.
   */
  dv: DataView = none;
  /** The same without its last four bytes: the low word of an i64 is inside where all of it is inside the memory. */
  dw: DataView = none;
  #bytes: Uint8Array = noBytes;
  /** Its buffer was handed out: it has just the size of the memory, and does not outlive a growth. */
  #isExposed = false;
  /** That buffer can be resized: it is the same after growth. */
  #isResizable = false;
  /** By log2 of the element size; made when asked for. */
  #arrays: (AtomicArray | undefined)[] = [];

  /**
   * @param shared pages that exist already; `type` is shared then
   * @param meter accounts for what is allocated
   */
  constructor(type: MemType, limitBytes = DEFAULT_MAX_MEMORY, shared?: SharedPages, meter?: Meter) {
    this.declared = type;
    this.limitBytes = limitBytes;
    this.#meter = meter;
    this.shared = shared ?? (type.isShared ? this.#allocateShared() : undefined);
    if (this.shared !== undefined) this.#refresh(this.shared);
    else this.#setView(this.#allocateOwn(), type.limits.min * this.pageSize);
  }

  /** The memory that `from` describes, which another thread made: both see the same bytes. */
  static fromShared(from: SharedMemory, limitBytes = DEFAULT_MAX_MEMORY): MemInst {
    const { type, buffer, pages } = from;
    if (!type.isShared) throw new Error("not the description of a shared memory");
    return new MemInst(type, limitBytes, new SharedPages(buffer, pages, 2 ** type.pageSizeLog2));
  }

  /** Its description, which `postMessage` can send. @throws Error when it is not shared */
  toShared(): SharedMemory {
    if (this.shared === undefined) throw new Error("the memory is not shared");
    return { type: this.declared, buffer: this.shared.buffer, pages: this.shared.pages };
  }

  #checkLimit(): number {
    const { limitBytes } = this;
    const size = this.declared.limits.min * this.pageSize;
    if (size > limitBytes) {
      throw new WasmError("unlinkable", "WT3004", `memory of ${size} bytes exceeds the limit of ${limitBytes} bytes`, {
        hint: "raise the memory limit (--max-memory)",
      });
    }
    if (this.#meter?.takeMemory(size) === false) {
      throw new WasmError(
        "unlinkable",
        "WT3004",
        `memory of ${size} bytes exceeds the limit of all memories of the guest`,
        {
          hint: "raise the limit of all of them (--max-memory, totalMemoryBytes)",
        },
      );
    }
    return size;
  }

  #allocateOwn(): ArrayBuffer {
    const size = this.#checkLimit();
    const buffer = allocate(size);
    if (buffer === undefined) throw new WasmError("unlinkable", "WT3004", `cannot allocate a memory of ${size} bytes`);
    return buffer;
  }

  #allocateShared(): SharedPages {
    const size = this.#checkLimit();
    const pages = SharedPages.allocate(this.declared.limits.min, this.#most(), this.pageSize);
    if (pages !== undefined) return pages;
    throw new WasmError("unlinkable", "WT3004", `cannot allocate a shared memory of ${size} bytes`, {
      hint: "in a browser, shared memory needs a page that is cross-origin isolated",
    });
  }

  #setView(buffer: ArrayBufferLike, length: number): void {
    this.dv = new DataView(buffer, 0, length);
    this.dw = new DataView(buffer, 0, Math.max(length - 4, 0));
    this.#bytes = new Uint8Array(buffer, 0, length);
    this.#arrays = [];
  }

  /** Another thread may have grown the memory. */
  #refresh(shared: SharedPages): void {
    const length = shared.size() * this.pageSize;
    if (length !== this.dv.byteLength || this.dv === none) this.#setView(shared.buffer, length);
  }

  /** Exactly the current memory. */
  get view(): DataView {
    if (this.shared !== undefined) this.#refresh(this.shared);
    return this.dv;
  }

  /** A view in which the `count` bytes from `at` on are, if they are inside the current memory. */
  over(at: number, count: number): DataView {
    return at + count <= this.dv.byteLength ? this.dv : this.view;
  }

  /** Exactly the current memory. */
  get bytes(): Uint8Array {
    if (this.shared !== undefined) this.#refresh(this.shared);
    return this.#bytes;
  }

  /**
   * The memory as a buffer of just its size, to hand to JavaScript: the same until the memory grows, which detaches it. Of
   * a shared memory it is the buffer that all threads have, which grows.
   *
   * @cost O(1), but O(size) after growth that left spare capacity
   */
  expose(): ArrayBufferLike {
    const { buffer, byteLength } = this.view;
    if (this.shared !== undefined || this.#isExposed) return buffer;
    const exact = buffer.byteLength > byteLength ? moved(buffer as ArrayBuffer, byteLength) : buffer;
    return this.#handOut(exact, byteLength);
  }

  /**
   * As `expose`, from now on a buffer that grows with the memory up to its declared maximum, or (`false`) again one that
   * does not; the other one is detached. Precondition: the memory is not shared, and has a maximum.
   */
  exposeResizable(isResizable: boolean): ArrayBufferLike {
    if (isResizable === this.#isResizable) return this.expose();
    const { buffer, byteLength } = this.dv;
    const most = isResizable ? (this.declared.limits.max as number) * this.pageSize : undefined;
    const next = this.#handOut(remade(buffer as ArrayBuffer, byteLength, most), byteLength);
    this.#isResizable = isResizable;
    return next;
  }

  #handOut(buffer: ArrayBufferLike | undefined, length: number): ArrayBufferLike {
    if (buffer === undefined) throw new WasmError("exhausted", "WT5002", `cannot allocate ${length} bytes`);
    if (buffer !== this.dv.buffer) this.#setView(buffer, length);
    this.#isExposed = true;
    return buffer;
  }

  /** The current memory as elements of 2^`log2` bytes, for `Atomics`; a rest too short for one is left out. */
  atomicArray(log2: number): AtomicArray {
    if (this.shared !== undefined) this.#refresh(this.shared);
    return this.elements(log2);
  }

  /** The same of the view that was made last: for generated code, which knows that its access is inside. */
  elements(log2: number): AtomicArray {
    const { buffer, byteLength } = this.dv;
    return (this.#arrays[log2] ??= new arrayTypes[log2](buffer as ArrayBuffer, 0, Math.floor(byteLength / 2 ** log2)));
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
    const most = this.#most();
    if (this.shared !== undefined) return this.#growShared(this.shared, delta, most);
    const pages = old + delta;
    if (pages > most || this.#meter?.takeMemory(delta * this.pageSize) === false) return -1;
    if (delta === 0 && !this.#isExposed) return old;
    const length = pages * this.pageSize;
    const next = this.#resized(length, most * this.pageSize);
    if (next === undefined) {
      this.#meter?.takeMemory(-delta * this.pageSize);
      return -1;
    }
    this.#setView(next, length);
    this.#isExposed = this.#isResizable;
    return old;
  }

  /** A buffer for `length` bytes with the contents: the present one if it has room and nobody else has it. */
  #resized(length: number, most: number): ArrayBufferLike | undefined {
    const { buffer } = this.dv;
    if (this.#isResizable) return resized(buffer as ArrayBuffer, length) ? buffer : undefined;
    if (this.#isExposed) return moved(buffer as ArrayBuffer, length);
    return length <= buffer.byteLength ? buffer : this.#move(length, most);
  }

  /** Another thread may grow it too, on its own account. */
  #growShared(shared: SharedPages, delta: number, most: number): number {
    const bytes = delta * this.pageSize;
    if (this.#meter?.takeMemory(bytes) === false) return -1;
    const old = shared.grow(delta, most);
    if (old < 0) this.#meter?.takeMemory(-bytes);
    return old;
  }

  /** Most pages: of the declared maximum, the address type and the limiter. */
  #most(): number {
    const { addr, limits } = this.declared;
    // With pages of one byte the size itself must fit the address type.
    const addressable = addr === "i64" ? 2 ** 48 : this.pageSize === 1 ? 2 ** 32 - 1 : 2 ** 32;
    return Math.floor(Math.min((limits.max ?? Infinity) * this.pageSize, addressable, this.limitBytes) / this.pageSize);
  }

  #move(length: number, most: number): ArrayBuffer | undefined {
    const spare = Math.min(most, Math.max(length, Math.ceil(this.dv.byteLength * 1.5)));
    const buffer = allocate(spare) ?? allocate(length);
    if (buffer !== undefined) new Uint8Array(buffer).set(this.#bytes);
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

const none = new DataView(new ArrayBuffer(0));
const noBytes = new Uint8Array(0);
const arrayTypes = [Uint8Array, Uint16Array, Int32Array, BigInt64Array] as const;
