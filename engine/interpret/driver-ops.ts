/**
 * What the driver does for the operations that `run` leaves to it (class "driver" of `ops.ts`): those that change which
 * function runs in a way the hot switch does not know. The operation is at `act.pc`.
 */
import type { Activation, Outcome } from "./activation.ts";
import { type DriverOp, driverOpNames, op } from "./ops.ts";

const CALL = op("call");
const RETURN_CALL = op("return_call");

const word = (act: Activation, n: number): number => act.inst.code.words[act.pc + n];

type Rule = (act: Activation) => Outcome | undefined;

const rules: Readonly<Record<DriverOp, Rule>> = {
  call_lazy: (act) => act.link(CALL),
  return_call_lazy: (act) => act.link(RETURN_CALL),
  return_call_import: (act) => act.tailCall(act.inst.funcs[word(act, 1)], 2),
  return_call_indirect: (act) => act.tailCall(act.indirect(act.inst.code.words), 4),
};

/** By number, from `DRIVER_START` on. */
export const driverOps: readonly Rule[] = driverOpNames.map((name) => rules[name]);
