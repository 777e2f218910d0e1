/** Lowering of atomic accesses, wait and notify: one operation for each number of operands, on any memory. */
import { type AtomicMethod, atomicType, type InstrDef, type MemAccess } from "../instrs.ts";
import { atomicNumber } from "./atomic-ops.ts";
import { accessNumber, memWords, readMemArg } from "./lower-memory.ts";
import { type Lowering, numTypes } from "./lowering.ts";

const names: Readonly<Partial<Record<AtomicMethod, string>>> = {
  load: "atomic_load",
  store: "atomic_store",
  compareExchange: "atomic_cmpxchg",
  notify: "atomic_notify",
  wait: "atomic_wait",
};

export function lowerAtomic(l: Lowering, d: InstrDef): void {
  const method = d.atomic as AtomicMethod;
  const words = memWords(readMemArg(l));
  const [params, [result]] = atomicType(d);
  // A wait may block like a call to the host: the frame must be canonical, with the operands in their slots.
  if (method === "wait") {
    l.stack.settleAll();
    l.safepoint("call", l.at);
  }
  const type = result === undefined ? undefined : numTypes[result];
  const number = atomicNumber(method, accessNumber(d.access as MemAccess));
  l.operation(names[method] ?? "atomic_rmw", params.length + 1, type, ...words, number);
}
