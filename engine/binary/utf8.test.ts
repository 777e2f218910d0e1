/** Our UTF-8 decoder against the platform's strict one. */
import { describe, expect, it } from "vitest";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function reference(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

const check = (bytes: number[]): void => {
  const input = Uint8Array.from(bytes);
  const actual = decodeUtf8(input, 0, input.length);
  if (actual !== reference(input)) expect({ bytes, text: actual }).toEqual({ bytes, text: reference(input) });
};

const edges = [0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];

describe("decodeUtf8", () => {
  it("agrees on all sequences of two bytes", () => {
    for (let a = 0; a < 256; a++) for (let b = 0; b < 256; b++) check([a, b]);
  });

  it("agrees on every first byte with edge values after it", () => {
    for (let a = 0x80; a < 256; a++) {
      for (const b of edges) for (const c of edges) for (const d of edges) check([a, b, c, d]);
    }
  });

  it("decodes only its range, and texts longer than its chunk", () => {
    const bytes = new TextEncoder().encode("ab😀é");
    expect(decodeUtf8(bytes, 1, 6)).toBe("b😀");
    expect(decodeUtf8(bytes, 1, 5)).toBeUndefined();
    const long = "x😀".repeat(5000);
    const encoded = new TextEncoder().encode(long);
    expect(decodeUtf8(encoded, 0, encoded.length)).toBe(long);
  });
});

describe("encodeUtf8", () => {
  const encoder = new TextEncoder();
  it("agrees on every code point, halves of surrogate pairs included", () => {
    for (let point = 0; point <= 0x10ffff; point += point < 0x11000 ? 1 : 0x101) {
      const text = `a${String.fromCodePoint(point)}b`;
      const bytes = encodeUtf8(text);
      if (Buffer.compare(Buffer.from(bytes), encoder.encode(text)) !== 0)
        expect(bytes).toEqual([...encoder.encode(text)]);
    }
  });
});
