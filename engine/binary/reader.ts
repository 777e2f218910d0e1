/**
 * Reads the primitive values of the binary format: bytes, LEB128 integers, float bits, names, opcodes.
 *
 * Used by the decoder, the validator, lowering and the disassembler. Offsets in errors are absolute. What a value means
 * (types, immediates, sections) is not known here. Spec: binary/values.
 */
import type { WasmError } from "../errors.ts";
import { type MalformedFault, malformed, overLimit } from "../faults.ts";
import type { Feature } from "../features.ts";
import { anyFeature, type FeatureGate } from "./feature-gate.ts";
import { decodeUtf8 } from "./utf8.ts";

/** Integers beyond this are given as this; see `Limits` in types.ts. */
const CLAMP = 2 ** 53;

export class Reader {
  readonly bytes: Uint8Array;
  /** Asked by those who read types and opcodes with this reader. */
  readonly gate: FeatureGate;
  /** Offset of the next byte. */
  pos: number;
  /** Nothing at or after this offset is read. */
  end: number;
  /** Index of the function that is read, for errors. */
  func: number | undefined;
  /** Upper 32 bits, signed, of the value that `s64`, `u64` or `f64Bits` read last. */
  hi: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length, gate: FeatureGate = anyFeature) {
    this.bytes = bytes;
    this.gate = gate;
    this.pos = start;
    this.end = end;
    this.func = undefined;
    this.hi = 0;
  }

  /** Makes an error of the code that is read; the caller throws it. `detail` as in faults.ts. */
  malformed(fault: MalformedFault, offset: number, detail = ""): WasmError {
    return malformed(fault, offset, detail, this.func);
  }

  /** Asks the gate. @throws WasmError unsupported, if `feature` is off */
  use(feature: Feature, offset: number, detail: string): void {
    this.gate.use(feature, offset, detail, this.func);
  }

  get remaining(): number {
    return this.end - this.pos;
  }

  u8(): number {
    if (this.pos >= this.end) throw this.malformed("unexpectedEnd", this.pos);
    return this.bytes[this.pos++]!;
  }

  /** Unsigned LEB128, 32 bits. */
  u32(): number {
    const pos = this.pos;
    if (pos < this.end) {
      const byte = this.bytes[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return byte;
      }
    }
    return this.#longU32();
  }

  /** Signed LEB128, 32 bits. */
  s32(): number {
    const pos = this.pos;
    if (pos < this.end) {
      const byte = this.bytes[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return (byte << 25) >> 25;
      }
    }
    return this.#longSigned(4) | 0;
  }

  /** Signed LEB128, 33 bits: a type index or a negative type code. */
  s33(): number {
    return this.#longSigned(5);
  }

  /** Signed LEB128, 64 bits: returns the lower half as a signed number, `hi` is the upper one. */
  s64(): number {
    const pos = this.pos;
    if (pos < this.end) {
      const byte = this.bytes[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        const low = (byte << 25) >> 25;
        this.hi = low >> 31;
        return low;
      }
    }
    return this.#long64(true);
  }

  /** The same as a bigint. */
  s64Big(): bigint {
    const low = this.s64();
    return (BigInt(this.hi) << 32n) | BigInt(low >>> 0);
  }

  /** Unsigned LEB128, 64 bits, as a number; beyond 2^53 it is 2^53. */
  u64(): number {
    const pos = this.pos;
    if (pos < this.end) {
      const byte = this.bytes[pos]!;
      if (byte < 0x80) {
        this.pos = pos + 1;
        return byte;
      }
    }
    const low = this.#long64(false) >>> 0;
    return Math.min((this.hi >>> 0) * 2 ** 32 + low, CLAMP);
  }

  /** IEEE 754 bits of an f32, as a signed number. */
  f32Bits(): number {
    const at = this.skip(4);
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  /** IEEE 754 bits of an f64: returns the lower half, `hi` is the upper one. */
  f64Bits(): number {
    const low = this.f32Bits();
    this.hi = this.f32Bits();
    return low;
  }

  /** Passes over `n` bytes and returns the offset of the first. */
  skip(n: number): number {
    const at = this.pos;
    if (n > this.end - at)
      throw this.malformed("unexpectedEnd", this.end, `: ${n} bytes needed, ${this.end - at} left`);
    this.pos = at + n;
    return at;
  }

  /**
   * Opcode in the numbering of `instrs.ts`: one byte, or prefix and sub-opcode. Whether it exists is not checked.
   * Sub-opcodes above 0xfff, which no instruction has, are refused.
   */
  opcode(): number {
    const at = this.pos;
    const byte = this.u8();
    if (byte < 0xfb || byte === 0xff) return byte;
    const sub = this.u32();
    if (sub > 0xfff) throw this.malformed("illegalOpcode", at, ` ${byte.toString(16)} ${sub.toString(16)}`);
    return (byte << 12) | sub;
  }

  /** Length of a vector, whose items take a byte or more each: never more than the bytes that are left. */
  count(): number {
    const at = this.pos;
    const n = this.u32();
    if (n > this.end - this.pos) {
      throw this.malformed("unexpectedEnd", at, `: ${n} items announced, ${this.end - this.pos} bytes left`);
    }
    return n;
  }

  /** A name of at most `maxBytes`. */
  name(maxBytes: number): string {
    const at = this.pos;
    const length = this.u32();
    const start = this.pos;
    if (length > this.end - start) {
      throw this.malformed("lengthOutOfBounds", at, `: name of ${length} bytes, ${this.end - start} left`);
    }
    if (length > maxBytes) throw overLimit("nameBytes", length, maxBytes, at, this.func);
    const text = decodeUtf8(this.bytes, start, start + length);
    if (text === undefined) throw this.malformed("utf8", start, " in a name");
    this.pos = start + length;
    return text;
  }

  /**
   * Next byte of a long integer, even beyond `end`: the form of an integer is judged before where it ends, so that one
   * cut by a wrong section size is told as what it is. `#finish` checks the end.
   */
  #next(): number {
    if (this.pos >= this.bytes.length) throw this.malformed("unexpectedEnd", this.pos);
    return this.bytes[this.pos++]!;
  }

  #finish(value: number): number {
    if (this.pos > this.end) throw this.malformed("unexpectedEnd", this.end);
    return value;
  }

  #longU32(): number {
    const at = this.pos;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#next();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#finish(value);
    }
    const last = this.#next();
    if ((last & 0x7f) > 0x0f) throw this.malformed("integerTooLarge", at, " for 32 bits");
    if (last >= 0x80) throw this.malformed("integerTooLong", at, ": more than 5 bytes");
    return this.#finish((value | (last << 28)) >>> 0);
  }

  /** Signed, 28 + `lastBits` bits. */
  #longSigned(lastBits: number): number {
    const at = this.pos;
    let value = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.#next();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#finish((value << (25 - shift)) >> (25 - shift));
    }
    const last = this.#next();
    const sign = (-1 << (lastBits - 1)) & 0x7f;
    const unused = last & sign;
    if (unused !== 0 && unused !== sign) {
      throw this.malformed("integerTooLarge", at, ` for ${28 + lastBits} bits`);
    }
    if (last >= 0x80) throw this.malformed("integerTooLong", at, ": more than 5 bytes");
    return this.#finish(((last << 25) >> 25) * 2 ** 28 + value);
  }

  /** Returns the lower half, as a signed number; `hi` is the upper one. */
  #long64(isSigned: boolean): number {
    const at = this.pos;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#next();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (shift === 63 && !(isSigned ? bits === 0 || bits === 0x7f : bits < 2)) {
        throw this.malformed("integerTooLarge", at, " for 64 bits");
      }
      if (byte < 0x80) {
        const width = shift + 7;
        if (isSigned && (bits & 0x40) !== 0 && width < 64) {
          if (width < 32) low |= -1 << width;
          high = width < 32 ? -1 : high | (-1 << (width - 32));
        }
        this.hi = high | 0;
        return this.#finish(low);
      }
    }
    throw this.malformed("integerTooLong", at, ": more than 10 bytes");
  }
}
