/**
 * What tests for testharness.js find there, as far as those of the JavaScript API need it: subtests, and assertions that
 * throw. Written from the documentation of testharness.js.
 */
import { isDeepStrictEqual } from "node:util";

export interface Subtest {
  readonly name: string;
  /** Undefined when it passed. */
  readonly failure: string | undefined;
}

type Fn = (...args: never[]) => unknown;
type Constructor = new (...args: never[]) => unknown;

class AssertionError extends Error {}

function check(isTrue: boolean, what: string, description = ""): void {
  if (!isTrue) throw new AssertionError(description === "" ? what : `${description}: ${what}`);
}

const fail = (what: string, description = ""): never => {
  throw new AssertionError(description === "" ? what : `${description}: ${what}`);
};

/** A value as a part of the name of a subtest, or of a message. */
export function formatValue(v: unknown): string {
  if (typeof v === "string") return JSON.stringify(v);
  if (typeof v === "bigint") return `${v}n`;
  if (Object.is(v, -0)) return "-0";
  if (typeof v === "function") return `function ${v.name}`;
  if (typeof v === "object" && v !== null) return `object ${Object.prototype.toString.call(v)}`;
  return String(v);
}

/** What `fn` throws. */
function thrownBy(fn: Fn, description?: string): unknown {
  try {
    fn();
  } catch (error) {
    return error;
  }
  return fail("did not throw", description);
}

function isErrorOf(wanted: Constructor, error: unknown, description?: string): void {
  const { constructor: actual, name } = Object(error) as { constructor: Function; name: string };
  const found = `${formatValue(error)} (${String(error)})`;
  check(actual === wanted, `threw ${found} instead of ${wanted.name}`, description);
  check(name === (wanted as Function).name, `name is ${name}`, description);
}

function isErrorLike(wanted: Error, error: unknown, description?: string): void {
  check((error as Error).name === wanted.name, `threw ${String(error)} instead of ${wanted.name}`, description);
}

const hasOwn = (object: object, name: PropertyKey): boolean =>
  Object.getOwnPropertyDescriptor(object, name) !== undefined;

const assertions = {
  assert_true: (v: unknown, d?: string) => check(v === true, `${formatValue(v)} is not true`, d),
  assert_false: (v: unknown, d?: string) => check(v === false, `${formatValue(v)} is not false`, d),
  assert_equals: (a: unknown, b: unknown, d?: string) =>
    check(Object.is(a, b), `${formatValue(a)} instead of ${formatValue(b)}`, d),
  assert_not_equals: (a: unknown, b: unknown, d?: string) => check(!Object.is(a, b), `is ${formatValue(a)}`, d),
  assert_array_equals: (a: unknown[], b: unknown[], d?: string) =>
    check(isDeepStrictEqual([...a], [...b]), `[${a.map(formatValue)}] instead of [${b.map(formatValue)}]`, d),
  assert_class_string: (v: unknown, name: string, d?: string) => {
    const found = Object.prototype.toString.call(v);
    check(found === `[object ${name}]`, `${found} instead of ${name}`, d);
  },
  assert_own_property: (o: object, name: PropertyKey, d?: string) =>
    check(hasOwn(o, name), `no own property ${String(name)}`, d),
  assert_not_own_property: (o: object, name: PropertyKey, d?: string) =>
    check(!hasOwn(o, name), `own property ${String(name)}`, d),
  assert_unreached: (d?: string) => fail("was reached", d),
  assert_throws_js: (of: Constructor, fn: Fn, d?: string) => isErrorOf(of, thrownBy(fn, d), d),
  assert_throws_exactly: (wanted: unknown, fn: Fn, d?: string) => {
    const error = thrownBy(fn, d);
    check(Object.is(error, wanted), `threw ${formatValue(error)}`, d);
  },
  assert_throws: (wanted: Error, fn: Fn, d?: string) => isErrorLike(wanted, thrownBy(fn, d), d),
};

async function rejection(promise: Promise<unknown>, description?: string): Promise<unknown> {
  return promise.then(
    () => fail("was not rejected", description),
    (error: unknown) => {
      if (error instanceof AssertionError) throw error;
      return error;
    },
  );
}

/** The subtests of one file, in the order in which they are to run. */
export class Harness {
  readonly results: Subtest[] = [];
  private readonly waiting: (() => Promise<void>)[] = [];
  private unnamed = 0;

  /** Gives `globals` what tests call. */
  install(globals: Record<string, unknown>): void {
    Object.assign(globals, assertions, {
      self: globals,
      format_value: formatValue,
      setup: (fn: unknown) => (typeof fn === "function" ? (fn as () => void)() : undefined),
      test: (fn: Fn, name?: string) => this.test(fn, this.nameOf(name)),
      promise_test: (fn: Fn, name?: string) => this.promiseTest(fn, this.nameOf(name)),
      promise_rejects: async (_: unknown, wanted: Error, p: Promise<unknown>, d?: string) =>
        isErrorLike(wanted, await rejection(p, d), d),
      promise_rejects_js: async (_: unknown, of: Constructor, p: Promise<unknown>, d?: string) =>
        isErrorOf(of, await rejection(p, d), d),
    });
  }

  private nameOf(name: string | undefined): string {
    return name ?? `unnamed ${++this.unnamed}`;
  }

  private test(fn: Fn, name: string): void {
    const t = new Test();
    let failure: string | undefined;
    try {
      fn.call(t, t as never);
    } catch (error) {
      failure = String(error);
    }
    t.cleanUp();
    this.results.push({ name, failure });
  }

  private promiseTest(fn: Fn, name: string): void {
    this.waiting.push(async () => {
      const t = new Test();
      let failure: string | undefined;
      try {
        await fn.call(t, t as never);
      } catch (error) {
        failure = String(error);
      }
      t.cleanUp();
      this.results.push({ name, failure });
    });
  }

  /** Runs what waits for its turn. */
  async finish(): Promise<readonly Subtest[]> {
    for (let run = this.waiting.shift(); run !== undefined; run = this.waiting.shift()) await run();
    return this.results;
  }
}

/** What a subtest gets. */
class Test {
  private readonly cleanups: (() => void)[] = [];

  readonly unreached_func = (description?: string) => (): never => fail("was called", description);

  readonly add_cleanup = (fn: () => void): void => void this.cleanups.push(fn);

  readonly step_func = (fn: Fn): Fn => fn;

  cleanUp(): void {
    for (const fn of this.cleanups) fn();
  }
}
