/** Every plain instruction on edge values: our tiers against the host's WebAssembly, results and traps. */
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { Engine, type Val, WasmError } from "../../engine/index.ts";
import type { NumType } from "../../engine/instrs.ts";
import { hostExports, isHostTrap } from "./host.ts";
import { type InstrCase, instrCases } from "./instr-cases.ts";
import { testedTiers, tiers } from "./tiers.ts";
import { values } from "./values.ts";

const wabt = await wabtInit();

type Call = (args: Val[]) => Val | undefined;
const outcome = (call: Call, args: Val[]): string => {
  try {
    return String(call(args));
  } catch (error) {
    return error instanceof WasmError || isHostTrap(error) ? trapText(error.message) : `bug: ${error}`;
  }
};

/** V8's words for the traps of numeric instructions, in those of the suite. */
function trapText(message: string): string {
  if (/divide by zero|remainder by zero/.test(message)) return "trap: integer divide by zero";
  if (/divide result unrepresentable|float unrepresentable|integer overflow|invalid conversion/.test(message))
    return "trap: range";
  return `trap: ${message}`;
}

const isNan32 = (bits: string): boolean => (Number(bits) & 0x7fffffff) > 0x7f800000;
const isNan64 = (bits: string): boolean => BigInt.asUintN(63, BigInt(bits)) > 0x7ff0000000000000n;

function same(c: InstrCase, a: string, b: string): boolean {
  if (a === b) return true;
  if (c.isExact || a.startsWith("trap") || b.startsWith("trap") || a.startsWith("bug")) return false;
  return c.result === "f32" ? isNan32(a) && isNan32(b) : isNan64(a) && isNan64(b);
}

/** All combinations of values for `params`. */
function* combinations(params: readonly NumType[]): Generator<Val[]> {
  if (params.length === 0) return yield [];
  const [first, ...rest] = params as [NumType, ...NumType[]];
  for (const v of values[first]) for (const tail of combinations(rest)) yield [v, ...tail];
}

function differences(engine: Engine, c: InstrCase): string[] {
  const bytes = wabt.parseWat("t.wat", c.wat).toBinary({}).buffer;
  const ours = engine.instantiate(engine.compile(bytes));
  const theirs = hostExports(bytes);
  const found: string[] = [];
  for (const e of c.exports) {
    const host = theirs[e.name] as (...args: Val[]) => Val;
    for (const args of combinations(e.params)) {
      const a = outcome((x) => ours.invoke(e.name, x)[0], args);
      const b = outcome((x) => host(...x), args);
      if (!same(c, a, b)) found.push(`${e.name}(${args.join(", ")}): ${a}, host ${b}`);
    }
  }
  return found;
}

describe.each(testedTiers)("plain instructions, tier %s against host", (tier) => {
  const engine = new Engine(tiers[tier]);
  for (const c of instrCases) {
    it(c.mnemonic, () => expect(differences(engine, c).slice(0, 5)).toEqual([]));
  }
});
