/**
 * Byte streams a guest reads and writes: standard input and output, pipes. The interfaces, and streams without a host.
 *
 * A stream never waits: where nothing can move, it says so, and `ready` tells when trying again is worth it.
 */
import { GuestExit, type WaitSource } from "../engine/index.ts";
import { type Filetype, filetype } from "./abi.ts";
import { fail, isHostError } from "./errno.ts";
import { limits } from "./limits.ts";
import { cutBuffers, joinBuffers, skipBytes } from "./memory.ts";

export interface InputStream {
  /** `characterDevice` only for a terminal. Pipes have no type: `unknown`. */
  readonly filetype: Filetype;
  /** Bytes put at the start of `into` (not empty); 0 at the end of input; undefined when it would have to wait. */
  read(into: Uint8Array): number | undefined;
  /** Bytes known to be there without waiting. */
  available(): number;
  /** Ready at the end of input too. */
  readonly ready: WaitSource;
  /** What was taken from its source and not read by the guest yet. Absent: nothing ever is. */
  unread?(): Unread;
  close?(): void;
}

export interface Unread {
  /** A copy. */
  readonly bytes: Uint8Array;
  /** Nothing comes after them. */
  readonly isAll: boolean;
}

export interface OutputStream {
  readonly filetype: Filetype;
  /**
   * Bytes taken from the front of `buffers` (not all empty); undefined when it would have to wait. The buffers are the
   * guest's memory: keep a copy, not the views.
   */
  write(buffers: readonly Uint8Array[]): number | undefined;
  readonly ready: WaitSource;
  close?(): void;
}

/** For streams that never wait. */
export const alwaysReady: WaitSource = { isReady: () => true };

/** Input that is known beforehand. */
export function bytesInput(bytes: Uint8Array): InputStream {
  let at = 0;
  return {
    filetype: filetype.unknown,
    ready: alwaysReady,
    available: () => bytes.length - at,
    unread: () => ({ bytes: bytes.slice(at), isAll: true }),
    read(into) {
      const part = bytes.subarray(at, at + into.length);
      into.set(part);
      at += part.length;
      return part.length;
    },
  };
}

/** `inner`, with `bytes` that come before it. */
export function prefixedInput(bytes: Uint8Array, inner: InputStream | undefined): InputStream {
  const first = bytesInput(bytes);
  if (inner === undefined) return first;
  const current = (): InputStream => (first.available() > 0 ? first : inner);
  const isReady = (): boolean => current().ready.isReady();
  return {
    filetype: inner.filetype,
    ready:
      inner.ready.block === undefined ? { isReady } : { isReady, block: (ms) => isReady() || inner.ready.block!(ms) },
    available: () => current().available(),
    read: (into) => current().read(into),
    unread() {
      const after = inner.unread?.() ?? { bytes: new Uint8Array(0), isAll: false };
      return { bytes: joinBuffers([first.unread!().bytes, after.bytes]), isAll: after.isAll };
    },
    close: () => inner.close?.(),
  };
}

/**
 * Output given to a function, one private chunk for each write of the guest. Of a large write several: a guest may name the
 * same memory a thousand times.
 */
export function callbackOutput(take: (chunk: Uint8Array) => void): OutputStream {
  return {
    filetype: filetype.unknown,
    ready: alwaysReady,
    write(buffers) {
      for (let written = 0; ; ) {
        const chunk = joinBuffers(cutBuffers(skipBytes(buffers, written), limits.chunkBytes));
        if (chunk.length > 0) take(chunk);
        written += chunk.length;
        if (chunk.length < limits.chunkBytes) return written;
      }
    },
  };
}

/** Output that goes nowhere. */
export const noOutput: OutputStream = {
  filetype: filetype.unknown,
  ready: alwaysReady,
  write: (buffers) => buffers.reduce((sum, b) => sum + b.length, 0),
};

/** What a guest has written, and may write, to all its standard streams. */
export interface OutputBudget {
  readonly maxBytes: number;
  written: number;
  /** A write was cut or refused. */
  isExceeded: boolean;
}

export const noBudget = (): OutputBudget => ({ maxBytes: Number.POSITIVE_INFINITY, written: 0, isExceeded: false });

/** As a shell shows it when SIGPIPE, which is 13, has ended a program. */
const brokenPipeStatus = 128 + 13;

/** Output to a pipe that ends the guest when nobody reads from it any more, quietly, as SIGPIPE ends a native program. */
export function exitingOutput(inner: OutputStream): OutputStream {
  return {
    filetype: inner.filetype,
    ready: inner.ready,
    write(buffers) {
      try {
        return inner.write(buffers);
      } catch (error) {
        throw isHostError(error, "EPIPE") ? new GuestExit(brokenPipeStatus) : error;
      }
    },
    close: () => inner.close?.(),
  };
}

/**
 * Passes on at most what `budget` still has. The write that crosses the limit is cut short, the next one fails with
 * FBIG, as with a file size limit (RLIMIT_FSIZE) in POSIX.
 */
export function limitedOutput(inner: OutputStream, budget: OutputBudget): OutputStream {
  return {
    filetype: inner.filetype,
    ready: inner.ready,
    write(buffers) {
      const wanted = buffers.reduce((sum, b) => sum + b.length, 0);
      const left = Math.max(0, budget.maxBytes - budget.written);
      if (wanted > left) budget.isExceeded = true;
      if (left === 0) fail("FBIG");
      const written = inner.write(wanted > left ? cutBuffers(buffers, left) : buffers);
      budget.written += written ?? 0;
      return written;
    },
    close: () => inner.close?.(),
  };
}
