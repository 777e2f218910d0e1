/**
 * Calls of host functions in every tier, by their types: what the host is given, what the guest gets of what the host
 * returns, and what becomes of what it throws. The interpreter says what is right, and the types do.
 */
import { describe, expect, it } from "vitest";
import { Engine, type HostFn, type Val } from "../../engine/index.ts";
import { convertTexts } from "../spec/wat.ts";
import { testedTiers, tiers } from "./tiers.ts";

type Param = "i32" | "i64" | "f64";
const i = "i32";
const l = "i64";
/** Those that have a short way in generated code, and their neighbours. */
const types: readonly (readonly Param[])[] = [
  ...[0, 1, 2, 3, 4, 5, 6].map((count) => new Array<Param>(count).fill(i)),
  [i, i, i, i, i, l, l, i, i],
  [i, i, i, i, l, i, l, i, i],
  [i, l],
  [l],
  ["f64", i],
];

const values: Readonly<Record<Param, readonly Val[]>> = {
  i32: [0, -1, 0x7fffffff, -0x80000000, 1234567],
  i64: [0n, -1n, 0x7fffffff_ffffffffn, -0x80000000_00000000n, 0x1_00000000n],
  f64: [0.5, -0, Number.NaN, 2 ** 40, -1],
};
/** The `round`th values of `params`; each parameter has its own. */
const argsOf = (params: readonly Param[], round: number): Val[] =>
  params.map((param, at) => values[param][(at * 2 + round) % 5] as Val);

const text = (params: readonly Param[]): string => {
  const list = params.map((param) => `(param ${param})`).join(" ");
  return `(module (import "env" "f" (func $f ${list} (result i32)))
    (func (export "run") ${list} (result i32) (i32.add (call $f ${params.map((_, at) => `(local.get ${at})`).join(" ")}) (i32.const 1))))`;
};
const binaries = (await convertTexts(types.map(text), undefined)) as Uint8Array[];

const returned: readonly unknown[] = [
  7,
  -1,
  2 ** 31,
  2 ** 32 + 5,
  3.7,
  -0.5,
  Number.NaN,
  Infinity,
  undefined,
  5n,
  "12",
  null,
];
const thrown: readonly unknown[] = [new Error("no"), new RangeError("far"), 5, undefined];

const outcome = (run: () => unknown): string => {
  try {
    return String(run());
  } catch (error) {
    const { code, cause, message } = (error ?? {}) as { code?: unknown; cause?: unknown; message?: unknown };
    return `${typeof error} ${String(code)} ${String(message)} ${String(cause)}`;
  }
};

/** What calling it comes to in `tier`, several times, so that it is compiled. */
function story(tier: (typeof testedTiers)[number], bytes: Uint8Array, params: readonly Param[], f: HostFn): string[] {
  const engine = new Engine(tiers[tier]);
  const instance = engine.instantiate(engine.compile(bytes), { env: { f } });
  return [0, 1, 2, 3, 4].map((round) => outcome(() => instance.invoke("run", argsOf(params, round))[0]));
}

describe.each(testedTiers)("host functions, tier %s", (tier) => {
  it.each(types.map((params, at) => [params.join(" ") || "nothing", params, at] as const))("of %s", (_, params, at) => {
    const seen: Val[][] = [];
    const bytes = binaries[at] as Uint8Array;
    const sums = story(tier, bytes, params, (...args) => {
      seen.push(args as Val[]);
      return 0x7fffffff;
    });
    expect(seen).toEqual([0, 1, 2, 3, 4].map((round) => argsOf(params, round)));
    expect(sums).toEqual(new Array(5).fill("-2147483648"));
    for (const result of returned) {
      const f: HostFn = () => result as number;
      expect([result, story(tier, bytes, params, f)]).toEqual([result, story("interp", bytes, params, f)]);
    }
    for (const error of thrown) {
      const f: HostFn = () => {
        throw error;
      };
      expect([error, story(tier, bytes, params, f)]).toEqual([error, story("interp", bytes, params, f)]);
    }
  });
});
