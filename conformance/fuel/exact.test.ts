/**
 * Fuel is exact: what the meter says is what a module that counts its own instructions says, run by the host, also when
 * a call traps or throws; and it is the same when the guest is stopped, taken apart and restored at any safepoint.
 */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { kernels } from "../../bench/corpus.ts";
import { kernelBytes } from "../../bench/workload.ts";
import { Blocked, compile, type TagInst, WasmException } from "../../engine/index.ts";
import { seededCalls } from "../fuzz/finding.ts";
import { generate } from "../fuzz/generate.ts";
import { profileWith } from "../fuzz/profile.ts";
import { Rng } from "../fuzz/rng.ts";
import { hostWebAssembly } from "../real/host-webassembly.ts";
import { convertTexts } from "../spec/wat.ts";
import { exceptionCase } from "../tiers/exception-cases.ts";
import { cases } from "./cases.ts";
import { type Call, type Costs, countedByHost, countedByUs, type MakeImports, metered, type Stops } from "./compare.ts";

/** As long as both are: a limit ends them at different calls. */
function expectAgreement(got: Costs, want: Costs, label: string): void {
  const length = Math.min(got.length, want.length);
  expect(got.slice(0, length), label).toEqual(want.slice(0, length));
}

/** Stops that come closer or farther apart by `seed`; some dozens at most. */
function randomStops(seed: number): Stops {
  const rng = new Rng(seed);
  const most = rng.pick([1, 3, 20, 200]);
  let left = 50;
  return () => (left-- > 0 ? rng.below(most) : undefined);
}

function expectSame(bytes: Uint8Array, calls: readonly Call[], seed: number, label: string): void {
  const whole = metered(bytes, calls);
  expectAgreement(whole, countedByHost(bytes, calls) ?? countedByUs(bytes, calls), label);
  expectEverywhere(bytes, calls, undefined, whole, seed, label);
}

/** Interrupted, and in generated code, the cost is the same. */
function expectEverywhere(
  bytes: Uint8Array,
  calls: readonly Call[],
  imports: MakeImports<object> | undefined,
  whole: Costs,
  seed: number,
  label: string,
): void {
  expectAgreement(metered(bytes, calls, imports, randomStops(seed)), whole, `${label}, interrupted`);
  expectAgreement(metered(bytes, calls, imports, undefined, "js"), whole, `${label}, in generated code`);
  expectAgreement(
    metered(bytes, calls, imports, randomStops(seed), "js"),
    whole,
    `${label}, interrupted in generated code`,
  );
}

describe("fuel is what a counting module counts", () => {
  it("of generated modules, traps included", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const bytes = generate(seed, profileWith("tail-call", "multi-memory"));
      expectSame(bytes, seededCalls(compile(bytes), seed), seed, `seed ${seed}`);
    }
  });

  for (const { name, text, calls } of cases) {
    it(`of ${name}`, async () => {
      const [bytes] = await convertTexts([text], undefined);
      if (!(bytes instanceof Uint8Array)) throw new Error(bytes?.error);
      for (let seed = 0; seed < 4; seed++) expectSame(bytes, calls, seed, name);
    });
  }

  const quick = kernels.filter(({ source }) => source.endsWith(".c"));
  it.each(quick)("of $name", (kernel) => {
    expectSame(kernelBytes(kernel), [{ name: "run", args: [1] }], kernel.n, kernel.name);
  });
});

const log = (x: number): number => x;
const ours: MakeImports<object> = (exports) => ({
  h: {
    log,
    fail(x: number): never {
      throw new WasmException(exports().e1 as TagInst, [x]);
    },
  },
});
const theirs: MakeImports<object> = (exports) => ({
  h: {
    log,
    fail(x: number): never {
      throw new hostWebAssembly.Exception(exports().e1, [x]);
    },
  },
});

const wabt = await wabtInit();
function assemble(text: string): Uint8Array {
  const parsed = wabt.parseWat("t.wat", text, { exceptions: true, tail_call: true });
  try {
    return parsed.toBinary({}).buffer.slice() as Uint8Array;
  } finally {
    parsed.destroy();
  }
}

describe("fuel of exceptions, those of the host included", () => {
  const programs = Array.from({ length: 25 }, (_, seed) => exceptionCase(seed, seed % 2 === 0));
  const calls = Array.from({ length: 16 }, (_, i) => ({ name: "run", args: [i] }));

  it("in their old form, as the host counts", () => {
    for (const [seed, { legacy }] of programs.entries()) {
      const bytes = assemble(legacy);
      const whole = metered(bytes, calls, ours);
      expectAgreement(whole, countedByHost(bytes, calls, theirs) as Costs, `seed ${seed}`);
      expectEverywhere(bytes, calls, ours, whole, seed, `seed ${seed}`);
    }
  });

  it("in the form of 3.0, as they count themselves", () => {
    for (const [seed, { table }] of programs.entries()) {
      if (table === undefined) continue;
      const bytes = assemble(table);
      const whole = metered(bytes, calls, ours);
      expectAgreement(whole, countedByUs(bytes, calls, ours), `seed ${seed}`);
      expectEverywhere(bytes, calls, ours, whole, seed, `seed ${seed}`);
    }
  });
});

describe("fuel of host calls that wait", async () => {
  const [bytes] = await convertTexts(
    [
      `(module (import "h" "f" (func $f (param i32) (result i32))) (table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32) (result i32)))
        (func $tail (param i32) (result i32) (return_call $f (i32.add (local.get 0) (i32.const 1))))
        (func $ref (param i32) (result i32) (return_call_indirect (type $t) (local.get 0) (i32.const 0)))
        (func (export "run") (param i32) (result i32) (local i32)
          (loop $l
            (local.set 1 (i32.add (local.get 1) (i32.add (call $f (local.get 0)) (call $tail (i32.mul (local.get 0) (i32.const 3))))))
            (local.set 1 (i32.xor (call $ref (local.get 1)) (call_indirect (type $t) (i32.const 7) (i32.const 0))))
            (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
          (local.get 1)))`,
    ],
    undefined,
  );
  const calls = [{ name: "run", args: [12] }];

  it("is the same, also when the guest is restored meanwhile and calls again", () => {
    const whole = metered(bytes as Uint8Array, calls, () => ({ h: { f: log } }));
    expectAgreement(
      whole,
      countedByUs(bytes as Uint8Array, calls, () => ({ h: { f: log } })),
      "at once",
    );
    for (let seed = 1; seed < 10; seed++) {
      const rng = new Rng(seed);
      const f = (x: number): number | Blocked => (rng.oneIn(2) ? x : new Blocked({}, () => f(x)));
      const waiting = metered(bytes as Uint8Array, calls, () => ({ h: { f } }), randomStops(seed));
      expectAgreement(waiting, whole, `seed ${seed}`);
    }
  });
});
