/**
 * The guest's memory as host calls see it: bounds-checked loads and stores, little endian.
 *
 * Views are taken anew for every host call, because the guest may have grown its memory. Addresses are u32 carried as
 * non-negative numbers, so `pointer + length` cannot wrap. Out of bounds is errno FAULT, decided before anything moves.
 * Alignment is not required.
 */
import { fail } from "./errno.ts";
import { limits } from "./limits.ts";

/** Anything with the current bytes of a memory: a `MemInst`, or one made by `memoryOf`. */
export interface MemorySource {
  /** A view of exactly the current memory. */
  readonly bytes: Uint8Array;
}

const none: Uint8Array = new Uint8Array(0);

const isSharedBuffer = (buffer: ArrayBufferLike): boolean =>
  typeof SharedArrayBuffer !== "undefined" && buffer instanceof SharedArrayBuffer;

export class GuestMemory {
  #source: MemorySource | undefined;
  /** The current memory; valid until the guest runs again. */
  bytes: Uint8Array = none;
  #view: DataView = new DataView(none.buffer);

  /** True once there is a memory to work on. */
  get isAttached(): boolean {
    return this.#source !== undefined;
  }

  /** Other threads can write to it while a call runs; host functions that need private bytes get copies. */
  isShared = false;

  attach(source: MemorySource): void {
    this.#source = source;
    this.refresh();
  }

  /** Takes views of the memory as it is now. Called at the start of every host call and retry. */
  refresh(): void {
    const bytes = this.#source?.bytes ?? none;
    if (bytes === this.bytes) return;
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.isShared = isSharedBuffer(bytes.buffer);
  }

  /** Fails with FAULT unless `length` bytes at `pointer` are in bounds. Nothing is always in bounds. */
  check(pointer: number, length: number): void {
    if (length > 0 && pointer + length > this.bytes.length) fail("FAULT");
  }

  /** True if `length` bytes at `pointer` are in bounds. */
  has(pointer: number, length: number): boolean {
    return pointer >= 0 && length >= 0 && pointer + length <= this.bytes.length;
  }

  u8(pointer: number): number {
    this.check(pointer, 1);
    return this.bytes[pointer] as number;
  }

  u16(pointer: number): number {
    this.check(pointer, 2);
    return this.#view.getUint16(pointer, true);
  }

  u32(pointer: number): number {
    this.check(pointer, 4);
    return this.#view.getUint32(pointer, true);
  }

  u64(pointer: number): bigint {
    this.check(pointer, 8);
    return this.#view.getBigUint64(pointer, true);
  }

  setU8(pointer: number, value: number): void {
    this.check(pointer, 1);
    this.bytes[pointer] = value;
  }

  setU16(pointer: number, value: number): void {
    this.check(pointer, 2);
    this.#view.setUint16(pointer, value, true);
  }

  setU32(pointer: number, value: number): void {
    this.check(pointer, 4);
    this.#view.setUint32(pointer, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.check(pointer, 8);
    this.#view.setBigUint64(pointer, value, true);
  }

  /** The bytes themselves, not a copy. */
  slice(pointer: number, length: number): Uint8Array {
    if (length === 0) return none;
    this.check(pointer, length);
    return this.bytes.subarray(pointer, pointer + length);
  }

  /** A private copy. */
  copy(pointer: number, length: number): Uint8Array {
    if (length === 0) return none;
    this.check(pointer, length);
    return this.bytes.slice(pointer, pointer + length);
  }

  write(pointer: number, bytes: Uint8Array): void {
    this.check(pointer, bytes.length);
    if (bytes.length > 0) this.bytes.set(bytes, pointer);
  }

  zero(pointer: number, length: number): void {
    this.check(pointer, length);
    if (length > 0) this.bytes.fill(0, pointer, pointer + length);
  }

  /**
   * The buffers of an I/O vector, empty ones left out. All of it is checked before any of it is used.
   *
   * @param count  number of (pointer, length) pairs at `pointer`
   * @throws Failure INVAL above `limits.iovecs` pairs or 2^32-1 bytes in all; FAULT when any part is out of bounds
   */
  iovecs(pointer: number, count: number): Uint8Array[] {
    if (count > limits.iovecs) fail("INVAL");
    this.check(pointer, count * 8);
    const buffers: Uint8Array[] = [];
    let total = 0;
    for (let at = pointer; at < pointer + count * 8; at += 8) {
      const start = this.#view.getUint32(at, true);
      const length = this.#view.getUint32(at + 4, true);
      this.check(start, length);
      total += length;
      if (length > 0) buffers.push(this.bytes.subarray(start, start + length));
    }
    if (total > 0xffff_ffff) fail("INVAL");
    return buffers;
  }
}

/**
 * Cuts a list of buffers to `max` bytes in all. Buffers that overlap in the guest count each time they are named.
 *
 * @cost O(buffers), copies nothing
 */
export function cutBuffers(buffers: readonly Uint8Array[], max: number): readonly Uint8Array[] {
  let total = 0;
  for (let i = 0; i < buffers.length; i++) {
    const buffer = buffers[i] as Uint8Array;
    total += buffer.length;
    if (total > max) return [...buffers.slice(0, i), buffer.subarray(0, buffer.length - (total - max))];
  }
  return buffers;
}

/** What follows the first `count` bytes of a list of buffers. @cost O(buffers), copies nothing */
export function skipBytes(buffers: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  if (count === 0) return buffers;
  const rest: Uint8Array[] = [];
  let skipped = 0;
  for (const buffer of buffers) {
    if (skipped + buffer.length > count) rest.push(buffer.subarray(Math.max(0, count - skipped)));
    skipped += buffer.length;
  }
  return rest;
}

/** One private array with the contents of all buffers. */
export function joinBuffers(buffers: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(buffers.reduce((sum, b) => sum + b.length, 0));
  let at = 0;
  for (const buffer of buffers) {
    joined.set(buffer, at);
    at += buffer.length;
  }
  return joined;
}

/** Spreads `bytes` over `buffers`, which have room for at least as much. */
export function spreadBytes(bytes: Uint8Array, buffers: readonly Uint8Array[]): void {
  let at = 0;
  for (const buffer of buffers) {
    const part = bytes.subarray(at, at + buffer.length);
    buffer.set(part);
    at += part.length;
    if (at >= bytes.length) return;
  }
}

/**
 * True for a memory of the host's own WebAssembly. It detaches its buffer when it grows, so bytes that are still there are the
 * current ones; to ask for the buffer is a call into the host, and takes a tenth of a small write. Bench: wasi, write 1 byte.
 */
function isOfHost(memory: object): boolean {
  const getter = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(memory) ?? {}, "buffer")?.get;
  const isItsOwn = !Object.hasOwn(memory, "buffer") && getter !== undefined;
  return isItsOwn && nativeGetter.test(Function.prototype.toString.call(getter));
}

/** No source text is like this, and what was bound has no name. */
const nativeGetter = /^function (get )?buffer\(\)\s*\{\s*\[native code\]\s*\}$/;

/** A source for a memory of the host's own WebAssembly, or anything with a `buffer`. */
export const memoryOf = (memory: { readonly buffer: ArrayBufferLike }): MemorySource => new BufferSource(memory);

/** A class, since V8 takes no part in code of the getter of a single object. */
class BufferSource implements MemorySource {
  private readonly memory: { readonly buffer: ArrayBufferLike };
  private readonly isOfHost: boolean;
  private current = none;
  /** What `current` is of will be detached when the memory grows. */
  private isDetaching = false;

  constructor(memory: { readonly buffer: ArrayBufferLike }) {
    this.memory = memory;
    this.isOfHost = isOfHost(memory);
  }

  get bytes(): Uint8Array {
    const { current } = this;
    if (this.isDetaching && current.length > 0) return current;
    const { buffer } = this.memory;
    const size = buffer.byteLength;
    // A shared memory keeps its buffer object but may have grown: then a new buffer object appears as well.
    if (current.buffer === buffer && current.length === size) return current;
    const { resizable = false } = buffer as { resizable?: boolean };
    this.isDetaching = this.isOfHost && !resizable && !isSharedBuffer(buffer);
    // With its size, without which a view of a resizable buffer has that of the moment.
    this.current = new Uint8Array(buffer, 0, size);
    return this.current;
  }
}
