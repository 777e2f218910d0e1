/** Atomic accesses and wait on the interpreter's slots; see `runtime/atomics.ts`. Spec: threads. */
import { Blocked, monotonicNs, type Wait } from "../blocked.ts";
import { trap } from "../errors.ts";
import type { AtomicMethod } from "../instrs.ts";
import { checkAtomic } from "../runtime/atomics.ts";
import type { AtomicArray, MemInst } from "../runtime/memory.ts";
import type { FrameStack } from "./stack.ts";

type Num = number | bigint;
type Method = (array: AtomicArray, index: number, x: Num, y: Num) => Num;

const methods: readonly AtomicMethod[] = [
  "load",
  "store",
  "add",
  "sub",
  "and",
  "or",
  "xor",
  "exchange",
  "compareExchange",
  "notify",
  "wait",
];
const byNumber: readonly Method[] = methods.map((m) => Atomics[m] as unknown as Method);

/** What an operation of flat code says of itself: the method, and the number of the access (`accessNumber`). */
export const atomicNumber = (method: AtomicMethod, access: number): number => (methods.indexOf(method) << 4) | access;

/**
 * Executes the access `number` at address `ea`. Operands are at the words `x` and `y`, the result goes to the word `to`,
 * or nowhere if that is negative. Narrow operands wrap, narrow results are extended with zeros.
 */
export function atomicOp(
  s: FrameStack,
  m: MemInst,
  ea: number,
  number: number,
  to: number,
  x: number,
  y: number,
): void {
  const log2 = number & 3;
  checkAtomic(m, ea, 1 << log2);
  const array = m.atomicArray(log2);
  const index = ea / (1 << log2);
  const method = byNumber[number >> 4];
  if (log2 === 3) {
    const result = method(array, index, s.B[x >> 1], s.B[y >> 1]);
    if (to >= 0) s.B[to >> 1] = result as bigint;
    return;
  }
  const result = method(array, index, s.I[x], s.I[y]);
  if (to < 0) return;
  s.I[to] = result as number;
  if ((number & 8) !== 0) s.I[to + 1] = 0;
}

const WOKEN = 0;
const NOT_EQUAL = 1;
const TIMED_OUT = 2;

/** A place of 4 or 8 bytes that somebody waits at. */
interface Place {
  readonly array: Int32Array | BigInt64Array;
  readonly index: number;
  readonly expected: Num;
}

/**
 * Waits at `ea` while it holds `expected`, at most `timeoutNs` (negative: for ever): 0 when woken, 1 when it holds
 * something else, 2 when out of time; or `Blocked` as a host call. With `hasRunner` the thread will block, and is a
 * waiter once the runner blocks it; else the guest is a waiter from now on.
 *
 * @throws WasmError trap
 */
export function waitOn(m: MemInst, ea: number, expected: Num, timeoutNs: bigint, hasRunner: boolean): number | Blocked {
  const bytes = typeof expected === "bigint" ? 8 : 4;
  checkAtomic(m, ea, bytes);
  if (m.shared === undefined) trap("unsharedWait");
  const place: Place = { array: m.atomicArray(bytes === 8 ? 3 : 2) as Int32Array, index: ea / bytes, expected };
  if (load(place) !== expected) return NOT_EQUAL;
  if (timeoutNs === 0n) return TIMED_OUT;
  const deadlineNs = timeoutNs < 0n ? undefined : monotonicNs() + timeoutNs;
  return hasRunner ? blockThread(place, deadlineNs) : suspendGuest(place, deadlineNs);
}

const load = ({ array, index }: Place): Num => Atomics.load(array as Int32Array, index);

/** Milliseconds until `deadlineNs`. */
const msUntil = (deadlineNs: bigint | undefined): number =>
  deadlineNs === undefined ? Infinity : Math.max(0, Number(deadlineNs - monotonicNs()) / 1e6);

/** The runner's call of `block` is the wait: one `Atomics.wait`, unless the runner has reasons to come back earlier. */
function blockThread(place: Place, deadlineNs: bigint | undefined): Blocked {
  const { array, index, expected } = place;
  let result: number | undefined;
  let isWaiter = false;
  const block = (timeoutMs: number): void => {
    const got = Atomics.wait(array as Int32Array, index, expected as number, Math.min(timeoutMs, msUntil(deadlineNs)));
    // Between two waits nobody could notify us: a value that changed meanwhile counts as that.
    if (got !== "timed-out") result = got === "ok" || isWaiter ? WOKEN : NOT_EQUAL;
    isWaiter = true;
  };
  const wait: Wait = {
    deadlineNs,
    sources: [{ isReady: () => result !== undefined || load(place) !== expected, block }],
  };
  const retry = (): number | Blocked => {
    if (result !== undefined) return result;
    if (load(place) !== expected) return WOKEN;
    return msUntil(deadlineNs) === 0 ? TIMED_OUT : new Blocked(wait, retry);
  };
  return new Blocked(wait, retry);
}

/** Of ES2024: not in the library this is compiled with. */
interface WaitAsync {
  waitAsync?(
    array: Int32Array | BigInt64Array,
    index: number,
    expected: Num,
    timeoutMs: number,
  ): { async: false; value: "not-equal" | "timed-out" } | { async: true; value: Promise<"ok" | "timed-out"> };
}

/** The guest becomes a waiter without its thread. A host without `waitAsync` only sees the value change. */
function suspendGuest(place: Place, deadlineNs: bigint | undefined): number | Blocked {
  const { array, index, expected } = place;
  const waiting = (Atomics as WaitAsync).waitAsync?.(array, index, expected, msUntil(deadlineNs));
  if (waiting === undefined) return blockThread(place, deadlineNs);
  if (!waiting.async) return waiting.value === "not-equal" ? NOT_EQUAL : TIMED_OUT;
  let result: number | undefined;
  const ready = waiting.value.then((got) => {
    result = got === "ok" ? WOKEN : TIMED_OUT;
  });
  const wait: Wait = { deadlineNs, sources: [{ isReady: () => result !== undefined, ready }] };
  const retry = (): number | Blocked => result ?? new Blocked(wait, retry);
  return new Blocked(wait, retry);
}
