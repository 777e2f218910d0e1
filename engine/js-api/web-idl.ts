/** What Web IDL asks of every interface: conversions of arguments, checks of `this`, shapes of prototypes. Spec: WebIDL. */

/** Engine objects that JavaScript objects of one class stand for: the internal slot of the class. */
export class Slot<T> {
  readonly #what: string;
  readonly #values = new WeakMap<object, T>();

  constructor(what: string) {
    this.#what = what;
  }

  set(object: object, value: T): void {
    this.#values.set(object, value);
  }

  /** Undefined for anything that is not of the class. */
  find(object: unknown): T | undefined {
    return isObject(object) ? this.#values.get(object) : undefined;
  }

  /** @throws TypeError for anything that is not of the class */
  get(object: unknown, role = "this"): T {
    const value = this.find(object);
    if (value === undefined) throw new TypeError(`${role} is not a WebAssembly.${this.#what}`);
    return value;
  }
}

export const isObject = (v: unknown): v is object => (typeof v === "object" && v !== null) || typeof v === "function";

/** A dictionary, whose members are read from what this gives. @throws TypeError */
export function dictionary(v: unknown, what: string): Record<string, unknown> {
  if (v === undefined || v === null) return {};
  if (!isObject(v)) throw new TypeError(`${what} is not an object`);
  return v as Record<string, unknown>;
}

/** A value of an enumeration. @throws TypeError */
export function enumValue<T extends string>(v: unknown, values: readonly T[], what: string): T {
  const s = stringOf(v) as T;
  if (!values.includes(s)) throw new TypeError(`${what} is ${JSON.stringify(s)}, not one of ${values.join(", ")}`);
  return s;
}

/** ToString. @throws TypeError for a symbol */
export const stringOf = (v: unknown): string => (typeof v === "string" ? v : `${v as string}`);

/** `[EnforceRange] unsigned long`. @throws TypeError */
export function enforceU32(v: unknown, what: string): number {
  const n = Math.trunc(v as number);
  if (!(n >= 0 && n <= 0xffffffff)) throw new TypeError(`${what} is not an integer from 0 to 2^32 - 1`);
  return n + 0;
}

/** A `sequence`. @throws TypeError when `v` is no object that can be iterated over */
export function sequence(v: unknown, what: string): unknown[] {
  if (!isObject(v)) throw new TypeError(`${what} is not an object`);
  return listOf(v, what);
}

/** What `v` iterates over; how to is asked for once. @throws TypeError when it cannot be iterated over */
export function listOf(v: unknown, what: string): unknown[] {
  const method = v === undefined || v === null ? undefined : (v as Iterable<unknown>)[Symbol.iterator];
  if (typeof method !== "function") throw new TypeError(`${what} is not iterable`);
  return [...{ [Symbol.iterator]: () => Reflect.apply(method, v, []) as Iterator<unknown> }];
}

/** Makes the methods and attributes of `of` enumerable. */
export function enumerable(of: object): void {
  for (const key of Object.getOwnPropertyNames(of)) {
    const property = Object.getOwnPropertyDescriptor(of, key) as PropertyDescriptor;
    const isMember = property.get !== undefined || (typeof property.value === "function" && key !== "constructor");
    if (isMember && property.configurable) Object.defineProperty(of, key, { enumerable: true });
  }
}

/** Gives class `of` the shape of an interface called `name`. */
export function defineInterface(of: { readonly prototype: object }, name: string): void {
  enumerable(of);
  enumerable(of.prototype);
  defineTag(of.prototype, `WebAssembly.${name}`);
}

export const defineTag = (of: object, value: string): void =>
  void Object.defineProperty(of, Symbol.toStringTag, { value, configurable: true });
