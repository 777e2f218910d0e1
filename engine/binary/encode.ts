/**
 * Writes the primitive values of the binary format, and modules from sections: for tests and tools, not for speed.
 */

/** Bytes, or parts that are bytes. */
export type Parts = readonly (number | Parts)[];

export function flat(parts: Parts): number[] {
  const bytes: number[] = [];
  for (const part of parts) {
    if (typeof part === "number") bytes.push(part);
    else for (const byte of flat(part)) bytes.push(byte);
  }
  return bytes;
}

/** Unsigned LEB128 of a safe integer. */
export function u(n: number): number[] {
  const bytes: number[] = [];
  let rest = n;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

/** Signed LEB128. */
export function s(n: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt(n);
  for (;;) {
    const bits = Number(rest & 0x7fn);
    rest >>= 7n;
    if ((rest === 0n && bits < 0x40) || (rest === -1n && bits >= 0x40)) return [...bytes, bits];
    bytes.push(bits | 0x80);
  }
}

/** A vector: the number of items, then the items. */
export const vec = (items: Parts): number[] => [...u(items.length), ...flat(items)];

/** The size in bytes, then the bytes. */
export function sized(parts: Parts): number[] {
  const bytes = flat(parts);
  return [...u(bytes.length), ...bytes];
}

/** A name of ASCII characters. */
export const name = (text: string): number[] => sized([...text].map((c) => c.charCodeAt(0)));

export const section = (id: number, ...parts: Parts): number[] => [id, ...sized(parts)];

/** A function type. */
export const func = (params: Parts, results: Parts): number[] => [0x60, ...vec(params), ...vec(results)];

/** A function body without its final `end`; `locals` are declarations such as `[2, 0x7f]`. */
export const body = (code: Parts, locals: Parts = []): number[] => sized([vec(locals), code, 0x0b]);

export const preamble: readonly number[] = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** A module of these sections. */
export const moduleOf = (...sections: Parts): Uint8Array => Uint8Array.from([...preamble, ...flat(sections)]);
