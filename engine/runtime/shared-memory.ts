/**
 * What threads share of a shared memory: a buffer that grows in place, and its size in pages.
 *
 * The buffer is growable up to the memory's maximum, but every view of it has a fixed length: such views are as fast as
 * those of any buffer (length-tracking ones are 30x slower), and a view that another thread's growth has made too short
 * is replaced when it is next asked for. The size is a word of its own, so that growth is one compare-and-exchange and
 * no thread ever holds a lock. Spec: threads (shared memories, memory.grow).
 */
import type { MemType } from "../types.ts";

/** A shared memory as data: what `postMessage` takes to another thread. See `MemInst.fromShared`. */
export interface SharedMemory {
  readonly type: MemType;
  readonly buffer: SharedArrayBuffer;
  /** One word: the size in pages. */
  readonly pages: SharedArrayBuffer;
}

/** Of ES2024: not in the library this is compiled with. */
interface Growable {
  readonly growable?: boolean;
  readonly maxByteLength?: number;
  grow?(length: number): void;
}
type GrowableConstructor = new (length: number, options: { maxByteLength: number }) => SharedArrayBuffer;

/** Most pages that the word of the size can tell. */
const MAX_PAGES = 2 ** 32 - 1;

export class SharedPages {
  readonly buffer: SharedArrayBuffer;
  readonly pageSize: number;
  readonly #pages: Uint32Array;

  constructor(buffer: SharedArrayBuffer, pages: SharedArrayBuffer, pageSize: number) {
    this.buffer = buffer;
    this.pageSize = pageSize;
    this.#pages = new Uint32Array(pages);
  }

  /** Makes `min` pages that can become `max` of them, or fewer where the host refuses; undefined when it refuses `min`. */
  static allocate(min: number, max: number, pageSize: number): SharedPages | undefined {
    const size = min * pageSize;
    for (let most = Math.max(max * pageSize, size); ; most = Math.max(size, Math.floor(most / 2))) {
      const buffer = reserve(size, most);
      if (buffer !== undefined) {
        const shared = new SharedPages(buffer, new SharedArrayBuffer(4), pageSize);
        Atomics.store(shared.#pages, 0, min);
        return shared;
      }
      if (most === size) return undefined;
    }
  }

  /** The word of the size. */
  get pages(): SharedArrayBuffer {
    return this.#pages.buffer as SharedArrayBuffer;
  }

  /** Size in pages, as all threads see it. */
  size(): number {
    return Atomics.load(this.#pages, 0);
  }

  /** Grows by `delta` pages to `most` at most; the old size, or -1. Another thread may grow at the same time. */
  grow(delta: number, most: number): number {
    for (;;) {
      const old = this.size();
      const now = old + delta;
      if (now > most || now > MAX_PAGES || !this.#ensure(now * this.pageSize)) return -1;
      if (Atomics.compareExchange(this.#pages, 0, old, now) === old) return old;
    }
  }

  /** Makes the buffer at least `length` bytes long; false if it cannot be. */
  #ensure(length: number): boolean {
    const buffer = this.buffer as SharedArrayBuffer & Growable;
    if (buffer.byteLength >= length) return true;
    try {
      buffer.grow?.(length);
    } catch {
      // Refused, or another thread made it longer already.
    }
    return buffer.byteLength >= length;
  }
}

/** Address space for `most` bytes, of which `size` are there. A host without growable buffers gives them all. */
function reserve(size: number, most: number): SharedArrayBuffer | undefined {
  try {
    const Buffer = SharedArrayBuffer as unknown as GrowableConstructor;
    const isGrowable = most > size && "growable" in SharedArrayBuffer.prototype;
    return isGrowable ? new Buffer(size, { maxByteLength: most }) : new SharedArrayBuffer(most);
  } catch {
    return undefined;
  }
}
