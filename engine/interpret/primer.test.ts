/** The primer executes every operation of the switch, and comes to its end. */
import { expect, test } from "vitest";
import { funcTypeId } from "../canon.ts";
import { FuncInst } from "../runtime/func.ts";
import { exits } from "./exit.ts";
import { COLD_START, INSTANCE_START, opDef, ops } from "./ops.ts";
import { prime, primerWords } from "./primer.ts";

/** Words of the operation at `at`. */
function sizeAt(words: Int32Array, at: number): number {
  const { name, words: size } = opDef(words[at]!)!;
  if (name === "enter_consts") return 5 + words[at + 4]!;
  return name === "br_table" ? 3 + 2 * (words[at + 2]! + 1) : size;
}

test("every operation of the switch is primed, but those that need a callee", () => {
  const words = primerWords(new FuncInst(funcTypeId({ kind: "func", params: [], results: [] }), null, 0, null));
  const seen = new Set<string>();
  for (let at = 0; at < words.length; at += sizeAt(words, at)) seen.add(opDef(words[at]!)!.name);
  const missing = ops.filter((o) => o.num < INSTANCE_START && !seen.has(o.name)).map((o) => o.name);
  expect(missing).toEqual(["call_import", "call_ref"]);
  expect(ops.some((o) => o.num >= COLD_START && seen.has(o.name))).toBe(true);
});

test("it runs to its end, as often as one likes", () => {
  expect(prime()).toBe(exits.done);
  expect(prime()).toBe(exits.done);
});
