/**
 * Values to JSON and back, where the JSON is not trusted: every codec checks all it reads and says where it is wrong.
 *
 * JSON has no bytes and no 64-bit integers. Bytes are text where they are UTF-8, since people read it, else
 * `{ "hex": "..." }`; 64-bit integers are decimal digits in a string. Fields that a codec does not know are refused.
 */
import { hex } from "../engine/index.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

export interface Codec<T> {
  encode(value: T): Json;
  /** @param at  what is read, for the error. @throws Malformed */
  decode(json: unknown, at: string): T;
}

/** What a codec makes and takes. */
export type Decoded<C> = C extends Codec<infer T> ? T : never;

export class Malformed extends Error {
  /** @param at  the place in the JSON, @param expected what should be there */
  constructor(at: string, expected: string) {
    super(`${at} is not ${expected}`);
  }
}

function expect(isRight: boolean, at: string, expected: string): asserts isRight {
  if (!isRight) throw new Malformed(at, expected);
}

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === "object" && json !== null && !Array.isArray(json);

/** A whole number from `min` to `max`. */
export const int = (min: number, max: number): Codec<number> => ({
  encode: (value) => value,
  decode(json, at) {
    expect(Number.isSafeInteger(json), at, "a whole number");
    expect((json as number) >= min && (json as number) <= max, at, `from ${min} to ${max}`);
    return json as number;
  },
});

export const bool: Codec<boolean> = {
  encode: (value) => value,
  decode(json, at) {
    expect(typeof json === "boolean", at, "true or false");
    return json;
  },
};

export const u64: Codec<bigint> = {
  encode: (value) => String(value),
  decode(json, at) {
    expect(typeof json === "string" && /^(0|[1-9]\d{0,19})$/.test(json), at, "a 64-bit number in a string");
    const value = BigInt(json);
    expect(value < 2n ** 64n, at, "a 64-bit number");
    return value;
  },
};

/** Text of at most `max` characters. */
export const text = (max: number): Codec<string> => ({
  encode: (value) => value,
  decode(json, at) {
    expect(typeof json === "string" && json.length <= max, at, `text of at most ${max} characters`);
    return json;
  },
});

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** At most `max` bytes; those that `isRight` says no to are refused. */
export const bytes = (max: number, what = "bytes", isRight = (_: Uint8Array): boolean => true): Codec<Uint8Array> => ({
  encode(value) {
    try {
      return utf8.decode(value);
    } catch {
      return { hex: hex(value) };
    }
  },
  decode(json, at) {
    const value = typeof json === "string" ? new TextEncoder().encode(json) : fromHex(json, at);
    expect(value.length <= max && isRight(value), at, `${what} (at most ${max} bytes)`);
    return value;
  },
});

function fromHex(json: unknown, at: string): Uint8Array {
  expect(isObject(json) && Object.keys(json).length === 1, at, "text or bytes in hexadecimal");
  const { hex: digits } = json;
  expect(typeof digits === "string" && /^([0-9a-f]{2})*$/.test(digits), at, "bytes in hexadecimal");
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16));
}

export const list = <T>(codec: Codec<T>, max: number): Codec<readonly T[]> => ({
  encode: (values) => values.map((value) => codec.encode(value)),
  decode(json, at) {
    expect(Array.isArray(json) && json.length <= max, at, `a list of at most ${max}`);
    return json.map((item, i) => codec.decode(item, `${at}[${i}]`));
  },
});

/** Null for undefined. */
export const optional = <T>(codec: Codec<T>): Codec<T | undefined> => ({
  encode: (value) => (value === undefined ? null : codec.encode(value)),
  decode: (json, at) => (json === null ? undefined : codec.decode(json, at)),
});

export const choice = <const T extends string>(choices: readonly T[]): Codec<T> => ({
  encode: (value) => value,
  decode(json, at) {
    expect(choices.includes(json as T), at, `one of ${choices.join(", ")}`);
    return json as T;
  },
});

type Fields = { readonly [name: string]: Codec<never> | Codec<unknown> };
type Values<F> = { readonly [N in keyof F]: Decoded<F[N]> };

/** Exactly these fields. */
export const object = <F>(fields: F & Fields): Codec<Values<F>> => {
  const entries = Object.entries(fields as Readonly<Record<string, Codec<unknown>>>);
  return {
    encode: (value) =>
      Object.fromEntries(entries.map(([name, codec]) => [name, codec.encode(value[name as keyof F] as unknown)])),
    decode(json, at) {
      expect(isObject(json), at, "an object");
      for (const name of Object.keys(json)) expect(Object.hasOwn(fields as object, name), `${at}.${name}`, "known");
      return Object.fromEntries(
        entries.map(([name, codec]) => {
          const field = at === "" ? name : `${at}.${name}`;
          expect(Object.hasOwn(json, name), field, "there");
          return [name, codec.decode(json[name], field)];
        }),
      ) as Values<F>;
    },
  };
};

/** One of several objects, told apart by their field `kind`. */
export const variant = <V extends { readonly kind: string }>(
  codecs: { readonly [K in V["kind"]]: Codec<Extract<V, { readonly kind: K }>> },
): Codec<V> => {
  const codecOf = (kind: V["kind"]): Codec<V> => codecs[kind] as unknown as Codec<V>;
  return {
    encode: (value) => codecOf(value.kind).encode(value),
    decode(json, at) {
      const kind = isObject(json) ? json.kind : undefined;
      expect(typeof kind === "string" && Object.hasOwn(codecs, kind), `${at}.kind`, "known");
      return codecOf(kind as V["kind"]).decode(json, at);
    },
  };
};
