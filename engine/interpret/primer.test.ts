/** The primer executes every operation of the switch, and comes to its end. */
import { expect, test } from "vitest";
import { funcTypeId } from "../canon.ts";
import { FuncInst } from "../runtime/func.ts";
import { residentCode } from "../runtime/resident.ts";
import { exits } from "./exit.ts";
import { COLD_START, caseOf, INSTANCE_START, opDef, ops } from "./ops.ts";
import { sizeAt } from "./pack.ts";
import { prime, primerWords } from "./primer.ts";

test("every operation of the switch is primed, but those that need a callee", () => {
  const words = primerWords(new FuncInst(funcTypeId({ kind: "func", params: [], results: [] }), null, 0, null), 0);
  const seen = new Set<string>();
  for (let at = 0; at < words.length; at += sizeAt(words, at)) seen.add(opDef(words[at]!)!.name);
  const missing = ops
    .filter((o) => (caseOf(o.num) !== 0 || o.num < INSTANCE_START) && !seen.has(o.name))
    .map((o) => o.name);
  expect(missing).toEqual(["call_import", "call_ref"]);
  expect(ops.some((o) => caseOf(o.num) === 0 && o.num >= COLD_START && seen.has(o.name))).toBe(true);
});

test.each([true, false])("it runs to its end, as often as one likes (resident: %s)", (isResident) => {
  const { length } = residentCode;
  expect(prime(isResident)).toBe(exits.done);
  expect(prime(isResident)).toBe(exits.done);
  expect(residentCode.length).toBe(length);
});
