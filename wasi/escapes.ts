/**
 * Makes what a guest writes to a terminal visible instead of effective: control characters become `^[` and the like.
 *
 * A guest's output can retitle windows, move the cursor over earlier lines, or make the terminal answer into the
 * shell's input. Kept: newline, carriage return, tab, and all printable UTF-8. C1 controls are caught both as UTF-8
 * (C2 80..9F) and as bare bytes, which some terminals obey.
 */
import type { OutputStream } from "./streams.ts";

/** Input bytes handled in one go. */
const maxChunk = 65_536;
/** Waits for a sink that does not take the rest when the stream is closed. */
const maxFlushWaits = 1000;

/** Turns bytes into safe bytes; remembers how far into a UTF-8 sequence the last ones ended. */
class EscapeFilter {
  /** Continuation bytes still expected. */
  #expected = 0;
  /** A C2 has been seen and is held back until the byte after it is known. */
  #heldC2 = false;

  filter(bytes: Uint8Array): Uint8Array {
    const out: number[] = [];
    for (const byte of bytes) this.#step(byte, out);
    return Uint8Array.from(out);
  }

  #step(byte: number, out: number[]): void {
    const isContinuation = byte >= 0x80 && byte < 0xc0;
    if (this.#heldC2) {
      this.#heldC2 = false;
      if (isContinuation && byte < 0xa0) return caret(byte, out);
      out.push(0xc2);
      this.#expected = 1;
    }
    if (isContinuation && this.#expected > 0) {
      this.#expected--;
      out.push(byte);
      return;
    }
    this.#expected = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : byte >= 0xc3 ? 1 : 0;
    if (byte === 0xc2) this.#heldC2 = true;
    else if (isControl(byte)) caret(byte, out);
    else out.push(byte);
  }
}

function isControl(byte: number): boolean {
  if (byte === 0x09 || byte === 0x0a || byte === 0x0d) return false;
  return byte < 0x20 || byte === 0x7f || (byte >= 0x80 && byte < 0xa0);
}

/** As `cat -v` prints it: `^[` for ESC, `M-^[` for the C1 control 9B. */
function caret(byte: number, out: number[]): void {
  if (byte >= 0x80) out.push(0x4d, 0x2d);
  out.push(0x5e, (byte & 0x7f) ^ 0x40);
}

/** Passes on what the guest writes with control characters made visible. Counts are in the guest's bytes. */
export function neutralisedOutput(inner: OutputStream): OutputStream {
  const filter = new EscapeFilter();
  let pending = new Uint8Array(0);
  /** True when nothing is left over from earlier writes. */
  const flush = (): boolean => {
    while (pending.length > 0) {
      const written = inner.write([pending]);
      if (written === undefined) return false;
      pending = pending.slice(written);
    }
    return true;
  };
  return {
    filetype: inner.filetype,
    ready: inner.ready,
    write(buffers) {
      if (!flush()) return undefined;
      const first = (buffers.find((b) => b.length > 0) ?? pending).subarray(0, maxChunk);
      pending = Uint8Array.from(filter.filter(first));
      flush();
      return first.length;
    },
    close() {
      for (let i = 0; i < maxFlushWaits && !flush(); i++) inner.ready.block?.(10);
      inner.close?.();
    },
  };
}
