/**
 * Atomic accesses and notify on a memory, as all tiers have them: by JavaScript's `Atomics` on typed arrays of the access's
 * width. They work on memories that are not shared too, except that nobody can be waited for there. Spec: threads.
 */
import { trap } from "../errors.ts";
import type { MemInst } from "./memory.ts";

/** Traps unless the `bytes` bytes at `ea` are aligned and inside. Alignment is judged first. */
export function checkAtomic(m: MemInst, ea: number, bytes: number): void {
  if (ea % bytes !== 0) trap("unalignedAtomic");
  m.check(ea, bytes);
}

let fenced: Int32Array | undefined;

/** JavaScript has no fence: an atomic access that the host cannot leave out stands for one. */
export function fence(): void {
  fenced ??= new Int32Array(typeof SharedArrayBuffer === "undefined" ? new ArrayBuffer(4) : new SharedArrayBuffer(4));
  Atomics.add(fenced, 0, 1);
}

/** Wakes at most `count` that wait at `ea`; how many. */
export function notify(m: MemInst, ea: number, count: number): number {
  checkAtomic(m, ea, 4);
  return m.shared === undefined ? 0 : Atomics.notify(m.atomicArray(2) as Int32Array, ea / 4, count);
}
