/**
 * What the driver does for the operations that `run` leaves to it (class "driver" of `ops.ts`): those that change which
 * function runs in a way the hot switch does not know. The operation is at `act.pc`.
 */
import { trap } from "../errors.ts";
import { exnFromSlots } from "../exception.ts";
import { ExnInst } from "../runtime/exn.ts";
import type { Activation, Outcome } from "./activation.ts";
import { callGenerated } from "./generated.ts";
import { type DriverOp, driverOpNames, op } from "./ops.ts";
import { raise } from "./unwind.ts";

const CALL = op("call");
const RETURN_CALL = op("return_call");

const word = (act: Activation, n: number): number => act.inst.code.words[act.pc + n];

/** Throws from the operation at `pc`, which costs `cost`. */
function raiseAt(act: Activation, exn: ExnInst, cost: number): undefined {
  raise(act, exn);
  act.count(cost);
}

type Rule = (act: Activation) => Outcome | undefined;

const rules: Readonly<Record<DriverOp, Rule>> = {
  call_lazy: (act) => act.link(CALL),
  return_call_lazy: (act) => act.link(RETURN_CALL),
  return_call_import: (act) => act.tailCall(act.inst.funcs[word(act, 1)], 2),
  return_call_ref: (act) => act.tailCall(act.callee(act.inst.code.words), 2),
  throw: (act) => {
    const tag = act.inst.tags[word(act, 1)];
    return raiseAt(act, exnFromSlots(tag, act.stack, act.fp + word(act, 2)), word(act, 3));
  },
  throw_ref: (act) => {
    const exn = act.stack.refs[(act.fp + word(act, 1)) >> 1] ?? null;
    if (exn === null) trap("nullReference", "thrown");
    if (!(exn instanceof ExnInst)) throw new TypeError("what is thrown is no exception");
    return raiseAt(act, exn, word(act, 2));
  },
  return_call_indirect: (act) => act.tailCall(act.indirect(act.inst.code.words), 4),
  call_generated: callGenerated,
};

/** By number, from `DRIVER_START` on. */
export const driverOps: readonly Rule[] = driverOpNames.map((name) => rules[name]);
