/**
 * Calls of generated code from outside without an activation: for those who call guests often, of guests that nothing can
 * stop. What an activation does besides, frames, fuel and time, is not needed then.
 */
import { type Entrance, enterBlocks, leaveBlocks } from "./awaiting.ts";
import { WasmError } from "./errors.ts";
import { readSlot, slotsOf, writeSlot } from "./interpret/slots.ts";
import { fault } from "./interpret/stack.ts";
import { TRACE_FRAMES } from "./interpret/walk.ts";
import { moduleLimits } from "./limits.ts";
import type { FuncInst } from "./runtime/func.ts";
import type { ModuleInst } from "./runtime/instance.ts";
import type { Val } from "./runtime/value.ts";
import { lengthenStacks, restoreStacks } from "./stack-length.ts";
import { type Enter, jsStack, MIN_ROOM, NESTING_BYTES } from "./tier.ts";

/** Slots for arguments, which are read before anything else runs, and for results, which are written after that. */
const slots = slotsOf(new Int32Array(2 * Math.max(moduleLimits.params.value, moduleLimits.results.value)), []);

/** How to enter `f` so; undefined when it has to be an activation. */
export function directEntry(f: FuncInst): Enter | undefined {
  const { enter, inst } = f;
  return enter !== undefined && (inst as ModuleInst).meter.isFree && jsStack.room >= MIN_ROOM + NESTING_BYTES
    ? enter
    : undefined;
}

/** The host is in between: what goes on outside of it catches nothing, and what is thrown is for the host to see. */
const hostEntrance = (): Entrance => ({ isInner: false, catches: () => false, base: 0, outer: undefined });

/**
 * Calls `f` by what `directEntry` gave just now. Vectors are not among its values: such functions are not generated.
 *
 * @throws WasmError trap, exhausted
 * @cost a fifth of an activation's. Bench: `npm run bench -- micro export`
 */
export function callDirectly(f: FuncInst, enter: Enter, args: readonly Val[]): Val[] {
  const { params, results } = f.type;
  for (let i = 0; i < params.length; i++) writeSlot(slots, 2 * i, params[i], args[i]);
  const { room } = jsStack;
  const inst = f.inst as ModuleInst;
  inst.meter.isUncounted = true;
  const host = hostEntrance();
  enterBlocks(host);
  const limit = lengthenStacks();
  try {
    enter(slots, 0, 0, (room - NESTING_BYTES) & -2);
  } catch (error) {
    slots.refs.length = 0;
    throw failure(inst, error);
  } finally {
    restoreStacks(limit);
    leaveBlocks(host);
    jsStack.room = room;
  }
  const vals: Val[] = [];
  for (let i = 0; i < results.length; i++) vals.push(readSlot(slots, 2 * i, results[i]));
  slots.refs.length = 0;
  return vals;
}

function failure(inst: ModuleInst, error: unknown): unknown {
  const mapped = fault(error);
  const trace = inst.tier?.trace(error as Error);
  if (mapped instanceof WasmError && mapped.kind !== "exit" && trace !== undefined)
    mapped.extendBacktrace(() => trace().slice(0, TRACE_FRAMES));
  return mapped;
}
