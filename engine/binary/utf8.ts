/**
 * Strict UTF-8: overlong forms, surrogates and code points beyond U+10FFFF are refused, as the spec demands for names.
 *
 * The engine runs where there is no TextDecoder type to rely on. Spec: binary/values (names).
 */

const CHUNK = 4096;

/** Text of the bytes `[start, end)`; undefined if they are not well-formed UTF-8. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string | undefined {
  let text = "";
  let units: number[] = [];
  let pos = start;
  while (pos < end) {
    const first = bytes[pos]!;
    if (first < 0x80) {
      units.push(first);
      pos++;
    } else {
      const size = sizeOf(first);
      if (size === 0 || pos + size > end) return undefined;
      const point = decodePoint(bytes, pos, size);
      if (point < 0) return undefined;
      if (point > 0xffff) units.push(0xd7c0 + (point >>> 10), 0xdc00 | (point & 0x3ff));
      else units.push(point);
      pos += size;
    }
    if (units.length >= CHUNK) {
      text += String.fromCharCode(...units);
      units = [];
    }
  }
  return text + String.fromCharCode(...units);
}

/** Bytes in the sequence that `first` (>= 0x80) starts; 0 if it starts none. */
function sizeOf(first: number): number {
  if (first < 0xc2) return 0;
  if (first < 0xe0) return 2;
  if (first < 0xf0) return 3;
  return first < 0xf5 ? 4 : 0;
}

/** Code point of the `size` bytes at `pos`; -1 if they are ill-formed. */
function decodePoint(bytes: Uint8Array, pos: number, size: number): number {
  let point = bytes[pos]! & (0xff >> (size + 1));
  for (let i = 1; i < size; i++) {
    const byte = bytes[pos + i]!;
    if ((byte & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (byte & 0x3f);
  }
  if (size === 3 && (point < 0x800 || (point >= 0xd800 && point <= 0xdfff))) return -1;
  if (size === 4 && (point < 0x10000 || point > 0x10ffff)) return -1;
  return point;
}

/** The bytes of `text`; half a surrogate pair becomes U+FFFD. */
export function encodeUtf8(text: string): number[] {
  const bytes: number[] = [];
  for (const char of text) {
    const given = char.codePointAt(0)!;
    const point = given >= 0xd800 && given <= 0xdfff ? 0xfffd : given;
    const rest = (shift: number): number => 0x80 | ((point >> shift) & 0x3f);
    if (point < 0x80) bytes.push(point);
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), rest(0));
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), rest(6), rest(0));
    else bytes.push(0xf0 | (point >> 18), rest(12), rest(6), rest(0));
  }
  return bytes;
}
