/**
 * Random programs of exceptions, in every tier: the legacy form against the host's WebAssembly, the form of 3.0 against
 * the legacy one, both also in code that counts, and stopped at random safepoints and continued from canonical frames.
 */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  captureFrames,
  Engine,
  type Instance,
  type Module,
  type TagInst,
  type Val,
  WasmError,
  WasmException,
} from "../../engine/index.ts";
import { exceptionCase } from "./exception-cases.ts";
import { type TierName, tiers } from "./tiers.ts";

const wabt = await wabtInit();
const names: readonly TierName[] = ["interp", "js", "js-split", "auto-1", "auto-1-split", "auto-2"];
const engines = names.map((tier) => new Engine({ ...tiers[tier], features: { "legacy-exceptions": true } }));
const [engine] = engines as [Engine];
const inputs = Array.from({ length: 32 }, (_, i) => i);

const binary = (wat: string): Uint8Array => {
  const parsed = wabt.parseWat("t.wat", wat, { exceptions: true, tail_call: true });
  try {
    return parsed.toBinary({}).buffer.slice() as Uint8Array;
  } finally {
    parsed.destroy();
  }
};

/** What a run did: what it logged, and how it ended. */
type Story = string;

interface HostException {
  is(tag: unknown): boolean;
  getArg(tag: unknown, i: number): unknown;
}

/** What is used of the host's WebAssembly. */
interface HostWasm {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly RuntimeError: abstract new () => Error;
  readonly Exception: new (tag: unknown, payload: unknown[]) => HostException;
}
const host = (globalThis as unknown as { WebAssembly: HostWasm }).WebAssembly;

/** The tags of a program, with the number of their values. */
const tags = [
  ["e0", 0],
  ["e1", 1],
  ["e2", 3],
] as const;

function hostStory(module: object, input: number): Story {
  const log: unknown[] = [];
  const imports = {
    h: {
      log: (x: number) => {
        log.push(x);
        return x;
      },
      fail: (x: number) => {
        throw new host.Exception(exports.e1, [x]);
      },
    },
  };
  const { exports } = new host.Instance(module, imports);
  let end: string;
  try {
    end = `result ${(exports.run as (x: number) => number)(input)}`;
  } catch (error) {
    end = error instanceof host.RuntimeError ? "trap" : printHost(error as HostException, exports);
  }
  return `${log}; ${end}`;
}

function printHost(error: HostException, exports: Readonly<Record<string, unknown>>): string {
  const [name, count] = tags.find(([tag]) => error.is(exports[tag])) ?? ["?", 0];
  return `${name} ${Array.from({ length: count }, (_, i) => error.getArg(exports[name], i))}`;
}

type Run = (inst: Instance, input: number) => Val[];

function ourStory(engine: Engine, module: Module, input: number, run: Run): Story {
  const log: unknown[] = [];
  const inst: Instance = engine.instantiate(module, {
    h: {
      log: (x) => {
        log.push(x);
        return x;
      },
      fail: (x) => {
        throw new WasmException(inst.exports.e1 as TagInst, [x]);
      },
    },
  });
  let end: string;
  try {
    end = `result ${String(run(inst, input)[0])}`;
  } catch (error) {
    if (error instanceof WasmException) {
      const tag = tags.find(([name]) => inst.exports[name] === error.tag);
      end = `${tag?.[0]} ${error.payload.map(String)}`;
    } else end = error instanceof WasmError ? error.kind : `bug: ${error}`;
  }
  return `${log}; ${end}`;
}

const whole: Run = (inst, input) => inst.invoke("run", [input]);

const counted: Run = (inst, input) => {
  const outcome = inst.start("run", [input]).run(1e9);
  return outcome.kind === "done" ? outcome.results : [outcome.kind];
};

/** Stops every few safepoints and goes on in a new activation made of the frames. */
const interrupted: Run = (inst, input) => {
  let act = inst.start("run", [input]);
  for (let stops = 0; ; stops++) {
    const outcome = act.run(1 + ((input + stops) % 3));
    if (outcome.kind === "done") return outcome.results;
    if (outcome.kind !== "stopped") throw new Error(outcome.kind);
    act = inst.restore(inst.func("run"), captureFrames(act));
  }
};

/** Both forms say the same as the host, or the first difference. */
function difference(seed: number, hasDelegate: boolean): string | undefined {
  const { legacy, table } = exceptionCase(seed, hasDelegate);
  const bytes = binary(legacy);
  const theirs = new host.Module(bytes);
  const ours = [engine.compile(bytes), ...(table === undefined ? [] : [engine.compile(binary(table))])];
  for (const input of inputs) {
    const want = hostStory(theirs, input);
    for (const [i, module] of ours.entries()) {
      for (const [k, engine] of engines.entries()) {
        if (k > 0 && (seed + input) % 16 !== k) continue;
        for (const run of k > 0 ? [whole, counted, interrupted] : input % 4 === 0 ? [whole, interrupted] : [whole]) {
          const got = ourStory(engine, module, input, run);
          if (got !== want)
            return `seed ${seed}, input ${input}, form ${i}, ${names[k]} ${run.name}: ${got}, host ${want}`;
        }
      }
    }
  }
  return undefined;
}

describe("exceptions, every tier against host", () => {
  const seeds = Array.from({ length: 60 }, (_, i) => i);
  it("legacy form and try_table say what the host says", () => {
    expect(seeds.map((seed) => difference(seed, false)).filter((d) => d !== undefined)).toEqual([]);
  });
  it("delegate does what the host does", () => {
    expect(seeds.map((seed) => difference(seed, true)).filter((d) => d !== undefined)).toEqual([]);
  });
});
