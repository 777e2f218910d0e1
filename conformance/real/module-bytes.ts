/** Builds small (mostly broken) modules byte by byte. Not an encoder: what it writes is exactly what it is told. */

export const preamble: Uint8Array = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** Unsigned LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return bytes;
}

export function text(value: string): number[] {
  const bytes = [...Buffer.from(value)];
  return [...leb(bytes.length), ...bytes];
}

/** A section with its true size. */
export function section(id: number, payload: readonly number[]): number[] {
  return [id, ...leb(payload.length), ...payload];
}

export function moduleOf(...sections: readonly (readonly number[])[]): Buffer {
  return Buffer.concat([preamble, ...sections.map((bytes) => Uint8Array.from(bytes))]);
}

/** A module whose only function, exported as `_start`, has this body (after its size). */
export function withBody(body: readonly number[]): Buffer {
  const types = section(1, [1, 0x60, 0, 0]);
  const exported = section(7, [1, ...text("_start"), 0, 0]);
  return moduleOf(types, section(3, [1, 0]), exported, section(10, [1, ...leb(body.length), ...body]));
}

/** A program whose `_start` is the one function it imports, of type `() -> ()`. */
export function importing(module: string, name: string): Buffer {
  const imported = section(2, [1, ...text(module), ...text(name), 0, 0]);
  return moduleOf(section(1, [1, 0x60, 0, 0]), imported, section(7, [1, ...text("_start"), 0, 0]));
}
