/** Buffers of memories: made, moved, resized, where the host lets them. */

/** Of ES2024, and of hosts: not in the library this is compiled with. */
interface Transferable {
  transfer?(length: number): ArrayBuffer;
  resize?(length: number): void;
}
type ResizableConstructor = new (length: number, options: { maxByteLength: number }) => ArrayBuffer;
type StructuredClone = (value: ArrayBuffer, options: { transfer: ArrayBuffer[] }) => ArrayBuffer;

/**
 * The first `length` bytes of `buffer`, zeros beyond its end, in a new buffer; `buffer` is detached, if the host can do
 * that. Undefined when there is no room, and nothing has changed.
 */
export function moved(buffer: ArrayBuffer & Transferable, length: number): ArrayBuffer | undefined {
  if (buffer.transfer !== undefined) {
    try {
      return buffer.transfer(length);
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }
  const next = allocate(length);
  return next === undefined ? undefined : movedInto(next, buffer);
}

/** `next` with as much of the contents of `buffer`, which is detached, as it has room for. */
function movedInto(next: ArrayBuffer, buffer: ArrayBuffer): ArrayBuffer {
  new Uint8Array(next).set(new Uint8Array(buffer, 0, Math.min(next.byteLength, buffer.byteLength)));
  const { structuredClone } = globalThis as { structuredClone?: StructuredClone };
  structuredClone?.(buffer, { transfer: [buffer] });
  return next;
}

/** As `moved`, the first `length` bytes in a buffer that can be resized up to `most`, or that cannot. */
export function remade(buffer: ArrayBuffer, length: number, most: number | undefined): ArrayBuffer | undefined {
  const Buffer = ArrayBuffer as ResizableConstructor;
  try {
    const next = most === undefined ? new ArrayBuffer(length) : new Buffer(length, { maxByteLength: most });
    return movedInto(next, buffer);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Gives a resizable buffer the length `length`; false when it cannot have it. */
export function resized(buffer: ArrayBuffer, length: number): boolean {
  // The buffer may have a method of its own, which asks the memory.
  const { resize } = ArrayBuffer.prototype as Transferable;
  try {
    resize?.call(buffer, length);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return buffer.byteLength === length;
}

export function allocate(bytes: number): ArrayBuffer | undefined {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}
