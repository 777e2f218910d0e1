/**
 * Generated code with each optimisation on and off, against the interpreter: every i64 operation on operands of which more
 * or less is known, and of whose result more or less is wanted; loads and stores at the end of the memory.
 */
import { beforeAll, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Engine,
  type EngineOptions,
  type Instance,
  Meter,
  type Module,
  type Passes,
  passNames,
  type Val,
  WasmError,
} from "../../engine/index.ts";
import { generate } from "../../engine/jit/generate.ts";

const binary = "add sub mul and or xor shl shr_s shr_u rotl rotr div_s div_u rem_s rem_u".split(" ");
const compare = "eq ne lt_s lt_u gt_s gt_u le_s le_u ge_s ge_u".split(" ");
const constants = [0n, 1n, -1n, 24n, -24n, 33n, 2n ** 31n, 2n ** 32n - 1n, -(2n ** 31n), -(2n ** 32n), 2n ** 63n];

/** `$a` and `$b` are i64, `$i` and `$j` their low words; the memory has bytes of `$b` at 8. */
const first: Readonly<Record<string, string>> = {
  any: "(local.get $a)",
  zero: "(i64.extend_i32_u (local.get $i))",
  sign: "(i64.extend_i32_s (local.get $i))",
  global: "(global.get $g)",
  loaded: "(i64.load32_u (i32.const 8))",
  traps: "(i64.extend_i32_u (i32.div_u (i32.const 100) (local.get $j)))",
};
const second: Readonly<Record<string, string>> = {
  any: "(local.get $b)",
  zero: "(i64.extend_i32_u (local.get $j))",
  sign: "(i64.load32_s (i32.const 8))",
  wild: "(i64.load32_u (i32.sub (local.get $j) (i32.const 40)))",
  ...Object.fromEntries(constants.map((c) => [`${c}`, `(i64.const ${c})`])),
};
/** Who takes the i64 that `x` gives: all of it, or the low word. */
const takers: Readonly<Record<string, (x: string) => string>> = {
  all: (x) => x,
  low: (x) => `(i64.extend_i32_u (i32.wrap_i64 ${x}))`,
  stored: (x) =>
    `(i64.store (i32.const 16) (i64.const -1)) (i64.store32 (i32.const 16) ${x}) (i64.load (i32.const 16))`,
  byte: (x) => `(i64.store (i32.const 16) (i64.const -1)) (i64.store8 (i32.const 16) ${x}) (i64.load (i32.const 16))`,
};

interface Case {
  readonly name: string;
  readonly body: string;
}

function* operations(): Generator<Case> {
  for (const [f, x] of Object.entries(first)) {
    for (const [u, take] of Object.entries(takers)) yield { name: `${f} ${u}`, body: take(x) };
    yield { name: `eqz ${f}`, body: `(i64.extend_i32_u (i64.eqz ${x}))` };
    for (const [s, y] of Object.entries(second)) {
      for (const op of compare) yield { name: `${op} ${f} ${s}`, body: `(i64.extend_i32_u (i64.${op} ${x} ${y}))` };
      for (const op of binary) {
        const [u, take] = Object.entries(takers)[(op.length + s.length + f.length) % 4]!;
        yield { name: `${op} ${f} ${s}`, body: `(i64.${op} ${x} ${y})` };
        if (u !== "all") yield { name: `${op} ${f} ${s} ${u}`, body: take(`(i64.${op} ${x} ${y})`) };
      }
    }
  }
}

const loads = "load load8_s load8_u load16_s load16_u load32_s load32_u".split(" ");

/** `$i` is the address. */
function* accesses(): Generator<Case> {
  for (const load of loads) {
    for (const [u, take] of Object.entries(takers)) {
      yield { name: `${load} ${u}`, body: take(`(i64.${load} offset=3 (local.get $i))`) };
    }
  }
  const at = "(i64.load (i32.wrap_i64 (local.get $a)))";
  yield { name: "set", body: `(local.set $b ${at}) (local.get $b)` };
  yield { name: "set, of its own address", body: `(local.set $a ${at}) (local.get $a)` };
  yield { name: "tee", body: `(i64.add (local.get $a) (i64.add (local.tee $a ${at}) (local.get $a)))` };
  const upper = "(i32.wrap_i64 (i64.shr_u (local.get $a) (i64.const 32)))";
  yield { name: "set, of its own upper word", body: `(local.set $a (i64.load ${upper})) (local.get $a)` };
  const parts = "(i64.mul (i64.add (local.get $b) (i64.const 5)) (local.get $b))";
  yield { name: "set, read before", body: `${parts} (local.set $b ${at}) (i64.xor (local.get $b))` };
  yield {
    name: "set, while its old value waits",
    body: `(local.get $b) (local.set $b ${at}) (i64.sub (local.get $b))`,
  };
  const low = "(i64.extend_i32_u (i32.wrap_i64 (local.get $b)))";
  yield { name: "set, while its old low word waits", body: `${low} (local.set $b ${at}) (i64.sub (local.get $b))` };
  for (const c of [...constants, 2n ** 52n, 0x7ff8000000000000n, 0x7ff0000000000001n, 0x7ff0000000000000n, -1n]) {
    yield {
      name: `store ${c}`,
      body: `(i64.store offset=3 (local.get $i) (i64.const ${c})) (i64.load (local.get $i))`,
    };
  }
}

const moduleText = (cases: readonly Case[]): string => `(module (memory 1) (global $g (mut i64) (i64.const 0))
  ${cases
    .map(
      ({ body }, k) => `(func (export "${k}") (param $a i64) (param $b i64) (result i64) (local $i i32) (local $j i32)
    (local.set $i (i32.wrap_i64 (local.get $a))) (local.set $j (i32.wrap_i64 (local.get $b)))
    (i64.store (i32.const 8) (local.get $b)) (i64.store (i32.const 24) (local.get $a))
    (global.set $g (local.get $a)) ${body})`,
    )
    .join("\n")})`;

const SIZE = 65536n;
const numbers: readonly (readonly [bigint, bigint])[] = [
  [0n, 0n],
  [-1n, -1n],
  [1n, -2n],
  [2n ** 32n - 1n, 2n ** 32n + 44n],
  [2n ** 31n, 2n ** 31n - 1n],
  [0x1234567_89abcdefn, 41n],
  [-(2n ** 63n), 2n ** 63n - 1n],
];
const addresses = [0n, 13n, SIZE - 12n, SIZE - 11n, SIZE - 10n, SIZE - 8n, SIZE - 7n, SIZE - 4n, SIZE - 3n, SIZE, -1n];
const places = addresses.flatMap((a) => [[a, 7n] as const, [(a << 32n) | 8n, 9n] as const]);

/** The interpreter, and what it is compared with. */
const engines: Readonly<Record<string, EngineOptions>> = {
  all: {},
  ...Object.fromEntries(passNames.map((name) => [`without ${name}`, { optimise: { [name]: false } }])),
  none: { optimise: Object.fromEntries(passNames.map((name) => [name, false])) },
};

let wabt: Awaited<ReturnType<typeof wabtInit>>;
beforeAll(async () => {
  wabt = await wabtInit();
});

const compile = (cases: readonly Case[]): Module =>
  new Engine({}).compile(wabt.parseWat("passes.wat", moduleText(cases)).toBinary({}).buffer);

const outcome = (instance: Instance, name: string, args: readonly Val[]): string => {
  try {
    return String(instance.invoke(name, args));
  } catch (error) {
    if (error instanceof WasmError) return error.code;
    throw error;
  }
};

/** What every case says of all arguments, one line each. */
function story(cases: readonly Case[], args: readonly (readonly [bigint, bigint])[], on: Instance): string[] {
  return cases.flatMap(({ name }, k) => args.map((a) => `${name} (${a}): ${outcome(on, `${k}`, a)}`));
}

const lists = {
  operations: { cases: [...operations()], args: numbers },
  accesses: { cases: [...accesses()], args: places },
};

describe.each(Object.entries(lists))("%s", (_, { cases, args }) => {
  let module: Module;
  let expected: readonly string[];
  beforeAll(() => {
    module = compile(cases);
    expected = story(cases, args, new Engine({ tier: "interp" }).instantiate(module));
  });

  it.each(Object.entries(engines))("are exact: %s", (_, options) => {
    expect(story(cases, args, new Engine({ tier: "js", ...options }).instantiate(module))).toEqual(expected);
  });

  it("are exact in code that counts", () => {
    const engine = new Engine({ tier: "js" });
    expect(story(cases, args, engine.instantiate(module, {}, { meter: new Meter({ fuel: 1e9 }) }))).toEqual(expected);
  });
});

/** The pass `split` is for functions that are larger than these: `splitting.test.ts`. */
it.each(passNames.filter((name) => name !== "split"))("%s changes some text", (name) => {
  const passes = Object.fromEntries(passNames.map((n) => [n, n !== name])) as Passes;
  const isChanged = Object.values(lists).some(({ cases }) => {
    const module = compile(cases);
    return cases.some((_, k) => generate(module, k).text !== generate(module, k, { passes }).text);
  });
  expect(isChanged).toBe(true);
});
