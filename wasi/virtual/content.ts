/** The bytes of a file, wherever they are: in pages of a volume, or a part of an archive. */
import type { Volume } from "./volume.ts";

/** What can be read as the contents of a file. */
export interface Content {
  size(): number;
  /** Bytes put at the start of `into`; 0 at the end. May be short. */
  read(into: Uint8Array, position: number): number;
  /** Before the first read, and after the last one. */
  open?(): void;
  close?(): void;
  /** Nobody can reach the file any more. */
  free?(): void;
}

/** Contents that never change. The bytes are not copied. */
export function fixedContent(bytes: Uint8Array): Content {
  return {
    size: () => bytes.length,
    read(into, position) {
      const part = bytes.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    },
  };
}

const pageBytes = 16_384;
const smallestPage = 64;
/** Host memory of a page besides its bytes, by estimate: it is taken from the volume too. */
const pageOverhead = 320;

/**
 * Contents that can be written anywhere: pages by number. What has no page, or is beyond the end of a page, is zeros, so
 * that holes cost nothing. A page grows by doubling, so that small files stay small.
 */
export class SparseBytes implements Content {
  readonly #volume: Volume;
  readonly #pages = new Map<number, Uint8Array>();
  #size = 0;

  constructor(volume: Volume) {
    this.#volume = volume;
  }

  size(): number {
    return this.#size;
  }

  read(into: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(into.length, this.#size - position));
    for (let done = 0; done < count; ) {
      const { number, offset, length } = piece(position + done, count - done);
      const page = this.#pages.get(number);
      const stored = page?.subarray(offset, offset + length);
      if (stored !== undefined) into.set(stored, done);
      into.fill(0, done + (stored?.length ?? 0), done + length);
      done += length;
    }
    return count;
  }

  /** Bytes written; fewer than given when the volume is full. */
  write(from: Uint8Array, position: number): number {
    let done = 0;
    while (done < from.length) {
      const { number, offset, length } = piece(position + done, from.length - done);
      const page = this.#pageWith(number, offset + length);
      if (page === undefined) break;
      page.set(from.subarray(done, done + length), offset);
      done += length;
    }
    if (done > 0) this.#size = Math.max(this.#size, position + done);
    return done;
  }

  /** Copies of the pages, in order. */
  pieces(): { readonly at: number; readonly bytes: Uint8Array }[] {
    const pages = [...this.#pages].sort(([a], [b]) => a - b);
    return pages.map(([number, page]) => {
      const at = number * pageBytes;
      return { at, bytes: page.slice(0, Math.max(0, this.#size - at)) };
    });
  }

  /** Cuts, or grows by a hole. */
  resize(size: number): void {
    if (size < this.#size) this.#cut(size);
    this.#size = size;
  }

  free(): void {
    this.resize(0);
  }

  #cut(size: number): void {
    const { number: last, offset } = piece(size, 1);
    for (const [number, page] of this.#pages) {
      if (number < last) continue;
      if (number === last && offset > 0) page.fill(0, offset);
      else {
        this.#pages.delete(number);
        this.#volume.giveBytes(page.length + pageOverhead);
      }
    }
  }

  /** Page `number` with room for `bytes`; undefined when the volume is full. */
  #pageWith(number: number, bytes: number): Uint8Array | undefined {
    const page = this.#pages.get(number);
    if (page !== undefined && page.length >= bytes) return page;
    let capacity = page?.length ?? smallestPage;
    while (capacity < bytes) capacity *= 2;
    const more = page === undefined ? capacity + pageOverhead : capacity - page.length;
    if (!this.#volume.tryTakeBytes(more)) return undefined;
    const grown = new Uint8Array(capacity);
    if (page !== undefined) grown.set(page);
    this.#pages.set(number, grown);
    return grown;
  }
}

/** The part of a page that holds the first of `length` bytes at `position`, and as many more as are in the same page. */
function piece(position: number, length: number): { number: number; offset: number; length: number } {
  const number = Math.floor(position / pageBytes);
  const offset = position - number * pageBytes;
  return { number, offset, length: Math.min(length, pageBytes - offset) };
}
